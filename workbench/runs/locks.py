"""Kernel locks: who works on a run, and whose turn it is on the GPU.

Owns `flock` and the queue of waiting engines. A lock file's existence means nothing, only the kernel's lock does: it is
freed at the holder's death, whatever the cause, and stays held while a forked child of the holder lives. Must not know
what the holder does. Standard library only: a process that waits here for hours is small.

Testing a lock takes it shared for an instant. An acquirer therefore asks for a shared lock first, which such tests
cannot refuse: only a real holder can, so "held" is never an artefact of somebody looking.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from workbench.core import paths
from workbench.core.errors import WorkbenchError

POLL_SECONDS = 0.25
_CONTENTION_SECONDS = 5.0
_BRIEF_SECONDS = 0.01
_TICKET = re.compile(r"(\d{10})\.ticket")


def _try(fd: int, operation: int) -> bool:
    """Return whether the lock was obtained at once."""
    try:
        fcntl.flock(fd, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _names(fd: int, path: Path) -> bool:
    """Return whether `path` still names the file that `fd` has open."""
    try:
        there, here = os.stat(path), os.fstat(fd)
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)


def acquire(path: Path) -> int | None:
    """Return a descriptor that holds the exclusive lock on `path`, or None when another process holds it.

    The file is made when missing, in a folder that exists. The descriptor is inheritable: the lock belongs to every
    process that has a copy of it and ends with the last copy. Raises WorkbenchError when the file cannot be opened.
    """
    deadline = time.monotonic() + _CONTENTION_SECONDS
    while time.monotonic() < deadline:
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise WorkbenchError(f"The lock {path} cannot be opened: {error.strerror}; check the folder.") from error
        try:
            if not _try(fd, fcntl.LOCK_SH):
                os.close(fd)
                return None
            if _try(fd, fcntl.LOCK_EX) and _names(fd, path):
                os.set_inheritable(fd, True)
                return fd
        except OSError as error:
            os.close(fd)
            raise WorkbenchError(
                f"The file system of {path} does not support locks ({error.strerror}); use a folder on a local disk."
            ) from error
        os.close(fd)
        # Somebody is testing, or another acquirer has got as far as we have: the first to come back alone gets it.
        time.sleep(random.uniform(0.0005, 0.005))
    return None


def is_held(path: Path) -> bool:
    """Return whether some process holds the exclusive lock on `path`; never waits and never disturbs an `acquire`."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not _try(fd, fcntl.LOCK_SH)
    finally:
        os.close(fd)


def release(fd: int) -> None:
    """Give up this process's copy of a lock; a child that was handed a copy keeps holding it."""
    os.close(fd)


@contextlib.contextmanager
def waited_for(path: Path, seconds: float) -> Iterator[None]:
    """Hold the exclusive lock on `path` while the body runs; raises WorkbenchError when it is not free in time."""
    deadline = time.monotonic() + seconds
    while (fd := acquire(path)) is None:
        if time.monotonic() >= deadline:
            raise WorkbenchError(f"{path} is locked by another process; try again once that has ended.")
        time.sleep(_BRIEF_SECONDS)
    try:
        yield
    finally:
        release(fd)


def _folder() -> Path:
    """Return the folder of the lease and its queue, made when missing."""
    folder = paths.state_home() / "lease"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise WorkbenchError(f"{folder} cannot be made: {error.strerror}; check its permissions.") from error
    return folder


def lease_path() -> Path:
    """Return the lock file of the right to use the GPU."""
    return paths.state_home() / "lease" / "gpu0.lease"


def _tickets(folder: Path) -> list[Path]:
    """Return all tickets, first come first."""
    return sorted(path for path in folder.iterdir() if _TICKET.fullmatch(path.name))


def _draw_ticket(folder: Path) -> tuple[Path, int] | None:
    """Return a ticket behind all others and the descriptor that holds it, or None when others are drawing right now.

    Tickets of dead waiters are removed. Holding the counter makes a new ticket and its lock one step for all who look.
    """
    counter = acquire(folder / "counter")
    if counter is None:
        return None
    try:
        last = 0
        for path in _tickets(folder):
            last = int(path.stem)
            if not is_held(path):
                path.unlink(missing_ok=True)
        ticket = folder / f"{last + 1:010d}.ticket"
        fd = acquire(ticket)
        if fd is None:
            return None
        # The ticket is this process's place in the queue, not that of a program it starts.
        os.set_inheritable(fd, False)
        return ticket, fd
    except OSError as error:
        raise WorkbenchError(f"The queue in {folder} cannot be written: {error.strerror}; check the folder.") from error
    finally:
        os.close(counter)


def take_lease(on_wait: Callable[[int], None], give_up: Callable[[], bool]) -> int | None:
    """Wait for the right to use the GPU and return the descriptor that holds it, or None once `give_up()` says so.

    Waiting processes are served in the order in which they came; dead ones are skipped. `on_wait` is told how many are
    ahead, the holder included, whenever that number changes. The lease ends with `release` or with the process.
    """
    folder = _folder()
    while (drawn := _draw_ticket(folder)) is None:
        if give_up():
            return None
        time.sleep(POLL_SECONDS)
    ticket, place = drawn
    told = 0
    try:
        while not give_up():
            ahead = sum(is_held(path) for path in _tickets(folder) if path < ticket)
            if ahead == 0 and (lease := acquire(lease_path())) is not None:
                return lease
            # Nobody is waiting ahead, or there is a holder as well.
            ahead += is_held(lease_path())
            if ahead and ahead != told:
                told = ahead
                on_wait(ahead)
            time.sleep(POLL_SECONDS)
        return None
    finally:
        with contextlib.suppress(OSError):
            ticket.unlink(missing_ok=True)
        os.close(place)
