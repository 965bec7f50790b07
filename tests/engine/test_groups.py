"""Advantages within groups and the variants of GRPO's loss, against the same figures computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from workbench.core.recipe import GROUP_LOSSES, Recipe
from workbench.engine.reinforce import groups, policy

Floats = NDArray[np.float64]
NAN = math.nan


def test_advantages_are_those_computed_by_hand() -> None:
    given = np.array([[1.0, 0, 0, 1], [0.2, 0.2, 0.2, 0.2], [3, 1, 2, 0]])
    above = given - given.mean(1, keepdims=True)
    expected = {
        "group": above / (given.std(1, ddof=1, keepdims=True) + 1e-4),
        "batch": above / (given.std(ddof=1) + 1e-4),
        "none": above,
    }
    for scale, wanted in expected.items():
        found = groups.advantages(torch.from_numpy(given), scale)
        np.testing.assert_allclose(found.numpy(), wanted, atol=1e-12)
        assert not found[1].any(), "a group of one reward teaches nothing"
    assert groups.alike(torch.from_numpy(given)).tolist() == [False, True, False]


def test_what_was_not_judged_counts_for_nothing() -> None:
    given = torch.tensor([[1.0, NAN, 0, NAN], [NAN, 2, NAN, NAN], [NAN] * 4], dtype=torch.float64)
    found = groups.advantages(given, "group")
    deviation = np.std([1, 0], ddof=1) + 1e-4
    np.testing.assert_allclose(found[0].numpy(), [0.5 / deviation, 0, -0.5 / deviation, 0])
    assert not found[1:].any()
    assert groups.alike(given).tolist() == [False, True, True]
    assert groups.deviation(given).tolist() == pytest.approx([math.sqrt(0.5), 0, 0])


@pytest.mark.parametrize("reward", [0.1, 1 / 3, 1e6, -7.3])
def test_rounding_is_no_difference(reward: float) -> None:
    given = torch.full((1, 7), reward, dtype=torch.float32)
    assert groups.alike(given).all()
    for scale in ("group", "batch"):
        assert not groups.advantages(given, scale).any()


def by_hand(
    loss: str, now: Floats, old: Floats, base: Floats, mask: Floats, advantages: Floats, beta: float, longest: int
) -> tuple[float, float]:
    """Return (loss, share of clipped tokens, each answer alike) of a step, token by token in plain arithmetic."""
    low, high = 0.2, 0.28
    sums, means, held = [], [], []
    for row in range(len(mask)):
        places = [place for place in range(mask.shape[1]) if mask[row, place]]
        whole = np.exp(np.mean([now[row, place] - old[row, place] for place in places]))
        losses, clipped = [], []
        for place in places:
            ratio = whole if loss == "gspo" else np.exp(now[row, place] - old[row, place])
            advantage = advantages[row]
            bounded = min(max(ratio, 1 - low), 1 + high)
            apart = base[row, place] - now[row, place]
            losses.append(-min(ratio * advantage, bounded * advantage) + beta * (np.exp(apart) - apart - 1))
            clipped.append((ratio < 1 - low and advantage < 0) or (ratio > 1 + high and advantage > 0))
        sums.append(sum(losses))
        means.append(np.mean(losses))
        held.append(np.mean(clipped))
    tokens, answers = mask.sum(), len(mask)
    whole_loss = {
        "dapo": sum(sums) / tokens,
        "grpo": np.mean(means),
        "gspo": np.mean(means),
        "dr_grpo": sum(sums) / (answers * longest),
    }[loss]
    return float(whole_loss), float(np.mean(held))


@pytest.mark.parametrize("loss", GROUP_LOSSES)
@pytest.mark.parametrize("beta", [0.0, 0.3])
def test_losses_are_those_computed_by_hand(loss: str, beta: float) -> None:
    draw = np.random.default_rng(5)
    now, old, base = (draw.normal(-2, 0.4, (6, 9)) for _ in range(3))
    lengths = [9, 1, 4, 7, 2, 5]
    mask = np.array([[float(place < length) for place in range(9)] for length in lengths])
    advantages = np.array([1.5, -0.5, -1, 0.7, 0, -2])
    longest = 12
    wanted = groups.Objective(loss, 0.2, 0.28, beta, longest)
    size = groups.Size(6, sum(lengths))

    def judged(rows: slice) -> groups.Judged:
        told = policy.Told(torch.from_numpy(now[rows]), torch.zeros(mask[rows].shape), torch.from_numpy(mask[rows]))
        known = [torch.from_numpy(one[rows]) for one in (advantages, old, base)]
        return groups.judge(wanted, told, known[0], size, known[1], known[2])

    expected, clipped = by_hand(loss, now, old, base, mask, advantages, beta, longest)
    whole = judged(slice(6))
    assert whole.losses.sum().item() == pytest.approx(expected)
    assert whole.figures["clip"].mean().item() == pytest.approx(clipped)
    apart = base - now
    np.testing.assert_allclose(whole.figures["kl"], ((np.exp(apart) - apart - 1) * mask).sum(1))
    pieces = [judged(rows) for rows in (slice(0, 1), slice(1, 4), slice(4, 6))]
    assert sum(piece.losses.sum().item() for piece in pieces) == pytest.approx(expected)


def test_the_first_step_with_answers_follows_their_advantages() -> None:
    """With the policy that wrote the answers the ratio is 1, and the gradient of a token is its advantage."""
    log_probs = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    mask = torch.tensor([[1.0, 1, 1, 0], [1, 0, 0, 0], [1, 1, 0, 0]])
    advantages = torch.tensor([1.0, -2.0, 0.0], dtype=torch.float64)
    told = policy.Told(log_probs, torch.ones(3, 4), mask)
    judged = groups.judge(groups.Objective("dapo", 0.2, 0.2, 0.0, 8), told, advantages, groups.Size(3, 6))
    judged.losses.sum().backward()
    assert log_probs.grad is not None
    np.testing.assert_allclose(log_probs.grad.numpy(), -(advantages[:, None] * mask / 6).numpy())
    assert "kl" not in judged.figures
    assert judged.figures["entropy"].tolist() == [1, 1, 1]


def test_a_bound_of_its_own_for_what_becomes_likelier() -> None:
    plain = Recipe(method="grpo", packing=False, epsilon=0.1)
    assert (groups.objective_of(plain).low, groups.objective_of(plain).high) == (0.1, 0.1)
    wide = Recipe(method="grpo", packing=False, epsilon=0.1, epsilon_high=0.3, beta=0.04, grpo_loss="gspo")
    found = groups.objective_of(wide)
    assert (found.loss, found.low, found.high, found.beta, found.longest) == ("gspo", 0.1, 0.3, 0.04, 256)
