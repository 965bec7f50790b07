"""Wild files: the same few datasets in containers, encodings and arrangements of JSON that people really have.

Owns the bytes. Must not know how the workbench reads them.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile

from tests.data.wild.documents import zipped
from tests.data.wild.table import Wild, array, chat, jsonl, parquet, table, turns, wild
from tests.data.wild.texts import DIALOGUES, GERMAN, QUESTIONS

N = len(QUESTIONS)
PAIRS = [(question, answer) for question, answer, _ in QUESTIONS]
ROWS = [{"question": question, "answer": answer} for question, answer in PAIRS]
TALKS = [{"id": index, "messages": turns(*texts)} for index, texts in enumerate(DIALOGUES)]
FIRST = chat(*PAIRS[0])
TALK = chat(*DIALOGUES[0])
LINES = jsonl(ROWS)["train.jsonl"]
GERMAN_LINES = jsonl({"frage": question, "antwort": answer} for question, answer in GERMAN)["train.jsonl"]


def tarred(files: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return sink.getvalue()


def zstd(content: bytes) -> bytes:
    import zstandard

    return zstandard.ZstdCompressor().compress(content)


def arrow(stream: bool) -> bytes:
    """Return the talks as Arrow, a stream as the hub's cache has it or a file."""
    import pyarrow as pa

    content = pa.Table.from_pylist(TALKS)
    sink = io.BytesIO()
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(sink, content.schema) as writer:
        writer.write_table(content)
    return sink.getvalue()


# fmt: off
FILES: list[Wild] = [
    wild("gzipped lines", {"train.jsonl.gz": gzip.compress(LINES, mtime=0)}, "sft", FIRST, rows=N),
    wild("zstandard lines", {"train.jsonl.zst": zstd(LINES)}, "sft", FIRST, rows=N),
    wild("zip of lines", {"data.zip": zipped({"data/train.jsonl": LINES,
        "__MACOSX/data/._train.jsonl": b"\0\5\x16\7"})}, "sft", FIRST, rows=N),
    wild("tar of lines", {"data.tar.gz": tarred({"data/train.jsonl": LINES})}, "sft", FIRST, rows=N),
    wild("gzipped without a name for it", {"train.jsonl": gzip.compress(LINES, mtime=0)}, "sft", FIRST, rows=N),
    wild("parquet of turns", parquet(TALKS), "sft", TALK, rows=6),
    wild("arrow stream", {"data-00000-of-00001.arrow": arrow(True)}, "sft", TALK, rows=6),
    wild("arrow file", {"data.arrow": arrow(False)}, "sft", TALK, rows=6),
    wild("lines called json", {"train.json": LINES}, "sft", FIRST, rows=N),
    wild("lines called text", {"train.txt": LINES}, "sft", FIRST, rows=N),
    wild("array called jsonl", array(ROWS, "train.jsonl"), "sft", FIRST, rows=N),
    wild("array on one line", {"train.json": json.dumps(ROWS).encode()}, "sft", FIRST, rows=N),
    wild("objects one after another", {"train.json": "\n".join(json.dumps(row, indent=2) for row in ROWS).encode()},
        "sft", FIRST, rows=N),
    wild("lines with blanks and carriage returns", {"train.jsonl": LINES.replace(b"\n", b"\r\n\r\n")}, "sft", FIRST,
        rows=N),
    wild("last line cut off", {"train.jsonl": LINES + b'{"question": "Who cut th'}, "sft", FIRST, rows=N + 1, usable=N),
    wild("lines with a comma each", {"train.jsonl": LINES.replace(b"}\n", b"},\n")}, "sft refused", FIRST),
    wild("rows under data", array({"data": ROWS}), "sft", FIRST, rows=N),
    wild("rows under splits", array({"train": ROWS[:5], "validation": ROWS[5:]}), "sft", FIRST),
    wild("rows under a version and data", array({"version": "0.1.0", "license": "CC0", "data": ROWS}), "sft", FIRST,
        rows=N),
    wild("map of rows", array({f"{i:05d}": row for i, row in enumerate(ROWS)}), "sft", FIRST, rows=N),
    wild("columns", array({"question": [q for q, _ in PAIRS], "answer": [a for _, a in PAIRS]}), "sft", FIRST, rows=N),
    wild("data frame by columns", array({"question": {str(i): q for i, (q, _) in enumerate(PAIRS)},
        "answer": {str(i): a for i, (_, a) in enumerate(PAIRS)}}), "sft", FIRST, rows=N),
    wild("data frame, split", array({"columns": ["question", "answer"], "index": list(range(N)),
        "data": [list(pair) for pair in PAIRS]}), "sft", FIRST, rows=N),
    wild("rows of a dataset viewer", array({"features": [{"feature_idx": 0, "name": "question",
        "type": {"dtype": "string", "_type": "Value"}}, {"feature_idx": 1, "name": "answer",
        "type": {"dtype": "string", "_type": "Value"}}], "rows": [{"row_idx": i, "row": row, "truncated_cells": []}
        for i, row in enumerate(ROWS)], "num_rows_total": N, "num_rows_per_page": 100, "partial": False}), "sft", FIRST,
        rows=N),
    wild("lines with a mark at the start", {"train.jsonl": b"\xef\xbb\xbf" + GERMAN_LINES}, "sft", chat(*GERMAN[0]),
        rows=5),
    wild("lines in utf-16", {"train.jsonl": GERMAN_LINES.decode().encode("utf-16")}, "sft", chat(*GERMAN[0]), rows=5),
    wild("lines in cp1252", {"train.jsonl": GERMAN_LINES.decode().encode("cp1252")}, "sft", chat(*GERMAN[0]), rows=5),
    wild("table in utf-16 with tabs", table(GERMAN, ["Frage", "Antwort"], delimiter="\t", encoding="utf-16",
        name="export.txt"), "sft", chat(*GERMAN[0]), rows=5),
    wild("table with bars", table(PAIRS, ["question", "answer"], delimiter="|"), "sft", FIRST, rows=N),
    wild("table with texts that look like numbers", table(([f"What comes after {i}?", f"00{i + 1}"] for i in range(8)),
        ["question", "answer"]), "sft", chat("What comes after 0?", "001"), rows=8),
    wild("table with words that look empty", table([["Which word means nothing at all?", "None"],
        ["What is the symbol of sodium?", "Na"], ["How do you write no answer?", "NA"],
        ["What is a half true word?", "true"]], ["question", "answer"]), "sft",
        chat("Which word means nothing at all?", "None"), rows=4),
    wild("folder of shards", jsonl(ROWS[:3], "train-00000.jsonl") | jsonl(ROWS[3:], "train-00001.jsonl"), "sft", FIRST,
        rows=N),
    wild("folder as the hub has it", parquet(ROWS, "data/train-00000-of-00001.parquet") | {
        "README.md": b"---\nlicense: cc0-1.0\n---\n# Harbour questions\n\nA small set of questions about a harbour.\n",
        ".gitattributes": b"*.parquet filter=lfs\n"}, "sft", FIRST, rows=N),
    wild("folder of train and test", jsonl(ROWS[:6], "train.jsonl") | jsonl(ROWS[6:], "test.jsonl"), "sft", FIRST,
        chat(*PAIRS[6]), rows=N),
    wild("first rows poorer than the rest", jsonl([{"question": "", "answer": ""}, {"question": None, "answer": None},
        *ROWS]), "sft", FIRST, rows=N + 2, usable=N),
]
# fmt: on
