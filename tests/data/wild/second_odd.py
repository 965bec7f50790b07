"""Datasets in odd layouts: maps, columns, broken lines, logs of messengers, and things not to learn from.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json

from tests.data.wild.second_instructions import pair
from tests.data.wild.second_texts import ARTICLES, CHOICES, FACTS, TALKS
from tests.data.wild.table import REFUSED, Has, Wild, array, chat, jsonl, parquet, table, turns, wild

FIRST = chat(*TALKS[0])
Q, A = FACTS[0]

ODD: tuple[Wild, ...] = (
    wild(
        "map of ids to rows",
        array({f"q{i:04}": {"question": q, "answer": a} for i, (q, a) in enumerate(FACTS)}, "faq_by_id.json"),
        "sft",
        pair(Q, A),
        rows=6,
    ),
    wild("map of questions to answers", array(dict(FACTS), "answers.json"), "sft", pair(Q, A), rows=6),
    wild(
        "columns as arrays",
        array({"question": [q for q, _ in FACTS], "answer": [a for _, a in FACTS]}, "columns.json"),
        "sft",
        pair(Q, A),
        rows=6,
    ),
    wild(
        "intents with patterns",
        array(
            {
                "intents": [
                    {"tag": f"t{i}", "patterns": [q], "responses": [a], "context_set": ""}
                    for i, (q, a) in enumerate(FACTS)
                ]
            },
            "intents.json",
        ),
        "sft",
        pair(Q, A),
    ),
    wild(
        "rows with two broken lines",
        {
            "dump.jsonl": b"\xef\xbb\xbf"
            + b"\r\n".join(
                [json.dumps({"prompt": q, "response": a}).encode() for q, a in FACTS]
                + [b'{"prompt": "cut o', b"not json at all"]
            )
        },
        "sft",
        pair(Q, A),
        rows=8,
        usable=6,
    ),
    wild(
        "objects one after another, second table",
        {"rows.json": "\n".join(json.dumps({"instruction": q, "output": a}, indent=1) for q, a in FACTS).encode()},
        "sft",
        pair(Q, A),
        rows=6,
    ),
    wild(
        "messenger log",
        {
            "chat with Ana.txt": "".join(
                f"12/03/24, 09:{10 * i + n} - {'Ana' if n % 2 else 'Bo'}: {text}\n"
                for i, talk in enumerate(TALKS)
                for n, text in enumerate(talk)
            ).encode()
        },
        "cpt sft",
    ),
    wild(
        "export of a workspace",
        {
            "export/users.json": json.dumps([{"id": "U1", "name": "ana"}, {"id": "U2", "name": "bo"}]).encode(),
            "export/channels.json": json.dumps([{"id": "C1", "name": "general", "members": ["U1", "U2"]}]).encode(),
            "export/general/2024-03-04.json": json.dumps(
                [
                    {"type": "message", "user": f"U{n % 2 + 1}", "text": text, "ts": f"17000000{n}.0001"}
                    for n, text in enumerate(TALKS[0] + TALKS[2])
                ]
            ).encode(),
        },
        "cpt sft",
    ),
    wild(
        "pictures with questions",
        array(
            [
                {
                    "id": f"{i:012}",
                    "image": f"coco/train2017/{i:012}.jpg",
                    "conversations": [{"from": "human", "value": f"<image>\n{q}"}, {"from": "gpt", "value": a}],
                }
                for i, (q, a) in enumerate(FACTS)
            ],
            "llava_instruct_150k.json",
        ),
        REFUSED,
    ),
    wild(
        "typed parts with pictures",
        jsonl(
            [
                {
                    "messages": [
                        {
                            "role": "user",
                            "content": [
                                {"type": "text", "text": q},
                                {"type": "image_url", "image_url": {"url": "https://x.org/a.png"}},
                            ],
                        },
                        {"role": "assistant", "content": a},
                    ]
                }
                for q, a in FACTS
            ]
        ),
        REFUSED,
    ),
    wild(
        "measurements of flowers",
        table(
            [(f"{5 + i / 10}", "3.5", "1.4", f"0.{i}", "setosa") for i in range(8)],
            ("SepalLength", "SepalWidth", "PetalLength", "PetalWidth", "Species"),
        ),
        REFUSED,
    ),
    wild("vectors only", parquet([{"id": i, "embedding": [0.1 * i, 0.2, 0.3]} for i in range(5)]), REFUSED),
    wild("header without rows", {"data.csv": b"question,answer\r\n"}, REFUSED),
    wild(
        "typed text parts",
        jsonl(
            [
                {
                    "messages": [
                        {"role": t["role"], "content": [{"type": "text", "text": t["content"]}]} for t in turns(*talk)
                    ]
                }
                for talk in TALKS
            ]
        ),
        "sft",
        FIRST,
        rows=5,
    ),
    wild(
        "some conversations end with the person",
        jsonl([{"messages": turns(*(talk[:3] if i == 3 else talk))} for i, talk in enumerate(TALKS)]),
        "sft",
        FIRST,
        rows=5,
    ),
    wild(
        "editing tasks with nested source and target",
        jsonl([{"task": "shorten", "src": b, "tgt": b.split(". ")[0] + "."} for _, b in ARTICLES]),
        "sft",
        {"messages": Has(ARTICLES[0][1], "salt traders.")},
        rows=5,
    ),
    wild(
        "batch output of an API",
        jsonl(
            [
                {
                    "id": f"batch_req_{i}",
                    "custom_id": f"r{i}",
                    "response": {
                        "status_code": 200,
                        "body": {
                            "object": "chat.completion",
                            "choices": [{"index": 0, "message": {"role": "assistant", "content": c}}],
                        },
                    },
                    "error": None,
                }
                for i, (_, c, _) in enumerate(CHOICES)
            ],
            "batch_output.jsonl",
        ),
        "cpt refused",
    ),
)
"""Odd layouts."""
