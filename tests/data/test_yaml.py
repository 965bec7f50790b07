"""YAML as rows: lists, seeds, conversations, intents and documents; settings, aliases and damage."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.data.archives_made import LINES, ignored, made, names, zipped
from workbench.data import readers
from workbench.data.readers import BadRecord, Record, Unreadable, rows_of_yaml
from workbench.data.readers.listing import PROSE
from workbench.data.survey import inspect

QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(folder: Path, content: str | bytes, name: str = "x.yaml") -> list[Record | BadRecord]:
    path = made(folder, name, content.encode() if isinstance(content, str) else content)
    (member,) = readers.listing(path).members
    return list(readers.read(member))


def rows(folder: Path, content: str | bytes, name: str = "x.yaml") -> list[dict[str, Any]]:
    found = read(folder, content, name)
    assert [record for record in found if isinstance(record, BadRecord)] == []
    return [record.value for record in found if isinstance(record, Record)]


# Rows


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("- q: A\n  a: B\n- {q: C, a: D}\n", [{"q": "A", "a": "B"}, {"q": "C", "a": "D"}]),
        ("version: 1\nrows:\n- q: What is it?\n", [{"q": "What is it?"}]),
        ("faqs:\n- q: What?\n- q: A b c d\n", [{"q": "What?"}, {"q": "A b c d"}]),
        ("faqs:\n- {q: 東京はどこにありますか, n: 1}\n", [{"q": "東京はどこにありますか", "n": 1}]),
        ("data:\n  train:\n  - q: What is it, then?\n", [{"q": "What is it, then?"}]),
        ("---\nq: What is it?\n---\nq: And where?\n...\n", [{"q": "What is it?"}, {"q": "And where?"}]),
        ("---\n- q: A\n---\n- q: B\n", [{"q": "A"}, {"q": "B"}]),
        ("seed_examples:\n- context: |\n    C.\n  questions_and_answers:\n  - question: A?\n    answer: |\n      B.\n"
         "  - {question: D?, answer: E.}\n- {question: F?, answer: G.}\ndocument: {repo: r}\n",
         [{"question": "A?", "answer": "B.", "context": "C."}, {"question": "D?", "answer": "E.", "context": "C."},
          {"question": "F?", "answer": "G."}]),
        ("categories: [a]\nconversations:\n- - Hi\n  - Ho\n- - 2 + 2?\n  - 4\n  - true\n",
         [{"dialog": ["Hi", "Ho"]}, {"dialog": ["2 + 2?", "4", "true"]}]),
        ("- - Hi\n  - Ho\n", [{"dialog": ["Hi", "Ho"]}]),
        ("nlu:\n- intent: ask\n  examples: |\n    - is [Ulm](city) far?\n    - at [nine]{\"entity\": \"t\"}?\n"
         "- lookup: x\n",
         [{"text": "is Ulm far?", "intent": "ask"}, {"text": "at nine?", "intent": "ask"}]),
        ("messages:\n- {role: user, content: Hi}\n- {role: assistant, content: Ho}\n",
         [{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]}]),
    ],
)  # fmt: skip
def test_where_rows_are_found(tmp_path: Path, text: str, found: list[dict[str, Any]]) -> None:
    assert rows(tmp_path, text) == found


def test_a_text_among_conversations_is_no_row(tmp_path: Path) -> None:
    found = read(tmp_path, "conversations:\n- - Hi\n  - Ho\n- - a\n  - b\n- stray\n  - text\n")
    assert [type(record) for record in found] == [Record, Record, BadRecord]


def test_rows_under_a_key_for_tests_are_held_out(tmp_path: Path) -> None:
    found = read(tmp_path, "train:\n- q: What is it?\n- q: And where?\ntest:\n- q: Who was that?\n")
    told = [(record.value["q"], record.held_out, record.line) for record in found if isinstance(record, Record)]
    assert told == [("What is it?", False, 2), ("And where?", False, 3), ("Who was that?", True, 5)]


def test_rows_are_found_where_they_begin(tmp_path: Path) -> None:
    text = (
        "# a\nseed_examples:\n- context: C\n  questions_and_answers:\n  - question: A\n    answer: B\n  - question: C\n"
    )
    assert [record.line for record in read(tmp_path, text)] == [5, 7]


def test_values_stay_what_they_are_in_the_file(tmp_path: Path) -> None:
    text = """- a: no
  b: 2024-01-02
  c: 12:30:00
  d: 007
  e: 1_000
  f: 5
  g: -1.5
  h: ~
  i: true
  j: "5"
  k: !!int "6"
  l: !!python/object/apply:os.system ["x"]
  m: |
    two
    lines
  n: >-
    one
    line
  o:
  p: .inf
  q: 1.50
  r: True
  2: first
  2: second
"""
    assert rows(tmp_path, text) == [
        {
            "a": "no", "b": "2024-01-02", "c": "12:30:00", "d": "007", "e": "1_000", "f": 5, "g": -1.5, "h": None,
            "i": True, "j": "5", "k": "6", "l": ["x"], "m": "two\nlines", "n": "one line", "o": None, "p": ".inf",
            "q": "1.50", "r": "True", "2": "second",
        }
    ]  # fmt: skip


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.text(st.characters(categories=["L", "N", "P", "Zs"]))
)
CELLS = st.dictionaries(
    st.sampled_from(["question", "answer", "more"]), SCALARS | st.lists(SCALARS, max_size=3), min_size=1
)


@QUICK
@given(values=st.lists(CELLS, min_size=1, max_size=4), flow=st.booleans(), packed=st.booleans())
def test_rows_come_back_as_the_library_wrote_them(
    tmp_path: Path, values: list[dict[str, Any]], flow: bool, packed: bool
) -> None:
    raw = yaml.safe_dump(values, allow_unicode=True, default_flow_style=flow).encode()
    assert rows(tmp_path, gzip.compress(raw) if packed else raw, f"x.yaml{'.gz' if packed else ''}") == values


def test_the_slower_parser_gives_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "- a: no\n  b: |\n    x\n  c: ''\n- {a: 5, b: 'é', c: ~}\n"
    fast = read(tmp_path, text)
    monkeypatch.setattr(rows_of_yaml, "_LOADER", yaml.SafeLoader)
    assert read(tmp_path, text) == fast
    assert len(fast) == 2


# Settings

SETTINGS = [
    "services:\n  web: {image: nginx, ports: ['80:80']}\n  db: {image: postgres}\n",
    "repos:\n- repo: https://a.b/c\n  rev: v1\n- repo: https://a.b/d\n  rev: v2\n",
    "dataset_info:\n  features:\n  - name: text\n    dtype: string\n  splits:\n  - name: train\n    num_examples: 5\n",
    "- one\n- two\n",
    "just words\n",
]


@pytest.mark.parametrize("text", SETTINGS)
def test_settings_are_a_text_when_they_are_given_and_no_data_beside_others(tmp_path: Path, text: str) -> None:
    assert rows(tmp_path, text) == [{"text": text.rstrip()}]
    beside = tmp_path / "rows"
    made(beside, "config.yaml", text.encode())
    made(beside, "a.jsonl", LINES)
    assert (names(beside), ignored(beside)) == (["a.jsonl"], {"config.yaml": PROSE})
    prose = tmp_path / "prose"
    made(prose, "config.yml", text.encode())
    made(prose, "a.txt", b"Some words of prose.\n" * 3)
    found = inspect({"paths": [str(prose)]})
    assert (found["rows"], found["usable"]) == (1, 1)
    assert [item["reason"] for item in found["ignored"]] != []
    with pytest.raises(Unreadable, match="without rows"):
        inspect({"paths": [str(made(tmp_path, "x.zip", zipped({"config.yaml": text.encode()})))]})


# What is damaged or hostile


def test_aliases_are_refused_by_name(tmp_path: Path) -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
    )
    with pytest.raises(Unreadable, match=r"line 2: the alias \*a "):
        read(tmp_path, bomb)
    found = read(tmp_path, "- q: &a x\n- q: y\n- q: *a\n- q: z\n")
    assert [record[2] for record in found[:2]] == [{"q": "x"}, {"q": "y"}]
    assert (len(found), found[2].line, "alias *a" in found[2][2]) == (3, 3, True)


@pytest.mark.parametrize("start", ["", "rows:\n", "a: b\nfaqs:\n"])
def test_what_was_read_before_a_break_stays(tmp_path: Path, start: str) -> None:
    found = read(tmp_path, f"{start} - q: one?\n - q: two?\n - q: [cut\n")
    assert [record.value for record in found[:-1] if isinstance(record, Record)] == [{"q": "one?"}, {"q": "two?"}]
    assert isinstance(found[-1], BadRecord)
    assert found[-1].reason == "not valid YAML from here on"


def test_a_document_that_breaks_off_is_no_row(tmp_path: Path) -> None:
    found = read(tmp_path, "---\nq: What is it?\na: A thing.\n---\nq: And where is it?\na: 'cut\n")
    assert [record[2] for record in found] == [{"q": "What is it?", "a": "A thing."}, "not valid YAML from here on"]


def test_documents_of_several_kinds_are_all_accounted_for(tmp_path: Path) -> None:
    seeds = "seed_examples:\n- context: C\n  questions_and_answers:\n  - {question: A, answer: B}\n"
    found = read(tmp_path, f"---\n{seeds}---\nversion: 1\n---\n{seeds}")
    row = {"question": "A", "answer": "B", "context": "C"}
    assert [record[2] for record in found] == [row, rows_of_yaml.NO_ROW, row]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"[" * 100_000, "nested too deeply"),
        (b"- " * 5000 + b"a", "nested too deeply"),
        (b"a: b: c", "line 1: not valid YAML"),
        ("- ä: ö ü ß ä ö ü ß ä ö ü ß\n".encode() + b"- \xff: a\n", "not valid utf-8"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why) as refused:
        read(tmp_path, content)
    assert str(refused.value).endswith(".")


def test_a_file_beyond_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_of_yaml, "MAX_BYTES", 2**20)
    with pytest.raises(Unreadable, match="more than 1 MiB; convert it to JSON lines"):
        read(tmp_path, "- a: b\n" * 2**18)


SAMPLES = [
    b"- q: What is it?\n  a: |\n    It is.\n- {q: 'x', a: [1, 2]}\n",
    b"seed_examples:\n- context: c\n  questions_and_answers:\n  - question: a\n    answer: b\n",
    b"conversations:\n- - Hi\n  - Ho\n- - a\n  - b\n",
    b"nlu:\n- intent: a\n  examples: |\n    - b\n    - [c](d)\n",
    b"---\nq: one two three four\n---\nq: five six seven eight\n",
    b"messages:\n- role: user\n  content: a\n- role: assistant\n  content: b\n",
]
MARKS = [
    b"&a ",
    b"*a",
    b"- ",
    b": ",
    b"? ",
    b"[",
    b"}",
    b"'",
    b'"',
    b"!x ",
    b"\t",
    b"%",
    b"--- ",
    b"\xff",
    b"\0",
    b"~",
    b"<<: ",
]

NEW = st.binary(max_size=4) | st.sampled_from(MARKS)


@QUICK
@given(
    sample=st.sampled_from(SAMPLES),
    edits=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 9), NEW), max_size=4),
)
def test_mutated_files_give_records_or_one_sentence(
    tmp_path: Path, sample: bytes, edits: list[tuple[int, int, bytes]]
) -> None:
    whole = bytearray(sample)
    for place, length, new in edits:
        start = place % (len(whole) + 1)
        whole[start : start + length] = new
    path = made(tmp_path, "x.yml", bytes(whole))
    sentence = "."
    try:
        found = inspect({"paths": [str(path)]})
    except Unreadable as refused:
        sentence = str(refused)
    else:
        assert found["rows"] == found["usable"] + sum(entry["count"] for entry in found["quarantined"]) > 0
        json.dumps(found)
    assert sentence.endswith(".")
    assert "\n" not in sentence
