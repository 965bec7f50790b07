"""The raw output of a run's attempts, made fit for a screen.

Owns reading the end of a console file, once or as it grows, in bounded memory. Must not interpret what the output
means.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from workbench.core.text import clean
from workbench.core.units import count

_BLOCK_BYTES = 64 << 10
_MAX_BYTES = 16 << 20
_STEP_BYTES = 256 << 10
"""Most that is read at one look: ten looks a second follow 25 000 lines a second."""
_BEHIND_BYTES = 1 << 20
"""Further behind than this, the lines in between are passed over: nobody could have read them."""
_ESCAPE = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"  # control sequences: colours, cursor movement
    "|(?:\x1b[\\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c|$)"  # titles, clipboard, links
    "|\x1b[ -/]*[0-~]"  # everything else that begins with ESC
)


def _shown(raw: bytes, max_line: int) -> str:
    """Return one line as a terminal would leave it: what was overwritten after a carriage return is gone."""
    parts = [part for part in raw.split(b"\r") if part]
    # The end of a line that is far too long is what an error message is in; four bytes make at most one character.
    text = _ESCAPE.sub("", (parts[-1] if parts else b"")[-16 * max_line :].decode("utf-8", "replace"))
    text = clean(text)
    return text if len(text) <= max_line else text[: max_line - 1] + "…"


def tail(path: Path, lines: int, max_line: int = 4096) -> list[str]:
    """Return the last `lines` lines of a console file, each of at most `max_line` characters, safe to show.

    Reads from the end, and never more than 16 MiB however large the file is. A missing file has no lines.
    """
    if lines <= 0:
        return []
    try:
        with path.open("rb") as file:
            end = start = os.fstat(file.fileno()).st_size
            blocks: list[bytes] = []
            newlines = 0
            while start > 0 and newlines <= lines and end - start < _MAX_BYTES:
                size = min(start, _BLOCK_BYTES)
                start -= size
                file.seek(start)
                blocks.append(file.read(size))
                newlines += blocks[-1].count(b"\n")
    except OSError:
        return []
    raw = b"".join(reversed(blocks)).split(b"\n")
    if raw and not raw[-1]:
        raw.pop()
    return [_shown(line, max_line) for line in raw[-lines:]]


class Follower:
    """Follows a console file from near its end; one that was replaced or cut short is read anew."""

    def __init__(self, path: Path, max_line: int = 4096) -> None:
        self._path = path
        self._max_line = max_line
        self._file = (0, 0)
        self._offset = 0

    def read(self) -> list[str]:
        """Return the lines completed since the last look, safe to show, and in their place one that says so where some
        were passed over; none when the file cannot be read.
        """
        try:
            with self._path.open("rb") as file:
                figures = os.fstat(file.fileno())
                if (figures.st_dev, figures.st_ino) != self._file or figures.st_size < self._offset:
                    self._file, self._offset = (figures.st_dev, figures.st_ino), 0
                passed = figures.st_size - self._offset - _STEP_BYTES
                if figures.st_size - self._offset <= _BEHIND_BYTES:
                    passed = 0
                file.seek(self._offset + passed)
                block = file.read(_STEP_BYTES)
        except OSError:
            return []
        begin = block.find(b"\n") + 1 if passed else 0
        end = block.rfind(b"\n") + 1
        if not end and len(block) == _STEP_BYTES:
            end = len(block)  # a line as long as that is shown in pieces, not awaited for ever
        self._offset += passed + end
        lines = (
            [_shown(line, self._max_line) for line in block[begin : max(end - 1, begin)].split(b"\n")]
            if end > begin
            else []
        )
        return [f"… {count(passed + begin)} bytes left out …", *lines] if passed else lines
