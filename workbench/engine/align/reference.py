"""What the model said of every answer before it was trained: computed once per run, kept beside the prepared rows.

Owns `reference/` of a run. Must not know losses. With it no second model is in memory, and every attempt compares with
the very same numbers.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.engine import team
from workbench.engine.align.aligner import Aligner
from workbench.engine.align.pairs import ANSWERS, Pairs
from workbench.engine.session import Attempt
from workbench.runs import atomic

FOLDER = "reference"
_TOLD_SECONDS = 5.0
"""Between two words of how far it is."""


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.f32"


@team.first_goes_ahead
def _stored(attempt: Attempt, names: Mapping[str, Pairs]) -> dict[str, NDArray[np.float32]] | None:
    """Return what an earlier attempt has kept for just these rows, or None."""
    folder = attempt.run.path / FOLDER
    if not folder.is_dir() or atomic.verify(folder):
        return None
    found = {name: np.fromfile(_file(folder, name), dtype="<f4").reshape(-1, ANSWERS) for name in names}
    return found if all(len(found[name]) == len(rows) for name, rows in names.items()) else None


def _computed(
    attempt: Attempt, trainer: Aligner, rows: Pairs, numbers: NDArray[np.int64], done: int, total: int
) -> NDArray[np.float32]:
    """Return rows × 2 log-probabilities, NaN for rows that are not in `numbers`; the processes of a team share them."""
    longest_first = numbers[np.argsort(-rows.lengths[numbers], kind="stable")]
    size, rank, world = trainer.args.per_device_eval_batch_size, trainer.args.process_index, trainer.args.world_size
    found = torch.zeros((len(rows), ANSWERS))
    told = time.monotonic()
    for start in range(rank * size, len(numbers), size * world):
        chosen = longest_first[start : start + size]
        found[torch.from_numpy(chosen)] = trainer.answers_of(rows, chosen.tolist())
        if time.monotonic() - told > _TOLD_SECONDS:
            told = time.monotonic()
            attempt.requests.check()
            attempt.reporter.phase("preparing", "log-probabilities before training", done=done + start, total=total)
    if world > 1:
        moved = found.to(trainer.args.device)
        torch.distributed.all_reduce(moved)
        found = moved.cpu()
    known = np.full((len(rows), ANSWERS), np.nan, dtype=np.float32)
    known[numbers] = found.numpy()[numbers]
    return known


def prepare(attempt: Attempt, trainer: Aligner, wanted: Mapping[str, tuple[Pairs, NDArray[np.int64]]]) -> None:
    """Give rows what the model says of them before training, as it was kept or computed now.

    `wanted` is name → (rows, numbers of those that are going to be looked at). The trainer's model must not have been
    trained yet: an adapter still adds nothing then, so that it need not be taken off.
    """
    sets = {name: rows for name, (rows, _) in wanted.items()}
    known = _stored(attempt, sets)
    if known is None:
        total, done = sum(len(numbers) for _, numbers in wanted.values()), 0
        attempt.reporter.phase("preparing", "log-probabilities before training", done=0, total=total)
        known = {}
        for name, (rows, numbers) in wanted.items():
            known[name] = _computed(attempt, trainer, rows, numbers, done, total)
            done += len(numbers)
        if team.is_first():
            with atomic.staging(attempt.run.path / FOLDER) as folder:
                for name, found in known.items():
                    found.astype("<f4").tofile(_file(folder, name))
    for name, rows in sets.items():
        rows.reference = known[name]
