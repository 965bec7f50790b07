"""Exams: the questions a model will be tested on, and the rows that give them away.

Owns what an overlap is. Must not know how a row is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from workbench.core.paths import assets_dir, expanded
from workbench.data import readers
from workbench.data.curate.shingles import shingles
from workbench.data.curate.texts import normalised, words_of

BUNDLED = "bundled"
BUNDLED_EXAMS = ("exam.jsonl",)
WORDS = 13
"""Words in a row that give an exam away when both have them: Brown et al. 2020 (GPT-3), appendix C."""
FEWEST_LETTERS = 12
"""Texts of an exam shorter than this are names and numbers, which any row may have."""


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _files(names: Sequence[str]) -> Iterator[Path]:
    for name in names:
        if name == BUNDLED:
            yield from (assets_dir() / "data" / exam for exam in BUNDLED_EXAMS)
        else:
            yield expanded(name)


class Exams:
    """The runs of words of some exams, and their short texts."""

    def __init__(self, names: Sequence[str]) -> None:
        """Read the exams; raises UsageError when one cannot be read."""
        runs: list[NDArray[np.uint64]] = []
        self._short: set[int] = set()
        for path in _files(names):
            for member in readers.listing(path).members:
                for record in readers.read(member):
                    if not isinstance(record, readers.Record):
                        continue
                    for text in _texts(record.value):
                        words = words_of(text)
                        if len(words) >= WORDS:
                            runs.append(shingles(words, WORDS))
                        elif len(text) >= FEWEST_LETTERS:
                            self._short.add(xxhash.xxh3_64_intdigest(normalised(text).encode()))
        self._runs = np.unique(np.concatenate(runs)) if runs else np.zeros(0, dtype=np.uint64)

    def shares(self, words: Sequence[str], parts: Iterable[str]) -> bool:
        """Return whether a row has a run of words of an exam, or one of its parts is a short text of one."""
        if len(self._runs) and len(words) >= WORDS:
            found = shingles(words, WORDS)
            places = np.minimum(np.searchsorted(self._runs, found), len(self._runs) - 1)
            if bool((self._runs[places] == found).any()):
                return True
        return any(xxhash.xxh3_64_intdigest(normalised(part).encode()) in self._short for part in parts) if self._short else False
