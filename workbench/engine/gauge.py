"""The memory an attempt really takes, from before its base is loaded to the end of its training, beside the prediction.

Owns the reading of both figures and the record of them. Must not know what is trained, nor plan anything.

On a card the peak is what torch's allocator has reserved at most, with what is assumed for CUDA itself, which no
process can read reliably of its own. On a processor it is the resident memory of the whole process.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from workbench.core import plan
from workbench.core.attempt import Card
from workbench.core.demand import METHODS
from workbench.core.errors import WorkbenchError
from workbench.core.losses import own_answers
from workbench.core.memory import CONTEXT_BYTES
from workbench.core.recipe import REINFORCING, Recipe
from workbench.core.shape import shape_of
from workbench.engine import team
from workbench.engine.load import Machine
from workbench.engine.session import Attempt
from workbench.runs import bases, judges, measured, reward_models, teachers

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def _forget_peak() -> None:
    """Let the kernel count this process's peak from now on, where it can; elsewhere the peak is that of its life."""
    try:
        _CLEAR.write_text("5")
    except OSError:
        return


def _resident_peak() -> int:
    """Return the highest resident memory of this process, in bytes."""
    try:
        text = _STATUS.read_text(encoding="ascii")
        return int(next(line.split()[1] for line in text.splitlines() if line.startswith("VmHWM:"))) << 10
    except (OSError, StopIteration):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most << 10


def _name() -> str:
    """Return the name of the card that is computed on."""
    return str(torch.cuda.get_device_properties(torch.cuda.current_device()).name)


def _beside(recipe: Recipe) -> int:
    """Return the bytes of a run's reward models in this process, or of the teacher that stays beside its student.

    One that has been removed since is no reason to fail. A judge is in a process of its own, whose memory is not
    measured here.
    """
    if recipe.method not in REINFORCING and not own_answers(recipe):
        return 0
    try:
        if own_answers(recipe):
            return teachers.beside(recipe.teacher, recipe.teacher_in_4bit).get(recipe.tuning, 0)
        held = judges.beside(recipe.rewards, own_process=True)
        if recipe.reward_model:
            held += reward_models.beside(recipe.reward_model, recipe.base).get(recipe.tuning, 0)
    except WorkbenchError:
        return 0
    return held


class Gauge:
    """Watches one attempt."""

    def __init__(self, where: Machine) -> None:
        """Begin to watch; the base is not loaded yet."""
        self._where = where
        self._batch = (0, 0)
        self._parameters = 0
        if where.device == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
        _forget_peak()

    def watch(self, model: Any) -> None:
        """Note the largest batch that goes through the model while it is trained."""

        def seen(module: Any, arguments: tuple[Any, ...], named: dict[str, Any], result: Any) -> None:
            ids = named.get("input_ids")
            if module.training and ids is not None and ids.numel() > self._batch[0] * self._batch[1]:
                self._batch = (int(ids.shape[0]), int(ids.shape[1]))

        self._parameters = sum(parameter.numel() for parameter in model.parameters())
        model.register_forward_hook(seen, with_kwargs=True)

    def _measured(self) -> dict[str, Any]:
        """Return {"what", "peak"} in bytes, on a card also "allocated" and "reserved"."""
        if self._where.device == "cuda":
            reserved = torch.cuda.max_memory_reserved()
            return {
                "what": "memory that torch reserved on the card, with what is assumed for CUDA",
                "peak": reserved + CONTEXT_BYTES,
                "allocated": torch.cuda.max_memory_allocated(),
                "reserved": reserved,
            }
        return {"what": "resident memory of the whole process", "peak": _resident_peak()}

    def figures(self, recipe: Recipe, folder: Path, packed: bool) -> dict[str, Any]:
        """Return {"planned", "predicted", "measured", "batch", "family", "precision"}: {} before a batch was trained.

        "batch" is (sequences, tokens) of the largest one, and "predicted" the parts and the "peak" for just that batch,
        uncorrected: by the difference of the two a prediction is wrong. "planned" is the peak that a plan of the recipe
        shows, without what other processes hold. `folder` holds the base.
        """
        rows, width = self._batch
        if not rows:
            return {}
        shape = shape_of(bases.read_json(folder / "config.json"), self._parameters)
        card = Card(_name() if self._where.device == "cuda" else "", 0, 0, bf16=self._where.bf16)
        batch = max(1, rows // METHODS[recipe.method].rows)
        beside = _beside(recipe)
        found = plan.expected(shape, recipe, card, beside, batch=batch, length=width, packing=packed)
        known = measured.corrections(card.name, shape.model_type, (recipe.tuning,)).get(recipe.tuning)
        return {
            "planned": plan.predicted(shape, recipe, card, known, beside=beside).peak,
            "predicted": {**found.parts, "peak": found.peak},
            "measured": self._measured(),
            "batch": [rows, width],
            "family": shape.model_type,
            "precision": "bf16" if self._where.bf16 else "fp32",
        }


def kept(recipe: Recipe, figures: Mapping[str, Any], device: str) -> measured.Measurement | None:
    """Return figures as they are kept for later plans; None where there is nothing to learn from them."""
    if not figures or figures["measured"]["peak"] <= 0 or figures["predicted"]["peak"] <= 0:
        return None
    card = name = ""
    if device == "cuda":
        properties = torch.cuda.get_device_properties(torch.cuda.current_device())
        name, card = properties.name, f"GPU-{properties.uuid}"
    return measured.Measurement(
        card=card, name=name, family=figures["family"], method=recipe.method, tuning=recipe.tuning,
        precision=figures["precision"], predicted=figures["predicted"]["peak"], measured=figures["measured"]["peak"],
    )  # fmt: skip


def keep(attempt: Attempt, figures: Mapping[str, Any]) -> None:
    """Keep what an attempt measured for later plans; it is not worth a run that it cannot be written.

    A run whose passes were made smaller on the way had a peak that belongs to no one batch, and is left out.
    """
    if not team.is_first() or any(event.kind == "layout" for event in attempt.run.events()):
        return
    device = "cuda" if "reserved" in figures.get("measured", {}) else "cpu"
    found = kept(attempt.recipe, figures, device)
    if found is None:
        return
    try:
        measured.record(found)
    except WorkbenchError as error:
        attempt.reporter.notice("warning", "not_measured", str(error))
