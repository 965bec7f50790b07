"""What a person asks of a running engine: pause or stop, by a control file or a signal.

Owns the signal handlers and the one question `pending()`. Must not act on the answer: the training loop does, at the
end of a step.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from workbench.core.errors import WorkbenchError
from workbench.core.events import Request
from workbench.engine.reporter import Reporter
from workbench.runs import requests

_LISTEN_SECONDS = 0.2
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

    @property
    def was_told_to_die(self) -> bool:
        """Whether the process was signalled to end, as by kill or where the machine goes down: not by a request."""
        return self._signalled == "stop"

    def asked(self) -> str:
        """Return "", "pause" or "stop"; from any thread, and without a word to the journal."""
        filed = requests.pending(self._run_dir)
        return "stop" if "stop" in (filed, self._signalled) else filed or self._signalled

    def pending(self) -> str:
        """Return "", "pause" or "stop", and let the journal know when one is first seen."""
        wish = self.asked()
        if wish and wish != self._announced:
            self._announced = wish
            self._reporter.write(Request(request=wish))
        return wish

    def check(self) -> None:
        """Raise Interrupted when a request is pending; for the phases that have nothing to save yet."""
        if wish := self.pending():
            raise Interrupted(wish)

    @contextmanager
    def heeded(self) -> Iterator[threading.Event]:
        """Yield an event that is set as soon as there is a request, for a child that has to be ended then.

        What the child's end looks like in the block is no error but the request: it becomes Interrupted.
        """
        event, over = threading.Event(), threading.Event()

        def listen() -> None:
            while not over.wait(_LISTEN_SECONDS):
                if self.asked():
                    event.set()
                    return

        threading.Thread(target=listen, daemon=True).start()
        try:
            yield event
        except WorkbenchError:
            self.check()
            raise
        finally:
            over.set()
