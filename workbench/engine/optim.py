"""The optimisers a recipe can name, as torch optimizers whose state survives a checkpoint bit by bit.

Owns the mapping from a recipe's `optim` to an optimizer. Must not know schedules or data.
"""

from __future__ import annotations

from typing import Any

import torch

from workbench.core.errors import WorkbenchError
from workbench.core.recipe import Recipe

MUON_LEARNING_RATE_RATIO = 20 / 3
"""Muon's step for matrices over AdamW's for the rest: .02 against 3e-3 in the trials that made the bundled base."""


class MuonWithAdamW(torch.optim.Optimizer):
    """Muon (Jordan 2024) for the matrices inside the layers, AdamW for embeddings, head, norms and biases.

    Two optimizers behind one face: their parameter groups are shared, so a scheduler drives both.
    """

    def __init__(self, matrices: list[torch.nn.Parameter], others: list[torch.nn.Parameter], recipe: Recipe) -> None:
        rate = recipe.learning_rate
        self.muon = torch.optim.Muon(
            matrices, lr=rate * MUON_LEARNING_RATE_RATIO, weight_decay=recipe.weight_decay, momentum=0.95
        )
        self.adamw = torch.optim.AdamW(
            others, lr=rate, betas=(recipe.adam_beta1, recipe.adam_beta2), weight_decay=0.0, foreach=True
        )
        super().__init__([*matrices, *others], {})
        self._share()

    def _share(self) -> None:
        """Make the face's groups those of the two optimizers; the first group's rate is the one a person has set."""
        self.param_groups = [*self.adamw.param_groups, *self.muon.param_groups]

    def step(self, closure: Any = None) -> None:
        """Take one step with both."""
        self.muon.step()
        self.adamw.step()

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients of both."""
        self.muon.zero_grad(set_to_none)
        self.adamw.zero_grad(set_to_none)

    def state_dict(self) -> dict[str, Any]:
        """Return one state in torch's layout: AdamW's parameter numbers follow Muon's."""
        first, second = self.muon.state_dict(), self.adamw.state_dict()
        shift = sum(len(group["params"]) for group in first["param_groups"])
        groups = [
            {**group, "params": [number + shift for number in group["params"]]} for group in second["param_groups"]
        ]
        state = {**first["state"], **{number + shift: value for number, value in second["state"].items()}}
        return {"state": state, "param_groups": [*first["param_groups"], *groups]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state that `state_dict` gave."""
        count = len(self.muon.param_groups)
        shift = sum(len(group["params"]) for group in self.muon.param_groups)
        first = {number: value for number, value in state_dict["state"].items() if number < shift}
        second = {number - shift: value for number, value in state_dict["state"].items() if number >= shift}
        groups = [
            {**group, "params": [number - shift for number in group["params"]]}
            for group in state_dict["param_groups"][count:]
        ]
        self.muon.load_state_dict({"state": first, "param_groups": state_dict["param_groups"][:count]})
        self.adamw.load_state_dict({"state": second, "param_groups": groups})
        self._share()


def make(recipe: Recipe, model: torch.nn.Module) -> torch.optim.Optimizer:
    """Return the recipe's optimizer over the trainable parameters of `model`.

    Weight decay acts on matrices only, as is usual; norms and biases keep their scale. Raises WorkbenchError when
    nothing is trainable.
    """
    trainable = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    if not trainable:
        raise WorkbenchError("No weight would be trained; check target_modules against the layers of the base.")
    if recipe.optim == "muon":
        inner = [p for name, p in trainable if p.ndim == 2 and "embed" not in name and "lm_head" not in name]
        chosen = {id(p) for p in inner}
        return MuonWithAdamW(inner, [p for _, p in trainable if id(p) not in chosen], recipe)
    groups = [
        {"params": [p for _, p in trainable if p.ndim >= 2], "weight_decay": recipe.weight_decay},
        {"params": [p for _, p in trainable if p.ndim < 2], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    betas = (recipe.adam_beta1, recipe.adam_beta2)
    if recipe.optim == "adamw_8bit":
        from bitsandbytes.optim import AdamW8bit

        return AdamW8bit(groups, lr=recipe.learning_rate, betas=betas)
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=betas, fused=True)
