"""When two rows are nearly the same: alike as a whole, and alike in what they teach.

Owns the rule, and what is kept of a row to tell. Must not know files or what becomes of near duplicates.

By all their words, rows that ask different things about one passage, and rows of one template, are copies of each
other. Two rows are near duplicates only if all of this holds; "alike" is a Jaccard similarity of `NEAR` (Broder 1997;
Lee et al. 2022 for the threshold and the shingles of five words):

1. The rows are alike as a whole.
2. Each answer that is learnt is alike: those of a conversation together, the completion, chosen and rejected each.
3. What differs between their user turns is alike: the sentences that only one of the two has, by pairs of words. What
   both have, such as a passage, says nothing about whether they ask the same.
4. The answer outweighs that difference. It counts as if it stood in the answers, where nothing shared with the
   passage dilutes it: two questions that differ at all are not the same because both are answered "yes".
5. The numbers and signs of arithmetic in user turns and answers, and the reference answer, are equal: of two sums only
   digits differ. In articles, which may count visitors or name their date, the list of numbers must be alike.

The sizes of differences come from odd sketches (Mitzenmacher, Pagh and Pham 2014, "Efficient estimation for high
similarities using odd sketches"), in which what two sets share cancels out, however large it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xxhash
from numpy.typing import NDArray

from workbench.data.curate import neighbours
from workbench.data.curate.settings import NEAR
from workbench.data.curate.shingles import WORDS, pairs_of, pieces, shingles, words_of
from workbench.data.curate.texts import figures, normalised, said, sentences

ANSWER_PLACES = 32
"""Places of the signature of an answer."""
ANSWERS = 2
SKETCH = 128
"""Bits of a sketch; differences are told up to `_MOST_TOLD` and taken for that from there."""
SLACK = 0.02
"""What an estimate may lack of the similarity asked for, so that few true pairs are missed for the noise in it."""
SHORT_ANSWER = 17
"""Shingles up to which an answer outweighs no difference at all: the least, two pairs of words, counts as five."""

_FULL = 60
_TOLD = -SKETCH / 2 * np.log1p(-2.0 * np.minimum(np.arange(SKETCH + 1), _FULL) / SKETCH)
"""Bits in which two sketches differ → the elements only one of the sets has, by equation (4) of the paper."""
_MOST_SHINGLES = 2**16 - 1
_TOGETHER = 2**18
"""Letters looked at together."""

RECORD = np.dtype(
    [
        ("whole", np.uint8, (neighbours.PERMUTATIONS // 2,)),
        ("answers", np.uint8, (ANSWERS, ANSWER_PLACES // 2)),
        ("sizes", np.uint16, (ANSWERS,)),
        ("words", np.uint8, (SKETCH // 8,)),
        ("sentences", np.uint8, (SKETCH // 8,)),
        ("exact", np.uint32),
    ]
)
"""What is kept of a row: signatures of the whole and of its answers, how many shingles those have, sketches of the
pairs of words in its user turns, by themselves and with the sentence they stand in, and a hash of what must be equal.
"""

Records = NDArray[np.void]


class Parts(NamedTuple):
    """The texts of a row as they are compared."""

    prompt: str
    """What is not learnt; an article."""
    answers: list[str]
    """What is learnt; at most `ANSWERS`."""
    exact: str
    """What must be equal in near duplicates."""
    units: list[str]
    """What must be alike by itself, however much surrounds it: the sentences of the user turns, or an article's
    numbers."""


def parts_of(row: Mapping[str, Any]) -> Parts:
    """Return the texts of a canonical row of any type."""
    text = row.get("text")
    if isinstance(text, str):
        return Parts(text, [], "text", [" ".join(figures(_ends(text)))])
    if learnt := "messages" in row:
        turns = row["messages"]
        answers = ["\n".join([said(turn) for turn in turns if turn.get("role") == "assistant"])]
    else:
        turns = row.get("prompt") or []
        answers = ["\n".join(map(said, row[name])) for name in ("completion", "chosen", "rejected") if name in row]
    prompt = "\n".join([said(turn) for turn in turns if not (learnt and turn.get("role") == "assistant")])
    asked = _ends("\n".join([said(turn) for turn in turns if turn.get("role") == "user"]))
    reference = normalised(row["answer"]) if "answer" in row else ""
    exact = "\n".join([" ".join(figures(part)) for part in (asked, *map(_ends, answers))] + [reference])
    return Parts(prompt, answers, exact, sentences(asked))


def _ends(text: str) -> str:
    """Return a text without the middle of what is very long, where no question stands."""
    return text if len(text) <= _TOGETHER else f"{text[: _TOGETHER // 2]}\n{text[-_TOGETHER // 2 :]}"


def _minima(texts: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return (minima of each text, shape (PERMUTATIONS, texts); its number of shingles).

    Long texts are looked at in pieces, so that the memory needed does not depend on their length.
    """
    least = np.full((neighbours.PERMUTATIONS, len(texts)), 2**32 - 1, dtype=np.uint32)
    sizes = np.zeros(len(texts), dtype=np.int64)
    group: list[str] = []
    owners: list[int] = []
    letters = 0

    def look() -> None:
        found = shingles(words_of(group))
        first = np.flatnonzero(np.diff(owners, prepend=-1))
        names = np.array(owners)[first]
        of_pieces = np.minimum.reduceat(neighbours.minima(found), first, axis=1)
        least[:, names] = np.minimum(least[:, names], of_pieces)
        np.add.at(sizes, owners, np.diff(found.starts))

    for owner, text in enumerate(texts):
        for _, piece in pieces(text, _TOGETHER) if text else [(0, "")]:
            group.append(piece)
            owners.append(owner)
            letters += len(piece)
            if letters >= _TOGETHER:
                look()
                group, owners, letters = [], [], 0
    if group:
        look()
    return least, sizes


def _sketched(numbers: NDArray[np.uint64], owners: NDArray[np.int64], rows: int) -> NDArray[np.uint8]:
    """Return the odd sketch of each row: the bit of a number is set when it was met an odd number of times."""
    places = owners * SKETCH + (numbers >> np.uint64(57)).astype(np.int64)
    odd = np.bincount(places, minlength=rows * SKETCH).astype(np.uint8) & 1
    return np.packbits(odd.reshape(rows, SKETCH), axis=1)


def records(parts: Sequence[Parts]) -> Records:
    """Return what is kept of each row."""
    made = np.zeros(len(parts), dtype=RECORD)
    texts: list[str] = []
    first: list[int] = []
    answers: list[tuple[int, int, int]] = []
    for row, part in enumerate(parts):
        first.append(len(texts))
        if part.prompt or not part.answers:
            texts.append(part.prompt)
        for place, text in enumerate(part.answers):
            answers.append((row, place, len(texts)))
            texts.append(text)
        exact = part.exact.encode("utf-8", "surrogatepass")
        made["exact"][row] = xxhash.xxh3_64_intdigest(exact) & 0xFFFFFFFF
    least, sizes = _minima(texts)
    made["whole"] = neighbours.signatures(np.minimum.reduceat(least, first, axis=1))
    if answers:
        rows, places, of = np.array(answers).T
        made["answers"][rows, places] = neighbours.signatures(least[:ANSWER_PLACES, of])
        made["sizes"][rows, places] = np.minimum(sizes[of], _MOST_SHINGLES)
    owners = np.array([row for row, part in enumerate(parts) for _ in part.units], dtype=np.int64)
    found = pairs_of([unit for part in parts for unit in part.units])
    of_row = owners[found.owners]
    made["words"] = _sketched(found.numbers, of_row, len(parts))
    made["sentences"] = _sketched(found.within, of_row, len(parts))
    return made


def _differing(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return about how many elements only one of the sets of each pair of sketches has."""
    return _TOLD[np.bitwise_count(first ^ second).sum(axis=1)]


def alike(first: Records, second: Records) -> NDArray[np.bool_]:
    """Return for each pair of records whether the rows are alike as a whole."""
    return neighbours.agreement(first["whole"], second["whole"]) >= NEAR - SLACK


def same_lesson(first: Records, second: Records) -> NDArray[np.bool_]:
    """Return for each pair of records whether the rows teach nearly the same: points 2 to 5 of the rule."""
    words = _differing(first["words"], second["words"])
    differing = _differing(first["sentences"], second["sentences"])
    around = np.maximum(differing, words)
    # Of two sets that have `around` elements together, `words` of them in one only, half of the others are shared.
    found = (first["exact"] == second["exact"]) & (around - words >= NEAR * (around + words))
    # Among a million rows, a few sketches are equal by chance, but not both of a row.
    found &= (words > 0) | (differing == 0)
    for place in range(ANSWERS):
        one, other = (side["sizes"][:, place].astype(np.float64) for side in (first, second))
        similarity = neighbours.agreement(first["answers"][:, place], second["answers"][:, place])
        together = (one + other) / (1.0 + similarity)
        # A changed word is in two pairs of words, and in as many shingles as they have words.
        outweighs = similarity * together >= (NEAR - SLACK) * (together + words * WORDS / 2)
        found &= np.where((one > 0) & (other > 0), outweighs, one == other)
    return found


def _hints(kept: Records, rows: neighbours.Rows, band: int) -> NDArray[np.uint32]:
    """Return for each of `rows` a number that near duplicates are likely to share, another one for each band.

    It consists of what must be equal and of some places of the first answer's signature; where the answer is short, the
    user turns have to be equal.
    """
    width = 4
    begin = band * width % (ANSWER_PLACES // 2)
    answer = kept["answers"][rows, 0, begin : begin + width].view(np.uint32).ravel()
    asked = kept["words"][rows].view(np.uint64)
    mixed = (asked[:, 0] * np.uint64(0x9E3779B97F4A7C15) ^ asked[:, 1]) * np.uint64(0xFF51AFD7ED558CCD)
    size = kept["sizes"][rows, 0]
    mixed[(size == 0) | (size > SHORT_ANSWER)] = 0
    hints: NDArray[np.uint32] = (
        kept["exact"][rows] * np.uint32(0x9E3779B1) + answer + (mixed >> np.uint64(32)).astype(np.uint32)
    )
    return hints


class Clusters(NamedTuple):
    """Two ways to put rows together; each row has the place of the first row of its cluster."""

    near: NDArray[np.int32]
    """Near duplicates."""
    alike: NDArray[np.int32]
    """Rows alike as a whole, such as questions about one passage; each is made of clusters of near duplicates."""


def clusters(kept: Records, rows: neighbours.Rows) -> Clusters:
    """Return the clusters of `rows`, which are places in `kept`; the result tells places in `rows`.

    Rows are together when they are near duplicates (or alike), or both are together with a third. What is found depends
    on the order of `rows` only.
    """
    near, whole = (np.arange(len(rows), dtype=np.int32) for _ in range(2))

    def hints(band: int, some: neighbours.Rows) -> NDArray[np.uint32]:
        return _hints(kept, rows[some], band)

    raw = kept.view(np.uint8).reshape(len(kept), RECORD.itemsize)

    def taken(some: neighbours.Rows) -> Records:
        """Return some records; numpy copies rows of bytes several times faster than records."""
        return raw.take(some, axis=0).view(RECORD).ravel()

    for one, other in neighbours.candidates(kept["whole"], rows, hints):
        first, second = rows[one], rows[other]
        joined = neighbours.roots(whole, one) == neighbours.roots(whole, other)
        open_ = neighbours.roots(near, one) != neighbours.roots(near, other)
        open_ &= kept["exact"][first] == kept["exact"][second]
        # What they teach tells most rows of one template apart, and costs less.
        told = np.flatnonzero(open_)
        open_[told] = same_lesson(taken(first[told]), taken(second[told]))
        looked = np.flatnonzero(open_ | ~joined)
        looked = looked[alike(taken(first[looked]), taken(second[looked]))]
        neighbours.join(whole, one[looked], other[looked])
        looked = looked[open_[looked]]
        neighbours.join(near, one[looked], other[looked])
    everyone = np.arange(len(rows), dtype=np.int32)
    return Clusters(neighbours.roots(near, everyone), neighbours.roots(whole, everyone))
