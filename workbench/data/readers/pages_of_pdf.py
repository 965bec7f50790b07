"""PDF: the text of a document, its pages joined to one running text.

Owns what of the pages is running text. Must not know what the text says.

A PDF says where letters stand and nothing else, so lines are joined into paragraphs by their places: a wider gap, an
indent, another size of type or a line that ends early begins a new one. Words divided at line ends are joined, running
heads and feet that repeat on many pages and lines of a table of contents are dropped, and a paragraph goes on across
pages.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from workbench.core.units import count
from workbench.data.readers.marks import mark_of
from workbench.data.readers.member import Member
from workbench.data.readers.passages import records_of
from workbench.data.readers.records import MAX_RECORD_BYTES, TOO_LONG, BadRecord, Record, Unreadable
from workbench.data.readers.whole import seekable

if TYPE_CHECKING:
    import pypdfium2 as pdfium

MAX_PAGES = 10_000
EDGE_LINES = 2
"""Lines at the top and at the foot of a page that may be a running head or foot."""
MIN_REPEATS = 3
REPEATED_SHARE = 0.4
"""Share of the pages on which a running head stands at least; left and right pages often have their own."""

_WRONG_PASSWORD = 4
_UNKNOWN_SECURITY = 5
"""FPDF_ERR_PASSWORD and FPDF_ERR_SECURITY of PDFium."""

_GAP = 1.35
"""Times the usual distance of lines from which a gap parts paragraphs."""
_OTHER_SIZE = 0.1
_EARLY_END = 0.25
"""Share of the width by which a line ends before the others when its end was meant."""

_HYPHENS = ("-", "\u2010", "\xad")
_DIVIDED = "\ufffe"
"""What PDFium writes for a hyphen and the line end after it."""
_LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "\xad": None}
)
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_ITEM = re.compile(r"[•‣▪●◦–*-]\s|\(?\d{1,3}[.)]\s|\d{1,3}(?:\.\d{1,3})+\s|\(?[a-z]\)\s")
_LEADERS = re.compile(r"(?:\s?\.){6,}\s{0,3}[\divxlc]{1,6}$")
"""The dots of a line of a table of contents, which says nothing without its pages."""
_LAST_CHARACTERS = 300
_SENTENCE_END = re.compile(r"[.!?:;。！？…][\"'”’»)\]]*$")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LAST_WORD = re.compile(r"[^\W\d_]+$")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_NUMBERS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"(?i:[-–—|\s]*(?:page|seite|página|pagina|p\.|s\.)?\s*(\d{1,5})(?:\s*(?:/|of|von|de|di)\s*\d{1,5})?[-–—|\s]*)"
)


@dataclass
class _Line:
    """One line of a page, in points from its lower left corner."""

    text: str
    left: float
    right: float
    bottom: float
    size: float
    divided: bool
    """It ends in a hyphen that may have been put there to divide a word."""


def _lines(page: pdfium.PdfPage) -> list[_Line]:
    """Return the lines of a page in the order in which they were written."""
    import pypdfium2.raw as raw

    page_text = page.get_textpage()
    try:
        found: list[_Line] = []
        start = 0
        for piece in re.split(f"(\r\n|{_DIVIDED})", page_text.get_text_range()):
            # PDFium counts in UTF-16, in which the characters beyond U+FFFF take two units.
            units = len(piece) + sum(char > "\uffff" for char in piece)
            if piece == _DIVIDED and found:
                found[-1].divided = True
            text = _UNPRINTABLE.sub("", piece).strip()
            if text and not _LEADERS.search(text[-_LAST_CHARACTERS:]):
                first, last = (
                    raw.FPDFText_GetCharIndexFromTextIndex(page_text, start + offset)
                    for offset in (len(piece) - len(piece.lstrip()), max(len(piece.rstrip()) - 1, 0))
                )
                left, bottom, _, _ = page_text.get_charbox(max(first, 0), loose=True)
                right = page_text.get_charbox(max(last, 0), loose=True)[2]
                size = raw.FPDFText_GetFontSize(page_text, max(first, 0))
                hyphen = text.endswith(_HYPHENS) and len(text) > 1 and text[-2].isalpha()
                text = text[:-1] if hyphen else text
                found.append(_Line(text.translate(_LIGATURES), left, right, bottom, size, hyphen))
            start += units
        return found
    finally:
        page_text.close()


# Running heads and feet


def _edges(lines: list[_Line]) -> list[tuple[str, _Line]]:
    """Return (what it would be on any page, line) of the lines at the top and at the foot of a page.

    The size of type belongs to it: a title is set larger than the running heads that repeat it.
    """
    ordered = sorted(lines, key=lambda line: -line.bottom)
    top = ordered[:EDGE_LINES]
    foot = ordered[max(EDGE_LINES, len(ordered) - EDGE_LINES) :]
    named = [("top", line) for line in top] + [("foot", line) for line in foot]
    return [(f"{where} {round(line.size)} {_NUMBERS.sub('#', line.text.casefold())}", line) for where, line in named]


def _without_heads(pages: list[list[_Line]]) -> list[list[_Line]]:
    """Return the pages without running heads and feet, and without bare page numbers."""
    counts: Counter[str] = Counter()
    edges = [_edges(page) for page in pages]
    for page_edges in edges:
        counts.update({key for key, _ in page_edges})
    written = sum(bool(page) for page in pages)
    repeated = {key for key, count in counts.items() if count >= max(MIN_REPEATS, REPEATED_SHARE * written)}
    kept = []
    for number, (page, page_edges) in enumerate(zip(pages, edges, strict=True), 1):
        dropped = set()
        for key, line in page_edges:
            bare = _PAGE_NUMBER.fullmatch(line.text)
            # A row of figures is data, and a numbered question at the top of each page is one of many.
            head = key in repeated and (key.count("#") < 2 or bare or any(map(str.isalpha, line.text)))
            if (head and not mark_of(line.text)) or (bare and int(bare[1]) == number):
                dropped.add(id(line))
        kept.append([line for line in page if id(line) not in dropped])
    return kept


# Paragraphs


def _usual(values: list[float]) -> float:
    """Return the value most of some measures are near to, 0 without any."""
    counts = Counter(round(value * 2) / 2 for value in values)
    return max(counts, key=lambda value: (counts[value], -value)) if counts else 0.0


def _columns(page: list[_Line]) -> Iterator[list[_Line]]:
    """Yield the runs of lines that go down the page; one that begins higher up is another column."""
    run: list[_Line] = []
    for line in page:
        if run and line.bottom > run[-1].bottom + line.size:
            yield run
            run = []
        run.append(line)
    if run:
        yield run


def _parts_paragraphs(before: _Line, line: _Line, pitch: float, early: bool) -> bool:
    """Return whether a paragraph ends between two lines of a column."""
    drop = before.bottom - line.bottom
    if drop > _GAP * max(pitch, 1) or abs(before.size - line.size) > _OTHER_SIZE * max(before.size, line.size):
        return True
    ended = _SENTENCE_END.search(before.text[-_LAST_CHARACTERS:]) is not None and not before.divided
    return ended and (early or 0.8 * line.size < line.left - before.left < 6 * line.size)


def _paragraphs(pages: list[list[_Line]], joined: _Joiner) -> Iterator[str]:
    """Yield the paragraphs of a document."""
    text, last = "", None
    for page in pages:
        columns = list(_columns(page))
        gaps = [one.bottom - two.bottom for run in columns for one, two in pairwise(run) if one.bottom > two.bottom]
        pitch = _usual(gaps)
        for run in columns:
            rights = sorted(line.right for line in run)
            left, right = min(line.left for line in run), rights[int(0.9 * (len(rights) - 1))]
            before: _Line | None = None
            for line in run:
                early = before is not None and before.right < right - _EARLY_END * (right - left)
                if last is None:
                    text = line.text
                elif before is None:
                    runs_on = last.divided or (
                        not _SENTENCE_END.search(last.text[-_LAST_CHARACTERS:]) and line.text[:1].islower()
                    )
                    if runs_on and abs(last.size - line.size) <= _OTHER_SIZE * last.size:
                        text = joined(text, last, line.text)
                    else:
                        yield text + "-" * last.divided
                        text = line.text
                elif _parts_paragraphs(before, line, pitch, early):
                    yield text + "-" * before.divided
                    text = line.text
                elif not before.divided and (early or _ITEM.match(line.text) or mark_of(line.text)):
                    text += "\n" + line.text
                else:
                    text = joined(text, before, line.text)
                before = last = line
    if last is not None:
        yield text + "-" * last.divided


class _Joiner:
    """Joins lines; whether a divided word has a hyphen of its own is told by the words of the document."""

    def __init__(self, pages: list[list[_Line]]) -> None:
        self.words = {word for page in pages for line in page for word in _WORD.findall(line.text.lower())}

    def __call__(self, text: str, before: _Line, line: str) -> str:
        """Return a text of which `before` is the last line, with another line added."""
        if not before.divided:
            return f"{text} {line}"
        head, tail = _LAST_WORD.search(text[-_LAST_CHARACTERS:]), _FIRST_WORD.match(line)
        if head is None or tail is None or not line[0].islower():
            return f"{text}-{line}"
        whole, hyphened = (f"{head[0]}{sign}{tail[0]}".lower() for sign in ("", "-"))
        return f"{text}-{line}" if hyphened in self.words and whole not in self.words else text + line


# The document


def _has_image(page: pdfium.PdfPage) -> bool:
    """Return whether a page shows a picture."""
    import pypdfium2.raw as raw

    return next(iter(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_FORM])), None) is not None


def _opened(name: str, stream: object) -> pdfium.PdfDocument:
    """Return a document; raises Unreadable in one sentence."""
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(stream)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) in (_WRONG_PASSWORD, _UNKNOWN_SECURITY):
            raise Unreadable(f"{name} needs a password; save a copy without one.") from None
        raise Unreadable(f"{name} is damaged or not a PDF document; copy or download it again.") from None
    if len(document) > MAX_PAGES:
        pages = len(document)
        document.close()
        raise Unreadable(f"{name} has {count(pages)} pages, more than the {count(MAX_PAGES)} that are read; split it.")
    return document


def read_pdf(member: Member) -> Iterator[Record | BadRecord]:
    """Yield the records of a PDF: an article, a long one in parts, or questions with answers.

    A page that cannot be read is a BadRecord, and so are, once for a document, pages that show only a picture. Raises
    Unreadable for a document that is locked, damaged, too long or has no text at all.
    """
    import pypdfium2 as pdfium

    pages: list[list[_Line]] = []
    faults: list[BadRecord] = []
    pictures: list[int] = []
    size = 0
    with seekable(member) as stream:
        document = _opened(member.name, stream)
        try:
            for index in range(len(document)):
                try:
                    page = document[index]
                except pdfium.PdfiumError:
                    faults.append(BadRecord(member.name, index + 1, "a page that cannot be read"))
                    continue
                try:
                    pages.append(_lines(page))
                    if not pages[-1] and _has_image(page):
                        pictures.append(index + 1)
                finally:
                    page.close()
                size += sum(len(line.text) for line in pages[-1])
                if size > MAX_RECORD_BYTES:
                    faults.append(BadRecord(member.name, index + 1, TOO_LONG))
                    break
        finally:
            document.close()
    written = sum(bool(page) for page in pages)
    if len(pictures) > written:
        raise Unreadable(f"{member.name} has no text layer; run OCR on it first.")
    yield from faults
    if pictures:
        yield BadRecord(member.name, pictures[0], "pages without a text layer; run OCR on the document first")
    pages = _without_heads(pages)
    yield from records_of(member.name, "\n\n".join(_paragraphs(pages, _Joiner(pages))))
