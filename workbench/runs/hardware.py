"""One look at the cards and the host: small for gauges, whole for people and plans, and which card to take.

Owns which cards this program may use, and the choice among them. Never raises: what a machine does not tell is None,
no GPU is an empty tuple, and a card that is gone is one with `lost` set. Must not import what computes on them. A
driver in trouble can take its time to answer, so a user interface asks from a thread.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.runs import host as _host
from workbench.runs import nvml
from workbench.runs.cards import Card, Driver, Ecc, Gpu, GpuProcess, Link
from workbench.runs.host import Disk, Graphics, Host, System

__all__ = [
    "VISIBLE",
    "Card",
    "Disk",
    "Driver",
    "Ecc",
    "Gpu",
    "GpuProcess",
    "Graphics",
    "Host",
    "Link",
    "Proposal",
    "Reading",
    "Survey",
    "System",
    "cuda_fit",
    "gpu_summary",
    "propose",
    "sample",
    "survey",
    "training_card",
    "visible",
]

VISIBLE = "CUDA_VISIBLE_DEVICES"

_LEAST_DRIVER = {11: "450.80.02", 12: "525.60.13", 13: "580.65.06"}
"""CUDA's major version → the oldest Linux driver that runs all its programs (NVIDIA, CUDA compatibility, table 1)."""


@dataclass(frozen=True)
class Reading:
    """One look for gauges."""

    gpus: tuple[Gpu, ...]
    """The cards this program may use, in the order CUDA counts them, and the lost ones."""
    host: Host

    @property
    def usable(self) -> tuple[Gpu, ...]:
        """The cards that something can be computed on."""
        return tuple(gpu for gpu in self.gpus if not gpu.trouble)


@dataclass(frozen=True)
class Proposal:
    """The card to train on, and the reason."""

    gpu: Gpu
    why: str


@dataclass(frozen=True)
class Survey:
    """One look at everything."""

    driver: Driver
    trouble: str
    """What is wrong with the driver and how to mend it, in a sentence; empty when nothing is."""
    cards: tuple[Card, ...]
    """Every card the driver tells of, those hidden from this program too."""
    hidden: tuple[str, ...]
    """The uuids of the cards that CUDA_VISIBLE_DEVICES keeps from this program."""
    visible_devices: str | None
    """CUDA_VISIBLE_DEVICES as it is set; None when it is not."""
    proposal: Proposal | None
    """None when nothing can be computed on any card."""
    graphics: tuple[Graphics, ...]
    """Every graphics device on the bus, whoever made it."""
    host: Host
    system: System
    disk: Disk | None


def _ordinal(text: str) -> int:
    """Return the number a text begins with, as strtoul reads it and CUDA does; -1 for none."""
    found = re.match(r"[+-]?\d+", text)
    return int(found[0]) if found else -1


def _matching(gpus: Sequence[Gpu], name: str) -> int:
    """Return which card a full or shortened uuid means; -1 for none, or more than one."""
    found = [place for place, gpu in enumerate(gpus) if gpu.uuid.startswith(name)]
    return found[0] if len(found) == 1 else -1


def visible(gpus: Sequence[Gpu], setting: str | None) -> tuple[Gpu, ...]:
    """Return the cards that CUDA shows a program under this value of CUDA_VISIBLE_DEVICES, in its order.

    As CUDA reads it: numbers or uuids, all of the kind of the first; the first that means nothing ends the list, a
    repeated one empties it, and so does an empty value. Not set, it shows all. A number of a divided card means its
    first instance.
    """
    if setting is None:
        return tuple(gpus)
    kind = next((prefix for prefix in ("GPU-", "MIG-") if setting.startswith(prefix)), "")
    starts = [place for place, gpu in enumerate(gpus) if not place or gpu.index != gpus[place - 1].index]
    names: list[str | int] = []
    for part in setting.split(","):
        name: str | int = part if kind else _ordinal(part.strip())
        if name in names:
            return ()
        if not part.startswith(kind) or name == -1:
            break
        names.append(name)
    chosen: list[int] = []
    for name in names:
        place = _matching(gpus, name) if isinstance(name, str) else dict(enumerate(starts)).get(name, -1)
        if place < 0:
            break
        if place in chosen:
            return ()
        chosen.append(place)
    return tuple(gpus[place] for place in chosen)


def _gib(number: int | None) -> str:
    """Return bytes in GiB for a sentence."""
    return "unknown" if number is None else f"{number / 2**30:.1f} GiB"


def propose(gpus: Sequence[Gpu]) -> Proposal | None:
    """Return the card with the most free memory and why, the first of equals; None when none can be used."""
    usable = [gpu for gpu in gpus if not gpu.trouble]
    if not usable:
        return None
    best = max(usable, key=lambda gpu: gpu.free_bytes or 0)
    others = [gpu for gpu in usable if gpu is not best]
    if not others:
        return Proposal(best, "it is the only one that can be used")
    second = max(others, key=lambda gpu: gpu.free_bytes or 0)
    if (second.free_bytes or 0) == (best.free_bytes or 0):
        return Proposal(best, f"it is the first of those with the most free memory, {_gib(best.free_bytes)}")
    return Proposal(
        best, f"it has the most free memory, {_gib(best.free_bytes)}; the next has {_gib(second.free_bytes)}"
    )


def _in_order(gpus: Sequence[Gpu]) -> tuple[Gpu, ...]:
    """Return the cards of this program, lost ones last: CUDA does not count those."""
    lost = tuple(gpu for gpu in gpus if gpu.lost)
    return visible([gpu for gpu in gpus if not gpu.lost], os.environ.get(VISIBLE)) + lost


def sample() -> Reading:
    """Return one look for gauges: about a millisecond per card, 0.1 s the first time; not for an event loop."""
    host = _host.host()
    return Reading(_in_order(nvml.gpus((host.memory_total_bytes, host.memory_free_bytes))), host)


def training_card() -> str:
    """Return the value of CUDA_VISIBLE_DEVICES under which a program sees the one card to train on.

    Of several the proposed one; else what is set, its first entry, and CUDA's first card when nothing is.
    """
    usable = sample().usable
    proposal = propose(usable)
    if proposal is not None and len(usable) > 1 and proposal.gpu.uuid:
        return proposal.gpu.uuid
    return os.environ.get(VISIBLE, "0").split(",")[0]


def _driver_trouble(driver: Driver, graphics: Sequence[Graphics], module: str) -> str:
    """Return why the driver does not answer and what to do; "" when it does, or when there is no card for it."""
    if driver.answers:
        return ""
    there = any(device.vendor == _host.NVIDIA for device in graphics)
    loaded = f" {module}" if module else ""
    if driver.error == 18:
        return (
            f"The NVIDIA kernel module{loaded} that is loaded and the driver's library are of different versions, as "
            "after an update; restart the machine."
        )
    if driver.error == 4:
        return (
            "You may not ask the NVIDIA driver; add yourself to the group of /dev/nvidiactl, or start the container "
            "with --gpus all."
        )
    if module:
        return (
            f"The NVIDIA kernel module{loaded} is loaded and its library does not answer; install the driver package "
            "of that version, or start the container with --gpus all."
        )
    if there:
        return (
            "An NVIDIA card is on the bus and no driver answers; install one (Ubuntu: sudo ubuntu-drivers install) and "
            "restart the machine."
        )
    return ""


def survey(folder: Path | None = None, root: Path = _host.ROOT) -> Survey:
    """Return one look at everything, with the disk of `folder`; tens of milliseconds per card."""
    host, system, graphics = _host.host(root), _host.system(root), _host.graphics(root)
    found = nvml.cards((host.memory_total_bytes, host.memory_free_bytes), contained=system.container not in ("", "WSL"))
    driver = nvml.driver()
    mine = _in_order([card.gpu for card in found])
    return Survey(
        driver=driver,
        trouble=_driver_trouble(driver, graphics, _host.kernel_module(root)),
        cards=found,
        hidden=tuple(card.gpu.uuid for card in found if card.gpu not in mine),
        visible_devices=os.environ.get(VISIBLE),
        proposal=propose(mine),
        graphics=graphics,
        host=host,
        system=system,
        disk=_host.disk(folder) if folder is not None else None,
    )


def cuda_fit(driver: Driver, torch_version: str, torch_cuda: str) -> str:
    """Return why the driver is too old for torch's CUDA and what to install; "" when they fit.

    A driver runs every program of its own CUDA major version and of older ones.
    """
    major = _ordinal(torch_cuda)
    if driver.cuda is None or major < 0 or driver.cuda[0] >= major:
        return ""
    wanted = f"NVIDIA driver {_LEAST_DRIVER[major]} or newer" if major in _LEAST_DRIVER else "a newer NVIDIA driver"
    return (
        f"The NVIDIA driver {driver.version or ''} speaks CUDA up to {driver.cuda[0]}.{driver.cuda[1]} and torch "
        f"{torch_version} is built for CUDA {torch_cuda}; install {wanted} (Ubuntu: sudo ubuntu-drivers install), then "
        "restart the machine."
    )


def gpu_summary() -> str:
    """Return the cards in one line, for example "NVIDIA GeForce RTX 4090, 24.0 GiB (23.1 GiB free)", or "no GPU"."""
    shown = [
        f"{gpu.name}, lost" if gpu.lost else f"{gpu.name}, {_gib(gpu.total_bytes)} ({_gib(gpu.free_bytes)} free)"
        for gpu in sample().gpus
    ]
    return "; ".join(shown) or "no GPU"
