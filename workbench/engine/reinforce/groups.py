"""The arithmetic of groups: how much better an answer is than the others to its prompt, and what GRPO makes of that.

Owns advantages and the variants of the loss, as pure functions on tensors. Must not know models, batches of a trainer
or checks. Every loss is a sum over answers, so that how a step is cut into passes changes no result.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from workbench.core.recipe import Recipe
from workbench.engine.reinforce import policy

_LEAST_DEVIATION = 1e-4
"""Added to what rewards are divided by, so that rewards which differ by rounding alone are not blown up."""


def deviation(rewards: torch.Tensor) -> torch.Tensor:
    """Return the sample deviation over the last dimension, NaN left out; 0 where fewer than two are known."""
    known = ~rewards.isnan()
    number = known.sum(-1)
    mean = rewards.nan_to_num().sum(-1) / number.clamp(min=1)
    squares = torch.where(known, rewards - mean[..., None], torch.zeros_like(rewards)) ** 2
    return (squares.sum(-1) / (number - 1).clamp(min=1)).sqrt()


def alike(rewards: torch.Tensor) -> torch.Tensor:
    """Return for each of groups × answers whether its known rewards are all the same, so that it teaches nothing."""
    high = rewards.nan_to_num(nan=-torch.inf).amax(-1)
    low = rewards.nan_to_num(nan=torch.inf).amin(-1)
    return low >= high


def advantages(rewards: torch.Tensor, scale: str) -> torch.Tensor:
    """Return by how much each reward of groups × answers is above its group's mean, divided as `scale` says.

    group: by the deviation within the group (Shao et al. 2024, section 4.1.2); batch: by that of all rewards together;
    none: by nothing (Liu et al. 2025). A reward that is not known, NaN, counts for no mean and gets 0.
    """
    known = ~rewards.isnan()
    mean = rewards.nan_to_num().sum(-1, keepdim=True) / known.sum(-1, keepdim=True).clamp(min=1)
    above = torch.where(known, rewards - mean, torch.zeros_like(rewards))
    if scale == "none":
        return above
    spread = deviation(rewards)[:, None] if scale == "group" else deviation(rewards.flatten())
    above = above / (spread + _LEAST_DEVIATION)
    return above.masked_fill(alike(rewards)[:, None], 0)


@dataclass(frozen=True)
class Objective:
    """What a recipe makes of answers."""

    loss: str
    low: float
    high: float
    beta: float
    longest: int
    """Tokens an answer may have."""


def objective_of(recipe: Recipe) -> Objective:
    """Return the objective of a recipe."""
    return Objective(
        recipe.grpo_loss, recipe.epsilon, recipe.epsilon_high or recipe.epsilon, recipe.beta,
        recipe.max_completion_length,
    )  # fmt: skip


@dataclass(frozen=True)
class Size:
    """What the losses of a step are divided by, whatever passes it is cut to: all of its answers and their tokens."""

    answers: int
    tokens: int


@dataclass(frozen=True)
class Judged:
    """What an objective makes of answers."""

    losses: torch.Tensor
    """Each answer's share of the loss of the step, with a gradient."""
    figures: dict[str, torch.Tensor]
    """Name → one number per answer: `entropy` (nats per token), `kl` (nats per answer, where there is a reference) and
    `clip` (share of its tokens that clipping holds back)."""


def judge(
    wanted: Objective,
    told: policy.Told,
    advantages: torch.Tensor,
    size: Size,
    old: torch.Tensor | None = None,
    reference: torch.Tensor | None = None,
) -> Judged:
    """Return the losses of answers with one advantage each.

    `old` are log-probabilities of the policy that wrote them, those of now when None; `reference` those of the base.
    The loss of a token is the clipped one, plus beta times the KL. It is taken over tokens as the objective says:

    - dapo: the sum over all answers by all of their tokens (Yu et al. 2025, equation 12);
    - grpo: the mean over the answers of each one's mean (Shao et al. 2024, equation 3);
    - dr_grpo: the sum by as many tokens as answers may have, so that length has no say (Liu et al. 2025, section 3.2);
    - gspo: as grpo, with one ratio per answer, the geometric mean of its tokens' (Zheng et al. 2025, equation 7).
    """
    mask = told.mask
    log_ratio = told.log_probs - (told.log_probs.detach() if old is None else old)
    if wanted.loss == "gspo":
        log_ratio = policy.mean(log_ratio, mask)[:, None]
    losses, outside = policy.clipped(log_ratio, advantages[:, None], wanted.low, wanted.high)
    figures = {"entropy": policy.mean(told.entropy, mask), "clip": policy.mean(outside.expand_as(mask), mask)}
    if reference is not None:
        distance = policy.k3(told.log_probs, reference)
        losses = losses + wanted.beta * distance
        figures["kl"] = policy.total(distance, mask)
    losses = losses.expand_as(mask)
    shares = {
        "dapo": lambda: policy.total(losses, mask) / max(size.tokens, 1),
        "grpo": lambda: policy.mean(losses, mask) / size.answers,
        "dr_grpo": lambda: policy.total(losses, mask) / (size.answers * wanted.longest),
        "gspo": lambda: policy.mean(losses, mask) / size.answers,
    }
    return Judged(shares[wanted.loss](), {name: figure.detach() for name, figure in figures.items()})
