"""What PPO makes of answers the policy has written: what each token was worth, and the two losses of a step on them.

Owns how log-probabilities, values and scores become columns of a batch, and the losses on such a batch. Must not know
models, where scores come from, or how a trainer takes its passes. A batch is answers × tokens as a model reads it, the
prompt before each answer; a column has the figure of a token at the token's own place, as labels do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from workbench.core.recipe import Recipe, beta_of
from workbench.engine.masks import IGNORED
from workbench.engine.reinforce import advantages, policy

OLD, WORTH, RETURNS, EXPECTED = "old_log_probs", "advantages", "returns", "values"
"""Columns: log-probabilities under the policy that wrote the answers, advantages, returns, what the critic expected."""


@dataclass(frozen=True)
class Terms:
    """What a recipe says of PPO."""

    kl_coef: float
    gamma: float
    lam: float
    low: float
    high: float
    cliprange_value: float
    vf_coef: float

    @classmethod
    def of(cls, recipe: Recipe) -> Terms:
        """Return the terms of a recipe."""
        return cls(
            kl_coef=beta_of(recipe),
            gamma=recipe.gamma,
            lam=recipe.lam,
            low=recipe.epsilon,
            high=recipe.epsilon_high or recipe.epsilon,
            cliprange_value=recipe.cliprange_value,
            vf_coef=recipe.vf_coef,
        )


def answered(batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Return 1 for the tokens of answers, else 0; answers × (tokens - 1), since the first token is never predicted."""
    return (batch["labels"][:, 1:] != IGNORED).float()


def column(told: torch.Tensor, width: int) -> torch.Tensor:
    """Return figures of predicted tokens as a column of a batch of `width` tokens, zeros where nothing was told."""
    made = torch.zeros(len(told), width)
    made[:, 1 : 1 + told.shape[1]] = told
    return made


@dataclass(frozen=True)
class Experience:
    """What a batch of answers has to teach."""

    columns: dict[str, torch.Tensor]
    figures: dict[str, torch.Tensor]
    """Name → one number per answer: `kl` from the reference in nats per answer, `value` the critic expected at its
    beginning, and `return`, what it earned from there."""
    explained: float
    """How much of the returns' variance the critic has foreseen."""


def gathered(
    batch: Mapping[str, torch.Tensor],
    log_probs: torch.Tensor,
    reference: torch.Tensor,
    values: torch.Tensor,
    scores: torch.Tensor,
    terms: Terms,
) -> Experience:
    """Return what the answers of a batch teach; their figures are answers × (tokens - 1), `scores` one per answer.

    `log_probs` are those of the policy that wrote them. Advantages are whitened over all tokens given here, so that
    what one step learns from belongs into one call.
    """
    mask = answered(batch)
    width = batch["labels"].shape[1]
    rewards = advantages.token_rewards(scores.float(), log_probs, reference, mask, terms.kl_coef)
    worth, returns = advantages.generalised(rewards, values, mask, terms.gamma, terms.lam)
    first = mask.argmax(1)
    rows = torch.arange(len(mask))
    told = {OLD: log_probs, WORTH: advantages.whitened(worth, mask), RETURNS: returns, EXPECTED: values * mask}
    figures = {
        "kl": policy.total(policy.k1(log_probs, reference), mask),
        "value": values[rows, first],
        "return": returns[rows, first],
    }
    columns = {name: column(tensor, width) for name, tensor in told.items()}
    return Experience(columns, figures, advantages.explained(values, returns, mask))


def policy_loss(
    told: policy.Told, batch: Mapping[str, torch.Tensor], terms: Terms
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Return the sum of the clipped loss over the tokens of answers, and figures, one number per answer."""
    losses, clipped = policy.clipped(told.log_probs - batch[OLD][:, 1:], batch[WORTH][:, 1:], terms.low, terms.high)
    moved = policy.k3(batch[OLD][:, 1:], told.log_probs.detach())
    figures = {
        "policy_loss": policy.mean(losses.detach(), told.mask),
        "clip": policy.mean(clipped, told.mask),
        "entropy": policy.mean(told.entropy, told.mask),
        "policy_moved": policy.mean(moved, told.mask),
    }
    return policy.total(losses, told.mask).sum(), figures


def critic_loss(
    values: torch.Tensor, batch: Mapping[str, torch.Tensor], terms: Terms
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Return the weighted sum of the critic's loss over the tokens of answers, and figures, one number per answer."""
    mask = answered(batch).to(values.device)
    losses, clipped = advantages.value_losses(
        values, batch[EXPECTED][:, 1:], batch[RETURNS][:, 1:], terms.cliprange_value
    )
    figures = {
        "value_loss": policy.mean(losses.detach(), mask),
        "value_clip": policy.mean(clipped.detach(), mask),
    }
    return terms.vf_coef * policy.total(losses, mask).sum(), figures
