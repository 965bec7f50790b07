"""One run as it can be compared: recipe, report, curves, looks at the held-out rows and answers, read from its folder.

Owns the reading. Must not know what it is compared with or how. What a run does not tell is None, never guessed.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from workbench.core import best, measures, recipe
from workbench.core.curves import Series
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.events import Eval, Event, Sample, Step
from workbench.core.text import one_line
from workbench.runs import history, journal, spent, store
from workbench.runs.atomic import MANIFEST, MAX_MANIFEST_BYTES

MOST = 4
"""Runs compared at once: as many curves can be told apart in one chart."""
LONG_BYTES = 256 << 10
"""A journal longer than this is condensed by children."""
_PLACES = 256
"""Steps that say how many tokens had been seen, and how fast."""


@dataclass(frozen=True)
class Side:
    """One run of a comparison."""

    run: str
    name: str
    """Its title, with the end of its id where another run has the same title."""
    status: str
    parent: str
    meta: Mapping[str, Any]
    resolved: recipe.Resolved | None
    """None where the recipe cannot be read."""
    report: Mapping[str, Any]
    loss: Series
    eval: Series
    looks: tuple[measures.Look, ...]
    """Those at the held-out rows, oldest first; of a long run the first and the newest."""
    tokens: tuple[tuple[int, int], ...]
    """(step, tokens seen) of steps from all over the run, rising."""
    step: int = 0
    steps: int = 0
    seconds: float | None = None
    """Of all attempts, without waiting for the card."""
    speed: float | None = None
    """Median of the tokens per second."""
    answers: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Prompt → what the base wrote, and the text of the result, else the newest; the same where there is only one."""
    result: best.Result | None = None
    """Which state was published; None where the run does not say."""
    rows: Mapping[str, str] = field(default_factory=dict)
    """Name of encoded examples ("train", "held_out") → what they are known by: equal means equal to the last token."""

    scored: tuple[tuple[int, Mapping[str, float]], ...] = ()
    """(step, figures) of each look at answers the model writes itself, which have no loss: reward, KL, length."""

    @property
    def rewards(self) -> Series:
        """What answers to held-out prompts earn, by step; empty where that was not looked at."""
        found = Series()
        found.extend((step, told["reward"]) for step, told in self.scored if "reward" in told)
        return found

    @property
    def ends(self) -> tuple[Mapping[str, float], Mapping[str, float]]:
        """The further figures before training, and of what the run is compared by; empty without looks."""
        if self.looks:
            return self.looks[0].metrics, self.end.metrics
        if not self.scored:
            return {}, {}
        at = self.result.step if self.result is not None else -1
        return self.scored[0][1], next((told for step, told in self.scored if step == at), self.scored[-1][1])

    @property
    def end(self) -> measures.Look:
        """The look at what the run is compared by: its result where one was looked at, else the newest state."""
        at = self.result.step if self.result is not None else -1
        if (known := next((one for one in self.looks if one.step == at), None)) is not None:
            return known
        held = self.result.loss if self.result is not None else None
        return measures.Look(at, held) if held is not None else self.looks[-1]


def look(run: store.Run) -> Side:
    """Return a run as it can be compared; raises WorkbenchError when its folder is damaged. Takes a second at most."""
    meta, report = run.meta(), run.report()
    result = best.of_report(report)
    try:
        resolved = recipe.load(run.recipe_path)
    except UsageError:
        resolved = None
    try:
        is_long = run.events_path.stat().st_size > LONG_BYTES
    except OSError:
        is_long = False
    if is_long:
        found = history.whole(run.events_path)
        told, curves = found.events, found.curves
        told_steps = journal.spread(run.events_path, Step, _PLACES)
        loss, evals = curves.get("loss", Series()), curves.get("eval", Series())
    else:
        told = run.events()
        told_steps = [event for event in told if isinstance(event, Step)]
        loss, evals = Series(), Series()
        loss.extend((event.step, event.loss) for event in told_steps)
        evals.extend((event.step, event.loss) for event in told if isinstance(event, Eval))
    last = next((event for event in reversed(told) if isinstance(event, Step)), None)
    return Side(
        run.id, one_line(str(meta.get("title") or run.id), 60), run.status(), str(meta.get("parent", "")), meta,
        resolved, report, loss, evals, _looks(told), _tokens(told_steps), last.step if last else 0,
        last.steps if last else 0, spent.seconds(run, report),
        statistics.median(event.tokens_per_second for event in told_steps) if told_steps else None,
        _answers(told, result), result, _known_by(run), _scored(told),
    )  # fmt: skip


def _looks(told: Sequence[Event]) -> tuple[measures.Look, ...]:
    """Return the looks at the held-out rows; an attempt that goes on from a checkpoint takes some again."""
    found: list[measures.Look] = []
    for event in told:
        if isinstance(event, Eval) and event.loss is not None:
            while found and found[-1].step >= event.step:
                found.pop()
            found.append(measures.Look(event.step, event.loss, measures.metrics("eval", event.metrics)))
    return tuple(found)


def _scored(told: Sequence[Event]) -> tuple[tuple[int, Mapping[str, float]], ...]:
    """Return (step, figures) of the looks that have no loss; one that was taken again counts once."""
    found = {event.step: event.metrics for event in told if isinstance(event, Eval) and event.loss is None}
    return tuple(sorted(found.items()))


def _tokens(told_steps: Sequence[Step]) -> tuple[tuple[int, int], ...]:
    """Return (step, tokens) in rising order; steps that were taken again count once."""
    found: list[tuple[int, int]] = [(0, 0)]
    for event in told_steps:
        while len(found) > 1 and found[-1][0] >= event.step:
            found.pop()
        if event.step > found[-1][0] and event.tokens > found[-1][1]:
            found.append((event.step, event.tokens))
    return tuple(found)


def _answers(told: Sequence[Event], result: best.Result | None) -> dict[str, tuple[str, str]]:
    """Return for every prompt the first text, and that of the result where it was asked, else the newest."""
    found: dict[str, tuple[str, str]] = {}
    of_result: dict[str, str] = {}
    for event in told:
        if isinstance(event, Sample):
            found[event.prompt] = (found.get(event.prompt, (event.text, ""))[0], event.text)
            if result is not None and event.step == result.step:
                of_result[event.prompt] = event.text
    return {prompt: (first, of_result.get(prompt, newest)) for prompt, (first, newest) in found.items()}


def _known_by(run: store.Run) -> dict[str, str]:
    """Return the hashes of the encoded examples, by name; {} before there are any."""
    try:
        with (run.path / "prepared" / MANIFEST).open("rb") as file:
            entries = json.loads(file.read(MAX_MANIFEST_BYTES))
        found: dict[str, str] = {}
        for name in sorted(entries):
            folder, within, file_name = name.partition("/")
            if within:
                found[folder] = found.get(folder, "") + f"{file_name} {entries[name]['sha256']} "
        return found
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}


def sides(references: Sequence[str]) -> tuple[Side, ...]:
    """Return the runs that are named, each with a name of its own; raises UsageError for a run named twice."""
    runs = [store.find(reference) for reference in references]
    if len({run.path for run in runs}) < len(runs):
        raise UsageError("A run is named twice; name different runs.")
    if len(runs) > MOST:
        raise UsageError(f"At most {MOST} runs are compared at once; name fewer.")
    if untrained := [run.id for run in runs if run.meta().get("method") in recipe.PUBLISHING]:
        raise UsageError(f"The run {untrained[0]} has learnt nothing to compare; name one that was trained.")
    return named([look(run) for run in runs])


def named(found: Sequence[Side]) -> tuple[Side, ...]:
    """Return the sides with the end of the id behind every name that another one has."""
    names = [side.name for side in found]
    return tuple(
        replace(side, name=f"{side.name} {side.run.rpartition('-')[2]}") if names.count(side.name) > 1 else side
        for side in found
    )


def proposed(runs: Sequence[store.Run], first: str = "") -> tuple[str, ...]:
    """Return which runs to compare, of those given newest first: a pair with `first` in it where that is named.

    A run and the one it goes on from; else two of the same base and method; else the two newest. `first` alone, or ()
    without it, where there is no second one. The older run of a pair comes first.
    """
    metas: dict[str, dict[str, Any]] = {}
    for run in runs:
        try:
            metas[run.id] = run.meta()
        except WorkbenchError:
            continue
    metas = {id: meta for id, meta in metas.items() if meta.get("method") not in recipe.PUBLISHING}
    ids = list(metas)
    pairs = [(older, newer) for at, newer in enumerate(ids) for older in ids[at + 1 :] if first in ("", older, newer)]
    for belong in (
        lambda older, newer: metas[newer].get("parent") == older,
        lambda older, newer: all(metas[newer].get(key) == metas[older].get(key) for key in ("base", "method")),
        lambda older, newer: True,
    ):
        if (pair := next((pair for pair in pairs if belong(*pair)), None)) is not None:
            return pair
    return (first,) if first in metas else ()


def number(value: Any) -> float | None:
    """Return what is a number."""
    return value if type(value) in (int, float) else None
