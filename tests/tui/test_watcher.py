"""Screens are told of what goes on in real run directories, by messages that merge."""

from __future__ import annotations

import shutil
from itertools import pairwise

import pytest
from textual.app import App
from textual.message import Message
from textual.screen import Screen

from tests.support import start_program
from tests.tui.pilots import played, until
from workbench.core import recipe
from workbench.core.events import AttemptEnded, AttemptStarted, Notice, Step, encode
from workbench.runs import history, journal, locks, store
from workbench.tui import watcher as watchers
from workbench.tui.messages import ConsoleGrew, RunAdvanced, RunEnded, RunGone, RunsChanged
from workbench.tui.view import RunView
from workbench.tui.watcher import RunsWatcher, RunWatcher


def a_run() -> store.Run:
    text = recipe.to_toml(recipe.resolve({"method": "sft", "learning_rate": 3e-4}))
    return store.create(text, method="sft", tuning="lora", base="bundled", title="watched")


def a_step(step: int, steps: int = 1000) -> Step:
    return Step(step=step, steps=steps, loss=1.0, learning_rate=1e-4, grad_norm=1.0, tokens_per_second=10.0)


class Watching(Screen[None]):
    """Takes what its watcher tells, as the screen of a run does."""

    def __init__(self, run: store.Run) -> None:
        super().__init__()
        self.watcher = RunWatcher(self, run)
        self.view = RunView()
        self.lines: list[str] = []
        self.told: list[Message] = []
        self.merged: list[int] = []

    def on_mount(self) -> None:
        self.watcher.start()

    def on_unmount(self) -> None:
        self.watcher.stop()

    def on_screen_suspend(self) -> None:
        self.watcher.hold()

    def on_screen_resume(self) -> None:
        self.watcher.go()

    def on_run_advanced(self, message: RunAdvanced) -> None:
        before, view = self.view.step, self.watcher.take()
        if view is self.view:
            self.merged.append(view.step - before)
        self.view = view
        self.told.append(message)

    def on_console_grew(self, message: ConsoleGrew) -> None:
        self.lines += self.watcher.take_lines()

    def on_run_ended(self, message: RunEnded) -> None:
        self.told.append(message)

    def on_run_gone(self, message: RunGone) -> None:
        self.told.append(message)


class Host(App[None]):
    """Shows one screen."""

    def __init__(self, screen: Screen[None]) -> None:
        super().__init__()
        self.first = screen

    def on_mount(self) -> None:
        self.push_screen(self.first)


@played
async def test_a_run_is_followed_from_its_first_event_to_its_end() -> None:
    run = a_run()
    fd = locks.acquire(run.lock_path)
    assert fd is not None
    screen = Watching(run)
    async with Host(screen).run_test() as pilot:
        await until(pilot, lambda: screen.view.status == "queued", "the status of a run without a journal")
        assert screen.view.about.recipe is not None
        assert screen.view.about.recipe.learning_rate == 3e-4
        writer = journal.Writer(run.events_path)
        writer.write(AttemptStarted(attempt=1, pid=1))
        writer.write(a_step(1))
        await until(pilot, lambda: screen.view.step == 1, "the first step")
        run.report_path.write_text('{"memory": {"predicted": {"peak": 1}, "measured": {"peak": 2, "reserved": 2}}}')
        writer.write(AttemptEnded(attempt=1, outcome="done", step=1))
        writer.close()
        locks.release(fd)
        await until(pilot, lambda: screen.view.status == "done", "the end")
        await until(pilot, lambda: screen.view.memory == (1, 2), "the report")
        ended = [message for message in screen.told if isinstance(message, RunEnded)]
        assert [(message.run_id, message.status) for message in ended] == [(run.id, "done")]


ENGINE = """
import sys
from workbench.core.events import AttemptStarted, Step
from workbench.runs import journal, locks, store
from pathlib import Path
run = store.Run(Path(sys.argv[1]))
fd = locks.acquire(run.lock_path)
writer = journal.Writer(run.events_path)
writer.write(AttemptStarted(attempt=1, pid=1))
writer.write(Step(step=1, steps=9, loss=1.0, learning_rate=1.0, grad_norm=1.0, tokens_per_second=1.0))
sys.stdin.read()
"""


@played
async def test_a_run_whose_process_is_killed_is_told_to_be_lost() -> None:
    run = a_run()
    screen = Watching(run)
    with start_program(ENGINE, run.path) as child:
        async with Host(screen).run_test() as pilot:
            await until(pilot, lambda: screen.view.step == 1, "the first step")
            child.kill()
            await until(pilot, lambda: screen.view.status == "lost", "what became of it")
            assert [m.status for m in screen.told if isinstance(m, RunEnded)] == ["lost"]


@played
async def test_a_long_journal_that_cannot_be_condensed_is_followed_from_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = a_run()
    lines = b"".join(encode(a_step(step, 3000)) for step in range(1, 3001))
    run.events_path.write_bytes(lines)
    monkeypatch.setattr(history, "_SECONDS", 0.0)  # no child can answer in that time
    screen = Watching(run)
    async with Host(screen).run_test() as pilot:
        await until(pilot, lambda: screen.view.step == 3000, "the newest figures")
        with run.events_path.open("ab") as file:
            file.write(encode(a_step(3001, 3001)))
        await until(pilot, lambda: screen.view.step == 3001, "a step after that")
        assert not screen.view.is_whole
        curve = [x for x, _ in screen.view.curves["loss"]]
        assert curve[0] == 1
        assert max(later - earlier for earlier, later in pairwise(curve)) < 30, "its beginning is drawn in outline"


@played
async def test_many_events_are_merged_a_few_at_a_time_and_none_is_lost() -> None:
    run = a_run()
    run.events_path.write_bytes(encode(AttemptStarted(attempt=1, pid=1)))
    screen = Watching(run)
    async with Host(screen).run_test() as pilot:
        await until(pilot, lambda: screen.view.attempts, "the view")
        with run.events_path.open("ab") as file:
            file.write(b"".join(encode(a_step(step)) for step in range(1, 801)))
        await until(pilot, lambda: screen.view.step == 800, "all steps")
    assert screen.view.curves["loss"].points == 800
    assert max(screen.merged) <= watchers.MERGED
    assert sum(screen.merged) == 800


@played
async def test_a_long_journal_shows_its_end_at_once_and_its_curves_soon() -> None:
    run = a_run()
    count = 3000
    lines = [encode(a_step(step, count)) for step in range(1, count + 1)]
    run.events_path.write_bytes(encode(AttemptStarted(attempt=1, pid=1)) + b"".join(lines))
    assert run.events_path.stat().st_size > watchers.LONG_BYTES
    screen = Watching(run)
    async with Host(screen).run_test() as pilot:
        await until(pilot, lambda: screen.view.step == count, "the newest figures")
        await until(pilot, lambda: screen.view.is_whole and screen.view.curves, "the whole curve")
        assert screen.view.curves["loss"].points == count
        assert screen.view.attempts
        with run.events_path.open("ab") as file:
            file.write(encode(a_step(count + 1, count + 1)))
        await until(pilot, lambda: screen.view.step == count + 1, "a step after that")
        assert screen.view.curves["loss"].points == count + 1


@played
async def test_torn_lines_wait_and_a_replaced_journal_is_read_anew() -> None:
    run = a_run()
    line = encode(a_step(1))
    run.events_path.write_bytes(line[:30])
    screen = Watching(run)
    async with Host(screen).run_test() as pilot:
        await until(pilot, lambda: screen.view.status, "a look")
        assert screen.view.step == 0
        with run.events_path.open("ab") as file:
            file.write(line[30:])
        await until(pilot, lambda: screen.view.step == 1, "the line once it is whole")
        other = run.path / "other"
        other.write_bytes(encode(a_step(7)) + encode(Notice(level="info", code="new", text="Another journal.")))
        other.replace(run.events_path)
        await until(pilot, lambda: screen.view.step == 7, "the other journal")
        assert screen.view.curves["loss"].points == 1


@played
async def test_a_run_that_is_gone_is_told_and_no_longer_watched() -> None:
    run = a_run()
    screen = Watching(run)
    async with Host(screen).run_test() as pilot:
        await until(pilot, lambda: screen.view.status, "a look")
        shutil.rmtree(run.path)
        await until(pilot, lambda: any(isinstance(message, RunGone) for message in screen.told), "that it is gone")
        await until(pilot, lambda: all(worker.is_finished for worker in screen.workers), "the end of the thread")


@played
async def test_a_watcher_rests_with_its_screen_and_ends_with_it() -> None:
    run = a_run()
    run.events_path.write_bytes(encode(a_step(1)))
    screen = Watching(run)
    async with Host(screen).run_test() as pilot:
        await until(pilot, lambda: screen.view.step == 1, "the first step")
        worker = next(iter(screen.workers))
        pilot.app.push_screen(Screen())
        await pilot.pause()
        ticks = screen.watcher.looks
        with run.events_path.open("ab") as file:
            file.write(encode(a_step(2)))
        other = RunWatcher(pilot.app, run)
        other.start()
        await until(pilot, lambda: other.looks > 4, "another watcher's looks meanwhile")
        other.stop()
        assert screen.watcher.looks <= ticks + 1
        assert screen.view.step == 1
        pilot.app.pop_screen()
        await until(pilot, lambda: screen.view.step == 2, "the step, once it is shown again")
        pilot.app.switch_screen(Screen())
        await until(pilot, lambda: worker.is_finished, "the end of the thread")


@played
async def test_the_console_is_followed_while_somebody_looks() -> None:
    run = a_run()
    run.console_path.write_bytes(b"early\n")
    screen = Watching(run)
    async with Host(screen).run_test() as pilot:
        await until(pilot, lambda: screen.view.status, "a look")
        assert screen.lines == []
        screen.watcher.follow_console(True)
        await until(pilot, lambda: screen.lines == ["early"], "what was there")
        with run.console_path.open("ab") as file:
            file.write(b"\x1b[31mred\x1b[0m\nto")
        await until(pilot, lambda: screen.lines == ["early", "red"], "a line without its colours")
        with run.console_path.open("ab") as file:
            file.write(b"rn\n")
        await until(pilot, lambda: screen.lines[-1] == "torn", "a line once it is whole")


def test_messages_that_say_the_same_merge() -> None:
    assert RunAdvanced("a").can_replace(RunAdvanced("a"))
    assert not RunAdvanced("a").can_replace(RunAdvanced("b"))
    assert not RunAdvanced("a").can_replace(ConsoleGrew("a"))
    assert not RunEnded("a", "done").can_replace(RunAdvanced("a"))
    assert RunsChanged().can_replace(RunsChanged())


class Listing(Screen[None]):
    """Takes what the watcher of all runs tells."""

    def __init__(self) -> None:
        super().__init__()
        self.watcher = RunsWatcher(self, points=8)
        self.order: tuple[str, ...] = ()
        self.changes: list[set[str]] = []
        self.statuses: dict[str, str] = {}

    def on_mount(self) -> None:
        self.watcher.start()

    def on_unmount(self) -> None:
        self.watcher.stop()

    def on_runs_changed(self, message: RunsChanged) -> None:
        self.order, changed = self.watcher.take()
        self.changes.append(set(changed))
        self.statuses |= {name: glance.status for name, glance in changed.items()}


@played
async def test_the_list_of_runs_tells_only_rows_that_have_changed() -> None:
    one, two = a_run(), a_run()
    screen = Listing()
    async with Host(screen).run_test() as pilot:
        await until(pilot, lambda: screen.order == (two.id, one.id), "both runs")
        with one.events_path.open("ab") as file:
            file.write(encode(AttemptStarted(attempt=1, pid=1)) + encode(AttemptEnded(attempt=1, outcome="done")))
        await until(pilot, lambda: screen.statuses.get(one.id) == "done", "the new status")
        assert screen.changes == [{one.id, two.id}, {one.id}]
        shutil.rmtree(two.path)
        await until(pilot, lambda: screen.order == (one.id,), "that one is gone")
