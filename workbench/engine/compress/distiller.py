"""The trainer of a student: every learnt token is compared with what a teacher said of it, and with the row's own.

Owns how the divergence and the rows' own tokens become the loss of a step. Must not know files or where rows come from.
What the teacher says comes with each batch. A step's loss is the mean over all of its learnt tokens, whatever passes it
is taken in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from workbench.core.recipe import Recipe
from workbench.engine import team
from workbench.engine.adapters import trunk
from workbench.engine.compress.distillation import in_tiles
from workbench.engine.compress.projection import projection
from workbench.engine.masks import IGNORED
from workbench.engine.tally import Tally
from workbench.engine.trainer import WorkbenchTrainer

_TOLD = ("teacher", "teacher_words")
WRITTEN = "written"
"""Name of what tells the rows of a batch whose answers the student has written: their tokens are not to be learnt."""


class Distiller(WorkbenchTrainer):
    """The workbench's trainer with a teacher's loss beside that of the rows."""

    def __init__(self, *, recipe: Recipe, width: int, **rest: Any) -> None:
        """`width` is how many words teacher and student have in common."""
        super().__init__(recipe=recipe, **rest)
        self._width = width
        self._hidden: Any = None
        """The last hidden states of the pass that is under way."""
        self._trunk_hook = trunk(self.model).register_forward_hook(self._passed)
        # The stack would divide by the passes of a step what is divided by its tokens already.
        self.loss_is_scaled_for_ga = True

    def _passed(self, module: Any, arguments: tuple[Any, ...], result: Any) -> None:
        self._hidden = result.last_hidden_state

    def _get_num_items_in_batch(self, batch_samples: list[Any], device: torch.device) -> int:
        """Return the learnt tokens of a step."""
        return team.total(sum(int((batch["labels"][:, 1:] != IGNORED).sum()) for batch in batch_samples))

    def _compared(self, model: Any, batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Return "loss", "row_loss", "teacher_kl" and "agreement" of each learnt token of a batch, in nats.

        The last two are NaN where the teacher has said nothing; there the loss is the row's own share alone, and for
        an answer of the student's own it is the divergence alone.
        """
        plain = {name: tensor for name, tensor in batch.items() if name not in (*_TOLD, WRITTEN)}
        outputs = model(**plain, use_cache=False, fused_lm_head=True)
        hidden, self._hidden = self._hidden[:, :-1], None
        mask = (plain["labels"][:, 1:] != IGNORED).to(hidden.device)
        told = torch.arange(batch["teacher"].shape[1], device=hidden.device) < mask.sum(1, keepdim=True)
        teacher, words = (batch[name][told] if name in batch else None for name in _TOLD)
        assert teacher is not None, "every batch has it"
        own = -outputs.log_probs.float()[mask]
        recipe, project = self._recipe, projection(self.accelerator.unwrap_model(model), self._width)
        known = ~teacher[:, 0].isnan()
        if not known.all():
            teacher, words = teacher[known], None if words is None else words[known]
        found = in_tiles(
            hidden[mask][known], teacher, words, project, self._width, recipe.divergence, recipe.distill_temperature
        )
        apart = torch.zeros_like(own).masked_scatter(known, found[:, 0])
        kl, same = (torch.full_like(own, torch.nan).masked_scatter(known, one.detach()) for one in found.T[1:])
        alpha = torch.full_like(own, recipe.distill_alpha)
        if WRITTEN in batch:
            alpha = torch.where(batch[WRITTEN][:, None].expand_as(mask)[mask], 1.0, alpha)
        loss = alpha * apart + (1 - alpha) * own
        return {"loss": loss, "row_loss": own.detach(), "teacher_kl": kl, "agreement": same}

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """Return these tokens' share of the mean loss over the learnt tokens of the step."""
        found = self._compared(model, inputs)
        loss = found.pop("loss")
        self._tally.add_rows({name: tensor.detach() for name, tensor in found.items()})
        return loss.sum() / num_items_in_batch * self.args.world_size

    def _look(self, batch: dict[str, torch.Tensor], tally: Tally) -> None:
        """Count loss and figures of the learnt tokens of a batch."""
        for found in self._looked(batch, lambda part: self._compared(self.model, part)):
            tally.add_rows(found)

    def _told(self) -> list[str]:
        """Return the names of the figures of a token, the loss among them."""
        return ["loss", "row_loss", "teacher_kl", "agreement"]
