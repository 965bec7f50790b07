"""Layouts that training programs document.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from tests.data.wild.fourth_pool import (
    ANSWERS,
    BODIES,
    PROBLEMS,
    QUESTIONS,
    RESULTS,
    SOLUTIONS,
    WRONG,
    human_gpt,
    messages,
)
from tests.data.wild.table import Has, Turn, Wild, array, chat, jsonl, judged, parquet, preferred, wild

TRAINERS: tuple[Wild, ...] = (
    wild(
        "axolotl input and output with labels of pieces",
        jsonl(
            [
                {
                    "segments": [
                        {"label": False, "text": f"<s>[INST] {QUESTIONS[i]} [/INST] "},
                        {"label": True, "text": ANSWERS[i] + "</s>"},
                    ]
                }
                for i in range(5)
            ],
            "output.jsonl",
        ),
        "sft",
        chat(QUESTIONS[0], ANSWERS[0]),
        chat(Has(QUESTIONS[0]), Has(ANSWERS[0])),
        rows=5,
    ),
    wild(
        "llama factory corpus beside its register",
        {
            **array([{"text": x} for x in BODIES[:5]], "c4_mini.json"),
            **array({"c4_mini": {"file_name": "c4_mini.json", "columns": {"prompt": "text"}}}, "dataset_info.json"),
        },
        "cpt",
        {"text": BODIES[0]},
        rows=5,
    ),
    wild(
        "llama factory sharegpt preference",
        array(
            [
                {
                    "conversations": human_gpt(QUESTIONS[i]),
                    "chosen": {"from": "gpt", "value": ANSWERS[i]},
                    "rejected": {"from": "gpt", "value": WRONG[i]},
                }
                for i in range(5)
            ],
            "dpo_mine.json",
        ),
        "dpo",
        preferred(QUESTIONS[0], ANSWERS[0], WRONG[0]),
        rows=5,
    ),
    wild(
        "nemo conversations with a mask",
        jsonl(
            [
                {
                    "mask": "User",
                    "system": "A chat between a curious user and a helpful assistant.",
                    "type": "VALUE_TO_TEXT",
                    "conversations": [
                        {"from": "User", "value": QUESTIONS[i], "label": None},
                        {"from": "Assistant", "value": ANSWERS[i], "label": "quality:4,toxicity:0,helpfulness:4"},
                    ],
                }
                for i in range(5)
            ]
        ),
        "sft",
        chat(QUESTIONS[0], ANSWERS[0], system="A chat between a curious user and a helpful assistant."),
        rows=5,
    ),
    wild(
        "nemo rlhf comparisons with a context",
        jsonl(
            [
                {
                    "context": messages(QUESTIONS[i]),
                    "completions": [
                        {"rank": 0, "completion": messages(QUESTIONS[i], ANSWERS[i])[1:]},
                        {"rank": 1, "completion": messages(QUESTIONS[i], WRONG[i])[1:]},
                    ],
                }
                for i in range(5)
            ],
            "train_preference.jsonl",
        ),
        "dpo",
        preferred(QUESTIONS[0], ANSWERS[0], WRONG[0]),
        rows=5,
    ),
    wild(
        "ms-swift preference with rejected messages",
        jsonl(
            [
                {
                    "messages": messages(QUESTIONS[i], ANSWERS[i], system="You are a helper."),
                    "rejected_messages": messages(QUESTIONS[i], WRONG[i], system="You are a helper."),
                }
                for i in range(5)
            ]
        ),
        "dpo",
        preferred(QUESTIONS[0], ANSWERS[0], WRONG[0], system="You are a helper."),
        rows=5,
    ),
    wild(
        "ms-swift labels of good and bad",
        jsonl(
            [{"messages": messages(QUESTIONS[i], [ANSWERS, WRONG][i % 2][i]), "label": i % 2 == 0} for i in range(6)]
        ),
        "kto",
        judged(QUESTIONS[0], ANSWERS[0], True),
        rows=6,
    ),
    wild(
        "mlx prompts with validation and test",
        {
            **jsonl([{"messages": messages(QUESTIONS[i], ANSWERS[i])} for i in range(4)], "train.jsonl"),
            **jsonl([{"messages": messages(QUESTIONS[5], ANSWERS[5])}], "valid.jsonl"),
            **jsonl([{"messages": messages(QUESTIONS[6], ANSWERS[6])}], "test.jsonl"),
        },
        "sft",
        chat(QUESTIONS[0], ANSWERS[0]),
    ),
    wild(
        "verl tool agent rows",
        parquet(
            [
                {
                    "data_source": "openai/gsm8k",
                    "agent_name": "tool_agent",
                    "prompt": [
                        {"role": "system", "content": "You are a math expert. Use the calc_gsm8k_reward tool."},
                        {"role": "user", "content": PROBLEMS[i]},
                    ],
                    "ability": "math",
                    "reward_model": {"style": "rule", "ground_truth": RESULTS[i]},
                    "extra_info": {
                        "split": "train",
                        "index": i,
                        "answer": SOLUTIONS[i],
                        "question": PROBLEMS[i],
                        "need_tools_kwargs": True,
                        "tools_kwargs": {"calc_gsm8k_reward": {"create_kwargs": {"ground_truth": RESULTS[i]}}},
                    },
                }
                for i in range(6)
            ],
            "train.parquet",
        ),
        "grpo",
        {"prompt": [Turn("system", "math expert"), {"role": "user", "content": PROBLEMS[0]}], "answer": RESULTS[0]},
        rows=6,
    ),
    wild(
        "llama factory openai rows with tags in the register",
        {
            **array(
                [
                    {
                        "dialog": [{"speaker": "kunde", "txt": q}, {"speaker": "berater", "txt": a}],
                        "hinweis": "Du bist Berater im Gartenmarkt.",
                    }
                    for q, a in [
                        ("Wann schneide ich Rosen?", "Im Frühjahr, sobald die Forsythien blühen."),
                        ("Wie tief pflanze ich Tulpen?", "Etwa dreimal so tief, wie die Zwiebel hoch ist."),
                        ("Was hilft gegen Schnecken?", "Schneckenzäune und Absammeln am Abend."),
                        ("Wie oft gieße ich Kakteen?", "Im Sommer alle zwei Wochen, im Winter kaum."),
                    ]
                ],
                "garten.json",
            ),
            **array(
                {
                    "garten": {
                        "file_name": "garten.json",
                        "formatting": "sharegpt",
                        "columns": {"messages": "dialog", "system": "hinweis"},
                        "tags": {
                            "role_tag": "speaker",
                            "content_tag": "txt",
                            "user_tag": "kunde",
                            "assistant_tag": "berater",
                        },
                    }
                },
                "dataset_info.json",
            ),
        },
        "sft",
        chat(
            "Wann schneide ich Rosen?",
            "Im Frühjahr, sobald die Forsythien blühen.",
            system="Du bist Berater im Gartenmarkt.",
        ),
        rows=4,
    ),
)
"""Layouts that training programs document."""
