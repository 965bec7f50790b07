"""Registers beside data: their word on columns, turns and rankings is followed where the rows bear it out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.data.archives_made import made, zipped
from tests.data.known_layouts import ASKED, NEWS, PREFERENCE, QA, SAID, WORSE, chat, each, rows, turn
from workbench.data import plan, registers, sources, survey
from workbench.data.readers.register import FILE

Row = dict[str, Any]
GOOD = {"prompt": QA["messages"][:1], "completion": QA["messages"][1:], "label": True}


def talks(role: str, words: str, *names: str) -> list[list[Row]]:
    return [
        [{role: names[0], words: asked}, {role: names[1], words: said}] for asked, said in zip(ASKED, SAID, strict=True)
    ]


def answers(texts: list[str], role: str, words: str, name: str) -> list[Row]:
    return [{role: name, words: text} for text in texts]


def folder(tmp_path: Path, table: list[Row], entry: Row, name: str = "data.json") -> Path:
    """Return a folder with rows and a register that says `entry` of them."""
    made(tmp_path, name, json.dumps(table).encode())
    made(tmp_path, FILE, json.dumps({"mine": {"file_name": name, **entry}}).encode())
    return tmp_path


def inspected(path: Path) -> dict[str, Any]:
    return survey.inspect({"paths": [str(path)]})


TAGS = {"role_tag": "wer", "content_tag": "was", "user_tag": "K", "assistant_tag": "B", "system_tag": "S"}


@pytest.mark.parametrize(
    ("table", "entry", "method", "first"),
    [
        (rows(a=ASKED, b=SAID), {"columns": {"prompt": "a", "response": "b"}}, "sft", QA),
        (rows(a=SAID, b=ASKED), {"columns": {"prompt": "b", "response": "a"}}, "sft", QA),
        (
            rows(a=each("Answer."), b=ASKED, c=SAID, d=each("Be brief.")),
            {"columns": {"prompt": "a", "query": "b", "response": "c", "system": "d"}},
            "sft",
            {"messages": [turn("system", "Be brief."), *chat(f"Answer.\n\n{ASKED[0]}")["messages"]]},
        ),
        (rows(question=ASKED, answer=NEWS), {"columns": {"prompt": "answer"}}, "cpt", {"text": NEWS[0]}),
        (
            rows(x=ASKED, y=SAID, z=WORSE),
            {"ranking": True, "columns": {"prompt": "x", "chosen": "y", "rejected": "z"}},
            "dpo",
            PREFERENCE,
        ),
        (
            rows(x=ASKED, y=SAID, z=[True, False] * 2 + [True]),
            {"columns": {"prompt": "x", "response": "y", "kto_tag": "z"}},
            "kto",
            GOOD,
        ),
        (
            rows(t=talks("wer", "was", "K", "B"), s=each("Be brief.")),
            {"formatting": "sharegpt", "columns": {"messages": "t", "system": "s"}, "tags": TAGS},
            "sft",
            {"messages": [turn("system", "Be brief."), *QA["messages"]]},
        ),
        (
            rows(
                t=[[{"wer": "K", "was": asked}] for asked in ASKED],
                y=answers(SAID, "wer", "was", "B"),
                z=answers(WORSE, "wer", "was", "B"),
            ),
            {
                "formatting": "sharegpt",
                "ranking": True,
                "columns": {"messages": "t", "chosen": "y", "rejected": "z"},
                "tags": TAGS,
            },
            "dpo",
            PREFERENCE,
        ),
        (
            rows(t=talks("wer", "was", "K", "B"), z=[True, False] * 2 + [True]),
            {"formatting": "sharegpt", "columns": {"messages": "t", "kto_tag": "z"}, "tags": TAGS},
            "kto",
            GOOD,
        ),
        (rows(conversations=talks("from", "value", "human", "gpt")), {"formatting": "sharegpt"}, "sft", QA),
        (
            rows(m=talks("role", "content", "user", "assistant")),
            {"formatting": "openai", "columns": {"messages": "m"}},
            "sft",
            QA,
        ),
    ],
)
def test_what_a_register_says_is_followed(
    tmp_path: Path, table: list[Row], entry: Row, method: str, first: Row
) -> None:
    found = inspected(folder(tmp_path, table, entry))
    assert (found["method"], found["usable"], found["examples"][0]) == (method, 5, first)
    assert registers._SAID in found["reasons"]
    assert not found["problems"]
    # The file by itself is read as its register says, too, and so are both in an archive.
    assert inspected(tmp_path / "data.json")["examples"][0] == first
    packed = zipped({f"set/{path.name}": path.read_bytes() for path in tmp_path.iterdir()})
    assert inspected(made(tmp_path / "packed", "a.zip", packed))["examples"][0] == first


@pytest.mark.parametrize(
    "entry",
    [
        {"columns": {"prompt": "missing", "response": "answer"}},
        {"formatting": "sharegpt", "columns": {"messages": "question"}},
        {"ranking": True},
    ],
)
def test_a_register_that_rows_do_not_bear_out_is_said_to_be_wrong(tmp_path: Path, entry: Row) -> None:
    found = inspected(folder(tmp_path, rows(question=ASKED, answer=SAID), entry))
    assert (found["method"], found["examples"][0]) == ("sft", QA)
    assert registers._WRONG in [problem["text"] for problem in found["problems"]]


@pytest.mark.parametrize(
    "register",
    [
        b"{",
        b"[]",
        b'{"features": {"question": {"dtype": "string"}}, "splits": {"train": {"name": "train"}}}',
        b'{"other": {"file_name": "other.json", "columns": {"prompt": "answer"}}}',
        b'{"hub": {"hf_hub_url": "a/b", "columns": {"prompt": "answer"}}, "x": {"file_name": 3}, "y": 4}',
    ],
)
def test_a_register_that_says_nothing_of_a_file_changes_nothing(tmp_path: Path, register: bytes) -> None:
    made(tmp_path, "data.json", json.dumps(rows(question=ASKED, answer=SAID)).encode())
    made(tmp_path, FILE, register)
    found = inspected(tmp_path)
    assert (found["method"], found["examples"][0], found["problems"]) == ("sft", QA, [])


def test_a_file_keeps_to_its_own_entry_and_a_folder_shares_one(tmp_path: Path) -> None:
    made(tmp_path, "a.json", json.dumps(rows(x=ASKED, y=SAID)).encode())
    made(tmp_path, "b.json", json.dumps(rows(x=SAID, y=ASKED)).encode())
    made(tmp_path, "c/1.json", json.dumps(rows(x=SAID, y=ASKED)).encode())
    straight, turned = {"prompt": "x", "response": "y"}, {"prompt": "y", "response": "x"}
    entries = {"a.json": straight, "b.json": turned, "c": turned}
    register = {name[:1]: {"file_name": name, "columns": columns} for name, columns in entries.items()}
    made(tmp_path, FILE, json.dumps(register).encode())
    found = sources.find([str(tmp_path)])
    assert sorted(len(part.members) for part in found.parts) == [1, 2]
    assert inspected(tmp_path)["usable"] == 15
    for name in ("a.json", "b.json"):
        assert inspected(tmp_path / name)["examples"][0] == QA


def test_the_word_of_a_person_comes_before_that_of_a_register(tmp_path: Path) -> None:
    path = folder(tmp_path, rows(a=ASKED, b=SAID), {"columns": {"prompt": "b", "response": "a"}})
    found = survey.inspect({"paths": [str(path)], "columns": {"prompt": "a", "completion": "b"}})
    assert found["examples"][0] == QA


def test_a_register_is_among_the_files_that_must_stay_as_they_are(tmp_path: Path) -> None:
    path = folder(tmp_path, rows(a=ASKED, b=SAID), {"columns": {"prompt": "a", "response": "b"}})
    origins = sources.find([str(path)]).origins()
    assert origins == [tmp_path / "data.json", tmp_path / FILE]
    stamps = [plan.stamp(origin) for origin in origins]
    (tmp_path / FILE).write_text("{}")
    kept = [plan.stamp(origin) == known for origin, known in zip(origins, stamps, strict=True)]
    assert kept == [True, False]
