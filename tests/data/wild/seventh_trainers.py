"""Layouts that training programs document.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json

from tests.data.wild.table import Has, OneOf, Turn, Wild, array, asked, chat, jsonl, parquet, preferred, turns, wild


def _factory_folder_mountain() -> Wild:
    given = [
        (
            "And in winter?",
            "",
            "In winter the hut is closed, but the winter room with eight beds stays open.",
            [["When is the hut open?", "From mid June to early October."]],
        ),
        (
            "How steep is the path?",
            "Path: Seebach to the Kreuz saddle, 6 km, 900 metres up",
            "It climbs 900 metres over 6 km, about 15 percent on average.",
            [],
        ),
        (
            "Do you take cards?",
            "",
            "Cash only, there is no signal up here.",
            [["Is dinner included?", "Yes, half board is included."], ["And lunch?", "Lunch is to be paid for."]],
        ),
        ("Are dogs welcome?", "", "In the mudroom, not in the dormitories.", []),
        ("Brauche ich Steigeisen?", "", "Ab Juli nicht mehr, vorher für das Schneefeld unter dem Sattel.", []),
        (
            "Write a reply to the guest.",
            "Can we arrive at 21:00?",
            "Dear guest, please arrive by 18:00; the kitchen closes at 19:00 and we begin to worry at 20:00.",
            [],
        ),
    ]
    lfs = "You answer for the warden of a mountain hut."
    return wild(
        "factory folder of a mountain hut with history and register",
        array(
            [{"instruction": i, "input": x, "output": o, "system": lfs, "history": h} for i, x, o, h in given],
            "hut.json",
        )
        | array(
            {
                "hut": {
                    "file_name": "hut.json",
                    "columns": {
                        "prompt": "instruction",
                        "query": "input",
                        "response": "output",
                        "system": "system",
                        "history": "history",
                    },
                }
            },
            "dataset_info.json",
        ),
        "sft",
        chat("When is the hut open?", "From mid June to early October.", "And in winter?", given[0][2], system=lfs),
        rows=6,
    )


def _factory_calls_tip() -> Wild:
    stock = json.dumps(
        [
            {
                "name": "calculate_tip",
                "description": "Calculate the tip for a bill",
                "parameters": {
                    "type": "object",
                    "properties": {"bill_amount": {"type": "number"}, "tip_percentage": {"type": "number"}},
                    "required": ["bill_amount", "tip_percentage"],
                },
            }
        ]
    )
    material = [(50, 20), (80, 15), (32, 10), (120, 18), (61, 10), (24, 25)]
    given = [
        Turn("user", "tip"),
        Turn("assistant", "bill is 50"),
        Turn("user", "20"),
        Turn("assistant", "calculate_tip", "50"),
        Turn("tool", "tip_amount", "10"),
        Turn("assistant", "tip comes to 10"),
    ]
    return wild(
        "factory calls of a tip with function call and observation",
        array(
            [
                {
                    "conversations": [
                        {"from": "human", "value": "Hello, can you work out a tip for me?"},
                        {
                            "from": "gpt",
                            "value": f"Gladly. Your bill is {b}, as I see. What share would you like to give?",
                        },
                        {"from": "human", "value": f"{p} percent"},
                        {
                            "from": "function_call",
                            "value": json.dumps(
                                {"name": "calculate_tip", "arguments": {"bill_amount": b, "tip_percentage": p}}
                            ),
                        },
                        {"from": "observation", "value": json.dumps({"tip_amount": b * p / 100})},
                        {"from": "gpt", "value": f"With {p} percent on {b}, the tip comes to {b * p / 100:g}."},
                    ],
                    "tools": stock,
                }
                for b, p in material
            ],
            "glaive_toolcall_en_demo.json",
        ),
        "sft",
        {"messages": given, "tools": Has("calculate_tip")},
        {"messages": given},
        {"messages": [Turn("system", "calculate_tip"), *given]},
        rows=6,
    )


def _swift_turns_rejected() -> Wild:
    given = [
        (["你好，请介绍一下你自己。"], "你好！我是一个可以回答问题、写文字和翻译的助手。", "我不知道。"),
        (
            ["Tell me tomorrow's weather", "Tomorrow will be sunny.", "And the day after?"],
            "I cannot see the forecast, and I should not have said so about tomorrow either. Your weather "
            "service knows both days.",
            "I don't know.",
        ),
        (["写一句关于秋天的诗。"], "一叶落阶前，满山都是风。", "秋天来了，很凉快。"),
        (
            ["Which is the oldest university still teaching?"],
            "Bologna is usually named, since 1088; al-Qarawiyyin in Fez is older if schools of a mosque count.",
            "Harvard.",
        ),
        (
            ["鸡兔同笼，头十，脚二十八，兔几只？"],
            "四只。若全是鸡应有二十只脚，多出八只，每只兔多两只脚，所以有四只兔。",
            "六只兔。",
        ),
        (["Shorten: 'in the event that it should rain'"], "if it rains", "in the event of raining"),
    ]
    return wild(
        "swift turns with a rejected response and a system",
        jsonl(
            [
                {
                    "messages": [
                        {"role": "system", "content": "You are a useful and harmless assistant"},
                        *turns(*p, c),
                    ],
                    "rejected_response": r,
                }
                for p, c, r in given
            ],
            "rlhf.jsonl",
        ),
        "dpo",
        preferred(given[0][0], given[0][1], given[0][2], system="You are a useful and harmless assistant"),
        rows=6,
    )


def _sloth_notebook_formatted() -> Wild:
    untitled = [
        (
            "Continue the Fibonacci sequence.",
            "1, 1, 2, 3, 5, 8",
            "The next ten numbers are 13, 21, 34, 55, 89, 144, 233, 377, 610 and 987.",
        ),
        ("Name a tower that leans.", "", "The tower of Pisa, and the one of Suurhusen leans even more."),
        ("Rewrite politely.", "Move your car.", "Would you be so kind as to move your car?"),
        ("List two uses of beeswax.", "", "Candles and polish for wood."),
        ("Give the plural.", "ox", "oxen"),
        (
            "Explain 'deadline' to a child.",
            "",
            "It is the last moment at which a thing may be ready, like the bell at the end of a game.",
        ),
        ("Which language is this?", "Hvor er stasjonen?", "Norwegian"),
    ]
    unt = (
        "Below is an instruction that describes a task, paired with an input that provides further context. "
        "Write a response that appropriately completes the request.\n\n### Instruction:\n{}\n\n### Input:\n"
        "{}\n\n### Response:\n{}<|end_of_text|>"
    )
    return wild(
        "sloth notebook of formatted alpaca prompts with an end mark",
        jsonl([{"text": unt.format(*r)} for r in untitled], "formatted.jsonl"),
        "sft",
        chat(Has(untitled[0][0], untitled[0][1]), untitled[0][2]),
        rows=7,
    )


def _grade_school_sums_prepared() -> Wild:
    given = [
        (
            "A van carries 18 crates a trip. How many crates does it carry in 7 trips?",
            "18*7=<<18*7=126>>126\n#### 126",
            "126",
        ),
        ("Lou saves $15 a week and spends $40 of it after 6 weeks. What is left?", "15*6=90, 90-40=50\n#### 50", "50"),
        (
            "A film of 135 minutes starts at 19:30. How many minutes after 21:00 does it end?",
            "It ends at 21:45.\n#### 45",
            "45",
        ),
        ("Five friends share 3 pizzas of 10 slices. How many slices has each?", "30/5=6\n#### 6", "6"),
        ("A well is 28 metres deep and dug at 3.5 metres a day. How many days does it take?", "28/3.5=8\n#### 8", "8"),
        ("A dozen eggs weigh 720 g. What do 5 eggs weigh in grams?", "720/12=60, 60*5=300\n#### 300", "300"),
    ]
    words = ' Let\'s think step by step and output the final answer after "####".'
    return wild(
        "grade school sums prepared for volcano, train and test",
        {
            **parquet(
                [
                    {
                        "data_source": "openai/gsm8k",
                        "prompt": [{"role": "user", "content": q + words}],
                        "ability": "math",
                        "reward_model": {"style": "rule", "ground_truth": g},
                        "extra_info": {"split": "train", "index": n, "answer": a, "question": q},
                    }
                    for n, (q, a, g) in enumerate(given[:4])
                ],
                "train.parquet",
            ),
            **parquet(
                [
                    {
                        "data_source": "openai/gsm8k",
                        "prompt": [{"role": "user", "content": q + words}],
                        "ability": "math",
                        "reward_model": {"style": "rule", "ground_truth": g},
                        "extra_info": {"split": "test", "index": n, "answer": a, "question": q},
                    }
                    for n, (q, a, g) in enumerate(given[4:])
                ],
                "test.parquet",
            ),
        },
        "grpo",
        OneOf(*(asked(q + words, g) for q, _, g in given)),
    )


def _trainer_prompt_completion() -> Wild:
    given = [
        ("What color is the sky?", "It is blue.", True),
        ("Where is the sun at noon in Oslo?", "In the south.", True),
        ("Name the parts of a violin bow.", "Stick, frog, screw, hair, grip and tip.", False),
        (
            "Quelle heure est-il à Tokyo quand il est midi à Paris ?",
            "Vingt heures en hiver, dix-neuf heures en été.",
            False,
        ),
        ("Give me a password hint for 'Grandma's lake'.", "Where the rowing boat leaked.", False),
        ("How tall is Mont Blanc?", "About 4,806 metres; its cap of snow makes it change from year to year.", True),
        ("Who said 'Eppur si muove'?", "Galileo, according to legend.", True),
    ]
    return wild(
        "trainer's prompt and completion in turns with arguments of the template",
        jsonl(
            [
                {
                    "prompt": turns(p),
                    "completion": turns(c, first="assistant"),
                    "chat_template_kwargs": {"enable_thinking": t},
                }
                for p, c, t in given
            ]
        ),
        "sft",
        chat(given[0][0], given[0][1]),
        {"messages": turns(given[0][0], given[0][1]), "chat_template_kwargs": {"enable_thinking": True}},
        rows=7,
    )


def _reinforcement_notebook_xml() -> Wild:
    gn_s = "Respond in the following format:\n<reasoning>\n...\n</reasoning>\n<answer>\n...\n</answer>"
    given = [
        ("A nursery sells 3 trays of 24 seedlings and 11 single ones. How many seedlings is that?", "83"),
        ("The ferry makes 9 crossings a day with 64 cars each. How many cars a day?", "576"),
        ("Half of 90 lamps are replaced, then a third of the rest. How many are old?", "30"),
        ("A candle of 24 cm burns 1.5 cm an hour. After how many hours is it gone?", "16"),
        ("Jo walks 4 km in 50 minutes. How many minutes for 10 km?", "125"),
        ("A choir of 45 has 4 times as many women as men. How many men sing?", "9"),
    ]
    return wild(
        "reinforcement notebook with xml reasoning, prompt turns and an answer",
        parquet(
            [
                {
                    "question": q,
                    "answer": a,
                    "prompt": [{"content": gn_s, "role": "system"}, {"content": q, "role": "user"}],
                }
                for q, a in given
            ],
            "gsm8k_prepared.parquet",
        ),
        "grpo sft",
        {"prompt": [Turn("system", gn_s), Turn("user", given[0][0])], "answer": "83"},
        asked(given[0][0], "83"),
        chat(given[0][0], "83", system=gn_s),
        chat(given[0][0], "83"),
        rows=6,
    )


TRAINERS: tuple[Wild, ...] = (
    _factory_folder_mountain(),
    _factory_calls_tip(),
    _swift_turns_rejected(),
    _sloth_notebook_formatted(),
    _grade_school_sums_prepared(),
    _trainer_prompt_completion(),
    _reinforcement_notebook_xml(),
)
"""Layouts that training programs document."""
