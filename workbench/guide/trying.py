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
    predicted: int | None
    """For just the batch that was tried; None for the memory of a process, which grows by more than that."""
    measured: int
    step_seconds: float
    hours: float | None

    def said(self, unit: int, name: str) -> list[tuple[str, str]]:
        """Return what it says beside its figure, as (text, role) pieces."""
        pieces = [("what the process grew by", "label")]
        if self.predicted:
            off = f"{self.measured / self.predicted - 1:+.0%}".replace("%", "\u00a0%")
            pieces = [(off, "value"), (" against that batch's prediction", "label")]
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
    measured = memory["measured"]
    predicted = memory["predicted"]["peak"] if "reserved" in measured else None
    return Tried(key(plan), predicted, measured["peak"], body["seconds"]["step"], body["hours"])
