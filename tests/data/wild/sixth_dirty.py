"""Ordinary datasets with dirt in them, and what there is nothing to learn from.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json
import struct
from typing import Any

from tests.data.wild.sixth_pool import said
from tests.data.wild.table import Turn, Wild, array, asked, chat, jsonl, judged, parquet, preferred, table, wild


def _capital_keys_mark() -> Wild:
    rows: list[dict[str, Any]] = [
        {"Prompt": f"What is a {x}?", "Completion": f"A {x} is {y}."}
        for x, y in [
            ("cairn", "a heap of stones"),
            ("weir", "a low dam"),
            ("copse", "a small wood"),
            ("knoll", "a little hill"),
            ("fen", "a wet meadow"),
            ("scree", "loose rock on a slope"),
        ]
    ]
    return wild(
        "capital keys behind a mark with carriage returns",
        {"data.jsonl": b"\xef\xbb\xbf" + "".join(json.dumps(r) + "\r\n" for r in rows).encode()},
        "sft",
        chat("What is a cairn?", "A cairn is a heap of stones."),
        rows=6,
    )


def _finnish_words_hollow() -> Wild:
    good: list[dict[str, Any]] = [
        {"messages": [said("user", f"Translate '{a}' into Finnish."), said("assistant", b)]}
        for a, b in [
            ("house", "talo"),
            ("snow", "lumi"),
            ("bread", "leipä"),
            ("lake", "järvi"),
            ("forest", "metsä"),
            ("island", "saari"),
            ("night", "yö"),
        ]
    ]
    bad: list[dict[str, Any]] = [
        {"messages": []},
        {"messages": None},
        {"messages": [said("user", "Translate 'key' into Finnish."), said("assistant", "")]},
    ]
    return wild(
        "finnish words with three hollow chats", jsonl(good[:4] + bad + good[4:]), "sft", good[0], rows=10, usable=7
    )


def _waste_questions_unnamed() -> Wild:
    rows = [
        (str(i), q, a, "")
        for i, (q, a) in enumerate(
            [
                ("Which day is bin day?", "Tuesday."),
                ("Where goes glass?", "The green container at the square."),
                ("Who collects sofas?", ""),
                ("Is paper weekly?", "No, every other week."),
                ("Can I burn leaves?", "No."),
                ("Where goes paint?", "The depot, on Saturdays."),
                ("What about batteries?", "Any supermarket takes them."),
            ]
        )
    ]
    return wild(
        "waste questions with an unnamed index",
        table(rows, ["", "question", "answer", "Unnamed: 3"], name="waste.csv"),
        "sft",
        chat("Which day is bin day?", "Tuesday."),
        rows=7,
        usable=6,
    )


def _pairs_missing_loser() -> Wild:
    rows: list[dict[str, Any]] = [
        {"prompt": f"Name a {x}.", "chosen": y, "rejected": z}
        for x, y, z in [
            ("conifer", "Larch.", "Oak."),
            ("mammal that flies", "A bat.", "A swift."),
            ("noble gas", "Argon.", "Oxygen."),
            ("reed instrument", "The oboe.", "The horn."),
            ("root vegetable", "Parsnip.", "Chard."),
            ("Greek island", "Naxos.", "Malta."),
            ("cheese", "Comté.", None),
        ]
    ]
    return wild(
        "pairs with a missing loser",
        jsonl(rows),
        "dpo",
        preferred("Name a conifer.", "Larch.", "Oak."),
        rows=7,
        usable=6,
    )


def _legs_torn_line() -> Wild:
    lines = [
        json.dumps({"instruction": f"Count the legs of a {x}.", "output": f"{n}"})
        for x, n in [("spider", 8), ("beetle", 6), ("crab", 10), ("horse", 4), ("heron", 2), ("woodlouse", 14)]
    ]
    lines.insert(2, '{"instruction": "Count the legs of a cent')
    lines.insert(5, "null")
    return wild(
        "legs with a torn line",
        {"legs.jsonl": ("\n".join(lines) + "\n").encode()},
        "sft",
        chat("Count the legs of a spider.", "8"),
        usable=6,
    )


def _travel_months_roles() -> Wild:
    rows: list[dict[str, Any]] = [
        {"id": i, "conversations": c}
        for i, c in enumerate(
            [
                [
                    {"from": "human", "value": "Best month for Lofoten?"},
                    {"from": "gpt", "value": "June for light, March for snow."},
                ],
                [{"from": "user", "value": "And for Madeira?"}, {"from": "assistant", "value": "Any month, really."}],
                [{"from": "human", "value": "Kyoto?"}, {"from": "chatgpt", "value": "November."}],
                [{"from": "human", "value": "Hello?"}],
                [{"from": "human", "value": "Patagonia?"}, {"from": "gpt", "value": "January."}],
                [
                    {"from": "system", "value": "Answer in one word."},
                    {"from": "human", "value": "Iceland?"},
                    {"from": "gpt", "value": "August."},
                ],
                [{"from": "human", "value": "Crete?"}, {"from": "gpt", "value": "October."}],
            ]
        )
    ]
    return wild(
        "travel months with roles of several names",
        array(rows, "travel_sharegpt.json"),
        "sft",
        chat("Best month for Lofoten?", "June for light, March for snow."),
        rows=7,
        usable=6,
    )


def _wo_es_waechst() -> Wild:
    rows: list[dict[str, Any]] = [
        {"frage": f"Wo wächst {x}?", "antwort": f"{x} wächst {y}."}
        for x, y in [
            ("Bärlauch", "in feuchten Wäldern"),
            ("Edelweiß", "im Gebirge"),
            ("Röhricht", "am Ufer"),
            ("Sanddorn", "an der Küste"),
            ("Wermut", "an trockenen Böschungen"),
            ("Hülse", "im Schatten der Buchen"),
        ]
    ]
    return wild(
        "wo es waechst in latin one",
        {"pflanzen.jsonl": "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows).encode("latin-1")},
        "sft",
        chat("Wo wächst Bärlauch?", "Bärlauch wächst in feuchten Wäldern."),
        rows=6,
    )


def _thumbs_words_blank() -> Wild:
    rows: list[dict[str, Any]] = [
        {"question": q, "response": a, "feedback": f}
        for q, a, f in [
            ("Zip of Bern?", "3011 in the old town.", "thumbs_up"),
            ("Zip of Basel?", "No idea.", "thumbs_down"),
            ("Zip of Chur?", "7000.", "thumbs_up"),
            ("Zip of Zug?", "6300.", "thumbs_up"),
            ("Zip of Biel?", "Ask the post.", "thumbs_down"),
            ("Zip of Thun?", "3600.", ""),
            ("Zip of Olten?", "12.", "thumbs_down"),
        ]
    ]
    return wild(
        "thumbs as words with a blank",
        jsonl(rows),
        "kto",
        judged("Zip of Bern?", "3011 in the old town.", True),
        rows=7,
        usable=6,
    )


def _prompts_short_answers() -> Wild:
    rows: list[dict[str, Any]] = [
        {"idx": i, "prompt": p, "answer": a, "difficulty": None, "tags": []}
        for i, (p, a) in enumerate(
            [
                ("Add 19 and 23.", "42"),
                ("Half of 98?", "49"),
                ("Square of 13?", "169"),
                ("Cube of 4?", "64"),
                ("Next prime after 31?", "37"),
                ("How many edges has a cube?", "12"),
            ]
        )
    ]
    return wild(
        "prompts with short answers and null columns",
        jsonl(rows),
        "grpo sft",
        asked("Add 19 and 23.", "42"),
        chat("Add 19 and 23.", "42"),
        rows=6,
        suggests="grpo",
    )


def _polish_tasks_capital() -> Wild:
    rows = [
        (t, c, o)
        for t, c, o in [
            ("Translate to Polish", "cat", "kot"),
            ("Translate to Polish", "water", "woda"),
            ("Name a Polish river", "", "The Vistula"),
            ("Translate to Polish", "good day", "dzień dobry"),
            ("Name a Polish dish", "", "Pierogi"),
            ("Translate to Polish", "train", "pociąg"),
        ]
    ]
    return wild(
        "polish tasks with capital names and spaces",
        table(rows, [" Instruction ", "Input", "OUTPUT "], name="polish.csv"),
        "sft",
        {"messages": [Turn("user", "Translate to Polish", "cat"), said("assistant", "kot")]},
        rows=6,
    )


def _moor_lines_blanks() -> Wild:
    rows: list[dict[str, Any]] = [
        {"text": t}
        for t in [
            "Peat forms where plants cannot rot, about a millimetre in a year.",
            "",
            "A bog breathes: it rises after rain and sinks in dry summers by as much as a hand.",
            "   ",
            "Sundew catches what the soil denies it.",
            "Old roads across the moor were made of split oak laid side by side.",
            "Cotton grass flowers before the cuckoo comes.",
            "Nobody drains a bog twice.",
        ]
    ]
    return wild(
        "moor lines with two blanks", jsonl(rows, "corpus.jsonl"), "cpt", {"text": rows[0]["text"]}, rows=8, usable=6
    )


def _dialetto_train_test() -> Wild:
    phrases = [
        (f"Come si dice '{a}' in dialetto?", f"Si dice '{b}'.")
        for a, b in [
            ("bambino", "putèo"),
            ("forchetta", "piròn"),
            ("sedia", "carèga"),
            ("ragazza", "tosa"),
            ("lavandino", "secèr"),
            ("bicchiere", "goto"),
            ("gatto", "gato"),
            ("bacio", "baso"),
        ]
    ]
    return wild(
        "dialetto in train and test",
        table(phrases[:5], ["domanda", "risposta"], name="train.csv")
        | table(phrases[5:], ["domanda", "risposta"], name="test.csv"),
        "sft",
    )


DIRTY: tuple[Wild, ...] = (
    _capital_keys_mark(),
    _finnish_words_hollow(),
    _waste_questions_unnamed(),
    _pairs_missing_loser(),
    _legs_torn_line(),
    _travel_months_roles(),
    _wo_es_waechst(),
    _thumbs_words_blank(),
    _prompts_short_answers(),
    _polish_tasks_capital(),
    _moor_lines_blanks(),
    _dialetto_train_test(),
    wild(
        "token ids of a packed corpus",
        parquet(
            [
                {
                    "input_ids": [1, 450 + i, 29871, 13, 2],
                    "attention_mask": [1] * 5,
                    "labels": [1, 450 + i, 29871, 13, 2],
                }
                for i in range(8)
            ]
        ),
        "refused",
    ),
    wild(
        "latex pictures with their source",
        parquet(
            [
                {
                    "image": {"bytes": b"\x89PNG\r\n\x1a\n" + bytes([i] * 20), "path": f"{i}.png"},
                    "text": f"\\frac{{{i}}}{{x}}",
                }
                for i in range(6)
            ]
        ),
        "refused",
    ),
    wild(
        "vectors with their ids",
        jsonl([{"id": f"doc-{i}", "embedding": [round(0.01 * (i + k), 3) for k in range(16)]} for i in range(8)]),
        "refused",
    ),
    wild(
        "household meter readings",
        table(
            [[f"2024-01-{d:02d}", f"{1200 + d * 7}.{d}", f"{d % 3}", f"{18 + d % 5}"] for d in range(1, 25)],
            ["date", "kwh", "zone", "celsius"],
            name="meter.csv",
        ),
        "refused",
    ),
    wild(
        "recordings with transcripts",
        {
            "clips/a.wav": b"RIFF"
            + struct.pack("<I", 36)
            + b"WAVEfmt "
            + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
            + b"data"
            + struct.pack("<I", 0)
        }
        | jsonl(
            [
                {"audio": {"path": f"clips/{c}.wav", "sampling_rate": 8000}, "sentence": f"This is clip {c}."}
                for c in "abcdef"
            ],
            "metadata.jsonl",
        ),
        "refused",
    ),
)
"""Ordinary datasets with dirt in them, and what there is nothing to learn from."""
