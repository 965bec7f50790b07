"""The training of a dry run: the longest sequences of what there is, a few steps, and a clock.

Owns the choice of those sequences and the seconds of each part. Must not know recipes or what becomes of the figures.
"""

from __future__ import annotations

import random
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import TrainerCallback

from workbench.core.errors import WorkbenchError
from workbench.engine.material import Material
from workbench.runs import atomic

_BATCHES = 64
"""Random batches by which the usual one is told."""


class Longest(torch.utils.data.Dataset[dict[str, Any]]):
    """The longest of all sequences, as many as are asked for, so that every batch is one of the largest."""

    def __init__(self, whole: Any, most: int) -> None:
        """`whole` is a dataset with `lengths`."""
        self.whole = whole
        self.all: NDArray[np.int64] = whole.lengths
        """Tokens of every sequence, kept or not."""
        self.numbers = np.argsort(-self.all, kind="stable")[:most]
        """Numbers of those that are kept."""

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each sequence that is kept."""
        return self.all[self.numbers]

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, number: int) -> dict[str, Any]:
        if not 0 <= number < len(self):
            raise IndexError(number)
        found: dict[str, Any] = self.whole[int(self.numbers[number])]
        return found


def usual_share(lengths: NDArray[np.int64], rows: int) -> float:
    """Return how many tokens a usual batch of so many rows has, padding included, as a share of the largest one's."""
    rows = min(rows, len(lengths))
    draw = random.Random(0)
    widths = [max(draw.sample(lengths.tolist(), rows)) for _ in range(_BATCHES)]
    return float(np.mean(widths) / lengths.max())


class _Clock(TrainerCallback):
    """Notes when what begins; work that a card still has to do is waited for."""

    def __init__(self) -> None:
        self.begun = self.first = 0.0
        self.passes: list[float] = []
        self.optimiser: list[float] = []
        self._at = self._passed = 0.0

    def _now(self) -> float:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return time.monotonic()

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        """The first look follows."""
        self.begun = self._now()

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        """The passes follow."""
        self._at = self._now()
        self.first = self.first or self._at

    def on_pre_optimizer_step(self, *_: Any, **__: Any) -> None:
        """The passes are done."""
        self._passed = self._now()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        """The step is done."""
        self.passes.append(self._passed - self._at)
        self.optimiser.append(self._now() - self._passed)


class Trial:
    """What a dry run does in place of the training."""

    def __init__(self, began: float, most: int) -> None:
        """`began` is when the process began, by the monotonic clock; `most` is how many sequences a step takes."""
        self._began, self._most = began, most
        self._longest: Longest | None = None
        self.batch = (0, 0)
        """(sequences, tokens) of the longest micro-batch; zeros before it is known."""
        self.asked = (0.0, 0)
        """(seconds, tokens) that a teacher was asked."""

    def sequences(self, whole: Any) -> Longest:
        """Return the longest of all sequences, as many as a step takes."""
        self._longest = Longest(whole, self._most)
        return self._longest

    def perform(self, trainer: Any, material: Material) -> dict[str, Any]:
        """Take the steps, look, write a checkpoint, verify it, and return what the steps and the look took.

        Raises WorkbenchError when the checkpoint is not what was written.
        """
        assert self._longest is not None, "the sequences are made first"
        rows, accumulated = trainer.args.per_device_train_batch_size, trainer.args.gradient_accumulation_steps
        self.batch = (min(rows, len(self._longest)), int(self._longest.all.max()))
        clock = _Clock()
        trainer.add_callback(clock)
        trainer.train()
        newest = max(Path(trainer.args.output_dir).glob("step-*"), default=None)
        if what := "it was not written" if newest is None else atomic.verify(newest):
            raise WorkbenchError(f"The trial checkpoint is damaged ({what}); check the disk that the runs are on.")
        passes = statistics.median(clock.passes[1:]) / accumulated
        optimiser = statistics.median(clock.optimiser[1:])
        return {
            "batch": list(self.batch),
            "seconds": {
                "start": clock.begun - self._began,
                "step": passes * accumulated + optimiser,
                "micro_batch": passes,
                "optimiser": optimiser,
                "look": clock.first - clock.begun,
                "teacher": self.asked[0] / max(self.asked[1], 1) * float(self._longest.all.mean()),
            },
            "share": usual_share(self._longest.all, rows),
            "held_out": sum(len(examples) for examples in material.held_out.values()),
        }
