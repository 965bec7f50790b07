"""What a run takes on a processor, where nothing of CUDA is: the memory of its whole process, as the system counts it.

Owns what is counted beside the tensors there, and which figures of a report are of one kind. Must not know hardware.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from workbench.core import memory
from workbench.core.memory import GIB, Memory

PROCESS_BYTES = round(0.55 * GIB)
"""What Python, torch and the libraries above it take before the first tensor: measured on Linux on an x86-64."""
RESERVE_SHARE = 0.3
"""Memory beyond the tensors, over what comes and goes in a step in bf16: measured on one processor over sft and dpo,
full and with an adapter, whose steps took 14 to 57 percent more than their tensors; in fp32, which is counted as twice
as much as bf16, they took less than that, so that nothing is added."""
MARGIN = 0.35
"""How low the estimate may be, at least: fifty steps and more took up to 28 percent more than was predicted (sft, cpt
and dpo on two processors), and fewer steps the prediction, as what was freed in between goes back only in part."""
_HELD = ("weights", "adapter", "critic", "optimiser", "reference", "reward model", "teacher")
"""Parts that are there all the time."""


def assumed(precision: str) -> str:
    """Return what is said of the parts that are no tensors."""
    share = f", and {100 * RESERVE_SHARE:.0f} % over what comes and goes" if precision == "bf16" else ""
    return f"It is the memory of the whole process: {PROCESS_BYTES / GIB:.2f} GiB for itself{share} are assumed."


def of_process(found: Memory, precision: str) -> Memory:
    """Return an estimate as it is on a processor: what the process takes of itself, in place of what a card has."""
    kept = {part: size for part, size in found.parts.items() if part not in ("context", "reserve")}
    coming = sum(size for part, size in kept.items() if part not in _HELD)
    more = {"process": PROCESS_BYTES, "reserve": round(RESERVE_SHARE * coming) if precision == "bf16" else 0}
    notes = tuple(note for note in found.notes if note not in memory.assumed())
    parts = {part: size for part, size in {**kept, **more}.items() if size}
    margin = max(found.margin, MARGIN)
    return dataclasses.replace(found, parts=parts, margin=margin, notes=(*notes, assumed(precision)))


def compared(report: Mapping[str, Any]) -> tuple[int | None, int]:
    """Return (predicted, measured) peak bytes of what an attempt says of its memory.

    The prediction is that of its plan, else that of its largest batch, and None where it is not of the kind that was
    measured. Raises KeyError, TypeError or ValueError where nothing was measured.
    """
    measured, predicted = report["measured"], report["predicted"]
    alike = "reserved" in measured or "process" in predicted
    return int(report.get("planned", predicted["peak"])) if alike else None, int(measured["peak"])
