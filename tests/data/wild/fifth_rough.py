"""Ordinary datasets with dirt in them, and what there is nothing to learn from.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json
import random
import struct
import zlib

from tests.data.wild.fifth_pool import LAW, MEDICINE
from tests.data.wild.fifth_pool_languages import (
    CHINESE,
    FRENCH,
    GERMAN,
    ITALIAN,
    JAPANESE,
    KOREAN,
    POLISH,
    PORTUGUESE,
    RUSSIAN,
    SPANISH,
)
from tests.data.wild.table import Has, Turn, Wild, array, chat, jsonl, judged, parquet, preferred, table, turns, wild

LINES = [json.dumps({"instruction": q, "input": "", "output": a}, ensure_ascii=False) for q, a in MEDICINE]

WORDS = [
    ("Name a fruit.", "Quince", "Stone"),
    ("Name a tree.", "Alder", "Alder"),
    ("Name a metal.", "Zinc", "Cloth"),
    ("Name a river.", "Loire", ""),
    ("Name a fish.", "Tench", "Bus"),
    ("Name a bird.", "Wren", "Door"),
    ("Name a fabric.", "Tweed", "Soup"),
    ("Name a spice.", "Mace", "Fork"),
]

MIXED = [
    {"prompt": q, "completion": a, "lang": language, "note": n}
    for (q, a), language, n in zip(
        [CHINESE[0], FRENCH[0], RUSSIAN[0], KOREAN[0], JAPANESE[0], POLISH[0], GERMAN[0], SPANISH[0]],
        ["zh", "fr", "ru", "ko", "ja", "pl", "de", "es"],
        [None, "checked", None, None, "", None, "?", None],
        strict=False,
    )
]

CHANCE = random.Random(5)


def _image(number: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress((b"\x00" + bytes([number * 20] * 6)) * 2))
        + chunk(b"IEND", b"")
    )


MARKUP = [
    ("What is a &quot;cold start&quot;?", "<p>It is a start <b>without</b> a warm cache.</p>", "It is a start"),
    ("How do I reset?", "<p>Hold the button for <i>ten</i> seconds &amp; wait.</p>", ""),
    ("Which ports are used?", "<ul><li>80</li><li>443</li></ul>", ""),
    ("Is Linux supported?", "<p>Yes.</p>", ""),
    ("Where are the logs?", "<p>In <code>/var/log</code>.</p>", ""),
    ("Who do I call?", "<p>Nobody, write a ticket.</p>", ""),
]


ROUGH: tuple[Wild, ...] = (
    wild(
        "alpaca lines, one cut off, one without an answer, one null",
        {
            "data.jsonl": "\n".join(
                [
                    LINES[0],
                    LINES[1],
                    LINES[2][:60],
                    LINES[3],
                    json.dumps({"instruction": "What is a stent?", "input": "", "output": ""}),
                    LINES[4],
                    json.dumps({"instruction": None, "input": None, "output": None}),
                    *LINES[5:],
                ]
            ).encode()
            + b"\n"
        },
        "sft",
        chat(*MEDICINE[0]),
        usable=9,
    ),
    wild(
        "messages with a mark at the start, carriage returns and blank lines",
        {
            "chat.jsonl": b"\xef\xbb\xbf"
            + "\r\n\r\n".join(json.dumps({"messages": turns(q, a)}, ensure_ascii=False) for q, a in FRENCH).encode()
            + b"\r\n"
        },
        "sft",
        chat(*FRENCH[0]),
        usable=8,
    ),
    wild(
        "conversations with capital keys and capital roles",
        array(
            (
                {"Id": i, "Conversations": [{"From": "Human", "Value": q}, {"From": "GPT", "Value": a}]}
                for i, (q, a) in enumerate(LAW)
            ),
            "sharegpt_fixed.json",
        ),
        "sft",
        chat(*LAW[0]),
        rows=8,
    ),
    wild(
        "roles with blanks and mixed case",
        jsonl(
            (
                {
                    "messages": [
                        {"role": "SYSTEM", "content": "Antworte kurz."},
                        {"role": "User ", "content": q},
                        {"role": "Assistant", "content": a},
                    ]
                }
                for q, a in GERMAN
            ),
            "chat.jsonl",
        ),
        "sft",
        chat(*GERMAN[0], system="Antworte kurz."),
        rows=10,
    ),
    wild(
        "preferences of which some are equal or empty",
        table(WORDS, ["prompt", "chosen", "rejected"], name="pairs.csv"),
        "dpo",
        preferred(*WORDS[0]),
        rows=8,
        usable=6,
    ),
    wild(
        "sheet with a line naming its separator",
        {
            "export.csv": ("sep=;\r\n" + "Question;Reply;;\r\n" + "".join(f'"{q}";"{a}";;\r\n' for q, a in LAW)).encode(
                "utf-8-sig"
            )
        },
        "sft",
        chat(*LAW[0]),
        usable=8,
    ),
    wild(
        "frame saved with its index and a second unnamed index",
        table(
            [[str(i), str(i), q, a] for i, (q, a) in enumerate(MEDICINE)],
            ["Unnamed: 0.1", "Unnamed: 0", "question", "answer"],
            name="final_v2.csv",
        ),
        "sft",
        chat(*MEDICINE[0]),
        rows=10,
    ),
    wild(
        "three people's files with three spellings of two columns",
        {
            **jsonl(({"question": q, "answer": a} for q, a in SPANISH), "anna.jsonl"),
            **array(({"Question": q, "Answer": a} for q, a in ITALIAN), "bert.json"),
            **table(PORTUGUESE, ["QUESTION", "ANSWER"], name="carla.csv"),
        },
        "sft",
        {"messages": [Turn("user"), Turn("assistant")]},
        usable=20,
    ),
    wild("eight languages with a note for some", jsonl(MIXED, "multi.jsonl"), "sft", chat(*CHINESE[0]), rows=8),
    wild(
        "talks whose last turn is missing here and there",
        array(
            [
                {
                    "id": f"conv_{i}",
                    "conversations": [
                        {"from": "human", "value": q},
                        *([{"from": "gpt", "value": a}] if i not in (2, 5) else []),
                    ],
                }
                for i, (q, a) in enumerate(MEDICINE)
            ],
            "sg.json",
        ),
        "sft",
        chat(*MEDICINE[0]),
        usable=8,
    ),
    wild(
        "lines in latin one with umlauts",
        {
            "fragen.jsonl": "".join(
                json.dumps(
                    {"frage": q, "antwort": a.replace("„", '"').replace("“", '"').replace("€", "Euro")},
                    ensure_ascii=False,
                )
                + "\n"
                for q, a in GERMAN
            ).encode("latin-1")
        },
        "sft",
        chat(GERMAN[0][0], GERMAN[0][1]),
        rows=10,
    ),
    wild(
        "thumbs of which some are missing",
        table(
            [
                [q, a, v]
                for (q, a), v in zip(MEDICINE, ["👍", "👎", "", "👍", "👍", "👎", "", "👍", "👎", "👍"], strict=False)
            ],
            ["user_message", "bot_reply", "feedback"],
            name="feedback.csv",
        ),
        "kto",
        judged(*MEDICINE[0], True),
        usable=8,
    ),
    wild(
        "array with a comma too many and no end",
        {
            "train.json": (
                "[\n" + "".join(json.dumps({"input": q, "output": a}, ensure_ascii=False) + ",\n" for q, a in KOREAN)
            ).encode()
        },
        "sft",
        chat(*KOREAN[0]),
        usable=6,
    ),
    wild(
        "tokenised rows with attention and labels",
        parquet(
            (
                {
                    "input_ids": [CHANCE.randint(5, 32000) for _ in range(24)],
                    "attention_mask": [1] * 24,
                    "labels": [-100] * 8 + [CHANCE.randint(5, 32000) for _ in range(16)],
                }
                for _ in range(12)
            ),
            "tokenized.parquet",
        ),
        "refused",
    ),
    wild(
        "vision talks with pictures as links",
        jsonl(
            (
                {
                    "messages": [
                        {
                            "role": "user",
                            "content": [
                                {"type": "text", "text": f"What does this sign say? ({i})"},
                                {"type": "image_url", "image_url": {"url": f"https://example.com/sign{i}.png"}},
                            ],
                        },
                        {"role": "assistant", "content": w},
                    ]
                }
                for i, w in enumerate(["Exit", "Caution", "Platform 4", "No entry", "Bakery", "Sale"])
            ),
            "vision.jsonl",
        ),
        "refused",
    ),
    wild(
        "vectors of passages by id",
        parquet(
            ({"id": f"p{i}", "embedding": [CHANCE.gauss(0, 1) for _ in range(32)]} for i in range(20)),
            "embeddings.parquet",
        ),
        "refused",
    ),
    wild(
        "readings of sensors by the minute",
        table(
            [
                [
                    f"2024-06-01 00:{i:02d}:00",
                    f"{20 + CHANCE.random():.2f}",
                    f"{50 + 5 * CHANCE.random():.1f}",
                    f"{1000 + i}",
                ]
                for i in range(40)
            ],
            ["timestamp", "temperature", "humidity", "pressure"],
            name="sensors.csv",
        ),
        "refused",
    ),
    wild(
        "folder of photographs by class",
        {f"photos/{k}/{i}.png": _image(i) for k in ("cat", "dog") for i in range(4)},
        "refused",
    ),
    wild(
        "voice clips with their length",
        jsonl(
            (
                {"audio_filepath": f"wavs/utt_{i:04d}.wav", "duration": round(1 + CHANCE.random() * 4, 2), "text": t}
                for i, t in enumerate(
                    ["turn on the light", "what time is it", "stop", "play some jazz", "call home", "louder"]
                )
            ),
            "train_manifest.json",
        ),
        "refused",
    ),
    wild(
        "knowledge base with markup in its cells",
        table([[str(i), q, a] for i, (q, a, _) in enumerate(MARKUP)], ["id", "title", "body"], name="kb.csv"),
        "sft cpt",
        Has("cold start", "without"),
        rows=6,
    ),
)
"""Ordinary datasets with dirt in them, and what there is nothing to learn from."""
