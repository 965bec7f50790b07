"""Bars: how full something is, where a part of a whole begins and ends, and readings of the machine in rows.

Owns the arithmetic of half cells and the look of a row of readings. Must not know what is read, or from where.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.widget import Widget

from workbench.core.text import width_of
from workbench.tui.glyphs import glyph
from workbench.tui.ink import ink, joined, place

WARN_SHARE = 0.9
"""From here on memory is said to be nearly full: fragments and the next longer batch have no room left."""


def bar(width: int, end: float, start: float = 0.0, *, role: str = "accent", track: bool = True) -> Content:
    """Return a bar from `start` to `end`, shares of the whole, in `width` columns, in halves of a column.

    Both ends round down, so that only the whole looks full and a part begins where the one before it ended. A part
    that is not nothing is at least half a column long. Without `track` the rest stays empty: a step of a staircase.
    """
    halves = 2 * width
    first = max(0, min(halves, math.floor(start * halves + 1e-9)))
    last = max(0, min(halves, math.floor(end * halves + 1e-9)))
    if end > start and last <= first and width > 0:
        first = min(first, halves - 1)
        last = first + 1
    rest = glyph("track") if track else " "
    left, full, right = first // 2, "", last // 2
    if first >= last:
        return ink((rest * width, "rule"))
    if first % 2:
        full += glyph("half-right")
        left += 1
    full += glyph("bar") * max(0, right - left)
    before = first // 2
    if last % 2 and right >= left:
        full += glyph("half")
    return ink((rest * before, "rule"), (full, role), (rest * (width - before - len(full)), "rule"))


@dataclass(frozen=True)
class Gauge:
    """One reading: "memory ━━━━╸━━━━ 12.6 of 24 GiB"."""

    label: str
    share: float | None
    """Of the whole; None when it cannot be read."""
    figure: str
    rest: str = ""
    """What follows the figure: the limit and the unit."""
    word: str = ""
    """What it means to be above `warn`, in one word that stands on the bar then; "" for a reading that never warns."""
    warn: float = WARN_SHARE

    @property
    def warns(self) -> bool:
        """Whether the word has to be said."""
        return bool(self.word) and self.share is not None and self.share >= self.warn


def gauge_rows(gauges: Sequence[Gauge], width: int) -> list[Content]:
    """Return a row per reading, with labels, bars and figures below each other."""
    labels = max((width_of(gauge.label) for gauge in gauges), default=0)
    figures = max((width_of(f"{gauge.figure} {gauge.rest}".strip()) for gauge in gauges), default=0)
    long = width - labels - figures - 4
    rows = []
    for gauge in gauges:
        figure = ink((gauge.figure, "figure"), (f" {gauge.rest}" if gauge.rest else "", "label"))
        pieces = [(0, ink((gauge.label, "label")))]
        if long >= 4:
            said = gauge.word[:long] if gauge.warns else ""
            # The word stands at the end of the bar, or in its place where there is no room for both.
            drawn = long - width_of(said) - bool(said)
            filled = bar(drawn if drawn >= 3 else 0, gauge.share or 0.0, role="warn" if gauge.warns else "accent")
            gap = " " if said and filled.cell_length else ""
            pieces.append((labels + 2, filled + ink((gap + said, "warn"))))
        rows.append(place(width, *pieces, (-1, figure)))
    return rows


class Gauges(Widget):
    """Readings below each other; `show` replaces them."""

    DEFAULT_CSS = "Gauges { height: auto; text-wrap: nowrap; }"

    def __init__(self, gauges: Sequence[Gauge] = (), *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._gauges = tuple(gauges)

    def show(self, gauges: Sequence[Gauge]) -> None:
        """Show these readings."""
        if tuple(gauges) != self._gauges:
            resized = len(gauges) != len(self._gauges)
            self._gauges = tuple(gauges)
            self.refresh(layout=resized)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """Return the number of readings."""
        return max(1, len(self._gauges))

    def render(self) -> Content:
        """Return the rows."""
        return joined(gauge_rows(self._gauges, self.size.width))
