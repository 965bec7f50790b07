"""The engine's voice: everything an attempt says goes through here into the journal.

Owns the journal's writer for the length of an attempt. Must not compute anything: callers bring the figures. A reporter
without a file is silent, which is what the other processes of a team have.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from workbench.core.events import Event, Notice, Phase
from workbench.runs.journal import Writer


def unforeseen(error: BaseException) -> str:
    """Return one sentence for an error nobody foresaw; the console has the traceback."""
    text = " ".join(str(error).split())[:300]
    return (
        f"The engine failed with {type(error).__name__}{': ' + text if text else ''}; the console log has the details."
    )


class Reporter:
    """Writes events of one attempt."""

    def __init__(self, events_path: Path | None) -> None:
        self._path = events_path
        self._writer = Writer(events_path) if events_path is not None else None
        self._phase: tuple[str, str] = ("", "")
        self.step_reached = 0
        """The last optimizer step this attempt has finished."""

    def write(self, event: Event, durable: bool = False) -> None:
        """Append one event; `durable` waits until it is on the disk."""
        if self._writer is not None:
            self._writer.write(event, durable=durable)

    @property
    def doing(self) -> str:
        """The phase the attempt is in."""
        return self._phase[0]

    def close(self) -> None:
        """Give the journal back; what is written from now on is dropped."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """Leave the journal to another process of this attempt for the length of a block, since it has one writer."""
        self.close()
        try:
            yield
        finally:
            if self._path is not None:
                self._writer = Writer(self._path)

    def phase(self, name: str, detail: str = "", done: int | None = None, total: int | None = None) -> None:
        """Say what the attempt does from now on; repeating the same phase and detail without progress says nothing."""
        if (name, detail) != self._phase or done is not None:
            self._phase = (name, detail)
            self.write(Phase(phase=name, detail=detail, done=done, total=total))

    def notice(self, level: str, code: str, text: str) -> None:
        """Tell the person one sentence; `code` is stable for programs."""
        self.write(Notice(level=level, code=code, text=text))
