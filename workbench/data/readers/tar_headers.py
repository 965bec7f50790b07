"""The headers of a tar archive, read onwards from a stream in bounded memory.

Owns the tar format: ustar, the GNU extensions for long names and large files, and the pax headers that matter. Must not
know which members are wanted. Format: POSIX.1-2017, pax, "pax Interchange Format", and the GNU tar manual, "Basic Tar".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

BLOCK = 512
MAX_EXTENSION = 2**20
"""Largest long name or pax header; real ones have some hundred bytes."""
_SKIP = 2**20
_REGULAR, _FOLDER, _SPARSE = (b"\0", b"0", b"7"), b"5", b"S"
_LONG_NAME, _LONG_LINK, _PAX, _PAX_FOR_ALL = b"L", b"K", b"x", b"g"


class Damaged(Exception):
    """The bytes are no tar archive, or one that is cut off; the message says which."""


class Header(NamedTuple):
    """What a tar says about one member."""

    name: str
    kind: str
    """file, folder, or what else it is."""
    size: int
    offset: int
    """Where its content begins in the unpacked archive."""


def _number(field: bytes) -> int:
    """Return a number in octal digits or, as GNU tar writes large ones, in base 256."""
    if field[0] & 0x80:
        return int.from_bytes(bytes((field[0] & 0x7F, *field[1:])), "big")
    digits = field.strip(b" \0")
    if digits.strip(b"01234567"):
        raise Damaged("a header is damaged")
    return int(digits or b"0", 8)


def is_header(block: bytes) -> bool:
    """Return whether a block of 512 bytes is the header of a member, judged by its checksum."""
    if len(block) < BLOCK or not block[0]:
        return False
    try:
        return _number(block[148:156]) == sum(block[:148]) + sum(b" " * 8) + sum(block[156:BLOCK])
    except Damaged:
        return False


def _text(field: bytes) -> str:
    """Return a name; bytes that are no UTF-8 come as surrogates."""
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _pax(raw: bytes) -> dict[bytes, bytes]:
    """Return key → value of a pax header: records of "length key=value\\n"."""
    found: dict[bytes, bytes] = {}
    while raw.strip(b"\0"):
        length, space, _ = raw.partition(b" ")
        if not space or not length.isdigit() or len(length) > 8 or int(length) <= len(length):
            raise Damaged("a header is damaged")
        key, _, value = raw[len(length) + 1 : int(length)].rstrip(b"\n").partition(b"=")
        found[key] = value
        raw = raw[int(length) :]
    return found


class _Forward:
    """A stream that is read onwards and knows where it is."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self.at = stream, 0

    def take(self, size: int) -> bytes:
        """Return the next bytes; fewer at the end."""
        block = self._stream.read(size)
        self.at += len(block)
        return block

    def skip(self, size: int) -> None:
        """Go on by some bytes; raises Damaged when the archive ends before."""
        while size:
            block = self.take(min(_SKIP, size))
            if not block:
                raise Damaged("it is cut off")
            size -= len(block)

    def extension(self, size: int) -> bytes:
        """Return the content of an extension header."""
        if size > MAX_EXTENSION:
            raise Damaged("a header is longer than any name")
        raw = self.take(size)
        if len(raw) < size:
            raise Damaged("it is cut off")
        self.skip(-size % BLOCK)
        return raw


_KINDS = {_FOLDER: "folder", _SPARSE: "a sparse file", b"1": "a link", b"2": "a link"}


def headers(stream: BinaryIO) -> Iterator[Header]:
    """Yield the header of each member whose content is there in full, in their order.

    Raises Damaged where the archive ends early or what follows is no header.
    """
    source = _Forward(stream)
    name, size_of_next, sparse = "", -1, False
    while True:
        block = source.take(BLOCK)
        if not block.strip(b"\0"):
            return
        if not is_header(block):
            raise Damaged("it is cut off" if len(block) < BLOCK else "a header is damaged")
        kind, size = block[156:157], _number(block[124:136])
        if kind in (_LONG_NAME, _LONG_LINK, _PAX, _PAX_FOR_ALL):
            raw = source.extension(size)
            if kind == _LONG_NAME:
                name = _text(raw)
            elif kind == _PAX:
                said = _pax(raw)
                name = _text(said[b"path"]) if b"path" in said else name
                size_of_next = int(said[b"size"]) if said.get(b"size", b"").isdigit() else -1
                sparse = any(key.startswith(b"GNU.sparse") for key in said)
            continue
        prefix = _text(block[345:500]) if block[257:263] == b"ustar\0" else ""
        name = name or (f"{prefix}/" if prefix else "") + _text(block[:100])
        size = size_of_next if size_of_next >= 0 else size
        what = _KINDS.get(kind, "file" if kind in _REGULAR else "a device")
        if what == "file" and (sparse or name.endswith("/")):
            what = "a sparse file" if sparse else "folder"
        offset = source.at
        # A link or a folder has no content, whatever size it gives.
        source.skip(size + -size % BLOCK if what in ("file", "a sparse file") else 0)
        yield Header(name, what, size, offset)
        name, size_of_next, sparse = "", -1, False
