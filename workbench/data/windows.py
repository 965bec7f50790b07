"""Windows into a long file of JSON lines: rows from all over it, for the price of reading a few.

Owns which files can be read so, and how. Must not know what the rows are for.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

from workbench.data.readers.member import Member
from workbench.data.readers.records import parse_json
from workbench.data.readers.rows_of_json import is_json_lines

WHOLE_BYTES = 16 * 2**20
"""A file up to this size is sampled from all of its rows."""
_PROBE_BYTES, _MOST_PROBES = 1 << 13, 48
"""What is read to find where a very long row ends, each time, and how often at most."""
COUNTED_BYTES = 8 << 20
"""The rows of a file up to this size are counted, which takes some hundredths of a second, and not estimated."""
_FINE_BYTES = 1 << 14
"""A very long row's end need not be known more closely."""


def windows(member: Member, number: int, width: int) -> Iterator[dict[str, Any]]:
    """Yield rows from so many windows of `width` bytes, spread evenly over a long file of JSON lines."""
    assert member.path is not None
    with member.path.open("rb") as file:
        for place in range(number):
            _, text = _window(file, member.size, number, width, place)
            yield from _rows(text.split(b"\n")[1 if place else 0 : -1])


def _window(file: IO[bytes], size: int, number: int, width: int, place: int) -> tuple[int, bytes]:
    """Return (where it begins, the bytes) of a window."""
    start = max(0, size - width) * place // (number - 1)
    file.seek(start)
    return start, file.read(width)


def _rows(lines: Sequence[bytes]) -> Iterator[dict[str, Any]]:
    """Yield the rows that whole lines hold."""
    for line in lines:
        value, reason = parse_json(line) if line.strip() else (None, "blank")
        if not reason and isinstance(value, dict):
            yield value


@dataclass(frozen=True)
class Looked:
    """What windows show of a file."""

    rows: list[dict[str, Any]]
    number: int
    """How many rows the whole file has, about."""
    longest: int
    """Bytes of the longest line at least, be it whole in a window or not."""


def looked(member: Member, number: int, width: int) -> Looked:
    """Return what so many windows of `width` bytes show.

    Lines of a larger file are counted by how densely they end in the windows and, in between, at both sides. Bytes
    of whole rows tell nothing of that: a row that is longer than a window is in none, and most of a file may be a
    single one.
    """
    assert member.path is not None
    rows: list[dict[str, Any]] = []
    whole, seen = 0, []
    with member.path.open("rb") as file:
        for place in range(number):
            start, text = _window(file, member.size, number, width, place)
            lines = text.split(b"\n")[1 if place else 0 : -1]
            whole += len(lines)
            rows += _rows(lines)
            seen.append(_Stretch.of(start, text))
        between = _Between(file)
        ends = float(sum(stretch.ends for stretch in seen))
        ends += sum(between.ends(left, right) for left, right in itertools.pairwise(seen))
        seen = sorted([*seen, *between.probed], key=lambda stretch: stretch.start)
        if member.size <= COUNTED_BYTES:
            file.seek(0)
            ends = float(sum(part.count(b"\n") for part in iter(lambda: file.read(1 << 20), b"")))
    return Looked(rows, round((ends + bool(seen[-1].after)) * len(rows) / max(whole, 1)), _longest(seen))


@dataclass(frozen=True)
class _Stretch:
    """Some bytes of a file, by the ends of lines in them."""

    start: int
    end: int
    ends: int
    before: int
    """Bytes before the first end of a line, all where there is none."""
    after: int
    """Bytes after the last one, all where there is none."""

    @classmethod
    def of(cls, start: int, text: bytes) -> _Stretch:
        """Return the stretch that begins at a place."""
        found, first = text.count(b"\n"), text.find(b"\n")
        after = len(text) - 1 - text.rfind(b"\n") if found else len(text)
        return cls(start, start + len(text), found, first if found else len(text), after)

    def inside(self, edge: int) -> bool:
        """Return whether an edge lies in a line that fills half of the stretch, given the bytes up to its end."""
        return 2 * edge >= self.end - self.start

    @property
    def density(self) -> float:
        """Ends of lines per byte, a very long line at an edge left out."""
        span = self.end - self.start - sum(edge for edge in (self.before, self.after) if self.inside(edge))
        return self.ends / max(span, self.ends, 1)


class _Between:
    """Counts the ends of lines between stretches of a file, and reads a little there where one line fills much."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.probed: list[_Stretch] = []

    def ends(self, left: _Stretch, right: _Stretch) -> float:
        """Return how many lines end between two stretches, about."""
        gap = right.start - left.end
        inside = (left.inside(left.after), right.inside(right.before))
        if gap <= 0 or all(inside):
            return 0.0  # it is one line
        if not any(inside):
            return gap * (left.density + right.density) / 2
        if gap <= _FINE_BYTES or len(self.probed) >= _MOST_PROBES:
            return gap * (right if inside[0] else left).density / 2
        middle = left.end + (gap - _PROBE_BYTES) // 2
        self._file.seek(middle)
        probe = _Stretch.of(middle, self._file.read(_PROBE_BYTES))
        self.probed.append(probe)
        return self.ends(left, probe) + probe.ends + self.ends(probe, right)


def _longest(seen: Sequence[_Stretch]) -> int:
    """Return the bytes that stretches, in order, show of the longest line."""
    longest = begun = 0
    for number, stretch in enumerate(seen):
        before = seen[max(number - 1, 0)]
        if not (before.inside(before.after) and stretch.inside(stretch.before)):
            begun = stretch.start
        if stretch.ends:
            longest = max(longest, stretch.start + stretch.before - begun)
            begun = stretch.end - stretch.after
        longest = max(longest, stretch.end - begun)
    return longest


def is_long_json_lines(member: Member, least: int = WHOLE_BYTES) -> bool:
    """Return whether a member is a plain file of JSON lines, in UTF-8 as far as its head tells, of `least` bytes."""
    if member.kind != "json" or member.path is None or member.size <= least or member.respelled:
        return False
    with member.path.open("rb") as file:
        head = file.read(2**18)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head or (b"\r" in head and b"\n" not in head):
        return False
    try:
        head[: head.rfind(b"\n") + 1].decode("utf-8")
    except UnicodeDecodeError:
        return False
    return is_json_lines(head.removeprefix(b"\xef\xbb\xbf"), member.path.suffix.lower())
