"""What a finished run has come to, in a sentence.

Owns that sentence for every method, and the sample that shows it. Must not know what can be done with the run, or how a
page looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.core import best, derive, recipe, units
from workbench.core.health_alignment import CHANCE, WORSE, climbed
from workbench.core.text import one_line
from workbench.guide import exporting, smaller
from workbench.runs import spent, store


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


def _sample(report: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the first sample of a report whose answer has changed, else the first, else nothing."""
    found = report.get("samples")
    samples = [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
    return next((item for item in samples if item.get("before") != item.get("after")), samples[0] if samples else {})


def _figure(value: Any) -> float | None:
    """Return a figure of a report, None for what is none."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _took(found: Finished) -> str:
    """Return how long a run was, in steps and time; of a result that is not its last state in steps alone."""
    if (result := best.of_report(found.report)) is not None and result.step < result.steps:
        return f"{units.count(result.step)} of {units.count(result.steps)} steps"
    took = units.several(steps, "step") if (steps := _figure(found.report.get("steps"))) is not None else "The run"
    return took + (f" in {units.duration(found.seconds)}" if found.seconds is not None else "")


def _rose(found: Finished) -> bool:
    """Return whether the held-out loss has not fallen, or nobody knows it: a few answers may change sides by chance."""
    held = found.report.get("held_out_loss")
    ends = [_figure(held.get(name)) for name in ("before", "after")] if isinstance(held, dict) else [None, None]
    return ends[0] is None or ends[1] is None or ends[1] >= ends[0]


EVEN = 0.5
"""Accuracy on pairs that guessing has."""
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
    guess = _against_chance(found, before, after)
    said += [(f", after {_took(found)}.{guess}{_JUDGE if found.method == 'reward' else ''}", "value")]
    return [*said, *_which(found)]


def _against_chance(found: Finished, before: float | None, after: float) -> str:
    """Return what an accuracy is worth: against guessing and against what it was, in one sentence, and what helps."""
    data, losses = found.report.get("data"), found.report.get("held_out_loss")
    rows = _figure(data.get("held_out")) if isinstance(data, dict) else None
    ends = [_figure(losses.get(name)) for name in ("before", "after")] if isinstance(losses, dict) else [None, None]
    fell = before is not None and after < before and _rose(found)
    # Of a handful of answers one or two decide, so that few right ones are no proof of the worse being preferred.
    few = best.too_few(int(rows)) if rows else False
    said = [] if after >= CHANCE else ["little better than guessing" if after > EVEN else "no better than guessing"]
    if after <= WORSE and not few:
        said = ["worse than guessing"]
    said += ["worse than before it began"] if fell else []
    text = f" That is {' and '.join(said)}." if said else ""
    far = ends[0] is not None and ends[1] is not None and climbed(ends[0], ends[1]) and after < CHANCE
    if not few and (far or (fell and before is not None and after <= min(WORSE, before - WORSE))):
        span = f": the loss went from {units.loss(ends[0])} to {units.loss(ends[1])}" if far else ""
        text += f" Training has undone what the base knew{span}. Begin anew with a lower learning rate."
    return text


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
    data = found.report.get("data")
    rows = _figure(data.get("held_out")) if isinstance(data, dict) else None
    asked = units.several(rows, "held-out prompt") if rows else "held-out prompts"
    said = [(f"Answers to {asked} earn ", "value"), (units.margin(after), "figure")]
    said += [(f", {units.margin(before)} before training", "value")] if before is not None else []
    sure, was = _figure(likeliest.get("after")), _figure(likeliest.get("before"))
    said += [("; at their likeliest words ", "value"), (units.margin(sure), "figure")] if sure is not None else []
    said += [(f", {units.margin(was)} before", "value")] if sure is not None and was is not None else []
    # What a reward model likes may be wrong: a check that stands beside it is told with it.
    checks = [name for name in held if name.startswith("reward_")] if "reward_model" in held else []
    for name in checks:
        pair = held[name] if name != "reward_model" and isinstance(held[name], dict) else {}
        right, then = (_figure(pair.get(when)) for when in ("after", "before"))
        if right is not None and then is not None:
            said += [(f"; by the check {name.removeprefix('reward_')} ", "value"), (units.margin(right), "figure")]
            said += [(f", {units.margin(then)} before", "value")]
    moved = held.get("kl")
    if isinstance(moved, dict) and (far := _figure(moved.get("after"))) is not None:
        said += [(", ", "value"), (units.margin(far), "figure"), (" nats an answer away from the base", "value")]
    none = " It has not learnt to earn more." if before is not None and after <= before else ""
    if not none and sure is not None and was is not None and sure < was:
        none = " Drawn freely they earn more, and the answers it is surest of earn less: more steps may settle it."
    return [*said, (f", after {_took(found)}.{none}", "value")]


def _of_the_rows(found: Finished) -> str:
    """Return where the loss of the rows' own answers went while a student learnt; "" where nobody knows."""
    losses = found.report.get("other_losses")
    pair = losses.get("row_loss") if isinstance(losses, dict) else None
    ends = [_figure(pair.get(name)) for name in ("before", "after")] if isinstance(pair, dict) else [None, None]
    return "" if None in ends else f" (the rows' own from {units.loss(ends[0])} to {units.loss(ends[1])})"


def headline(found: Finished) -> list[tuple[str, str]]:
    """Return the result in a sentence or two, as (text, role) pieces."""
    return [*_result(found), *smaller.answered(found.report)]


def _result(found: Finished) -> list[tuple[str, str]]:
    """Return what training has done to the figure its method is judged by."""
    if (told := _told_apart(found) or _rewarded(found) or smaller.told(found.report)) is not None:
        return told
    held = found.report.get("held_out_loss")
    before = _figure(held.get("before")) if isinstance(held, dict) else None
    after = _figure(held.get("after")) if isinstance(held, dict) else None
    if _figure(found.report.get("steps")) is None:
        return [("It has not ended yet; what can be used is its newest checkpoint.", "value")]
    took = _took(found)
    if before is None or after is None:
        return [(took, "figure"), (" are behind it; no rows were held out to measure it with.", "value")]
    # What a student learns is no loss of the rows alone, and says nothing beside that of another run.
    mixed, own = ("", "") if found.method != "distill" else (" of teacher and rows together", _of_the_rows(found))
    unseen = f"On {best.unseen(best.of_report(found.report))} the loss{mixed}"
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
        (
            f"{own}, after {took}.{' It was still learning: more epochs would teach more.' if short(found) else ''}",
            "value",
        ),
        *_which(found),
    ]


def concluded(run: store.Run) -> str:
    """Return what an ended run has come to, in a sentence or two without roles."""
    wanted, report = recipe.load(run.recipe_path).recipe, run.report()
    found = Finished(
        run.id, wanted.method, wanted.tuning, wanted.base, wanted.data, run.path, report, spent.seconds(run, report),
        run.status(), None, "", "", False, None, 0,
    )  # fmt: skip
    return "".join(text for text, _ in headline(found))


def short(found: Finished) -> bool:
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
