"""Evaluation cards as rows of a list: figures, values of recipes and answers of several runs side by side.

Owns columns and signs. Must not know how runs were chosen or what their figures bear.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from textual.content import Content

from workbench.guide.comparing import Answers, Difference, Figure
from workbench.guide.sides import Side
from workbench.tui import glyphs
from workbench.tui.ink import cut, foreign, ink, lines_of, place
from workbench.tui.widgets import plot
from workbench.tui.widgets.listing import BLANK, Row, still

_LABEL = 20
_ROLES = ("accent", "value", "label", "raw")
"""Roles of the curves, as the chart has them."""


def mark(number: int) -> tuple[str, str]:
    """Return the sign of a run's curve and its role; `number` counts from 0."""
    marks = (plot.ASCII if glyphs.is_ascii() else plot.BRAILLE).marks
    return marks[number + 1], _ROLES[number]


def _heads(section: str, sides: Sequence[Side], right: bool) -> Row:
    """Return the names of the runs over their columns."""

    def draw(width: int, focused: bool) -> Content:
        at, room = _columns(width, len(sides), right)
        heads = [
            (column, ink(mark(number), " ", (cut(foreign(side.name), room - 4), "value")))
            for number, (column, side) in enumerate(zip(at, sides, strict=True))
        ]
        return place(width, (0, ink((section, "section"))), *heads)

    return Row("", draw)


def figures(found: Sequence[Figure], sides: Sequence[Side], brief: bool) -> list[Row]:
    """Return the evaluation cards side by side."""
    rows: list[Row] = []
    for section, members in itertools.groupby(found, key=lambda one: one.section):
        if rows:
            rows += [*([] if brief else [BLANK]), *still(ink((section, "section")))]
        else:
            rows.append(_heads(section, sides, True))
        rows += [Row("", lambda width, focused, one=one: _figure(width, one)) for one in members]  # type: ignore[misc]
    return rows


def differences(found: Sequence[Difference], sides: Sequence[Side]) -> list[Row]:
    """Return the values in which the recipes differ."""
    if not found:
        same = len(sides) > 1 and all(side.resolved for side in sides)
        text = "The recipes are the same." if same else "There are no two recipes to compare."
        return still(ink((text, "value")))
    rows = [Row(one.label, lambda width, focused, one=one: _difference(width, focused, one)) for one in found]  # type: ignore[misc]
    return [_heads("recipe", sides, False), *rows]


def answers(found: Sequence[Answers], sides: Sequence[Side], width: int, brief: bool) -> list[Row]:
    """Return what the runs answer, under each prompt."""
    if not found:
        return still(ink(("No prompt was given to more than one of them.", "value")))
    rows: list[Row] = []
    for one in found:
        rows += [*([BLANK] if rows else []), *still(ink((cut(foreign(one.prompt), width), "section")))]
        for number, (side, before, after) in enumerate(zip(sides, one.before, one.after, strict=True)):
            if after is None:
                continue
            name = ink(mark(number), " ", (cut(foreign(side.name), _LABEL - 4), "label"))
            texts = [*lines_of(foreign(after), width - _LABEL, "value", 3)]
            if before is not None and before != after and not brief:
                texts += lines_of(f"before: {foreign(before)}", width - _LABEL, "label", 2)
            heads = [name, *[Content("")] * (len(texts) - 1)]
            rows += still(*(place(width, (0, head), (_LABEL, text)) for head, text in zip(heads, texts, strict=True)))
    return rows


def _columns(width: int, count: int, right: bool) -> tuple[list[int], int]:
    """Return the column of each run, and the room it has; negative columns are aligned to the right."""
    room = min((width - _LABEL) // max(count, 1), 26 if right else 34)
    if right:
        return [-(width - _LABEL - room * (number + 1)) - 1 for number in range(count)], room
    return [_LABEL + room * number for number in range(count)], room


def _figure(width: int, one: Figure) -> Content:
    """Return one row of the cards."""
    at, _ = _columns(width, len(one.shown), True)
    pieces = [(column, ink((text, "value"))) for column, text in zip(at, one.shown, strict=True)]
    beyond = _LABEL + _columns(width, len(one.shown), True)[1] * len(one.shown) + 3
    note = [(beyond, ink((one.note, "label")))] if one.note and width - beyond >= len(one.note) else []
    return place(width, (0, ink((foreign(one.label), "label"))), *pieces, *note)


def _difference(width: int, focused: bool, one: Difference) -> Content:
    """Return one value of the recipes."""
    at, room = _columns(width, len(one.values), False)
    role = "title" if focused else "value"
    pieces = [(column, ink((cut(foreign(text), room - 2), role))) for column, text in zip(at, one.values, strict=True)]
    return place(width, (0, ink((one.label, "title" if focused else "label"))), *pieces)
