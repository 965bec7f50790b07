"""The question before a run, at a real terminal: it says what will run, and nothing is made before the answer."""

from __future__ import annotations

import contextlib
import os
import pty
import select
from pathlib import Path

import psutil
import pytest

from tests.cli.home import QUESTIONS, SECONDS, Home, end, settings
from tests.support import wait_until

ASKED = b"q leaves: "
SMALL = settings(max_steps=1, max_length=64, per_device_train_batch_size=2, gradient_accumulation_steps=1, eval_steps=0)
"""A run that is over soon, for tests that are not about its figures."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return folders of their own."""
    return Home(tmp_path / "home")


class Terminal:
    """A command at a terminal of its own."""

    def __init__(self, home: Home, *argv: str) -> None:
        self.said = b""
        self.child, self._screen = pty.fork()
        if not self.child:  # the command's process, with the terminal as its own
            command = home.command("train", "--base", "bundled", "--data", QUESTIONS, *argv)
            os.execve(command[0], command, home.env())  # noqa: S606 - there is no shell in it

    def shows(self, words: bytes) -> None:
        """Wait until the terminal has shown these words since the last time."""
        wait_until(lambda: words in self._read(), SECONDS, words.decode())
        self.said = self.said.partition(words)[2]

    def _read(self) -> bytes:
        """Return what was shown so far, without waiting for more."""
        with contextlib.suppress(OSError):  # the command is gone
            while select.select([self._screen], [], [], 0)[0]:
                self.said += os.read(self._screen, 1 << 16)
        return self.said

    def types(self, keys: bytes) -> None:
        """Type keys once the command waits: a Ctrl-C between a question and the wait for its answer ends neither."""
        process = psutil.Process(self.child)
        wait_until(lambda: process.status() == psutil.STATUS_SLEEPING, SECONDS, "the command waits")
        os.write(self._screen, keys)

    def ends(self) -> int:
        """Return the exit code, with all that was shown in `said`."""
        _, status = wait_until(self._ended, SECONDS, "the command ends")
        os.close(self._screen)
        return os.waitstatus_to_exitcode(status)

    def _ended(self) -> tuple[int, int] | None:
        """Return the process and its status once it is over."""
        self._read()
        found = os.waitpid(self.child, os.WNOHANG)
        return found if found[0] else None


def made(home: Home) -> list[str]:
    """Return the runs there are."""
    return [path.name for path in home.runs_dir.iterdir()] if home.runs_dir.is_dir() else []


@pytest.mark.parametrize(("keys", "code"), [(b"q\n", 0), (b"\x04", 0), (b"\x03", 130)])
def test_leaving_makes_nothing(home: Home, keys: bytes, code: int) -> None:
    terminal = Terminal(home)
    terminal.shows(b"SFT of all weights of bundled")
    terminal.shows(b"predicted on")
    terminal.shows(ASKED)
    terminal.types(keys)
    assert terminal.ends() == code
    assert b"Traceback" not in terminal.said
    assert made(home) == []


@pytest.mark.soak
def test_it_is_tried_and_asked_again_and_started(home: Home) -> None:
    terminal = Terminal(home, *SMALL, *settings(sample_max_new_tokens=0))
    terminal.shows(ASKED)
    terminal.types(b"d\n")
    terminal.shows(b"of the whole process")
    terminal.shows(ASKED)
    assert made(home) == [], "a dry run leaves nothing"
    terminal.types(b"\n")
    terminal.shows(b"Ctrl-C leaves it running")
    (run,) = made(home)
    try:
        terminal.types(b"\x03")
        assert terminal.ends() == 130
        assert b"Traceback" not in terminal.said
    finally:
        end(home.run(run))


def test_without_a_terminal_it_starts_and_says_that_it_can_be_tried(home: Home) -> None:
    done = home.workbench("train", "--data", QUESTIONS, "--detach", *SMALL)
    try:
        assert done.returncode == 0, done.stderr
        assert done.stderr.count("--dry-run") == 1
    finally:
        for run in made(home):
            end(home.run(run))
