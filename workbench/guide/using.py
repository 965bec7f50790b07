"""The last station: what a finished run has come to, and what can be done with it, in the order that makes sense.

Owns the headline, the proposals with their reasons and costs, and the road that begins anew with a run as its base.
Must not know how a page looks.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.core import best, derive, recipe, units
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.health_alignment import CHANCE
from workbench.core.lifecycle import ACTIVE
from workbench.core.recipe import SCRATCH
from workbench.core.text import one_line
from workbench.guide import exporting, votes
from workbench.guide.road import METHOD_NAMES, TUNING_NAMES, Road, name_of
from workbench.runs import bases, spent, store

_FOLLOWS = {"pretrain": "sft", "cpt": "sft", "sft": "dpo"}
"""Method → the one that usually comes next."""
_TEACHES = {
    "sft": "Articles gave it knowledge; questions with answers teach it to use that in a conversation.",
    "dpo": "It answers; pairs of a better and a worse answer teach it which of its ways you prefer.",
}
_SPEECHLESS = ("pretrain", "cpt")
"""Methods that do not teach to answer."""
_LEARNT = "Figures say that it learnt, an answer says what."
_SO_FAR = "It ended while it was still learning; an answer says how far it has come."


@dataclass(frozen=True)
class Finished:
    """A run with a result, and what surrounds it."""

    run: str
    method: str
    tuning: str
    base: str
    data: tuple[str, ...]
    folder: Path
    report: Mapping[str, Any]
    seconds: float | None
    """Of all attempts, without waiting for the card."""
    status: str
    target: exporting.Target | None
    """What export has to say of it; None where it cannot be exported, for the reason in `no_export`."""
    no_export: str
    other: str
    """The run to compare with: its parent, else the newest other one with a result; "" for none."""
    other_is_parent: bool
    votes: Path | None
    """The file with most votes about its answers."""
    vote_count: int

    @property
    def asks(self) -> str:
        """A question of its samples, to begin a chat with; "" when there is none."""
        return one_line(str(_sample(self.report).get("prompt", "")), 600)


@dataclass(frozen=True)
class Next:
    """One thing that can be done."""

    key: str
    label: str
    what: str
    """In a few words."""
    cost: str
    why: str
    """A sentence or two."""
    command: str = ""
    """What does the same on the command line."""
    not_now: str = ""
    """Why it cannot be done yet."""


def _sample(report: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the first sample of a report whose answer has changed, else the first, else nothing."""
    found = report.get("samples")
    samples = [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
    return next((item for item in samples if item.get("before") != item.get("after")), samples[0] if samples else {})


def _has_result(run: store.Run) -> bool:
    """Return whether a run has handed something over."""
    return any((run.artifacts_dir / name).is_dir() for name in ("model", "adapter"))


def look(reference: str) -> Finished:
    """Return what there is to say of a run; raises UsageError when it has no result yet."""
    run = store.find(reference)
    status = run.status()
    if status in ACTIVE and not _has_result(run):
        raise UsageError(f"The run {run.id} is still at work; its result can be used when it is done.")
    bases.of_run(run)
    wanted = recipe.load(run.recipe_path).recipe
    target, no_export = None, ""
    try:
        target = exporting.target(run.id)
    except WorkbenchError as error:
        no_export = str(error)
    parent = str(run.meta().get("parent", ""))
    others = [other.id for other in store.list_runs() if other.id != run.id and _has_result(other)]
    other = parent if parent in others else others[0] if others else ""
    report = run.report()
    voted, number = votes.about(run.id)
    return Finished(
        run=run.id,
        method=wanted.method,
        tuning=wanted.tuning,
        base=wanted.base,
        data=wanted.data,
        folder=run.path,
        report=report,
        seconds=spent.seconds(run, report),
        status=status,
        target=target,
        no_export=no_export,
        other=other,
        other_is_parent=bool(other) and other == parent,
        votes=voted,
        vote_count=number,
    )


def _figure(value: Any) -> float | None:
    """Return a figure of a report, None for what is none."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _took(found: Finished) -> str:
    """Return how long a run was, in steps and time; of a result that is not its last state in steps alone."""
    if (result := best.of_report(found.report)) is not None and result.step < result.steps:
        return f"{units.count(result.step)} of {units.count(result.steps)} steps"
    took = units.several(steps, "step") if (steps := _figure(found.report.get("steps"))) is not None else "The run"
    return took + (f" in {units.duration(found.seconds)}" if found.seconds is not None else "")


_JUDGE = " It scores answers and writes none: a judge of samples, or the goal of reinforcement learning."


def _told_apart(found: Finished) -> list[tuple[str, str]] | None:
    """Return how many held-out answers a method that compares them tells apart; None for others or without any."""
    held = found.report.get("held_out_metrics")
    pair = held.get("accuracy") if isinstance(held, dict) else None
    margins = held.get("margin") if isinstance(held, dict) else None
    before, after = (
        (_figure(pair.get(name)) for name in ("before", "after")) if isinstance(pair, dict) else (None, None)
    )
    if found.method not in recipe.ALIGNING or after is None:
        return None
    what = "answers it judges" if found.method == "kto" else "pairs the better answer leads in"
    said = [(f"Of the held-out {what} ", "value"), (units.percent(after), "figure")]
    said += [(" right" if found.method == "kto" else "", "value")]
    said += [(f", {units.percent(before)} before training", "value")] if before is not None else []
    margin = _figure(margins.get("after")) if isinstance(margins, dict) else None
    if margin is not None:
        said += [(", by a margin of ", "value"), (units.margin(margin), "figure")]
    guess = " That is little better than guessing." if after < CHANCE else ""
    said += [(f", after {_took(found)}.{guess}{_JUDGE if found.method == 'reward' else ''}", "value")]
    return [*said, *_which(found)]


def _which(found: Finished) -> list[tuple[str, str]]:
    """Return what has to be said of the state that became the result; [] for the last one, if none was better."""
    result = best.of_report(found.report)
    if result is None:
        return []
    if result.is_early:
        return [(f" The result is {result.words()}.", "value")]
    if (lower := result.unsure) is not None:
        few = f": measured on {units.several(result.rows, 'row')}, too few to choose a state by."
        return [
            (f" At step {units.count(lower.step)} it was ", "value"),
            (units.loss(lower.loss), "figure"),
            (f"{few} More held-out rows would tell (eval_split), and answers do.", "value"),
        ]
    if (better := result.was_better) is None:
        return []
    return [
        (f" At step {units.count(better.step)} it was ", "value"),
        (units.loss(better.loss), "figure"),
        (": after that it learnt rows by heart, and the last state is the result all the same.", "value"),
    ]


def _rewarded(found: Finished) -> list[tuple[str, str]] | None:
    """Return what answers to held-out prompts earn; None for methods without rewards or without such prompts."""
    held = found.report.get("held_out_metrics")
    if found.method not in recipe.REINFORCING or not isinstance(held, dict):
        return None
    pairs = [held.get(name) for name in ("reward", "greedy_reward")]
    drawn, likeliest = (pair if isinstance(pair, dict) else {} for pair in pairs)
    after, before = _figure(drawn.get("after")), _figure(drawn.get("before"))
    if after is None:
        return None
    said = [("Answers to held-out prompts earn ", "value"), (units.margin(after), "figure")]
    said += [(f", {units.margin(before)} before training", "value")] if before is not None else []
    sure = _figure(likeliest.get("after"))
    said += [(", and ", "value"), (units.margin(sure), "figure")] if sure is not None else []
    said += [(" when the likeliest words are taken", "value")] if sure is not None else []
    moved = held.get("kl")
    if isinstance(moved, dict) and (far := _figure(moved.get("after"))) is not None:
        said += [(", ", "value"), (units.margin(far), "figure"), (" nats an answer away from the base", "value")]
    none = " It has not learnt to earn more." if before is not None and after <= before else ""
    return [*said, (f", after {_took(found)}.{none}", "value")]


def headline(found: Finished) -> list[tuple[str, str]]:
    """Return the result in a sentence, as (text, role) pieces."""
    if (told := _told_apart(found) or _rewarded(found)) is not None:
        return told
    held = found.report.get("held_out_loss")
    before = _figure(held.get("before")) if isinstance(held, dict) else None
    after = _figure(held.get("after")) if isinstance(held, dict) else None
    if _figure(found.report.get("steps")) is None:
        return [("It has not ended yet; what can be used is its newest checkpoint.", "value")]
    took = _took(found)
    if before is None or after is None:
        return [(took, "figure"), (" are behind it; no rows were held out to measure it with.", "value")]
    unseen = f"On {best.unseen(best.of_report(found.report))} the loss"
    if after >= before:
        said = " in place of falling: it has not learnt what these rows have in common."
        verb = " rose from " if after > before else " stayed at "
        shown = [(units.loss(before), "figure"), (" to ", "value")] if after > before else []
        return [
            (unseen, "value"),
            (verb, "value"),
            *shown,
            (units.loss(after), "figure"),
            (said, "value"),
            *_which(found),
        ]
    return [
        (f"{unseen} fell from ", "value"),
        (units.loss(before), "figure"),
        (" to ", "value"),
        (units.loss(after), "figure"),
        (f", after {took}.{' It was still learning: more epochs would teach more.' if _short(found) else ''}", "value"),
        *_which(found),
    ]


def _short(found: Finished) -> bool:
    """Return whether a run on text ended while it was still learning: after too few steps, or as steeply as ever."""
    if found.method in (*recipe.ALIGNING, *recipe.REINFORCING):
        return False
    steps = _figure(found.report.get("steps"))
    return found.report.get("still_learning") is True or (steps is not None and steps < derive.FEW_STEPS)


def example(found: Finished) -> tuple[str, str, str] | None:
    """Return (prompt, what the base said, what it says now) of a sample; None without one."""
    sample = _sample(found.report)
    parts = [sample.get(name) for name in ("prompt", "before", "after")]
    return (parts[0], parts[1], parts[2]) if all(isinstance(part, str) for part in parts) else None  # type: ignore[return-value]


def proposals(found: Finished) -> tuple[Next, ...]:
    """Return what can be done, the nearest first."""
    if found.method == "reward":
        return _with_a_judge(found)
    beside = "" if found.base == SCRATCH else f" beside {name_of(found.base)}"
    items = [
        Next(
            "chat",
            "Chat",
            f"ask it{beside}",
            "loads the model" if found.base == SCRATCH else "loads both models",
            f"{_SO_FAR if _short(found) else _LEARNT} One of its own questions is written already; votes on the "
            "answers are kept for a later alignment.",
            f"workbench chat {found.run}",
        ),
        _export(found),
        _compare(found),
    ]
    follows = _FOLLOWS.get(found.method, "dpo" if found.votes is not None else "")
    if follows in recipe.METHODS:
        items.append(_rung(found, follows))
    if found.method not in _SPEECHLESS:
        items.append(_PREFERENCES)
    items.append(
        Next(
            "further",
            "Train further",
            "the road anew, from here",
            "another run",
            "More rows of the same kind, or another subject: this run becomes the base, and its lineage is kept.",
            f"workbench train --base {found.run} --data ...",
        )
    )
    everything = (
        f"Everything of the run is in {found.folder}: the result under artifacts, its recipe, and every figure."
    )
    items.append(Next("folder", "Folder", "copy its path", "nothing", everything))
    return tuple(items)


_PREFERENCES = Next(
    "prefer",
    "Preferences",
    "pairs from its own answers",
    "no training",
    "Rewards, a judge or a constitution say which of its answers are better: pairs that DPO and a reward model learn "
    "from.",
)


def _with_a_judge(found: Finished) -> tuple[Next, ...]:
    """Return what can be done with a reward model, and why the rest cannot."""
    kind = "model" if found.tuning == "full" else "adapter"
    judge = (
        f"The judge is in {found.folder / 'artifacts' / kind}: transformers loads it as a sequence classification "
        "model with one label, and what it gives for a conversation is the score."
    )
    no = found.no_export or "A reward model scores answers and writes none; its folder is the result."
    return (
        Next("folder", "Folder", "copy its path", "nothing", judge),
        _compare(found),
        Next("chat", "Chat", "a judge writes nothing", "", "", not_now=no),
        Next("export", "Export", "not as GGUF", "", "", not_now=no),
        Next("further", "Train further", "from its base instead", "", "", not_now=no),
    )


def _export(found: Finished) -> Next:
    """Return the proposal to make files for other programs."""
    target = found.target
    if target is None:
        return Next("export", "Export", "a file for llama.cpp", "", found.no_export, not_now=found.no_export)
    offer = next(offer for offer in target.offers if offer.kind == target.recommended)
    made, there = ", ".join(target.made), target.made.get(target.recommended)
    why = (
        f"One file that llama.cpp and its kin run without Python. {target.recommended} is {target.why}; it is proved "
        "against the trained model before it gets its name."
    )
    return Next(
        "export",
        "Export",
        f"made: {made}" if made else f"a GGUF file, {target.recommended}",
        f"about {units.size(offer.bytes)}" if there is None else f"{units.size(there.bytes)} here",
        why,
        f"workbench export {found.run} --type {target.recommended}",
    )


def _compare(found: Finished) -> Next:
    """Return the proposal to lay it beside another run."""
    kin = "its parent" if found.other_is_parent else "the newest other run"
    return Next(
        "compare",
        "Compare",
        f"with {kin}" if found.other else "with another run",
        "nothing",
        f"Curves, recipes and results beside those of {kin}, {found.other}: what the change between them did."
        if found.other
        else "Curves, recipes and results of two runs side by side.",
        not_now="" if found.other else "There is no other run with a result yet; train one and compare then.",
    )


def _rung(found: Finished, method: str) -> Next:
    """Return the proposal of the method that usually comes next."""
    why, data = _TEACHES[method], "..."
    what = "questions with answers" if method == "sft" else "better and worse answers"
    if method == "dpo" and found.votes is not None:
        what = f"with your {units.count(found.vote_count)} votes"
        why += " Your votes in the chat are such pairs; a hundred are a beginning."
        data = shlex.quote(str(found.votes))
    elif method == "dpo":
        why += " Votes in the chat become such pairs."
    command = f"workbench train --base {found.run} --method {method} --data {data}"
    name = "Align again" if found.method in recipe.ALIGNING else f"{METHOD_NAMES[method]} next"
    return Next("rung", name, what, "another run", why, command)


def answers(found: Finished) -> dict[str, tuple[str, ...]]:
    """Return what the run has settled at each station, for the map of the road."""
    more = f" and {len(found.data) - 1} more" if len(found.data) > 1 else ""
    return {
        "base": (name_of(found.base),),
        "data": (name_of(found.data[0]) + more,) if found.data else (),
        "method": (METHOD_NAMES[found.method],),
        "fit": (TUNING_NAMES[found.tuning],),
        "train": (found.run,),
    }


def onward(found: Finished, key: str) -> Road:
    """Return the road that begins anew with a run as its base; votes come along to an alignment."""
    aligns = key == "rung" and _FOLLOWS.get(found.method, "dpo") == "dpo"
    data = (str(found.votes),) if aligns and found.votes is not None else ()
    return Road(base=found.run, data=data, reached=1)
