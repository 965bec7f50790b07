"""What looking at a gigabyte costs: `workbench inspect` against a bare orjson loop over the same file.

Run by hand: `.venv/bin/python benchmarks/inspect_speed.py [--gigabytes 1] [--folder /tmp]`. Both are whole processes
that take turns over the same warm file. Memory is the highest sum of the proportional set sizes of a command's
processes, in which a page that several of them share counts once; it is taken in a run of its own.

Measured on two cores of an EPYC with other work on the machine, 1.00 GB, 760332 rows: bare orjson 1.69 s and inspect
1.99 s, 1.17 times as long (best of 3), at most 245 MB; 1.72 s and 1.93 s, 1.13 times, in another series (best of 6).
"""

from __future__ import annotations

import argparse
import contextlib
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


def timed(command: list[str]) -> tuple[float, bytes]:
    """Return seconds and output of a command."""
    started = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return time.perf_counter() - started, done.stdout


def peak_memory(command: list[str]) -> int:
    """Return the peak memory of a command and its children in bytes."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    watched, peak = psutil.Process(child.pid), 0
    while child.poll() is None:
        total = 0
        for process in [watched, *watched.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                total += process.memory_full_info().pss
        peak = max(peak, total)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(0.01)
    return peak


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
        best: dict[str, float] = {}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                seconds, out = timed(command)
                if name != "bare orjson loop":
                    found = json.loads(out)
                    assert found["rows"] == found["usable"] == rows, found["rows"]
                best[name] = min(best.get(name, seconds), seconds)
        bare = best["bare orjson loop"]
        print(f"{path.stat().st_size / 1e9:.2f} GB, {rows} rows, {psutil.cpu_count()} cores, best of {ROUNDS}")
        print(f"{'what':<24}{'seconds':>9}{'ratio':>8}{'peak MB':>9}")
        for name, seconds in best.items():
            print(f"{name:<24}{seconds:>9.2f}{seconds / bare:>8.2f}{peak_memory(commands[name]) / 1e6:>9.0f}")


if __name__ == "__main__":
    main()
