"""The curator: looks at every row once and then decides about all of them.

Owns the order of the steps and their account. Must not know files. While it looks it keeps some 160 bytes for a row,
most of them to compare it with the others; a decision is looked up by the row's number.
"""

from __future__ import annotations

import struct
from array import array
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import UsageError
from workbench.core.units import count
from workbench.data import split
from workbench.data.curate import language, likeness, quality, secrets
from workbench.data.curate.exams import Exams
from workbench.data.curate.neighbours import Rows
from workbench.data.curate.settings import Curation
from workbench.data.curate.shingles import words_of
from workbench.data.curate.texts import characters, identity, said, text_of, turns_of

SHORT, LONG, FOREIGN, POOR = "too short", "too long", "in another language", "of poor quality"
SECRET, EXAM = "with secrets or personal data", "that an exam has, too"
COPY, NEAR_COPY, LEAK = "copies of another row", "nearly the same as another row", "learnt and held out both"
HELD, WEIGHED = "held out, more than are needed", "left out by the weight of their source"

STEPS: dict[str, str] = {
    SHORT: "min_characters",
    LONG: "max_characters",
    FOREIGN: "languages",
    POOR: "quality",
    SECRET: "secrets",
    EXAM: "decontaminate",
    COPY: "duplicates",
    NEAR_COPY: "duplicates",
    LEAK: "held out",
    HELD: "held out",
    WEIGHED: "data_weights",
}
"""Why a row is left out → the setting that does it, in the order of the steps."""
_REASONS = ("", *STEPS)
_NUMBER = {reason: number for number, reason in enumerate(_REASONS)}
_SHOWN = 3
_SHOWN_CHARACTERS = 160
_SHOWN_LANGUAGES = 4
_TOGETHER = 2**18
"""Letters of the rows that are looked at together."""
_ROWS_TOGETHER = 2**11
FAMILY = 64
"""Rows alike as a whole that are held out or learnt together, so that a loss on unseen rows is not one on passages seen
in training; more of them have a template in common, or a system prompt, and are divided."""


_FACTS = np.dtype(
    [
        ("key", "<u8"),
        ("text", "<u8"),
        ("characters", "<u4"),
        ("document", "<i4"),
        ("source", "<u2"),
        ("aside", "?"),
        ("label", "?"),
    ]
)
"""What is kept of every row; one buffer grows without leaving holes in the memory."""
_PACKED = struct.Struct("<QQIiH??")


class Decisions:
    """What was decided about each row, by its number in reading order."""

    def __init__(
        self,
        curation: Curation,
        reasons: NDArray[np.uint8],
        held_out: NDArray[np.bool_],
        copies: NDArray[np.uint16],
        sizes: NDArray[np.uint32],
        flagged: Counter[str],
        foreign: Counter[str],
    ) -> None:
        """`sizes` are the characters of the rows; `flagged` tells in how many of those that are masked, or are
        left out for it, each kind of secret was found, `foreign` how many were left out in each language."""
        self._curation, self._reasons, self._held_out, self._copies = curation, reasons, held_out, copies
        self._flagged, self._foreign = flagged, foreign
        self._examples = {
            int(row): "" for reason in range(1, len(_REASONS)) for row in np.flatnonzero(reasons == reason)[:_SHOWN]
        }
        learnt = (reasons == 0) & ~held_out
        self.characters = int((sizes[learnt].astype(np.int64) * copies[learnt]).sum())
        """Characters of the rows to learn from, each as often as it is used."""

    def copies(self, number: int) -> int:
        """Return how often a row is used; 0 when it is left out."""
        return 0 if self._reasons[number] else int(self._copies[number])

    def is_held_out(self, number: int) -> bool:
        """Return whether a row is kept aside."""
        return bool(self._held_out[number])

    def applied(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row as it is used: with secrets masked, if that is asked for."""
        return masked(row) if self._curation.secrets == "mask" else row

    def meet(self, number: int, row: Mapping[str, Any]) -> None:
        """Show a row when all are read again: the text of a few that are left out is kept as an example.

        What looks like a secret never gets into the report, whatever becomes of it in the rows.
        """
        if number in self._examples:
            self._examples[number] = secrets.masked(text_of(row))[:_SHOWN_CHARACTERS]

    def counts(self) -> dict[str, int]:
        """Return how many rows are left out, held out, and used for training with their copies."""
        stays = self._reasons == 0
        return {
            "left_out": int((~stays).sum()),
            "held_out": int((stays & self._held_out).sum()),
            "train": int(self._copies[stays & ~self._held_out].sum(dtype=np.int64)),
        }

    def report(self) -> list[dict[str, Any]]:
        """Return a line per step that did something: {"step", "rows", "share", "what", "examples"}.

        `share` is of all usable rows. Examples are there for rows that were met again.
        """
        counted = np.bincount(self._reasons, minlength=len(_REASONS))
        lines: list[dict[str, Any]] = []
        for what, step in STEPS.items():
            if rows := int(counted[_NUMBER[what]]):
                examples = [
                    text for row, text in self._examples.items() if self._reasons[row] == _NUMBER[what] and text
                ]
                lines.append(self._line(step, rows, what, examples))
            if what == FOREIGN:
                most = self._foreign.most_common(_SHOWN_LANGUAGES)
                lines += [self._line(step, rows, f"in {language.called(code)}", []) for code, rows in most]
        done = "masked" if self._curation.secrets == "mask" else "found"
        lines += [self._line("secrets", rows, f"with {kind}, {done}", []) for kind, rows in self._flagged.most_common()]
        return lines

    def _line(self, step: str, rows: int, what: str, examples: list[str]) -> dict[str, Any]:
        share = round(rows / len(self._reasons), 6)
        return {"step": step, "rows": rows, "share": share, "what": what, "examples": examples}


def told(line: Mapping[str, Any]) -> str:
    """Return a line of a report as a sentence."""
    number, what = line["rows"], str(line["what"])
    rows = "1 row" if number == 1 else f"{count(number)} rows"
    be, have = ("is", "has") if number == 1 else ("are", "have")
    if what in STEPS:
        return f"{rows} {be} left out: {what} ({line['step']})."
    said = f"{have} {what.removeprefix('with ')}" if what.startswith("with ") else f"{be} {what}"
    return f"{rows} {said} ({line['step']})."


def masked(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with secrets and personal data in its texts replaced by their kinds."""

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return secrets.masked(value)
        if isinstance(value, list):
            return [clean(item) for item in value]
        if isinstance(value, dict):
            return {key: item if key == "role" else clean(item) for key, item in value.items()}
        return value

    return {key: value if key == "tools" else clean(value) for key, value in row.items()}


def _distinct(texts: NDArray[np.uint64]) -> tuple[Rows, Rows]:
    """Return (the first row of each text in the order of the texts' hashes, the place of each row's text there)."""
    order = np.argsort(texts, kind="stable").astype(np.int32)
    new = np.ones(len(order), dtype=bool)
    np.not_equal(texts[order[1:]], texts[order[:-1]], out=new[1:])
    inverse = np.empty_like(order)
    inverse[order] = np.cumsum(new, dtype=np.int32) - np.int32(1)
    return order[new], inverse


def _families(near: Rows, alike: Rows) -> Rows:
    """Return for each row the number of a row that stands for all that are held out or learnt with it."""
    sizes = np.bincount(alike, minlength=len(alike))
    return np.where(sizes[alike] <= FAMILY, alike, near)


class Curator:
    """Looks at rows one by one and decides about them together."""

    def __init__(self, curation: Curation) -> None:
        """Raises UsageError for a language that cannot be told and for an exam that cannot be read."""
        if unknown := sorted(set(curation.languages) - (language.known() if curation.languages else set())):
            raise UsageError(f"{unknown[0]!r} is no language that can be told; name codes such as en or de.")
        self._curation = curation
        self._exams = Exams(curation.decontaminate) if curation.decontaminate else None
        self._compares = curation.duplicates == "near" or curation.eval_split > 0
        self._reasons, self._facts, self._records = bytearray(), bytearray(), bytearray()
        # Numbers of the rows with secrets, and a bit for each kind in them.
        self._flagged, self._secrets = array("Q"), array("H")
        self._foreign: Counter[str] = Counter()
        self._parts: list[likeness.Parts] = []
        self._waiting: list[str] = []
        self._letters = 0

    def add(self, row: dict[str, Any], *, source: int, held_out: bool, document: int = -1) -> None:
        """Look at the next row of a source; `held_out` says that its file is kept aside.

        `document` is a number that the parts of one long document share, -1 for a row that is no part of one.
        """
        text = text_of(row)
        self._reasons.append(_NUMBER[self._why_not(row, text)])
        self._facts += _PACKED.pack(
            split.key(row, self._curation.seed),
            identity(row, text),
            characters(row),
            document,
            source,
            held_out,
            row.get("label") is True,
        )
        if self._compares:
            self._parts.append(likeness.parts_of(row))
        if self._exams is not None:
            self._waiting.append(text)
        if self._compares or self._exams is not None:
            self._letters += len(text)
            if self._letters >= _TOGETHER or max(len(self._parts), len(self._waiting)) >= _ROWS_TOGETHER:
                self._look()

    def _why_not(self, row: dict[str, Any], text: str) -> str:
        """Return why a row is left out for what it is itself, or ""."""
        curation = self._curation
        if curation.min_characters or curation.max_characters:
            size = characters(row)
            if size < curation.min_characters:
                return SHORT
            if curation.max_characters and size > curation.max_characters:
                return LONG
        if curation.languages and (told := language.language(text)) and told not in curation.languages:
            self._foreign[told] += 1
            return FOREIGN
        if curation.quality == "drop" and "text" in row and quality.broken(text):
            return POOR
        if curation.secrets != "keep" and (found := secrets.found(text)):
            self._flagged.append(len(self._reasons))
            self._secrets.append(sum(1 << number for number, kind in enumerate(secrets.KINDS) if kind in found))
            if curation.secrets == "drop":
                return SECRET
        if self._exams is not None and self._exams.has([text] if "text" in row else map(said, turns_of(row))):
            return EXAM
        return ""

    def _look(self) -> None:
        """Look at the words of the rows that wait for it."""
        if self._exams is not None and self._waiting:
            first = len(self._reasons) - len(self._waiting)
            for place in np.flatnonzero(self._exams.shared(words_of(self._waiting))).tolist():
                self._reasons[first + place] = self._reasons[first + place] or _NUMBER[EXAM]
        if self._parts:
            self._records += likeness.records(self._parts).tobytes()
        self._parts, self._waiting, self._letters = [], [], 0

    def finish(self) -> Decisions:
        """Return what is decided about every row."""
        self._look()
        reasons = np.frombuffer(self._reasons, dtype=np.uint8).copy()
        facts = np.frombuffer(self._facts, dtype=_FACTS)
        near, alike = self._clusters(facts["text"])
        self._leave_out_copies(reasons, facts, near)
        held_out = self._held_out(reasons, facts, _families(near, alike))
        del near, alike
        copies = self._copies(reasons, facts, held_out)
        sizes = facts["characters"].copy()
        return Decisions(self._curation, reasons, held_out, copies, sizes, self._kinds(reasons), self._foreign)

    def _kinds(self, reasons: NDArray[np.uint8]) -> Counter[str]:
        """Return kind of secret → rows with it: of those that stay to be masked, or of those left out for it."""
        wanted = _NUMBER[SECRET] if self._curation.secrets == "drop" else 0
        found = np.array(self._secrets, dtype=np.uint16)[reasons[np.array(self._flagged, dtype=np.int64)] == wanted]
        return +Counter({kind: int((found >> number & 1).sum()) for number, kind in enumerate(secrets.KINDS)})

    def _clusters(self, texts: NDArray[np.uint64]) -> tuple[Rows, Rows]:
        """Return for each row the number of a row that stands for its near duplicates, and for the rows alike.

        The texts are compared in the order of their hashes, so that clusters do not depend on the order of the rows.
        What was kept to compare rows is given up.
        """
        # Found twice, which takes a moment: what is not needed meanwhile is not kept.
        first = _distinct(texts)[0]
        if self._compares:
            found = likeness.clusters(np.frombuffer(self._records, dtype=likeness.RECORD), first)
            self._records = bytearray()
        inverse = _distinct(texts)[1]
        return (first[found.near][inverse], first[found.alike][inverse]) if self._compares else (first[inverse],) * 2

    def _leave_out_copies(self, reasons: NDArray[np.uint8], facts: NDArray[np.void], clusters: Rows) -> None:
        """Leave out rows that another one stands for; a row of a held-out file stands before one to learn from.

        Rows that are nearly the same and have different labels are no copies: they teach a difference.
        """
        texts, asides = facts["text"], facts["aside"]
        alike = 2 * clusters.astype(np.int64) + facts["label"]
        steps = {"keep": (), "exact": ((texts, COPY),), "near": ((texts, COPY), (alike, NEAR_COPY))}
        for groups, reason in steps[self._curation.duplicates]:
            stays = np.flatnonzero(reasons == 0)
            order = stays[np.lexsort((stays, ~asides[stays], groups[stays]))]
            again = np.flatnonzero(groups[order][1:] == groups[order][:-1]) + 1
            rows = order[again]
            starts = np.ones(len(order), dtype=bool)
            starts[again] = False
            heads = order[np.maximum.accumulate(np.where(starts, np.arange(len(order)), 0))]
            leaks = asides[heads[again]] & ~asides[rows]
            reasons[rows] = _NUMBER[reason]
            reasons[rows[leaks]] = _NUMBER[LEAK]
        # What is held out by its file is not learnt, whatever the setting for copies is.
        held = np.unique(clusters[asides & (reasons == 0)])
        reasons[(reasons == 0) & ~asides & np.isin(clusters, held)] = _NUMBER[LEAK]

    def _held_out(self, reasons: NDArray[np.uint8], facts: NDArray[np.void], families: Rows) -> NDArray[np.bool_]:
        """Return which rows are kept aside: those of held-out files, or a share of the others by whole families."""
        keys, asides = facts["key"], facts["aside"]
        held = asides.copy()
        stays = np.flatnonzero(reasons == 0)
        if asides[stays].any():
            given = stays[asides[stays]]
            spare = given[np.argsort(keys[given], kind="stable")][split.MOST_HELD :]
            reasons[spare] = _NUMBER[HELD]
            return held
        # By the least key of all its rows, so that it does not matter which of some copies stays.
        least = np.full(len(keys), np.iinfo(np.uint64).max, dtype=np.uint64)
        np.minimum.at(least, families, keys)
        documents = facts["document"][stays].astype(np.int64)
        together = split.together(families[stays].astype(np.int64), documents)
        held[split.chosen(least[families[stays]], together, self._curation.eval_split, stays)] = True
        return held

    def _copies(
        self, reasons: NDArray[np.uint8], facts: NDArray[np.void], held_out: NDArray[np.bool_]
    ) -> NDArray[np.uint16]:
        """Return how often each row is used: by the weight of its source, a part of a time by the row's own hash."""
        if not self._curation.weights:
            return np.ones(len(reasons), dtype=np.uint16)
        weights = np.asarray(self._curation.weights)[facts["source"]]
        whole = np.floor(weights)
        # The high bits chose the held-out rows.
        chance = (facts["key"] & np.uint64(0xFFFFFFFF)).astype(np.float64) / 2**32
        copies = (whole + (chance < weights - whole)).astype(np.uint16)
        copies[held_out] = 1
        reasons[(reasons == 0) & (copies == 0)] = _NUMBER[WEIGHED]
        return copies
