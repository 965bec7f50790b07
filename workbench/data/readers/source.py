"""A member as a stream of UTF-8 bytes, whatever encoding it is stored in, in bounded memory.

Owns the tests on a text as a whole: is it text, and in which encoding. Must not know what the text means.

The encoding is judged by the head, and where that is plain ASCII by what follows it, up to `JUDGED_BYTES`. A line that
proves to be damaged later costs only itself: it is given with a byte that no UTF-8 holds, and the reader refuses it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from itertools import chain
from typing import BinaryIO

from workbench.data.readers.encodings import encoding_of
from workbench.data.readers.member import Member, suffix_of
from workbench.data.readers.records import BAD_TEXT, MAX_RECORD_BYTES, TOO_LONG, BadRecord, Record, Unreadable

CHUNK_BYTES = 2**18
HEAD_BYTES = 2**18
"""How much of a member is looked at to decide what it is."""
JUDGED_BYTES = 2**26
"""How far a member is searched for its first character beyond ASCII."""
JUDGED_PACKED_BYTES = 2**24
"""The same where it has to be unpacked for that."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Byte-order marks; UTF-32 stands before UTF-16 because its little-endian mark begins with the other's."""

_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MAX_CONTROL_SHARE = 0.1
"""A text with more control characters than this is none."""
_DAMAGE_SHARE = 0.1
"""UTF-8 with at most this many wrong bytes per right non-ASCII character is damaged UTF-8, not another encoding."""
_DAMAGE = "workbench-damage"
"""Name of the error handler that marks what an encoding does not hold."""
codecs.register_error(_DAMAGE, lambda error: ("\udcff", getattr(error, "end", 0)))


class Source:
    """One member that is known to be text; it can be read once."""

    def __init__(self, member: Member, stream: BinaryIO, raw: bytes, encoding: str, bom_bytes: int) -> None:
        """Take `stream`, of which `raw` has been read."""
        self.member, self.name, self.encoding = member, member.name, encoding
        self.suffix = suffix_of(member.name)
        self.is_short = len(raw) < HEAD_BYTES
        """Whether `head` is all there is."""
        self._stream, self._raw = stream, raw[bom_bytes:]
        text = self._raw if encoding == "utf-8" else self._raw.decode(encoding, "ignore").encode("utf-8", "replace")
        self._mac = b"\r" in text and b"\n" not in text
        self.head = text.replace(b"\r", b"\n") if self._mac else text
        """The first part of the text, as UTF-8."""

    def close(self) -> None:
        """Close the stream, where nothing more is to be read."""
        self._stream.close()

    def chunks(self) -> Iterator[bytes]:
        """Yield the text as UTF-8 without its byte-order mark; text stored as (damaged) UTF-8 comes as it is."""
        for chunk in self._decoded():
            yield chunk.replace(b"\r", b"\n") if self._mac else chunk

    def _decoded(self) -> Iterator[bytes]:
        """Yield the text as UTF-8 with its line ends untouched."""
        with self._stream as stream:
            raw = chain([self._raw], iter(lambda: stream.read(CHUNK_BYTES), b""))
            if self.encoding == "utf-8":
                yield from raw
                return
            decoder = codecs.getincrementaldecoder(self.encoding)(_DAMAGE)
            for chunk in raw:
                yield decoder.decode(chunk).encode("utf-8", "surrogateescape")
            yield decoder.decode(b"", final=True).encode("utf-8", "surrogateescape")

    def blocks(self) -> Iterator[tuple[int, list[bytes | None]]]:
        """Yield (number of the first, from 1; lines without their newlines); None is a line beyond the size limit."""
        limit, number, size = MAX_RECORD_BYTES, 1, 0
        pending: list[bytes] = []
        for chunk in self.chunks():
            lines: list[bytes | None] = [*chunk.split(b"\n")]
            last = lines.pop() or b""
            if lines:
                first = lines[0] or b""
                lines[0] = None if size + len(first) > limit else b"".join((*pending, first))
                if len(chunk) > limit:
                    lines = [None if line is None or len(line) > limit else line for line in lines]
                yield number, lines
                number += len(lines)
                pending, size = [], 0
            size += len(last)
            if size > limit:
                pending = []
            elif last:
                pending.append(last)
        if size:
            yield number, [None if size > limit else b"".join(pending)]

    def lines(self) -> Iterator[tuple[int, bytes | None]]:
        """Yield (number from 1, line without its newline); None stands for a line beyond the size limit."""
        for number, lines in self.blocks():
            yield from enumerate(lines, number)

    def text_lines(self, bad: list[BadRecord]) -> Iterator[tuple[int, str]]:
        """Yield (number from 1, line as text without its line end); one that is no text is added to `bad` instead."""
        for number, raw in self.lines():
            if raw is None:
                bad.append(BadRecord(self.name, number, TOO_LONG))
                continue
            try:
                yield number, raw.decode("utf-8").rstrip("\r")
            except UnicodeDecodeError:
                bad.append(BadRecord(self.name, number, BAD_TEXT))


def _evidence(member: Member, head: bytes) -> Iterator[bytes]:
    """Yield what a member's encoding is judged by: its head and what follows it."""
    yield head
    if len(head) < HEAD_BYTES:
        return
    left = (JUDGED_BYTES if member.path is not None else JUDGED_PACKED_BYTES) - len(head)
    with member.open() as stream:
        stream.read(len(head))
        while left > 0 and (chunk := stream.read(CHUNK_BYTES)):
            left -= len(chunk)
            yield chunk


def _decodes(chunks: Iterator[bytes], encoding: str) -> bool:
    """Return whether chunks are valid in an encoding; a character that is cut off at their end is no fault."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for chunk in chunks:
            decoder.decode(chunk)
    except UnicodeDecodeError:
        return False
    return True


def _is_damaged_utf8(chunks: Iterator[bytes]) -> bool:
    """Return whether what is not valid UTF-8 is UTF-8 all the same, with a few wrong bytes."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    wrong = beyond_ascii = 0
    for chunk in chunks:
        text = decoder.decode(chunk)
        wrong += text.count("\ufffd")
        beyond_ascii += len(text) - len(text.encode("ascii", "ignore"))
    return wrong <= _DAMAGE_SHARE * (beyond_ascii - wrong)


def _bare_utf16(head: bytes) -> str:
    """Return the UTF-16 of text without a byte-order mark, told by where its zero bytes are, or ""."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = max(len(head) // 2, 1)
    if odd > 0.3 * half and even < 0.05 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.3 * half and odd < 0.05 * half else ""


def _encoding_of(member: Member, head: bytes) -> tuple[str, int]:
    """Return (encoding, bytes of its byte-order mark); raises Unreadable when there is none that fits.

    In this order: a byte-order mark, UTF-16 told by its zero bytes, strict UTF-8, UTF-8 with a few wrong bytes (its bad
    lines are refused one by one), a legacy encoding that everything looked at is valid in.
    """
    name = member.name
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding, len(mark)
    if (encoding := _bare_utf16(head)) and _decodes(iter([head]), encoding):
        return encoding, 0
    if len(_CONTROL.findall(head)) > _MAX_CONTROL_SHARE * len(head):
        raise Unreadable(f"{name} is not text; give rows, text or documents.")
    beyond_ascii = next((chunk for chunk in _evidence(member, head) if not chunk.isascii()), b"")
    if _decodes(iter([beyond_ascii]), "utf-8") or _is_damaged_utf8(_evidence(member, head)):
        return "utf-8", 0
    encoding = encoding_of(_evidence(member, head))
    if not encoding or not _decodes(_evidence(member, head), encoding):
        raise Unreadable(f"{name} is text in an encoding that is not recognised; save it again as UTF-8.")
    return encoding, 0


def open_source(member: Member) -> Source:
    """Return a member as a source of text; raises Unreadable for what is no text, OSError as the system gives it."""
    stream = member.open()
    try:
        head = stream.read(HEAD_BYTES)
        if not head:
            raise Unreadable(f"{member.name} is empty; give a file with rows or text.")
        return Source(member, stream, head, *_encoding_of(member, head))
    except BaseException:
        stream.close()
        raise


def read_text_with(
    reader: Callable[[Source], Iterator[Record | BadRecord]], member: Member
) -> Iterator[Record | BadRecord]:
    """Yield the records that a reader of sources finds in a member; damaged ones are said to be so in its encoding."""
    source = open_source(member)
    if source.encoding == "utf-8":
        yield from reader(source)
        return
    for record in reader(source):
        if isinstance(record, BadRecord) and record.reason == BAD_TEXT:
            yield record._replace(reason=f"not valid {source.encoding}")
        else:
            yield record
