"""A table as records of cells becomes rows: where it begins, what its columns are called, what is no row.

Owns the lines above a header, the names of the columns and the fit of a record to them, for every reader of tables.
Must not know how a table is written.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from workbench.data.readers.headers import MOST_RECORDS, is_header
from workbench.data.readers.records import BadRecord, Record

SNIFFED_BYTES = 2**16
"""How much of a table is looked at to tell how it is written and whether it names its columns."""
AGAIN = "the names of the columns once more"
_TITLE_LINES = 12
_FEWEST_COLUMNS = 3
"""Columns of a table in which a line with one filled cell above a full one is no row."""

Read = tuple[int, list[str], str]
"""Line and cells of a record, or line, no cells and the reason why it cannot be read."""


def columns_of(cells: Sequence[str], before: Sequence[str] = ()) -> list[str]:
    """Return a name for each column: the header's, its number where it has none, a number added to a repeated one.

    `before` are the names of the columns before them.
    """
    names: list[str] = []
    taken = set(before)
    for number, cell in enumerate(cells, len(before) + 1):
        name = cell.strip() or f"column_{number}"
        while name in taken:
            name = f"{name}_{number}"
        names.append(name)
        taken.add(name)
    return names


def _ahead(records: Iterator[Read]) -> list[Read]:
    """Return the first records, as many as are looked at to judge whether the first of them names the columns."""
    begun = list(itertools.islice(records, 1))
    size = 0
    while size < SNIFFED_BYTES and len(begun) <= MOST_RECORDS and (record := next(records, None)) is not None:
        begun.append(record)
        size += sum(map(len, record[1]))
    return begun


def _begins_with_names(begun: Sequence[Read]) -> bool:
    """Return whether the first of some records, a good one, names the columns."""
    first, *below = [cells for _, cells, bad in begun if not bad]
    return is_header(first, below)


def _named(records: Iterator[Read]) -> tuple[list[str], Iterator[Read]]:
    """Return (names of the columns, "" where there is none; records after the names), judged by the first ones.

    The first record is a good one.
    """
    begun = _ahead(records)
    if _begins_with_names(begun):
        return begun[0][1], itertools.chain(begun[1:], records)
    return [""] * len(begun[0][1]), itertools.chain(begun, records)


def _below_title(records: Iterator[Read]) -> Iterator[Read]:
    """Yield the records without the lines above a header that fill one cell of several: a title, a date, nothing.

    Of two columns, one may well be empty in rows; there the line below has to look like a header, too.
    """
    above: list[Read] = []
    for record in records:
        width, filled = len(record[1]), sum(bool(cell.strip()) for cell in record[1])
        if not record[2] and width > 1 and filled < 2 and len(above) < _TITLE_LINES:
            above.append(record)
            continue
        begun = [record]
        is_title = 1 < width == filled and len(above) < _TITLE_LINES
        if above and is_title and width < _FEWEST_COLUMNS:
            begun += _ahead(records)
            is_title = _begins_with_names(begun)
        yield from itertools.chain([] if is_title else above, begun, records)
        return
    yield from above


def rows_of(
    source: str, records: Iterator[Read], given: Sequence[str] = (), *, ragged: bool = False
) -> Iterator[Record | BadRecord]:
    """Yield the records of a table as column → text; `given` are the names of its columns where they are known.

    Else the first record names them if it looks like it. Columns without a name are called column_1 and so on. A record
    with more or fewer cells than there are columns is bad; where it may be `ragged`, cells beside the table are given
    as columns without a name in the records that fill them.
    """
    while (first := next(records, None)) is not None and first[2]:
        yield BadRecord(source, first[0], first[2])
    if first is None:
        return
    names = list(given)
    records = itertools.chain([first], records)
    if not names:
        names, records = _named(_below_title(records))
    width, columns = len(names), columns_of(names)
    for line, cells, bad in records:
        if ragged and len(cells) > len(columns):
            # Twice as many, so that a table that grows with every row does not cost the square of its width.
            columns += columns_of([""] * len(cells), columns)
        if bad or (len(cells) != width and not (ragged and len(cells) > width)):
            yield BadRecord(source, line, bad or f"{'more' if len(cells) > width else 'fewer'} cells than columns")
        elif len(cells) > 1 and cells[:width] == names and any(cells):
            yield BadRecord(source, line, AGAIN)
        else:
            found = dict(zip(columns, cells, strict=False))
            yield Record(source, line, found if len(cells) == width else _filled(found, width))


def _filled(found: dict[str, str], width: int) -> dict[str, str]:
    """Return the cells of a table, and of those beside it the ones with something in them."""
    return {name: cell for number, (name, cell) in enumerate(found.items()) if cell or number < width}
