"""The whole recipe of a plan as a table: every value with its section, its reason, and what is written where.

Owns the order and the words. Must not know how a page looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.core import paths, recipe, relevance, units
from workbench.core.derive import Rows, passes
from workbench.core.fields import SECTIONS
from workbench.core.plan import Plan
from workbench.guide.fitting import length_note, reason
from workbench.runs import atomic

_ONLY = {"model": "scratch"}
"""Section → the base it is about; for others its values do nothing."""
ADAPTERS = ("lora_r", "lora_alpha", "lora_dropout", "trainable_token_indices", "target_modules")


@dataclass(frozen=True)
class Entry:
    """One value of the recipe."""

    name: str
    label: str
    section: str
    shown: str
    note: str
    origin: str
    """chosen, derived, preset or default."""


def shown(value: Any) -> str:
    """Return a value for people."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, int):
        return units.count(value)
    if isinstance(value, float):
        return units.rate(value) if 0 < abs(value) < 0.001 else f"{value:g}"
    return str(value) or "–"


def side_by_side(values: Sequence[Any]) -> tuple[str, ...]:
    """Return values of one field for people who compare them: fractions in one notation, None as what is not there."""
    is_rate = any(isinstance(value, float) and 0 < abs(value) < 0.001 for value in values)
    return tuple(
        units.NONE if value is None else units.rate(value) if is_rate and isinstance(value, float) else shown(value)
        for value in values
    )


def counts(name: str, wanted: recipe.Recipe) -> bool:
    """Return whether a value does anything in this recipe."""
    if name in ADAPTERS and wanted.tuning == "full":
        return False
    if _ONLY.get(recipe.FIELDS[name][1].section, wanted.base) != wanted.base:
        return False
    return relevance.counts(name, wanted.method, wanted.loss_type)


def idle(name: str, wanted: recipe.Recipe) -> bool:
    """Return whether a value of the schedule is overridden: steps that are given decide, else the epochs."""
    return name == ("num_train_epochs" if wanted.max_steps else "max_steps")


def value_of(wanted: recipe.Recipe, name: str) -> str:
    """Return a value of a recipe for people: what is taken in place of a beta of 0, too."""
    if name == "rewards" and not wanted.rewards:
        return "what suits the answers"
    return shown(recipe.beta_of(wanted) if name == "beta" else getattr(wanted, name))


def entries(plan: Plan, every: bool, rows: Rows | None = None) -> list[Entry]:
    """Return the values of a plan's recipe, with the reasons Fit gives; those at their usual value with `every`."""
    resolved = plan.chosen.resolved
    wanted = resolved.recipe
    found = []
    for section in SECTIONS:
        for name, (_, described) in recipe.FIELDS.items():
            why = resolved.provenance[name]
            if described.section != section or not counts(name, wanted):
                continue
            if why == "default" and not every:
                continue
            unit = f" {described.unit}" if described.unit else ""
            text = value_of(wanted, name) + unit
            note = length_note(plan, rows, why) if name == "max_length" else reason(why)
            if name == "tuning" and plan.reasons and why.startswith("derived"):
                note = plan.reasons[0].rstrip(".")
            if name == "num_train_epochs" and idle(name, wanted):
                note = f"without effect: the steps decide, and read the rows {passes(plan.passes)}"
            found.append(Entry(name, described.label, section, text, note, why.partition(":")[0].split()[0]))
    return found


def no_room(plan: Plan) -> str:
    """Return the sentence that says the disk is too small for all a run may write, "" when it is not."""
    folder = paths.runs_home()
    free = atomic.free_bytes(folder)
    if free >= plan.disk:
        return ""
    return (
        f"It may write {units.size(plan.disk)}, and {units.size(free)} are free in {folder}; it would pause when "
        "they are used up. Free some, or keep fewer checkpoints (save_total_limit)."
    )
