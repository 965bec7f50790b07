"""A choice among a few things, as a small sheet at the foot of the page.

Owns the list. Must not know what is chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from workbench.tui.ink import cut, foreign, ink, joined, place, prose
from workbench.tui.widgets.listing import Listing, Row
from workbench.tui.widgets.over import Over

_NAME = 30
_MOST_ROWS = 12


class Choose(Over[str | None]):
    """One of several (key, name, note); None when they are left alone."""

    DEFAULT_CSS = """
    Choose { align: left bottom; }
    Choose > Vertical { background: $surface; height: auto; padding: 1 2 1 2; width: 100%; }
    Choose Static { height: auto; margin-left: 2; }
    Choose Listing { margin: 1 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", show=False),
        Binding("enter", "take", "take", show=False),
    ]

    def __init__(self, title: str, choices: Sequence[tuple[str, str, str]], now: str = "", note: str = "") -> None:
        super().__init__()
        self._title, self._choices, self._now, self._note = title, choices, now, note

    def compose(self) -> ComposeResult:
        """Yield title, note, list and keys."""
        with Vertical():
            yield Static(ink((self._title, "title")))
            if self._note:
                yield Static(joined(prose(max(40, self.app.size.width - 8), (self._note, "label"))))
            listing = Listing([self._row(*choice) for choice in self._choices])
            listing.styles.height = min(len(self._choices), _MOST_ROWS)
            yield listing
            yield Static(ink(("enter", "enter"), (" take it", "label"), ("   esc", "key"), (" leave", "label")))

    def _row(self, key: str, name: str, note: str) -> Row:
        """Return a choice as a row."""

        def draw(width: int, focused: bool) -> Content:
            shown = cut(foreign(name), _NAME - 2)
            return place(
                width, (0, ink((shown, "title" if focused else "value"))), (_NAME, ink((foreign(note), "label")))
            )

        return Row(key, draw)

    def on_mount(self) -> None:
        """Put what is so now in focus."""
        listing = self.query_one(Listing)
        listing.focus()
        listing.go(self._now)

    def on_listing_chosen(self, message: Listing.Chosen) -> None:
        """Take what was clicked twice."""
        self.dismiss(message.key)

    def action_take(self) -> None:
        """Take what is in focus."""
        self.dismiss(self.query_one(Listing).key or None)

    def action_leave(self) -> None:
        """Leave it as it is."""
        self.dismiss(None)
