"""A step of PPO against the same written out in numpy: from log-probabilities, values and scores to both losses."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from workbench.core.recipe import Recipe
from workbench.engine.masks import IGNORED
from workbench.engine.reinforce import experience
from workbench.engine.reinforce.experience import EXPECTED, OLD, RETURNS, WORTH, Terms
from workbench.engine.reinforce.policy import Told

ANSWERS = ((2, 5), (1, 2))
"""First token of each answer and the one behind its last, in rows of six tokens."""
TERMS = Terms.of(Recipe(method="ppo", packing=False, beta=0.1, gamma=0.9, lam=0.8, vf_coef=0.5, epsilon=0.2))


def batch() -> dict[str, torch.Tensor]:
    """Return two answers behind their prompts, padded."""
    labels = torch.full((2, 6), IGNORED)
    for row, (begin, end) in enumerate(ANSWERS):
        labels[row, begin:end] = 7
    return {"input_ids": torch.full((2, 6), 7), "labels": labels, "attention_mask": torch.ones(2, 6).long()}


def drawn(seed: int) -> torch.Tensor:
    return torch.randn(2, 5, generator=torch.Generator().manual_seed(seed))


def test_a_step_by_hand() -> None:
    """Every number of it is computed again, token by token."""
    inputs = batch()
    old, reference, values = -drawn(1).abs(), -drawn(2).abs(), drawn(3)
    scores = torch.tensor([1.5, -0.5])
    found = experience.gathered(inputs, old, reference, values, scores, TERMS)
    inputs |= found.columns
    worth, returns = [], []
    for row, (begin, end) in enumerate(ANSWERS):
        places = range(begin - 1, end - 1)
        earned = {t: -0.1 * float(old[row, t] - reference[row, t]) for t in places}
        earned[end - 2] += float(scores[row])
        ahead = behind = 0.0
        told = {}
        for t in reversed(places):
            ahead = earned[t] + 0.9 * behind - float(values[row, t]) + 0.9 * 0.8 * ahead
            behind = float(values[row, t])
            told[t] = ahead
        worth += [told[t] for t in places]
        returns += [told[t] + float(values[row, t]) for t in places]
        far = sum(float(old[row, t] - reference[row, t]) for t in places)
        assert float(found.figures["kl"][row]) == pytest.approx(far, rel=1e-5)
        assert float(found.figures["value"][row]) == pytest.approx(float(values[row, begin - 1]))
        assert float(found.figures["return"][row]) == pytest.approx(told[begin - 1] + float(values[row, begin - 1]))
    mask = inputs["labels"] != IGNORED
    white = (np.array(worth) - np.mean(worth)) / np.std(worth)
    np.testing.assert_allclose(inputs[WORTH][mask], white, rtol=1e-4)
    np.testing.assert_allclose(inputs[RETURNS][mask], returns, rtol=1e-4)
    for name in (OLD, WORTH, RETURNS, EXPECTED):
        assert inputs[name].shape == inputs["input_ids"].shape, "a shorter piece of a batch cuts it like the tokens"

    now, critic = old + 0.4 * drawn(4), values + 0.4 * drawn(5)
    told = Told(now, torch.ones(2, 5), experience.answered(inputs))
    loss, figures = experience.policy_loss(told, inputs, TERMS)
    ratios = np.exp((now - old)[mask[:, 1:]].numpy())
    losses = -np.minimum(ratios * white, np.clip(ratios, 0.8, 1.2) * white)
    assert float(loss) == pytest.approx(losses.sum(), rel=1e-4)
    assert float(figures["policy_loss"][0]) == pytest.approx(losses[:3].mean(), rel=1e-4)
    assert float(figures["policy_moved"][0]) == pytest.approx((ratios - 1 - np.log(ratios))[:3].mean(), rel=1e-3)

    loss, figures = experience.critic_loss(critic, inputs, TERMS)
    v, before = critic[mask[:, 1:]].numpy(), values[mask[:, 1:]].numpy()
    bound = before + np.clip(v - before, -0.2, 0.2)
    each = 0.5 * np.maximum((v - np.array(returns)) ** 2, (bound - np.array(returns)) ** 2)
    assert float(loss) == pytest.approx(0.5 * each.sum(), rel=1e-4)
    assert float(figures["value_loss"][1]) == pytest.approx(each[3:].mean(), rel=1e-4)


def test_the_first_step_on_answers_has_the_plain_gradient_of_the_policy() -> None:
    """While the policy is the one that wrote them the ratio is 1, nothing is clipped, and the gradient is -A."""
    inputs = batch()
    old = -drawn(6).abs()
    inputs |= experience.gathered(inputs, old, old, drawn(7), torch.tensor([1.0, 0.0]), TERMS).columns
    now = old.clone().requires_grad_(True)
    loss, figures = experience.policy_loss(Told(now, torch.zeros(2, 5), experience.answered(inputs)), inputs, TERMS)
    loss.backward()
    assert now.grad is not None
    np.testing.assert_allclose(now.grad, -inputs[WORTH][:, 1:], rtol=1e-6)
    assert not figures["clip"].any()
    assert not figures["policy_moved"].any()
