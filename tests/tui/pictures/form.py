"""How a picture is kept: the text of a page, and below it how each line is styled; and as SVG for people.

Owns both forms. A style is told by the theme's names for colours, so that a theme whose colours change does not change
every picture; a line of styles lists letters with the columns each holds, and is left out when it is all plain.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import groupby

from rich.style import Style
from textual.app import App

from tests.tui.pictures import world

_COLOURS = (
    "background", "surface", "panel", "focus", "bright", "foreground", "muted", "faint", "rule", "accent", "tint1",
    "tint2", "raw", "success", "warning", "error",
)  # fmt: skip
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_WAYS = ("bold", "dim", "italic", "underline", "reverse", "strike")
_FONTS = 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace'


def _names(app: App[object], plain: bool) -> dict[str, str]:
    """Return colour → the theme's first name for it; no names where the colours themselves are to be seen."""
    if plain:
        return {}
    found: dict[str, str] = {}
    for name in _COLOURS:
        found.setdefault(app.theme_variables[name].lower(), name)
    return found


def _said(style: Style | None, names: Mapping[str, str]) -> str:
    """Return a style in words."""
    if style is None:
        return "none"
    colours = []
    for colour in (style.color, style.bgcolor):
        if colour is None:
            colours.append("-")
        else:
            value = colour.triplet.hex.lower() if colour.triplet is not None else colour.name
            colours.append(names.get(value, value))
    ways = [way for way in _WAYS if getattr(style, way)]
    return " ".join([f"{colours[0]} on {colours[1]}", *ways])


def text(app: App[object], colours: bool = False) -> str:
    """Return the page as it is kept; with `colours` these are told by their values."""
    names = _names(app, colours)
    lines, styled = [], []
    letters: dict[str, str] = {}
    for strip in app.screen._compositor.render_strips():
        lines.append("".join(segment.text for segment in strip).rstrip())
        runs = [(_said(segment.style, names), segment.cell_length) for segment in strip if segment.text]
        row = []
        for said, parts in groupby(runs, key=lambda run: run[0]):
            letter = letters.setdefault(said, _LETTERS[len(letters)])
            row.append(f"{sum(width for _, width in parts)}{letter}")
        styled.append(" ".join(row))
    plain = f"{app.size.width}a"
    rows = [f"{place:>3}  {row}" for place, row in enumerate(styled, 1) if row != plain]
    legend = [f"  {letter}  {said}" for said, letter in letters.items()]
    return _homely("\n".join([*lines, "", "styles", *legend, "", *rows, ""]))


def _homely(said: str) -> str:
    """Return a text with the home of these pictures in place of the folder it was."""
    return re.sub(r"/tmp/w-[0-9a-f]{8}", world.HOME, said)


def svg(app: App[object]) -> str:
    """Return the page as an SVG that asks nobody for anything: the reader's own fonts, no addresses, short names."""
    drawn = _homely(app.export_screenshot(title="workbench", simplify=True))
    drawn = re.sub(r"\s*@font-face \{.*?\}", "", drawn, flags=re.DOTALL)
    drawn = re.sub(r"\s*<!--.*?-->", "", drawn, flags=re.DOTALL)
    drawn = re.sub(r"terminal-\d+-", "t-", drawn)
    drawn = drawn.replace("<svg ", '<svg xml:space="preserve" ', 1)
    drawn = drawn.replace("Fira Code, monospace", _FONTS).replace("font-family: arial", "font-family: sans-serif")
    return "\n".join(line.rstrip() for line in drawn.splitlines() if line.strip()) + "\n"
