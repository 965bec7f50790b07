"""A sheet over the page: explanations, help, all about one thing. It comes from the right and `esc` takes it away.

Owns its place and scrolling. Must not know what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from workbench.tui.glyphs import glyph
from workbench.tui.ink import Piece, ink, place
from workbench.tui.widgets.over import Over
from workbench.tui.widgets.page import Page

WIDTH = 78
MARGIN = 4
_COVERS_BELOW = 100


class Sheet(Over[None]):
    """A title, lines made for a width, and keys of its own in the last row."""

    DEFAULT_CSS = """
    Sheet { align: right top; }
    Sheet > Vertical { background: $surface; width: 78; height: 100%; padding: 1 4; }
    Sheet.-narrow > Vertical { width: 100%; padding: 1 3; }
    Sheet Page { height: 1fr; }
    Sheet Static { height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,w", "leave", "close", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("pagedown,space", "move(10)", "page down", show=False),
        Binding("pageup", "move(-10)", "page up", show=False),
    ]

    def __init__(
        self,
        title: str,
        make: Callable[[int], Sequence[Content]],
        where: str = "",
        keys: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__()
        self._title, self._make, self._where, self._own_keys = title, make, where, keys

    def compose(self) -> ComposeResult:
        """Yield the title, the lines and the keys."""
        with Vertical():
            yield Page(self._whole)
            yield Static(self._keys(), id="keys")

    def _keys(self) -> Content:
        """Return the last row."""
        keys: list[Piece] = [("esc", "key", "leave"), (" close", "label", "leave")]
        if self.is_mounted and self.query_one(Page).overflows:
            keys += [(f"   {glyph('up')} {glyph('down')}", "key"), (" scroll", "label")]
        for key, verb in self._own_keys:
            keys += [(f"   {key}", "key"), (f" {verb}", "label")]
        return ink(*keys)

    def _told(self) -> None:
        """Draw the last row anew, as it is known now whether everything fits."""
        self.query_one("#keys", Static).update(self._keys())

    def _whole(self, width: int) -> list[Content]:
        """Return the title row and the lines."""
        head = place(width, (0, ink((self._title, "title"))), (-1, ink((self._where, "label"))))
        return [head, Content(""), *self._make(width)]

    def on_resize(self, event: events.Resize) -> None:
        """Cover the page where there is no room beside it."""
        self.set_class(self.app.size.width < _COVERS_BELOW, "-narrow")
        self.call_after_refresh(self._told)

    def on_click(self, event: events.Click) -> None:
        """Do what the key that was clicked does; beside the sheet, close it."""
        if action := event.style.meta.get("act"):
            self.call_later(self.run_action, action)
        elif event.widget is self:
            self.action_leave()

    def action_move(self, number: int) -> None:
        """Scroll."""
        self.query_one(Page).scroll_lines(number)

    def action_leave(self) -> None:
        """Close the sheet."""
        self.dismiss(None)
