"""`workbench train`: from flags or a recipe file to a running engine.

Owns the order of checks before a run exists: fields, base, data, disk. Must not import the engine.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.cli.follow import follow, last_error
from workbench.cli.output import print_json
from workbench.core import paths, presets, recipe
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.text import one_line
from workbench.runs import bases, control, hardware, probe, store

DATA_PROBE_SECONDS = 600
"""A probe that reads data is bounded by its size, so it may take its time."""


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the arguments of `train`."""
    parser.add_argument("recipe", nargs="?", type=Path, help="a recipe file; flags and --set win over it")
    parser.add_argument("--base", help="bundled, a model folder, a run, or scratch")
    parser.add_argument("--data", action="append", help="a file or folder of rows; may be given several times")
    parser.add_argument("--method", choices=recipe.METHODS, help="proposed from the data when left out")
    parser.add_argument("--tuning", choices=recipe.TUNINGS, help="how the weights move")
    parser.add_argument("--preset", help="start from this preset instead of the one for method and tuning")
    parser.add_argument("--title", help="a short name for the run")
    parser.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help="set any recipe field by its name"
    )
    parser.add_argument("--detach", action="store_true", help="return at once; the run goes on by itself")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def assignments(pairs: list[str]) -> dict[str, Any]:
    """Return FIELD=VALUE pairs as a mapping; raises UsageError for a pair without "="."""
    values = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"--set wants FIELD=VALUE, not {pair!r}; for example --set max_steps=100.")
        values[name.strip()] = value.strip()
    return values


def _chosen(arguments: argparse.Namespace) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the person's values and where each comes from: recipe file, then flags, then --set."""
    values: dict[str, Any] = {}
    origin: dict[str, str] = {}
    if arguments.recipe is not None:
        stored, provenance = recipe.from_toml(_text(arguments.recipe), str(arguments.recipe))
        values |= stored
        origin |= {name: provenance.get(name, f"recipe {arguments.recipe.name}") for name in stored}
    flags = {name: getattr(arguments, name) for name in ("base", "data", "method", "tuning", "title")}
    for source in ({name: value for name, value in flags.items() if value is not None}, assignments(arguments.set)):
        checked = recipe.checked(source)
        values |= checked
        origin |= dict.fromkeys(checked, "chosen")
    return values, origin


def _text(path: Path) -> str:
    """Return the text of a recipe file; raises UsageError when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"The recipe {path} cannot be read: {error.strerror}; check the path.") from None
    except UnicodeDecodeError:
        raise UsageError(f"The recipe {path} is not UTF-8 text; save it as UTF-8.") from None


def inspect_data(paths: list[str] | tuple[str, ...], method: str) -> dict[str, Any]:
    """Return what a limited child process found in the data; raises WorkbenchError with what is wrong with it."""
    found = probe.run_probe(
        "workbench.data.load:preflight", {"paths": list(paths), "method": method}, seconds=DATA_PROBE_SECONDS
    )
    assert isinstance(found, dict)
    return found


def _propose_method(data: tuple[str, ...]) -> tuple[str, str]:
    """Return the method that can learn from the data, and why; raises WorkbenchError when none can."""
    try:
        inspect_data(data, "sft")
    except UsageError as unfit:
        try:
            inspect_data(data, "cpt")
        except WorkbenchError:
            raise unfit from None
        return "cpt", "derived: the rows are articles"
    return "sft", "derived: the rows are questions and answers"


def resolve(values: Mapping[str, Any], origin: Mapping[str, str], preset_name: str | None) -> recipe.Resolved:
    """Return the complete recipe for the person's values; checks base and data in probes.

    Raises WorkbenchError with the first thing that is wrong.
    """
    values, origin = dict(values), dict(origin)
    data = tuple(str(paths.expanded(path).resolve()) for path in values.get("data", ()))
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
    if "method" in values:
        inspect_data(data, values["method"])
    else:
        values["method"], origin["method"] = _propose_method(data)
    if "tuning" not in values:
        small = root in (recipe.BUNDLED, recipe.SCRATCH)
        values["tuning"], origin["tuning"] = ("full", "derived: the base is tiny") if small else ("lora", "default")
    if values.get("replay_data"):
        values["replay_data"] = tuple(str(paths.expanded(path).resolve()) for path in values["replay_data"])
        inspect_data(values["replay_data"], values["method"])
    if preset is None:
        preset = presets.default_for(values["method"], values["tuning"], root)
    resolved = recipe.resolve(values, preset.values, preset.name)
    return recipe.Resolved(
        resolved.recipe, {**resolved.provenance, **{name: origin.get(name, "chosen") for name in values}}
    )


def create(resolved: recipe.Resolved) -> store.Run:
    """Create the run of a resolved recipe, not yet started; raises UsageError when this machine cannot do it."""
    wanted = resolved.recipe
    if wanted.device == "cuda" and not hardware.read().gpus:
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
    values, origin = _chosen(arguments)
    resolved = resolve(values, origin, arguments.preset)
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
