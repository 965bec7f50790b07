"""What an attempt does once it has the GPU: hand the recipe to its method, and close the books.

Owns the dispatch from method to module, the choice of the checkpoint to go on from, and the report. Must not know how a
method trains.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from workbench.core.recipe import METHODS, Recipe
from workbench.core.recipe import load as load_recipe
from workbench.engine import layout, micro, team
from workbench.engine.reporter import Reporter
from workbench.engine.requests import Requests
from workbench.runs import atomic, spent
from workbench.runs.store import Run


class Rehearsal(Protocol):
    """What a dry run puts in the place of all sequences and of the training."""

    asked: tuple[float, int]
    """(seconds, tokens) that a teacher was asked, for methods that have one."""

    def sequences(self, whole: Any) -> Any:
        """Return the sequences that are trained, of all of them."""

    def perform(self, trainer: Any, material: Any) -> dict[str, Any]:
        """Take the steps and return their figures; nothing is published."""


@dataclass(frozen=True)
class Attempt:
    """Everything a method needs to do its work."""

    run: Run
    recipe: Recipe
    reporter: Reporter
    requests: Requests
    resume_from: Path | None
    """The newest good checkpoint, or None at the beginning."""
    rehearsal: Rehearsal | None = None
    """What a dry run does in place of the training; None for a run."""


@team.first_goes_ahead
def newest_checkpoint(run: Run, reporter: Reporter) -> Path | None:
    """Return the newest checkpoint whose hashes match, or None; newer ones are damaged, which is said.

    A damaged one is kept under another name: with its own it would outlive the older ones that are written from now on.
    """
    if not run.checkpoints_dir.is_dir():
        return None
    atomic.sweep(run.checkpoints_dir)
    folders = sorted(run.checkpoints_dir.glob("step-*"), reverse=True)
    for place, folder in enumerate(folders):
        what = atomic.verify(folder)
        if not what:
            return folder
        aside = folder.with_name(f"damaged-{folder.name}")
        atomic.remove_tree(aside)
        atomic.rename(folder, aside)
        rest = "the one before it is tried" if place + 1 < len(folders) else "training starts from the beginning"
        reporter.notice(
            "warning",
            "checkpoint_damaged",
            f"The checkpoint {folder.name} is damaged ({what}); {rest}, and it was renamed to {aside.name}.",
        )
    return None


def peak_memory() -> dict[str, int]:
    """Return the attempt's peak memory in bytes: of the process, and on the card where there is one."""
    peak = {"host_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
    torch = sys.modules.get("torch")  # one that never was imported has taken nothing
    if torch is not None and torch.cuda.is_available():
        peak["gpu_bytes"] = torch.cuda.max_memory_reserved()
    return peak


def write_report(run: Run, figures: dict[str, Any]) -> None:
    """Write report.json, keeping what earlier attempts found out at the beginning; the first process of a team does."""
    if not team.is_first():
        return
    earlier = json.loads(run.report_path.read_text(encoding="utf-8")) if run.report_path.is_file() else {}
    atomic.write_text(run.report_path, json.dumps({**earlier, **figures}, ensure_ascii=False, indent=2) + "\n")


PUBLISHERS = {"export": "workbench.engine.export.work", "quantize": "workbench.engine.export.folder_work"}
"""Method that trains nothing → the module whose `publish` takes an attempt and does its work, as `train` of others."""


def _work_of(method: str) -> Callable[[Attempt], tuple[str, dict[str, Any]]]:
    """Return the function that does the work of a method and returns (outcome, figures for the report)."""
    if method in PUBLISHERS:
        return importlib.import_module(PUBLISHERS[method]).publish
    return importlib.import_module(f"workbench.engine.train.{method}").train


def perform(run: Run, reporter: Reporter, requests: Requests) -> str:
    """Do the run's work and return the outcome: done, paused or stopped. Raises WorkbenchError when it cannot go on."""
    started = time.monotonic()
    recipe = load_recipe(run.recipe_path).recipe
    reporter.phase("loading")
    requests.check()
    resume_from = newest_checkpoint(run, reporter)
    if resume_from is not None:
        reporter.notice("info", "resumed", f"Going on from the checkpoint {resume_from.name}.")
    try:
        outcome, figures = _work_of(recipe.method)(Attempt(run, recipe, reporter, requests, resume_from))
    except RuntimeError as error:
        if not micro.ran_out(error):
            raise
        # The trainer has seen to the passes over sequences; what is left has no smaller form.
        step = f"in the optimizer at step {reporter.step_reached + 1}"
        raise layout.too_little(recipe, step if reporter.doing == "training" else f"while {reporter.doing}") from None
    told = {
        "method": recipe.method,
        **({"tuning": recipe.tuning} if recipe.method in METHODS else {}),
        "outcome": outcome,
        "seconds": time.monotonic() - started,
        "peak_memory": peak_memory(),
        **figures,
    }
    write_report(run, spent.together(run, run.report(), told))
    return str(outcome)
