"""Crash loop: an engine that is killed again and again, and resumed, does what an undisturbed one does, bit for bit."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from tests.cli.home import QUESTIONS, SECONDS, Home, curve, end, of_kind, result_digest, settings, steps, wait_for
from tests.engine.bench import Bench
from tests.support import wait_until
from workbench.core.events import AttemptEnded, AttemptStarted, Step
from workbench.engine import checkpoint
from workbench.runs import atomic, bases, process
from workbench.runs.store import Run

STEPS = 24
RECIPE = [
    *("--base", "bundled", "--method", "sft", "--tuning", "lora", "--data", QUESTIONS),
    *settings(
        max_steps=STEPS,
        eval_steps=12,
        save_steps=2,
        logging_steps=1,
        per_device_train_batch_size=2,
        gradient_accumulation_steps=2,
        max_length=64,
        lora_r=8,
        lora_dropout=0.1,
        sample_max_new_tokens=0,
        save_total_limit=3,
        device="cpu",
    ),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    made = Home(tmp_path_factory.mktemp("home"))
    yield made
    for path in made.runs_dir.iterdir():
        end(Run(path))


def undisturbed(home: Home, run: Run) -> Run:
    """Return a run of the same recipe that nobody killed."""
    return Bench(home.path).again(run.recipe_path.read_text(encoding="utf-8"))


def kill_at_some_moment(run: Run, attempt: int, draw: random.Random, at_least: int) -> None:
    """Kill the engine of an attempt: while it starts, or after it has taken `at_least` to three steps."""

    def engine() -> process.Identity | None:
        named = process.read_identity(run.path)
        return named if named is not None and named.attempt == attempt else None

    identity = wait_until(engine, SECONDS, f"attempt {attempt} of {run.id} names its process")
    assert identity is not None
    wanted = draw.randint(at_least, 3) if max(steps(run), default=0) < STEPS - 5 else 0
    wait_until(lambda: len(newest_steps(run, attempt)) >= wanted, SECONDS, f"{wanted} steps of {run.id}")
    moment = time.monotonic() + draw.uniform(0.0, 0.3 if wanted else 4.0)
    wait_until(lambda: time.monotonic() >= moment, 5, "the moment has come")
    os.kill(identity.pid, signal.SIGKILL)
    assert wait_for(run, "lost", "done") == "lost", "the run ended before it could be killed"


def newest_steps(run: Run, attempt: int) -> list[int]:
    """Return the steps that an attempt has taken so far."""
    found: list[int] = []
    current = 0
    for event in run.events():
        if isinstance(event, AttemptStarted):
            current = event.attempt
        elif isinstance(event, Step) and current == attempt:
            found.append(event.step)
    return found


def crash_loop(home: Home, kills: int, seed: int, at_least: int = 0) -> Run:
    """Start a run and kill and resume it `kills` times; return it, killed for the last time."""
    draw = random.Random(seed)
    run = home.train(*RECIPE)
    for number in range(1, kills + 1):
        kill_at_some_moment(run, number, draw, at_least)
        if number < kills:
            home.json("resume", run.id, "--detach")
    return run


def finish(home: Home, run: Run) -> None:
    """Resume a run and wait for its end."""
    home.json("resume", run.id, "--detach")
    assert wait_for(run, "done", "failed", "lost") == "done"


def assert_equal(run: Run, whole: Run) -> None:
    assert curve(run) == curve(whole)
    assert result_digest(run) == result_digest(whole)


def without_optimizer(run: Run) -> None:
    """Make of the newest checkpoint what a routine would write that forgets the optimizer's moments, and seal it."""
    newest = bases.checkpoints(run)[0]
    copy = Path(shutil.copytree(newest, newest.with_name("copy"), ignore=shutil.ignore_patterns(atomic.MANIFEST)))
    tensors = load_file(copy / checkpoint.OPTIMIZER_FILE)
    forgotten = {name: tensor if name.endswith("step") else tensor * 0 for name, tensor in tensors.items()}
    save_file(forgotten, copy / checkpoint.OPTIMIZER_FILE)
    with atomic.staging(newest) as staged:
        shutil.copytree(copy, staged, dirs_exist_ok=True)
    shutil.rmtree(copy)


@pytest.mark.slow
def test_killed_and_resumed_is_undisturbed_and_a_broken_checkpoint_shows(home: Home) -> None:
    """The second half is the negative control: the same loop over a checkpoint that forgets something is told apart."""
    run = crash_loop(home, kills=1, seed=9, at_least=3)
    wait_for(run, "lost")
    whole = undisturbed(home, run)
    twin = Run(Path(shutil.copytree(run.path, run.path.with_name("twin"), symlinks=True)))
    finish(home, run)
    assert_equal(run, whole)
    assert len(of_kind(run, AttemptStarted)) == 2
    assert [event.outcome for event in of_kind(run, AttemptEnded)] == ["done"]

    assert bases.checkpoints(twin), "there is a checkpoint to break"
    without_optimizer(twin)
    (twin.path / "run.json").write_text(json.dumps({**run.meta(), "id": "twin"}), encoding="utf-8")
    assert Bench(home.path).attempt(twin) == 0
    assert curve(twin) != curve(whole)
    assert result_digest(twin) != result_digest(whole)


@pytest.mark.slow
@pytest.mark.soak
def test_twenty_kills_change_nothing(home: Home) -> None:
    run = crash_loop(home, kills=20, seed=1)
    finish(home, run)
    assert_equal(run, undisturbed(home, run))
    assert len(of_kind(run, AttemptStarted)) == 21
