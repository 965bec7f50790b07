"""What a plan costs: the command's wall time beside a bare interpreter's, and the arithmetic alone in microseconds.

Run by hand: `.venv/bin/python benchmarks/plan.py [--repeats 20]`. The commands take turns, so that whatever else the
machine does meets all of them; the shortest of each is the figure, the median says how busy the machine was, and the
processor time of parent and child together hardly depends on that. Bytecode is there, as after a first plan.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from workbench.core import plan
from workbench.core.demand import Demand
from workbench.core.derive import Rows
from workbench.core.memory import GIB, estimate
from workbench.core.units import count
from workbench.runs import base_facts

ROOT = Path(__file__).resolve().parents[1]
BASE = "Qwen/Qwen3-8B"
FEW, MANY = 300, 1_000_000
CALLS = 200


def write(path: Path, rows: int) -> str:
    """Write a file of so many short conversations and return its name."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            turns = [
                {"role": "user", "content": f"How far is it from stone {number} to the next?"},
                {"role": "assistant", "content": f"From stone {number} it is {number % 977} steps."},
            ]
            file.write(json.dumps({"messages": turns}) + "\n")
    return str(path)


def spent() -> float:
    """Return the processor time, in seconds, of all children that have ended."""
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found.ru_utime + found.ru_stime


def seconds(commands: dict[str, list[str]], repeats: int, home: str) -> dict[str, tuple[list[float], list[float]]]:
    """Return name → (wall times, processor times) of commands that take turns, without the first round."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env |= {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": f"{home}/bytecode"}
    env |= {f"XDG_{kind}_HOME": f"{home}/{kind.lower()}" for kind in ("DATA", "STATE", "CONFIG", "CACHE")}
    times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in commands}
    for _ in range(repeats + 1):
        for name, command in commands.items():
            started, before = time.perf_counter(), spent()
            subprocess.run(command, check=True, capture_output=True, env=env, cwd=home)
            times[name][0].append(time.perf_counter() - started)
            times[name][1].append(spent() - before)
    return {name: (wall[1:], busy[1:]) for name, (wall, busy) in times.items()}


def microseconds(call: Callable[[], object]) -> float:
    """Return the median time of a call that has been made before."""
    call()
    times = []
    for _ in range(CALLS):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1e6


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=20)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as home:
        asked = [sys.executable, "-m", "workbench", "plan", "--base", BASE, "--gpu-memory", "24GiB"]
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "plan without data": [*asked, "--method", "sft"],
            f"plan, {FEW} rows": [*asked, "--data", write(Path(home, "few.jsonl"), FEW)],
            f"plan, {count(MANY)} rows": [*asked, "--data", write(Path(home, "many.jsonl"), MANY)],
        }
        times = seconds(commands, repeats, home)
    shortest = min(times["python -c pass"][0])
    print(f"{'':<28}{'best ms':>9}{'median ms':>11}{'times bare':>12}{'processor ms':>14}")
    for name, (wall, busy) in times.items():
        told = f"{min(wall) * 1e3:>9.0f}{statistics.median(wall) * 1e3:>11.0f}{min(wall) / shortest:>12.1f}"
        print(f"{name:<28}{told}{min(busy) * 1e3:>14.0f}")

    base = base_facts.of_reference(BASE)
    rows = Rows(rows=10_000, about=False, mean=350.0, p50=250, p90=800, p99=1400, longest=6000, articles=False)
    card = plan.Card("a card", 24 * GIB, 24 * GIB)
    demand = Demand(tuning="qlora", batch=2, length=2048, packing=True, checkpointing=True)
    print(f"\n{'arithmetic':<28}{'median µs':>9}")
    print(f"{'memory.estimate':<28}{microseconds(lambda: estimate(base.shape, demand)):>9.0f}")
    print(f"{'plan.solve':<28}{microseconds(lambda: plan.solve(base, rows, card, 'sft', {})):>9.0f}")


if __name__ == "__main__":
    main()
