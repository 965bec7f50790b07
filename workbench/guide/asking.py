"""What the road asks of the machine: its card, the facts of a base, a glance at the data, and the plan from these.

Owns the questions and how an answer is told from one to an older question. Each of them but `plan` takes its time and
may start a limited child, so a screen calls them from a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from workbench.core.derive import Rows
from workbench.core.plan import Base, Card, Plan
from workbench.guide import lengths, planning
from workbench.guide.glancing import glanced
from workbench.guide.road import Road
from workbench.guide.sources import Quiet
from workbench.runs import base_facts
from workbench.runs.hardware import Reading


def card(look: Callable[[], Reading]) -> Card:
    """Return the card a run would go to, or the processor, as a look at the machine has it."""
    return planning.card_of(reading=look())


def facts(reference: str) -> tuple[str, Base]:
    """Return (reference, what a plan needs to know of the base); raises UsageError when there is no such base."""
    return reference, base_facts.of_reference(reference)


def judges(reference: str) -> tuple[str, tuple[str, ...]]:
    """Return (reference, the runs that made reward models of this base or of its lineage, the nearest first)."""
    from workbench.runs import reward_models  # with runs and their journals

    return reference, reward_models.of_lineage(reference)


def teachers(reference: str) -> tuple[str, tuple[str, ...]]:
    """Return (reference, the runs of the base's lineage that it may learn from by distillation, the newest first)."""
    from workbench.runs import teachers as known  # with runs and their journals

    return reference, known.of_lineage(reference)


def looked_at(road: Road) -> tuple[Any, ...]:
    """Return what a glance at the road's data depends on."""
    chosen = road.chosen
    columns = tuple(chosen.get("data_columns", ()))
    return road.data, str(chosen.get("method", "")), str(chosen.get("data_format", "")), columns


def glance(road: Road) -> tuple[tuple[Any, ...], dict[str, Any] | None]:
    """Return (what was looked at, what a glance at it found); raises WorkbenchError when it cannot be read."""
    return looked_at(road), glanced(road.values, Quiet())[1]


def plan(road: Road, base: Base, card: Card, glance: Mapping[str, Any] | None) -> Plan:
    """Return the plan of the road; pure arithmetic. Raises UsageError for a value that is impossible."""
    return planning.of_values(road.values, road.preset, base, card, glance)


def rows(glance: Mapping[str, Any] | None, base: Base | None, preview: Mapping[str, Any] | None = None) -> Rows | None:
    """Return what is known of the rows' lengths, None without a glance; a preview has counted them."""
    return lengths.counted(glance, base, preview) if glance is not None and base is not None else None
