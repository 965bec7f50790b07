"""Figures of a run condensed while they pass: the levels of its loss and speed, and the points the rules of health see.

Owns that arithmetic. Must not know files or what a figure means for the person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

LEVEL_STEPS = 32
"""Steps whose mean is a level of the loss: enough that single batches do not show."""


MOST_METRICS = 64
"""Different figures of a run that are followed; more than that are no figures for a person."""


OWN = ("loss", "grad_norm", "learning_rate", "tokens_per_second", "eval")
"""Names of the curves that every run has; no further figure goes by them."""


def metrics(kind: str, found: Any) -> dict[str, float]:
    """Return the further figures of a "step" or an "eval" under the names their curves go by.

    Those of held-out rows begin with "eval_", so that both may have a figure of the same name.
    """
    if not isinstance(found, Mapping):
        return {}
    lead = "eval_" if kind == "eval" else ""
    named = {f"{lead}{str(name).removeprefix(lead)}": value for name, value in found.items()}
    return {name: value for name, value in named.items() if type(value) in (float, int) and name not in OWN}


@dataclass(frozen=True, slots=True)
class Point:
    """One optimizer step."""

    step: int
    loss: float | None
    learning_rate: float
    grad_norm: float | None
    tokens_per_second: float


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the held-out rows."""

    step: int
    loss: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    rows: int = 0
    """How many they are; 0 where it is not known."""


class Levels:
    """Means of the loss and (upper) medians of the speed over `LEVEL_STEPS` steps each."""

    def __init__(self) -> None:
        self.first: float | None = None
        """The level at the beginning of the run; None before there is one."""
        self.lowest: tuple[int, float] | None = None
        """(last step of it, level)."""
        self.last: float | None = None
        self.count = 0
        self.best_speed = 0.0
        """Tokens per second of the fastest level of this attempt."""
        self._losses: list[float] = []
        self._speeds: list[float] = []
        self._skip = True

    def begin(self) -> None:
        """Forget speeds and the unfinished level: a new attempt may be on another card, and steps are taken again."""
        self.best_speed = 0.0
        self._losses, self._speeds, self._skip = [], [], True

    def add(self, steps: Sequence[int], losses: Sequence[float | None], speeds: Sequence[float]) -> None:
        """Take the steps that follow, in order, and as many losses and speeds."""
        start = 0
        while start < len(steps):
            part = slice(start, start + LEVEL_STEPS - len(self._speeds))
            some = losses[part]
            self._losses += [loss for loss in some if loss is not None] if None in some else some  # type: ignore[arg-type]
            self._speeds += speeds[part]
            start = min(part.stop, len(steps))
            if len(self._speeds) == LEVEL_STEPS:
                self._close(steps[start - 1])

    def _close(self, step: int) -> None:
        """End a level."""
        losses, speed = self._losses, sorted(self._speeds)[LEVEL_STEPS // 2]
        self._losses, self._speeds = [], []
        if not losses:
            return
        level = sum(losses) / len(losses)
        self.count += 1
        self.last = level
        self.first = level if self.first is None else self.first
        if self.lowest is None or level < self.lowest[1]:
            self.lowest = (step, level)
        # The first level of an attempt has cold caches and compilations in it.
        self.best_speed = self.best_speed if self._skip else max(self.best_speed, speed)
        self._skip = False

    def state(self) -> list[Any]:
        """Return what is known as plain values, which JSON can carry to another process."""
        return [self.first, self.lowest, self.last, self.count, self.best_speed]

    def follow(self, state: list[Any]) -> None:
        """Take the `state` of the levels that come after these."""
        first, lowest, last, count, best_speed = state
        if not count:
            return
        self.first = first if self.first is None else self.first
        if self.lowest is None or lowest[1] < self.lowest[1]:
            self.lowest = (lowest[0], lowest[1])
        self.last, self.count = last, self.count + count
        self.best_speed = max(self.best_speed, best_speed)
