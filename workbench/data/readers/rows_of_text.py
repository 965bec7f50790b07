"""Plain text and Markdown: articles.

Owns the rule that tells one article per line from one article per file. Must not know what the articles say.

The rule: a text file holds one article per line when it has at least two lines, their median length is at least
`LONG_LINE` characters and blank lines are rare; otherwise, and always in Markdown, the file is one article. A file of
more than `LONG_FILE` bytes is a book or a collection and is cut at blank lines (at line ends where there are none)
into parts of about `PART` characters.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from workbench.data.readers.records import TOO_LONG, BadRecord, Record
from workbench.data.readers.source import Source

LONG_LINE = 800
LONG_FILE = 2**18
PART = 16_384
_RARE_BLANK_LINES = 0.1
_BAD_TEXT = "not valid UTF-8"


def _record(source: Source, line: int, raw: bytes) -> Record | BadRecord:
    """Return one article as a row."""
    try:
        return Record(source.name, line, {"text": raw.decode("utf-8").replace("\r\n", "\n").rstrip("\r")})
    except UnicodeDecodeError:
        return BadRecord(source.name, line, _BAD_TEXT)


def one_per_line(head: bytes) -> bool:
    """Return whether a text holds one article per line, judged by its head."""
    lines = head.split(b"\n")
    lengths = [len(line.decode("utf-8", "ignore")) for line in lines if line.strip()]
    blank = sum(not line.strip() for line in lines[:-1])
    return len(lengths) > 1 and blank <= _RARE_BLANK_LINES * len(lines) and statistics.median(lengths) >= LONG_LINE


def _articles(source: Source) -> Iterator[Record | BadRecord]:
    """Yield a file as one article, or a long one as parts that end at blank lines or, failing these, at line ends."""
    whole = source.path.stat().st_size <= LONG_FILE
    start, size = 1, 0
    parts: list[bytes] = []
    for number, line in source.lines():
        if line is None:
            if parts:
                yield _record(source, start, b"\n".join(parts))
            yield BadRecord(source.name, number, TOO_LONG)
            start, parts, size = number + 1, [], 0
            continue
        blank = not line.strip()
        if not whole and size and ((blank and size >= PART) or size >= 2 * PART):
            yield _record(source, start, b"\n".join(parts))
            start, parts, size = number, [], 0
        if blank and not size:
            start = number + 1
            continue
        parts.append(line)
        size += len(line) + 1
    if size:
        yield _record(source, start, b"\n".join(parts).rstrip())


def read_article(source: Source) -> Iterator[Record | BadRecord]:
    """Yield a file as one article, a long one in parts."""
    yield from _articles(source)


def read_text(source: Source) -> Iterator[Record | BadRecord]:
    """Yield the articles of a text file: its lines, or the file as a whole (see the rule above)."""
    if not one_per_line(source.head):
        yield from _articles(source)
        return
    for number, line in source.lines():
        if line is None:
            yield BadRecord(source.name, number, TOO_LONG)
        elif line.strip():
            yield _record(source, number, line)
