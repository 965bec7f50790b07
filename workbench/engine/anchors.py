"""Which tokens begin and end the answers of a chat, found from its control tokens.

Asking a tokenizer for the place of every token costs a good part of encoding. In a byte-level vocabulary the places are
not needed: control tokens stand in the text as often as among the tokens, and the few words a template writes between
one of them and an answer are tokens that are known. Must not guess: where the tokens are not exactly those, it says so.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import numpy as np

_LONGEST_HEADER = 64
_MOST_HEADERS = 4096


class Anchors:
    """The control tokens of one tokenizer, as places to count from."""

    def __init__(self, tokenizer: Any) -> None:
        added = {number: token for number, token in tokenizer.added_tokens_decoder.items() if token.special}
        self._backend = tokenizer.backend_tokenizer
        self._number = {token.content: number for number, token in added.items()}
        self._control = np.zeros(max(added, default=0) + 2, dtype=bool)
        """For each token whether it is a control token; the last entry stands for all tokens behind them."""
        self._control[list(added)] = True
        self._swallowing = frozenset(token.content for token in added.values() if token.rstrip)
        self._pattern = re.compile("|".join(map(re.escape, sorted(self._number, key=len, reverse=True))))
        self._headers: dict[str, list[int]] = {}
        self.usable = (
            bool(added)
            and "ByteLevel" in str(self._backend.decoder)
            and not any(token.lstrip or token.single_word for token in added.values())
        )
        """Whether `find` can be asked: only where the tokens of a text spell exactly that text."""

    def _header(self, text: str) -> list[int]:
        """Return the tokens of what stands between a control token and an answer."""
        if text not in self._headers:
            if len(self._headers) >= _MOST_HEADERS:
                self._headers.clear()
            self._headers[text] = self._backend.encode(text, add_special_tokens=False).ids if text else []
        return self._headers[text]

    def find(self, text: str, spans: Sequence[tuple[int, int]], ids: list[int]) -> list[tuple[int, int]] | None:
        """Return the first token of each span of characters and the one behind its last, or None when it cannot tell.

        `ids` are the tokens of the whole text, in which nobody but the template has written control tokens.
        """
        tokens = np.minimum(np.frombuffer(array("i", ids), dtype=np.intc), len(self._control) - 1)
        places = np.flatnonzero(self._control[tokens]).tolist()
        marks = [(match.end(), match.group()) for match in self._pattern.finditer(text)]
        if [self._number[mark] for _, mark in marks] != [ids[place] for place in places]:
            return None
        ends = [end for end, _ in marks]
        found = []
        for low, high in spans:
            before, through = bisect_right(ends, low) - 1, bisect_right(ends, high) - 1
            first = places[before] + 1 if before >= 0 else 0
            header = text[ends[before] if before >= 0 else 0 : low]
            if before >= 0 and marks[before][1] in self._swallowing:
                if text[low : low + 1].isspace():
                    return None
                header = header.lstrip()
            if len(header) > _LONGEST_HEADER:
                return None
            known = self._header(header)
            if ids[first : first + len(known)] != known:
                return None
            if high == len(text):
                last = len(ids)
            elif through >= 0 and ends[through] == high:
                last = places[through] + 1
            else:
                return None
            found.append((first + len(known), last))
        return found
