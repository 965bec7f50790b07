"""What a teacher said of every learnt token, as it is kept in a run: read through a memory map, and put into batches.

Owns the files: `log_probs.f16` has the log-probabilities of the likeliest words of each token and at last of all others
together, `words.i32` which words those are, `starts.i64` where each example begins; without `words.i32` the
log-probabilities are those of every word. Must not know models, or what is made of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.engine import prepare
from workbench.engine.examples import Examples
from workbench.engine.masks import IGNORED

_LOG_PROBS, _WORDS, _STARTS, _HEAD = "log_probs.f16", "words.i32", "starts.i64", "told.json"


def learnt(examples: Examples, number: int) -> NDArray[np.bool_]:
    """Return which tokens of an example are learnt; its first never is, since nothing stands before it."""
    _, labels = examples.columns(number)
    labels[0] = IGNORED
    return labels != IGNORED


class SoftLabels:
    """What a teacher said of examples; slices of the files until they are read."""

    def __init__(
        self, log_probs: NDArray[np.float16], words: NDArray[np.int32] | None, starts: NDArray[np.int64], width: int
    ) -> None:
        """`starts` has one number more than there are examples; `width` is how many words are compared."""
        self.log_probs, self.words, self.starts, self.width = log_probs, words, starts, width

    @classmethod
    def create(cls, folder: Path, examples: Examples, kept: int, width: int) -> SoftLabels:
        """Return soft labels to be filled in, in a new folder, over a vocabulary of `width` words.

        `kept` words are named for each token, 0 for every word of the vocabulary in order.
        """
        folder.mkdir()
        counts = [int(learnt(examples, number).sum()) for number in range(len(examples))]
        starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts, dtype=np.int64)])
        starts.astype("<i8").tofile(folder / _STARTS)
        rows = int(starts[-1])
        for name, size in ((_LOG_PROBS, 2 * (kept + 1 if kept else width)), (_WORDS, 4 * kept)):
            if size:
                with (folder / name).open("xb") as file:
                    file.truncate(size * rows)
        (folder / _HEAD).write_text(json.dumps({"width": width, "kept": kept}), encoding="utf-8")
        return cls.read(folder, "r+")

    @classmethod
    def read(cls, folder: Path, mode: Literal["r", "r+"] = "r") -> SoftLabels:
        """Return the soft labels in a folder, to be read or, with "r+", to be filled in."""
        head = json.loads((folder / _HEAD).read_text(encoding="utf-8"))
        starts = np.fromfile(folder / _STARTS, dtype="<i8")
        rows, kept = int(starts[-1]), head["kept"]
        log_probs = np.memmap(
            folder / _LOG_PROBS, dtype="<f2", mode=mode, shape=(rows, kept + 1 if kept else head["width"])
        )
        words = np.memmap(folder / _WORDS, dtype="<i4", mode=mode, shape=(rows, kept)) if kept else None
        return cls(log_probs, words, starts, head["width"])

    def fill(self, number: int, log_probs: NDArray[np.float16], words: NDArray[np.int32] | None) -> None:
        """Write what was said of the learnt tokens of an example."""
        cut = slice(self.starts[number], self.starts[number + 1])
        self.log_probs[cut] = log_probs
        if self.words is not None:
            assert words is not None, "words are named"
            self.words[cut] = words

    def flush(self) -> None:
        """Hand what was filled in to the disk."""
        for array in (self.log_probs, self.words):
            if isinstance(array, np.memmap):
                array.flush()

    def digest(self, first: int, last: int) -> str:
        """Return the SHA-256 of what is written of the examples from `first` to before `last`."""
        cut = slice(self.starts[first], self.starts[last])
        found = hashlib.sha256(self.log_probs[cut].tobytes())
        if self.words is not None:
            found.update(self.words[cut].tobytes())
        return found.hexdigest()

    def of(self, numbers: list[int]) -> dict[str, NDArray[Any]]:
        """Return "teacher", and "teacher_words" where there are any, of the learnt tokens of examples in a row."""
        cuts = [slice(self.starts[number], self.starts[number + 1]) for number in numbers]
        found: dict[str, NDArray[Any]] = {"teacher": np.concatenate([self.log_probs[cut] for cut in cuts])}
        if self.words is not None:
            found["teacher_words"] = np.concatenate([self.words[cut] for cut in cuts])
        return found


class TaughtSequences(prepare.Sequences):
    """Sequences with what the teacher said of their learnt tokens, in their order."""

    def __init__(self, examples: Examples, labels: SoftLabels, max_length: int, packing: bool, seed: int) -> None:
        super().__init__(examples, max_length, packing, seed)
        self.labels = labels

    def __getitem__(self, number: int) -> dict[str, NDArray[Any]]:
        found = super().__getitem__(number)
        return {**found, **self.labels.of([number] if self.bins is None else self.bins[number])}


def collator(pad_token_id: int, packed: bool) -> Callable[[list[dict[str, Any]]], dict[str, torch.Tensor]]:
    """Return the function that makes a batch of taught sequences: "teacher" of rows × learnt tokens × words, padded
    behind each row's own.
    """
    plain = prepare.collator(pad_token_id, packed)

    def collate(sequences: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        batch = plain(sequences)
        longest = max(len(sequence["teacher"]) for sequence in sequences)
        for name in ("teacher", "teacher_words"):
            if name in sequences[0]:
                first = sequences[0][name]
                made = np.zeros((len(sequences), longest, first.shape[1]), dtype=first.dtype)
                for row, sequence in zip(made, sequences, strict=True):
                    row[: len(sequence[name])] = sequence[name]
                batch[name] = torch.from_numpy(made)
        return batch

    return collate
