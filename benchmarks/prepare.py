"""What preparing rows costs: our encoding of conversations and articles against `datasets.map` tokenising their text.

Run by hand: `.venv/bin/python benchmarks/prepare.py [--megabytes 100] [--model FOLDER]`. Each side is a process of its
own on one core, with one thread in the tokenizer; they take turns. `datasets.map(batched=True)` is given the text with
the chat template already applied and calls the tokenizer on it, as its documentation has it; ours begins with files and
does all a run does before training: reading, conversion, exact duplicates, template, masks, tokens on the disk. Seconds
are the processor's, memory is the peak of the resident memory that no file backs.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import string
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

ROUNDS = 2
VOCABULARY = 32_000


def _words() -> list[str]:
    """Return words of which the common ones are short, as in a language."""
    draw = random.Random(0)
    return ["".join(draw.choices(string.ascii_lowercase, k=draw.randint(2, 9))) for _ in range(30_000)]


def write(folder: Path, size: int) -> None:
    """Write rows of conversations and of articles, each file of about `size` bytes."""
    draw, words = random.Random(1), _words()
    weights = [1.0 / (rank + 5) for rank in range(len(words))]

    def said(low: int, high: int) -> str:
        text = " ".join(draw.choices(words, weights, k=draw.randint(low, high)))
        return f"{text.capitalize()}."

    with (folder / "chats.jsonl").open("wb") as file:
        while file.tell() < size:
            turns: list[dict[str, str]] = []
            for _ in range(draw.choice((1, 1, 2, 2, 4))):
                turns += [{"role": "user", "content": said(5, 40)}, {"role": "assistant", "content": said(20, 120)}]
            file.write(orjson.dumps({"messages": turns}) + b"\n")
    with (folder / "texts.jsonl").open("wb") as file:
        while file.tell() < size:
            file.write(orjson.dumps({"text": "\n\n".join(said(60, 120) for _ in range(draw.randint(1, 8)))}) + b"\n")


def make_tokenizer(folder: Path) -> None:
    """Train a byte-level tokenizer with the vocabulary of a real one and save it with a ChatML template."""
    from workbench.engine.scratch import train_tokenizer

    draw, words = random.Random(2), _words()
    weights = [1.0 / (rank + 5) for rank in range(len(words))]
    texts = (" ".join(draw.choices(words, weights, k=200)) for _ in range(20_000))
    train_tokenizer(texts, VOCABULARY).save_pretrained(folder / "model")


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for line in file:
            yield orjson.loads(line)


def ours(kind: str, folder: Path, model: Path) -> dict[str, Any]:
    """Prepare a file as a run does and return tokens and seconds."""
    from workbench.core.recipe import Recipe
    from workbench.data.rows import of_recipe
    from workbench.engine.examples import Writer
    from workbench.engine.masks import ChatEncoder
    from workbench.engine.prepare import encode_chats, encode_texts
    from workbench.engine.tokenizer import load_tokenizer

    tokenizer = load_tokenizer(model)
    started = time.process_time()
    method = "sft" if kind == "chats" else "cpt"
    found = of_recipe(Recipe(method=method, data=(str(folder / f"{kind}.jsonl"),), eval_split=0.0))
    read = time.process_time() - started
    writer = Writer(folder / f"prepared-{kind}-{os.getpid()}")
    if kind == "chats":
        made = encode_chats(ChatEncoder(tokenizer, None), found.train(), 4096, writer)
    else:
        made = encode_texts(tokenizer, found.train(), 4096, writer)
    return {"tokens": made.tokens, "seconds": time.process_time() - started, "first_pass": read}


def encoding(kind: str, folder: Path, model: Path) -> dict[str, Any]:
    """Encode canonical rows, without conversion and duplicates."""
    from workbench.engine.examples import Writer
    from workbench.engine.masks import ChatEncoder
    from workbench.engine.prepare import encode_chats, encode_texts
    from workbench.engine.tokenizer import load_tokenizer

    tokenizer = load_tokenizer(model)
    rows = _rows(folder / f"{kind}.jsonl")
    writer = Writer(folder / f"encoded-{kind}-{os.getpid()}")
    started = time.process_time()
    if kind == "chats":
        made = encode_chats(ChatEncoder(tokenizer, None), rows, 4096, writer)
    else:
        made = encode_texts(tokenizer, rows, 4096, writer)
    return {"tokens": made.tokens, "seconds": time.process_time() - started}


def theirs(kind: str, folder: Path, model: Path) -> dict[str, Any]:
    """Tokenise the same text with `datasets.map` and return tokens and seconds of that alone."""
    import datasets
    from transformers import AutoTokenizer

    datasets.disable_progress_bars()
    tokenizer = AutoTokenizer.from_pretrained(model, local_files_only=True)
    rows = list(_rows(folder / f"{kind}.jsonl"))
    if kind == "chats":
        texts = tokenizer.apply_chat_template([row["messages"] for row in rows], tokenize=False)
    else:
        texts = [row["text"] for row in rows]
    table = datasets.Dataset.from_dict({"text": texts})
    del rows, texts
    table.save_to_disk(str(folder / f"text-{kind}-{os.getpid()}"))
    table = datasets.load_from_disk(str(folder / f"text-{kind}-{os.getpid()}"))

    def tokenise(batch: dict[str, list[str]]) -> dict[str, Any]:
        return tokenizer(batch["text"])

    started = time.process_time()
    made = table.map(tokenise, batched=True, remove_columns=["text"], keep_in_memory=False)
    seconds = time.process_time() - started
    import pyarrow.compute

    lengths = pyarrow.compute.list_value_length(made.data["input_ids"])
    return {"tokens": pyarrow.compute.sum(lengths).as_py(), "seconds": seconds}


SIDES: dict[str, Callable[[str, Path, Path], dict[str, Any]]] = {
    "datasets.map, tokenising alone": theirs,
    "workbench, encoding rows": encoding,
    "workbench, from file to tokens": ours,
}


def _watch_memory(peak: list[int]) -> None:
    """Keep the highest resident memory of this process that no file backs, in bytes."""
    while True:
        status = Path("/proc/self/status").read_text()
        peak[0] = max(peak[0], int(status.split("RssAnon:")[1].split()[0]) * 1024)
        time.sleep(0.02)


def child(side: str, kind: str, folder: Path, model: Path) -> None:
    """Run one side in this process and print what it measured."""
    peak = [0]
    if Path("/proc/self/status").exists():
        threading.Thread(target=_watch_memory, args=(peak,), daemon=True).start()
    measured = SIDES[side](kind, folder, model)
    peak[0] = peak[0] or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({**measured, "peak": peak[0]}))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--folder", default=None, help="where to write the rows")
    parser.add_argument("--model", type=Path, default=None, help="a model folder whose tokenizer is used")
    parser.add_argument("--child", nargs=3, metavar=("SIDE", "KIND", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        side, kind, folder = arguments.child
        child(side, kind, Path(folder), arguments.model)
        return
    environment = os.environ | {
        "RAYON_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
    }
    pinned = ["taskset", "-c", "0"] if sys.platform == "linux" else []
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        write(Path(folder), arguments.megabytes * 1_000_000)
        if arguments.model is None:
            make_tokenizer(Path(folder))
        model = arguments.model or Path(folder) / "model"
        print(f"{arguments.megabytes} MB of each kind, one core, best of {ROUNDS}")
        print(f"{'what':<40}{'rows':>8}{'Mtok/s':>9}{'ratio':>8}{'peak MB':>9}")
        for kind in ("chats", "texts"):
            best: dict[str, dict[str, Any]] = {}
            for _ in range(ROUNDS):
                for side in SIDES:
                    command = [*pinned, sys.executable, __file__, "--model", str(model), "--child", side, kind, folder]
                    done = subprocess.run(command, env=environment, check=True, capture_output=True)
                    measured = json.loads(done.stdout.splitlines()[-1])
                    if side not in best or measured["seconds"] < best[side]["seconds"]:
                        best[side] = measured
            bare = next(iter(best.values()))
            for side, measured in best.items():
                speed = measured["tokens"] / measured["seconds"] / 1e6
                ratio = speed / (bare["tokens"] / bare["seconds"] / 1e6)
                print(f"{side:<40}{kind:>8}{speed:>9.3f}{ratio:>8.2f}{measured['peak'] / 1e6:>9.0f}")


if __name__ == "__main__":
    main()
