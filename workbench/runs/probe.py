"""A short, limited child process that reads one untrusted thing.

Owns the limits and the one-sentence account of how a child ended. Must not know what is read: a target is a function of
ours, named "module:function", that takes and returns JSON values. This module is also the child's main program.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import math
import os
import resource
import selectors
import signal
import subprocess
import sys
import time
from typing import Any

from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.text import one_line

_MAX_SENTENCE = 1000
_ERRORS = {"usage": UsageError, "failed": WorkbenchError}


def _limit(kind: int, value: int) -> None:
    """Lower one limit of this process for good; a system that does not have it goes without."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(kind, (value, value))


def _confine(seconds: float, memory_bytes: int) -> None:
    """Set the limits of the child: nothing it does afterwards can lift them."""
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, 256)
    _limit(resource.RLIMIT_AS, memory_bytes)
    _limit(resource.RLIMIT_CPU, math.ceil(seconds) + 1)
    # The kernel's default action, which no loop in C can hold off: it ends a child whose parent is gone, too.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds + 1)


def _answer(target: str, argument: Any) -> dict[str, Any]:
    """Return the target's result, or its error with the words for it."""
    try:
        module, _, function = target.partition(":")
        return {"value": getattr(importlib.import_module(module), function)(argument)}
    except UsageError as error:
        return {"usage": str(error)}
    except WorkbenchError as error:
        return {"failed": str(error)}
    except MemoryError:
        return {"why": "it needs too much memory"}
    except BaseException as error:
        return {"why": one_line(f"{type(error).__name__}: {error}", 300)}


def main() -> None:
    """Run one target: request on stdin, answer on stdout; the target itself sees neither."""
    request = json.loads(sys.stdin.buffer.read())
    out, null = os.dup(1), os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    _confine(request["seconds"], request["memory_bytes"])
    answer = _answer(request["target"], request["argument"])
    try:
        data = json.dumps(answer).encode("ascii")
    except (TypeError, ValueError, RecursionError, MemoryError):
        data = b'{"why": "its contents cannot be passed on"}'
    with contextlib.suppress(BrokenPipeError), open(out, "wb") as pipe:
        pipe.write(data)
    # No interpreter shutdown: what an untrusted input left behind is not visited again.
    os._exit(0)


def _exchange(child: subprocess.Popen[bytes], request: bytes, deadline: float, output_bytes: int) -> tuple[bytes, str]:
    """Send the request and return (answer, "") or (whatever came, why there is no answer)."""
    assert child.stdin is not None
    assert child.stdout is not None
    answer = bytearray()
    unsent = memoryview(request)
    with selectors.DefaultSelector() as selector:
        os.set_blocking(child.stdin.fileno(), False)
        selector.register(child.stdin, selectors.EVENT_WRITE)
        selector.register(child.stdout, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                if key.fileobj is child.stdin:
                    try:
                        unsent = unsent[os.write(key.fd, unsent) :]
                    except BrokenPipeError:
                        unsent = unsent[:0]
                    if not unsent:
                        selector.unregister(child.stdin)
                        with contextlib.suppress(BrokenPipeError):
                            child.stdin.close()
                    continue
                block = os.read(key.fd, 1 << 16)
                if not block:
                    return bytes(answer), ""
                answer += block
                if len(answer) > output_bytes:
                    return b"", "it gives more than can be taken in"
    return b"", "it takes too long"


def run_probe(
    target: str,
    argument: Any,
    *,
    what: str = "The input",
    seconds: float = 10.0,
    memory_bytes: int = 2 << 30,
    output_bytes: int = 16 << 20,
) -> Any:
    """Return what the function `target`, "module:function", makes of `argument`, both JSON values, in a child process.

    The child has no secrets, no files to write, `memory_bytes` of address space and `seconds` of time; then it is
    killed with all it started. Raises the target's own UsageError or WorkbenchError with its words, and WorkbenchError
    that begins with `what` when the child died, took too long or gave no answer. Blocks; call it from a thread in a UI.
    """
    from workbench.runs.process import engine_env  # of no use to the child, which is to begin at once

    request = {"target": target, "argument": argument, "seconds": seconds, "memory_bytes": memory_bytes}
    env = engine_env() | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        child = subprocess.Popen(
            [sys.executable, "-P", "-B", "-m", "workbench.runs.probe"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=env,
            start_new_session=True,
        )
    except OSError as error:
        raise WorkbenchError(
            f"No process can be started to read {what}: {error.strerror}; free some resources."
        ) from error
    try:
        answer, why = _exchange(child, json.dumps(request).encode("ascii"), time.monotonic() + seconds, output_bytes)
    finally:
        # Not collected yet, so the number cannot belong to anybody else.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        code = child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
    return _result(answer, why, code, what)


def _result(answer: bytes, why: str, code: int, what: str) -> Any:
    """Return the value in an answer, or raise the error it tells or its absence is."""
    body: Any = None
    if not why:
        with contextlib.suppress(ValueError, RecursionError):
            body = json.loads(answer)
    if not why and not isinstance(body, dict):
        why = "the reader died of it" + (f" ({signal.Signals(-code).name})" if code < 0 else "")
    elif not why and "value" in body:
        return body["value"]
    elif not why:
        for key, error in _ERRORS.items():
            if key in body:
                raise error(str(body[key])[:_MAX_SENTENCE])
        why = str(body.get("why", ""))[:_MAX_SENTENCE]
    raise WorkbenchError(f"{what} cannot be read safely: {why.rstrip('.')}; use another file, or repair it.")


if __name__ == "__main__":
    main()
