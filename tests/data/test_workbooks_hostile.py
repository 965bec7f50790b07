"""Workbooks that are damaged or made to harm: rows, rows with a reason, or one sentence, in bounded memory and time."""

from __future__ import annotations

import io
import json
import random
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.data.archives_made import made
from tests.data.workbooks_made import MAIN, Value, book, cell, letters, rows, shared
from tests.support import program_env
from workbench.data import readers, survey
from workbench.data.readers import BadRecord, Record, Unreadable, cell_formats, office, rows_of_sheet, workbook

TABLE = [("question", "answer"), ("Where is the lathe?", "In hall two."), ("Who has the key?", "The foreman has it.")]
GOOD = rows(TABLE)
QUICK = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def read(folder: Path, content: bytes) -> list[Record | BadRecord]:
    """Return what stands in all sheets of a workbook."""
    listed = readers.listing(made(folder, "x.xlsx", content)).members
    return [one for member in listed for one in readers.read(member)]


def faults(folder: Path, lines: str, **more: object) -> list[tuple[int, str]]:
    """Return line and reason of each bad record of a sheet whose two good rows are found, too."""
    found = read(folder, book({"A": GOOD + lines}, **more))  # type: ignore[arg-type]
    assert sum(isinstance(one, Record) for one in found) == 2
    return [(one.line, one.reason) for one in found if isinstance(one, BadRecord)]


def refusal(folder: Path, content: bytes) -> str:
    """Return the sentence with which a workbook is refused."""
    with pytest.raises(Unreadable) as caught:
        read(folder, content)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('<c r="ZZZZ9999999999"><v>1</v></c>', rows_of_sheet.OUTSIDE),
        ('<c r="XFE5"><v>1</v></c>', rows_of_sheet.OUTSIDE),
        ('<c r="-1"><v>1</v></c>', rows_of_sheet.OUTSIDE),
        ('<c r=""><v>1</v></c>', rows_of_sheet.OUTSIDE),
        ('<c r="A5"><v>1</v></c><c r="A5"><v>2</v></c>', rows_of_sheet.TWICE),
        ('<c r="A5" t="s"><v>0</v></c>', rows_of_sheet.NO_TEXT),
        ('<c r="A5" t="s"><v>-1</v></c>', rows_of_sheet.NO_TEXT),
        ('<c r="A5" t="s"><v>99999999999999999999</v></c>', rows_of_sheet.NO_TEXT),
        ('<c r="A5" t="s"><v>one</v></c>', rows_of_sheet.NO_TEXT),
        ("<c><v>1</v></c>" * 16_385, rows_of_sheet.OUTSIDE),
    ],
)
def test_what_is_wrong_in_a_row_costs_that_row(tmp_path: Path, line: str, reason: str) -> None:
    assert faults(tmp_path, f'<row r="5">{line}</row>') == [(5, reason)]
    without = faults(tmp_path, f'<row r="5">{line}</row>', without=["xl/sharedStrings.xml"])
    assert without == [(5, reason)]


@pytest.mark.parametrize("number", ["-1", "0", "", "1", "x", "99999999999999999999", "٣", "2147483648"])
def test_a_row_whose_number_is_none_follows_the_one_before(tmp_path: Path, number: str) -> None:
    lines = f'{GOOD}<row r="{number}">{cell("And who else?")}{cell("Nobody.")}</row>'
    assert [one.line for one in read(tmp_path, book({"A": lines}))] == [2, 3, 4]


def test_a_record_too_long_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_of_sheet, "MAX_RECORD_BYTES", 1000)
    strings = [f"<si><t>{'x' * 600}</t></si>", f"<si><t>{'x' * 1001}</t></si>"]
    twice = '<row r="4"><c t="s"><v>0</v></c><c t="s"><v>0</v></c></row>'
    long = '<row r="5"><c t="s"><v>1</v></c></row>'
    reason = rows_of_sheet.TOO_LONG
    assert faults(tmp_path, twice + long, strings=strings) == [(4, reason), (5, reason)]


BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
FILE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
PARTS = (
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "xl/styles.xml",
    "xl/sharedStrings.xml",
    "xl/worksheets/sheet1.xml",
)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("prologue", [BOMB, FILE, "<!DOCTYPE x>"])
def test_entities_are_refused_in_every_part(tmp_path: Path, part: str, prologue: str) -> None:
    content = book({"A": GOOD}, parts={part: f"{prologue}<x>&a;</x>" if "ENTITY" in prologue else f"{prologue}<x/>"})
    assert "defines entities of its own, which no honest Excel workbook does" in refusal(tmp_path, content)


@pytest.mark.parametrize("part", PARTS)
def test_parts_that_are_missing_or_no_xml_are_refused_or_done_without(tmp_path: Path, part: str) -> None:
    without, damaged = book({"A": GOOD}, without=[part]), book({"A": GOOD}, parts={part: "<a><b></a>"})
    assert "damaged or not an Excel workbook" in refusal(tmp_path, damaged)
    if part in ("xl/styles.xml", "xl/sharedStrings.xml"):
        assert len(read(tmp_path, without)) == 2
    else:
        assert refusal(tmp_path, without)


def test_what_grows_beyond_measure_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large = f'<row r="9">{cell("x" * (20 * 2**20))}</row>'
    assert "grows beyond all measure" in refusal(tmp_path, book({"A": GOOD + large}))
    strings = [f"<si><t>{'x' * (20 * 2**20)}</t></si>"]
    assert "grows beyond all measure" in refusal(tmp_path, book({"A": GOOD}, strings))
    deep = "<x>" * 100_000 + "</x>" * 100_000
    assert "is damaged" in refusal(tmp_path, book({"A": GOOD + deep}))
    names = "".join(f"<n{number}/>" for number in range(office.MAX_NAMES + 1))
    assert "is damaged" in refusal(tmp_path, book({"A": GOOD + names}))
    monkeypatch.setattr(office, "MAX_RATIO", 10_000)
    monkeypatch.setattr(office, "MAX_TOKEN_BYTES", 2**20)
    assert "is damaged" in refusal(tmp_path, book({"A": f"{GOOD}<row a='{'x' * 2**22}'/>"}))
    monkeypatch.setattr(office, "MAX_RECORD_BYTES", 2**20)
    assert "holds a text of more than 1 MiB" in refusal(tmp_path, book({"A": GOOD + large}))


def test_texts_shown_again_and_again_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    strings = [f"<si><t>{'long words ' * 10_000}</t></si>"]
    lines = "".join(f'<row r="{number}"><c t="s"><v>0</v></c></row>' for number in range(1, 2000))
    monkeypatch.setattr(rows_of_sheet, "BUDGET_BYTES", 2**25)
    assert "grows beyond all measure" in refusal(tmp_path, book({"A": lines}, strings))
    monkeypatch.setattr(rows_of_sheet, "BUDGET_BYTES", 2**23)
    wide = rows([[*"abc"]]) + f'<row r="3">{"".join(cell("x", f"{letters(n)}3") for n in range(1, 5_000))}</row>'
    wide += "".join(f'<row r="{number}">{cell("x", f"A{number}")}</row>' for number in range(4, 3000))
    assert "grows beyond all measure" in refusal(tmp_path, book({"A": wide}))


def test_limits_of_texts_and_sheets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines, strings = shared(TABLE)
    monkeypatch.setattr(workbook, "MAX_TEXTS", 5)
    assert "holds more text than a workbook can be read with; save it as CSV" in refusal(
        tmp_path, book({"A": lines}, strings)
    )
    monkeypatch.setattr(workbook, "MAX_TEXTS", 100)
    monkeypatch.setattr(workbook, "MAX_SHEETS", 2)
    listed = readers.listing(made(tmp_path, "x.xlsx", book(dict.fromkeys("ABC", GOOD))))
    assert len(listed.members) == 2
    assert listed.ignored == [{"source": str(tmp_path / "x.xlsx"), "reason": workbook.TOO_MANY}]


def test_texts_spill_to_the_disk_and_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "IN_MEMORY_BYTES", 10)
    lines, strings = shared([*TABLE, *((f"What is {n}?", f"It is ä{n}.") for n in range(500))])
    found = read(tmp_path, book({"A": lines}, strings))
    assert [one.value["answer"] for one in found[2:] if isinstance(one, Record)] == [f"It is ä{n}." for n in range(500)]


def test_a_sheet_in_which_every_row_has_a_column_of_its_own(tmp_path: Path) -> None:
    lines = "".join(f'<row r="{n}">{cell("x", f"{letters(n)}{n}")}</row>' for n in range(1, 2001))
    found = read(tmp_path, book({"A": lines}))
    assert len(found) in (1999, 2000)
    last = found[-1]
    assert isinstance(last, Record)
    assert [name for name, text in last.value.items() if text] == ["column_2000"]


def test_a_long_sheet_is_read_in_little_memory(tmp_path: Path) -> None:
    lines = rows([("question", "answer"), *((f"What is {n}?", f"It is {n}.") for n in range(20_000))])
    path = made(tmp_path, "x.xlsx", book({"A": lines}))
    (member,) = readers.listing(path).members
    tracemalloc.start()
    assert sum(1 for _ in readers.read(member)) == 20_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < len(lines) / 2


def test_a_workbook_cut_off_or_damaged_anywhere_gives_rows_or_one_sentence(tmp_path: Path) -> None:
    rng = random.Random(3)
    lines, strings = shared(TABLE * 9)
    content = book({"A": lines, "B": GOOD}, strings)
    outcomes: set[type] = set()
    for turn in range(120):
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


def test_a_wrong_size_in_the_directory_of_the_archive_is_no_trap(tmp_path: Path) -> None:
    content = bytearray(book({"A": GOOD}))
    name = b"xl/worksheets/sheet1.xml"
    entry = content.rindex(name) - 46
    struct.pack_into("<L", content, entry + 24, 2**32 - 2)
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        assert archive.getinfo(name.decode()).file_size == 2**32 - 2
    path = made(tmp_path, "x.xlsx", bytes(content))
    assert readers.listing(path).members[0].size < 2 * office.RATIO_FREE_BYTES
    assert len(read(tmp_path, bytes(content))) == 2


# Laws

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=12)
VALUES: st.SearchStrategy[Value] = st.one_of(
    TEXTS,
    st.integers(-(10**14), 10**14),
    st.booleans(),
    st.floats(-1e9, 1e9).map(lambda number: round(number, 4)),
    st.none(),
)
WRONG = st.sampled_from(
    [
        '<c r="ZZZZ1"/>',
        '<c t="s"><v>7</v></c>',
        '<c t="s"/>',
        "<c><f>1</f></c>",
        '<c t="e"><v>#REF!</v></c>',
        "<c/>",
        "<v>1</v>",
    ]
)


def seen(value: Value) -> str:
    """Return what a person sees of a value, by other means than the reader's."""
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value).upper()
    if isinstance(value, float):
        return repr(int(value)) if value == int(value) else repr(value)
    return str(value)


@QUICK
@given(
    table=st.lists(st.lists(VALUES, min_size=3, max_size=3), max_size=8),
    at=st.tuples(st.integers(1, 50), st.integers(1, 800)),
)
def test_every_cell_comes_back_as_it_is_seen(tmp_path: Path, table: list[list[Value]], at: tuple[int, int]) -> None:
    header = [["id", "question", "answer"], ["n1", "first", "row"], ["n2", "and a", "second"]]
    found = read(tmp_path, book({"A": rows([*header, *table], *at)}))
    expected = [[seen(value) for value in record] for record in [*header[1:], *table]]
    kept = [record for record in expected if "".join(record).strip()]
    again = [record for record in kept if record == header[0]]
    assert len(found) == len(kept)
    assert [list(one.value.values()) for one in found if isinstance(one, Record)] == [
        # An escape that is written as a text is one.
        [workbook.unescaped(text) for text in record]
        for record in kept
        if record not in again
    ]


@settings(QUICK, max_examples=40)
@given(lines=st.lists(st.lists(st.one_of(VALUES.map(cell), WRONG), max_size=4), max_size=8), cut=st.integers(0, 30))
def test_rows_found_are_usable_or_quarantined(tmp_path: Path, lines: list[list[str]], cut: int) -> None:
    text = GOOD + "".join(f"<row>{''.join(line)}</row>" for line in lines)
    path = made(tmp_path, "x.xlsx", book({"A": text[: len(text) - cut] if cut > 25 else text, "B": GOOD}))
    found = survey.inspect({"paths": [str(path)]})
    records = 0
    for member in readers.listing(path).members:
        try:
            for one in readers.read(member):
                records += 1
                assert one.line > 0
                assert isinstance(one, Record) or one.reason
        except Unreadable:
            assert found["ignored"]
    assert found["rows"] == found["usable"] + sum(item["count"] for item in found["quarantined"])
    assert found["rows"] == records or found["ignored"]


@QUICK
@given(
    number=st.text("0123456789.eE+-", max_size=12) | st.floats().map(repr),
    code=st.text('ymdhs0#.;[]"\\_*@/- AMP', max_size=12),
)
def test_any_number_in_any_format_is_shown(number: str, code: str) -> None:
    assert isinstance(cell_formats.shown(number, cell_formats.form_of(code)), str)
    assert isinstance(cell_formats.shown(number, cell_formats.form_of(code), since_1904=True), str)


def test_inspect_from_end_to_end(tmp_path: Path) -> None:
    many = [(f"What is the number after {n}?", f"It is {n + 1}, as you can count.") for n in range(60)]
    content = book(
        {"FAQ": rows([("Frage", "Antwort"), *many]), "Liste": rows([("x",)]), "Leer": ""}, states={"Liste": "hidden"}
    )
    path = made(tmp_path, "faq.xlsx", content)
    command = [sys.executable, "-m", "workbench", "inspect", str(path)]
    done = subprocess.run([*command, "--json"], check=True, capture_output=True, env=program_env(), timeout=120)
    found = json.loads(done.stdout)
    assert (found["rows"], found["usable"], found["method"]) == (60, 60, "sft")
    assert found["files"] == [{"path": str(path), "kind": "xlsx", "rows": 60, "split": "train"}]
    assert {item["source"].rpartition("/")[2]: item["reason"] for item in found["ignored"]} == {
        "Liste": "a hidden sheet; unhide it to have it read", "Leer": "an empty sheet",
    }  # fmt: skip
    printed = subprocess.run(command, check=True, capture_output=True, text=True, env=program_env(), timeout=120).stdout
    assert "60 rows" in printed
    assert MAIN not in printed
