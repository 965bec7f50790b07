"""A whole journal, however long, condensed to what a screen can show: every event that is not a step, and curves.

Owns the reading of journals of millions of events: in children, several parts of the file at once, so that neither the
interpreter's lock nor the memory of the caller feels it. Must not know what is drawn. Nothing is lost that a curve
could show, and the smoothed line is exact.
"""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

from workbench.core import measures
from workbench.core.curves import MOST_BUCKETS, Series
from workbench.core.errors import WorkbenchError
from workbench.core.events import Event, decode
from workbench.core.measures import Levels
from workbench.runs.journal import Place, end_of
from workbench.runs.probe import run_probe

CURVES = ("loss", "grad_norm", "learning_rate", "tokens_per_second")
"""Figures of a step that are drawn."""
RECENT_STEPS = 256
"""Newest steps that stay as they are, for what is said of the present."""
KEPT = {
    "eval": 512, "sample": 512, "checkpoint": 256, "notice": 256, "layout": 64, "attempt_started": 256,
    "attempt_ended": 256, "rollout": 64,
}  # fmt: skip
"""Kind → how many of its newest events stay; of others the last one does."""
OLDEST = 64
"""Oldest events of each kind that stay besides: the base's own loss and answers are among them."""
_BLOCK_BYTES = 64 << 10
_PART_BYTES = 32 << 20
"""Below this a second child costs more than it saves."""
_MOST_PARTS = 4
_SECONDS = 120.0


@dataclass(frozen=True)
class History:
    """A journal up to a place."""

    events: list[Event]
    """Those that stay, oldest first."""
    curves: dict[str, Series]
    """By step: `CURVES`, "eval", and further figures by the names `measures.metrics` gives them."""
    levels: Levels
    count: int
    """Events of the journal."""
    place: Place
    """Where a reader goes on."""


def _rows(path: Path, start: int, end: int) -> Iterator[list[dict[str, Any]]]:
    """Yield the JSON objects of the lines that begin at `start` or later and end by `end`, block by block."""
    import orjson

    with path.open("rb") as file:
        file.seek(start)
        rest = b""
        left = end - start
        while left > 0 and (block := file.read(min(_BLOCK_BYTES, left))):
            left -= len(block)
            whole, _, rest = (rest + block).rpartition(b"\n")
            if not whole:
                continue
            try:
                yield orjson.loads(b"[" + whole.replace(b"\n", b",") + b"]")
            except orjson.JSONDecodeError:
                yield list(_one_by_one(whole.split(b"\n")))


def _one_by_one(lines: Iterable[bytes]) -> Iterator[Any]:
    """Yield the JSON values of the lines that hold one."""
    import orjson

    for line in lines:
        try:
            yield orjson.loads(line)
        except orjson.JSONDecodeError:
            continue


_DRAWN = itemgetter("step", *CURVES)


def _columns(rows: list[Any]) -> list[list[Any]]:
    """Return step and `CURVES` of every row as a column each; None for what is no number."""
    try:
        columns = [list(column) for column in zip(*map(_DRAWN, rows), strict=True)]
    except KeyError:
        columns = [[row.get(name) for row in rows] for name in ("step", *CURVES)]
    return [
        column
        if set(map(type, column)) <= {float, int}
        else [one if type(one) in (float, int) else None for one in column]
        for column in columns
    ]


class _Kept:
    """The events that stay as they are: of each kind the oldest few and the newest."""

    def __init__(self) -> None:
        self._old: dict[str, list[tuple[int, Any]]] = {}
        self._new: dict[str, deque[tuple[int, Any]]] = {}
        self._blocks: deque[tuple[int, list[Any]]] = deque()
        """The newest steps, whole blocks, so that those in between are never looked at one by one."""
        self._in_blocks = 0

    def add(self, kind: str, number: int, row: Any) -> None:
        """Take an event, the `number`th of the journal."""
        most = KEPT.get(kind, 1)
        old = self._old.setdefault(kind, [])
        if len(old) < min(OLDEST, most - 1):
            old.append((number, row))
        else:
            self._new.setdefault(kind, deque(maxlen=most)).append((number, row))

    def add_steps(self, number: int, rows: list[Any]) -> None:
        """Take a block of steps, numbered as if they stood together."""
        room = OLDEST - len(self._old.setdefault("step", []))
        if room > 0:
            self._old["step"] += enumerate(rows[:room], number)
            number, rows = number + room, rows[room:]
        if rows:
            self._blocks.append((number, rows))
            self._in_blocks += len(rows)
            while self._in_blocks - len(self._blocks[0][1]) >= RECENT_STEPS:
                self._in_blocks -= len(self._blocks.popleft()[1])

    def lines(self) -> list[str]:
        """Return them as journal lines, oldest first."""
        import orjson

        steps = [pair for number, rows in self._blocks for pair in enumerate(rows, number)][-RECENT_STEPS:]
        kept = [pair for pairs in (*self._old.values(), *self._new.values(), steps) for pair in pairs]
        return [orjson.dumps(row).decode() for _, row in sorted(kept, key=lambda pair: pair[0])]


class _Condensed:
    """What a part of a journal comes down to."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.curves: dict[str, Series] = {}
        self.levels = Levels()
        self.kept = _Kept()
        self.count = 0

    def _curve(self, name: str) -> Series:
        """Return the curve of a name."""
        if name not in self.curves:
            self.curves[name] = Series(most=self._most)
        return self.curves[name]

    def add(self, rows: list[Any]) -> None:
        """Take a block of lines."""
        try:
            steps = [row for row in rows if row["kind"] == "step"]
        except (KeyError, TypeError):  # a line that is no event
            rows = [row for row in rows if type(row) is dict and "kind" in row]
            steps = [row for row in rows if row["kind"] == "step"]
        if len(steps) < len(rows):
            self._others(rows)
        if steps:
            self._steps(steps)
        self.count += len(rows)

    def _steps(self, steps: list[Any]) -> None:
        """Take the steps of a block."""
        numbers, *columns = _columns(steps)
        if None in numbers or numbers != sorted(set(numbers)):
            self._uneven(steps, numbers)
            return
        for name, values in zip(CURVES, columns, strict=True):
            self._curve(name).extend_columns(numbers, values)
        self._metrics(steps)
        losses, speeds = columns[CURVES.index("loss")], columns[CURVES.index("tokens_per_second")]
        self.levels.add(numbers, losses, [speed or 0.0 for speed in speeds] if None in speeds else speeds)
        self.kept.add_steps(self.count, steps)

    def _metrics(self, steps: list[Any]) -> None:
        """Take the further figures of the steps of a block."""
        told = [(row["step"], measures.metrics("step", row["metrics"])) for row in steps if "metrics" in row]
        for name in dict.fromkeys(name for _, figures in told for name in figures):
            if name in self.curves or len(self.curves) < measures.MOST_METRICS:
                with_it = [(step, figures[name]) for step, figures in told if name in figures]
                self._curve(name).extend_columns([step for step, _ in with_it], [value for _, value in with_it])

    def _uneven(self, steps: list[Any], numbers: list[Any]) -> None:
        """Take the steps of a block in which an attempt takes steps again, or where some have no number."""
        start = 0
        for place in range(len(steps) + 1):
            if (
                place == len(steps)
                or type(numbers[place]) is not int
                or (place > start and numbers[place] <= numbers[place - 1])
            ):
                if place > start:
                    self._steps(steps[start:place])
                start = place if place < len(steps) and type(numbers[place]) is int else place + 1

    def _others(self, rows: list[Any]) -> None:
        """Take the events of a block that are no steps."""
        for number, row in enumerate(rows, self.count):
            kind = row.get("kind")
            if kind == "step" or type(kind) is not str:
                continue
            self.kept.add(kind, number, row)
            if kind == "attempt_started":
                self.levels.begin()
            elif kind == "eval" and type(row.get("step")) is int:
                loss = row.get("loss")
                self._curve("eval").append(row["step"], loss if type(loss) in (float, int) else None)
                for name, value in measures.metrics("eval", row.get("metrics")).items():
                    if name in self.curves or len(self.curves) < measures.MOST_METRICS:
                        self._curve(name).append(row["step"], value)


def part(argument: dict[str, Any]) -> dict[str, Any]:
    """Return {"curves", "lines", "levels", "count"} of a journal's bytes from `start` to `end`; runs in a child."""
    import gc

    gc.disable()  # nothing here is a cycle, and millions of short-lived objects would set it off all the time
    condensed = _Condensed(argument["most"])
    for rows in _rows(Path(argument["path"]), argument["start"], argument["end"]):
        condensed.add(rows)
    return {
        "curves": {name: _brief(series.state()) for name, series in condensed.curves.items()},
        "lines": condensed.kept.lines(),
        "levels": condensed.levels.state(),
        "count": condensed.count,
    }


def _brief(state: Any) -> Any:
    """Return numbers with the seven digits that any chart can show: what is sent is half as long."""
    if type(state) is float:
        return float(f"{state:.7g}")
    if type(state) is dict:
        return {key: _brief(value) for key, value in state.items()}
    return [_brief(value) for value in state] if type(state) in (list, tuple) else state


def _line_starts(path: Path, size: int, parts: int) -> list[int]:
    """Return where each part of a file begins and the last one ends, all at beginnings of lines; raises OSError."""
    places = [0]
    with path.open("rb") as file:
        for number in range(1, parts):
            file.seek(size * number // parts)
            file.readline()
            places.append(min(file.tell(), size))
    return [*places, size]


def whole(path: Path) -> History:
    """Return everything a journal says, condensed; takes about a second for a million events, all of it in children.

    Raises WorkbenchError when it cannot be read. Blocks; call it from a thread in a UI.
    """
    place = end_of(path)
    try:
        if place is None:
            raise FileNotFoundError
        parts = max(1, min(_MOST_PARTS, os.cpu_count() or 1, place.offset // _PART_BYTES))
        places = _line_starts(path, place.offset, parts)
    except OSError as error:
        raise WorkbenchError(f"The journal {path} cannot be read; check the folder.") from error
    requests = [
        {"path": str(path), "start": start, "end": stop, "most": MOST_BUCKETS // parts}
        for start, stop in itertools.pairwise(places)
    ]
    read = partial(run_probe, "workbench.runs.history:part", what=f"The journal {path}", seconds=_SECONDS)
    with ThreadPoolExecutor(parts) as pool:
        answers = list(pool.map(read, requests))
    curves: dict[str, Series] = {}
    levels = Levels()
    found: list[Event] = []
    for answer in answers:
        for name, state in answer["curves"].items():
            curves.setdefault(name, Series()).follow(Series.of_state(state))
        levels.follow(answer["levels"])
        found += [event for line in answer["lines"] if (event := decode(line)) is not None]
    count = sum(answer["count"] for answer in answers)
    return History(found, curves, levels, count, place)
