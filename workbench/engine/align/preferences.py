"""The losses of preference alignment: from log-probabilities or scores of answers to a loss and figures of each row.

Owns the arithmetic and nothing else. Must not know models, tokens, batches of a trainer or files. Every function works
row by row, so that how rows are cut into batches changes no result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch.nn.functional import logsigmoid

from workbench.core.recipe import Recipe, beta_of, loss_of

_ALMOST_SURE = -1e-6
"""Highest mean log-probability ORPO's odds are taken of: those of a certain answer are infinite."""


@dataclass(frozen=True)
class Answers:
    """What a model says of two answers per row, and what is known of them; tensors are rows × 2 unless it is said.

    Of pairs the first is the better answer. Of single answers the first is the row's own and the second an answer to
    another prompt, by which the drift is told.
    """

    log_probs: torch.Tensor
    """Sums over the learnt tokens of each answer, in nats; or scores of a reward model."""
    tokens: torch.Tensor
    """Learnt tokens of each answer."""
    reference: torch.Tensor
    """`log_probs` of the model before training; zeros for losses without a reference."""
    desirable: torch.Tensor
    """Rows: whether the answer is good; true for pairs."""
    baseline: torch.Tensor
    """A number: how far the model has drifted on answers that do not belong to their prompts, for KTO."""


@dataclass(frozen=True)
class Judged:
    """What a loss makes of rows."""

    losses: torch.Tensor
    """One per row, with a gradient."""
    figures: dict[str, torch.Tensor]
    """Name → one number per row, NaN where a row says nothing of it:

    `accuracy` (1 where the better answer has the higher reward, 0.5 where both have the same), `chosen_reward` and
    `rejected_reward`, `chosen_log_prob` and `rejected_log_prob` (per token, in nats), `drift` (how far an answer's
    log-probability has moved from the reference, either way, in nats per token) and `kl` (KTO's baseline, in nats per
    answer).
    """


def _right(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Return 1 where one is the greater, 0 where it is the smaller, and 0.5 where nothing has told them apart yet."""
    return ((one - other).sign() + 1) / 2


def _told(answers: Answers, rewards: torch.Tensor, drifts: bool) -> dict[str, torch.Tensor]:
    """Return the figures of pairs with these rewards."""
    means = answers.log_probs / answers.tokens
    told = {
        "accuracy": _right(rewards[:, 0], rewards[:, 1]),
        "chosen_reward": rewards[:, 0],
        "rejected_reward": rewards[:, 1],
        "chosen_log_prob": means[:, 0],
        "rejected_log_prob": means[:, 1],
    }
    if drifts:
        told["drift"] = ((answers.log_probs - answers.reference).abs() / answers.tokens).mean(1)
    return {name: tensor.detach() for name, tensor in told.items()}


def sigmoid(answers: Answers, beta: float) -> Judged:
    """DPO: -log σ(β·Δ), Δ the difference of the log-ratios (Rafailov et al. 2023, equation 7)."""
    rewards = beta * (answers.log_probs - answers.reference)
    return Judged(-logsigmoid(rewards[:, 0] - rewards[:, 1]), _told(answers, rewards, True))


def ipo(answers: Answers, beta: float) -> Judged:
    """IPO: (Δ - 1/(2β))² with log-ratios per token, as its authors take them (Azar et al. 2024, equation 17)."""
    ratios = (answers.log_probs - answers.reference) / answers.tokens
    return Judged((ratios[:, 0] - ratios[:, 1] - 1 / (2 * beta)) ** 2, _told(answers, beta * ratios, True))


def simpo(answers: Answers, beta: float, gamma: float) -> Judged:
    """SimPO: -log σ(β·Δ - γ), Δ the difference of mean log-probabilities (Meng et al. 2024, equation 6)."""
    rewards = beta * answers.log_probs / answers.tokens
    return Judged(-logsigmoid(rewards[:, 0] - rewards[:, 1] - gamma), _told(answers, rewards, False))


def orpo(answers: Answers, beta: float) -> Judged:
    """ORPO: the better answer's loss per token plus β times -log σ of the log odds ratio (Hong et al. 2024, eq. 6)."""
    means = (answers.log_probs / answers.tokens).clamp(max=_ALMOST_SURE)
    odds = means - torch.log(-torch.expm1(means))
    losses = -means[:, 0] - beta * logsigmoid(odds[:, 0] - odds[:, 1])
    return Judged(losses, _told(answers, beta * means, False))


def kto(answers: Answers, beta: float, desirable_weight: float, undesirable_weight: float) -> Judged:
    """KTO: w·(1 - σ(±β·(r - z))), + for good answers, - for bad ones (Ethayarajh et al. 2024, equation 8).

    r is the log-ratio of the answer and z the baseline.
    """
    ratio = answers.log_probs[:, 0] - answers.reference[:, 0]
    good = answers.desirable
    sign = torch.where(good, 1.0, -1.0).to(ratio)
    weight = torch.where(good, desirable_weight, undesirable_weight).to(ratio)
    right = _right(ratio.detach(), answers.baseline)
    reward, nothing = (beta * ratio).detach(), torch.full_like(ratio, torch.nan)
    mean = (answers.log_probs[:, 0] / answers.tokens[:, 0]).detach()
    figures = {
        "accuracy": torch.where(good, right, 1 - right),
        "chosen_reward": torch.where(good, reward, nothing),
        "rejected_reward": torch.where(good, nothing, reward),
        "chosen_log_prob": torch.where(good, mean, nothing),
        "rejected_log_prob": torch.where(good, nothing, mean),
        "drift": (ratio.abs() / answers.tokens[:, 0]).detach(),
        "kl": answers.baseline.expand_as(reward),
    }
    return Judged(weight * (1 - torch.sigmoid(sign * beta * (ratio - answers.baseline))), figures)


def reward(answers: Answers) -> Judged:
    """A reward model: -log σ of the difference of the scores (Bradley and Terry 1952; Ouyang et al. 2022, eq. 1)."""
    scores = answers.log_probs
    told = _told(answers, scores, False)
    kept = {name: told[name] for name in ("accuracy", "chosen_reward", "rejected_reward")}
    return Judged(-logsigmoid(scores[:, 0] - scores[:, 1]), kept)


@dataclass(frozen=True)
class Objective:
    """What a recipe's method makes of answers."""

    loss: Callable[[Answers], Judged]
    paired: bool = True
    """Whether a row is a better and a worse answer, or else one answer and whether it is good."""
    reference: bool = False
    """Whether the loss asks for log-probabilities of the model before training."""
    scored: bool = False
    """Whether the model gives a whole answer one score, and no log-probabilities."""


def objective_of(recipe: Recipe) -> Objective:
    """Return the objective of a recipe; beta 0 becomes the usual one of its loss."""
    name, beta = loss_of(recipe), beta_of(recipe)
    return {
        "sigmoid": Objective(partial(sigmoid, beta=beta), reference=True),
        "ipo": Objective(partial(ipo, beta=beta), reference=True),
        "simpo": Objective(partial(simpo, beta=beta, gamma=recipe.simpo_gamma)),
        "orpo": Objective(partial(orpo, beta=beta)),
        "kto": Objective(
            partial(
                kto,
                beta=beta,
                desirable_weight=recipe.desirable_weight,
                undesirable_weight=recipe.undesirable_weight,
            ),
            paired=False,
            reference=True,
        ),
        "reward": Objective(reward, scored=True),
    }[name]


def figures_of(objective: Objective) -> list[str]:
    """Return the names of the figures that an objective tells of a row."""
    nothing = torch.zeros(1, 2)
    row = Answers(nothing, torch.ones(1, 2), nothing, torch.ones(1, dtype=torch.bool), torch.zeros(()))
    return list(objective.loss(row).figures)
