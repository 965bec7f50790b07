"""`--dry-run`: a few real steps of what is planned, what they took beside what was predicted, and the hours to expect.

Owns the words of a dry run. Must not import the engine: a child process takes the steps, in a run that is gone
afterwards.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from workbench.cli.output import Live, count, duration, paragraph, size
from workbench.cli.train import Prepared
from workbench.core import plan, recipe
from workbench.core.derive import Rows
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.plan import Base, Card, Plan
from workbench.core.text import one_line
from workbench.runs import bases, errand, store

_GIVEN_UP = (
    "tuning", "per_device_train_batch_size", "gradient_accumulation_steps", "gradient_checkpointing",
    "activation_offloading", "optim", "max_length",
)  # fmt: skip
"""Fields that may change to make something fit."""


def tried(found: Plan, base: Base, card: Card, live: Live, rows: Rows | None) -> dict[str, Any]:
    """Return what the first steps of a plan take, as the engine says it, with "predicted_peak" and "checkpoints_bytes".

    Raises WorkbenchError with what would fit when the memory was too small.
    """
    wanted = found.chosen.resolved.recipe
    if not wanted.data:
        raise UsageError("A dry run needs rows to learn from; give --data FILE.")
    if wanted.base != recipe.SCRATCH:
        bases.resolve(wanted.base)

    def on_line(line: dict[str, Any]) -> None:
        if "phase" in line:
            detail = f"  {line['detail']}" if line["detail"] else ""
            live.update(f"dry run  {line['phase']}{detail}")

    with store.trial(recipe.to_toml(found.chosen.resolved)) as trial:
        request = {"folder": str(trial.path), "steps": found.steps, "sequences": found.sequences}
        body = errand.run("workbench.engine.dryrun", request, on_line, who="The dry run")
    live.clear()
    if "out_of_memory" in body:
        sequences, tokens = body["batch"]
        batch = f"with {sequences} × {count(tokens)} tokens" if sequences else "while the base was loaded"
        where = card.name or "The processor's memory"
        raise WorkbenchError(
            f"{where} ran out of memory {batch}; {would_fit(found, base, card, rows)}."
        )  # fmt: skip
    body["predicted_peak"] = found.chosen.memory.peak
    body["checkpoints_bytes"] = body["checkpoint_bytes"] * (wanted.save_total_limit + 1)
    return body


def would_fit(found: Plan, base: Base, card: Card, rows: Rows | None) -> str:
    """Return what fits where this plan did not, as half a sentence: its peak was more than there was."""
    wanted = found.chosen.resolved.recipe
    less = dataclasses.replace(card, free=round(min(card.free, found.chosen.memory.peak) / 1.1))
    kept = {name: getattr(wanted, name) for name in recipe.FIELDS if name not in _GIVEN_UP}
    other = plan.solve(base, rows, less, wanted.method, kept)
    changed = [
        f"{name}={value}"
        for name in _GIVEN_UP
        if (value := getattr(other.chosen.resolved.recipe, name)) != getattr(wanted, name)
    ]
    if not other.fits or not changed:
        return "nothing about this base would fit, so take a smaller one, which `workbench models` lists"
    return f"set {', '.join(changed)}"


def printed(body: dict[str, Any], found: Plan, card: Card) -> str:
    """Return a dry run for people."""
    memory = body["memory"]
    sequences, tokens = body["batch"]
    predicted, real = memory["predicted"]["peak"], memory["measured"]["peak"]
    more = f", {100 * (real / predicted - 1):+.0f} %" if predicted else ""
    seconds = body["seconds"]
    lines = [
        ("dry run", f"{sequences} × {count(tokens)} tokens, the longest of the rows that were looked at"),
        ("memory", f"{size(predicted)} predicted for that batch, {size(real)} measured{more}"),
        ("", f"({memory['measured']['what']}; {size(card.free)} free)"),
    ]
    if "reserved" in memory["measured"]:
        lines.append(("", f"tensors took {size(memory['measured']['allocated'])} of it at most"))
    lines.append(("pace", f"{seconds['step']:.3g} s per step, {seconds['look']:.3g} s per look at the held-out rows"))
    each, all_ = size(body["checkpoint_bytes"]), size(body["checkpoints_bytes"])
    lines.append(("disk", f"{each} per checkpoint, written in {seconds['checkpoint']:.1f} s; all take up to {all_}"))
    if body["hours"] is not None:
        text = f"about {duration(3600 * body['hours'])} for {count(found.steps)} steps with all looks and checkpoints"
        lines.append(("time", text))
    lines += [("changed", one_line(text, 300)) for text in body["changes"]]
    lines += [("note", one_line(text, 300)) for text in body["warnings"]]
    return "\n".join(paragraph(label, text) for label, text in lines)


def run(prepared: Prepared, live: Live) -> dict[str, Any]:
    """Return what the first steps of a run that could be made take; raises WorkbenchError as `tried` does."""
    if prepared.plan is None or prepared.base is None:
        raise UsageError(f"A dry run has nothing to compare with: {prepared.why}")
    return tried(prepared.plan, prepared.base, prepared.card, live, prepared.rows)
