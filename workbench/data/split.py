"""The held-out split: which rows are kept aside to measure the loss on unseen rows.

Owns the choice, by the content of a row alone. Must not know what rows mean.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson

FEWEST_ROWS = 8
"""Different rows below which none is kept aside: too few to measure anything, and each is missed in training."""
MOST_HELD = 512
"""Rows beyond which a loss on unseen rows gets steadier only at a cost in time that nobody wants to wait for."""


def _key(row: dict[str, Any], seed: int) -> bytes:
    """Return a number that depends on the row's content and the seed only; equal rows have equal keys."""
    return hashlib.sha256(b"%d\n" % seed + orjson.dumps(row, option=orjson.OPT_SORT_KEYS)).digest()


def held_out(
    rows: Sequence[dict[str, Any]], fraction: float, seed: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return (rows to learn from, rows kept aside), each in the order given.

    About `fraction` of the rows are kept aside, at least one and at most `MOST_HELD`; equal rows stay on one side; the
    choice depends on the rows and the seed and not on the order. Nothing is kept aside when `fraction` is 0, there are
    fewer than `FEWEST_ROWS` different rows, or every row is repeated more than `MOST_HELD` times.
    """
    keys = [_key(row, seed) for row in rows]
    copies: dict[bytes, int] = {}
    for key in keys:
        copies[key] = copies.get(key, 0) + 1
    if fraction <= 0 or len(copies) < FEWEST_ROWS:
        return list(rows), []
    wanted = min(max(round(fraction * len(rows)), 1), MOST_HELD)
    held: set[bytes] = set()
    room = wanted
    for key in sorted(copies):
        if copies[key] <= room:
            held.add(key)
            room -= copies[key]
    if not held:
        # Every row is repeated more often than rows are wanted.
        fewest = min(copies, key=lambda key: (copies[key], key))
        held = {fewest} if copies[fewest] <= MOST_HELD else set()
    sides: tuple[list[dict[str, Any]], list[dict[str, Any]]] = ([], [])
    for row, key in zip(rows, keys, strict=True):
        sides[key in held].append(row)
    return sides
