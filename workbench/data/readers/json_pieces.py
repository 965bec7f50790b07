"""JSON cut into pieces: the elements of arrays and the members of objects as bytes, one at a time.

Owns the finding of where a value ends, so that a file of any size needs no more memory than its longest element and a
bad element costs only itself. Must not know which values are rows, and parses none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from workbench.data.readers.records import MAX_RECORD_BYTES

_SPACE = b" \t\r\n"
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_LEAF = rb'[\[{](?:[^"\[\]{}]++|' + _STRING + rb")*+[\]}]"
_PLAIN = re.compile(rb'(?:[^"\[\]{},]++|' + _STRING + rb")*+", re.DOTALL)
"""What holds neither a bracket nor a comma; whole strings hold anything."""
_FLAT = re.compile(rb'(?:[^"\[\]{},]++|' + _STRING + rb"|" + _LEAF + rb")*+", re.DOTALL)
"""The same with whole arrays and objects that hold no others."""
_DEEP = re.compile(rb'(?:[^"\[\]{}]++|' + _STRING + rb"|" + _LEAF + rb")*+", re.DOTALL)
"""The same with commas."""
_KEY = re.compile(rb"(" + _STRING + rb")[ \t\r\n]*:", re.DOTALL)
_IN_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_WHITE = re.compile(rb"[ \t\r\n]*+")
_QUOTE, _OPEN = ord('"'), (ord("["), ord("{"))
_MOST_KEY = 2**16

Piece = tuple[int, "bytes | None", bytes]
"""Line of its first character, the piece without white space around it (None beyond the size limit), and the sign that
ended it: a comma, a closing bracket, or b"" for the end of the text."""


class Pieces:
    """A reading position in JSON text."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._text, self._at = b"", 0
        self.line = 1

    def _more(self, keep: int) -> bool:
        """Read on, forget what stands before `keep`, and return whether there was more.

        A value that is long is read in steps that grow with it, so that looking at it again costs little.
        """
        parts = [self._text[keep:]]
        wanted = len(parts[0]) // 2
        got = 0
        for chunk in self._chunks:
            parts.append(chunk)
            got += len(chunk)
            if got > wanted:
                break
        self._text = b"".join(parts)
        return got > 0

    def peek(self) -> bytes:
        """Return the next character that is no white space, without taking it; b"" at the end."""
        while True:
            begin = _WHITE.match(self._text, self._at).end()  # type: ignore[union-attr]
            self.line += self._text.count(b"\n", self._at, begin)
            if begin < len(self._text):
                self._at = begin
                return self._text[begin : begin + 1]
            self._at = 0
            if not self._more(len(self._text)):
                return b""

    def enter(self) -> None:
        """Take the bracket that begins an array or an object."""
        if self.peek():
            self._at += 1

    def _take(self, end: int) -> bytes:
        """Return the text up to a position and go there."""
        raw = self._text[self._at : end]
        self.line += raw.count(b"\n")
        self._at = end
        return raw

    def value(self) -> Piece:
        """Return one value, up to the bracket that closes it where it begins with one; see `Piece`."""
        return self.piece(closed=True)

    def piece(self, closed: bool = False) -> Piece:
        """Return what stands before the next comma or closing bracket, which is taken, too; see `Piece`.

        With `closed`, a value in brackets ends at its closing bracket, and nothing that follows it is taken.
        """
        self.peek()
        line, position, depth, dropped = self.line, self._at, 0, 0
        outside = _PLAIN if closed else _FLAT
        while True:
            position = (_DEEP if depth else outside).match(self._text, position).end()  # type: ignore[union-attr]
            if position - self._at + dropped > MAX_RECORD_BYTES:
                dropped += len(self._take(position))
            mark = self._text[position] if position < len(self._text) else -1
            if mark == -1 or mark == _QUOTE:  # the text or a string is not all there
                if mark == _QUOTE and len(self._text) - self._at > MAX_RECORD_BYTES:
                    dropped += len(self._take(position)) + self._skip_string()
                    position = self._at
                    continue
                before, self._at = self._at, 0
                if self._more(before):
                    position -= before
                    continue
                raw = self._take(len(self._text))
                return line, None if dropped + len(raw) > MAX_RECORD_BYTES else raw.rstrip(_SPACE), b""
            if mark in _OPEN:
                depth += 1
                position += 1
            elif depth:
                depth -= 1
                position += 1
                if closed and not depth:
                    raw = self._take(position)
                    return line, None if dropped + len(raw) > MAX_RECORD_BYTES else raw, b""
            else:
                if closed and position == self._at:  # a sign where a value should be: it must not stop the reading
                    position += 1
                raw = self._take(position)
                if not closed:
                    self._at += 1
                ended = b"" if closed else self._text[position : position + 1]
                return line, None if dropped + len(raw) > MAX_RECORD_BYTES else raw.rstrip(_SPACE), ended

    def _skip_string(self) -> int:
        """Go behind the end of the string that begins here, without keeping it, and return its bytes."""
        skipped, position = 0, self._at + 1
        while True:
            position = _IN_STRING.match(self._text, position).end()  # type: ignore[union-attr]
            if position < len(self._text) and self._text[position] == _QUOTE:
                return skipped + len(self._take(position + 1))
            skipped += len(self._take(position))
            self._at, rest = 0, self._at
            if not self._more(rest):
                return skipped + len(self._take(len(self._text)))
            position = 0

    def elements(self) -> Iterator[tuple[int, bytes | None]]:
        """Yield (line, text) of each element of the array that was entered, up to its end, which is taken, too."""
        ended = b","
        while ended == b",":
            line, raw, ended = self.piece()
            if raw != b"":
                yield line, raw

    def rest(self) -> Iterator[tuple[int, bytes | None]]:
        """Yield (line, text) of all that is left, unless it is white space."""
        if not self.peek():
            return
        line, size = self.line, 0
        parts: list[bytes] = []
        while True:
            raw = self._take(len(self._text))
            size += len(raw)
            parts = [*parts, raw] if size <= MAX_RECORD_BYTES else []
            self._at = 0
            if not self._more(len(self._text)):
                break
        yield line, None if size > MAX_RECORD_BYTES else b"".join(parts).rstrip(_SPACE)

    def key(self) -> bytes | None:
        """Return the next key of the object that was entered, as JSON text, and go to its value; None where none is."""
        if self.peek() != b'"':
            return None
        while (found := _KEY.match(self._text, self._at)) is None:
            begun = self._at
            if len(self._text) - begun > _MOST_KEY:
                return None
            self._at = 0
            if not self._more(begun):
                return None
        self._take(found.end())
        return found[1]

    def after_value(self) -> bool:
        """Take the sign behind a value of an object and return whether another key follows."""
        sign = self.peek()
        if sign in (b",", b"}"):
            self._at += 1
        return sign == b","
