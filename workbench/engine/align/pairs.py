"""Two answers per row, as a trainer reads them: a better and a worse one, or one answer and a foreign one beside it.

Owns how stored examples become such rows, and how rows become a batch of rows × 2 × tokens. Must not know losses,
models or trainers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.engine.examples import Examples
from workbench.engine.masks import IGNORED

ANSWERS = 2
"""Answers of a row."""


class Pairs(torch.utils.data.Dataset[dict[str, Any]]):
    """Examples as rows of two answers, put together when one is asked for.

    Of `paired` examples each two that follow one another are a row, the better answer first. Otherwise each example is
    a row, and beside it stands its prompt with the answer of another row, chosen by the seed: KTO tells by such answers
    how far the model has drifted (Ethayarajh et al. 2024, section 4.2).
    """

    def __init__(self, examples: Examples, paired: bool, max_length: int, seed: int) -> None:
        self._examples, self._paired, self._max_length = examples, paired, max_length
        self.reference: NDArray[np.float32] | None = None
        """Rows × 2: log-probabilities of the answers before training, NaN where nobody asked for them."""
        lengths = examples.lengths
        if paired:
            self.lengths = lengths.reshape(-1, ANSWERS).max(1)
            return
        order = np.random.default_rng(seed).permutation(len(examples))
        self._other = np.empty(len(examples), dtype=np.int64)
        self._other[order] = np.roll(order, -1)
        self._begins = np.array([self._begin(number) for number in range(len(examples))], dtype=np.int64)
        foreign = self._begins + (lengths - self._begins)[self._other]
        self.lengths = np.maximum(lengths, np.minimum(foreign, max_length))

    def _begin(self, number: int) -> int:
        """Return where the answer of an example begins."""
        _, labels = self._examples.columns(number)
        return int((labels != IGNORED).argmax())

    def __len__(self) -> int:
        return len(self.lengths)

    def _columns(self, number: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Return ids and labels of the two answers of a row."""
        if self._paired:
            return [self._examples.columns(ANSWERS * number + place) for place in range(ANSWERS)]
        ids, labels = self._examples.columns(number)
        other = int(self._other[number])
        foreign, learnt = (column[self._begins[other] :] for column in self._examples.columns(other))
        begin = self._begins[number]
        mixed = [
            np.concatenate(parts)[: self._max_length] for parts in ((ids[:begin], foreign), (labels[:begin], learnt))
        ]
        return [(ids, labels), (mixed[0], mixed[1])]

    def __getitem__(self, number: int) -> dict[str, Any]:
        if not 0 <= number < len(self):
            raise IndexError(number)
        columns = self._columns(number)
        for _, labels in columns:
            labels[0] = IGNORED
        known = np.zeros(ANSWERS, dtype=np.float32) if self.reference is None else self.reference[number]
        return {
            "input_ids": [ids for ids, _ in columns],
            "labels": [labels for _, labels in columns],
            "reference": known,
            "desirable": self._paired or self._examples.desirable(number),
        }


def collator(pad_token_id: int) -> Callable[[list[dict[str, Any]]], dict[str, torch.Tensor]]:
    """Return the function that makes a batch: ids, labels and mask of rows × 2 × tokens, padded behind the answers."""

    def collate(rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        width = max(len(ids) for row in rows for ids in row["input_ids"])

        def padded(name: str, value: int) -> torch.Tensor:
            made = np.full((len(rows), ANSWERS, width), value, dtype=np.int64)
            for row, into in zip(rows, made, strict=True):
                for column, place in zip(row[name], into, strict=True):
                    place[: len(column)] = column
            return torch.from_numpy(made)

        lengths = torch.tensor([[[len(ids)] for ids in row["input_ids"]] for row in rows])
        return {
            "input_ids": padded("input_ids", pad_token_id),
            "labels": padded("labels", IGNORED),
            "attention_mask": (torch.arange(width) < lengths).long(),
            "reference": torch.from_numpy(np.stack([row["reference"] for row in rows])),
            "desirable": torch.tensor([row["desirable"] for row in rows]),
        }

    return collate


def flat(batch: Mapping[str, torch.Tensor], answers: slice = slice(ANSWERS)) -> dict[str, torch.Tensor]:
    """Return ids, labels and mask of some of a batch's answers as sequences one behind the other, as a model reads
    them."""
    return {name: batch[name][:, answers].flatten(0, 1) for name in ("input_ids", "labels", "attention_mask")}
