"""The application in a real terminal: it comes, it goes, and what it started outlives it."""

from __future__ import annotations

import os
import shlex
import subprocess

import psutil

from tests.support import wait_until
from tests.tty.terminal import Terminal, needs_tmux, workbench

pytestmark = needs_tmux


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_leaves_the_terminal_as_it_was() -> None:
    with Terminal(["bash", "--norc"], more={"PS1": "ready> "}) as terminal:
        terminal.until("ready>")
        terminal.type(" ".join(workbench()))
        terminal.keys("Enter")
        terminal.until("help", 60)
        terminal.keys("C-q")
        terminal.until("ready>", 60)
        terminal.type("stty -a | tr ' ' '\\n' | grep -c '^-echo$'; echo over")
        terminal.keys("Enter")
        shown = terminal.until("\nover", 20)
        assert "0\nover" in shown, "echo is off"
        flags = terminal._run("display-message", "-p", "-t", "main", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}")
        assert flags.split() == ["0", "0", "1"]


def test_it_ends_with_its_terminal() -> None:
    terminal = Terminal(workbench())
    try:
        terminal.until("help", 60)
        pid = terminal.pane_pid()
    finally:
        terminal.close()
    wait_until(lambda: not _is_alive(pid), 20, "the interface to be gone with its terminal")


def test_a_signal_ends_it_as_its_key_does() -> None:
    with Terminal(["bash", "--norc"], more={"PS1": "ready> "}) as terminal:
        terminal.until("ready>")
        terminal.type(" ".join(workbench()) + "; echo code $?")
        terminal.keys("Enter")
        terminal.until("fits", 60)
        (child,) = psutil.Process(terminal.pane_pid()).children()
        child.terminate()
        terminal.until("code 143", 20)
        flags = terminal._run("display-message", "-p", "-t", "main", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}")
        assert flags.split() == ["0", "0", "1"]


def test_a_narrow_and_a_wide_terminal_are_both_served() -> None:
    for width, height in ((80, 24), (200, 60)):
        with Terminal(workbench(), width, height) as terminal:
            shown = terminal.until("help", 60)
            lines = shown.splitlines()
            assert len(lines) <= height
            assert all(len(line) <= width for line in lines)
            terminal.until("fits", 60)


def test_without_a_terminal_it_says_what_there_is() -> None:
    said = subprocess.run(
        workbench(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )
    assert said.returncode == 0
    assert "usage: workbench" in said.stdout
    assert "as its input and output are no terminal" in said.stderr


def test_the_demo_has_the_terminal_until_one_comes_back() -> None:
    with Terminal(workbench()) as terminal:
        terminal.until("help", 60)
        terminal.keys("F3")
        terminal.until("No runs yet", 60)
        terminal.keys("d")
        assert "No runs yet" not in terminal.until("knows one half of an invented valley", 60)
        terminal.keys("C-c")
        terminal.until("enter goes back to the workbench", 60)
        terminal.keys("Enter")
        terminal.until("runs", 60)
        terminal.until("? help", 60)


def test_a_terminal_that_cannot_draw_gets_the_usage() -> None:
    with Terminal(["sh", "-c", f"TERM=dumb {shlex.join(workbench())}; sleep 60"]) as terminal:
        terminal.until("usage: workbench", 60)
        terminal.until("TERM=dumb names a terminal that cannot draw", 60)
