"""Batches of results, appended durably one by one, so that a killed writer goes on where it was.

Owns the file: a head line that says what is being made, then one JSON line per batch. Must not know what a batch holds.
One process at a time writes it; what a kill or a power cut left behind the last whole line is dropped when the file
is opened again.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from workbench.core.errors import NoSpaceError, UsageError, WorkbenchError
from workbench.core.text import one_line
from workbench.runs import atomic


def _line(body: dict[str, Any]) -> bytes:
    """Return one JSON line; a lone surrogate, which UTF-8 cannot say, becomes a question mark."""
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _is_batch(line: bytes) -> bool:
    """Return whether a line is a JSON object: after a power cut it may be anything."""
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


class Journal:
    """The batches of one piece of work. Use it as a context manager: the file is locked meanwhile.

    `head` is what the work depends on. Raises UsageError when the file was begun with another head, and WorkbenchError
    when another process writes it or it cannot be written.
    """

    def __init__(self, path: Path, head: dict[str, Any]) -> None:
        self.path = path
        self._head = _line(head)
        self.batches = 0
        """Complete batches in the file."""
        self._fd = -1

    def __enter__(self) -> Journal:
        try:
            atomic.make_directories(self.path.parent)
            self._fd = atomic.open_file(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW)
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._adopt()
        except BlockingIOError:
            self._close()
            raise WorkbenchError(
                f"{one_line(str(self.path))} is being written by another process; wait for it to end."
            ) from None
        except OSError as error:
            self._close()
            raise self._explained(error) from None
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        """Give the file and its lock back."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _explained(self, error: OSError) -> WorkbenchError:
        """Return the sentence for a failed operation."""
        if atomic.is_disk_full(error):
            free = atomic.free_bytes(self.path)
            return NoSpaceError(str(self.path.parent), free + atomic.RESERVE_BYTES, free)
        return WorkbenchError(
            f"{one_line(str(self.path))} cannot be written: {error.strerror}; check the folder and its permissions."
        )

    def _adopt(self) -> None:
        """Find the complete lines of the file, drop what follows them, and begin a new file with the head."""
        good = 0
        with self.path.open("rb") as file:
            for number, line in enumerate(file):
                if not line.endswith(b"\n") or not _is_batch(line):
                    break
                if number == 0 and line != self._head:
                    raise UsageError(
                        f"{one_line(str(self.path))} was begun for something else: other texts, another model or "
                        "another seed; repeat that command, or remove this file to begin anew."
                    )
                good += len(line)
                self.batches = number
        os.ftruncate(self._fd, good)
        os.lseek(self._fd, good, os.SEEK_SET)
        if not good:
            self._write(self._head)
            atomic.fsync_path(self.path.parent)

    def _write(self, data: bytes) -> None:
        """Append bytes and wait until they are on the disk; raises OSError."""
        rest = memoryview(data)
        while rest:
            rest = rest[atomic.write(self._fd, rest, self.path) :]
        atomic.fsync(self._fd, self.path)

    def append(self, batch: dict[str, Any]) -> None:
        """Add one batch; raises NoSpaceError or WorkbenchError, and what a failed write left is dropped later."""
        try:
            self._write(_line(batch))
        except OSError as error:
            raise self._explained(error) from None
        self.batches += 1

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield the batches in order."""
        with self.path.open("rb") as file:
            next(file, None)
            for line in file:
                yield json.loads(line)

    def remove(self) -> None:
        """Remove the file: what it held has been published."""
        atomic.unlink(self.path)
