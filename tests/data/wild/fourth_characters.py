"""Datasets of talks between characters and people, and of talks with tools.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json
from typing import Any

from tests.data.wild.fourth_pool import ANSWERS, BODIES, CODES, QUESTIONNAIRE, QUESTIONS, TITLES, tooled
from tests.data.wild.table import Has, OneOf, Turn, Wild, array, chat, jsonl, parquet, preferred, table, turns, wild


def _persona(name: str, about: str, talk: list[str]) -> dict[str, Any]:
    lines = [f"<|system|>Play the part of {name}. {about}</s>"]
    for i, t in enumerate(talk):
        lines.append(f"<|{('user' if i % 2 == 0 else 'assistant')}|>{t}</s>")
    return {"name": name, "description": about, "text": "\n".join(lines)}


def _empathetic(number: int, feeling: str, situation: str, talk: list[str]) -> list[list[str]]:
    return [
        [
            f"hit:{number}_conv:{number}",
            str(i + 1),
            feeling,
            situation.replace(",", "_comma_"),
            str(3 + i % 2),
            line.replace(",", "_comma_"),
            "5|5|5_2|2|5",
            "",
        ]
        for i, line in enumerate(talk)
    ]


EMPATHETIC = (
    _empathetic(
        0,
        "sentimental",
        "I remember going to the fireworks with my best friend.",
        [
            "I remember going to see the fireworks with my best friend, just the two of us.",
            "Was this a friend you were in love with, or just a best friend?",
            "This was a best friend. I miss her.",
            "Where has she gone?",
        ],
    )
    + _empathetic(
        1,
        "afraid",
        "I used to scare for darkness",
        [
            "It feels like hitting a blank wall when I see the darkness",
            "Oh, you do not really see which to be afraid of?",
            "I do, on the nights when the lamp is broken.",
            "Keep a torch by the bed.",
        ],
    )
    + _empathetic(
        2,
        "proud",
        "I showed a guy how to run a good bead in welding class",
        [
            "I showed a guy how to run a good bead in welding class and he caught on quick",
            "You must be proud of yourself as a teacher!",
            "I am, it was my first time.",
            "You will do it again.",
        ],
    )
)

TIDE_TOOL = {
    "name": "get_tide",
    "description": "Tell when the tide turns at a harbour",
    "parameters": {"type": "object", "properties": {"harbour": {"type": "string"}}, "required": ["harbour"]},
}

CHARACTERS: tuple[Wild, ...] = (
    wild(
        "roleplay in the template of zephyr with a name",
        parquet(
            [
                _persona(n, d, t)
                for n, d, t in [
                    (
                        "Captain Brann",
                        "A gruff sailor who fears only soup.",
                        [
                            "Where are we bound, captain?",
                            "West, lad, until the charts run out.",
                            "And then?",
                            "Then we draw our own.",
                        ],
                    ),
                    (
                        "Ilse the Clockmaker",
                        "Patient and precise, talks in minutes.",
                        [
                            "Can you mend this watch?",
                            "Give me eleven minutes and a cup of tea.",
                            "It was my father's.",
                            "Then I shall take twelve.",
                        ],
                    ),
                    (
                        "Moss",
                        "A forest spirit who has never seen a city.",
                        [
                            "Have you heard of trains?",
                            "Is that a kind of long snake?",
                            "In a way.",
                            "Then I shall greet it politely.",
                        ],
                    ),
                    (
                        "Doctor Vane",
                        "A village doctor with dry wit.",
                        [
                            "My knee hurts when it rains.",
                            "Then I prescribe a drier village.",
                            "Seriously?",
                            "Seriously, try some exercise first.",
                        ],
                    ),
                ]
            ]
        ),
        "sft",
        chat(
            "Where are we bound, captain?",
            "West, lad, until the charts run out.",
            "And then?",
            "Then we draw our own.",
            system=OneOf("Play the part of Captain Brann. A gruff sailor who fears only soup.", Has("Captain Brann")),
        ),
        rows=4,
    ),
    wild(
        "talks between two personas in one column",
        table(
            [
                [
                    "I am a nurse. I keep bees.",
                    "I love trains. I live in a small town.",
                    "User 1: Hi there, how was your day?\nUser 2: Fine, I watched the trains pass. "
                    "Yours?\nUser 1: Busy at the hospital, then I looked after my bees.\nUser 2: Bees! Do "
                    "they sting you?\nUser 1: Only when I deserve it.",
                ],
                [
                    "I paint boats.",
                    "I bake bread.",
                    "User 1: Good morning, smells nice here.\nUser 2: That is the rye bread.\nUser 1: I "
                    "paint boats and I am always hungry.\nUser 2: Then take two loaves.",
                ],
                [
                    "I play the tuba.",
                    "I am learning to knit.",
                    "User 1: Do you mind if I practise?\nUser 2: Not if I may knit along.\nUser 1: What are "
                    "you making?\nUser 2: A scarf for your tuba.",
                ],
                [
                    "I study law.",
                    "I have four cats.",
                    "User 1: I have an exam tomorrow.\nUser 2: My cats wish you luck.\nUser 1: All "
                    "four?\nUser 2: Three, one is asleep.",
                ],
            ],
            ["user 1 personas", "user 2 personas", "Best Generated Conversation"],
            name="Synthetic-Persona-Chat_train.csv",
        ),
        "sft cpt",
    ),
    wild(
        "empathetic talks, one utterance per row",
        table(
            EMPATHETIC,
            ["conv_id", "utterance_idx", "context", "prompt", "speaker_idx", "utterance", "selfeval", "tags"],
            name="train.csv",
        ),
        "sft",
        {
            "messages": [
                Turn("user", "fireworks with my best friend"),
                Turn("assistant", "in love with"),
                Turn("user", "I miss her"),
                Turn("assistant", "Where has she gone"),
            ]
        },
        {
            "messages": [
                Turn("system", "sentimental"),
                Turn("user", "fireworks with my best friend"),
                Turn("assistant", "in love with"),
                Turn("user", "I miss her"),
                Turn("assistant", "Where has she gone"),
            ]
        },
        usable=3,
    ),
    wild(
        "wizard and apprentice",
        array(
            [
                {
                    "chosen_topic": t,
                    "persona": f"i like {t}.",
                    "wizard_eval": 5,
                    "dialog": [
                        {"speaker": "0_Apprentice", "text": q, "retrieved_passages": [{t: [BODIES[0][:80]]}]},
                        {"speaker": "1_Wizard", "text": a, "checked_sentence": {}, "checked_passage": {}},
                        {"speaker": "0_Apprentice", "text": "I did not know that.", "retrieved_passages": []},
                        {
                            "speaker": "1_Wizard",
                            "text": "Ask me more any time.",
                            "checked_sentence": {},
                            "checked_passage": {},
                        },
                    ],
                    "chosen_topic_passage": [x[:150]],
                }
                for (q, a, _), t, x in zip(QUESTIONNAIRE[:4], TITLES, BODIES, strict=False)
            ],
            "train.json",
        ),
        "sft",
        chat(QUESTIONS[0], ANSWERS[0], "I did not know that.", "Ask me more any time."),
        {
            "messages": [
                Turn("system"),
                *turns(QUESTIONS[0], ANSWERS[0], "I did not know that.", "Ask me more any time."),
            ]
        },
        rows=4,
    ),
    wild(
        "conversations of a second function calling set",
        parquet(
            [
                {
                    "tools": json.dumps([TIDE_TOOL]),
                    "system": "You help fishers and obey the policy of the harbour office.",
                    "conversations": [
                        {"from": "human", "value": f"When does the tide turn in {h}?"},
                        {
                            "from": "function_call",
                            "value": json.dumps({"name": "get_tide", "arguments": {"harbour": h}}),
                        },
                        {"from": "observation", "value": json.dumps({"high_water": "14:20"})},
                        {"from": "gpt", "value": f"High water in {h} is at 14:20."},
                    ],
                }
                for h in ["Oldmere", "Port Lessing", "Varde", "Skel"]
            ],
            "apigen-mt_5k.parquet",
        ),
        "sft",
        *tooled(
            [
                Turn("system", "harbour office"),
                Turn("user", "When does the tide turn in Oldmere?"),
                Turn("assistant", "get_tide", "Oldmere"),
                Turn("tool", "14:20"),
                Turn("assistant", "High water in Oldmere is at 14:20."),
            ]
        ),
        rows=4,
    ),
    wild(
        "when to call, with pairs",
        jsonl(
            [
                {
                    "tools": [json.dumps(TIDE_TOOL)],
                    "messages": [{"role": "user", "content": q}],
                    "chosen_response": {"role": "assistant", "content": c},
                    "rejected_response": {"role": "assistant", "content": r},
                }
                for q, c, r in [
                    (
                        "When does the tide turn?",
                        "Which harbour do you mean?",
                        '<TOOLCALL>[{"name": "get_tide", "arguments": {"harbour": "Oldmere"}}]</TOOLCALL>',
                    ),
                    ("Book me a flight.", "I am sorry, I cannot book flights.", "Your flight is booked."),
                    ("Tell me the tide.", "For which harbour should I look?", "It is at noon."),
                    ("Order a pizza.", "I have no way to order food.", "Done, one pizza."),
                ]
            ],
            "train_pref.jsonl",
        ),
        "dpo",
        preferred("When does the tide turn?", "Which harbour do you mean?", Has("get_tide")),
        {**preferred("When does the tide turn?", "Which harbour do you mean?", Has("get_tide")), "tools": Has()},
        {
            **preferred("When does the tide turn?", "Which harbour do you mean?", "", system=Has("get_tide")),
            "rejected": [Turn("assistant", "get_tide")],
        },
        {
            **preferred("When does the tide turn?", "Which harbour do you mean?", "x"),
            "rejected": [Turn("assistant", "get_tide")],
        },
        rows=4,
    ),
    wild(
        "trajectories of a repairing agent",
        jsonl(
            [
                {
                    "messages": [
                        {"role": "system", "content": "You are a helpful assistant that can interact with a computer."},
                        {"role": "user", "content": f"Fix the bug in module m{i}."},
                        {
                            "role": "assistant",
                            "content": "Let me look.\n\n<function=bash>\n<parameter=command>cat "
                            f"m{i}.py</parameter>\n</function>",
                        },
                        {"role": "user", "content": f"OBSERVATION:\n{CODES[i]}"},
                        {
                            "role": "assistant",
                            "content": "The function is fine; I submit.\n\n<function=submit>\n</function>",
                        },
                    ],
                    "instance_id": f"pkg__{i}",
                    "resolved": i % 2 == 0,
                    "model": "claude-3-7-sonnet",
                    "traj_id": f"t{i}",
                    "patch": "diff --git a/m.py b/m.py",
                }
                for i in range(4)
            ],
            "trajectories.jsonl",
        ),
        "sft kto",
        {
            "messages": [
                Turn("system", "interact with a computer"),
                Turn("user", "module m0"),
                Turn("assistant", "cat m0.py"),
                OneOf(Turn("user", "reverse_words"), Turn("tool", "reverse_words")),
                Turn("assistant", "I submit"),
            ]
        },
        {"prompt": Has("module m0"), "completion": Has("I submit"), "label": True},
        rows=4,
    ),
    wild(
        "functions to chatml with a description beside",
        jsonl(
            [
                {
                    "system_message": "You are a helpful assistant with access to the following functions.",
                    "function_description": json.dumps(TIDE_TOOL),
                    "conversations": [
                        {"from": "human", "value": f"Tide in {h}?"},
                        {
                            "from": "function-call",
                            "value": json.dumps({"name": "get_tide", "arguments": {"harbour": h}}),
                        },
                        {"from": "function-response", "value": '{"high_water": "06:10"}'},
                        {"from": "gpt", "value": f"In {h} it is high at 06:10."},
                    ],
                }
                for h in ["Oldmere", "Skel", "Varde", "Ness"]
            ]
        ),
        "sft",
        *tooled(
            [
                Turn("system", "access to the following functions"),
                {"role": "user", "content": "Tide in Oldmere?"},
                Turn("assistant", "get_tide"),
                Turn("tool", "06:10"),
                Turn("assistant", "high at 06:10"),
            ]
        ),
        rows=4,
    ),
)
"""Datasets of talks between characters and people, and of talks with tools."""
