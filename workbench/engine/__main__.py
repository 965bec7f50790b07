"""One attempt of one run, from taking over its lock to the last event in its journal.

Owns the order of the first and the last things: lock, identity, journal, GPU lease, and the outcome. Must not import
torch or anything that does before the lease is held: a queued run is a parked process of this module, and it is small.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from workbench import __version__
from workbench.core.errors import NoSpaceError, WorkbenchError
from workbench.core.events import AttemptEnded, AttemptStarted
from workbench.core.recipe import load as load_recipe
from workbench.engine import startup
from workbench.engine.reporter import Reporter, unforeseen
from workbench.engine.requests import Interrupted, Requests
from workbench.runs import hardware, locks, process
from workbench.runs.store import Run


def _work(run: Run, reporter: Reporter, requests: Requests) -> str:
    """Wait for the GPU, then do the run's work; return the outcome."""
    lease = locks.take_lease(
        on_wait=lambda ahead: reporter.phase("waiting", f"{ahead} run{'s' if ahead != 1 else ''} ahead in the queue"),
        give_up=lambda: bool(requests.pending()),
    )
    if lease is None:
        raise Interrupted(requests.pending())
    processes = load_recipe(run.recipe_path).recipe.num_processes
    if processes > 1:
        from workbench.engine import ranks

        return ranks.perform(run, processes, reporter, requests)
    # One process trains on one card; with several in sight the stack would spread a batch over all of them.
    os.environ[hardware.VISIBLE] = hardware.training_card()
    from workbench.engine import session

    return session.perform(run, reporter, requests)


def attempt(run_dir: Path, lock_fd: int | None) -> int:
    """Run one attempt in `run_dir` and return the exit code: 0 for done, paused or stopped, 1 for failed."""
    run = Run(run_dir)
    fd = locks.acquire(run.lock_path) if lock_fd is None else lock_fd
    if fd is None:
        print(f"The run {run.id} is already being worked on by another process.", file=sys.stderr)
        return 1
    reporter = Reporter(run.events_path)
    number = 1 + sum(isinstance(event, AttemptStarted) for event in run.events())
    reporter.write(AttemptStarted(attempt=number, pid=os.getpid(), workbench=__version__), durable=True)
    requests = Requests(run_dir, reporter)
    outcome, error = "failed", ""
    try:
        # After the journal: whoever sees this process named finds its attempt begun.
        process.write_identity(run_dir, process.me(number))
        outcome = _work(run, reporter, requests)
    except Interrupted as interrupted:
        outcome = interrupted.outcome
    except NoSpaceError as full:
        outcome = "paused"
        reporter.notice("error", "no_space", str(full))
    except WorkbenchError as known:
        error = str(known)
    except BaseException as unknown:
        import traceback

        traceback.print_exc()
        error = unforeseen(unknown)
    if error:
        reporter.notice("error", "failed", error)
    reporter.write(AttemptEnded(attempt=number, outcome=outcome, error=error, step=reporter.step_reached), durable=True)
    return int(outcome == "failed")


def main() -> int:
    """Parse the command line an engine is launched with."""
    parser = argparse.ArgumentParser(prog="python -m workbench.engine")
    parser.add_argument("run_dir", type=Path)
    parser.add_argument("--lock-fd", type=int)
    arguments = parser.parse_args()
    startup.hasten()
    return attempt(arguments.run_dir.resolve(), arguments.lock_fd)


if __name__ == "__main__":
    sys.exit(main())
