"""From a person's values to a run: every check before it exists, then the run, then its engine.

Owns the order of checks: fields, base, data, method. Must not import the engine, nor know who asks.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.core import presets, pruning, quantized, recipe, teaching, templates
from workbench.core.derive import Rows
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.plan import Base, Card, Plan
from workbench.core.presets import Preset
from workbench.guide import glancing, lengths, planning
from workbench.guide.road import Road
from workbench.guide.sources import Quiet, Teller, assignments, inspected, local
from workbench.runs import bases, control, hardware, judges, probe, reward_models, store, teachers


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
    values: Mapping[str, Any], origin: Mapping[str, str], preset_name: str | None, live: Teller | None = None
) -> Prepared:
    """Return the complete recipe for the person's values, by a plan; checks base and data in probes.

    Values that the person did not choose are those of `workbench plan` for the same arguments, with the number of rows
    where a plan had to estimate it. Datasets of the hub are
    downloaded; `live` shows how far that is.

    Raises WorkbenchError with the first thing that is wrong.
    """
    values, origin = dict(values), dict(origin)
    live = live or Quiet()
    data = local(values.get("data", ()), live)
    if not data:
        raise UsageError("There is no data to train on; give --data FILE.")
    values["data"] = data
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(_glanced, dict(values), live)
        preset = planning.begun(values, origin, preset_name)
        reference = values.get("base", recipe.BUNDLED)
        if reference != recipe.SCRATCH:
            found_base = bases.resolve(reference)
            probe.run_probe("workbench.runs.bases:inspect", {"path": str(found_base.model_dir)}, seconds=60)
            if reference != recipe.BUNDLED:
                values["base"] = found_base.run_id or str(found_base.model_dir)
        if values.get("reward_model"):
            judge = reward_models.find(values["reward_model"])
            values["reward_model"] = judge.run_id or str(judge.model_dir)
        if values.get("teacher"):
            values["teacher"] = _teacher(values["teacher"], reference, values.get("on_policy_share"))
        surveyed = look(data, values)
    planning.follow(surveyed["curation"], values, origin)
    found = looking.result()
    if "method" not in values and (found is None or found["method"] != surveyed["method"]):
        # What all rows say counts for more than what some of them say.
        values["method"] = surveyed["method"]
        origin["method"] = f"derived: {' '.join(surveyed['reasons'])}"
        found = _glanced(values, live)
    if values.get("replay_data") and values["replay_data"] != recipe.SELF_REPLAY:
        values["replay_data"] = local(values["replay_data"], live)
        inspected(values["replay_data"], values.get("method", surveyed["method"]), target="preflight")
    found = lengths.settled(found, surveyed) if found is not None else None
    return _planned(values, origin, preset, found, reference)


def _teacher(named: str, base: str, share: Any) -> str:
    """Return a teacher as a recipe names it; raises WorkbenchError for one that the base cannot learn from."""
    own_answers = bool(recipe.checked({"on_policy_share": share or 0})["on_policy_share"])
    if not teaching.writes_only(named):
        folder = teachers.find(named).model_dir
        probe.run_probe("workbench.runs.bases:inspect", {"path": str(folder)}, seconds=60)
    return teachers.named(named, base, own_answers)


def _glanced(values: Mapping[str, Any], live: Teller) -> dict[str, Any] | None:
    """Return what a glance at the data finds; None where a look at all of it has to say what is wrong with it."""
    try:
        return glancing.glanced(values, live)[1]
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
    rows = lengths.of_glance(found, base) if found is not None else None
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
    if wanted.method in recipe.REINFORCING:
        judges.refuse_missing(wanted.rewards)
    if wanted.method == "distill":
        teachers.named(wanted.teacher, wanted.base, bool(wanted.on_policy_share))
    if wanted.method == "prune":
        pruning.target(bases.read_json(bases.resolve(wanted.base).model_dir / "config.json"), wanted)
    about = Path(wanted.data[0]).stem if wanted.data else " ".join(quantized.forms(wanted))
    title = wanted.title or f"{wanted.method} {about}"
    parent = "" if wanted.base in (recipe.BUNDLED, recipe.SCRATCH) else bases.resolve(wanted.base).run_id
    return store.create(
        recipe.to_toml(resolved),
        method=wanted.method,
        tuning=wanted.tuning if wanted.method in recipe.METHODS else "",
        base=wanted.base,
        title=title,
        parent=parent,
    )


def start(road: Road, stop: threading.Event) -> str:
    """Check what was settled on the road, make the run and start its engine; return the run's id.

    Setting `stop` from another thread, while the checks go on, leaves it at that. Raises WorkbenchError with the first
    thing that is wrong; nothing is left behind then.
    """
    resolved = prepare(road.values, {}, road.preset or None).resolved
    if stop.is_set():
        raise UsageError("It was not started.")
    run = create(resolved)
    control.start(run)
    return run.id
