"""What runs on this machine have really needed, beside what was predicted for them.

Owns the file of measurements and what later plans are corrected by. Must not know how either figure comes
about. The file only grows, by whole lines under a lock; a line that is damaged is passed over.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path

from workbench.core import paths
from workbench.core.errors import WorkbenchError
from workbench.core.memory import Correction

BOUNDS = (0.5, 2.0)
"""A ratio beyond these is no property of a card: something else was measured, so that it counts no further."""
_READ_BYTES = 1 << 20
"""The end of the file that is looked at, which holds some thousand runs."""
_WAIT_SECONDS = 5.0


@dataclass(frozen=True)
class Measurement:
    """One attempt's peak; sizes in bytes."""

    card: str
    """The driver's uuid of the card, "" for a processor."""
    name: str
    """The card's name, "" for a processor."""
    family: str
    """model_type of the base."""
    method: str
    tuning: str
    precision: str
    """bf16 or fp32."""
    predicted: int
    """For the largest batch that went through, uncorrected."""
    measured: int
    when: str = ""
    """UTC, ISO 8601; filled in when it is written."""


def path() -> Path:
    """Return the file of all measurements."""
    return paths.data_home() / "measurements.jsonl"


def record(found: Measurement) -> None:
    """Append a measurement; raises WorkbenchError when it cannot be written."""
    from datetime import UTC, datetime

    from workbench.runs import atomic, locks  # a plan reads and does not write

    body = {**asdict(found), "when": found.when or datetime.now(UTC).isoformat(timespec="seconds")}
    line = json.dumps(body, ensure_ascii=True).encode() + b"\n"
    file = path()
    try:
        atomic.make_directories(file.parent, 0o700)
        with locks.waited_for(file.with_suffix(".lock"), _WAIT_SECONDS):
            fd = atomic.open_file(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                size = os.fstat(fd).st_size
                torn = size > 0 and os.pread(fd, 1, size - 1) != b"\n"
                atomic.write(fd, b"\n" + line if torn else line, file)
            finally:
                os.close(fd)
    except OSError as error:
        raise WorkbenchError(f"The measurement cannot be written to {file}: {error.strerror}.") from error


def _parsed(line: bytes) -> Measurement | None:
    """Return the measurement of a line, None for one that is damaged or says nothing that can be used."""
    try:
        body = json.loads(line)
        found = Measurement(**{field.name: body[field.name] for field in fields(Measurement)})
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    sizes = (found.predicted, found.measured)
    words = (found.card, found.name, found.family, found.method, found.tuning, found.precision, found.when)
    sound = all(type(size) is int and size > 0 for size in sizes) and all(type(word) is str for word in words)
    return found if sound else None


def load() -> list[Measurement]:
    """Return the newest measurements, oldest first; none when the file is not there or cannot be read."""
    try:
        state = path().stat()
    except OSError:
        return []
    return list(_loaded(path(), state.st_size, state.st_mtime_ns))


@lru_cache(maxsize=2)
def _loaded(file: Path, size: int, changed: int) -> tuple[Measurement, ...]:
    """Return the measurements of a file as it is now: a list of models asks for each of them."""
    try:
        with file.open("rb") as opened:
            start = max(0, size - _READ_BYTES)
            opened.seek(start)
            lines = opened.read(size - start).split(b"\n")
    except OSError:
        return ()
    return tuple(found for line in lines[bool(start) :] if (found := _parsed(line)) is not None)


def correction(found: Iterable[Measurement], card: str, family: str, tuning: str) -> Correction | None:
    """Return measured over predicted on cards of a name, None while nothing is known of them.

    That is the median over the runs of the family under this tuning, or over those of all families while there is none
    of it, within `BOUNDS`. A processor's runs say nothing of a card.
    """
    here = [one for one in found if card and one.name == card and one.tuning == tuning]
    own = [one for one in here if one.family == family]
    taken = sorted(one.measured / one.predicted for one in own or here)
    if not taken:
        return None
    low, high = BOUNDS
    middle = (taken[len(taken) // 2] + taken[(len(taken) - 1) // 2]) / 2
    return Correction(min(max(middle, low), high), bool(own))


def corrections(card: str, family: str, tunings: Iterable[str]) -> dict[str, Correction]:
    """Return tuning → `correction` by what is stored, those that are known."""
    stored = load()
    made = {tuning: correction(stored, card, family, tuning) for tuning in tunings}
    return {tuning: known for tuning, known in made.items() if known is not None}
