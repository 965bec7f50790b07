"""Dirty variants, and what there is nothing to learn from.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from typing import Any

from tests.data.wild.fourth_pool import ANSWERS, QUESTIONNAIRE, QUESTIONS, WRONG, human_gpt, messages, plain
from tests.data.wild.table import Has, Wild, array, chat, jsonl, judged, preferred, table, wild

HOLES: list[dict[str, Any]] = [{"instruction": q, "input": "", "output": a} for q, a, _ in QUESTIONNAIRE[:8]]
HOLES[3] = {"output": None, "instruction": QUESTIONS[3], "input": None}
HOLES[5] = {"instruction": "", "input": "", "output": ANSWERS[5]}
HOLES[6]["comment"] = "check this one"

ROLES = [
    ("human", "gpt"),
    ("user", "assistant"),
    ("Human", "GPT"),
    ("user", "chatgpt"),
    ("human", "bot"),
    ("USER", "ASSISTANT"),
]


def _saved() -> dict[str, bytes]:
    import pyarrow as pa

    t = pa.Table.from_pylist(
        [
            {
                "prompt": QUESTIONS[i],
                "chosen": messages(QUESTIONS[i], ANSWERS[i]),
                "rejected": messages(QUESTIONS[i], WRONG[i]),
            }
            for i in range(5)
        ]
    )
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, t.schema) as w:
        w.write_table(t)
    return {
        "data-00000-of-00001.arrow": sink.getvalue(),
        "dataset_info.json": json.dumps(
            {
                "citation": "",
                "description": "",
                "features": {"prompt": {"dtype": "string", "_type": "Value"}},
                "homepage": "",
                "license": "",
            },
            indent=2,
        ).encode(),
        "state.json": json.dumps(
            {
                "_data_files": [{"filename": "data-00000-of-00001.arrow"}],
                "_fingerprint": "a1b2",
                "_format_columns": None,
                "_format_kwargs": {},
                "_format_type": None,
                "_output_all_columns": False,
                "_split": "train",
            },
            indent=2,
        ).encode(),
    }


def _image(colour: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress((b"\x00" + bytes([colour, 0, 0]) * 2) * 2))
        + chunk(b"IEND", b"")
    )


def _tensors() -> dict[str, bytes]:
    head = json.dumps(
        {"lm_head.weight": {"dtype": "F32", "shape": [4, 4], "data_offsets": [0, 64]}, "__metadata__": {"format": "pt"}}
    ).encode()
    return {"model.safetensors": struct.pack("<Q", len(head)) + head + struct.pack("<16f", *[i / 7 for i in range(16)])}


DIRTY: tuple[Wild, ...] = (
    wild(
        "turns with capital keys and a null",
        plain(
            "\r\n".join(
                json.dumps(
                    {
                        "Messages": [
                            {"Role": "User", "Content": QUESTIONS[i]},
                            {"Role": "Assistant", "Content": None if i == 3 else ANSWERS[i]},
                        ],
                        "ID": i,
                    }
                )
                for i in range(6)
            )
            + "\r\n",
            "train.jsonl",
            "utf-8-sig",
        ),
        "sft",
        chat(QUESTIONS[0], ANSWERS[0]),
        rows=6,
        usable=5,
    ),
    wild(
        "the same column twice",
        table(
            [[str(i), QUESTIONS[i], ANSWERS[i], "", "ok"] for i in range(5)],
            ["id", "question", "answer", "answer", "status"],
            name="faq_final_v2.csv",
            encoding="utf-8-sig",
        ),
        "sft",
        chat(QUESTIONS[0], ANSWERS[0]),
        rows=5,
    ),
    wild(
        "alpaca with holes", array(HOLES, "alpaca_mine.json"), "sft", chat(QUESTIONS[0], ANSWERS[0]), rows=8, usable=6
    ),
    wild(
        "pairs of which one lacks its loser",
        jsonl(
            [
                {"prompt": QUESTIONS[i], "chosen": ANSWERS[i]} | ({} if i == 4 else {"rejected": WRONG[i]})
                for i in range(6)
            ]
        ),
        "dpo",
        preferred(QUESTIONS[0], ANSWERS[0], WRONG[0]),
        rows=6,
        usable=5,
    ),
    wild(
        "inputs that are not a number",
        plain(
            "".join(
                f'{{"instruction":{json.dumps(QUESTIONS[i])},"input":NaN,"output":{json.dumps(ANSWERS[i])},'
                f'"score":{("NaN" if i % 2 else "4.5")}}}\n'
                for i in range(5)
            ),
            "df.jsonl",
        ),
        "sft",
        chat(QUESTIONS[0], ANSWERS[0]),
        rows=5,
    ),
    wild(
        "merged talks whose roles differ by row",
        jsonl(
            [
                {"conversations": [{"from": u, "value": QUESTIONS[i]}, {"from": b, "value": ANSWERS[i]}]}
                for i, (u, b) in enumerate(ROLES)
            ],
            "merged.jsonl",
        ),
        "sft",
        chat(QUESTIONS[0], ANSWERS[0]),
        rows=6,
    ),
    wild(
        "japanese questions in shift jis",
        table(
            [
                ["営業時間を教えてください。", "午前九時から午後六時までです。", "店舗"],
                ["返品はできますか。", "十四日以内であれば可能です。", "注文"],
                ["駐車場はありますか。", "建物の裏に二十台分あります。", "店舗"],
                ["送料はいくらですか。", "五千円以上は無料です。", "注文"],
            ],
            ["質問", "回答", "分類"],
            encoding="cp932",
            name="よくある質問.csv",
        ),
        "sft",
        chat("営業時間を教えてください。", "午前九時から午後六時までです。"),
        rows=4,
    ),
    wild(
        "folder as a library saves it to disk", _saved(), "dpo", preferred(QUESTIONS[0], ANSWERS[0], WRONG[0]), rows=5
    ),
    wild(
        "lines encoded twice",
        plain(
            "".join(
                json.dumps(json.dumps({"prompt": QUESTIONS[i], "completion": ANSWERS[i]})) + "\n" for i in range(5)
            ),
            "twice.jsonl",
        ),
        "sft",
        chat(QUESTIONS[0], ANSWERS[0]),
        rows=5,
    ),
    wild(
        "marks of uneven case",
        table(
            [
                [QUESTIONS[i], [ANSWERS, WRONG][i % 2][i], ["Good", "bad", "GOOD", "Bad", "", "BAD "][i]]
                for i in range(6)
            ],
            ["Prompt", "Response", "Rating"],
            name="ratings.csv",
        ),
        "kto",
        judged(QUESTIONS[0], ANSWERS[0], True),
        rows=6,
        usable=5,
    ),
    wild(
        "messages as a program prints them",
        table(
            [[str(i), str(messages(QUESTIONS[i], ANSWERS[i])), "mine"] for i in range(5)],
            ["", "messages", "source"],
            name="df.csv",
        ),
        "sft",
        chat(QUESTIONS[0], ANSWERS[0]),
        rows=5,
    ),
    wild(
        "messages as an array prints them",
        table(
            [["[" + "\n ".join(str(m) for m in messages(QUESTIONS[i], ANSWERS[i])) + "]", str(i)] for i in range(5)],
            ["messages", "score"],
            name="from_parquet.csv",
        ),
        "sft",
        chat(QUESTIONS[0], ANSWERS[0]),
        rows=5,
    ),
    wild(
        "title lines above the header",
        plain(
            "Export of the help desk;;;\r\nDate: 01.02.2024;;;\r\n;;;\r\nNo;Question;Answer;Owner\r\n"
            + "".join(f'{i + 1};"{q}";"{a}";Bo\r\n' for i, (q, a, _) in enumerate(QUESTIONNAIRE[:5])),
            "export.csv",
            "cp1252",
        ),
        "sft",
        chat(QUESTIONS[0], ANSWERS[0]),
        rows=5,
    ),
    wild(
        "two layouts in one folder",
        {
            **array(
                [{"instruction": QUESTIONS[i], "input": "", "output": ANSWERS[i]} for i in range(4)], "a_alpaca.json"
            ),
            **jsonl([{"conversations": human_gpt(QUESTIONS[i], ANSWERS[i])} for i in range(4, 8)], "b_sharegpt.jsonl"),
        },
        "sft",
        chat(QUESTIONS[0], ANSWERS[0]),
        rows=8,
    ),
    wild(
        "markup of pages within cells",
        table(
            [[QUESTIONS[i], "<p>" + ANSWERS[i].replace(". ", ".</p><p>") + "</p>&nbsp;", "2024"] for i in range(5)],
            ["title", "answer_html", "year"],
            name="kb.csv",
        ),
        "sft",
        chat(QUESTIONS[0], Has(ANSWERS[0])),
        rows=5,
    ),
    wild(
        "pictures with their classes",
        {
            **{f"train/{i:04d}.png": _image(i * 40) for i in range(5)},
            **table(
                [[f"{i:04d}.png", str(i % 2)] for i in range(5)], ["file_name", "label"], name="train/metadata.csv"
            ),
        },
        "refused",
    ),
    wild(
        "prices of shares",
        table(
            [
                [f"2024-01-{d:02d}", f"{100 + d}.10", f"{101 + d}.55", f"{99 + d}.00", f"{100 + d}.80", str(120000 + d)]
                for d in range(1, 9)
            ],
            ["Date", "Open", "High", "Low", "Close", "Volume"],
            name="OMF.csv",
        ),
        "refused",
    ),
    wild(
        "tracks of a walk",
        array(
            {
                "type": "FeatureCollection",
                "features": [
                    {
                        "type": "Feature",
                        "geometry": {"type": "LineString", "coordinates": [[8.1 + i / 10, 54.2], [8.2 + i / 10, 54.3]]},
                        "properties": {"id": i, "ele": 3.5},
                    }
                    for i in range(5)
                ],
            },
            "walk.geojson",
        ),
        "refused",
    ),
    wild(
        "films with captions",
        jsonl(
            [
                {
                    "video": f"clips/{i:05d}.mp4",
                    "conversations": [
                        {"from": "human", "value": "<video>\nDescribe the clip."},
                        {"from": "gpt", "value": f"A {n} crosses the yard."},
                    ],
                }
                for i, n in enumerate(["dog", "hen", "cart", "child", "cat"])
            ],
            "train.jsonl",
        ),
        "refused",
    ),
    wild("weights of a model", _tensors(), "refused"),
    wild(
        "manifest of recordings",
        jsonl(
            [
                {"audio_filepath": f"wavs/{i}.wav", "duration": 3.2 + i, "text": t}
                for i, t in enumerate(
                    [
                        "the ferry leaves at nine",
                        "mind the gap at the pier",
                        "high water is at noon",
                        "the fog horn has been mended",
                    ]
                )
            ],
            "train_manifest.json",
        ),
        "refused cpt",
    ),
)
"""Dirty variants, and what there is nothing to learn from."""
