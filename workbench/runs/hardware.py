"""One look at the GPUs and the host, for people and for plans.

Owns reading the driver's and the kernel's figures; asking the driver makes no CUDA context and takes no GPU memory.
Never raises: what a machine does not tell is None, and no GPU is an empty tuple. Must not decide anything.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psutil

_CGROUP = Path("/sys/fs/cgroup")
_Figure = TypeVar("_Figure")


@dataclass(frozen=True)
class Gpu:
    """One graphics card."""

    index: int
    name: str
    total_bytes: int
    free_bytes: int
    temperature_c: int | None
    power_w: float | None
    utilisation: int | None
    """Per cent of the last moments in which some kernel ran."""


@dataclass(frozen=True)
class Host:
    """The machine around the cards."""

    cores: int
    """Cores this process may use."""
    cpu_utilisation: float
    """Per cent of all cores since the previous reading; 0 in the first one."""
    memory_total_bytes: int
    """RAM, or the container's share of it."""
    memory_free_bytes: int
    """What can be used without swapping."""


@dataclass(frozen=True)
class Reading:
    """One look at everything."""

    gpus: tuple[Gpu, ...]
    host: Host


@functools.cache
def _driver() -> Any:
    """Return the initialised module of the NVIDIA driver, or None where there is none; asked once per process."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:  # the package, the library, the driver or the right to use it may be missing
        return None
    return pynvml


def _figure(ask: Callable[[], _Figure]) -> _Figure | None:
    """Return one figure of a card, or None when this card does not tell it."""
    try:
        return ask()
    except Exception:  # every kind of card refuses other figures
        return None


def _gpu(driver: Any, index: int, host: Host) -> Gpu | None:
    """Return what one card tells, or None when it has fallen off the bus."""
    handle = _figure(lambda: driver.nvmlDeviceGetHandleByIndex(index))
    if handle is None:
        return None
    memory = _figure(lambda: driver.nvmlDeviceGetMemoryInfo(handle))
    name = _figure(lambda: driver.nvmlDeviceGetName(handle)) or "NVIDIA GPU"
    milliwatts = _figure(lambda: driver.nvmlDeviceGetPowerUsage(handle))
    rates = _figure(lambda: driver.nvmlDeviceGetUtilizationRates(handle))
    return Gpu(
        index=index,
        name=name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name),
        # A card that shares the host's memory has no figure of its own.
        total_bytes=int(memory.total) if memory is not None else host.memory_total_bytes,
        free_bytes=int(memory.free) if memory is not None else host.memory_free_bytes,
        temperature_c=_figure(lambda: int(driver.nvmlDeviceGetTemperature(handle, driver.NVML_TEMPERATURE_GPU))),
        power_w=milliwatts / 1000 if milliwatts is not None else None,
        utilisation=int(rates.gpu) if rates is not None else None,
    )


def _cgroup_figure(name: str) -> int | None:
    """Return one figure of this container's memory controller, or None when there is no limit."""
    try:
        return int((_CGROUP / name).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _host() -> Host:
    """Return the host's figures."""
    try:
        memory = psutil.virtual_memory()
        total, free = int(memory.total), int(memory.available)
        busy = float(psutil.cpu_percent(interval=None))
    except (psutil.Error, OSError, RuntimeError):
        total, free, busy = 0, 0, 0.0
    limit, used = _cgroup_figure("memory.max"), _cgroup_figure("memory.current")
    if limit is not None and used is not None and limit < total:
        total, free = limit, min(free, max(limit - used, 0))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Host(cores, busy, total, free)


def read() -> Reading:
    """Return one look at the GPUs and the host; a few milliseconds, 0.1 s the first time."""
    host, driver = _host(), _driver()
    count = (_figure(driver.nvmlDeviceGetCount) or 0) if driver is not None else 0
    gpus = (_gpu(driver, index, host) for index in range(count))
    return Reading(tuple(gpu for gpu in gpus if gpu is not None), host)


def gpu_summary() -> str:
    """Return the cards in one line, for example "NVIDIA GeForce RTX 4090, 24.0 GiB (23.1 GiB free)", or "no GPU"."""
    shown = [
        f"{gpu.name}, {gpu.total_bytes / 2**30:.1f} GiB ({gpu.free_bytes / 2**30:.1f} GiB free)" for gpu in read().gpus
    ]
    return "; ".join(shown) or "no GPU"
