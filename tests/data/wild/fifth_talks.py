"""Popular datasets of talks, in their true columns: trees, thoughts, mixtures.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from typing import Any

from tests.data.wild.fifth_pool import ALGEBRA, PROGRAMS, think
from tests.data.wild.fifth_pool_languages import CHINESE
from tests.data.wild.fifth_pool_talks import ROUNDS, identifier
from tests.data.wild.table import Has, Turn, Wild, chat, jsonl, parquet, preferred, turns, wild

REPLIED = [
    (
        "What would happen if the moon vanished?",
        "Tides would shrink to the small ones of the sun, and over ages the tilt of the earth would wander.",
        "nothing lol",
    ),
    (
        "¿Cómo se hace una buena tortilla de patatas?",
        "Con patatas confitadas despacio en aceite, huevos batidos y un reposo de diez minutos antes de cuajarla.",
        "Compra una.",
    ),
    (
        "Write a limerick about a programmer.",
        "A coder who came from Peru\nonce dreamt that his tests were all through;\nhe woke with a fright\nin "
        "the middle of night\nand found that his dream wasn't true.",
        "I cannot do that.",
    ),
    (
        "How do vaccines work?",
        "They show the immune system a harmless piece of a germ so that it remembers and reacts faster next time.",
        "They contain medicine.",
    ),
    (
        "Explain recursion.",
        "To understand it, solve a smaller case of the same problem until the case is trivial.",
        "See recursion.",
    ),
]


def _tree(question: str, good: str, bad: str) -> list[dict[str, Any]]:
    root = identifier(question)
    top: dict[str, Any] = {
        "message_id": root,
        "parent_id": None,
        "user_id": identifier("u1" + question),
        "created_date": "2023-02-05T14:23:50.983374+00:00",
        "text": question,
        "role": "prompter",
        "lang": "es" if "¿" in question else "en",
        "review_count": 3,
        "review_result": True,
        "deleted": False,
        "rank": None,
        "synthetic": False,
        "model_name": None,
        "message_tree_id": root,
        "tree_state": "ready_for_export",
    }
    replies = (
        top
        | {"message_id": identifier(text), "parent_id": root, "user_id": identifier("u2" + text)}
        | {"text": text, "role": "assistant", "rank": rank}
        for rank, text in enumerate((good, bad))
    )
    return [top, *replies]


TREE = [message for talk in REPLIED for message in _tree(*talk)]

TALKS: tuple[Wild, ...] = (
    wild(
        "fine tome with source and score",
        parquet(
            {
                "conversations": [{"from": "human" if i % 2 == 0 else "gpt", "value": t} for i, t in enumerate(c)],
                "source": "infini-instruct-top-500k",
                "score": 4.5 + k / 10,
            }
            for k, c in enumerate(ROUNDS[1:] + ROUNDS[:1])
        ),
        "sft",
        chat(*ROUNDS[1]),
        rows=6,
    ),
    wild(
        "open assistant messages with parents and ranks, two replies each",
        parquet(TREE),
        "sft dpo",
        chat(TREE[0]["text"], TREE[1]["text"]),
        preferred(TREE[0]["text"], TREE[1]["text"], TREE[2]["text"]),
    ),
    wild(
        "open thoughts between begin and end of thought",
        parquet(
            {
                "system": "Your role as an assistant involves thoroughly exploring questions through a systematic long "
                "thinking process before providing the final precise and accurate solutions.",
                "conversations": [
                    {"from": "user", "value": "Return your final response within \\boxed{}. " + q},
                    {
                        "from": "assistant",
                        "value": f"<|begin_of_thought|>\n\n{think('this problem', i)}\n\n<|end_of_thought|>\n\n"
                        f"<|begin_of_solution|>\n\n{a}\n\n<|end_of_solution|>",
                    },
                ],
            }
            for i, (q, a, _) in enumerate(ALGEBRA)
        ),
        "sft",
        {
            "messages": [
                Turn("system", "Your role as an assistant"),
                Turn("user", ALGEBRA[0][0]),
                Turn("assistant", "Okay, so I need", ALGEBRA[0][1]),
            ]
        },
        rows=10,
    ),
    wild(
        "tulu three with ids and sources",
        parquet(
            {
                "id": f"personahub_{identifier(q)[:12]}",
                "messages": turns(q, a),
                "source": ["ai2-adapt-dev/personahub_code_v2_34999", "ai2-adapt-dev/flan_v2_converted"][i % 2],
            }
            for i, (q, a, _) in enumerate(PROGRAMS)
        ),
        "sft",
        chat(PROGRAMS[0][0], PROGRAMS[0][1]),
        rows=12,
    ),
    wild(
        "smol talk with a system turn and its source",
        parquet(
            {
                "messages": chat(
                    a, b, system="Rewrite the input text to make it more concise while keeping its meaning."
                )["messages"],
                "source": "smol-rewrite",
            }
            for a, b in [
                (
                    "Hi team, I just wanted to reach out to everybody in order to let you all know that the "
                    "meeting that was planned for Tuesday has been moved to Thursday at ten.",
                    "Hi team, Tuesday's meeting has moved to Thursday at ten.",
                ),
                (
                    "Due to the fact that the printer has run out of toner, we are at this point in time "
                    "unable to print.",
                    "We cannot print because the printer is out of toner.",
                ),
                (
                    "I am writing to you in regard to the matter of my lost umbrella, which is blue.",
                    "I have lost my blue umbrella.",
                ),
                (
                    "It would be very much appreciated if you could possibly send me the file.",
                    "Please send me the file.",
                ),
                ("The reason why the project was late is because of the rain.", "Rain delayed the project."),
                ("At the end of the day, all things considered, we should wait.", "We should wait."),
            ]
        ),
        "sft",
        chat(
            Has("Hi team, I just wanted"),
            "Hi team, Tuesday's meeting has moved to Thursday at ten.",
            system=Has("more concise"),
        ),
        rows=6,
    ),
    wild(
        "nemotron post training with reasoning switch",
        jsonl(
            (
                {
                    "input": [{"role": "user", "content": q}],
                    "output": f"<think>\n{think('the problem', i)}\n</think>\n{s}" if i % 2 == 0 else s,
                    "category": "math",
                    "license": "cc-by-4.0",
                    "reasoning": "on" if i % 2 == 0 else "off",
                    "generator": "DeepSeek-R1",
                    "used_in_training": "Super",
                    "version": "v1",
                    "system_prompt": f"detailed thinking {('on' if i % 2 == 0 else 'off')}",
                }
                for i, (q, s, _) in enumerate(ALGEBRA)
            ),
            "math_v1.1.jsonl",
        ),
        "sft",
        {
            "messages": [
                Turn("system", "detailed thinking on"),
                Turn("user", ALGEBRA[0][0]),
                Turn("assistant", ALGEBRA[0][1]),
            ]
        },
        rows=10,
    ),
    wild(
        "less is more with conversations as plain strings",
        jsonl({"conversations": c[:2], "source": "stackexchange"} for c in ROUNDS),
        "sft",
        chat(*ROUNDS[0][:2]),
        rows=6,
    ),
    wild(
        "no robots with category and prompt id",
        parquet(
            {"prompt": q, "prompt_id": identifier(q).replace("-", ""), "messages": turns(q, a), "category": c}
            for q, a, c in [
                (
                    "Write a short letter from a lighthouse keeper to his sister in the city.",
                    "Dear Edda,\n\nThe lamp is new and so bright that the gulls complain. I have painted the "
                    "stairs, all one hundred and twelve of them, and found your initials behind the "
                    "ninth.\n\nCome before the storms.\nYour brother",
                    "Generation",
                ),
                ("Is a tomato a fruit?", "Botanically yes, in the kitchen no.", "Open QA"),
                (
                    "Brainstorm five names for a bike shop.",
                    "Spoke & Co, The Freewheel, Chain Reaction, Second Gear, Loose Ends",
                    "Brainstorm",
                ),
                (
                    "Summarize: The council met on Monday. It voted to keep the swimming pool open until "
                    "October and to raise the entry fee by one euro.",
                    "The council keeps the pool open until October and raises the fee by one euro.",
                    "Summarize",
                ),
                (
                    "Extract the dates: born 3 May 1912, married in 1940, died 9 June 1999",
                    "3 May 1912; 1940; 9 June 1999",
                    "Extract",
                ),
                ("Is the following ham or spam? 'You won a phone'", "Spam", "Classify"),
            ]
        ),
        "sft",
        chat(Has("lighthouse keeper"), Has("Dear Edda")),
        rows=6,
    ),
    wild(
        "open platypus with empty input",
        parquet(
            {"input": "", "output": s, "instruction": q, "data_source": "MATH/PRM-800K"} for q, s, _ in ALGEBRA[:8]
        ),
        "sft",
        chat(ALGEBRA[0][0], ALGEBRA[0][1]),
        rows=8,
    ),
    wild(
        "infinity instruct with labels of ability",
        jsonl(
            {
                "id": i,
                "conversations": [{"from": "human", "value": q}, {"from": "gpt", "value": a}],
                "label": {
                    "ability_en": ["problem solving support"],
                    "ability_zh": ["问题解决"],
                    "cate_ability_zh": ["其他"],
                    "cate_ability_en": ["other"],
                },
                "langdetect": "zh-cn",
                "source": "Subjective",
            }
            for i, (q, a) in enumerate(CHINESE)
        ),
        "sft",
        chat(CHINESE[0][0], CHINESE[0][1]),
        rows=7,
    ),
)
"""Popular datasets of talks, in their true columns: trees, thoughts, mixtures."""
