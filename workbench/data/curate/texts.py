"""The text of a canonical row, and how texts are compared.

Owns what counts as a row's text. Must not know what is decided from it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import xxhash


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
    return " ".join(folded.lower().split())


def fingerprint(text: str) -> int:
    """Return a number of 64 bits for a text as it is compared."""
    return xxhash.xxh3_64_intdigest(normalised(text).encode("utf-8", "surrogatepass"))


def identity(row: Mapping[str, Any], text: str) -> int:
    """Return a number of 64 bits that equal rows share; the same text with another label or answer is another row."""
    verdict = row.get("label", row.get("answer"))
    return fingerprint(text if verdict is None else f"{text}\n{verdict}")
