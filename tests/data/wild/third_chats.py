"""Datasets of conversations: public chat sets, sets of instructions, fine-tuning formats of services and programs.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.data.wild.table import Has, Wild, array, chat, jsonl, parquet, turns, wild
from tests.data.wild.third_pool import (
    CHINESE,
    COOKING,
    FRENCH,
    GARDEN,
    MEDICINE,
    PHYSICS,
    RUSSIAN,
    SPANISH,
    SUPPORT,
)


def _tree(question: str, answer: str, number: int) -> Iterator[dict[str, Any]]:
    top = f"p{number}-71"
    messages = (
        (top, None, f"u{number}", "2023-02-05T14:23:50Z", question, "prompter", None),
        (f"a{number}-72", top, f"v{number}", "2023-02-05T15:00:00Z", answer, "assistant", 0),
    )
    for message, parent, user, created, text, role, rank in messages:
        yield {
            "message_id": message,
            "parent_id": parent,
            "user_id": user,
            "created_date": created,
            "text": text,
            "role": role,
            "lang": "fr",
            "review_count": 3,
            "deleted": False,
            "rank": rank,
            "message_tree_id": top,
            "tree_state": "ready_for_export",
        }


def _logged(question: str, answer: str, language: str) -> list[dict[str, Any]]:
    browser = {"accept-language": "en-US", "user-agent": "Mozilla/5.0"}
    messages: tuple[tuple[Any, ...], ...] = (
        (question, "Chile", "ab3f", browser, "user", "RM", None),
        (answer, None, None, None, "assistant", None, "2024-03-01"),
    )
    return [
        {
            "content": text,
            "country": country,
            "hashed_ip": address,
            "header": header,
            "language": language,
            "redacted": False,
            "role": role,
            "state": state,
            "timestamp": time,
            "toxic": False,
            "turn_identifier": 101,
        }
        for text, country, address, header, role, state, time in messages
    ]


LANGUAGES = (("Russian", RUSSIAN), ("Spanish", SPANISH), ("French", FRENCH))

CHATS: tuple[Wild, ...] = (
    wild(
        "gpteacher roleplay json",
        array([{"instruction": q, "input": "", "response": a} for q, a in GARDEN], "roleplay-instruct.json"),
        "sft",
        chat(*GARDEN[0]),
        rows=5,
    ),
    wild(
        "evol instruct idx+conversations",
        jsonl(
            [
                {"idx": f"Xk{i}9a", "conversations": [{"from": "human", "value": q}, {"from": "gpt", "value": a}]}
                for i, (q, a) in enumerate(PHYSICS)
            ]
        ),
        "sft",
        chat(*PHYSICS[0]),
        rows=5,
    ),
    wild(
        "capybara input/output turns",
        jsonl(
            [
                {"source": "Airoboros", "conversation": [{"input": q, "output": a} for q, a in COOKING[i : i + 2]]}
                for i in range(5)
            ]
        ),
        "sft",
        chat(*COOKING[0], *COOKING[1]),
        rows=5,
    ),
    wild(
        "oasst flat message tree",
        jsonl([message for i, (q, a) in enumerate(FRENCH) for message in _tree(q, a, i)]),
        "sft",
        chat(*FRENCH[0]),
    ),
    wild(
        "wildchat parquet",
        parquet(
            [
                {
                    "conversation_hash": f"c{i:05}",
                    "model": "gpt-4-0314",
                    "conversation": _logged(q, a, "Spanish"),
                    "turn": 1,
                    "language": "Spanish",
                    "toxic": False,
                    "redacted": False,
                }
                for i, (q, a) in enumerate(SPANISH)
            ]
        ),
        "sft",
        chat(*SPANISH[0]),
        rows=4,
    ),
    wild(
        "ultrachat raw data list",
        jsonl([{"id": str(i), "data": [*PHYSICS[i], *PHYSICS[i + 1]]} for i in range(4)], "train_0.jsonl"),
        "sft",
        chat(*PHYSICS[0], *PHYSICS[1]),
        rows=4,
    ),
    wild(
        "guanaco llama2 INST text",
        parquet([{"text": f"<s>[INST] {q} [/INST] {a} </s>"} for q, a in SPANISH]),
        "sft",
        chat(*SPANISH[0]),
        rows=4,
    ),
    wild(
        "openassistant guanaco ### Human text",
        jsonl(
            [{"text": "".join(f"### Human: {q}### Assistant: {a}" for q, a in GARDEN[i : i + 2])} for i in range(4)],
            "openassistant_best_replies_train.jsonl",
        ),
        "sft",
        chat(*GARDEN[0], *GARDEN[1]),
        rows=4,
    ),
    wild(
        "firefly kind/input/target zh",
        jsonl([{"kind": "NLI", "input": q, "target": a} for q, a in CHINESE], "firefly-train-1.1M.jsonl"),
        "sft",
        chat(*CHINESE[0]),
        rows=5,
    ),
    wild(
        "moss-003 chat turn_1 dict",
        jsonl(
            [
                {
                    "conversation_id": str(i),
                    "meta_instruction": "MOSS is an AI assistant developed by the FudanNLP Lab.\n",
                    "num_turns": 1,
                    "chat": {
                        "turn_1": {
                            "Human": f"<|Human|>: {q}<eoh>\n",
                            "Inner Thoughts": "<|Inner Thoughts|>: None<eot>\n",
                            "Commands": "<|Commands|>: None<eoc>\n",
                            "Tool Responses": "<|Results|>: None<eor>\n",
                            "MOSS": f"<|MOSS|>: {a}<eom>\n",
                        }
                    },
                    "category": "Brainstorming",
                }
                for i, (q, a) in enumerate(CHINESE)
            ],
            "conversations.jsonl",
        ),
        "sft",
        Has(*CHINESE[0]),
        rows=5,
    ),
    wild(
        "aya inputs/targets parquet",
        parquet(
            [
                {
                    "inputs": q,
                    "targets": a,
                    "language": language,
                    "language_code": language[:3].lower(),
                    "annotation_type": "original-annotations",
                    "user_id": f"u{2 * i + j}ff",
                }
                for i, (language, pairs) in enumerate(LANGUAGES)
                for j, (q, a) in enumerate(pairs[:2])
            ]
        ),
        "sft",
        chat(*RUSSIAN[0]),
        rows=6,
    ),
    wild(
        "natural-instructions definition/inputs/targets",
        parquet(
            [
                {
                    "task_name": "task1420_kitchen",
                    "id": f"task1420-{i}",
                    "definition": "You are given a question about cooking. Answer it in one or two sentences.",
                    "inputs": q,
                    "targets": a,
                }
                for i, (q, a) in enumerate(COOKING)
            ]
        ),
        "sft",
        Has(*COOKING[0], "You are given a question about cooking."),
        chat(*COOKING[0]),
        rows=6,
    ),
    wild(
        "soda dialogue+speakers",
        parquet(
            [
                {
                    "head": "PersonX moves the boat",
                    "relation": "xWant",
                    "tail": "to rest",
                    "literal": "Mira moves the boat. Now Mira wants to rest.",
                    "narrative": "Mira and her uncle pull the boat ashore.",
                    "dialogue": [
                        f"Uncle, we pulled it up at {hour} already.",
                        "Good. Did you tie it to the ring?",
                        "Twice, like you showed me.",
                        "Then sit down and drink something.",
                    ],
                    "speakers": ["Mira", "Uncle", "Mira", "Uncle"],
                    "PersonX": "Mira",
                    "original_index": i,
                }
                for i, hour in enumerate(("six", "seven", "eight", "nine"))
            ]
        ),
        "sft",
        Has("Uncle, we pulled it up at six already.", "Good. Did you tie it to the ring?", '"assistant"'),
        rows=4,
    ),
    wild(
        "gpt4all prompt/response/source",
        jsonl([{"prompt": q, "response": a, "source": "unified_chip2"} for q, a in MEDICINE]),
        "sft",
        chat(*MEDICINE[0]),
        rows=5,
    ),
    wild(
        "vertex gemini contents/parts",
        jsonl(
            [
                {
                    "systemInstruction": {"role": "system", "parts": [{"text": "Answer as a shop assistant."}]},
                    "contents": [{"role": "user", "parts": [{"text": q}]}, {"role": "model", "parts": [{"text": a}]}],
                }
                for q, a in SUPPORT
            ],
            "tuning.jsonl",
        ),
        "sft",
        chat(*SUPPORT[0], system="Answer as a shop assistant."),
        rows=6,
    ),
    wild(
        "bedrock converse system+messages",
        jsonl(
            [
                {
                    "schemaVersion": "bedrock-conversation-2024",
                    "system": [{"text": "You answer questions about gardens."}],
                    "messages": turns([{"text": q}], [{"text": a}]),
                }
                for q, a in GARDEN
            ]
        ),
        "sft",
        chat(*GARDEN[0], system="You answer questions about gardens."),
        rows=5,
    ),
    wild(
        "cohere chat roles System/User/Chatbot",
        jsonl(
            [
                {
                    "messages": [
                        {"role": "System", "content": "Be brief."},
                        {"role": "User", "content": q},
                        {"role": "Chatbot", "content": a},
                    ]
                }
                for q, a in COOKING
            ]
        ),
        "sft",
        chat(*COOKING[0], system="Be brief."),
        rows=6,
    ),
    wild(
        "openai finetune with weight 0",
        jsonl(
            [
                {
                    "messages": [
                        {"role": "user", "content": q},
                        {"role": "assistant", "content": "I don't know.", "weight": 0},
                        {"role": "user", "content": "Try again, please."},
                        {"role": "assistant", "content": a, "weight": 1},
                    ]
                }
                for q, a in PHYSICS
            ]
        ),
        "sft",
        Has(PHYSICS[0][0], "Try again, please.", PHYSICS[0][1]),
        rows=5,
    ),
    wild(
        "llama-factory alpaca history+system",
        array(
            [
                {
                    "instruction": GARDEN[i][0],
                    "input": "",
                    "output": GARDEN[i][1],
                    "system": "Du bist Gärtnerin.",
                    "history": [GARDEN[i + 1]],
                }
                for i in range(4)
            ],
            "alpaca_zh_demo.json",
        ),
        "sft",
        chat(*GARDEN[1], *GARDEN[0], system="Du bist Gärtnerin."),
        rows=4,
    ),
    wild(
        "axolotl input_output segments",
        jsonl(
            [
                {"segments": [{"label": False, "text": f"<s>Question: {q}\n"}, {"label": True, "text": f"{a}</s>"}]}
                for q, a in PHYSICS
            ]
        ),
        "sft",
        Has(*PHYSICS[0]),
        rows=5,
    ),
    wild(
        "saiga messages dict of lists parquet",
        parquet(
            [
                {
                    "messages": {"role": ["user", "bot"], "content": [q, a]},
                    "seed": "tea",
                    "source": "saiga",
                    "model_name": "gpt-3.5-turbo",
                }
                for q, a in RUSSIAN
            ]
        ),
        "sft",
        chat(*RUSSIAN[0]),
        rows=4,
    ),
    wild(
        "zhihu-kol INSTRUCTION/RESPONSE",
        parquet(
            [
                {
                    "INSTRUCTION": q,
                    "RESPONSE": a,
                    "SOURCE": "Zhihu",
                    "METADATA": json.dumps({"upvotes": f"赞同 {i * 7}"}, ensure_ascii=False),
                }
                for i, (q, a) in enumerate(CHINESE)
            ]
        ),
        "sft",
        chat(*CHINESE[0]),
        rows=5,
    ),
)
"""Exchanges, and instructions with an answer."""
