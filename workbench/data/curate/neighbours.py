"""MinHash signatures of texts, the pairs of rows that may be alike, and the clusters that pairs make.

Owns the estimate of similarity and the search. Must not know rows or words: a text is a set of numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from workbench.data.curate.shingles import Shingles

PERMUTATIONS = 96
"""Places of a signature: an estimated similarity is off by 0.043 on average at a similarity of 0.8."""
BITS = 4
"""Bits kept of each minimum; two that differ look equal once in 16, which `agreement` takes off. For the same memory
more places with fewer bits estimate better (Li and König 2010, "b-bit minwise hashing")."""
BAND = 6
"""Places of a signature that must all agree for two rows to be compared: sixteen bands of six find a pair with a
similarity of 0.8 with probability 1 - (1 - 0.8⁶)¹⁶ > 0.99."""
_NEAREST = 3
"""Neighbours of a row in a band that it is compared with, besides the first that has this band."""
_COMPARED = 2**12
"""Pairs compared together."""
_SORTED = 2**17
"""Rows whose bands are sorted at a time, about."""
_CHANCE = 1.0 / 2**BITS

_draw = np.random.default_rng(19_970_611)
_FACTORS = _draw.integers(0, 2**31, size=PERMUTATIONS, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
_TERMS = _draw.integers(0, 2**32, size=PERMUTATIONS, dtype=np.uint32)
_MIX = np.uint32(0x9E3779B1)

Rows = NDArray[np.int32]
Signatures = NDArray[np.uint8]


def minima(found: Shingles) -> NDArray[np.uint32]:
    """Return the least value of each permutation over the shingles of each text: shape (PERMUTATIONS, texts).

    The minima of two texts together are the lesser ones of both.
    """
    numbers, starts = found
    values = (numbers >> np.uint64(32)).astype(np.uint32)
    turned = np.empty_like(values)
    least = np.empty((PERMUTATIONS, len(starts) - 1), dtype=np.uint32)
    for place in range(PERMUTATIONS):
        np.multiply(values, _FACTORS[place], out=turned)
        np.add(turned, _TERMS[place], out=turned)
        np.minimum.reduceat(turned, starts[:-1], out=least[place])
    return least


def signatures(least: NDArray[np.uint32]) -> Signatures:
    """Return the signature of each text from its minima, two places in a byte: shape (texts, places / 2)."""
    bits = (((least ^ (least >> np.uint32(15))) * _MIX) >> np.uint32(32 - BITS)).astype(np.uint8)
    return np.ascontiguousarray((bits[::2] << np.uint8(BITS) | bits[1::2]).T)


def agreement(first: Signatures, second: Signatures) -> NDArray[np.float64]:
    """Return the estimated Jaccard similarity of the texts of each pair of signatures: shape (pairs,).

    Two signatures agree in about as large a share of their places as the sets have shingles in common (Broder 1997),
    and in one in 16 of the others by chance.
    """
    apart = first ^ second
    same = (apart < 2**BITS).sum(axis=1) + (apart % 2**BITS == 0).sum(axis=1)
    found: NDArray[np.float64] = (same / (2 * apart.shape[1]) - _CHANCE) / (1.0 - _CHANCE)
    return found


def roots(parent: Rows, rows: NDArray[np.integer]) -> Rows:
    """Return the row that stands for the cluster of each of `rows`."""
    found: Rows = parent[rows]
    while not np.array_equal(above := parent[found], found):
        found = above
    return found


def join(parent: Rows, one: Rows, other: Rows) -> None:
    """Put the clusters of each pair together, in place, under the least row of them."""
    while len(one):
        first, second = roots(parent, one), roots(parent, other)
        apart = first != second
        one, other, first, second = one[apart], other[apart], first[apart], second[apart]
        np.minimum.at(parent, np.maximum(first, second), np.minimum(first, second))


def candidates(
    whole: Signatures, rows: Rows, hints: Callable[[int, Rows], NDArray[np.uint32]]
) -> Iterator[tuple[Rows, Rows]]:
    """Yield pairs of places in `rows` whose signatures agree in a band; the same pair can come more than once.

    `whole` has the shape (all rows, PERMUTATIONS / 2). Each row is paired with the first of its band, with the first of
    those that share its hint, too, and with the few before it, where rows of the same hint stand together.
    `hints` returns a number for each of some places in `rows`, given the number of the band first.
    """
    width = BAND // 2
    shares = min(1 + len(rows) // _SORTED, 255)
    for band in range(PERMUTATIONS // BAND):
        bytes_of = whole[:, band * width : (band + 1) * width]
        for share in range(shares):
            places = np.flatnonzero(bytes_of[rows, 0] % shares == share).astype(np.int32)
            yield from _of_share(bytes_of, rows, places, partial(hints, band))


def _of_share(
    bytes_of: Signatures, rows: Rows, places: Rows, hints: Callable[[Rows], NDArray[np.uint32]]
) -> Iterator[tuple[Rows, Rows]]:
    """Yield the pairs among some places in `rows`, of which `bytes_of` has the band.

    Rows of one template have one band and come all at once; they are parted by their hints, and the first row of each
    band goes on to the next part.
    """
    parts = 1 + len(places) // (2 * _SORTED)
    part_of = _sliced(hints, places) % np.uint32(parts) if parts > 1 else np.zeros(len(places), dtype=np.uint32)
    leaders = places[:0]
    for part in range(parts):
        some = np.concatenate([leaders, places[part_of == part]])
        keys = np.zeros((len(some), 4), dtype=np.uint8)
        keys[:, : BAND // 2] = bytes_of[rows[some]]
        full = keys.view(np.uint32).ravel().astype(np.uint64) << np.uint64(32) | _sliced(hints, some)
        order = np.argsort(full, kind="stable").astype(np.int32)
        ordered, full = some[order], full[order]
        bands = full >> np.uint64(32)
        leaders = ordered[np.flatnonzero(np.diff(bands, prepend=bands[:1] + np.uint64(1)))]
        yield from _neighbours(full, ordered)


def _sliced(hints: Callable[[Rows], NDArray[np.uint32]], places: Rows) -> NDArray[np.uint32]:
    """Return the hints of places, asked for a few at a time."""
    slices = [hints(places[start : start + _COMPARED]) for start in range(0, len(places), _COMPARED)]
    return np.concatenate(slices) if slices else np.zeros(0, dtype=np.uint32)


def _neighbours(full: NDArray[np.uint64], ordered: Rows) -> Iterator[tuple[Rows, Rows]]:
    """Yield pairs of rows that share the upper half of their numbers; rows and numbers are in the numbers' order."""
    places = np.arange(len(ordered), dtype=np.int32)
    new = np.ones(len(ordered), dtype=bool)
    np.not_equal(full[1:], full[:-1], out=new[1:])
    first_with_hint = np.maximum.accumulate(np.where(new, places, np.int32(0)))
    np.not_equal(full[1:] >> np.uint64(32), full[:-1] >> np.uint64(32), out=new[1:])
    first = np.maximum.accumulate(np.where(new, places, np.int32(0)))
    later = np.flatnonzero(~new).astype(np.int32)
    for start in range(0, len(later), _COMPARED):
        place = later[start : start + _COMPARED]
        begin, same = first[place], first_with_hint[place]
        partners = [begin, np.where(same < place, same, begin)]
        partners += [np.maximum(place - step, begin) for step in range(1, _NEAREST + 1)]
        for partner in partners:
            yield ordered[partner], ordered[place]
