"""`workbench train`, and `distill` and `prune`, its forms for one method: from flags or a recipe to a running engine.

Owns the flags and what is said of a run on the way. The checks before it exists are `guide/starting.py`'s.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from workbench.cli import asked
from workbench.cli.follow import follow, last_error
from workbench.cli.output import Live, print_json
from workbench.core import recipe
from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line
from workbench.guide.road import between, what
from workbench.guide.starting import Prepared, create, prepare
from workbench.runs import control, store


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the arguments of `train`, or of the command of one method."""
    if command in recipe.METHODS:
        asked.configure(parser, "bundled, a model folder, or a run", "how the weights move", command)
    else:
        asked.configure(parser, "bundled, a model folder, a run, or scratch", "how the weights move")
    parser.add_argument("--detach", action="store_true", help="return at once; the run goes on by itself")
    parser.add_argument("--dry-run", action="store_true", help="try it: a few real steps, and what they take")
    parser.add_argument("--yes", action="store_true", help="start without asking first on a terminal")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def report(run: store.Run) -> dict[str, Any] | None:
    """Return the run's report, or None while there is none."""
    return json.loads(run.report_path.read_text(encoding="utf-8")) if run.report_path.is_file() else None


def conclude(run: store.Run, status: str, as_json: bool) -> int:
    """Print how a followed run ended and return the exit code, 1 where a full disk has paused it."""
    if status == "failed":
        error = last_error(run) or f"The run {run.id} failed; see {run.console_path}."
        if not as_json:
            raise WorkbenchError(error)
        print_json({"run": run.id, "status": status, "report": report(run), "error": error})
        return 1
    error = last_error(run)
    if as_json:
        print_json({"run": run.id, "status": status, "report": report(run), **({"error": error} if error else {})})
    else:
        print(f"{run.id} is {status}.")
        if status == "done" and run.meta().get("method") in recipe.PUBLISHING:
            from workbench.cli import export

            print(export.handed_over(recipe.load(run.recipe_path).recipe, report(run) or {}))
        elif status == "done" and report(run) is not None:
            from workbench.guide import outcome

            print(outcome.concluded(run))
        made = next((path for name in ("model", "adapter") if (path := run.artifacts_dir / name).is_dir()), None)
        if made is not None and recipe.load(run.recipe_path).recipe.method == "reward":
            print(f"The reward model is in {made}")
        elif made is not None:
            print(f"Talk with it: workbench chat {run.id}\nExport it:    workbench export {run.id} --type Q8_0,Q4_K_M")
        elif status == "paused":
            print(f"Go on with it: workbench resume {run.id}")
    return 1 if status == "paused" and error else 0


def run(arguments: argparse.Namespace) -> int:
    """Start a run and follow it, unless asked to let it go on by itself, to try it first, or not to start at all."""
    values, origin = asked.chosen(arguments)
    live = Live(quiet=arguments.json)
    prepared = prepare(values, origin, arguments.preset, live)
    resolved = prepared.resolved
    live.clear()
    if arguments.dry_run:
        return _tried(prepared, live, arguments.json)
    person = sys.stdin.isatty() and sys.stdout.isatty() and not (arguments.json or arguments.detach)
    if person and not arguments.yes:
        from workbench.cli import offer

        if not offer.accepted(prepared, live):
            print("Nothing was started.")
            return 0
    started = create(resolved)
    control.start(started)
    if not (person or arguments.yes):
        doubt = prepared.plan.reasons[0] if prepared.plan is not None and not prepared.plan.fits else ""
        live.line(f"{doubt} It was started without a question; with --dry-run it is only tried.".strip())
    if arguments.detach:
        print_json({"run": started.id}) if arguments.json else print(
            f"{started.id} is on its way; follow it with: workbench watch {started.id}"
        )
        return 0
    if not arguments.json:
        wanted = resolved.recipe
        doing = f"{what(wanted.method, wanted.tuning)} {between(wanted.tuning)}"
        print(f"{started.id}: {doing} {one_line(wanted.base)}")
        if (why := resolved.provenance["method"]).startswith("derived: "):
            print(f"{wanted.method} because {one_line(why.removeprefix('derived: '))}")
        print("Ctrl-C leaves it running.")
    return watch(started, arguments.json)


def _tried(prepared: Prepared, live: Live, as_json: bool) -> int:
    """Do the dry run and print it; return the exit code."""
    from workbench.cli import dry

    body = dry.run(prepared, live)
    assert prepared.plan is not None, "it was tried"
    if as_json:
        print_json({"steps": prepared.plan.steps, **body})
    else:
        print(dry.printed(body, prepared.plan, prepared.card))
    return 0


def watch(target: store.Run, as_json: bool, attempt: int = 0) -> int:
    """Follow a run to the end of its attempt; Ctrl-C stops following and leaves the run alone."""
    try:
        status = follow(target, quiet=as_json, attempt=attempt)
    except KeyboardInterrupt:
        print(
            f"\n{target.id} goes on by itself; follow it with `workbench watch {target.id}`, "
            f"end it with `workbench stop {target.id}`."
        )
        return 130
    return conclude(target, status, as_json)
