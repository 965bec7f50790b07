"""The life of a run, on real processes: every request, every kind of death, and never two attempts at once."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support import start_program, wait_until
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.events import AttemptStarted
from workbench.runs import control, locks, process, store
from workbench.runs.store import Run

START = """
import sys
from pathlib import Path
from workbench.core.errors import UsageError
from workbench.runs import control, process
from workbench.runs.store import Run
launch = process.launch
process.launch = lambda run_dir, fd: launch(run_dir, fd, "tests.runs.metronome")
print("ready", flush=True)
sys.stdin.readline()
try:
    print(getattr(control, sys.argv[1])(Run(Path(sys.argv[2]))))
except UsageError as error:
    print(error)
"""


@pytest.fixture
def _metronome(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let runs tick instead of train; whatever still ticks at the end is killed."""
    launch = process.launch
    monkeypatch.setattr(process, "launch", lambda run_dir, fd: launch(run_dir, fd, "tests.runs.metronome"))
    yield
    for run in store.list_runs():
        if locks.is_held(run.lock_path):
            with contextlib.suppress(UsageError):  # it ended meanwhile
                control.kill(run, term_seconds=0)


pytestmark = pytest.mark.usefixtures("_metronome")


def new_run(words: str = "", **rest: str) -> Run:
    """Make a run whose recipe is read by the metronome."""
    return store.create(words, **{"method": "sft", "tuning": "lora", "base": "bundled", "title": "a run", **rest})


def wait_for(run: Run, status: str) -> None:
    """Wait until a run has a status."""
    wait_until(lambda: run.status() == status, 10, f"the run is {status}, not {run.status()}")


def statuses_until(run: Run, last: str) -> set[str]:
    """Return every status seen until `last` is."""
    seen: set[str] = set()
    wait_until(lambda: seen.add(run.status()) or last in seen, 10, f"the run is {last}")  # type: ignore[func-returns-value]
    return seen


def test_a_run_is_paused_resumed_stopped_and_resumed() -> None:
    run = new_run()
    pid = control.start(run)
    assert statuses_until(run, "running") <= {"queued", "running"}
    control.pause(run)
    assert control.pending(run.path) == "pause"
    assert statuses_until(run, "paused") <= {"running", "pausing", "paused"}
    assert control.resume(run) != pid
    assert control.pending(run.path) == ""
    assert statuses_until(run, "running") <= {"queued", "running"}
    control.stop(run)
    assert statuses_until(run, "stopped") <= {"running", "stopping", "stopped"}
    assert [event.attempt for event in run.events() if isinstance(event, AttemptStarted)] == [1, 2]


def test_a_stop_outranks_a_pause() -> None:
    """Both are filed before the engine can look for either."""
    run = new_run()
    control.request(run.path, "pause")
    control.request(run.path, "stop")
    assert control.pending(run.path) == "stop"
    control.start(run)
    wait_for(run, "stopped")


def test_a_killed_engine_is_lost_and_can_be_resumed() -> None:
    run = new_run()
    os.kill(control.start(run), 0)
    wait_for(run, "running")
    os.kill(process.read_identity(run.path).pid, signal.SIGKILL)  # type: ignore[union-attr]
    wait_for(run, "lost")
    control.resume(run)
    wait_for(run, "running")
    assert run.summary()["attempt"] == 2


def test_a_failed_run_says_why_until_it_is_resumed() -> None:
    run = new_run("fails")
    control.start(run)
    wait_for(run, "failed")
    assert run.summary()["error"] == "It was told to fail."
    run.recipe_path.write_text("", encoding="utf-8")
    control.resume(run)
    wait_for(run, "running")
    assert run.summary()["error"] == ""


def test_what_makes_no_sense_is_refused_with_the_reason() -> None:
    run = new_run()
    control.start(run)
    wait_for(run, "running")
    with pytest.raises(UsageError, match="is running and cannot be resumed"):
        control.resume(run)
    with pytest.raises(UsageError, match="is running and cannot be discarded"):
        control.discard(run)
    with pytest.raises(UsageError, match="two attempts never share a run"):
        control.start(run)
    assert control.kill(run).endswith("after it was told to, without force.")
    for action in (control.pause, control.stop, control.kill):
        with pytest.raises(UsageError, match="is stopped and cannot be"):
            action(run)
    with pytest.raises(UsageError, match="resume it instead"):
        control.start(run)
    assert not locks.is_held(run.lock_path)


@pytest.mark.parametrize("action", ["start", "resume"])
def test_of_many_who_start_or_resume_at_once_one_does(action: str) -> None:
    run = new_run()
    if action == "resume":
        control.start(run)
        wait_for(run, "running")
        control.kill(run, term_seconds=0)
    before = len(run.events())
    people = [start_program(START, action, run.path) for _ in range(4)]
    for person in people:
        assert person.stdout is not None
        assert person.stdout.readline() == "ready\n"
    answers = [person.communicate("\n")[0].strip() for person in people]
    assert sum(answer.isdigit() for answer in answers) == 1
    assert all(answer.isdigit() or run.id in answer for answer in answers)
    wait_for(run, "running")
    assert sum(isinstance(event, AttemptStarted) for event in run.events()[before:]) == 1


def test_a_deaf_engine_is_killed() -> None:
    run = new_run("deaf")
    pid = control.start(run)
    wait_for(run, "running")
    control.stop(run)
    wait_for(run, "stopping")
    assert control.kill(run, term_seconds=0.2) == "It did not end within 0 s, so 1 process was killed."
    assert run.status() == "lost"
    wait_until(lambda: not psutil.pid_exists(pid), 5, "it is gone")


def test_an_orphan_that_keeps_the_lock_is_stuck_and_can_be_killed() -> None:
    run = new_run("orphan")
    pid = control.start(run)
    wait_for(run, "running")
    os.kill(pid, signal.SIGKILL)
    wait_for(run, "stuck")
    with pytest.raises(UsageError, match="is stuck and cannot be resumed"):
        control.resume(run)
    assert control.kill(run, term_seconds=0.2) == "It did not end within 0 s, so 1 process was killed."
    assert run.status() == "lost"


def test_a_stranger_in_the_group_s_place_is_not_killed() -> None:
    """The leader is gone, its number names a group of somebody else, and somebody else holds the lock."""
    run = new_run()
    stranger = start_program("import signal; print('up', flush=True); signal.pause()", start_new_session=True)
    fd = locks.acquire(run.lock_path)
    assert fd is not None
    try:
        assert stranger.stdout is not None
        assert stranger.stdout.readline() == "up\n"
        identity = process.identify(stranger.pid, 1)
        assert identity is not None
        earlier = process.Identity(**{**vars(identity), "start_ticks": identity.start_ticks - 1})
        process.write_identity(run.path, earlier)
        assert run.status() == "stuck"
        with pytest.raises(WorkbenchError, match="none of the group"):
            control.kill(run, term_seconds=0)
        assert process.is_alive(identity)
    finally:
        locks.release(fd)
        stranger.kill()
        stranger.communicate()


def test_the_queue_is_served_one_by_one_and_left_on_request() -> None:
    first, second, third = (new_run("queues") for _ in range(3))
    control.start(first)
    wait_for(first, "running")
    control.start(second)
    wait_until(lambda: second.summary()["phase"] == "waiting", 10, "the second waits")
    control.start(third)
    wait_until(lambda: third.summary()["phase"] == "waiting", 10, "the third waits")
    assert [run.status() for run in (first, second, third)] == ["running", "queued", "queued"]
    control.pause(second)
    wait_for(second, "paused")
    assert third.status() == "queued"
    control.kill(first, term_seconds=0)
    wait_for(third, "running")


def test_a_discarded_run_is_gone_unless_another_builds_on_it() -> None:
    run = new_run()
    child = new_run(parent=run.id)
    with pytest.raises(UsageError, match=child.id):
        control.discard(run)
    control.discard(child)
    control.discard(run)
    assert store.list_runs() == []
    assert list(run.path.parent.iterdir()) == []


def test_requests_are_files_that_can_be_filed_twice(tmp_path: Path) -> None:
    assert control.pending(tmp_path) == ""
    control.clear(tmp_path)
    for _ in range(2):
        control.request(tmp_path, "pause")
        assert control.pending(tmp_path) == "pause"
    control.request(tmp_path, "stop")
    assert control.pending(tmp_path) == "stop"
    assert {path.name: path.stat().st_size for path in (tmp_path / "control").iterdir()} == {"pause": 0, "stop": 0}
    control.clear(tmp_path)
    assert control.pending(tmp_path) == ""
    (tmp_path / "file").touch()
    with pytest.raises(WorkbenchError, match="cannot be filed"):
        control.request(tmp_path / "file", "pause")
