"""A dry run: a few real steps on the longest sequences, a look, a checkpoint, and what they took; nothing is kept.

Owns what is made smaller for it and the projection to the whole run. Everything else is the run's own: base, rows,
encoding, trainer, optimiser, evaluation, checkpoint. Must not know how the figures are shown. Run as a program it takes
{"folder": of a trial run with its recipe, "steps": of the whole run, "sequences": of it} on stdin and says what it does
and at last its figures.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import math
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from workbench.core.errors import WorkbenchError
from workbench.core.events import Checkpoint, Notice
from workbench.core.recipe import REINFORCING, Recipe
from workbench.core.recipe import load as load_recipe
from workbench.engine import startup
from workbench.engine.lifeline import Say, die_with_parent, take_stdout
from workbench.engine.reporter import Reporter
from workbench.runs import hardware, locks
from workbench.runs.store import Run

STEPS = 4
"""The first is a warm-up: kernels are chosen and memory is allocated in it."""
MOST_MICRO_BATCHES = 2
"""Micro-batches of a step at most: from the second on each takes the memory and the time of the one before."""
ROWS = "rows"


class _Voice(Reporter):
    """A reporter that tells the parent, too, what is going on."""

    def __init__(self, events_path: Path, say: Say) -> None:
        super().__init__(events_path)
        self._say = say

    def phase(self, name: str, detail: str = "", done: int | None = None, total: int | None = None) -> None:
        """Say it in the journal and to the parent."""
        super().phase(name, detail, done, total)
        self._say({"phase": name, "detail": detail})


def shortened(recipe: Recipe, rows: Path) -> Recipe:
    """Return the recipe of a dry run over canonical rows in a folder: its steps are those of the run, and few."""
    # The answers of a step are written together, and their groups stay whole.
    writes = recipe.method in REINFORCING
    passes = (
        recipe.gradient_accumulation_steps if writes else min(recipe.gradient_accumulation_steps, MOST_MICRO_BATCHES)
    )
    return dataclasses.replace(
        recipe,
        data=(str(rows),), data_format="", data_columns=(), data_weights=(), duplicates="keep", min_characters=0,
        max_characters=0, languages=(), quality="keep", secrets="keep", decontaminate=(), replay_data=(),
        replay_share=0.0, max_steps=STEPS, eval_steps=STEPS, save_steps=STEPS, logging_steps=1, num_processes=1,
        gradient_accumulation_steps=passes,
    )  # fmt: skip


def _rows(run: Run, recipe: Recipe) -> Path:
    """Write an excerpt of the rows into the run and return its folder: a file for each type, as each is a source."""
    from workbench.data import glance

    columns = dict(pair.split("=", 1) for pair in recipe.data_columns)
    rows = glance.excerpt(recipe.data, recipe.method, recipe.data_format, columns or None)
    folder = run.path / ROWS
    folder.mkdir()
    for key in dict.fromkeys(next(iter(row)) for row in rows):
        with (folder / f"{key}.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows if next(iter(row)) == key)
    return folder


def perform(run: Run, steps: int, sequences: int, say: Say) -> dict[str, Any]:
    """Do the dry run of the recipe in `run` and return its figures.

    {"batch": [sequences, tokens] of the largest, "memory": predicted and measured, "seconds": {"start", "step",
    "micro_batch", "optimiser", "look", "teacher" for a sequence, "checkpoint"}, "share": tokens of a usual batch of the
    largest one's, "checkpoint_bytes", "hours" or None without `steps`, "changes" made because memory ran out,
    "warnings"}. `sequences` is how many the whole run has. Raises WorkbenchError with what is wrong,
    {"out_of_memory": phase} is returned when the memory was too small.
    """
    began = time.monotonic()
    reporter = _Voice(run.events_path, say)
    recipe = load_recipe(run.recipe_path).recipe
    lease = locks.take_lease(
        on_wait=lambda ahead: reporter.phase("waiting", f"{ahead} ahead in the queue"), give_up=lambda: False
    )
    assert lease is not None, "it is waited for"
    os.environ[hardware.VISIBLE] = hardware.training_card()

    import torch

    from workbench.engine.requests import Requests
    from workbench.engine.session import Attempt
    from workbench.engine.trial import Trial

    requests = Requests(run.path, reporter)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    reporter.phase("preparing", "choosing rows")
    small = shortened(recipe, _rows(run, recipe))
    trial = Trial(began, small.per_device_train_batch_size * small.gradient_accumulation_steps)
    method = importlib.import_module(f"workbench.engine.train.{recipe.method}")
    try:
        _, found = method.train(Attempt(run, small, reporter, requests, None, trial))
    except (torch.OutOfMemoryError, MemoryError):
        return {"out_of_memory": True, "batch": list(trial.batch)}
    except RuntimeError as error:
        # What torch's allocator on a processor says.
        if "can't allocate memory" not in str(error):
            raise
        return {"out_of_memory": True, "batch": list(trial.batch)}
    for event in run.events():
        if isinstance(event, Checkpoint):
            found["checkpoint_bytes"] = event.bytes
            found["seconds"]["checkpoint"] = event.seconds
    told = [event for event in run.events() if event.kind in ("layout", "notice")]
    found["changes"] = [str(vars(event)["text"]) for event in told if event.kind == "layout"]
    found["warnings"] = [event.text for event in told if isinstance(event, Notice) and event.level == "warning"]
    found["hours"] = _hours(recipe, found, steps, sequences) if steps else None
    return found


def _hours(recipe: Recipe, found: dict[str, Any], steps: int, sequences: int) -> float:
    """Return the projected hours of the whole run: usual batches, all looks and checkpoints included."""
    from workbench.data.split import MOST_HELD
    from workbench.engine import loop
    from workbench.engine.reinforce.reinforcer import look_of

    seconds = found["seconds"]
    held = min(round(recipe.eval_split * sequences), MOST_HELD)
    taken, several = look_of(recipe, held) if recipe.method in REINFORCING else (0, 0)
    plan = loop.cadence(recipe, steps, taken * (several + 1))
    look = seconds["look"] * max(1.0, held / found["held_out"]) if found["held_out"] else seconds["look"]
    step = seconds["micro_batch"] * found["share"] * recipe.gradient_accumulation_steps + seconds["optimiser"]
    looks = 1 + math.ceil(steps / plan.evaluate_every)
    saves = max(math.ceil(steps / plan.save_every), math.floor(steps * step / plan.save_seconds))
    if found["held_out"]:
        # A look that is the best so far is saved: at most all of those that no checkpoint falls on anyway.
        saves += steps // plan.evaluate_every - steps // math.lcm(plan.evaluate_every, plan.save_every)
    asked = sequences * seconds["teacher"]
    return (seconds["start"] + asked + steps * step + looks * look + saves * seconds["checkpoint"]) / 3600


def main() -> int:
    """Answer the request on stdin."""
    die_with_parent()
    startup.hasten()
    say = take_stdout()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    request = json.loads(sys.stdin.read())
    try:
        say(perform(Run(Path(request["folder"])), request["steps"], request["sequences"], say))
    except WorkbenchError as error:
        say({"error": str(error)})
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
