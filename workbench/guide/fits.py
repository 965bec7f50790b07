"""What a base takes on a card under each tuning, for lists: one figure, and whether that fits.

Owns the demand it is told for. Must not know where a base comes from.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from workbench.core import memory, presets
from workbench.core.demand import demand_of
from workbench.core.plan import Base, Card
from workbench.core.recipe import TUNINGS, resolve

SPARE = 0.10
"""Less than this share of the free memory left is tight."""


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


Peaks = tuple[tuple[str, int, tuple[tuple[str, int], ...]], ...]
"""(tuning, bytes at the peak, its parts with the largest first), full tuning last."""


def peaks(base: Base, method: str = "sft") -> Peaks:
    """Return what each tuning of a base takes, from its configuration alone."""
    found = []
    for tuning in reversed(TUNINGS):
        preset = presets.default_for(method, tuning, base.root)
        lean = {
            "per_device_train_batch_size": 1,
            "gradient_checkpointing": True,
            **({"target_modules": base.targets} if base.targets and tuning != "full" else {}),
        }
        recipe = resolve({"method": method, "tuning": tuning, **lean}, preset.values, preset.name).recipe
        estimated = memory.estimate(base.shape, demand_of(recipe, precision="bf16"))
        parts = sorted(((name, size) for name, size in estimated.parts.items() if size), key=lambda part: -part[1])
        found.append((tuning, estimated.peak, tuple(parts)))
    return tuple(found)


def fits(needed: Peaks, card: Card) -> tuple[Fit, ...]:
    """Return which of them fit a card."""
    return tuple(Fit(tuning, peak, verdict_of(peak, card.free), parts) for tuning, peak, parts in needed)


def verdict_of(needed: int, free: int) -> str:
    """Return "fits", "tight" or "no" for so many bytes in so many."""
    return "no" if needed > free else "tight" if needed > free * (1 - SPARE) else "fits"
