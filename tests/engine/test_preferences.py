"""Losses of compared answers against the formulas of their papers, computed here in plain Python, number by number."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest
import torch

from workbench.core.recipe import LOSSES, Recipe
from workbench.engine.align import preferences
from workbench.engine.align.preferences import Answers, Judged, objective_of

POLICY = [(-12.0, -9.5), (-3.25, -20.0), (-31.0, -30.5)]
"""Sums of log-probabilities of the two answers of a row."""
REFERENCE = [(-13.5, -9.0), (-3.0, -18.0), (-30.0, -31.0)]
TOKENS = [(6, 4), (2, 9), (11, 10)]
GOOD = [True, False, True]
BASELINE = 0.35


def answers(**changes: Any) -> Answers:
    made = Answers(
        log_probs=torch.tensor(POLICY, dtype=torch.float64, requires_grad=True),
        tokens=torch.tensor(TOKENS),
        reference=torch.tensor(REFERENCE, dtype=torch.float64),
        desirable=torch.tensor(GOOD),
        baseline=torch.tensor(BASELINE, dtype=torch.float64),
    )
    return dataclasses.replace(made, **changes)


def judged(method: str, given: Answers | None = None, **fields: Any) -> Judged:
    recipe = Recipe(method=method, packing=False, **fields)
    return objective_of(recipe).loss(given or answers())


def sigma(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def ratios() -> list[tuple[float, float]]:
    return [(p[0] - r[0], p[1] - r[1]) for p, r in zip(POLICY, REFERENCE, strict=True)]


def means() -> list[tuple[float, float]]:
    return [(p[0] / n[0], p[1] / n[1]) for p, n in zip(POLICY, TOKENS, strict=True)]


def dpo_by_hand(beta: float) -> list[float]:
    return [-math.log(sigma(beta * (chosen - rejected))) for chosen, rejected in ratios()]


def ipo_by_hand(beta: float) -> list[float]:
    found = []
    for (chosen, rejected), (first, second) in zip(ratios(), TOKENS, strict=True):
        found.append((chosen / first - rejected / second - 1 / (2 * beta)) ** 2)
    return found


def simpo_by_hand(beta: float, gamma: float) -> list[float]:
    return [-math.log(sigma(beta * chosen - beta * rejected - gamma)) for chosen, rejected in means()]


def orpo_by_hand(beta: float) -> list[float]:
    def log_odds(mean: float) -> float:
        return math.log(math.exp(mean) / (1 - math.exp(mean)))

    return [-c - beta * math.log(sigma(log_odds(c) - log_odds(r))) for c, r in means()]


def kto_by_hand(beta: float, good: float, bad: float) -> list[float]:
    found = []
    for (own, _), desirable in zip(ratios(), GOOD, strict=True):
        value = sigma(beta * (own - BASELINE)) if desirable else sigma(beta * (BASELINE - own))
        found.append((good if desirable else bad) * (1 - value))
    return found


KTO = {"beta": 0.4, "desirable_weight": 1.5, "undesirable_weight": 0.75}


@pytest.mark.parametrize(
    ("method", "fields", "expected"),
    [
        pytest.param("dpo", {"beta": 0.25}, dpo_by_hand(0.25), id="sigmoid"),
        pytest.param("dpo", {}, dpo_by_hand(0.1), id="sigmoid with its own beta"),
        pytest.param("dpo", {"loss_type": "ipo", "beta": 0.3}, ipo_by_hand(0.3), id="ipo"),
        pytest.param(
            "dpo", {"loss_type": "simpo", "beta": 2.5, "simpo_gamma": 0.7}, simpo_by_hand(2.5, 0.7), id="simpo"
        ),
        pytest.param("dpo", {"loss_type": "simpo"}, simpo_by_hand(2.0, 0.5), id="simpo with its own beta and margin"),
        pytest.param("orpo", {"beta": 0.2}, orpo_by_hand(0.2), id="orpo"),
        pytest.param("reward", {}, [-math.log(sigma(better - worse)) for better, worse in POLICY], id="reward"),
    ],
)
def test_the_loss_of_pairs_is_that_of_its_paper(method: str, fields: dict[str, Any], expected: list[float]) -> None:
    found = judged(method, **fields)
    assert found.losses.tolist() == pytest.approx(expected, rel=1e-12)
    assert found.losses.requires_grad
    assert not any(tensor.requires_grad for tensor in found.figures.values())


def test_the_loss_of_judged_answers_is_that_of_its_paper() -> None:
    own = answers(log_probs=torch.tensor(POLICY, dtype=torch.float64)[:, :1].requires_grad_())
    found = judged("kto", own, **KTO)
    assert found.losses.tolist() == pytest.approx(kto_by_hand(0.4, 1.5, 0.75), rel=1e-12)
    rewards = [0.4 * ratio for ratio, _ in ratios()]
    assert found.figures["chosen_reward"].tolist() == pytest.approx([rewards[0], math.nan, rewards[2]], nan_ok=True)
    assert found.figures["rejected_reward"].tolist() == pytest.approx([math.nan, rewards[1], math.nan], nan_ok=True)
    # 1.5 > 0.35 is right for a good answer, -0.25 for a bad one; -1 is wrong for a good one.
    assert found.figures["accuracy"].tolist() == [1, 1, 0]


def test_figures_of_pairs_say_who_is_ahead_and_how_far_the_model_has_moved() -> None:
    figures = judged("dpo", beta=0.5).figures
    assert figures["accuracy"].tolist() == [1, 1, 0]
    assert figures["chosen_reward"].tolist() == pytest.approx([0.5 * chosen for chosen, _ in ratios()])
    moved = [(abs(c) / n + abs(r) / m) / 2 for (c, r), (n, m) in zip(ratios(), TOKENS, strict=True)]
    assert figures["drift"].tolist() == pytest.approx(moved)
    level = answers(log_probs=torch.tensor(REFERENCE, dtype=torch.float64))
    assert judged("dpo", level).figures["accuracy"].tolist() == [0.5, 0.5, 0.5]


def test_an_answer_that_is_certain_has_no_infinite_odds() -> None:
    certain = answers(log_probs=torch.tensor([(0.0, -5.0)] * 3, dtype=torch.float64, requires_grad=True))
    losses = judged("orpo", certain).losses
    losses.sum().backward()
    assert losses.isfinite().all()
    assert certain.log_probs.grad is not None
    assert certain.log_probs.grad.isfinite().all()


@pytest.mark.parametrize("loss", [*LOSSES, "kto", "orpo", "reward"])
def test_what_a_loss_tells_is_known_before_it_has_seen_a_row(loss: str) -> None:
    objective = objective_of(_recipe(loss))
    assert set(preferences.figures_of(objective)) == set(objective.loss(answers()).figures)


def test_losses_that_ask_for_a_reference_say_so() -> None:
    asking = {name for name in (*LOSSES, "kto", "orpo") if objective_of(_recipe(name)).reference}
    assert asking == {"sigmoid", "ipo", "kto"}


def _recipe(loss: str) -> Recipe:
    method = loss if loss in ("kto", "orpo", "reward") else "dpo"
    return Recipe(method=method, packing=False, loss_type=loss if method == "dpo" else "sigmoid")
