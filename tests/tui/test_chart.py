"""The chart and the gauges on a screen: their pace, focus, scales, themes, and rooms too small for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from time import monotonic
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.color import Color
from textual.pilot import Pilot
from textual.widget import Widget

from workbench.core.curves import Series
from workbench.tui import glyphs
from workbench.tui.themes import THEMES
from workbench.tui.widgets.chart import REDRAW_SECONDS, Chart
from workbench.tui.widgets.gauge import Gauge, Gauges
from workbench.tui.widgets.plot import Layer


class Bench(App[None]):
    """A page with the widgets under test and the themes of the workbench."""

    CSS = "Chart { width: 74; max-width: 100%; height: 14; max-height: 100%; } Gauges { width: 36; }"

    def __init__(self, *made: Widget) -> None:
        super().__init__()
        self._made = made
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = "graphite"

    def compose(self) -> ComposeResult:
        yield from self._made


def run(app: App[None], check: Callable[[Pilot[None]], Coroutine[Any, Any, None]], size: tuple[int, int]) -> None:
    """Show an application headless and check it."""

    async def go() -> None:
        async with app.run_test(size=size) as pilot:
            await check(pilot)

    asyncio.run(go())


async def until(pilot: Pilot[None], condition: Callable[[], object], what: str, seconds: float = 10) -> None:
    """Wait for a condition."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, f"not within {seconds:g} s: {what}"
        await pilot.pause()


def rows(widget: Widget) -> list[str]:
    """Return what a widget shows."""
    return [widget.render_line(y).text for y in range(widget.size.height)]


def falling(steps: int = 412) -> Series:
    series = Series()
    series.extend((step, 1 + 1.2 * 0.98**step) for step in range(1, steps + 1))
    return series


@pytest.fixture(autouse=True)
def unicode_signs() -> Iterator[None]:
    """Unicode again after a test in ASCII."""
    yield
    glyphs.use_ascii(False)


def test_a_chart_shows_title_legend_labels_and_its_curve() -> None:
    """What was given before the chart had a place is drawn when it has one."""
    chart = Chart("loss")
    chart.show([Layer(falling(), "smoothed", raw_name="each step")], whole=1052)

    async def check(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: rows(chart)[0].startswith("loss"), "the chart is drawn")
        seen = rows(chart)
        assert len(seen) == 14
        assert seen[0].endswith("⠒⠂ each step   ━━ smoothed")
        assert seen[-1].split() == ["0", "100", "200", "300", "400", "500"]
        assert [row[:4].strip() for row in seen if row[:4].strip()][1:4] == ["2.0", "1.5", "1.0"]
        assert any(0x2800 <= ord(sign) < 0x2900 for row in seen[1:-1] for sign in row)

    run(Bench(chart), check, (120, 40))


def test_a_growing_curve_is_drawn_twice_a_second_at_most() -> None:
    """However often it is told that it has grown, a chart waits half a second, and then shows all there is."""
    chart, series = Chart("loss"), Series()
    series.extend((step, 2.0) for step in range(90))

    async def check(pilot: Pilot[None]) -> None:
        chart.show([Layer(series)], whole=1000)
        await until(pilot, lambda: rows(chart)[-1].rstrip().endswith("100"), "the first drawing")
        chart.redraw()
        began = monotonic()
        for step in range(90, 700):
            series.append(step, 2.0)
            chart.advance()
        await until(pilot, lambda: rows(chart)[-1].rstrip().endswith("800"), "the second drawing")
        assert monotonic() - began >= REDRAW_SECONDS * 0.9

    run(Bench(chart), check, (80, 24))


def test_focus_turns_the_title_accent_and_themes_are_followed() -> None:
    """The title has the accent of the theme that is in use, and only while the chart is in focus."""
    chart, other = Chart("loss", focusable=True), Chart("learning rate", axis="ends", focusable=True)

    def is_accent() -> bool:
        style = next(iter(chart.render_line(0))).style
        assert style is not None
        assert style.color is not None
        theme = next(theme for theme in THEMES if theme.name == chart.app.theme)
        accent, seen = Color.parse(theme.primary), Color.from_rich_color(style.color)
        # Textual keeps colours as hue, saturation and lightness, which costs a rounding.
        return all(abs(one - other) <= 2 for one, other in zip(accent.rgb, seen.rgb, strict=True))

    async def check(pilot: Pilot[None]) -> None:
        chart.show([Layer(falling(), "train")])
        for name in ("graphite", "paper"):
            pilot.app.theme = name
            chart.focus()
            await until(pilot, is_accent, "the title is accent")
            other.focus()
            await until(pilot, lambda: not is_accent(), "the title is text")

    run(Bench(chart, other), check, (120, 40))


def test_a_chart_changes_with_every_theme() -> None:
    """In the palette of the terminal the grid is sparser and the accent is blue; back in colours it is as before."""
    chart = Chart("loss", focusable=True)

    async def check(pilot: Pilot[None]) -> None:
        chart.show([Layer(falling(), "train")])
        await until(pilot, lambda: "┄┄┄┄" in "".join(rows(chart)), "the grid of colours")
        chart.focus()
        for theme in THEMES:
            pilot.app.theme = theme.name
            dense = not theme.ansi
            await until(pilot, lambda dense=dense: ("┄┄┄┄" in "".join(rows(chart))) is dense, "the grid of the theme")
            if theme.ansi:
                style = next(iter(chart.render_line(0))).style
                assert style is not None
                assert style.color is not None
                assert style.color.number == 4
        pilot.app.theme = "graphite"
        await until(pilot, lambda: "┄┄┄┄" in "".join(rows(chart)), "the grid of colours again")

    run(Bench(chart), check, (120, 40))


def test_the_logarithmic_scale_can_be_switched() -> None:
    """A curve over five decades has its decades as labels on the logarithmic scale."""
    chart, series = Chart("loss"), Series()
    series.extend((step, 10.0 ** (2 - step / 20)) for step in range(101))

    async def check(pilot: Pilot[None]) -> None:
        chart.show([Layer(series, kind="line")], whole=100)
        await until(pilot, lambda: rows(chart)[0].startswith("loss"), "the chart is drawn")
        chart.logarithmic = True
        assert [row[:6].split()[0] for row in rows(chart)[1:-1] if row[:6].split()] == ["10", "0.1", "0.001"]
        chart.logarithmic = False
        assert [row[:4].split()[0] for row in rows(chart)[1:-1] if row[:4].split()][-1] == "0"

    run(Bench(chart), check, (120, 40))


@pytest.mark.parametrize("size", [(120, 40), (20, 3), (3, 1)])
def test_charts_and_gauges_fit_where_they_are_put(size: tuple[int, int]) -> None:
    """No room is too small, and ASCII is all there is when it was asked for."""
    glyphs.use_ascii(True)
    chart, gauges = Chart("loss"), Gauges([Gauge("memory", 0.5, "12.0", "of 24 GiB", "tight")])

    async def check(pilot: Pilot[None]) -> None:
        chart.show([Layer(falling(), "smoothed", raw_name="each step")])
        await until(pilot, lambda: any(row.strip() for row in rows(chart)), "the chart is drawn")
        assert all(row.isascii() for row in rows(chart))
        assert all(len(row) == chart.size.width for row in rows(chart)[1:])
        gauges.show([Gauge("memory", 0.95, "22.8", "of 24 GiB", "tight")])
        await pilot.pause()

    run(Bench(chart, gauges), check, size)


def test_a_reading_changes_in_place() -> None:
    """Gauges show the newest reading, with the word that goes with it."""
    gauges = Gauges([Gauge("memory", 0.5, "12.0", "of 24 GiB", "tight")])

    async def check(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "12.0 of 24 GiB" in rows(gauges)[0], "the first reading")
        assert "tight" not in rows(gauges)[0]
        gauges.show([Gauge("memory", 0.95, "22.8", "of 24 GiB", "tight")])
        await until(pilot, lambda: "tight  22.8 of 24 GiB" in rows(gauges)[0], "the second reading")

    run(Bench(gauges), check, (80, 24))
