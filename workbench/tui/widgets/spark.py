"""The small curve of a list: one row of braille, or of ASCII.

Owns one function. Must not know colours or what the curve is of.
"""

from __future__ import annotations

from workbench.core.curves import Series
from workbench.tui import glyphs

_BITS = ((0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The three lower dots of a braille cell; the upper one stays empty so that rows do not touch."""

_SIGNS = "'-."


def spark(series: Series, width: int, share: float = 1.0) -> str:
    """Return the smoothed curve in `width` columns, of which a run that has done `share` of its steps takes as much.

    What lies between its minimum and its maximum is shown on three levels, a flat curve on the middle one; a series
    without points is blank.
    """
    signs, last = glyphs.is_ascii(), series.last
    if not last or width < 1 or series.first is None:
        return " " * max(width, 0)
    across = width if signs else 2 * width
    used = max(1, min(across, round(across * share)))
    columns = series.columns(series.first, last[0], used)
    values = [column.smooth for column in columns if column]
    low, high = min(values), max(values)
    levels: list[int | None] = [None] * across
    level: int | None = None
    for x, column in enumerate(columns):
        if column:
            level = min(2, int(3 * (high - column.smooth) / (high - low))) if high > low else 1
        # Between points the curve goes on at its level, but not across a gap.
        elif (after := next((one for one in columns[x:] if one), None)) is None or not after.joined:
            level = None
        levels[x] = level
    if signs:
        return "".join(" " if level is None else _SIGNS[level] for level in levels)
    cells = []
    for left, right in zip(levels[::2], levels[1::2], strict=True):
        mask = sum(_BITS[level][side] for side, level in enumerate((left, right)) if level is not None)
        cells.append(chr(0x2800 + mask) if mask else " ")
    return "".join(cells)
