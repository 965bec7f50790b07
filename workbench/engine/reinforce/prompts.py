"""Prompts to be answered: as a trainer reads them, in groups, and with the rows that checks look answers up in.

Owns how stored examples become prompts, and the order in which groups are taken. Must not know models, rewards or
losses.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.core.recipe import Recipe, answers_of
from workbench.engine.examples import Examples
from workbench.engine.prepare import Order
from workbench.engine.reinforce import difficulty


class Prompts(torch.utils.data.Dataset[dict[str, Any]]):
    """Examples as prompts, of which nothing is learnt."""

    def __init__(self, examples: Examples, longest_answer: int) -> None:
        self._examples = examples
        self.lengths: NDArray[np.int64] = examples.lengths + longest_answer
        """Tokens that each prompt may have together with an answer."""

    def __len__(self) -> int:
        return len(self._examples)

    def __getitem__(self, number: int) -> dict[str, Any]:
        if not 0 <= number < len(self):
            raise IndexError(number)
        return {"number": number, "tokens": self.tokens(number)}

    def tokens(self, number: int) -> list[int]:
        """Return the tokens of a prompt, up to where its answer begins."""
        ids, _ = self._examples.columns(number)
        return [int(token) for token in ids]

    def row(self, number: int) -> dict[str, Any]:
        """Return the canonical row of a prompt."""
        return self._examples.row(number)


def collate(prompts: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
    """Return a batch of prompts by their numbers; their tokens are read when answers are written."""
    numbers = torch.tensor([prompt["number"] for prompt in prompts])
    return {"input_ids": numbers[:, None], "number": numbers}


class Groups(Order):
    """The order in which answers are learnt: block by block, each block all answers to the prompts of a step.

    A prompt's number comes as often as it has answers, and a block as often as steps are taken with it. The last block
    of an epoch is filled up with prompts from the epoch's beginning, and so is an epoch from which some are left out.
    Where prompts are shuffled the first epoch begins with the longest one, so that what does not fit shows at the first
    step.
    """

    def __init__(self, lengths: NDArray[np.int64], recipe: Recipe) -> None:
        super().__init__(lengths, recipe.seed)
        self._easy_first, self._leave_out = recipe.curriculum == "easy_first", recipe.leave_out
        self.difficulty = difficulty.Difficulty(self._easy_first, self._leave_out)
        """What the run has seen of its prompts; filled by the trainer."""
        answers = recipe.per_device_train_batch_size * recipe.gradient_accumulation_steps
        self._count, self._times = answers_of(recipe), recipe.num_iterations
        self._prompts = max(1, answers // self._count)
        self._shuffled = recipe.curriculum != "short_first"

    def __len__(self) -> int:
        blocks = math.ceil(len(self._lengths) / self._prompts)
        return blocks * self._prompts * self._count * self._times

    def without_effect(self, steps: int) -> list[str]:
        """Return one sentence for each wish about the order that a run of so many steps ends too early for."""
        epoch = len(self) // (self._prompts * self._count)
        return difficulty.without_effect(self._easy_first, self._leave_out, steps, epoch)

    def numbers(self) -> list[int]:
        """Return the prompts of the present epoch in their order, each once."""
        if self._shuffled:
            found = super().numbers()
        else:
            found = [int(number) for number in np.argsort(self._lengths, kind="stable")]
        return self.difficulty.ordered(self.epoch, found)

    def __iter__(self) -> Iterator[int]:
        endless = itertools.cycle(self.numbers())
        for _ in range(len(self) // (self._prompts * self._count * self._times)):
            block = list(itertools.islice(endless, self._prompts))
            for _ in range(self._times):
                for number in block:
                    yield from itertools.repeat(number, self._count)
