"""XLSX and XLSM: the rows of one sheet of a workbook, every cell the text a person sees in it.

Owns what a cell shows and where it stands. Must not know the sheets beside it, or how a column gets its name.

Dates are given as ISO 8601, a formula as the value stored with it or nothing, an error like #N/A as nothing; of merged
cells the first one has the value. Hidden rows and columns are read. Rows without anything in them are none.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from workbench.data.readers.cell_formats import PLAIN, shown
from workbench.data.readers.headers import MOST_RECORDS
from workbench.data.readers.member import Member
from workbench.data.readers.office import Event, Package, events, package
from workbench.data.readers.records import MAX_RECORD_BYTES, TOO_LONG, BadRecord, Record
from workbench.data.readers.tables import SNIFFED_BYTES, Read, rows_of
from workbench.data.readers.workbook import BUDGET_BYTES, WHAT, Book, book_of, rich_text, unescaped

MAX_COLUMNS = 16_384
MAX_LINE = 2**31
OUTSIDE = "a cell stands outside of what a sheet can be"
TWICE = "two cells stand in the same place"
NO_TEXT = "the text of a cell is missing from the workbook"

Found = tuple[int, dict[int, str], str]
"""Line of the sheet, number of a column → what its cell shows, or line, nothing and the reason why it is bad."""

_LETTERS = re.compile(r"[A-Z]{1,3}")
_SHOWN = {"1": "TRUE", "true": "TRUE", "0": "FALSE", "false": "FALSE"}
_MIDNIGHT = re.compile(r"T00:00(?::00(?:\.0+)?)?Z?$")


def _column(letters: str) -> int:
    """Return the number of a column, A being 1; 0 for one that cannot be."""
    if not _LETTERS.fullmatch(letters):
        return 0
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number if number <= MAX_COLUMNS else 0


def _line(text: str | None, before: int) -> int:
    """Return the number of a row that says it itself, or that follows another."""
    if text is not None and text.isascii() and text.isdecimal() and len(text) < 10 and before < int(text) < MAX_LINE:
        return int(text)
    return before + 1


def day_or_moment(text: str) -> str:
    """Return a date of ISO 8601 as it is shown: a day where the time is midnight."""
    return _MIDNIGHT.sub("", text.strip()).replace("T", " ")


class _Fault(Exception):
    """What is wrong with a row."""


def _text(kind: str, style: str, value: str, book: Book) -> str:
    """Return what a cell shows; raises _Fault."""
    if kind == "s":
        number = int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else -1
        size = book.strings.size(number)
        if size < 0:
            raise _Fault(NO_TEXT)
        if size > MAX_RECORD_BYTES:
            raise _Fault(TOO_LONG)
        book.archive.spend(size)
        return book.strings.text(number)
    if kind in ("str", "inlineStr"):
        return unescaped(value)
    if kind == "b":
        return _SHOWN.get(value.strip(), "")
    if kind == "e":
        return ""
    if kind == "d":
        return day_or_moment(value)
    number = int(style) if style.isascii() and style.isdecimal() and len(style) < 7 else 0
    return shown(value, book.forms[number] if number < len(book.forms) else PLAIN, book.since_1904)


def _rows(taken: Iterator[Event], book: Book) -> Iterator[Found]:
    """Yield the rows of a sheet that have something in them."""
    columns: dict[str, int] = {}
    line = column = size = aside = 0
    cells: dict[int, str] = {}
    bad = kind = style = value = ""
    in_row = in_cell = False
    pieces: list[str] = []
    for name, attributes, text in taken:
        if not in_row:
            if name == "row" and attributes is not None:
                in_row, line = True, _line(attributes.get("r"), line)
                cells, bad, column, size = {}, "", 0, 0
        elif name == "c" and attributes is not None:
            place = attributes.get("r")
            if place is None:
                column += 1
            else:
                letters = place.rstrip("0123456789")
                if letters not in columns and len(columns) < MAX_COLUMNS:
                    columns[letters] = _column(letters)
                column = columns.get(letters, 0)
            if not 0 < column <= MAX_COLUMNS:
                bad = bad or OUTSIDE
            kind, style = attributes.get("t", "n"), attributes.get("s", "")
            value, in_cell, pieces, aside = "", True, [], 0
        elif name == "c":
            in_cell = False
            if bad:
                continue
            try:
                value = rich_text(pieces) if pieces else _text(kind, style, value, book) if value else ""
                if value and column in cells:
                    raise _Fault(TWICE)
                size += len(value)
                if size > MAX_RECORD_BYTES:
                    raise _Fault(TOO_LONG)
                if value:
                    cells[column] = value
            except _Fault as fault:
                bad, cells = str(fault), {}
        elif name == "row" and attributes is None:
            in_row = False
            if bad or any(map(str.strip, cells.values())):
                yield line, cells, bad
        elif in_cell:
            if name == "v" and attributes is None:
                value = text
            elif name == "t" and attributes is None and not aside:
                pieces.append(text)
            elif name == "rPh":
                aside += 1 if attributes is not None else -1


def records(found: Iterator[Found], archive: Package) -> Iterator[Read]:
    """Yield the rows of a sheet as records with a cell for each column that the first rows have something in.

    What stands in other columns follows in the order in which it comes.
    """
    begun: list[Found] = []
    size = 0
    while size < SNIFFED_BYTES and len(begun) <= MOST_RECORDS and (row := next(found, None)) is not None:
        begun.append(row)
        size += sum(map(len, row[1].values()))
    first = sorted({column for _, cells, _ in begun for column in cells})
    places = {column: number for number, column in enumerate(first)}
    for line, cells, bad in itertools.chain(begun, found):
        for column in cells:
            places.setdefault(column, len(places))
        archive.spend(len(places))  # A row of one cell in a table of thousands is small in the file alone.
        record = [""] * (len(first) if all(places[column] < len(first) for column in cells) else len(places))
        for column, text in cells.items():
            record[places[column]] = text
        yield line, [] if bad else record, bad


def read_sheet(member: Member) -> Iterator[Record | BadRecord]:
    """Yield the rows of a sheet as column → text; see `tables.rows_of` for the names of the columns.

    Raises Unreadable for a workbook that is damaged or locked, or whose parts exceed the budgets.
    """
    with package(member, WHAT, BUDGET_BYTES) as archive:
        book = book_of(member, archive)
        with archive.open(member.part) as stream:
            yield from rows_of(member.name, records(_rows(events(stream), book), archive), ragged=True)
