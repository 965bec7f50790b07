"""A member whose format is read from its end or from several places at once.

Owns the choice between the file itself and its content in memory. Must not know any format.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from workbench.data.readers.member import Member
from workbench.data.readers.records import Unreadable

MAX_UNPACKED_BYTES = 2**29
"""Largest member inside an archive that is unpacked into memory so that it can be read from any place."""
_BLOCK = 2**20


def content(member: Member, limit: int, what_to_do: str) -> bytes:
    """Return all bytes of a member; raises Unreadable beyond `limit` bytes, without having kept them."""
    whole = bytearray()
    with member.open() as stream:
        while block := stream.read(_BLOCK):
            whole += block
            if len(whole) > limit:
                raise Unreadable(f"{member.name} is longer than {limit // 2**20} MiB; {what_to_do}.")
    return bytes(whole)


@contextmanager
def seekable(member: Member) -> Iterator[BinaryIO]:
    """Give a member as a stream that can be read from any place: the plain file, or its content in memory.

    Raises Unreadable when it has to be unpacked and is longer than `MAX_UNPACKED_BYTES`.
    """
    if member.path is not None:
        with member.path.open("rb") as file:
            yield file
    else:
        yield io.BytesIO(content(member, MAX_UNPACKED_BYTES, "unpack it first"))
