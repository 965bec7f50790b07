"""Sentences at the edge of the page, and when they are shown: never over a question or a sheet.

Owns what waits, and that a page is never covered: the same sentence is said once, and of others only the newest stay.
Must not know who says what.
"""

from __future__ import annotations

import time
from typing import Any

from textual.app import App
from textual.notifications import Notify
from textual.screen import ModalScreen

MOST = 2
"""Sentences that are seen at a time; more would cover what they are about."""


JUST_SECONDS = 0.5
"""What was said within them, as a page was left, has not been read yet."""


class Saying(App[int]):
    """An application that says nothing while something lies over its page."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._held: list[tuple[str, dict[str, Any]]] = []
        self._of_page: set[str] = set()
        """What belongs to the page it is said on."""
        self.page: object = None
        """The page that is shown, or that lies behind what is."""

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

    def say_here(self, message: str, **rest: Any) -> None:
        """Say something that belongs to the page: it goes when another page comes."""
        self._of_page.add(message)
        self.notify(message, **rest)

    def turn_page(self) -> None:
        """Take away what was said on a page that is left; what was said as it was left is still to be read."""
        for said in list(self._notifications):
            if said.message in self._of_page and time.time() - said.raised_at > JUST_SECONDS:
                self._unnotify(said)

    def say_held(self) -> None:
        """Say what has waited."""
        held, self._held = self._held, []
        for message, rest in held:
            self.notify(message, **rest)
