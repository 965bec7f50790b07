"""DOCX and EPUB: the text of a document that is an archive of XML.

Owns what of such an archive is its text. Must not know what the text says, or how the archive is opened.

Of a DOCX, deleted text, text moved away, hidden text, tables of contents, notes and comments are left out; headings
become `#` lines, list items `-` lines, table rows `|` lines. An EPUB is read in the order of its spine.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from workbench.data.readers.member import Member
from workbench.data.readers.office import Package, elements, package, value
from workbench.data.readers.passages import records_of
from workbench.data.readers.records import BadRecord, Record, Unreadable
from workbench.data.readers.text_of_html import text_of

# DOCX


def _is_on(element: Any) -> bool:
    """Return whether a property of Word is switched on; without a value it is."""
    return value(element) not in ("0", "false", "off", "none")


_UNSEEN = frozenset(("del", "moveFrom", "Fallback", "instrText", "delText", "pPrChange", "rPrChange", "sectPr"))
"""Elements of which nothing is text: deletions, what was moved away, the double of a drawing, fields, old styles."""
_GLYPHS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
_CONTENTS_STYLE = re.compile(r"(?:toc|table of (?:figures|authorities)|index)\s*\d*", re.IGNORECASE)
_HEADING_STYLE = re.compile(r"heading\s*([1-9])", re.IGNORECASE)
_TITLE_STYLE = "title"


@dataclass
class _Paragraph:
    """A paragraph in the making."""

    text: list[str] = field(default_factory=list)
    style: str = ""
    outline: int = -1
    level: int = -1
    """Of a list item: how deep the list is; -1 outside lists."""
    run: list[str] = field(default_factory=list)
    """Text of the run in the making, which may turn out to be hidden."""
    hidden: bool = False


def _styles(package: Package) -> dict[str, str]:
    """Return id of each style → its name, which is the same in all languages for the styles Word brings along."""
    names: dict[str, str] = {}
    if "word/styles.xml" not in package.parts:
        return names
    style = ""
    with package.open("word/styles.xml") as stream:
        for event, name, element in elements(stream, dtd=False):
            if event == "start" and name == "style":
                style = value(element, "styleId")
            elif event == "start" and name == "name" and style:
                names[style] = value(element)
            elif event == "end" and name == "style":
                style = ""
    return names


def _main_part(package: Package) -> str:
    """Return the name of the part that holds the text of a DOCX."""
    if "word/document.xml" not in package.parts:
        with package.open("_rels/.rels") as stream:
            for event, name, element in elements(stream, dtd=False):
                if event == "start" and name == "Relationship" and element.get("Type", "").endswith("/officeDocument"):
                    return element.get("Target", "").lstrip("/")
    return "word/document.xml"


def _set(paragraph: _Paragraph, styles: dict[str, str]) -> tuple[str, bool]:
    """Return (paragraph as text with Markdown marks, whether it belongs to a list)."""
    text = "".join(paragraph.text).strip()
    style = styles.get(paragraph.style, paragraph.style)
    if not text or _CONTENTS_STYLE.fullmatch(style):
        return "", False
    heading = _HEADING_STYLE.fullmatch(style)
    level = 1 if style.lower() == _TITLE_STYLE else int(heading[1]) if heading else paragraph.outline + 1
    if 0 < level < 10:
        return "#" * min(level, 6) + " " + " ".join(text.split()), False
    if paragraph.level >= 0:
        indent = "  " * min(paragraph.level, 8)
        return f"{indent}- " + text.replace("\n", f"\n{indent}  "), True
    return text, False


@dataclass
class _Document:
    """The body of a DOCX in the making."""

    styles: dict[str, str]
    pieces: list[str] = field(default_factory=list)
    """Paragraphs and the line ends between them, alternating."""
    tight: str = ""
    """What kind of line the last one was, when lines of its kind follow each other without a blank line."""
    open: list[_Paragraph] = field(default_factory=list)
    """The paragraph in the making and, within a text box, the one around it."""
    rows: list[list[list[str]]] = field(default_factory=list)
    """The rows in the making, one per table around: cells of paragraphs."""

    def add(self, text: str, kind: str = "") -> None:
        """Add a finished line to the cell it stands in, or to the document."""
        if self.rows and self.rows[-1]:
            self.rows[-1][-1].append(text)
            return
        if self.pieces:
            self.pieces.append("\n" if kind and kind == self.tight else "\n\n")
        self.pieces.append(text)
        self.tight = kind

    def end_row(self) -> None:
        """End a row: a line of its cells; one of a single cell is layout and gives its paragraphs."""
        cells = self.rows.pop()
        if len(cells) == 1:
            for text in cells[0]:
                self.add(text)
        elif any(cells):
            line = " | ".join(" ".join(" ".join(cell).split()).replace("|", "\\|") for cell in cells)
            self.add(f"| {line} |", "row")
        self.rows.append([])

    def begin(self, name: str, element: Any) -> None:
        """Take in the beginning of an element."""
        if name == "p":
            self.open.append(_Paragraph())
        elif name == "tbl":
            self.rows.append([])
        elif name == "tr" and self.rows:
            self.rows[-1] = []
        elif name == "tc" and self.rows:
            self.rows[-1].append([])
        elif self.open:
            self._begin_inside(self.open[-1], name, element)

    def _begin_inside(self, paragraph: _Paragraph, name: str, element: Any) -> None:
        """Take in the beginning of an element of a paragraph."""
        if name == "r":
            paragraph.run, paragraph.hidden = [], False
        elif name in ("vanish", "webHidden"):
            paragraph.hidden = _is_on(element)
        elif name == "pStyle":
            paragraph.style = value(element)
        elif name == "outlineLvl" and value(element).isdecimal():
            paragraph.outline = int(value(element)) if len(value(element)) == 1 else -1
        elif name == "numPr":
            paragraph.level = max(paragraph.level, 0)
        elif name == "ilvl" and value(element).isdecimal():
            paragraph.level = min(int(value(element)[:2]), 8)
        elif name == "numId" and value(element) == "0":
            paragraph.level = -1

    def end(self, name: str, element: Any) -> None:
        """Take in the end of an element."""
        if name == "p" and self.open:
            text, listed = _set(self.open.pop(), self.styles)
            if text:
                self.add(text, "item" if listed else "")
        elif name == "tr" and self.rows:
            self.end_row()
        elif name == "tbl" and self.rows:
            self.rows.pop()
            self.tight = ""
        elif self.open and name == "t":
            self.open[-1].run.append(element.text or "")
        elif self.open and name == "r":
            paragraph = self.open[-1]
            if not paragraph.hidden:
                paragraph.text += paragraph.run
            paragraph.run = []
        elif self.open and name in _GLYPHS:
            self.open[-1].run.append(_GLYPHS[name])


def _docx_text(package: Package) -> str:
    """Return the text of a DOCX."""
    document = _Document(_styles(package))
    unseen = 0
    with package.open(_main_part(package)) as stream:
        for event, name, element in elements(stream, dtd=False):
            if name in _UNSEEN or name == "tabs":
                unseen += 1 if event == "start" else -1
            elif not unseen:
                (document.begin if event == "start" else document.end)(name, element)
    return "".join(document.pieces)


def read_docx(member: Member) -> Iterator[Record | BadRecord]:
    """Yield the records of a Word document: an article, or questions with answers.

    Raises Unreadable for a damaged or locked document and one whose parts exceed the budgets.
    """
    with package(member, "a DOCX document") as archive:
        text = _docx_text(archive)
    yield from records_of(member.name, text)


# EPUB

_FONT_ALGORITHMS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
"""How the fonts of free books are scrambled, which leaves their text as it is."""


def _check_free(package: Package) -> None:
    """Raise Unreadable when more than fonts is encrypted."""
    if "META-INF/encryption.xml" not in package.parts:
        return
    with package.open("META-INF/encryption.xml") as stream:
        for event, name, element in elements(stream, dtd=True):
            if event == "start" and name == "EncryptionMethod" and element.get("Algorithm") not in _FONT_ALGORITHMS:
                raise Unreadable(f"{package.name} is protected against copying (DRM); only a free edition can be read.")


def _chapters(package: Package) -> list[str]:
    """Return the names of the parts that hold the text of a book, in reading order."""
    root = ""
    with package.open("META-INF/container.xml") as stream:
        for event, name, element in elements(stream, dtd=True):
            if event == "start" and name == "rootfile" and not root:
                root = element.get("full-path", "")
    items: dict[str, str] = {}
    order: list[str] = []
    with package.open(root) as stream:
        for event, name, element in elements(stream, dtd=True):
            if event != "start":
                continue
            if name == "item" and "nav" not in element.get("properties", "").split():
                target = unquote(element.get("href", "").partition("#")[0])
                if "html" in element.get("media-type", "html"):
                    items[element.get("id", "")] = posixpath.normpath(posixpath.join(posixpath.dirname(root), target))
            elif name == "itemref" and element.get("linear", "yes") != "no":
                order.append(element.get("idref", ""))
    return [items[one] for one in order if one in items]


def read_epub(member: Member) -> Iterator[Record | BadRecord]:
    """Yield the records of a book: its chapters as one article, a long one in parts, or questions with answers.

    A chapter that is missing or nested beyond reason is a BadRecord. Raises Unreadable as `read_docx`, and for a book
    that is protected against copying.
    """
    texts: list[str] = []
    faults: list[BadRecord] = []
    with package(member, "an EPUB book") as archive:
        _check_free(archive)
        for number, part in enumerate(_chapters(archive), 1):
            if part not in archive.parts:
                faults.append(BadRecord(member.name, number, "a chapter is missing"))
                continue
            try:
                texts.append(text_of(archive.read(part)))
            except RecursionError:
                faults.append(BadRecord(member.name, number, "nested too deeply"))
    yield from faults
    yield from records_of(member.name, "\n\n".join(filter(None, texts)))
