"""XML as a stream of small trees: the elements of a document that are rows, one after the other, in bounded memory.

Owns the parser and its limits. Must not know what an element means.

The parser is defusedxml's: a document that defines entities is refused, and nothing outside it is looked up. A document
type may be named, as TMX and DocBook do; the named characters of HTML are known then. What is open outside the rows is
kept as a chain of elements without what they hold.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html.entities import name2codepoint
from typing import Any

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from workbench.core.units import count
from workbench.data.readers.records import MAX_RECORD_BYTES, TOO_LONG, Unreadable
from workbench.data.readers.source import Source

MAX_DEPTH = 200
"""Deepest nesting of elements."""
MAX_ELEMENTS = 250_000
"""Most elements in one row."""
MAX_NAMES = 100_000
"""Most different names of elements and attributes in one document, which the parser keeps all."""
MAX_TOKEN_BYTES = 2**24
"""Longest tag or comment: the parser reads it again and again until it is whole."""
DAMAGE = "\ufdd0"
"""Stands for bytes that are no text; no text holds it of itself."""

_REPLACE = "workbench-xml-damage"
codecs.register_error(_REPLACE, lambda error: (DAMAGE, getattr(error, "end", 0)))
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that XML forbids and that sloppy programs write all the same; they are left out."""
_DECLARATION = re.compile(r"<\?xml[^>]{0,200}\?>")
_SECOND_ROOT = 9
"""The parser's number for what follows the end of the outermost element."""
_CUT_OFF = frozenset((3, 5, 6))
"""The parser's numbers for a document that ends too early: no element, within a tag, within a character."""
_ENTITIES = {name: chr(point) for name, point in name2codepoint.items()}
WRAP = "rows"
"""Name of the element that is put around a document with several outermost ones."""


@dataclass(slots=True)
class Node:
    """An element."""

    name: str
    """Without its namespace."""
    attributes: dict[str, str]
    line: int = 0
    """Where a row begins; 0 inside rows."""
    parent: Node | None = None
    """Of a row and of what is around it."""
    children: list[str | Node] = field(default_factory=list)
    fault: str = ""
    """Why a row is not whole."""

    @property
    def elements(self) -> list[Node]:
        """The elements directly inside."""
        return [child for child in self.children if isinstance(child, Node)]

    def first(self, *names: str) -> Node | None:
        """Return the first element directly inside that has one of some names, the first of them preferred."""
        inside = self.elements
        return next((child for name in names for child in inside if child.name == name), None)

    def text(self) -> str:
        """Return all the text inside, as it is."""
        return "".join(child if isinstance(child, str) else child.text() for child in self.children)

    def is_mixed(self) -> bool:
        """Return whether text stands beside elements."""
        return any(isinstance(child, str) and not child.isspace() for child in self.children) and bool(self.elements)


IsRow = Callable[[Sequence[Node], str], bool]
"""Whether an element of a name inside some others, the outermost first, is a row."""


class Broken(Exception):
    """The document cannot be read on."""

    def __init__(self, line: int, reason: str, part: Node | None = None) -> None:
        super().__init__(reason)
        self.line, self.reason = line, reason
        self.part = part
        """The row that was being read."""


class _Builder:
    """What the parser reports to: it keeps the elements that are rows."""

    def __init__(self, is_row: IsRow) -> None:
        self.is_row = is_row
        self.path: list[Node] = []
        self.row: Node | None = None
        self.done: list[Node] = []
        self.names: set[str] = set()
        self.expat: Any = None
        self.fed = self.began = self.held = 0
        """Bytes fed so far, and when the row began; elements in the row."""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take in the beginning of an element."""
        path = self.path
        if len(path) >= MAX_DEPTH:
            raise Broken(self.expat.CurrentLineNumber, "nested too deeply")
        name = tag.rpartition("}")[2]
        self.names.add(tag)
        self.names.update(attributes)
        node = Node(name, {key.rpartition("}")[2]: value for key, value in attributes.items()})
        if self.row is None:
            node.parent = path[-1] if path else None
            if self.is_row(path, name):
                node.line = self.expat.CurrentLineNumber
                self.row, self.began, self.held = node, self.fed, 0
        elif not self.row.fault:
            self.held += 1
            path[-1].children.append(node)
            if self.held > MAX_ELEMENTS:
                self.drop(f"the record has more than {count(MAX_ELEMENTS)} elements")
        path.append(node)

    def data(self, text: str) -> None:
        """Take in text."""
        if self.row is not None and not self.row.fault:
            self.path[-1].children.append(text)

    def end(self, tag: str) -> None:
        """Take in the end of an element."""
        node = self.path.pop()
        if node is self.row:
            self.done.append(node)
            self.row = None

    def drop(self, reason: str) -> None:
        """Forget what the row in the making holds."""
        if self.row is not None:
            self.row.fault = reason
            for node in self.path:
                node.children = []
            self.row.children = []

    def check(self) -> None:
        """Raise Broken, or forget the row in the making, when what is held has grown beyond the limits."""
        if self.row is not None and self.fed - self.began > MAX_RECORD_BYTES:
            self.drop(TOO_LONG)
        if len(self.names) > MAX_NAMES:
            raise Broken(self.expat.CurrentLineNumber, f"there are more than {count(MAX_NAMES)} different names")
        if self.fed - max(self.expat.CurrentByteIndex, 0) > MAX_TOKEN_BYTES:
            raise Broken(self.expat.CurrentLineNumber, f"a tag is longer than {MAX_TOKEN_BYTES // 2**20} MiB")


def _parser(builder: _Builder) -> Any:
    """Return a parser that reports to a builder."""
    parser = DefusedXMLParser(target=builder)
    parser.entity.update(_ENTITIES)
    builder.expat = parser.parser
    return parser


def _feed(parser: Any, builder: _Builder, text: str | None) -> None:
    """Give the parser a piece of the document, None being its end; raises Broken, and Unreadable for entities."""
    try:
        if text is None:
            parser.close()
        else:
            builder.fed += len(text.encode())
            parser.feed(text)
            builder.check()
    except ParseError as error:
        line = error.position[0]
        cut = text is None and error.code in _CUT_OFF
        raise Broken(line, "the document is cut off" if cut else "not well-formed XML from here on") from None


def _texts(source: Source) -> Iterator[str]:
    """Yield the document as text."""
    decoder = codecs.getincrementaldecoder("utf-8")(_REPLACE)
    for number, chunk in enumerate(source.chunks()):
        text = _CONTROL.sub("", decoder.decode(chunk))
        yield text if number else text.lstrip()
    yield decoder.decode(b"", final=True)


def elements(source: Source, is_row: IsRow, wrapped: bool = False) -> Iterator[Node]:
    """Yield the elements of a document that are rows, outermost first come; `wrapped` as `sketch` told.

    Raises Broken where the document cannot be read on, and Unreadable for one that defines entities.
    """
    builder = _Builder(is_row)
    parser = _parser(builder)

    def pieces() -> Iterator[str | None]:
        if wrapped:
            yield f"<{WRAP}>"
        for number, text in enumerate(_texts(source)):
            yield _DECLARATION.sub("", text, count=1) if wrapped and not number else text
        if wrapped:
            yield f"</{WRAP}>"
        yield None

    try:
        for piece in pieces():
            try:
                _feed(parser, builder, piece)
            except Broken as broken:
                yield from builder.done
                raise Broken(max(broken.line, 1), broken.reason, builder.row) from None
            yield from builder.done
            builder.done.clear()
    except DefusedXmlException:
        raise Unreadable(
            f"{source.name} defines entities of its own, which may unfold beyond all measure; "
            "save it without them to read it."
        ) from None


def _begun(text: str) -> tuple[Node | None, bool]:
    """Return the beginning of a document as a tree, and whether its outermost element ends and something follows."""
    builder = _Builder(lambda path, name: not path)
    parser = _parser(builder)
    more = False
    try:
        parser.feed(text)
    except ParseError as error:
        more = error.code == _SECOND_ROOT
    except (Broken, DefusedXmlException):
        pass
    return (builder.done[0] if builder.done else builder.row), more


def sketch(source: Source) -> tuple[Node | None, bool]:
    """Return the head of a document as a tree, and whether it has several outermost elements of one name.

    Several are in an element put around them. None stands for a document of which not even the beginning is XML.
    """
    head = _CONTROL.sub("", source.head.decode("utf-8", _REPLACE)).lstrip()
    root, more = _begun(head)
    if root is not None and more:
        around, _ = _begun(f"<{WRAP}>" + _DECLARATION.sub("", head, count=1))
        if around is not None and [node.name for node in around.elements[:2]] == [root.name] * 2:
            return around, True
    return root, False
