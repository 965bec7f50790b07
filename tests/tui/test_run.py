"""The page of a run: real journals, a real engine that is paused and resumed, kills, and text that stays text."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support import start_program
from tests.tui.pilots import played, until
from tests.tui.support import QUESTIONS, page_text
from workbench.core import recipe
from workbench.core.events import (
    AttemptEnded,
    AttemptStarted,
    Checkpoint,
    Eval,
    Event,
    Phase,
    Sample,
    Step,
)  # fmt: skip
from workbench.guide import watching
from workbench.runs import control, journal, locks, process, store
from workbench.tui import settings
from workbench.tui.app import Workbench
from workbench.tui.runkeys import CONSOLE
from workbench.tui.screens.run import RunScreen
from workbench.tui.widgets.chart import Chart
from workbench.tui.widgets.console import Console
from workbench.tui.widgets.listing import Listing

HOSTILE = "\x1b[31mred\x1b]0;title\x07 [bold]loud[/bold] \u202egnihton\u202c [@click=app.quit]x[/]"


def a_run(title: str = "support", **fields: object) -> store.Run:
    wanted = {"method": "sft", "tuning": "lora", "data": [str(QUESTIONS)], "num_train_epochs": 2.0, **fields}
    resolved = recipe.resolve(wanted)
    return store.create(recipe.to_toml(resolved), method="sft", tuning="lora", base="bundled", title=title)


def a_step(step: int, steps: int = 1052) -> Step:
    return Step(
        step=step, steps=steps, loss=2.0 / step**0.2, learning_rate=1.39e-4, grad_norm=1.0, tokens_per_second=2390.0,
        epoch=2 * step / steps, tokens=100 * step, seconds=2.5 * step,
    )  # fmt: skip


def training(steps: int = 412) -> list[Event]:
    found: list[Event] = [AttemptStarted(attempt=1, pid=1), Phase(phase="training"), Eval(step=0, loss=2.0)]
    found += [
        Sample(step=0, prompt=prompt, text="A phrase of the base.", stopped=True)
        for prompt in ("My card was charged twice.", "Where is it?")
    ]
    found += [a_step(step) for step in range(1, steps + 1)]
    found += [Eval(step=350, loss=1.12), Eval(step=400, loss=1.11)]
    found.append(Sample(step=400, prompt="My card was charged twice.", text="I have asked for it back.", stopped=True))
    found.append(Checkpoint(step=400, path="checkpoints/400", bytes=48_000_000, seconds=1.5))
    return found


@contextmanager
def at_work(run: store.Run, events: list[Event]) -> Iterator[journal.Writer]:
    """Hold the run's lock as an engine does, and write its journal."""
    fd = locks.acquire(run.lock_path)
    assert fd is not None
    process.write_identity(run.path, process.me(1))
    writer = journal.Writer(run.events_path)
    try:
        for event in events:
            writer.write(event)
        yield writer
    finally:
        writer.close()
        locks.release(fd)


def plain(app: Workbench) -> str:
    return page_text(app).replace("\u00a0", " ")


def screen_of(app: Workbench) -> RunScreen:
    assert isinstance(app.screen, RunScreen)
    return app.screen


@played
async def test_everything_a_run_has_told_is_on_its_page() -> None:
    run = a_run()
    app = Workbench("run", (run.id,))
    with at_work(run, training()) as writer:
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: "412 of 1 052" in plain(app), "the figures")
            page = plain(app)
            for said in ("0.78 of 2", "2 390 tok/s", "1.11 ↓ 0.01", " 39 %", "learning rate", "SFT   LoRA"):
                assert said in page, said
            await until(pilot, lambda: "1.39e-4" in plain(app), "the learning rate, with the chart")
            assert "27 min" in page  # 640 steps of 2.5 s each
            assert "My card was charged twice." in page
            assert page.index("A phrase of the base.") < page.index("I have asked for it back.")
            assert "prompt 1 of 2" in page
            await pilot.press("right")
            assert "Where is it?" in plain(app)
            assert "not asked again yet" in plain(app)
            writer.write(a_step(413))
            await until(pilot, lambda: "413 of 1 052" in plain(app), "the next step")
            await pilot.press("l")
            assert app.screen.query_one("#loss", Chart).logarithmic
            await pilot.press("2")
            assert "eval loss" in plain(app)
            await pilot.press("4")
            assert "learning rate" in plain(app)
            app.screen.query_one("#rows", Listing).go("num_train_epochs")
            await pilot.pause()
            assert "your choice" in plain(app)
            await pilot.press("5")
            await until(pilot, lambda: "gave way" in plain(app), "a checkpoint that is not there any more")


@pytest.mark.parametrize("size", [(80, 24), (120, 24), (80, 50), (200, 60)])
def test_what_matters_is_on_every_size(size: tuple[int, int]) -> None:
    @played
    async def check() -> None:
        run = a_run()
        app = Workbench("run", (run.id,))
        with at_work(run, training()):
            async with app.run_test(size=size) as pilot:
                await until(pilot, lambda: "412" in plain(app), "the figures")
                await until(pilot, lambda: "healthy" in plain(app) and "1.11" in plain(app), "its health and losses")
                page = plain(app)
                for said in ("training", "1.11", "39 %", "I have asked for it back.", "1 samples", "p pause", "? help"):
                    assert said in page, said
                assert all(len(line) <= size[0] for line in page.split("\n"))

    check()


EVERY_RUN = ("loss", "learning rate", "gradient norm", "tokens per second")


def on_charts(app: Workbench) -> list[str]:
    """Return the titles of the charts on the page, those of lists and figures left out."""
    return [chart._title for chart in app.screen.query(Chart) if chart.region.height]


@played
async def test_four_charts_take_the_place_of_two_and_are_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    run = a_run()
    app = Workbench("run", (run.id,))
    with at_work(run, training()):
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: "412 of 1 052" in plain(app), "the figures")
            assert on_charts(app) == ["loss", "learning rate"]
            await pilot.press("v")
            await until(pilot, lambda: "eval 1.11" in plain(app) and "2 390" in plain(app), "the charts' figures")
            assert on_charts(app) == list(EVERY_RUN)
            page = plain(app).splitlines()
            axes = [line for line in page if line.split()[:2] == ["0", "100"]]
            assert len(axes) == 2
            assert axes[0] == axes[1], "charts below one another have the same axis"
            half = len(axes[0]) // 2
            assert axes[0][half:].split() == axes[0][:half].split(), "so have those beside one another"
            await pilot.press("l")
            assert [chart.logarithmic for chart in app.screen.query("#four Chart").results(Chart)] == [True] + 3 * [
                False
            ]
            await until(pilot, lambda: settings.load()[0].charts == "four", "the choice in its file")
            await pilot.resize_terminal(80, 24)
            await until(pilot, lambda: on_charts(app) == ["loss"], "one chart where there is little room")
            for title in (*EVERY_RUN[1:], "loss"):
                await pilot.press("v")
                await until(pilot, lambda: on_charts(app) == [title], title)  # noqa: B023
            await pilot.resize_terminal(120, 40)
            await until(pilot, lambda: on_charts(app) == list(EVERY_RUN), "four charts")
            await pilot.press("v")
            await until(pilot, lambda: on_charts(app) == ["loss", "learning rate"], "two charts")
            await until(pilot, lambda: settings.load()[0].charts == "two", "the choice in its file")


@played
async def test_charts_of_compared_answers_are_turned_by_fours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    run = a_run(method="dpo", packing=False)
    told = {"accuracy": 0.75, "margin": 0.5, "chosen_reward": 0.2, "rejected_reward": -0.3}
    app = Workbench("run", (run.id,))
    with at_work(run, [AttemptStarted(attempt=1, pid=1), replace(a_step(1), metrics=told)]):
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: on_charts(app) == ["right, in %", "learning rate"], "what tells most")
            assert screen_of(app).why_not("run.log")
            await pilot.press("v")
            titles = ["right, in %", "margin", "rewards", "loss"]
            await until(pilot, lambda: on_charts(app) == titles and "chosen 0.20" in plain(app), "compared answers")
            assert not screen_of(app).why_not("run.log")
            await pilot.press("v")
            await until(pilot, lambda: on_charts(app) == list(EVERY_RUN), "what there is of every run")
            await pilot.press("v")
            await until(pilot, lambda: on_charts(app) == ["right, in %", "learning rate"], "two charts")


@played
async def test_text_of_models_and_engines_stays_text() -> None:
    run = a_run()
    events = training(20)
    events.append(Sample(step=20, prompt=HOSTILE, text=HOSTILE, stopped=True))
    events += [
        Phase(phase="waiting", detail=HOSTILE),
        AttemptEnded(attempt=1, outcome="failed", error=HOSTILE, step=20),
    ]
    writer = journal.Writer(run.events_path)
    for event in events:
        writer.write(event)
    writer.close()
    run.console_path.write_text(HOSTILE + "\n", encoding="utf-8")
    app = Workbench("run", (run.id,))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "✗ failed" in plain(app), "the failure")
        await until(pilot, lambda: "[bold]loud[/bold]" in plain(app), "the error, as text")
        await until(pilot, lambda: app.screen.query_one(Console).lines, "the console")
        for key in ("1", "right", "right", "3", "5"):
            await pilot.press(key)
            page = page_text(app)
            assert not set(page) & set("\x1b\x07\u202e\u202c")
        assert app.is_running


@played
async def test_a_failure_says_why_shows_the_console_and_offers_to_go_on() -> None:
    run = a_run()
    with at_work(run, [*training(20), AttemptEnded(attempt=1, outcome="failed", error="The disk is full.", step=20)]):
        pass
    run.console_path.write_text("Traceback of the engine\n", encoding="utf-8")
    app = Workbench("run", (run.id,))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "The disk is full." in plain(app), "the reason")
        await until(pilot, lambda: "Traceback of the engine" in plain(app), "the console")
        assert screen_of(app).tab == CONSOLE
        assert "resume from the checkpoint at step 400" in plain(app)
        await until(pilot, lambda: "r resume" in plain(app), "the key")
        await pilot.press("c")
        await until(pilot, lambda: any("no result" in said.message for said in app._notifications), "why not")


@played
async def test_a_run_that_is_not_there_is_a_sentence() -> None:
    app = Workbench("run", ("nothing-here",))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "There is no run" in plain(app), "the reason")
        await pilot.press("p")
        await pilot.press("enter")
        assert isinstance(app.screen, RunScreen)


@played
async def test_a_run_that_is_discarded_meanwhile_is_a_sentence() -> None:
    run = a_run()
    app = Workbench("run", (run.id,))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "lost" in plain(app), "the status")
        control.discard(run)
        await until(pilot, lambda: "was discarded" in plain(app), "that it is gone")


@played
async def test_a_kill_that_is_confirmed_ends_its_processes() -> None:
    run = a_run()
    app = Workbench("run", (run.id,))
    with start_program(WAITING, run.path, start_new_session=True) as engine:
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: "1 of 9" in plain(app), "its step")
            await pilot.press("k")
            await until(pilot, lambda: "Kill this run" in plain(app), "the question")
            await pilot.press("y")
            await until(pilot, lambda: "✗ lost" in plain(app), "that it is gone")
            assert engine.wait(10) != 0
            await until(pilot, lambda: any("ended" in said.message for said in app._notifications), "what happened")


@played
async def test_a_run_that_ends_while_another_page_is_open_is_told() -> None:
    run = a_run()
    app = Workbench("run", (run.id,))
    async with app.run_test(size=(120, 40)) as pilot:
        with at_work(run, training(3)) as writer:
            await until(pilot, lambda: "● running" in plain(app), "that it runs")
            app._take_attendance()
            app.go("runs")
            writer.write(AttemptEnded(attempt=1, outcome="done", step=3))
        app._take_attendance()
        await until(pilot, lambda: any("is done" in said.message for said in app._notifications), "the news")


WAITING = """
import sys
from pathlib import Path
from workbench.core.events import AttemptStarted, Phase, Step
from workbench.runs import journal, locks, process, store
run = store.Run(Path(sys.argv[1]))
fd = locks.acquire(run.lock_path)
process.write_identity(run.path, process.me(1))
writer = journal.Writer(run.events_path)
writer.write(AttemptStarted(attempt=1, pid=1))
writer.write(Step(step=1, steps=9, loss=1.0, learning_rate=1.0, grad_norm=1.0, tokens_per_second=1.0))
sys.stdin.read()
"""


@played
async def test_an_engine_that_dies_without_a_word_leaves_a_run_that_is_lost() -> None:
    run = a_run()
    app = Workbench("run", (run.id,))
    with start_program(WAITING, run.path) as engine:
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: "1 of 9" in plain(app), "its step")
            await pilot.press("k")
            await until(pilot, lambda: "Kill this run" in plain(app), "the question")
            assert "no checkpoint yet: everything so far is lost" in plain(app)
            await pilot.press("escape")
            assert engine.poll() is None
            os.kill(engine.pid, signal.SIGKILL)
            await until(pilot, lambda: "✗ lost" in plain(app), "that it is lost")
            assert "without a last word" in plain(app)
            await until(pilot, lambda: "r resume" in plain(app), "the way on")


@played
async def test_a_real_run_is_watched_paused_and_resumed_to_its_end(tmp_path: Path) -> None:
    few = tmp_path / "few.jsonl"
    few.write_text("".join(QUESTIONS.read_text(encoding="utf-8").splitlines(keepends=True)[:40]), encoding="utf-8")
    fields = {
        "tuning": "full",
        "base": "bundled",
        "max_steps": 4,
        "eval_steps": 2,
        "sample_max_new_tokens": 4,
        "data": [str(few)],
    }
    run = a_run("real", **fields, max_length=64, per_device_train_batch_size=2)
    control.start(run)
    app = Workbench("run", (run.id,))
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: screen_of(app).view.status in watching.ACTIVE, "that it began")
            await pilot.press("p")
            await until(pilot, lambda: screen_of(app).view.status == "paused", "the pause", 60)
            await until(pilot, lambda: "r resume" in plain(app), "the way on")
            await pilot.press("r")
            await until(pilot, lambda: screen_of(app).view.status == "done", "the end", 60)
            await until(pilot, lambda: "enter use it" in plain(app), "what can be done with it")
            assert "4 of 4" in plain(app)
            assert "100 %" in plain(app)
            await until(pilot, lambda: not screen_of(app).why_not("run.chat"), "that one can talk with it")
            assert screen_of(app).why_not("run.pause").startswith("real")
    finally:
        if run.status() in watching.ACTIVE:
            control.kill(run, 0.5)


@played
async def test_escape_goes_to_the_runs_and_the_run_goes_on() -> None:
    run = a_run()
    app = Workbench("run", (run.id,))
    with at_work(run, training(3)):
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: "3 of 1 052" in plain(app), "the figures")
            watcher = screen_of(app).watcher
            await pilot.press("escape")
            await until(pilot, lambda: "1 run on 1 base" in plain(app), "the runs")
            assert watcher is not None
            assert watcher._ended.is_set()
            await pilot.press("enter")
            await until(pilot, lambda: "3 of 1 052" in plain(app), "the run again")
