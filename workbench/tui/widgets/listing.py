"""A list of rows of which one is in focus: models, fields, runs, files.

Owns focus, movement, scrolling and the look of the focused row. Must not know what a row stands for: a key does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from workbench.tui.glyphs import glyph
from workbench.tui.ink import ink, on_focus
from workbench.tui.widgets.drawn import Drawn

GUTTER = 2
"""Columns before the text of a row: the bar of the focused one, and a blank."""


@dataclass(frozen=True)
class Row:
    """One row; what it looks like depends on the width and on whether it is in focus."""

    key: str
    """"" for a row that cannot be in focus: a head, a blank, a legend."""
    draw: Callable[[int, bool], Content]
    under: bool = False
    """Whether it goes on with the row above: it is in focus with that, and seen with it."""


def still(*lines: Content) -> list[Row]:
    """Return lines as rows that cannot be in focus."""
    return [Row("", lambda width, focused, line=line: line) for line in lines]  # type: ignore[misc]


BLANK = Row("", lambda width, focused: Content(""))


class Listing(Drawn, can_focus=True):
    """Rows, one of them in focus; only what is seen is drawn."""

    shares_focus = False
    """Whether the bar goes when something else on the page has the focus."""

    DEFAULT_CSS = "Listing { height: 1fr; text-wrap: nowrap; }"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "up", show=False),
        Binding("down", "move(1)", "down", show=False),
        Binding("pageup", "move(-10)", "page up", show=False),
        Binding("pagedown", "move(10)", "page down", show=False),
        Binding("home", "end(-1)", "first", show=False),
        Binding("end", "end(1)", "last", show=False),
    ]

    class Moved(Message):
        """Another row is in focus."""

        def __init__(self, listing: Listing, key: str) -> None:
            super().__init__()
            self.listing, self.key = listing, key

        @property
        def control(self) -> Listing:
            """The list it happened in."""
            return self.listing

    class Chosen(Message):
        """The row in focus was clicked again."""

        def __init__(self, listing: Listing, key: str) -> None:
            super().__init__()
            self.listing, self.key = listing, key

        @property
        def control(self) -> Listing:
            """The list it happened in."""
            return self.listing

    def __init__(self, rows: Sequence[Row] = (), *, id: str | None = None, ends: bool = False) -> None:
        """With `ends` a list that takes what room is left ends with its last row: what is below stands right there.

        A height of its rows with a limit in `fr` does not do that: such a limit is all of the room, whatever is beside.
        """
        super().__init__(id=id)
        self._rows: Sequence[Row] = rows
        self._ends = ends
        if ends:
            self.styles.max_height = max(len(rows), 1)
        self._at = self._near(0, 1)
        self._top = 0

    @property
    def key(self) -> str:
        """The key of the row in focus, "" for none."""
        return self._rows[self._at].key if 0 <= self._at < len(self._rows) else ""

    @property
    def keys(self) -> list[str]:
        """The keys of all rows that have one, in order."""
        return [row.key for row in self._rows if row.key]

    def fill(self, rows: Sequence[Row], key: str | None = None) -> None:
        """Show other rows; the focus goes to `key`, else stays with the key it has, else near where it was."""
        wanted = self.key if key is None else key
        resized = (self._ends or self.styles.is_auto_height) and len(rows) != len(self._rows)
        self._rows = rows
        if self._ends:
            self.styles.max_height = max(len(rows), 1)
        places = [place for place, row in enumerate(rows) if row.key and row.key == wanted]
        before = self.key
        self._at = places[0] if places else self._near(max(0, min(self._at, len(rows) - 1)), 1)
        if self.key != before:
            self.post_message(self.Moved(self, self.key))
        if resized:
            self.grow()
        else:
            self.redraw()

    def go(self, key: str) -> None:
        """Put a row in focus by its key."""
        self.fill(self._rows, key)

    def _near(self, place: int, step: int) -> int:
        """Return the place of the nearest row with a key, looking in one direction first; -1 for none."""
        for direction in (step, -step):
            at = place
            while 0 <= at < len(self._rows):
                if self._rows[at].key:
                    return at
                at += direction
        return -1

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """Return the number of rows."""
        return max(len(self._rows), 1)

    def _grown(self) -> None:
        """Ask once more for the room of other rows, for a list that ends with them, too."""
        super()._grown()
        if self._ends and self.is_attached and self.size and self.size.height != max(len(self._rows), 1):
            self.refresh(repaint=False, layout=True)

    def _last(self, place: int) -> int:
        """Return the place of the last row that goes on with the one at a place."""
        while 0 <= place < len(self._rows) - 1 and self._rows[place + 1].under:
            place += 1
        return place

    def _follow(self) -> None:
        """Scroll so that all of the focused row is seen, with the head of its group where that stands right above."""
        height = max(self.size.height, 1)
        first, last = self._at, self._last(self._at)
        while first > 0 and not self._rows[first - 1].key and self._at - first < 2:
            first -= 1
        if first < self._top:
            self._top = max(0, first)
        elif last >= self._top + height:
            self._top = min(last - height + 1, self._at)
        self._top = max(0, min(self._top, len(self._rows) - height))

    def drawn(self) -> list[Content]:
        """Return the rows that can be seen."""
        width, height = self.size.width - GUTTER, max(self.size.height, 1)
        if not any(row.key for row in self._rows):
            self._at = -1
        self._follow()
        elsewhere = self.screen.focused
        here = self.has_focus or elsewhere is None or not (self.shares_focus or isinstance(elsewhere, Listing))
        lines, last = [], self._last(self._at)
        for place in range(self._top, min(self._top + height, len(self._rows))):
            row = self._rows[place]
            focused = self._at <= place <= last and here
            line = row.draw(width, focused)
            line = line.truncate(width, ellipsis=True) if line.cell_length > width else line
            if focused:
                bar = Content(" " * GUTTER) if row.under else ink((glyph("focus"), "accent"), " ")
                lines.append(on_focus(bar + line, width + GUTTER, label=not row.under))
            else:
                lines.append(self._more(place, height) + line)
        return lines

    def _more(self, place: int, height: int) -> Content:
        """Return what stands before a row that is not in focus: a sign where the list goes on behind it."""
        above = place == self._top and any(row is not BLANK for row in self._rows[:place])
        below = place == self._top + height - 1 and any(row is not BLANK for row in self._rows[place + 1 :])
        sign = glyph("up") if above else glyph("down") if below else ""
        return ink((sign, "label")).pad_right(GUTTER - len(sign))

    def action_move(self, number: int) -> None:
        """Move the focus by so many rows."""
        if self._at < 0:
            self.scroll_rows(number)
            return
        step = 1 if number > 0 else -1
        at = self._at
        for _ in range(abs(number)):
            following = self._near(at + step, step) if 0 <= at + step < len(self._rows) else at
            if (following - at) * step <= 0:
                break
            at = following
        if at == self._at:
            self.scroll_rows(step)
        self._take(at)

    def action_end(self, step: int) -> None:
        """Move the focus to the first or the last row."""
        self._take(self._near(len(self._rows) - 1 if step > 0 else 0, -step))

    def scroll_rows(self, number: int) -> None:
        """Show rows further up or down; the focus stays."""
        self._top = max(0, min(self._top + number, len(self._rows) - self.size.height))
        self.redraw()

    def _take(self, at: int) -> None:
        """Put the row at a place in focus and say so."""
        if at != self._at and at >= 0:
            self._at = at
            self.post_message(self.Moved(self, self.key))
        self.redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move down."""
        self.action_move(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move up."""
        self.action_move(-1)

    def on_click(self, event: events.Click) -> None:
        """Do what the clicked piece names; else take the row, and choose it when it was in focus already."""
        if action := event.style.meta.get("act"):
            event.stop()
            self.call_later(self.screen.run_action, f"act('{action}')")
            return
        place = self._top + event.y
        while 0 < place < len(self._rows) and self._rows[place].under:
            place -= 1
        if 0 <= place < len(self._rows) and self._rows[place].key:
            if place == self._at:
                self.post_message(self.Chosen(self, self.key))
            self._take(place)
