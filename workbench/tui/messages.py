"""What is told to the application from outside the event loop: typed, past tense, immutable.

Owns the message classes that more than one screen takes. Must not know who sends them.
"""

from __future__ import annotations

from textual.message import Message

from workbench.runs.hardware import Reading


class ReadingTaken(Message, bubble=False):
    """One look at the card and the host."""

    def __init__(self, reading: Reading) -> None:
        super().__init__()
        self.reading = reading
