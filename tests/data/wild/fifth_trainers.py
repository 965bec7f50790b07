"""Formats of training programs as their documentation shows them.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json

from tests.data.wild.fifth_pool import LAW, MEDICINE, PEOPLE, sums, town
from tests.data.wild.fifth_pool_languages import CHINESE, GERMAN, ITALIAN, POLISH, RUSSIAN
from tests.data.wild.table import Has, Turn, Wild, array, asked, chat, jsonl, judged, parquet, preferred, turns, wild

TRAINERS: tuple[Wild, ...] = (
    wild(
        "llama factory folder with alpaca file and register",
        {
            **array(
                (
                    {"instruction": q, "input": "", "output": a, "system": "你是一个乐于助人的助手。", "history": []}
                    for q, a in CHINESE
                ),
                "my_alpaca_zh.json",
            ),
            "dataset_info.json": json.dumps(
                {
                    "my_alpaca_zh": {
                        "file_name": "my_alpaca_zh.json",
                        "columns": {
                            "prompt": "instruction",
                            "query": "input",
                            "response": "output",
                            "system": "system",
                            "history": "history",
                        },
                    }
                },
                indent=2,
            ).encode(),
        },
        "sft",
        chat(*CHINESE[0], system="你是一个乐于助人的助手。"),
        rows=7,
    ),
    wild(
        "llama factory sharegpt with kto tag",
        array(
            (
                {
                    "conversations": [
                        {"from": "human", "value": q},
                        {"from": "gpt", "value": a if i % 3 else "I don't care."},
                    ],
                    "kto_tag": bool(i % 3),
                }
                for i, (q, a) in enumerate(LAW[1:] + LAW[:1])
            ),
            "kto_en_demo.json",
        ),
        "kto",
        judged(LAW[1][0], "I don't care.", False),
        rows=8,
    ),
    wild(
        "llama factory sharegpt with tools and observations",
        array(
            (
                {
                    "conversations": [
                        {"from": "human", "value": f"How old is {n}?"},
                        {"from": "function_call", "value": json.dumps({"name": "age_of", "arguments": {"name": n}})},
                        {"from": "observation", "value": json.dumps({"age": 30 + i})},
                        {"from": "gpt", "value": f"{n} is {30 + i} years old."},
                    ],
                    "tools": json.dumps(
                        [
                            {
                                "name": "age_of",
                                "description": "Age of a person",
                                "parameters": {
                                    "type": "object",
                                    "properties": {"name": {"type": "string"}},
                                    "required": ["name"],
                                },
                            }
                        ]
                    ),
                }
                for i, n in enumerate(PEOPLE)
            ),
            "glaive_toolcall_en_demo.json",
        ),
        "sft",
        Has("How old is Mia?", "age_of", "Mia is 30 years old."),
        rows=14,
    ),
    wild(
        "axolotl segments with labels",
        jsonl(
            (
                {
                    "segments": [
                        {"label": False, "text": f"<s>[INST] {q} [/INST]\n"},
                        {"label": True, "text": f"{a}</s>"},
                    ]
                }
                for q, a in ITALIAN
            ),
            "output.jsonl",
        ),
        "sft",
        chat(Has(ITALIAN[0][0]), Has(ITALIAN[0][1])),
        {"messages": [Turn("user", ITALIAN[0][0]), Turn("assistant", ITALIAN[0][1])]},
        rows=6,
    ),
    wild(
        "sloth notebook with formatted chat text of llama three",
        parquet(
            {
                "text": "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: "
                "December 2023\nToday Date: 26 July 2024\n\n<|eot_id|><|start_header_id|>"
                f"user<|end_header_id|>\n\n{q}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
                f"{a}<|eot_id|>"
            }
            for q, a in MEDICINE
        ),
        "sft",
        {
            "messages": [
                Turn("system", "Cutting Knowledge"),
                {"role": "user", "content": MEDICINE[0][0]},
                {"role": "assistant", "content": MEDICINE[0][1]},
            ]
        },
        {"messages": turns(*MEDICINE[0])},
        rows=10,
    ),
    wild(
        "sloth text in gemma marks",
        jsonl(
            (
                {"text": f"<bos><start_of_turn>user\n{q}<end_of_turn>\n<start_of_turn>model\n{a}<end_of_turn>\n"}
                for q, a in POLISH
            ),
            "gemma.jsonl",
        ),
        "sft",
        chat(*POLISH[0]),
        rows=6,
    ),
    wild(
        "nemo prompt template with input and output and a task name",
        jsonl(
            (
                {
                    "taskname": "squad",
                    "input": f"Context: {town(i)[1]} Question: What is {town(i)[0]}?",
                    "output": "A small town on the river Esk.",
                }
                for i in range(10)
            ),
            "squad_train.jsonl",
        ),
        "sft",
        chat(Has("Question: What is Orrin?"), "A small town on the river Esk."),
        rows=10,
    ),
    wild(
        "apple folder with train, valid and test of chats",
        {
            **jsonl(({"messages": turns(q, a)} for q, a in GERMAN[:6]), "train.jsonl"),
            **jsonl(({"messages": turns(q, a)} for q, a in GERMAN[6:8]), "valid.jsonl"),
            **jsonl(({"messages": turns(q, a)} for q, a in GERMAN[8:]), "test.jsonl"),
        },
        "sft",
        {"messages": [Turn("user"), Turn("assistant")]},
    ),
    wild(
        "apple folder of completions, train and valid",
        {
            **jsonl(({"prompt": q, "completion": a} for q, a in RUSSIAN[:4]), "train.jsonl"),
            **jsonl(({"prompt": q, "completion": a} for q, a in RUSSIAN[4:]), "valid.jsonl"),
        },
        "sft",
        chat(*RUSSIAN[0]),
        chat(*RUSSIAN[4]),
    ),
    wild(
        "rlhf pairs with context messages",
        jsonl(
            (
                {"context_messages": [{"role": "user", "content": q}], "chosen": a, "rejected": "Non lo so."}
                for q, a in ITALIAN
            ),
            "pairs.jsonl",
        ),
        "dpo",
        preferred(ITALIAN[0][0], ITALIAN[0][1], "Non lo so."),
        rows=6,
    ),
    wild(
        "verl sums with agent name and split",
        parquet(
            {
                "data_source": "openai/gsm8k",
                "prompt": [
                    {
                        "role": "user",
                        "content": f'{q} Let\'s think step by step and output the final answer after "####".',
                    }
                ],
                "ability": "math",
                "reward_model": {"style": "rule", "ground_truth": a},
                "extra_info": {"split": "train", "index": i, "answer": f"{s}\n#### {a}", "question": q},
            }
            for i, (q, s, a) in enumerate(sums(18, 77))
        ),
        "grpo",
        {"prompt": [Turn("user", sums(18, 77)[0][0])], "answer": sums(18, 77)[0][2]},
        rows=18,
    ),
    wild(
        "trainer prompts only, turns",
        jsonl(
            (
                {"prompt": turns(f"Write a {a} poem about {b}.")}
                for a, b in [
                    ("short", "lamps"),
                    ("sad", "a lost glove"),
                    ("funny", "a tax form"),
                    ("four-line", "the tide"),
                    ("rhyming", "bees"),
                    ("strange", "stairs"),
                ]
            ),
            "prompts.jsonl",
        ),
        "grpo",
        asked("Write a short poem about lamps."),
        rows=6,
    ),
)
"""Formats of training programs as their documentation shows them."""
