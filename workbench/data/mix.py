"""Mixing articles with general text, so that a base does not forget what it knew.

Owns the choice of the general rows. Must not know tokens: shares are of characters, which for text of one kind is
nearly the same.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from workbench.core.errors import UsageError

MOST = 0.9
"""Largest share of general text."""


def _beginning(text: str, room: int) -> str:
    """Return at most `room` characters of a text, ended at its last white space if it has one."""
    cut = text[:room]
    end = max(cut.rfind(" "), cut.rfind("\n"))
    return cut[:end] if end > 0 and len(cut) < len(text) else cut


def _chosen(replay: Sequence[dict[str, Any]], room: int, draw: random.Random) -> list[dict[str, Any]]:
    """Return general rows of about `room` characters, each used again only after all others that fit."""
    chosen: list[dict[str, Any]] = []
    while True:
        before = room
        for row in draw.sample(list(replay), len(replay)):
            if 0 < len(row["text"]) <= room:
                chosen.append(row)
                room -= len(row["text"])
        if room == before:
            break
    shortest = min((row for row in replay if row["text"]), key=lambda row: (len(row["text"]), row["text"]))
    if len(shortest["text"]) <= 2 * room:
        chosen.append(shortest)
    elif not chosen and (text := _beginning(shortest["text"], room)):
        chosen.append({"text": text})
    return chosen


def replayed(characters: int, replay_rows: Sequence[dict[str, Any]], share: float, seed: int) -> list[dict[str, Any]]:
    """Return so many of `replay_rows` that they make up `share` of all characters, beside `characters` of others.

    The rows are {"text"} rows. They are taken whole, each once before any is taken twice as far as they fit, which
    leaves the share off by at most half of the shortest one; the beginning of the shortest is taken where no whole row
    fits. They come in a shuffled order that depends on the arguments only. None are taken for a share of 0 or beside
    no characters. Raises UsageError for a share outside 0 to 0.9, and when there is no general text to take.
    """
    if not 0.0 <= share <= MOST:
        raise UsageError(f"replay_share must be between 0 and {MOST:g}, not {share:g}.")
    if not share or not characters:
        return []
    if not any(row["text"] for row in replay_rows):
        raise UsageError("There is no general text to replay; name some in replay_data or set replay_share to 0.")
    draw = random.Random(seed)
    chosen = _chosen(replay_rows, round(characters * share / (1.0 - share)), draw)
    draw.shuffle(chosen)
    return chosen
