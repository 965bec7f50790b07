"""The console: the newest lines of raw output, however fast they come.

Owns a ring of lines, what of it is seen, following the end, and the search in it. Must not know where the lines come
from. Only the lines that are seen are drawn, so that what a line costs is its place in the ring.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from workbench.core import units
from workbench.core.text import clean, width_of
from workbench.tui import glyphs

MOST_LINES = 50_000
SIDEWAYS = 16
"""Columns by which a long line is moved at a time."""


class Console(Widget, can_focus=True):
    """Lines of raw output, the newest at the bottom; it stays at the end until it is scrolled up."""

    DEFAULT_CSS = """
    Console { height: 1fr; color: $muted; }
    Console > .console--found { color: $foreground; }
    Console > .console--here { color: $accent; text-style: bold underline; }
    Console > .console--ask { color: $foreground; background: $focus; }
    Console > .console--note { color: $muted; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"console--found", "console--here", "console--ask", "console--note"}

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "up", show=False),
        Binding("down", "move(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home", "start", "first line", show=False),
        Binding("end", "end", "follow the end", show=False),
        Binding("left", "sideways(-1)", "left", show=False),
        Binding("right", "sideways(1)", "right", show=False),
        Binding("slash", "ask", "search", show=False),
        Binding("n", "find(-1)", "older match", show=False),
        Binding("N", "find(1)", "newer match", show=False),
    ]

    class Scrolled(Message):
        """Following the end has begun or ceased."""

        def __init__(self, console: Console, following: bool) -> None:
            super().__init__()
            self.console, self.following = console, following

        @property
        def control(self) -> Console:
            """The console it happened in."""
            return self.console

    def __init__(self, *, most: int = MOST_LINES, empty: str = "", id: str | None = None) -> None:
        super().__init__(id=id)
        self._ring: deque[str] = deque(maxlen=most)
        self._most = most
        self._empty = empty
        self._top = 0
        self._left = 0
        self._following = True
        self._asked: str | None = None
        self._wanted = ""
        self._match: int | None = None
        self._note = ""
        self._seen: list[str] = []
        self._plain = Style.null()

    # Lines

    @property
    def lines(self) -> Sequence[str]:
        """The lines as they are kept, cleaned."""
        return tuple(self._ring)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to read: no line, or only blank ones."""
        return not any(line.strip() for line in self._ring)

    @property
    def following(self) -> bool:
        """Whether new lines are shown as they come."""
        return self._following

    @property
    def top(self) -> int:
        """The place in the ring of the uppermost line seen."""
        return max(0, len(self._ring) - self._height) if self._following else self._top

    def extend(self, lines: Sequence[str]) -> None:
        """Add lines, without their ends; the oldest go when there are too many. What is looked at stays in place."""
        if not lines:
            return
        added = clean("\n".join(lines[-self._most :])).expandtabs(8).split("\n")
        lost = max(0, len(self._ring) + len(added) - self._most)
        self._ring.extend(added)
        if self._match is not None:
            self._match = self._match - lost if self._match >= lost else None
        if self._following:
            self.refresh()
        elif lost:
            self._top = max(0, self._top - lost)
            self.refresh()
        elif self._top + self._height > len(self._ring) - len(added):
            self.refresh()

    def clear(self) -> None:
        """Forget all lines."""
        self._ring.clear()
        self._top, self._left, self._match, self._note = 0, 0, None, ""
        self._follow(True)
        self.refresh()

    # Drawing

    @property
    def _height(self) -> int:
        """Rows for lines: one is left to the search while there is one."""
        return max(1, self.size.height - (self._asked is not None or bool(self._note)))

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the rows that are seen."""
        # A deque is walked from its nearer end for each place, so that what stands at the end is found at once.
        self._seen = [self._ring[place] for place in range(self.top, min(self.top + self._height, len(self._ring)))]
        self._plain = self.rich_style
        if self._empty and self.is_empty:
            self._seen = [self._empty]
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Return one row: a line, or the search."""
        width = self.size.width
        if y == self._height and (self._asked is not None or self._note):
            return self._search_row(width)
        if y >= len(self._seen):
            return Strip.blank(width, self._plain)
        text, style = self._seen[y], self._plain
        if self._wanted and self._wanted in text.casefold():
            here = self.top + y == self._match
            style = self.get_component_rich_style("console--here" if here else "console--found")
        return self._cells(text, style, width)

    def _cells(self, text: str, style: Style, width: int) -> Strip:
        """Return what of a line is seen, with a sign where it goes on."""
        if text.isascii():
            # Most lines are: they are cut without looking at each sign.
            seen = text[self._left :]
            if len(seen) <= width:
                return Strip([Segment(seen, style), Segment(" " * (width - len(seen)), self._plain)], width)
            return Strip([Segment(seen[: width - 1] + glyphs.glyph("cut"), style)], width)
        strip = Strip([Segment(text, style)])
        if strip.cell_length - self._left <= width:
            return strip.crop_extend(self._left, self._left + width, self._plain)
        cut = strip.crop_extend(self._left, self._left + width - 1, style)
        return Strip([*cut, Segment(glyphs.glyph("cut"), style)])

    def _search_row(self, width: int) -> Strip:
        """Return the row in which the search is asked for, or what came of it."""
        if self._asked is None:
            return Strip([Segment(self._note, self.get_component_rich_style("console--note"))]).extend_cell_length(
                width, self.rich_style
            )
        style = self.get_component_rich_style("console--ask")
        asked = "/" + self._asked
        while width_of(asked) > max(1, width - 1):
            asked = asked[1:]
        return Strip([Segment(asked + glyphs.glyph("caret"), style)]).extend_cell_length(width, style)

    def on_resize(self, event: events.Resize) -> None:
        """Stay within the lines there are."""
        self._top = max(0, min(self._top, len(self._ring) - self._height))

    # Moving

    def _follow(self, following: bool) -> None:
        """Begin or cease to follow the end."""
        if following != self._following:
            self._following = following
            self.post_message(self.Scrolled(self, following))

    def _go(self, top: int) -> None:
        """Show the ring from a place on; at its end it is followed again."""
        last = max(0, len(self._ring) - self._height)
        self._top = max(0, min(top, last))
        self._follow(top >= last)
        self.refresh()

    def action_move(self, number: int) -> None:
        """Scroll by so many lines."""
        self._go(self.top + number)

    def action_page(self, number: int) -> None:
        """Scroll by so many pages, one line of which is seen again."""
        self._go(self.top + number * max(1, self._height - 1))

    def action_start(self) -> None:
        """Go to the oldest line."""
        self._go(0)

    def action_end(self) -> None:
        """Go to the end and follow it."""
        self._left = 0
        self._go(len(self._ring))

    def action_sideways(self, number: int) -> None:
        """Show what is further left or right in long lines."""
        longest = max((width_of(line) for line in self._seen), default=0)
        self._left = max(0, min(self._left + number * SIDEWAYS, longest - self.size.width + 1))
        self.refresh()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll up."""
        event.stop()
        self._go(self.top - 3)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll down."""
        event.stop()
        self._go(self.top + 3)

    # Searching

    def search(self, wanted: str) -> int:
        """Mark the lines that hold a text, whatever its case, go to the newest, and return how many there are."""
        self._wanted = clean(wanted).casefold()
        self._match, self._note = None, ""
        count = sum(self._wanted in line.casefold() for line in self._ring) if self._wanted else 0
        if self._wanted:
            self._note = f"{units.count(count)} {'line has' if count == 1 else 'lines have'} “{clean(wanted)}”"
        self.refresh()
        if count:
            self.action_find(-1)
        return count

    def action_ask(self) -> None:
        """Ask for a text to search for."""
        self._asked = ""
        self.refresh()

    def action_find(self, step: int) -> None:
        """Go to the next match before (-1) or after (1) the one that is marked."""
        if not self._wanted:
            return
        lines = self.lines
        start = (len(lines) if step < 0 else -1) if self._match is None else self._match
        for place in range(start + step, -1 if step < 0 else len(lines), step):
            if self._wanted in lines[place].casefold():
                self._match = place
                if not self.top <= place < self.top + self._height:
                    self._go(place - self._height // 2)
                # What was found stands still, so that new lines do not carry it away.
                self._top = self.top
                self._follow(False)
                break
        self.refresh()

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Return whether a key is text for the search."""
        return self._asked is not None and character is not None and character.isprintable()

    async def on_key(self, event: events.Key) -> None:
        """Take the keys of a search while one is asked for; end one with escape."""
        if self._asked is None:
            if event.key == "escape" and (self._note or self._wanted):
                event.stop()
                event.prevent_default()
                self.search("")
            elif event.key == "slash":
                # Not left to its binding, which comes after the keys that are typed right behind it.
                event.stop()
                event.prevent_default()
                self.action_ask()
            return
        event.stop()
        event.prevent_default()
        if event.key == "enter":
            wanted, self._asked = self._asked, None
            self.search(wanted)
        elif event.key == "escape":
            self._asked = None
        elif event.key == "backspace":
            self._asked = self._asked[:-1]
        elif event.key == "ctrl+u":
            self._asked = ""
        elif event.character and event.is_printable:
            self._asked += event.character
        self.refresh()

    def on_paste(self, event: events.Paste) -> None:
        """Search for what is pasted."""
        if self._asked is not None:
            event.stop()
            self._asked += clean(event.text).replace("\n", " ")
            self.refresh()
