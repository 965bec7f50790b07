"""Readers on good, odd and hostile files; every file is made by the test that reads it."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.data import readers
from workbench.data.readers import BadRecord, Record, Unreadable, json_pieces, passages, records, rows_of_table, source

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def made(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path: Path) -> list[Record | BadRecord]:
    return [record for member in readers.listing(path).members for record in readers.read(member)]


def values(path: Path) -> list[dict[str, object]]:
    return [record.value for record in read(path) if isinstance(record, Record)]


def faults(path: Path) -> list[tuple[int, str]]:
    return [(record.line, record.reason) for record in read(path) if isinstance(record, BadRecord)]


# JSON and JSON lines


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("layout", ["array", "data", "train", "rows", "nested", "lines"])
def test_json_layouts_give_the_same_rows(tmp_path: Path, layout: str, indent: int | None) -> None:
    rows = [
        {"a": 'say "hi" \\ [}', "n": [1, {"b": 2.5}]},
        {"a": "é\n", "n": None},
        {"a": "]},{", "n": 12345678901234567},
    ]
    document = {
        "array": rows,
        "data": {"version": 1, "data": rows},
        "train": {"train": rows},
        "rows": {"rows": rows},
        "nested": {"data": {"train": rows}},
    }
    text = "\n".join(map(json.dumps, rows)) if layout == "lines" else json.dumps(document[layout], indent=indent)
    assert values(made(tmp_path, "rows.json", text)) == rows
    assert faults(tmp_path / "rows.json") == []


def test_json_lines_are_told_by_content_and_an_array_in_a_jsonl_is_read(tmp_path: Path) -> None:
    assert values(made(tmp_path, "a.json", '{"a":1}\n\r\n{"a":2}')) == [{"a": 1}, {"a": 2}]
    assert values(made(tmp_path, "b.jsonl", '[\n  {"a": 1},\n  {"a": 2}\n]\n')) == [{"a": 1}, {"a": 2}]
    assert values(made(tmp_path, "c.jsonl", '{"a":1}')) == [{"a": 1}]
    assert values(made(tmp_path, "d.json", '{"a":1}')) == [{"a": 1}]
    assert values(made(tmp_path, "e.json", '[{"a":1},\n{"a":2}\n]')) == [{"a": 1}, {"a": 2}]
    assert values(made(tmp_path, "f.json", '{"data":[\n{"a":1}\n]}')) == [{"a": 1}]
    for first in ("{", "[" * 2000, '["cut'):
        assert values(made(tmp_path, "h.jsonl", f'{first}\n{{"a":1}}\n{{"a":2}}\n')) == [{"a": 1}, {"a": 2}]
    turns = '[{"role": "user"}]'
    assert values(made(tmp_path, "g.json", f"{turns}\n{turns}\n")) == [{"messages": [{"role": "user"}]}] * 2


def test_one_bad_line_costs_one_row(tmp_path: Path) -> None:
    lines = [
        '{"a":1}',
        '{"a":Infinity}',
        "",
        '{"a":-Infinity}',
        "nonsense",
        '{"a":"\\ud800x"}',
        "[" * 2000,
        "42",
        '{"a":2}',
        '{"a"',
    ]
    path = made(tmp_path, "x.jsonl", "\n".join(lines))
    assert values(path) == [{"a": 1}, {"a": "\ufffdx"}, {"a": 2}]
    not_finite = "NaN or Infinity, which JSON does not have"
    assert faults(path) == [
        (2, not_finite),
        (4, not_finite),
        (5, "not valid JSON"),
        (7, "nested too deeply"),
        (8, "the row is neither an object, a text nor a list of turns"),
        (10, "JSON that is cut off"),
    ]


def test_surrogate_pairs_and_escaped_backslashes_survive(tmp_path: Path) -> None:
    path = made(tmp_path, "x.jsonl", '{"a":"\\ud83d\\ude00 \\udc00 \\\\ud800"}\n{"a":"x"}\n')
    assert values(path)[0] == {"a": "\U0001f600 \ufffd \\ud800"}


def test_one_bad_element_of_an_array_costs_one_row_and_names_its_line(tmp_path: Path) -> None:
    path = made(tmp_path, "x.json", '\n[\n {"a": 1},\n {"a": -Infinity},\n {"a": "x,]"}\n,\n\n {"a": [2')
    assert values(path) == [{"a": 1}, {"a": "x,]"}]
    assert [line for line, _ in faults(path)] == [4, 8]


def test_array_is_split_the_same_at_every_chunk_border(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"a": 'q"\\', "b": ["\\\\", {"c": "]"}]}, {"a": "\\n,", "b": []}, {"a": "é" * 5, "b": [[]]}]
    text = json.dumps(rows, indent=1, ensure_ascii=False)
    begins = [number for number, line in enumerate(text.split("\n"), 1) if line == " {"]
    path = made(tmp_path, "x.json", text)
    for size in range(1, 40):
        monkeypatch.setattr(source, "CHUNK_BYTES", size)
        found = list(read(path))
        assert [record.value for record in found if isinstance(record, Record)] == rows
        assert [record.line for record in found] == begins


def test_a_record_beyond_the_limit_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (source, json_pieces, rows_of_table):
        monkeypatch.setattr(module, "MAX_RECORD_BYTES", 100)
    monkeypatch.setattr(source, "CHUNK_BYTES", 16)
    long = json.dumps({"a": "x\\\n" * 400})
    assert values(made(tmp_path, "a.jsonl", f'{{"a":1}}\n{long}\n{{"a":2}}\n')) == [{"a": 1}, {"a": 2}]
    assert faults(tmp_path / "a.jsonl") == [(2, records.TOO_LONG)]
    assert values(made(tmp_path, "a.json", f'[{{"a":1}},\n{long},\n{{"a":2}}]')) == [{"a": 1}, {"a": 2}]
    assert faults(tmp_path / "a.json") == [(2, records.TOO_LONG)]
    assert values(made(tmp_path, "a.csv", f"a,b\n1,2\n{'x' * 200},2\n3,4\n")) == [
        {"a": "1", "b": "2"},
        {"a": "3", "b": "4"},
    ]
    assert faults(tmp_path / "a.csv") == [(3, records.TOO_LONG)]


def test_a_huge_line_is_not_kept_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    with path.open("wb") as file:
        file.write(b'{"a":1}\n{"a":"')
        for _ in range(96):
            file.write(b"x" * 2**20)
        file.write(b'"}\n{"a":2}\n')
    assert values(path) == [{"a": 1}, {"a": 2}]
    assert faults(path) == [(2, records.TOO_LONG)]


# Tables


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_cell_stays_the_text_it_was(tmp_path: Path, delimiter: str) -> None:
    cells = [
        "None",
        "NA",
        "007",
        "true",
        "2024-01-08",
        "1e5",
        "=1+1",
        " spaced ",
        'a "quote"',
        "two\r\nlines",
        ",;|\t",
        "",
    ]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow([f"column {number}" for number in range(len(cells))])
    writer.writerows([cells, cells[::-1]])
    path = made(tmp_path, "x.csv", text.getvalue())
    assert [list(row.values()) for row in values(path)] == [cells, cells[::-1]]
    assert faults(path) == []


def test_bad_records_of_a_table(tmp_path: Path) -> None:
    path = made(tmp_path, "x.csv", 'q,a\none,1\ntwo\nthree,3,3\n\n"four"x,4\n5" disk,5\nsix,"6\nseven,7\n')
    assert [row["q"] for row in values(path)] == ["one", '5" disk', "seven"]
    assert faults(path) == [
        (3, "fewer cells than columns"),
        (4, "more cells than columns"),
        (6, "a quote or a line end stands in the middle of a cell"),
        (8, rows_of_table.UNCLOSED),
    ]


def test_many_unclosed_quotes_end_the_reading_but_lose_no_line(tmp_path: Path) -> None:
    rows = 300
    path = made(tmp_path, "x.csv", "q,a\n" + 'x,"y\n' * (rows - 1) + "z,1\n")
    assert len(faults(path)) + len(values(path)) == rows


def test_a_table_of_one_column_keeps_its_commas(tmp_path: Path) -> None:
    assert values(made(tmp_path, "x.csv", "text\nHello, world\nGoodbye; all\n")) == [
        {"text": "Hello, world"},
        {"text": "Goodbye; all"},
    ]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("text,text\nx,y\n", [{"text": "x", "text_2": "y"}]),
        (",note\nx,y\n", [{"column_1": "x", "note": "y"}]),
        ("Where do I park?,In lot B.\nWho are you?,A clerk.\n", [
            {"column_1": "Where do I park?", "column_2": "In lot B."},
            {"column_1": "Who are you?", "column_2": "A clerk."},
        ]),
        ("1,2\n3,4\n", [{"column_1": "1", "column_2": "2"}, {"column_1": "3", "column_2": "4"}]),
    ],
)  # fmt: skip
def test_columns_without_a_name_of_their_own_get_one(tmp_path: Path, text: str, rows: list[dict[str, str]]) -> None:
    assert values(made(tmp_path, "x.csv", text)) == rows
    assert faults(tmp_path / "x.csv") == []


# Text


def test_long_lines_are_articles_and_short_ones_are_one_article(tmp_path: Path) -> None:
    long = [f"{number} " + "word " * 300 for number in range(5)]
    assert values(made(tmp_path, "a.txt", "\r\n".join(long) + "\n")) == [{"text": line} for line in long]
    prose = "A title\n\nShort line.\nAnother.\n\nThe end."
    assert values(made(tmp_path, "b.txt", prose + "\n\n")) == [{"text": prose}]
    assert values(made(tmp_path, "c.md", "\n".join(long))) == [{"text": "\n".join(long).rstrip()}]


def test_a_book_is_cut_at_blank_lines_and_keeps_every_word(tmp_path: Path) -> None:
    paragraphs = [f"Paragraph {number}\nhas a second line {'x' * 60}." for number in range(5000)]
    found = values(made(tmp_path, "book.txt", "\n\n".join(paragraphs)))
    texts = [str(row["text"]) for row in found]
    assert len(texts) > 10
    assert max(map(len, texts)) < 2 * passages.PART + 200
    assert "\n\n".join(texts) == "\n\n".join(paragraphs)


# Encodings and containers


SENTENCE = "Le café est prêt, et la crème brûlée aussi : où êtes-vous allé hier soir avec ma sœur ?"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
@pytest.mark.parametrize("name", ["x.jsonl", "x.json", "x.csv", "x.txt"])
def test_encodings(tmp_path: Path, encoding: str, name: str) -> None:
    rows = [{"text": SENTENCE, "n": "1"}, {"text": "plain", "n": "2"}]
    texts = {
        "x.jsonl": "\n".join(json.dumps(row, ensure_ascii=False) for row in rows),
        "x.json": json.dumps(rows, ensure_ascii=False, indent=2),
        "x.csv": "text;n\n" + "\n".join(";".join(row.values()) for row in rows),
        "x.txt": SENTENCE,
    }
    expected = rows if name != "x.txt" else [{"text": SENTENCE}]
    assert values(made(tmp_path, name, texts[name].encode(encoding))) == expected


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "Привет, как дела? Это обычный русский текст о погоде и о жизни в деревне."),
        ("cp1252", "café"),
        ("cp1252", "It’s a “quote” – done."),
        ("cp1252", "Größe und Übermut führen zu Ärger."),
        ("shift_jis", "これは日本語の文章です。天気がいいですね。"),
        ("cp1250", "Zażółć gęślą jaźń, proszę państwa; łódź płynie po rzece, a ją widać z brzegu."),
    ],
)
def test_other_encodings(tmp_path: Path, encoding: str, text: str) -> None:
    content = json.dumps({"text": text}, ensure_ascii=False) + "\n"
    assert values(made(tmp_path, "x.jsonl", (content * 3).encode(encoding))) == [{"text": text}] * 3


def test_damaged_utf8_costs_only_the_damaged_line(tmp_path: Path) -> None:
    lines = [json.dumps({"text": SENTENCE}, ensure_ascii=False).encode()] * 5
    path = made(tmp_path, "x.jsonl", b"\n".join([*lines, b'{"text": "caf\xe9"}', *lines]))
    assert values(path) == [{"text": SENTENCE}] * 10
    assert faults(path) == [(6, "not valid UTF-8")]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.jsonl", b"", "empty"),
        ("photo.json", b"\x89PNG\r\n\x1a\n" + bytes(100), "PNG image"),
        ("weights.txt", b"GGUF" + bytes(100), "GGUF model"),
        ("noise.csv", bytes(range(256)) * 20, "not text"),
    ],
)
def test_what_is_no_text_is_refused_by_name(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    with pytest.raises(Unreadable, match=says) as refused:
        list(read(made(tmp_path, name, content)))
    assert name in str(refused.value)


def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.jsonl")
    with pytest.raises(Unreadable, match="regular file"):
        list(read(tmp_path / "x.jsonl"))


def test_a_file_that_fails_to_read_is_one_sentence() -> None:
    # A regular file whose first page nobody can read, not even root.
    with pytest.raises(Unreadable, match="cannot be read: Input/output error"):
        list(read(Path("/proc/self/mem")))


def test_a_folder_is_its_data_files_in_order(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("b.jsonl", "a.jsonl", "sub/c.jsonl"):
        made(tmp_path, name, f'{{"a":"{name}"}}\n')
    for name in ("README.md", "photo.png", ".hidden.jsonl"):
        made(tmp_path, name, "x")
    listed = readers.listing(tmp_path)
    assert values(tmp_path) == [{"a": name} for name in ("a.jsonl", "b.jsonl", "sub/c.jsonl")]
    assert {Path(file["source"]).name: file["reason"] for file in listed.ignored} == {
        ".hidden.jsonl": "hidden",
        "README.md": "it is about the data, not of it",
        "photo.png": "no reader for .png",
    }


def test_names_that_are_no_text_are_shown_harmlessly(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\x1b]0;x\x07\xff.jsonl"))
    path.write_text('{"a":1}\nbad\n', encoding="utf-8")
    sources = {record.source for record in read(path)}
    assert len(sources) == 1
    assert not {"\x1b", "\x07"} & set(sources.pop())


# Conservation: independent counts of what a file holds


@QUICK
@given(
    content=st.lists(st.one_of(st.binary(max_size=40), st.sampled_from([b'{"a":1}', b'"t"', b"[", b""])), max_size=12)
)
def test_every_line_of_json_lines_is_accounted_for(tmp_path: Path, content: list[bytes]) -> None:
    lines = [b'{"a":1}', b'{"a":2}', *(line.replace(b"\r", b"").replace(b"\n", b"") for line in content)] * 2
    body = b"\n".join([b'{"a":1}'] * len(lines) + lines)
    try:
        found = list(read(made(tmp_path, "x.jsonl", body)))
    except Unreadable:
        return
    blank = sum(1 for line in lines if not line.strip())
    assert len(found) == 2 * len(lines) - blank


@QUICK
@given(
    rows=st.lists(
        st.dictionaries(
            st.text(max_size=8),
            st.recursive(st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(), st.lists, max_leaves=5),
            max_size=4,
        ),
        max_size=8,
    ),
    indent=st.sampled_from([None, 1]),
)
def test_any_array_comes_back_unchanged(tmp_path: Path, rows: list[dict[str, object]], indent: int | None) -> None:
    path = made(tmp_path, "x.json", json.dumps(rows, indent=indent))
    assert values(path) == json.loads(json.dumps(rows))


@QUICK
@given(content=st.lists(st.text("[]{}:,\\ ax1é\t", max_size=12), max_size=12))
def test_every_line_of_a_table_without_quotes_is_accounted_for(tmp_path: Path, content: list[str]) -> None:
    path = made(tmp_path, "x.csv", "\n".join(["question,answer", *content]))
    assert len(list(read(path))) == sum(1 for line in content if line)


@QUICK
@given(content=st.binary(max_size=200))
def test_a_short_text_is_one_article_and_its_damaged_lines(tmp_path: Path, content: bytes) -> None:
    try:
        found = read(made(tmp_path, "x.txt", b"words " + content))
    except Unreadable:
        return
    articles = [record for record in found if isinstance(record, Record)]
    damaged = [record.reason for record in found if isinstance(record, BadRecord)]
    assert len(articles) <= 1
    assert len(articles) + len(damaged) >= 1
    assert all(reason.startswith("not valid") or reason == "the document holds no text" for reason in damaged)
    assert len(damaged) <= 1 + content.count(b"\n") + content.count(b"\r")


@QUICK
@given(
    elements=st.lists(
        st.sampled_from(['{"a": [1, {}]}', '"],["', "NaN", "nothing", '{"a": "\\\\"}', "[[], {}]", '{"a" 1}']),
        max_size=8,
    ),
    space=st.sampled_from(["", " ", "\r\n\t"]),
)
def test_every_element_of_an_array_is_accounted_for(tmp_path: Path, elements: list[str], space: str) -> None:
    body = "[" + space + f",{space}".join(elements) + space + "]"
    assert len(list(read(made(tmp_path, "x.json", body)))) == len(elements)
