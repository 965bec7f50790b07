"""Lines that stand on a page and do nothing.

Owns drawing, scrolling and clicks on pieces that name an action. Must not know what the lines say.
"""

from __future__ import annotations

from collections.abc import Callable

from textual import events

from workbench.tui.widgets.drawn import Drawn, Lines


class Page(Drawn):
    """Lines made by a function of the width, so that a resize lays them out anew; scrolls when there are too many."""

    DEFAULT_CSS = "Page { height: auto; text-wrap: nowrap; }"

    def __init__(self, make: Callable[[int], Lines] = lambda width: (), *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._make = make
        self._top = 0
        self._kept: tuple[int, Lines] | None = None

    def show(self, make: Callable[[int], Lines]) -> None:
        """Show other lines."""
        self._make = make
        self.again()

    def again(self) -> None:
        """Ask for the lines anew: what they are made from has changed."""
        before = len(self._kept[1]) if self._kept else -1
        self._kept = None
        if not self.is_attached or not self.size.width:
            return
        if self.styles.is_auto_height and len(self._lines(self.size.width)) != before:
            self.grow()
        else:
            self.redraw()

    def _lines(self, width: int) -> Lines:
        """Return the lines for a width, made once."""
        if self._kept is None or self._kept[0] != width:
            self._kept = (width, self._make(width))
        return self._kept[1]

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """Return the number of lines."""
        return max(len(self._lines(width)), 1)

    def drawn(self) -> Lines:
        """Return the lines that can be seen."""
        lines = self._lines(self.size.width)
        self._top = max(0, min(self._top, len(lines) - self.size.height))
        return lines[self._top : self._top + max(self.size.height, 1)]

    def on_resize(self, event: events.Resize) -> None:
        """Make lines anew that were made for another height."""
        if not self.styles.is_auto_height:
            self.again()

    @property
    def overflows(self) -> bool:
        """Whether there are more lines than fit."""
        return self.is_attached and len(self._lines(self.size.width)) > self.size.height

    def scroll_lines(self, number: int) -> None:
        """Move the lines up or down where there are more than fit."""
        self._top += number
        self.redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll down."""
        self.scroll_lines(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll up."""
        self.scroll_lines(-3)

    def on_click(self, event: events.Click) -> None:
        """Do what the clicked piece names."""
        if action := event.style.meta.get("act"):
            event.stop()
            self.call_later(self.screen.run_action, f"act('{action}')")
