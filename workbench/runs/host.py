"""What the kernel says of the machine around the cards: processors, memory, disks, containers, graphics on the bus.

Owns reading /proc, /sys and psutil. Never raises: what a machine does not tell is None, 0 or "". Must not ask a driver
of a card. Functions that read files take the root these lie under, so that a made-up machine reads like a real one.
"""

from __future__ import annotations

import math
import os
import platform
import re
import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import psutil

ROOT = Path("/")

_UNLIMITED = 1 << 60
"""A limit at or above this is the kernel's way to say that there is none."""

NVIDIA = "NVIDIA"
_VENDORS = {"0x10de": NVIDIA, "0x1002": "AMD", "0x8086": "Intel"}
_BF16 = {"avx512_bf16", "amx_bf16", "bf16"}
"""What the kernel calls the instructions for it, of x86-64 and of Arm."""
_GRAPHICS = ("0x03", "0x12")
"""How the class of a device on the bus begins: display controllers, and accelerators without a display."""

_CONTAINER_FILES = {".dockerenv": "Docker", "run/.containerenv": "Podman"}
_CONTAINER_GROUPS = {"kubepods": "Kubernetes", "docker": "Docker", "libpod": "Podman", "lxc": "LXC"}


@dataclass(frozen=True)
class Host:
    """The moving figures of the machine."""

    cores: int
    """Cores this process may keep busy: its affinity, and the container's share rounded up."""
    cpu_utilisation: float
    """Per cent of all cores since the previous reading; 0 in the first one."""
    memory_total_bytes: int
    """RAM, or the container's share of it."""
    memory_free_bytes: int
    """What can be used without swapping."""


@dataclass(frozen=True)
class System:
    """What does not change while the machine runs, and swap."""

    system: str
    """For example Linux 6.8.0-48-generic x86_64."""
    cores: int
    """All cores the machine has."""
    container: str
    """What this runs inside: Docker, Podman, Kubernetes, LXC, WSL, container; empty on the bare machine."""
    swap_total_bytes: int
    swap_free_bytes: int


@dataclass(frozen=True)
class Disk:
    """The disk that a folder is or will be on."""

    folder: str
    total_bytes: int
    free_bytes: int
    """What an ordinary user may still write."""


@dataclass(frozen=True)
class Graphics:
    """A graphics device on the bus or in the processor, whatever drives it."""

    vendor: str
    """NVIDIA, AMD, Intel or Apple."""
    place: str
    """Its address on the bus; empty where it is part of the processor."""
    total_bytes: int | None
    """Memory of its own, where the kernel tells."""


def _text(path: Path) -> str:
    """Return the text of a small file of the kernel's, "" when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _number(path: Path) -> int | None:
    """Return the number in a file of the kernel's, or None when there is none, or none that limits anything."""
    text = _text(path)
    return int(text) if text.isdigit() and int(text) < _UNLIMITED else None


@lru_cache(maxsize=8)
def fast_bf16(root: Path = ROOT) -> bool:
    """Return whether the processor multiplies bfloat16 in hardware, as torch asks before it computes in it."""
    try:
        with (root / "proc/cpuinfo").open(encoding="utf-8", errors="replace") as lines:
            said = next((line for line in lines if line.lower().startswith(("flags", "features"))), "")
    except OSError:
        return False
    return not _BF16.isdisjoint(said.split())


def _groups(root: Path, controller: str) -> list[tuple[Path, bool]]:
    """Return the control group of this process and all above it that can be seen, each with whether it is version 2.

    A group is bound by its own limit and by those of all above it. Inside a container the path the kernel names may
    lie outside what is mounted; the mount's own top is then the container's group.
    """
    top, found = root / "sys/fs/cgroup", []
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if controllers and controller not in controllers.split(","):
            continue
        base = top / controllers.replace("name=", "") if controllers else top
        if controllers and not base.is_dir():
            base = top / controller
        names = Path(path.strip("/")).parts
        if ".." not in names:
            found += [(base.joinpath(*names[:length]), not controllers) for length in range(len(names), -1, -1)]
    return found or [(top, True)]


def _reclaimable(group: Path) -> int:
    """Return the bytes of cached files in a group, which the kernel drops before it refuses memory."""
    figures = dict(line.split(" ", 1) for line in _text(group / "memory.stat").splitlines() if " " in line)
    text = figures.get("total_inactive_file", figures.get("inactive_file", ""))
    return int(text) if text.isdigit() else 0


def _memory(root: Path) -> tuple[int, int]:
    """Return (total, free) bytes of RAM as the machine and every group above this process allow."""
    try:
        memory = psutil.virtual_memory()
        total, free = int(memory.total), int(memory.available)
    except (psutil.Error, OSError, RuntimeError):
        total, free = 0, 0
    for group, unified in _groups(root, "memory"):
        limit = _number(group / ("memory.max" if unified else "memory.limit_in_bytes"))
        used = _number(group / ("memory.current" if unified else "memory.usage_in_bytes"))
        if limit is not None and used is not None and (limit < total or not total):
            left = max(limit - max(used - _reclaimable(group), 0), 0)
            total, free = limit, min(free, left)
    return total, free


def _share(root: Path) -> float | None:
    """Return how many cores' worth of time the groups above this process are given, or None without a limit."""
    shares = []
    for group, unified in _groups(root, "cpu"):
        if unified:
            quota, _, period = _text(group / "cpu.max").partition(" ")
        else:
            quota, period = _text(group / "cpu.cfs_quota_us"), _text(group / "cpu.cfs_period_us")
        if quota.isdigit() and period.isdigit() and int(period):
            shares.append(int(quota) / int(period))
    return min(shares, default=None)


def _cores(root: Path) -> int:
    """Return how many cores this process may keep busy."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    share = _share(root)
    return cores if share is None else max(1, min(cores, math.ceil(share)))


def host(root: Path = ROOT) -> Host:
    """Return the moving figures; well under a millisecond."""
    try:
        busy = float(psutil.cpu_percent(interval=None))
    except (psutil.Error, OSError, RuntimeError):
        busy = 0.0
    return Host(_cores(root), busy, *_memory(root))


def container(root: Path = ROOT) -> str:
    """Return what this process runs inside, as `System.container` says it."""
    # The name that systemd's container interface fixes, in small letters.
    named = os.environ.get("container", "") or _text(root / "run/systemd/container")  # noqa: SIM112
    for file, name in _CONTAINER_FILES.items():
        if (root / file).exists():
            return name
    if os.environ.get("KUBERNETES_SERVICE_HOST"):
        return "Kubernetes"
    groups = _text(root / "proc/1/cgroup")
    for mark, name in _CONTAINER_GROUPS.items():
        if mark in groups or mark in named:
            return name
    if named and named != "wsl":
        return "container"
    return "WSL" if "microsoft" in _text(root / "proc/sys/kernel/osrelease").lower() else ""


def system(root: Path = ROOT) -> System:
    """Return what does not change, and swap."""
    try:
        swap = psutil.swap_memory()
        total, free = int(swap.total), int(swap.free)
    except (psutil.Error, OSError, RuntimeError):
        total, free = 0, 0
    name = f"{platform.system()} {platform.release()} {platform.machine()}"
    return System(name, os.cpu_count() or 1, container(root), total, free)


def disk(folder: Path) -> Disk | None:
    """Return the disk that a folder is or will be on, or None when it cannot be asked."""
    place = folder.absolute()
    try:
        while not place.exists() and place != place.parent:
            place = place.parent
        figures = shutil.disk_usage(place)
    except OSError:
        return None
    return Disk(str(folder), figures.total, figures.free)


def graphics(root: Path = ROOT) -> tuple[Graphics, ...]:
    """Return the graphics devices of the known vendors, whether or not any driver answers for them."""
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        return (Graphics("Apple", "", None),)
    try:
        devices = sorted((root / "sys/bus/pci/devices").iterdir())
    except OSError:
        return ()
    return tuple(
        Graphics(vendor, device.name, _number(device / "mem_info_vram_total"))
        for device in devices
        if (vendor := _VENDORS.get(_text(device / "vendor"))) and _text(device / "class").startswith(_GRAPHICS)
    )


def kernel_module(root: Path = ROOT) -> str:
    """Return the version of the NVIDIA kernel module that is loaded, "" for none."""
    found = re.search(r"\b\d{3,}\.\d+(\.\d+)?\b", _text(root / "proc/driver/nvidia/version"))
    return found[0] if found else ""
