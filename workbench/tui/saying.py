"""Sentences at the edge of the page, and when they are shown: never over a question or a sheet.

Owns what waits, and that a page is never covered: the same sentence is said once, and of others only the newest stay.
Must not know who says what.
"""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.notifications import Notify
from textual.screen import ModalScreen

MOST = 2
"""Sentences that are seen at a time; more would cover what they are about."""


class Saying(App[int]):
    """An application that says nothing while something lies over its page."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._held: list[tuple[str, dict[str, Any]]] = []

    def notify(self, message: str, **rest: Any) -> None:
        """Say something now, or as soon as nothing lies over the page."""
        if self.screen_stack and isinstance(self.screen, ModalScreen):
            self._held.append((message, rest))
        else:
            super().notify(message, **rest)

    def on_notify(self, event: Notify) -> None:
        """Make room for what is said now; Textual's own handler shows it after this one."""
        shown = list(self._notifications)
        others = [said for said in shown if said.message != event.notification.message]
        for said in shown:
            if said not in others[1 - MOST :]:
                self._unnotify(said, refresh=False)

    def say_held(self) -> None:
        """Say what has waited."""
        held, self._held = self._held, []
        for message, rest in held:
            self.notify(message, **rest)
