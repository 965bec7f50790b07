"""JSON and JSON lines: which of the two a member is, and its rows one by one.

Owns the ways in which a file of JSON holds rows: a value per line, one array, values one after the other, an object
with its rows somewhere inside. Must not know what a row means.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

import orjson

from workbench.data.readers import tables_of_json
from workbench.data.readers.json_pieces import Pieces
from workbench.data.readers.member import Member
from workbench.data.readers.records import BadRecord, Record, Unreadable, as_record, json_record, parse_json
from workbench.data.readers.source import Source, read_text_with

MAX_DOCUMENT_BYTES = 2**25
"""Largest object that is parsed in one piece; of a longer one, the list of rows is read one by one."""
_SAMPLED_LINES = 20
_LINE_SUFFIXES = (".jsonl", ".ndjson")
_SPACE = b" \t\r\n"


def is_json_lines(head: bytes, suffix: str) -> bool:
    """Return whether a file holds one JSON value per line, judged by its first complete lines.

    Most of them must be a whole value. Lines that end with a comma are lines of an array where the first one opens one.
    Where the lines decide nothing, the suffix does.
    """
    lines = [line.strip() for line in head.split(b"\n")]
    complete = [line for line in lines[:-1] if line][:_SAMPLED_LINES]
    first = next((line for line in lines if line), b"")
    more = len([line for line in lines if line]) > 1
    if more and 2 * _whole(complete) > len(complete):
        return True
    if first == b"{" or (first.startswith(b"[") and not (more and isinstance(parse_json(first)[0], list))):
        return False
    whole = _whole([line.rstrip(b",") for line in complete])
    if more and 2 * whole > len(complete):
        return True
    return suffix in _LINE_SUFFIXES and (whole > 0 or not (more and _begins_with_object(head)))


def _whole(lines: list[bytes]) -> int:
    """Return how many lines are a whole row each."""
    return sum(isinstance(parse_json(line)[0], dict | list | str) for line in lines)


def _begins_with_object(head: bytes) -> bool:
    """Return whether a text begins with a whole object, on however many lines."""
    _, raw, _ = Pieces([head]).value()
    return raw is not None and isinstance(parse_json(raw)[0], dict)


def array_elements(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Yield (line, JSON text) of each element of a top-level array; None stands for one beyond the size limit.

    `chunks` is UTF-8 and begins with the array, white space allowed. What follows the array is yielded as one more
    element, so that nothing is lost; an array that is cut off yields its last piece as it is.
    """
    pieces = Pieces(chunks)
    pieces.enter()
    yield from pieces.elements()
    yield from pieces.rest()


def _placed(elements: Iterable[tuple[int, bytes | None]]) -> Iterator[tuple[int, bytes | None]]:
    """Yield elements with their lines, or with their numbers where the first two stand on one line: there it tells
    nothing."""
    first, second = next(elements := iter(elements), None), next(elements, None)
    if first is None or second is None or first[0] != second[0]:
        yield from (element for element in (first, second) if element is not None)
        yield from elements
        return
    yield from enumerate((raw for _, raw in chain((first, second), elements)), 1)


def _lines(source: Source) -> Iterator[Record | BadRecord]:
    """Yield the rows of JSON lines; blank lines are no rows."""
    name, loads = source.name, orjson.loads
    for start, lines in source.blocks():
        for number, line in enumerate(lines, start):
            try:
                value = loads(line)  # type: ignore[arg-type]
            except ValueError:
                value = None
            if type(value) is dict:
                yield Record(name, number, value)
            elif line is None or line.strip():
                yield json_record(name, number, line)


def _object(source: Source) -> Iterator[Record | BadRecord]:
    """Yield the rows of a text that begins with an object."""
    begun: list[bytes] = []
    size, chunks = 0, source.chunks()
    for chunk in chunks:
        begun.append(chunk)
        size += len(chunk)
        if size > MAX_DOCUMENT_BYTES:
            yield from _long_object(source, Pieces(chain(begun, chunks)))
            return
    whole = b"".join(begun)
    begun.clear()
    value, reason = parse_json(whole)
    if reason:
        yield from _values(source, Pieces([whole]))
        return
    del whole
    found = tables_of_json.rows_in(value) if isinstance(value, dict) else None
    if found is None:
        yield as_record(source.name, 1, value)
        return
    parts = ((False, found.rows), (True, found.held_out))
    rows = ((held, one) for held, part in parts for row in part for one in tables_of_json.unfolded(row))
    for number, (held, row) in enumerate(rows, 1):
        yield as_record(source.name, number, row, held)


def _values(source: Source, pieces: Pieces) -> Iterator[Record | BadRecord]:
    """Yield values that follow each other without being an array: the way pretty-printed rows are concatenated."""
    while sign := pieces.peek():
        if sign == b",":
            pieces.enter()
            continue
        line, raw, _ = pieces.value()
        yield json_record(source.name, line, raw)


def _long_object(source: Source, pieces: Pieces) -> Iterator[Record | BadRecord]:
    """Yield the rows of an object too long to be parsed in one piece, or of several objects that follow each other.

    The rows are the objects in the lists on its first two levels, or the objects of a map of id → row. What stands
    beside them is passed over. Raises Unreadable when there are none.
    """
    found = 0
    if _is_concatenated(source.head):
        yield from _values(source, pieces)
        return
    for line, raw, held_out in tables_of_json.long_rows(pieces):
        found += 1
        record = json_record(source.name, line, raw)
        if isinstance(record, BadRecord):
            yield record
        else:
            yield from (as_record(source.name, line, row, held_out) for row in tables_of_json.unfolded(record.value))
    if not found:
        limit = MAX_DOCUMENT_BYTES // 2**20
        raise Unreadable(
            f"{source.name} is one JSON object of more than {limit} MiB without a list of rows; "
            "convert it to JSON lines."
        )


def _is_concatenated(head: bytes) -> bool:
    """Return whether a text begins with a whole object that another one follows."""
    pieces = Pieces([head])
    _, raw, _ = pieces.value()
    return raw is not None and pieces.peek() == b"{" and isinstance(parse_json(raw)[0], dict)


def _are_folded(head: bytes) -> bool:
    """Return whether the first line of JSON lines is questions with their answers below a heading."""
    return tables_of_json.is_folded(parse_json(head.strip().partition(b"\n")[0])[0])


def _unfolded(records: Iterable[Record | BadRecord]) -> Iterator[Record | BadRecord]:
    """Yield records, but the questions of each that is some below a heading as records of their own."""
    for record in records:
        if isinstance(record, Record) and tables_of_json.is_folded(record.value):
            for row in tables_of_json.unfolded(record.value):
                yield record._replace(value=row)
        else:
            yield record


def _rows(source: Source) -> Iterator[Record | BadRecord]:
    """Yield the rows of a source."""
    if is_json_lines(source.head, source.suffix):
        return _unfolded(_lines(source)) if _are_folded(source.head) else _lines(source)
    if source.head.lstrip(_SPACE).startswith(b"["):
        rows = (json_record(source.name, place, raw) for place, raw in _placed(array_elements(source.chunks())))
        return _unfolded(rows)
    return _object(source)


def read_json(member: Member) -> Iterator[Record | BadRecord]:
    """Yield the rows of a JSON or JSON-lines member; blank lines are no rows. Raises Unreadable."""
    return read_text_with(_rows, member)
