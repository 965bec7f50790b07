"""Model folders and adapters alone, made by engines that are killed in the middle and resumed: the same bytes."""

from __future__ import annotations

import hashlib
import json
import os
import signal
from pathlib import Path

import pytest

from tests.engine.bench import Bench
from tests.engine.test_export_run import own_home
from tests.engine.tiny import make_qwen3
from tests.support import wait_until
from workbench.core.events import AttemptStarted, Phase
from workbench.guide import adapting, exporting, quantizing
from workbench.guide.exporting import Wanted
from workbench.runs import control, exports, process
from workbench.runs.store import Run

__all__ = ["own_home"]


def told(run: Run, phase: str, attempt: int) -> bool:
    """Return whether an attempt has begun a phase."""
    begun = 0
    for event in run.events():
        begun += isinstance(event, AttemptStarted)
        if begun == attempt and isinstance(event, Phase) and event.phase == phase:
            return True
    return False


def results(run: Run) -> dict[str, str]:
    """Return path → hash of what has its name in a run's artifacts, but for what tells of it."""
    return {
        str(path.relative_to(run.artifacts_dir)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(run.artifacts_dir.rglob("*"))
        if path.is_file() and path.name not in (exports.FOLDER, "export.json")
        and not any(part.startswith(".") for part in path.relative_to(run.artifacts_dir).parts)
    }  # fmt: skip


def killed_twice(asked: Wanted, bench: Bench, phases: tuple[str, ...]) -> None:
    """Kill the engine twice, and hold what a third attempt makes to what comes out undisturbed."""
    whole = exporting.create(asked)
    assert bench.attempt(whole) == 0
    run = exporting.start(asked)
    for attempt, phase in enumerate(phases, start=1):
        if attempt > 1:
            control.resume(run)
        wait_until(lambda phase=phase, attempt=attempt: told(run, phase, attempt), 90, phase)
        identity = process.read_identity(run.path)
        assert identity is not None
        os.kill(identity.pid, signal.SIGKILL)
        wait_until(lambda: run.status() == "lost", 30, "it is gone")
        assert results(run) in ({}, results(whole)), "nothing has its name before it is whole"
    assert bench.attempt(run) == 0
    assert results(run) == results(whole)
    assert not (run.path / "export").exists()


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["nf4", "int8", "bf16"])
def test_a_model_folder_that_is_killed_gives_the_same_bytes(own_home: Path, kind: str) -> None:
    base = make_qwen3(own_home / "base")
    killed_twice(quantizing.wanted(str(base), kind), Bench(own_home), ("evaluating", "exporting"))


@pytest.mark.soak
def test_an_adapter_alone_that_is_killed_gives_the_same_bytes(own_home: Path) -> None:
    bench = Bench(own_home)
    rows = own_home / "rows.jsonl"
    row = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello to you."}]}
    rows.write_text((json.dumps(row) + "\n") * 24, encoding="utf-8")
    trained = bench.trained(method="sft", tuning="lora", data=[str(rows)])
    killed_twice(adapting.wanted(trained.id), bench, ("preparing", "evaluating"))
