"""Which loss a recipe takes, how strongly it holds to the base, and how many answers it compares.

Owns what a 0 stands for. Must not know how a loss is computed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.core.methods import REINFORCING

if TYPE_CHECKING:
    from workbench.core.recipe import Recipe

BETA = {"sigmoid": 0.1, "ipo": 0.1, "simpo": 2.0, "kto": 0.1, "orpo": 0.1, "ppo": 0.05}
"""Loss → the beta that 0 in a recipe stands for. Rafailov et al. 2023 (DPO), Azar et al. 2024 (IPO), Ethayarajh et al.
2024 (KTO) and Hong et al. 2024 (ORPO, whose lambda it is) use 0.1; SimPO (Meng et al. 2024) 2.0 to 2.5, because its
rewards are means per token; TRL's last PPO 0.05, InstructGPT (Ouyang et al. 2022) 0.02."""


def beta_of(recipe: Recipe) -> float:
    """Return the beta of a recipe, in place of 0 the usual one of its loss; 0 for methods without one."""
    return recipe.beta or BETA.get(loss_of(recipe), 0.0)


def answers_of(recipe: Recipe) -> int:
    """Return how many answers a method writes to each prompt: a group, or the one whose score a critic foresees."""
    return recipe.num_generations if recipe.method == "grpo" else 1


def longest_answer(recipe: Recipe) -> int:
    """Return the tokens of the longest answer that is written to a row, 0 where rows hold their answers."""
    return recipe.max_completion_length if recipe.method in REINFORCING else 0


def own_answers(recipe: Recipe) -> float:
    """Return the share of the steps in which a student learns from answers of its own, 0 for other methods."""
    return recipe.on_policy_share if recipe.method == "distill" else 0.0


def loss_of(recipe: Recipe) -> str:
    """Return what the loss of a method that compares answers goes by in `BETA`."""
    return recipe.loss_type if recipe.method == "dpo" else recipe.method
