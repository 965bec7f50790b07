"""Workbooks of Excel: what a cell shows, where a table stands in a sheet, which sheets are read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.data.archives_made import ignored, made, names, tarred, zipped
from tests.data.workbooks_made import Value, book, cell, rows, shared
from workbench.data import readers
from workbench.data.readers import BadRecord, Record, Unreadable
from workbench.data.readers.cell_formats import form_of, shown

FAQ = [("Where is the lathe?", "In hall two, by the door."), ("Who has the key?", "The foreman has it.")]
TABLE = [("question", "answer"), *FAQ]
PAIRS = [{"question": question, "answer": answer} for question, answer in FAQ]


def read(folder: Path, content: bytes, name: str = "x.xlsx") -> list[Record | BadRecord]:
    """Return what stands in all sheets of a workbook."""
    return [one for member in readers.listing(made(folder, name, content)).members for one in readers.read(member)]


def values(found: list[Record | BadRecord]) -> list[Mapping[str, object]]:
    assert all(isinstance(one, Record) for one in found), found
    return [one.value for one in found if isinstance(one, Record)]


def cells(folder: Path, line: str, **more: object) -> dict[str, object]:
    """Return the row that some cells of a sheet give, below a header of single letters."""
    header = rows([["name", "city", "age", "note"]])
    found = read(folder, book({"A": f"{header}<row>{line}</row>"}, **more))  # type: ignore[arg-type]
    (one,) = values(found)
    return dict(one)


# What a cell shows


@pytest.mark.parametrize("writer", ["excel", "openpyxl", "bare"])
def test_a_table_comes_back_however_it_is_written(tmp_path: Path, writer: str) -> None:
    if writer == "excel":
        content = book({"FAQ": shared(TABLE)[0]}, shared(TABLE)[1])
    elif writer == "openpyxl":
        content = book({"FAQ": rows(TABLE)}, without=["xl/sharedStrings.xml"])
    else:  # no places, no styles, a namespace prefix, absolute targets, other capitals
        lines = "".join(f"<x:row>{''.join(map(cell, record))}</x:row>" for record in TABLE)
        lines = (
            lines.replace("<c", "<x:c").replace("</c", "</x:c").replace("<is>", "<x:is>").replace("</is>", "</x:is>")
        )
        lines = lines.replace("<t ", "<x:t ").replace("</t>", "</x:t>")
        main = 'xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main"'
        relations = '<Relationships><Relationship Id="rId1" Type="a/worksheet" Target="/xl/Worksheets/sheet1.xml"/>'
        content = book(
            {"FAQ": ""},
            parts={
                "xl/worksheets/sheet1.xml": f"<x:worksheet {main}><x:sheetData>{lines}</x:sheetData></x:worksheet>",
                "xl/_rels/workbook.xml.rels": f"{relations}</Relationships>",
            },
            without=["xl/styles.xml", "xl/sharedStrings.xml"],
        )
    found = read(tmp_path, content)
    assert values(found) == PAIRS
    assert [one.line for one in found] == [2, 3]


def test_shared_texts_are_joined_from_their_runs_without_how_they_are_pronounced(tmp_path: Path) -> None:
    items = [
        '<si><r><rPr><b/></rPr><t>課</t></r><r><t xml:space="preserve"> and on</t></r>'
        '<rPh sb="0" eb="1"><t>カ</t></rPh><phoneticPr fontId="1"/></si>',
        "<si><t>two_x000D_\nlines &amp; _x005F_x0041_</t></si>",
        "<si/>",
    ]
    line = "".join(f'<c t="s"><v>{number}</v></c>' for number in range(3))
    assert list(cells(tmp_path, line + cell("z"), strings=items).values()) == [
        "課 and on",
        "two\nlines & _x0041_",
        "",
        "z",
    ]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (cell(3), "3"),
        (cell(3.0), "3"),
        (cell(0.1), "0.1"),
        ("<c><v>0.30000000000000004</v></c>", "0.3"),
        ("<c><v>1.0000000000000001E-2</v></c>", "0.01"),
        ("<c><v>12345678901234567890</v></c>", "12345678901234567890"),
        ("<c><v>1E+21</v></c>", "1e+21"),
        (cell(-7.5), "-7.5"),
        (cell(True), "TRUE"),
        (cell(False), "FALSE"),
        ('<c t="e"><v>#N/A</v></c>', ""),
        ('<c t="str"><f>A1&amp;"x"</f><v>joined</v></c>', "joined"),
        ('<c t="str"><f>""</f><v></v></c>', ""),
        ("<c><f>1+1</f><v>2</v></c>", "2"),
        ('<c t="inlineStr"><is><r><t>rich </t></r><r><t>text</t></r></is></c>', "rich text"),
        ('<c t="d"><v>2024-05-01T00:00:00</v></c>', "2024-05-01"),
        ('<c t="d"><v>2024-05-01T09:30:00</v></c>', "2024-05-01 09:30:00"),
        (cell(45413, style=1), "2024-05-01"),
        (cell(45413.5, style=1), "2024-05-01 12:00:00"),
        (cell(45413.395833333336, style=2), "2024-05-01 09:30:00"),
        (cell(0.25, style=3), "0.25"),
        (cell(1234.5, style=4), "1234.5"),
        (cell(1234, style=5), "01234"),
        (cell(1.5, style=6), "36:00:00"),
        (cell(0.75, style=7), "18:00:00"),
        (cell(-1, style=1), "-1"),
        (cell(10**9, style=1), "1000000000"),
        (cell(7, style=999), "7"),
        ('<c s="-1"><v>seven</v></c>', "seven"),
    ],
)
def test_what_a_cell_shows(tmp_path: Path, written: str, text: str) -> None:
    assert cells(tmp_path, cell("a") + written + cell("b")) == {"name": "a", "city": text, "age": "b", "note": ""}


def test_every_day_of_both_calendars_is_the_one_the_standard_counts() -> None:
    day = form_of("d.m.yy")
    for serial in [*range(1, 60), *range(61, 3000), 45413, 73050, 2_958_465]:
        expected = date(1900, 1, 1) + timedelta(days=serial - (1 if serial < 60 else 2))
        assert shown(str(serial), day) == expected.isoformat()
        assert shown(str(serial), day, since_1904=True) == (
            (date(1904, 1, 1) + timedelta(days=serial)).isoformat() if serial < 2_957_004 else str(serial)
        )
    assert shown("60", day) == "60"  # a day that never was


@pytest.mark.parametrize(
    ("code", "shows"),
    [
        ("General", "1.5"),
        ("0.00", "1.5"),
        ('0 "days"', "1.5"),
        ("[Red]0;[Blue]-0", "1.5"),
        ("0.00E+00", "1.5"),
        ("[$-409]mmmm d, yyyy", "1900-01-01 12:00:00"),
        ("[$-F800]dddd\\,\\ mmmm\\ dd", "1900-01-01 12:00:00"),
        ("mmm-yy;@", "1900-01-01 12:00:00"),
        ("m/d/yy h:mm", "1900-01-01 12:00:00"),
        ('yyyy"年"m"月"d"日"', "1900-01-01 12:00:00"),
        ("[mm]:ss", "36:00:00"),
        ("_-* #,##0.00\\ [$€-407]_-", "1.5"),
        ('"' * 300, "1.5"),
    ],
)
def test_a_date_is_told_by_the_code_of_its_format(code: str, shows: str) -> None:
    assert shown("1.5", form_of(code)) == shows


def test_dates_since_1904(tmp_path: Path) -> None:
    assert cells(tmp_path, cell(0, style=1), properties='date1904="1"')["name"] == "1904-01-01"


def test_formulas_that_were_never_computed_are_empty_cells(tmp_path: Path) -> None:
    """A sum at the side must not cost the row its question and answer; where it is needed its row is found empty."""
    lines = rows(TABLE) + '<row r="9"><c r="A9"><f>A2</f><v></v></c><c r="B9"><v>1</v></c></row>'
    *good, last = values(read(tmp_path, book({"A": lines})))
    assert good == PAIRS
    assert list(last.values()) == ["", "1"]


# Where a table stands


def test_a_table_may_begin_anywhere_and_have_gaps(tmp_path: Path) -> None:
    table: list[list[Value]] = [["question", None, "answer", "source"], ["Why is it?", None, "So.", None], ["", ""]]
    table += [["How long is it?", None, None, "the book"]]
    found = read(tmp_path, book({"A": rows(table, 5, 3)}))
    assert values(found) == [
        {"question": "Why is it?", "answer": "So.", "source": ""},
        {"question": "How long is it?", "answer": "", "source": "the book"},
    ]
    assert [one.line for one in found] == [6, 8]


def test_lines_above_a_header_are_no_rows(tmp_path: Path) -> None:
    for header in (("question", "answer"), ("no", "question", "answer")):
        body = [pair if len(header) == 2 else (number, *pair) for number, pair in enumerate(FAQ, 1)]
        above: list[list[Value]] = [["Questions of the shop"], [None, None], ["As of May"]]
        found = read(tmp_path, book({"A": rows([*above, header, *body])}))
        assert [dict(value) for value in values(found)] == [
            {name: str(value) for name, value in zip(header, one, strict=True)} for one in body
        ]


def test_a_table_without_names_and_a_note_beside_it(tmp_path: Path) -> None:
    many = [(f"What is the number after {n}?", f"It is {n + 1}, of course.") for n in range(300)]
    lines = rows(many) + rows([("And the last?", "There is none.", None, "a note")], 301)
    *body, last = values(read(tmp_path, book({"A": lines})))
    assert body == [{"column_1": question, "column_2": answer} for question, answer in many]
    assert last == {"column_1": "And the last?", "column_2": "There is none.", "column_3": "a note"}


def test_the_names_of_a_csv_and_of_its_workbook_are_the_same(tmp_path: Path) -> None:
    for number, table in enumerate(
        (TABLE, FAQ, [("id", "", "text", "text"), *((str(n), "x", f"t{n}", "u") for n in range(9))], [("a",), ("b",)])
    ):
        text = "\n".join("\t".join(record) for record in table)
        (member,) = readers.listing(made(tmp_path, f"{number}.tsv", text.encode())).members
        assert values(read(tmp_path, book({"A": rows(table)}))) == values(list(readers.read(member)))


def test_the_value_of_merged_cells_stands_in_the_first_and_hidden_columns_are_read(tmp_path: Path) -> None:
    merged = "<mergeCells><mergeCell ref='A2:A3'/></mergeCells>"
    table = [("topic", "question", "answer"), ("tools", *FAQ[0]), (None, *FAQ[1])]
    content = book({"A": rows(table).replace("<row ", '<row hidden="1" ', 2) + f"</sheetData>{merged}<sheetData>"})
    assert [value["topic"] for value in values(read(tmp_path, content))] == ["tools", ""]


# Sheets


def test_each_sheet_is_a_member_and_what_is_hidden_or_empty_is_named(tmp_path: Path) -> None:
    sheets = {
        "FAQ": rows(TABLE),
        "Lists": rows(TABLE),
        "Notes": "<row r='1'><c r='A1' s='1'/></row>",
        "More": rows(TABLE),
    }
    content = book(sheets, states={"Lists": "hidden"})
    path = made(tmp_path, "x.xlsx", content)
    assert names(path) == ["FAQ", "More"]
    assert ignored(path) == {
        "Lists": "a hidden sheet; unhide it to have it read",
        "Notes": "an empty sheet",
    }
    assert values(read(tmp_path, content)) == PAIRS * 2


def test_the_only_sheet_goes_by_the_name_of_the_file(tmp_path: Path) -> None:
    path = made(tmp_path, "x.xlsm", book({"A": rows(TABLE), "Sheet2": "", "Sheet3": ""}))
    (member,) = readers.listing(path).members
    assert (member.name, member.kind) == (str(path), "xlsx")


def test_splits_are_told_by_the_names_of_sheets(tmp_path: Path) -> None:
    path = made(tmp_path, "x.xlsx", book({"train": rows(TABLE), "test": rows(TABLE), "README": rows([("About it",)])}))
    found = readers.listing(path)
    assert [(member.name.rpartition("/")[2], member.held_out) for member in found.members] == [
        ("train", False), ("test", True),
    ]  # fmt: skip
    assert found.ignored == [{"source": f"{path}/README", "reason": "it is about the data, not of it"}]


def test_charts_are_no_sheets_of_cells(tmp_path: Path) -> None:
    relations = {"xl/_rels/workbook.xml.rels": '<Relationships><Relationship Id="rId1" Type="a/worksheet" '
                 'Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="a/chartsheet" Target="worksheets/'
                 'sheet2.xml"/></Relationships>'}  # fmt: skip
    path = made(tmp_path, "x.xlsx", book({"A": rows(TABLE), "Chart": rows(TABLE)}, parts=relations))
    assert ignored(path) == {"Chart": "no sheet of cells"}


def test_without_a_sheet_to_read_the_first_reason_is_given(tmp_path: Path) -> None:
    path = made(tmp_path, "x.xlsx", book({"A": rows(TABLE)}, states={"A": "veryHidden"}))
    with pytest.raises(Unreadable, match=r"x.xlsx holds no sheet with rows: .*/A is a hidden sheet; unhide it to .*\."):
        readers.listing(path)
    with pytest.raises(Unreadable, match=r"holds no sheet with rows\."):
        readers.listing(made(tmp_path, "y.xlsx", book({})))


def test_a_workbook_in_an_archive_and_in_a_folder(tmp_path: Path) -> None:
    content = book({"a": rows(TABLE), "b": rows(TABLE)})
    for name, packed in (("x.zip", zipped({"in/w.xlsx": content})), ("x.tar.gz", tarred({"w.xlsx": content}, "w:gz"))):
        assert values(read(tmp_path / "packed", packed, name)) == PAIRS * 2
    made(tmp_path, "folder/w.xlsx", content)
    made(tmp_path, "folder/~$w.xlsx", b"lock")
    made(tmp_path, "folder/notes.md", b"Some words.")
    assert names(tmp_path / "folder") == ["w.xlsx/a", "w.xlsx/b"]


def test_what_is_no_such_workbook_is_refused_with_what_to_do(tmp_path: Path) -> None:
    for name, content, says in (
        ("a.xlsb", zipped({"xl/workbook.bin": b""}), "a binary workbook; save it as XLSX"),
        ("a.xls", b"\xd0\xcf\x11\xe0" + bytes(99), "save it as DOCX, XLSX or CSV, without one"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0" + bytes(99), "with a password"),
        ("a.xlsx", b"question,answer\n", "is not xlsx file, whatever its name says"),
    ):
        with pytest.raises(Unreadable, match=says):
            readers.listing(made(tmp_path, name, content))
