"""The journal of a run: one writer that appends events, any number of readers that follow.

Owns the file's life on disk: whole lines, torn lines, a full disk. Must not know what the events mean, except which of
them are the last words a run must not lose.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from workbench.core.errors import NoSpaceError, WorkbenchError
from workbench.core.events import AttemptEnded, Event, Notice, Request, decode, encode
from workbench.runs import atomic

BALLAST_BYTES = 256 << 10
_BLOCK_BYTES = 1 << 20
_NEAR_BYTES = 8 << 10
"""Most that is read to find an event near a place: its line, and a long sample before it."""
_Kind = TypeVar("_Kind", bound=Event)
_LAST_WORDS = (Notice, Request, AttemptEnded)


def _ballast_path(path: Path) -> Path:
    """Return the file that keeps room for the last words of the journal `path`."""
    return path.with_name(f".{path.name}.ballast")


def _last_number(path: Path) -> int:
    """Return the last sequence number in a journal; kinds unknown here and a line that lacks only its end count too."""
    for size in (_BLOCK_BYTES, 1 << 62):
        for line in reversed(_end_of(path, size)):
            with contextlib.suppress(ValueError, KeyError, TypeError, RecursionError):
                return int(json.loads(line)["n"])
    return 0


class Writer:
    """Appends events to one journal; the one process that holds the run's lock has one, and one thread uses it.

    Each event is one `os.write`, so a kill loses none that was written and tears at most the last line. When the disk
    is full, events are dropped and counted; a small file beside the journal, made while there was room, is given up so
    that notices and the end of the attempt still fit.
    """

    def __init__(self, path: Path) -> None:
        """Open or make the journal and seal a torn last line; raises NoSpaceError or WorkbenchError."""
        self._path = path
        self._ballast = _ballast_path(path)
        self._has_ballast = False
        self._is_full = False
        self._untold = 0
        self.dropped = 0
        """Events that could not be written."""
        try:
            self._fd = atomic.open_file(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            if atomic.is_disk_full(error):
                raise NoSpaceError(str(path.parent), BALLAST_BYTES, atomic.free_bytes(path.parent)) from error
            raise WorkbenchError(f"The journal {path} cannot be opened: {error.strerror}; check the folder.") from error
        self._n = _last_number(path)
        self._torn = self._ends_torn()
        self._has_room()

    def _ends_torn(self) -> bool:
        """Return whether the journal ends in the middle of a line."""
        size = os.fstat(self._fd).st_size
        return size > 0 and os.pread(self._fd, 1, size - 1) != b"\n"

    def _has_room(self) -> bool:
        """Return whether events fit again with room to spare, with the ballast in place.

        The ballast is random, so that no file system stores it smaller than it is.
        """
        try:
            if atomic.free_bytes(self._path.parent) < 4 * BALLAST_BYTES:
                return False
            if not self._has_ballast:
                fd = atomic.open_file(self._ballast, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                try:
                    self._has_ballast = atomic.write(fd, os.urandom(BALLAST_BYTES), self._ballast) == BALLAST_BYTES
                finally:
                    os.close(fd)
        except OSError:
            self._drop_ballast()
        return self._has_ballast

    def _drop_ballast(self) -> None:
        """Give the ballast's room back."""
        self._has_ballast = False
        with contextlib.suppress(OSError):
            atomic.unlink(self._ballast)

    def _append(self, line: bytes) -> bool:
        """Append one line whole and return True, or leave the journal as it was and return False."""
        data = b"\n" + line if self._torn else line
        written = 0
        try:
            written = atomic.write(self._fd, data, self._path)
            if written < len(data):
                written += atomic.write(self._fd, data[written:], self._path)
        except OSError:
            pass
        if written == len(data):
            self._torn = False
            return True
        if written:
            try:
                os.ftruncate(self._fd, os.fstat(self._fd).st_size - written)
            except OSError:
                self._torn = True
        return False

    def _line(self, event: Event) -> bytes:
        """Return the event numbered and dated."""
        self._n += 1
        return encode(replace(event, n=self._n, t=time.time()))

    def write(self, event: Event, durable: bool = False) -> None:
        """Append `event` with its number and time filled in; with `durable`, wait until it is on the disk.

        Never raises: what cannot be written is counted in `dropped`, leaves a gap in the numbers, and is reported by a
        notice as soon as there is room again.
        """
        if self._is_full and self._has_room():
            text = f"{self._untold} events could not be written because the disk was full; the curves have a gap there."
            if self._append(self._line(Notice(level="warning", code="events_dropped", text=text))):
                self._is_full, self._untold = False, 0
        last_words = isinstance(event, _LAST_WORDS)
        line = self._line(event)
        # On a full disk what little room there is belongs to the last words.
        done = (last_words or not self._is_full) and self._append(line)
        if not done:
            self._is_full = True
            if last_words:
                self._drop_ballast()
                done = self._append(line)
        if not done:
            self.dropped += 1
            self._untold += 1
        if durable:
            with contextlib.suppress(OSError):
                atomic.fsync(self._fd, self._path)
        if isinstance(event, AttemptEnded):
            self._drop_ballast()

    def close(self) -> None:
        """Give back the journal and the ballast."""
        self._drop_ballast()
        os.close(self._fd)


@dataclass(frozen=True)
class Place:
    """How far a journal was read."""

    file: tuple[int, int]
    """Device and inode: a journal that was replaced is another file."""
    offset: int
    """Bytes; the beginning of a line."""


class Reader:
    """Follows one journal; one that was replaced or cut short is read again from the start.

    It begins at the journal's beginning, or at a place.
    """

    def __init__(self, path: Path, place: Place | None = None) -> None:
        self._path = path
        self._offset = place.offset if place is not None else 0
        self._file: tuple[int, int] = place.file if place is not None else (0, 0)
        self._seen = place is not None
        self.was_replaced = False
        """Whether the last look began again from the start, so that what was read before is of another journal."""

    def behind(self) -> int:
        """Return the bytes that were not read yet; 0 when the journal cannot be read."""
        try:
            figures = self._path.stat()
        except OSError:
            return 0
        return figures.st_size - self._offset if self._is(figures) else figures.st_size

    def _is(self, figures: os.stat_result) -> bool:
        """Return whether a file is the one that was read so far."""
        return (figures.st_dev, figures.st_ino) == self._file and figures.st_size >= self._offset

    def read(self, most_bytes: int = 0) -> list[Event]:
        """Return the events that were completed since the last call; none when the journal cannot be read yet.

        With `most_bytes` it stops soon after so many of them, and the next call goes on there.
        """
        events: list[Event] = []
        taken = 0
        self.was_replaced = False
        try:
            with self._path.open("rb") as file:
                figures = os.fstat(file.fileno())
                if not self._is(figures):
                    self.was_replaced, self._seen = self._seen, True
                    self._file, self._offset = (figures.st_dev, figures.st_ino), 0
                file.seek(self._offset)
                rest = b""
                size = min(most_bytes or _BLOCK_BYTES, _BLOCK_BYTES)
                while block := file.read(size):
                    whole, newline, rest = (rest + block).rpartition(b"\n")
                    self._offset += len(whole) + len(newline)
                    events += _decoded(whole.split(b"\n"))
                    taken += len(block)
                    if whole and 0 < most_bytes <= taken:
                        break
        except OSError:
            pass
        return events


def load(path: Path) -> list[Event]:
    """Return every event of a journal; an empty list when there is none."""
    return Reader(path).read()


def _decoded(lines: Iterable[bytes]) -> list[Event]:
    """Return the events of the lines that hold one."""
    return [event for line in lines if line and (event := decode(line)) is not None]


def _end_of(path: Path, max_bytes: int) -> list[bytes]:
    """Return the lines that begin within the last `max_bytes` of a file, and what follows the last newline."""
    try:
        with path.open("rb") as file:
            start = max(0, os.fstat(file.fileno()).st_size - max_bytes)
            file.seek(start)
            lines = file.read().split(b"\n")
    except OSError:
        return []
    return lines[1:] if start > 0 else lines


def end_of(path: Path) -> Place | None:
    """Return the place after the last whole line of a journal; None when it cannot be read."""
    try:
        with path.open("rb") as file:
            figures = os.fstat(file.fileno())
            end = figures.st_size
            while end > 0:
                start = max(0, end - _BLOCK_BYTES)
                file.seek(start)
                if (found := file.read(end - start).rfind(b"\n")) >= 0:
                    return Place((figures.st_dev, figures.st_ino), start + found + 1)
                end = start
    except OSError:
        return None
    return Place((figures.st_dev, figures.st_ino), 0)


def tail(path: Path, max_bytes: int = 64 << 10) -> list[Event]:
    """Return the events that lie complete within the last `max_bytes` of a journal, oldest first."""
    return _decoded(_end_of(path, max_bytes)[:-1])


def spread(path: Path, kind: type[_Kind], most: int) -> list[_Kind]:
    """Return at most so many events of a kind, evenly over the length of a journal, the first and the last among them.

    Each place costs one small read, so that the length of the journal does not matter; places near which there is no
    such event give none.
    """
    found: dict[int, _Kind] = {}
    mark = b'"kind":"%s"' % kind.kind.encode()
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            for number in range(most):
                is_last = number == most - 1 > 0
                start = max(size - _NEAR_BYTES, 0) if is_last else size * number // most
                file.seek(start)
                lines = file.read(_NEAR_BYTES).split(b"\n")[1 if start else 0 : -1]
                near = [line for line in lines if mark in line]
                event = decode(near[-1 if is_last else 0]) if near else None
                if isinstance(event, kind):
                    found[event.n or len(found)] = event
    except OSError:
        pass
    return [found[number] for number in sorted(found)]


def latest(path: Path, kinds: Iterable[str], since: int = 0) -> dict[str, Event]:
    """Return the last event of each of `kinds` that a journal holds, reading it from the end only as far as needed.

    Nothing before byte `since`, the beginning of a line, is looked at.
    """
    found: dict[str, Event] = {}
    wanted = {kind: b'"kind":"%s"' % kind.encode() for kind in kinds}
    try:
        with path.open("rb") as file:
            start, rest = os.fstat(file.fileno()).st_size, b""
            while start > since and wanted:
                size = min(start - since, _BLOCK_BYTES)
                start -= size
                file.seek(start)
                block = file.read(size) + rest
                # The first line of a block may begin in the one before it, the last one may be torn.
                cut = 0 if start == since else block.find(b"\n") + 1
                rest = block[:cut]
                for kind, mark in list(wanted.items()):
                    if (event := _last_of(block[cut:], mark)) is not None:
                        found[kind] = event
                        del wanted[kind]
    except OSError:
        pass
    return found


def _last_of(block: bytes, mark: bytes) -> Event | None:
    """Return the last event of a block of lines whose line contains `mark`, which no text inside an event can."""
    end = block.rfind(b"\n")
    while (place := block.rfind(mark, 0, max(end, 0))) >= 0:
        first = block.rfind(b"\n", 0, place) + 1
        event = decode(block[first : block.find(b"\n", place)])
        if event is not None:
            return event
        end = first
    return None
