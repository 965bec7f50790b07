"""Pictures of explanations that are drawn from figures: memory by part, a schedule, two loss curves.

Owns the drawings. Must not know what is explained beside them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from textual.content import Content

from workbench.core import units
from workbench.core.curves import Series
from workbench.core.plan import Card, Plan
from workbench.guide import fitting
from workbench.tui.glyphs import is_ascii
from workbench.tui.ink import ink, place
from workbench.tui.widgets import plot
from workbench.tui.widgets.gauge import bar

_ROLES = {
    "title": "section", "label": "label", "rule": "rule", "plan": "faint", "raw": "raw", "line": "accent",
    "line-2": "value", "mark": "title", "mark-1": "accent", "mark-2": "value", "figure": "value",
}  # fmt: skip
_ROWS = 7


def _plotted(layers: Sequence[plot.Layer], width: int, title: str, until: float) -> list[Content]:
    """Return a small chart with its title."""
    glyphs = plot.ASCII if is_ascii() else plot.BRAILLE
    found = plot.Plot(layers, whole=until, glyphs=glyphs).rows(width, _ROWS)
    head = plot.title_row(title, plot.legend(layers, glyphs, True), "", width, glyphs)
    return [ink(*((text, _ROLES.get(role, "value")) for text, role in row)) for row in (head, *found)]


def _series(function: Callable[[float], float], until: int, start: int = 0) -> Series:
    """Return a function of the steps as a curve that is not smoothed."""
    series = Series(smooth=False)
    series.extend((float(step), function(step)) for step in range(start, until + 1))
    return series


def overfit(plan: Plan | None, card: Card | None, width: int) -> list[Content]:
    """Return the loss of learnt rows that falls for ever, and that of held-out rows that turns at step 300."""

    def learnt(step: float) -> float:
        return 0.45 + 1.7 * math.exp(-step / 160)

    def held_out(step: float) -> float:
        return learnt(step) + 0.12 + 0.55 * max(0.0, step - 300) ** 1.4 / 300**1.4

    layers = (
        plot.Layer(_series(learnt, 600, 1), "rows it learns from", "line"),
        plot.Layer(_series(held_out, 600, 1), "held-out rows", "line"),
    )
    return _plotted(layers, width, "loss", 600)


def schedule(plan: Plan | None, card: Card | None, width: int) -> list[Content]:
    """Return the learning rate of the plan over its steps; an example without a plan."""
    steps, peak, share, decay = 200, 2e-4, 0.05, "cosine"
    if plan is not None and plan.steps:
        wanted = plan.chosen.resolved.recipe
        steps, peak, share = plan.steps, wanted.learning_rate, wanted.warmup_ratio
        decay = wanted.lr_scheduler_type
    rise = 0 if decay == "constant" else round(share * steps)

    def rate(step: float) -> float:
        if step < rise:
            return peak * step / rise
        return peak * _DECAYS.get(decay, _DECAYS["cosine"])((step - rise) / max(steps - rise, 1))

    every = max(1, steps // 400)
    series = Series(smooth=False)
    series.extend((float(step), rate(step)) for step in range(0, steps + 1, every))
    return _plotted((plot.Layer(series, "", "line"),), width, "learning rate by step", steps)


_DECAYS: dict[str, Callable[[float], float]] = {
    "cosine": lambda share: 0.5 * (1 + math.cos(math.pi * share)),
    "linear": lambda share: 1 - share,
    "constant": lambda share: 1.0,
    "constant_with_warmup": lambda share: 1.0,
    "cosine_with_min_lr": lambda share: 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * share)),
    "warmup_stable_decay": lambda share: 0.5 * (1 + math.cos(math.pi * 5 * max(0.0, share - 0.8))),
}
"""Schedule → share of the peak after the rise; the last one stands until its last fifth."""


_NEAR = 8
"""Free memory up to so many times the peak is the track of the whole; beyond that every part would be a dot."""


def memory(plan: Plan | None, card: Card | None, width: int) -> list[Content]:
    """Return the parts of the memory at the peak as a staircase."""
    if plan is None or card is None:
        return [ink(("Base and data are not settled yet, so that there is nothing to add up.", "label"))]
    unit, name = fitting.scale(plan)
    peak = plan.chosen.memory.peak
    near = card.free < _NEAR * peak
    whole = max(card.free if near else peak, peak, 1)
    left, lines, until = 22, [], 0
    for part in (*fitting.parts(plan, 6), fitting.Part("together", 0, "")):
        total = part.name == "together"
        size = peak if total else part.bytes
        start = 0.0 if total else until / whole
        until += part.bytes
        step = bar(width - left, size / whole if total else until / whole, start, track=total and near)
        figure = fitting.amount(size, unit)
        column = 16 - len(figure.partition(".")[0])
        lines.append(
            place(width, (0, ink((part.name, "value" if total else "label"))),
                  (column, ink((figure, "figure" if total else "value"))), (left, step))
        )  # fmt: skip
    where = "on the card" if card.gpu else "on this machine"
    said = f"{name}, of {fitting.amount(card.free, units.GIB)} GiB free {where}"
    return [*lines[:-1], Content(""), lines[-1], place(width, (left, ink((said, "label"))))]


DRAWN: dict[str, Callable[[Plan | None, Card | None, int], list[Content]]] = {
    "overfit": overfit,
    "schedule": schedule,
    "memory": memory,
}
"""Name in a file → what draws it."""
