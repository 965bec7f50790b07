"""From a person's values to a plan: preset, base, card and rows, and what each of them is taken from.

Owns the order in which they are settled. Must not know flags, words for people, or how data is looked at.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from workbench.core import pace, plan, presets, pruning, recipe
from workbench.core.errors import UsageError
from workbench.core.plan import Base, Card, Plan, Traces
from workbench.core.presets import Preset
from workbench.guide import lengths
from workbench.runs import base_facts, measured

if TYPE_CHECKING:
    from workbench.runs.hardware import Reading


def card_of(
    memory: int | None = None, name: str | None = None, device: str = "", reading: Reading | None = None
) -> Card:
    """Return the card a run would go to: the one with most free memory, else the processor.

    Or one that is asked for, by its memory in bytes, by its name, or by both; `device` is what the recipe has for it.
    Raises UsageError for a name nobody knows.
    """
    if memory is not None:
        return Card(name or "the card asked for", memory, memory)
    if name is not None:
        total = pace.known(name)[1] << 30
        if not total:
            raise UsageError(
                f"Nothing is known of a card {name!r}; give its memory with --gpu-memory, or a name with one of "
                f"{', '.join(pace.CARDS)} in it."
            )
        return Card(name, total, total)
    from workbench.runs import hardware, host  # of no use to a plan for another card

    reading = reading or hardware.sample()
    proposed = hardware.propose(reading.usable)
    if proposed is None or device == "cpu":
        here = reading.host
        return Card("", here.memory_free_bytes or 0, here.memory_total_bytes or 0, bf16=host.fast_bf16())
    gpu = proposed.gpu
    free = (gpu.free_bytes or 0) + _given_back(gpu.uuid)
    return Card(gpu.name, free, gpu.total_bytes or 0, reading.host.memory_free_bytes or None)


def _given_back(uuid: str) -> int:
    """Return the bytes of a card that running runs of ours hold: a new run waits until they have left."""
    from workbench.runs import hardware, locks, process, store

    if not locks.is_held(locks.lease_path()):
        return 0
    known = [process.read_identity(run.path) for run in store.list_runs()]
    ours = {pid for who in known if who is not None and process.is_alive(who) for pid in process.group_members(who)}
    held = [card.processes or () for card in hardware.survey().cards if card.gpu.uuid == uuid]
    return sum(one.used_bytes or 0 for processes in held for one in processes if one.pid in ours)


def begun(values: dict[str, Any], origin: dict[str, str], preset_name: str | None) -> Preset | None:
    """Return the preset that was asked for; method and tuning it settles, or a new model does, are put in `values`.

    Raises UsageError for a preset that is not there.
    """
    preset = presets.find(preset_name) if preset_name else None
    settled: dict[str, tuple[str, str]] = {}
    if preset is not None:
        settled = {name: (getattr(preset, name), f"preset {preset.name}") for name in ("method", "tuning")}
    elif values.get("base") == recipe.SCRATCH:
        why = "derived: a new model has nothing to adapt yet"
        settled = {"method": ("pretrain", why), "tuning": ("full", why)}
    for name, (value, why) in settled.items():
        if name not in values:
            values[name], origin[name] = value, why
    return preset


def base_of(values: Mapping[str, Any], preset: Preset | None) -> Base:
    """Return the facts of the base that values name; raises UsageError when there is none or it cannot be described."""
    reference = values.get("base", recipe.BUNDLED)
    if reference != recipe.SCRATCH:
        return base_facts.of_reference(reference)
    preset = preset or presets.default_for("pretrain", "full", recipe.SCRATCH)
    return base_facts.of_reference(reference, recipe.resolve(values, preset.values).recipe)


_OF_A_PLAN = (
    "duplicates", "min_characters", "max_characters", "languages", "quality", "secrets", "decontaminate", "eval_split",
)  # fmt: skip
"""Fields of a recipe that the plan of a dataset has settled."""


def follow(curation: Mapping[str, Any], values: dict[str, Any], origin: dict[str, str]) -> None:
    """Take over what the plan of a dataset says about its rows, where they have one.

    Raises UsageError when the person says something else.
    """
    if not curation:
        return
    settled = recipe.checked({name: curation[name] for name in _OF_A_PLAN})
    said = [name for name in _OF_A_PLAN if values.get(name, settled[name]) != settled[name]]
    if said := said + ["data_weights"] * bool(values.get("data_weights")):
        raise UsageError(
            f"The plan settles how its rows are curated, so {', '.join(said)} cannot be set; "
            "leave it out, or train on the files themselves."
        )
    values |= settled
    origin |= dict.fromkeys(_OF_A_PLAN, "derived: the plan of the data")


def solved(
    values: Mapping[str, Any], origin: Mapping[str, str], base: Base, card: Card, preset: Preset | None,
    found: Mapping[str, Any] | None, traces: Traces | None = None,
) -> Plan:  # fmt: skip
    """Return the plan for a person's values, what a glance found in their data, a base and a card.

    `traces` has what was traced so far, which counts for more than the closed form.

    Raises UsageError when no method is known, or a value is impossible.
    """
    method = values.get("method") or (found or {}).get("method", "")
    if method not in recipe.METHODS:
        raise UsageError(
            f"The data suits {method}, and this version trains {', '.join(recipe.METHODS)}; name one with --method."
        )
    if "method" not in values and found is not None:
        origin = {**origin, "method": f"derived: {' '.join(found['why'])}"}
    known = measured.corrections(card.name, base.shape.model_type, recipe.TUNINGS)
    rows = lengths.of_glance(found, base) if found is not None else None
    if method == "ppo" and values.get("reward_model"):
        from workbench.runs import reward_models  # with runs and their journals

        base = dataclasses.replace(base, beside=reward_models.beside(values["reward_model"], base.reference))
    wanted = recipe.checked({"rewards": values.get("rewards") or (preset.values.get("rewards", ()) if preset else ())})
    if method in recipe.REINFORCING and wanted["rewards"]:
        from workbench.runs import judges

        judges.refuse_missing(wanted["rewards"])
        held = judges.beside(wanted["rewards"])
        base = dataclasses.replace(base, beside={name: base.beside.get(name, 0) + held for name in recipe.TUNINGS})
    if method == "distill" and values.get("teacher"):
        from workbench.runs import teachers

        small = bool(recipe.checked({"teacher_in_4bit": values.get("teacher_in_4bit", False)})["teacher_in_4bit"])
        base = dataclasses.replace(base, beside=teachers.beside(values["teacher"], small))
    whole = base.shape
    if method == "prune":
        base = _smaller(base, values, preset)
    made = plan.solve(base, rows, card, method, values, origin, preset, known, traces)
    left = pruning.in_words(whole, base.shape)
    return dataclasses.replace(made, reasons=(*made.reasons, left)) if left else made


def _smaller(base: Base, values: Mapping[str, Any], preset: Preset | None) -> Base:
    """Return the facts of what prune leaves of a base, with the whole one as what is measured and asked before.

    Raises UsageError when the base cannot be cut so.
    """
    from workbench.runs import teachers

    start = preset or presets.default_for("prune", str(values.get("tuning") or "full"), base.root)
    asked = {name for name, (_, described) in recipe.FIELDS.items() if described.section == "pruning"}
    of_preset = {name: value for name, value in start.values.items() if name in asked | {"teacher_in_4bit"}}
    own = {name: value for name, value in values.items() if name in asked | {"teacher_in_4bit"}}
    wanted = recipe.resolve({**own, "method": "prune", "tuning": "full"}, of_preset, start.name).recipe
    held = (
        teachers.beside(base.folder, wanted.teacher_in_4bit)
        if base.folder
        else dict.fromkeys(recipe.TUNINGS, 2 * base.shape.parameters)
    )
    smaller = pruning.cut(base.config, wanted, base.shape.parameters)
    return dataclasses.replace(base, shape=smaller, beside=held)


def of_values(
    values: Mapping[str, Any], preset_name: str, base: Base, card: Card, found: Mapping[str, Any] | None
) -> Plan:
    """Return the plan for a person's values on a base and a card, whose data was glanced at; pure arithmetic.

    Raises UsageError when a value is impossible.
    """
    values = dict(values)
    origin = dict.fromkeys(values, "chosen")
    preset = begun(values, origin, preset_name or None)
    follow(found["curation"] if found is not None else {}, values, origin)
    return solved(values, origin, base, card, preset, found)
