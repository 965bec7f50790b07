"""`workbench train`: from flags or a recipe file to a running engine.

Owns the order of checks before a run exists: fields, base, data, disk. Must not import the engine.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.cli import asked
from workbench.cli.data import assignments, inspected, local
from workbench.cli.follow import follow, last_error
from workbench.cli.output import Live, print_json
from workbench.core import presets, recipe
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.text import one_line
from workbench.runs import bases, control, hardware, probe, store


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the arguments of `train`."""
    asked.configure(parser, "bundled, a model folder, a run, or scratch", "how the weights move")
    parser.add_argument("--detach", action="store_true", help="return at once; the run goes on by itself")
    parser.add_argument("--dry-run", action="store_true", help="try it: a few real steps, and what they take")
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


def resolve(
    values: Mapping[str, Any], origin: Mapping[str, str], preset_name: str | None, live: Live | None = None
) -> recipe.Resolved:
    """Return the complete recipe for the person's values; checks base and data in probes.

    Datasets of the hub are downloaded; `live` shows how far that is.

    Raises WorkbenchError with the first thing that is wrong.
    """
    values, origin = dict(values), dict(origin)
    live = live or Live(quiet=True)
    data = local(values.get("data", ()), live)
    if not data:
        raise UsageError("There is no data to train on; give --data FILE.")
    values["data"] = data
    preset = presets.find(preset_name) if preset_name else None
    if preset is not None:
        for name in ("method", "tuning"):
            if name not in values:
                values[name], origin[name] = getattr(preset, name), f"preset {preset.name}"
    reference = values.get("base", recipe.BUNDLED)
    root = reference
    if reference != recipe.SCRATCH:
        base = bases.resolve(reference)
        root = base.root
        probe.run_probe("workbench.runs.bases:inspect", {"path": str(base.model_dir)}, seconds=60)
        if not base.run_id and reference != recipe.BUNDLED:
            values["base"] = str(base.model_dir)
        elif base.run_id:
            values["base"] = base.run_id
    found = look(data, values)
    if found["curation"]:
        _follow_plan(found["curation"], values, origin)
    if "method" not in values:
        values["method"] = found["method"]
        origin["method"] = f"derived: {' '.join(found['reasons'])}"
    if "tuning" not in values:
        small = root in (recipe.BUNDLED, recipe.SCRATCH)
        values["tuning"], origin["tuning"] = ("full", "derived: the base is tiny") if small else ("lora", "default")
    if values.get("replay_data") and values["replay_data"] != recipe.SELF_REPLAY:
        values["replay_data"] = local(values["replay_data"], live)
        inspected(values["replay_data"], values["method"], target="preflight")
    if preset is None:
        preset = presets.default_for(values["method"], values["tuning"], root)
    resolved = recipe.resolve(values, preset.values, preset.name)
    return recipe.Resolved(
        resolved.recipe, {**resolved.provenance, **{name: origin.get(name, "chosen") for name in values}}
    )


_OF_A_PLAN = (
    "duplicates", "min_characters", "max_characters", "languages", "quality", "secrets", "decontaminate", "eval_split",
)  # fmt: skip
"""Fields of a recipe that a plan has settled."""


def _follow_plan(curation: Mapping[str, Any], values: dict[str, Any], origin: dict[str, str]) -> None:
    """Take over what a plan says about its rows; raises UsageError when the person says something else."""
    said = [name for name in (*_OF_A_PLAN, "data_weights") if name in values]
    if said:
        raise UsageError(
            f"The plan settles how its rows are curated, so {', '.join(said)} cannot be set; "
            "leave it out, or train on the files themselves."
        )
    values |= {name: curation[name] for name in _OF_A_PLAN}
    origin |= dict.fromkeys(_OF_A_PLAN, "derived: the plan of the data")


def create(resolved: recipe.Resolved) -> store.Run:
    """Create the run of a resolved recipe, not yet started; raises UsageError when this machine cannot do it."""
    wanted = resolved.recipe
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
    """Start a run and follow it, unless asked to let it go on by itself."""
    values, origin = asked.chosen(arguments)
    live = Live(quiet=arguments.json)
    resolved = resolve(values, origin, arguments.preset, live)
    live.clear()
    if arguments.dry_run:
        from workbench.cli import dry

        return dry.run(resolved, live, arguments.json)
    started = create(resolved)
    control.start(started)
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
