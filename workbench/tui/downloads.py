"""Downloads of models: one at a time, the others wait; they go on whatever screen is shown, and end with the program.

Owns the queue, its thread and what is known of each. Must not know how a download looks, or what it is done with.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from textual.message import Message

from workbench.core import units
from workbench.core.errors import WorkbenchError
from workbench.guide import hub
from workbench.runs.errand import StoppedError
from workbench.tui import crash
from workbench.tui.messages import DownloadEnded, DownloadMoved


@dataclass(frozen=True)
class Download:
    """One model on its way."""

    reference: str
    label: str
    state: str = "waiting"
    """waiting, asking, downloading or checking."""
    done: int = 0
    """Bytes of all files."""
    total: int = 0
    speed: int = 0
    """Bytes per second."""
    waiting: int = 0
    """How many wait behind it."""

    @property
    def seconds_left(self) -> float | None:
        """About how long it takes from here, None when nothing tells."""
        return (self.total - self.done) / self.speed if self.speed else None


class Downloads:
    """The queue; `post` takes messages from any thread."""

    def __init__(self, post: Callable[[Message], Any]) -> None:
        self._post = post
        self._lock = threading.Lock()
        self._queue: list[Download] = []
        self._stop = threading.Event()
        self.trouble = ""
        """Why the last one failed, until another is asked for."""

    @property
    def now(self) -> Download | None:
        """The download under way, None for none."""
        with self._lock:
            return replace(self._queue[0], waiting=len(self._queue) - 1) if self._queue else None

    def of(self, reference: str) -> Download | None:
        """Return the download of a model, None when it is neither under way nor waiting."""
        with self._lock:
            return next((download for download in self._queue if download.reference == reference), None)

    def lacking(self, reference: str) -> str:
        """Return why a run cannot start from a base yet, when that is because it is not here; else ""."""
        if not hub.is_lacking(reference):
            return ""
        download = self.of(reference)
        if download is None:
            return "The base is not on this machine; go back to the station Base and download it with d."
        if not download.total:
            return f"{download.label} is still to be downloaded; the run can start when it is here."
        share = units.percent(download.done / download.total)
        return f"{download.label} is being downloaded, {share} of it is here; the run can start when it is whole."

    def add(self, reference: str, label: str) -> None:
        """Get a model, after those that were asked for before."""
        with self._lock:
            if any(download.reference == reference for download in self._queue):
                return
            self.trouble = ""
            self._queue.append(Download(reference, label))
            first = len(self._queue) == 1
        if first:
            self._begin()
        self._post(DownloadMoved())

    def cancel(self, reference: str) -> None:
        """Stop getting a model; what has come of it is kept."""
        with self._lock:
            under_way = bool(self._queue) and self._queue[0].reference == reference
            if under_way:
                self._stop.set()
                return
            kept = [download for download in self._queue if download.reference != reference]
            gone, self._queue = [download for download in self._queue if download not in kept], kept
        for download in gone:
            self._post(DownloadEnded(download.reference, download.label, stopped=True))

    def close(self) -> None:
        """Stop all of them: the program ends."""
        with self._lock:
            del self._queue[1:]
        self._stop.set()

    def _begin(self) -> None:
        """Get the first of the queue from a thread that does not keep the program from ending."""
        self._stop = threading.Event()
        with self._lock:
            self._queue[0] = replace(self._queue[0], state="asking")
            first = self._queue[0]
        threading.Thread(target=self._fetch, args=(first, self._stop), name="download", daemon=True).start()

    def _take(self, line: dict[str, Any]) -> None:
        """Take a line of progress; runs in the thread."""
        if "state" not in line:
            return
        with self._lock:
            self._queue[0] = replace(
                self._queue[0],
                state=str(line["state"]),
                done=int(line["done"]),
                total=int(line["total"]),
                speed=int(line["bytes_per_second"]),
            )
        self._post(DownloadMoved())

    def _fetch(self, download: Download, stop: threading.Event) -> None:
        """Get a model, say how that ended, and go on with the next; runs in the thread."""
        error, stopped = "", False
        try:
            hub.fetch(download.reference, tell=self._take, stop=stop)
        except StoppedError:
            stopped = True
        except WorkbenchError as refusal:
            error = str(refusal)
        except Exception:
            error = f"Something went wrong that nobody foresaw; it is kept in {crash.keep(traceback.format_exc())}."
        with self._lock:
            self._queue.pop(0)
            self.trouble = error
            more = bool(self._queue)
        if more:
            self._begin()
        self._post(DownloadEnded(download.reference, download.label, error, stopped))
