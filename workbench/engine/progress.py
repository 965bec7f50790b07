"""How far a run has come: the tokens it has seen, and which of its states did best on the held-out rows.

Owns these figures and their place in a checkpoint, so that a resumed run goes on where it was. Must not know weights or
when to look; which state becomes the result is `core/best.py`'s rule.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from workbench.core.best import Held
from workbench.engine import checkpoint, team


@dataclass
class Progress:
    """What the loop has seen; saved with each checkpoint."""

    judged: bool = True
    """Whether the held-out loss tells which state is better."""
    rows: int = 0
    """Held-out rows that a look rests on."""
    tokens: int = 0
    """Input tokens of this process, in packed sequences with the little padding at their ends; the first one's count
    goes on from the checkpoint's total."""
    looked: int = -1
    """The step of the newest look, before the first one -1."""
    best: Held | None = None
    last: Held | None = None
    """The newest look that told a loss."""
    more: dict[str, Any] = field(default_factory=dict)
    """What a method keeps beside, as JSON."""

    def saw(self, step: int, loss: float | None) -> bool:
        """Take a look at the held-out rows and return whether it is the best so far; each process of a team has to ask.

        What was there before the first step is nothing the run has made.
        """
        self.looked = step
        if not self.judged or not step or loss is None or not math.isfinite(loss):
            return False
        self.last = Held(step, loss)
        is_best = self.best is None or loss < self.best.loss
        # Asked together, so that no process alone waits for the others at a checkpoint.
        if not team.largest(float(is_best)):
            return False
        self.best = self.last
        return True

    @property
    def best_folder(self) -> str:
        """The name of the best state's checkpoint, "" while there is none."""
        return checkpoint.folder_name(self.best.step) if self.best is not None else ""

    def loss_at(self, step: int) -> float | None:
        """Return the held-out loss of a step, None unless the newest look was taken there."""
        return self.last.loss if self.last is not None and self.last.step == step else None

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps; each process of a team has to ask."""
        found = {name: asdict(held) if held else None for name, held in (("best", self.best), ("last", self.last))}
        return {"tokens": team.total(self.tokens), "looked": self.looked, "more": self.more, **found}

    def follow(self, folder: Path) -> int:
        """Take what a checkpoint has kept and return the tokens of all processes; a best one that is gone is none."""
        extra = checkpoint.read_state(folder)["extra"]
        self.tokens = extra["tokens"] if team.is_first() else 0
        self.looked, self.more = extra.get("looked", -1), extra.get("more", {})
        self.best, self.last = (_held(extra.get(name)) for name in ("best", "last"))
        if self.best is not None and not (folder.parent / self.best_folder).is_dir():
            self.best = None
        return int(extra["tokens"])


def _held(found: Mapping[str, Any] | None) -> Held | None:
    return Held(found["step"], found["loss"]) if found else None


def look_missed(folder: Path, evaluate_every: int) -> bool:
    """Return whether the look after a checkpoint's step was left out, because the run was asked to end there.

    It is made up for, so that an interrupted run finds the same best state as one that was not.
    """
    step = int(folder.name.rpartition("-")[2])
    return step % evaluate_every == 0 and bool(checkpoint.read_state(folder)["extra"].get("looked", step) < step)
