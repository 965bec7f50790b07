"""Datasets of talks: mixtures of the hub, traces of thought, talks in several languages.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json

from tests.data.wild.fourth_pool import (
    ANSWERS,
    CODES,
    PROBLEMS,
    QUESTIONS,
    RESULTS,
    SOLUTIONS,
    TASKS,
    human_gpt,
    messages,
)
from tests.data.wild.table import OneOf, Turn, Wild, array, chat, jsonl, parquet, wild

TALKS: tuple[Wild, ...] = (
    wild(
        "smol mixture with a source",
        parquet(
            [
                {
                    "messages": messages(
                        QUESTIONS[i], ANSWERS[i], "Thanks! And in short?", "In short: " + ANSWERS[i].split(",")[0]
                    ),
                    "source": "everyday-conversations",
                }
                for i in range(5)
            ]
        ),
        "sft",
        chat(QUESTIONS[0], ANSWERS[0], "Thanks! And in short?", "In short: " + ANSWERS[0].split(",")[0]),
        rows=5,
    ),
    wild(
        "second smol mixture with template arguments",
        parquet(
            [
                {
                    "messages": messages(
                        QUESTIONS[i], "<think>\nThe person asks something practical.\n</think>\n" + ANSWERS[i]
                    ),
                    "chat_template_kwargs": {
                        "custom_instructions": "You are a calm expert.",
                        "enable_thinking": True,
                        "python_tools": [],
                        "xml_tools": [],
                    },
                    "source": "OpenThoughts3_1.2M_think",
                }
                for i in range(5)
            ]
        ),
        "sft",
        {"messages": [{"role": "user", "content": QUESTIONS[0]}, Turn("assistant", ANSWERS[0])]},
        {
            "messages": [
                Turn("system", "calm expert"),
                {"role": "user", "content": QUESTIONS[0]},
                Turn("assistant", ANSWERS[0]),
            ]
        },
        rows=5,
    ),
    wild(
        "nemotron v1 with metadata in a string",
        parquet(
            [
                {
                    "uuid": f"c0ffee{i}-1",
                    "license": "cc-by-4.0",
                    "generator": "DeepSeek-R1-0528",
                    "version": "v1",
                    "category": "math",
                    "reasoning": "on",
                    "messages": [
                        {"role": "user", "content": PROBLEMS[i]},
                        {"role": "assistant", "content": f"<think>\nLet me compute this.\n</think>\n\n{SOLUTIONS[i]}"},
                    ],
                    "metadata": json.dumps(
                        {"expected_answer": RESULTS[i], "problem_source": "aops_c4_high_school_math"}
                    ),
                }
                for i in range(6)
            ]
        ),
        "sft",
        {
            "messages": [
                {"role": "user", "content": PROBLEMS[0]},
                Turn("assistant", "Let me compute this.", SOLUTIONS[0]),
            ]
        },
        rows=6,
    ),
    wild(
        "stratos with a system column",
        parquet(
            [
                {
                    "system": "Your role as an assistant involves thoroughly exploring questions through a systematic "
                    "long thinking process.",
                    "conversations": [
                        {"from": "user", "value": f"Return your final response within \\boxed{{}}. {PROBLEMS[i]}"},
                        {
                            "from": "assistant",
                            "value": "<|begin_of_thought|>\n\nOkay, step by step.\n\n<|end_of_thought|>\n\n"
                            f"<|begin_of_solution|>\n\n{SOLUTIONS[i]}\n\n<|end_of_solution|>",
                        },
                    ],
                }
                for i in range(5)
            ]
        ),
        "sft",
        {
            "messages": [
                Turn("system", "systematic long thinking"),
                Turn("user", PROBLEMS[0]),
                Turn("assistant", "step by step", SOLUTIONS[0]),
            ]
        },
        rows=5,
    ),
    wild(
        "thoughts of the third edition",
        parquet(
            [
                {
                    "difficulty": 7 + i % 2,
                    "source": "stackexchange_codegolf",
                    "domain": "code",
                    "conversations": human_gpt(
                        TASKS[i], f"<think>\nOkay, I need a function here.\n</think>\n\n```python\n{CODES[i]}\n```"
                    ),
                }
                for i in range(5)
            ]
        ),
        "sft",
        {"messages": [{"role": "user", "content": TASKS[0]}, Turn("assistant", "I need a function", CODES[0])]},
        rows=5,
    ),
    wild(
        "airoboros with a category",
        jsonl(
            [
                {
                    "id": f"a{i}",
                    "conversations": [{"from": "system", "value": "A chat."}, *human_gpt(QUESTIONS[i], ANSWERS[i])],
                    "category": "trivia",
                }
                for i in range(5)
            ],
            "conversations.jsonl",
        ),
        "sft",
        chat(QUESTIONS[0], ANSWERS[0], system="A chat."),
        rows=5,
    ),
    wild(
        "rounds with claude",
        array(
            [
                {
                    "id": f"claude_{i}",
                    "conversations": human_gpt(
                        QUESTIONS[i], ANSWERS[i], "Could you say that again for a child?", "Sure! " + ANSWERS[i]
                    ),
                }
                for i in range(4)
            ],
            "claude_multiround_chat_30k.json",
        ),
        "sft",
        chat(QUESTIONS[0], ANSWERS[0], "Could you say that again for a child?", "Sure! " + ANSWERS[0]),
        rows=4,
    ),
    wild(
        "saiga with roles and contents as arrays",
        parquet(
            [
                {
                    "messages": {
                        "role": ["user", "bot", "user", "bot"],
                        "content": [q, a, "Спасибо! Ещё совет?", "Пожалуйста, начните с малого."],
                    },
                    "source": "chip2",
                }
                for q, a in [
                    (
                        "Как заварить зелёный чай?",
                        "Залейте листья водой около восьмидесяти градусов и подождите две минуты.",
                    ),
                    ("Почему скрипит дверь?", "Петли сухие, смажьте их каплей масла."),
                    ("Что посадить в тени?", "Подойдут папоротники, хосты и барвинок."),
                    ("Как выбрать арбуз?", "Постучите по нему: зрелый отвечает глухо, а пятно у него жёлтое."),
                ]
            ]
        ),
        "sft",
        chat(
            "Как заварить зелёный чай?",
            "Залейте листья водой около восьмидесяти градусов и подождите две минуты.",
            "Спасибо! Ещё совет?",
            "Пожалуйста, начните с малого.",
        ),
        rows=4,
    ),
    wild(
        "huatuo talks in one list of marked strings",
        jsonl(
            [
                {"data": ["问：" + q, "答：" + a]}
                for q, a in [
                    ("孩子晚上咳嗽怎么办？", "可以让孩子多喝温水，抬高枕头，如果咳嗽超过一周请就医。"),
                    ("胃痛可以喝牛奶吗？", "牛奶只能暂时缓解，胃酸反而会增多，建议少量温粥并观察。"),
                    ("跑步后膝盖疼是什么原因？", "多半是髌股关节压力过大，先休息一周，再从短距离开始。"),
                    ("眼睛干涩怎么缓解？", "每看屏幕二十分钟远眺二十秒，并注意室内湿度。"),
                ]
            ],
            "HuatuoGPT_sft_data_v1.jsonl",
        ),
        "sft",
        chat(
            OneOf("孩子晚上咳嗽怎么办？", "问：孩子晚上咳嗽怎么办？"),
            OneOf(
                "可以让孩子多喝温水，抬高枕头，如果咳嗽超过一周请就医。",
                "答：可以让孩子多喝温水，抬高枕头，如果咳嗽超过一周请就医。",
            ),
        ),
        rows=4,
    ),
    wild(
        "korean instructions with tags of speakers",
        jsonl(
            [
                {"source": "KoAlpaca-v1.0", "text": f"<usr> {q}\n<bot> {a}"}
                for q, a in [
                    ("김치는 왜 시어지나요?", "유산균이 당을 분해하면서 산을 만들기 때문입니다."),
                    ("비 오는 날 빨래를 빨리 말리는 방법은?", "선풍기를 틀고 옷 사이 간격을 넓게 두세요."),
                    ("자전거 체인은 언제 갈아야 하나요?", "보통 삼천 킬로미터마다 늘어난 정도를 재고 교체합니다."),
                    ("라면을 덜 짜게 먹으려면?", "스프를 절반만 넣고 채소를 더하세요."),
                ]
            ]
        ),
        "sft",
        chat("김치는 왜 시어지나요?", "유산균이 당을 분해하면서 산을 만들기 때문입니다."),
        rows=4,
    ),
    wild(
        "persona chat with candidates",
        parquet(
            [
                {
                    "personality": ["i like bread .", "i live by the sea ."],
                    "candidates": ["no thanks .", "i have four cats .", r],
                    "history": h,
                    "conv_id": i,
                    "utterance_idx": 0,
                }
                for i, (h, r) in enumerate(
                    [
                        (["hello , what did you do today ?"], "i baked a loaf and walked on the beach ."),
                        (["hi !", "hi , how are you ?", "great , do you cook ?"], "yes , mostly bread ."),
                        (["do you have a dog ?"], "no , the sea is company enough ."),
                        (["what is for dinner ?"], "fish from the harbour ."),
                    ]
                )
            ]
        ),
        "sft dpo",
    ),
)
"""Datasets of talks: mixtures of the hub, traces of thought, talks in several languages."""
