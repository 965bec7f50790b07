"""What many tests need: waiting for a condition, child programs, and a disk that is really full.

Must not hold expectations of its own; a test says what should be true.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from workbench.core import paths

ROOT = Path(__file__).resolve().parents[1]

_Value = TypeVar("_Value")


def patience(seconds: float) -> float:
    """Return how long to wait on any machine for what a quiet one does within `seconds`.

    With every core taken it lasts six times as long; a wait of minutes allows for that already.
    """
    return max(seconds, min(6 * seconds, 180))


def wait_until(condition: Callable[[], _Value], seconds: float, what: str) -> _Value:
    """Return the first true value of `condition()`; fail the test when a quiet machine would need over `seconds`."""
    began = time.monotonic()
    deadline = began + patience(seconds)
    while not (value := condition()):
        if time.monotonic() >= deadline:
            pytest.fail(f"not within {seconds:g} s: {what}")
        # Looking takes the processor that what is waited for needs as well: often at first only.
        time.sleep(0.01 if time.monotonic() < began + 2 else 0.03)
    return value


def program_env() -> dict[str, str]:
    """Return the environment for child programs that import the package and the tests from this checkout."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def start_program(text: str, *arguments: str | Path, **rest: Any) -> subprocess.Popen[str]:
    """Start a Python program given as text, with pipes for its input and output."""
    command = [sys.executable, "-c", text, *map(str, arguments)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": program_env()}
    return subprocess.Popen(command, **{**pipes, **rest})


def run_program(text: str, *arguments: str | Path, seconds: float = 60) -> str:
    """Run a Python program given as text to its successful end and return what it printed."""
    command = [sys.executable, "-c", text, *map(str, arguments)]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=seconds, env=program_env(), cwd=ROOT
    ).stdout


def few_steps(steps: int) -> None:
    """Give the person presets of their own under which the bundled model learns answers in a few small steps."""
    own = paths.config_home() / "presets"
    own.mkdir(parents=True)
    for name in ("bundled-sft-full.toml", "bundled-sft-lora.toml"):
        shipped = (paths.presets_dir() / name).read_text(encoding="utf-8")
        few = shipped.replace("num_train_epochs = 2.0", f"max_steps = {steps}")
        small = few.replace("per_device_train_batch_size = 8", "per_device_train_batch_size = 2")
        assert shipped != few != small
        (own / name).write_text(small, encoding="utf-8")


def _own_mounts() -> list[str]:
    """Return the command that gives a program mounts of its own, or skip the test where that is not permitted."""
    for prefix in (["unshare", "-m"], ["unshare", "-rm"]):
        try:
            tried = subprocess.run(
                [*prefix, "mount", "-t", "tmpfs", "-o", "size=1m", "none", "/mnt"],
                check=False,
                capture_output=True,
                timeout=20,
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if tried.returncode == 0:
            return prefix
    pytest.skip("mounting a small tmpfs is not permitted here")


def run_on_small_disk(disk: Path, size_bytes: int, text: str, *, seconds: float = 60) -> Any:
    """Run a Python program while the directory `disk` is a file system of `size_bytes`; return the JSON it printed.

    The program finds the directory in `sys.argv[1]`.
    """
    mount = f'mount -t tmpfs -o size={size_bytes} none "$1" && exec "$2" -c "$3" "$1"'
    command = [*_own_mounts(), "sh", "-c", mount, "sh", str(disk), sys.executable, text]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=seconds, env=program_env(), cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
