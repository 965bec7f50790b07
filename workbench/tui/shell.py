"""A command on the terminal that the application leaves for it, as an editor is called: one comes back with enter.

Owns leaving and coming back. Must not know what the command does.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys

from textual.app import SuspendNotSupported

from workbench.tui.desk import Desk


def outside(desk: Desk, *words: str) -> None:
    """Run a command of the workbench there to its end; where a terminal cannot be left, the page says so."""
    try:
        with desk.app.suspend():
            # Ctrl-C is the command's; a handler of ours is not handed on to it, as ignoring would be.
            before = signal.signal(signal.SIGINT, lambda number, frame: None)
            try:
                subprocess.run([sys.executable, "-P", "-m", "workbench", *words], check=False)
                with contextlib.suppress(EOFError):
                    input("\nenter goes back to the workbench ")
            finally:
                signal.signal(signal.SIGINT, before)
    except SuspendNotSupported:
        desk.say(f"This terminal cannot be left; `workbench {' '.join(words)}` in another one does the same.", "error")
    desk.refresh(layout=True)
