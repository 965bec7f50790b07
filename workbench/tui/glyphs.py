"""The few signs of the interface, each with a stand-in for terminals that have ASCII only.

Owns the table. Must not know what the signs are used for.
"""

from __future__ import annotations

_TABLE = {
    "passed": "●*", "fits": "●*", "running": "●*", "good": "●+", "here": "◉@", "ahead": "○o", "queued": "○o",
    "no": "○o", "paused": "◐%", "tight": "◐%", "done": "✓+", "check": "✓+", "failed": "✗x", "problem": "▲!",
    "none": "–-", "focus": "▌>", "caret": "▌>", "bar": "━=", "half": "╸-", "half-right": "╺-", "track": "━.",
    "rail": "│|", "rail-ahead": "┊:", "left": "‹<", "right": "›>", "eval": "◆#", "return": "↵\\", "cut": "…~",
    "down": "↓v", "up": "↑^", "arrow": "→>", "key-left": "←<", "key-right": "→>", "times": "×x", "dots": "⠒.",
    "square": "■#", "small-square": "▪.", "cell": "▪.", "part": "·.", "best": "★&",
}  # fmt: skip
_TREES = {"├─ ": "|- ", "└─ ": "`- ", "│  ": "|  "}
_STATUS = {
    "queued": "queued", "running": "running", "pausing": "running", "paused": "paused", "stopping": "running",
    "stopped": "paused", "done": "done", "failed": "failed", "lost": "failed", "stuck": "problem",
}  # fmt: skip
_PLAIN = str.maketrans(
    {pair[0]: pair[1] for pair in reversed(_TABLE.values())}
    | {"├": "|", "└": "`", "┌": "+", "┐": "+", "┘": "+", "┤": "|", "┴": "+", "┬": "+", "┼": "+", "─": "-", "│": "|"}
    | {"█": "#", "░": ".", "·": ".", "↑": "^", "↓": "v", "→": ">", "←": "<", "≈": "~", "•": "*", "−": "-"}
)

_ascii = False


def use_ascii(wanted: bool) -> None:
    """Choose between Unicode and ASCII signs for the whole process."""
    global _ascii
    _ascii = wanted


def is_ascii() -> bool:
    """Return whether ASCII signs are in use."""
    return _ascii


def glyph(name: str) -> str:
    """Return the sign of that name, one column wide."""
    return _TABLE[name][_ascii]


def signs(text: str) -> str:
    """Return a text of ours with every sign replaced by its stand-in where ASCII signs are in use."""
    return text.translate(_PLAIN) if _ascii else text


def of_status(status: str) -> str:
    """Return the sign of a run's status."""
    return glyph(_STATUS[status])


def tree(piece: str) -> str:
    """Return a piece of a tree, given as its Unicode drawing, three columns wide."""
    return _TREES[piece] if _ascii else piece
