"""A person's own folders, and the workbench as a program in them.

Must not hold expectations: a test says what a command should do.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import ROOT, wait_until
from workbench.core.events import Event, Step
from workbench.core.paths import assets_dir
from workbench.runs.store import Run

QUESTIONS = str(assets_dir() / "data" / "questions.jsonl")
ARTICLES = str(assets_dir() / "data" / "articles.jsonl")

SECONDS = 180
"""Longest wait for anything an engine does; a busy machine takes ten times longer than a quiet one."""


@dataclass(frozen=True)
class Home:
    """Folders of a person who does not exist."""

    path: Path

    @property
    def runs_dir(self) -> Path:
        """Where this person's runs are."""
        return self.path / "data" / "workbench" / "runs"

    def env(self) -> dict[str, str]:
        """Return the environment of this person's programs."""
        own = {f"XDG_{name.upper()}_HOME": str(self.path / name) for name in ("data", "state", "config", "cache")}
        return {**os.environ, **own, "PYTHONPATH": str(ROOT)}

    def command(self, *argv: str | Path) -> list[str]:
        """Return the program and its arguments."""
        return [sys.executable, "-P", "-m", "workbench", *map(str, argv)]

    def workbench(self, *argv: str | Path, **rest: Any) -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        how = {"capture_output": True, "text": True, "timeout": SECONDS, "env": self.env(), "check": False, **rest}
        return subprocess.run(self.command(*argv), **how)  # noqa: PLW1510 - it is among them

    def json(self, *argv: str | Path) -> dict[str, Any]:
        """Run one command with --json to its successful end and return what it printed."""
        done = self.workbench(*argv, "--json")
        assert done.returncode == 0, done.stderr
        body = json.loads(done.stdout)
        assert isinstance(body, dict)
        return body

    def train(self, *argv: str | Path) -> Run:
        """Start a run that goes on by itself."""
        return self.run(self.json("train", *argv, "--detach")["run"])

    def run(self, run_id: str) -> Run:
        """Return a run of this person."""
        return Run(self.runs_dir / run_id)


def settings(**fields: Any) -> list[str]:
    """Return fields as --set arguments."""
    return [word for name, value in fields.items() for word in ("--set", f"{name}={value}")]


def wait_for(run: Run, *statuses: str) -> str:
    """Wait until a run has one of the statuses and return it."""
    return wait_until(lambda: next((s for s in [run.status()] if s in statuses), ""), SECONDS, f"{run.id} {statuses}")


def steps(run: Run) -> dict[int, Step]:
    """Return the last event of each step: a step that was lost to a crash is taken again."""
    return {event.step: event for event in run.events() if isinstance(event, Step)}


def curve(run: Run) -> dict[int, tuple[float | None, float | None, float, int]]:
    """Return what an interrupted run must have in common with an uninterrupted one, step by step."""
    return {n: (event.loss, event.grad_norm, event.learning_rate, event.tokens) for n, event in steps(run).items()}


def result_digest(run: Run) -> str:
    """Return the SHA-256 of the run's published weights."""
    (weights,) = [*run.artifacts_dir.glob("adapter/*.safetensors"), *run.artifacts_dir.glob("model/*.safetensors")]
    return hashlib.sha256(weights.read_bytes()).hexdigest()


def of_kind(run: Run, kind: type[Event]) -> list[Any]:
    """Return the events of one kind, oldest first."""
    return [event for event in run.events() if isinstance(event, kind)]


def end(run: Run) -> None:
    """Kill what may be left of a run's engine, so that a failed test leaves nothing behind."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        pid = json.loads((run.path / "process.json").read_text(encoding="utf-8"))["pid"]
        if run.status() in ("queued", "running", "pausing", "stopping", "stuck"):
            os.killpg(pid, signal.SIGKILL)
