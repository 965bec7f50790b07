"""A limited child that judges one completion after another: patterns, schemas and functions that may not come back.

Owns the process, its limits and the lines it speaks. Must not know what is judged: a target is "module:function", which
is called once with settings and returns the function that judges. This module is also the child's main program. It has
no secrets and cannot be kept busy longer than it is given: a timer ends what runs Python or a pattern, and its parent
ends what does not listen and starts a new one.
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
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.text import one_line
from workbench.engine.lifeline import die_with_parent
from workbench.engine.rewards.completion import Completion, Outcome, Unjudged, unjudged
from workbench.runs.process import engine_env

_GRACE = 1.0
"""Seconds a child is given beyond its timer before it is ended."""
_START = 60.0
"""Seconds in which a target must be ready: it may import what it needs."""
_LONGEST_LINE = 1 << 20
_FEW, _MANY = 3, 16
"""Completions in a row that take too long before the rest of a batch is not asked about: where nothing has ever come in
time, and where something has."""
_ENDED: dict[str, Any] = {"why": "it ended its process", "lost": True}


class TooLong(BaseException):
    """The time for one completion is over; no `except Exception` of a judged function holds it back."""


def _alarm(*_: object) -> NoReturn:
    raise TooLong


def _confine(memory_bytes: int, file_bytes: int) -> None:
    """Set limits that nothing in this process can lift again; a system that lacks one goes without."""
    for kind, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, 256),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (value, value))


def _judged(judge: Callable[[Any], float], item: Any, seconds: float) -> dict[str, Any]:
    """Return {"score"}, {"why"} or {"why", "passed_over"} of one item."""
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            score = judge(item)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except TooLong:
        return {"why": f"it took longer than {seconds:g} s", "late": True}
    except MemoryError:
        return {"why": "it needed too much memory"}
    except Unjudged as error:
        return {"why": str(error), "passed_over": True}
    except WorkbenchError as error:
        return {"why": str(error)}
    except BaseException as error:
        return {"why": one_line(f"{type(error).__name__}: {error}", 300)}
    return {"score": score} if math.isfinite(score) else {"why": f"it gave {score}, which is no score"}


def main() -> None:
    """Get ready, then answer one line after another until nobody asks any more."""
    die_with_parent()
    asked, out, null = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb"), os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)

    def say(body: dict[str, Any]) -> None:
        out.write(json.dumps(body).encode("ascii") + b"\n")
        out.flush()

    request = json.loads(asked.readline())
    sys.dont_write_bytecode = True
    module, _, function = request["target"].partition(":")
    make = getattr(importlib.import_module(module), function)
    _confine(request["memory_bytes"], request["file_bytes"])
    signal.signal(signal.SIGALRM, _alarm)
    try:
        judge = make(request["settings"])
    except BaseException as error:
        known = isinstance(error, WorkbenchError)
        say({"refused": str(error) if known else one_line(f"{type(error).__name__}: {error}", 300)})
        return
    say({"ready": True})
    for line in asked:
        answer = _judged(judge, json.loads(line), request["seconds"])
        say(answer)


class Child:
    """A judge in a process of its own, started again when it had to be ended.

    `what` names it in sentences. Raises UsageError with the target's words when it refuses its settings, and
    WorkbenchError when no process can be started or it does not get ready.
    """

    def __init__(
        self,
        target: str,
        settings: Any,
        *,
        what: str,
        seconds: float,
        memory_bytes: int = 1 << 30,
        file_bytes: int = 0,
    ) -> None:
        self._request = {
            "target": target,
            "settings": settings,
            "seconds": seconds,
            "memory_bytes": memory_bytes,
            "file_bytes": file_bytes,
        }
        self._what, self._seconds = what, seconds
        self._child: subprocess.Popen[bytes] | None = None
        self._buffer = bytearray()
        self._late, self._ever = 0, False
        """Completions in a row that took too long, the last one included; whether any came in time."""
        self._start()

    @property
    def given_up(self) -> str:
        """Why nothing more is asked for now, "" while it is."""
        if self._late < (_MANY if self._ever else _FEW):
            return ""
        return f"it took longer than {self._seconds:g} s {self._late} times in a row, so the rest were not asked about"

    def close(self) -> None:
        """End the process with all it started."""
        child, self._child = self._child, None
        if child is None:
            return
        if child.poll() is None:
            # Not collected yet, so the number cannot belong to anybody else.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _start(self) -> None:
        """Start the process and wait until it is ready."""
        env = engine_env() | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        try:
            self._child = subprocess.Popen(
                [sys.executable, "-P", "-m", "workbench.engine.rewards.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=env,
                start_new_session=True,
            )
        except OSError as error:
            raise WorkbenchError(f"{self._what} cannot be started: {error.strerror}; free some resources.") from error
        self._buffer.clear()
        answer = self._ask(self._request, _START)
        if "ready" not in answer:
            self.close()
            if "refused" in answer:
                raise UsageError(str(answer["refused"]))
            raise WorkbenchError(f"{self._what} cannot be made ready: {answer['why']}; make it lighter.")

    def _ask(self, body: Any, seconds: float) -> dict[str, Any]:
        """Return the answer to a line; {"why", "lost"} when none came in time or the process ended."""
        assert self._child is not None
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        asked, answers = self._child.stdin.fileno(), self._child.stdout.fileno()
        os.set_blocking(asked, False)
        unsent = memoryview(json.dumps(body).encode("ascii") + b"\n")
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(asked, selectors.EVENT_WRITE)
            selector.register(answers, selectors.EVENT_READ)
            while (left := deadline - time.monotonic()) > 0:
                for key, _ in selector.select(left):
                    if key.fd == asked:
                        try:
                            unsent = unsent[os.write(asked, unsent) :]
                        except BlockingIOError:
                            continue
                        except BrokenPipeError:
                            return _ENDED
                        if not unsent:
                            selector.unregister(asked)
                        continue
                    block = os.read(answers, 1 << 16)
                    self._buffer += block
                    if not block or len(self._buffer) > _LONGEST_LINE:
                        return _ENDED
                    line, newline, rest = bytes(self._buffer).partition(b"\n")
                    if newline:
                        self._buffer = bytearray(rest)
                        return _read(line)
        return {"why": f"it took longer than {seconds - _GRACE:g} s", "lost": True, "late": True}

    def judge(self, item: Any) -> Outcome:
        """Return the judgement of one JSON value; an unjudged one when it took too long or ended the process."""
        if self._child is None:
            try:
                self._start()
            except WorkbenchError as error:
                return unjudged(str(error).rstrip("."))
        answer = self._ask(item, self._seconds + _GRACE)
        if "lost" in answer:
            self.close()
        self._late = self._late + 1 if "late" in answer else 0
        self._ever |= "late" not in answer
        score = answer.get("score")
        return (
            Outcome(float(score))
            if isinstance(score, int | float)
            else unjudged(str(answer.get("why", "")), applies="passed_over" not in answer)
        )


def _read(line: bytes) -> dict[str, Any]:
    """Return the object in a line; what holds none was not written by our side of the child."""
    with contextlib.suppress(ValueError, RecursionError):
        body = json.loads(line)
        if isinstance(body, dict):
            return body
    return _ENDED


def judge_of(child: Child, item: Callable[[Completion], Any]) -> Callable[[Sequence[Completion]], list[Outcome]]:
    """Return the judge of several completions that asks a child about what `item` makes of each.

    Where too many in a row take too long, the others are not judged; the first of the next ones is asked about again.
    """

    def judged(completions: Sequence[Completion]) -> list[Outcome]:
        found: list[Outcome] = []
        for completion in completions:
            why = child.given_up if found else ""
            found.append(unjudged(why) if why else child.judge(item(completion)))
        return found

    return judged


if __name__ == "__main__":
    # The judged code must meet the classes of the module that everybody else imports.
    importlib.import_module("workbench.engine.rewards.child").main()
