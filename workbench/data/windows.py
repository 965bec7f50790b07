"""Windows into a long file of JSON lines: rows from all over it, for the price of reading a few.

Owns which files can be read so, and how. Must not know what the rows are for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workbench.data.readers.member import Member
from workbench.data.readers.records import parse_json
from workbench.data.readers.rows_of_json import is_json_lines

WHOLE_BYTES = 16 * 2**20
"""A file up to this size is sampled from all of its rows."""


def windows(member: Member, number: int, width: int) -> Iterator[dict[str, Any]]:
    """Yield rows from so many windows of `width` bytes, spread evenly over a long file of JSON lines."""
    assert member.path is not None
    with member.path.open("rb") as file:
        for place in range(number):
            file.seek(max(0, member.size - width) * place // (number - 1))
            lines = file.read(width).split(b"\n")
            for line in lines[1 if place else 0 : -1]:
                value, reason = parse_json(line) if line.strip() else (None, "blank")
                if not reason and isinstance(value, dict):
                    yield value


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
