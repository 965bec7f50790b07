"""What a run has taken, over all of its attempts: the time they worked, and the most memory one of them needed.

Owns how attempts are put together. Must not know what they did, or how a figure is shown.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from workbench.core.events import AttemptStarted, Event, Phase, decode
from workbench.runs import journal
from workbench.runs.store import Run

_MARK = b'"kind":"%s"' % AttemptStarted.kind.encode()
_LAST = 8
"""Lines at the end of an attempt that are kept to find its last event: a kill or a full disk may tear some."""


def attempts(path: Path) -> list[float]:
    """Return the seconds that each attempt of a journal worked, oldest first, without the wait for the card.

    One that was cut off counts up to its last event. [] for a journal that cannot be read; takes a fraction of a second
    for a million events.
    """
    found: list[float] = []
    begun: float | None = None
    ends: deque[bytes] = deque(maxlen=_LAST)
    try:
        with path.open("rb") as file:
            for line in file:
                if _MARK in line:
                    found += [_until(begun, ends)] if ends else []
                    begun = None
                    ends.clear()
                elif begun is None and (event := decode(line)) is not None and not _is_wait(event):
                    begun = event.t
                ends.append(line)
    except OSError:
        return []
    return [*found, _until(begun, ends)] if ends else found


def _is_wait(event: Event) -> bool:
    """Return whether an attempt waits for the card."""
    return isinstance(event, Phase) and event.phase == "waiting"


def _until(begun: float | None, ends: Iterable[bytes]) -> float:
    """Return the seconds from `begun` to the last event of some lines."""
    last = next((event.t for line in reversed(list(ends)) if (event := decode(line)) is not None), begun)
    return max(0.0, last - begun) if begun is not None and last is not None else 0.0


def seconds(run: Run, report: Mapping[str, Any]) -> float | None:
    """Return how long all attempts of a run have worked together; None before there was one.

    The report's own clock tells it where it counts every attempt the journal has, else the times of events do.
    """
    told = report.get("seconds")
    started = journal.latest(run.events_path, (AttemptStarted.kind,)).get(AttemptStarted.kind)
    counted = report.get("attempts", 1)
    if isinstance(told, int | float) and (not isinstance(started, AttemptStarted) or started.attempt == counted):
        return float(told)
    return sum(attempts(run.events_path)) or None


def together(run: Run, report: Mapping[str, Any], figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return the `figures` of the newest attempt, "seconds" and peaks put together with those of the ones before it.

    `report` is what they have left. The "memory" is that of the attempt that needed most, its prediction included;
    what was measured on another kind of device is not compared.
    """
    before = attempts(run.events_path)[:-1]
    peaks, earlier = dict(figures["peak_memory"]), report.get("peak_memory")
    for name, peak in earlier.items() if isinstance(earlier, Mapping) else ():
        peaks[name] = max(peak, peaks.get(name, 0))
    told = {**figures, "attempts": len(before) + 1, "seconds": round(sum(before) + figures["seconds"], 1)}
    memory, known = _measured(figures), _measured(report)
    if known is not None and (memory is None or (memory[0] == known[0] and memory[1] < known[1])):
        told["memory"] = report["memory"]
    return {**told, "peak_memory": peaks}


def _measured(report: Mapping[str, Any]) -> tuple[str, int] | None:
    """Return (what was measured, bytes) of a report; None where nothing was."""
    try:
        measured = report["memory"]["measured"]
        return str(measured["what"]), int(measured["peak"])
    except (KeyError, TypeError, ValueError):
        return None
