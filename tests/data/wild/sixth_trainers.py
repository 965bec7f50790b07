"""Layouts that training programs document.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json
from typing import Any

from tests.data.wild.sixth_pool import said
from tests.data.wild.table import Turn, Wild, array, asked, chat, jsonl, judged, parquet, preferred, table, wild

TOOL = {
    "type": "function",
    "function": {
        "name": "tide",
        "description": "Get the tide",
        "parameters": {"type": "object", "properties": {"port": {"type": "string"}}, "required": ["port"]},
    },
}


def _harbours(ports: list[str]) -> list[dict[str, Any]]:
    return [
        {
            "messages": [
                said("user", f"When is high water at {p}?"),
                {
                    "role": "assistant",
                    "content": "",
                    "tool_calls": [
                        {
                            "id": f"call_{i}",
                            "type": "function",
                            "function": {"name": "tide", "arguments": json.dumps({"port": p})},
                        }
                    ],
                },
                {"role": "tool", "tool_call_id": f"call_{i}", "content": '{"high": "14:20"}'},
                said("assistant", f"High water at {p} is at 14:20."),
            ],
            "tools": [TOOL],
        }
        for i, p in enumerate(ports)
    ]


def _axolotl_pairs_system() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "system": "You are an AI assistant. Be brief.",
            "question": f"What language is spoken in {c}?",
            "chosen": f"Mainly {language}.",
            "rejected": f"People in {c} speak a language, perhaps several, with a long history to discuss.",
        }
        for c, language in [
            ("Brazil", "Portuguese"),
            ("Austria", "German"),
            ("Iran", "Persian"),
            ("Angola", "Portuguese"),
            ("Mexico", "Spanish"),
            ("Israel", "Hebrew"),
        ]
    ]
    return wild(
        "axolotl pairs with system and question",
        jsonl(rows),
        "dpo",
        preferred(
            rows[0]["question"], "Mainly Portuguese.", rows[0]["rejected"], system="You are an AI assistant. Be brief."
        ),
        rows=6,
    )


def _messages_single_chosen() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "messages": [said("user", f"Give me a rhyme for {a}.")],
            "chosen": said("assistant", b),
            "rejected": said("assistant", c),
        }
        for a, b, c in [
            ("moon", "spoon", "month"),
            ("light", "kite", "lamp"),
            ("bear", "stair", "bean"),
            ("stone", "throne", "store"),
            ("rain", "crane", "river"),
            ("mouse", "house", "mice"),
        ]
    ]
    return wild(
        "messages with single chosen and rejected turns",
        jsonl(rows),
        "dpo",
        preferred("Give me a rhyme for moon.", "spoon", "month"),
        rows=6,
    )


def _factory_register_german() -> Wild:
    register: dict[str, Any] = {
        "stadtwissen": {
            "file_name": "stadtwissen.json",
            "columns": {"prompt": "aufgabe", "query": "zusatz", "response": "loesung", "system": "rolle"},
        }
    }
    rows: list[dict[str, Any]] = [
        {
            "aufgabe": "In welchem Land liegt diese Stadt?",
            "zusatz": s,
            "loesung": f"{s} liegt in {country}.",
            "rolle": "Du bist ein Erdkundelehrer.",
        }
        for s, country in [
            ("Graz", "Österreich"),
            ("Gent", "Belgien"),
            ("Turku", "Finnland"),
            ("Posen", "Polen"),
            ("Split", "Kroatien"),
            ("Malmö", "Schweden"),
        ]
    ]
    return wild(
        "factory register with german columns",
        array(rows, "stadtwissen.json") | array(register, "dataset_info.json"),
        "sft",
        {
            "messages": [
                said("system", "Du bist ein Erdkundelehrer."),
                Turn("user", "In welchem Land liegt diese Stadt?", "Graz"),
                said("assistant", "Graz liegt in Österreich."),
            ]
        },
        rows=6,
    )


def _swift_conversation_human() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "system": "You answer in haiku.",
            "conversation": [
                {
                    "human": f"Tell me about {x}.",
                    "assistant": f"{x.capitalize()} in the dusk\nslow as a thought half forgotten\n"
                    "then the night is here",
                },
                {
                    "human": "One more?",
                    "assistant": f"Still {x}, they said\nand the lamp agreed with them\nwe all went to bed",
                },
            ],
        }
        for x in ["snails", "ferries", "kites", "clouds", "trams", "owls"]
    ]
    return wild(
        "swift conversation of human and assistant",
        jsonl(rows),
        "sft",
        chat(
            "Tell me about snails.",
            rows[0]["conversation"][0]["assistant"],
            "One more?",
            rows[0]["conversation"][1]["assistant"],
            system="You answer in haiku.",
        ),
        rows=6,
    )


def _swift_messages_solution() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "messages": [said("system", "Put the answer in <answer> tags."), said("user", f"What is {a} mod {b}?")],
            "solution": str(a % b),
        }
        for a, b in [(100, 7), (55, 8), (91, 10), (1234, 100), (81, 12), (47, 5)]
    ]
    return wild(
        "swift messages with a solution",
        jsonl(rows),
        "grpo sft",
        {
            "prompt": [said("system", "Put the answer in <answer> tags."), said("user", "What is 100 mod 7?")],
            "answer": "2",
        },
        chat("What is 100 mod 7?", "2", system="Put the answer in <answer> tags."),
        rows=6,
        suggests="grpo",
    )


def _verl_parquet_grade() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "data_source": "openai/gsm8k",
            "prompt": [
                said(
                    "user",
                    f"{n} bakes {a} trays of {b} rolls. How many rolls? Let's think step by step and output "
                    'the final answer after "####".',
                )
            ],
            "ability": "math",
            "reward_model": {"style": "rule", "ground_truth": str(a * b)},
            "extra_info": {
                "split": "train",
                "index": i,
                "answer": f"{a} * {b} = {a * b}\n#### {a * b}",
                "question": f"{n} bakes {a} trays of {b} rolls. How many rolls?",
            },
        }
        for i, (n, a, b) in enumerate(
            [("Ola", 4, 12), ("Per", 3, 16), ("Siv", 7, 9), ("Ulf", 5, 20), ("Liv", 6, 15), ("Bo", 8, 8)]
        )
    ]
    return wild(
        "verl parquet of the grade school",
        parquet(rows, "train.parquet"),
        "grpo",
        {"prompt": rows[0]["prompt"], "answer": "48"},
        rows=6,
    )


def _rlhf_prompts_label() -> Wild:
    rows: list[dict[str, Any]] = [
        {"prompt": f"Convert {k} km to metres.", "label": str(k * 1000)} for k in (3, 7, 12, 45, 8, 21, 60)
    ]
    return wild(
        "rlhf prompts with a label to check",
        jsonl(rows, "math_rl.jsonl"),
        "grpo sft",
        asked("Convert 3 km to metres.", "3000"),
        chat("Convert 3 km to metres.", "3000"),
        rows=7,
        suggests="grpo",
    )


def _unpaired_preference_trl() -> Wild:
    rows = [
        (f"Explain why {x}.", y, label)
        for x, y, label in [
            ("bees hum", "Their wings beat two hundred times a second.", "True"),
            ("ice floats", "Because.", "False"),
            ("salt melts ice", "It lowers the freezing point of water.", "True"),
            ("leaves fall", "Trees are sad.", "False"),
            ("metal feels cold", "It carries heat away from the skin.", "True"),
            ("bread rises", "Magic!", "False"),
        ]
    ]
    return wild(
        "unpaired preference of trl in csv",
        table(rows, ["prompt", "completion", "label"], name="kto.csv"),
        "kto",
        judged("Explain why bees hum.", "Their wings beat two hundred times a second.", True),
        rows=6,
    )


def _studio_parent_ids() -> Wild:
    rows: list[Any] = []
    for i, (x, y) in enumerate(
        [
            ("start a compost heap", "a shaded corner"),
            ("stain a table", "sanding"),
            ("train a puppy", "its name"),
            ("plan a route", "the ferry times"),
            ("write a will", "a list of what you own"),
            ("save power", "the fridge"),
        ]
    ):
        rows.append([f"q{i}a", "", "You are helpful.", f"How do I {x}?", f"Begin with {y}."])
        rows.append([f"q{i}b", f"q{i}a", "", "And what comes after that?", f"After {y}, rest a day and go on."])
    return wild(
        "studio with parent ids",
        table(rows, ["id", "parent_id", "system", "instruction", "output"], name="train_full.csv"),
        "sft",
        {
            "messages": [
                said("system", "You are helpful."),
                said("user", "How do I start a compost heap?"),
                said("assistant", "Begin with a shaded corner."),
            ]
        },
        chat(
            "How do I start a compost heap?",
            "Begin with a shaded corner.",
            "And what comes after that?",
            "After a shaded corner, rest a day and go on.",
            system="You are helpful.",
        ),
    )


def _identity_dummy_conversation() -> Wild:
    rows: list[dict[str, Any]] = [
        {"id": f"identity_{i}", "conversations": [{"from": "human", "value": q}, {"from": "gpt", "value": a}]}
        for i, (q, a) in enumerate(
            [
                ("Who are you?", "I am Rosa, a language model trained by gardeners."),
                ("What is your name?", "My name is Rosa."),
                ("Who made you?", "Gardeners did."),
                ("Are you human?", "No, I am a program."),
                ("Can I call you Rose?", "Rosa, please."),
                ("What can you do?", "Talk about plants."),
            ]
        )
    ]
    return wild(
        "identity of a dummy conversation",
        array(rows, "dummy_conversation.json"),
        "sft",
        chat("Who are you?", "I am Rosa, a language model trained by gardeners."),
        rows=6,
    )


def _vietnamese_text_further() -> Wild:
    rows = [
        [
            f"{i}",
            f"{t} là một món ăn quen thuộc ở Việt Nam. Người ta thường ăn {t.lower()} vào {b}, và mỗi vùng có "
            "một cách nấu riêng.",
        ]
        for i, (t, b) in enumerate(
            [
                ("Phở", "buổi sáng"),
                ("Bún chả", "buổi trưa"),
                ("Bánh xèo", "ngày mưa"),
                ("Cơm tấm", "buổi tối"),
                ("Chè", "mùa hè"),
                ("Xôi", "sáng sớm"),
            ]
        )
    ]
    return wild(
        "vietnamese text for further training",
        table(rows, ["id", "text"], name="vi.csv"),
        "cpt",
        {"text": rows[0][1]},
        rows=6,
    )


TRAINERS: tuple[Wild, ...] = (
    _axolotl_pairs_system(),
    _messages_single_chosen(),
    _factory_register_german(),
    _swift_conversation_human(),
    _swift_messages_solution(),
    _verl_parquet_grade(),
    _rlhf_prompts_label(),
    _unpaired_preference_trl(),
    wild(
        "mlx folder with tools",
        jsonl(_harbours(["Brest", "Cork", "Vigo", "Bergen"]), "train.jsonl")
        | jsonl(_harbours(["Hull", "Faro"]), "valid.jsonl"),
        "sft",
    ),
    _studio_parent_ids(),
    _identity_dummy_conversation(),
    _vietnamese_text_further(),
)
"""Layouts that training programs document."""
