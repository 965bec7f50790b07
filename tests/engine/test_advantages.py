"""PPO's arithmetic against the formulas written out in numpy, token by token."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from workbench.engine.reinforce.advantages import (
    explained,
    generalised,
    last_tokens,
    token_rewards,
    value_losses,
    whitened,
)

ANSWERS = ((0, 4), (2, 3), (1, 4))
"""First token of each answer and the one behind its last, in rows of six: prompts stand before, padding behind."""
MASK = torch.tensor([[float(begin <= place < end) for place in range(6)] for begin, end in ANSWERS])


def _drawn(seed: int) -> torch.Tensor:
    """Return numbers for every place, those behind an answer's end included: they must not count."""
    return torch.randn(MASK.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_three_tokens_by_hand() -> None:
    """Rewards 0, 0, 1 and values 0.5, 0.25, 0.5, γ 0.5, λ 0.5: the surprises are -0.375, 0, 0.5."""
    rewards, values = torch.tensor([[0.0, 0.0, 1.0]]), torch.tensor([[0.5, 0.25, 0.5]])
    advantages, returns = generalised(rewards, values, torch.ones(1, 3), gamma=0.5, lam=0.5)
    assert advantages.tolist() == [[-0.375 + 0.25 * (0.0 + 0.25 * 0.5), 0.0 + 0.25 * 0.5, 0.5]]
    assert returns.tolist() == [[-0.34375 + 0.5, 0.125 + 0.25, 1.0]]


@pytest.mark.parametrize(("gamma", "lam"), [(1.0, 0.95), (0.9, 1.0), (0.99, 0.0), (1.0, 1.0)])
def test_advantages_are_the_discounted_sum_of_surprises(gamma: float, lam: float) -> None:
    """A_t = Σ (γλ)^k δ_{t+k}, written as that sum; nothing behind an answer's end counts."""
    rewards, values = _drawn(1), _drawn(2)
    advantages, returns = generalised(rewards, values, MASK, gamma, lam)
    for row, (begin, end) in enumerate(ANSWERS):
        length = end - begin
        r, v = rewards[row, begin:end].numpy(), np.append(values[row, begin:end].numpy(), 0.0)
        surprises = [r[t] + gamma * v[t + 1] - v[t] for t in range(length)]
        wanted = [sum((gamma * lam) ** k * surprises[t + k] for k in range(length - t)) for t in range(length)]
        np.testing.assert_allclose(advantages[row, begin:end], wanted, rtol=1e-12)
        np.testing.assert_allclose(returns[row, begin:end], np.array(wanted) + v[:length], rtol=1e-12)
    for tensor in (advantages, returns):
        assert not tensor[~MASK.bool()].any()


def test_with_lambda_one_a_return_is_what_the_answer_still_earns() -> None:
    """γ = λ = 1: the return of a token is the sum of the rewards from it on, whatever the critic says."""
    rewards = _drawn(3)
    _, returns = generalised(rewards, _drawn(4), MASK, 1.0, 1.0)
    for row, (begin, end) in enumerate(ANSWERS):
        earned = np.cumsum(rewards[row, begin:end].numpy()[::-1])[::-1]
        np.testing.assert_allclose(returns[row, begin:end], earned, rtol=1e-12, atol=1e-12)


def test_the_score_stands_at_the_last_token_and_each_pays_for_leaving_the_reference() -> None:
    """Beside -β times the log-ratio of a token, the last one of an answer has its score."""
    policy, reference, scores = _drawn(5), _drawn(6), torch.tensor([2.0, -1.0, 0.5], dtype=torch.float64)
    rewards = token_rewards(scores, policy, reference, MASK, 0.1)
    wanted = -0.1 * (policy - reference).numpy() * MASK.numpy()
    for row, (_, end) in enumerate(ANSWERS):
        wanted[row, end - 1] += float(scores[row])
    np.testing.assert_allclose(rewards, wanted, rtol=1e-12)
    assert last_tokens(MASK).tolist() == [end - 1 for _, end in ANSWERS]


def test_an_answer_without_tokens_earns_nothing() -> None:
    """Its score has no token to stand at, and its row stays empty."""
    nothing = torch.zeros(1, 3)
    rewards = token_rewards(torch.ones(1), nothing, nothing, nothing, 0.1)
    assert not rewards.any()
    assert not generalised(rewards, torch.ones(1, 3), nothing, 1.0, 0.95)[0].any()


def test_whitened_advantages_have_mean_zero_and_deviation_one() -> None:
    """Over the tokens of the answers; equal ones become zeros and no infinity."""
    advantages = _drawn(7)
    kept = whitened(advantages, MASK)[MASK.bool()]
    drawn = advantages[MASK.bool()].numpy()
    np.testing.assert_allclose(kept, (drawn - drawn.mean()) / drawn.std(), rtol=1e-6)
    assert not whitened(advantages, MASK)[~MASK.bool()].any()
    assert not whitened(torch.full_like(advantages, 3.0), MASK).any()


def test_the_critic_pays_for_the_worse_of_its_value_and_the_clipped_one() -> None:
    """Each token's loss against the formula; where the value has moved too far, no gradient pulls it further."""
    values, before, returns = _drawn(8), _drawn(9), _drawn(10)
    losses, clipped = value_losses(values, before, returns, 0.2)
    for v, old, r, loss, was in zip(
        *(tensor.flatten().tolist() for tensor in (values, before, returns, losses, clipped)), strict=True
    ):
        bound = min(max(v, old - 0.2), old + 0.2)
        assert loss == pytest.approx(0.5 * max((v - r) ** 2, (bound - r) ** 2))
        assert was == float((bound - r) ** 2 > (v - r) ** 2)
    unclipped, nothing = value_losses(values, before, returns, 0.0)
    np.testing.assert_allclose(unclipped, 0.5 * (values - returns) ** 2)
    assert not nothing.any()
    # It has moved past its bound towards the return: the clipped loss is the greater, and has no gradient.
    moved = torch.tensor([[0.9]], requires_grad=True)
    value_losses(moved, torch.zeros(1, 1), torch.ones(1, 1), 0.2)[0].sum().backward()
    assert moved.grad is not None
    assert moved.grad.tolist() == [[0.0]]


def test_how_much_the_critic_explains() -> None:
    """1 for values that are the returns, 0 for a constant, below 0 for worse, NaN where there is nothing to explain."""
    returns = _drawn(11)
    assert explained(returns, returns, MASK) == 1.0
    assert explained(torch.full_like(returns, 2.0), returns, MASK) == pytest.approx(0.0)
    assert explained(-returns, returns, MASK) < 0
    assert math.isnan(explained(returns, torch.ones_like(returns), MASK))
