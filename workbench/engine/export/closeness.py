"""How close one model's logits are to another's: sums over positions, and the figures they make.

Owns the arithmetic of KL, equal choices and perplexity with their standard errors. Must not know where logits come
from, nor what is close enough.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROWS = 32
"""Positions whose probabilities are in memory at a time, in float64."""


@dataclass(frozen=True)
class Closeness:
    """What was measured of a model against the one it stands for; figures without data are None."""

    kl: float
    """Mean KL(reference || model) in nats per token."""
    kl_error: float | None
    """Standard error of it."""
    top1: float
    """Share of positions where both prefer the same next token."""
    perplexity: float | None
    """Of the tokens that count, by the model."""
    perplexity_change: float | None
    """By how much it is higher than the reference's, as a share of that one's."""
    perplexity_error: float | None
    """Standard error of that share."""
    tokens: int
    """Positions compared."""
    scored: int
    """Tokens the perplexity is of."""

    def plain(self) -> dict[str, Any]:
        """Return the figures as JSON takes them."""
        return asdict(self)


def _log_softmax(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return log probabilities of [positions, vocabulary] logits."""
    wide = values.astype(np.float64)
    wide -= wide.max(axis=-1, keepdims=True)
    return np.asarray(wide - np.log(np.exp(wide).sum(axis=-1, keepdims=True)))


def _mean(sums: list[float], counts: list[int]) -> tuple[float | None, float | None]:
    """Return the mean over all tokens and its standard error, where tokens of one sequence depend on each other.

    The error is that of a ratio of sums over clusters, here the sequences (Cochran 1977, Sampling Techniques, 6.4).
    """
    total, many = sum(counts), sum(1 for count in counts if count)
    if not total:
        return None, None
    mean = sum(sums) / total
    if many < 2:
        return mean, None
    spread = sum((part - mean * count) ** 2 for part, count in zip(sums, counts, strict=True))
    return mean, math.sqrt(spread * many / (many - 1)) / total


class Sums:
    """Adds up sequence by sequence; only a block of positions is in memory at a time."""

    def __init__(self, tie: float = 0.0) -> None:
        """`tie` is the difference of logits below which two choices count as the same."""
        self.tie = tie
        self.largest = 0.0
        self._same = 0
        # Of each sequence: divergence and positions, log-likelihoods of both sides and tokens that count.
        self._parts: list[list[float]] = []

    def begin(self) -> None:
        """Begin the next sequence."""
        self._parts.append([0.0, 0, 0.0, 0.0, 0])

    def add(self, want: NDArray[np.float32], got: NDArray[np.float32], targets: NDArray[np.int64]) -> None:
        """Add a block of positions, logits [positions, vocabulary] of the reference and of the model.

        `targets` has the token that follows each position where it counts for the perplexity, and -1 elsewhere.
        """
        part = self._parts[-1]
        self.largest = max(self.largest, float(np.abs(got - want).max()))
        chosen = np.take_along_axis(want, got.argmax(axis=-1)[:, None], axis=-1)[:, 0]
        self._same += int((chosen >= want.max(axis=-1) - self.tie).sum())
        for i in range(0, len(got), ROWS):
            one, other = _log_softmax(want[i : i + ROWS]), _log_softmax(got[i : i + ROWS])
            part[0] += float((np.exp(one) * (one - other)).sum())
            next_tokens = targets[i : i + ROWS]
            there = np.flatnonzero(next_tokens >= 0)
            part[2] += float(one[there, next_tokens[there]].sum())
            part[3] += float(other[there, next_tokens[there]].sum())
            part[4] += len(there)
        part[1] += len(got)

    def result(self) -> Closeness:
        """Return the figures of everything added."""
        positions, scored = ([int(part[i]) for part in self._parts] for i in (1, 4))
        kl, kl_error = _mean([part[0] for part in self._parts], positions)
        loss, _ = _mean([-part[3] for part in self._parts], scored)
        change, error = _mean([part[2] - part[3] for part in self._parts], scored)
        share = None if change is None else math.expm1(change)
        return Closeness(
            kl=max(kl or 0.0, 0.0),
            kl_error=kl_error,
            top1=self._same / max(sum(positions), 1),
            perplexity=None if loss is None else math.exp(min(loss, 700.0)),
            perplexity_change=share,
            perplexity_error=None if error is None or share is None else error * (1 + share),
            tokens=sum(positions),
            scored=sum(scored),
        )


def targets(ids: list[int], learnt: list[bool] | None) -> NDArray[np.int64]:
    """Return for each position the token that follows it where that one is `learnt`, -1 elsewhere and at the end."""
    found = np.full(len(ids), -1, np.int64)
    if learnt is not None:
        found[:-1] = np.where(learnt[1:], ids[1:], -1)
    return found
