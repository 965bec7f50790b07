"""The whole road in a real terminal, with one key: from nothing to an answer of a model that was trained here."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from tests.support import few_steps, wait_until
from tests.tty.terminal import Terminal, needs_tmux, workbench
from workbench.runs import store

pytestmark = [needs_tmux, pytest.mark.slow]


def _run() -> store.Run | None:
    return next(iter(store.list_runs()), None)


def test_enter_alone_leads_from_nothing_to_an_answer() -> None:
    """Base, data, method, values and start are accepted as proposed; then the model is asked what is proposed."""
    few_steps(2)
    with Terminal(workbench()) as terminal:
        terminal.until("fits", 60)
        terminal.until("bundled", 60)
        terminal.keys("Enter")
        terminal.until("trained on the answers only", 60)
        terminal.keys("Enter")
        terminal.until("suits these rows", 60)
        terminal.keys("Enter")
        terminal.until("GiB free", 60)
        terminal.keys("Enter")
        terminal.until("starts it", 60)
        terminal.keys("Enter")
        run = wait_until(_run, 60, "a run")
        terminal.until("loss", 60)
        wait_until(lambda: run.status() == "done", 300, "the run to be done")
        terminal.until("done", 30)
        terminal.keys("Enter")
        terminal.until("ask it beside", 60)
        terminal.keys("Enter")
        terminal.until("tuned", 60)
        terminal.keys("Enter")
        terminal.until("tok/s", 120)
        report = json.loads(run.report_path.read_text(encoding="utf-8"))
        assert report["steps"] == 2
        assert terminal.pane_pid()


def test_a_run_outlives_its_terminal_and_is_found_again() -> None:
    """The window is closed in the middle of training; another window shows the run further on."""
    from workbench.guide import starting
    from workbench.guide.road import Road
    from workbench.runs import journal

    data = Path(__file__).resolve().parents[2] / "assets" / "data" / "questions.jsonl"
    road = Road(base="bundled", data=(str(data),)).with_value("max_steps", 100_000)
    run = store.find(starting.start(road, threading.Event()))
    try:
        with Terminal(workbench("watch", run.id)) as other:
            other.until("step", 120)
            with Terminal(workbench()) as terminal:
                terminal.until("help", 60)
                terminal.keys("F3")
                terminal.until("running", 60)
                terminal.keys("Enter")
                terminal.until("tok/s", 60)
                pid = terminal.pane_pid()
            wait_until(lambda: not Path(f"/proc/{pid}").exists(), 30, "the interface to be gone")
        before = journal.latest(run.events_path, ["step"])["step"].step  # type: ignore[attr-defined]
        further = f"beyond step {before}"
        wait_until(lambda: journal.latest(run.events_path, ["step"])["step"].step > before, 60, further)  # type: ignore[attr-defined]
        assert run.status() == "running"
    finally:
        from workbench.runs import control

        if run.status() in ("running", "queued"):
            control.kill(run)
    assert os.path.isdir(run.path)
