"""The one gate between text of unknown origin and the terminal.

Owns `clean`, `json_safe`, `one_line`, the columns a text takes and large numbers in sentences. Must not know where the
text comes from or where it is shown.
"""

from __future__ import annotations

import re
import unicodedata

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and newline, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional marks, embeddings, overrides, isolates
    "\u2028\u2029\ufff9-\ufffb"  # line and paragraph separators, interlinear annotation
    "\ud800-\udfff]"  # lone surrogates, which no terminal encoding can carry
)


def _picture(match: re.Match[str]) -> str:
    """Return a visible, harmless stand-in for one unsafe character."""
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else "\ufffd"


def clean(text: str) -> str:
    """Return `text` with every character that can drive a terminal or reorder a line made visible instead.

    Tab and newline stay; a carriage return before a newline is dropped.
    """
    return _UNSAFE.sub(_picture, text.replace("\r\n", "\n"))


def json_safe(line: str) -> str:
    """Return JSON text with every character that `clean` would replace written as an escape: the same value."""
    return _UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", line)


def width_of(text: str) -> int:
    """Return how many columns of a terminal a clean text takes: East Asian wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )


_WORDS = re.compile(r"(?:\S|[\u00a0\u202f])+")
"""Words; the blanks of a number in groups of three are no place to break a line."""


def wrapped(text: str, columns: int, *, whole: bool = False) -> list[str]:
    """Return a clean text in lines of at most so many columns, broken at blanks where there are some.

    A longer word is broken, too, unless it is to stay `whole`, as a path that somebody copies.
    """
    lines, line, used = [], "", 0
    for word in _WORDS.findall(text):
        room = columns - used - bool(line)
        if line and width_of(word) <= room:
            line, used = f"{line} {word}", columns - room + width_of(word)
            continue
        if line:
            lines.append(line)
        line, used = "", 0
        for sign in word:
            wide = width_of(sign)
            if used + wide > columns and not whole:
                lines.append(line)
                line, used = "", 0
            line, used = line + sign, used + wide
    return [*lines, line] if line else lines


def one_line(text: str, width: int = 0) -> str:
    """Return `text` cleaned and on one line, cut to `width` characters with an ellipsis when `width` is positive."""
    line = " ".join(_WORDS.findall(clean(text))).strip()
    return line[: width - 1] + "…" if 0 < width < len(line) else line
