"""An engine process that is sent on one errand: a JSON request on its stdin, JSON lines on its stdout.

Owns its start, its end and what its death is called. Must not know what the errand is. The last line is the answer, or
{"error": sentence}. Its other output never reaches the terminal; of a process that
dies its last words are kept in a file.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from typing import Any

from workbench.core import paths
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.text import one_line
from workbench.runs import atomic
from workbench.runs.process import engine_env, online_env

LAST_WORDS = "last-errand.log"
_USAGE_EXIT = 2
_KEPT_BYTES = 1 << 16
"""Bytes kept of what a process said before it died."""
_FAREWELL_SECONDS = 10.0
_STOP_SECONDS = 0.2
"""How often a thread that waits for a stop looks whether the child has ended by itself."""


class StoppedError(WorkbenchError):
    """An errand was ended because it was not wanted any more."""


def death(code: int) -> str:
    """Return how a process ended by its exit code, as the end of a sentence."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def run(
    module: str,
    request: dict[str, Any],
    on_line: Callable[[dict[str, Any]], None] | None = None,
    *,
    who: str = "The engine",
    own_group: bool = True,
    online: bool = False,
    stop: threading.Event | None = None,
) -> dict[str, Any]:
    """Run `python -m module` with `request` and return its last line; earlier ones and the last go to `on_line`.

    With `online` the child has the network and the person's credentials for the hub, which no engine needs. With
    `own_group` the child leads a group that is ended whole, politely first, when this call is left early; without,
    it stays in the caller's group and shares its fate. Setting `stop` ends the child from another thread, and the call
    raises StoppedError. Raises WorkbenchError or UsageError with the child's own
    sentence, or one that says how it died; the child is gone then.
    """
    last: dict[str, Any] = {}
    said = tempfile.TemporaryFile()  # noqa: SIM115 - closed in the `finally` below
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=said,
        env=online_env() if online else engine_env(),
        start_new_session=own_group,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    if stop is not None:
        threading.Thread(target=_end_at, args=(stop, child, own_group), daemon=True).start()
    try:
        with contextlib.suppress(BrokenPipeError):
            child.stdin.write(json.dumps(request).encode())
            child.stdin.close()
        for line in child.stdout:
            try:
                last = json.loads(line)
            except ValueError:
                continue
            if on_line is not None:
                on_line(last)
        code = child.wait()
        said.seek(max(0, said.seek(0, os.SEEK_END) - _KEPT_BYTES))
        last_words = said.read().decode("utf-8", "replace")
    finally:
        if child.poll() is None:
            _end(child, own_group)
        with contextlib.suppress(OSError):  # what a dead child did not read is lost with it
            child.stdin.close()
        child.stdout.close()
        said.close()
    if stop is not None and stop.is_set() and code:
        raise StoppedError(f"{who} was stopped.")
    if "error" in last:
        raise (UsageError if code == _USAGE_EXIT else WorkbenchError)(one_line(str(last["error"]), 600))
    if code or not last:
        raise WorkbenchError(f"{who} {death(code)} before it was done; {_kept(last_words)}try again.")
    return last


def _end_at(stop: threading.Event, child: subprocess.Popen[bytes], own_group: bool) -> None:
    """End a child when it is to stop; runs in a thread that lives as long as the child."""
    while child.poll() is None:
        if stop.wait(_STOP_SECONDS):
            _end(child, own_group)
            return


def _kept(words: str) -> str:
    """Return where the last words of a dead process were put, for a sentence; "" when it had none."""
    if not words.strip():
        return ""
    path = paths.state_home() / LAST_WORDS
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        atomic.write_text(path, words)
        path.chmod(0o600)
    except (OSError, WorkbenchError):
        return ""
    return f"what it said last is in {one_line(str(path))}; "


def _end(child: subprocess.Popen[bytes], own_group: bool) -> None:
    """End a child that is still at work, so that it can clean up, and by force when it does not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, number) if own_group else child.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_FAREWELL_SECONDS)
            return
