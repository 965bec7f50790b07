"""Running one of this package's child processes and turning its death into a sentence.

Owns the spawning of the llama.cpp children of an export. Must not know what they compute. They stay in the process
group of the engine that started them, so that whatever ends the engine ends them too.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line
from workbench.runs.process import engine_env


def death(code: int) -> str:
    """Return how a process ended by its exit code, as the end of a sentence."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def run(module: str, request: dict[str, Any], on_line: Callable[[dict[str, Any]], None] | None = None) -> dict[str, Any]:
    """Run `python -m module` with `request` as JSON on stdin; return its last JSON line.

    Earlier lines go to `on_line`. Raises WorkbenchError with the child's own sentence ({"error": …}), or with one that
    says how it died. The child is gone when this returns or raises.
    """
    last: dict[str, Any] = {}
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=engine_env(),
    )
    try:
        assert child.stdin is not None and child.stdout is not None
        try:
            child.stdin.write(json.dumps(request).encode())
            child.stdin.close()
        except BrokenPipeError:
            pass
        for line in child.stdout:
            try:
                last = json.loads(line)
            except ValueError:
                continue
            if on_line is not None:
                on_line(last)
        code = child.wait()
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
        if child.stdout is not None:
            child.stdout.close()
    if code or not last:
        raise WorkbenchError(f"llama.cpp {death(code)} while it worked on the file; export again or choose another type.")
    if "error" in last:
        raise WorkbenchError(one_line(str(last["error"]), 400))
    return last
