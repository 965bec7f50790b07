"""The request files of a run: how a person's wish reaches an engine that has no terminal and no socket.

Owns `control/pause` and `control/stop`, empty files whose presence is the whole message. Must not know who honours
them.
"""

from __future__ import annotations

import os
from pathlib import Path

from workbench.core.errors import NoSpaceError, WorkbenchError
from workbench.runs import atomic

REQUESTS = ("stop", "pause")
"""What can be asked, the stronger first."""


def request(run_dir: Path, what: str) -> None:
    """File a request, "pause" or "stop", for the engine of a run; filing it again changes nothing.

    An empty file needs no block, so it can be filed when the disk is full. Raises WorkbenchError.
    """
    if what not in REQUESTS:
        raise ValueError(f"unknown request {what!r}")
    path = run_dir / "control" / what
    try:
        atomic.make_directories(path.parent, 0o700)
        os.close(atomic.open_file(path, os.O_WRONLY | os.O_CREAT, 0o600))
    except OSError as error:
        if atomic.is_disk_full(error):
            raise NoSpaceError(str(run_dir), atomic.RESERVE_BYTES, atomic.free_bytes(run_dir)) from error
        raise WorkbenchError(
            f"The request cannot be filed in {path.parent}: {error.strerror}; check the folder."
        ) from error


def pending(run_dir: Path) -> str:
    """Return "stop" or "pause", the stronger request when both are filed, or "" when nothing is asked."""
    return next((what for what in REQUESTS if (run_dir / "control" / what).exists()), "")


def clear(run_dir: Path) -> None:
    """Withdraw every request; raises WorkbenchError when a file cannot be removed."""
    for what in REQUESTS:
        try:
            atomic.unlink(run_dir / "control" / what)
        except OSError as error:
            raise WorkbenchError(
                f"The request {what} of {run_dir} cannot be withdrawn: {error.strerror}; check the folder."
            ) from error
