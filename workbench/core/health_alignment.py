"""What the figures of an alignment mean: pairs that are told apart, and answers that become likelier.

Owns these rules and their thresholds. Must not know files or screens, nor how a method computes its figures.
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.findings import Figures, Finding, Fix, scaled
from workbench.core.units import percent

STILL_LOOKS, STILL = 4, 0.02
"""Looks over which an accuracy moved by less than this: it does not learn to tell the pairs apart."""
CHANCE = 0.6
"""Accuracy on pairs up to which they might as well be guessed, half being chance."""
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


def alignment(figures: Figures) -> Iterator[Finding]:
    """Pairs that are not told apart, and chosen answers that become less likely."""
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
