"""One of several processes that train together: `python -m workbench.engine.rank RUN_DIR FILE`, under the launcher.

Owns this process's place in the team and its last word to the engine that leads the attempt. Must not take locks or
write the attempt's beginning and end: the leader does. Its stdin is the writing end of a pipe to the leader: the last
word goes out there, and the leader knows by the pipe's end that nobody is left.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workbench.core.errors import NoSpaceError, WorkbenchError
from workbench.core.recipe import load as load_recipe
from workbench.engine import lifeline, startup
from workbench.engine.layout import RanOut
from workbench.engine.ranks import PARENT
from workbench.engine.reporter import Reporter, unforeseen
from workbench.engine.requests import Interrupted, Requests
from workbench.runs.store import Run


class _Follower(Requests):
    """Leaves it to the first process to see a request, so that all of them act on it at the same step."""

    def pending(self) -> str:
        """Return "", whatever is asked."""
        return ""


def _leader() -> int:
    """Return the descriptor of the pipe to the leader, which no child inherits; stdin is empty from now on."""
    leader = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return leader


def _train(run: Run, reporter: Reporter, requests: Requests, meeting_point: Path) -> str:
    """Join the others, do the run's work with them, and return the outcome."""
    from workbench.engine import load, session, team

    team.join(load.machine(load_recipe(run.recipe_path).recipe).device, meeting_point)
    return session.perform(run, reporter, requests)


def work(run: Run, meeting_point: Path, is_first: bool) -> tuple[dict[str, Any], int]:
    """Return this process's last word and its exit code.

    The word is {"outcome"}, {"no_space"}, {"out_of_memory"} or {"error"}, each with "step"; an exit code other than 0
    makes the launcher end the other processes.
    """
    reporter = Reporter(run.events_path if is_first else None)
    requests = Requests(run.path, reporter) if is_first else _Follower(run.path, reporter)
    # Only the launcher signals this process, to end it because another one failed: requests come as files.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    word: dict[str, Any]
    code = 1
    try:
        word = {"outcome": _train(run, reporter, requests, meeting_point)}
        code = 0
    except Interrupted as interrupted:
        word = {"outcome": interrupted.outcome}
    except NoSpaceError as full:
        word = {"no_space": asdict(full)}
    except RanOut as out:
        word = {"out_of_memory": out.step, "can_offload": out.can_offload}
    except WorkbenchError as known:
        word = {"error": str(known)}
    except BaseException as unknown:
        traceback.print_exc()
        word = {"error": unforeseen(unknown)}
    reporter.close()
    return {**word, "step": reporter.step_reached}, code


def main() -> int:
    """Parse the command line a process of the team is started with, do its share, and say how it ended."""
    lifeline.die_with_parent(int(os.environ[PARENT]))
    startup.hasten()
    parser = argparse.ArgumentParser(prog="python -m workbench.engine.rank")
    parser.add_argument("run_dir", type=Path)
    parser.add_argument("meeting_point", type=Path)
    arguments = parser.parse_args()
    leader = _leader()
    rank = int(os.environ["LOCAL_RANK"])
    word, code = work(Run(arguments.run_dir), arguments.meeting_point, rank == 0)
    if rank == 0 or code:
        os.write(leader, json.dumps({"rank": rank, **word}).encode() + b"\n")
    sys.stdout.flush()
    return code


if __name__ == "__main__":
    # Nothing is left to do, and what the libraries do at exit takes seconds and can wait for the others.
    os._exit(main())
