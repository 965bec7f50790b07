"""Layouts that vendors of models document.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json
from typing import Any

from tests.data.wild.sixth_pool import said
from tests.data.wild.table import Turn, Wild, asked, chat, jsonl, preferred, table, wild


def _sarcastic_chatbot_guide() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "messages": [
                said("system", "Marv is a factual chatbot that is also sarcastic."),
                said("user", f"What's the capital of {c}?"),
                said("assistant", f"{k}, as if everyone doesn't know that already."),
                said("user", "Could you be nicer?"),
                said("assistant", f"Fine. It is {k}, dear."),
            ]
        }
        for c, k in [
            ("France", "Paris"),
            ("Chile", "Santiago"),
            ("Egypt", "Cairo"),
            ("Iceland", "Reykjavik"),
            ("Ghana", "Accra"),
            ("Nepal", "Kathmandu"),
            ("Malta", "Valletta"),
            ("Laos", "Vientiane"),
            ("Fiji", "Suva"),
            ("Oman", "Muscat"),
        ]
    ]
    return wild("sarcastic chatbot of the guide", jsonl(rows, "mydata.jsonl"), "sft", rows[0], rows=10)


def _preferred_output_turns() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "input": {
                "messages": [
                    said("user", "Hi"),
                    said("assistant", "Hello! What can I do for you?"),
                    said("user", f"How cold is {c} in January?"),
                ],
                "tools": [],
                "parallel_tool_calls": True,
            },
            "preferred_output": [said("assistant", f"Around {t} degrees Celsius by day.")],
            "non_preferred_output": [said("assistant", "It can be cold in winter.")],
        }
        for c, t in [("Oulu", -9), ("Sapporo", -1), ("Minsk", -4), ("Ottawa", -6), ("Turin", 7), ("Almaty", -2)]
    ]
    return wild(
        "preferred output after some turns",
        jsonl(rows),
        "dpo",
        preferred(
            ["Hi", "Hello! What can I do for you?", "How cold is Oulu in January?"],
            "Around -9 degrees Celsius by day.",
            "It can be cold in winter.",
        ),
        rows=6,
    )


def _completions_separator_end() -> Wild:
    rows: list[dict[str, Any]] = [
        {"prompt": f"Company: {c}\nProduct: {p}\nAd: {a}\nSupported:\n\n###\n\n", "completion": f" {label}\nEND"}
        for c, p, a, label in [
            ("BHFF", "whitening gel", "Teeth white in an hour", "no"),
            ("Orla", "rain boots", "Keeps feet dry", "yes"),
            ("Nimb", "kettle", "Boils a litre", "yes"),
            ("Zeta", "tonic", "Cures all ills", "no"),
            ("Plen", "lamp", "Lasts forever", "no"),
            ("Kobo", "rope", "Holds 200 kg", "yes"),
        ]
    ]
    return wild(
        "completions with a separator and an end",
        jsonl(rows, "ads_prepared.jsonl"),
        "sft",
        {"messages": [Turn("user", "Company: BHFF", "Teeth white in an hour"), Turn("assistant", "no")]},
        rows=6,
    )


def _reinforcement_reference_answer() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "messages": [said("user", f"Which HS chapter covers {g}? Answer with the number only.")],
            "reference_answer": n,
        }
        for g, n in [
            ("live animals", "01"),
            ("coffee", "09"),
            ("umbrellas", "66"),
            ("clocks", "91"),
            ("toys", "95"),
            ("footwear", "64"),
        ]
    ]
    return wild(
        "reinforcement with a reference answer",
        jsonl(rows, "rft_train.jsonl"),
        "grpo sft",
        asked("Which HS chapter covers live animals? Answer with the number only.", "01"),
        chat(rows[0]["messages"][0]["content"], "01"),
        rows=6,
        suggests="grpo",
    )


def _gemini_tuning_pirate() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "systemInstruction": {"role": "system", "parts": [{"text": "You are a pirate cook."}]},
            "contents": [
                {"role": "user", "parts": [{"text": f"What goes with {a}?"}]},
                {"role": "model", "parts": [{"text": f"Arr, {b}, ye landlubber!"}]},
            ],
        }
        for a, b in [
            ("cod", "parsley sauce"),
            ("mutton", "turnips"),
            ("biscuits", "rum"),
            ("squid", "garlic"),
            ("beans", "bacon"),
            ("crab", "lemon"),
        ]
    ]
    return wild(
        "gemini tuning of a pirate cook",
        jsonl(rows, "sft_train_data.jsonl"),
        "sft",
        chat("What goes with cod?", "Arr, parsley sauce, ye landlubber!", system="You are a pirate cook."),
        rows=6,
    )


def _bedrock_schema_friendly() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "schemaVersion": "bedrock-conversation-2024",
            "system": [{"text": "You are a digital assistant with a friendly personality"}],
            "messages": [
                {"role": "user", "content": [{"text": f"Is {a} larger than {b}?"}]},
                {"role": "assistant", "content": [{"text": f"Yes, {a} is larger than {b}."}]},
            ],
        }
        for a, b in [
            ("Mars", "Mercury"),
            ("a whale", "an elephant"),
            ("the Pacific", "the Atlantic"),
            ("Texas", "Ohio"),
            ("a violin", "a fiddle bow"),
            ("Asia", "Africa"),
        ]
    ]
    return wild(
        "bedrock schema of a friendly assistant",
        jsonl(rows),
        "sft",
        chat(
            "Is Mars larger than Mercury?",
            "Yes, Mars is larger than Mercury.",
            system="You are a digital assistant with a friendly personality",
        ),
        rows=6,
    )


def _cohere_bike_shop() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "messages": [
                said("System", "You are a chatbot for a bike shop."),
                said("User", f"Do you repair {x}?"),
                said("Chatbot", f"We do repair {x}, usually within {n} days."),
            ]
        }
        for x, n in [("spokes", 2), ("saddles", 5), ("gears", 3), ("forks", 7), ("bells", 1), ("racks", 4)]
    ]
    return wild(
        "cohere bike shop",
        jsonl(rows),
        "sft",
        chat(
            "Do you repair spokes?",
            "We do repair spokes, usually within 2 days.",
            system="You are a chatbot for a bike shop.",
        ),
        rows=6,
    )


def _prompt_completion_split() -> Wild:
    rows = [
        (f"Classify the ticket. Ticket: {t}", c, s)
        for t, c, s in [
            ("My invoice is wrong", "billing", "train"),
            ("The app crashes", "bug", "train"),
            ("Please add a dark mode", "feature", "train"),
            ("I was charged twice", "billing", "train"),
            ("Login fails", "bug", "evaluation"),
            ("Export to PDF please", "feature", "evaluation"),
        ]
    ]
    return wild(
        "prompt, completion and split",
        table(rows, ["prompt", "completion", "split"], name="tickets.csv"),
        "sft",
        chat(rows[0][0], "billing"),
    )


def _qianfan_lines_lists() -> Wild:
    lines = [
        [{"prompt": f"请解释成语“{c}”。", "response": [[f"“{c}”的意思是{m}。"]]}]
        for c, m in [
            ("画蛇添足", "做多余的事"),
            ("守株待兔", "不劳而获的幻想"),
            ("亡羊补牢", "事后补救还不晚"),
            ("井底之蛙", "见识短浅"),
            ("刻舟求剑", "死守旧法"),
            ("掩耳盗铃", "自己骗自己"),
        ]
    ]
    return wild(
        "qianfan lines of lists",
        {"qianfan.jsonl": "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()},
        "sft",
        chat("请解释成语“画蛇添足”。", "“画蛇添足”的意思是做多余的事。"),
        rows=6,
    )


def _advertisements_features() -> Wild:
    rows: list[dict[str, Any]] = [
        {"content": f"类型#{t}*颜色#{c}*图案#{p}", "summary": f"这款{c}的{t},搭配{p}图案,简约大方,适合日常穿着。"}
        for t, c, p in [
            ("上衣", "白色", "条纹"),
            ("裤", "黑色", "纯色"),
            ("裙", "粉色", "碎花"),
            ("外套", "米色", "格子"),
            ("毛衣", "蓝色", "波点"),
            ("衬衫", "绿色", "竖条"),
        ]
    ]
    return wild(
        "advertisements from features",
        jsonl(rows, "train.json"),
        "sft",
        chat(rows[0]["content"], rows[0]["summary"]),
        rows=6,
    )


def _glm_prompts_history() -> Wild:
    rows: list[dict[str, Any]] = [
        {"prompt": f"{c}有什么特产?", "response": f"{c}的特产有{s}。", "history": [[f"{c}在哪里?", f"{c}在{w}。"]]}
        for c, s, w in [
            ("烟台", "苹果", "山东"),
            ("吐鲁番", "葡萄", "新疆"),
            ("金华", "火腿", "浙江"),
            ("绍兴", "黄酒", "浙江"),
            ("景德镇", "瓷器", "江西"),
            ("安溪", "铁观音", "福建"),
        ]
    ]
    return wild(
        "glm prompts with history",
        jsonl(rows),
        "sft",
        chat("烟台在哪里?", "烟台在山东。", "烟台有什么特产?", "烟台的特产有苹果。"),
        rows=6,
    )


def _azure_weights_answers() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "messages": [
                said("user", f"Spell {a} backwards."),
                {**said("assistant", "I cannot."), "weight": 0},
                said("user", "Try."),
                {**said("assistant", a[::-1]), "weight": 1},
            ]
        }
        for a in ["lamp", "river", "stone", "candle", "bridge", "garden"]
    ]
    return wild(
        "azure weights on answers",
        jsonl(rows),
        "sft",
        {
            "messages": [
                said("user", "Spell lamp backwards."),
                Turn("assistant", "I cannot."),
                said("user", "Try."),
                Turn("assistant", "pmal"),
            ]
        },
        rows=6,
    )


def _fireworks_reasoning_content() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "messages": [
                said("user", f"Is {n} prime?"),
                {
                    "role": "assistant",
                    "reasoning_content": f"Try small divisors of {n}.",
                    "content": "Yes." if p else "No.",
                },
            ]
        }
        for n, p in [(91, 0), (97, 1), (51, 0), (83, 1), (57, 0), (71, 1)]
    ]
    return wild(
        "fireworks with reasoning content",
        jsonl(rows),
        "sft",
        {"messages": [said("user", "Is 91 prime?"), Turn("assistant", "No.")]},
        rows=6,
    )


def _nemo_input_output() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "input": f"Context: {n} opened its new ferry line to {m} in {y}. Question: Since when does the line to {m} "
            "run? Answer:",
            "output": f"Since {y}.",
        }
        for n, m, y in [
            ("Arke", "Holm", 1997),
            ("Bodin", "Skerry", 2004),
            ("Cala", "Isola", 2011),
            ("Dover Lines", "Sark", 1988),
            ("Estmar", "Runo", 2015),
            ("Fjordet", "Vega", 2020),
        ]
    ]
    return wild(
        "nemo input and output", jsonl(rows, "training.jsonl"), "sft", chat(rows[0]["input"], "Since 1997."), rows=6
    )


VENDORS: tuple[Wild, ...] = (
    _sarcastic_chatbot_guide(),
    _preferred_output_turns(),
    _completions_separator_end(),
    _reinforcement_reference_answer(),
    _gemini_tuning_pirate(),
    _bedrock_schema_friendly(),
    _cohere_bike_shop(),
    _prompt_completion_split(),
    _qianfan_lines_lists(),
    _advertisements_features(),
    _glm_prompts_history(),
    _azure_weights_answers(),
    _fireworks_reasoning_content(),
    _nemo_input_output(),
)
"""Layouts that vendors of models document."""
