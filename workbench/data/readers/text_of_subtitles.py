"""Subtitles in SRT and WebVTT: what is said in a film, as a text without numbers, times and marks.

Owns which lines are said, and where a sentence goes on in the next subtitle. Must not know what is said.
"""

from __future__ import annotations

import html
import re
from collections import deque
from collections.abc import Iterator

from workbench.data.readers.member import Member
from workbench.data.readers.passages import Line, article, recorded
from workbench.data.readers.records import BadRecord, Record
from workbench.data.readers.source import Source, read_text_with

_TIMES = re.compile(r"\s*(?:\d+:)?\d+:\d+[.,]\d+\s*-->")
_ASIDE = re.compile(r"(?:WEBVTT|NOTE|STYLE|REGION)(?:\s|$)")
"""How a block begins that is not shown."""
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^<>]{1,80})>")
_MARK = re.compile(r"</?[a-zA-Z\d][^<>]{0,80}>|\{\\[^{}]{0,80}\}")
_ENDED = re.compile(r"[.!?…。！？:♪][\"'”’»)\]]*$")
_SPEAKS = re.compile(r"[-–—]\s|[^\W\d_][\w .'-]{0,40}:\s|♪|\[|\(")
"""How a line begins with which somebody else speaks, sings or rustles."""
_LONGEST = 1000
"""Characters after which a line ends though no sentence does."""
_NO_WORDS = "the subtitles hold no text"
_REPEATED = 2
"""Lines back to which a repeated one is the same, shown again while it rolls."""


def _said(source: Source, bad: list[BadRecord]) -> Iterator[Line]:
    """Yield the lines that are shown; those that are no text are added to `bad`."""
    state = "between"
    held: Line | None = None
    for number, text in source.text_lines(bad):
        line = text.strip()
        if _TIMES.match(line):
            held, state = None, "shown"
            continue
        if held is not None:
            # What stands before a time is the name of a subtitle; before anything else it is shown after a blank line.
            yield held
            held = None
        if not line:
            state = "between"
        elif state == "between" and _ASIDE.match(line):
            state = "aside"
        elif state == "between":
            held = (number, line) if not line.isdecimal() else None
            state = "between" if line.isdecimal() else "shown"
        elif state == "shown":
            yield number, line
    if held is not None:
        yield held


def _lines(source: Source, bad: list[BadRecord]) -> Iterator[Line]:
    """Yield what is said, a line for each sentence or more."""
    shown: deque[str] = deque(maxlen=_REPEATED)
    start, text = 0, ""
    for number, raw in _said(source, bad):
        line = html.unescape(_MARK.sub("", _VOICE.sub(r"\1: ", raw))).strip()
        words = _MARK.sub("", raw).strip()
        if not words or words in shown:
            continue
        shown.append(words)
        if text and (_ENDED.search(text, max(0, len(text) - 4)) or _SPEAKS.match(line) or len(text) > _LONGEST):
            yield start, text
            text = ""
        start = start if text else number
        text = f"{text} {line}" if text else line
    if text:
        yield start, text


def _records(source: Source) -> Iterator[Record | BadRecord]:
    """Yield the text of a source."""
    bad: list[BadRecord] = []
    return recorded(source.name, article(_lines(source, bad)), bad, _NO_WORDS)


def read_subtitles(member: Member) -> Iterator[Record | BadRecord]:
    """Yield what is said in a file of subtitles as a text, or as several where it is long. Raises Unreadable."""
    return read_text_with(_records, member)
