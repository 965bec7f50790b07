"""Answers that a rule can check: a final answer marked as such, a number, a letter, or a few words.

Owns what counts as checkable and how the final answer is taken out of a worked solution. Must not know rows.
"""

from __future__ import annotations

import re

_HASHES = re.compile(r"####[ \t]*([^\n]+?)[ \t]*\Z")
_NUMBER = re.compile(r"[-+]?[$€£]?\d[\d,. ]*(?:/\d+)?(?:[ ]?%|[ ]?°?[A-Za-zµΩ]{1,4}(?:/[A-Za-z]{1,3}[²³]?)?|[ ]?°)?")
"""A number, with a sign before and a unit behind it."""
_LETTER = re.compile(r"\(?[A-J]\)?\.?")
_LONGEST = 2000
"""Characters in which a box must close."""
_SHORT_WORDS = 4
_SHORT_CHARACTERS = 40

KINDS: dict[str, str] = {
    "####": "end in a final answer after ####",
    "boxed": r"hold a final answer in \boxed{}",
    "number": "are a number",
    "letter": "are the letter of a choice",
    "short": "are a few words that can be compared exactly",
}
"""Kind of a checkable answer → what such answers do, for people."""


def _boxed(text: str) -> str | None:
    r"""Return what the last \boxed{…} holds, braces matched, or None."""
    start = text.rfind("\\boxed{")
    if start < 0:
        return None
    depth = 0
    for place in range(start + 6, min(len(text), start + _LONGEST)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return text[start + 7 : place].strip() or None
    return None


def final_answer(text: str) -> tuple[str, str] | None:
    """Return (the final answer of a text, its kind in KINDS), or None for a text without one that a rule can check."""
    if (match := _HASHES.search(text.rstrip()[-400:])) is not None:
        return match[1], "####"
    if (boxed := _boxed(text)) is not None:
        return boxed, "boxed"
    short = text.strip()
    if not short or len(short) > _SHORT_CHARACTERS or "\n" in short:
        return None
    if _NUMBER.fullmatch(short):
        return short, "number"
    if _LETTER.fullmatch(short):
        return short, "letter"
    return (short, "short") if len(short.split()) <= _SHORT_WORDS and not short.endswith((".", "!", "?")) else None


def share(texts: list[str]) -> tuple[str, int]:
    """Return (commonest kind, number of texts with a final answer that a rule can check)."""
    found = [answer[1] for text in texts if (answer := final_answer(text)) is not None]
    return (max(sorted(set(found)), key=found.count), len(found)) if found else ("", 0)
