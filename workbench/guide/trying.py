"""A dry run as the guide asks for it: a few real steps of a plan, and what they took beside what was predicted.

Owns the request and the words for the outcome. The steps are taken by an engine in a process of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workbench.core import units
from workbench.core.derive import Rows
from workbench.core.plan import Base, Card, Plan


@dataclass(frozen=True)
class Tried:
    """What a few real steps took."""

    of: tuple[Any, ...]
    """The plan they were taken of."""
    predicted: int
    measured: int
    step_seconds: float
    hours: float | None

    def said(self, unit: int, name: str) -> list[tuple[str, str]]:
        """Return what it says beside its figure, as (text, role) pieces."""
        off = self.measured / self.predicted - 1 if self.predicted else 0.0
        pieces = [(f"{off:+.0%}".replace("%", "\u00a0%"), "value"), (" against that batch's prediction", "label")]
        if self.hours is not None:
            pieces += [(", the run about ", "label"), (units.duration(3600 * self.hours), "value")]
        return pieces


def key(plan: Plan | None) -> tuple[Any, ...]:
    """Return what a measurement holds for: the recipe, value by value."""
    return () if plan is None else (plan.chosen.resolved.recipe,)


def dry_run(plan: Plan, base: Base, card: Card, rows: Rows | None, tell: Callable[[str], None]) -> Tried:
    """Take the steps and return what they took; `tell` hears the phases.

    Raises WorkbenchError with what would fit when the memory was too small.
    """
    from workbench.guide import dry

    body = dry.tried(plan, base, card, tell, rows)
    memory = body["memory"]
    return Tried(
        key(plan), memory["predicted"]["peak"], memory["measured"]["peak"], body["seconds"]["step"], body["hours"]
    )
