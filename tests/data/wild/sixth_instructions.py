"""Popular datasets of instructions and of traces of thought.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from typing import Any

from tests.data.wild.sixth_pool import ask_exactly
from tests.data.wild.table import Turn, Wild, array, chat, jsonl, parquet, wild

HEAD = "Below is an instruction that describes a task. Write a response that appropriately completes the request."


def _alpaca_fourth_gpt() -> Wild:
    capitals = [
        ("Portugal", "Lisbon"),
        ("Kenya", "Nairobi"),
        ("Peru", "Lima"),
        ("Norway", "Oslo"),
        ("Vietnam", "Hanoi"),
        ("Cuba", "Havana"),
    ]
    rows: list[dict[str, Any]] = [
        {
            "instruction": "Give three tips for staying healthy.",
            "input": "",
            "output": "1. Eat a varied diet.\n\n2. Move every day.\n\n3. Sleep seven to nine hours.",
            "text": "",
        }
    ]
    rows += [
        {
            "instruction": "Name the capital of the country.",
            "input": c,
            "output": f"The capital of {c} is {k}.",
            "text": "",
        }
        for c, k in capitals
    ]
    for r in rows:
        r["text"] = (
            HEAD
            + "\n\n### Instruction:\n"
            + r["instruction"]
            + ("\n\n### Input:\n" + r["input"] if r["input"] else "")
            + "\n\n### Response:\n"
            + r["output"]
        )
    return wild(
        "alpaca of the fourth gpt", parquet(rows), "sft", chat(rows[0]["instruction"], rows[0]["output"]), rows=7
    )


def _fine_tome() -> Wild:
    planets = [
        ("Mercury", 88),
        ("Venus", 225),
        ("Mars", 687),
        ("Jupiter", 4333),
        ("Saturn", 10759),
        ("Uranus", 30687),
        ("Neptune", 60190),
        ("Earth", 365),
    ]
    rows: list[dict[str, Any]] = [
        {
            "conversations": [
                {"from": "human", "value": f"How long does {p} take to go round the Sun?"},
                {"from": "gpt", "value": f"About {d} Earth days."},
                {"from": "human", "value": "And in years?"},
                {"from": "gpt", "value": f"{d / 365.25:.2f} years."},
            ],
            "source": "infini-instruct-top-500k",
            "score": 4.1 + d % 7 / 10,
        }
        for p, d in planets
    ]
    return wild(
        "fine tome",
        parquet(rows),
        "sft",
        chat("How long does Mercury take to go round the Sun?", "About 88 Earth days.", "And in years?", "0.24 years."),
        rows=8,
    )


def _tulu_mixture() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "id": f"personas_IF_{i}",
            "messages": [
                {"content": f"Write a limerick about a {a} who lost a {t}. Use no comma.", "role": "user"},
                {"content": f"A {a} from under the hill\nWent searching for {t} with a will", "role": "assistant"},
            ],
            "source": "ai2-adapt-dev/personahub_ifdata_manual_seed_v3_29980",
        }
        for i, (a, t) in enumerate(
            [
                ("badger", "spoon"),
                ("heron", "sock"),
                ("mole", "lamp"),
                ("stoat", "hat"),
                ("newt", "drum"),
                ("wren", "key"),
            ]
        )
    ]
    return wild(
        "tulu three mixture",
        parquet(rows),
        "sft",
        chat(
            "Write a limerick about a badger who lost a spoon. Use no comma.",
            "A badger from under the hill\nWent searching for spoon with a will",
        ),
        rows=6,
    )


def _mixture_thoughts() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "messages": [
                {"content": f"What is {a} times {b}?", "role": "user"},
                {
                    "content": f"<think>\n{a} times {b}: split {b} into {b - 3} and 3, giving {a * (b - 3)} and "
                    f"{a * 3}. Together {a * b}.\n</think>\n\nThe product is $\\boxed{{{a * b}}}$.",
                    "role": "assistant",
                },
            ],
            "num_tokens": 60 + a,
            "source": "open-r1/OpenR1-Math-220k",
        }
        for a, b in [(17, 14), (23, 18), (31, 12), (44, 15), (52, 19), (61, 11)]
    ]
    return wild(
        "mixture of thoughts",
        jsonl(rows),
        "sft",
        {"messages": [Turn("user", "What is 17 times 14?"), Turn("assistant", "The product is", "238")]},
        rows=6,
    )


def _wizard_evolved() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "idx": f"uYl{i}aQ",
            "conversations": [
                {
                    "from": "human",
                    "value": f"Compare {a} and {b} for a small garden in a rainy town, considering cost, upkeep and "
                    "drainage.",
                },
                {
                    "from": "gpt",
                    "value": f"{a.capitalize()} drains better, {b} costs less. With much rain, choose {a}.",
                },
            ],
        }
        for i, (a, b) in enumerate(
            [
                ("gravel", "turf"),
                ("bark", "slate"),
                ("brick", "clover"),
                ("sand", "moss"),
                ("cobbles", "decking"),
                ("chips", "paving"),
            ]
        )
    ]
    return wild(
        "wizard evolved, second version",
        array(rows, "WizardLM_evol_instruct_V2_143k.json"),
        "sft",
        chat(rows[0]["conversations"][0]["value"], rows[0]["conversations"][1]["value"]),
        rows=6,
    )


def _dolphin_system_instruction() -> Wild:
    system = "You are an AI assistant. You will be given a task. You must generate a detailed and long answer."
    rows: list[dict[str, Any]] = [
        {
            "instruction": system
            if i % 2 == 0
            else "You are a helpful assistant, who always provide explanation. Think like you are answering to a "
            "five year old.",
            "input": f"Q: Why do {x}?",
            "output": f"{x.capitalize()} because {y}.",
        }
        for i, (x, y) in enumerate(
            [
                ("cats purr", "it calms them and their kittens"),
                ("bridges hum", "wind makes the cables swing"),
                ("apples brown", "air reacts with the cut flesh"),
                ("stars twinkle", "air bends their light"),
                ("magnets stick", "tiny currents line up in the iron"),
                ("ears pop", "the pressure changes"),
            ]
        )
    ]
    return wild(
        "dolphin with the system as instruction",
        jsonl(rows, "flan1m-alpaca-uncensored.jsonl"),
        "sft",
        {
            "messages": [
                {"role": "system", "content": system},
                {"role": "user", "content": "Q: Why do cats purr?"},
                {"role": "assistant", "content": rows[0]["output"]},
            ]
        },
        ask_exactly(system, "Q: Why do cats purr?", to=rows[0]["output"]),
        rows=6,
    )


def _twenty_million_reasonings() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "prompt": f"Is it ever right to {x}?",
            "response": f"<think>\nThe user asks about whether to {x}. Consider both sides.\n</think>\n\n"
            f"There are cases where to {x} is defensible, though rarely.",
        }
        for x in [
            "break a promise",
            "lie to a friend",
            "quit without notice",
            "eat alone at a feast",
            "keep found money",
            "read another's diary",
        ]
    ]
    return wild(
        "twenty million reasonings",
        parquet(rows),
        "sft",
        {
            "messages": [
                {"role": "user", "content": "Is it ever right to break a promise?"},
                Turn("assistant", "There are cases where to break a promise is defensible"),
            ]
        },
        rows=6,
    )


def _reasoning_base_template() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "user": f"What comes next: {a}, {a + d}, {a + 2 * d}, ...?",
            "assistant": f"{a + 3 * d}, since every step adds {d}.",
            "reasoning": f"The differences are all {d}. So add {d} to {a + 2 * d}.",
            "template": f"<|im_start|>user\nWhat comes next?<|im_end|>\n<|im_start|>reasoning\nadd {d}<|im_end|>\n"
            f"<|im_start|>assistant\n{a + 3 * d}<|im_end|>",
        }
        for a, d in [(2, 5), (7, 3), (10, 11), (1, 8), (30, 4), (100, 25)]
    ]
    return wild(
        "reasoning base with a template",
        parquet(rows),
        "sft",
        {"messages": [{"role": "user", "content": rows[0]["user"]}, Turn("assistant", "17, since every step adds 5.")]},
        rows=6,
    )


def _chinese_distillation_r1() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "input": f"请用一句话介绍{c}。",
            "reasoning_content": f"用户想了解{c},我需要抓住最重要的特点:{f}。",
            "content": f"{c}以{f}闻名。",
            "repo_name": "coig/neo",
            "score": 9,
        }
        for c, f in [
            ("苏州", "古典园林"),
            ("西安", "兵马俑"),
            ("桂林", "山水"),
            ("哈尔滨", "冰雕"),
            ("成都", "火锅和熊猫"),
            ("杭州", "西湖"),
        ]
    ]
    return wild(
        "chinese distillation of r1",
        jsonl(rows, "distill_r1_110k.jsonl"),
        "sft",
        {"messages": [{"role": "user", "content": "请用一句话介绍苏州。"}, Turn("assistant", "苏州以古典园林闻名。")]},
        rows=6,
    )


def _chinese_qualities_coig() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "instruction": f"怎么{x}?",
            "input": "",
            "output": f"{x}的关键是{y},慢慢来。",
            "task_type": {"major": ["问答"], "minor": ["生活"]},
            "domain": ["通用"],
            "metadata": None,
            "answer_from": "human",
            "human_verified": True,
            "copyright": "作者所有",
        }
        for x, y in [
            ("煮出好吃的米饭", "水量"),
            ("挑选西瓜", "听声音"),
            ("学会游泳", "放松"),
            ("养好绿萝", "少浇水"),
            ("快速入睡", "远离手机"),
            ("练好毛笔字", "临帖"),
        ]
    ]
    return wild(
        "chinese qualities of coig",
        jsonl(rows, "zhihu.jsonl"),
        "sft",
        chat(rows[0]["instruction"], rows[0]["output"]),
        rows=6,
    )


INSTRUCTIONS: tuple[Wild, ...] = (
    _alpaca_fourth_gpt(),
    _fine_tome(),
    _tulu_mixture(),
    _mixture_thoughts(),
    _wizard_evolved(),
    _dolphin_system_instruction(),
    _twenty_million_reasonings(),
    _reasoning_base_template(),
    _chinese_distillation_r1(),
    _chinese_qualities_coig(),
)
"""Popular datasets of instructions and of traces of thought."""
