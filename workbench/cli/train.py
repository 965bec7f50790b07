"""`workbench train`: from flags or a recipe file to a running engine.

Owns the order of checks before a run exists: fields, base, data, disk. Must not import the engine.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.cli import asked, planning
from workbench.cli.data import assignments, inspected, local
from workbench.cli.follow import follow, last_error
from workbench.cli.output import Live, print_json
from workbench.cli.plan import glanced
from workbench.core import presets, recipe, templates
from workbench.core.derive import Rows
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.plan import Base, Card, Plan
from workbench.core.presets import Preset
from workbench.core.text import one_line
from workbench.runs import bases, control, hardware, probe, store


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the arguments of `train`."""
    asked.configure(parser, "bundled, a model folder, a run, or scratch", "how the weights move")
    parser.add_argument("--detach", action="store_true", help="return at once; the run goes on by itself")
    parser.add_argument("--dry-run", action="store_true", help="try it: a few real steps, and what they take")
    parser.add_argument("--yes", action="store_true", help="start without asking first on a terminal")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def look(data: tuple[str, ...], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a probe finds in the data for the method, format and columns in `values`.

    Raises WorkbenchError with what to do when nothing in it can be learnt from, or only by a method there is not yet.
    """
    columns = assignments(values.get("data_columns", ()), "--column", "ROLE=NAME", "prompt=question")
    wanted = values.get("method", "")
    found = inspected(data, wanted, values.get("data_format", ""), columns, target="preflight")
    if found["method"] not in recipe.METHODS:
        others = [f"--method {other['method']}: {other['why']}" for other in found["alternatives"]]
        others = [] if found["curation"] else others  # a plan is for its own method alone
        instead = next((text for text in others if text.split(":")[0].split()[-1] in recipe.METHODS), "")
        raise UsageError(
            f"The data suits {found['method'] or 'no method'}, and this version trains {', '.join(recipe.METHODS)}; "
            + (f"you can still use {instead.rstrip('.')}." if instead else "give questions and answers, or articles.")
        )
    return found


@dataclass(frozen=True)
class Prepared:
    """A run that could be made now: its recipe, and the plan that the recipe comes from."""

    resolved: recipe.Resolved
    plan: Plan | None
    """None where the base's configuration says too little to plan with; the values are the preset's then."""
    base: Base | None
    card: Card
    rows: Rows | None
    why: str = ""
    """Why there is no plan."""


def prepare(
    values: Mapping[str, Any], origin: Mapping[str, str], preset_name: str | None, live: Live | None = None
) -> Prepared:
    """Return the complete recipe for the person's values, by a plan; checks base and data in probes.

    Values that the person did not choose are those of `workbench plan` for the same arguments. Datasets of the hub are
    downloaded; `live` shows how far that is.

    Raises WorkbenchError with the first thing that is wrong.
    """
    values, origin = dict(values), dict(origin)
    live = live or Live(quiet=True)
    data = local(values.get("data", ()), live)
    if not data:
        raise UsageError("There is no data to train on; give --data FILE.")
    values["data"] = data
    with ThreadPoolExecutor(1) as pool:
        glancing = pool.submit(_glanced, dict(values), live)
        preset = planning.begun(values, origin, preset_name)
        reference = values.get("base", recipe.BUNDLED)
        if reference != recipe.SCRATCH:
            found_base = bases.resolve(reference)
            probe.run_probe("workbench.runs.bases:inspect", {"path": str(found_base.model_dir)}, seconds=60)
            if reference != recipe.BUNDLED:
                values["base"] = found_base.run_id or str(found_base.model_dir)
        surveyed = look(data, values)
    planning.follow(surveyed["curation"], values, origin)
    found = glancing.result()
    if "method" not in values and (found is None or found["method"] != surveyed["method"]):
        # What all rows say counts for more than what some of them say.
        values["method"] = surveyed["method"]
        origin["method"] = f"derived: {' '.join(surveyed['reasons'])}"
        found = _glanced(values, live)
    if values.get("replay_data") and values["replay_data"] != recipe.SELF_REPLAY:
        values["replay_data"] = local(values["replay_data"], live)
        inspected(values["replay_data"], values.get("method", surveyed["method"]), target="preflight")
    return _planned(values, origin, preset, found, reference)


def _glanced(values: Mapping[str, Any], live: Live) -> dict[str, Any] | None:
    """Return what a glance at the data finds; None where a look at all of it has to say what is wrong with it."""
    try:
        return glanced(values, live)[1]
    except WorkbenchError:
        return None


def _planned(
    values: dict[str, Any], origin: dict[str, str], preset: Preset | None, found: dict[str, Any] | None, reference: str
) -> Prepared:
    """Return what a plan makes of a person's values, or the preset's values where nothing can be planned."""
    card = planning.card_of(device=values.get("device", ""))
    try:
        base = planning.base_of({**values, "base": reference}, preset)
    except UsageError as error:
        tuning = values.setdefault("tuning", "lora")
        origin.setdefault("tuning", "default")
        if "method" not in values and found is not None:
            values["method"], origin["method"] = found["method"], f"derived: {' '.join(found['why'])}"
        start = preset or presets.default_for(values["method"], tuning)
        made = recipe.resolve(values, start.values, start.name)
        told = {name: origin.get(name, "chosen") for name in values}
        return Prepared(recipe.Resolved(made.recipe, {**made.provenance, **told}), None, None, card, None, str(error))
    made_plan = planning.solved(values, origin, base, card, preset, found)
    rows = planning.rows_of(found, base.shape.vocabulary) if found is not None else None
    return Prepared(made_plan.chosen.resolved, made_plan, base, card, rows)


def create(resolved: recipe.Resolved) -> store.Run:
    """Create the run of a resolved recipe, not yet started; raises UsageError when this machine cannot do it."""
    wanted = resolved.recipe
    if wanted.chat_template:
        templates.text(wanted.chat_template)  # it says when there is none of that name
    if wanted.device == "cuda" and not hardware.sample().usable:
        raise UsageError(
            "No NVIDIA card answers, so device cannot be cuda; leave it at auto and see `workbench doctor`."
        )
    title = wanted.title or f"{wanted.method} {Path(wanted.data[0]).stem}"
    parent = "" if wanted.base in (recipe.BUNDLED, recipe.SCRATCH) else bases.resolve(wanted.base).run_id
    return store.create(
        recipe.to_toml(resolved),
        method=wanted.method,
        tuning=wanted.tuning,
        base=wanted.base,
        title=title,
        parent=parent,
    )


def report(run: store.Run) -> dict[str, Any] | None:
    """Return the run's report, or None while there is none."""
    return json.loads(run.report_path.read_text(encoding="utf-8")) if run.report_path.is_file() else None


def conclude(run: store.Run, status: str, as_json: bool) -> int:
    """Print how a followed run ended and return the exit code."""
    if status == "failed":
        error = last_error(run) or f"The run {run.id} failed; see {run.console_path}."
        if not as_json:
            raise WorkbenchError(error)
        print_json({"run": run.id, "status": status, "report": report(run), "error": error})
        return 1
    if as_json:
        error = last_error(run)
        print_json({"run": run.id, "status": status, "report": report(run), **({"error": error} if error else {})})
    else:
        print(f"{run.id} is {status}.")
        if any(path.is_dir() for path in (run.artifacts_dir / "model", run.artifacts_dir / "adapter")):
            print(f"Talk with it: workbench chat {run.id}\nExport it:    workbench export {run.id} --type Q8_0,Q4_K_M")
        elif status == "paused":
            print(f"Go on with it: workbench resume {run.id}")
    return 0


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
        live.line("It was started without a question; with --dry-run it is only tried.")
    if arguments.detach:
        print_json({"run": started.id}) if arguments.json else print(
            f"{started.id} is on its way; follow it with: workbench watch {started.id}"
        )
        return 0
    if not arguments.json:
        wanted = resolved.recipe
        print(f"{started.id}: {wanted.method} ({wanted.tuning}) on {one_line(wanted.base)}")
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
