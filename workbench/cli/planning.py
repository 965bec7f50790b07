"""What a plan is made for, and how it is told: the base, the card, the lines and the JSON.

Owns the words of a plan. Must not know flags beyond the ones it is handed, nor how data is looked at.
"""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from workbench.cli.output import LABEL, count, duration, paragraph, size
from workbench.core import pace, plan, presets, recipe
from workbench.core.derive import Rows
from workbench.core.errors import UsageError
from workbench.core.plan import Attempt, Base, Card, Plan
from workbench.core.text import one_line
from workbench.runs import base_facts, hardware, measured

Glanced = tuple[tuple[str, ...], dict[str, Any] | None]
"""Absolute paths of the data, and what a glance at them found, None without data."""

_UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)
_BAR = 30
_USUAL_VOCABULARY = 100_000
_SHOWN = (
    "method", "tuning", "max_length", "num_train_epochs", "per_device_train_batch_size", "gradient_accumulation_steps",
    "gradient_checkpointing", "learning_rate", "optim", "lora_r", "lora_alpha", "target_modules", "packing",
    "replay_share",
)  # fmt: skip
"""Fields that a plan shows with their reasons; all of them are in the recipe."""


def bytes_of(text: str) -> int:
    """Return the bytes that a size says, such as 24GiB, 24g or 512M; raises UsageError when it is none."""
    match = _SIZE.fullmatch(text.strip())
    if match is None or not match[2] or not (found := round(float(match[1]) * _UNITS[match[2].lower()])):
        raise UsageError(f"--gpu-memory wants a size with its unit, such as 24GiB, not {text!r}.")
    return found


def card_of(memory: str | None = None, name: str | None = None) -> Card:
    """Return the card a run would go to: the one with most free memory, else the processor.

    Or one that is asked for, by its memory, by its name, or by both. Raises UsageError for a name nobody knows.
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
    reading = hardware.sample()
    proposed = hardware.propose(reading.usable)
    if proposed is None:
        return processor()
    gpu = proposed.gpu
    return Card(gpu.name, proposed.gpu.free_bytes or 0, gpu.total_bytes or 0)


def processor() -> Card:
    """Return the processor with the host's memory."""
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


def made(
    arguments: argparse.Namespace, values: dict[str, Any], origin: dict[str, str], glancing: Future[Glanced]
) -> tuple[Plan, Base, Card, dict[str, Any] | None]:
    """Return the plan for what was asked, and what it was made for; raises UsageError with what is wrong.

    `values` and `origin` are what the person chose, `glancing` is a look at the data that is under way.
    """
    reference = values.get("base", recipe.BUNDLED)
    if arguments.config is not None:
        if "base" not in values and (arguments.save or arguments.script or arguments.dry_run):
            raise UsageError(
                "A configuration alone cannot be trained; name with --base what the recipe is to start from."
            )
        base = base_facts.of_file(arguments.config, values.get("base", ""))
    else:
        base = base_facts.of_reference(reference)
    card = card_of(arguments.gpu_memory, arguments.gpu)
    data, found = glancing.result()
    if found is None and "method" not in values:
        raise UsageError("There is no data to plan for; give --data FILE, or --method to plan without rows.")
    if data:
        values["data"] = data
    if reference == recipe.SCRATCH and arguments.config is None:
        values = {"method": "pretrain", "tuning": "full", **values}
    preset = presets.find(arguments.preset) if arguments.preset else None
    method = values.get("method") or (preset.method if preset is not None else "") or (found or {}).get("method", "")
    if method not in recipe.METHODS:
        raise UsageError(
            f"The data suits {method}, and this version trains {', '.join(recipe.METHODS)}; name one with --method."
        )
    if "method" not in values:
        origin["method"] = f"derived: {' '.join(found['why'])}" if found else "chosen"
    values = {**values, "method": method, "base": base.reference if arguments.config is None else reference}
    known = measured.ratios(card.name, base.shape.model_type, recipe.TUNINGS)
    rows = rows_of(found, base.shape.vocabulary) if found else None
    solved = plan.solve(base, rows, card, method, values, origin, preset, known)
    return solved, base, card, found


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
    lines += ["", *_bars(chosen, card), ""]
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
