"""Wild datasets with nothing for a language model of text: pictures, sound, numbers, settings, nothing at all.

Owns their layouts. Must not know how the workbench refuses them.
"""

from __future__ import annotations

import struct
import zlib

from tests.data.wild.table import REFUSED, Wild, array, chat, jsonl, parquet, table, turns, wild
from tests.data.wild.texts import DIALOGUES, QUESTIONS

PAIRS = [(question, answer) for question, answer, _ in QUESTIONS]


def picture() -> bytes:
    """Return a PNG of one grey point."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0\x80")) + chunk(b"IEND", b"")


def pictured(question: str, answer: str, kind: str = "image_url") -> list[dict[str, object]]:
    shown: dict[str, object] = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    if kind == "image":
        shown = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}
    if kind == "input_audio":
        shown = {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}
    return [
        {"role": "user", "content": [{"type": "text", "text": question}, shown]},
        {"role": "assistant", "content": answer},
    ]


def gemini_file(question: str, answer: str) -> list[dict[str, object]]:
    shown = {"fileData": {"mimeType": "image/jpeg", "fileUri": "gs://own/a.jpg"}}
    return [{"role": "user", "parts": [{"text": question}, shown]}, {"role": "model", "parts": [{"text": answer}]}]


# fmt: off
REFUSALS: list[Wild] = [
    wild("llava", array({"id": f"{i}", "image": f"coco/{i:012d}.jpg",
        "conversations": [{"from": "human", "value": f"<image>\n{q}"}, {"from": "gpt", "value": a}]} for i,
        (q, a) in enumerate(PAIRS)), REFUSED),
    wild("openai vision", jsonl({"messages": pictured(q, a)} for q, a in PAIRS), REFUSED),
    wild("anthropic vision", jsonl({"messages": pictured(q, a, "image")} for q, a in PAIRS), REFUSED),
    wild("openai audio", jsonl({"messages": pictured(q, a, "input_audio")} for q, a in PAIRS), REFUSED),
    wild("gemini pictures", jsonl({"contents": gemini_file(q, a)} for q, a in PAIRS), REFUSED),
    wild("swift pictures", jsonl({"messages": turns(f"<image>{q}", a), "images": ["/data/a.png"]} for q, a in PAIRS),
        REFUSED),
    wild("llama-factory videos", array({"messages": turns(f"<video>{q}", a), "videos": ["a.mp4"]} for q, a in PAIRS),
        REFUSED),
    wild("pictures with captions", parquet({"image": {"bytes": picture(), "path": f"{i}.png"}, "caption": q} for i,
        (q, _) in enumerate(PAIRS)), REFUSED),
    wild("visual questions", parquet({"image": {"bytes": picture(), "path": None}, "question": q, "answer": a} for q,
        a in PAIRS), REFUSED),
    wild("speech", parquet({"audio": {"bytes": b"RIFF\x24\0\0\0WAVEfmt ", "path": f"{i}.wav"}, "text": a,
        "speaker_id": i} for i, (_, a) in enumerate(PAIRS)), REFUSED),
    wild("picture preference", parquet({"images": [{"bytes": picture(), "path": None}], "prompt": q, "chosen": a,
        "rejected": b} for q, a, b in QUESTIONS), REFUSED),
    wild("digits", parquet({"image": {"bytes": picture(), "path": None}, "label": i % 10} for i in range(12)), REFUSED),
    wild("folder of pictures", {f"cats/{i}.png": picture() for i in range(3)}, REFUSED),
    wild("flower measurements", table(([f"{5 + i / 10:.1f}", f"{3 + i / 7:.1f}", f"{i % 4}.4", f"{i % 3}"]
        for i in range(20)), ["sepal_length", "sepal_width", "petal_length", "species"]), REFUSED),
    wild("token ids", jsonl({"input_ids": [1, 5 + i, 9, 2], "attention_mask": [1, 1, 1, 1],
        "labels": [-100, 5 + i, 9, 2]} for i in range(8)), REFUSED),
    wild("embeddings", jsonl({"id": i, "embedding": [0.1 * i, -0.2, 0.3]} for i in range(8)), REFUSED),
    wild("an empty file", {"train.jsonl": b""}, REFUSED),
    wild("a header and nothing else", {"train.csv": b"question,answer\r\n"}, REFUSED),
    wild("an empty list", {"train.json": b"[]"}, REFUSED),
    wild("rows without text", jsonl({"question": "", "answer": None} for _ in range(5)), REFUSED),
    wild("a program file that is no data", {"model.safetensors": struct.pack("<Q", 2) + b"{}" + bytes(64)}, REFUSED),
    # Here and there a picture: the rest is of use.
    wild("a picture in one talk", jsonl([*({"messages": turns(*d)} for d in DIALOGUES * 4),
        {"messages": pictured(*PAIRS[0])}]), "sft", chat(*DIALOGUES[0]), rows=25, usable=24),
    wild("empty lists of pictures", jsonl({"messages": turns(*d), "images": [], "audios": None} for d in DIALOGUES),
        "sft", chat(*DIALOGUES[0]), rows=6),
    wild("links to pictures", jsonl({"question": q, "answer": a, "image_url": ""} for q, a in PAIRS), "sft",
        chat(*PAIRS[0]), rows=8),
    wild("talk about images", jsonl({"instruction": f"Describe the image of a harbour in words, version {i}.",
        "input": "", "output": a} for i, (_, a) in enumerate(PAIRS)), "sft",
        chat("Describe the image of a harbour in words, version 0.", PAIRS[0][1]), rows=8),
]
# fmt: on
