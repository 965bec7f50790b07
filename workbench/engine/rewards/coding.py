"""Code in a completion, run against the tests of its row in a process that can reach nothing.

Owns how code is taken out of an answer, the process it runs in, and its score. Must not know what the process gives up
(`sandbox.py`) or what a test may look like (`trials.py`).
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.core.errors import UsageError
from workbench.core.rewards import Spec
from workbench.engine.rewards import answers
from workbench.engine.rewards.completion import Completion, Judge, Outcome, Unjudged, columns_of, tests_of, unjudged
from workbench.engine.rewards.trials import Trial, of_row, passed

_SANDBOX = Path(__file__).with_name("sandbox.py")
_MIB = 1 << 20
_START = 5.0
"""Seconds a process is given to start, beside those for its tests."""
_MOST_OUTPUT = 8 * _MIB
_MOST_AT_ONCE = 8
_LONGEST_CODE = 100_000

_FENCED = re.compile(r"```(?P<language>[A-Za-z0-9+]*)[^\n]*\n(?P<code>.*?)(?:\n[ \t]*```|\Z)", re.DOTALL)
_PYTHON = ("", "python", "python3", "py")


@dataclass(frozen=True)
class Result:
    """What running some tests showed."""

    passed: tuple[bool, ...]
    reasons: tuple[str, ...]
    """Test → why it did not pass, "" for one that did."""


class Unconfined(Exception):
    """The machine cannot take from a process what a model's code must not have."""


def code_in(text: str) -> str:
    """Return the Python code of an answer: its last fenced block, or all of it where nothing is fenced."""
    blocks = [match["code"] for match in _FENCED.finditer(text) if match["language"].lower() in _PYTHON]
    if blocks:
        return blocks[-1]
    return "" if "```" in text else text.strip()


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _exchange(request: bytes, seconds: float) -> tuple[bytes, str]:
    """Return (what the process wrote, why it was ended or "")."""
    child = subprocess.Popen(
        [sys.executable, "-P", "-s", "-S", "-B", str(_SANDBOX)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # Nothing of the person's; the order of sets must be the same every time.
        env={"PYTHONHASHSEED": "0", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"},
        cwd="/",
        start_new_session=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    written, deadline = bytearray(), time.monotonic() + _START + seconds
    try:
        with contextlib.suppress(BrokenPipeError):
            child.stdin.write(request)
            child.stdin.close()
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            while (left := deadline - time.monotonic()) > 0:
                if not selector.select(left):
                    continue
                block = os.read(child.stdout.fileno(), 1 << 16)
                if not block:
                    return bytes(written), ""
                if not written:
                    # Its first line: it is confined, and the time for the tests begins.
                    deadline = time.monotonic() + seconds
                written += block
                if len(written) > _MOST_OUTPUT:
                    return bytes(written), "it wrote too much"
        return bytes(written), "it took too long"
    finally:
        _end(child)


def _lines(written: bytes, nonce: str) -> list[dict[str, Any]]:
    """Return the lines that the process itself wrote; what the model's code may have written is left out."""
    found = []
    for line in written.split(b"\n"):
        with contextlib.suppress(ValueError, RecursionError):
            body = json.loads(line)
            if isinstance(body, dict) and body.get("nonce") == nonce:
                found.append(body)
    return found


def run(code: str, trials: Sequence[Trial], seconds: float, memory_bytes: int) -> Result:
    """Run the tests on some code and return their results; raises Unconfined where that is not safe.

    `seconds` are for all tests together. A test without a result has not passed, whatever ended the process.
    """
    nonce = secrets.token_hex(16)
    request = {
        "nonce": nonce,
        "code": code.encode("utf-8", "replace").decode()[:_LONGEST_CODE],
        "programs_only": all(trial.kind == "program" for trial in trials),
        "tests": [trial.to_json() for trial in trials],
        "seconds": seconds,
        "memory_bytes": memory_bytes,
    }
    written, why = _exchange(json.dumps(request).encode("ascii"), seconds)
    lines = _lines(written, nonce)
    if lines and "refused" in lines[0]:
        raise Unconfined(str(lines[0]["refused"]))
    told: dict[int, Mapping[str, Any]] = {}
    for line in lines:
        if "test" in line:
            told.setdefault(line["test"], line)
        else:
            why = str(line.get("why", why)) or why
    results = [number in told and passed(trial, told[number]) for number, trial in enumerate(trials)]
    reasons = []
    for number, ok in enumerate(results):
        said = str(told.get(number, {}).get("why", ""))
        reasons.append("" if ok else said or ("another result" if number in told else why or "it ended early"))
    return Result(tuple(results), tuple(reasons))


def _tried(completion: Completion, spec: Spec) -> Outcome:
    """Return the judgement of one completion."""
    try:
        tests = tests_of(completion.row)
        code = code_in(answers.spoken(completion.text))
        trials = of_row(tests, columns_of(completion.row), code)
        if not code:
            return Outcome(0.0)
        settings = spec.parameters
        result = run(code, trials, float(settings["seconds"]), int(settings["memory"]) * _MIB)
    except Unjudged as error:
        return unjudged(str(error), applies=False)
    except (Unconfined, OSError) as error:
        return unjudged(f"the code could not be run: {error}")
    share = sum(result.passed) / len(result.passed)
    return Outcome(float(share == 1) if settings["all"] else share)


def tests(spec: Spec, held: contextlib.ExitStack) -> Judge:
    """Return the judge by unit tests; raises UsageError where a model's code cannot be run safely."""
    try:
        tried = run("x = 1", [Trial("call", "int(x)", wanted=1)], 5.0, 512 * _MIB)
    except (Unconfined, OSError) as error:
        raise UsageError(
            f"The reward code cannot run a model's programs safely on this machine ({error}); leave it out, or use "
            "Linux on x86-64 or ARM."
        ) from None
    if not tried.passed[0]:
        raise UsageError(f"The reward code cannot start a limited Python here ({tried.reasons[0]}); leave it out.")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    pool = held.enter_context(ThreadPoolExecutor(min(cores, _MOST_AT_ONCE), thread_name_prefix="tests"))
    return lambda completions: list(pool.map(lambda completion: _tried(completion, spec), completions))
