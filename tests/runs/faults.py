"""Faults for the file layer: the N-th operation fails, or the power goes at the N-th operation.

Must not know what is being written.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from workbench.runs import atomic


class PowerCut(BaseException):
    """The machine stops here; nothing that would run afterwards may change the disk."""


class Faults:
    """Counts the primitive operations of `atomic` and lets the chosen ones fail.

    `at` is the number of the first one that fails, 0 for none; `lasting` lets all later ones fail as well.
    """

    def __init__(self, patch: pytest.MonkeyPatch, at: int, error: int | None, *, lasting: bool) -> None:
        self.at, self.error, self.lasting = at, error, lasting
        self.count = 0
        patch.setattr(atomic, "_op", self._op)

    def _op(self, name: str, path: Path) -> None:
        self.count += 1
        if self.at and (self.count == self.at or (self.lasting and self.count > self.at)):
            if self.error is None:
                raise PowerCut(name)
            raise OSError(self.error, os.strerror(self.error), str(path))

    @property
    def has_struck(self) -> bool:
        """Whether an operation has failed."""
        return 0 < self.at <= self.count


class Disk:
    """Remembers what was brought to the disk, and can take away the rest as a power cut may.

    Renames and new names survive here even when their directory was not fsynced: the worst case, because a name that
    survives without its contents is what damages a file. With `is_honest` false, fsync is announced but does nothing.
    """

    def __init__(self, patch: pytest.MonkeyPatch, cut_at: int, *, is_honest: bool) -> None:
        self._patch = patch
        self._safe: dict[int, bytes] = {}
        self.faults = Faults(patch, cut_at, None, lasting=True)
        fsync = atomic.fsync

        def remembering(fd: int, path: Path) -> None:
            fsync(fd, path)
            if is_honest and path.is_file():
                self._safe[os.fstat(fd).st_ino] = path.read_bytes()

        patch.setattr(atomic, "fsync", remembering)

    def lose_what_was_not_synced(self, folder: Path) -> None:
        """Turn every file under `folder` into what the disk would hold: what was fsynced, and zeros for the rest."""
        self._patch.undo()
        for path in folder.rglob("*"):
            if path.is_file():
                path.write_bytes(self._safe.get(path.stat().st_ino, bytes(path.stat().st_size)))

    def keep(self, folder: Path) -> None:
        """Count what is under `folder` now as safely on the disk."""
        for path in folder.rglob("*"):
            if path.is_file():
                self._safe[path.stat().st_ino] = path.read_bytes()


EVERY_ERROR = (errno.EIO, errno.ENOSPC, errno.EROFS)
