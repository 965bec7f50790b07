"""What comes from data, models, names and errors never reaches a real terminal as a control sequence, on any screen.

A program walks through the screens on a pseudo-terminal, with hostile text in everything that can be shown; the bytes
it writes are read like a terminal reads them.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.support import program_env
from tests.tty import hostile

SECONDS = 300
_CONTROL = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_].*?(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]", re.DOTALL)
_FORBIDDEN = re.compile(
    r"[\x80-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufff9-\ufffb]|[\x00-\x06\x0b\x0c\x0e-\x1a\x7f]"
)


_TITLE = re.compile(rb"\x1b\]0;[a-z]+ [a-z0-9-]+\x07")
"""The title of the terminal as the page of a run sets it: a status and the run's own name, which is a plain word."""


def foreign(written: bytes) -> list[str]:
    """Return what is in the bytes that a program wrote and can only come from the hostile text."""
    signs = [sign for sign in _CONTROL.findall(written) if not _TITLE.fullmatch(sign)]
    marked = (b"7713", b"qz", b"\x1b]52")
    found = [f"{sign!r} in a sequence" for sign in signs if any(mark in sign.lower() for mark in marked)]
    rest = _CONTROL.sub(b"", written)
    if b"\x1b" in rest:
        found.append(f"an escape that begins nothing: {rest[rest.index(27) : rest.index(27) + 20]!r}")
    found += [repr(sign) for sign in _FORBIDDEN.findall(rest.decode("utf-8", "replace"))]
    return found


def played(home: Path, width: int, height: int) -> tuple[bytes, dict[str, bool]]:
    """Return (what was written to the terminal, page → whether hostile text was on it)."""
    report = home / "report.json"
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
    env = program_env() | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONWARNINGS": "ignore"}
    for name in ("COLUMNS", "LINES", "NO_COLOR"):
        env.pop(name, None)
    command = [sys.executable, "-m", "tests.tty.hostile", str(report)]
    child = subprocess.Popen(command, stdin=side, stdout=side, stderr=side, env=env, start_new_session=True)
    os.close(side)
    written, deadline = b"", time.monotonic() + SECONDS
    try:
        while time.monotonic() < deadline:
            if not select.select([main], [], [], 0.1)[0]:
                continue
            try:
                written += os.read(main, 1 << 16)
            except OSError:
                break  # the last one who had the terminal open is gone
        assert child.wait(10) == 0, written[-2000:].decode("utf-8", "replace")
    finally:
        child.kill()
        child.wait()
        os.close(main)
    return written, json.loads(report.read_text())


@pytest.mark.slow
@pytest.mark.parametrize("size", [(120, 40), pytest.param((80, 24), marks=pytest.mark.soak)])
def test_no_screen_lets_foreign_sequences_through(size: tuple[int, int], tmp_path: Path) -> None:
    written, seen = played(tmp_path, *size)
    assert set(seen) == set(hostile.PAGES)
    assert all(seen.values()), f"nothing hostile was on {[page for page, was in seen.items() if not was]}"
    assert b"\x1b[?1049h" in written
    assert len(written) > 20_000
    assert not foreign(written)


@pytest.mark.parametrize("text", [*hostile.SEQUENCES, *hostile.SIGNS])
def test_each_of_these_would_be_found(text: str) -> None:
    assert foreign(b"\x1b[?1049hsome page" + text.encode("utf-8", "surrogatepass") + b" and more \x1b[0m")
