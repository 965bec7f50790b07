"""Office files: archives of XML, opened with every guard a stranger's file calls for.

Owns the archive, its budgets, and the parsing of its parts. Must not know what a part says.

Nothing is unpacked to disk; parts are read as streams within a budget of bytes and of the ratio of packing. XML is
parsed without entities and without looking anything up.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any
from xml.parsers.expat import ExpatError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError, iterparse

from workbench.data.readers.member import Member
from workbench.data.readers.records import MAX_RECORD_BYTES, Unreadable
from workbench.data.readers.whole import seekable

MAX_PARTS = 10_000
"""Most files in such an archive."""
MAX_RATIO = 200
RATIO_FREE_BYTES = 2**24
"""A part may grow `MAX_RATIO`-fold when unpacked; parts up to this size at will."""
MAX_DEPTH = 500
"""Deepest nesting of elements; Word writes some ten."""

MAX_NAMES = 10_000
"""Most different names of elements in one part, which the parser keeps all."""
MAX_TOKEN_BYTES = 2**24
"""Longest tag or comment."""

_BLOCK = 2**16
_OLE = b"\xd0\xcf\x11\xe0"
_ENCRYPTED_FLAG = 0x1


class Package:
    """An archive whose parts are read by name, within a budget for all of them together."""

    def __init__(self, name: str, stream: IO[bytes], budget: int = 0) -> None:
        """Open the archive; `budget` is how many bytes its parts may give, `MAX_RECORD_BYTES` when none is named."""
        self.name = name
        self.budget = budget or MAX_RECORD_BYTES
        self.archive = zipfile.ZipFile(stream)
        infos = self.archive.infolist()
        if len(infos) > MAX_PARTS:
            raise Unreadable(f"{name} holds more than {MAX_PARTS} parts; save it again from the program that made it.")
        self.parts = {info.filename: info for info in infos}

    @contextmanager
    def open(self, part: str) -> Iterator[Counted]:
        """Give one part as a stream of which each read is counted; raises KeyError when it is not there."""
        info = self.parts[part]
        if info.flag_bits & _ENCRYPTED_FLAG:
            raise Unreadable(f"{self.name} needs a password; save it again without one.")
        with self.archive.open(info) as stream:
            yield Counted(self, stream, max(RATIO_FREE_BYTES, MAX_RATIO * info.compress_size))

    def size(self, part: str) -> int:
        """Return the bytes of a part as the archive lists them, bounded by what may be read of it."""
        info = self.parts[part]
        return min(info.file_size, max(RATIO_FREE_BYTES, MAX_RATIO * info.compress_size))

    def too_much(self) -> Unreadable:
        """Return the sentence for an archive beyond its budget."""
        return Unreadable(f"{self.name} grows beyond all measure when it is unpacked; it is not read.")

    def spend(self, size: int) -> None:
        """Count bytes that the archive has given; raises Unreadable beyond its budget."""
        self.budget -= size
        if self.budget < 0:
            raise self.too_much()

    def read(self, part: str) -> bytes:
        """Return one part; raises as `open`."""
        with self.open(part) as stream:
            return stream.read()


class Counted:
    """A stream that ends the reading when it grows beyond a budget."""

    def __init__(self, package: Package, stream: IO[bytes], limit: int) -> None:
        self.package, self.stream, self.limit = package, stream, limit

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; all that are left without a size."""
        if size < 0:
            return b"".join(iter(lambda: self.read(2**20), b""))
        block = self.stream.read(size)
        self.limit -= len(block)
        if self.limit < 0:
            raise self.package.too_much()
        self.package.spend(len(block))
        return block


@contextmanager
def package(member: Member, what: str, budget: int = 0) -> Iterator[Package]:
    """Give the archive a member is, with a budget in bytes; raises Unreadable in one sentence for whatever is wrong."""
    damaged = Unreadable(f"{member.name} is damaged or not {what}; save it again from the program that made it.")
    try:
        with seekable(member) as stream:
            if stream.read(len(_OLE)) == _OLE:
                raise Unreadable(
                    f"{member.name} needs a password or is of an old format; save it again as {what} without one."
                )
            yield Package(member.name, stream, budget)
    except DefusedXmlException:
        raise Unreadable(
            f"{member.name} defines entities of its own, which no honest {what.split(' ', 1)[1]} does; it is not read."
        ) from None
    except NotImplementedError:
        raise Unreadable(f"{member.name} is packed in a way that is not known; save it again as {what}.") from None
    except RuntimeError:  # zipfile's word for a wrong or missing password
        raise Unreadable(f"{member.name} needs a password; save it again without one.") from None
    except (zipfile.BadZipFile, zlib.error, ParseError, KeyError, EOFError, ValueError, LookupError):
        raise damaged from None


def elements(stream: Counted, *, dtd: bool) -> Iterator[tuple[str, str, Any]]:
    """Yield ("start" or "end", local name, element) of a document; what was seen is forgotten."""
    around: list[Any] = []
    for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=not dtd):
        name = element.tag.rpartition("}")[2]
        if event == "start":
            if len(around) >= MAX_DEPTH:
                raise ParseError("nested too deeply")
            around.append(element)
            yield event, name, element
        else:
            yield event, name, element
            around.pop()
            # The parent's list of children is all that keeps what has been read in memory.
            (around[-1] if around else element).clear()


def value(element: Any, name: str = "val") -> str:
    """Return an attribute whatever its namespace, or ""."""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


Event = tuple[str, "dict[str, str] | None", str]
"""Local name of an element, its attributes where it begins and None where it ends, and the text before this place."""


class _Events:
    """What the parser calls: it keeps the events until they are taken."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.events: list[Event] = []
        self.texts: list[str] = []
        self.size = 0
        self.depth = 0
        self.names: dict[str, str] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take in the beginning of an element."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ParseError("nested too deeply")
        local = self.names.get(name)
        if local is None:
            if len(self.names) >= MAX_NAMES:
                raise ParseError("too many names")
            local = self.names[name] = name.rpartition("}")[2]
        self.events.append((local, attributes, "".join(self.texts) if self.texts else ""))
        if self.texts:
            self.texts, self.size = [], 0

    def end(self, name: str) -> None:
        """Take in the end of an element."""
        self.depth -= 1
        self.events.append((self.names[name], None, "".join(self.texts)))
        if self.texts:
            self.texts, self.size = [], 0

    def text(self, text: str) -> None:
        """Take in text."""
        self.size += len(text)
        if self.size > MAX_RECORD_BYTES:
            raise Unreadable(f"{self.name} holds a text of more than {MAX_RECORD_BYTES // 2**20} MiB; it is not read.")
        self.texts.append(text)


def events(stream: Counted) -> Iterator[Event]:
    """Yield the beginnings and ends of the elements of a part, in memory that does not grow with it.

    This is several times as fast as `elements`, which makes an object of each element. Raises Unreadable and as
    `elements`.
    """
    taken = _Events(stream.package.name)
    parser = DefusedXMLParser(forbid_dtd=True)
    expat = parser.parser
    expat.ordered_attributes = False
    expat.DefaultHandlerExpand = None
    expat.CommentHandler = expat.ProcessingInstructionHandler = None
    expat.StartElementHandler, expat.EndElementHandler = taken.start, taken.end
    expat.CharacterDataHandler = taken.text
    waited = size = 0
    fault: ExpatError | None = None
    last = False
    while not last and fault is None:
        block = stream.read(_BLOCK)
        last = not block
        try:
            expat.Parse(block, last)
        except ExpatError as error:
            fault = error
        waited = 0 if taken.events or taken.size != size else waited + len(block)
        size = taken.size
        if waited > MAX_TOKEN_BYTES:
            raise ParseError("a tag that is too long")
        yield from taken.events
        taken.events.clear()
    if fault is not None:
        raise ParseError(str(fault))
