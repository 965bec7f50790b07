"""Popular datasets of preference.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from typing import Any

from tests.data.wild.table import Has, OneOf, Turn, Wild, array, asked, chat, jsonl, parquet, preferred, wild


def _synthetic_pairs_gptj() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "prompt": f"How can I {x}?",
            "chosen": f"First gather what you need, then {x} step by step: {y}.",
            "rejected": f"You can {x} if you want to.",
        }
        for x, y in [
            ("fix a squeaky door", "oil the hinge and swing it"),
            ("dry herbs", "hang them head down"),
            ("clean a kettle", "boil vinegar in it"),
            ("fold a map", "follow the old creases"),
            ("sharpen scissors", "cut fine sandpaper"),
            ("store onions", "keep them dark and airy"),
        ]
    ]
    return wild(
        "synthetic pairs of gptj",
        parquet(rows),
        "dpo",
        preferred(rows[0]["prompt"], rows[0]["chosen"], rows[0]["rejected"]),
        rows=6,
    )


def _pairs_like_people() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "prompt": f"What's your favourite {x}?",
            "chosen": f"Oh, tough one! 😄 Probably {y}, hands down. You?",
            "rejected": f"As a language model, I do not possess preferences regarding any {x}.",
        }
        for x, y in [
            ("season", "autumn"),
            ("breakfast", "porridge with plums"),
            ("card game", "rummy"),
            ("smell", "rain on dust"),
            ("instrument", "the cello"),
            ("bird", "the swift"),
            ("colour", "teal"),
        ]
    ]
    return wild(
        "pairs like people talk",
        array(rows, "data.json"),
        "dpo",
        preferred(rows[0]["prompt"], rows[0]["chosen"], rows[0]["rejected"]),
        rows=7,
    )


def _preferences_tulu() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "id": f"ai2-adapt-dev/wc-{i}",
            "source": "ai2-adapt-dev/WildChat-prefs-280824",
            "prompt": q,
            "chosen": [{"content": q, "role": "user"}, {"content": c, "role": "assistant"}],
            "rejected": [{"content": q, "role": "user"}, {"content": r, "role": "assistant"}],
        }
        for i, (q, c, r) in enumerate(
            [
                (
                    "Shorten: The meeting, which was long, is over.",
                    "The long meeting is over.",
                    "The meeting which was long and over is over now.",
                ),
                ("Synonym for brave?", "Courageous.", "Brave."),
                ("Plural of ox?", "Oxen.", "Oxes."),
                ("Past tense of to swim?", "Swam.", "Swimmed."),
                ("Antonym of shallow?", "Deep.", "Flat."),
                ("Correct: He don't know.", "He doesn't know.", "He do not knows."),
            ]
        )
    ]
    return wild(
        "preferences of tulu three",
        parquet(rows),
        "dpo",
        preferred(rows[0]["prompt"], "The long meeting is over.", "The meeting which was long and over is over now."),
        rows=6,
    )


def _ultrafeedback_policy_all() -> Wild:
    rows: list[Any] = []
    for i, x in enumerate(["a canal", "a glacier", "a delta", "a geyser", "a moraine", "an atoll"]):
        q = f"Define {x} in one line."
        gen = [f"{x.capitalize()} is a thing of nature or of people, number {k}." for k in range(5)]
        rows.append(
            {
                "prompt_id": f"{i:064x}",
                "prompt": q,
                "all_generated_responses": gen,
                "all_rm_scores": [0.11, 0.08, 0.17, 0.05, 0.12],
                "chosen": [{"content": q, "role": "user"}, {"content": gen[2], "role": "assistant"}],
                "rejected": [{"content": q, "role": "user"}, {"content": gen[3], "role": "assistant"}],
            }
        )
    return wild(
        "ultrafeedback on policy with all scores",
        parquet(rows),
        "dpo",
        preferred(
            "Define a canal in one line.",
            "A canal is a thing of nature or of people, number 2.",
            "A canal is a thing of nature or of people, number 3.",
        ),
        rows=6,
    )


def _preferred_summaries_posts() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "prompt": f"SUBREDDIT: r/relationships\n\nTITLE: My {who} keeps borrowing my {what}\n\n"
            f"POST: For a year my {who} has borrowed my {what} without asking. I am tired of it but do not "
            "want a fight.\n\nTL;DR:",
            "chosen": f" My {who} takes my {what} without asking; how do I say no kindly?",
            "rejected": f" {who} and {what}, help.",
        }
        for who, what in [
            ("flatmate", "bicycle"),
            ("cousin", "tent"),
            ("boss", "stapler"),
            ("neighbour", "ladder"),
            ("sister", "coat"),
            ("uncle", "drill"),
        ]
    ]
    return wild(
        "preferred summaries of posts as texts",
        parquet(rows),
        "dpo",
        preferred(rows[0]["prompt"], rows[0]["chosen"], rows[0]["rejected"]),
        rows=6,
    )


def _summaries_prompt_completion() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "prompt": f"SUBREDDIT: r/AskCulinary\n\nTITLE: My {x} always {y}\n\n"
            f"POST: I tried three recipes and my {x} {y} every time. What am I doing wrong?\n\nTL;DR:",
            "completion": f" {x} {y} no matter the recipe.",
        }
        for x, y in [
            ("custard", "curdles"),
            ("souffle", "sinks"),
            ("rice", "burns"),
            ("jam", "stays runny"),
            ("pastry", "shrinks"),
            ("fudge", "turns grainy"),
        ]
    ]
    return wild(
        "summaries as prompt and completion",
        parquet(rows),
        "sft",
        chat(rows[0]["prompt"], rows[0]["completion"]),
        rows=6,
    )


def _prompts_ultrafeedback_turns() -> Wild:
    rows: list[dict[str, Any]] = [
        {"prompt": [{"content": f"Suggest {n} ways to {x} on a small budget.", "role": "user"}]}
        for n, x in [
            (3, "heat a flat"),
            (4, "see Rome"),
            (5, "learn Danish"),
            (2, "furnish a porch"),
            (6, "eat well"),
            (3, "insulate a shed"),
        ]
    ]
    return wild(
        "prompts of ultrafeedback as turns",
        parquet(rows),
        "grpo",
        asked("Suggest 3 ways to heat a flat on a small budget."),
        rows=6,
    )


def _social_situations_answers() -> Wild:
    rows: list[dict[str, Any]] = [
        {
            "context": f"{n} {c}.",
            "question": f"How would you describe {n}?",
            "answerA": a,
            "answerB": b,
            "answerC": d,
            "label": label,
        }
        for n, c, a, b, d, label in [
            ("Remy", "shared his umbrella with a stranger", "rude", "generous", "sleepy", "2"),
            ("Kai", "forgot the cake in the oven", "careless", "careful", "proud", "1"),
            ("Addison", "stayed up to finish the report", "lazy", "bored", "diligent", "3"),
            ("Jan", "blushed when praised", "bashful", "loud", "angry", "1"),
            ("Sasha", "yelled at the referee", "calm", "furious", "shy", "2"),
            ("Robin", "checked the locks twice", "reckless", "merry", "cautious", "3"),
        ]
    ]
    return wild(
        "social situations with three answers",
        jsonl(rows, "train.jsonl"),
        "sft grpo",
        {
            "messages": [
                Turn("user", "Remy shared his umbrella", "rude", "generous", "sleepy"),
                Turn("assistant", "generous"),
            ]
        },
        {
            "prompt": [Turn("user", "Remy shared his umbrella", "rude", "generous", "sleepy")],
            "answer": OneOf("B", "2", "generous", Has("generous")),
        },
        {
            "messages": [
                Turn("user", "Remy shared his umbrella", "rude", "generous", "sleepy"),
                {"role": "assistant", "content": OneOf("B", "2", Has("B"))},
            ]
        },
        rows=6,
    )


PREFERENCES: tuple[Wild, ...] = (
    _synthetic_pairs_gptj(),
    _pairs_like_people(),
    _preferences_tulu(),
    _ultrafeedback_policy_all(),
    _preferred_summaries_posts(),
    _summaries_prompt_completion(),
    _prompts_ultrafeedback_turns(),
    _social_situations_answers(),
)
"""Popular datasets of preference."""
