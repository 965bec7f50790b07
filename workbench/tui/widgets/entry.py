"""The row a question is typed into.

Owns what a key means while the row is empty: then it may be an action of the screen, and otherwise it is text. Must not
know what is done with a question.
"""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.widgets import Input
from textual.widgets.input import Selection


class Entry(Input):
    """One row of text; `action_of` says which action a key stands for while nothing is typed, "" for none."""

    def __init__(self, placeholder: str, action_of: Callable[[str], str], *, id: str | None = None) -> None:
        super().__init__(placeholder=placeholder, id=id, select_on_focus=False)
        self._action_of = action_of

    async def _on_key(self, event: events.Key) -> None:
        """Hand a key to the screen where it stands for an action; the input's own handler takes the others."""
        if not self.value and (action := self._action_of(event.key)):
            event.stop()
            event.prevent_default()
            self.call_later(self.screen.run_action, f"act('{action}')")

    def _on_paste(self, event: events.Paste) -> None:
        """Take all that is pasted; a row has no line breaks, so that blanks stand for them."""
        event.stop()
        event.prevent_default()
        self.replace(" ".join(line.strip() for line in event.text.splitlines() if line.strip()), *self.selection)

    def propose(self, text: str) -> None:
        """Write a text that enter takes and that gives way to whatever is typed or pasted; its beginning is in view."""
        self.value = text
        self.selection = Selection(len(text), 0)
