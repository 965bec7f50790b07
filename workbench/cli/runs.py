"""`workbench runs` and the verbs of a run's life: watch, pause, resume, stop, kill, discard.

Owns their arguments and what they print. Must not know how a request reaches an engine.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from workbench.cli.output import figure, print_json, table
from workbench.cli.train import watch
from workbench.core.errors import UsageError
from workbench.core.events import AttemptStarted
from workbench.runs import control, store

VERBS: dict[str, Callable[[store.Run], str | None]] = {
    "pause": control.pause,
    "stop": control.stop,
    "kill": control.kill,
}

GLYPHS = {
    "queued": "○",
    "running": "●",
    "pausing": "●",
    "paused": "◐",
    "stopping": "●",
    "stopped": "◐",
    "done": "✓",
    "failed": "✗",
    "lost": "✗",
    "stuck": "▲",
}


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the arguments of one of the verbs."""
    if command != "runs":
        parser.add_argument("run", help="a run: its name, a part of it that is unique, or last")
    if command == "resume":
        parser.add_argument("--detach", action="store_true", help="return at once; the run goes on by itself")
    if command == "discard":
        parser.add_argument("--yes", action="store_true", help="delete without asking")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def _list(as_json: bool) -> int:
    """Print every run, newest first."""
    summaries = [found.summary() for found in store.list_runs()]
    if as_json:
        print_json({"runs": summaries})
        return 0
    if not summaries:
        print("There are no runs yet; `workbench demo` makes the first ones.")
        return 0
    rows = [
        [
            s["run"],
            f"{GLYPHS[s['status']]} {s['status']}",
            s["method"],
            s["tuning"],
            s["base"],
            f"{s['step']}/{s['steps']}" if s["steps"] else "–",
            figure(s["loss"], 3),
            # A student's is mixed with its teacher's, and would look better than any other run's beside it.
            "–" if s["method"] in ("distill", "prune") else figure(s["eval_loss"], 3),
        ]
        for s in summaries
    ]
    print(table(["run", "status", "method", "tuning", "base", "step", "last loss", "held out"], rows))
    return 0


def _attempts(found: store.Run) -> int:
    """Return how many attempts the run's journal has."""
    return sum(isinstance(event, AttemptStarted) for event in found.events())


def _resume(found: store.Run, arguments: argparse.Namespace) -> int:
    """Start a new attempt and follow it unless asked not to."""
    attempt = _attempts(found) + 1
    control.resume(found)
    if arguments.detach:
        print_json({"run": found.id}) if arguments.json else print(
            f"{found.id} goes on; follow it with: workbench watch {found.id}"
        )
        return 0
    return watch(found, arguments.json, attempt)


def _discard(found: store.Run, arguments: argparse.Namespace) -> str:
    """Delete a run after asking; return what happened."""
    if not arguments.yes:
        if arguments.json:
            raise UsageError("discard deletes the run for good; with --json it needs --yes.")
        try:
            answer = input(f"Delete {found.id} and everything in it? [y/N] ")
        except EOFError:  # nobody is there to answer
            print()
            answer = ""
        if answer.strip().lower() not in ("y", "yes"):
            return "nothing was deleted"
    control.discard(found)
    return "discarded"


def run(arguments: argparse.Namespace) -> int:
    """Carry out one verb."""
    if arguments.command == "runs":
        return _list(arguments.json)
    found = store.find(arguments.run)
    if arguments.command == "watch":
        return watch(found, arguments.json, max(1, _attempts(found)))
    if arguments.command == "resume":
        return _resume(found, arguments)
    if arguments.command == "discard":
        happened = _discard(found, arguments)
    else:
        happened = VERBS[arguments.command](found) or f"{arguments.command} requested"
    if arguments.json:
        print_json({"run": found.id, "happened": happened, "status": "" if happened == "discarded" else found.status()})
    else:
        print(f"{found.id}: {happened}")
    return 0
