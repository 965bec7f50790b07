"""Plain text, Markdown and their like, and source code: articles, or the questions and conversations in them.

Owns the rule that tells one article per line from one article per file. Must not know what the articles say.

The rule: a file with end-of-text tokens holds the texts between them (`separators`). A text file holds one article per
line when it has at least two lines, their median length is at least `LONG_LINE` characters and blank lines are rare, or
when it has at least three lines, none of them blank or a mere heading, with a median of at least `PARAGRAPH`
characters; otherwise, and always in Markdown, the file is what `passages` makes of it: questions and answers,
conversations, one article, or a book in parts.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator

from workbench.data.readers import passages, separators
from workbench.data.readers.member import Member
from workbench.data.readers.records import BadRecord, Record
from workbench.data.readers.source import Source, read_text_with

LONG_LINE = 800
PARAGRAPH = 240
HEADING = 100
_RARE_BLANK_LINES = 0.1


def one_per_line(head: bytes) -> bool:
    """Return whether a text holds one article per line, judged by its head."""
    lines = head.split(b"\n")
    lengths = [len(line.decode("utf-8", "ignore")) for line in lines if line.strip()]
    blank = sum(not line.strip() for line in lines[:-1])
    if len(lengths) < 2:
        return False
    usual = statistics.median(lengths)
    if usual >= LONG_LINE and blank <= _RARE_BLANK_LINES * len(lines):
        return True
    # The last line of the head may be cut in its middle.
    return len(lengths) > 2 and usual >= PARAGRAPH and not blank and min(lengths[:-1]) >= HEADING


def _divided(source: Source, lines: Iterator[passages.Line]) -> Iterable[Iterator[passages.Row]]:
    """Return what a text consists of: texts with a token between them, or what its marks make of it."""
    head = source.head[: passages.JUDGED].decode("utf-8", "ignore")
    if separators.are_in(head):
        return separators.texts(separators.form_between(head), lines)
    return [passages.divided(passages.form_of(head), lines, long=not source.is_short)]


def _whole(source: Source) -> Iterator[Record | BadRecord]:
    """Yield what a text as a whole consists of."""
    bad: list[BadRecord] = []
    return passages.recorded_each(source.name, _divided(source, source.text_lines(bad)), bad)


def _code(source: Source) -> Iterator[Record | BadRecord]:
    """Yield a text whatever marks are in it."""
    bad: list[BadRecord] = []
    return passages.recorded(source.name, passages.article(source.text_lines(bad)), bad)


def _articles(source: Source) -> Iterator[Record | BadRecord]:
    """Yield the lines of a text as articles, or what it consists of as a whole (see the rule above)."""
    if separators.are_in(source.head.decode("utf-8", "ignore")) or not one_per_line(source.head):
        return _whole(source)
    bad: list[BadRecord] = []
    lines = ([(number, {"text": line})] for number, line in source.text_lines(bad) if line.strip())
    return passages.recorded_each(source.name, lines, bad)


def read_article(member: Member) -> Iterator[Record | BadRecord]:
    """Yield the records of a Markdown file. Raises Unreadable."""
    return read_text_with(_whole, member)


def read_code(member: Member) -> Iterator[Record | BadRecord]:
    """Yield a file of source code as a text, or as several where it is long. Raises Unreadable."""
    return read_text_with(_code, member)


def read_text(member: Member) -> Iterator[Record | BadRecord]:
    """Yield the records of a text file: its lines, or what it consists of. Raises Unreadable."""
    return read_text_with(_articles, member)
