"""A person's own chats with assistants, and the logs of gateways.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json
from typing import Any

from tests.data.wild.fifth_pool_talks import zipped
from tests.data.wild.table import Wild, array, chat, wild


def _mapped(title: str, texts: list[str], when: float) -> dict[str, Any]:
    m = {
        "root": {"id": "root", "message": None, "parent": None, "children": ["s"]},
        "s": {
            "id": "s",
            "message": {
                "id": "s",
                "author": {"role": "system", "name": None, "metadata": {}},
                "create_time": None,
                "content": {"content_type": "text", "parts": [""]},
                "status": "finished_successfully",
                "weight": 0.0,
                "metadata": {"is_visually_hidden_from_conversation": True},
                "recipient": "all",
            },
            "parent": "root",
            "children": ["m0"],
        },
    }
    for i, t in enumerate(texts):
        m[f"m{i}"] = {
            "id": f"m{i}",
            "message": {
                "id": f"m{i}",
                "author": {"role": "assistant" if i % 2 else "user", "name": None, "metadata": {}},
                "create_time": when + i,
                "update_time": None,
                "content": {"content_type": "text", "parts": [t]},
                "status": "finished_successfully",
                "end_turn": bool(i % 2) or None,
                "weight": 1.0,
                "metadata": {"model_slug": "gpt-4o"} if i % 2 else {},
                "recipient": "all",
            },
            "parent": f"m{i - 1}" if i else "s",
            "children": [f"m{i + 1}"] if i + 1 < len(texts) else [],
        }
    return {
        "title": title,
        "create_time": when,
        "update_time": when + 9,
        "mapping": m,
        "moderation_results": [],
        "current_node": f"m{len(texts) - 1}",
        "plugin_ids": None,
        "conversation_id": f"c{int(when)}",
        "is_archived": False,
        "default_model_slug": "gpt-4o",
        "id": f"c{int(when)}",
    }


CHATTED = [
    [
        "Rewrite this so it sounds friendlier: Send the file.",
        "Could you send me the file when you have a moment?",
        "Even shorter?",
        "Could you send the file, please?",
    ],
    ["How long do I boil barley?", "Pearl barley about 25 minutes, hulled barley about 50."],
    ["Regex for a German postcode", "`^\\d{5}$`", "And with a leading D-?", "`^(D-)?\\d{5}$`"],
    ["Explain the subjunctive in one line", "The mood of what is wished, doubted or imagined."],
    ["Name my sourdough starter", "Clint Yeastwood"],
    ["What should I see in Ghent in a day?", "The altarpiece, the castle of the counts, and the canals by dusk."],
]


def _front_end(i: int, talk: list[str]) -> dict[str, Any]:
    messages = {
        f"{i}-{k}": {
            "id": f"{i}-{k}",
            "parentId": f"{i}-{k - 1}" if k else None,
            "childrenIds": [f"{i}-{k + 1}"] if k + 1 < len(talk) else [],
            "role": "assistant" if k % 2 else "user",
            "content": t,
            "timestamp": 1712000000 + k,
            "models": ["llama3:8b"],
        }
        for k, t in enumerate(talk)
    }
    return {
        "id": f"o{i}",
        "user_id": "me",
        "title": talk[0][:15],
        "chat": {
            "id": "",
            "title": talk[0][:15],
            "models": ["llama3:8b"],
            "params": {},
            "history": {"messages": messages, "currentId": f"{i}-{len(talk) - 1}"},
            "messages": list(messages.values()),
            "tags": [],
            "timestamp": 1712000000000,
            "files": [],
        },
        "updated_at": 1712000001,
        "created_at": 1712000000,
        "share_id": None,
        "archived": False,
        "pinned": False,
        "meta": {},
        "folder_id": None,
    }


FRONT_END = [_front_end(i, talk) for i, talk in enumerate(CHATTED)]

ASSISTANTS: tuple[Wild, ...] = (
    wild(
        "zip of a chatgpt export with its page",
        zipped(
            {
                "conversations.json": json.dumps(
                    [_mapped(c[0][:20], c, 1700000000.0 + 100 * i) for i, c in enumerate(CHATTED)]
                ),
                "user.json": json.dumps({"id": "user-x", "email": "me@example.org", "chatgpt_plus_user": True}),
                "message_feedback.json": "[]",
                "shared_conversations.json": "[]",
                "model_comparisons.json": "[]",
                "chat.html": "<html><head><title>ChatGPT Data Export</title></head><body><div "
                "id='root'></div></body></html>",
            },
            "chatgpt-2024-11-02.zip",
        ),
        "sft",
        chat(*CHATTED[0]),
        rows=6,
    ),
    wild(
        "claude conversations with sender and content blocks",
        array(
            (
                {
                    "uuid": f"u{i}",
                    "name": c[0][:20],
                    "summary": "",
                    "created_at": "2024-10-01T10:00:00.000000Z",
                    "updated_at": "2024-10-01T10:01:00.000000Z",
                    "account": {"uuid": "acc"},
                    "chat_messages": [
                        {
                            "uuid": f"m{i}{k}",
                            "text": t,
                            "content": [
                                {
                                    "start_timestamp": None,
                                    "stop_timestamp": None,
                                    "type": "text",
                                    "text": t,
                                    "citations": [],
                                }
                            ],
                            "sender": "assistant" if k % 2 else "human",
                            "created_at": f"2024-10-01T10:00:0{k}.000000Z",
                            "updated_at": f"2024-10-01T10:00:0{k}.000000Z",
                            "attachments": [],
                            "files": [],
                        }
                        for k, t in enumerate(c)
                    ],
                }
                for i, c in enumerate(CHATTED)
            ),
            "conversations.json",
        ),
        "sft",
        chat(*CHATTED[0]),
        rows=6,
    ),
    wild(
        "open front end with history and messages",
        array(FRONT_END, "chat-export-1731234567890.json"),
        "sft",
        chat(*CHATTED[0]),
        rows=6,
    ),
)
"""A person's own chats with assistants, and the logs of gateways."""
