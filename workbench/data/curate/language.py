"""The language of a text.

Owns the use of the classifier. Must not know rows.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from functools import cache
from types import SimpleNamespace
from typing import Any

from workbench.data.formats.languages import LANGUAGES

LOOKED_AT = 500
"""Characters of a text that are looked at."""
FEWEST = 50
"""Bytes of letters, as UTF-8 counts them, below which a guess is worth nothing: ten words of English, or seventeen
letters of Chinese. Names and commands of fewer are told as languages hardly anybody has rows in."""
NO_LANGUAGE = "zxx"
"""What the classifier calls text without linguistic content."""


@contextlib.contextmanager
def _unpacking_in_memory() -> Iterator[None]:
    """Let the classifier unpack its model in memory: it would use a temporary file, which a probe may not write."""
    from py3langid import modelio

    kept = modelio.tempfile
    modelio.tempfile = SimpleNamespace(TemporaryFile=lambda **_: io.BytesIO())
    try:
        yield
    finally:
        modelio.tempfile = kept


@cache
def _classifier() -> Any:
    """Return the classifier; its model takes most of a second to unpack, once."""
    from py3langid import langid

    with _unpacking_in_memory():
        langid.classify("")
    return langid.IDENTIFIER


def known() -> frozenset[str]:
    """Return the codes of the languages that can be told."""
    return frozenset(map(str, _classifier().nb_classes)) - {NO_LANGUAGE}


def called(code: str) -> str:
    """Return a language for a sentence: its English name with its code, or only the code where no name is known."""
    return f"{LANGUAGES[code]} ({code})" if code in LANGUAGES else code


def language(text: str) -> str:
    """Return the ISO 639-1 code of a text's language, "" for a text with too few words to be sure."""
    part = text[:LOOKED_AT]
    if len("".join(filter(str.isalpha, part)).encode()) < FEWEST:
        return ""
    told = str(_classifier().classify(part)[0])
    return "" if told == NO_LANGUAGE else told
