"""The trainer of methods that compare answers: DPO, KTO, ORPO and reward models.

Owns how answers go through a model, and how an objective's rows become the loss of a step. Must not know the losses
themselves, nor where rows come from. The policy alone is in memory: what the loss asks of the model before training was
computed ahead (`reference.py`). A step's loss is the mean over all of its rows, whatever passes it is taken in.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.engine import team
from workbench.engine.align.pairs import ANSWERS, Pairs, flat
from workbench.engine.align.preferences import Answers, Judged, Objective, figures_of
from workbench.engine.masks import IGNORED
from workbench.engine.tally import Tally
from workbench.engine.trainer import WorkbenchTrainer

_OWN, _FOREIGN, _BOTH = slice(0, 1), slice(1, 2), slice(0, ANSWERS)


class Aligner(WorkbenchTrainer):
    """The workbench's trainer with the loss of an objective."""

    def __init__(self, *, objective: Objective, **rest: Any) -> None:
        super().__init__(**rest)
        self._objective = objective
        self._baseline = 0.0
        """KTO's: the mean log-ratio of foreign answers over the rows of the present step, 0 at least."""
        # The stack would divide by the passes of a step what is divided by its rows already.
        self.loss_is_scaled_for_ga = True

    def _log_probs(self, model: Any, batch: Mapping[str, torch.Tensor], answers: slice) -> torch.Tensor:
        """Return the sums of the learnt tokens' log-probabilities, rows × answers, or the answers' scores."""
        rows = flat(batch, answers)
        if self._objective.scored:
            labels = rows.pop("labels")
            return model(**rows, use_cache=False).logits.float().view(len(batch["labels"]), -1)
        labels = rows["labels"]
        found = model(**rows, use_cache=False, fused_lm_head=True).log_probs
        return found.float().sum(1).view(len(labels) // (answers.stop - answers.start), -1)

    def _judged(self, model: Any, batch: Mapping[str, torch.Tensor], baseline: float) -> Judged:
        """Return what the objective makes of the rows of a batch."""
        answers = _BOTH if self._objective.paired else _OWN
        log_probs = self._log_probs(model, batch, answers)
        tokens = (batch["labels"][..., 1:] != IGNORED).sum(-1)
        return self._objective.loss(
            Answers(
                log_probs=log_probs,
                tokens=tokens[:, answers],
                reference=batch["reference"].to(log_probs.device)[:, answers],
                desirable=batch["desirable"].to(log_probs.device),
                baseline=torch.tensor(baseline, device=log_probs.device),
            )
        )

    def _moved(self, batch: Mapping[str, torch.Tensor]) -> float:
        """Return the log-ratios of a batch's foreign answers, summed; 0 for pairs, which have none."""
        if self._objective.paired:
            return 0.0

        def look(part: Mapping[str, torch.Tensor]) -> torch.Tensor:
            return (self._log_probs(self.model, part, _FOREIGN) - part["reference"][:, _FOREIGN]).double().sum()

        return sum(found.item() for found in self._looked(batch, look))

    def _get_num_items_in_batch(self, batch_samples: list[Any], device: torch.device) -> int:
        """Return the rows of a step, in all processes of a team."""
        return team.total(sum(len(batch["labels"]) for batch in batch_samples))

    def training_step(self, model: Any, inputs: dict[str, Any], num_items_in_batch: Any = None) -> torch.Tensor:
        """Run one batch; before the first of a step KTO's baseline is told of all of them.

        It is told of all rows of a step together, so that it does not depend on how they are cut into passes.
        """
        if self._taken == 0 and not self._objective.paired:
            model.train()
            rows = self._get_num_items_in_batch(self._batches, self.args.device)
            moved = team.mean(sum(map(self._moved, self._batches))) * self.args.world_size
            self._baseline = max(0.0, moved / max(rows, 1))
        return super().training_step(model, inputs, num_items_in_batch)

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """Return these rows' share of the mean loss over the rows of the step."""
        judged = self._judged(model, inputs, self._baseline)
        self._tally.add_rows(judged.figures)
        # Processes of a team take the mean of their gradients.
        return judged.losses.sum() / num_items_in_batch * self.args.world_size

    def _look(self, batch: dict[str, torch.Tensor], tally: Tally) -> None:
        """Count losses and figures of the rows of a batch; its own rows tell the baseline."""
        baseline = max(0.0, self._moved(batch) / len(batch["labels"]))
        for judged in self._looked(batch, lambda part: self._judged(self.model, part, baseline)):
            tally.add_rows({"loss": judged.losses, **judged.figures})

    def _told(self) -> list[str]:
        """Return the names of the figures of a row, the loss among them."""
        return ["loss", *figures_of(self._objective)]

    def _figures(self, tally: Tally) -> dict[str, float]:
        """Return the means, and by how much better answers are rewarded more than worse ones."""
        found = tally.means()
        if found.keys() >= {"chosen_reward", "rejected_reward"}:
            found["margin"] = found["chosen_reward"] - found["rejected_reward"]
        return found

    def first_rows(self) -> NDArray[np.int64]:
        """Return the numbers of the rows that are going to be learnt: those of the first epoch, or all."""
        arguments = self.args
        batch = arguments.per_device_train_batch_size * arguments.gradient_accumulation_steps * arguments.world_size
        seen = self._plan.steps * batch
        return np.array(list(itertools.islice(self._order, seen)), dtype=np.int64)

    def answers_of(self, dataset: Pairs, numbers: Sequence[int]) -> torch.Tensor:
        """Return the log-probabilities of both answers of some rows as the model is now, rows × 2, on the CPU."""
        self.model.eval()
        batch = self.data_collator([dataset[number] for number in numbers])
        with self.compute_loss_context_manager():
            found = self._looked(batch, lambda part: self._log_probs(self.model, part, _BOTH))
        return torch.cat(found).cpu()
