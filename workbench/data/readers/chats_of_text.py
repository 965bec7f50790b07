"""Chats of people as WhatsApp exports them: a text with a line for each message, after the date in the person's way.

Owns who says what on such a line. Must not know what a chat is used for. A chat becomes a text, a line "name: words"
for each message, and a long one parts of it; what WhatsApp itself reports, and what was sent without words, is left
out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from workbench.data.readers.marks import MESSAGE
from workbench.data.readers.member import Member
from workbench.data.readers.passages import Line, article, recorded
from workbench.data.readers.records import BadRecord, Record
from workbench.data.readers.source import Source, read_text_with

_WORDLESS = re.compile(r"\u200e|<[^<>]{3,60}>\s*$|\S{1,200} \([^()]{3,40}\)\s*$")
"""How the words of a message begin that is a picture, a sound or a file: marked, in brackets, or a name of a file."""
_FILE = re.compile(r"\S+\.\w{2,4} \(")


def _is_wordless(words: str) -> bool:
    """Return whether a message is something else than words."""
    found = _WORDLESS.match(words)
    return not words.strip() or (found is not None and (words[0] in "\u200e<" or _FILE.match(words) is not None))


def _lines(source: Source, bad: list[BadRecord]) -> Iterator[Line]:
    """Yield the lines of the text that a chat becomes; lines that are no text are added to `bad`."""
    spoken = False
    for number, line in source.text_lines(bad):
        message = MESSAGE.match(line)
        if message is None:
            if spoken:
                yield number, line
            continue
        spoken = message["name"] is not None and not _is_wordless(message["words"])
        if spoken:
            yield number, f"{message['name'].strip()}: {message['words']}"


def _records(source: Source) -> Iterator[Record | BadRecord]:
    """Yield the chat of a source."""
    bad: list[BadRecord] = []
    return recorded(source.name, article(_lines(source, bad)), bad, "the chat holds no text")


def read_whatsapp(member: Member) -> Iterator[Record | BadRecord]:
    """Yield a chat as a text, or as several where it is long. Raises Unreadable."""
    return read_text_with(_records, member)
