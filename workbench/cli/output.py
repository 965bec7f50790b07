"""How the command line writes: numbers with units, tables, a live line on a terminal, JSON for programs.

Owns formatting. Must not know runs or engines. Text of unknown origin is cleaned here before it is printed.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from typing import Any

from workbench.core.text import clean, json_safe, one_line, wrapped
from workbench.core.units import count, duration, size

__all__ = [
    "LABEL",
    "Live",
    "count",
    "duration",
    "figure",
    "paragraph",
    "print_json",
    "size",
    "table",
]

LABEL = 13
"""Width of the column of labels before paragraphs."""


def print_json(value: Any) -> None:
    """Print one JSON object on one line."""
    print(json_safe(json.dumps(value, ensure_ascii=False)), flush=True)


def figure(value: float | None, digits: int = 2) -> str:
    """Return a figure with fixed digits, or the sign for "not measured"."""
    return "–" if value is None else f"{value:.{digits}f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows under a head, columns two spaces apart, long cells cut so that a line fits the terminal."""
    cells = [list(head), *([one_line(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    room = shutil.get_terminal_size((120, 24)).columns - 2 * (len(widths) - 1)
    while sum(widths) > room and max(widths) > 12:
        widths[widths.index(max(widths))] -= 1
    return "\n".join(
        "  ".join(one_line(cell, width).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )


def paragraph(label: str, text: str) -> str:
    """Return a paragraph behind its label, wrapped to the terminal; elsewhere no path in it is broken."""
    width = max(40, min(120, shutil.get_terminal_size((100, 24)).columns))
    body = wrapped(clean(text), width - LABEL, whole=not sys.stdout.isatty()) or [""]
    return "\n".join(f"{label if not number else '':<{LABEL}}{line}" for number, line in enumerate(body)).rstrip()


class Live:
    """One line that is rewritten in place on a terminal and printed now and then elsewhere."""

    def __init__(self, quiet: bool = False) -> None:
        self._stream = sys.stderr
        self._terminal = self._stream.isatty()
        self.quiet = quiet
        self._shown = 0

    @property
    def rewrites(self) -> bool:
        """Whether `update` costs no line, so that it may be called often."""
        return self._terminal

    def update(self, text: str) -> None:
        """Show `text` as the current state."""
        if self.quiet:
            return
        if not self._terminal:
            print(one_line(text), file=self._stream, flush=True)
            return
        line = one_line(text, shutil.get_terminal_size((120, 24)).columns - 1)
        print("\r" + line.ljust(self._shown), end="", file=self._stream, flush=True)
        self._shown = len(line)

    def line(self, text: str) -> None:
        """Print `text` for good, above the current state."""
        if self.quiet:
            return
        self.clear()
        print(clean(text), file=self._stream, flush=True)

    def clear(self) -> None:
        """Take the current state away."""
        if self._shown:
            print("\r" + " " * self._shown + "\r", end="", file=self._stream, flush=True)
            self._shown = 0
