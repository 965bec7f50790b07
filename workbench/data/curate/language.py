"""The language of a text.

Owns the use of the classifier. Must not know rows.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from types import SimpleNamespace

LOOKED_AT = 500
"""Characters of a text that are looked at."""
FEWEST = 20
"""Characters below which a guess is worth nothing."""


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


def language(text: str) -> str:
    """Return the ISO 639-1 code of a text's language, "" for a text too short to tell."""
    # Its model takes a moment to unpack, once.
    import py3langid

    part = text[:LOOKED_AT].strip()
    if len(part) < FEWEST:
        return ""
    with _unpacking_in_memory():
        return str(py3langid.classify(part)[0])
