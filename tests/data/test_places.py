"""Where a record stands: the line at which it begins, or its number where lines tell nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.data import readers


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ('[{"a":1},{"a":2},\n{"a":3}]', [1, 2, 3]),
        ('[{"a":1},{"a":2}]', [1, 2]),
        ('[{"a":1},\n\n{"a":2}]', [1, 3]),
        ('[\n{"a":1}]', [2]),
        ('{"a":1}\n\n{"a":2}\n', [1, 3]),
    ],
)
def test_a_record_can_be_found_again(tmp_path: Path, text: str, places: list[int]) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    (member,) = readers.listing(path).members
    assert [record.line for record in readers.read(member)] == places


def test_a_link_to_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rows.jsonl").write_text('{"a":1}\n')
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "data" / "more").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (ignored,) = readers.listing(tmp_path / "data").ignored
    assert ignored["source"].endswith("more")
    assert "link to a folder" in ignored["reason"]


@pytest.mark.parametrize("text", ['{"a": NaN, "b": "c"}\n', '[{"a": NaN, "b": "c"}]', '{"a": [1, NaN], "b": "NaN"}\n'])
def test_a_number_that_is_missing_is_null(tmp_path: Path, text: str) -> None:
    path = tmp_path / "frame.jsonl"
    path.write_text(text)
    (member,) = readers.listing(path).members
    (record,) = readers.read(member)
    assert isinstance(record, readers.Record)
    assert record.value in ({"a": None, "b": "c"}, {"a": [1, None], "b": "NaN"})


def test_lines_above_a_header_are_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("Export of the desk;;\nDate: 1.2.2024;;\n;;\nNo;Question;Answer\n1;Why?;Because.\n2;How?;So.\n")
    (member,) = readers.listing(path).members
    found = [record.value for record in readers.read(member) if isinstance(record, readers.Record)]
    assert found == [
        {"No": "1", "Question": "Why?", "Answer": "Because."},
        {"No": "2", "Question": "How?", "Answer": "So."},
    ]


def test_a_title_above_two_columns_is_no_row_when_a_header_follows(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("Questions of the desk;\n;\nQuestion;Answer\nWhy is it so?;Because.\nHow is it done?;So.\n")
    (member,) = readers.listing(path).members
    first, *_ = readers.read(member)
    assert isinstance(first, readers.Record)
    assert (first.line, first.value) == (4, {"Question": "Why is it so?", "Answer": "Because."})
    path.write_text("Where is the lathe?;\nWhen do you open?;At nine, every day.\nWho is in charge?;The foreman.\n")
    assert len(list(readers.read(member))) == 3


def test_a_table_whose_first_rows_are_sparse_keeps_them(tmp_path: Path) -> None:
    path = tmp_path / "sparse.csv"
    path.write_text("No;Question;Answer\n1;;\n2;Why?;Because.\n")
    (member,) = readers.listing(path).members
    assert len(list(readers.read(member))) == 2


def test_beside_conversations_of_an_export_its_page_is_no_data(tmp_path: Path) -> None:
    turns = {"0": {"parent": None, "message": {"author": {"role": "user"}, "content": {"parts": ["Why?"]}}}}
    (tmp_path / "conversations.json").write_text(json.dumps([{"mapping": turns}] * 3))
    (tmp_path / "chat.html").write_text("<html><body>" + "<p>Why? Because.</p>" * 400 + "</body></html>")
    (tmp_path / "notes.html").write_text("<p>Kept.</p>")
    found = readers.listing(tmp_path)
    assert [Path(member.name).name for member in found.members] == ["conversations.json"]
    assert {Path(item["source"]).name for item in found.ignored} == {"chat.html", "notes.html"}
