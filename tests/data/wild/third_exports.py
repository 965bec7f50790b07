"""Datasets that programs export: chats, messages, flash cards, tickets, notes, annotations, spreadsheets, a wiki.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json
from typing import Any

from tests.data.wild.second_documents import zipped
from tests.data.wild.table import Has, Wild, array, chat, jsonl, table, turns, wild
from tests.data.wild.third_pool import ARTICLES, COOKING, GARDEN, LAW, PHYSICS, SPANISH

ALLOTMENT = (
    ("Ilse", "Who has the key to the shed?"),
    ("Bogdan", "I have it, will bring it at five"),
    ("Ilse", "Great, the hose is leaking again"),
    ("Bogdan", "I can fix that, I have clamps"),
    ("Ilse", "You're a treasure"),
    ("Bogdan", "Only if there is cake"),
    ("Ilse", "Rhubarb, from my own bed"),
    ("Bogdan", "Then I'm there at four"),
)
CABIN = """\
12/03/2024, 18:22 - Messages and calls are end-to-end encrypted. No one outside of this chat, not even WhatsApp, \
can read or listen to them. Tap to learn more.
12/03/2024, 18:22 - Noor: Did you book the cabin?
12/03/2024, 18:25 - Ed: Yes, from Friday
12/03/2024, 18:25 - Noor: Lovely. Does it have a stove?
12/03/2024, 18:31 - Ed: A wood stove and two bunk beds
12/03/2024, 18:32 - Noor: <Media omitted>
12/03/2024, 18:33 - Ed: Haha perfect hat
12/03/2024, 18:40 - Noor: Pick me up at 7?
12/03/2024, 18:41 - Ed: Make it 7:30
"""
OVEN = (
    ("U1", "The oven is at 240 and still too cold"),
    ("U2", "Did you check the door seal?"),
    ("U1", "It is torn at the bottom"),
    ("U2", "I'll order a new one today"),
)
SEAL = (("U2", "Seal arrives on Friday"), ("U1", "Good, we'll bake in the small oven till then"))
STAYS = (
    ("The room was spotless and quiet.", "Positive"),
    ("Breakfast was cold both days.", "Negative"),
    ("It is near the station.", "Neutral"),
    ("We will come again!", "Positive"),
    ("They lost our booking.", "Negative"),
)


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _node(name: str, parent: str | None, child: str | None, message: dict[str, Any] | None) -> dict[str, Any]:
    return {"id": name, "message": message, "parent": parent, "children": [] if child is None else [child]}


def _message(name: str, role: str, time: float | None, text: str, metadata: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": name,
        "author": {"role": role, "name": None, "metadata": {}},
        "create_time": time,
        "content": {"content_type": "text", "parts": [text]},
        "status": "finished_successfully",
        "metadata": metadata,
        "recipient": "all",
    }


def _mapped(number: int, question: str, answer: str) -> dict[str, Any]:
    hidden = {"is_visually_hidden_from_conversation": True}
    return {
        "title": question[:20],
        "create_time": 1700000000.0,
        "update_time": 1700000010.0,
        "mapping": {
            "r": _node("r", None, "s", None),
            "s": _node("s", "r", "u", _message("s", "system", None, "", hidden)),
            "u": _node("u", "s", "a", _message("u", "user", 1700000000.1, question, {})),
            "a": _node("a", "u", None, _message("a", "assistant", 1700000009.1, answer, {"model_slug": "gpt-4"})),
        },
        "moderation_results": [],
        "current_node": "a",
        "conversation_id": f"c{number}",
        "id": f"c{number}",
    }


def _sent(name: str, text: str, sender: str, time: str) -> dict[str, Any]:
    return {
        "uuid": name,
        "text": text,
        "content": [{"type": "text", "text": text}],
        "sender": sender,
        "created_at": time,
        "attachments": [],
        "files": [],
    }


def _posted(number: int, name: str, text: str) -> dict[str, Any]:
    return {
        "id": number + 2,
        "type": "message",
        "date": f"2023-05-01T1{number}:05:00",
        "date_unixtime": "1682935500",
        "from": name,
        "from_id": f"user{len(name)}",
        "text": text,
        "text_entities": [{"type": "plain", "text": text}],
    }


def _day(messages: tuple[tuple[str, str], ...], start: str, client: str) -> bytes:
    return _json(
        [
            {"type": "message", "user": user, "text": text, "ts": f"{start}{i}.0001", "client_msg_id": f"{client}{i}"}
            for i, (user, text) in enumerate(messages)
        ]
    )


def _saved(number: int, question: str, answer: str) -> dict[str, Any]:
    a, b = f"a{number}", f"b{number}"
    asking = {"id": a, "parentId": None, "childrenIds": [b], "role": "user", "content": question}
    replying = {"id": b, "parentId": a, "childrenIds": [], "role": "assistant", "content": answer}
    history = {a: asking | {"timestamp": 1}, b: replying | {"model": "llama3:8b", "timestamp": 2}}
    return {
        "id": f"w{number}",
        "user_id": "u",
        "title": question[:12],
        "chat": {
            "id": "",
            "title": question[:12],
            "models": ["llama3:8b"],
            "params": {},
            "history": {"messages": history, "currentId": b},
            "messages": [asking, replying],
            "tags": [],
            "timestamp": 1,
        },
        "updated_at": 1,
        "created_at": 1,
        "share_id": None,
        "archived": False,
    }


EXPORTS: tuple[Wild, ...] = (
    wild(
        "chatgpt export zip",
        {
            "chatgpt-export.zip": zipped(
                {
                    "conversations.json": _json([_mapped(i, q, a) for i, (q, a) in enumerate(PHYSICS)]),
                    "user.json": b'{"id": "user-x", "email": "a@example.org"}',
                    "message_feedback.json": b"[]",
                    "chat.html": b"<html><body><div id='root'></div></body></html>",
                }
            )
        },
        "sft",
        chat(*PHYSICS[0]),
    ),
    wild(
        "claude export conversations.json",
        array(
            [
                {
                    "uuid": f"6f{i}",
                    "name": q[:15],
                    "created_at": "2024-09-01T10:00:00Z",
                    "updated_at": "2024-09-01T10:01:00Z",
                    "account": {"uuid": "acc"},
                    "chat_messages": [
                        _sent(f"m{i}a", q, "human", "2024-09-01T10:00:00Z"),
                        _sent(f"m{i}b", a, "assistant", "2024-09-01T10:01:00Z"),
                    ],
                }
                for i, (q, a) in enumerate(COOKING)
            ],
            "conversations.json",
        ),
        "sft",
        chat(*COOKING[0]),
        rows=6,
    ),
    wild(
        "telegram result.json",
        array(
            {
                "name": "Allotment group",
                "type": "private_supergroup",
                "id": 1234,
                "messages": [
                    {
                        "id": 1,
                        "type": "service",
                        "date": "2023-05-01T10:00:00",
                        "actor": "Ilse",
                        "action": "create_group",
                        "text": "",
                        "text_entities": [],
                    },
                    *(_posted(i, name, text) for i, (name, text) in enumerate(ALLOTMENT)),
                ],
            },
            "result.json",
        ),
        "sft cpt",
        Has("Who has the key to the shed?", "I have it, will bring it at five"),
        Has("Who has the key to the shed?"),
    ),
    wild(
        "whatsapp chat txt",
        {"WhatsApp Chat with Noor.txt": CABIN.encode()},
        "sft cpt",
        Has("Did you book the cabin?"),
    ),
    wild(
        "slack export zip",
        {
            "Bakery Slack export.zip": zipped(
                {
                    "users.json": _json([{"id": "U1", "name": "ana"}, {"id": "U2", "name": "bo"}]),
                    "channels.json": _json([{"id": "C1", "name": "general", "members": ["U1", "U2"]}]),
                    "general/2024-01-02.json": _day(OVEN, "170419", "x"),
                    "general/2024-01-03.json": _day(SEAL, "170429", "y"),
                }
            )
        },
        "sft cpt",
        Has("The oven is at 240 and still too cold"),
    ),
    wild(
        "anki notes txt export",
        {
            "Deck.txt": (
                "#separator:tab\n#html:true\n#tags column:3\n"
                + "".join(f"{q}\t{a}\tcooking::basics\n" for q, a in COOKING)
            ).encode()
        },
        "sft",
        chat(*COOKING[0]),
        rows=6,
    ),
    wild(
        "zendesk tickets csv semicolon cp1252",
        table(
            [[str(900 + i), "geschlossen", q, a, "Müller"] for i, (q, a) in enumerate(LAW)],
            ["Ticket-ID", "Status", "Anfrage", "Antwort", "Bearbeiter"],
            delimiter=";",
            encoding="cp1252",
            name="tickets.csv",
        ),
        "sft",
        chat(*LAW[0]),
        rows=5,
    ),
    wild(
        "langsmith csv inputs/outputs json",
        table(
            [
                [
                    f"run-{i}",
                    json.dumps({"messages": turns(q)}),
                    json.dumps({"output": turns(a, first="assistant")[0]}),
                    "success",
                ]
                for i, (q, a) in enumerate(PHYSICS)
            ],
            ["id", "inputs", "outputs", "status"],
            name="langsmith_export.csv",
        ),
        "sft",
        Has(PHYSICS[0][0], PHYSICS[0][1][:40]),
        rows=5,
    ),
    wild(
        "notion export zip of md pages",
        {
            "Export-5f2.zip": zipped(
                {
                    f"Wiki/{title} 5f2a9c{i}.md": (
                        f"# {title}\n\nCreated: March {i + 1}, 2024 9:12 AM\nTags: notes\n\n{text}\n"
                    ).encode()
                    for i, (title, text) in enumerate(ARTICLES)
                }
            )
        },
        "cpt",
        rows=6,
    ),
    wild(
        "label studio classification json",
        array(
            [
                {
                    "id": i + 1,
                    "annotations": [
                        {
                            "id": 9 + i,
                            "completed_by": 1,
                            "result": [
                                {
                                    "value": {"choices": [label]},
                                    "id": "x",
                                    "from_name": "sentiment",
                                    "to_name": "text",
                                    "type": "choices",
                                }
                            ],
                            "was_cancelled": False,
                        }
                    ],
                    "data": {"text": text},
                    "meta": {},
                    "created_at": "2024-02-02T10:00:00Z",
                    "project": 3,
                }
                for i, (text, label) in enumerate(STAYS)
            ],
            "project-3-at-2024-02-02.json",
        ),
        "sft grpo",
        Has(*STAYS[0]),
        rows=5,
    ),
    wild(
        "open webui chat export",
        array([_saved(i, q, a) for i, (q, a) in enumerate(GARDEN)], "chat-export-1712.json"),
        "sft",
        chat(*GARDEN[0]),
        rows=5,
    ),
    wild(
        "excel unicode text utf-16 tab",
        table(
            [[q, a, "ok"] for q, a in LAW],
            ["Frage", "Antwort", "Geprüft"],
            delimiter="\t",
            encoding="utf-16",
            name="Fragenkatalog.txt",
        ),
        "sft",
        chat(*LAW[0]),
        rows=5,
    ),
    wild(
        "excel csv bom semicolon Prompt;Completion",
        table(
            [[str(i + 1), q, a, ""] for i, (q, a) in enumerate(SPANISH)],
            ["Nr.", "Prompt", "Completion", "Notes"],
            delimiter=";",
            encoding="utf-8-sig",
            name="Libro1.csv",
        ),
        "sft",
        chat(*SPANISH[0]),
        rows=4,
    ),
    wild(
        "wikipedia jsonl",
        jsonl(
            [
                {
                    "id": str(100 + i),
                    "url": f"https://simple.wikipedia.org/wiki/{title.replace(' ', '_')}",
                    "title": title,
                    "text": text,
                }
                for i, (title, text) in enumerate(ARTICLES)
            ],
            "wiki_00.jsonl",
        ),
        "cpt",
        Has("was dug in 1874"),
        rows=6,
    ),
)
"""What programs write when a person asks them for their data."""
