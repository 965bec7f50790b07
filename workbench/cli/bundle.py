"""`workbench bundle` and `workbench reproduce`: a whole ladder as one archive, and the same ladder again from it.

Owns the arguments, the order of the rungs and what is printed.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from workbench.cli.follow import follow, last_error
from workbench.cli.output import Live, figure, print_json, size, table
from workbench.core import best
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.lifecycle import ACTIVE
from workbench.core.paths import expanded
from workbench.core.text import one_line
from workbench.core.units import percent, several
from workbench.guide import bundling, starting, unbundling
from workbench.runs import control, store


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the arguments of `bundle` or `reproduce`."""
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    if command == "bundle":
        parser.add_argument("run", help="the run whose ladder is bundled: it, and every run it rests on")
        parser.add_argument("--out", help="the archive, .tar.gz; named after the run when left out")
        parser.add_argument("--without-data", action="store_true", help="hold the hashes of data files, not the files")
        return
    parser.add_argument("bundle", help="an archive that `workbench bundle` has written")
    parser.add_argument("--base", default="", help="the model the ladder began with, where it is found elsewhere here")
    parser.add_argument("--allow-code", action="store_true", help="let a reward that is a Python file of theirs run")
    parser.add_argument("--data", help="a folder with the data files, for a bundle without them")


def _teller(live: Live) -> Callable[[str, int, int], None]:
    """Return a function that shows how far reading and packing is."""

    def tell(what: str, done: int, total: int) -> None:
        if live.rewrites:
            live.update(f"{what}  {percent(done / total) if total else ''}")

    return tell


def run(arguments: argparse.Namespace) -> int:
    """Write a bundle, or make again what is in one."""
    return _bundle(arguments) if arguments.command == "bundle" else _reproduce(arguments)


def _bundle(arguments: argparse.Namespace) -> int:
    live = Live(quiet=arguments.json)
    run = store.find(arguments.run)
    out = expanded(arguments.out) if arguments.out else Path(f"{run.id}.tar.gz")
    made = bundling.make(run.id, out, with_data=not arguments.without_data, tell=_teller(live))
    live.clear()
    if arguments.json:
        print_json({"bundle": str(out), "bytes": out.stat().st_size, "runs": [step.run for step in made.steps]})
        return 0
    whose = "its" if len(made.steps) == 1 else "their"
    what = f"the hashes of {whose} data" if arguments.without_data else f"{whose} data"
    print(f"{out}: {several(len(made.steps), 'run')} and {what}, {size(out.stat().st_size)}")
    if made.base_hashes and made.base.reference != "bundled":
        print(f"The base {made.base.reference} is not in it, only its hashes: it has to be there, too.")
    print(f"Make it again anywhere: workbench reproduce {out.name}")
    return 0


def _climbed(run: store.Run, live: Live) -> None:
    """Bring a run to its end, from wherever it is; raises WorkbenchError when it does not get there."""
    attempt = 0
    if not run.events_path.exists():
        control.start(run)
    elif run.status() not in (*ACTIVE, "done"):
        attempt = int(run.summary()["attempt"]) + 1
        control.resume(run)
    if run.status() != "done":
        try:
            follow(run, quiet=live.quiet, attempt=attempt, prefix="  ")
        except KeyboardInterrupt:
            live.line(f"{run.id} goes on by itself; the same command goes on from it.")
            raise
    if run.status() != "done":
        raise WorkbenchError(
            f"{last_error(run) or f'The run {run.id} is {run.status()}.'} The same command goes on from here."
        )


def _reproduce(arguments: argparse.Namespace) -> int:
    live = Live(quiet=arguments.json)
    bundle = unbundling.opened(expanded(arguments.bundle))
    if (code := unbundling.code_of(bundle)) and not arguments.allow_code:
        raise UsageError(
            f"The bundle rewards answers with Python of its own ({one_line(', '.join(code), 200)}); read "
            f"{bundle.folder / 'data'} and add --allow-code to let it run in limited processes."
        )
    folder = expanded(arguments.data) if arguments.data else None
    base = unbundling.base_of(bundle, arguments.base, _teller(live))
    live.clear()
    if others := unbundling.differences(bundle):
        live.line(f"Other versions than there, so that figures may differ a little: {', '.join(others)}.")
    made = unbundling.remembered(bundle)
    for number, step in enumerate(bundle.steps, 1):
        if step.run not in made:
            run = starting.create(unbundling.recipe_of(bundle, step, base, made, folder))
            made[step.run] = run.id
            unbundling.remember(bundle, made)
        run = store.find(made[step.run])
        live.line(f"\n{number} of {len(bundle.steps)}: {step.method} as {run.id}, there {one_line(step.run)}")
        _climbed(run, live)
    rows = [(step, store.find(made[step.run])) for step in bundle.steps]
    losses = [(step, run, best.published(run.report()).get("loss")) for step, run in rows]
    if arguments.json:
        told = [
            {"there": step.run, "run": run.id, "held_out_loss_there": step.held_out_loss, "held_out_loss": loss}
            for step, run, loss in losses
        ]
        print_json({"runs": told, "differences": others})
        return 0
    print(
        table(
            ["rung", "run", "held-out loss", "there"],
            [[step.name, run.id, figure(loss, 4), figure(step.held_out_loss, 4)] for step, run, loss in losses],
        )
    )
    return 0
