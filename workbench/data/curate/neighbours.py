"""Near duplicates: MinHash signatures of texts, and the clusters of texts whose signatures agree.

Owns the estimate of similarity and the search. Must not know rows or words: a text is a set of numbers.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from workbench.data.curate.shingles import Shingles

PERMUTATIONS = 128
"""Bytes of a signature: an estimated similarity is off by 0.035 on average at a similarity of 0.8."""
BAND = 8
"""Places of a signature that must all agree for two rows to be compared: sixteen bands of eight find a pair with a
similarity of 0.85 with probability 1 - (1 - 0.85⁸)¹⁶ > 0.99."""
SLACK = 0.02
"""What an estimate may lack of the similarity asked for, so that few true pairs are missed for the noise in it."""
_NEAREST = 3
"""Neighbours of a row in a band that it is compared with, besides the first that has this band."""
_COMPARED = 2**15
"""Pairs compared together."""

_draw = np.random.default_rng(19_970_611)
_FACTORS = _draw.integers(0, 2**31, size=PERMUTATIONS, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
_TERMS = _draw.integers(0, 2**32, size=PERMUTATIONS, dtype=np.uint32)
_MIX = np.uint32(0x9E3779B1)


def signatures(found: Shingles) -> NDArray[np.uint8]:
    """Return the MinHash signature of each text, `PERMUTATIONS` numbers of 8 bits.

    Two signatures agree in about as large a share of their places as the sets have shingles in common (Broder 1997);
    of each minimum only 8 bits are kept, which makes two that differ look equal once in 256 (Li and König 2010, b-bit
    minwise hashing).
    """
    numbers, starts = found
    values = (numbers >> np.uint64(32)).astype(np.uint32)
    turned = np.empty_like(values)
    least = np.empty((PERMUTATIONS, len(starts) - 1), dtype=np.uint32)
    for place in range(PERMUTATIONS):
        np.multiply(values, _FACTORS[place], out=turned)
        np.add(turned, _TERMS[place], out=turned)
        np.minimum.reduceat(turned, starts[:-1], out=least[place])
    least ^= least >> np.uint32(15)
    return np.ascontiguousarray(((least * _MIX) >> np.uint32(24)).astype(np.uint8).T)


def _roots(parent: NDArray[np.int64]) -> None:
    """Let every row point to the first of its cluster."""
    while True:
        above = parent[parent]
        if np.array_equal(above, parent):
            return
        parent[:] = above


def _join(parent: NDArray[np.int64], one: int, other: int) -> None:
    """Put the clusters of two rows together."""
    while parent[one] != one:
        one = int(parent[one])
    while parent[other] != other:
        other = int(parent[other])
    parent[max(one, other)] = min(one, other)


def _pairs(keys: NDArray[np.uint64]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield pairs of rows with the same key: each with the first of them, and with the few before it."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    begins = np.ones(len(order), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=begins[1:])
    places = np.flatnonzero(~begins)
    first = np.maximum.accumulate(np.where(begins, np.arange(len(order)), 0))[places]
    yield order[first], order[places]
    for step in range(1, _NEAREST + 1):
        further = places - step > first
        yield order[places[further] - step], order[places[further]]


def clusters(signatures: NDArray[np.uint8], rows: NDArray[np.int64], similarity: float) -> NDArray[np.int64]:
    """Return for each of `rows` the place in `rows` of the first one of its cluster.

    `signatures` has the shape (all rows, PERMUTATIONS). Rows are together when their signatures agree so far, or both
    are together with a third. What is found depends on the order of `rows` only.
    """
    parent = np.arange(len(rows), dtype=np.int64)
    least = (similarity - SLACK) * PERMUTATIONS
    for band in range(0, PERMUTATIONS, BAND):
        keys = signatures[rows, band : band + BAND].view(np.uint64).ravel()
        for one, other in _pairs(keys):
            for start in range(0, len(one), _COMPARED):
                first, second = one[start : start + _COMPARED], other[start : start + _COMPARED]
                apart = parent[first] != parent[second]
                first, second = first[apart], second[apart]
                alike = (signatures[rows[first]] == signatures[rows[second]]).sum(axis=1) >= least
                for pair in zip(first[alike].tolist(), second[alike].tolist(), strict=True):
                    _join(parent, *pair)
            _roots(parent)
    return parent
