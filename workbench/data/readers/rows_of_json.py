"""JSON and JSON lines: which of the two a file is, and its rows one by one.

Owns the splitting of a top-level array into its elements, so that a long array needs no more memory than its longest
element and a bad element costs only itself. Must not know what a row means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from workbench.data.readers.member import Member
from workbench.data.readers.records import (
    MAX_RECORD_BYTES,
    TOO_LONG,
    BadRecord,
    Record,
    Unreadable,
    as_record,
    json_record,
    parse_json,
)
from workbench.data.readers.source import Source, open_source

ROW_KEYS = (
    "data", "train", "rows", "examples", "training", "training_data", "items", "records", "instances", "dataset",
    "samples", "entries",
)  # fmt: skip
"""Keys under which an object holds its list of rows, on one level or two."""
_TURN_KEYS = frozenset({"messages", "conversations", "conversation", "turns", "dialogue", "dialog", "chat"})
_LONG_NESTED = re.compile(rb'(\s*\{\s*"(?:data|train|rows|examples|training_data|items|records|instances)"\s*:\s*)\[')
"""The beginning of an object that holds its rows in its first key, which are then read one by one."""
MAX_DOCUMENT_BYTES = 2**27
"""Largest file that is one JSON object: it has to be parsed in one piece."""
_SAMPLED_LINES = 20
_LINE_SUFFIXES = (".jsonl", ".ndjson")
_SPACE = b" \t\r\n"

_STRUCTURE = re.compile(rb'["\[\]{},]')
_IN_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)


def is_json_lines(head: bytes, suffix: str) -> bool:
    """Return whether a file holds one JSON value per line, judged by its first complete lines.

    Most of them must be a whole value. Where the lines decide nothing, the suffix does. A first line that only opens an
    array or an object says that the file is one value, spread over its lines.
    """
    lines = [line.strip() for line in head.split(b"\n")]
    complete = [line for line in lines[:-1] if line][:_SAMPLED_LINES]
    whole = sum(isinstance(parse_json(line)[0], dict | list | str) for line in complete)
    first = next((line for line in lines if line), b"")
    more = len([line for line in lines if line]) > 1
    if first == b"{" or (first.startswith(b"[") and not (more and isinstance(parse_json(first)[0], list))):
        return False
    return (more and 2 * whole > len(complete)) or suffix in _LINE_SUFFIXES


def array_elements(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Yield (line, JSON text) of each element of a top-level array; None stands for one beyond the size limit.

    `chunks` is UTF-8 and begins with the array, white space allowed. What follows the array is yielded as one more
    element, so that nothing is lost; an array that is cut off yields its last piece as it is.
    """
    depth, in_string, escaped = -1, False, False
    parts: list[bytes] = []
    # `line` is where the element's bytes begin, `lead` the newlines before the first of them that is no white space.
    size, line, lead = 0, 1, 0

    def take() -> Iterator[tuple[int, bytes | None]]:
        """Yield the collected element, unless it is blank, and begin the next one."""
        nonlocal parts, size, line, lead
        raw = b"".join(parts)
        if size:
            yield line + lead, None if size > MAX_RECORD_BYTES else raw.rstrip(_SPACE)
        line += lead + raw.count(b"\n")
        parts, size, lead = [], 0, 0

    def keep(piece: bytes) -> None:
        """Add a piece to the element, or only its newlines once it is beyond the limit."""
        nonlocal parts, size, lead
        if not size:
            begun = piece.lstrip(_SPACE)
            lead += piece.count(b"\n", 0, len(piece) - len(begun))
            piece = begun
        size += len(piece)
        parts.append(piece)
        if size > MAX_RECORD_BYTES:
            parts = [b"\n" * sum(part.count(b"\n") for part in parts)]

    for chunk in chunks:
        position = start = 0
        while position < len(chunk):
            if escaped:
                escaped, position = False, position + 1
            elif in_string:
                found = _IN_STRING.match(chunk, position)
                position = found.end() if found else position
                if position < len(chunk):
                    in_string, escaped = chunk[position : position + 1] != b'"', chunk[position : position + 1] == b"\\"
                    position += 1
            else:
                mark = _STRUCTURE.search(chunk, position) if depth > -2 else None
                if mark is None:
                    break
                position = mark.end()
                char = mark.group()
                if char == b'"':
                    in_string = True
                elif char in b"[{":
                    depth += 1
                    if depth == 0:
                        line += chunk.count(b"\n", start, position)
                        start = position
                elif depth == 0 and char in b",]}":
                    keep(chunk[start : mark.start()])
                    yield from take()
                    start = position
                    # The array is closed: nothing after it is structure any more.
                    depth = 0 if char == b"," else -2
                elif char in b"]}":
                    depth -= 1
        keep(chunk[start:])
    yield from take()


def _is_rows(value: Any) -> bool:
    """Return whether a value is a list of rows: of objects, or of texts."""
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _is_row_like(value: dict[str, Any]) -> bool:
    """Return whether an object is one row itself, by a key under which rows and not tables keep a list."""
    return any(key.lower() in _TURN_KEYS and _is_rows(item) for key, item in value.items())


def _columns(value: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return the rows of a table given column by column, as lists or as objects of row number → cell; else None."""
    cells = list(value.values())
    if len(cells) < 2:
        return None
    if all(isinstance(column, list) and len(column) == len(cells[0]) for column in cells) and len(cells[0]) > 1:
        if any(_is_rows(column) for column in cells[1:]) and not any(isinstance(item, str) for item in cells[0][:1]):
            return None
        return [dict(zip(value, row, strict=True)) for row in zip(*cells, strict=True)]
    if all(isinstance(column, dict) and column.keys() == cells[0].keys() for column in cells) and cells[0]:
        if all(number.isdigit() for number in cells[0]):
            return [{name: column[number] for name, column in value.items()} for number in cells[0]]
    return None


def rows_in(value: dict[str, Any], levels: int = 2) -> list[Any] | None:
    """Return the rows inside an object, or None when it is one row itself.

    It may hold them under one of `ROW_KEYS`, under whatever key has the only list of objects, column by column, or as
    an object of id → row.
    """
    for key in ROW_KEYS:
        found = value.get(key)
        if isinstance(found, list) and found and not _columns(value):
            return found
        if levels and isinstance(found, dict) and (rows := rows_in(found, levels - 1)) is not None:
            return rows
    if _is_row_like(value):
        return None
    if (rows := _columns(value)) is not None:
        return rows
    lists = [item for item in value.values() if _is_rows(item)]
    if len(lists) == 1 and len(lists[0]) > 1:
        return lists[0]
    items = list(value.values())
    if len(items) > 1 and all(isinstance(item, dict) for item in items):
        shared = set.intersection(*(set(item) for item in items))
        if shared:
            return items
    return None


def _object(source: Source) -> Iterator[Record | BadRecord]:
    """Yield the rows of a member that is one JSON value other than an array; an object without rows is a row."""
    whole = bytearray()
    for chunk in source.chunks():
        whole += chunk
        if len(whole) > MAX_DOCUMENT_BYTES:
            limit = MAX_DOCUMENT_BYTES // 2**20
            raise Unreadable(f"{source.name} is one JSON object of more than {limit} MiB; convert it to JSON lines.")
    value, reason = parse_json(bytes(whole))
    if reason:
        yield BadRecord(source.name, 1, reason)
        return
    rows = rows_in(value) if isinstance(value, dict) else None
    if rows is None:
        yield as_record(source.name, 1, value)
        return
    for number, row in enumerate(rows, 1):
        yield as_record(source.name, number, row)


def _from_array(source: Source, first: bytes) -> Iterator[bytes]:
    """Yield the text of a source from the array on that follows `first`."""
    skipped = False
    for chunk in source.chunks():
        if not skipped:
            chunk, skipped = chunk[len(first) :], True
        yield chunk


def _nested(source: Source, head: bytes) -> Iterator[Record | BadRecord]:
    """Yield the elements of the array in which an object of any size holds its rows; what follows it is passed over."""
    for number, element in array_elements(_from_array(source, head)):
        # Behind the array the object ends, or goes on with its other keys.
        if element is not None and element[:1] in (b"}", b","):
            return
        yield json_record(source.name, number, element)


def read_json(member: Member) -> Iterator[Record | BadRecord]:
    """Yield the rows of a JSON or JSON-lines file; blank lines are no rows. Raises Unreadable."""
    source = open_source(member)
    if is_json_lines(source.head, source.suffix):
        for number, line in source.lines():
            if line is None:
                yield BadRecord(source.name, number, TOO_LONG)
            elif not line.isspace() and line:
                yield json_record(source.name, number, line)
    elif source.head.lstrip(_SPACE).startswith(b"["):
        for number, element in array_elements(source.chunks()):
            yield json_record(source.name, number, element)
    elif not source.is_short and (nested := _LONG_NESTED.match(source.head)):
        yield from _nested(source, nested.group(1))
    else:
        yield from _object(source)
