"""Run directories: their layout, how they are made and found, and what can be told about a run at a glance.

Owns the folder of all runs. Must not start or stop anything, and stores no status: that is derived each time from the
journal, the kernel's lock and the named process.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench import __version__
from workbench.core import best, lifecycle, paths
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.events import AttemptEnded, AttemptStarted, Eval, Event, Phase, Step
from workbench.runs import atomic, journal, locks, process, requests

META_FILE = "run.json"
RECIPE_FILE = "recipe.toml"
_MAX_META_BYTES = 1 << 20
_MAX_REPORT_BYTES = 16 << 20
_SLUG_CHARACTERS = 40
_RECENT_BYTES = (16 << 10, 1 << 20, 64 << 20)


@dataclass(frozen=True)
class Run:
    """One run: a directory, and everything that can be read from it."""

    path: Path

    @property
    def id(self) -> str:
        """The name of the directory."""
        return self.path.name

    @property
    def recipe_path(self) -> Path:
        """What the run does, written once."""
        return self.path / RECIPE_FILE

    @property
    def events_path(self) -> Path:
        """The journal."""
        return self.path / "events.jsonl"

    @property
    def console_path(self) -> Path:
        """The raw output of every attempt."""
        return self.path / process.CONSOLE_FILE

    @property
    def lock_path(self) -> Path:
        """The file whose kernel lock an attempt holds for its whole life."""
        return self.path / "lock"

    @property
    def checkpoints_dir(self) -> Path:
        """Resumable states, one sealed folder each."""
        return self.path / "checkpoints"

    @property
    def artifacts_dir(self) -> Path:
        """What the run hands to the person."""
        return self.path / "artifacts"

    @property
    def report_path(self) -> Path:
        """The figures of the finished run."""
        return self.path / "report.json"

    def meta(self) -> dict[str, Any]:
        """Return run.json: id, title, created (ISO 8601, UTC), workbench, method, tuning, base, parent.

        Raises WorkbenchError when it cannot be read.
        """
        path = self.path / META_FILE
        try:
            with path.open("rb") as file:
                body = json.loads(file.read(_MAX_META_BYTES))
        except (OSError, ValueError, RecursionError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is damaged"
            raise WorkbenchError(f"{path} cannot be read: {reason}; is {self.path} a run?") from error
        if not isinstance(body, dict):
            raise WorkbenchError(f"{path} cannot be read: it is damaged; is {self.path} a run?")
        return body

    def report(self) -> dict[str, Any]:
        """Return report.json; {} while there is none, or when it cannot be read."""
        try:
            with self.report_path.open("rb") as file:
                body = json.loads(file.read(_MAX_REPORT_BYTES))
        except (OSError, ValueError, RecursionError):
            return {}
        return body if isinstance(body, dict) else {}

    def events(self) -> list[Event]:
        """Return every event of every attempt, oldest first."""
        return journal.load(self.events_path)

    def _recent(self) -> list[Event]:
        """Return the end of the journal, which is enough to derive a status; more of it when one event fills that."""
        for max_bytes in _RECENT_BYTES:
            if events := journal.tail(self.events_path, max_bytes):
                return events
        return []

    def status(self) -> str:
        """Return what the run is right now: one of `lifecycle.STATUSES`.

        The facts are looked at one after the other while the engine goes on, so they are looked at again until lock and
        process are the same before and after the journal was read: then they belong together.
        """
        while True:
            held, leader = locks.is_held(self.lock_path), process.read_identity(self.path)
            is_alive = process.is_alive(leader) if leader is not None else None
            status = lifecycle.status(
                self._recent(), held, is_alive, requests.pending(self.path), leader.attempt if leader is not None else 0
            )
            if (held, leader) == (locks.is_held(self.lock_path), process.read_identity(self.path)):
                return status

    def status_if_idle(self) -> str:
        """Return the status as it is without an attempt, for a caller who holds the run's lock."""
        return lifecycle.status(self._recent(), False, None)

    def summary(self) -> dict[str, Any]:
        """Return the run at a glance.

        run, status, method, tuning, base, title, created, then from the journal step, steps, loss, eval_loss (None
        until known; once there is a result, of just that state), attempt, phase and error ("" unless the run failed).
        Raises WorkbenchError for a damaged run.json.
        """
        meta, status = self.meta(), self.status()
        of_result = best.published(self.report()) if status in lifecycle.WITH_RESULT else {}
        kinds = (Step.kind, Eval.kind, Phase.kind, AttemptStarted.kind, AttemptEnded.kind)
        last = journal.latest(self.events_path, kinds)
        step, evaluation, phase = last.get(Step.kind), last.get(Eval.kind), last.get(Phase.kind)
        started, ended = last.get(AttemptStarted.kind), last.get(AttemptEnded.kind)
        return {
            "run": self.id,
            "status": status,
            **{name: str(meta.get(name, "")) for name in ("method", "tuning", "base", "title", "created")},
            "step": step.step if isinstance(step, Step) else 0,
            "steps": step.steps if isinstance(step, Step) else 0,
            "loss": step.loss if isinstance(step, Step) else None,
            "eval_loss": of_result.get("loss", evaluation.loss if isinstance(evaluation, Eval) else None),
            "attempt": started.attempt if isinstance(started, AttemptStarted) else 0,
            "phase": phase.phase if isinstance(phase, Phase) else "",
            "error": ended.error if isinstance(ended, AttemptEnded) and status == "failed" else "",
        }


_NAMED = re.compile(r"^\d{4}-\d\d-\d\d-(.+)-[0-9a-f]{4}$")
"""The name of a run: its day, its title as far as that can stand in a name, and what tells it from others."""


def _slug(title: str) -> str:
    """Return a title as a short piece of a file name, or "run" when nothing of it can stand there."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode("ascii").lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_SLUG_CHARACTERS].strip("-") or "run"


def create(recipe_toml: str, *, method: str, tuning: str, base: str, title: str, parent: str = "") -> Run:
    """Make a run that nobody works on yet, complete from the moment it can be seen; readable by its owner only.

    `parent` is the id of the run whose result is the base, or "". Raises NoSpaceError or WorkbenchError.
    """
    home = paths.runs_home()
    atomic.sweep(home)
    slug = _slug(title or f"{method}-{tuning}")
    while True:
        run = Run(home / f"{datetime.now().astimezone().date().isoformat()}-{slug}-{secrets.token_hex(2)}")
        meta = {
            "id": run.id,
            "title": title or run.id,
            "created": datetime.now(UTC).isoformat(timespec="microseconds"),
            "workbench": __version__,
            "method": method,
            "tuning": tuning,
            "base": base,
            "parent": parent,
        }
        text = json.dumps(meta, ensure_ascii=False, indent=1) + "\n"
        files = {RECIPE_FILE: recipe_toml.encode("utf-8", "replace"), META_FILE: text.encode("utf-8", "replace")}
        try:
            atomic.create_directory(run.path, files)
        except FileExistsError:
            continue
        return run


@contextlib.contextmanager
def trial(recipe_toml: str) -> Iterator[Run]:
    """Yield a run that nobody lists and that is gone afterwards; what a kill leaves of it, the next run removes."""
    home = paths.runs_home()
    atomic.sweep(home)
    run = Run(home / f".dry-{secrets.token_hex(8)}.partial")
    with atomic.fresh_directory(run.path, 0o700):
        try:
            atomic.write_text(run.recipe_path, recipe_toml)
            yield run
        finally:
            atomic.remove_tree(run.path)


def list_runs() -> list[Run]:
    """Return every run, newest first; folders without a readable run.json are no runs."""
    found = []
    try:
        folders = [path for path in paths.runs_home().iterdir() if not path.name.startswith(".")]
    except OSError:
        return []
    for path in folders:
        run = Run(path)
        try:
            found.append((str(run.meta().get("created", "")), run.id, run))
        except WorkbenchError:
            continue
    return [run for _, _, run in sorted(found, key=lambda item: item[:2], reverse=True)]


def find(reference: str) -> Run:
    """Return the run that `reference` names: "last", a full name, its title in a name, a part of only one, or a path.

    The whole title counts before a part, the end of a name before its beginning and that before its middle. Raises
    UsageError that names the candidates.
    """
    if os.sep in reference or reference.startswith("~"):
        path = paths.expanded(reference).absolute()
        if (path / META_FILE).is_file():
            return Run(path)
        raise UsageError(f"{reference} is not the directory of a run; see the runs with: workbench runs")
    runs = list_runs()
    if not runs:
        raise UsageError("There is no run yet; start one with: workbench train")
    if reference == "last":
        return runs[0]
    ways = (
        lambda name: name == reference,
        lambda name: _NAMED.sub(r"\1", name) == reference,
        lambda name: name.endswith(reference),
        lambda name: name.startswith(reference),
        lambda name: reference in name,
    )
    for way in ways if reference else ():
        matches = [run for run in runs if way(run.id)]
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise UsageError(f"{reference!r} could be {_some(matches)}; give more of the name.")
    raise UsageError(f"There is no run {reference!r}; the newest are {_some(runs)}.")


def _some(runs: list[Run], most: int = 5) -> str:
    """Return the names of the first few runs."""
    rest = f" and {len(runs) - most} more" if len(runs) > most else ""
    return ", ".join(run.id for run in runs[:most]) + rest
