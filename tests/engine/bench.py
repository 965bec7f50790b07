"""Runs of the engine inside the test's own process, which saves the seconds that its imports take.

An attempt is the engine's own, from the lock to the last event. Must not hold expectations: a test says what a run
should lead to.
"""

from __future__ import annotations

import json
import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from workbench.core import presets
from workbench.core.events import Event, Step
from workbench.core.paths import assets_dir
from workbench.core.recipe import REINFORCING, from_toml, resolve, to_toml
from workbench.runs import atomic, locks, store
from workbench.runs.store import Run

SMALL: dict[str, Any] = {
    "base": "bundled",
    "max_length": 96,
    "max_steps": 2,
    "eval_steps": 2,
    "save_steps": 1,
    "per_device_train_batch_size": 2,
    "gradient_accumulation_steps": 1,
    "gradient_checkpointing": False,
    "sample_max_new_tokens": 4,
    "device": "cpu",
    "precision": "fp32",
    "warmup_ratio": 0.0,
}
"""Fields that make any run short."""
GROUPS: dict[str, Any] = {
    "per_device_train_batch_size": 8,
    "num_generations": 4,
    "max_completion_length": 12,
    "rewards": ["length(max=4)"],
    "learning_rate": 1e-4,
}
"""The same for runs that write their own answers, which earn unlike rewards."""

TAUGHT: dict[str, Any] = {"teacher": "bundled", "teacher_top_k": 8}
"""The same for runs that learn from a teacher."""

CUT: dict[str, Any] = {"prune_layers": 1, "prune_rows": 4, "teacher_top_k": 8, "teacher_in_4bit": False}
"""The same for runs that cut their base."""

_SIGNALS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP, signal.SIGINT)


@contextmanager
def own_signals() -> Iterator[None]:
    """Put back the signal handlers that an attempt sets for its process."""
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass
class Bench:
    """A person's folders and the runs in them."""

    path: Path
    _made: dict[str, Run] = field(default_factory=dict)
    _attempts: int = 0

    def create(self, **fields: Any) -> Run:
        """Make a run with the preset of its method and tuning, and the fields that make it short."""
        values = {**SMALL, **(GROUPS if fields["method"] in REINFORCING else {}), **fields}
        values = {**(CUT if fields["method"] == "prune" else {}), **values}
        values = {**(TAUGHT if fields["method"] == "distill" else {}), **values}
        preset = presets.default_for(values["method"], values["tuning"])
        recipe = resolve(values, preset.values, preset.name)
        with self.home():
            return store.create(
                to_toml(recipe),
                method=values["method"],
                tuning=values["tuning"],
                base=values["base"],
                title="bench",
                parent="",
            )

    @contextmanager
    def home(self) -> Iterator[None]:
        """Make this bench's folders the person's, with a queue for the GPU that nobody else is in."""
        with pytest.MonkeyPatch.context() as patch:
            self._attempts += 1
            for name in ("data", "config", "cache"):
                patch.setenv(f"XDG_{name.upper()}_HOME", str(self.path / name))
            patch.setenv("XDG_STATE_HOME", str(self.path / f"state-{self._attempts}"))
            yield

    def attempt(self, run: Run, meanwhile: Callable[[], Any] = lambda: None) -> int:
        """Make one attempt and return the engine's exit code; `meanwhile` goes on in a thread beside it."""
        from workbench.engine.__main__ import attempt

        lock = locks.acquire(run.lock_path)
        assert lock is not None
        beside = threading.Thread(target=meanwhile, daemon=True)
        with self.home(), own_signals():
            beside.start()
            try:
                return attempt(run.path, lock)
            finally:
                beside.join(5)
                locks.release(lock)

    def trained(self, **fields: Any) -> Run:
        """Return the run of these fields, trained once for all tests that ask for it."""
        key = json.dumps(fields, sort_keys=True)
        if key not in self._made:
            run = self.create(**fields)
            self.attempt(run)
            self._made[key] = run
        return self._made[key]

    def again(self, recipe_toml: str) -> Run:
        """Return a run of a recipe as another run has it, trained without a disturbance."""
        values, _ = from_toml(recipe_toml, "the recipe of another run")
        names = {name: str(values[name]) for name in ("method", "tuning", "base")}
        with self.home():
            run = store.create(recipe_toml, **names, title="again")
        assert self.attempt(run) == 0
        return run

    def lost(self, whole: Run, step: int) -> Run:
        """Return a copy of a finished run as a kill right after its checkpoint at `step` would have left it.

        That checkpoint must still be there. Real engines are killed in `tests/cli/test_crash.py` and in
        `test_best.py`; this one tells whether a checkpoint has everything that a method needs.
        """
        name = f"{whole.path.name}-{step}"
        copy = Run(Path(shutil.copytree(whole.path, whole.path.with_name(name), symlinks=True)))
        shutil.rmtree(copy.artifacts_dir)
        copy.artifacts_dir.mkdir()
        for folder in copy.checkpoints_dir.iterdir():
            if folder.name > f"step-{step:08d}":
                shutil.rmtree(folder)
        copy.report_path.unlink()
        lines = copy.events_path.read_text(encoding="utf-8").splitlines(keepends=True)
        told = [json.loads(line) for line in lines]
        last = next(n for n, event in enumerate(told) if event["kind"] == "checkpoint" and event["step"] == step)
        copy.events_path.write_text("".join(lines[: last + 1]), encoding="utf-8")
        return copy


def rows(name: str, count: int) -> list[dict[str, Any]]:
    """Return the first rows of a bundled dataset."""
    lines = (assets_dir() / "data" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines[:count]]


def write_rows(path: Path, records: Sequence[dict[str, Any]]) -> Path:
    """Write rows as JSONL."""
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def of_kind(run: Run, kind: type[Event]) -> list[Any]:
    """Return the events of one kind, oldest first."""
    return [event for event in run.events() if isinstance(event, kind)]


def curve(run: Run) -> dict[int, tuple[float | None, float | None, float, int]]:
    """Return what an interrupted run must have in common with an uninterrupted one; of a step taken twice the last."""
    steps: list[Step] = of_kind(run, Step)
    return {event.step: (event.loss, event.grad_norm, event.learning_rate, event.tokens) for event in steps}


def report(run: Run) -> dict[str, Any]:
    """Return the run's report."""
    body = json.loads(run.report_path.read_text(encoding="utf-8"))
    assert isinstance(body, dict)
    return body


def result(run: Run) -> dict[str, torch.Tensor]:
    """Return the weights that a run published."""
    folder = next(path for path in run.artifacts_dir.iterdir() if path.name in ("adapter", "model"))
    assert atomic.verify(folder) == ""
    return {name: tensor for path in sorted(folder.glob("*.safetensors")) for name, tensor in load_file(path).items()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    """Return whether weights are equal to the last bit."""
    return one.keys() == other.keys() and all(torch.equal(tensor, other[name]) for name, tensor in one.items())
