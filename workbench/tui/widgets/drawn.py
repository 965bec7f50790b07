"""The base of widgets that show lines: of what is shown already, only lines that have become others are written anew.

Owns which lines are asked for again; over a slow line a whole page takes seconds. Must not know what the lines say.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Region
from textual.widget import Widget

from workbench.tui.ink import joined

Lines = Sequence[Content]


class Drawn(Widget):
    """Lines of one row each, from the top of the widget."""

    _seen: Lines | None = None
    """What was drawn last, None before the first time."""

    def drawn(self) -> Lines:
        """Return the lines that can be seen now."""
        raise NotImplementedError

    def render(self) -> Content:
        """Return the lines as one block."""
        self._seen = self.drawn()
        return joined(self._seen)

    def grow(self) -> None:
        """Ask for the room of another number of lines.

        A request is lost where a layout is made while an older one waits, so that it is looked at afterwards.
        """
        self.refresh(layout=True)
        self.call_after_refresh(self._grown)

    def _grown(self) -> None:
        """Ask once more where the room is that of other lines; where there is no more room, nothing changes."""
        if self.is_attached and self.styles.is_auto_height and self.size:
            width, height = self.size
            if height != self.get_content_height(self.size, self.size, width):
                self.clear_cached_dimensions()
                self.refresh(repaint=False, layout=True)

    def redraw(self) -> None:
        """Ask for the lines that are others than those that were drawn last."""
        if self._seen is None or not self.is_attached or not self.size:
            self.refresh()
            return
        now, width = self.drawn(), self.size.width
        blank = Content("")
        before = [*self._seen, *[blank] * (len(now) - len(self._seen))]
        after = [*now, *[blank] * (len(before) - len(now))]
        changed = [y for y, (was, line) in enumerate(zip(before, after, strict=True)) if not line.is_same(was)]
        if changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))
