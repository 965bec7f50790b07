"""The held-out split: which rows are kept aside to measure the loss on unseen rows.

Owns the choice, by hashes of rows and the clusters they belong to. Must not know what rows mean.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

FEWEST_ROWS = 8
"""Different rows below which none is kept aside: too few to measure anything, and each is missed in training."""
MOST_HELD = 512
"""Rows beyond which a loss on unseen rows gets steadier only at a cost in time that nobody wants to wait for."""


def key(row: dict[str, Any], seed: int) -> int:
    """Return a number of 64 bits that depends on the row's content and the seed only."""
    digest = hashlib.sha256(b"%d\n" % seed + orjson.dumps(row, option=orjson.OPT_SORT_KEYS)).digest()
    return int.from_bytes(digest[:8], "big")


def together(clusters: NDArray[np.int64], documents: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a cluster for each row such that rows of one document, and rows of one cluster, stay together.

    `clusters` and `documents` tell the cluster and the document of each row, -1 for a row of none. The parts of a
    document that has more than half of all rows need not stay together, nor those of any where that would leave fewer
    than `FEWEST_ROWS` clusters: to keep one of a few documents aside would cost too much of what is to be learnt.
    """
    parts = np.flatnonzero(documents >= 0)
    _, document, sizes = np.unique(documents[parts], return_inverse=True, return_counts=True)
    bound = 2 * sizes[document] <= len(clusters)
    parts, document = parts[bound], document[bound]
    if not len(parts):
        return clusters
    names, cluster = np.unique(clusters, return_inverse=True)
    of_cluster = np.arange(len(names))
    while True:
        of_document = np.full(len(sizes), len(names))
        np.minimum.at(of_document, document, of_cluster[cluster[parts]])
        before = of_cluster.copy()
        np.minimum.at(of_cluster, cluster[parts], of_document[document])
        if np.array_equal(before, of_cluster):
            break
    if len(np.unique(of_cluster)) < FEWEST_ROWS:
        return clusters
    return names[of_cluster[cluster]]


def chosen(
    keys: NDArray[np.uint64], clusters: NDArray[np.int64], fraction: float, rows: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return those of `rows` that are kept aside; `keys` and `clusters` tell the hash and the cluster of each.

    About `fraction` of the rows are kept aside, at least one and at most `MOST_HELD`, by whole clusters, in the order
    of the smallest key of each: the choice does not depend on the order of the rows. Nothing is kept aside when
    `fraction` is 0, there are fewer than `FEWEST_ROWS` clusters, or every cluster is larger than `MOST_HELD`.
    """
    _, place, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    if fraction <= 0 or len(sizes) < FEWEST_ROWS:
        return rows[:0]
    least = np.full(len(sizes), np.iinfo(np.uint64).max, dtype=np.uint64)
    np.minimum.at(least, place, keys)
    room = min(max(round(fraction * len(rows)), 1), MOST_HELD)
    taken = np.zeros(len(sizes), dtype=bool)
    for cluster in np.argsort(least, kind="stable"):
        if sizes[cluster] <= room:
            taken[cluster] = True
            room -= int(sizes[cluster])
            if not room:
                break
    if not taken.any():
        # Every cluster has more rows than are wanted.
        fewest = int(np.lexsort((least, sizes))[0])
        taken[fewest] = sizes[fewest] <= MOST_HELD
    return rows[taken[place]]


def held_out(
    rows: Sequence[dict[str, Any]], fraction: float, seed: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return (rows to learn from, rows kept aside), each in the order given; equal rows stay on one side."""
    if not rows:
        return [], []
    keys = np.fromiter((key(row, seed) for row in rows), dtype=np.uint64, count=len(rows))
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    held = set(chosen(keys, first[inverse], fraction, np.arange(len(rows))).tolist())
    sides: tuple[list[dict[str, Any]], list[dict[str, Any]]] = ([], [])
    for number, row in enumerate(rows):
        sides[number in held].append(row)
    return sides
