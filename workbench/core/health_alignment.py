"""What the figures of an alignment mean: pairs that are told apart, groups that teach, rewards that hold.

Owns these rules and their thresholds. Must not know files or screens, nor how a method computes its figures.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from workbench.core.findings import Figures, Finding, Fix, scaled
from workbench.core.units import percent

STILL_LOOKS, STILL = 4, 0.02
"""Looks over which an accuracy moved by less than this: it does not learn to tell the pairs apart."""
CHANCE = 0.6
"""Accuracy on pairs up to which they might as well be guessed, half being chance."""
ALIKE_SHARE = 0.5
"""Share of groups whose answers all got the same reward, from which on half of the work teaches nothing."""
CUT_SHARE = 0.5
"""Share of answers that reach their limit, from which on most of what is learnt from has no end."""
FAR = 10.0
"""Divergence from the base, in nats per answer, beyond which a rising reward is suspect."""
COLLAPSE = 0.5
"""Share of the gain in reward that is lost again, from which on it counts as collapsed."""

NAMES: dict[str, tuple[str, ...]] = {
    "accuracy": ("rewards_accuracies", "rewards_accuracy", "reward_accuracy", "accuracies", "accuracy"),
    "margin": ("rewards_margins", "reward_margins", "rewards_margin", "reward_margin", "margins", "margin"),
    "chosen": ("rewards_chosen", "chosen_rewards", "reward_chosen", "chosen_reward"),
    "alike": ("frac_reward_zero_std", "zero_std_share", "zero_variance", "zero_variance_groups"),
    "cut": ("clipped", "completions_clipped_ratio"),
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
    """Pairs that are not told apart, groups that teach nothing, rewards that collapse or are hacked."""
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
    alike = [value for _, value in metric(figures, "alike")][-STILL_LOOKS:]
    if len(alike) == STILL_LOOKS and min(alike) > ALIKE_SHARE:
        yield Finding(
            "groups_alike",
            "warning",
            f"in {percent(alike[-1])} of groups all answers get the same reward and teach nothing",
            Fix("prompts that are neither too easy nor too hard, or more answers to each"),
        )
    cut = [value for _, value in metric(figures, "cut")][-STILL_LOOKS:]
    if len(cut) == STILL_LOOKS and min(cut) > CUT_SHARE:
        yield Finding(
            "answers_cut",
            "warning",
            f"{percent(cut[-1])} of answers are cut off before they end, so that what is rewarded is half an answer",
            Fix("a higher max_completion_length, or the reward overlong for answers that stop in time"),
        )
    reward = [value for _, value in metric(figures, "reward")]
    if len(reward) >= 2 * STILL_LOOKS:
        now, best = statistics.fmean(reward[-STILL_LOOKS:]), max(reward[:-STILL_LOOKS])
        start = statistics.fmean(reward[:STILL_LOOKS])
        far = [value for _, value in metric(figures, "far")]
        if best - start > 0 and best - now > COLLAPSE * (best - start) and now < start + COLLAPSE * (best - start):
            if best - start > abs(start) * 0.1:
                yield Finding(
                    "reward_collapse",
                    "bad",
                    f"the reward has fallen from {best:.2f} to {now:.2f}",
                    Fix(
                        "stop it and begin anew with half the learning rate",
                        scaled(figures, "learning_rate", 0.5),
                        "stop",
                    ),
                )
        elif far and far[-1] > FAR and now > start:
            yield Finding(
                "reward_hacking",
                "warning",
                f"the reward rises far away from the base (KL {far[-1]:.1f}): read the samples",
                Fix("half the learning rate keeps it nearer", scaled(figures, "learning_rate", 0.5), "duplicate"),
            )
