"""What the figures of an alignment mean: pairs that are told apart, and answers that become likelier.

Owns these rules and their thresholds. Must not know files or screens, nor how a method computes its figures.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from workbench.core.best import too_few
from workbench.core.findings import Figures, Finding, Fix, looks_of, method_of, scaled
from workbench.core.recipe import ALIGNING, Recipe
from workbench.core.units import loss, percent

STILL_LOOKS, STILL = 4, 0.02
"""Looks over which an accuracy moved by less than this: it does not learn to tell the pairs apart."""
CHANCE = 0.6
"""Accuracy on pairs up to which they might as well be guessed, half being chance."""
WORSE = 0.25
"""Accuracy on pairs up to which the worse answer is preferred, rather than either at random: of 64 pairs that are
guessed, 16 or fewer come out right in 1 of 25 000 cases (binomial), of the 20 held-out ones 5 or fewer in 1 of 48."""
SURE_PAIRS = 64
"""Pairs whose accuracy is taken together, so that `WORSE` means what it says."""
CLIMBED_NATS, CLIMBED_TIMES = 0.5, 1.3
"""Loss over that of the base, in nats and as a ratio, both exceeded: with pairs told apart no better than by guessing
it has not learnt too well, but lost what it knew. A pair that is led by the wrong answer as far as the base leads it by
none costs log 2 = 0.69 of a DPO; our choice is the same as for a train loss that diverges."""
USUAL_RATE = 2e-4
"""Learning rate from which adapters usually begin: a tenth of one that is a thousand times higher is still too much."""
NAMES: dict[str, tuple[str, ...]] = {
    "accuracy": ("rewards_accuracies", "rewards_accuracy", "reward_accuracy", "accuracies", "accuracy"),
    "margin": ("rewards_margins", "reward_margins", "rewards_margin", "reward_margin", "margins", "margin"),
    "chosen": ("rewards_chosen", "chosen_rewards", "reward_chosen", "chosen_reward"),
    "alike": ("frac_reward_zero_std", "zero_std_share", "zero_variance", "zero_variance_groups"),
    "cut": ("clipped", "completions_clipped_ratio"),
    "forced": ("forced",),
    "thoughtless": ("thoughtless",),
    "reward": ("reward", "reward_mean", "rewards_mean", "mean_reward"),
    "far": ("kl", "objective_kl", "approx_kl", "kl_to_base"),
}
"""What the rules ask of alignment → the names it goes by, without "eval" and with "_" for any mark between words."""


def _plain(name: str) -> str:
    """Return a metric's name as `NAMES` has it."""
    plain = "".join(sign if sign.isalnum() else "_" for sign in name.lower())
    return plain.removeprefix("eval_").removeprefix("train_")


def metric(figures: Figures, what: str) -> list[tuple[int, float]]:
    """Return the values of one of `NAMES`, oldest first; none where the run has no such metric."""
    # Where steps and held-out rows both have it, the held-out rows have the last word.
    names = sorted(figures.metrics, key=lambda name: name.startswith("eval_"))
    named = {_plain(name): figures.metrics[name] for name in names}
    return next((list(named[name]) for name in NAMES[what] if named.get(name)), [])


def climbed(before: float, now: float) -> bool:
    """Return whether a loss lies so far above the base's that what the base knew is lost."""
    return now - before > CLIMBED_NATS and now > before * CLIMBED_TIMES


@dataclass(frozen=True)
class Lost:
    """What shows that training has undone what the base knew."""

    accuracy: float
    before: float | None
    """Loss of the base, and now; both None where only the accuracy tells."""
    now: float | None
    held_out: bool
    """Whether both are of held-out rows, and not of the steps."""


def _together(recipe: Recipe | None) -> int:
    """Return over how many steps the accuracy is taken together, for `SURE_PAIRS` pairs."""
    batch = recipe.per_device_train_batch_size * recipe.gradient_accumulation_steps if recipe is not None else 1
    return max(STILL_LOOKS, math.ceil(SURE_PAIRS / max(batch, 1)))


def lost(figures: Figures) -> Lost | None:
    """Return what shows that an alignment is being destroyed, None while nothing does.

    The steps tell it as soon as there are enough of them, and the held-out rows when they are looked at again. They are
    measured against the base, whose accuracy may be low for itself: without a reference (ORPO) it counts likelihoods.
    """
    if method_of(figures) not in ("", *ALIGNING):
        return None
    looks = looks_of(figures)
    base = looks[0] if looks and looks[0].step == 0 else None
    if base is not None and len(looks) > 1 and not too_few(looks[-1].rows):
        then, now = (
            next((value for name, value in look.metrics.items() if _plain(name) in NAMES["accuracy"]), None)
            for look in (base, looks[-1])
        )
        if then is not None and now is not None:
            far = climbed(base.loss, looks[-1].loss)
            if (far and now < CHANCE) or (now <= WORSE and now <= then - WORSE):
                return Lost(now, base.loss, looks[-1].loss, True)
            if looks[-1].step >= figures.step:
                return None
    values = next(
        (
            [value for _, value in found]
            for name, found in figures.metrics.items()
            if not name.startswith("eval_") and _plain(name) in NAMES["accuracy"]
        ),
        [],
    )
    window = _together(figures.recipe)
    if len(values) < window:
        return None
    accuracy = statistics.fmean(values[-window:])
    losses = [point.loss for point in figures.recent if point.loss is not None]
    before = base.loss if base is not None else losses[0] if figures.recent and figures.recent[0].step == 1 else None
    now = statistics.fmean(losses[-window:]) if len(losses) >= window else None
    if before is not None and now is not None and climbed(before, now) and accuracy < CHANCE:
        return Lost(accuracy, before, now, False)
    if accuracy <= WORSE and accuracy <= statistics.fmean(values[:2]) - WORSE:
        return Lost(accuracy, None, None, False)
    return None


def _undone(figures: Figures, found: Lost) -> Finding:
    """Return the finding of a run that destroys what the base knew."""
    rate = scaled(figures, "learning_rate", 0.1)
    if rate:
        rate = {"learning_rate": min(rate["learning_rate"], USUAL_RATE)}
    worse = found.accuracy <= WORSE
    told = f"{percent(found.accuracy)} of {'held-out ' if found.held_out else ''}pairs are told apart"
    text = f"training undoes what the base knew: {told}, {'worse' if worse else 'no better'} than guessing"
    if found.before is not None and found.now is not None:
        text += f", and the loss went from {loss(found.before)} to {loss(found.now)}"
    anew, action = ("stop it and begin anew", "stop") if figures.result is None else ("begin anew", "duplicate")
    high = f"{rate['learning_rate']:g}" if rate else "a tenth"
    return Finding("pairs_lost", "bad", text, Fix(f"{anew} with a lower learning rate, {high}", rate, action))


def alignment(figures: Figures) -> Iterator[Finding]:
    """Pairs that are not told apart or no longer, and chosen answers that become less likely."""
    if (gone := lost(figures)) is not None:
        yield _undone(figures, gone)
        return
    accuracy = [value for _, value in metric(figures, "accuracy")]
    if len(accuracy) >= STILL_LOOKS:
        last = accuracy[-STILL_LOOKS:]
        if max(last) - min(last) < STILL and last[-1] < CHANCE:
            yield Finding(
                "accuracy_still",
                "warning",
                f"{percent(last[-1])} of pairs are told apart, and it does not get better",
                Fix(
                    "three times the learning rate, or clearer pairs",
                    scaled(figures, "learning_rate", 3.0),
                    "duplicate",
                ),
            )
        elif accuracy[-1] > accuracy[0] + STILL:
            yield Finding("accuracy_rising", "good", f"{percent(accuracy[-1])} of pairs are told apart")
    chosen, margin = ([value for _, value in metric(figures, name)] for name in ("chosen", "margin"))
    if (
        min(len(chosen), len(margin)) >= STILL_LOOKS
        and chosen[-1] < min(chosen[0], 0.0) - 1.0
        and margin[-1] > margin[0]
    ):
        yield Finding(
            "chosen_falling", "notice", "the chosen answers become less likely, too; the rejected only faster"
        )
