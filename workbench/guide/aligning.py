"""What a run is watched by: which curves lie in one picture, which pictures lie side by side, and how they are told.

Owns the choice, the names and the digits. Must not know how a chart is drawn, nor how a method computes its figures.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from workbench.core import recipe, units

TOGETHER = 4
"""Pictures that are seen side by side."""


@dataclass(frozen=True)
class Curve:
    """One curve of a picture."""

    name: str
    """As `measures.metrics` has it; of what is planned no curve is known."""
    legend: str
    """"" for the one curve of a picture, which its title names."""
    kind: str
    """As the chart takes it: steps, smooth, line, marks or plan."""


@dataclass(frozen=True)
class Picture:
    """Curves that are seen together."""

    name: str
    title: str
    curves: tuple[Curve, ...]
    share: bool = False
    """Whether they are shares of 1."""
    said: Callable[[float], str] = units.margin
    """How one of their values is written."""


LOSS = Picture("loss", "loss", (Curve("loss", "smoothed", "steps"), Curve("eval", "eval", "marks")), said=units.loss)
RATE = Picture(
    "rate", "learning rate", (Curve("learning_rate", "", "line"), Curve("planned", "", "plan")), said=units.rate
)
NORM = Picture("norm", "gradient norm", (Curve("grad_norm", "", "steps"),), said=units.loss)
SPEED = Picture("speed", "tokens per second", (Curve("tokens_per_second", "", "steps"),), said=units.count)
COMMON = (LOSS, RATE, NORM, SPEED)
"""What there is of every run."""


def _of_rows(name: str, title: str, share: bool = False) -> Picture:
    """Return the picture of a figure of learnt rows, with that of held-out rows."""
    curves = (Curve(name, "smoothed", "steps"), Curve(f"eval_{name}", "held out", "marks"))
    return Picture(name, title, curves, share, units.percent if share else units.margin)


PICTURES = (
    _of_rows("accuracy", "right, in %", share=True),
    _of_rows("margin", "margin"),
    Picture(
        "rewards",
        "rewards",
        (Curve("chosen_reward", "chosen", "smooth"), Curve("rejected_reward", "rejected", "smooth")),
    ),
    _of_rows("drift", "drift, nats per token"),
    _of_rows("kl", "KL, nats per answer"),
)
"""Of compared answers, what tells most first; they come before what there is of every run."""
ANSWERED = (
    Picture(
        "reward",
        "reward",
        (
            Curve("reward", "smoothed", "steps"),
            Curve("eval_reward", "held out", "marks"),
            Curve("reward_std", "spread", "smooth"),
        ),
    ),
    Picture(
        "alike",
        "without a lesson, in %",
        (Curve("zero_variance", "groups alike", "smooth"), Curve("clipped", "answers cut off", "smooth")),
        True,
        units.percent,
    ),
    _of_rows("length", "tokens of an answer"),
    Picture(
        "thoughts",
        "thoughts, in %",
        (Curve("forced", "closed by force", "smooth"), Curve("thoughtless", "empty", "smooth")),
        True,
        units.percent,
    ),
    _of_rows("thought", "tokens of a thought"),
    Picture("entropy", "entropy, nats per token", (Curve("entropy", "", "steps"),)),
    _of_rows("kl", "KL, nats per answer"),
    Picture(
        "critic", "what the critic foresees", (Curve("value", "expected", "steps"), Curve("return", "earned", "steps"))
    ),
)
"""The same of answers the model writes itself."""


_OF_CHECK, _NO_CHECK = "reward_", "reward_std"
_MOST_CHECKS = 4
"""Curves of single checks in one picture."""


def _checks(known: Collection[str]) -> list[Picture]:
    """Return the picture of what each check gives, none where there is one check or none."""
    names = [name for name in known if name.startswith(_OF_CHECK) and name != _NO_CHECK][:_MOST_CHECKS]
    curves = tuple(Curve(name, name.removeprefix(_OF_CHECK), "smooth") for name in names)
    return [Picture("checks", "reward by check", curves)] if len(curves) > 1 else []


def pictures(method: str, known: Collection[str]) -> tuple[Picture, ...]:
    """Return the pictures there are of a run of this method whose curves are known by these names."""
    if method not in (*recipe.ALIGNING, *recipe.REINFORCING):
        return COMMON
    own = PICTURES if method in recipe.ALIGNING else ANSWERED
    found = tuple(picture for picture in own if any(curve.name in known for curve in picture.curves))
    if method in recipe.REINFORCING:
        found = (*found[:1], *_checks(known), *found[1:])
    return (*(found or own[:1]), *COMMON)


def leaves(found: Sequence[Picture]) -> list[tuple[Picture, ...]]:
    """Return pictures as they are seen side by side; the last leaf is full, too, with some of the one before."""
    first = [tuple(found[at : at + TOGETHER]) for at in range(0, len(found) - TOGETHER, TOGETHER)]
    return [*first, tuple(found[-TOGETHER:])]
