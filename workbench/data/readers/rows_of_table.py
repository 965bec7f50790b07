"""CSV and TSV: records of named cells, every cell the text it is in the file.

Owns the choice of the dialect and the recovery from a quote that is never closed. Must not know what a column means, or
how its name is found.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from workbench.data.readers.member import Member
from workbench.data.readers.records import BAD_TEXT, MAX_RECORD_BYTES, TOO_LONG, BadRecord, Record
from workbench.data.readers.source import Source, read_text_with
from workbench.data.readers.tables import SNIFFED_BYTES, Read, rows_of

NO_DELIMITER = "\x1f"
"""The delimiter of a table of one column, in which a comma is text: the unit separator, which text does not hold."""
MAX_SPAN = 2**14
"""Most lines that a record may take up; a quote that is open longer is taken for one that is never closed."""
MAX_RECOVERIES = 1000
"""Faulty quotes after which the rest of a file is refused: each costs a second reading of what follows."""
UNCLOSED = "a quote is never closed"
_STRAY = "a quote or a line end stands in the middle of a cell"
_FAULTS = (("unexpected end of data", UNCLOSED), ("field limit", TOO_LONG))
"""Part of the csv module's message → reason."""
_TOO_DEEP = "not read, because too many quotes before it are faulty"

_DECLARED = re.compile(rb"(?:#separator:|sep=)(\w+|.)\r?$", re.MULTILINE | re.IGNORECASE)
"""The first line by which flash-card programs and spreadsheets name the delimiter."""
_NAMED = {b"comma": ",", b"semicolon": ";", b"tab": "\t", b"pipe": "|", b"space": " ", b"colon": ":"}


@dataclass(frozen=True)
class Dialect:
    """How a table writes its records."""

    delimiter: str
    quoting: int = csv.QUOTE_MINIMAL
    """`QUOTE_NONE` where a quote is a character like any other."""
    escape: str | None = None
    """What stands before a quote inside a quoted cell; None where such a quote is written twice."""
    described: bool = False
    """Lines that begin with # or sep= stand before the records and say how they are written."""

    def reader(self, lines: Iterator[str], strict: bool) -> Iterator[list[str]]:
        """Return a reader of records; `strict` raises csv.Error for what the dialect does not allow."""
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quoting=self.quoting,  # type: ignore[arg-type]
            escapechar=self.escape,
            doublequote=self.escape is None,
            strict=strict,
        )


DIALECTS = (
    *(Dialect(delimiter) for delimiter in ",\t;|"),
    *(Dialect(delimiter, escape="\\") for delimiter in ",\t;|"),
    Dialect("\t", csv.QUOTE_NONE),
)
"""The dialects that are tried, in the order in which they win among equals."""


def _fit(dialect: Dialect, lines: list[str]) -> tuple[float, int]:
    """Return (share of the records that have as many cells as the first one, that number of cells)."""
    widths: list[int] = []
    faults = 0
    records = dialect.reader(iter(lines), strict=True)
    while True:
        try:
            record = next(records)
        except StopIteration:
            break
        except csv.Error:
            faults += 1
            continue
        if record:
            widths.append(len(record))
    if not widths or widths[0] < 2:
        return 0.0, 0
    return widths.count(widths[0]) / (len(widths) + faults), widths[0]


def sniff(head: bytes, suffix: str = "") -> Dialect:
    """Return the dialect of a table: the one it declares, or the one in which most records fit, two cells or more.

    Among equals the one that gives more cells wins; a table in which none gives two cells has one column.
    """
    if (declared := _DECLARED.match(head)) is not None:
        name = declared[1].lower()
        return Dialect(_NAMED.get(name) or name.decode("utf-8", "ignore")[:1] or ",", described=True)
    text = head[:SNIFFED_BYTES].decode("utf-8", "ignore")
    lines = text.split("\n")
    # The last line may be cut in its middle.
    lines = [f"{line}\n" for line in (lines[:-1] if len(lines) > 1 else lines)]
    best, fit = Dialect("\t" if suffix == ".tsv" else NO_DELIMITER), (0.0, 1)
    for dialect in DIALECTS:
        if dialect.escape and not ('\\"' in text and fit[0] < 1):
            continue
        if suffix == ".tsv" and dialect.delimiter != "\t":
            continue
        if (found := _fit(dialect, lines)) > fit:
            best, fit = dialect, found
    return best


class _Lines:
    """The decoded lines of a table, with those of the record being read kept, so that they can be read again."""

    def __init__(self, source: Source) -> None:
        self._raw = source.lines()
        self._again: deque[tuple[int, str | None, str]] = deque()
        self._size = 0
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
            return number, None, BAD_TEXT

    def begin(self) -> None:
        """Say that the next line begins a record."""
        self.taken, self._size = [], 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """Return the next line of the record; raises StopIteration where the record has to end."""
        if self.taken and (self.taken[-1][1] is None or self._size > MAX_RECORD_BYTES or len(self.taken) > MAX_SPAN):
            raise StopIteration
        line = self._next()
        self.taken.append(line)
        if line[1] is None:
            raise StopIteration
        self._size += len(line[1])
        return line[1]

    def give_back(self, lines: list[tuple[int, str | None, str]]) -> None:
        """Let these lines be the next ones again."""
        self._again.extendleft(reversed(lines))


def _records(source: Source, dialect: Dialect) -> Iterator[Read]:
    """Yield the records; blank lines are none."""
    csv.field_size_limit(MAX_RECORD_BYTES)
    lines, recoveries = _Lines(source), 0
    reader = dialect.reader(lines, strict=True)
    while True:
        lines.begin()
        try:
            cells = next(reader)
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


def _described(records: Iterator[Read]) -> tuple[list[str], Iterator[Read]]:
    """Return (names of the columns, records) after the lines that say how a table is written; [] for no names."""
    names: list[str] = []
    for line, cells, bad in records:
        start = cells[0].lower() if cells else ""
        if start.startswith("#columns:"):
            names = [cells[0][len("#columns:") :], *cells[1:]]
        elif not start.startswith(("#", "sep=")):
            return names, itertools.chain([(line, cells, bad)], records)
    return names, records


def _table(source: Source) -> Iterator[Record | BadRecord]:
    """Yield the records of a source."""
    dialect = sniff(source.head, source.suffix)
    given: list[str] = []
    records = _records(source, dialect)
    if dialect.described:
        given, records = _described(records)
    yield from rows_of(source.name, records, given)


def read_table(member: Member) -> Iterator[Record | BadRecord]:
    """Yield the records of a CSV or TSV file as column → text; the first record names the columns if it looks like it.

    Columns without a name are called column_1 and so on. A record with more or fewer cells than there are columns is
    bad. Raises Unreadable.
    """
    return read_text_with(_table, member)
