"""How many tokens a vocabulary makes of a text, closely enough for a plan and without the library that does it exactly.

Owns reading the pieces out of a parsed tokenizer.json and matching the longest first. Must not know files or models.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_LONGEST = 24
"""Characters of a piece at most: longer ones are runs of blanks and the like, which hardly count."""
_CONTROL = 3
"""Tokens of a turn beside its role: those that begin and end it, and the line break after it."""
_ROLES = ("user\n", "assistant\n")


def _byte_signs() -> dict[int, str]:
    """Return the sign that vocabularies of bytes write for each byte (Radford et al. 2019): printable ones as they are,
    the others counted up from 256."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in set(plain)]
    return {byte: chr(byte) for byte in plain} | {byte: chr(256 + place) for place, byte in enumerate(others)}


_SIGNS = _byte_signs()


@dataclass(frozen=True)
class Vocabulary:
    """The pieces of a tokenizer."""

    pieces: frozenset[str]
    of_bytes: bool
    """Whether pieces are written in signs for bytes, and not with ▁ for a blank."""

    def tokens(self, text: str) -> int:
        """Return about how many tokens a text is: the longest piece that fits, again and again."""
        if self.of_bytes:
            written = "".join(_SIGNS[byte] for byte in text.encode("utf-8", "replace"))
        else:
            written = text.replace(" ", "▁")
        at, found, pieces = 0, 0, self.pieces
        while at < len(written):
            end = min(at + _LONGEST, len(written))
            while end > at + 1 and written[at:end] not in pieces:
                end -= 1
            # What no piece is for is spelt in bytes.
            found += 1 if self.of_bytes or written[at:end] in pieces else len(written[at].encode("utf-8", "replace"))
            at = end
        return found

    @property
    def turn(self) -> float:
        """Tokens that a chat template in the usual form writes around a turn."""
        return _CONTROL + sum(map(self.tokens, _ROLES)) / len(_ROLES)


def read(body: Any) -> Vocabulary | None:
    """Return the vocabulary of a parsed tokenizer.json, None where it has none that is understood."""
    model = body.get("model") if isinstance(body, Mapping) else None
    held = model.get("vocab") if isinstance(model, Mapping) else None
    names: Iterable[Any] = ()
    if isinstance(held, Mapping):
        names = held
    elif isinstance(held, list):
        names = (entry[0] for entry in held if isinstance(entry, list) and entry)
    pieces = frozenset(name for name in names if isinstance(name, str) and 0 < len(name) <= _LONGEST)
    if not pieces:
        return None
    return Vocabulary(pieces, any(piece.startswith("Ġ") for piece in pieces))
