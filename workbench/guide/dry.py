"""A dry run: a few real steps of a plan, taken by an engine in a run that is gone afterwards.

Owns the request, and what would fit when the memory was too small. Must not import the engine, nor know who reads it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from workbench.core import pace, plan, recipe
from workbench.core.derive import Rows
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.plan import Base, Card, Plan
from workbench.core.units import count
from workbench.runs import bases, errand, store

_GIVEN_UP = (
    "tuning", "per_device_train_batch_size", "gradient_accumulation_steps", "gradient_checkpointing",
    "activation_offloading", "optim", "max_length",
)  # fmt: skip
"""Fields that may change to make something fit."""


def tried(found: Plan, base: Base, card: Card, tell: Callable[[str], None], rows: Rows | None) -> dict[str, Any]:
    """Return what the first steps of a plan take, as the engine says it, with "predicted_peak", "batch_peak" and
    "checkpoints_bytes".

    The first is the plan's own figure, the second the same for just the batch that was tried, which may be smaller.
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
            tell(f"{line['phase']}{detail}")

    with store.trial(recipe.to_toml(found.chosen.resolved)) as trial:
        request = {"folder": str(trial.path), "steps": found.steps, "sequences": found.sequences}
        body = errand.run("workbench.engine.dryrun", request, on_line, who="The dry run")
    if "out_of_memory" in body:
        sequences, tokens = body["batch"]
        batch = f"with {sequences} × {count(tokens)} tokens" if sequences else "while the base was loaded"
        where = card.name or "This machine"
        raise WorkbenchError(
            f"{where} ran out of memory {batch}; {would_fit(found, base, card, rows)}."
        )  # fmt: skip
    planned = found.chosen.memory
    body["predicted_peak"] = planned.peak
    # What earlier runs took on this card counts alike in both.
    before = planned.peak - planned.parts.get("measured", 0)
    body["batch_peak"] = round(body["memory"]["predicted"]["peak"] * planned.peak / before)
    body["checkpoints_bytes"] = body["checkpoint_bytes"] * pace.checkpoints_at_once(wanted)
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
