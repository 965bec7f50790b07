"""What charts, small curves and bars look like, held against a raster made in another way."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.core import curves
from workbench.core.curves import Series
from workbench.core.text import width_of
from workbench.tui import glyphs
from workbench.tui.widgets.gauge import Gauge, bar, gauge_rows
from workbench.tui.widgets.plot import ASCII, BRAILLE, GUTTER, Layer, Plot, legend, title_row
from workbench.tui.widgets.spark import spark

# Unicode, block 2800: dots 1 2 3 7 down the left side, 4 5 6 8 down the right one.
DOTS = {(0, 0): 1, (0, 1): 2, (0, 2): 3, (0, 3): 7, (1, 0): 4, (1, 1): 5, (1, 2): 6, (1, 3): 8}


@pytest.fixture
def ascii_signs() -> Iterator[None]:
    """ASCII instead of Unicode while a test runs."""
    glyphs.use_ascii(True)
    yield
    glyphs.use_ascii(False)


def of(values: np.ndarray, first: int = 0) -> Series:
    series = Series()
    series.extend((float(step), float(value)) for step, value in enumerate(values, start=first))
    return series


def text_of(row: list[tuple[str, str]]) -> str:
    return "".join(text for text, _ in row)


def pixels(rows: list[list[tuple[str, str]]], role: str, gutter: int = GUTTER) -> tuple[set[tuple[int, int]], set]:
    """Return the dots of a role as (x, y), and the cells (column, row) that have it."""
    found, cells = set(), set()
    for row, pieces in enumerate(rows):
        column = -gutter
        for text, was in pieces:
            for sign in text:
                if was == role:
                    cells.add((column, row))
                    mask = ord(sign) - 0x2800
                    found |= {
                        (2 * column + dx, 4 * row + dy) for (dx, dy), dot in DOTS.items() if mask >> (dot - 1) & 1
                    }
                column += 1
    return found, cells


def row_of(values: np.ndarray, low: float, high: float, down: int) -> np.ndarray:
    """Return the rows of dots of values, clipped to the edges."""
    return np.clip(np.round((high - values) / (high - low) * (down - 1)), 0, down - 1).astype(int)


def test_raw_dots_are_the_extremes_of_each_column() -> None:
    """Every raw dot is an extreme of its column; each extreme is there unless the line covers its cell."""
    rng = np.random.default_rng(5)
    values = 1 + np.exp(-np.arange(900) / 150) + rng.normal(size=900) / 10
    width, height = 74, 13
    rows = Plot([Layer(of(values))], whole=1000).rows(width, height)[:-1]
    across, down = 2 * (width - GUTTER), 4 * (height - 1)
    assert curves.grown(899, 1000) == 1000
    place = np.floor(np.arange(900) / 1000 * (across - 1) + 0.5).astype(int)
    raw, _ = pixels(rows, "raw")
    line, covered = pixels(rows, "line")
    # The axis of y, from its labels: the rows of two known ticks.
    marked = {float(text_of(row)[: GUTTER - 1]): number for number, row in enumerate(rows) if text_of(row)[:4].strip()}
    span = curves.value_range(
        [extreme(values[place == x]) for x in set(place) for extreme in (np.min, np.max)], [1.0, 2.0], log=False
    )
    assert span is not None
    expected = set()
    for x in range(across):
        if (place == x).any():
            for value in (values[place == x].min(), values[place == x].max()):
                expected.add((x, int(row_of(np.array(value), *span, down))))
    assert all(row_of(np.array(tick), *span, down) // 4 == row for tick, row in marked.items())
    assert raw
    assert raw <= expected
    assert {dot for dot in expected if (dot[0] // 2, dot[1] // 4) not in covered} == raw
    assert line


def test_a_line_is_closed_and_goes_through_its_values() -> None:
    """Each column of dots has its value, and reaches the columns beside it."""
    steps = np.arange(101)
    values = np.sin(steps / 9) * 5
    width, height = 12 + GUTTER, 9
    across, down = 2 * 12, 4 * 8
    rows = Plot([Layer(of(values), kind="line")], whole=100).rows(width, height)[:-1]
    found, _ = pixels(rows, "line")
    place = np.floor(steps / 100 * (across - 1) + 0.5).astype(int)
    means = np.array([values[place == x].mean() for x in range(across)])
    span = curves.value_range([], list(means), log=False)
    assert span is not None
    goals = row_of(means, *span, down)
    assert {(x, int(goal)) for x, goal in enumerate(goals)} <= found
    for x in range(1, across):
        here, before = ({y for at, y in found if at == column} for column in (x, x - 1))
        assert here == set(range(min(here), max(here) + 1))
        assert min(abs(a - b) for a in here for b in before) <= 1


def test_a_gap_stays_empty() -> None:
    """No dot where nothing was measured, and none that would join the ends."""
    series = Series()
    series.extend((step, None if 40 <= step < 60 else 1.0 + step / 100) for step in range(101))
    rows = Plot([Layer(series)], whole=100).rows(GUTTER + 60, 10)[:-1]
    for role in ("raw", "line"):
        found, _ = pixels(rows, role)
        assert not [x for x, _ in found if 40.5 / 100 * 119 < x < 59.5 / 100 * 119]
        assert {x // 60 for x, _ in found} == {0, 1}


def test_points_between_far_steps_are_joined() -> None:
    """A curve with a value every ten steps has a dot in every column between its ends."""
    series = Series()
    series.extend((step, 3.0 - step / 100) for step in range(0, 101, 10))
    found, _ = pixels(Plot([Layer(series, kind="smooth")], whole=100).rows(GUTTER + 60, 10)[:-1], "line")
    assert {x for x, _ in found} == set(range(120))


@settings(max_examples=60)
@given(
    st.integers(1, 150),
    st.integers(2, 30),
    st.lists(st.one_of(st.none(), st.floats(-1e9, 1e9)), max_size=40),
    st.booleans(),
    st.sampled_from(["grid", "ends"]),
    st.sampled_from([BRAILLE, ASCII]),
)
def test_any_chart_fills_its_place(width: int, height: int, ys: list, log: bool, axis: str, signs: object) -> None:
    """Every row has exactly its columns, whatever the values; in ASCII mode all of it is ASCII."""
    series = Series()
    series.extend(enumerate(ys))
    layers = [Layer(series), Layer(series, kind="marks"), Layer(series, kind="plan"), Layer(series, kind="line")]
    rows = Plot(layers, axis, 100, log, signs).rows(width, height)  # type: ignore[arg-type]
    assert [width_of(text_of(row)) for row in rows] == [width] * height
    if signs is ASCII:
        assert all(text_of(row).replace(curves.units.SPACE, "").isascii() for row in rows)


def test_what_is_planned_for_step_nought_is_a_chart_too() -> None:
    """A plan of one point at the beginning leaves an axis with a length."""
    plan = Series()
    plan.append(0, 2e-4)
    assert text_of(Plot([Layer(plan, kind="plan")]).rows(40, 6)[-1]).split()[-1] == "10"


def test_marks_stand_over_lines_and_lines_over_dots() -> None:
    """An evaluation is seen at its step, in a cell of its own."""
    series, marks = of(np.full(101, 2.0)), Series()
    marks.append(50, 2.0)
    rows = Plot([Layer(series), Layer(marks, kind="marks")], whole=100).rows(GUTTER + 51, 6)
    at = [
        (column - GUTTER, number)
        for number, row in enumerate(rows)
        for column, sign in enumerate(text_of(row))
        if sign == "◆"
    ]
    assert len(at) == 1
    assert at[0][0] in {25, 26}
    assert all(role != "raw" for row in rows for text, role in row if text.strip())


def test_several_curves_are_told_apart_without_colour() -> None:
    """Each of two lines carries its own glyph, which is in the legend with its name."""
    one, other = of(np.full(101, 1.0)), of(np.full(101, 2.0))
    layers = [Layer(one, "first", "smooth"), Layer(other, "second", "smooth")]
    rows = Plot(layers, whole=100).rows(74, 13)
    drawn = "".join(text_of(row) for row in rows)
    assert drawn.count("●") >= 4
    assert drawn.count("○") >= 4
    assert [text_of(entry) for entry in legend(layers, BRAILLE, roomy=True)] == ["● first", "○ second"]


def test_the_labels_of_steps_stand_below_their_place() -> None:
    """Labels are centred below the column of their step."""
    below = text_of(Plot([Layer(of(np.ones(413)))], whole=1052).rows(74, 13)[-1])
    assert below.split() == ["0", "100", "200", "300", "400", "500"]
    for step in (100, 200, 300, 400):
        assert abs(below.index(str(step)) + 1 - (GUTTER + step / 500 * 68.5)) <= 1
    assert below.endswith("500")


def test_a_legend_gives_way_from_the_left_and_foreign_names_are_harmless() -> None:
    """What finds no room is left out whole; an escape in a name of a run is made visible."""
    layers = [Layer(Series(), "smoothed", raw_name="each step"), Layer(Series(), "\x1b[31mred", "marks", figure="1.11")]
    wide = text_of(title_row("loss", legend(layers, BRAILLE, roomy=True), "", 74, BRAILLE))
    assert wide.endswith("⠒⠂ each step   ━━ smoothed   ◆ ␛[31mred 1.11")
    narrow = text_of(title_row("loss", legend(layers, BRAILLE, roomy=False), "", 30, BRAILLE))
    assert "smoothed" not in narrow
    assert narrow.endswith("◆ ␛[31mred 1.11")
    for width in range(1, 80):
        assert width_of(text_of(title_row("loss", legend(layers, BRAILLE, roomy=True), "9", width, BRAILLE))) >= width


@given(st.integers(1, 80), st.integers(0, 1000), st.integers(0, 1000))
def test_bars_round_down_to_half_columns(width: int, start: int, length: int) -> None:
    """Counted in halves by exact fractions: only the whole is full, and nothing that is there is unseen."""
    end = min(1000, start + length)
    drawn = bar(width, end / 1000, start / 1000, track=False).plain
    assert len(drawn) == width
    halves = "".join({"━": "11", "╸": "10", "╺": "01", " ": "00"}[sign] for sign in drawn)
    first, last = (math.floor(Fraction(share, 1000) * 2 * width) for share in (start, end))
    if last > first:
        assert halves == "0" * first + "1" * (last - first) + "0" * (2 * width - last)
    else:
        assert halves.count("1") == (end > start)


def test_a_staircase_has_no_holes() -> None:
    """Each step begins in the half column in which the one above ends."""
    parts, at, seen = [5.6, 3.0, 1.2, 0.9], 0.0, []
    for part in parts:
        drawn = bar(42, (at + part) / 22.6, at / 22.6, track=False).plain
        halves = "".join({"━": "11", "╸": "10", "╺": "01", " ": "00"}[sign] for sign in drawn)
        seen.append((halves.index("1"), halves.rindex("1") + 1))
        at += part
    assert [one[1] for one in seen[:-1]] == [one[0] for one in seen[1:]]


def test_a_gauge_says_in_a_word_that_it_is_nearly_full() -> None:
    """The word comes at the threshold, stays where there is no room for a bar, and is not said of a busy card."""
    gauges = [Gauge("memory", 0.95, "22.8", "of 24 GiB", "tight"), Gauge("busy", 0.98, "98", "%")]
    rows = [row.plain for row in gauge_rows(gauges, 40)]
    assert rows[0].startswith("memory  ━")
    assert " tight  22.8 of 24 GiB" in rows[0]
    assert rows[1].rstrip().endswith("98 %")
    assert [len(row) for row in rows] == [40, 40]
    assert "tight" in gauge_rows(gauges, 30)[0].plain
    calm = gauge_rows([Gauge("memory", 0.89, "21.4", "of 24 GiB", "tight")], 40)[0]
    assert "tight" not in calm.plain
    unread = gauge_rows([Gauge("power", None, "–")], 40)[0].plain
    assert unread.startswith("power")
    assert unread.endswith("–")


@pytest.mark.usefixtures("ascii_signs")
def test_small_curves_and_bars_in_ascii() -> None:
    """Signs that every terminal has."""
    curve = spark(of(np.linspace(3, 1, 60)), 12)
    assert curve.isascii()
    assert curve[0] == "'"
    assert curve[-1] == "."
    assert bar(10, 0.5).plain == "=====....."


def test_a_small_curve_leaves_its_upper_dots_empty() -> None:
    """Rows of a list do not touch; a falling curve falls, and a run half done takes half the room."""
    curve = spark(of(np.linspace(3, 1, 600)), 12)
    masks = [ord(sign) - 0x2800 for sign in curve]
    assert all(mask & 0b1001 == 0 for mask in masks)
    assert masks[0] == 0x02 | 0x10
    assert masks[-1] == 0x40 | 0x80
    half = spark(of(np.linspace(3, 1, 600)), 12, 0.5)
    assert half[6:].isspace()
    assert " " not in half[:6]
    assert spark(Series(), 12) == " " * 12
    assert set(spark(of(np.ones(30)), 4)) == {chr(0x2800 + 0x24)}
