"""Layouts that vendors of models document.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json

from tests.data.wild.fourth_pool import ANSWERS, PROBLEMS, QUESTIONS, RESULTS, WRONG, tooled
from tests.data.wild.table import Has, OneOf, Turn, Wild, chat, jsonl, preferred, wild


def _parts(text: str) -> list[dict[str, str]]:
    return [{"text": text}]


VENDORS: tuple[Wild, ...] = (
    wild(
        "vertex preference with scored completions",
        jsonl(
            [
                {
                    "system_instruction": {"parts": _parts("You are a chat bot.")},
                    "contents": [
                        {"role": "user", "parts": _parts(QUESTIONS[i])},
                        {"role": "model", "parts": _parts(ANSWERS[i])},
                        {"role": "user", "parts": _parts("And in one word?")},
                    ],
                    "completions": [
                        {"score": s, "completion": {"role": "model", "parts": _parts(t)}}
                        for s, t in (
                            [(1.0, "Patience."), (0.0, "I refuse.")]
                            if i % 2 == 0
                            else [(0.0, "I refuse."), (1.0, "Patience.")]
                        )
                    ],
                }
                for i in range(5)
            ]
        ),
        "dpo",
        preferred(
            [QUESTIONS[0], ANSWERS[0], "And in one word?"], "Patience.", "I refuse.", system="You are a chat bot."
        ),
        rows=5,
    ),
    wild(
        "vertex supervised with camel case and calls",
        jsonl(
            [
                {
                    "systemInstruction": {"role": "system", "parts": _parts("You control a lighthouse.")},
                    "contents": [
                        {"role": "user", "parts": _parts(f"Turn the lamp of tower {i} on.")},
                        {
                            "role": "model",
                            "parts": [{"functionCall": {"name": "set_lamp", "args": {"tower": i, "on": True}}}],
                        },
                        {
                            "role": "user",
                            "parts": [{"functionResponse": {"name": "set_lamp", "response": {"content": "ok"}}}],
                        },
                        {"role": "model", "parts": _parts(f"The lamp of tower {i} is burning.")},
                    ],
                    "tools": [
                        {
                            "functionDeclarations": [
                                {
                                    "name": "set_lamp",
                                    "description": "Switch a lamp",
                                    "parameters": {
                                        "type": "OBJECT",
                                        "properties": {"tower": {"type": "INTEGER"}, "on": {"type": "BOOLEAN"}},
                                    },
                                }
                            ]
                        }
                    ],
                }
                for i in range(4)
            ]
        ),
        "sft",
        *tooled(
            [
                {"role": "system", "content": "You control a lighthouse."},
                Turn("user", "tower 0"),
                Turn("assistant", "set_lamp"),
                Turn("tool", "ok"),
                {"role": "assistant", "content": "The lamp of tower 0 is burning."},
            ]
        ),
        rows=4,
    ),
    wild(
        "bedrock nova conversation with a schema",
        jsonl(
            [
                {
                    "schemaVersion": "bedrock-conversation-2024",
                    "system": [{"text": "You are a digital assistant with a friendly personality"}],
                    "messages": [
                        {"role": "user", "content": _parts(QUESTIONS[i])},
                        {"role": "assistant", "content": _parts(ANSWERS[i])},
                    ],
                }
                for i in range(5)
            ]
        ),
        "sft",
        chat(QUESTIONS[0], ANSWERS[0], system="You are a digital assistant with a friendly personality"),
        rows=5,
    ),
    wild(
        "bedrock titan preference of prompts",
        jsonl([{"prompt": f"{QUESTIONS[i]}", "completion": ANSWERS[i]} for i in range(5)], "bedrock_train.jsonl"),
        "sft",
        chat(QUESTIONS[0], ANSWERS[0]),
        rows=5,
    ),
    wild(
        "bedrock reinforcement with reference answer",
        jsonl(
            [
                {
                    "messages": [
                        {"role": "system", "content": "You are a careful mathematician."},
                        {"role": "user", "content": PROBLEMS[i]},
                    ],
                    "reference_answer": {"answer": RESULTS[i]},
                    "data_source": "gsm8k_nova",
                }
                for i in range(6)
            ]
        ),
        "grpo",
        {
            "prompt": [
                {"role": "system", "content": "You are a careful mathematician."},
                {"role": "user", "content": PROBLEMS[0]},
            ],
            "answer": OneOf(RESULTS[0], Has(RESULTS[0])),
        },
        rows=6,
    ),
    wild(
        "cohere preferences of messages",
        jsonl(
            [
                {
                    "messages": [
                        {"role": "System", "content": "Be brief."},
                        {"role": "User", "content": QUESTIONS[i]},
                        {"role": "Chatbot", "content": ANSWERS[i]},
                    ]
                }
                for i in range(5)
            ],
            "chat-ft.jsonl",
        ),
        "sft",
        chat(QUESTIONS[0], ANSWERS[0], system="Be brief."),
        rows=5,
    ),
    wild(
        "together conversational with weights of zero",
        jsonl(
            [
                {
                    "messages": [
                        {"role": "user", "content": QUESTIONS[i]},
                        {"role": "assistant", "content": WRONG[i], "weight": 0},
                        {"role": "user", "content": "Please be serious."},
                        {"role": "assistant", "content": ANSWERS[i], "weight": 1},
                    ]
                }
                for i in range(5)
            ]
        ),
        "sft",
        {
            "messages": [
                {"role": "user", "content": QUESTIONS[0]},
                Turn("assistant", WRONG[0]),
                {"role": "user", "content": "Please be serious."},
                Turn("assistant", ANSWERS[0]),
            ]
        },
        {"messages": [{"role": "user", "content": QUESTIONS[0]}, Turn("assistant", ANSWERS[0])]},
        rows=5,
    ),
    wild(
        "fireworks reinforcement with ground truth beside messages",
        jsonl(
            [
                {
                    "messages": [
                        {"role": "system", "content": "Solve and put the answer in <answer> tags."},
                        {"role": "user", "content": PROBLEMS[i]},
                    ],
                    "ground_truth": RESULTS[i],
                }
                for i in range(6)
            ]
        ),
        "grpo",
        {
            "prompt": [
                {"role": "system", "content": "Solve and put the answer in <answer> tags."},
                {"role": "user", "content": PROBLEMS[0]},
            ],
            "answer": RESULTS[0],
        },
        rows=6,
    ),
    wild(
        "openai graders with reference fields",
        jsonl(
            [
                {
                    "messages": [
                        {"role": "developer", "content": "Answer with the number only."},
                        {"role": "user", "content": PROBLEMS[i]},
                    ],
                    "reference_answer": RESULTS[i],
                    "difficulty": "easy",
                }
                for i in range(6)
            ],
            "rft_train.jsonl",
        ),
        "grpo",
        {
            "prompt": [
                OneOf(Turn("system", "number only"), Turn("developer", "number only")),
                {"role": "user", "content": PROBLEMS[0]},
            ],
            "answer": RESULTS[0],
        },
        rows=6,
    ),
    wild(
        "openai calls in parallel",
        jsonl(
            [
                {
                    "messages": [
                        {"role": "user", "content": f"Tide in Skel and in {h}?"},
                        {
                            "role": "assistant",
                            "content": None,
                            "tool_calls": [
                                {
                                    "id": "c1",
                                    "type": "function",
                                    "function": {"name": "get_tide", "arguments": '{"harbour": "Skel"}'},
                                },
                                {
                                    "id": "c2",
                                    "type": "function",
                                    "function": {"name": "get_tide", "arguments": json.dumps({"harbour": h})},
                                },
                            ],
                        },
                        {"role": "tool", "tool_call_id": "c1", "content": "14:00"},
                        {"role": "tool", "tool_call_id": "c2", "content": "15:30"},
                        {"role": "assistant", "content": f"Skel 14:00, {h} 15:30."},
                    ],
                    "parallel_tool_calls": True,
                    "tools": [
                        {
                            "type": "function",
                            "function": {
                                "name": "get_tide",
                                "description": "Tide of a harbour",
                                "parameters": {"type": "object", "properties": {"harbour": {"type": "string"}}},
                            },
                        }
                    ],
                }
                for h in ["Oldmere", "Varde", "Ness", "Thorn"]
            ]
        ),
        "sft",
        *tooled(
            [
                Turn("user", "Skel and in Oldmere"),
                Turn("assistant", "get_tide", "Oldmere"),
                Turn("tool", "14:00"),
                Turn("tool", "15:30"),
                Turn("assistant", "Skel 14:00"),
            ]
        ),
        rows=4,
    ),
    wild(
        "mistral calls with ids and prefix",
        jsonl(
            [
                {
                    "messages": [
                        {"role": "user", "content": f"What is the status of parcel {n}?"},
                        {
                            "role": "assistant",
                            "tool_calls": [
                                {
                                    "id": "TX92Jm8Zi",
                                    "type": "function",
                                    "function": {"name": "parcel_status", "arguments": json.dumps({"parcel": n})},
                                }
                            ],
                        },
                        {
                            "role": "tool",
                            "content": '{"status": "on the ferry"}',
                            "tool_call_id": "TX92Jm8Zi",
                            "name": "parcel_status",
                        },
                        {"role": "assistant", "content": f"Parcel {n} is on the ferry."},
                    ]
                }
                for n in ["T1001", "T1002", "T1003", "T1004"]
            ]
        ),
        "sft",
        *tooled(
            [
                Turn("user", "T1001"),
                Turn("assistant", "parcel_status"),
                Turn("tool", "on the ferry"),
                Turn("assistant", "Parcel T1001 is on the ferry."),
            ]
        ),
        rows=4,
    ),
)
"""Layouts that vendors of models document."""
