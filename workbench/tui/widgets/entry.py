"""The row a question is typed into.

Owns what a key means while the row is empty: then it may be an action of the screen, and otherwise it is text; and the
line breaks of what is pasted, which stand in the one row as signs. Must not know what is done with a question.
"""

from __future__ import annotations

from collections.abc import Callable

from rich.highlighter import Highlighter
from rich.text import Text
from textual import events
from textual.widgets import Input
from textual.widgets.input import Selection

from workbench.tui.glyphs import glyph

_SIGNS = "\n\t"
_HELD = "\ue00a\ue009"
"""What stands for a line break and for a tab in the row: signs of one column that no text has."""
_IN, _OUT = str.maketrans(_SIGNS, _HELD), str.maketrans(_HELD, _SIGNS)


class _Signs(Highlighter):
    """Shows what stands for a line break or a tab."""

    def highlight(self, text: Text) -> None:
        """Put visible signs in their place."""
        text.plain = text.plain.translate(str.maketrans(_HELD, glyph("return") + glyph("arrow")))


class Entry(Input):
    """One row of text; `action_of` says which action a key stands for while nothing is typed, "" for none."""

    def __init__(self, placeholder: str, action_of: Callable[[events.Key], str], *, id: str | None = None) -> None:
        super().__init__(placeholder=placeholder, id=id, select_on_focus=False, highlighter=_Signs())
        self._action_of = action_of

    @property
    def text(self) -> str:
        """What is written, with its own line breaks and tabs."""
        return self.value.translate(_OUT)

    async def _on_key(self, event: events.Key) -> None:
        """Hand a key to the screen where it stands for an action; the input's own handler takes the others."""
        if not self.value and (action := self._action_of(event)):
            event.stop()
            event.prevent_default()
            self.call_later(self.screen.run_action, f"act('{action}')")

    def _on_paste(self, event: events.Paste) -> None:
        """Take all that is pasted, but for line breaks at its end."""
        event.stop()
        event.prevent_default()
        self.replace(_held("\n".join(event.text.splitlines()).rstrip("\n")), *self.selection)

    def propose(self, text: str) -> None:
        """Write a text that enter takes and that gives way to whatever is typed or pasted; its beginning is in view."""
        self.value = _held(text)
        self.selection = Selection(len(text), 0)

    def write(self, text: str) -> None:
        """Write a text to be changed."""
        self.value = _held(text)
        self.cursor_position = len(self.value)


def _held(text: str) -> str:
    """Return a text as it stands in the row."""
    return text.translate(_IN)
