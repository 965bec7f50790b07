"""The chart: curves that grow, drawn at most twice a second and only where they changed.

Owns the pace of drawing, the styles of the roles, focus and the logarithmic scale. Must not know where the curves come
from or what they mean; the raster is made in plot.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import monotonic
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from workbench.tui import glyphs
from workbench.tui.widgets import plot
from workbench.tui.widgets.plot import Glyphs, Layer, Piece, Plot

REDRAW_SECONDS = 0.5
"""Least time between two drawings of curves that grow."""


class Chart(Widget):
    """Curves under a title; `show` takes what is to be drawn, `advance` says that the series have grown."""

    DEFAULT_CSS = """
    Chart { height: 1fr; }
    Chart > .chart--title { color: $foreground; text-style: bold; }
    Chart > .chart--focus { color: $accent; text-style: bold; }
    Chart > .chart--label { color: $muted; }
    Chart > .chart--figure { color: $bright; text-style: bold; }
    Chart > .chart--rule { color: $rule; }
    Chart > .chart--plan { color: $faint; }
    Chart > .chart--raw { color: $raw; }
    Chart > .chart--line, Chart > .chart--mark-1 { color: $accent; }
    Chart > .chart--line-2, Chart > .chart--mark-2 { color: $foreground; }
    Chart > .chart--line-3, Chart > .chart--mark-3 { color: $muted; }
    Chart > .chart--line-4, Chart > .chart--mark-4 { color: $raw; }
    Chart > .chart--mark { color: $bright; }
    Chart:ansi > .chart--line { text-style: bold; }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"chart--{role}" for role in (*plot.ROLES, "focus")}

    def __init__(
        self,
        title: str,
        *,
        axis: str = "grid",
        logarithmic: bool = False,
        focusable: bool = False,
        gutter: int = plot.GUTTER,
        id: str | None = None,
    ) -> None:
        """Make an empty chart; `axis` and `gutter` are what `Plot` takes, `logarithmic` the scale y begins with."""
        super().__init__(id=id)
        self.can_focus = focusable
        self._title = title
        self._axis = axis
        self._gutter = gutter
        self._logarithmic = logarithmic
        self._layers: tuple[Layer, ...] = ()
        self._whole: float | None = None
        self._figure = ""
        self._percent = False
        self._until: float | None = None
        self._rows: list[list[Piece]] = []
        self._strips: list[Strip] | None = None
        self._signs = plot.BRAILLE
        self._drawn = -REDRAW_SECONDS
        self._timer: Timer | None = None

    @property
    def logarithmic(self) -> bool:
        """Whether y is on a logarithmic scale."""
        return self._logarithmic

    @logarithmic.setter
    def logarithmic(self, wanted: bool) -> None:
        if wanted != self._logarithmic:
            self._logarithmic = wanted
            self.redraw()

    def show(
        self,
        layers: Iterable[Layer],
        *,
        whole: float | None = None,
        figure: str = "",
        title: str = "",
        percent: bool = False,
        until: float | None = None,
    ) -> None:
        """Draw these curves; `whole` is the x at which the run ends, `figure` a value at the right of the title.

        `title` takes the place of the present one; `percent` says that y is a share of 1,
        `until` where the axis of x ends, where it is not to follow from these curves.
        """
        self._layers, self._whole, self._figure = tuple(layers), whole, figure
        self._title, self._percent, self._until = title or self._title, percent, until
        self.advance()

    def advance(self) -> None:
        """Draw the curves anew, as they have grown: soon, or when half a second has passed since the last time."""
        if self._timer is None and self.is_mounted:
            # A timer even where there is nothing to wait for, so that keys come in between one chart and the next.
            self._timer = self.set_timer(max(0.001, self._drawn + REDRAW_SECONDS - monotonic()), self.redraw)

    def redraw(self) -> None:
        """Draw now; rows that look as before are not sent to the terminal again."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        width, height = self.size
        if not width or not height:
            return
        before = self._rows
        self._rows = self._draw(width, height)
        self._drawn = monotonic()
        self._strips = None
        changed = [y for y, row in enumerate(self._rows) if y >= len(before) or row != before[y]]
        if len(before) != len(self._rows):
            self.refresh()
        elif changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))

    def _draw(self, width: int, height: int) -> list[list[Piece]]:
        """Return title and plot as rows of pieces."""
        signs = self._signs = self._wanted_signs()
        entries = plot.legend(self._layers, signs, roomy=width >= 56)
        title = plot.title_row(self._title, entries, self._figure, width, signs)
        drawn = Plot(
            self._layers, self._axis, self._whole, self._logarithmic, signs, self._percent, self._until, self._gutter
        )
        return [title, *drawn.rows(width, height - 1)] if height > 1 else [title]

    def _wanted_signs(self) -> Glyphs:
        """Return the characters for the terminal and the theme."""
        if glyphs.is_ascii():
            return plot.ASCII
        return plot.SPARSE if self.app.current_theme.ansi else plot.BRAILLE

    def _styles(self) -> dict[str, Style]:
        """Return the style of each role in the theme as it is."""
        styles = {role: self.get_component_rich_style(f"chart--{role}") for role in plot.ROLES}
        if self.has_focus:
            styles["title"] = self.get_component_rich_style("chart--focus")
        return styles

    def render_line(self, y: int) -> Strip:
        """Return a row as it was drawn."""
        if self._strips is None:
            styles = self._styles()
            self._strips = [_strip(row, styles) for row in self._rows]
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width, self.rich_style)

    def notify_style_update(self) -> None:
        """Take new colours: the theme or the focus has changed."""
        super().notify_style_update()
        self._restyle()
        if self._rows and self._signs is not self._wanted_signs():
            self.call_later(self.redraw)

    def _restyle(self) -> None:
        """Give the rows the styles they have when they are next drawn."""
        self._strips = None
        self.refresh()

    def on_mount(self) -> None:
        """Draw what was given before there was a place for it."""
        self.redraw()

    def on_resize(self, event: events.Resize) -> None:
        """Draw for the new size."""
        self._rows = []
        self.redraw()

    def on_focus(self, event: events.Focus) -> None:
        """Give the title the accent."""
        self._restyle()

    def on_blur(self, event: events.Blur) -> None:
        """Take the accent from the title."""
        self._restyle()


def _strip(row: Sequence[Piece], styles: dict[str, Style]) -> Strip:
    """Return pieces as a row of cells."""
    return Strip([Segment(text, styles[role]) for text, role in row if text])
