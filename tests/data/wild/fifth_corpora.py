"""Popular corpora, in their true columns.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import gzip
import json

from tests.data.wild.fifth_pool import PROGRAMS, town
from tests.data.wild.fifth_pool_talks import PAIRS
from tests.data.wild.table import Has, Wild, chat, jsonl, parquet, preferred, wild

TOWN_ARTICLES = [town(i, 3) for i in range(14)]

PLAY = "".join(
    f"{a}:\n{line}\n\n"
    for a, line in [
        ("First Citizen", "Before we proceed any further, hear me speak."),
        ("All", "Speak, speak."),
        ("First Citizen", "You are all resolved rather to starve than to share the mill?"),
        (
            "MENENA",
            "What work's, my countrymen, in hand? where go you\nWith bats and clubs? The matter? speak, I pray you.",
        ),
        (
            "Second Citizen",
            "Our business is not unknown to the bench of elders; they have had inkling this fortnight what "
            "we intend to do.",
        ),
    ]
    * 6
)

QUOTES = [
    ("Be yourself; the queue for everyone else is long.", "O. Wilder", ["be-yourself", "honesty"]),
    ("A reader lives a thousand lives; a collector dusts them.", "G. Marlow", ["books"]),
    ("Fear is a room with the light off.", "A. Tern", ["fear", "light"]),
    ("Nothing is so tiring as a task put off.", "W. Jamison", ["work"]),
    ("The sea does not reward haste.", "A. Morrow", ["patience"]),
    ("One small step is still a step.", "N. Arm", ["courage"]),
]

LOGGED = [
    [
        "hi, write a cover letter for a bakery job",
        "Dear hiring team,\n\nthe smell of your street at five in the morning is the reason I apply.",
        "shorter",
        "I bake, I rise early, I would love to join you.",
    ],
    ["traduis 'library' en français", "« bibliothèque »"],
    ["what's 15% of 80", "12"],
    ["Напиши синонимы к слову «быстро»", "Скоро, стремительно, живо, проворно."],
    ["plot idea for a short story in a lift", "Two rivals stuck between floors must agree on which button to press."],
    ["fix: i has went home", "I have gone home."],
]

STORIES = [
    f"Once upon a time, there was a little {a} named {n}. {n} loved to {v}. One day it rained and {n} "
    f'could not go out. "I am sad," said {n}. Mom gave {n} a big {g}, and they played inside until the '
    "sun came back.\n\nThe end."
    for a, n, v, g in [
        ("bear", "Bo", "climb", "box"),
        ("girl", "Lily", "sing", "drum"),
        ("frog", "Fred", "jump", "pillow"),
        ("car", "Zip", "race", "ramp"),
        ("cat", "Mimi", "nap", "blanket"),
        ("boy", "Tim", "draw", "paper"),
        ("bird", "Kiki", "fly", "kite"),
        ("dog", "Max", "dig", "bone"),
    ]
]

CORPORA: tuple[Wild, ...] = (
    wild(
        "encyclopedia with id, url, title and text",
        parquet(
            {"id": str(i + 12), "url": f"https://en.wikipedia.org/wiki/{t}", "title": t, "text": x}
            for i, (t, x) in enumerate(TOWN_ARTICLES)
        ),
        "cpt",
        {"text": Has(TOWN_ARTICLES[0][1])},
        rows=14,
    ),
    wild(
        "educational web pages with scores",
        parquet(
            {
                "text": x,
                "id": f"<urn:uuid:{i:08d}>",
                "dump": "CC-MAIN-2024-10",
                "url": "https://example.com/a",
                "file_path": "s3://commoncrawl/x.warc.gz",
                "language": "en",
                "language_score": 0.95,
                "token_count": 220,
                "score": 3.2,
                "int_score": 3,
            }
            for i, (_, x) in enumerate(TOWN_ARTICLES)
        ),
        "cpt",
        {"text": TOWN_ARTICLES[0][1]},
        rows=14,
    ),
    wild(
        "crawled colossal pages gzipped with a timestamp",
        {
            "c4-train.00000-of-01024.json.gz": gzip.compress(
                "".join(
                    json.dumps({"text": x, "timestamp": "2019-04-25T12:57:54Z", "url": "https://klyq.com/" + t}) + "\n"
                    for t, x in TOWN_ARTICLES
                ).encode()
            )
        },
        "cpt",
        {"text": TOWN_ARTICLES[0][1]},
        rows=14,
    ),
    wild("plays in one text for a tiny model", {"input.txt": PLAY.encode()}, "cpt"),
    wild(
        "quotes with author and tags",
        jsonl(({"quote": f"“{q}”", "author": a, "tags": t} for q, a, t in QUOTES), "quotes.jsonl"),
        "cpt sft",
        Has("Be yourself"),
        rows=6,
    ),
    wild(
        "source files of github with licence and size",
        parquet(
            {
                "code": c,
                "repo_name": f"user{i}/tools",
                "path": f"src/m{i}.{line[:2]}",
                "language": line.capitalize(),
                "license": "mit",
                "size": len(c),
            }
            for i, (_, c, line) in enumerate(PROGRAMS)
        ),
        "cpt",
        {"text": Has(PROGRAMS[0][1])},
        rows=12,
    ),
    wild(
        "safe answers of two models with better and safer ids",
        jsonl(
            (
                {
                    "prompt": q,
                    "response_0": r if i % 2 == 0 else c,
                    "response_1": c if i % 2 == 0 else r,
                    "prompt_source": "Alpaca-7B",
                    "response_0_source": "Alpaca-7B",
                    "response_1_source": "Alpaca2-7B",
                    "is_response_0_safe": True,
                    "is_response_1_safe": True,
                    "response_0_severity_level": 0,
                    "response_1_severity_level": 0,
                    "better_response_id": 1 if i % 2 == 0 else 0,
                    "safer_response_id": 1 if i % 2 == 0 else 0,
                }
                for i, (q, c, r) in enumerate(PAIRS)
            ),
            "train.jsonl",
        ),
        "dpo",
        preferred(*PAIRS[0]),
        rows=9,
    ),
    wild(
        "chats in the wild with model, moderation and language",
        parquet(
            {
                "conversation_hash": f"{i:032x}",
                "model": "gpt-3.5-turbo-0301",
                "timestamp": "2023-04-09T00:02:53",
                "conversation": [
                    {
                        "content": t,
                        "language": "English",
                        "redacted": False,
                        "role": "assistant" if k % 2 else "user",
                        "toxic": False,
                    }
                    for k, t in enumerate(c)
                ],
                "turn": len(c) // 2,
                "language": "English",
                "openai_moderation": [{"categories": {"harassment": False, "hate": False}, "flagged": False}],
                "toxic": False,
                "redacted": False,
            }
            for i, c in enumerate(LOGGED)
        ),
        "sft",
        chat(*LOGGED[0]),
        rows=6,
    ),
    wild(
        "little stories divided by end of text",
        {"TinyStoriesV2-GPT4-valid.txt": "\n<|endoftext|>\n".join(STORIES).encode() + b"\n<|endoftext|>\n"},
        "cpt",
        {"text": STORIES[0]},
        rows=8,
    ),
)
"""Popular corpora, in their true columns."""
