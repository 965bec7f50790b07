"""CSV and TSV: records of named cells, every cell the text it is in the file.

Owns the choice of the delimiter and the recovery from a quote that is never closed. Must not know what a column means.
"""

from __future__ import annotations

import csv
import itertools
from collections import deque
from collections.abc import Iterator

from workbench.data.readers.member import Member
from workbench.data.readers.records import MAX_RECORD_BYTES, TOO_LONG, BadRecord, Record
from workbench.data.readers.source import Source, open_source

DELIMITERS = (",", "\t", ";", "|")
NO_DELIMITER = "\x1f"
"""The delimiter of a table of one column, in which a comma is text: the unit separator, which text does not hold."""
MAX_RECOVERIES = 100
"""Faulty quotes after which the rest of a file is refused: each costs a second reading of what follows."""
UNCLOSED = "a quote is never closed"
_STRAY = "a quote or a line end stands in the middle of a cell"
_FAULTS = (("unexpected end of data", UNCLOSED), ("field limit", TOO_LONG))
"""Part of the csv module's message → reason."""
_TOO_DEEP = "not read, because too many quotes before it are faulty"


def sniff_delimiter(head: bytes) -> str:
    """Return the delimiter under which most records of the head have as many cells as the header, two or more.

    Among equals the one that gives more cells wins; a table in which none gives two cells has one column.
    """
    text = head.decode("utf-8", "ignore")
    lines = text.splitlines(keepends=True)
    # The last line of the head may be cut in its middle.
    lines = lines[:-1] if len(lines) > 1 and not text.endswith("\n") else lines
    best = (0.0, 1, NO_DELIMITER)
    for delimiter in DELIMITERS:
        try:
            records = [record for record in csv.reader(lines, delimiter=delimiter) if record]
        except csv.Error:
            continue
        if records and (width := len(records[0])) > 1:
            share = sum(len(record) == width for record in records) / len(records)
            best = max(best, (share, width, delimiter), key=lambda found: found[:2])
    return best[2]


class _Lines:
    """The decoded lines of a table, with those of the record being read kept, so that they can be read again."""

    def __init__(self, source: Source) -> None:
        self._raw = source.lines()
        self._again: deque[tuple[int, str | None, str]] = deque()
        self.taken: list[tuple[int, str | None, str]] = []

    def _next(self) -> tuple[int, str | None, str]:
        """Return (number, text, "") of the next line, or (number, None, reason) for one that is no text."""
        if self._again:
            return self._again.popleft()
        number, raw = next(self._raw)
        if raw is None:
            return number, None, TOO_LONG
        try:
            return number, raw.decode("utf-8") + "\n", ""
        except UnicodeDecodeError:
            return number, None, "not valid UTF-8"

    def __iter__(self) -> Iterator[str]:
        size = sum(len(text or "") for _, text, _ in self.taken)
        while True:
            try:
                line = self._next()
            except StopIteration:
                return
            self.taken.append(line)
            if line[1] is None:
                return
            size += len(line[1])
            if size > MAX_RECORD_BYTES:
                return
            yield line[1]

    def give_back(self, lines: list[tuple[int, str | None, str]]) -> None:
        """Let these lines be the next ones again."""
        self._again.extendleft(reversed(lines))


def _records(source: Source, delimiter: str) -> Iterator[tuple[int, list[str], str]]:
    """Yield (line, cells, "") of each record, or (line, [], reason); blank lines are no records."""
    csv.field_size_limit(MAX_RECORD_BYTES)
    lines, recoveries = _Lines(source), 0
    while True:
        lines.taken = []
        try:
            cells = next(csv.reader(iter(lines), delimiter=delimiter, strict=True))
        except StopIteration:
            if not lines.taken:
                return
            # The only line taken is one that is no text.
            yield lines.taken[0][0], [], lines.taken[0][2] or TOO_LONG
            continue
        except csv.Error as error:
            first, *rest = lines.taken
            reason = next((why for part, why in _FAULTS if part in str(error)), _STRAY)
            if rest:
                recoveries += 1
                if recoveries > MAX_RECOVERIES:
                    reason = _TOO_DEEP
                    yield from (
                        (number, [], bad or reason) for number, text, bad in lines.taken if bad or (text or "").strip()
                    )
                    continue
            lines.give_back(rest)
            yield first[0], [], reason
            continue
        if cells:
            yield lines.taken[0][0], cells, ""


_LONGEST_NAME = 60
_SENTENCE_ENDS = (".", "?", "!", ";", "。", "？", "！", "؟")


def is_header(cells: list[str]) -> bool:
    """Return whether the first record names the columns: short names, none of them a number or a sentence."""
    names = [cell.strip() for cell in cells if cell.strip()]
    return (
        bool(names)
        and all(len(name) <= _LONGEST_NAME and "\n" not in name and not name.endswith(_SENTENCE_ENDS) for name in names)
        and not any(name.replace(".", "", 1).lstrip("+-").isdigit() for name in names)
    )


def columns_of(cells: list[str]) -> list[str]:
    """Return a name for each column: the header's, its number where there is none, and a number behind one used before."""
    names: list[str] = []
    for number, cell in enumerate(cells, 1):
        name = cell.strip() or f"column_{number}"
        names.append(name if name not in names else f"{name}_{number}")
    return names


def read_table(member: Member) -> Iterator[Record | BadRecord]:
    """Yield the records of a CSV or TSV file as column → text; the first record names the columns if it looks like it.

    Columns without a name are called column_1 and so on. A record with more or fewer cells than there are columns is
    bad. Raises Unreadable.
    """
    source = open_source(member)
    delimiter = "\t" if source.suffix == ".tsv" else sniff_delimiter(source.head)
    records = _records(source, delimiter)
    first = next(records, None)
    while first is not None and first[2]:
        yield BadRecord(source.name, first[0], first[2])
        first = next(records, None)
    if first is None:
        return
    line, cells, _ = first
    header = is_header(cells)
    names = columns_of(cells) if header else [f"column_{number}" for number in range(1, len(cells) + 1)]
    for line, cells, bad in records if header else itertools.chain([first], records):
        if bad or len(cells) != len(names):
            yield BadRecord(
                source.name, line, bad or f"{'more' if len(cells) > len(names) else 'fewer'} cells than columns"
            )
        else:
            yield Record(source.name, line, dict(zip(names, cells, strict=True)))
