"""Exports of help desks: who asks, who answers, and what is not said to the other side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.data.archives_made import made
from tests.data.known_layouts import ASKED, SAID
from workbench.data import survey
from workbench.data.formats.desks import JOINED, MARKS, NOTES
from workbench.data.readers import rows_of_json

Row = dict[str, Any]


def part(kind: str, body: str | None, part_type: str = "comment") -> Row:
    return {"type": "conversation_part", "part_type": part_type, "body": body, "author": {"type": kind, "name": "A"}}


def talk(place: int, *parts: Row, asked: str = "<p>{}</p>") -> Row:
    """Return a conversation as it is exported, closed in the end."""
    opening = {"type": "conversation", "body": asked.format(ASKED[place]), "author": {"type": "user", "id": "7"}}
    listed = [*parts, part("admin", None, "close")]
    followed = {"type": "conversation_part.list", "total_count": len(listed), "conversation_parts": listed}
    return {"type": "conversation", "id": str(place), "state": "closed", "source": opening,
            "conversation_parts": followed}  # fmt: skip


def export(tmp_path: Path, *talks: Row, lines: bool = False) -> Path:
    if lines:
        return made(tmp_path, "talks.jsonl", b"".join(json.dumps(one).encode() + b"\n" for one in talks))
    whole = {"type": "conversation.list", "pages": {"page": 1}, "conversations": talks}
    return made(tmp_path, "talks.json", json.dumps(whole).encode())


def inspected(path: Path) -> dict[str, Any]:
    return survey.inspect({"paths": [str(path)]})


def said(row: Row) -> list[str]:
    return [f"{turn['role'][0]}:{turn['content']}" for turn in row["messages"]]


@pytest.mark.parametrize("lines", [False, True])
def test_a_customer_asks_and_the_desk_answers(tmp_path: Path, lines: bool) -> None:
    talks = [talk(place, part("admin", f"<p>{SAID[place]}</p>")) for place in range(5)]
    found = inspected(export(tmp_path, *talks, lines=lines))
    assert (found["method"], found["format"], found["rows"], found["usable"]) == ("sft", "desk", 5, 5)
    assert said(found["examples"][0]) == [f"u:{ASKED[0]}", f"a:{SAID[0]}"]
    assert found["repairs"] == {MARKS: 10}


def test_a_long_export_is_read_talk_by_talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_of_json, "MAX_DOCUMENT_BYTES", 500)
    found = inspected(export(tmp_path, *(talk(place, part("admin", SAID[place])) for place in range(5))))
    assert (found["format"], found["rows"], found["usable"]) == ("desk", 5, 5)


def test_notes_and_events_are_left_out_and_neighbours_joined(tmp_path: Path) -> None:
    parts = [
        part("admin", "Ask Bo about it", "note"),
        part("bot", "One moment."),
        part("admin", "It is 3 < 4."),
        part("lead", "Thanks!"),
        part("team", "<div>Any<br>time</div>"),
    ]
    found = inspected(export(tmp_path, talk(0, *parts, asked="{}"), talk(1, *parts, asked="{}")))
    expected = [f"u:{ASKED[0]}", "a:One moment.\n\nIt is 3 < 4.", "u:Thanks!", "a:Any\ntime"]
    assert said(found["examples"][0]) == expected
    assert found["repairs"] == {NOTES: 2, JOINED: 2, MARKS: 2}


def test_what_has_no_answer_or_an_unknown_author_is_refused(tmp_path: Path) -> None:
    talks = [talk(0, part("admin", SAID[0])), talk(1), talk(2, part("stranger", SAID[2]))]
    found = inspected(export(tmp_path, *talks))
    assert (found["rows"], found["usable"]) == (3, 1)
    assert {item["reason"] for item in found["quarantined"]} == {
        "there is no answer to learn",
        "the author of a message is neither a customer nor of the desk",
    }


def test_turns_with_lists_of_objects_stay_one_conversation(tmp_path: Path) -> None:
    turns = [
        {"role": role, "content": [{"type": "text", "text": text}]}
        for role, text in (("user", ASKED[0]), ("assistant", SAID[0]))
    ]
    found = inspected(made(tmp_path, "one.json", json.dumps({"id": 1, "conversations": turns}).encode()))
    assert (found["rows"], found["usable"]) == (1, 1)
    assert said(found["examples"][0]) == [f"u:{ASKED[0]}", f"a:{SAID[0]}"]
