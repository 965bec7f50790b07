"""A short, limited child process that reads one untrusted thing.

Owns the limits and the one-sentence account of how a child ended. Must not know what is read: a target is a function of
ours, named "module:function", that takes and returns JSON values. This module is also the child's main program.
"""

from __future__ import annotations

import contextlib
import gc
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
    """Run one target: its name in the arguments, request on stdin, answer on stdout; the target itself sees neither."""
    asked, out, null = os.dup(0), os.dup(1), os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    gc.disable()  # What is imported stays.
    with contextlib.suppress(BaseException):
        # Ours, and read while nothing untrusted is near; what is wrong with it `_answer` says.
        importlib.import_module(sys.argv[1].partition(":")[0])
    gc.freeze()
    gc.enable()
    # What is imported later, within the limits, could not be written down.
    sys.dont_write_bytecode = True
    with open(asked, "rb") as source:
        request = json.loads(source.read())
    _confine(request["seconds"], request["memory_bytes"])
    answer = _answer(sys.argv[1], request["argument"])
    try:
        data = json.dumps(answer).encode("ascii")
    except (TypeError, ValueError, RecursionError, MemoryError):
        data = b'{"why": "its contents cannot be passed on"}'
    with contextlib.suppress(BrokenPipeError), open(out, "wb") as pipe:
        pipe.write(data)
    # No interpreter shutdown: what an untrusted input left behind is not visited again.
    os._exit(0)


def _written(child: subprocess.Popen[bytes], unsent: memoryview) -> memoryview:
    """Write what the child's input has room for and return the rest; the input is closed behind the last of it."""
    assert child.stdin is not None
    try:
        unsent = unsent[os.write(child.stdin.fileno(), unsent) :]
    except BlockingIOError:
        return unsent
    except BrokenPipeError:
        unsent = unsent[:0]
    if not unsent:
        with contextlib.suppress(BrokenPipeError):
            child.stdin.close()
    return unsent


def _exchange(
    child: subprocess.Popen[bytes], unsent: memoryview, deadline: float, output_bytes: int
) -> tuple[bytes, str]:
    """Send what is left of the request and return (answer, "") or (whatever came, why there is no answer)."""
    assert child.stdin is not None
    assert child.stdout is not None
    answer = bytearray()
    with selectors.DefaultSelector() as selector:
        if unsent:
            selector.register(child.stdin, selectors.EVENT_WRITE)
        selector.register(child.stdout, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                if key.fileobj is child.stdin:
                    unsent = _written(child, unsent)
                    if not unsent:
                        selector.unregister(child.stdin)
                    continue
                block = os.read(key.fd, 1 << 16)
                if not block:
                    return bytes(answer), ""
                answer += block
                if len(answer) > output_bytes:
                    return b"", "it gives more than can be taken in"
    return b"", "it takes too long"


class Probe:
    """A child that gets ready to read one thing while its parent finds out what; leaving its `with` block ends it.

    It has no secrets, no files to write, `memory_bytes` of address space and `seconds` of time from when it is asked;
    `what` is the thing in words. Raises WorkbenchError when no process can be started.
    """

    def __init__(
        self,
        target: str,
        *,
        what: str = "The input",
        seconds: float = 10.0,
        memory_bytes: int = 2 << 30,
        output_bytes: int = 16 << 20,
    ) -> None:
        from workbench.runs.process import engine_env  # of no use to the child, which is to begin at once

        self._what, self._seconds = what, seconds
        self._memory_bytes, self._output_bytes = memory_bytes, output_bytes
        env = engine_env() | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        try:
            self._child = subprocess.Popen(
                [sys.executable, "-P", "-m", "workbench.runs.probe", target],
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
        assert self._child.stdin is not None
        os.set_blocking(self._child.stdin.fileno(), False)
        self._unsent, self._deadline = memoryview(b""), 0.0

    def __enter__(self) -> Probe:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> int:
        """Kill the child with all it started and return how it ended."""
        child = self._child
        if child.returncode is None:
            # Not collected yet, so the number cannot belong to anybody else.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
        code = child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        return code

    def ask(self, argument: Any) -> None:
        """Hand over the JSON value that the target is to work on; returns at once."""
        request = {"argument": argument, "seconds": self._seconds, "memory_bytes": self._memory_bytes}
        self._unsent = _written(self._child, memoryview(json.dumps(request).encode("ascii")))
        self._deadline = time.monotonic() + self._seconds

    def answer(self) -> Any:
        """Return the JSON value that the target made of what it was asked, and end the child.

        Raises the target's own UsageError or WorkbenchError with its words, and WorkbenchError that begins with `what`
        when the child died, took too long or gave no answer.
        """
        try:
            answer, why = _exchange(self._child, self._unsent, self._deadline, self._output_bytes)
        finally:
            code = self._end()
        return _result(answer, why, code, self._what)


def run_probe(target: str, argument: Any, **limits: Any) -> Any:
    """Return what the function `target`, "module:function", makes of `argument`, both JSON values, in a child process.

    `limits` and errors are those of `Probe`. Blocks; call it from a thread in a UI.
    """
    with Probe(target, **limits) as child:
        child.ask(argument)
        return child.answer()


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
