"""The parent of the engine's self-check: what the heavy libraries can do here, whatever they do to who asks them.

Owns the child processes and the time they get. A child that dies in a check has answered it, and another one goes on
with the next. Must not import what is checked, nor judge the answers.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any, BinaryIO

from workbench.core.text import one_line
from workbench.runs import hardware
from workbench.runs.errand import death
from workbench.runs.process import engine_env

CHECKS = ("torch", "product", "four_bit", "attention", "llama", "data", "training")
"""In the order they are done; `engine/selfcheck.py` says what each finds."""

SECONDS = 180.0
_FAREWELL_SECONDS = 5.0
_LEAST_SECONDS = 1.0


def _answers(output: BinaryIO) -> tuple[dict[str, Any], str]:
    """Return (check → what it found, the check begun and not ended or "")."""
    output.seek(0)
    found, open_check = {}, ""
    for line in output:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            word = json.loads(line)
            open_check = "" if "found" in word else str(word["check"])
            if "found" in word:
                found[str(word["check"])] = word["found"]
    return found, open_check


def _last_words(errors: BinaryIO) -> str:
    """Return the last line a child wrote for people, cleaned."""
    errors.seek(0)
    lines = errors.read()[-4096:].decode("utf-8", "replace").strip().splitlines()
    return one_line(lines[-1], 200) if lines else ""


def _round(names: tuple[str, ...], seconds: float) -> dict[str, Any]:
    """Do checks in one child; return what the finished ones found, and {"error": …} for one it died in."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            child = subprocess.Popen(
                [sys.executable, "-P", "-m", "workbench.engine.selfcheck", *names],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                env=engine_env() | {hardware.VISIBLE: hardware.training_card()},
                start_new_session=True,
            )
        except OSError as error:
            return {names[0]: {"error": f"no process can be started: {error.strerror}"}}
        why = ""
        try:
            child.wait(seconds)
            why = f"the check {death(child.returncode)}"
        except subprocess.TimeoutExpired:
            why = f"no answer within {seconds:.0f} s"
        finally:
            if child.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                # A process that waits for a driver in trouble cannot be ended by anybody, and is not waited for.
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(_FAREWELL_SECONDS)
        found, unfinished = _answers(output)
        if len(found) < len(names):
            words = _last_words(errors)
            missing = unfinished or next(name for name in names if name not in found)
            found[missing] = {"error": f"{why} ({words})" if words and child.returncode else why}
        return found


def ask(names: tuple[str, ...] = CHECKS, seconds: float = SECONDS) -> dict[str, Any]:
    """Return check → what it found, in the order of `names`; {"error": sentence} for one that failed or died.

    They are done on the card that a run would train on. Takes ten seconds or so, never much more than `seconds`; call
    it from a thread in a user interface.
    """
    deadline = time.monotonic() + seconds
    found: dict[str, Any] = {}
    while left := tuple(name for name in names if name not in found):
        time_left = deadline - time.monotonic()
        if time_left < _LEAST_SECONDS:
            found |= {name: {"error": "there was no time left for it"} for name in left}
            break
        # Half of what is left: a check that hangs leaves time for those after it.
        found |= _round(left, time_left / 2)
    return {name: found[name] for name in names}
