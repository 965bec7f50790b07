"""ODS: the sheets of an OpenDocument workbook and the rows of one of them, every cell the text a person sees in it.

Owns what a cell of such a workbook shows and how often it is repeated. Must not know how a column gets its name.

All sheets lie in one part, one after the other. What holds for the sheets of Excel holds for these, too; cells that are
covered by a merged one are empty, comments and tracked changes are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from workbench.data.readers.cell_formats import shown
from workbench.data.readers.member import Member
from workbench.data.readers.office import Event, Package, events, package
from workbench.data.readers.records import MAX_RECORD_BYTES, TOO_LONG, BadRecord, Record, Unreadable
from workbench.data.readers.rows_of_sheet import MAX_COLUMNS, OUTSIDE, Found, day_or_moment, records
from workbench.data.readers.tables import rows_of
from workbench.data.readers.workbook import BUDGET_BYTES, EMPTY, HIDDEN, MAX_SHEETS, TOO_MANY, Sheet

WHAT = "an OpenDocument workbook"
MAX_ROWS = 2**20
"""Rows of a sheet."""
MAX_REPEATED = 2**21
"""Rows with something in them that all sheets together may have by repeating others."""
_CONTENT = "content.xml"
_MANIFEST = "META-INF/manifest.xml"
_CELLS = frozenset(("table-cell", "covered-table-cell"))
_ASIDE = frozenset(("annotation", "tracked-changes", "dde-links", "shapes"))
"""Elements in which no text of a cell stands, whatever they are in."""
_GLYPHS = {"tab": "\t", "line-break": "\n"}
_MOST_SPACES = 1000
_TIME = re.compile(r"PT(\d{1,6})H(\d{1,2})M(\d{1,2})(?:[.,](\d{1,9}))?S")


def _all(attributes: dict[str, str], name: str) -> list[str]:
    """Return the attributes of a name in whatever namespaces."""
    return [value for key, value in attributes.items() if key.rpartition("}")[2] == name]


def _one(attributes: dict[str, str], name: str) -> str:
    return next(iter(_all(attributes, name)), "")


def _times(attributes: dict[str, str], name: str) -> int:
    """Return how often something is repeated, once where nothing is said."""
    text = _one(attributes, name)
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 10 and int(text) else 1


def _shown(attributes: dict[str, str], text: str) -> str:
    """Return what a cell shows by its attributes and the text in it."""
    kinds = _all(attributes, "value-type")
    kind = kinds[0] if kinds else ""
    if "error" in kinds:
        return ""
    if kind == "date":
        return day_or_moment(_one(attributes, "date-value"))
    if kind == "time" and (time := _TIME.fullmatch(_one(attributes, "time-value"))):
        clock, rest = ":".join(f"{int(time[number]):02}" for number in (1, 2, 3)), (time[4] or "").rstrip("0")
        return f"{clock}.{rest}" if rest else clock
    if kind == "boolean":
        return _one(attributes, "boolean-value").upper()
    if kind in ("float", "percentage", "currency"):
        number = shown(_one(attributes, "value"))
        # A postcode keeps the zeros before it.
        return text if text.isascii() and text.isdecimal() and text.lstrip("0") == number else number
    return text or _one(attributes, "string-value")


@dataclass
class _Row:
    """A row in the making."""

    times: int
    cells: dict[int, str] = field(default_factory=dict)
    bad: str = ""
    column: int = 0
    size: int = 0

    def add(self, text: str, times: int) -> None:
        """Add a cell, repeated to its right."""
        if text:
            self.size += len(text) * times
            if self.column + times > MAX_COLUMNS or self.size > MAX_RECORD_BYTES:
                self.bad = self.bad or (OUTSIDE if self.column + times > MAX_COLUMNS else TOO_LONG)
                self.cells = {}
            elif not self.bad:
                self.cells |= dict.fromkeys(range(self.column + 1, self.column + times + 1), text)
        self.column += times


class _Cell:
    """A cell in the making."""

    def __init__(self, attributes: dict[str, str], covered: bool) -> None:
        self.attributes = attributes
        self.covered = covered
        self.times = _times(attributes, "number-columns-repeated")
        self.lines: list[list[str]] = []
        self.in_line = False

    def take(self, name: str, attributes: dict[str, str] | None, text: str) -> None:
        """Take in the beginning or the end of an element inside, and the text before it."""
        if self.in_line:
            self.lines[-1].append(text)
        if name == "p":
            self.in_line = attributes is not None
            if self.in_line:
                self.lines.append([])
        elif attributes is not None and self.in_line:
            spaces = min(_times(attributes, "c"), _MOST_SPACES) if name == "s" else 0
            self.lines[-1].append(_GLYPHS.get(name, " " * spaces))

    def text(self) -> str:
        """Return what the cell shows."""
        return "" if self.covered else _shown(self.attributes, "\n".join(map("".join, self.lines)))


Line = tuple[int, "Found | None", int]
"""Number of the sheet, one of its rows, None where the sheet begins, and how often the row stands there."""


def _lines(taken: Iterator[Event]) -> Iterator[Line]:
    """Yield the beginnings and the rows of the sheets, rows without anything in them left out."""
    sheet, depth, aside, line = -1, 0, 0, 0
    row: _Row | None = None
    cell: _Cell | None = None
    for name, attributes, text in taken:
        if name in _ASIDE:
            aside += 1 if attributes is not None else -1
        elif aside:
            continue
        elif name == "table":
            depth += 1 if attributes is not None else -1
            if attributes is not None and depth == 1:
                sheet, line = sheet + 1, 0
                yield sheet, None, 0
        elif depth != 1:
            continue
        elif name == "table-row" and attributes is not None:
            row = _Row(_times(attributes, "number-rows-repeated"))
        elif name == "table-row" and row is not None:
            if row.bad or any(map(str.strip, row.cells.values())):
                yield sheet, (line + 1, row.cells, row.bad), row.times
            line += row.times
            row = None
        elif name in _CELLS and row is not None and attributes is not None:
            cell = _Cell(attributes, name.startswith("covered"))
        elif name in _CELLS and row is not None and cell is not None:
            row.add(cell.text(), cell.times)
            cell = None
        elif cell is not None:
            cell.take(name, attributes, text)


def _names(archive: Package) -> Iterator[tuple[str, bool]]:
    """Yield name of each sheet and whether it is hidden."""
    hidden: set[str] = set()
    style = ""
    depth = aside = 0
    with archive.open(_CONTENT) as stream:
        for name, attributes, _ in events(stream):
            if name in _ASIDE:
                aside += 1 if attributes is not None else -1
            elif name == "table" and not aside:
                depth += 1 if attributes is not None else -1
                if attributes is not None and depth == 1:
                    yield _one(attributes, "name"), _one(attributes, "style-name") in hidden
            elif attributes is not None and name == "style":
                style = _one(attributes, "name")
            elif attributes is not None and name == "table-properties" and "false" in _all(attributes, "display"):
                hidden.add(style)


def _check_free(archive: Package) -> None:
    """Raise Unreadable for a workbook that needs a password."""
    if _MANIFEST in archive.parts:
        with archive.open(_MANIFEST) as stream:
            if any(name == "encryption-data" for name, _, _ in events(stream)):
                raise Unreadable(f"{archive.name} needs a password; save it again without one.")


def sheets_of(member: Member) -> list[Sheet]:
    """Return the sheets of a workbook, those to be passed over with the reason; raises Unreadable."""
    with package(member, WHAT, 2 * BUDGET_BYTES) as archive:
        _check_free(archive)
        named: list[tuple[str, bool]] = []
        for one in _names(archive):
            named.append(one)
            if len(named) > MAX_SHEETS:
                break
        rows = [0] * len(named)
        repeated = 0
        with archive.open(_CONTENT) as stream:
            for sheet, found, times in _lines(events(stream)):
                if sheet >= len(named):
                    break
                rows[sheet] += found is not None
                repeated += times - 1 if found is not None else 0
                if repeated > MAX_REPEATED:
                    raise archive.too_much()
        size = archive.size(_CONTENT)
    whole = max(sum(rows), 1)
    listed = [
        Sheet(
            name or f"sheet {number + 1}",
            str(number),
            size * rows[number] // whole,
            HIDDEN if hidden else "" if rows[number] else EMPTY,
        )
        for number, (name, hidden) in enumerate(named[:MAX_SHEETS])
    ]
    return [*listed, Sheet("", "", why_not=TOO_MANY)] if len(named) > MAX_SHEETS else listed


def _rows(taken: Iterator[Event], number: int, archive: Package) -> Iterator[Found]:
    """Yield the rows of one sheet, each as often as it stands there."""
    for sheet, found, times in _lines(taken):
        if sheet > number:
            return
        if sheet < number or found is None:
            continue
        line, cells, bad = found
        if line + times - 1 > MAX_ROWS:
            yield line, {}, bad or OUTSIDE
            continue
        for place in range(line, line + times):
            archive.spend(sum(map(len, cells.values())))
            yield place, cells, bad


def read_ods(member: Member) -> Iterator[Record | BadRecord]:
    """Yield the rows of a sheet as column → text; see `tables.rows_of` for the names of the columns.

    Raises Unreadable for a workbook that is damaged or locked, or whose parts exceed the budgets.
    """
    with package(member, WHAT, BUDGET_BYTES) as archive, archive.open(_CONTENT) as stream:
        rows = _rows(events(stream), int(member.part), archive)
        yield from rows_of(member.name, records(rows, archive), ragged=True)
