"""Laws of the readers: nothing is lost or changed, and nothing but one sentence is raised, whatever the bytes."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.data.archives_made import tarred, zipped
from workbench.data import readers
from workbench.data.readers import BadRecord, Record, Unreadable, archives, kinds, rows_of_json, source, tar_headers
from workbench.data.readers.json_pieces import Pieces
from workbench.data.readers.member import Member
from workbench.data.readers.tables_of_json import rows_in

QUICK = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | TEXT | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8
)
ROWS = st.lists(st.fixed_dictionaries({"question": TEXT, "answer": VALUES}), min_size=2, max_size=6)
SUFFIXES = [*kinds.SUFFIXES, ".py", ".gz", ".zip", ".tar", ".zst", ""]


def member_of(path: Path) -> Member:
    (member,) = readers.listing(path).members
    return member


def found_in(path: Path, name: str, content: bytes) -> list[Record | BadRecord]:
    (path / name).write_bytes(content)
    return list(readers.read(member_of(path / name)))


def values(found: list[Record | BadRecord]) -> list[dict[str, Any]]:
    """Return the rows to learn from."""
    return [record.value for record in found if isinstance(record, Record) and not record.held_out]


def held_out(found: list[Record | BadRecord]) -> list[dict[str, Any]]:
    """Return the rows that stand under a key for validation or test."""
    return [record.value for record in found if isinstance(record, Record) and record.held_out]


# Whatever the bytes


@QUICK
@given(
    content=st.one_of(
        st.binary(max_size=120),
        st.lists(
            st.sampled_from([b"{", b"}", b"[", b"]", b'"', b",", b":", b"\\", b"\n", b"a", b"\xff", b"\0", b" ", b"1"]),
            max_size=40,
        ).map(b"".join),
        st.text("\"',;|\t\n\rab=#", max_size=60).map(str.encode),
        st.text("QA:? \n#*-Userabc", max_size=80).map(str.encode),
    ),
    suffix=st.sampled_from(SUFFIXES),
    encoding=st.sampled_from(["", "utf-8-sig", "utf-16", "utf-32"]),
)
def test_any_bytes_give_records_or_one_sentence(tmp_path: Path, content: bytes, suffix: str, encoding: str) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_bytes(content.decode("latin-1").encode(encoding) if encoding else content)
    try:
        for member in readers.listing(path).members:
            for record in readers.read(member):
                assert record.source == member.name
                assert record.line > 0
                assert isinstance(record, Record) or (record.reason and "\n" not in record.reason)
                if isinstance(record, Record):
                    json.dumps(record.value).encode()
    except Unreadable as refused:
        sentence = str(refused)
    else:
        sentence = "."
    assert sentence.endswith(".")
    assert "\n" not in sentence


@QUICK
@given(
    content=st.binary(min_size=1, max_size=400),
    packed=st.sampled_from(["gz", "zip", "tar"]),
    flips=st.lists(st.integers(0, 10**6), max_size=3),
)
def test_a_damaged_archive_gives_records_or_one_sentence(
    tmp_path: Path, content: bytes, packed: str, flips: list[int]
) -> None:
    pack = {"gz": gzip.compress, "zip": lambda one: zipped({"x.txt": one}), "tar": lambda one: tarred({"x.txt": one})}
    whole = bytearray(pack[packed](content))
    for flip in flips:
        whole[flip % len(whole)] ^= 1 << flip % 8
    path = tmp_path / f"x.{packed}"
    path.write_bytes(whole)
    sentence = "."
    try:
        for member in readers.listing(path).members:
            list(readers.read(member))
    except Unreadable as refused:
        sentence = str(refused)
    assert sentence.endswith(".")
    assert [item.name for item in tmp_path.iterdir() if item.name.startswith("x.")] != []


# Lines


@QUICK
@given(
    lines=st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"").replace(b"\r", b"")), max_size=20),
    chunk=st.integers(1, 50),
    limit=st.integers(5, 60),
)
def test_lines_are_the_lines_of_the_file_at_every_chunk_border(
    tmp_path: Path, lines: list[bytes], chunk: int, limit: int
) -> None:
    body = b"\xef\xbb\xbffirst\n" + b"\n".join(lines)
    (tmp_path / "x").write_bytes(body)
    member = Member("x", tmp_path / "x", "text", len(body), tmp_path / "x", lambda: (tmp_path / "x").open("rb"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "CHUNK_BYTES", chunk)
        patch.setattr(source, "HEAD_BYTES", chunk)
        patch.setattr(source, "MAX_RECORD_BYTES", limit)
        with (tmp_path / "x").open("rb") as stream:
            text = source.Source(member, stream, stream.read(max(chunk, 3)), "utf-8", 3)
            found = list(text.lines())
    expected: list[bytes] = b"\n".join([b"first", *lines]).split(b"\n")
    if not expected[-1]:
        expected.pop()
    assert found == [(number, line if len(line) <= limit else None) for number, line in enumerate(expected, 1)]


@QUICK
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\x00"), min_size=1, max_size=40))
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le"])
def test_text_comes_back_from_every_unicode_encoding(tmp_path: Path, encoding: str, text: str) -> None:
    rows = [{"text": text}, {"text": "plain words in a second row, so that there is a text to judge"}] * 3
    body = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    if encoding == "utf-16-le" and not text.isascii():
        return  # without a mark it is told by its zero bytes, of which little else has enough
    assert values(found_in(tmp_path, "x.jsonl", body.encode(encoding))) == rows


# JSON


@QUICK
@given(values=st.lists(VALUES, max_size=6), chunk=st.integers(1, 40), indent=st.sampled_from([None, 1]))
def test_the_elements_of_an_array_are_found_at_every_chunk_border(
    values: list[Any], chunk: int, indent: int | None
) -> None:
    body = json.dumps(values, indent=indent, ensure_ascii=False).encode()
    chunks = [body[start : start + chunk] for start in range(0, len(body), chunk)]
    found = list(rows_of_json.array_elements(chunks))
    assert [json.loads(raw or b"") for _, raw in found] == values
    lines = body.split(b"\n")
    for line, raw in found:
        assert (raw or b"").split(b"\n")[0].strip() in lines[line - 1]


@QUICK
@given(members=st.dictionaries(TEXT, VALUES, max_size=6), chunk=st.integers(1, 40), indent=st.sampled_from([None, 1]))
def test_the_keys_and_values_of_an_object_are_found_at_every_chunk_border(
    members: dict[str, Any], chunk: int, indent: int | None
) -> None:
    body = json.dumps(members, indent=indent).encode()
    pieces = Pieces([body[start : start + chunk] for start in range(0, len(body), chunk)])
    pieces.enter()
    found: dict[str, Any] = {}
    follows = True
    while follows and (key := pieces.key()) is not None:
        found[json.loads(key)] = json.loads(pieces.value()[1] or b"")
        follows = pieces.after_value()
    assert found == members


@QUICK
@given(
    rows=ROWS, layout=st.sampled_from(["data", "train", "nested", "split", "columns", "cells", "frame", "map", "turns"])
)
def test_rows_come_back_from_every_layout_of_an_object(tmp_path: Path, rows: list[dict[str, Any]], layout: str) -> None:
    numbers = [str(number) for number in range(len(rows))]
    talks = [[{"role": "user", "content": row["question"]}] for row in rows]
    document: Any = {
        "data": {"version": "1", "data": rows, "count": len(rows)},
        "train": {"train": rows},
        "nested": {"data": {"train": rows}},
        "split": {"validation": rows, "train": rows, "test": rows},
        "columns": {name: [row[name] for row in rows] for name in ("question", "answer")},
        "cells": {
            name: dict(zip(numbers, (row[name] for row in rows), strict=True)) for name in ("question", "answer")
        },
        "frame": {
            "columns": ["question", "answer"],
            "index": list(range(len(rows))),
            "data": [[row["question"], row["answer"]] for row in rows],
        },
        "map": {f"id-{number}": row for number, row in enumerate(rows)},
        "turns": {f"id-{number}": talk for number, talk in enumerate(talks)},
    }[layout]
    found = found_in(tmp_path, "x.json", json.dumps(document, indent=1).encode())
    assert values(found) == ([{"messages": talk} for talk in talks] if layout == "turns" else rows)
    assert held_out(found) == (rows * 2 if layout == "split" else [])


@QUICK
@given(
    rows=ROWS,
    layout=st.sampled_from(["data", "first", "nested", "split", "map", "concatenated"]),
    chunk=st.integers(20, 200),
    indent=st.sampled_from([None, 1]),
)
def test_an_object_too_long_to_be_parsed_gives_the_same_rows(
    tmp_path: Path, rows: list[dict[str, Any]], layout: str, chunk: int, indent: int | None
) -> None:
    aside = [{"other": number} for number in range(3)]
    document: Any = {
        "data": {"version": "1", "about": {"a": [1, {"b": "}"}]}, "data": rows, "count": len(rows)},
        "first": {"rows": rows},
        "nested": {"data": {"train": rows}, "more": None},
        "split": {"train": rows, "validation": aside},
        "map": {f"id-{number}": row for number, row in enumerate(rows)},
    }.get(layout)
    text = (
        "\n".join(json.dumps(row, indent=indent) for row in rows)
        if document is None
        else json.dumps(document, indent=indent)
    )
    short = found_in(tmp_path, "x.json", text.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows_of_json, "MAX_DOCUMENT_BYTES", 0)
        patch.setattr(source, "CHUNK_BYTES", chunk)
        long = found_in(tmp_path, "x.json", text.encode())
    assert values(long) == values(short) == rows
    assert held_out(long) == held_out(short) == (aside if layout == "split" else [])


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]},
        {"id": 1, "conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}] * 9},
        {
            "prompt": "p",
            "chosen": [{"role": "assistant", "content": "a"}],
            "rejected": [{"role": "assistant", "content": "b"}],
        },
        {"chosen": [{"role": "user"}, {"role": "assistant"}], "rejected": [{"role": "user"}, {"role": "assistant"}]},
        {
            "question": "Which of these is a bird?",
            "choices": [{"label": "A", "text": "owl"}, {"label": "B", "text": "cow"}],
        },
        {"messages": [{"role": "user"}], "tools": [{"type": "function"}, {"type": "function"}]},
        {"question": "q", "answer": "a"},
        {"instruction": {"text": "do"}, "output": {"text": "done"}},
        {"text": "words"},
        {},
    ],
)
def test_an_object_that_is_one_row_stays_one_row(tmp_path: Path, row: dict[str, Any]) -> None:
    assert rows_in(row) is None
    assert values(found_in(tmp_path, "x.json", json.dumps(row, indent=2).encode())) == [row]


def test_questions_inside_articles_are_rows_with_what_is_said_of_all_of_them(tmp_path: Path) -> None:
    article = {
        "title": "T",
        "paragraphs": [{"context": "C", "qas": [{"id": 1, "question": "q"}, {"id": 2, "question": "r"}]}],
    }
    expected = [{"title": "T", "context": "C", "id": number, "question": text} for number, text in ((1, "q"), (2, "r"))]
    assert values(found_in(tmp_path, "x.json", json.dumps({"version": "1", "data": [article]}).encode())) == expected


def test_a_faq_as_an_object_of_question_and_answer(tmp_path: Path) -> None:
    body = json.dumps({"Who are you?": "A clerk.", "Where is it?": "In lot B."}).encode()
    assert values(found_in(tmp_path, "x.json", body)) == [
        {"question": "Who are you?", "answer": "A clerk."},
        {"question": "Where is it?", "answer": "In lot B."},
    ]


def test_commas_after_lines_and_values_without_an_array(tmp_path: Path) -> None:
    rows = [{"a": 1}, {"a": [{}]}, {"a": "}{"}]
    assert values(found_in(tmp_path, "x.jsonl", ",\n".join(map(json.dumps, rows)).encode())) == rows
    assert values(found_in(tmp_path, "y.json", "".join(map(json.dumps, rows)).encode())) == rows
    assert values(found_in(tmp_path, "z.jsonl", "\n".join(json.dumps(row, indent=2) for row in rows).encode())) == rows


# Tables


@QUICK
@given(
    cells=st.lists(
        st.tuples(*[st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)] * 3),
        max_size=8,
    ),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_every_cell_of_a_quoted_table_comes_back_byte_by_byte(
    tmp_path: Path, cells: list[tuple[str, ...]], delimiter: str, end: str
) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    # A file of which a large part is control characters is taken for no text at all.
    rows = [("1", "first", "row"), ("2", "and a", "second " * 1000), *cells]
    writer.writerows([("id", "question", "answer"), *rows])
    found = found_in(tmp_path, "x.csv", out.getvalue().encode())
    assert [tuple(row.values()) for row in values(found)] == rows


@pytest.mark.parametrize(
    ("name", "text", "rows"),
    [
        ("a.csv", "sep=;\nq;a\n1,5;x\n", [{"q": "1,5", "a": "x"}]),
        ("a.txt", "#separator:tab\n#html:true\n#columns:Front\tBack\nwet\tdry\n", [{"Front": "wet", "Back": "dry"}]),
        ("a.txt", "#separator:Semicolon\nWhat is wet?;The rain.\n", [
            {"column_1": "What is wet?", "column_2": "The rain."},
        ]),
        ("a.tsv", 'q\ta\n"No" is a word\tyes\n"open\tb\nc\td\n', [
            {"q": '"No" is a word', "a": "yes"}, {"q": '"open', "a": "b"}, {"q": "c", "a": "d"},
        ]),
        ("a.csv", 'q,a\n"say \\"hi\\", she said",b\n"c \\"d\\"","e,f"\n', [
            {"q": 'say "hi", she said', "a": "b"}, {"q": 'c "d"', "a": "e,f"},
        ]),
        ("a.csv", 'q,a\n"a backslash \\",b\n"c ""d""",e\n', [
            {"q": "a backslash \\", "a": "b"}, {"q": 'c "d"', "a": "e"},
        ]),
        ("a.csv", "a,a,a_2,\n1,2,3,4\n", [{"a": "1", "a_2": "2", "a_2_3": "3", "column_4": "4"}]),
        ("a.csv", "Question?,Answer\n1,2\n", [{"Question?": "1", "Answer": "2"}]),
    ],
)  # fmt: skip
def test_dialects_and_headers(tmp_path: Path, name: str, text: str, rows: list[dict[str, str]]) -> None:
    assert values(found_in(tmp_path, name, text.encode())) == rows


# Tar


@QUICK
@given(
    files=st.dictionaries(
        st.text(
            st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\"), min_size=1, max_size=60
        ).filter(lambda name: name.strip(". ") == name and not name.endswith(":")),
        st.binary(max_size=1200),
        max_size=5,
    ),
    format=st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]),
)
def test_the_members_of_a_tar_are_those_tarfile_wrote(files: dict[str, bytes], format: int) -> None:
    whole = tarred({f"folder/{name * 3}": content for name, content in files.items()}, format=format)
    found = list(tar_headers.headers(io.BytesIO(whole)))
    assert {header.name: whole[header.offset : header.offset + header.size] for header in found} == {
        f"folder/{name * 3}": content for name, content in files.items()
    }
    assert [archives.why_unsafe(header.name) for header in found] == [""] * len(files)


def test_a_number_in_base_256_and_a_damaged_one() -> None:
    header = bytearray(tarred({"a": b""})[:512])
    header[124:136] = b"\x80" + (2**40).to_bytes(11, "big")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    with pytest.raises(tar_headers.Damaged, match="cut off"):
        list(tar_headers.headers(io.BytesIO(bytes(header))))
    header[124:136] = b"nonsense!!!\0"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    with pytest.raises(tar_headers.Damaged, match="damaged"):
        list(tar_headers.headers(io.BytesIO(bytes(header))))
