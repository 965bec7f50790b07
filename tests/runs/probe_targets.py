"""Targets for probes: one for each way in which reading a stranger's file can go wrong."""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

from workbench.core.errors import NoSpaceError, UsageError, WorkbenchError


def echo(argument: Any) -> Any:
    return argument


def told(_argument: Any) -> dict[str, Any]:
    """Tell what the child is: environment, limits, open files and modules."""
    return {
        "env": dict(os.environ),
        "memory": resource.getrlimit(resource.RLIMIT_AS)[0],
        "session": os.getsid(0) == os.getpid(),
        "stdin": sys.stdin.read(),
        "heavy": [name for name in ("torch", "numpy", "textual") if name in sys.modules],
    }


def garbage(_argument: Any) -> str:
    print("garbage " * 1000)
    os.write(1, b'{"value": "forged"}')
    sys.stderr.write("noise")
    return "true"


def hog(_argument: Any) -> int:
    return len([bytearray(50_000_000) for _ in range(1000)])


def endless(_argument: Any) -> int:
    nine = len("123456789")
    return int(nine ** (nine**nine))


def endless_child(argument: str) -> None:
    """Start a process, leave its number as the name of an empty file, and never end."""
    if pid := os.fork():
        (Path(argument) / str(pid)).touch()
    while True:
        signal.pause()


def crash(_argument: Any) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def leave(_argument: Any) -> None:
    os._exit(0)


def huge(argument: int) -> str:
    return "x" * argument


def unsayable(_argument: Any) -> object:
    return object()


def deep(argument: int) -> Any:
    """Recurse as deep as a nested file would make a reader."""
    return [deep(argument - 1)] if argument else []


def usage(argument: str) -> None:
    raise UsageError(argument)


def failed(argument: str) -> None:
    raise WorkbenchError(argument)


def no_space(_argument: Any) -> None:
    raise NoSpaceError("/x", 5, 1)


def broken(argument: str) -> None:
    raise KeyError(argument)


def writes(argument: str) -> str:
    Path(argument).write_text("should not fit", encoding="utf-8")
    return "written"
