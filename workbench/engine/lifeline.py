"""What every child process of the engine does first: die with its parent, and keep stdout for the protocol.

Owns these two precautions. Must not know any protocol, and imports nothing heavy.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

_PR_SET_PDEATHSIG = 1

Say = Callable[[dict[str, Any]], None]


def die_with_parent(parent: int | None = None) -> None:
    """Ask the kernel to kill this process when its parent dies, where the kernel can (Linux).

    The kernel means the parent's thread: only for children whose starter waits for them. A child that was told who its
    `parent` is also notices one that died before this call.
    """
    if sys.platform == "linux":
        parent = os.getppid() if parent is None else parent
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            # The parent died before the kernel was asked.
            os.kill(os.getpid(), signal.SIGKILL)


def take_stdout() -> Say:
    """Return a function that writes one JSON line to stdout; whatever libraries print goes to stderr from now on.

    When nobody reads any more the process ends.
    """
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(body: dict[str, Any]) -> None:
        try:
            lines.write(json.dumps(body) + "\n")
            lines.flush()
        except BrokenPipeError:
            os._exit(1)

    return say
