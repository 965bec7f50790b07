"""Workbooks made by hand, as Excel, LibreOffice, openpyxl and Google write them, for the tests of their reader.

Must not use a library for spreadsheets, and must not hold expectations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from tests.data.documents_made import zipped

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGES = "http://schemas.openxmlformats.org/package/2006/relationships"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
STYLES = ("General", "yyyy\\-mm\\-dd", "dd/mm/yyyy h:mm", "0.00%", '#,##0.00 "€"', "00000", "[h]:mm:ss", "h:mm AM/PM")
"""Format code of each style of cell a made workbook has."""

Value = str | int | float | bool | None


def letters(column: int) -> str:
    """Return the letters of a column, counted from 1."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def book(
    sheets: Mapping[str, str],
    strings: Sequence[str] = (),
    *,
    states: Mapping[str, str] | None = None,
    properties: str = "",
    parts: Mapping[str, str | bytes] | None = None,
    without: Sequence[str] = (),
) -> bytes:
    """Return a workbook of sheets, given as the XML of their rows, and the items of the texts they share.

    `states` says which sheets are hidden, `properties` are attributes of the workbook, `parts` are put in or replaced,
    `without` are left out.
    """
    listed = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"'
        f"{f' state={quoteattr(states[name])}' if states and name in states else ''}/>"
        for number, name in enumerate(sheets, 1)
    )
    kinds = [("worksheet", f"worksheets/sheet{number}.xml") for number in range(1, len(sheets) + 1)]
    kinds += [("styles", "styles.xml"), ("sharedStrings", "sharedStrings.xml")]
    relations = "".join(
        f'<Relationship Id="rId{number}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(kinds, 1)
    )
    codes = "".join(f'<numFmt numFmtId="{164 + n}" formatCode={quoteattr(code)}/>' for n, code in enumerate(STYLES))
    forms = "".join(f'<xf numFmtId="{164 + number}" xfId="0"/>' for number in range(len(STYLES)))
    whole: dict[str, str | bytes] = {
        "[Content_Types].xml": f'{HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": f'{HEAD}<Relationships xmlns="{PACKAGES}"><Relationship Id="rId1" '
        f'Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><workbookPr {properties}/>'
        f"<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'{HEAD}<Relationships xmlns="{PACKAGES}">{relations}</Relationships>',
        "xl/styles.xml": f'{HEAD}<styleSheet xmlns="{MAIN}"><numFmts>{codes}</numFmts><cellStyleXfs><xf numFmtId="14"/>'
        f"</cellStyleXfs><cellXfs>{forms}</cellXfs></styleSheet>",
        "xl/sharedStrings.xml": f'{HEAD}<sst xmlns="{MAIN}">{"".join(strings)}</sst>',
    }
    for number, rows in enumerate(sheets.values(), 1):
        whole[f"xl/worksheets/sheet{number}.xml"] = (
            f'{HEAD}<worksheet xmlns="{MAIN}" xmlns:r="{RELATIONS}"><dimension ref="A1"/><sheetViews><sheetView '
            f'workbookViewId="0"/></sheetViews><cols><col min="2" max="2" hidden="1"/></cols><sheetData>{rows}'
            '</sheetData><pageMargins left="0.7"/></worksheet>'
        )
    whole |= parts or {}
    return zipped({name: content for name, content in whole.items() if name not in without})


def cell(value: Value, place: str = "", style: int = 0) -> str:
    """Return a cell as openpyxl writes it without shared texts."""
    at = f' r="{place}"' * bool(place) + f' s="{style}"' * bool(style)
    if value is None:
        return f"<c{at}/>"
    if isinstance(value, bool):
        return f'<c{at} t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f"<c{at}><v>{value!r}</v></c>"
    return f'<c{at} t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def rows(table: Sequence[Sequence[Value]], line: int = 1, column: int = 1) -> str:
    """Return the rows of a table that begins in a line and a column, with the places of its cells."""
    return "".join(
        f'<row r="{number}" spans="1:{len(record)}">'
        + "".join(cell(value, f"{letters(column + n)}{number}") for n, value in enumerate(record))
        + "</row>"
        for number, record in enumerate(table, line)
    )


def shared(table: Sequence[Sequence[str]]) -> tuple[str, list[str]]:
    """Return (rows of a table, items of the texts they share), as Excel writes them."""
    numbers: dict[str, int] = {}
    lines = []
    for line, record in enumerate(table, 1):
        cells = (
            f'<c r="{letters(column)}{line}" t="s"><v>{numbers.setdefault(text, len(numbers))}</v></c>'
            for column, text in enumerate(record, 1)
        )
        lines.append(f'<row r="{line}" x14ac:dyDescent="0.25" xmlns:x14ac="x">{"".join(cells)}</row>')
    return "".join(lines), [f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in numbers]
