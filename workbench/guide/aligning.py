"""What a run that compares answers is watched by: which curves lie in one picture, and the figures beside them.

Owns the choice and the names. Must not know how a chart is drawn, nor how a method computes its figures.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from workbench.core import recipe


@dataclass(frozen=True)
class Curve:
    """One curve of a picture."""

    name: str
    """As `measures.metrics` has it."""
    legend: str
    kind: str
    """As the chart takes it: steps, smooth or marks."""


@dataclass(frozen=True)
class Picture:
    """Curves that are seen together."""

    name: str
    title: str
    curves: tuple[Curve, ...]
    share: bool = False
    """Whether they are shares of 1."""


LOSS = Picture("loss", "loss", (Curve("loss", "smoothed", "steps"), Curve("eval", "eval", "marks")))


def _of_rows(name: str, title: str, share: bool = False) -> Picture:
    """Return the picture of a figure of learnt rows, with that of held-out rows."""
    return Picture(name, title, (Curve(name, "smoothed", "steps"), Curve(f"eval_{name}", "held out", "marks")), share)


PICTURES = (
    _of_rows("accuracy", "told apart, in %", share=True),
    _of_rows("margin", "margin"),
    Picture(
        "rewards",
        "rewards",
        (Curve("chosen_reward", "chosen", "smooth"), Curve("rejected_reward", "rejected", "smooth")),
    ),
    _of_rows("drift", "drift from the base, nats per token"),
    _of_rows("kl", "KL, nats per answer"),
    LOSS,
)
"""In the order in which they are turned over; what tells most comes first."""


def pictures(method: str, known: Collection[str]) -> tuple[Picture, ...]:
    """Return the pictures there are of a run of this method whose curves are known by these names."""
    if method not in recipe.ALIGNING:
        return (LOSS,)
    found = tuple(picture for picture in PICTURES if any(curve.name in known for curve in picture.curves))
    return found or PICTURES[:1]
