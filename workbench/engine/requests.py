"""What a person asks of a running engine: pause or stop, by a control file or a signal.

Owns the signal handlers and the one question `pending()`. Must not act on the answer: the training loop does, at the
end of a step.
"""

from __future__ import annotations

import signal
from pathlib import Path
from types import FrameType

from workbench.core.events import Request
from workbench.engine.reporter import Reporter
from workbench.runs import requests

OUTCOME = {"pause": "paused", "stop": "stopped"}


class Interrupted(Exception):
    """The attempt ends early because it was asked to."""

    def __init__(self, request: str) -> None:
        super().__init__(request)
        self.outcome = OUTCOME[request]


class Requests:
    """The latest request for this attempt; a stop is never weakened to a pause."""

    def __init__(self, run_dir: Path, reporter: Reporter) -> None:
        self._run_dir = run_dir
        self._reporter = reporter
        self._signalled = ""
        self._announced = ""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGUSR1, self._on_signal)
        # A closed terminal or a stray Ctrl-C must not end a detached training.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self._signalled != "stop":
            self._signalled = "stop" if number == signal.SIGTERM else "pause"

    def pending(self) -> str:
        """Return "", "pause" or "stop", and let the journal know when one is first seen."""
        filed = requests.pending(self._run_dir)
        wish = "stop" if "stop" in (filed, self._signalled) else filed or self._signalled
        if wish and wish != self._announced:
            self._announced = wish
            self._reporter.write(Request(request=wish))
        return wish

    def check(self) -> None:
        """Raise Interrupted when a request is pending; for the phases that have nothing to save yet."""
        if wish := self.pending():
            raise Interrupted(wish)
