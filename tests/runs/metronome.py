"""A small engine that ticks instead of training, on the real lock, journal, identity, requests and lease.

Owns nothing: it does what `workbench.engine` does, in the same order, without a model. Words in the recipe change it:
`deaf` ignores SIGTERM and requests, `orphan` leaves a child behind that keeps the lock, `fails` fails at once,
`noisy` writes to its console, `queues` waits for the GPU lease, `probes-imports` says where a module would come from.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import select
import signal
import sys
from pathlib import Path

from workbench.core.events import AttemptEnded, AttemptStarted, Phase, Step
from workbench.runs import control, journal, locks, process
from workbench.runs.store import Run

OUTCOME = {"pause": "paused", "stop": "stopped"}


def main() -> None:
    """Tick until asked to end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("run_dir", type=Path)
    parser.add_argument("--lock-fd", type=int, required=True)
    run = Run(parser.parse_args().run_dir)
    words = run.recipe_path.read_text(encoding="utf-8")
    asked = ""

    def hear(_number: int, _frame: object) -> None:
        nonlocal asked
        asked = "stop"

    signal.signal(signal.SIGTERM, signal.SIG_IGN if "deaf" in words else hear)
    writer = journal.Writer(run.events_path)
    attempt = 1 + sum(isinstance(event, AttemptStarted) for event in run.events())
    writer.write(AttemptStarted(attempt=attempt, pid=os.getpid()), durable=True)
    process.write_identity(run.path, process.me(attempt))
    if "orphan" in words and os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            signal.pause()
    if "noisy" in words:
        print("\x1b[31mhello\x1b[0m", sys.stdin.read(), os.getcwd() == str(run.path), flush=True)
    if "probes-imports" in words:
        print("json from", importlib.util.find_spec("json").origin, flush=True)  # type: ignore[union-attr]
        print("evil found", importlib.util.find_spec("evil") is not None, flush=True)
    if "queues" in words:
        lease = locks.take_lease(
            lambda ahead: writer.write(Phase(phase="waiting", detail=str(ahead))),
            lambda: bool(asked or control.pending(run.path)),
        )
        if lease is None:
            writer.write(AttemptEnded(attempt=attempt, outcome=OUTCOME[asked or control.pending(run.path)]))
            return
    writer.write(Phase(phase="training"))
    step, outcome = 0, "failed" if "fails" in words else ""
    while not outcome:
        step += 1
        writer.write(
            Step(step=step, steps=1000, loss=1 / step, learning_rate=0.1, grad_norm=1.0, tokens_per_second=1.0)
        )
        wish = "" if "deaf" in words else asked or control.pending(run.path)
        outcome = OUTCOME.get(wish, "done" if step == 1000 else "")
        select.select([], [], [], 0.01)  # the length of a step
    error = "It was told to fail." if outcome == "failed" else ""
    writer.write(AttemptEnded(attempt=attempt, outcome=outcome, error=error, step=step), durable=True)


if __name__ == "__main__":
    main()
