"""Locks between real processes: exactly one holder, honest looks, and a queue that survives the dead."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import threading
from pathlib import Path

import psutil
import pytest

from tests.support import start_program, wait_until
from workbench.core import paths
from workbench.core.errors import WorkbenchError
from workbench.runs import locks

HOLDER = """
import os, signal, sys
from pathlib import Path
from workbench.runs import locks
fd = locks.acquire(Path(sys.argv[1]))
if "fork" in sys.argv and os.fork() == 0:
    os.close(1)
    while True:
        signal.pause()
print("held" if fd is not None else "refused", flush=True)
signal.pause()
"""

LOOKER = """
import sys
from pathlib import Path
from workbench.runs import locks
print("ready", flush=True)
while True:
    locks.is_held(Path(sys.argv[1]))
"""

GRABBER = """
import sys
from pathlib import Path
from workbench.runs import locks
print("ready", flush=True)
for line in sys.stdin:
    fd = locks.acquire(Path(line.strip()))
    print("no" if fd is None else "yes", flush=True)
"""

WAITER = """
import os, sys
from workbench.runs import locks
lease = locks.take_lease(lambda ahead: print("waits", ahead, flush=True), lambda: os.path.exists(sys.argv[1]))
print("none" if lease is None else "has", flush=True)
sys.stdin.read()
"""

SHORT_TURN = """
import os, sys, time
from workbench.runs import locks
locks.POLL_SECONDS = 0.01
log = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
for _ in range(4):
    lease = locks.take_lease(lambda ahead: None, lambda: False)
    os.write(log, b"in\\n")
    time.sleep(0.002)
    os.write(log, b"out\\n")
    locks.release(lease)
"""


def line_of(child: subprocess.Popen[str]) -> str:
    """Return the next line a child prints."""
    assert child.stdout is not None
    return child.stdout.readline().strip()


def end(*children: subprocess.Popen[str]) -> None:
    """Kill and collect children."""
    for child in children:
        child.kill()
        child.communicate()


def test_one_process_holds_a_lock_until_it_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not locks.is_held(path)
    assert not path.exists(), "looking makes no file"
    holder = start_program(HOLDER, path)
    assert line_of(holder) == "held"
    assert locks.is_held(path)
    assert locks.acquire(path) is None
    end(holder)
    assert not locks.is_held(path)
    fd = locks.acquire(path)
    assert fd is not None
    assert os.get_inheritable(fd)
    assert locks.is_held(path)
    locks.release(fd)
    assert not locks.is_held(path)


def test_a_forked_child_of_a_dead_holder_keeps_the_lock(tmp_path: Path) -> None:
    holder = start_program(HOLDER, tmp_path / "lock", "fork")
    assert line_of(holder) == "held"
    children = psutil.Process(holder.pid).children()
    assert len(children) == 1
    end(holder)
    assert locks.is_held(tmp_path / "lock")
    children[0].kill()
    wait_until(lambda: not locks.is_held(tmp_path / "lock"), 5, "the orphan's death frees the lock")


def test_looking_never_refuses_an_acquirer(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    lookers = [start_program(LOOKER, path) for _ in range(3)]
    try:
        assert [line_of(looker) for looker in lookers] == ["ready"] * 3
        for _ in range(300):
            fd = locks.acquire(path)
            assert fd is not None
            locks.release(fd)
    finally:
        end(*lookers)


def test_an_acquirer_outlasts_a_look_that_takes_long(tmp_path: Path) -> None:
    """What a look does, drawn out: a shared lock, at which asking for the exclusive one at once fails."""
    path = tmp_path / "lock"
    look = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(look, fcntl.LOCK_SH)
    naive = os.open(path, os.O_RDWR)
    with pytest.raises(BlockingIOError):
        fcntl.flock(naive, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(naive)
    assert not locks.is_held(path)
    timer = threading.Timer(0.1, os.close, [look])
    timer.start()
    fd = locks.acquire(path)
    timer.join()
    assert fd is not None
    assert locks.is_held(path)
    locks.release(fd)


def test_of_many_acquirers_exactly_one_succeeds(tmp_path: Path) -> None:
    grabbers = [start_program(GRABBER) for _ in range(4)]
    try:
        assert [line_of(grabber) for grabber in grabbers] == ["ready"] * 4
        for turn in range(25):
            for grabber in grabbers:
                assert grabber.stdin is not None
                grabber.stdin.write(f"{tmp_path / str(turn)}\n")
                grabber.stdin.flush()
            assert sorted(line_of(grabber) for grabber in grabbers) == ["no", "no", "no", "yes"]
    finally:
        end(*grabbers)


def test_a_lock_in_no_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="cannot be opened"):
        locks.acquire(tmp_path / "missing" / "lock")


def tickets() -> list[str]:
    """Return the names of the tickets in the queue."""
    return [path.name for path in sorted((paths.state_home() / "lease").glob("*.ticket"))]


def test_the_queue_keeps_its_order_when_holder_and_next_waiter_are_killed(tmp_path: Path) -> None:
    never = tmp_path / "never"
    queue = []
    try:
        for ahead in range(5):
            queue.append(start_program(WAITER, never))
            assert line_of(queue[-1]) == ("has" if ahead == 0 else f"waits {ahead}")
        assert len(tickets()) == 4
        holder, first, second, third, fourth = queue
        first.send_signal(signal.SIGKILL)
        holder.send_signal(signal.SIGKILL)
        # How many are ahead may be told in between; the turn comes to the second and to nobody else.
        wait_until(lambda: line_of(second) == "has", 5, "the second waiter has its turn")
        assert locks.is_held(locks.lease_path())
        wait_until(lambda: line_of(third) == "waits 1", 5, "the third knows that one is ahead")
        wait_until(lambda: line_of(fourth) == "waits 2", 5, "the fourth knows that two are ahead")
        second.communicate("")
        assert line_of(third) == "has"
        third.send_signal(signal.SIGKILL)
        wait_until(lambda: line_of(fourth) == "has", 5, "the last one has its turn")
        fourth.communicate("")
        newcomer = start_program(WAITER, never)
        queue.append(newcomer)
        assert line_of(newcomer) == "has"
        assert tickets() == [], "the tickets of the dead are removed"
    finally:
        end(*queue)


def test_a_waiter_gives_up_and_leaves_the_queue(tmp_path: Path) -> None:
    holder, waiter = start_program(WAITER, tmp_path / "never"), None
    try:
        assert line_of(holder) == "has"
        waiter = start_program(WAITER, tmp_path / "given-up")
        assert line_of(waiter) == "waits 1"
        assert len(tickets()) == 1
        (tmp_path / "given-up").touch()
        assert line_of(waiter) == "none"
        assert tickets() == []
    finally:
        end(*[child for child in (holder, waiter) if child])


def test_two_never_have_the_lease_at_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    children = [start_program(SHORT_TURN, log) for _ in range(5)]
    assert [child.wait(60) for child in children] == [0] * 5
    end(*children)
    assert log.read_text(encoding="ascii").split() == ["in", "out"] * 20
    assert tickets() == []


def test_a_waiting_process_is_small_and_has_loaded_nothing_heavy(tmp_path: Path) -> None:
    heavy = """
import json, sys
import workbench.runs.control, workbench.runs.journal, workbench.runs.locks, workbench.runs.process
modules = ("torch", "numpy", "transformers", "textual", "hypothesis")
print(json.dumps([name for name in modules if name in sys.modules]), flush=True)
"""
    holder = start_program(WAITER, tmp_path / "never")
    said = line_of(holder)  # before the other one begins: whoever asks first has it
    waiter = start_program(heavy + WAITER, tmp_path / "never")
    try:
        assert said == "has"
        assert json.loads(line_of(waiter)) == []
        wait_until(lambda: line_of(waiter).startswith("waits"), 5, "the second process waits")
        assert psutil.Process(waiter.pid).memory_info().rss < 40 << 20
    finally:
        end(holder, waiter)
