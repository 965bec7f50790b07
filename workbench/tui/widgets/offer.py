"""An offer at the foot of the page: what would be done and what it takes; `enter` accepts.

Owns the sheet and its keys. Must not know what is offered.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from workbench.tui.ink import Piece, ink, prose
from workbench.tui.widgets.over import Over


class Offer(Over[str]):
    """A title, sentences, and keys; the key that was pressed is the answer, "" when the person left."""

    DEFAULT_CSS = """
    Offer { align: left bottom; }
    Offer > Vertical { background: $surface; height: auto; padding: 1 4 1 4; width: 100%; }
    Offer Static { height: auto; margin-bottom: 1; }
    Offer #keys { margin-bottom: 0; }
    """

    def __init__(self, title: str, sentences: Sequence[str], answers: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._title, self._sentences, self._answers = title, sentences, dict(answers)

    def compose(self) -> ComposeResult:
        """Yield the title, the sentences and the keys."""
        width = min(88, max(40, self.app.size.width - 8))
        with Vertical():
            yield Static(ink((self._title, "title")))
            for text in self._sentences:
                yield Static(Content("\n").join(prose(width, text)))
            pieces: list[Piece] = []
            for key, verb in self._answers.items():
                pieces += [(key, "enter" if key == "enter" else "key"), (f" {verb}   ", "label")]
            yield Static(ink(*pieces, ("esc", "key"), (" leave it", "label")), id="keys")

    def on_key(self, event: events.Key) -> None:
        """Take the answer."""
        if event.key in self._answers or event.key == "escape":
            event.stop()
            self.dismiss(event.key if event.key in self._answers else "")
