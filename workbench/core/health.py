"""What the figures of a run mean, in words: the rules that hold for every method, and the verdict on all findings.

Owns these rules and their thresholds. Must not know files, screens or events as they stand in a journal: the caller
brings `Figures`. A rule says nothing until it has seen enough, since a false alarm costs more trust than a late one.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.core.best import NOISE as EVAL_NOISE
from workbench.core.best import on_rows, too_few
from workbench.core.derive import FEW_STEPS, STEPS_WANTED
from workbench.core.findings import LEVELS, Figures, Finding, Fix, looks_of, method_of, scaled, steep
from workbench.core.health_alignment import alignment, lost
from workbench.core.health_gradients import spikes
from workbench.core.health_reinforcement import reinforcement
from workbench.core.measures import LEVEL_STEPS
from workbench.core.units import count, loss, percent, several

WORDS = {
    "": "too early to tell",
    "good": "healthy",
    "notice": "worth a look",
    "warning": "needs attention",
    "bad": "in trouble",
}
"""Level → what a run is called whose worst finding has it; "" while nothing was found."""

EVAL_RISE = 0.03
"""Relative rise above the best eval loss that counts as overfitting, if two looks in a row are above it."""
EVAL_HARM = 0.15
"""The same, for a rise that undoes what was learnt."""
GAP_NATS, GAP_SHARE = 0.5, 0.5
"""Eval loss over train loss, in nats and as a share of the eval loss, both exceeded: rows are known by heart."""
NO_PROGRESS = 0.01
"""Relative fall of the train loss that counts as none."""
PROGRESS_SHARE, PROGRESS_LEVELS = 0.25, 3
"""Share of the run and levels of the loss after which it should have fallen: a warm-up, and text the base knows, are
slow to show it."""
DIVERGED_NATS, DIVERGED_TIMES = 0.5, 1.3
"""Train loss over the lowest it was, in nats and as a ratio, both exceeded: it is climbing out of what it learnt."""
RISING_TIMES = 1.12
"""The same ratio while the learning rate is near its peak: not lost yet, but the steps are too large."""
NOISE_TIMES = 6.0
"""Standard errors of a level by which it must lie above the lowest one: the lowest of a thousand lies three below the
mean by chance, and the newest may lie three above it."""
NEAR_ZERO = 0.02
"""Train loss, in nats per token, that only text known beforehand has: one token in fifty is a surprise."""
SLOW = 0.5
"""Speed now over the best level of the attempt; batches of unequal length waver by a third."""
SPEED_STEPS = 16
"""Steps whose median is the speed now."""
SURROGATE = ("grpo", "ppo")
"""Methods whose loss is no measure of progress: it hovers about zero by construction."""
ON_TEXT = ("", "pretrain", "cpt", "sft")
"""Methods whose loss is nats per token of text, "" when the method is unknown."""


SYMPTOMS = ("spikes", "slower", "memory", "events_dropped", "cut_off")
"""Findings about the way rather than the result."""
MOST_SAID = 3
"""Findings in one line, when all are good."""


@dataclass(frozen=True)
class Verdict:
    """All findings as one line."""

    level: str
    word: str
    text: str


def _eval(figures: Figures) -> Iterator[Finding]:
    """The loss on held-out rows: falling, flat, or rising since its best."""
    looks = looks_of(figures)
    if len(looks) < 2:
        return
    values = [look.loss for look in looks]
    best = min(range(len(values)), key=values.__getitem__)
    rise = values[-1] / values[best] - 1 if values[best] > 0 else 0.0
    since = looks[best].step
    if len(values) - best > 2 and all(value > values[best] * (1 + EVAL_RISE) for value in values[best + 1 :][-2:]):
        rows = looks[-1].rows
        if too_few(rows):
            few = f"eval loss{on_rows(rows)} rose after step {count(since)} ({loss(values[best])} → {loss(values[-1])})"
            yield Finding("eval_rising", "notice", f"{few}: too few rows to judge by", Fix("hold out more rows"))
            return
        level = "bad" if rise > EVAL_HARM else "warning"
        what = "it learns the rows by heart" if best else "what the base knew is being lost"
        span = f"step {count(since)} ({loss(values[best])} → {loss(values[-1])})"
        said = f"eval loss rises since {span}: {what}"
        if since and since == figures.result:
            level, said = "notice", f"eval loss rose after {span}, its result"
        yield Finding("eval_rising", level, said, _overfitted(figures, since))
        return
    before = values[-4:-1]
    if values[-1] < min(before) * (1 - EVAL_NOISE):
        if figures.step >= figures.steps > 0 and steep([(look.step, look.loss) for look in looks]):
            said = f"eval loss was falling as fast as ever when it ended ({loss(values[-2])} → {loss(values[-1])})"
            yield Finding("still_learning", "notice", said, _more_epochs(figures))
        else:
            yield Finding("eval_falling", "good", "eval loss is still falling")
    elif len(values) > 3 and abs(values[-1] / statistics.fmean(before) - 1) < EVAL_NOISE:
        fell = values[0] > values[-1] * (1 + EVAL_NOISE)
        yield Finding(
            "eval_flat",
            "good" if fell else "notice",
            f"eval loss is level at {loss(values[-1])}" if fell else "eval loss has not moved since the base",
        )
    elif rise <= EVAL_RISE:
        yield Finding("eval_wavers", "good", f"eval loss is near its best, {loss(values[best])}")
    elif len(values) <= 3:
        text = f"eval loss has risen since step {count(since)} ({loss(values[best])} → {loss(values[-1])})"
        yield Finding("eval_wavers", "notice", text)


def _more_epochs(figures: Figures) -> Fix:
    """Return what helps a run that was too short."""
    wanted = figures.recipe
    if wanted is None or not figures.steps:
        return Fix("more epochs", action="duplicate")
    times = max(2.0, STEPS_WANTED / figures.steps)
    if wanted.max_steps:
        return Fix("more steps", {"max_steps": round(wanted.max_steps * times)}, "duplicate")
    return Fix("more epochs", {"num_train_epochs": round(wanted.num_train_epochs * times, 1)}, "duplicate")


def _short(figures: Figures) -> Iterator[Finding]:
    """So few steps that little can be learnt, whatever the curves look like."""
    if 0 < figures.steps < FEW_STEPS and figures.step >= figures.steps and method_of(figures) in ON_TEXT:
        steps = several(figures.steps, "step")
        yield Finding(
            "few_steps",
            "notice",
            f"it ended after {steps}, which {'is' if figures.steps == 1 else 'are'} too few to learn much",
            _more_epochs(figures),
        )


def _overfitted(figures: Figures, since: int) -> Fix:
    """Return what can be done about a run that was at its best after the step `since`, which is kept."""
    fields, wanted = _gentler(figures, since), figures.recipe
    anew, action = ("stop it and begin anew", "stop") if figures.result is None else ("begin anew", "duplicate")
    if not since or wanted is None:
        return Fix(f"{anew} with fewer epochs or a lower learning rate", fields, action)
    if since == figures.result:
        return Fix("fewer epochs would have ended there", fields, action)
    if figures.result is None and wanted.load_best_model_at_end:
        return Fix(f"stop it, and the state of step {count(since)} becomes its result", fields, action)
    fix = {**fields, "load_best_model_at_end": True}
    return Fix(f"{anew} with fewer epochs, and with the best state as the result", fix, action)


def _gentler(figures: Figures, best_step: int) -> dict[str, Any]:
    """Return the fields that would have ended a run near its best step."""
    if figures.recipe is None or not figures.steps:
        return {}
    if figures.recipe.max_steps:
        return {"max_steps": max(best_step, 1)} if best_step else scaled(figures, "learning_rate", 1 / 3)
    epochs = figures.epoch * best_step / max(figures.step, 1)
    return {"num_train_epochs": round(epochs, 2)} if epochs >= 0.05 else scaled(figures, "learning_rate", 1 / 3)


def _gap(figures: Figures) -> Iterator[Finding]:
    """Eval loss far above train loss, when the eval loss does not fall any more."""
    looks = looks_of(figures)
    losses = [point.loss for point in figures.recent[-LEVEL_STEPS:] if point.loss is not None]
    if len(looks) < 3 or len(losses) < LEVEL_STEPS // 2:
        return
    now, train = looks[-1].loss, statistics.fmean(losses)
    falls = now < min(look.loss for look in looks[:-1]) * (1 - EVAL_NOISE)
    if not falls and now - train > max(GAP_NATS, GAP_SHARE * now):
        yield Finding(
            "gap",
            "notice",
            f"train loss {loss(train)} is far below eval loss {loss(now)}: rows are known by heart",
            Fix("more rows or fewer epochs close the gap"),
        )


def _train(figures: Figures) -> Iterator[Finding]:
    """The train loss as a whole: lost, climbing, never falling, or near zero too soon."""
    levels, method = figures.levels, method_of(figures)
    if any(point.loss is None for point in figures.recent[-SPEED_STEPS:]):
        yield Finding(
            "not_finite",
            "bad",
            "the train loss is not a number any more",
            Fix(
                "stop it and begin anew with a third of the learning rate",
                scaled(figures, "learning_rate", 1 / 3),
                "stop",
            ),
        )
        return
    if levels.first is None or levels.lowest is None or levels.last is None or method in SURROGATE:
        return
    (low_step, lowest), now = levels.lowest, levels.last
    losses = [point.loss for point in figures.recent if point.loss is not None]
    # By differences from step to step, so that a climb is not taken for noise: theirs has twice the variance.
    changes = [later - earlier for earlier, later in itertools.pairwise(losses)]
    noise = statistics.pstdev(changes) / math.sqrt(2 * LEVEL_STEPS) if changes else 0.0
    climbs = levels.count >= 2 and now - lowest > NOISE_TIMES * noise
    if climbs and now - lowest > DIVERGED_NATS and now > lowest * DIVERGED_TIMES:
        yield Finding(
            "diverging",
            "bad",
            f"train loss climbs since step {count(low_step)} ({loss(lowest)} → {loss(now)}): it diverges",
            Fix(
                "stop it and begin anew with a third of the learning rate",
                scaled(figures, "learning_rate", 1 / 3),
                "stop",
            ),
        )
        return
    peak = max((point.learning_rate for point in figures.recent), default=0.0)
    whole = figures.recipe.learning_rate if figures.recipe is not None else peak
    if climbs and levels.count >= 4 and peak >= 0.5 * whole > 0 and now > lowest * RISING_TIMES and now - lowest > 0.1:
        yield Finding(
            "learning_rate_high",
            "warning",
            f"train loss rises under the full rate ({loss(lowest)} at step {count(low_step)}, now {loss(now)})",
            Fix("halve the learning rate", scaled(figures, "learning_rate", 0.5), "duplicate"),
        )
    elif (
        levels.count >= PROGRESS_LEVELS
        and figures.step >= PROGRESS_SHARE * figures.steps
        and now > levels.first * (1 - NO_PROGRESS)
        and lost(figures) is None
    ):
        looks = looks_of(figures)
        if now > NEAR_ZERO and not (len(looks) > 1 and looks[-1].loss < looks[0].loss * (1 - EVAL_NOISE)):
            yield Finding(
                "no_progress",
                "warning",
                f"train loss has not fallen in {count(figures.step)} steps ({loss(levels.first)} → {loss(now)})",
                Fix(
                    "three times the learning rate, or a look at what is learnt",
                    scaled(figures, "learning_rate", 3.0),
                    "duplicate",
                ),
            )
    if method not in ON_TEXT:
        return
    if now < NEAR_ZERO and figures.epoch <= 1.0 and levels.count >= 2:
        yield Finding(
            "near_zero",
            "warning",
            f"train loss is {loss(now)} before every row was seen once: rows repeat, or questions hold the answers",
            Fix("look at the rows and their duplicates"),
        )
    elif now < NEAR_ZERO and figures.step < 0.9 * figures.steps and figures.epoch > 1.0:
        yield Finding(
            "by_heart",
            "notice",
            f"train loss is {loss(now)}: the rows are known by heart, further steps add little",
        )


def _speed(figures: Figures) -> Iterator[Finding]:
    """Tokens per second against the best level of this attempt."""
    speeds = [point.tokens_per_second for point in figures.recent if point.tokens_per_second > 0][-SPEED_STEPS:]
    best = figures.levels.best_speed
    if len(speeds) < SPEED_STEPS or best <= 0:
        return
    now = statistics.median(speeds)
    if now < SLOW * best:
        yield Finding(
            "slower",
            "notice",
            f"it runs at {percent(now / best)} of the speed it had: heat, or another program",
            Fix("see what else uses the machine"),
        )


def _endings(figures: Figures) -> Iterator[Finding]:
    """Samples that never end, where the base's did or the rows have an end."""
    looks = [look for look in figures.stopped if look[1] > 1]
    if (
        method_of(figures) in ("", "pretrain", "cpt", "reward")
        or len(looks) < 3
        or any(ended for _, _, ended in looks[-2:])
    ):
        return
    length = figures.recipe.sample_max_new_tokens if figures.recipe is not None else 0
    if any(ended for _, _, ended in looks[:-2]):
        yield Finding(
            "never_stops",
            "warning",
            f"samples no longer end by themselves since step {count(looks[-2][0])}",
            Fix("see in the mask whether the end of an answer is learnt"),
        )
    else:
        yield Finding(
            "never_stops",
            "notice",
            f"no sample has ended by itself within {count(length)} tokens",
            Fix("longer samples show whether they would", {"sample_max_new_tokens": 2 * length}),
        )


def _memory(figures: Figures) -> Iterator[Finding]:
    """Layouts: what was given up when memory ran out."""
    if figures.layouts:
        last = figures.layouts[-1]
        again = f" {len(figures.layouts)} times" if len(figures.layouts) > 1 else ""
        yield Finding(
            "memory",
            "notice",
            f"memory ran out{again}, and smaller pieces were taken: the result is the same, slower",
            Fix("begin with these values next time", dict(last)),
        )


def _journal(figures: Figures) -> Iterator[Finding]:
    """What the journal says of itself."""
    if figures.dropped:
        yield Finding("events_dropped", "notice", "the disk was full for a while, and the curves have a gap there")
    if figures.cut_off:
        went = "went on from a checkpoint" if figures.saved else "was taken up again"
        times = "once" if figures.cut_off == 1 else f"{figures.cut_off} times"
        # What goes on from a checkpoint has the very result it would have had, so that nothing is to be looked at.
        yield Finding("cut_off", "good" if figures.saved else "notice", f"it was cut off {times} and {went}")


RULES: tuple[Callable[[Figures], Iterator[Finding]], ...] = (
    _train,
    _short,
    _eval,
    alignment,
    reinforcement,
    _gap,
    spikes,
    _endings,
    _memory,
    _speed,
    _journal,
)


def findings(figures: Figures) -> list[Finding]:
    """Return what the figures say, the worst first; of equal ones those that say what becomes of the result."""
    found = [finding for rule in RULES for finding in rule(figures)]
    return sorted(found, key=lambda finding: (-LEVELS.index(finding.level), finding.code in SYMPTOMS))


def verdict(found: Sequence[Finding], ended: bool = False) -> Verdict:
    """Return the findings, the worst first, as one line: the worst, or what is good.

    `ended` says that no step follows. A way that was good says nothing of what is learnt on it.
    """
    found = [finding for finding in found if finding.level != "good" or finding.code not in SYMPTOMS]
    if not found and ended:
        return Verdict("", "too little to tell", "it ended before there was enough to judge; its answers tell")
    if not found:
        return Verdict("", WORDS[""], "a few more steps, and a second look at the held-out rows")
    worst = found[0].level
    text = "; ".join(finding.text for finding in found[:MOST_SAID]) if worst == "good" else found[0].text
    return Verdict(worst, WORDS[worst], text)
