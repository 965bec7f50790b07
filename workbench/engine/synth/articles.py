"""Articles, their sentences, and the passages that fit a model's context.

Owns where a passage begins and ends; every span is in characters of the article, so that a citation can be looked up.
Must not know models: the caller says how many tokens a text has.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from workbench.core.text import one_line
from workbench.data import account, canonical, readers, sources

Span = tuple[int, int]

_END = re.compile(
    r"(?<=[.!?…])[\"'”’»)\]]*\s+(?=[^\sa-zß-öø-ÿ])"  # the end of a sentence, unless it goes on in lower case
    r"|(?<=[。！？])[”’」』)）]*"  # scripts that put no space between sentences
    r"|\n\s*"
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[^\W\d_]|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|etc|No|Fig|Vol|pp?|ca|approx|e\.g|i\.e|z\.B|d\.h|bzw|Nr|Abb)\.$"
)

_MOST_CHARACTERS = 8
"""Characters that a token may stand for, generously."""
_WIDEST_GAP = 40
"""Characters of white space that a passage may have inside: they are tokens too, and are not counted."""


@dataclass(frozen=True)
class Article:
    """One text of a source."""

    source: str
    """The file or folder it comes from, fit to be shown."""
    number: int
    """Its place among the usable articles of the source, from 1."""
    text: str


@dataclass(frozen=True)
class Passage:
    """Consecutive sentences of an article."""

    article: Article
    number: int
    """Its place in the article, from 1."""
    sentences: tuple[Span, ...]

    @property
    def start(self) -> int:
        """The first character, counted in the article from 0."""
        return self.sentences[0][0]

    @property
    def end(self) -> int:
        """The character after the last one."""
        return self.sentences[-1][1]

    @property
    def text(self) -> str:
        """The passage as it stands in the article."""
        return self.article.text[self.start : self.end]


def read(paths: Sequence[str]) -> Iterator[Article]:
    """Yield the articles of files and folders in their order; raises UsageError when a path cannot be read."""
    for part in sources.find(paths).parts:
        convert = account.converter(part.detection.layout, part.why_not, "text", canonical.Tally())
        for member in part.members:
            number = 0
            for record in readers.read(member):
                row = convert(record.value) if isinstance(record, readers.Record) else None
                if isinstance(row, dict):
                    number += 1
                    yield Article(one_line(PurePosixPath(member.name).name), number, row["text"])


def digest(articles: Sequence[Article]) -> str:
    """Return the SHA-256 of the articles, their sources and their order, as hex."""
    hashed = hashlib.sha256()
    for article in articles:
        for part in (article.source, article.text):
            data = part.encode("utf-8", "surrogatepass")
            hashed.update(b"%d:" % len(data) + data)
    return hashed.hexdigest()


def sentences(text: str) -> list[Span]:
    """Return the spans of the sentences of a text, without the white space between them.

    A line's end is the end of a sentence too: headings and list items are none, and stand alone.
    """
    spans, start = [], 0
    for match in _END.finditer(text):
        # What closes a quotation belongs to the sentence before it.
        end = match.start() + len(match.group().rstrip()) if match.group().strip() else match.start()
        if "\n" not in match.group() and _ABBREVIATION.search(text[max(start, end - 12) : end]):
            continue
        spans.append((start, end))
        start = match.end()
    spans.append((start, len(text)))
    trimmed = []
    for first, last in spans:
        piece = text[first:last]
        if piece.strip():
            trimmed.append((first + len(piece) - len(piece.lstrip()), last - len(piece) + len(piece.rstrip())))
    return trimmed


def _cut(text: str, span: Span, room: int, tokens: Callable[[str], int]) -> Iterator[tuple[Span, int]]:
    """Yield a sentence with its length in tokens, in pieces that end between words when it is longer than `room`.

    Only as much is counted at a time as can fit, so that a text without an end of a sentence takes no longer.
    """
    start, end = span
    while start < end:
        reach = min(end, start + _MOST_CHARACTERS * room)
        while (length := tokens(text[start:reach])) > room and reach > start + 1:
            # The share that fits, with some reserve: tokens are not spread evenly.
            reach = start + max(int((reach - start) * room / length * 0.8), 1)
        stop = reach
        if reach < end and (space := max(text.rfind(" ", start, reach), text.rfind("\n", start, reach))) > start:
            stop = space
            length = tokens(text[start:stop])
        yield (start, stop), length
        start = stop
        while start < end and text[start].isspace():
            start += 1


def passages(article: Article, room: int, tokens: Callable[[str], int]) -> Iterator[Passage]:
    """Yield the passages of an article, each of at most about `room` tokens and made of whole sentences.

    A passage ends with a paragraph once it is half full, so that what belongs together stays together.
    """
    text, number, used = article.text, 0, 0
    current: list[Span] = []
    for sentence in sentences(text):
        for span, length in _cut(text, sentence, room, tokens):
            gap = text[current[-1][1] : span[0]] if current else ""
            new_paragraph = gap.count("\n") > 1
            if current and (used + length > room or len(gap) > _WIDEST_GAP or (new_paragraph and 2 * used >= room)):
                number += 1
                yield Passage(article, number, tuple(current))
                current, used = [], 0
            current.append(span)
            used += length
    if current:
        yield Passage(article, number + 1, tuple(current))
