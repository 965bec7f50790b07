"""What happens at the end of each step: evaluation, checkpoint, the end of training.

Owns the steps and the cadence of a run and the conductor that keeps it. Must not know how any of that is done: the
trainer does it.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState

from workbench.core.recipe import REINFORCING, Recipe
from workbench.engine import team
from workbench.engine.reporter import Reporter
from workbench.engine.requests import OUTCOME, Requests


def total_steps(recipe: Recipe, sequences: int) -> int:
    """Return the optimizer steps of a run over `sequences` sequences, as the trainer will count them."""
    if recipe.max_steps:
        return recipe.max_steps
    batches = math.ceil(sequences / (recipe.per_device_train_batch_size * recipe.num_processes))
    per_epoch = max(1, math.ceil(batches / recipe.gradient_accumulation_steps))
    return max(1, math.ceil(recipe.num_train_epochs * per_epoch))


@dataclass(frozen=True)
class Cadence:
    """Steps between two looks and two checkpoints."""

    steps: int
    """Optimizer steps of the whole run."""
    evaluate_every: int
    save_every: int
    save_seconds: float
    whole: int = 1
    """Steps between two moments at which a run can be taken up again: those that learn from the same answers belong
    together. All else is a multiple of it."""


def cadence(recipe: Recipe, steps: int, written: int = 0) -> Cadence:
    """Return the cadence for a run of `steps` steps; zeros in the recipe become ten looks and five checkpoints.

    `written` are the answers that a look writes to measure a run that learns from its own: so many steps lie between
    two looks that looking writes no more than learning. A look and a derived checkpoint fall on the same step; what a
    look finds to be the best is saved in any case.
    """
    whole = recipe.num_iterations if recipe.method in REINFORCING else 1

    def multiple(number: int, of: int) -> int:
        return of * math.ceil(number / of)

    learnt = recipe.per_device_train_batch_size * recipe.gradient_accumulation_steps * recipe.num_processes / whole
    rarest = min(math.ceil(written / learnt), steps)
    look = multiple(recipe.eval_steps or max(1, math.ceil(steps / 10), rarest), whole)
    fifth = max(1, math.ceil(steps / 5))
    derived = fifth if look > fifth else multiple(fifth, look)
    return Cadence(steps, look, multiple(recipe.save_steps or derived, whole), recipe.save_minutes * 60, whole)


_URGENCY = ("", "save", "pause", "stop")
"""What one process of a team may want at a step's end, and all of them then do: the strongest word counts."""


class Conductor(TrainerCallback):
    """Decides at the end of each step what happens next."""

    def __init__(self, plan: Cadence, requests: Requests, reporter: Reporter) -> None:
        self._plan, self._requests, self._reporter = plan, requests, reporter
        self._saved_at = time.monotonic()
        self.request = ""
        """The request that ended training early, or ""."""

    def on_train_begin(self, args: Any, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Start the clock of time-based checkpoints."""
        self._saved_at = time.monotonic()

    def on_step_end(self, args: Any, state: TrainerState, control: TrainerControl, **_: Any) -> TrainerControl:
        """Ask for evaluation, saving and stopping as the plan and the person want them."""
        step, last = state.global_step, state.global_step >= self._plan.steps
        self._reporter.step_reached = step
        late = time.monotonic() - self._saved_at > self._plan.save_seconds
        if step % self._plan.whole and not last:
            return control
        urgent = _URGENCY[int(team.largest(_URGENCY.index(self._requests.pending() or ("save" if late else ""))))]
        control.should_log = control.should_log or last
        control.should_evaluate = last or step % self._plan.evaluate_every == 0
        control.should_save = last or bool(urgent) or step % self._plan.save_every == 0
        if urgent in OUTCOME and not last:
            self.request = urgent
            control.should_evaluate = False
            control.should_training_stop = True
        return control

    def on_save(self, args: Any, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Start the clock of time-based checkpoints anew, whoever wanted this one."""
        self._saved_at = time.monotonic()
