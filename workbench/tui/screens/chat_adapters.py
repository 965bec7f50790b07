"""The sheet of the chat on which adapters are switched on and off beside a GGUF file.

Owns the list and what is said of it. Must not know how an adapter is loaded.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from workbench.core.errors import UsageError
from workbench.core.paths import expanded
from workbench.guide import talking
from workbench.guide.interview import Interview
from workbench.tui.ink import foreign, ink, place, prose
from workbench.tui.screens.chat_sheets import _ListSheet
from workbench.tui.widgets.listing import Listing, Row
from workbench.tui.widgets.page import Page
from workbench.tui.widgets.prompt import Prompt


class AdaptersSheet(_ListSheet):
    """Which adapters act beside the GGUF files of a conversation, from the next answer on."""

    KEYS = (("enter", "on/off"), ("p", "path"), ("esc", "leave"))
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+l", "leave", "leave", show=False),
        Binding("enter,space", "switch", "on/off", show=False),
        Binding("p", "path", "path", show=False),
    ]

    def __init__(self, interview: Interview) -> None:
        super().__init__()
        self._interview = interview
        self._found: list[Path] = []
        self._looking = True

    def on_mount(self) -> None:
        """Look for files."""
        self.query_one(Listing).focus()
        self.run_worker(self._look, thread=True, exit_on_error=False)

    def _look(self) -> None:
        """Find adapters' files; runs in a thread."""
        found = talking.adapter_files()
        self.app.call_from_thread(self._know, found)

    def _know(self, found: list[Path]) -> None:
        """Take what was found, beside what acts already."""
        self._looking = False
        self._found = list(dict.fromkeys([*self._interview.acting(), *found]))
        self._fill()

    def _fill(self, key: str | None = None) -> None:
        """Draw the list."""
        self.query_one(Listing).fill([self._row(path) for path in self._found], key)
        for page in self.query(Page):
            page.again()

    def _row(self, path: Path) -> Row:
        """Return the row of a file."""

        def draw(width: int, focused: bool) -> Content:
            name = ink((foreign(path.name), "title" if focused else "value"))
            on = path in self._interview.acting()
            return place(width, (0, name), (-1, ink(("on" if on else "off", "here" if on else "label"))))

        return Row(str(path), draw)

    def top(self, width: int) -> list[Content]:
        """Return the title."""
        return [ink(("Adapters", "title"))]

    def note(self, width: int) -> list[Content]:
        """Return what happens."""
        if self._looking:
            return [ink(("looking for adapters", "label")), Content("")]
        said = (
            "They act from the next answer on. One is loaded the first time it is switched on, and no more after that."
        )
        if not self._found:
            said = "No run here has one; `workbench export RUN --adapter` makes it, and p takes a file."
        return [*prose(width, (said, "label")), Content("")]

    def action_switch(self) -> None:
        """Switch the adapter in focus."""
        key = self.query_one(Listing).key
        path = next((path for path in self._found if str(path) == key), None)
        if path is not None:
            self._interview.switch(path)
            self._fill(str(path))

    def on_listing_chosen(self, message: Listing.Chosen) -> None:
        """Switch what was clicked twice."""
        self.action_switch()

    def action_path(self) -> None:
        """Ask for a file."""

        def check(text: str) -> None:
            if text.strip() and not expanded(text.strip()).is_file():
                raise UsageError("There is no such file.")

        def take(text: str | None) -> None:
            if text and text.strip():
                path = expanded(text.strip()).resolve()
                self._found = list(dict.fromkeys([path, *self._found]))
                self._fill(str(path))

        self.app.push_screen(Prompt("Path", "The GGUF file of an adapter.", check=check), take)

    def action_leave(self) -> None:
        """Go back to the conversation."""
        self.dismiss(None)
