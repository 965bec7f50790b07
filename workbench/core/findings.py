"""What the rules of health look at and what they say: figures, findings, fixes.

Owns those values and their arithmetic that several rules share. Must not know any rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.core.best import NOISE
from workbench.core.measures import Levels, Look, Point
from workbench.core.recipe import Recipe

LEVELS = ("good", "notice", "warning", "bad")
"""From nothing to do to something that should be done now."""


@dataclass(frozen=True)
class Fix:
    """What can be done about a finding."""

    text: str
    """One clause, to follow "; "."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Recipe field → proposed value, for a run begun anew."""
    action: str = ""
    """What to do with this run: pause, stop or duplicate, "" for nothing at once."""


@dataclass(frozen=True)
class Finding:
    """One thing the figures say."""

    code: str
    """Stable, for programs and tests."""
    level: str
    text: str
    """One sentence without its full stop."""
    fix: Fix | None = None


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What the rules look at; all sequences oldest first, and bounded by whoever brings them."""

    recipe: Recipe | None = None
    """None when it cannot be read: fixes then name fields without values."""
    step: int = 0
    steps: int = 0
    epoch: float = 0.0
    recent: Sequence[Point] = ()
    """The newest steps of this attempt."""
    levels: Levels = field(default_factory=Levels)
    evals: Sequence[Look] = ()
    metrics: Mapping[str, Sequence[tuple[int, float]]] = field(default_factory=dict)
    """Name as the journal has it → (step, value)."""
    stopped: Sequence[tuple[int, int, int]] = ()
    """Looks at samples: (step, how many, how many of them ended by themselves)."""
    layouts: Sequence[Mapping[str, Any]] = ()
    """Changes made when memory ran out: recipe field → value."""
    dropped: int = 0
    """Notices that events could not be written."""
    result: int | None = None
    """The step whose state was published; None while it is at work, or when nobody knows."""
    cut_off: int = 0
    """Attempts without a last word that another one followed."""
    saved: bool = True
    """Whether a checkpoint is known to go on from each time."""


def steep(looks: Sequence[tuple[int, float]]) -> bool:
    """Return whether a held-out loss, as (step, loss), fell at its end as fast as it did on the whole.

    One that learns out falls ever more slowly; of fewer than three looks nothing can be said.
    """
    if len(looks) < 3:
        return False
    (first, start), (before, high), (last, low) = looks[0], looks[-2], looks[-1]
    if not first < before < last or not low < high * (1 - NOISE):
        return False
    return (high - low) / (last - before) >= (start - low) / (last - first)


def scaled(figures: Figures, name: str, factor: float) -> dict[str, Any]:
    """Return a recipe field with its value times a factor, in two digits; {} when the recipe is unknown."""
    if figures.recipe is None:
        return {}
    value = getattr(figures.recipe, name) * factor
    return {name: float(f"{value:.1e}")}


def method_of(figures: Figures) -> str:
    """Return the run's method, "" when it is unknown."""
    return figures.recipe.method if figures.recipe is not None else ""


def looks_of(figures: Figures) -> list[Look]:
    """Return the looks at the held-out rows that have a loss."""
    return [look for look in figures.evals if look.loss is not None]
