"""What a plan is made for, and how it is told: the base, the card, the lines and the JSON.

Owns the words of a plan. Must not know flags beyond the ones it is handed, nor how data is looked at.
"""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from workbench.cli.output import LABEL, count, duration, paragraph, size
from workbench.cli.plan import Glanced
from workbench.core import pace, plan, presets, recipe
from workbench.core.derive import Rows
from workbench.core.errors import UsageError
from workbench.core.plan import Attempt, Base, Card, Plan, Traces
from workbench.core.presets import Preset
from workbench.core.text import one_line
from workbench.runs import base_facts, measured

_UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)
_BAR = 30
_USUAL_VOCABULARY = 100_000
_SHOWN = (
    "method", "tuning", "max_length", "num_train_epochs", "per_device_train_batch_size", "gradient_accumulation_steps",
    "gradient_checkpointing", "activation_offloading", "learning_rate", "optim", "lora_r", "lora_alpha",
    "target_modules", "packing", "replay_share",
)  # fmt: skip
"""Fields that a plan shows with their reasons; all of them are in the recipe."""


def bytes_of(text: str) -> int:
    """Return the bytes that a size says, such as 24GiB, 24g or 512M; raises UsageError when it is none."""
    match = _SIZE.fullmatch(text.strip())
    if match is None or not match[2] or not (found := round(float(match[1]) * _UNITS[match[2].lower()])):
        raise UsageError(f"--gpu-memory wants a size with its unit, such as 24GiB, not {text!r}.")
    return found


def card_of(memory: str | None = None, name: str | None = None, device: str = "") -> Card:
    """Return the card a run would go to: the one with most free memory, else the processor.

    Or one that is asked for, by its memory, by its name, or by both. Raises UsageError for a name nobody knows.
    `device` is what the recipe has for it.
    """
    if memory is not None:
        free = bytes_of(memory)
        return Card(name or "the card asked for", free, free)
    if name is not None:
        total = pace.known(name)[1] << 30
        if not total:
            raise UsageError(
                f"Nothing is known of a card {name!r}; give its memory with --gpu-memory, or a name with one of "
                f"{', '.join(pace.CARDS)} in it."
            )
        return Card(name, total, total)
    from workbench.runs import hardware  # of no use to a plan for another card

    reading = hardware.sample()
    proposed = hardware.propose(reading.usable)
    if proposed is None or device == "cpu":
        return processor()
    gpu = proposed.gpu
    return Card(gpu.name, gpu.free_bytes or 0, gpu.total_bytes or 0, reading.host.memory_free_bytes or None)


def processor() -> Card:
    """Return the processor with the host's memory."""
    from workbench.runs import hardware

    host = hardware.sample().host
    return Card("", host.memory_free_bytes or 0, host.memory_total_bytes or 0)


def rows_of(found: Mapping[str, Any], vocabulary: int) -> Rows:
    """Return a glance as a plan takes it.

    Tokens are estimated for vocabularies of 100,000 words and more; the letters of a token grow about with the
    logarithm of the vocabulary, so that smaller ones take more of them.
    """
    lengths = found["lengths"]
    more = max(1.0, math.log(_USUAL_VOCABULARY) / math.log(max(vocabulary, 256)))
    mean, *marks = (more * lengths[name] for name in ("mean", "p50", "p90", "p99", "max"))
    p50, p90, p99, longest = map(round, marks)
    return Rows(found["rows"], found["about"], mean, p50, p90, p99, longest, found["articles"])


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
    rows = rows_of(found, base.shape.vocabulary) if found is not None else None
    return plan.solve(base, rows, card, method, values, origin, preset, known, traces)


def made(
    arguments: argparse.Namespace, values: dict[str, Any], origin: dict[str, str], glanced: Callable[[], Glanced]
) -> tuple[Callable[[Traces], Plan], Base, Card, dict[str, Any] | None]:
    """Return what makes the plan for what was asked, and what it is for; raises UsageError with what is wrong.

    `values` and `origin` are what the person chose, `glanced` waits for a look at the data that is under way.
    """
    configured = arguments.config is not None
    if configured and "base" not in values and (arguments.save or arguments.script or arguments.dry_run):
        raise UsageError("A configuration alone cannot be trained; name with --base what the recipe is to start from.")
    preset = begun(values, origin, arguments.preset)
    base = base_facts.of_file(arguments.config, values.get("base", "")) if configured else base_of(values, preset)
    card = card_of(arguments.gpu_memory, arguments.gpu, values.get("device", ""))
    data, found = glanced()
    if found is None and "method" not in values:
        raise UsageError("There is no data to plan for; give --data FILE, or --method to plan without rows.")
    if data:
        values["data"] = data
    follow(found["curation"] if found is not None else {}, values, origin)
    if not configured and "base" in values:
        values["base"] = base.reference
    return partial(solved, values, origin, base, card, preset, found), base, card, found


def _attempt(found: Attempt) -> dict[str, Any]:
    """Return an attempt as JSON."""
    return {
        "tuning": found.tuning,
        "verdict": found.verdict,
        "fits": found.verdict != "too large",
        "peak": found.memory.peak,
        "needed": found.needed,
        "given_up": list(found.given_up),
    }


def described(found: Plan, base: Base, card: Card, glance: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a plan as JSON."""
    chosen, time = found.chosen, found.pace
    values = {name: getattr(chosen.resolved.recipe, name) for name in recipe.FIELDS}
    return {
        "fits": found.fits,
        "verdict": chosen.verdict,
        "base": base.reference,
        "card": {"name": card.name, "free": card.free, "total": card.total},
        "memory": {
            **chosen.memory.parts,
            "peak": chosen.memory.peak,
            "available": card.free,
            "margin": chosen.memory.margin,
        },
        "host_memory": {"moved": chosen.memory.host, "free": card.host},
        "phase": chosen.memory.phase,
        "notes": list(chosen.memory.notes),
        "recipe": {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()},
        "provenance": chosen.resolved.provenance,
        "rows": dict(glance) if glance else None,
        "sequences": found.sequences,
        "steps": found.steps,
        "tokens": round(found.tokens),
        "hours": None if time.hours is None else round(time.hours, 3),
        "hours_range": None if time.hours is None else [round(time.low or 0, 3), round(time.high or 0, 3)],
        "pace": time.why,
        "disk": found.disk,
        "reasons": list(found.reasons),
        "alternatives": [_attempt(other) for other in found.alternatives],
        "remedies": list(found.remedies),
    }


def _shown(value: Any) -> str:
    """Return a recipe's value for people."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _bars(found: Attempt, card: Card) -> list[str]:
    """Return a line per part of the memory, and one for the whole."""
    parts = sorted(found.memory.parts.items(), key=lambda item: -item[1])
    full = max(card.free, found.memory.peak, 1)
    lines = [
        f"{'':<{LABEL}}{name:<12}{size(amount):>10}  {'▓' * max(1, round(_BAR * amount / full))}"
        for name, amount in parts
        if amount > 0
    ]
    margin = f"{size(found.memory.peak)} of {size(card.free)} free, {found.verdict}"
    return [f"{'memory':<{LABEL}}{margin}; up to {size(found.needed)} when the estimate is low", *lines]


def printed(found: Plan, base: Base, card: Card, glance: Mapping[str, Any] | None) -> str:
    """Return a plan for people."""
    chosen = found.chosen
    resolved, wanted = chosen.resolved, chosen.resolved.recipe
    lines = [
        paragraph("base", f"{base.label}"),
        paragraph("card", f"{card.name or 'the processor'}, {size(card.free)} free"),
    ]
    if glance is not None:
        about = "about " if glance["about"] else ""
        half = rows_of(glance, base.shape.vocabulary).p50
        unit = "articles" if glance["articles"] else "rows"
        said = f"{about}{count(glance['rows'])} {unit}, half of them up to about {count(half)} tokens"
        lines.append(paragraph("data", said))
    lines.append(paragraph("proposal", f"{wanted.method} with {chosen.tuning}"))
    lines += [paragraph("", reason) for reason in found.reasons]
    lines += ["", *_bars(chosen, card)]
    if chosen.memory.host:
        free = f"{size(card.host)} free" if card.host else "its free memory is not known"
        lines.append(paragraph("host", f"{size(chosen.memory.host)} of activations in its memory, {free}"))
    lines.append("")
    for name in _SHOWN:
        if name in ("lora_r", "lora_alpha", "target_modules") and chosen.tuning == "full":
            continue
        why = resolved.provenance[name].removeprefix("derived: ")
        if name in ("method", "tuning") or why == "default":
            continue
        label = recipe.FIELDS[name][1].label
        lines.append(paragraph("", f"{label} {_shown(getattr(wanted, name))}: {one_line(why, 300)}"))
    lines.append("")
    if found.steps:
        time = found.pace
        hours = time.why
        if time.hours is not None:
            low, high = duration(3600 * (time.low or 0)), duration(3600 * (time.high or 0))
            hours = f"about {duration(3600 * time.hours)} ({low} to {high}): {time.why}"
        lines.append(paragraph("run", f"{count(found.steps)} steps over {count(found.tokens)} tokens"))
        lines.append(paragraph("time", hours))
    lines.append(paragraph("disk", f"{size(found.disk)} for checkpoints and the result"))
    for other in found.alternatives:
        lines.append(paragraph("instead", f"{other.tuning}: {size(other.memory.peak)}, {other.verdict}"))
    lines += [paragraph("rests on" if not place else "", note) for place, note in enumerate(chosen.memory.notes)]
    lines += [paragraph("it takes", remedy) for remedy in found.remedies]
    return "\n".join(line for line in lines)
