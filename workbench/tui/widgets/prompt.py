"""Asking the person for one line, or for a yes: small sheets at the foot of the page.

Owns typing, completion, and the refusal of what cannot be taken, which stays there to be mended. Must not know what the
answer is for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.suggester import Suggester
from textual.widgets import Input, Static
from textual.worker import get_current_worker

from workbench.core.errors import WorkbenchError
from workbench.tui import crash
from workbench.tui.glyphs import glyph
from workbench.tui.ink import Piece, ink, prose
from workbench.tui.widgets.over import Over


class Completed(Suggester):
    """Completes with the first of what a function finds; it is called in a thread, as a disk may be slow."""

    def __init__(self, complete: Callable[[str], Sequence[str]]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        """Return what begins as the value does."""
        found = await asyncio.to_thread(self._complete, value)
        return next((text for text in found if text != value), None)


class Prompt(Over[Any]):
    """One line from the person, a text; None when they leave it."""

    DEFAULT_CSS = """
    Prompt { align: left bottom; }
    Prompt > Vertical { background: $surface; height: auto; padding: 1 4 1 4; width: 100%; }
    Prompt Static { height: auto; }
    Prompt Input { margin: 1 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", show=False),
        Binding("tab", "complete", "complete", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        note: str = "",
        value: str = "",
        check: Callable[[str], object] | None = None,
        suggester: Suggester | None = None,
    ) -> None:
        super().__init__()
        self._title, self._note, self._value = title, note, value
        self._check, self._suggester = check, suggester

    def compose(self) -> ComposeResult:
        """Yield title, note, input and keys."""
        with Vertical():
            yield Static(ink((self._title, "title")), markup=False)
            if self._note:
                yield Static(Content("\n").join(prose(max(40, self.app.size.width - 8), (self._note, "label"))))
            yield Input(self._value, suggester=self._suggester, select_on_focus=False)
            yield Static(self._keys(), id="keys")

    def _keys(self) -> Content:
        """Return the keys of the sheet."""
        more: list[Piece] = [("   tab", "key"), (" complete", "label")] if self._suggester else []
        return ink(("enter", "enter"), (" take it", "label"), *more, ("   esc", "key"), (" leave", "label"))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the line, or say what is wrong with it."""
        event.stop()
        try:
            if self._check is not None:
                self._check(event.value)
        except WorkbenchError as error:
            self.complain(str(error))
            return
        self.take(event.value)

    def take(self, text: str) -> None:
        """Give the line, against which nothing was said, as the answer."""
        self.dismiss(text)

    def complain(self, error: str) -> None:
        """Say what is wrong with the line; it stays."""
        self.query_one("#keys", Static).update(ink((f"{glyph('failed')} ", "bad"), error))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Take a complaint away."""
        event.stop()
        self.query_one("#keys", Static).update(self._keys())

    def action_complete(self) -> None:
        """Take what is suggested."""
        field = self.query_one(Input)
        field.action_cursor_right() if field.cursor_at_end else field.action_end()

    def action_leave(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)


class Lookup(Prompt):
    """One line that names something which takes time to find; the answer is what was found, None when they leave it.

    `find` is called in a thread with the line and with what takes words on the way; it raises WorkbenchError with what
    to do, and the line stays until it is mended.
    """

    def __init__(
        self,
        title: str,
        note: str,
        find: Callable[[str, Callable[[str], None]], Any],
        suggester: Suggester | None = None,
    ) -> None:
        super().__init__(title, note, suggester=suggester)
        self._find = find

    def take(self, text: str) -> None:
        """Look for what the line names."""
        if text.strip():
            self._on_the_way("looking for it")
            self.run_worker(self._look(text), group="look", exclusive=True)
        else:
            self.complain("Nothing is named; esc leaves.")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Look no more for what is not meant any longer."""
        self.workers.cancel_group(self, "look")
        super().on_input_changed(event)

    def _on_the_way(self, said: str) -> None:
        """Show how far looking is."""
        self.query_one("#keys", Static).update(
            ink((f"{said}{glyph('cut')}", "label"), ("   esc", "key"), (" leave", "label"))
        )

    async def _look(self, text: str) -> None:
        """Give what is found as the answer, or say why there is none."""
        looking = get_current_worker()

        def tell(said: str) -> None:
            if not looking.is_finished:
                self.call_later(self._on_the_way, said)

        try:
            found = await asyncio.to_thread(self._find, text, tell)
        except WorkbenchError as error:
            self.complain(str(error))
        except Exception:
            self.complain(crash.told())
        else:
            self.dismiss(found)


class Confirm(Over[bool]):
    """A question before something that is hard to undo; nothing happens unless `y` is pressed."""

    DEFAULT_CSS = """
    Confirm { align: left bottom; }
    Confirm > Vertical { background: $surface; height: auto; padding: 1 4 1 4; width: 100%; }
    Confirm Static { height: auto; margin-bottom: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "yes", show=False),
        Binding("escape,n,enter", "answer(False)", "no", show=False),
    ]

    def __init__(self, title: str, consequences: Sequence[str], verb: str) -> None:
        super().__init__()
        self._title, self._consequences, self._verb = title, consequences, verb

    def compose(self) -> ComposeResult:
        """Yield the question, what follows, and the keys."""
        width = max(40, self.app.size.width - 8)
        with Vertical():
            yield Static(ink((self._title, "title")))
            for text in self._consequences:
                yield Static(Content("\n").join(prose(width, text)))
            yield Static(ink(("y", "key"), (f" {self._verb}", "label"), ("   esc", "key"), (" leave it", "label")))

    def action_answer(self, yes: bool) -> None:
        """Give the answer."""
        self.dismiss(yes)
