"""Datasets in odd layouts of chats: exports of applications, trees of replies, segments, calls of tools.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json

from tests.data.wild.second_texts import FACTS, TALKS
from tests.data.wild.table import Has, Turn, Wild, array, chat, jsonl, turns, wild

FIRST = chat(*TALKS[0])
Q, A = FACTS[0]
CITIES = ("Lima", "Oslo", "Pune", "Graz")
TOOL = {
    "name": "weather",
    "description": "Current weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}


def _export(talk: tuple[str, ...]) -> dict[str, object]:
    nodes: dict[str, object] = {"root": {"id": "root", "message": None, "parent": None, "children": ["n0"]}}
    for i, text in enumerate(talk):
        nodes[f"n{i}"] = {
            "id": f"n{i}",
            "message": {
                "id": f"n{i}",
                "author": {"role": "assistant" if i % 2 else "user", "name": None, "metadata": {}},
                "create_time": 1700000000.5 + i,
                "content": {"content_type": "text", "parts": [text]},
                "status": "finished_successfully",
                "recipient": "all",
            },
            "parent": f"n{i - 1}" if i else "root",
            "children": [f"n{i + 1}"] if i + 1 < len(talk) else [],
        }
    return {"title": talk[0], "create_time": 1700000000.1, "mapping": nodes, "current_node": f"n{len(talk) - 1}"}


def _tree(talk: tuple[str, ...]) -> dict[str, object] | None:
    reply: dict[str, object] | None = None
    for i in reversed(range(len(talk))):
        reply = {
            "message_id": f"{talk[0][:3]}-{i}",
            "text": talk[i],
            "role": "assistant" if i % 2 else "prompter",
            "lang": "en",
            "review_count": 3,
            "replies": [] if reply is None else [reply],
        }
    return reply


def _called(city: str) -> list[dict[str, object]]:
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": json.dumps({"city": city})}}
    return [
        {"role": "user", "content": f"Is it raining in {city}?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": '{"rain": false}'},
        {"role": "assistant", "content": f"No, {city} is dry."},
    ]


CALLED = [
    Turn("user", "Lima"),
    Turn("assistant", "weather", "Lima"),
    Turn("tool", "rain"),
    Turn("assistant", "Lima is dry"),
]

EXPORTS: tuple[Wild, ...] = (
    wild(
        "export of a chat application", array([_export(t) for t in TALKS], "conversations.json"), "sft", FIRST, rows=5
    ),
    wild(
        "export of another chat application",
        array(
            [
                {
                    "uuid": f"{i:08x}",
                    "name": talk[0],
                    "created_at": "2024-03-04T10:00:00Z",
                    "account": {"uuid": "0"},
                    "chat_messages": [
                        {
                            "uuid": f"{i}{n}",
                            "text": text,
                            "content": [{"type": "text", "text": text, "citations": []}],
                            "sender": "assistant" if n % 2 else "human",
                            "created_at": "2024-03-04T10:00:00Z",
                            "attachments": [],
                            "files": [],
                        }
                        for n, text in enumerate(talk)
                    ],
                }
                for i, talk in enumerate(TALKS)
            ],
            "conversations.json",
        ),
        "sft",
        FIRST,
        rows=5,
    ),
    wild(
        "export of a web front end",
        array(
            [
                {
                    "id": f"{i}",
                    "user_id": "u",
                    "title": talk[0],
                    "chat": {
                        "title": talk[0],
                        "models": ["llama3"],
                        "messages": [
                            t | {"id": f"{n}", "parentId": f"{n - 1}" if n else None}
                            for n, t in enumerate(turns(*talk))
                        ],
                        "tags": [],
                    },
                    "archived": False,
                }
                for i, talk in enumerate(TALKS)
            ],
            "chat-export-1712345678.json",
        ),
        "sft",
        FIRST,
        rows=5,
    ),
    wild(
        "role play log with a header line",
        jsonl(
            [
                {"user_name": "Sam", "character_name": "Willow", "create_date": "2024-02-02", "chat_metadata": {}},
                *(
                    {
                        "name": "Willow" if n % 2 else "Sam",
                        "is_user": n % 2 == 0,
                        "send_date": "2024-02-02",
                        "mes": text,
                    }
                    for talk in TALKS
                    for n, text in enumerate(talk)
                ),
            ],
            "Willow - 2024-02-02.jsonl",
        ),
        "sft cpt",
    ),
    wild(
        "trees of replies",
        jsonl(
            [
                {"message_tree_id": f"t{i}", "tree_state": "ready_for_export", "prompt": _tree(t)}
                for i, t in enumerate(TALKS)
            ]
        ),
        "sft",
        FIRST,
    ),
    wild(
        "flat replies with parents",
        jsonl(
            [
                {
                    "message_id": f"{i}-{n}",
                    "parent_id": f"{i}-{n - 1}" if n else None,
                    "message_tree_id": f"{i}-0",
                    "text": text,
                    "role": "assistant" if n % 2 else "prompter",
                    "lang": "en",
                    "rank": 0 if n % 2 else None,
                    "deleted": False,
                }
                for i, talk in enumerate(TALKS)
                for n, text in enumerate(talk)
            ],
            "all.messages.jsonl",
        ),
        "sft",
        FIRST,
    ),
    wild(
        "segments with a training flag",
        jsonl(
            [
                {
                    "segments": [
                        {"label": False, "text": f"<s>Person: {q}\n"},
                        {"label": True, "text": f"Helper: {a}</s>"},
                    ]
                }
                for q, a in FACTS
            ]
        ),
        "sft cpt",
        rows=6,
    ),
    wild(
        "tool calls of an API",
        jsonl(
            [
                {
                    "messages": _called(c),
                    "tools": [{"type": "function", "function": TOOL}],
                    "parallel_tool_calls": False,
                }
                for c in CITIES
            ]
        ),
        "sft",
        {"messages": CALLED, "tools": Has("weather")},
        rows=4,
    ),
    wild(
        "tool calls with observations",
        array(
            [
                {
                    "conversations": [
                        {"from": "human", "value": f"Is it raining in {c}?"},
                        {"from": "function_call", "value": json.dumps({"name": "weather", "arguments": {"city": c}})},
                        {"from": "observation", "value": '{"rain": false}'},
                        {"from": "gpt", "value": f"No, {c} is dry."},
                    ],
                    "system": "Use the tools.",
                    "tools": json.dumps([TOOL]),
                }
                for c in CITIES
            ]
        ),
        "sft",
        {"messages": [Turn("system", "Use the tools."), *CALLED], "tools": Has("weather")},
        rows=4,
    ),
    wild(
        "tool calls as dialogue text",
        array(
            [
                {
                    "system": "SYSTEM: You are a helpful assistant with access to the following functions. "
                    "Use them if required -\n" + json.dumps(TOOL, indent=4),
                    "chat": f"USER: Is it raining in {c}?\n\n\nASSISTANT: <functioncall> "
                    f'{{"name": "weather", "arguments": \'{{"city": "{c}"}}\'}} <|endoftext|>\n\n\n'
                    f'FUNCTION RESPONSE: {{"rain": false}}\n\n\nASSISTANT: No, {c} is dry. <|endoftext|>\n\n\n',
                }
                for c in CITIES
            ]
        ),
        "sft",
        Has("Is it raining in Lima?", "rain", "No, Lima is dry."),
        rows=4,
    ),
)
"""Exports, trees and calls."""
