"""Datasets of conversations: public chat sets, fine-tuning formats of services, templates that are already text.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from typing import Any

from tests.data.wild.second_texts import CHOICES, FACTS, TALKS
from tests.data.wild.table import Has, OneOf, Turn, Wild, array, chat, jsonl, parquet, turns, wild

FIRST = chat(*TALKS[0])
Q, A = FACTS[0]


def _spoken(talk: tuple[str, ...], key: str, value: str, names: tuple[str, str]) -> list[dict[str, Any]]:
    return [{key: names[index % 2], value: text} for index, text in enumerate(talk)]


def _tagged(talk: tuple[str, ...], person: str, model: str, end: str = "") -> str:
    return end.join((model if index % 2 else person) + text for index, text in enumerate(talk)) + end


SYSTEM = "You are a calm assistant."

CHATS: tuple[Wild, ...] = (
    wild(
        "fine-tuning file of an API",
        jsonl([{"messages": [{"role": "system", "content": SYSTEM}, *turns(*talk)]} for talk in TALKS], "ft.jsonl"),
        "sft",
        chat(*TALKS[0], system=SYSTEM),
        rows=5,
    ),
    wild(
        "API file with weights on assistant turns",
        jsonl(
            [
                {"messages": [turn | ({"weight": 1} if turn["role"] == "assistant" else {}) for turn in turns(*talk)]}
                for talk in TALKS
            ]
        ),
        "sft",
        FIRST,
        rows=5,
    ),
    wild(
        "ultrachat two hundred thousand",
        parquet(
            [{"prompt": talk[0], "prompt_id": f"{i:064x}", "messages": turns(*talk)} for i, talk in enumerate(TALKS)],
            "train_sft-00000-of-00003.parquet",
        ),
        "sft",
        FIRST,
        rows=5,
    ),
    wild(
        "sharegpt dump",
        array(
            [
                {"id": f"Qw{i}_0", "conversations": _spoken(t, "from", "value", ("human", "gpt"))}
                for i, t in enumerate(TALKS)
            ],
            "ShareGPT_cleaned.json",
        ),
        "sft",
        FIRST,
        rows=5,
    ),
    wild(
        "hermes with many empty columns",
        array(
            [
                {
                    "custom_instruction": None,
                    "topic": None,
                    "model_name": None,
                    "skip_prompt_formatting": False,
                    "category": "orca",
                    "conversations": _spoken(talk, "from", "value", ("human", "gpt")),
                    "views": None,
                    "source": "airoboros",
                    "system_prompt": None,
                    "idx": None,
                }
                for talk in TALKS
            ]
        ),
        "sft",
        FIRST,
        rows=5,
    ),
    wild(
        "slim orca with weights",
        jsonl(
            [
                {
                    "conversations": [
                        {"from": "system", "value": SYSTEM, "weight": None},
                        {"from": "human", "value": q, "weight": 0.0},
                        {"from": "gpt", "value": a, "weight": 1.0},
                    ]
                }
                for q, a in FACTS
            ]
        ),
        "sft",
        chat(Q, A, system=SYSTEM),
        rows=6,
    ),
    wild(
        "arena logs with moderation",
        parquet(
            [
                {
                    "conversation_id": f"{i:032x}",
                    "model": "vicuna-13b",
                    "conversation": [{"content": t["content"], "role": t["role"]} for t in turns(*talk)],
                    "turn": 2,
                    "language": "English",
                    "openai_moderation": [
                        {"categories": {"hate": False}, "category_scores": {"hate": 0.01}, "flagged": False}
                    ],
                    "redacted": False,
                }
                for i, talk in enumerate(TALKS)
            ]
        ),
        "sft",
        FIRST,
        rows=5,
    ),
    wild(
        "wild chats with hashed addresses in each turn",
        jsonl(
            [
                {
                    "conversation_hash": f"{i:032x}",
                    "model": "gpt-4-0314",
                    "timestamp": "2023-04-09T00:02:53+00:00",
                    "conversation": [
                        t
                        | {
                            "country": "Chile",
                            "hashed_ip": "ab12",
                            "language": "English",
                            "redacted": False,
                            "toxic": False,
                        }
                        for t in turns(*talk)
                    ],
                    "turn": 2,
                    "language": "English",
                    "toxic": False,
                }
                for i, talk in enumerate(TALKS)
            ]
        ),
        "sft",
        FIRST,
        rows=5,
    ),
    wild(
        "guanaco text, second table",
        jsonl(
            [{"text": _tagged(t, "### Human: ", "### Assistant: ")} for t in TALKS],
            "openassistant_best_replies_train.jsonl",
        ),
        "sft",
        FIRST,
        rows=5,
    ),
    wild(
        "llama two template in a text column",
        parquet([{"text": f"<s>[INST] {q} [/INST] {a} </s>"} for q, a in FACTS]),
        "sft",
        chat(Q, A),
        rows=6,
    ),
    wild(
        "chatml in a text column",
        jsonl(
            [
                {"text": "".join(f"<|im_start|>{t['role']}\n{t['content']}<|im_end|>\n" for t in turns(*talk))}
                for talk in TALKS
            ]
        ),
        "sft",
        FIRST,
        rows=5,
    ),
    wild(
        "vicuna template in a text column",
        jsonl([{"text": f"{SYSTEM} " + " ".join(_tagged(t, "USER: ", "ASSISTANT: ", " ").split())} for t in TALKS]),
        "sft",
        OneOf(FIRST, chat(*TALKS[0], system=SYSTEM)),
        rows=5,
    ),
    wild(
        "baize self chat",
        array(
            [
                {
                    "topic": talk[0],
                    "input": "The conversation between human and AI assistant.\n"
                    + _tagged(talk, "[|Human|] ", "[|AI|] ", "\n"),
                }
                for talk in TALKS
            ],
            "quora_chat_data.json",
        ),
        "sft",
        {"messages": OneOf(FIRST["messages"], [Turn("system", "conversation between"), *FIRST["messages"]])},
        rows=5,
    ),
    wild(
        "alternating list under data",
        jsonl([{"id": str(i), "data": list(talk)} for i, talk in enumerate(TALKS)], "ultrachat_release.jsonl"),
        "sft",
        FIRST,
        rows=5,
    ),
    wild(
        "lima with alternating strings",
        jsonl([{"conversations": [q, a], "source": "wikihow"} for q, a in FACTS]),
        "sft",
        chat(Q, A),
        rows=6,
    ),
    wild(
        "daily dialogues with acts",
        parquet([{"dialog": list(talk), "act": [3, 2, 1, 4], "emotion": [0, 0, 0, 4]} for talk in TALKS]),
        "sft",
        FIRST,
        rows=5,
    ),
    wild(
        "soda social dialogues",
        parquet(
            [
                {
                    "head": "PersonX asks for help",
                    "relation": "xAttr",
                    "tail": "curious",
                    "literal": "Ana asks for help. Ana is curious.",
                    "narrative": "Ana turns to Bo with something on her mind and they talk it over.",
                    "dialogue": list(talk),
                    "speakers": ["Ana", "Bo", "Ana", "Bo"],
                    "PersonX": "Ana",
                }
                for talk in TALKS
            ]
        ),
        "sft",
        {"messages": OneOf(FIRST["messages"], [Turn("system"), *FIRST["messages"]])},
        rows=5,
    ),
    wild(
        "capybara inputs and outputs",
        jsonl(
            [
                {"source": "Dove", "conversation": [{"input": a, "output": b}, {"input": c, "output": d}]}
                for a, b, c, d in TALKS
            ]
        ),
        "sft",
        FIRST,
        rows=5,
    ),
    wild(
        "xtuner with a system in the first exchange",
        array(
            [
                {"conversation": [{"system": SYSTEM, "input": a, "output": b}, {"input": c, "output": d}]}
                for a, b, c, d in TALKS
            ]
        ),
        "sft",
        chat(*TALKS[0], system=SYSTEM),
        rows=5,
    ),
    wild(
        "role play logs with a flag for the person",
        jsonl(
            [
                {
                    "submission_timestamp": "1674783509862",
                    "categories": ["Helpers"],
                    "bot_id": f"b{i}",
                    "bot_name": "Willow",
                    "bot_greeting": "Hello, I am Willow.",
                    "bot_definitions": "",
                    "conversation": [{"message": text, "is_human": n % 2 == 0} for n, text in enumerate(talk)],
                }
                for i, talk in enumerate(TALKS)
            ],
            "pippa.jsonl",
        ),
        "sft",
        {"messages": OneOf(FIRST["messages"], Has(*TALKS[0]))},
        rows=5,
    ),
    wild(
        "contents and parts of a cloud service",
        jsonl(
            [
                {
                    "systemInstruction": {"role": "system", "parts": [{"text": SYSTEM}]},
                    "contents": [
                        {"role": "model" if n % 2 else "user", "parts": [{"text": text}]} for n, text in enumerate(talk)
                    ],
                }
                for talk in TALKS
            ]
        ),
        "sft",
        chat(*TALKS[0], system=SYSTEM),
        rows=5,
    ),
    wild(
        "system beside the messages",
        jsonl([{"system": SYSTEM, "messages": turns(*talk)} for talk in TALKS]),
        "sft",
        chat(*TALKS[0], system=SYSTEM),
        rows=5,
    ),
    wild(
        "post-training set with turns in and text out",
        jsonl(
            [
                {
                    "input": [{"role": "user", "content": q}],
                    "output": a,
                    "category": "chat",
                    "license": "cc-by-4.0",
                    "reasoning": "off",
                    "generator": "Mixtral",
                    "used_in_training": "yes",
                    "version": "v1",
                    "system_prompt": "detailed thinking off",
                }
                for q, a in FACTS
            ]
        ),
        "sft",
        OneOf(chat(Q, A, system="detailed thinking off"), chat(Q, A)),
        rows=6,
    ),
    wild(
        "goal-oriented turns with speakers",
        array(
            [
                {
                    "dialogue_id": f"1_{i:05d}",
                    "services": ["Homes_1"],
                    "turns": [
                        {"speaker": "SYSTEM" if n % 2 else "USER", "utterance": text, "frames": []}
                        for n, text in enumerate(talk)
                    ],
                }
                for i, talk in enumerate(TALKS)
            ],
            "dialogues_001.json",
        ),
        "sft",
        FIRST,
        rows=5,
    ),
    wild(
        "one prompt column of turns and one response",
        parquet([{"prompt": turns(q), "response": c} for q, c, _ in CHOICES]),
        "sft",
        OneOf(
            chat(*CHOICES[0][:2]),
            {"prompt": turns(CHOICES[0][0]), "completion": turns(CHOICES[0][1], first="assistant")},
        ),
        rows=5,
    ),
)
"""Chats that are laid out as such."""
