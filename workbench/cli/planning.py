"""What a plan is made for, and how it is told: the base, the card, the lines and the JSON.

Owns the words of a plan. Must not know flags beyond the ones it is handed, nor how data is looked at.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from workbench.cli.output import LABEL, count, duration, paragraph, size
from workbench.core import pace, recipe
from workbench.core.derive import passes
from workbench.core.errors import UsageError
from workbench.core.plan import Attempt, Base, Card, Plan, Traces
from workbench.core.reasons import heavier
from workbench.core.text import one_line
from workbench.core.units import several
from workbench.guide import lengths
from workbench.guide.glancing import Glanced
from workbench.guide.planning import base_of, begun, card_of, follow, solved
from workbench.guide.reviewing import idle, no_room
from workbench.guide.road import what
from workbench.runs import base_facts

_UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)
_BAR = 30
_SHOWN = (
    "method", "tuning", "max_length", "max_completion_length", "thinking_budget", "num_train_epochs", "max_steps",
    "per_device_train_batch_size", "gradient_accumulation_steps", "gradient_checkpointing", "activation_offloading",
    "learning_rate", "optim", "lora_r", "lora_alpha", "target_modules", "packing", "replay_share",
)  # fmt: skip
"""Fields that a plan shows with their reasons; all of them are in the recipe."""


def bytes_of(text: str) -> int:
    """Return the bytes that a size says, such as 24GiB, 24g or 512M; raises UsageError when it is none."""
    match = _SIZE.fullmatch(text.strip())
    if match is None or not match[2] or not (found := round(float(match[1]) * _UNITS[match[2].lower()])):
        raise UsageError(f"--gpu-memory wants a size with its unit, such as 24GiB, not {text!r}.")
    return found


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
    memory = None if arguments.gpu_memory is None else bytes_of(arguments.gpu_memory)
    card = card_of(memory, arguments.gpu, values.get("device", ""))
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
        "rows": lengths.told(glance, base) if glance else None,
        "sequences": found.sequences,
        "steps": found.steps,
        "tokens": round(found.tokens),
        "hours": None if time.hours is None else round(time.hours, 3),
        "hours_range": None if time.hours is None else [round(time.low or 0, 3), round(time.high or 0, 3)],
        "pace": time.why,
        "disk": found.disk,
        "reasons": list(found.reasons),
        "doubts": list(found.doubts),
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
        paragraph("card" if card.gpu else "machine", f"{card.name or 'the processor'}, {size(card.free)} free"),
    ]
    if glance is not None:
        about = "about " if glance["about"] else ""
        unit = "articles" if glance["articles"] else "rows"
        said = f"{about}{count(glance['rows'])} {unit}, {lengths.words(lengths.of_glance(glance, base))}"
        lines.append(paragraph("data", said))
    lines.append(paragraph("proposal", what(wanted.method, chosen.tuning)))
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
        if name in ("method", "tuning") or why == "default" or idle(name, wanted):
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
        often = f"; the steps decide, and read the rows {passes(found.passes)}" if wanted.max_steps and glance else ""
        lines.append(paragraph("run", f"{several(found.steps, 'step')} over {count(found.tokens)} tokens{often}"))
        lines.append(paragraph("time", hours))
    lines.append(paragraph("disk", f"{size(found.disk)} for {pace.on_disk(found.chosen.resolved.recipe)}"))
    if room := no_room(found):
        lines.append(paragraph("", room))
    lines += [paragraph("", doubt) for doubt in found.doubts]
    for other in found.alternatives:
        why = f", {said}" if (said := heavier(other, chosen)) else ""
        lines.append(paragraph("instead", f"{other.tuning}: {size(other.memory.peak)}{why}, {other.verdict}"))
    lines += [paragraph("rests on" if not place else "", note) for place, note in enumerate(chosen.memory.notes)]
    lines += [paragraph("it takes", remedy) for remedy in found.remedies]
    return "\n".join(line for line in lines)
