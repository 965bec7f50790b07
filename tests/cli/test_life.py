"""The life of runs as a person sees it: queue, pause, stop, kill, a terminal that is gone, and what --json says."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.cli.conftest import Followed
from tests.cli.home import QUESTIONS, SECONDS, Home, end, of_kind, settings, steps, wait_for
from tests.support import wait_until
from workbench.core.events import AttemptEnded, AttemptStarted, Phase
from workbench.core.paths import assets_dir
from workbench.runs import locks, process
from workbench.runs.store import Run

PARKED_BYTES = 40 << 20
"""What a queued engine may keep in memory."""

COMMON = [
    *("--base", "bundled", "--method", "sft", "--tuning", "lora", "--data", QUESTIONS),
    *settings(max_length=64, per_device_train_batch_size=1, gradient_accumulation_steps=1, lora_r=4),
    *settings(sample_max_new_tokens=0, save_steps=100_000, eval_steps=100_000, device="cpu"),
]
ENDLESS = [*COMMON, *settings(max_steps=100_000)]
SHORT = [*COMMON, *settings(max_steps=2)]

IN_A_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    yield made
    for path in made.runs_dir.iterdir() if made.runs_dir.is_dir() else []:
        end(Run(path))


def resident_bytes(run: Run) -> int:
    """Return the memory that a run's engine keeps."""
    identity = process.read_identity(run.path)
    assert identity is not None
    status = Path(f"/proc/{identity.pid}/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))) << 10


def trains(run: Run) -> None:
    """Wait until a run has taken more steps than now."""
    before = max(steps(run), default=0)
    wait_until(lambda: max(steps(run), default=0) > before, SECONDS, f"another step of {run.id}")


def start_in_a_terminal_and_kill_it(home: Home) -> Run:
    """Follow a new run in a terminal, then kill the terminal's processes and hang it up."""
    terminal, inside = os.openpty()
    shell = subprocess.Popen(
        [sys.executable, "-c", IN_A_TERMINAL, *home.command("train", *ENDLESS, "--yes")],
        stdin=inside,
        stdout=inside,
        stderr=inside,
        env=home.env(),
        start_new_session=True,
    )
    os.close(inside)
    (path,) = wait_until(lambda: list(home.runs_dir.glob("2*")), SECONDS, "the run is made")
    run = Run(path)
    wait_for(run, "running")
    os.killpg(shell.pid, signal.SIGKILL)
    shell.wait()
    os.close(terminal)
    return run


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_terminal_dies_a_second_run_waits_and_every_verb_does_its_work(home: Home) -> None:
    first = start_in_a_terminal_and_kill_it(home)
    trains(first)

    second = home.train(*SHORT, "--title", "second")
    wait_until(lambda: any(event.phase == "waiting" for event in of_kind(second, Phase)), SECONDS, "the second waits")
    assert second.status() == "queued"
    assert resident_bytes(second) < PARKED_BYTES
    listed = {row["run"]: row for row in home.json("runs")["runs"]}
    assert (listed[first.id]["status"], listed[second.id]["status"]) == ("running", "queued")
    assert (listed[first.id]["method"], listed[first.id]["base"], listed[first.id]["steps"]) == (
        "sft",
        "bundled",
        100_000,
    )
    assert listed[first.id]["step"] > 0

    refused = home.workbench("resume", first.id)
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    trains(first)
    assert second.status() == "queued"

    assert home.json("pause", first.id)["run"] == first.id
    assert wait_for(first, "paused", "failed", "lost") == "paused"
    assert wait_for(second, "done", "failed", "lost") == "done"
    (ended,) = of_kind(first, AttemptEnded)
    began = next(event for event in of_kind(second, Phase) if event.phase == "loading")
    assert began.t >= ended.t, "two runs never share the device"
    assert "Traceback" not in first.console_path.read_text(encoding="utf-8")

    home.json("resume", first.id, "--detach")
    wait_until(lambda: max(steps(first)) > ended.step, SECONDS, "the first goes on")
    assert "end" in home.json("kill", first.id)["happened"]
    assert first.status() in ("stopped", "lost")
    assert len(of_kind(first, AttemptStarted)) == 2
    assert home.workbench("discard", first.id, "--yes").returncode == 0
    assert not first.path.exists()
    assert [row["run"] for row in home.json("runs")["runs"]] == [second.id]


def test_a_queued_run_that_is_stopped_never_loads_anything(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", home.env()["XDG_STATE_HOME"])
    locks.lease_path().parent.mkdir(parents=True)
    lease = locks.acquire(locks.lease_path())
    assert lease is not None, "nobody else has this person's card"
    run = home.train(*SHORT)
    wait_until(lambda: any(event.phase == "waiting" for event in of_kind(run, Phase)), SECONDS, "the run waits")
    home.json("stop", run.id)
    assert wait_for(run, "stopped", "failed", "lost", "done") == "stopped"
    assert not any(event.phase == "loading" for event in of_kind(run, Phase))
    locks.release(lease)


def test_followed_to_its_end_a_run_is_one_object(followed: Followed) -> None:
    done, home = followed.done, followed.home
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["status"], told["report"]["outcome"], told["report"]["steps"]) == ("done", "done", 2)
    run = home.run(told["run"])
    assert run.status() == "done"
    watched = home.workbench("watch", run.id, "--json")
    assert json.loads(watched.stdout)["status"] == "done"
    assert home.workbench("pause", run.id).returncode == 2


@pytest.mark.slow
def test_a_failed_run_is_one_sentence_and_exit_code_one(home: Home) -> None:
    broken = Path(shutil.copytree(assets_dir() / "base", home.path / "broken"))
    weights = load_file(broken / "model.safetensors")
    weights["model.norm.weight"] = torch.full_like(weights["model.norm.weight"], float("nan"))
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    done = home.workbench("train", *SHORT, "--base", broken)
    assert done.returncode == 1
    assert "NaN or infinite" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    (row,) = home.json("runs")["runs"]
    assert row["status"] == "failed"
    assert "NaN or infinite" in row["error"]
    run = home.run(row["run"])
    assert "Traceback" not in run.console_path.read_text(encoding="utf-8")
    told = json.loads(home.workbench("watch", run.id, "--json").stdout)
    assert told["status"] == "failed"
    assert "NaN or infinite" in told["error"]
