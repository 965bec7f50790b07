"""Exports of chat programs: each chat is a text in which people keep their names, and what is lost is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.data.archives_made import made, zipped
from workbench.data import readers
from workbench.data.readers import BadRecord, Record, passages, source
from workbench.data.readers.chats_of_json import NO_WORDS
from workbench.data.readers.listing import EXPORT


def read(path: Path) -> list[Record | BadRecord]:
    return [record for member in readers.listing(path).members for record in readers.read(member)]


def texts(path: Path) -> list[str]:
    found = read(path)
    assert all(isinstance(record, Record) and list(record.value) == ["text"] for record in found), found
    return [record.value["text"] for record in found if isinstance(record, Record)]


def faults(path: Path) -> list[str]:
    return [record.reason for record in read(path) if isinstance(record, BadRecord)]


def dumped(value: Any, indent: int | None = 1) -> bytes:
    return json.dumps(value, indent=indent, ensure_ascii=False).encode()


# Telegram


def telegram(number: int, name: str | None, text: Any, **more: Any) -> dict[str, Any]:
    stamp = {"date": f"2024-03-01T10:0{number}:00", "date_unixtime": f"{1709287200 + 60 * number}"}
    return {"id": number, "type": "message", **stamp, "from": name, "from_id": "user77", "text": text, **more}


MESSAGES = [
    {"id": 1, "type": "service", "date": "2024-03-01T10:00:00", "actor": "Anna", "action": "create_group", "text": ""},
    telegram(2, "Anna", "Hallo, wer kommt?"),
    telegram(3, "Ben [HH]", ["Ich, siehe ", {"type": "link", "text": "https://a.example"}, "!\nBis dann"]),
    telegram(4, "Ben [HH]", "", photo="photos/1.jpg"),
    telegram(5, None, "Ich bin weg."),
]
SAID = "Anna: Hallo, wer kommt?\nBen [HH]: Ich, siehe https://a.example!\nBis dann\nuser77: Ich bin weg."


@pytest.mark.parametrize("indent", [None, 1])
def test_a_chat_of_telegram(tmp_path: Path, indent: int | None) -> None:
    chat = {"name": "Die {Gruppe]", "type": "private_group", "id": 4711, "messages": MESSAGES}
    path = made(tmp_path, "result.json", dumped(chat, indent))
    assert readers.listing(path).members[0].kind == "chat"
    assert texts(path) == [SAID]


@pytest.mark.parametrize("size", [1, 7, 64, 2**18])
def test_all_chats_of_telegram(tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "CHUNK_BYTES", size)
    chats = [
        {"name": "One", "type": "personal_chat", "id": 1, "messages": MESSAGES},
        {"name": "Empty", "type": "personal_chat", "id": 2, "messages": []},
        {"type": "saved_messages", "id": 3, "messages": [telegram(1, "Anna", "Milk, bread")]},
    ]
    left = [{"name": "Left", "id": 4, "messages": [telegram(1, "Eve", "Bye"), telegram(2, "Anna", "Bye")]}]
    export = {
        "about": "Here is the data you requested. Remember: ...",
        "personal_information": {"user_id": 1, "messages": "none"},
        "contacts": {"about": "…", "list": [{"user_id": 2, "first_name": "Ben"}]},
        "chats": {"about": "This page lists all chats", "list": chats},
        "left_chats": {"about": "…", "list": left},
    }
    path = made(tmp_path, "result.json", dumped(export))
    found = read(path)
    assert [record.value["text"] for record in found if isinstance(record, Record)] == [
        SAID, "Anna: Milk, bread", "Eve: Bye\nAnna: Bye",
    ]  # fmt: skip
    assert [record.reason for record in found if isinstance(record, BadRecord)] == [NO_WORDS]


def test_a_broken_message_costs_itself_and_a_broken_file_is_said_to_be_so(tmp_path: Path) -> None:
    whole = dumped({"name": "x", "type": "personal_chat", "id": 1, "messages": MESSAGES})
    path = made(tmp_path, "result.json", whole.replace(b'"id": 5,', b'"id": 5 "x",'))
    assert (faults(path), len(read(path))) == (["not valid JSON"], 2)
    path = made(tmp_path, "result.json", whole[: whole.index(b'"id": 5')])
    assert (faults(path), len(read(path))) == (["JSON that is cut off"], 2)
    path = made(tmp_path, "result.json", whole + b"\n" + whole + b" and more")
    assert (faults(path), len(read(path))) == (["not valid JSON"], 3)


def test_a_long_chat_is_read_in_parts_that_hold_every_message(tmp_path: Path) -> None:
    messages = [telegram(1, f"Person {number % 3}", f"Message {number} " + "x" * 50) for number in range(9000)]
    path = made(tmp_path, "result.json", dumped({"name": "x", "type": "private_group", "id": 1, "messages": messages}))
    found = texts(path)
    assert len(found) > 10
    assert max(map(len, found)) < 2 * passages.PART + 200
    assert "\n".join(found).split("\n") == [f"{message['from']}: {message['text']}" for message in messages]


def test_rows_with_messages_are_no_export(tmp_path: Path) -> None:
    said = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    rows = [{"messages": said}, {"messages": [{"id": 1, "type": "message", **turn} for turn in said]}]
    for name, content in {
        "rows.jsonl": b"\n".join(json.dumps(row).encode() for row in rows[::-1]), "rows.json": dumped(rows[::-1])
    }.items():  # fmt: skip
        path = made(tmp_path, name, content)
        assert readers.listing(path).members[0].kind == "json"
        assert [record.value for record in read(path) if isinstance(record, Record)] == rows[::-1]


# Discord


def test_a_channel_of_discord(tmp_path: Path) -> None:
    def message(name: str, content: str, type: str = "Default", **more: Any) -> dict[str, Any]:
        author = {"id": "9", "name": name, "discriminator": "0000", "isBot": False, **more}
        return {"id": "1", "type": type, "timestamp": "2024-03-01T10:00:00+00:00", "content": content, "author": author}

    export = {
        "guild": {"id": "1", "name": "Boats", "iconUrl": "https://x.example"},
        "channel": {"id": "2", "type": "GuildTextChat", "categoryId": "3", "name": "general", "topic": None},
        "dateRange": {"after": None, "before": None},
        "messages": [
            message("anna", "Joined the server.", "GuildMemberJoin"),
            message("anna", "Who sails today?", nickname="Anna B."),
            message("ben", "I do!", "Reply"),
            message("ben", ""),
        ],
        "messageCount": 4,
    }
    assert texts(made(tmp_path, "Boats - general.json", dumped(export))) == ["Anna B.: Who sails today?\nben: I do!"]


# Slack


def slack(number: int, text: str, **more: Any) -> dict[str, Any]:
    return {"type": "message", "text": text, "ts": f"170928720{number}.000200", **more}


USERS = [
    {
        "id": "U01",
        "name": "anna",
        "real_name": "Anna Berger",
        "profile": {"display_name": "Anna", "real_name": "A. B."},
    },
    {"id": "U02", "name": "ben", "profile": {"display_name": "", "real_name": "Ben Kraus"}},
]
EXPORT_OF_SLACK: dict[str, bytes] = {
    "users.json": dumped(USERS),
    "channels.json": dumped([{"id": "C01", "name": "general"}]),
    "general/2024-03-01.json": dumped(
        [
            slack(1, "<@U01> has joined the channel", user="U01", subtype="channel_join"),
            slack(2, "Does anybody know &lt;boats&gt; &amp; <@U02>?", user="U01"),
            slack(3, "See <https://a.example|the list> in <#C01|general>, <!here>\nThanks", user="U02"),
            slack(4, "Build done", subtype="bot_message", username="builder", bot_id="B01"),
            slack(5, "Hm.", user="U99", user_profile={"real_name": "Cleo Vogt", "display_name": ""}),
        ]
    ),
    "general/2024-03-02.json": dumped([slack(1, "Morning!", user="U02"), slack(2, "Hi", user="U77")]),
    "random/2024-03-02.json": dumped([slack(1, "x", files=[{"title": "y" * 20000}], user="U01")]),
}
CHATS = [
    "Anna: Does anybody know <boats> & @Ben Kraus?\nBen Kraus: See the list (https://a.example) in #general, @here\n"
    "Thanks\nbuilder: Build done\nCleo Vogt: Hm.",
    "Ben Kraus: Morning!\nU77: Hi",
    "Anna: x",
]


@pytest.mark.parametrize("root", ["", "my export/"])
@pytest.mark.parametrize("packed", [True, False])
def test_an_export_of_slack(tmp_path: Path, root: str, packed: bool) -> None:
    files = {root + name: content for name, content in EXPORT_OF_SLACK.items()}
    path = tmp_path / "export"
    if packed:
        path = made(tmp_path, "export.zip", zipped(files))
    else:
        for name, content in files.items():
            made(path, name, content)
    assert texts(path) == CHATS
    ignored = {Path(file["source"]).name: file["reason"] for file in readers.listing(path).ignored}
    assert ignored == {"users.json": EXPORT, "channels.json": EXPORT}


def test_a_day_of_slack_alone_and_with_people_that_cannot_be_read(tmp_path: Path) -> None:
    day = EXPORT_OF_SLACK["general/2024-03-02.json"]
    assert texts(made(tmp_path, "2024-03-02.json", day)) == ["U02: Morning!\nU77: Hi"]
    folder = tmp_path / "export"
    made(folder, "general/2024-03-02.json", day)
    made(folder, "users.json", b'[{"id": "U02", "name": NaN}]')
    assert texts(folder) == ["U02: Morning!\nU77: Hi"]


def test_people_of_other_data_stay_rows(tmp_path: Path) -> None:
    for name in ("users.json", "2024-03-01.json", "days/2024-03-01.json"):
        made(tmp_path, name, dumped([{"id": "1", "question": "Who?", "answer": "Me."}]))
    assert [member.kind for member in readers.listing(tmp_path).members] == ["json"] * 3


# WhatsApp


@pytest.mark.parametrize(
    "stamp",
    [
        "[12.03.24, 18:22:01] ", "12/03/2024, 18:22 - ", "3/12/24, 6:22\u202fPM - ", "[12/03/24 18:22:01] ",
        "12.03.24, 18:22 - ", "\u200e[2024-03-12, 6:22:01 p.m.] ", "2024-03-12, 18:22 - ", "12.03.24 um 18:22 - ",
    ],
)  # fmt: skip
def test_a_chat_of_whatsapp(tmp_path: Path, stamp: str) -> None:
    lines = [
        f"{stamp}Messages and calls are end-to-end encrypted. No one outside of this chat can read them.",
        f"{stamp}Anna: Hi Ben: how are you?",
        f"{stamp}~\u202fBen K.: Fine,",
        "and you?",
        f"{stamp}Anna: <Media omitted>",
        f"{stamp}Anna: \u200eimage omitted",
        f"{stamp}Anna: IMG-20240312-WA0001.jpg (file attached)",
        f"{stamp}Anna changed the group description",
        f"{stamp}Anna: Good. <3",
    ]
    for end in ("\n", "\r\n"):
        path = made(tmp_path, "_chat.txt", end.join(lines).encode())
        assert readers.listing(path).members[0].kind == "whatsapp"
        assert texts(path) == ["Anna: Hi Ben: how are you?\nBen K.: Fine,\nand you?\nAnna: Good. <3"]


@pytest.mark.parametrize(
    "text",
    [
        "12.03.24, 18:22 - Went home.\n13.03.24, 19:00 - Stayed.\n",
        "2024-03-12 18:22:01 - root: started\n2024-03-12 18:22:02 - root: done\n",
        "On 12.03.24, 18:22 - Anna: said so.\n",
        "Anna: Hi\nBen: Hello\n",
    ],
)
def test_a_diary_and_a_log_are_no_chat(tmp_path: Path, text: str) -> None:
    path = made(tmp_path, "x.txt", text.encode())
    assert readers.listing(path).members[0].kind == "text"
    assert texts(path) == [text.rstrip()]


def test_a_chat_without_words_is_said_to_be_so(tmp_path: Path) -> None:
    path = made(tmp_path, "_chat.txt", "[12.03.24, 18:22:01] Anna: \u200eimage omitted\n".encode())
    assert faults(path) == [NO_WORDS]
