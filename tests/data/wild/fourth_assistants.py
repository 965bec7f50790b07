"""What front ends, gateways and assistants export.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json
from typing import Any

from tests.data.wild.fourth_pool import ANSWERS, CODES, QUESTIONS, TASKS, TITLES, messages, plain, tooled
from tests.data.wild.table import Has, OneOf, Turn, Wild, array, chat, jsonl, table, wild


def _branched(number: int) -> dict[str, Any]:
    ids = [f"m{number}{k}" for k in range(4)]
    talk = [
        QUESTIONS[number],
        ANSWERS[number],
        "Could you give an example?",
        "For example: " + ANSWERS[number].split(",")[0] + ".",
    ]
    return {
        "conversationId": f"c{number}",
        "endpoint": "openAI",
        "title": TITLES[number % 8],
        "exportAt": "12:00:00 GMT",
        "branches": False,
        "recursive": False,
        "options": {"model": "gpt-4o", "endpoint": "openAI"},
        "messages": [
            {
                "messageId": ids[k],
                "parentMessageId": ids[k - 1] if k else "00000000-0000-0000-0000-000000000000",
                "sender": "User" if k % 2 == 0 else "GPT-4o",
                "text": t,
                "isCreatedByUser": k % 2 == 0,
                "error": False,
                "createdAt": f"2025-01-01T0{k}:00:00Z",
            }
            for k, t in enumerate(talk)
        ],
    }


def _studio(number: int) -> dict[str, Any]:
    return {
        "name": TITLES[number],
        "pinned": False,
        "createdAt": 1730000000000 + number,
        "preset": "",
        "tokenCount": 200,
        "systemPrompt": "",
        "messages": [
            {
                "versions": [
                    {"type": "singleStep", "role": "user", "content": [{"type": "text", "text": QUESTIONS[number]}]}
                ],
                "currentlySelected": 0,
            },
            {
                "versions": [
                    {
                        "type": "multiStep",
                        "role": "assistant",
                        "senderInfo": {"senderName": "qwen3-8b"},
                        "steps": [
                            {
                                "type": "contentBlock",
                                "stepIdentifier": "1-0.1",
                                "content": [{"type": "text", "text": ANSWERS[number]}],
                                "defaultShouldIncludeInContext": True,
                                "shouldIncludeInContext": True,
                            },
                            {
                                "type": "debugInfoBlock",
                                "stepIdentifier": "1-0.2",
                                "debugInfo": "Conversation naming technique: 'prompt'",
                            },
                        ],
                    }
                ],
                "currentlySelected": 0,
            },
        ],
        "usePerChatPredictionConfig": True,
        "clientInput": "",
        "userFilesSizeBytes": 0,
        "lastUsedModel": {"identifier": "qwen3-8b"},
    }


def _session(number: int) -> bytes:
    base = {
        "isSidechain": False,
        "userType": "external",
        "cwd": "~/p",
        "sessionId": f"s{number}",
        "version": "1.0.61",
        "timestamp": "2025-07-01T10:00:00.000Z",
    }
    rows = [
        {"type": "summary", "summary": "Fix a function", "leafUuid": "u4"},
        {
            "parentUuid": None,
            **base,
            "type": "user",
            "message": {"role": "user", "content": TASKS[number]},
            "uuid": "u1",
        },
        {
            "parentUuid": "u1",
            **base,
            "type": "assistant",
            "message": {
                "id": "msg_1",
                "type": "message",
                "role": "assistant",
                "model": "claude-sonnet-4",
                "content": [
                    {"type": "text", "text": "I will look at the file first."},
                    {"type": "tool_use", "id": "toolu_1", "name": "Read", "input": {"file_path": "~/p/m.py"}},
                ],
                "stop_reason": "tool_use",
            },
            "uuid": "u2",
        },
        {
            "parentUuid": "u2",
            **base,
            "type": "user",
            "message": {
                "role": "user",
                "content": [{"tool_use_id": "toolu_1", "type": "tool_result", "content": "     1\tpass"}],
            },
            "toolUseResult": {"type": "text"},
            "uuid": "u3",
        },
        {
            "parentUuid": "u3",
            **base,
            "type": "assistant",
            "message": {
                "id": "msg_2",
                "type": "message",
                "role": "assistant",
                "model": "claude-sonnet-4",
                "content": [{"type": "text", "text": f"Done:\n\n```python\n{CODES[number]}\n```"}],
                "stop_reason": "end_turn",
            },
            "uuid": "u4",
        },
    ]
    return "".join(json.dumps(r) + "\n" for r in rows).encode()


ASSISTANTS: tuple[Wild, ...] = (
    wild(
        "observations of a tracing service",
        jsonl(
            [
                {
                    "id": f"o{i}",
                    "traceId": f"t{i}",
                    "type": "GENERATION",
                    "name": "ChatOpenAI",
                    "startTime": "2025-03-01T10:00:00.000Z",
                    "model": "gpt-4o-mini",
                    "input": messages(QUESTIONS[i], system="You answer gardeners."),
                    "output": {"role": "assistant", "content": ANSWERS[i]},
                    "metadata": {"ls_provider": "openai"},
                    "usage": {"input": 30, "output": 40, "unit": "TOKENS"},
                    "level": "DEFAULT",
                }
                for i in range(5)
            ],
            "observations.jsonl",
        ),
        "sft",
        chat(QUESTIONS[0], ANSWERS[0], system="You answer gardeners."),
        rows=5,
    ),
    wild(
        "request and response bodies of a proxy",
        jsonl(
            [
                {
                    "request_id": f"r{i}",
                    "request_created_at": "2025-01-01",
                    "response_status": 200,
                    "request_body": {"model": "gpt-4o", "messages": messages(QUESTIONS[i]), "temperature": 0.2},
                    "response_body": {
                        "id": "chatcmpl-1",
                        "object": "chat.completion",
                        "choices": [
                            {
                                "index": 0,
                                "message": {"role": "assistant", "content": ANSWERS[i]},
                                "finish_reason": "stop",
                            }
                        ],
                    },
                    "total_tokens": 88,
                    "feedback_rating": None,
                }
                for i in range(5)
            ],
            "helicone-export.jsonl",
        ),
        "sft",
        chat(QUESTIONS[0], ANSWERS[0]),
        rows=5,
    ),
    wild(
        "spend logs with json in csv",
        table(
            [
                [
                    f"req{i}",
                    "acompletion",
                    "0.0012",
                    "88",
                    "gpt-4o-mini",
                    json.dumps(messages(QUESTIONS[i], system="Be kind.")),
                    json.dumps(
                        {
                            "id": "x",
                            "choices": [
                                {
                                    "message": {"role": "assistant", "content": ANSWERS[i]},
                                    "index": 0,
                                    "finish_reason": "stop",
                                }
                            ],
                        }
                    ),
                    "{}",
                ]
                for i in range(5)
            ],
            ["request_id", "call_type", "spend", "total_tokens", "model", "messages", "response", "metadata"],
            name="LiteLLM_SpendLogs.csv",
        ),
        "sft",
        chat(QUESTIONS[0], ANSWERS[0], system="Be kind."),
        rows=5,
    ),
    wild(
        "files of a free front end",
        {f"chat_{i}.json": json.dumps(_branched(i), indent=2).encode() for i in range(4)},
        "sft",
        chat(QUESTIONS[0], ANSWERS[0], "Could you give an example?", "For example: " + ANSWERS[0].split(",")[0] + "."),
        rows=4,
    ),
    wild(
        "files of a studio with versions and steps",
        {f"173000000000{i}.conversation.json": json.dumps(_studio(i)).encode() for i in range(4)},
        "sft",
        chat(QUESTIONS[0], ANSWERS[0]),
        rows=4,
    ),
    wild(
        "takeout of an activity with prompts",
        array(
            [
                {
                    "header": "Gemini Apps",
                    "title": f"Prompted {QUESTIONS[i]}",
                    "time": f"2025-02-0{i + 1}T08:00:00.000Z",
                    "products": ["Gemini Apps"],
                    "activityControls": ["Gemini Apps Activity"],
                    "safeHtmlItem": [{"html": f"<p>{ANSWERS[i]}</p>\n"}],
                }
                for i in range(5)
            ],
            "MyActivity.json",
        ),
        "sft",
        chat(OneOf(QUESTIONS[0], "Prompted " + QUESTIONS[0]), Has(ANSWERS[0])),
        rows=5,
    ),
    wild(
        "prompts of a studio in chunks",
        {
            f"Prompt {i}.json": json.dumps(
                {
                    "runSettings": {"temperature": 1.0, "model": "models/gemini-2.5-pro"},
                    "systemInstruction": {"text": "You are a patient teacher."},
                    "chunkedPrompt": {
                        "chunks": [
                            {"text": QUESTIONS[i], "role": "user", "tokenCount": 12},
                            {
                                "text": "**Thinking about it**\n\nThe person needs a short answer.",
                                "role": "model",
                                "isThought": True,
                                "tokenCount": 20,
                            },
                            {"text": ANSWERS[i], "role": "model", "finishReason": "STOP", "tokenCount": 40},
                        ],
                        "pendingInputs": [{"text": "", "role": "user"}],
                    },
                },
                indent=2,
            ).encode()
            for i in range(4)
        },
        "sft",
        {
            "messages": [
                Turn("system", "patient teacher"),
                {"role": "user", "content": QUESTIONS[0]},
                Turn("assistant", ANSWERS[0]),
            ]
        },
        rows=4,
    ),
    wild(
        "history of a pair programmer in markdown",
        plain(
            "".join(
                f"\n# aider chat started at 2025-0{i + 1}-03 10:11:12\n\n> Aider v0.82.0  \n> Main model: "
                f"sonnet  \n\n#### {TASKS[i]}  \n\nHere it is:\n\nm{i}.py\n```python\n<<<<<<< "
                f"SEARCH\n=======\n{CODES[i]}\n>>>>>>> REPLACE\n```\n\n> Applied edit to m{i}.py  \n\n#### "
                "Thanks, add a docstring.  \n\nOf course, I have added one.\n"
                for i in range(3)
            ),
            ".aider.chat.history.md",
        ),
        "sft cpt",
    ),
    wild(
        "log of a local model server",
        jsonl(
            [
                {
                    "created_at": "2025-05-05T10:00:00Z",
                    "model": "llama3.2:3b",
                    "prompt": QUESTIONS[i],
                    "response": ANSWERS[i],
                    "done": True,
                    "done_reason": "stop",
                    "context": [128006, 882, 128007],
                    "total_duration": 4883583458,
                    "eval_count": 98,
                }
                for i in range(5)
            ],
            "ollama.log.jsonl",
        ),
        "sft",
        chat(QUESTIONS[0], ANSWERS[0]),
        rows=5,
    ),
    wild(
        "table of messages from a database",
        table(
            [
                [str(k + 1), str(c), "user" if j % 2 == 0 else "assistant", t, f"2025-01-0{c} 10:0{j}:00"]
                for k, (c, j, t) in enumerate(
                    (c, j, t)
                    for c in (1, 2, 3)
                    for j, t in enumerate(
                        [QUESTIONS[c], ANSWERS[c], "Thank you, and why?", "Because it has been tried often."]
                    )
                )
            ],
            ["id", "chat_id", "role", "content", "created_at"],
            name="messages.csv",
        ),
        "sft",
        chat(QUESTIONS[1], ANSWERS[1], "Thank you, and why?", "Because it has been tried often."),
        usable=3,
    ),
    wild(
        "sessions of a coding agent",
        {f"5e55-{i}.jsonl": _session(i) for i in range(3)},
        "sft",
        *tooled(
            [
                {"role": "user", "content": TASKS[0]},
                Turn("assistant", "look at the file first", "Read"),
                Turn("tool", "pass"),
                Turn("assistant", CODES[0]),
            ]
        ),
        usable=3,
    ),
)
"""What front ends, gateways and assistants export."""
