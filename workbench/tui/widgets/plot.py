"""Curves as rows of characters: a raster of braille dots, a dashed grid, labels, a title with its legend.

Owns what a chart looks like, as text in roles. Must not know Textual, colours, runs or files: the widget beside it
(chart.py) gives the roles their styles.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from workbench.core import curves
from workbench.core.curves import Column, Series
from workbench.core.text import clean, width_of

Piece = tuple[str, str]
"""Text and the role it plays."""

Columns = Sequence[Column | None]
"""What falls on each column of dots."""

ROLES = (
    "title", "label", "figure", "rule", "plan", "raw", "line-4", "line-3", "line-2", "line", "mark-4", "mark-3",
    "mark-2", "mark-1", "mark",
)  # fmt: skip
"""What a piece may be; in a cell that two of them claim, the later one is seen."""

_RANK = {role: rank for rank, role in enumerate(ROLES)}

MOST_LINES = 4
"""Curves that can be told apart in one chart; a fifth looks like the first."""


@dataclass(frozen=True)
class Layer:
    """One curve of a chart, and what its legend says.

    `kind` is `steps` (raw dots under a smoothed line), `smooth` (the smoothed line alone), `line` (the values joined),
    `marks` (a glyph at each point) or `plan` (what is still to come, dotted and faint). Several lines in one chart are
    told apart by a glyph on each of them, in the order of the layers.
    """

    series: Series
    name: str = ""
    """Word in the legend; a layer without one is not in it."""
    kind: str = "steps"
    raw_name: str = ""
    """Word for the raw dots of `steps` in the legend."""
    figure: str = ""
    """Newest value, as it stands in the legend behind the name."""


@dataclass(frozen=True)
class Glyphs:
    """Dots of one cell across and down, the character of such a cell, and the signs beside them."""

    across: int
    down: int
    grid: str
    """A few cells of a dashed rule."""
    marks: str
    """At single points, then on the first to the fourth of several lines."""
    line: str
    dots: str
    cut: str

    def cell(self, mask: int, role: str) -> str:
        """Return the character of a cell: braille, or in ASCII `*` for lines and points on two levels for dots."""
        if self.across == 2:
            return chr(0x2800 + mask)
        return ("", "'", ".", ":")[mask] if role in {"raw", "plan"} else "*"


BRAILLE = Glyphs(across=2, down=4, grid="┄", marks="◆●○▲◐", line="━", dots="⠒⠂", cut="…")
SPARSE = replace(BRAILLE, grid="┄  ")
"""For palettes without a colour that is weaker than that of labels."""
ASCII = Glyphs(across=1, down=2, grid="- ", marks="#@o^%", line="*", dots=".'", cut="~")

_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bit of the dot in each row and column of a braille cell (Unicode, block 2800)."""


@dataclass
class Canvas:
    """Cells of a plot; each holds the dots or the character of the layer with the highest rank."""

    width: int
    height: int
    glyphs: Glyphs
    _cells: dict[tuple[int, int], tuple[int, str, int, str]] = field(default_factory=dict)

    @property
    def across(self) -> int:
        """Columns of dots."""
        return self.width * self.glyphs.across

    @property
    def down(self) -> int:
        """Rows of dots."""
        return self.height * self.glyphs.down

    def dot(self, x: int, y: int, role: str) -> None:
        """Set the dot in column x and row y, counted from the top."""
        at = (y // self.glyphs.down, x // self.glyphs.across)
        bit = _BITS[y % self.glyphs.down][x % self.glyphs.across]
        rank, was, mask, text = self._cells.get(at, (-1, role, 0, ""))
        if rank < _RANK[role]:
            self._cells[at] = (_RANK[role], role, bit, "")
        elif was == role and not text:
            self._cells[at] = (rank, role, mask | bit, "")

    def put(self, column: int, row: int, text: str, role: str) -> None:
        """Set the character of a cell."""
        if self._cells.get((row, column), (-1,))[0] <= _RANK[role]:
            self._cells[row, column] = (_RANK[role], role, 0, text)

    def row(self, row: int) -> Iterator[Piece]:
        """Go over the cells of a row as pieces as long as possible."""
        text, last = "", ""
        for column in range(self.width):
            _, role, mask, glyph = self._cells.get((row, column), (-1, "label", 0, " "))
            if role != last and text:
                yield text, last
                text = ""
            last = role
            text += glyph or self.glyphs.cell(mask, role)
        yield text, last


@dataclass(frozen=True)
class Scale:
    """From a value to its row of dots."""

    low: float
    high: float
    down: int
    log: bool

    def row(self, value: float) -> int | None:
        """Return the row of dots of a value, at the edge when it lies outside; None for what has no logarithm."""
        low, high = self.low, self.high
        if self.log:
            if value <= 0:
                return None
            low, high, value = math.log(low), math.log(high), math.log(value)
        share = (high - value) / (high - low)
        return min(self.down - 1, max(0, round(share * (self.down - 1))))


def _draw_line(
    canvas: Canvas, columns: Columns, scale: Scale, role: str, smooth: bool, every: int = 1
) -> list[tuple[int, int]]:
    """Join the values of the columns where no gap lies between them; return the way of the line as (x, row)."""
    places: list[tuple[int, int]] = []
    for x, column in enumerate(columns):
        row = scale.row(column.smooth if smooth else column.value) if column else None
        if column is None or row is None:
            continue
        start, level = places[-1] if places and column.joined else (x - 1, row)
        last = level
        for between in range(start + 1, x + 1):
            goal = round(level + (row - level) * (between - start) / (x - start))
            if between % every == 0:
                # Up to the level beside it, so that the line is closed where it is steep.
                beside = last + (goal > last) - (goal < last)
                for dot in range(min(beside, goal), max(beside, goal) + 1):
                    canvas.dot(between, dot, role)
            places.append((between, goal))
            last = goal
    return places


def _draw(
    canvas: Canvas, layer: Layer, columns: Sequence[Column | None], scale: Scale, number: int, many: bool
) -> None:
    """Draw one layer; `number` counts the lines of the chart from 1, `many` says that there are several."""
    glyphs = canvas.glyphs
    if layer.kind == "marks":
        for x, column in enumerate(columns):
            row = scale.row(column.value) if column else None
            if row is not None:
                canvas.put(x // glyphs.across, row // glyphs.down, glyphs.marks[0], "mark")
        return
    if layer.kind == "plan":
        _draw_line(canvas, columns, scale, "plan", smooth=False, every=2)
        return
    if layer.kind == "steps":
        for x, column in enumerate(columns):
            for value in {column.low, column.high} if column else ():
                row = scale.row(value)
                if row is not None:
                    canvas.dot(x, row, "raw")
    places = _draw_line(canvas, columns, scale, line_role(number), smooth=layer.kind != "line")
    if many:
        # A glyph on the line every twelve cells, at other places for each line, and at its end.
        for x, row in [*(at for at in places if at[0] // glyphs.across % 12 == number * 3 - 2), *places[-1:]]:
            canvas.put(x // glyphs.across, row // glyphs.down, glyphs.marks[number], f"mark-{number}")


def line_role(number: int) -> str:
    """Return the role of the first, second … line of a chart."""
    return "line" if number == 1 else f"line-{number}"


def lines_of(layers: Sequence[Layer]) -> list[int]:
    """Return, for each layer, which line of the chart it is, counted from 1 and anew after the last that differs."""
    numbers, count = [], 0
    for layer in layers:
        count += layer.kind not in {"marks", "plan"}
        numbers.append((count - 1) % MOST_LINES + 1)
    return numbers


GUTTER = 5
"""Columns for the labels of y and a blank, more where a label is longer."""


@dataclass(frozen=True)
class Plot:
    """A chart without its title: what is drawn, and how.

    `axis` is `grid` (labels and dashed rules at nice values, the x axis labelled below) or `ends` (the largest and the
    smallest value at the left, nothing else: for small charts). `whole` is the x at which the run ends, where known.
    """

    layers: Sequence[Layer]
    axis: str = "grid"
    whole: float | None = None
    log: bool = False
    glyphs: Glyphs = BRAILLE
    percent: bool = False
    """Whether y is a share of 1, labelled in percent."""
    until: float | None = None
    """Where the axis of x ends, None for what suits these curves: charts that lie below one another share it."""
    gutter: int = GUTTER
    """Columns at least for the labels of y, so that charts that lie below one another begin alike."""

    def end(self) -> float:
        """Return where the axis of x ends."""
        if self.until is not None:
            return self.until
        planned = [layer.series.last[0] for layer in self.layers if layer.kind == "plan" and layer.series.last]
        reached = [layer.series.last[0] for layer in self.layers if layer.kind != "plan" and layer.series.last]
        if planned and max(planned) > 0:
            return max([*planned, *reached, self.whole or 0.0])
        return curves.grown(max(reached, default=0.0), self.whole)

    def _values(self, drawn: Sequence[Columns]) -> tuple[list[float], list[float]]:
        """Return the extremes of raw dots, and the values of all that is drawn as a line or a glyph."""
        extremes: list[float] = []
        lines: list[float] = []
        for layer, columns in zip(self.layers, drawn, strict=True):
            there = [column for column in columns if column]
            if layer.kind == "steps":
                extremes += [column.low for column in there] + [column.high for column in there]
            lines += [column.smooth if layer.kind in {"steps", "smooth"} else column.value for column in there]
        return extremes, lines

    def rows(self, width: int, height: int) -> list[list[Piece]]:
        """Return `height` rows of `width` cells."""
        plotted = height - (self.axis == "grid")
        blank = [[(" " * width, "label")] for _ in range(height)]
        if plotted < 1:
            return blank
        end = self.end()
        gutter, found = 0, self.gutter
        while gutter != found:
            gutter = found
            if width < gutter + 4:
                return blank
            drawn = [layer.series.columns(0.0, end, (width - gutter) * self.glyphs.across) for layer in self.layers]
            span = curves.value_range(*self._values(drawn), self.log)
            marks = self._marks(span, plotted)
            found = max(gutter, *(len(text) + 1 for text in marks.values()), self.gutter)
        canvas = Canvas(width - gutter, plotted, self.glyphs)
        if span:
            if self.axis == "grid":
                for row in marks:
                    for column in range(canvas.width):
                        canvas.put(column, row, self.glyphs.grid[column % len(self.glyphs.grid)], "rule")
            scale = Scale(*span, canvas.down, self.log)
            numbers = lines_of(self.layers)
            many = sum(layer.kind not in {"marks", "plan"} for layer in self.layers) > 1
            for layer, number, columns in zip(self.layers, numbers, drawn, strict=True):
                _draw(canvas, layer, columns, scale, number, many)
        rows = [[(f"{marks.get(row, ''):>{gutter - 1}} ", "label"), *canvas.row(row)] for row in range(plotted)]
        if self.axis == "grid":
            rows.append([(" " * gutter + self._below(end, canvas.width), "label")])
        return rows

    def _marks(self, span: tuple[float, float] | None, rows: int) -> dict[int, str]:
        """Return the labels at the left, by row."""
        if span is None:
            return {}
        if self.axis == "ends":
            texts = [curves.compact(value) for value in span]
            return {0: texts[1]} if rows == 1 else {rows - 1: texts[0], 0: texts[1]}
        most = min(5, (rows + 1) // 2)
        values = curves.log_ticks(*span, most) if self.log else curves.ticks(*span, most)
        scale = Scale(*span, rows * self.glyphs.down, self.log)
        found: dict[int, str] = {}
        texts = curves.labels([100 * value for value in values] if self.percent else values, self.log)
        for value, text in zip(values, texts, strict=True):
            row = scale.row(value)
            if row is not None:
                found.setdefault(row // self.glyphs.down, text)
        return found

    def _below(self, end: float, width: int) -> str:
        """Return the labels of x, each centred below its place and within the plot."""
        wide = len(curves.labels([end])[0])
        values = curves.ticks(0.0, end, max(1, width // (wide + 4)))
        line = ""
        for value, text in zip(values, curves.labels(values), strict=True):
            middle = int(value / end * (width * self.glyphs.across - 1) + 0.5) // self.glyphs.across
            left = max(0, min(middle - (len(text) - 1) // 2, width - len(text)))
            if left > len(line) or not line:
                line = line.ljust(left) + text
        return line.ljust(width)


def legend(layers: Sequence[Layer], glyphs: Glyphs, roomy: bool) -> list[list[Piece]]:
    """Return the entries of a legend, in the order of the layers; `roomy` draws lines two cells long."""
    many = sum(layer.kind not in {"marks", "plan"} for layer in layers) > 1
    entries: list[list[Piece]] = []
    for layer, number in zip(layers, lines_of(layers), strict=True):
        if layer.raw_name and layer.kind == "steps":
            entries.append([(glyphs.dots, "raw"), (" " + clean(layer.raw_name), "label")])
        if not layer.name:
            continue
        sign = {
            "marks": (glyphs.marks[0], "mark"),
            "plan": (glyphs.dots, "plan"),
        }.get(layer.kind, (glyphs.line * (2 if roomy else 1), line_role(number)))
        if many and layer.kind not in {"marks", "plan"}:
            sign = (glyphs.marks[number], f"mark-{number}")
        entry = [sign, (" " + clean(layer.name), "label")]
        entries.append([*entry, (" " + clean(layer.figure), "figure")] if layer.figure else entry)
    return entries


def title_row(title: str, entries: Sequence[Sequence[Piece]], figure: str, width: int, glyphs: Glyphs) -> list[Piece]:
    """Return the title at the left, and figure or legend at the right; what finds no room is left out from the left."""
    title = clean(title)
    if width_of(title) > width:
        title = title[: max(0, width - 1)] + glyphs.cut
    right: list[Piece] = [(clean(figure), "figure")] if figure else []
    room = width - width_of(title) - 2 - sum(width_of(text) for text, _ in right)
    for entry in reversed(entries):
        needed = sum(width_of(text) for text, _ in entry) + (3 if right else 0)
        if needed > room:
            break
        room -= needed
        right = [*entry, *([("   ", "label")] if right else []), *right]
    used = width_of(title) + sum(width_of(text) for text, _ in right)
    return [(title, "title"), (" " * max(0, width - used), "label"), *right]
