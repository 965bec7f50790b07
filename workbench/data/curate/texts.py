"""The text of a canonical row, and its words.

Owns what counts as a row's text. Must not know what is decided from it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

_WORD = re.compile(r"\w+")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""Letters of scripts that put no space between words: Thai, Lao, Burmese, Khmer, kana and Han."""
_SPACE = re.compile(r"\s+")


def turns_of(row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the turns of a conversation or a preference, in the order of the row's parts."""
    for name in ("messages", "prompt", "completion", "chosen", "rejected"):
        value = row.get(name)
        if isinstance(value, list):
            yield from value


def said(turn: Mapping[str, Any]) -> str:
    """Return what a turn says: its content, and the calls it makes as JSON."""
    content = turn.get("content") or ""
    calls = turn.get("tool_calls")
    return content + orjson.dumps(calls).decode() if calls else content


def text_of(row: Mapping[str, Any]) -> str:
    """Return all the text of a canonical row, its parts on lines of their own."""
    text = row.get("text")
    if isinstance(text, str):
        return text
    return "\n".join(said(turn) for turn in turns_of(row))


def characters(row: Mapping[str, Any]) -> int:
    """Return how many characters of text a canonical row holds."""
    text = row.get("text")
    return len(text) if isinstance(text, str) else sum(len(said(turn)) for turn in turns_of(row))


def normalised(text: str) -> str:
    """Return a text as it is compared: compatibility forms folded, small letters, single spaces."""
    folded = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return _SPACE.sub(" ", folded).strip().lower()


def words_of(text: str) -> list[str]:
    """Return the words of a text in small letters; single letters where the script puts no space between words."""
    lowered = text.lower()
    if not lowered.isascii() and _UNSPACED.search(lowered):
        return [letter for letter in lowered if letter.isalnum()]
    return _WORD.findall(lowered)
