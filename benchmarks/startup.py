"""What starting costs: the command line against a bare interpreter, and the memory of a run that waits for the GPU.

Run by hand: `.venv/bin/python benchmarks/startup.py`. Times are the best of several, as ratios within one run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REPEATS = 15


def best(command: list[str]) -> float:
    """Return the shortest of several runs of a command, in seconds."""
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - started)
    return min(times)


def waiting_engine() -> int:
    """Return the resident memory, in bytes, of an engine that waits for a lease somebody else holds."""
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"XDG_DATA_HOME": f"{home}/data", "XDG_STATE_HOME": f"{home}/state"}
        from workbench.runs import locks, store

        lease = locks.take_lease(on_wait=lambda ahead: None, give_up=lambda: False)
        assert lease is not None
        data = ROOT / "assets" / "data" / "questions.jsonl"
        command = [sys.executable, "-m", "workbench", "train", "--base", "bundled", "--data", str(data)]
        started = subprocess.run([*command, "--detach", "--json"], check=True, capture_output=True, text=True)
        run = store.find(json.loads(started.stdout)["run"])
        while run.status() != "queued" or not (run.path / "process.json").is_file():
            time.sleep(0.05)
        pid = json.loads((run.path / "process.json").read_text())["pid"]
        status = Path(f"/proc/{pid}/status").read_text()
        subprocess.run([sys.executable, "-m", "workbench", "kill", run.id], check=True, capture_output=True)
        return int(status.split("VmHWM:")[1].split()[0]) * 1024


def main() -> None:
    """Print the table."""
    bare = best([sys.executable, "-c", "pass"])
    version = best([sys.executable, "-m", "workbench", "--version"])
    cli = best([sys.executable, "-c", "import workbench.cli"])
    print(f"{'what':<40}{'ms':>8}{'ratio':>8}")
    for name, seconds in (("python -c pass", bare), ("import workbench.cli", cli), ("workbench --version", version)):
        print(f"{name:<40}{seconds * 1000:>8.0f}{seconds / bare:>8.2f}")
    print(f"{'memory of a waiting engine':<40}{waiting_engine() / 2**20:>8.1f} MiB")


if __name__ == "__main__":
    main()
