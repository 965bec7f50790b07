"""All runs at a glance, again and again: only what has changed is read anew.

Owns what a list of runs shows of each. Must not know how it is shown. A journal that has grown is read from where it
was read before, however long it is; the small curve is made of a few lines of it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workbench.core import best, paths
from workbench.core.curves import Series
from workbench.core.errors import WorkbenchError
from workbench.core.events import AttemptEnded, AttemptStarted, Eval, Event, Phase, Step
from workbench.core.lifecycle import ACTIVE, WITH_RESULT
from workbench.runs import journal, locks, spent
from workbench.runs.store import Run, list_runs

_KINDS = (Step.kind, Eval.kind, Phase.kind, AttemptStarted.kind, AttemptEnded.kind)
_JUDGED = ("accuracy", "reward")
"""What comparing answers and earning rewards are judged by; a method has one of them."""
_SETTLED_NS = 2 * 10**9
_GROWN = 1.05
"""A curve is made anew when the journal is longer than when it was made by this ratio."""


@dataclass(frozen=True)
class Glance:
    """One run in a list."""

    run: Run
    status: str
    meta: dict[str, Any]
    """What run.json says: title, created, method, tuning, base, parent."""
    step: int = 0
    steps: int = 0
    loss: float | None = None
    train: float | None = None
    """The smoothed train loss, of a run that has not looked at held-out rows."""
    eval_loss: float | None = None
    """As the next two: of the result once there is one, else of the newest look."""
    accuracy: float | None = None
    """Share of compared answers that are told apart, of held-out rows where there are any; None for other methods."""
    reward: float | None = None
    """What answers of its own earn, to held-out prompts where there are any; None for other methods."""
    of_steps: bool = False
    """Whether the last two are of what it trains on: nobody has looked at held-out rows for them."""
    phase: str = ""
    error: str = ""
    """Why it failed, "" unless it did."""
    seconds: float | None = None
    """How long all attempts of one that has ended have worked; None while it goes on."""
    t: float = 0.0
    """When the newest event known here was written, seconds since the epoch."""
    curve: tuple[tuple[int, float], ...] = ()
    """(step, loss) of a few steps, evenly over the journal."""

    @property
    def id(self) -> str:
        """The run's name."""
        return self.run.id

    @property
    def parent(self) -> str:
        """The run whose result is the base, or ""."""
        return str(self.meta.get("parent", ""))


def sketch(path: Path, points: int) -> tuple[tuple[int, float], ...]:
    """Return (step, loss) of about so many steps of a journal, evenly over its length; its length does not matter."""
    found = {step.step: step.loss for step in journal.spread(path, Step, points) if step.loss is not None}
    return tuple(sorted(found.items()))


def _told(path: Path, last: dict[str, Event]) -> dict[str, Any]:
    """Return what the last events of each kind of a journal say, as fields of a glance."""
    step, evaluation, phase = last.get(Step.kind), last.get(Eval.kind), last.get(Phase.kind)
    ended = last.get(AttemptEnded.kind)
    held = evaluation.metrics if isinstance(evaluation, Eval) else {}
    looked = {name: held[name] for name in _JUDGED if isinstance(held.get(name), float | int)}
    # Not every step of a policy is told with what its answers earned.
    own = not looked and isinstance(step, Step) and bool(step.metrics)
    judged = {name: _smoothed(path, name) for name in _JUDGED} if own else looked
    return {
        "step": step.step if isinstance(step, Step) else 0,
        "steps": step.steps if isinstance(step, Step) else 0,
        "loss": step.loss if isinstance(step, Step) else None,
        "eval_loss": evaluation.loss if isinstance(evaluation, Eval) else None,
        "train": _smoothed(path, "") if isinstance(step, Step) and not isinstance(evaluation, Eval) else None,
        **{name: judged.get(name) for name in _JUDGED},
        "of_steps": own and any(value is not None for value in judged.values()),
        "phase": phase.phase if isinstance(phase, Phase) else "",
        "error": ended.error if isinstance(ended, AttemptEnded) else "",
        "t": max((event.t for event in last.values()), default=0.0),
    }


def _smoothed(path: Path, name: str) -> float | None:
    """Return a figure of steps smoothed as a chart has it, or the loss for "", from the end of a journal."""
    series = Series()
    for event in journal.tail(path):
        if isinstance(event, Step):
            series.append(event.step, event.metrics.get(name) if name else event.loss)
    return series.smoothed


class _Known:
    """What is remembered of one run."""

    def __init__(self, run: Run, meta: dict[str, Any]) -> None:
        self.meta = meta
        self.stamp: tuple[Any, ...] = ()
        self.last: dict[str, Event] = {}
        self.size = 0
        self.file = 0
        self.drawn = 0
        self.glance = Glance(run, "", meta)


class Glances:
    """The list of runs; `look` gives what has changed since the last look. Used by one thread."""

    def __init__(self, points: int = 0) -> None:
        """`points` is the length of each run's curve, 0 for none."""
        self._points = points
        self._known: dict[str, _Known] = {}
        self._runs: list[Run] = []
        self._listed_at = -1

    def _listed(self) -> list[Run]:
        """Return all runs, newest first; the folder is read again only when something in it has come or gone."""
        try:
            changed = paths.runs_home().stat().st_mtime_ns
        except OSError:
            changed = 0
        if changed != self._listed_at:
            self._runs = list_runs()
            # What comes within the same tick of the file system's clock would not show in the time: look again then.
            is_settled = time.time_ns() - changed > _SETTLED_NS
            self._listed_at = changed if is_settled else -1
        return self._runs

    def look(self) -> tuple[tuple[str, ...], dict[str, Glance]]:
        """Return the ids of all runs, newest first, and those that are new or have changed."""
        changed: dict[str, Glance] = {}
        runs = self._listed()
        for run in runs:
            known = self._known.get(run.id)
            if known is None:
                try:
                    known = self._known[run.id] = _Known(run, run.meta())
                except WorkbenchError:
                    continue
            if (glance := self._glance(run, known)) != known.glance:
                known.glance = changed[run.id] = glance
        order = tuple(run.id for run in runs if run.id in self._known)
        for gone in self._known.keys() - set(order):
            del self._known[gone]
        return order, changed

    def _glance(self, run: Run, known: _Known) -> Glance:
        """Return the run at a glance, from what is known where nothing has changed."""
        try:
            figures = run.events_path.stat()
            size, file = figures.st_size, figures.st_ino
        except OSError:
            size = file = 0
        held = locks.is_held(run.lock_path)
        stamp = (size, file, held)
        if stamp == known.stamp and not held:
            return known.glance
        if file != known.file or size < known.size:
            known.last, known.size, known.file, known.drawn = {}, 0, file, 0
            known.glance = Glance(run, "", known.meta)
        if size > known.size:
            known.last |= journal.latest(run.events_path, _KINDS, known.size)
            # The last line may be torn: it is looked at again, whole.
            place = journal.end_of(run.events_path)
            known.size = min(place.offset, size) if place is not None else 0
        known.stamp = stamp
        glance = replace(known.glance, status=run.status(), **_told(run.events_path, known.last))
        report = run.report() if glance.status not in ACTIVE else {}
        of_result = best.published(report) if glance.status in WITH_RESULT else {}
        glance = replace(
            glance,
            eval_loss=of_result.get("loss", glance.eval_loss),
            accuracy=of_result.get("accuracy", glance.accuracy),
            reward=of_result.get("reward", glance.reward),
            of_steps=glance.of_steps and not of_result.keys() & set(_JUDGED),
            seconds=None if glance.status in ACTIVE else spent.seconds(run, report),
        )
        if self._points and size > known.drawn * _GROWN:
            known.drawn = size
            glance = replace(glance, curve=sketch(run.events_path, self._points))
        return glance if glance.status == "failed" else replace(glance, error="")
