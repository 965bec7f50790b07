"""Loading: from paths and a method to canonical rows, with an account of every row that was found.

Owns `load`, `preflight` and which method learns from which kind of row. Must not know runs, models or tokenizers.
For every input, rows = usable + quarantined, where `rows` counts the records and articles found.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.core.errors import UsageError
from workbench.core.paths import expanded
from workbench.core.text import one_line
from workbench.data import convert, readers, shapes
from workbench.data.readers.records import shown

KIND_OF_METHOD = {"pretrain": "article", "cpt": "article", "sft": "conversation"}
"""Method → the kind of row it learns from."""

_WRONG_KIND = {
    "article": "These rows are articles; use method cpt",
    "conversation": "These rows are conversations; use method sft",
    "preference": "These rows are preferences between answers; give conversations for sft or articles for cpt",
}
"""Kind of the rows → what to do when the method learns from another kind."""

SAMPLED_FIRST = 200
SAMPLED = 5000
"""Rows of a file looked at to find its shape: the first ones, and a random choice among the others."""
FEWEST_FITTING = 0.5
"""A file has a shape when at least this share of the sampled rows has it."""
MANY_BAD = 0.05
"""Share of unusable rows above which `preflight` says so: more is loaded all the same, and is worth a look."""

_SHOWN_ROWS = 3
_SHOWN_PLACES = 3
_SHOWN_REASONS = 100
_SHOWN_CHARACTERS = 2000
_SHOWN_FILES = 1000
_NAMED_COLUMNS = 8
_WIDEST_COLUMN = 32


@dataclass
class Loaded:
    """Canonical rows and the account of what was read."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    quarantined: list[dict[str, Any]] = field(default_factory=list)
    """{"source", "line", "reason"} of each row that is not used, in reading order."""
    ignored: list[dict[str, str]] = field(default_factory=list)
    """{"source", "reason"} of each file in a folder that was passed over; their rows are not counted."""
    shape: str = ""
    """The shape of the files, or their shapes in alphabetical order, joined by " + "."""
    repairs: Counter[str] = field(default_factory=Counter)
    """Repair → how often it was made."""
    files: list[Path] = field(default_factory=list)
    """The files that were read."""

    @property
    def counts(self) -> dict[str, int]:
        """Rows found, usable and quarantined."""
        usable, bad = len(self.rows), len(self.quarantined)
        return {"rows": usable + bad, "usable": usable, "quarantined": bad}

    def reasons(self) -> Counter[str]:
        """Return reason → number of rows quarantined for it."""
        return Counter(row["reason"] for row in self.quarantined)


def _sample(rows: Sequence[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    """Return the rows that decide the shape of a file."""
    rest = rows[SAMPLED_FIRST:]
    if len(rest) > SAMPLED:
        rest = random.Random(seed).sample(rest, SAMPLED)
    return [*rows[:SAMPLED_FIRST], *rest]


def _columns(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the commonest columns of rows, for people."""
    counted = Counter(key for row in rows for key in row)
    return ", ".join(one_line(name, _WIDEST_COLUMN) for name, _ in counted.most_common(_NAMED_COLUMNS)) or "none"


def _load_file(path: Path, kind: str, seed: int, into: Loaded) -> str:
    """Add the rows of one file to `into` and return the name of its shape, "" when it has none."""
    records: list[readers.Record] = []
    bad: list[tuple[int, str]] = []
    for record in readers.read_file(path):
        if isinstance(record, readers.Record):
            records.append(record)
        else:
            bad.append((record.line, record.reason))
    source = shown(path)
    sample = _sample([record.value for record in records], seed)
    shape, share = shapes.shape_of(sample)
    wrong = ""
    if share < FEWEST_FITTING:
        shape, wrong = "", f"no known layout fits the columns {_columns(sample)}"
    elif shapes.SHAPES[shape].kind != kind:
        wrong = _WRONG_KIND[shapes.SHAPES[shape].kind]
    for record in records:
        canonical = convert.Rejected(wrong) if wrong else convert.to_canonical(record.value, shape, into.repairs)
        if isinstance(canonical, convert.Rejected):
            bad.append((record.line, canonical.reason))
        else:
            into.rows.append(canonical)
    into.quarantined += [{"source": source, "line": line, "reason": reason} for line, reason in sorted(bad)]
    into.files.append(path)
    return shape


def load(paths: Sequence[str], method: str, seed: int) -> Loaded:
    """Return the canonical rows of files and folders for a method, and the account of all that was found.

    The shape is found file by file, from a sample that `seed` draws where the file is long. A file in a folder that
    cannot be read as a whole is passed over and listed. Raises UsageError with what to do when a path is missing,
    forbidden, empty or no text, and when no row is usable.
    """
    if method not in KIND_OF_METHOD:
        raise UsageError(f"There is no method {method!r}; known are {', '.join(KIND_OF_METHOD)}.")
    if not paths:
        raise UsageError("No data is named; give a file or a folder with --data.")
    into, found = Loaded(), set()
    for given in paths:
        path = expanded(given)
        listed = readers.files(path)
        into.ignored += listed.ignored
        for file in listed.files:
            try:
                found.add(_load_file(file, KIND_OF_METHOD[method], seed, into))
            except readers.Unreadable as error:
                if file == path:
                    raise
                into.ignored.append({"source": shown(file), "reason": str(error)})
    into.shape = " + ".join(sorted(found - {""}))
    if not into.rows:
        raise UsageError(_nothing_usable(paths, method, into))
    return into


def _nothing_usable(paths: Sequence[str], method: str, into: Loaded) -> str:
    """Return the sentence that says why no row can be used."""
    where = ", ".join(shown(path) for path in paths)
    if not into.quarantined:
        reason = f": {into.ignored[0]['reason']}" if into.ignored and not into.files else ""
        return f"{where} holds no rows{reason.rstrip('.')}; give a file with rows or text."
    reason, number = into.reasons().most_common(1)[0]
    if reason in _WRONG_KIND.values():
        return f"Method {method} cannot learn from {where}. {reason}."
    total = len(into.quarantined)
    share = "all" if number == total else f"{number} of them"
    layouts = "; ".join(shape.columns for shape in shapes.SHAPES.values() if shape.kind == KIND_OF_METHOD[method])
    return f"No row of {where} can be used ({total} found, {share} because {reason}); method {method} reads {layouts}."


def _clipped(value: Any) -> Any:
    """Return a JSON value with its long texts cut, for a preview."""
    if isinstance(value, str):
        return value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "…"
    if isinstance(value, list):
        return [_clipped(item) for item in value]
    if isinstance(value, dict):
        return {key: _clipped(item) for key, item in value.items()}
    return value


def _sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def preflight(argument: dict[str, Any]) -> dict[str, Any]:
    """Return what `load` finds, as JSON: the target of a probe that runs before a run is created.

    `argument` is {"paths", "method", "seed"}. The result has counts, shape, many_bad (more than 5 % unusable), the
    first canonical rows with long texts cut, reasons with their number and first places, repairs, ignored files, and
    path, bytes and sha256 of each file read; lists stop at a hundred reasons and a thousand files. Raises UsageError as
    `load` does.
    """
    loaded = load(argument["paths"], argument["method"], int(argument.get("seed", 0)))
    places: dict[str, list[dict[str, Any]]] = {}
    for row in loaded.quarantined:
        listed = places.setdefault(row["reason"], [])
        if len(listed) < _SHOWN_PLACES:
            listed.append({"source": row["source"], "line": row["line"]})
    counts = loaded.counts
    return {
        "counts": counts,
        "shape": loaded.shape,
        "many_bad": counts["quarantined"] > MANY_BAD * counts["rows"],
        "examples": [_clipped(row) for row in loaded.rows[:_SHOWN_ROWS]],
        "quarantined": [
            {"reason": reason, "count": number, "examples": places[reason]}
            for reason, number in loaded.reasons().most_common(_SHOWN_REASONS)
        ],
        "repairs": dict(loaded.repairs),
        "ignored": loaded.ignored[:_SHOWN_FILES],
        "files": [
            {"path": shown(path), "bytes": path.stat().st_size, "sha256": _sha256(path)}
            for path in loaded.files[:_SHOWN_FILES]
        ],
    }
