"""A row to type words into, above the list that they narrow.

Owns typing and the keys that leave the row. Must not know what is searched.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from workbench.tui.ink import ink


class _Line(Input):
    """The input; what leaves it is the row's to say."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", show=False),
        Binding("down,up,tab,pagedown", "done", "to the list", show=False),
    ]

    def action_leave(self) -> None:
        """Take the words back."""
        self.value = ""
        self.action_done()

    def action_done(self) -> None:
        """Go back to the list."""
        if isinstance(self.parent, SearchRow):
            self.parent.post_message(SearchRow.Left(self.parent))


class SearchRow(Horizontal):
    """`/` and the words; says what was typed, what is to be looked for now, and that it was left."""

    DEFAULT_CSS = """
    SearchRow { height: 1; margin-left: 2; }
    SearchRow > .slash { width: 2; color: $muted; }
    SearchRow > Input { width: 1fr; }
    SearchRow > Input > .input--placeholder { color: $muted; }
    SearchRow > .keys { width: auto; display: none; }
    SearchRow:focus-within { background: $focus; }
    SearchRow:focus-within > .slash { color: $accent; }
    SearchRow:focus-within > .keys { display: block; }
    """

    class Typed(Message):
        """Other words stand there."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    class Wanted(Message):
        """Enter was pressed."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    class Left(Message):
        """The person wants to be in the list again."""

        def __init__(self, row: SearchRow) -> None:
            super().__init__()
            self.row = row

    def __init__(self, said: str, keys: tuple[tuple[str, str], ...], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._said, self._keys = said, keys

    def compose(self) -> ComposeResult:
        """Yield the sign, the input, and its keys."""
        yield Static(ink("/"), classes="slash")
        yield _Line(placeholder=self._said, select_on_focus=False)
        pieces = [piece for key, verb in self._keys for piece in ((f"   {key}", "key"), (f" {verb}", "label"))]
        yield Static(ink(*pieces), classes="keys")

    @property
    def words(self) -> str:
        """What stands there."""
        return self.query_one(Input).value.strip()

    def enter(self) -> None:
        """Let the person type."""
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass the words on."""
        event.stop()
        self.post_message(self.Typed(event.value.strip()))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Pass on that they are to be looked for."""
        event.stop()
        self.post_message(self.Wanted(event.value.strip()))
