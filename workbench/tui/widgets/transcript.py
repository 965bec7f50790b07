"""A conversation with one model, or with two side by side: a question in one row, the answers in columns under it.

Owns wrapping, columns, scrolling and following the end. Must not know who answers. Only the rows that are seen are put
together, and of an answer that grows only its last paragraph is broken into lines again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest

from textual import events
from textual.content import Content
from textual.widget import Widget

from workbench.core.text import clean, width_of, wrapped
from workbench.tui.glyphs import glyph
from workbench.tui.ink import ink, joined, place

GAP = 8
"""Columns between the two."""
NARROW_GAP = 4
WIDEST = 88
"""Columns of a text that stands alone."""
_ASKED = 9
_OPENING = re.compile(r"\s*(?:[-*•]\s+|\d{1,3}[.)]\s+)?")


@dataclass(frozen=True)
class Reply:
    """One answer as far as it has come."""

    text: str = ""
    growing: bool = False
    note: tuple[Content, ...] = ()
    """Lines right under it: why it ended, what went wrong."""
    foot: Content | None = None
    """A line under it, in one row with those of the other columns: a vote."""


@dataclass(frozen=True)
class Exchange:
    """A question, "" for none, and what each column answers."""

    question: str
    replies: tuple[Reply, ...]


_Row = tuple[tuple[int, str | Content, str], ...]
"""Pieces at their columns, each with its role; made into text when the row is seen."""


@lru_cache(4096)
def folded(line: str, width: int) -> tuple[str, ...]:
    """Return one clean line in lines of a width; what begins a list stays apart, and its text stands under itself."""
    if width_of(line) <= width:
        return (line,)
    head = _OPENING.match(line)
    opening = head.group() if head else ""
    if width_of(opening) > width // 2:
        opening = ""
    rest = wrapped(line[len(opening) :], max(width - width_of(opening), 1)) or [""]
    under = " " * width_of(opening)
    return (opening + rest[0], *(under + piece for piece in rest[1:]))


def lines_of(text: str, width: int) -> list[str]:
    """Return a text of any origin as clean lines of at most so many columns, its own line breaks and indents kept."""
    return [piece for line in clean(text).expandtabs(4).split("\n") for piece in folded(line, width)]


def columns(width: int, number: int) -> list[tuple[int, int]]:
    """Return (start, width) of each column of a page."""
    if number < 2:
        return [(0, min(width, WIDEST))] * number
    gap = GAP if width >= 96 else NARROW_GAP
    wide = (width - gap) // 2
    return [(0, wide), (width - wide, wide)]


class Transcript(Widget, can_focus=True):
    """The conversation; it stays at the end until it is scrolled up."""

    DEFAULT_CSS = "Transcript { height: 1fr; text-wrap: nowrap; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._exchanges: Sequence[Exchange] = ()
        self._laid: list[tuple[Exchange, int, list[_Row]]] = []
        self._top = 0
        self._following = True

    @property
    def following(self) -> bool:
        """Whether what is written is shown as it comes."""
        return self._following

    def show(self, exchanges: Sequence[Exchange]) -> None:
        """Show a conversation."""
        self._exchanges = exchanges
        self.refresh()

    def follow(self) -> None:
        """Go to the end and stay there."""
        self._following = True
        self.refresh()

    def _rows(self, width: int) -> list[_Row]:
        """Return all rows; an exchange that has not changed is not laid out again."""
        del self._laid[len(self._exchanges) :]
        rows: list[_Row] = []
        for number, exchange in enumerate(self._exchanges):
            kept = self._laid[number] if number < len(self._laid) else None
            if kept is None or kept[:2] != (exchange, width):
                self._laid[number:] = [(exchange, width, self._of(exchange, width))]
            rows += self._laid[number][2]
        return rows

    def _of(self, exchange: Exchange, width: int) -> list[_Row]:
        """Return the rows of one exchange."""
        rows: list[_Row] = [()]
        tall = self.app.size.height >= 32
        if exchange.question:
            room = min(width, WIDEST) - _ASKED
            rows += [((_ASKED, line, "title"),) for line in lines_of(exchange.question, room)]
            rows[1] = ((0, "you", "label"), *rows[1])
            rows += [()] * (2 if tall else 1)
        at = columns(width, len(exchange.replies))
        bodies = [self._body(reply, wide) for reply, (_, wide) in zip(exchange.replies, at, strict=True)]
        height = max(len(body) for body in bodies)
        for body, reply in zip(bodies, exchange.replies, strict=True):
            if reply.foot is not None:
                body += [*[""] * (height - len(body) + 1), reply.foot]
        starts = [start for start, _ in at]
        for cells in zip_longest(*bodies, fillvalue=""):
            rows.append(tuple((start, cell, "value") for start, cell in zip(starts, cells, strict=True) if cell))
        return [*rows, ()] if tall else rows

    def _body(self, reply: Reply, wide: int) -> list[str | Content]:
        """Return an answer as lines, with the caret where it grows."""
        text = reply.text if reply.growing else reply.text.rstrip()
        lines: list[str | Content] = [*lines_of(text, wide)] if text or reply.growing else []
        if reply.growing:
            last = str(lines[-1])
            caret = ink((glyph("caret"), "accent"))
            if width_of(last) < wide:
                lines[-1] = ink(last, caret)
            else:
                lines.append(caret)
        if reply.note:
            lines += [*([""] if lines else []), *reply.note]
        return lines

    def render(self) -> Content:
        """Return the rows that can be seen."""
        width, height = self.size.width, max(self.size.height, 1)
        rows = self._rows(width)
        last = max(0, len(rows) - height)
        self._top = last if self._following else max(0, min(self._top, last))
        return joined(
            place(width, *((start, ink((cell, role)) if isinstance(cell, str) else cell) for start, cell, role in row))
            for row in rows[self._top : self._top + height]
        )

    def scroll_rows(self, number: int) -> None:
        """Move by so many rows; at the end it follows again."""
        last = max(0, len(self._rows(self.size.width)) - self.size.height)
        self._top = max(0, min(self._top + number, last))
        self._following = self._top >= last
        self.refresh()

    def scroll_pages(self, number: int) -> None:
        """Move by so many pages, of which two rows are seen again."""
        self.scroll_rows(number * max(1, self.size.height - 2))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll down."""
        event.stop()
        self.scroll_rows(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll up."""
        event.stop()
        self.scroll_rows(-3)

    def on_click(self, event: events.Click) -> None:
        """Do what the clicked piece names."""
        if action := event.style.meta.get("act"):
            event.stop()
            self.call_later(self.screen.run_action, f"act('{action}')")
