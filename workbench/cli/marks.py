"""The mask microscope on the command line: the tokens of a row with what becomes of each.

Owns signs and colours of marks. Must not know how a mask is made.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from workbench.core.text import clean

COLOURS = {"trained": "1;32", "masked": "2", "template": "36", "control": "7", "truncated": "9;31"}
"""Mark → what a colour terminal is told: bold green, faint, cyan, inverse, struck out in red."""
SIGNS = {
    "trained": ("⟦", "⟧"),
    "masked": ("", ""),
    "template": ("⟨", "⟩"),
    "control": ("⟪", "⟫"),
    "truncated": ("✂⟦", "⟧"),
}
"""Mark → what stands round a run of such tokens where there are no colours: nothing round what the row says itself."""
LEGEND = {
    "trained": "learnt",
    "masked": "read, not learnt",
    "template": "the chat template's",
    "control": "a control token",
    "truncated": "beyond max_length, lost",
}


def colours() -> bool:
    """Return whether standard output takes colours and the person wants them."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def _painted(mark: str, text: str) -> str:
    """Return a text in the colour of its mark; each line on its own, so that a pager keeps it."""
    return "\n".join(f"\x1b[{COLOURS[mark]}m{line}\x1b[0m" if line else "" for line in text.split("\n"))


def shown(tokens: Iterable[Mapping[str, Any]], coloured: bool) -> str:
    """Return the text of tokens, runs of one mark together, marked by colours or by signs."""
    pieces = []
    for mark, run in itertools.groupby(tokens, key=lambda token: str(token["mark"])):
        text = clean("".join(str(token["text"]) for token in run))
        before, after = SIGNS[mark]
        pieces.append(_painted(mark, text) if coloured else f"{before}{text}{after}")
    return "".join(pieces)


def legend(marks: Iterable[str], coloured: bool) -> str:
    """Return what the marks that occur mean, in one line."""
    known = [mark for mark in LEGEND if mark in set(marks)]
    if coloured:
        return "  ".join(_painted(mark, LEGEND[mark]) for mark in known)
    told = [f"{SIGNS[mark][0]}{LEGEND[mark]}{SIGNS[mark][1]}" for mark in known]
    return "  ".join(words if SIGNS[mark][0] else f"no sign: {words}" for mark, words in zip(known, told, strict=True))
