"""What figures of several runs bear, in a sentence or two: which is better, by how much, and against which noise.

Owns the claims. Must not know where figures come from. Nothing is claimed across different held-out rows; a difference
is one only beside the scatter of the losses themselves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.core import units
from workbench.core.best import VISIBLE
from workbench.core.lifecycle import ACTIVE
from workbench.core.measures import Look
from workbench.guide.comparing import label_of, same_goal, same_loss, same_rows
from workbench.guide.sides import Side

LEAST_LOOKS = 5
"""Looks in the second half of a run that say how much its held-out loss scatters: three residuals at least."""
CLEAR = 2.0
"""How many times the scatter a difference has to be: two standard deviations, one chance in twenty."""


@dataclass(frozen=True)
class Verdict:
    """What may be said."""

    kind: str
    """lower (one run is better on the same rows), same, unclear (chance is not known), lineage, apart (not
    comparable) or none (there is nothing to compare yet)."""
    text: str
    better: str = ""
    """The id of the run with the lower loss or the higher reward, where the kind is lower or unclear."""
    difference: float | None = None
    scatter: float | None = None
    """Standard deviation of the difference that chance alone makes, where it is known."""


def scatter(looks: Sequence[Look]) -> float | None:
    """Return by how much a run's held-out loss scatters from look to look, None where there are too few.

    From the second half of the run, where the curve is nearly straight: the residual of a look against the mean of its
    neighbours has 3/2 of the variance of a look. What is left of the curve only makes it larger.
    """
    late = [look for look in looks if look.step * 2 >= looks[-1].step] if looks else []
    if len(late) < LEAST_LOOKS:
        return None
    residuals = [
        late[at].loss
        - late[at - 1].loss
        - (late[at + 1].loss - late[at - 1].loss)
        * (late[at].step - late[at - 1].step)
        / (late[at + 1].step - late[at - 1].step)
        for at in range(1, len(late) - 1)
    ]
    return math.sqrt(sum(one * one for one in residuals) / len(residuals) / 1.5)


def verdict(found: Sequence[Side]) -> Verdict:
    """Return what the figures of these runs bear."""
    if len(found) < 2:
        return Verdict(
            "none", "Choose another run to compare this one with." if found else "Choose the runs to compare."
        )
    measured = [side for side in found if side.looks]
    earning = [side.name for side in found if side.scored and not side.looks]
    if len(earning) == len(found):
        return _rewarded(found)
    if earning and len(earning) + len(measured) == len(found):
        return Verdict(
            "apart",
            f"{' and '.join(earning)} {'is' if len(earning) == 1 else 'are'} measured by what answers earn and the "
            "rest by a loss, so the figures do not say which run is better; the answers to the same prompts do.",
        )
    if len(measured) < 2:
        lacking = " and ".join(side.name for side in found if not side.looks)
        yet = " yet" if any(not side.looks and side.status in ACTIVE for side in found) else ""
        return Verdict("none", f"There is no held-out loss of {lacking}{yet}, so nothing can be said of the result.")
    going_on = " ".join(
        f"{side.name} is {side.status} at step {units.count(side.step)} of {units.count(side.steps)}."
        for side in found
        if side.status != "done"
    )
    if same_rows(measured) and same_loss(measured):
        told = _ranked(measured)
    elif (line := _lineage(found)) is not None:
        told = line
    elif same_rows(measured):
        told = Verdict(
            "apart",
            "They do not minimise the same loss: method, its settings or the base it is held to differ. The losses do "
            f"not say which run is better; the answers to the same prompts do.{_told_apart(measured)}",
        )
    else:
        told = Verdict(
            "apart",
            "Their held-out rows are not the same, so the losses do not say which run is better; the answers to the "
            "same prompts do, or a run of each recipe on the same data with the same seed.",
        )
    text = " ".join(part for part in (told.text, _early(measured), _elsewhere(measured), going_on) if part)
    return Verdict(told.kind, text, told.better, told.difference, told.scatter)


def _rewarded(found: Sequence[Side]) -> Verdict:
    """Return what answers to held-out prompts earn, by what the runs have in common, with how far each has moved."""
    ends = [side.ends[1] for side in found]

    def each(name: str) -> str:
        return ", ".join(f"{side.name} {units.margin(told[name])}" for side, told in zip(found, ends, strict=True))

    known = [name for name in ends[0] if all(name in told for told in ends)]
    moved = f" KL from the base, in nats an answer: {each('kl')}." if "kl" in known else ""
    if not same_rows(found):
        return Verdict(
            "apart",
            "Their held-out prompts are not the same, so the rewards do not say which run is better; a run of each "
            f"recipe on the same data with the same seed would.{moved}",
        )
    if not same_goal(found) or "reward" not in known:
        checks = [name for name in known if name.startswith("reward_") and name != "reward_std"]
        shared = "".join(f" What answers earn {label_of(name)}: {each(name)}." for name in checks)
        return Verdict(
            "apart", f"They are not rewarded by the same, so the sums do not say which run is better.{shared}{moved}"
        )
    ranked = sorted(zip(ends, found, strict=True), key=lambda one: -one[0]["reward"])
    (high, first), (low, second) = ((told["reward"], side) for told, side in ranked[:2])
    if high - low < VISIBLE:
        said = f"{first.name} and {second.name} earn the same on the same held-out prompts, {units.margin(high)}."
        return Verdict("same", f"{said}{moved}", difference=high - low)
    said = (
        f"Answers of {first.name} earn {units.margin(high)} on the same held-out prompts, {units.margin(high - low)} "
        f"more than those of {second.name}; how much of that is chance is not known."
    )
    return Verdict("unclear", f"{said}{moved}", first.run, high - low)


def _early(found: Sequence[Side]) -> str:
    """Return which results are not the last state of their run, "" where all are."""
    told = [(side.name, side.result) for side in found]
    return " ".join(f"The result of {name} is {result.words()}." for name, result in told if result and result.is_early)


def _told_apart(found: Sequence[Side]) -> str:
    """Return in how many of the same held-out rows each run tells the answers apart, "" where that is not known."""
    shares = [(side.end.metrics.get("eval_accuracy"), side.name) for side in found]
    known = sorted(((share, name) for share, name in shares if share is not None), reverse=True)
    if len(known) < len(found):
        return ""
    told = ", ".join(f"{name} {units.percent(share)}" for share, name in known)
    return f" Of the same held-out rows the answers are told apart in: {told}."


def _elsewhere(found: Sequence[Side]) -> str:
    """Return what the losses on other rows say that all runs looked at, general text above all; "" for nothing."""
    told = []
    for name in found[0].end.metrics:
        rows = name.removeprefix("eval_").removesuffix("_loss")
        ends = [(side.end.metrics.get(name), side.name, side.rows.get(rows, "")) for side in found]
        known = sorted((loss, who) for loss, who, which in ends if loss is not None and which == ends[0][2] != "")
        if rows == name or len(known) < len(found):
            continue
        (low, best), (high, worst) = known[0], known[-1]
        if high - low < VISIBLE:
            told.append(f"On the {rows} rows they end alike, at {units.loss(low)}.")
        else:
            told.append(f"On the {rows} rows {best} ends at {units.loss(low)} and {worst} at {units.loss(high)}.")
    return " ".join(told)


def _ranked(found: Sequence[Side]) -> Verdict:
    """Return what losses on the same rows say of the best run and the next."""
    first, second = sorted(found, key=lambda side: side.end.loss)[:2]
    low, high = first.end.loss, second.end.loss
    gap = high - low
    among = "" if len(found) == 2 else f" of the {len(found)}"
    if gap < VISIBLE:
        return Verdict(
            "same",
            f"{first.name} and {second.name} end with the same loss on the same held-out rows, {units.loss(low)}"
            f"{': the two lowest' + among if among else ''}.",
            difference=gap,
        )
    said = (
        f"{first.name} ends at {units.loss(low)} on the same held-out rows, {units.loss(gap)} below {second.name}"
        f"{', the next' + among if among else ''}."
    )
    known = [scatter(first.looks), scatter(second.looks)]
    if known[0] is None or known[1] is None:
        more = "How much of that is chance is not known: too few looks to see how they scatter, and one seed each."
        return Verdict("unclear", f"{said} {more}", first.run, gap)
    spread = math.hypot(known[0], known[1])
    if gap <= CLEAR * spread:
        more = f"Their looks scatter by {units.loss(spread)} themselves, so that is no difference these figures bear."
        return Verdict("same", f"{said} {more}", "", gap, spread)
    beside = (
        f"{units.significant(gap / spread, 2)} times what their looks scatter by" if spread > VISIBLE / 10
        else "far more than their looks scatter by"
    )  # fmt: skip
    return Verdict("lower", f"{said} That is {beside}; another seed was not tried.", first.run, gap, spread)


def _lineage(found: Sequence[Side]) -> Verdict | None:
    """Return what a run says of the one it goes on from, by its own first look; None for others."""
    if len(found) != 2:
        return None
    for parent, child in (found, tuple(reversed(found))):
        if child.parent == parent.run and child.looks[0].step == 0:
            start, end = child.looks[0].loss, child.end.loss
            moved = "fell" if start - end >= VISIBLE else "rose" if end - start >= VISIBLE else "stayed"
            how = (
                f"{moved} from {units.loss(start)} to {units.loss(end)}"
                if moved != "stayed"
                else f"stayed at {units.loss(end)}"
            )
            forgotten = (
                ""
                if any(name.endswith("_loss") for name in child.end.metrics)
                else f" What it has forgotten of what {parent.name} learnt is not measured."
            )
            return Verdict(
                "lineage",
                f"{child.name} goes on from {parent.name}: on its own held-out rows the loss {how}.{forgotten}",
                difference=end - start,
            )
    return None
