"""What the terminal around the application is told: a title with how far a run is, and a word when one has ended.

Owns these sequences and the look at runs that were opened here, in a thread. Must not know screens. A terminal that
does not understand a sequence passes over it; those that would print it get none.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable

from workbench.core.lifecycle import ACTIVE
from workbench.core.text import one_line
from workbench.guide import lineage
from workbench.runs.store import Run

LOOK_SECONDS = 2.0
_PUSH_TITLE, _POP_TITLE = "\x1b[22;0t", "\x1b[23;0t"
"""The title that was there waits on the terminal's own stack (xterm, window manipulation)."""
_TITLE, _SAY, _END, _BELL = "\x1b]0;", "\x1b]9;", "\x07", "\x07"
_PRINTS_THEM = ("", "dumb", "linux", "cons25", "vt52")
WORDS = {
    "done": "is done", "paused": "is paused", "stopped": "has stopped", "failed": "has failed", "lost": "was cut off",
    "stuck": "is stuck",
}  # fmt: skip


def is_safe() -> bool:
    """Return whether the terminal reads such sequences as what they are."""
    return os.environ.get("TERM", "") not in _PRINTS_THEM


def ended(run_id: str, status: str) -> str:
    """Return what is said when a run has ended."""
    return f"{lineage.short(run_id)} {WORDS.get(status, one_line(status, 20))}"


class Terminal:
    """What was said to the terminal, so that it is taken back."""

    def __init__(self) -> None:
        self._title = ""

    def name(self, title: str, write: Callable[[str], None]) -> None:
        """Give the terminal a title, if it has another one."""
        title = one_line(title, 60)
        if title == self._title or not is_safe():
            return
        write(("" if self._title else _PUSH_TITLE) + _TITLE + title + _END)
        self._title = title

    def tell(self, text: str, write: Callable[[str], None]) -> None:
        """Ring, and hand the desktop a sentence where the terminal does that."""
        write(_BELL + (f"{_SAY}workbench: {one_line(text, 120)}{_END}" if is_safe() else ""))

    def restore(self) -> None:
        """Give the terminal back the title it had; after the application has left the screen."""
        if self._title and sys.__stderr__ is not None:
            sys.__stderr__.write(f"{_TITLE}{_END}{_POP_TITLE}")
            sys.__stderr__.flush()
            self._title = ""


class Attendance:
    """The runs that were opened here and are not over; `look` says which have ended since. From any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[Run, str]] = {}

    def attend(self, run: Run) -> None:
        """Look after a run from now on."""
        with self._lock:
            self._seen.setdefault(run.id, (run, ""))

    def look(self) -> list[tuple[str, str]]:
        """Return (name, status) of each run that was at work at the last look and is not any more."""
        with self._lock:
            runs = dict(self._seen)
        found = []
        for id, (run, before) in runs.items():
            if not run.path.is_dir():
                with self._lock:
                    self._seen.pop(id, None)
                continue
            status = run.status()
            with self._lock:
                self._seen[id] = (run, status)
            if before in ACTIVE and status not in ACTIVE:
                found.append((id, status))
        return found
