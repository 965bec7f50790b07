"""A glance: what some data is and about how long its rows are, from a small part of it, in a fraction of a second.

Owns `glance`, the target of the probe that a plan asks. Must not know models: tokens are estimated from the letters.
What a survey finds out by reading everything is estimated here, and says so; a run looks again, at all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from workbench.core.errors import UsageError
from workbench.core.paths import expanded
from workbench.data import account, canonical, detect, readers
from workbench.data.curate.texts import characters, text_of
from workbench.data.layouts import BESIDE, Layout, type_for
from workbench.data.readers import kinds
from workbench.data.readers.member import Member
from workbench.data.readers.records import BadRecord, Record, Unreadable
from workbench.data.windows import COUNTED_BYTES, is_long_json_lines, looked

MOST_BYTES = 1 << 20
"""Bytes of rows that are looked at in all."""
MOST_ROWS = 400
MOST_MEMBERS = 12
"""Files of a folder that are opened, spread over it."""
EXCERPT_BYTES, EXCERPT_ROWS = 8 << 20, 2000
"""The same for an excerpt that a dry run takes its longest rows from, the rows per file."""
_WINDOWS = 8

_LETTERS_PER_TOKEN = 4.0
"""Letters of Latin script a token stands for in vocabularies of 100,000 tokens and more: OpenAI's rule of thumb for
English; other languages in that script take a little more."""
_SIGNS_PER_TOKEN = 1.5
"""The same for Chinese, Japanese and Korean, about."""
_OTHERS_PER_TOKEN = 2.5
"""The same for Cyrillic, Arabic, Greek, Hindi and other scripts, about."""
_WHOLE_LETTERS = 24_000
"""Letters of all rows up to which their texts are handed on as they are."""
_SAMPLED_ROWS, _SAMPLE_LETTERS = 47, 6000
"""Rows of which the beginning is handed on where there are more, and its letters in all."""
_TURN_TOKENS = 5
"""Tokens a chat template writes around a turn, about."""


@cache
def _beyond_latin() -> re.Pattern[str]:
    """Return the pattern of what is in no Latin script; compiled when it is needed, since a glance is to be short."""
    return re.compile(r"[^\x00-\u024f]")


@cache
def _ideograms() -> re.Pattern[str]:
    """Return the pattern of Chinese, Japanese and Korean signs."""
    return re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003134f]")


def _of_text(text: str) -> float:
    """Return about how many tokens a text takes."""
    beyond = len(_beyond_latin().findall(text)) if not text.isascii() else 0
    ideograms = len(_ideograms().findall(text)) if beyond else 0
    count = (len(text) - beyond) / _LETTERS_PER_TOKEN + ideograms / _SIGNS_PER_TOKEN
    return count + (beyond - ideograms) / _OTHERS_PER_TOKEN


def _turns(row: Mapping[str, Any]) -> int:
    """Return how many turns a canonical row has, around which a chat template writes."""
    return sum(len(value) for value in row.values() if isinstance(value, list))


def tokens_of(row: Mapping[str, Any]) -> int:
    """Return about how many tokens a canonical row takes; the longer answer counts where there are two."""
    return round(_of_text(text_of(row))) + _TURN_TOKENS * _turns(row)


def _basis(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what lengths are told from for a base: those of each text without the template, and some of the texts.

    {"rows": [tokens of the text, turns] each, "turn": tokens of a turn, "texts", "texts_tokens"}; tokens by the same
    rule, which a base's own vocabulary may correct. The texts are those of all rows where that is little, else the
    beginnings of some.
    """
    texts = [text_of(row) for row in rows]
    some = texts
    if sum(map(len, texts)) > _WHOLE_LETTERS:
        some = texts[:: -(-len(texts) // _SAMPLED_ROWS)]
        some = [text[: _SAMPLE_LETTERS // len(some)] for text in some]
    sizes = [[round(_of_text(text), 1), _turns(row)] for text, row in zip(texts, rows, strict=True)]
    return {"rows": sizes, "turn": _TURN_TOKENS, "texts": some, "texts_tokens": sum(map(_of_text, some))}


@dataclass(frozen=True)
class _Some:
    """Some rows of a member."""

    rows: list[dict[str, Any]]
    number: float
    """How many rows the member has, about."""
    exact: bool
    """Whether these are all of its rows."""
    longest: int = 0
    """Bytes that its longest row has at least, as far as more is known than the rows show."""


def _stored(member: Member) -> int:
    """Return the bytes a member takes on the disk."""
    return member.size if member.size >= 0 else member.origin.stat().st_size


def _some(member: Member, budget: int, most: int) -> _Some:
    """Return some rows of a member; raises Unreadable when it cannot be read."""
    if is_long_json_lines(member, budget):
        found = looked(member, _WINDOWS, budget // _WINDOWS)
        rows = found.rows[:: max(1, -(-len(found.rows) // most))]
        if len(rows) >= _WINDOWS:
            return _Some(rows, found.number, False, found.longest)
    rows, taken = [], 0
    records, stored = readers.read(member), _stored(member)
    for record in records:
        if isinstance(record, Record):
            if taken >= budget or len(rows) >= most:
                if stored <= COUNTED_BYTES and (rest := _counted(records)) is not None:
                    return _Some(rows, len(rows) + 1 + rest, False)
                # Arrays are as long on the disk as they are here; other containers pack rows more or less tightly.
                return _Some(rows, len(rows) * max(stored / max(taken, 1), 1.0), False)
            rows.append(record.value)
            taken += len(orjson.dumps(record.value, default=str)) + 1
    return _Some(rows, len(rows), True)


def _counted(records: Iterator[Record | BadRecord]) -> int | None:
    """Return how many rows are left of a member, None where it cannot be read to its end."""
    try:
        return sum(isinstance(record, Record) for record in records)
    except Unreadable:
        return None


@dataclass(frozen=True)
class _Looked:
    """What was seen of some data."""

    rows: list[dict[str, Any]]
    """As the files have them."""
    members: list[Member]
    chosen: list[Member]
    """The members that were opened."""
    exact: bool
    """Whether these are all rows."""
    number: int
    """How many rows there are, exactly or about."""
    longest: int
    """Bytes that the longest row has at least, as far as more is known than the rows show."""
    method: str
    curation: dict[str, Any]
    """Settings of the plan that they follow, {} without one."""
    aside: bool = False
    """Whether there are files beside them that are held out."""


def _look(paths: Sequence[str], method: str, most_bytes: int, most_rows: int) -> _Looked:
    """Return what is in about so many bytes of rows, spread over the files; raises UsageError when nothing is."""
    curation: dict[str, Any] = {}
    if len(paths) == 1 and paths[0].endswith(".json"):
        from workbench.data import plan as plans  # the only kind of file that may be one

        if plans.is_plan(expanded(paths[0])):
            plan = plans.load(expanded(paths[0]))
            paths, method, curation = list(plan.paths), method or plan.method, plan.curation.to_json()
    absolute = [Path(expanded(path)).absolute() for path in paths]
    if len(absolute) == 1:
        several = [readers.listing(absolute[0]).members]
    else:
        from workbench.data import sources  # which finds what is named twice, and takes its time to import

        several, _ = sources.listed([str(path) for path in absolute])
    every = [member for found in several for member in found]
    members = [member for member in every if not member.held_out]
    if not members:
        raise UsageError("All of the data is held out; give some to learn from.")
    chosen = members if len(members) <= MOST_MEMBERS else members[:: -(-len(members) // MOST_MEMBERS)]
    budget = max(most_bytes // len(chosen), 1 << 15)
    rows: list[dict[str, Any]] = []
    stored, number, longest = 0, 0.0, 0
    exact = len(chosen) == len(members)
    last: Unreadable | None = None
    for member in chosen:
        try:
            found = _some(member, budget, most_rows)
        except Unreadable as error:
            last = error
            continue
        rows += found.rows
        number += found.number
        longest = max(longest, found.longest)
        stored += _stored(member)
        exact = exact and found.exact
    if not rows:
        raise UsageError(str(last) if last is not None else "There are no rows in it; give a file that holds some.")
    if not exact:
        number *= sum(map(_stored, members)) / max(stored, 1)
        if all(member.kind in kinds.PROSE for member in chosen) and len(members) > len(chosen):
            number = max(len(rows) / len(chosen) * len(members), len(members))
    aside = len(members) < len(every)
    return _Looked(rows, members, chosen, exact, max(round(number), len(rows)), longest, method, curation, aside)


def excerpt(
    paths: Sequence[str], method: str, format: str = "", columns: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Return some canonical rows of data for a method, however much of it there is: of an excerpt, all usable ones.

    Raises UsageError when nothing in it can be learnt from.
    """
    seen = _look(paths, method, EXCERPT_BYTES, EXCERPT_ROWS)
    return _canonical(seen.rows, method, format, columns)[0]


def glance(argument: Mapping[str, Any]) -> dict[str, Any]:
    """Return what {"paths", "method"?, "format"?, "columns"?} seems to hold; the target of a probe.

    {"method", "suggested", "why", "format", "columns": role to column, "alternatives", "rows", "about", "articles",
    "lengths": {"mean", "p50", "p90", "p99", "max"}, "basis" of these, with the "longest" known, "characters",
    "curation": settings of the plan that the data is, or {}, "aside": whether a file of it is held out}; lengths are
    in tokens, estimated. "suggested" is what the rows suggest, whatever was asked for. "rows" is exact unless "about".

    Raises UsageError when nothing in it can be learnt from.
    """
    seen = _look(argument["paths"], argument.get("method", ""), MOST_BYTES, 4 * MOST_ROWS)
    told = _told(seen, argument.get("format", ""), argument.get("columns") or None)
    return told | {"curation": seen.curation, "aside": seen.aside}


def _converted(
    rows: list[dict[str, Any]], method: str, layout: Layout
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return (canonical rows for a method of rows of a layout, those that are refused)."""
    convert = account.converter(layout, "", type_for(method, layout), canonical.Tally())
    outcomes = [(row, convert(row)) for row in rows]
    made = [one for _, one in outcomes if not isinstance(one, canonical.Rejected)]
    return made, [row for row, one in outcomes if isinstance(one, canonical.Rejected)]


def _canonical(
    few: list[dict[str, Any]], method: str, format: str, columns: Mapping[str, str] | None
) -> tuple[list[dict[str, Any]], detect.Detection, str]:
    """Return (rows as canonical ones, what they were found to be, the method they are for)."""
    detection = detect.detect(few, format=format, columns=columns)
    if detection.layout is None:
        problem = next(iter(detection.problems), "no known layout fits its rows")
        raise UsageError(f"Nothing can be learnt from it: {problem.rstrip('.')}; see `workbench inspect`.")
    method = method or detection.method
    if method not in canonical.TYPE_OF_METHOD:
        raise UsageError(f"There is no method {method!r}; known are {', '.join(canonical.TYPE_OF_METHOD)}.")
    made, rest = _converted(few, method, detection.layout)
    if rest and method in BESIDE and (other := detect.detect(rest).layout) is not None:
        made += _converted(rest, method, other)[0]
    if not made:
        raise UsageError(f"Method {method} cannot learn from these rows; the data suits {detection.method}.")
    return made, detection, method


def _told(seen: _Looked, format: str, columns: Mapping[str, str] | None) -> dict[str, Any]:
    """Return the glance of what was seen."""
    few = seen.rows[:: -(-len(seen.rows) // MOST_ROWS)]
    made, detection, method = _canonical(few, seen.method, format, columns)
    lengths = sorted(map(tokens_of, made))
    usable = len(made) / len(few)
    basis = _basis(made) | {"longest": seen.longest / _LETTERS_PER_TOKEN}
    return {
        "method": method,
        "suggested": detection.method,
        "why": list(detection.reasons),
        "format": detection.layout.format if detection.layout is not None else "",
        "columns": dict(detection.columns),
        "alternatives": list(detection.alternatives),
        "rows": round(seen.number * usable),
        "about": not seen.exact,
        "articles": type_for(method, detection.layout) == "text",
        "lengths": {
            "mean": sum(lengths) / len(lengths),
            "p50": lengths[len(lengths) // 2],
            "p90": lengths[len(lengths) * 9 // 10],
            "p99": lengths[min(len(lengths) - 1, int(0.99 * len(lengths)))],
            "max": max(lengths[-1], round(basis["longest"])),
        },
        "basis": basis,
        "characters": sum(map(characters, made)) / len(made),
    }
