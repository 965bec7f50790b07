"""What is known of a graphics card: values, and nothing that asks for them.

Owns the words for a card, its processes, its link and its driver. Must not know where the figures come from.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Gpu:
    """One graphics card, or one MIG instance of a card."""

    index: int
    """The driver's number of the card; instances of one card share it."""
    uuid: str
    """The driver's name for it, which CUDA_VISIBLE_DEVICES takes; empty when it was never told."""
    name: str
    total_bytes: int | None
    free_bytes: int | None
    temperature_c: int | None
    power_w: float | None
    utilisation: int | None
    """Per cent of the last moments in which some kernel ran."""
    instance: int | None = None
    """Number of the MIG instance on its card; None for a whole card."""
    shares_memory: bool = False
    """Whether it has no memory of its own: the figures are then the host's."""
    lost: bool = False
    """Whether it was there and answers no longer."""
    trouble: str = ""
    """Why nothing can be computed on it and what to do, as half a sentence; empty for a card that can be used."""


@dataclass(frozen=True)
class GpuProcess:
    """One process that has memory of a card."""

    pid: int
    name: str
    """Its program, clean; empty where it runs outside what can be seen from here."""
    used_bytes: int | None
    graphics: bool
    """Whether it draws: a desktop, a browser."""


@dataclass(frozen=True)
class Link:
    """The card's connection to the processor; an idle card slows it down by itself."""

    generation: int | None
    generation_most: int | None
    width: int | None
    width_most: int | None


@dataclass(frozen=True)
class Ecc:
    """Memory errors since the driver was loaded."""

    corrected: int | None
    uncorrected: int | None


@dataclass(frozen=True)
class Card:
    """Everything a card tells; each figure it withholds is None."""

    gpu: Gpu
    compute_capability: tuple[int, int] | None = None
    reserved_bytes: int | None = None
    """Memory the driver keeps for itself."""
    processes: tuple[GpuProcess, ...] | None = None
    """The processes that have memory of it, this one left out, largest first; None where the driver withholds them."""
    unaccounted_bytes: int | None = None
    """Used memory that no listed process accounts for: those of other containers, and small change of the driver."""
    display: bool | None = None
    """Whether a desktop is shown by it."""
    desktop_bytes: int | None = None
    """Memory of the processes that draw."""
    slowdown_c: int | None = None
    """Temperature from which it slows itself down."""
    power_limit_w: float | None = None
    throttled: tuple[str, ...] | None = None
    """Why its clocks are lowered right now, in words; empty when nothing holds them."""
    link: Link | None = None
    ecc: Ecc | None = None
    """None where it has no error correction, or it is off."""
    persistence: bool | None = None
    mig: bool | None = None
    """Whether it is divided into instances."""


@dataclass(frozen=True)
class Driver:
    """The NVIDIA driver."""

    version: str | None
    cuda: tuple[int, int] | None
    """The newest CUDA it speaks."""
    error: int | None
    """NVML's number for why it does not answer; None when it does, or there is no such number."""
    answers: bool
