"""A glance: what some data is and about how long its rows are, from a small part of it, in a fraction of a second.

Owns `glance`, the target of the probe that a plan asks. Must not know models: tokens are estimated from the letters.
What a survey finds out by reading everything is estimated here, and says so; a run looks again, at all of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from workbench.core.errors import UsageError
from workbench.core.paths import expanded
from workbench.data import account, canonical, detect, readers, sources
from workbench.data.curate.texts import characters, text_of
from workbench.data.plan import is_plan
from workbench.data.plan import load as load_plan
from workbench.data.readers import kinds
from workbench.data.readers.member import Member
from workbench.data.readers.records import Record, Unreadable

MOST_BYTES = 1 << 20
"""Bytes of rows that are looked at in all."""
MOST_ROWS = 400
MOST_MEMBERS = 12
"""Files of a folder that are opened, spread over it."""
_WINDOWS = 8

_LETTERS_PER_TOKEN = 4.0
"""Letters of Latin script a token stands for in vocabularies of 100,000 tokens and more: OpenAI's rule of thumb for
English; other languages in that script take a little more."""
_SIGNS_PER_TOKEN = 1.5
"""The same for Chinese, Japanese and Korean, about."""
_OTHERS_PER_TOKEN = 2.5
"""The same for Cyrillic, Arabic, Greek, Hindi and other scripts, about."""
_IDEOGRAMS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003134f]")
_BEYOND_LATIN = re.compile(r"[^\x00-\u024f]")
_TURN_TOKENS = 5
"""Tokens a chat template writes around a turn, about."""


def tokens_of(row: Mapping[str, Any]) -> int:
    """Return about how many tokens a canonical row takes; the longer answer counts where there are two."""
    text = text_of(row)
    beyond = len(_BEYOND_LATIN.findall(text)) if not text.isascii() else 0
    ideograms = len(_IDEOGRAMS.findall(text)) if beyond else 0
    count = (len(text) - beyond) / _LETTERS_PER_TOKEN + ideograms / _SIGNS_PER_TOKEN
    count += (beyond - ideograms) / _OTHERS_PER_TOKEN
    turns = sum(len(value) for value in row.values() if isinstance(value, list))
    return round(count) + _TURN_TOKENS * turns


def _some(member: Member, budget: int) -> tuple[list[dict[str, Any]], int, bool]:
    """Return (some rows of a member, the bytes they take, whether these are all of its rows)."""
    if sources.is_long_json_lines(member, budget):
        rows = list(islice(sources.windows(member, _WINDOWS, budget // _WINDOWS), 4 * MOST_ROWS))
        if len(rows) >= _WINDOWS:
            return rows, sum(len(orjson.dumps(row)) + 1 for row in rows), False
    rows, taken = [], 0
    for record in readers.read(member):
        if isinstance(record, Record):
            if taken >= budget or len(rows) >= 4 * MOST_ROWS:
                return rows, taken, False
            rows.append(record.value)
            taken += len(orjson.dumps(record.value, default=str)) + 1
    return rows, taken, True


def glance(argument: Mapping[str, Any]) -> dict[str, Any]:
    """Return what {"paths", "method"?, "format"?, "columns"?} seems to hold; the target of a probe.

    {"method", "why", "alternatives", "rows", "about", "articles", "lengths": {"mean", "p50", "p99", "max"}}; lengths
    are in tokens, estimated. "rows" is exact unless "about". Raises UsageError when nothing in it can be learnt from.
    """
    paths, method = argument["paths"], argument.get("method", "")
    format, columns = argument.get("format", ""), argument.get("columns") or None
    if len(paths) == 1 and is_plan(expanded(paths[0])):
        plan = load_plan(expanded(paths[0]))
        paths, method = list(plan.paths), method or plan.method
    members = []
    for path in paths:
        listed = readers.listing(Path(expanded(path)).absolute()).members
        members += [member for member in listed if not member.held_out]
    if not members:
        raise UsageError("All of the data is held out; give some to learn from.")
    chosen = members if len(members) <= MOST_MEMBERS else members[:: -(-len(members) // MOST_MEMBERS)]
    budget = max(MOST_BYTES // len(chosen), 1 << 15)
    rows: list[dict[str, Any]] = []
    stored = seen = 0
    exact = len(chosen) == len(members)
    last: Unreadable | None = None
    for member in chosen:
        try:
            found, taken, whole = _some(member, budget)
        except Unreadable as error:
            last = error
            continue
        rows += found
        seen += taken
        stored += member.size if member.size >= 0 else member.origin.stat().st_size
        exact = exact and whole
    if not rows:
        raise UsageError(str(last) if last is not None else "There are no rows in it; give a file that holds some.")
    return _told(rows, members, chosen, exact, (stored, seen), method, format, columns)


def _told(
    rows: list[dict[str, Any]], members: list[Member], chosen: list[Member], exact: bool, sizes: tuple[int, int],
    method: str, format: str, columns: Mapping[str, str] | None,
) -> dict[str, Any]:  # fmt: skip
    """Return the glance of some rows."""
    few = rows[:: -(-len(rows) // MOST_ROWS)]
    detection = detect.detect(few, format=format, columns=columns)
    if detection.layout is None:
        problem = next(iter(detection.problems), "no known layout fits its rows")
        raise UsageError(f"Nothing can be learnt from it: {problem.rstrip('.')}; see `workbench inspect`.")
    method = method or detection.method
    if method not in canonical.TYPE_OF_METHOD:
        raise UsageError(f"There is no method {method!r}; known are {', '.join(canonical.TYPE_OF_METHOD)}.")
    kind = canonical.TYPE_OF_METHOD[method]
    convert = account.converter(detection.layout, "", kind, canonical.Tally())
    made = [row for row in map(convert, few) if not isinstance(row, canonical.Rejected)]
    if not made:
        raise UsageError(f"Method {method} cannot learn from these rows; the data suits {detection.method}.")
    lengths = sorted(map(tokens_of, made))
    usable = len(made) / len(few)
    number, about = len(rows), not exact
    if about:
        stored, seen = sizes
        whole = sum(max(member.size, 0) or member.origin.stat().st_size for member in members)
        # JSON lines are as long on the disk as they are here; other containers pack their rows more or less tightly.
        number = max(number, round(number * whole / max(min(seen, stored), 1)))
        if all(member.kind in kinds.PROSE for member in chosen) and len(members) > len(chosen):
            number = max(round(len(rows) / len(chosen) * len(members)), len(members))
    return {
        "method": method,
        "why": list(detection.reasons),
        "alternatives": list(detection.alternatives),
        "rows": round(number * usable),
        "about": about,
        "articles": kind == "text",
        "lengths": {
            "mean": sum(lengths) / len(lengths),
            "p50": lengths[len(lengths) // 2],
            "p99": lengths[min(len(lengths) - 1, int(0.99 * len(lengths)))],
            "max": lengths[-1],
        },
        "characters": sum(map(characters, made)) / len(made),
    }
