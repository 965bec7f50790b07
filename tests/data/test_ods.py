"""OpenDocument workbooks: what a cell shows, what is repeated, which sheets are read, and what is refused."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from tests.data.archives_made import ignored, made, names
from tests.data.documents_made import zipped
from workbench.data import readers, survey
from workbench.data.readers import BadRecord, Record, Unreadable, rows_of_ods
from workbench.data.readers.rows_of_sheet import OUTSIDE

SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text", "style")
)
SPACES += ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0" xmlns:dc="dc"'
FAQ = [("Where is the lathe?", "In hall two, by the door."), ("Who has the key?", "The foreman has it.")]
PAIRS = [{"question": question, "answer": answer} for question, answer in FAQ]
KIND = "application/vnd.oasis.opendocument.spreadsheet"


def ods(
    tables: Mapping[str, str], *, style: Mapping[str, str] | None = None, prologue: str = "", more: str = ""
) -> bytes:
    """Return a workbook of sheets as LibreOffice writes it, given as the XML of their rows."""
    listed = "".join(
        f'<table:table table:name="{name}" table:style-name="{(style or {}).get(name, "ta1")}">'
        f'<table:table-column table:number-columns-repeated="2"/>{rows}</table:table>'
        for name, rows in tables.items()
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{prologue}<office:document-content {SPACES}><office:automatic-styles>'
        '<style:style style:name="ta1"><style:table-properties table:display="true"/></style:style>'
        '<style:style style:name="ta2"><style:table-properties table:display="false"/></style:style>'
        f"</office:automatic-styles><office:body><office:spreadsheet>{more}{listed}</office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    return zipped({"mimetype": KIND, "content.xml": content, "META-INF/manifest.xml": "<manifest/>"})


def cell(text: str, attributes: str = 'office:value-type="string" calcext:value-type="string"') -> str:
    return f"<table:table-cell {attributes}><text:p>{escape(text)}</text:p></table:table-cell>"


def line(*cells: str, times: int = 1) -> str:
    repeated = f' table:number-rows-repeated="{times}"' * (times > 1)
    return f"<table:table-row{repeated}>{''.join(cells)}</table:table-row>"


GAP = '<table:table-cell table:number-columns-repeated="{}"/>'
END = line(GAP.format(16384), times=1_048_000)
TABLE = "".join(line(*map(cell, record), GAP.format(16382)) for record in [("question", "answer"), *FAQ]) + END


def read(folder: Path, content: bytes, name: str = "x.ods") -> list[Record | BadRecord]:
    """Return what stands in all sheets of a workbook."""
    return [one for member in readers.listing(made(folder, name, content)).members for one in readers.read(member)]


def values(found: list[Record | BadRecord]) -> list[Mapping[str, object]]:
    assert all(isinstance(one, Record) for one in found), found
    return [one.value for one in found if isinstance(one, Record)]


def test_a_table_comes_back_with_its_gaps(tmp_path: Path) -> None:
    assert values(read(tmp_path, ods({"FAQ": TABLE}))) == PAIRS
    gap = line(GAP.format(9), times=4)
    moved = gap + "".join(
        line(GAP.format(2), cell(one), GAP.format(1), cell(two)) + gap for one, two in [("question", "answer"), *FAQ]
    )
    found = read(tmp_path, ods({"FAQ": f"<table:table-header-rows>{moved}</table:table-header-rows>"}))
    assert values(found) == PAIRS
    assert [one.line for one in found] == [10, 15]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (cell("3", 'office:value-type="float" office:value="3"'), "3"),
        (cell("0,33", 'office:value-type="float" office:value="0.333333333333333"'), "0.333333333333333"),
        (cell("01234", 'office:value-type="float" office:value="1234"'), "01234"),
        (cell("25 %", 'office:value-type="percentage" office:value="0.25"'), "0.25"),
        (cell("1.234,50 €", 'office:value-type="currency" office:currency="EUR" office:value="1234.5"'), "1234.5"),
        (cell("01.05.24", 'office:value-type="date" office:date-value="2024-05-01"'), "2024-05-01"),
        (cell("1.5.24", 'office:value-type="date" office:date-value="2024-05-01T09:30:00"'), "2024-05-01 09:30:00"),
        (cell("9:30", 'office:value-type="time" office:time-value="PT09H30M00S"'), "09:30:00"),
        (cell("27:00", 'office:value-type="time" office:time-value="PT27H00M00.500000000S"'), "27:00:00.5"),
        (cell("WAHR", 'office:value-type="boolean" office:boolean-value="true"'), "TRUE"),
        (cell("#NV", 'office:value-type="string" office:string-value="" calcext:value-type="error"'), ""),
        ('<table:table-cell office:value-type="string"><office:annotation><dc:creator>Jo</dc:creator><text:p>a comment'
         '</text:p></office:annotation><text:p>one <text:span>two</text:span> three<text:s text:c="2"/>x'
         "<text:line-break/>y</text:p><text:p>more</text:p></table:table-cell>", "one two three  x\ny\nmore"),
        ("<table:covered-table-cell><text:p>under a merged cell</text:p></table:covered-table-cell>", ""),
    ],
)  # fmt: skip
def test_what_a_cell_shows(tmp_path: Path, written: str, text: str) -> None:
    header = line(*map(cell, ("name", "city", "age")))
    (one,) = values(read(tmp_path, ods({"A": header + line(cell("a"), written, cell("b"))})))
    assert one == {"name": "a", "city": text, "age": "b"}


def test_what_is_repeated_stands_there_as_often(tmp_path: Path) -> None:
    header = line(*map(cell, ("question", "answer", "source")))
    twice = 'table:number-columns-repeated="2" office:value-type="string"'
    found = read(tmp_path, ods({"A": header + line(cell("why"), cell("so", twice), times=3) + END}))
    assert values(found) == [{"question": "why", "answer": "so", "source": "so"}] * 3
    assert [one.line for one in found] == [2, 3, 4]


def test_sheets_are_members_and_hidden_or_empty_ones_are_named(tmp_path: Path) -> None:
    changes = f"<table:tracked-changes><table:table>{TABLE}</table:table></table:tracked-changes>"
    content = ods({"FAQ": TABLE, "Old": TABLE, "Empty": END, "More": TABLE}, style={"Old": "ta2"}, more=changes)
    path = made(tmp_path, "x.ods", content)
    assert names(path) == ["FAQ", "More"]
    assert ignored(path) == {"Old": "a hidden sheet; unhide it to have it read", "Empty": "an empty sheet"}
    assert values(read(tmp_path, content)) == PAIRS * 2
    told = survey.inspect({"paths": [str(path)]})
    assert (told["rows"], told["usable"], told["method"], told["quarantined"]) == (4, 4, "sft", [])
    assert [file["rows"] for file in told["files"]] == [2, 2]


def test_repeats_beyond_reason_cost_the_row_or_the_workbook(tmp_path: Path) -> None:
    good = TABLE.removesuffix(END)
    for wrong in (
        line(cell("x", 'table:number-columns-repeated="999999999"')),
        line(GAP.format(16_384), cell("x")),
        line(cell("x"), times=1_048_576),
    ):
        *rows, bad = read(tmp_path, ods({"A": good + wrong}))
        assert values(rows) == PAIRS
        assert isinstance(bad, BadRecord)
        assert (bad.line, bad.reason) == (4, OUTSIDE)
    many = "".join(line(cell("x"), times=1_000_000) for _ in range(3))
    with pytest.raises(Unreadable, match="grows beyond all measure"):
        read(tmp_path, ods({"A": many}))
    odd = f'<table:table-row table:number-rows-repeated="-1">{cell("x")}{cell("y")}</table:table-row>'
    assert len(read(tmp_path, ods({"A": good + odd}))) == 3


def test_what_is_wrong_with_a_workbook_is_said_in_one_sentence(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    locked = {"mimetype": KIND, "content.xml": b"\x01\x02", "META-INF/manifest.xml": "<m><encryption-data/></m>"}
    for content, says in (
        (ods({"A": TABLE}, prologue=bomb), "no honest OpenDocument workbook does"),
        (zipped(locked), "needs a password"),
        (zipped({"content.xml": "<a><b></a>"}), "is damaged or not an OpenDocument workbook"),
        (zipped({"content.xml": "<a/>"}), "holds no sheet with rows"),
        (ods({"A": f"{TABLE}{line(cell('x' * 20 * 2**20))}"}), "grows beyond all measure"),
    ):
        with pytest.raises(Unreadable, match=says) as refused:
            read(tmp_path, content)
        assert "\n" not in str(refused.value)


def test_a_workbook_damaged_anywhere_gives_rows_or_one_sentence(tmp_path: Path) -> None:
    rng = random.Random(5)
    content = ods({"A": TABLE, "B": TABLE})
    outcomes: set[type] = set()
    for turn in range(90):
        broken = bytearray(content)
        if turn % 3:
            for _ in range(rng.choice([1, 5, 50])):
                broken[rng.randrange(len(broken))] = rng.randrange(256)
        else:
            del broken[rng.randrange(4, len(broken)) :]
        try:
            outcomes |= {type(one) for one in read(tmp_path, bytes(broken))}
        except Unreadable:
            outcomes.add(Unreadable)
    assert {Record, Unreadable} <= outcomes


def test_more_sheets_than_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_of_ods, "MAX_SHEETS", 2)
    listed = readers.listing(made(tmp_path, "x.ods", ods(dict.fromkeys("ABCD", TABLE))))
    assert len(listed.members) == 2
    assert listed.ignored == [{"source": str(tmp_path / "x.ods"), "reason": rows_of_ods.TOO_MANY}]
