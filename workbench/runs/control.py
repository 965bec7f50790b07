"""What a person does to a run: start, pause, stop, kill, resume, discard.

Owns the order of lock, check and launch that keeps two attempts from sharing a run, and the ladder of force. Must not
know what an engine does with a request.
"""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator

from workbench.core import lifecycle
from workbench.core.errors import UsageError, WorkbenchError
from workbench.runs import atomic, locks, process
from workbench.runs.requests import clear, pending, request
from workbench.runs.store import Run, list_runs

__all__ = ["clear", "discard", "kill", "pause", "pending", "request", "resume", "start", "stop"]

EXIT_SECONDS = 10.0
"""How long a process may take to be gone after its last word."""
TERM_SECONDS = 10.0
KILL_SECONDS = 10.0
NAMING_SECONDS = 5.0
"""How long a new engine may take to name itself in process.json."""
_POLL_SECONDS = 0.05


def _require(run: Run, action: str, status: str) -> None:
    """Raise UsageError with the reason when `action` makes no sense for a run of that status."""
    if why := lifecycle.why_not(action, status):
        raise UsageError(f"The run {run.id} {why}.")


def _wait(condition: Callable[[], object], seconds: float) -> bool:
    """Return whether `condition()` came true within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def pause(run: Run) -> None:
    """Ask the engine to save a checkpoint and exit, so that the GPU is free and the run can go on later."""
    _require(run, "pause", run.status())
    request(run.path, "pause")


def stop(run: Run) -> None:
    """Ask the engine to save a checkpoint and exit for good; it can still be resumed."""
    _require(run, "stop", run.status())
    request(run.path, "stop")


def _taken(run: Run) -> UsageError:
    """Return the refusal of a second attempt."""
    return UsageError(
        f"The run {run.id} is being worked on already, and two attempts never share a run; pause or stop it first."
    )


def start(run: Run) -> int:
    """Launch the first attempt of a new run and return its process id.

    Raises UsageError when it was started before, WorkbenchError when no process can be started.
    """
    fd = locks.acquire(run.lock_path)
    if fd is None:
        raise _taken(run)
    if run.events_path.exists():
        locks.release(fd)
        raise UsageError(f"The run {run.id} was started before; resume it instead.")
    return process.launch(run.path, fd)


@contextlib.contextmanager
def _idle(run: Run, action: str) -> Iterator[int]:
    """Yield the descriptor of the lock of a run for which `action` makes sense; it is closed when the body fails.

    Waits for a process that has said its last word and is about to be gone.
    """
    deadline = time.monotonic() + EXIT_SECONDS
    _require(run, action, run.status())
    while (fd := locks.acquire(run.lock_path)) is None:
        _require(run, action, run.status())
        if time.monotonic() >= deadline:
            raise UsageError(
                f"The process of the run {run.id} has said its last word and does not exit; kill it first."
            )
        time.sleep(_POLL_SECONDS)
    try:
        # Somebody else may have resumed and even finished it since we looked.
        _require(run, action, run.status_if_idle())
        yield fd
    except BaseException:
        locks.release(fd)
        raise


def resume(run: Run) -> int:
    """Launch a new attempt of a run that is not being worked on and return its process id.

    Raises UsageError when there is nothing to resume or an attempt goes on, WorkbenchError when no process can be
    started.
    """
    with _idle(run, "resume") as fd:
        clear(run.path)
    return process.launch(run.path, fd)


def discard(run: Run) -> None:
    """Remove a run and all it made; refused with UsageError while it is worked on or another run builds on it."""
    children = [other.id for other in list_runs() if other.meta().get("parent") == run.id]
    if children:
        which = "that one" if len(children) == 1 else "those"
        raise UsageError(f"The run {run.id} is the base of {', '.join(children)}; discard {which} first.")
    with _idle(run, "discard") as fd:
        try:
            atomic.withdraw(run.path)
        except OSError as error:
            raise WorkbenchError(
                f"The run {run.id} cannot be removed: {error.strerror}; check the permissions of {run.path}."
            ) from error
    locks.release(fd)


def kill(run: Run, term_seconds: float = TERM_SECONDS) -> str:
    """End all processes of a run, first politely, then by force, and return one sentence about what happened.

    The engine is told to finish its step and save; what is left of its group after `term_seconds` is killed. Only the
    group that process.json identifies is signalled, and when its leader is gone only if one of its members still has
    the run's lock open: anything else could be a stranger with the same number. Raises UsageError when nothing of the
    run lives, WorkbenchError when what lives cannot be identified or does not die.
    """
    if not locks.is_held(run.lock_path):
        _require(run, "kill", run.status())
    if not _wait(lambda: process.read_identity(run.path) or not locks.is_held(run.lock_path), NAMING_SECONDS):
        raise WorkbenchError(f"The process of the run {run.id} has not named itself yet; try again in a moment.")
    identity = process.read_identity(run.path)
    if identity is None or not locks.is_held(run.lock_path):
        return "It had ended by itself."
    members = process.group_members(identity)
    if not process.is_alive(identity) and not any(process.has_open(pid, run.lock_path) for pid in members):
        if not locks.is_held(run.lock_path):
            return "It had ended by itself."
        raise WorkbenchError(
            f"Some process holds the lock of the run {run.id}, and it is none of the group {identity.pgid} that was "
            f"started for it; find it with: fuser -v {run.lock_path}"
        )
    began = time.monotonic()
    # First the signal, by which an engine knows a kill from a stop; the request shows it as stopping.
    process.signal_group(identity, signal.SIGTERM)
    with contextlib.suppress(WorkbenchError):
        request(run.path, "stop")
    if _wait(lambda: not process.group_members(identity), term_seconds):
        return f"It ended {time.monotonic() - began:.1f} s after it was told to, without force."
    left = len(process.group_members(identity))
    process.signal_group(identity, signal.SIGKILL)
    if not _wait(lambda: not process.group_members(identity) and not locks.is_held(run.lock_path), KILL_SECONDS):
        raise WorkbenchError(
            f"Processes of the run {run.id} do not die, which a hanging driver or disk can cause; restart the machine."
        )
    return f"It did not end within {term_seconds:.0f} s, so {left} process{'es were' if left != 1 else ' was'} killed."
