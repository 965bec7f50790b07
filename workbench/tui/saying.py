"""Sentences at the edge of the page, and when they are shown: never over a question or a sheet.

Owns what waits. Must not know who says what.
"""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.screen import ModalScreen


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

    def say_held(self) -> None:
        """Say what has waited."""
        held, self._held = self._held, []
        for message, rest in held:
            self.notify(message, **rest)
