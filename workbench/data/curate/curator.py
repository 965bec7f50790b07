"""The curator: looks at every row once and then decides about all of them.

Owns the order of the steps and their account. Must not know files. Between the two passes it keeps some 150 bytes for a
row; a decision is looked up by the row's number.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from workbench.data import split
from workbench.data.curate import language, quality, secrets, shingles
from workbench.data.curate.exams import Exams
from workbench.data.curate.settings import NEAR, Curation
from workbench.data.curate.texts import characters, normalised, said, text_of, turns_of, words_of

SHORT, LONG, FOREIGN, POOR = "too short", "too long", "in another language", "of poor quality"
SECRET, EXAM = "with secrets or personal data", "that an exam has, too"
COPY, NEAR_COPY, LEAK = "copies of another row", "nearly the same as another row", "learnt and held out both"
HELD, UNUSED, WEIGHED = "held out, more than are needed", "not used", "left out by the weight of their source"

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


class Decisions:
    """What was decided about each row, by its number in reading order."""

    def __init__(
        self,
        curation: Curation,
        reasons: NDArray[np.uint8],
        held_out: NDArray[np.bool_],
        copies: NDArray[np.uint16],
        examples: dict[str, list[str]],
        flagged: Counter[str],
    ) -> None:
        self._curation, self._reasons, self._held_out, self._copies = curation, reasons, held_out, copies
        self._examples, self._flagged = examples, flagged

    def copies(self, number: int) -> int:
        """Return how often a row is used; 0 when it is left out."""
        return 0 if self._reasons[number] else int(self._copies[number])

    def is_held_out(self, number: int) -> bool:
        """Return whether a row is kept aside."""
        return bool(self._held_out[number])

    def applied(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row as it is used: with secrets masked, if that is asked for."""
        return masked(row) if self._curation.secrets == "mask" else row

    def counts(self) -> dict[str, int]:
        """Return how many rows are left out, held out, and used for training with their copies."""
        stays = self._reasons == 0
        return {
            "left_out": int((~stays).sum()),
            "held_out": int((stays & self._held_out).sum()),
            "train": int(self._copies[stays & ~self._held_out].sum(dtype=np.int64)),
        }

    def report(self) -> list[dict[str, Any]]:
        """Return a line per step that did something: {"step", "rows", "what", "examples"}."""
        counted = np.bincount(self._reasons, minlength=len(_REASONS))
        lines = [
            {"step": step, "rows": int(counted[_NUMBER[what]]), "what": what, "examples": self._examples.get(what, [])}
            for what, step in STEPS.items()
            if counted[_NUMBER[what]]
        ]
        done = {"mask": "masked", "keep": "found and kept", "drop": "found"}[self._curation.secrets]
        lines += [
            {"step": "secrets", "rows": number, "what": f"with {kind}, {done}", "examples": []}
            for kind, number in self._flagged.most_common()
        ]
        return lines


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


class Curator:
    """Looks at rows one by one and decides about them together."""

    def __init__(self, curation: Curation) -> None:
        """Raises UsageError when an exam to keep clear of cannot be read."""
        self._curation = curation
        self._exams = Exams(curation.decontaminate) if curation.decontaminate else None
        self._compares = curation.duplicates == "near" or curation.eval_split > 0
        self._reasons = array("B")
        self._keys, self._texts = array("Q"), array("Q")
        self._sources = array("H")
        self._asides = array("B")
        self._signatures = bytearray()
        self._examples: dict[str, list[str]] = {}
        self._flagged: Counter[str] = Counter()

    def add(self, row: dict[str, Any], *, source: int, held_out: bool) -> None:
        """Look at the next row of a source; `held_out` says that its file is kept aside."""
        text = text_of(row)
        words = words_of(text) if self._compares or self._exams is not None else []
        reason = self._why_not(row, text, words)
        if reason:
            self._show(reason, text)
        self._keys.append(split.key(row, self._curation.seed))
        self._texts.append(xxhash.xxh3_64_intdigest(normalised(text).encode()))
        self._reasons.append(_NUMBER[reason])
        self._sources.append(source)
        self._asides.append(held_out)
        if self._compares:
            self._signatures += shingles.signature(shingles.shingles(words)).tobytes()

    def _show(self, reason: str, text: str) -> None:
        shown = self._examples.setdefault(reason, [])
        if len(shown) < _SHOWN:
            shown.append(text[:_SHOWN_CHARACTERS])

    def _why_not(self, row: Mapping[str, Any], text: str, words: list[str]) -> str:
        """Return why a row is left out for what it is itself, or ""."""
        curation = self._curation
        if curation.min_characters or curation.max_characters:
            size = characters(row)
            if size < curation.min_characters:
                return SHORT
            if curation.max_characters and size > curation.max_characters:
                return LONG
        if curation.languages and (told := language.language(text)) and told not in curation.languages:
            return FOREIGN
        if curation.quality == "drop" and "text" in row and quality.broken(text):
            return POOR
        if curation.secrets != "keep" and (found := secrets.found(text)):
            self._flagged.update(dict.fromkeys(found, 1))
            if curation.secrets == "drop":
                return SECRET
        if self._exams is not None:
            parts = [text] if "text" in row else [said(turn) for turn in turns_of(row)]
            if self._exams.shares(words, parts):
                return EXAM
        return ""

    def finish(self) -> Decisions:
        """Return what is decided about every row."""
        reasons = np.frombuffer(self._reasons, dtype=np.uint8).copy()
        keys = np.frombuffer(self._keys, dtype=np.uint64)
        texts = np.frombuffer(self._texts, dtype=np.uint64)
        asides = np.frombuffer(self._asides, dtype=np.uint8).astype(bool)
        sources = np.frombuffer(self._sources, dtype=np.uint16)
        clusters = self._clusters(reasons, texts)
        self._leave_out_copies(reasons, texts, clusters, asides)
        held_out = self._held_out(reasons, keys, clusters, asides)
        copies = self._copies(reasons, keys, sources, held_out)
        return Decisions(self._curation, reasons, held_out, copies, self._examples, self._flagged)

    def _clusters(self, reasons: NDArray[np.uint8], texts: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return for each row the number of the first row it belongs with: of the same text, or nearly."""
        _, first, inverse = np.unique(texts, return_index=True, return_inverse=True)
        same = first[inverse].astype(np.int64)
        if not self._compares or not len(reasons):
            return same
        signatures = np.frombuffer(self._signatures, dtype=np.uint16).reshape(len(reasons), shingles.PERMUTATIONS)
        near = shingles.clusters(signatures[first], NEAR)
        return first[near][inverse].astype(np.int64)

    def _leave_out_copies(
        self, reasons: NDArray[np.uint8], texts: NDArray[np.uint64], clusters: NDArray[np.int64], asides: NDArray[np.bool_]
    ) -> None:
        """Leave out rows that another one stands for; a row of a held-out file stands before one to learn from."""
        steps = {"keep": (), "exact": ((texts, COPY),), "near": ((texts, COPY), (clusters, NEAR_COPY))}
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

    def _held_out(
        self, reasons: NDArray[np.uint8], keys: NDArray[np.uint64], clusters: NDArray[np.int64], asides: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Return which rows are kept aside: those of held-out files, or a share of the others by whole clusters."""
        held = asides.copy()
        stays = np.flatnonzero(reasons == 0)
        if asides[stays].any():
            given = stays[asides[stays]]
            spare = given[np.argsort(keys[given], kind="stable")][split.MOST_HELD :]
            reasons[spare] = _NUMBER[HELD]
            return held
        held[split.chosen(keys[stays], clusters[stays], self._curation.eval_split, stays)] = True
        return held

    def _copies(
        self,
        reasons: NDArray[np.uint8],
        keys: NDArray[np.uint64],
        sources: NDArray[np.uint16],
        held_out: NDArray[np.bool_],
    ) -> NDArray[np.uint16]:
        """Return how often each row is used: by the weight of its source, a part of a time by the row's own hash."""
        if not self._curation.weights:
            return np.ones(len(reasons), dtype=np.uint16)
        weights = np.asarray(self._curation.weights)[sources]
        whole = np.floor(weights)
        # The high bits chose the held-out rows.
        chance = (keys & np.uint64(0xFFFFFFFF)).astype(np.float64) / 2**32
        copies = (whole + (chance < weights - whole)).astype(np.uint16)
        copies[held_out] = 1
        reasons[(reasons == 0) & (copies == 0)] = _NUMBER[WEIGHED]
        return copies
