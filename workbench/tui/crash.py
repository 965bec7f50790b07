"""Where an error goes that nobody foresaw: into a file, never onto the screen.

Owns that file. Must not know what went wrong.
"""

from __future__ import annotations

import contextlib
import traceback
from datetime import UTC, datetime
from pathlib import Path

from workbench import __version__
from workbench.core import paths

_KEPT_BYTES = 1 << 18


def path() -> Path:
    """Return the file."""
    return paths.state_home() / "workbench.log"


def told() -> str:
    """Keep the error that is being handled and return a sentence that says so."""
    return f"Something went wrong that nobody foresaw; it is kept in {keep(traceback.format_exc())}."


def keep(trace: str) -> str:
    """Append a trace and return where it is, for a sentence."""
    target = path()
    with contextlib.suppress(OSError):
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if target.exists() and target.stat().st_size > _KEPT_BYTES:
            target.write_bytes(target.read_bytes()[-_KEPT_BYTES // 2 :])
        with target.open("a", encoding="utf-8", errors="replace") as file:
            file.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} workbench {__version__}\n{trace}\n")
        target.chmod(0o600)
    return str(target)
