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


class _OfRun(Message, bubble=False):
    """Says of one run "look again": such messages merge, so that a slow screen never has two to take."""

    def __init__(self, run_id: str) -> None:
        super().__init__()
        self.run_id = run_id

    def can_replace(self, message: Message) -> bool:
        """Return whether a message that still waits says the same."""
        return type(message) is type(self) and message.run_id == self.run_id


class RunAdvanced(_OfRun):
    """There are new figures of a run; its watcher has them."""


class ConsoleGrew(_OfRun):
    """There are new lines on a run's console; its watcher has them."""


class RunEnded(_OfRun):
    """An attempt has come to its end; `status` is what the run is now."""

    def __init__(self, run_id: str, status: str) -> None:
        super().__init__(run_id)
        self.status = status


class RunGone(_OfRun):
    """The directory of a run is not there any more; its watcher has ended."""


class RunsChanged(Message, bubble=False):
    """The list of runs or something in it has changed; its watcher knows what."""

    def can_replace(self, message: Message) -> bool:
        """Return whether a message that still waits says the same."""
        return isinstance(message, RunsChanged)


class DownloadMoved(Message, bubble=False):
    """A download is further, or another is under way; the keeper has the figures."""

    def can_replace(self, message: Message) -> bool:
        """Return whether a message that still waits says the same."""
        return isinstance(message, DownloadMoved)


class DownloadEnded(Message, bubble=False):
    """A download is over: `error` is "" when the model is here, and `stopped` tells that the person ended it."""

    def __init__(self, reference: str, label: str, error: str = "", stopped: bool = False) -> None:
        super().__init__()
        self.reference, self.label, self.error, self.stopped = reference, label, error, stopped
