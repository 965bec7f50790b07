"""Examples on disk: token columns that are written as they come and read through a memory map.

Owns the files: `tokens.i32` and `learnt.u8` hold all examples one behind the other, `ends.i64` where each one ends and
`desirable.u8` whether its answer is one to learn, as plain little-endian arrays; for examples that are prompts, or
whose answers are compared, `rows.jsonl` has the row of each. Must not know what tokens or rows mean.
However many examples there are, only those looked at take memory.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from workbench.engine.masks import IGNORED, Example

_TOKENS, _LEARNT, _ENDS, _DESIRABLE = "tokens.i32", "learnt.u8", "ends.i64", "desirable.u8"
_ROWS = "rows.jsonl"
_BREAK = 10
"""The byte that ends a line."""


class Examples:
    """A sequence of examples; what happened to their rows is not kept."""

    def __init__(
        self, tokens: NDArray[np.int32], learnt: NDArray[np.uint8], ends: NDArray[np.int64],
        desirable: NDArray[np.uint8], rows: NDArray[np.uint8] | None = None,
    ) -> None:  # fmt: skip
        """`tokens` and `learnt`, 1 for a token that is learnt, are as long as the last of `ends`; `rows` are lines."""
        self._tokens, self._learnt, self._desirable = tokens, learnt, desirable
        self._bounds = np.concatenate([np.zeros(1, dtype=np.int64), ends])
        self._rows = rows
        breaks = np.zeros(0, dtype=np.int64) if rows is None else np.flatnonzero(rows == _BREAK) + 1
        self._lines = np.concatenate([np.zeros(1, dtype=np.int64), breaks])

    @classmethod
    def of(cls, examples: Iterable[Example]) -> Examples:
        """Return examples in memory."""
        listed = list(examples)
        ids = [token for example in listed for token in example.input_ids]
        learnt = [label != IGNORED for example in listed for label in example.labels]
        ends = np.cumsum([len(example.input_ids) for example in listed], dtype=np.int64)
        desirable = np.array([example.desirable for example in listed], dtype=np.uint8)
        return cls(np.array(ids, dtype=np.int32), np.array(learnt, dtype=np.uint8), ends, desirable)

    @classmethod
    def read(cls, folder: Path) -> Examples:
        """Return the examples a writer left in a folder, at least one."""
        ends = np.fromfile(folder / _ENDS, dtype="<i8")
        judged = folder / _DESIRABLE
        return cls(
            np.memmap(folder / _TOKENS, dtype="<i4", mode="r"),
            np.memmap(folder / _LEARNT, dtype="u1", mode="r"),
            ends,
            # Examples of runs begun before there was anything else are all to be learnt.
            np.fromfile(judged, dtype="u1") if judged.is_file() else np.ones(len(ends), dtype=np.uint8),
            np.memmap(folder / _ROWS, dtype="u1", mode="r") if (folder / _ROWS).is_file() else None,
        )

    def __len__(self) -> int:
        return len(self._bounds) - 1

    def __getitem__(self, number: int) -> Example:
        if not 0 <= number < len(self):
            raise IndexError(number)
        ids, labels = self.columns(number)
        return Example(ids.tolist(), labels.tolist(), desirable=self.desirable(number))

    def __iter__(self) -> Iterator[Example]:
        return (self[number] for number in range(len(self)))

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each example."""
        return np.diff(self._bounds)

    def desirable(self, number: int) -> bool:
        """Return whether the answer of an example is one to learn."""
        return bool(self._desirable[number])

    @property
    def has_rows(self) -> bool:
        """Whether the row of each example is kept."""
        return self._rows is not None

    def row(self, number: int) -> dict[str, Any]:
        """Return the row of an example, of examples that have them."""
        assert self._rows is not None, "these examples were written without their rows"
        found = json.loads(self._rows[self._lines[number] : self._lines[number + 1]].tobytes())
        assert isinstance(found, dict)
        return found

    def columns(self, number: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return ids and labels of one example."""
        first, last = self._bounds[number], self._bounds[number + 1]
        ids = self._tokens[first:last].astype(np.int64)
        return ids, np.where(self._learnt[first:last], ids, IGNORED)


class Writer:
    """Writes examples into a folder, which it makes for the first one; to be used as a context."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.examples = self.tokens = self.trained = 0
        self._files: list[BinaryIO] = []

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files:
            file.close()

    def add(self, example: Example, row: Mapping[str, Any] | None = None) -> None:
        """Append an example, with the row it was made of where that is asked for again; of all examples or of none."""
        if not self._files:
            self.folder.mkdir()
            names = (_TOKENS, _LEARNT, _ENDS, _DESIRABLE, *(() if row is None else (_ROWS,)))
            self._files = [(self.folder / name).open("xb") for name in names]
        ids = _int32(example.input_ids)
        learnt = _int32(example.labels) != IGNORED
        self.examples += 1
        self.tokens += len(ids)
        self.trained += int(np.count_nonzero(learnt))
        self._files[0].write(ids.tobytes())
        self._files[1].write(learnt.tobytes())
        self._files[2].write(self.tokens.to_bytes(8, "little"))
        self._files[3].write(bytes([example.desirable]))
        if row is not None:
            self._files[4].write(json.dumps(row, default=str).encode("ascii") + b"\n")


def _int32(numbers: list[int]) -> NDArray[Any]:
    """Return a list as an array of 32-bit integers; several times as fast as numpy does it."""
    return np.frombuffer(array("i", numbers), dtype=np.int32).astype("<i4", copy=False)
