"""One way to run a base on a card: its values, what they need, and whether that fits.

Owns what is known of the base and of the card, and the comparison of needed and free memory. Must not know which ways
there are, or which is better.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.core.memory import GIB, HOST_SHARE, Memory
from workbench.core.recipe import Resolved
from workbench.core.shape import Shape


@dataclass(frozen=True)
class Base:
    """What a plan needs to know of a base."""

    reference: str
    """What the recipe calls it."""
    label: str
    shape: Shape
    context: int = 0
    """Tokens it can read, 0 when it does not tell."""
    root: str = ""
    """The first base of its lineage, which may have presets of its own."""
    packing: str = "safe"
    """"safe", or "unsafe: " and why."""
    targets: tuple[str, ...] = ()
    """Layers that get an adapter, () where nothing is known that speaks against all linear ones."""
    folder: str = ""
    """Where its files are, "" where they are not on this machine."""
    beside: Mapping[str, int] = field(default_factory=dict, compare=False)
    """Tuning → bytes of the reward model that stays in memory with it, or of the teacher that is asked before it comes,
    where a run has one."""
    config: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """The language model's part of its config.json, which is a stranger's."""


@dataclass(frozen=True)
class Card:
    """Where a run is to go."""

    name: str
    """"" for the processor."""
    free: int
    """Bytes it has left for a new run."""
    total: int
    host: int | None = None
    """Bytes the host's memory beside it has left, None where that is not known."""
    bf16: bool = True
    """Whether it multiplies bfloat16 in hardware, so that a recipe that leaves the precision open computes in it."""

    @property
    def gpu(self) -> bool:
        """Whether it is a graphics card."""
        return bool(self.name)


@dataclass(frozen=True)
class Attempt:
    """One tuning with its values, and what it needs."""

    tuning: str
    resolved: Resolved
    memory: Memory
    free: int
    given_up: tuple[str, ...] = ()
    """What was changed to make it fit, a phrase each."""
    host: int | None = None
    """Bytes the host's memory has left, None where that is not known."""
    refused: str = ""
    """Why the host's memory was no way to make it fit, a sentence; "" where it was one, or not needed."""

    @property
    def needed(self) -> int:
        """Bytes with the margin for what the estimate cannot know."""
        return round(self.memory.peak * (1 + self.memory.margin))

    @property
    def fits(self) -> bool:
        """Whether it fits even when the estimate is low by its margin."""
        return self.needed <= self.free and self.host_holds

    @property
    def host_holds(self) -> bool:
        """Whether the host's memory has room for what is moved to it."""
        return self.host is None or self.memory.host <= HOST_SHARE * self.host

    @property
    def verdict(self) -> str:
        """ "fits", "tight" (the estimate fits, its margin does not) or "too large"."""
        if self.memory.peak > self.free or not self.host_holds:
            return "too large"
        return "fits" if self.fits else "tight"

    @property
    def no_room(self) -> str:
        """The sentence about a host's memory that is too small."""
        return (
            f"activation_offloading would take {self.memory.host / GIB:.1f} GiB of the host's memory, of which "
            f"{(self.host or 0) / GIB:.1f} GiB are free and {HOST_SHARE:.0%} may be taken."
        )
