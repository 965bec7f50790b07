"""What lies over a page: it holds the keys until it is answered, and the page behind keeps its words, in a weak colour.

Owns how the page behind looks. Must not know what lies over it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.command import CommandPalette
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen

T = TypeVar("T")


class _Muted(BackgroundScreen):
    """A page in the palette of the terminal: its colours cannot be mixed with another, so all of it is muted."""

    @classmethod
    def process_segments(cls, segments: Iterable[Segment], color: Color) -> Iterable[Segment]:
        """Yield the texts in the palette's own weak colour, without links and without marks."""
        muted = Style(color="bright_black")
        for text, _, control in segments:
            yield Segment(text, None if control else muted, control)


def _behind(made: Any, ansi: bool) -> Any:
    """Return what a screen draws under itself as it is seen with the theme there is."""
    return _Muted(made.screen, made.color) if ansi and isinstance(made, BackgroundScreen) else made


class Over(ModalScreen[T]):
    """Something over a page."""

    def render(self) -> Any:
        """Return the page behind."""
        return _behind(super().render(), self.app.current_theme.ansi)


class Palette(CommandPalette):
    """The palette of actions."""

    def render(self) -> Any:
        """Return the page behind."""
        return _behind(super().render(), self.app.current_theme.ansi)
