"""Shingles: the runs of words of a text as numbers, and MinHash signatures of them.

Owns the hashing and the grouping of signatures into clusters. Must not know rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xxhash
from numpy.typing import NDArray

WORDS = 5
"""Words of a shingle by which near duplicates are told: Lee et al. 2022 and datatrove use five."""
PERMUTATIONS = 64
BAND = 4
"""Positions of a signature that must agree for two rows to be compared: sixteen bands of four find a pair with a
similarity of 0.8 with probability 1 - (1 - 0.8⁴)¹⁶ > 0.999."""
_SLICE = 4096
_KNOWN_WORDS = 2**20

_draw = np.random.default_rng(20_220_512)
_FACTORS = _draw.integers(1, 2**63, size=(PERMUTATIONS, 1), dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_TERMS = _draw.integers(0, 2**63, size=(PERMUTATIONS, 1), dtype=np.uint64)
_PLACES = _draw.integers(1, 2**63, size=64, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_MIX = np.uint64(0x9E3779B97F4A7C15)

_known: dict[str, int] = {}


def _numbers(words: Sequence[str]) -> NDArray[np.uint64]:
    """Return a number for each word."""
    if len(_known) > _KNOWN_WORDS:
        _known.clear()
    for word in set(words).difference(_known):
        _known[word] = xxhash.xxh3_64_intdigest(word.encode())
    return np.fromiter(map(_known.__getitem__, words), dtype=np.uint64, count=len(words))


def shingles(words: Sequence[str], size: int = WORDS) -> NDArray[np.uint64]:
    """Return a number for each run of `size` words; one for all of them when there are fewer."""
    if not words:
        return np.zeros(0, dtype=np.uint64)
    numbers = _numbers(words)
    size = min(size, len(numbers))
    places = len(numbers) - size + 1
    total = numbers[:places] * _PLACES[0]
    for place in range(1, size):
        total = total + numbers[place : place + places] * _PLACES[place]
    total ^= total >> np.uint64(29)
    return total * _MIX


def signature(found: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """Return the MinHash signature of shingles, `PERMUTATIONS` numbers of 16 bits.

    Two signatures agree in about as large a share of their places as the sets have shingles in common (Broder 1997);
    16 bits of each minimum make two that differ look equal once in 65536 (Li and König 2010, b-bit minwise hashing).
    """
    least = np.full(PERMUTATIONS, np.iinfo(np.uint64).max, dtype=np.uint64)
    for start in range(0, len(found), _SLICE):
        np.minimum(least, (_FACTORS * found[start : start + _SLICE] + _TERMS).min(axis=1), out=least)
    least ^= least >> np.uint64(31)
    return ((least * _MIX) >> np.uint64(48)).astype(np.uint16)


def _root(parent: NDArray[np.int64], row: int) -> int:
    while parent[row] != row:
        parent[row] = parent[parent[row]]
        row = int(parent[row])
    return row


def clusters(signatures: NDArray[np.uint16], similarity: float) -> NDArray[np.int64]:
    """Return for each row the first row of its cluster; rows are together when their signatures agree so far.

    `signatures` has the shape (rows, PERMUTATIONS). Only rows that agree in all places of a band are compared, each
    with the first and the one before it among those.
    """
    rows = len(signatures)
    parent = np.arange(rows, dtype=np.int64)
    least = similarity * PERMUTATIONS
    for band in range(0, PERMUTATIONS, BAND):
        keys = np.ascontiguousarray(signatures[:, band : band + BAND]).view(np.uint64).ravel()
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        same = np.flatnonzero(ordered[1:] == ordered[:-1])
        first = -2
        previous = -2
        for place in same.tolist():
            if place != previous + 1:
                first = place
            previous = place
            row = int(order[place + 1])
            for other in {int(order[first]), int(order[place])}:
                if int((signatures[row] == signatures[other]).sum()) >= least:
                    one, two = _root(parent, row), _root(parent, other)
                    parent[max(one, two)] = min(one, two)
    return np.fromiter((_root(parent, row) for row in range(rows)), dtype=np.int64, count=rows)
