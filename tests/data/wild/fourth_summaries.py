"""Datasets of tasks on texts: summaries, labels, corrections.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json

from tests.data.wild.fourth_pool import BODIES, LONG_BODIES, TITLES, plain
from tests.data.wild.table import Has, Turn, Wild, chat, jsonl, parquet, table, wild

DIALOGUE = (
    "#Person1#: Have you seen the keys?\n#Person2#: They hang by the door.\n#Person1#: Thanks, I am late for the ferry."
)

SUMMARIES: tuple[Wild, ...] = (
    wild(
        "dialogues with a topic",
        table(
            [
                [
                    f"train_{i}",
                    DIALOGUE.replace("keys", w),
                    f"#Person1# looks for the {w} and #Person2# tells where they hang.",
                    f"lost {w}",
                ]
                for i, w in enumerate(["keys", "gloves", "scissors", "boots"])
            ],
            ["id", "dialogue", "summary", "topic"],
            name="train.csv",
        ),
        "sft",
        chat(Has(DIALOGUE), "#Person1# looks for the keys and #Person2# tells where they hang."),
        rows=4,
    ),
    wild(
        "articles of science with abstracts",
        jsonl([{"article": LONG_BODIES[i], "abstract": BODIES[i].split(". ")[0] + "."} for i in range(5)]),
        "sft",
        {"messages": [Turn("user", LONG_BODIES[0]), Turn("assistant", BODIES[0].split(". ")[0])]},
        rows=5,
    ),
    wild(
        "news of several papers",
        parquet(
            [
                {"document": BODIES[i] + " ||||| " + BODIES[i + 1], "summary": "– " + BODIES[i].split(". ")[0] + "."}
                for i in range(5)
            ]
        ),
        "sft",
        {"messages": [Turn("user", BODIES[0], BODIES[1]), Turn("assistant", BODIES[0].split(". ")[0])]},
        rows=5,
    ),
    wild(
        "posts with a summary and a normalised body",
        jsonl(
            [
                {
                    "author": "raysofdarkmatter",
                    "body": BODIES[i] + " TL;DR: " + TITLES[i],
                    "normalizedBody": BODIES[i] + " TL;DR: " + TITLES[i],
                    "subreddit": "history",
                    "subreddit_id": "t5_x",
                    "id": f"c{i}",
                    "content": BODIES[i],
                    "summary": TITLES[i],
                }
                for i in range(5)
            ],
            "corpus-webis-tldr-17.json",
        ),
        "sft",
        chat(Has(BODIES[0]), TITLES[0]),
        rows=5,
    ),
    wild(
        "chapters of books with summaries",
        table(
            [
                [
                    str(1000 + i),
                    "all_chapterized_books/x-chapters/1.txt",
                    f"Book {i}.chapter {i}",
                    BODIES[i],
                    json.dumps({"name": "Chapter 1"}),
                    TITLES[i] + " is told.",
                    "",
                    "gradesaver",
                ]
                for i in range(4)
            ],
            ["bid", "book_path", "book_id", "chapter", "summary", "summary_text", "summary_analysis", "source"],
            name="booksum_train.csv",
        ),
        "sft",
        chat(Has(BODIES[0]), TITLES[0] + " is told."),
        rows=4,
    ),
    wild(
        "emotions with the text of the label",
        jsonl(
            [
                {"text": t, "label": line, "label_text": n}
                for t, line, n in [
                    ("i feel so calm after the swim", 1, "joy"),
                    ("i cannot believe they sold the old boat", 3, "anger"),
                    ("i miss the smell of her kitchen", 0, "sadness"),
                    ("i am scared of the attic at night", 4, "fear"),
                    ("i am delighted with the new stove", 1, "joy"),
                ]
            ],
            "train.jsonl",
        ),
        "sft",
        chat(Has("i feel so calm after the swim"), "joy"),
        rows=5,
    ),
    wild(
        "reviews with five stars",
        jsonl(
            [
                {
                    "rating": float(r),
                    "title": t,
                    "text": x,
                    "images": [],
                    "asin": f"B0{i}",
                    "parent_asin": f"B0{i}",
                    "user_id": "AH",
                    "timestamp": 1588687728923,
                    "helpful_vote": 0,
                    "verified_purchase": True,
                }
                for i, (r, t, x) in enumerate(
                    [
                        (
                            5,
                            "Such a lovely kettle",
                            "It boils fast, looks good and has not leaked once in half a year.",
                        ),
                        (1, "Broke", "The handle came off on the second day and nobody answered my mails."),
                        (3, "Fine", "It does what it should, but the cable is much too short for my kitchen."),
                        (4, "Good value", "For the price I am content, although the lid is a little loose."),
                    ]
                )
            ],
            "Appliances.jsonl",
        ),
        "sft cpt",
        {"messages": [Turn("user", "It boils fast"), Turn("assistant", "5")]},
        {"messages": [Turn("user"), Turn("assistant", "It boils fast")]},
        {"text": Has("It boils fast")},
        rows=4,
    ),
    wild(
        "intents of an assistant in many languages",
        jsonl(
            [
                {
                    "id": str(i),
                    "locale": "de-DE",
                    "partition": "train",
                    "scenario": s,
                    "intent": n,
                    "utt": u,
                    "annot_utt": u,
                    "worker_id": "1",
                }
                for i, (s, n, u) in enumerate(
                    [
                        ("alarm", "alarm_set", "weck mich diese woche um fünf uhr morgens auf"),
                        ("iot", "iot_hue_lightchange", "mach das licht im flur heller"),
                        ("play", "play_music", "spiel etwas von den alten meistern"),
                        ("weather", "weather_query", "regnet es morgen in husum"),
                    ]
                )
            ],
            "de-DE.jsonl",
        ),
        "sft",
        {"messages": [Turn("user", "weck mich diese woche um fünf uhr morgens auf"), Turn("assistant", "alarm")]},
        rows=4,
    ),
    wild(
        "phrases of the bank with at signs",
        plain(
            "".join(
                f"{s}@{line}\n"
                for s, line in [
                    ("The company's net sales rose to 12.2 million euros .", "positive"),
                    ("According to the report no changes are planned .", "neutral"),
                    ("Profit fell by 9 % against the same quarter .", "negative"),
                    ("The new plant will employ 200 people .", "positive"),
                    ("The shares closed where they had opened .", "neutral"),
                ]
            ),
            "Sentences_AllAgree.txt",
            "latin-1",
        ),
        "sft cpt",
        chat(Has("The company's net sales rose to 12.2 million euros ."), "positive"),
        {"text": Has("The company's net sales rose")},
    ),
    wild(
        "corrections of fluency",
        jsonl(
            [
                {"sentence": s, "corrections": c}
                for s, c in [
                    (
                        "So I think we can not live if old people could not find sciences .",
                        [
                            "So I think we could not live if old people had not found the sciences .",
                            "I think we could not live if older people did not develop science .",
                        ],
                    ),
                    ("He go to the harbour every days .", ["He goes to the harbour every day ."]),
                    (
                        "The boats is white and have two mast .",
                        ["The boats are white and have two masts .", "The boat is white and has two masts ."],
                    ),
                    ("I am agree with you .", ["I agree with you ."]),
                ]
            ]
        ),
        "sft",
        chat(
            Has("So I think we can not live if old people could not find sciences ."),
            "So I think we could not live if old people had not found the sciences .",
        ),
        {"messages": [Turn("user", "So I think we can not live"), Turn("assistant", "So I think we could not live")]},
    ),
    wild(
        "editing with a task, source and target",
        jsonl(
            [
                {"_id": str(i), "task": "gec", "src": s, "tgt": t}
                for i, (s, t) in enumerate(
                    [
                        ("Fix the grammar: She have two cat.", "She has two cats."),
                        ("Remove all grammatical errors: It rain since monday.", "It has been raining since Monday."),
                        (
                            "Make it simpler: The edifice was erected subsequent to the conflagration.",
                            "The house was built after the fire.",
                        ),
                        ("Paraphrase: The shop is shut.", "The store is closed."),
                    ]
                )
            ],
            "train.jsonl",
        ),
        "sft",
        chat("Fix the grammar: She have two cat.", "She has two cats."),
        rows=4,
    ),
)
"""Datasets of tasks on texts: summaries, labels, corrections."""
