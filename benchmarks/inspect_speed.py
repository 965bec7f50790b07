"""What looking at a gigabyte costs: `workbench inspect` against a bare orjson loop over the same file.

Run by hand: `.venv/bin/python benchmarks/inspect_speed.py [--gigabytes 1] [--folder /tmp]`. Both are whole processes
that take turns over the same warm file; memory is the highest sum of the resident sizes of a command's processes.
"""

from __future__ import annotations

import argparse
import json
import random
import string
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson
import psutil

ROUNDS = 3
COMMON = ["the", "of", "and", "to", "in", "is", "that", "it", "was", "for", "on", "are", "with", "as", "at"]
BARE = "import sys, orjson\nfor line in open(sys.argv[1], 'rb'): orjson.loads(line)"


def write(path: Path, size: int) -> int:
    """Write conversations of one to four exchanges, about a kilobyte a row, and return how many."""
    draw = random.Random(0)
    words = ["".join(draw.choices(string.ascii_lowercase, k=draw.randint(2, 9))) for _ in range(20_000)]
    words += COMMON * 200
    rows = 0
    with path.open("wb") as file:
        while file.tell() < size:
            turns = []
            for _ in range(draw.choice((1, 1, 2, 2, 4))):
                turns.append({"role": "user", "content": " ".join(draw.choices(words, k=draw.randint(5, 40)))})
                turns.append({"role": "assistant", "content": " ".join(draw.choices(words, k=draw.randint(20, 120)))})
            row = {"id": rows, "messages": turns, "meta": {"source": "made", "turns": len(turns)}}
            file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
            rows += 1
    return rows


def measured(command: list[str]) -> tuple[float, int, bytes]:
    """Return seconds, peak bytes of memory and output of a command."""
    started = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    watched, peak = psutil.Process(child.pid), 0
    while child.poll() is None:
        total = 0
        try:
            for process in [watched, *watched.children(recursive=True)]:
                total += process.memory_info().rss
        except psutil.Error:
            pass
        peak = max(peak, total)
        try:
            child.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
    seconds = time.perf_counter() - started
    assert child.stdout is not None
    return seconds, peak, child.stdout.read()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=1.0)
    parser.add_argument("--folder", default=None)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        path = Path(folder) / "messages.jsonl"
        rows = write(path, int(arguments.gigabytes * 1e9))
        inspect = [sys.executable, "-m", "workbench", "inspect", str(path), "--json"]
        commands = {
            "bare orjson loop": [sys.executable, "-c", BARE, str(path)],
            "workbench inspect": inspect,
            "the same on one core": ["taskset", "-c", "0", *inspect],
        }
        best: dict[str, tuple[float, int]] = {}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                seconds, peak, out = measured(command)
                if name != "bare orjson loop":
                    found = json.loads(out)
                    assert found["rows"] == found["usable"] == rows, found["rows"]
                before = best.get(name, (seconds, 0))
                best[name] = (min(before[0], seconds), max(before[1], peak))
        bare = best["bare orjson loop"][0]
        print(f"{path.stat().st_size / 1e9:.2f} GB, {rows} rows, {psutil.cpu_count()} cores, best of {ROUNDS}")
        print(f"{'what':<24}{'seconds':>9}{'ratio':>8}{'peak MB':>9}")
        for name, (seconds, peak) in best.items():
            print(f"{name:<24}{seconds:>9.2f}{seconds / bare:>8.2f}{peak / 1e6:>9.0f}")


if __name__ == "__main__":
    main()
