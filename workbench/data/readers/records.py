"""What a reader yields, and the limits every reader keeps.

Owns `Record`, `BadRecord`, `Unreadable`, the parsing of one JSON value and the sizes. Must not know any container.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from workbench.core.errors import UsageError
from workbench.core.text import one_line

MAX_RECORD_BYTES = 64 * 2**20
"""Longest record in bytes of UTF-8; a longer one is passed over without being kept in memory."""
BAD_TEXT = "not valid UTF-8"
TOO_DEEP = "nested too deeply"
TOO_LONG = f"the record is longer than {MAX_RECORD_BYTES // 2**20} MiB"


class Unreadable(UsageError):
    """A file as a whole cannot be read: missing, forbidden, no text, or in an unknown encoding."""


class Record(NamedTuple):
    """One row as its file holds it."""

    source: str
    """The file, fit to be shown."""
    line: int
    """Line of the file at which the record begins, from 1; the row's number where lines say nothing."""
    value: dict[str, Any]
    held_out: bool = False
    """It stands under a key that says validation or test, beside one of rows to learn from."""
    document: int = 0
    """Number, within its file, of the document that a text is a part of: neighbours with the same one belong together.
    Of prose only; elsewhere it says nothing."""


class BadRecord(NamedTuple):
    """One record that could not be read."""

    source: str
    line: int
    reason: str
    """One phrase, the same for all records with the same fault."""


def shown(path: Path | str | bytes) -> str:
    """Return a path as text that can be printed and written to JSON, whatever bytes its name holds."""
    return one_line(os.fsencode(path).decode("utf-8", "replace"))


_SURROGATE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_NOT_FINITE = re.compile(rb"[\s:,\[](?:-?Infinity|NaN|nan|-?inf)\b")


def parse_json(raw: bytes) -> tuple[Any, str]:
    """Return (value, "") of one JSON text, or (None, reason).

    Numbers and strings stay what they are; an escaped half of a surrogate pair, which no text can hold, becomes U+FFFD.
    NaN, Infinity and nesting deeper than 1024 are refused.
    """
    try:
        return orjson.loads(raw), ""
    except orjson.JSONDecodeError as error:
        message = str(error)
    if b"\\u" in raw:
        try:
            return orjson.loads(_SURROGATE.sub(lambda m: rb"\ufffd" if m[1] else m[0], raw)), ""
        except orjson.JSONDecodeError as error:
            message = str(error)
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return None, BAD_TEXT
    if "depth limit" in message:
        return None, TOO_DEEP
    if _NOT_FINITE.search(b" " + raw):
        return _not_finite(raw)
    if "unexpected end" in message:
        return None, "JSON that is cut off"
    return None, "not valid JSON"


def _not_finite(raw: bytes) -> tuple[Any, str]:
    """Return a value whose numbers are missing where it says NaN, as frames write it; Infinity is refused."""

    def missing(name: str) -> None:
        if name != "NaN":
            raise ValueError

    try:
        return json.loads(raw, parse_constant=missing), ""
    except (ValueError, RecursionError):
        return None, "NaN or Infinity, which JSON does not have"


def as_record(source: str, line: int, value: Any, held_out: bool = False) -> Record | BadRecord:
    """Return one parsed JSON value as a row: an object as it is, a string as a text, a list as turns."""
    if isinstance(value, dict):
        return Record(source, line, value, held_out)
    if isinstance(value, str):
        return Record(source, line, {"text": value}, held_out)
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return Record(source, line, {"messages": value}, held_out)
    if isinstance(value, list) and len(value) > 1 and all(isinstance(item, str) for item in value):
        return Record(source, line, {"dialog": value}, held_out)
    return BadRecord(source, line, "the row is neither an object, a text nor a list of turns")


def json_record(source: str, line: int, raw: bytes | None) -> Record | BadRecord:
    """Return the row in one JSON text, a comma after it allowed; None stands for a text beyond the size limit."""
    if raw is None:
        return BadRecord(source, line, TOO_LONG)
    value, reason = parse_json(raw)
    if reason and raw.rstrip().endswith(b","):
        value, reason = parse_json(raw.rstrip()[:-1])
    return BadRecord(source, line, reason) if reason else as_record(source, line, value)
