"""Exams: the questions a model will be tested on, and the rows that give them away.

Owns what an overlap is. Must not know how a row is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.paths import assets_dir, expanded
from workbench.data import readers
from workbench.data.curate.shingles import Words, shingles, words_of
from workbench.data.curate.texts import fingerprint

BUNDLED = "bundled"
BUNDLED_EXAMS = ("exam.jsonl",)
WORDS = 13
"""Words in a row that give an exam away when both have them: Brown et al. 2020 (GPT-3), appendix C."""
COMMON = 10
"""Texts of exams that may share a run of words before it counts as a phrase of all exams, and as nothing to know."""
FEWEST_LETTERS = 12
"""Texts of an exam shorter than this are names and numbers, which any row may have."""
_TOGETHER = 256
"""Texts looked at together."""


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


def _texts_of(names: Sequence[str]) -> Iterator[str]:
    """Yield every text in the records of exams."""
    for path in _files(names):
        for member in readers.listing(path).members:
            for record in readers.read(member):
                if isinstance(record, readers.Record):
                    yield from _texts(record.value)


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
        different = list(dict.fromkeys(_texts_of(names)))
        for start in range(0, len(different), _TOGETHER):
            texts = different[start : start + _TOGETHER]
            words = words_of(texts)
            found = shingles(words, WORDS)
            for number, length in enumerate(np.diff(words.starts).tolist()):
                if length >= WORDS:
                    runs.append(np.unique(found.numbers[found.starts[number] : found.starts[number + 1]]))
                elif len(texts[number]) >= FEWEST_LETTERS:
                    self._short.add(fingerprint(texts[number]))
        all_runs = np.concatenate(runs) if runs else np.zeros(0, dtype=np.uint64)
        self._runs, texts_with = np.unique(all_runs, return_counts=True)
        self._runs = self._runs[texts_with <= COMMON]

    def shared(self, words: Words) -> NDArray[np.bool_]:
        """Return for each text whether it has a run of words of an exam."""
        long = np.diff(words.starts) >= WORDS
        if not len(self._runs) or not long.any():
            return np.zeros(len(long), dtype=bool)
        found = shingles(words, WORDS)
        places = np.minimum(np.searchsorted(self._runs, found.numbers), len(self._runs) - 1)
        return np.logical_or.reduceat(self._runs[places] == found.numbers, found.starts[:-1]) & long

    def has(self, parts: Iterable[str]) -> bool:
        """Return whether one of the parts of a row is a short text of an exam."""
        return bool(self._short) and any(fingerprint(part) in self._short for part in parts)
