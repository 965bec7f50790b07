"""What a base takes on a card under each tuning, for lists: one figure, and whether that fits.

Owns the demand it is told for, which is the least a person can ask. Must not know where a base comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from workbench.core import memory, plan, presets, units
from workbench.core.memory import Correction, Memory
from workbench.core.plan import Base, Card
from workbench.core.recipe import TUNINGS, resolve

SPARE = 0.10
"""Less than this share of the free memory left is tight."""
LEANEST = "leanest step, batch 1"
"""What the figures are told for, in the words of a list."""


@dataclass(frozen=True)
class Fit:
    """One tuning of a base on a card."""

    tuning: str
    needed: int
    """Bytes at the peak of the leanest step of the preset: one row at a time, activations computed twice."""
    verdict: str
    """"fits", "tight" or "no"."""
    parts: tuple[tuple[str, int], ...] = field(default=(), repr=False)
    """(part, bytes) of the memory at the peak, the largest first."""
    length: int = 0
    """Tokens of its one row."""


@dataclass(frozen=True)
class Peak:
    """The leanest step of a tuning, before what was measured on a card is counted in."""

    tuning: str
    memory: Memory
    length: int


def peaks(base: Base, card: Card, method: str = "sft") -> tuple[Peak, ...]:
    """Return what each tuning of a base takes, from its configuration alone; full tuning last.

    Of the card only its kind counts: whether it is one, and whether it computes in bfloat16.
    """
    found = []
    for tuning in reversed(TUNINGS):
        preset = presets.default_for(method, tuning, base.root)
        lean = {
            "per_device_train_batch_size": 1,
            "gradient_checkpointing": True,
            **({"target_modules": base.targets} if base.targets and tuning != "full" else {}),
        }
        recipe = resolve({"method": method, "tuning": tuning, **lean}, preset.values, preset.name).recipe
        found.append(Peak(tuning, plan.predicted(base.shape, recipe, card), recipe.max_length))
    return tuple(found)


def fits(needed: tuple[Peak, ...], card: Card, known: Mapping[str, Correction] | None = None) -> tuple[Fit, ...]:
    """Return which of them fit a card; `known` is what runs under a tuning took on it, as a plan counts it in."""
    found = []
    for peak in needed:
        said = memory.corrected(peak.memory, (known or {}).get(peak.tuning)) if card.gpu else peak.memory
        parts = sorted(((name, size) for name, size in said.parts.items() if size), key=lambda part: -part[1])
        found.append(Fit(peak.tuning, said.peak, verdict_of(said.peak, card.free), tuple(parts), peak.length))
    return tuple(found)


def told_for(found: tuple[Fit, ...]) -> str:
    """Return in a sentence's words what the figures are told for, and so by what they differ from those of a plan."""
    lengths = sorted({fit.length for fit in found})
    tokens = " or ".join(map(units.count, lengths))
    return f"The leanest step of SFT: one row of {tokens} tokens at a time, activations computed twice"


def verdict_of(needed: int, free: int) -> str:
    """Return "fits", "tight" or "no" for so many bytes in so many."""
    return "no" if needed > free else "tight" if needed > free * (1 - SPARE) else "fits"
