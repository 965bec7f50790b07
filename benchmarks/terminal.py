"""A program in a pseudo-terminal of 120 by 40, and how its event loop keeps up: what the benchmarks of screens share.

Owns the terminal and the probe of the loop. Must not know what is measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

ROOT = Path(__file__).resolve().parents[1]
PROBE_SECONDS = 0.005
TICKS = 10
"""How often a second new points and lines are handed to the widgets; charts draw at most twice a second."""
TEXT = 1 << 18
"""Characters of output that are searched for words."""
QUIET = 2500
"""Bytes below which a page counts as quiet: a header is written anew every second."""
SEQUENCE = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[P_^][^\x1b]*\x1b\\|.)")
"""A control sequence of a terminal."""


def environment() -> dict[str, str]:
    """Return what a process in the pseudo-terminal is told."""
    told = {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    return {**os.environ, **told}


class Window:
    """A program in a pseudo-terminal; a thread reads what it writes, as fast as any terminal."""

    def __init__(self, *words: str) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.began = time.perf_counter()
        self.child = subprocess.Popen(
            [sys.executable, *words], stdin=theirs, stdout=theirs, stderr=theirs, env=environment(),
            start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self.written = 0
        self._text = ""
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                block = os.read(self._ours, 1 << 16)
            except OSError:  # The other side is closed.
                return
            if not block:
                return
            self.written += len(block)
            self._text = (self._text + block.decode(errors="replace"))[-TEXT:]

    def until(self, words: str, seconds: float = 30.0) -> float:
        """Wait until these words have been written; return how long after the start."""
        while words not in SEQUENCE.sub("", self._text):
            if time.perf_counter() - self.began > seconds:
                sys.exit(f"{words!r} was not on the screen within {seconds:g} s")
            time.sleep(0.001)
        return time.perf_counter() - self.began

    def type(self, keys: bytes) -> None:
        """Type keys; what was written before is no longer looked through."""
        self._text = ""
        os.write(self._ours, keys)

    def quiet(self, seconds: float) -> int:
        """Wait until hardly more than a header is written in so many seconds; return the bytes written so far."""
        before = -QUIET
        while self.written - before >= QUIET:
            before = self.written
            time.sleep(seconds)
        return self.written

    def cpu(self) -> float:
        """Return the processor seconds of the program, ended children included."""
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")

    def megabytes(self) -> float:
        """Return its resident memory."""
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024 / 1e6

    def has(self, library: str) -> bool:
        """Return whether a library has been loaded into it."""
        return library in Path(f"/proc/{self.child.pid}/maps").read_text()

    def end(self) -> None:
        """Type the key that quits, and wait."""
        with contextlib.suppress(OSError):
            os.write(self._ours, b"\x11")
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        os.close(self._ours)


async def watch(seconds: float, feeds: list[Callable[[], None]], ticks: int = TICKS) -> tuple[float, list[float]]:
    """Call all feeds so often a second for so long; return processor seconds, and the lags of the loop in seconds."""
    lags: list[float] = []
    began, cpu, done = time.perf_counter(), time.process_time(), 0
    while (now := time.perf_counter()) - began < seconds:
        if now - began >= done / ticks:
            for feed in feeds:
                feed()
            done += 1
        asked = time.perf_counter()
        await asyncio.sleep(PROBE_SECONDS)
        lags.append(time.perf_counter() - asked - PROBE_SECONDS)
    return time.process_time() - cpu, lags
