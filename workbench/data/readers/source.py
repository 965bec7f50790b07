"""A file as a stream of UTF-8 bytes, whatever encoding it is stored in, in bounded memory.

Owns the tests on a file as a whole: is it text, and in which encoding. Must not know what the text means.
"""

from __future__ import annotations

import codecs
import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from workbench.data.readers.member import Member, suffix_of
from workbench.data.readers.records import MAX_RECORD_BYTES, Unreadable

CHUNK_BYTES = 2**20
HEAD_BYTES = 2**18
"""How much of a file is looked at to decide what it is."""

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
"""A file with more control characters than this is not text."""
_DAMAGE_SHARE = 0.1
"""UTF-8 with at most this many wrong bytes per right non-ASCII character is damaged UTF-8, not another encoding."""
STRICT_BYTES = 2**24
"""A member up to this size is read once more to see whether all of it is UTF-8."""
_SAMPLE_BYTES = 2**17
_UNICODE = ["utf_7", "utf_8", "utf_16", "utf_16_le", "utf_16_be", "utf_32", "utf_32_le", "utf_32_be"]
_EBCDIC = ["cp037", "cp273", "cp424", "cp500", "cp875", "cp1026", "cp1140"]
"""Encodings in which a line end is another byte than everywhere else."""
_RARE = frozenset({"cp1006", "mac_turkish", "mac_iceland", "mac_croatian", "mac_romanian", "hp_roman8"})
"""What the detector names for a handful of accented letters, and what hardly any file is written in."""
_LAST_LATIN = "\u024f"
_WESTERN = frozenset("àâäáãåæçèéêëìíîïñòóôöõøœùúûüýÿßÀÂÄÁÃÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÖÕØŒÙÚÛÜÝŸ‘’‚“”„–—…•«»‹›°€£§©®™·¡¿ªº²³½¼×\xa0")
"""Characters beyond ASCII that Western European text is made of."""


@dataclass(frozen=True)
class Source:
    """One member that is known to be text."""

    member: Member
    encoding: str
    bom_bytes: int
    head: bytes
    """The first part of the text, as UTF-8."""

    @property
    def name(self) -> str:
        """The member's name, fit to be shown."""
        return self.member.name

    @property
    def suffix(self) -> str:
        """The last suffix of the member's name, in small letters."""
        return suffix_of(self.member.name)

    @property
    def is_short(self) -> bool:
        """Whether `head` is all there is."""
        return 0 <= self.member.size <= HEAD_BYTES if self.member.size >= 0 else len(self.head) < HEAD_BYTES // 2

    def chunks(self) -> Iterator[bytes]:
        """Yield the text as UTF-8 without its byte-order mark; text stored as (damaged) UTF-8 comes as it is."""
        mac = b"\r" in self.head and b"\n" not in self.head
        for chunk in self._decoded():
            yield chunk.replace(b"\r", b"\n") if mac else chunk

    def _decoded(self) -> Iterator[bytes]:
        """Yield the text as UTF-8 with its line ends untouched."""
        decoder = codecs.getincrementaldecoder(self.encoding)()
        with self.member.open() as file:
            file.read(self.bom_bytes)
            while chunk := file.read(CHUNK_BYTES):
                yield chunk if self.encoding == "utf-8" else decoder.decode(chunk).encode("utf-8")

    def lines(self, limit: int = MAX_RECORD_BYTES) -> Iterator[tuple[int, bytes | None]]:
        """Yield (number from 1, line without its newline); None stands for a line of more than `limit` bytes."""
        number, size = 1, 0
        parts: list[bytes] = []
        for chunk in self.chunks():
            start = 0
            while (end := chunk.find(b"\n", start)) >= 0:
                size += end - start
                if size > limit:
                    yield number, None
                else:
                    yield number, b"".join((*parts, chunk[start:end])) if parts else chunk[start:end]
                number, start = number + 1, end + 1
                parts, size = [], 0
            size += len(chunk) - start
            if size > limit:
                parts = []
            elif start < len(chunk):
                parts.append(chunk[start:])
        if size:
            yield number, None if size > limit else b"".join(parts)


def _decodes(member: Member, encoding: str, skip: int) -> bool:
    """Return whether the whole member is valid in an encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with member.open() as file:
            file.read(skip)
            while chunk := file.read(CHUNK_BYTES):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _is_damaged_utf8(member: Member) -> bool:
    """Return whether a file that is not valid UTF-8 is UTF-8 all the same, with a few wrong bytes."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    wrong = beyond_ascii = 0
    with member.open() as file:
        while chunk := file.read(CHUNK_BYTES):
            text = decoder.decode(chunk)
            wrong += text.count("\ufffd")
            beyond_ascii += len(text) - len(text.encode("ascii", "ignore"))
    return wrong <= _DAMAGE_SHARE * (beyond_ascii - wrong)


def _legacy_encoding(member: Member) -> str:
    """Return the most likely encoding of text that is no Unicode, or "" when there is none.

    The detector takes short Western text for Central European, so a Latin guess gives way to cp1252 when the text
    reads as a Western language in it.
    """
    from charset_normalizer import from_bytes

    sample = bytearray()
    with member.open() as file:
        for piece in iter(lambda: file.readline(_SAMPLE_BYTES), b""):
            if not piece.isascii():
                sample += piece[: _SAMPLE_BYTES - len(sample)]
            if len(sample) >= _SAMPLE_BYTES:
                break
    guess = from_bytes(bytes(sample), cp_exclusion=[*_UNICODE, *_EBCDIC]).best()
    text = str(guess) if guess is not None else ""
    latin = guess is None or guess.encoding in _RARE or not any(char.isalpha() and char > _LAST_LATIN for char in text)
    with contextlib.suppress(UnicodeDecodeError):
        if latin and all(char <= "\x7f" or char in _WESTERN for char in sample.decode("cp1252")):
            return "cp1252"
    return guess.encoding if guess is not None else ""


def _bare_utf16(head: bytes) -> str:
    """Return the UTF-16 of text without a byte-order mark, told by where its zero bytes are, or ""."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = max(len(head) // 2, 1)
    if odd > 0.3 * half and even < 0.05 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.3 * half and odd < 0.05 * half else ""


def _is_utf8(member: Member, head: bytes) -> bool:
    """Return whether a member is UTF-8, strictly; of a long one only the head is looked at, because its lines will be."""
    if 0 <= member.size <= STRICT_BYTES:
        return _decodes(member, "utf-8", 0)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _encoding_of(member: Member, head: bytes) -> tuple[str, int]:
    """Return (encoding, bytes of its byte-order mark); raises Unreadable when there is none that fits.

    In this order: a byte-order mark, UTF-16 told by its zero bytes, strict UTF-8, UTF-8 with a few wrong bytes (its bad
    lines are refused one by one), a legacy encoding that the whole member is valid in.
    """
    name = member.name
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            if encoding != "utf-8" and not _decodes(member, encoding, len(mark)):
                raise Unreadable(f"{name} begins like {encoding} and is damaged; save it again as UTF-8.")
            return encoding, len(mark)
    if (encoding := _bare_utf16(head)) and _decodes(member, encoding, 0):
        return encoding, 0
    if len(_CONTROL.findall(head)) > _MAX_CONTROL_SHARE * len(head):
        raise Unreadable(f"{name} is not text; give a format that `workbench inspect` reads.")
    if _is_utf8(member, head) or _is_damaged_utf8(member):
        return "utf-8", 0
    encoding = _legacy_encoding(member)
    if not encoding or not _decodes(member, encoding, 0):
        raise Unreadable(f"{name} is text in an encoding that is not recognised; save it again as UTF-8.")
    return encoding, 0


def open_source(member: Member) -> Source:
    """Return a member as a source of text; raises Unreadable for what is no text, and OSError as the system gives it."""
    with member.open() as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise Unreadable(f"{member.name} is empty; give a file with rows or text.")
    encoding, bom_bytes = _encoding_of(member, head)
    text = head[bom_bytes:] if encoding == "utf-8" else head[bom_bytes:].decode(encoding, "ignore").encode("utf-8")
    return Source(member, encoding, bom_bytes, text)
