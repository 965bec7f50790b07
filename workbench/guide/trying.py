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
    planned: int
    """What the plan shows."""
    predicted: int
    """The same for just the batch that was tried."""
    measured: int
    """Of the same kind: of a card what is taken of it, of a processor the memory of the whole process."""
    step_seconds: float
    hours: float | None

    def said(self, unit: int, name: str) -> list[tuple[str, str]]:
        """Return what it says beside its figure, as (text, role) pieces."""
        other = abs(self.predicted / self.planned - 1) >= _SAME
        said = f" against {units.size(self.predicted)} for just this batch" if other else " against the prediction"
        pieces = [(_off(self.measured, self.predicted), "value"), (said, "label")]
        if self.hours is not None:
            pieces += [(", the run about ", "label"), (units.duration(3600 * self.hours), "value")]
        return pieces


_SAME = 0.01
"""Figures that differ by a smaller share are told as one."""


def _off(measured: int, predicted: int) -> str:
    """Return by how much a measurement is above a prediction: "+4 %"."""
    return f"{round(100 * (measured / predicted - 1)):+d}{units.SPACE}%"


def memory_words(planned: int, predicted: int, measured: int) -> str:
    """Return what was predicted, for the plan and for the batch that was tried where that is another, and measured."""
    said = f"{units.size(planned)} predicted"
    if abs(predicted / planned - 1) >= _SAME:
        said += f" for the plan, {units.size(predicted)} for just this batch"
    return f"{said}, {units.size(measured)} measured, {_off(measured, predicted)}"


def key(plan: Plan | None) -> tuple[Any, ...]:
    """Return what a measurement holds for: the recipe, value by value."""
    return () if plan is None else (plan.chosen.resolved.recipe,)


def dry_run(plan: Plan, base: Base, card: Card, rows: Rows | None, tell: Callable[[str], None]) -> Tried:
    """Take the steps and return what they took; `tell` hears the phases.

    Raises WorkbenchError with what would fit when the memory was too small.
    """
    from workbench.guide import dry

    body = dry.tried(plan, base, card, tell, rows)
    measured = body["memory"]["measured"]["peak"]
    return Tried(
        key(plan), body["predicted_peak"], body["batch_peak"], measured, body["seconds"]["step"], body["hours"]
    )
