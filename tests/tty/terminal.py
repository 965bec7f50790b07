"""A real terminal for tests: tmux on a socket of its own, driven by keys and read as text."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support import wait_until

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
ROOT = Path(__file__).resolve().parents[2]
INHERITED = ("PATH", "HOME", "LANG", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")


class Terminal:
    """A window of tmux with one program in it; what is in it is gone with it."""

    def __init__(
        self, command: list[str], width: int = 120, height: int = 40, more: Mapping[str, str] | None = None
    ) -> None:
        self._socket = f"workbench-{os.getpid()}-{secrets.token_hex(4)}"
        env = {name: os.environ[name] for name in INHERITED if name in os.environ}
        env |= {"PYTHONPATH": str(ROOT), "COLORTERM": "truecolor", "TERM": "xterm-256color", **(more or {})}
        self._env = env
        settings = [word for name, value in env.items() for word in ("-e", f"{name}={value}")]
        size = ["-x", str(width), "-y", str(height)]
        self._run("-f", "/dev/null", "new-session", "-d", "-s", "main", *size, *settings, *command)

    def _run(self, *words: str) -> str:
        """Run a command of tmux and return what it says."""
        command = ["tmux", "-L", self._socket, *words]
        # A size in the environment, which test runners set, would count for more than the window's.
        said = subprocess.run(command, env=self._env, capture_output=True, text=True, timeout=30, check=True)
        return said.stdout

    def keys(self, *keys: str) -> None:
        """Press keys, named as tmux names them."""
        self._run("send-keys", "-t", "main", *keys)

    def type(self, text: str) -> None:
        """Type a text."""
        self._run("send-keys", "-t", "main", "-l", text)

    def screen(self) -> str:
        """Return what is on the screen; "" when the window is gone."""
        try:
            return self._run("capture-pane", "-p", "-t", "main")
        except subprocess.CalledProcessError:
            return ""

    def until(self, text: str, seconds: float = 30) -> str:
        """Wait until a text is on the screen and return all of it."""
        shown = ""

        def there() -> bool:
            nonlocal shown
            shown = self.screen()
            return text in shown

        try:
            wait_until(there, seconds, f"{text!r} on the screen")
        except pytest.fail.Exception as error:
            pytest.fail(f"{error}\n{shown}")
        return shown

    def pane_pid(self) -> int:
        """Return the process in the window."""
        return int(self._run("list-panes", "-t", "main", "-F", "#{pane_pid}").strip())

    def close(self) -> None:
        """Close the window, as a person closes a terminal."""
        subprocess.run(["tmux", "-L", self._socket, "kill-server"], capture_output=True, timeout=30, check=False)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def workbench(*words: str) -> list[str]:
    """Return the command line of the workbench."""
    return [sys.executable, "-m", "workbench", *words]
