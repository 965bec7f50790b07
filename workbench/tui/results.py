"""The figures and curves that say how well a run learns: losses, or of compared answers accuracy and margin.

Owns which figures are shown, and the curves of a picture as layers. Is handed a view; must not know widgets, files or
processes.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.core import best, units
from workbench.core.curves import Series
from workbench.core.recipe import ALIGNING, REINFORCING
from workbench.guide.aligning import Curve, Picture
from workbench.guide.schedule import planned
from workbench.tui.glyphs import glyph
from workbench.tui.view import RunView
from workbench.tui.widgets.plot import Layer

PLANNED_POINTS = 256
"""Points at most of what is still to come."""


def _change(view: RunView) -> str:
    """Return by how much the eval loss has changed."""
    change = view.eval_change
    if change is None or abs(change) < 0.005:
        return ""
    return f" {glyph('down' if change < 0 else 'up')} {abs(change):.2f}"


def results(view: RunView) -> tuple[tuple[str, str, str], tuple[str, str, str]]:
    """Return the two figures that say how well it learns, as (figure, rest, label)."""
    if view.about.recipe is not None and view.about.recipe.method in REINFORCING:
        return _rewards(view)
    published = _published(view)
    if view.about.recipe is None or view.about.recipe.method not in ALIGNING:
        held = (units.loss(view.eval.loss if view.eval else None), _change(view), "eval loss")
        return (
            (units.loss(view.train_loss), "", "train, smoothed"),
            (units.loss(published["loss"]), "", "eval, its result") if "loss" in published else held,
        )
    if "accuracy" in published:
        return (
            (units.margin(published.get("margin")), "", "margin, its result"),
            (*_of_percent(published["accuracy"]), "right, its result"),
        )
    look, before = view.eval, view.eval_before
    if look is None or "eval_accuracy" not in look.metrics:
        margin, right = (view.curves.get(name) for name in ("margin", "accuracy"))
        told = right.smoothed if right is not None else None
        return (
            (units.margin(margin.smoothed if margin is not None else None), "", "train margin"),
            (*_of_percent(told), "train right"),
        )
    share = look.metrics["eval_accuracy"]
    figure, rest = _of_percent(share)
    change = round(100 * (share - before.metrics.get("eval_accuracy", share))) if before is not None else 0
    moved = f" {glyph('down' if change < 0 else 'up')} {abs(change)}" if change else ""
    return (
        (units.margin(look.metrics.get("eval_margin")), "", "eval margin"),
        (figure, f"{rest}{moved}", "eval right"),
    )


def _published(view: RunView) -> dict[str, float]:
    """Return the figures of the result where that is not the newest state, {} elsewhere."""
    result = view.result
    return best.published(view.about.report) if result is not None and result.is_early else {}


_LOOKED_AT = ("eval_reward", "eval_greedy_reward")
"""Rewards of answers to held-out prompts: these looks have no loss, so they are known as curves alone."""


def _rewards(view: RunView) -> tuple[tuple[str, str, str], tuple[str, str, str]]:
    """Return the rewards of answers to held-out prompts, drawn freely and at their likeliest."""
    looks = {name: [y for _, y in view.curves[name]][-2:] for name in _LOOKED_AT if name in view.curves}
    if len(looks) < len(_LOOKED_AT):
        told = [view.curves.get(name) for name in ("reward", "zero_variance")]
        reward, alike = (series.smoothed if series is not None else None for series in told)
        return (units.margin(reward), "", "train reward"), (*_of_percent(alike), "groups alike")

    def moved(values: Sequence[float]) -> str:
        change = values[-1] - values[0]
        return f" {glyph('down' if change < 0 else 'up')} {abs(change):.2f}" if abs(change) >= 0.005 else ""

    first, second = ((units.margin(looks[name][-1]), moved(looks[name])) for name in _LOOKED_AT)
    return (*first, "eval reward"), (*second, "at its likeliest")


def _of_percent(share: float | None) -> tuple[str, str]:
    """Return a share as (figure, unit)."""
    if share is None:
        return units.NONE, ""
    figure, _, unit = units.percent(share).partition(units.SPACE)
    return figure, f"{units.SPACE}{unit}"


def layers(view: RunView, picture: Picture, compact: bool) -> list[Layer]:
    """Return the curves of a picture; on a small page, and of several lines, newest values stand in the legend."""
    found = []
    for curve in picture.curves:
        series = planned_rates(view) if curve.kind == "plan" else view.curves.get(curve.name)
        if series is None:
            continue
        if not curve.legend:
            found.append(Layer(series, "", curve.kind))
            continue
        raw = "" if compact or curve.kind != "steps" else "each step"
        name = "train" if compact and curve.kind == "steps" else curve.legend
        figure = newest(series, curve, picture) if compact or curve.kind == "smooth" else ""
        found.append(Layer(series, name, curve.kind, raw_name=raw, figure=figure))
    return found


def newest(series: Series, curve: Curve, picture: Picture) -> str:
    """Return the newest value of a curve as its legend has it."""
    value = series.last[1] if curve.kind == "marks" and series.last else series.smoothed
    return units.NONE if value is None else picture.said(value)


def beside(view: RunView, picture: Picture) -> str:
    """Return the newest step's value, for the title of a picture without a legend; "" where there is one."""
    if picture.curves[0].legend:
        return ""
    series = view.curves.get(picture.curves[0].name)
    return picture.said(series.last[1]) if series is not None and series.last is not None else units.NONE


def planned_rates(view: RunView) -> Series | None:
    """Return the learning rates that are still to come, None where nothing is or they are not known."""
    recipe, step, steps = view.about.recipe, view.step, view.steps
    if recipe is None or step >= steps or "learning_rate" not in view.curves:
        return None
    series = Series()
    for at in (*range(step, steps, max(1, (steps - step) // PLANNED_POINTS)), steps):
        series.append(at, planned(recipe, at, steps))
    return series
