"""What telling near duplicates costs: peak memory and time of curation over many rows, for short and for long texts.

Run by hand: `.venv/bin/python benchmarks/curate_memory.py [--rows 1000000]`. Each line is a process of its own. Memory
is the highest resident memory that no file backs, above what the interpreter has once everything is imported and has
run on one row; the rows are made one by one and not kept. A row in ten is a near duplicate of the one before it.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

WATCHED_EVERY = 0.005
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = ["".join(letters) for letters in itertools.product(_LETTERS, repeat=3)]


def _said(draw: random.Random, words: int) -> list[str]:
    return draw.choices(WORDS, k=words)


def _turn(role: str, words: list[str]) -> dict[str, str]:
    return {"role": role, "content": " ".join(words)}


def _messages(asked: list[str], answer: list[str]) -> dict[str, Any]:
    return {"messages": [_turn("user", asked), _turn("assistant", answer)]}


def _preference(asked: list[str], answer: list[str]) -> dict[str, Any]:
    half = len(answer) // 2
    sides = {"chosen": [_turn("assistant", answer[:half])], "rejected": [_turn("assistant", answer[half:])]}
    return {"prompt": [_turn("user", asked)], **sides}


def _text(asked: list[str], answer: list[str]) -> dict[str, Any]:
    return {"text": " ".join(asked + answer)}


def _one_template(asked: list[str], answer: list[str]) -> dict[str, Any]:
    shared = WORDS[:60]
    return {"messages": [_turn("system", shared), _turn("user", asked), _turn("assistant", ["yes"])]}


MADE: dict[str, Callable[[list[str], list[str]], dict[str, Any]]] = {
    "messages": _messages,
    "preference": _preference,
    "text": _text,
    "one template": _one_template,
}


def rows(kind: str, number: int, words: int) -> Iterator[dict[str, Any]]:
    """Yield rows of a kind, each of about so many words."""
    draw, make = random.Random(0), MADE[kind]
    asked, answer = _said(draw, words // 2), _said(draw, words - words // 2)
    for place in range(number):
        if place % 10 != 9:
            asked, answer = _said(draw, words // 2), _said(draw, words - words // 2)
        else:
            answer[-1] += "!"
        yield make(asked, answer)


def _anonymous() -> int:
    """Return the resident bytes of this process that no file backs."""
    return int(Path("/proc/self/status").read_text().split("RssAnon:")[1].split()[0]) * 1024


def child(kind: str, number: int, words: int) -> None:
    """Curate rows in this process and print what it took."""
    from workbench.data.curate import Curation, Curator

    def curated(number: int) -> int:
        curator = Curator(Curation(duplicates="near", eval_split=0.01))
        for row in rows(kind, number, words):
            curator.add(row, source=0, held_out=False)
        return curator.finish().counts()["left_out"]

    curated(1)
    base = _anonymous()
    peak, done = [base], threading.Event()

    def watch() -> None:
        while not done.wait(WATCHED_EVERY):
            peak[0] = max(peak[0], _anonymous())

    watcher = threading.Thread(target=watch)
    watcher.start()
    started = time.process_time()
    left_out = curated(number)
    seconds = time.process_time() - started
    done.set()
    watcher.join()
    print(json.dumps({"seconds": seconds, "left_out": left_out, "base": base, "peak": peak[0] - base}))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--child", nargs=3, metavar=("KIND", "ROWS", "WORDS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        kind, number, words = arguments.child
        child(kind, int(number), int(words))
        return
    many, some = arguments.rows, arguments.rows // 10
    cases = [(kind, many, 14) for kind in MADE]
    cases += [("messages", some, words) for words in (14, 140, 1400)] + [("text", 3, 2_000_000)]
    print(f"{'rows':<14}{'number':>9}{'words':>9}{'left out':>10}{'seconds':>9}{'base MB':>9}{'peak MB above':>15}")
    for kind, number, words in cases:
        command = [sys.executable, __file__, "--child", kind, str(number), str(words)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout.splitlines()[-1])
        print(
            f"{kind:<14}{number:>9}{words:>9}{found['left_out']:>10}{found['seconds']:>9.1f}"
            f"{found['base'] / 1e6:>9.0f}{found['peak'] / 1e6:>15.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
