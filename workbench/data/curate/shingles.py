"""Words and shingles of texts as numbers, for many texts at once.

Owns what a word is and how runs of words become numbers. Must not know rows. All the work is done on whole arrays of
letters: a loop over words would take ten times as long.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import xxhash
from numpy.typing import NDArray

WORDS = 5
"""Words of a shingle by which near duplicates are told: Lee et al. 2022 and datatrove use five."""
PIECE = 2**15
"""Letters looked at together; this much stays in the cache of a processor."""

_TABLE = 0x33480
"""Code points above are no letters of any script."""
_UNSPACED = (
    *((0x0E00, 0x0F00), (0x1000, 0x10A0), (0x1780, 0x1800), (0x3040, 0x3100)),
    *((0x3400, 0xA000), (0xF900, 0xFB00), (0x20000, _TABLE)),
)
"""Scripts that put no space between words: Thai and Lao, Burmese, Khmer, kana, and Han in three places."""
_APART, _JOINED, _ALONE = 0, 1, 2

_draw = np.random.default_rng(20_220_512)
_PLACES = _draw.integers(1, 2**63, size=64, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_BASE = 0x9E3779B97F4A7C15
_MIX = (np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53))


class Words(NamedTuple):
    """The words of some texts, one text after the other."""

    numbers: NDArray[np.uint64]
    """A hash of each word."""
    starts: NDArray[np.int64]
    """Where each text begins in `numbers`, and the end: one more than there are texts."""


class Shingles(NamedTuple):
    """The runs of words of some texts, one text after the other; every text has at least one."""

    numbers: NDArray[np.uint64]
    """A hash of each run of words."""
    starts: NDArray[np.int64]
    """Where each text begins in `numbers`, and the end."""


@cache
def _kinds() -> NDArray[np.uint8]:
    """Return for each code point whether it stands in words, is one on its own, or parts them."""
    kinds = np.zeros(_TABLE, dtype=np.uint8)
    for code in range(_TABLE):
        category = unicodedata.category(chr(code))
        if category[0] in "LNM" or code == ord("_"):
            kinds[code] = _JOINED
        elif category == "So":
            kinds[code] = _ALONE
    for first, end in _UNSPACED:
        kinds[first:end][kinds[first:end] == _JOINED] = _ALONE
    return kinds


@cache
def _powers() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return the powers of `_BASE` and of its inverse modulo 2⁶⁴."""
    inverse = pow(_BASE, -1, 2**64)
    powers, inverses = (np.full(PIECE, number, dtype=np.uint64) for number in (_BASE, inverse))
    powers[0] = inverses[0] = 1
    return np.cumprod(powers, dtype=np.uint64), np.cumprod(inverses, dtype=np.uint64)


def _words(text: str) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return (hash, place) of each word of a text of at most `PIECE` letters.

    The hash is the polynomial of the word's letters, taken from sums over the whole text: the difference of two of
    them, moved back to where a word begins.
    """
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    kinds = np.zeros(len(codes) + 2, dtype=np.uint8)
    kinds[1:-1] = _kinds()[np.minimum(codes, _TABLE - 1)]
    inside, joined = kinds[1:-1] != _APART, kinds == _JOINED
    begins = np.flatnonzero(inside & ~(joined[1:-1] & joined[:-2]))
    ends = np.flatnonzero(inside & ~(joined[1:-1] & joined[2:])) + 1
    powers, inverses = _powers()
    sums = np.zeros(len(codes) + 1, dtype=np.uint64)
    np.cumsum((codes + np.uint32(1)) * powers[: len(codes)], out=sums[1:])
    return (sums[ends] - sums[begins]) * inverses[begins], begins


def pieces(text: str, size: int) -> Iterator[tuple[int, str]]:
    """Yield (place, piece) of a text, at most `size` letters, cut at a space or a line end wherever there is one."""
    begin = 0
    while begin < len(text):
        end = begin + size
        if end < len(text):
            end = max(text.rfind(" ", begin, end), text.rfind("\n", begin, end)) + 1 or end
        yield begin, text[begin:end]
        begin = end


def words_of(texts: Sequence[str]) -> Words:
    """Return the words of texts, in small letters: runs of letters, digits, marks and underscores.

    A letter of a script without spaces is a word, and so is a symbol such as an emoji. A text of nothing but
    punctuation counts as one word.
    """
    lowered = [text.lower() for text in texts]
    whole = "\n".join(lowered)
    found = [(numbers, places + begin) for begin, piece in pieces(whole, PIECE) for numbers, places in [_words(piece)]]
    numbers = np.concatenate([part for part, _ in found]) if found else np.zeros(0, dtype=np.uint64)
    places = np.concatenate([part for _, part in found]) if found else np.zeros(0, dtype=np.int64)
    begins = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, lowered), dtype=np.int64, count=len(texts)) + 1, out=begins[1:])
    starts = np.searchsorted(places, begins).astype(np.int64)
    empty = np.flatnonzero(starts[1:] == starts[:-1])
    if len(empty):
        hashes = [xxhash.xxh3_64_intdigest(lowered[number].encode("utf-8", "surrogatepass")) for number in empty]
        numbers = np.insert(numbers, starts[empty], np.array(hashes, dtype=np.uint64))
        starts[1:] += np.cumsum(starts[1:] == starts[:-1])
    return Words(numbers, starts)


def shingles(words: Words, size: int = WORDS) -> Shingles:
    """Return a number for each run of `size` words of each text; one for all words of a text with fewer."""
    numbers, starts = words
    lengths = np.diff(starts)
    padded = np.concatenate([numbers, np.zeros(size, dtype=np.uint64)])
    total = np.zeros(len(numbers), dtype=np.uint64)
    short = np.flatnonzero(lengths < size)
    for place in range(size):
        total += padded[place : place + len(numbers)] * _PLACES[place]
    for text in short.tolist():
        own = numbers[starts[text] : starts[text + 1]]
        total[starts[text]] = (own * _PLACES[: len(own)]).sum(dtype=np.uint64)
    counts = np.maximum(lengths - size + 1, 1)
    begins = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=begins[1:])
    # A run that goes on into the next text is none: of each text the first `counts` stay.
    kept = total[np.arange(begins[-1]) + np.repeat(starts[:-1] - begins[:-1], counts)]
    return Shingles(_mixed(kept), begins)


class Pairs(NamedTuple):
    """The pairs of neighbouring words in some texts, with the borders of a text as words."""

    numbers: NDArray[np.uint64]
    """A hash of each pair."""
    within: NDArray[np.uint64]
    """A hash of each pair and all others of its text."""
    owners: NDArray[np.int64]
    """The text of each pair."""


def pairs_of(texts: Sequence[str]) -> Pairs:
    """Return the pairs of words of texts: one more than a text has words."""
    if not texts:
        return Pairs(np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64))
    numbers, starts = words_of(texts)
    bordered = np.append(np.insert(numbers, starts[:-1], 0), np.uint64(0))
    pairs = _mixed(bordered[:-1] * _PLACES[0] + bordered[1:] * _PLACES[1])
    begins = starts[:-1] + np.arange(len(texts))
    owners = np.repeat(np.arange(len(texts)), np.diff(starts) + 1)
    # The sum over different hashes of pairs tells a text from others but for the order of equal runs.
    return Pairs(pairs, _mixed(pairs + np.add.reduceat(pairs, begins)[owners] * _PLACES[2]), owners)


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return numbers whose bits all depend on all bits given: the finaliser of MurmurHash3."""
    numbers = (numbers ^ (numbers >> np.uint64(33))) * _MIX[0]
    numbers = (numbers ^ (numbers >> np.uint64(33))) * _MIX[1]
    return numbers ^ (numbers >> np.uint64(33))
