"""Datasets that call tools or hold programs, layouts of more chat sets, and folders cloned from a hub.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json

from tests.data.wild.table import Has, Wild, array, chat, jsonl, judged, parquet, turns, wild
from tests.data.wild.third_pool import CODE, COOKING, GARDEN, MEDICINE, PHYSICS

CITIES = ("Lima", "Porto", "Graz", "Cork", "Turku")
TOOLS = [
    {
        "name": "get_weather",
        "description": "Weather of a city",
        "parameters": {"city": {"type": "str", "description": "name of the city", "default": "Oslo"}},
    }
]
CONVERTER = """SYSTEM: You are a helpful assistant with access to the following functions. Use them if required -
{
    "name": "convert_currency",
    "description": "Convert money",
    "parameters": {"type": "object", "properties": {"amount": {"type": "number"}}}
}
"""
QUERIES = (
    (
        "How many ships docked in May?",
        "CREATE TABLE docking (ship TEXT, day DATE);",
        "SELECT COUNT(*) FROM docking WHERE strftime('%m', day) = '05';",
    ),
    (
        "List wines older than ten years.",
        "CREATE TABLE wine (name TEXT, year INT);",
        "SELECT name FROM wine WHERE year < 2015;",
    ),
    (
        "What is the mean salary per office?",
        "CREATE TABLE staff (office TEXT, salary INT);",
        "SELECT office, AVG(salary) FROM staff GROUP BY office;",
    ),
    (
        "Delete the trips without a driver.",
        "CREATE TABLE trips (id INT, driver TEXT);",
        "DELETE FROM trips WHERE driver IS NULL;",
    ),
)
CARD = b"""---
license: apache-2.0
task_categories:
- text-generation
language:
- en
size_categories:
- n<1K
---

# Dataset card for Small Physics

This dataset holds questions about physics with answers written by students.

## Usage

```python
from datasets import load_dataset
ds = load_dataset('x/small-physics')
```
"""
LICENSE = b"""MIT License

Copyright (c) 2024

Permission is hereby granted, free of charge, to any person obtaining a copy of this software.
"""


def _converted(amount: int) -> str:
    result = f"{amount * 1.1:.2f}"
    call = f"""{{"name": "convert_currency", "arguments": '{{"amount": {amount}}}'}}"""
    return (
        f"USER: Convert {amount} euros to dollars\n\n\n"
        f"ASSISTANT: <functioncall> {call} <|endoftext|>\n\n\n"
        f'FUNCTION RESPONSE: {{"result": {result}}}\n\n\n'
        f"ASSISTANT: {amount} euros are about {result} dollars. <|endoftext|>\n\n\n"
    )


def _called(city: str) -> list[dict[str, str]]:
    call = json.dumps({"name": "get_weather", "arguments": {"city": city}})
    return [
        {"from": "system", "value": f"You are a function calling AI model. <tools>{json.dumps(TOOLS)}</tools>"},
        {"from": "human", "value": f"Is it raining in {city}?"},
        {"from": "gpt", "value": f"<tool_call>\n{call}\n</tool_call>"},
        {"from": "tool", "value": '<tool_response>\n{"rain": true}\n</tool_response>'},
        {"from": "gpt", "value": f"Yes, it is raining in {city}."},
    ]


MORE: tuple[Wild, ...] = (
    wild(
        "xlam function calling",
        array(
            [
                {
                    "id": i,
                    "query": f"What is the weather in {city} now?",
                    "answers": json.dumps([{"name": "get_weather", "arguments": {"city": city}}]),
                    "tools": json.dumps(TOOLS),
                }
                for i, city in enumerate(CITIES)
            ],
            "xlam_function_calling_60k.json",
        ),
        "sft",
        Has("What is the weather in Lima now?", "get_weather", "Weather of a city", '"assistant"'),
        rows=5,
    ),
    wild(
        "glaive function calling v2",
        array(
            [{"system": CONVERTER, "chat": _converted(amount)} for amount in (20, 75, 310, 1200)],
            "glaive-function-calling-v2.json",
        ),
        "sft",
        Has("Convert 20 euros to dollars", "20 euros are about 22.00 dollars.", "convert_currency"),
        rows=4,
    ),
    wild(
        "hermes function calling from/value with tool turns",
        array(
            [
                {"id": f"h{i}", "conversations": _called(city), "category": "Weather", "task": "rain"}
                for i, city in enumerate(CITIES[:4])
            ],
            "func-calling.json",
        ),
        "sft",
        Has("Is it raining in Lima?", "get_weather", "Yes, it is raining in Lima."),
        rows=4,
    ),
    wild(
        "gretel text_to_sql parquet",
        parquet(
            [
                {
                    "id": 5097 + i,
                    "domain": "shipping",
                    "domain_description": "Data on shipping and storage of goods.",
                    "sql_complexity": "basic SQL",
                    "sql_task_type": "analytics",
                    "sql_prompt": question,
                    "sql_context": tables,
                    "sql": query,
                    "sql_explanation": "Filters the rows and counts them.",
                }
                for i, (question, tables, query) in enumerate(QUERIES)
            ]
        ),
        "sft",
        Has(QUERIES[0][0], QUERIES[0][2]),
        rows=4,
    ),
    wild(
        "sql-create-context",
        array(
            [{"answer": query, "question": question, "context": tables} for question, tables, query in QUERIES],
            "sql_create_context_v4.json",
        ),
        "sft grpo",
        Has(*QUERIES[0]),
        rows=4,
    ),
    wild(
        "magicoder oss instruct",
        jsonl(
            [
                {
                    "lang": "python",
                    "raw_index": 100 + i,
                    "index": i,
                    "seed": "import os\nfor x in",
                    "openai_fingerprint": "fp_eeff13170a",
                    "problem": q,
                    "solution": a,
                }
                for i, (q, a) in enumerate(CODE)
            ]
        ),
        "sft",
        chat(*CODE[0]),
        rows=6,
    ),
    wild(
        "camel-ai message_1/message_2",
        array(
            [
                {
                    "role_1": "Physicist_RoleType.ASSISTANT",
                    "topic;": "Thermodynamics",
                    "sub_topic": "Entropy",
                    "message_1": q,
                    "message_2": a,
                }
                for q, a in PHYSICS
            ],
            "physics.json",
        ),
        "sft",
        chat(*PHYSICS[0]),
        rows=5,
    ),
    wild(
        "chatdoctor fixed instruction",
        jsonl(
            [
                {
                    "instruction": "If you are a doctor, please answer the medical questions based on the patient's "
                    "description.",
                    "input": q,
                    "output": a,
                }
                for q, a in MEDICINE
            ],
            "HealthCareMagic-100k.jsonl",
        ),
        "sft",
        Has(*MEDICINE[0], "If you are a doctor"),
        rows=5,
    ),
    wild(
        "nvidia daring-anteater User/Assistant with mask",
        jsonl(
            [
                {
                    "system": "",
                    "mask": "User",
                    "dataset": "synth",
                    "conversations": [
                        {"from": "User", "value": q, "label": None},
                        {"from": "Assistant", "value": a, "label": "quality:4,toxicity:0"},
                    ],
                }
                for q, a in COOKING
            ]
        ),
        "sft",
        chat(*COOKING[0]),
        rows=6,
    ),
    wild(
        "nemotron input messages + output text",
        jsonl(
            [
                {
                    "input": turns(q),
                    "output": a,
                    "category": "code",
                    "license": "cc-by-4.0",
                    "reasoning": "off",
                    "generator": "X",
                    "used_in_training": "Ultra",
                    "version": "v1",
                    "system_prompt": "detailed thinking off",
                }
                for q, a in CODE
            ]
        ),
        "sft",
        chat(*CODE[0]),
        chat(*CODE[0], system="detailed thinking off"),
        rows=6,
    ),
    wild(
        "dialog list of strings daily_dialog",
        jsonl(
            [
                {
                    "dialog": [
                        "Good morning, is the boat to the island running?",
                        "Not before ten, the sea is too rough.",
                        f"Then {number} tickets for the ten o'clock, please.",
                        "That makes twelve euros each.",
                    ],
                    "act": [2, 1, 3, 1],
                    "emotion": [0, 0, 0, 0],
                }
                for number in ("two", "three", "four", "five")
            ]
        ),
        "sft",
        Has("Good morning, is the boat", "Not before ten", '"assistant"'),
        rows=4,
    ),
    wild(
        "hub clone folder: README, data/train+test parquet",
        {
            "small-physics/README.md": CARD,
            "small-physics/.gitattributes": b"*.parquet filter=lfs diff=lfs merge=lfs -text\n",
            **parquet(
                [{"instruction": q, "output": a} for q, a in PHYSICS],
                "small-physics/data/train-00000-of-00001.parquet",
            ),
            **parquet(
                [{"instruction": q, "output": a} for q, a in PHYSICS[:2]],
                "small-physics/data/test-00000-of-00001.parquet",
            ),
        },
        "sft",
        chat(*PHYSICS[0]),
    ),
    wild(
        "hub clone folder: README, LICENSE, train.jsonl",
        {
            "README.md": CARD,
            "LICENSE": LICENSE,
            **jsonl(
                [{"conversations": [{"from": "human", "value": q}, {"from": "gpt", "value": a}]} for q, a in MEDICINE],
                "train.jsonl",
            ),
        },
        "sft",
        chat(*MEDICINE[0]),
        rows=5,
    ),
    wild(
        "llava image conversations",
        array(
            [
                {
                    "id": f"0000{i}",
                    "image": f"coco/train2017/0000{i}.jpg",
                    "conversations": [
                        {"from": "human", "value": "<image>\nWhat is the man holding?"},
                        {"from": "gpt", "value": "The man is holding an umbrella."},
                    ],
                }
                for i in range(5)
            ],
            "llava_instruct.json",
        ),
        "refused",
    ),
    wild(
        "humaneval prompt/canonical_solution/test",
        jsonl(
            [
                {
                    "task_id": f"HumanEval/{i}",
                    "prompt": f"def f{i}(x: int) -> int:\n"
                    f'    """ Return x plus {i}.\n    >>> f{i}(1)\n    {1 + i}\n    """\n',
                    "entry_point": f"f{i}",
                    "canonical_solution": f"    return x + {i}\n",
                    "test": f"def check(candidate):\n    assert candidate(1) == {1 + i}\n",
                }
                for i in range(6)
            ],
            "HumanEval.jsonl",
        ),
        "sft grpo",
        Has("Return x plus 0.", "return x + 0"),
        rows=6,
    ),
    wild(
        "kto-mix prompt list completion list label",
        parquet(
            [
                {
                    "prompt": turns(q),
                    "completion": turns("No idea." if i % 2 else a, first="assistant"),
                    "label": i % 2 == 0,
                }
                for i, (q, a) in enumerate(COOKING)
            ]
        ),
        "kto",
        judged(*COOKING[0], True),
        rows=6,
    ),
    wild(
        "anthropic legacy Human/Assistant prompt+completion",
        jsonl([{"prompt": f"\n\nHuman: {q}\n\nAssistant:", "completion": f" {a}"} for q, a in GARDEN]),
        "sft",
        chat(*GARDEN[0]),
        rows=5,
    ),
)
"""What the other files have no place for."""
