"""The text of a canonical row, and how texts are compared.

Owns what counts as a row's text. Must not know what is decided from it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
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


_FORMS_END = 0x20000
"""Code points above have no compatibility form."""


@cache
def _unlike() -> re.Pattern[str]:
    """Return a pattern of the letters whose compatibility form reads as something else: 10² is not 102, ½ not 1/2.

    These are raised and lowered letters, and all whose form has a digit without being one, such as ① and ㎡.
    """
    found = []
    for code in range(0x80, _FORMS_END):
        letter = chr(code)
        if (form := unicodedata.decomposition(letter)).startswith("<") and not letter.isdecimal():
            raised = form.startswith(("<super>", "<sub>"))
            if raised or any(map(str.isdecimal, unicodedata.normalize("NFKC", letter))):
                found.append(letter)
    return re.compile(f"[{''.join(found)}]+")


def folded(text: str) -> str:
    """Return a text with letters of full width, ligatures and the like in their usual form."""
    if text.isascii():
        return text
    parts, begin = [], 0
    for match in _unlike().finditer(text):
        parts += [unicodedata.normalize("NFKC", text[begin : match.start()]), match.group()]
        begin = match.end()
    return "".join([*parts, unicodedata.normalize("NFKC", text[begin:])])


def normalised(text: str) -> str:
    """Return a text as it is compared: compatibility forms folded, small letters, single spaces."""
    return " ".join(folded(text).lower().split())


_SIGNS = "-+*/^=<>≤≥≠×÷±−"
_RAISED = "²³¹⁰-⁹₀-₉¼-¾"
_OPERAND, _JOINT = r"[\d)]", r"(?=\s?(?:[\d(]|\w\b))"
# A set of letters comes first, so that the search skips all others at once; conditions look back on it.
_FIGURE = re.compile(
    rf"[\d{_RAISED}{_SIGNS}](?:"
    rf"(?<=\d)(?<![^\W_].)[\d{_RAISED}]*|(?<=[{_RAISED}])[{_RAISED}]*"
    rf"|(?<=[{_SIGNS}])(?:(?<={_OPERAND}.)|(?<={_OPERAND}\s.)|(?<=\b\w.)|(?<=\b\w\s.)){_JOINT}"
    r"|(?<=[-−])(?<![\w).].)(?=\d))"
)


def figures(text: str) -> list[str]:
    """Return the numbers of a text and the signs of arithmetic between numbers, brackets or single letters.

    Digits that end a name, as in "w3", are part of a word.
    """
    return _FIGURE.findall(text)


_SENTENCE = re.compile(r"[^.!?。！？\n]+(?:[.!?。！？]+|\n|\Z)")


def sentences(text: str) -> list[str]:
    """Return the sentences and lines of a text that have a letter or a digit."""
    return [part for part in _SENTENCE.findall(text) if any(map(str.isalnum, part))]


def fingerprint(text: str) -> int:
    """Return a number of 64 bits for a text as it is compared."""
    return xxhash.xxh3_64_intdigest(normalised(text).encode("utf-8", "surrogatepass"))


def identity(row: Mapping[str, Any], text: str) -> int:
    """Return a number of 64 bits that equal rows share; the same text with another label or answer is another row."""
    verdict = row.get("label", row.get("answer"))
    return fingerprint(text if verdict is None else f"{text}\n{verdict}")
