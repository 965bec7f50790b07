"""Conversations whose turns are a row each: put together, whatever their columns are called, and nothing lost."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data import plan, rows, sources
from workbench.data.curate import Curation
from workbench.data.readers import BadRecord, Record
from workbench.data.readers.gathered import APART, MAX_TURNS, NO_PARENT, NO_TURN, Gathering, gathered
from workbench.data.survey import inspect

TALKS = [
    ["Where is the key?", "Under the mat.", "And the spare one?", "With the neighbour on the left."],
    ["Can I plant beans now?", "Wait until the last frost is over."],
    ["What holds the bridge up?", "Two arches of granite.", "Since when?", "Since 1871, with one repair."],
]
BY_ID = Gathering("role", "text", "conversation_id")

Row = dict[str, Any]


def flat(speakers: tuple[str, str] = ("user", "assistant"), **more: Any) -> list[Row]:
    """Return the talks as one row per turn."""
    return [
        {"conversation_id": f"c{number}", "turn": place, "role": speakers[place % 2], "text": text, **more}
        for number, talk in enumerate(TALKS)
        for place, text in enumerate(talk)
    ]


def write(path: Path, found: list[Row]) -> Path:
    """Write rows as JSON lines, or as a table where the name says so."""
    if path.suffix == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(found[0]))
            writer.writeheader()
            writer.writerows(found)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in found))
    return path


def learnt(path: Path, method: str = "sft") -> list[Row]:
    """Return the rows to learn from."""
    return list(rows.find([str(path)], method, Curation(eval_split=0.0)).train())


def said(row: Row) -> list[str]:
    """Return what is said in a conversation, each with the first letter of its role."""
    return [f"{turn['role'][0]}:{turn['content']}" for turn in row["messages"]]


def expected(talk: list[str]) -> list[str]:
    """Return a talk as `said` would."""
    return [f"{'ua'[place % 2]}:{text}" for place, text in enumerate(talk)]


@pytest.mark.parametrize("name", ["talks.jsonl", "talks.csv"])
@pytest.mark.parametrize("speakers", [("user", "assistant"), ("prompter", "assistant"), ("0", "1"), ("Ana", "Bo")])
def test_a_conversation_is_a_row(tmp_path: Path, name: str, speakers: tuple[str, str]) -> None:
    path = write(tmp_path / name, flat(speakers))
    found = inspect({"paths": [str(path)]})
    assert (found["method"], found["rows"], found["usable"]) == ("sft", 3, 3)
    assert [said(row) for row in learnt(path)] == [expected(talk) for talk in TALKS]


@pytest.mark.parametrize(
    ("conversation", "speaker", "text"),
    [
        ("dialogue_id", "speaker_idx", "utterance"),
        ("conv_id", "author", "message"),
        ("thread", "sender", "body"),
        ("SessionId", "Participant", "Message"),
        ("ticket_id", "from", "comment"),
    ],
)
def test_names_of_columns(tmp_path: Path, conversation: str, speaker: str, text: str) -> None:
    found = [
        {conversation: row["conversation_id"], "turn_index": row["turn"], speaker: row["role"], text: row["text"]}
        for row in flat()
    ]
    assert [said(row) for row in learnt(write(tmp_path / "talks.jsonl", found))] == [expected(talk) for talk in TALKS]


def test_turns_are_put_in_the_order_of_their_numbers_or_dates(tmp_path: Path) -> None:
    backwards = [row for number in range(3) for row in reversed(flat()) if row["conversation_id"] == f"c{number}"]
    path = write(tmp_path / "numbered.jsonl", backwards)
    assert [said(row) for row in learnt(path)] == [expected(talk) for talk in TALKS]
    dated = [
        {key: value for key, value in row.items() if key != "turn"} | {"created_at": f"2024-05-0{row['turn'] + 1}T10"}
        for row in backwards
    ]
    assert [said(row) for row in learnt(write(tmp_path / "dated.jsonl", dated))] == [expected(talk) for talk in TALKS]


def test_a_talk_of_many_people_is_a_text(tmp_path: Path) -> None:
    people = ["Ana", "Bo", "Cy"]
    found = [row | {"role": people[place % 3]} for place, row in enumerate(flat())]
    path = write(tmp_path / "many.jsonl", [{**row, "speaker": row.pop("role")} for row in found])
    survey = inspect({"paths": [str(path)]})
    assert (survey["method"], survey["rows"]) == ("cpt", 3)
    assert survey["examples"][0]["text"].splitlines()[:2] == ["Ana: Where is the key?", "Bo: Under the mat."]


def test_a_file_that_says_by_a_flag_who_speaks_is_one_conversation(tmp_path: Path) -> None:
    talk = [text for talk in TALKS for text in talk]
    lines: list[Row] = [{"user_name": "Ana", "character_name": "Bo"}]
    lines += [{"name": "x", "is_user": not place % 2, "mes": text} for place, text in enumerate(talk)]
    path = write(tmp_path / "chat.jsonl", lines)
    assert [said(row) for row in learnt(path)] == [expected(talk)]
    assert inspect({"paths": [str(path)]})["rows"] == 1


def test_of_a_tree_the_branch_ranked_best_is_learnt(tmp_path: Path) -> None:
    def row(name: str, parent: str | None, role: str, text: str, rank: int | None = None) -> Row:
        place = {"message_id": name, "parent_id": parent, "message_tree_id": "t"}
        return {**place, "role": role, "text": text, "rank": rank}

    tree = [
        row("t", None, "prompter", "Why?"),
        row("a", "t", "assistant", "Because.", 1),
        row("b", "t", "assistant", "For a reason.", 0),
        row("c", "b", "prompter", "Which one?"),
        row("d", "c", "assistant", "The best one."),
        row("lost", "nobody", "assistant", "Hello?"),
        row("x", "y", "assistant", "One of two"),
        row("y", "x", "assistant", "that answer each other."),
    ]
    path = write(tmp_path / "tree.jsonl", tree)
    assert [said(made) for made in learnt(path)] == [["u:Why?", "a:For a reason.", "u:Which one?", "a:The best one."]]
    found = inspect({"paths": [str(path)]})
    assert (found["rows"], found["usable"]) == (4, 1)
    assert [(item["reason"], item["examples"][0]["line"]) for item in found["quarantined"]] == [(NO_PARENT, 6)]


def test_a_turn_named_twice_is_no_endless_tree() -> None:
    turn = {"role": "user", "text": "a", "conversation_id": 1, "id": "a", "parent": None}
    how = Gathering("role", "text", "conversation_id", identity="id", parent="parent")
    made = list(gathered(records([turn, turn | {"parent": "a"}, turn | {"parent": "a"}]), how))
    json.dumps([record.value for record in made if isinstance(record, Record)])
    assert sum(isinstance(record, BadRecord) for record in made) < 3


def test_a_plan_gives_the_same_conversations(tmp_path: Path) -> None:
    path = write(tmp_path / "talks.jsonl", flat())
    first = rows.find([str(path)], "sft", Curation(eval_split=0.0))
    stored = tmp_path / "plan.json"
    stored.write_text(plan.to_json(first.plan()))
    assert list(rows.find([str(stored)], "", Curation()).train()) == list(first.train())


@pytest.mark.parametrize(
    "found",
    [
        [{"session": number, "author": f"a{number % 2}", "text": "About rivers. " * 200} for number in range(9)],
        [{"id": number, "question": "Why?", "answer": f"Because of {number}."} for number in range(9)],
        [{"thread": number, "role": "user", "text": f"Only one turn, number {number}."} for number in range(9)],
        [{"chat_id": number % 3, "role": "user", "text": f"Turn {number} among others."} for number in range(9)],
    ],
    ids=["articles", "pairs", "single", "mixed"],
)
def test_other_rows_stay_as_they_are(tmp_path: Path, found: list[Row]) -> None:
    parts = sources.find([str(write(tmp_path / "rows.jsonl", found))]).parts
    assert [member.gathering for part in parts for member in part.members] == [None]
    assert inspect({"paths": [str(tmp_path)]})["rows"] == 9


def records(found: list[Any]) -> list[Record | BadRecord]:
    """Return rows as records of a file, those that are text as bad ones."""
    return [
        BadRecord("f", line, row) if isinstance(row, str) else Record("f", line, row)
        for line, row in enumerate(found, 1)
    ]


def test_what_is_no_turn_of_a_conversation_is_named() -> None:
    turn = {"role": "user", "text": "a", "conversation_id": 1}
    given = [turn, "broken", turn | {"conversation_id": 2}, turn, turn | {"text": None, "conversation_id": 3}]
    assert list(gathered(records(given), BY_ID)) == [
        BadRecord("f", 2, "broken"),
        Record("f", 1, {"messages": [{"role": "user", "content": "a"}]}),
        Record("f", 3, {"messages": [{"role": "user", "content": "a"}]}),
        BadRecord("f", 4, APART.format("conversation_id")),
        BadRecord("f", 5, NO_TURN),
    ]


def test_a_conversation_without_end_is_cut() -> None:
    turn = {"role": "user", "text": "a", "conversation_id": 1}
    *bad, whole = gathered((Record("f", line, turn) for line in range(MAX_TURNS + 3)), BY_ID)
    assert isinstance(whole, Record)
    assert len(whole.value["messages"]) == MAX_TURNS
    assert [type(record) for record in bad] == [BadRecord] * 3


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "conversation_id": st.integers(0, 3),
                "role": st.sampled_from(["user", "assistant", None, 3.5]),
                "text": st.one_of(st.text(max_size=5), st.none(), st.integers()),
                "turn": st.one_of(st.integers(0, 9), st.none(), st.text(max_size=3), st.floats()),
            }
        ),
        max_size=30,
    )
)
def test_every_turn_is_in_a_conversation_or_bad(found: list[Row]) -> None:
    how = Gathering("role", "text", "conversation_id", order="turn")
    made = list(gathered(records(found), how))
    kept = [turn for record in made if isinstance(record, Record) for turn in record.value["messages"]]
    assert len(kept) + sum(isinstance(record, BadRecord) for record in made) == len(found)
    assert {(turn["role"], turn["content"]) for turn in kept} <= {(row["role"], row["text"]) for row in found}


def test_whole_turns_of_a_session_are_one_conversation(tmp_path: Path) -> None:
    lines: list[Row] = [{"type": "summary", "summary": "x"}]
    turns = [{"role": ("user", "assistant")[place % 2], "content": text} for place, text in enumerate(TALKS[0])]
    lines += [{"type": turn["role"], "sessionId": "s", "message": turn} for turn in turns]
    path = write(tmp_path / "session.jsonl", lines)
    assert [said(row) for row in learnt(path)] == [expected(TALKS[0])]
    assert inspect({"paths": [str(path)]})["rows"] == 1


def test_a_log_of_people_is_a_text(tmp_path: Path) -> None:
    people = ["Ana", "Bo"]
    found = [
        {"Date": f"2024-05-0{place % 9 + 1}", "User": people[place % 2], "Message": row["text"]}
        for place, row in enumerate(flat())
    ]
    survey = inspect({"paths": [str(write(tmp_path / "log.csv", found))]})
    assert (survey["method"], survey["rows"]) == ("cpt", 1)
    assert survey["examples"][0]["text"].startswith("Ana: Where is the key?\nBo: Under the mat.")
    reviews = [{**row, "User": f"u{place}"} for place, row in enumerate(found)]
    assert inspect({"paths": [str(write(tmp_path / "reviews.csv", reviews))]})["rows"] == len(reviews)
