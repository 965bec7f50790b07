"""What the NVIDIA driver tells of its cards; asking it makes no CUDA context and takes no GPU memory.

Owns every call of pynvml. Never raises: each figure that a card, a driver or a container withholds is None, and a card
that is gone is a card with `lost` set. Must not know which cards this program may use, nor choose among them.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import psutil

from workbench.core.text import one_line
from workbench.runs.cards import Card, Driver, Ecc, Gpu, GpuProcess, Link

_NOT_SUPPORTED = 3
_NO_PERMISSION = 4
_UNKNOWN = 999
_LOST = {
    15: "it has fallen off the bus; restart the machine, and look at its power plugs and its seat if that repeats",
    16: "the driver asks for a reset of it; restart the machine",
}
_GONE = "the driver counts it no longer; restart the machine"
_NO_ANSWER = "the driver cannot reach it; restart the machine"
_PROHIBITED = 2
_NAME_LENGTH = 60

_THROTTLES = {
    0x004: "at its power limit",
    0x008: "slowed by its own protection",
    0x010: "in step with a slower card",
    0x020: "slowed by heat",
    0x040: "slowed by heat, by its own protection",
    0x080: "slowed by the power supply",
    0x200: "at the limit of its board",
    0x400: "slowed for reliability",
}
"""The driver's bits for why clocks are low, in words. Those of an idle card and of chosen clocks are no trouble."""


class _LostError(Exception):
    """The card has gone in the middle of the questions."""


@functools.cache
def _load() -> tuple[Any, int | None]:
    """Return (the initialised module or None, NVML's number for why not); asked once per process."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception as error:  # the package, the library, the driver or the right to use it may be missing
        code = getattr(error, "value", None)
        return None, code if isinstance(code, int) else None
    return pynvml, None


_seen: dict[str, Gpu] = {}
"""The whole cards that have answered this process, by uuid: how a card that is gone is still called by its name."""


def _outcome(nvml: Any, question: str, *arguments: Any) -> tuple[Any, int | None]:
    """Return (answer, None), or (None, NVML's error number, -1 for an error without one)."""
    try:
        return getattr(nvml, question)(*arguments), None
    except Exception as error:  # an older library lacks functions, and names need not be UTF-8
        code = getattr(error, "value", None)
        return None, code if isinstance(code, int) else -1


def _ask(nvml: Any, questions: str | Sequence[str], *arguments: Any) -> Any:
    """Return the first answer to one of `questions`, None when there is none; raises _LostError with the card."""
    for question in (questions,) if isinstance(questions, str) else questions:
        answer, code = _outcome(nvml, question, *arguments)
        if code in _LOST:
            raise _LostError(_LOST[code])
        if code is None:
            return answer
    return None


def _word(value: Any) -> str:
    """Return a text of the driver's as clean text; older versions of pynvml give bytes."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
    return one_line(text, 200)


def _memory(nvml: Any, handle: Any) -> tuple[int | None, int | None, int | None, bool]:
    """Return (total, free, reserved, whether the card has no memory of its own)."""
    refusals = []
    for version in (getattr(nvml, "nvmlMemory_v2", None), None):
        memory, code = _outcome(nvml, "nvmlDeviceGetMemoryInfo", handle, version)
        if code in _LOST:
            raise _LostError(_LOST[code])
        if memory is not None:
            reserved = getattr(memory, "reserved", None)
            return int(memory.total), int(memory.free), None if reserved is None else int(reserved), False
        refusals.append(code)
    return None, None, None, refusals[-1] == _NOT_SUPPORTED


def _temperature(nvml: Any, handle: Any) -> int | None:
    """Return degrees Celsius."""
    return _ask(nvml, ("nvmlDeviceGetTemperatureV", "nvmlDeviceGetTemperature"), handle, nvml.NVML_TEMPERATURE_GPU)


def _watts(milliwatts: int | None) -> float | None:
    """Return watts for the driver's milliwatts."""
    return None if milliwatts is None else milliwatts / 1000


def _gpu(nvml: Any, handle: Any, index: int, shared: tuple[int, int], whole: Gpu | None = None) -> Gpu:
    """Return the figures of a card, or of an instance on the card `whole`, which warms and feeds all of them."""
    total, free, _, shares = _memory(nvml, handle)
    if shares and whole is None:
        total, free = shared
    name = _word(_ask(nvml, "nvmlDeviceGetName", handle)) or "NVIDIA GPU"
    rates = _ask(nvml, "nvmlDeviceGetUtilizationRates", handle)
    forbidden = _ask(nvml, "nvmlDeviceGetComputeMode", handle) == _PROHIBITED
    return Gpu(
        index=index,
        uuid=_word(_ask(nvml, "nvmlDeviceGetUUID", handle)),
        name=f"{name} MIG" if whole is not None and "MIG" not in name else name,
        total_bytes=total,
        free_bytes=free,
        temperature_c=whole.temperature_c if whole else _temperature(nvml, handle),
        power_w=whole.power_w if whole else _watts(_ask(nvml, "nvmlDeviceGetPowerUsage", handle)),
        utilisation=int(rates.gpu) if rates is not None else None,
        shares_memory=shares and whole is None,
        trouble=f"its compute mode forbids computing; allow it with: sudo nvidia-smi -i {index} -c DEFAULT"
        if forbidden
        else "",
    )


def _is_divided(nvml: Any, handle: Any) -> bool | None:
    """Return whether MIG is on, None for a card that cannot be divided."""
    mode = _ask(nvml, "nvmlDeviceGetMigMode", handle)
    return None if mode is None else bool(mode[0])


def _parts(nvml: Any, handle: Any, index: int, shared: tuple[int, int]) -> list[tuple[Gpu, Any]]:
    """Return a card with its handle, or its MIG instances with theirs; a divided card cannot be used as a whole."""
    whole = _gpu(nvml, handle, index, shared)
    if whole.uuid:
        _seen[whole.uuid] = whole
    if not _is_divided(nvml, handle):
        return [(whole, handle)]
    found = []
    for number in range(_ask(nvml, "nvmlDeviceGetMaxMigDeviceCount", handle) or 0):
        part = _ask(nvml, "nvmlDeviceGetMigDeviceHandleByIndex", handle, number)
        if part is not None:
            found.append((replace(_gpu(nvml, part, index, shared, whole), instance=number), part))
    why = f"MIG is on and it has no instances; make some, or: sudo nvidia-smi -i {index} -mig 0"
    return found or [(replace(whole, trouble=whole.trouble or why), handle)]


def _nameless(index: int) -> Gpu:
    """Return a card that tells nothing."""
    return Gpu(index, "", "NVIDIA GPU", None, None, None, None, None)


def _lost(index: int, why: str, known: Gpu | None) -> Gpu:
    """Return the card that no longer answers, by its name where it was seen before."""
    card = known or _nameless(index)
    return Gpu(card.index, card.uuid, card.name, None, None, None, None, None, lost=True, trouble=why)


def _walk(nvml: Any, shared: tuple[int, int]) -> Iterator[tuple[Gpu, Any, Any]]:
    """Yield (card or instance, its handle, the handle of the card it is on), the lost ones without handles."""
    before, answered, silent = dict(_seen), set(), {}
    for index in range(_outcome(nvml, "nvmlDeviceGetCount")[0] or 0):
        handle, code = _outcome(nvml, "nvmlDeviceGetHandleByIndex", index)
        if code == _NO_PERMISSION:
            why = "you may not use it; ask for the right to its device file, /dev/nvidia*"
            yield replace(_nameless(index), trouble=why), None, None
            continue
        if handle is None:
            silent[index] = _LOST.get(code or _UNKNOWN, _NO_ANSWER)
            continue
        try:
            parts = _parts(nvml, handle, index, shared)
            answered.add(_word(_ask(nvml, "nvmlDeviceGetUUID", handle)))
        except _LostError as error:
            silent[index] = str(error)
            continue
        yield from ((gpu, part, handle) for gpu, part in parts)
    missing = {gpu.index: gpu for uuid, gpu in before.items() if uuid not in answered}
    for index, why in silent.items():
        yield _lost(index, why, missing.pop(index, None)), None, None
    for index, gpu in missing.items():
        yield _lost(index, _GONE, gpu), None, None


def gpus(shared: tuple[int, int]) -> tuple[Gpu, ...]:
    """Return the cards and instances; `shared` is (total, free) of the host's memory, for cards without their own.

    About a millisecond per card, a tenth of a second the first time; a driver in trouble may take longer.
    """
    nvml, _ = _load()
    return () if nvml is None else tuple(gpu for gpu, _, _ in _walk(nvml, shared))


def cards(shared: tuple[int, int], contained: bool) -> tuple[Card, ...]:
    """Return everything the cards tell; `contained` where numbers of processes may be those of another machine."""
    nvml, _ = _load()
    if nvml is None:
        return ()
    found = []
    for gpu, handle, whole in _walk(nvml, shared):
        try:
            found.append(_card(nvml, gpu, handle, whole, contained) if handle is not None else Card(gpu))
        except _LostError as error:
            found.append(Card(_lost(gpu.index, str(error), gpu)))
    return tuple(found)


def _name_of(nvml: Any, pid: int) -> str:
    """Return the program of a process, "" where nobody tells."""
    name = _word(_outcome(nvml, "nvmlSystemGetProcessName", pid)[0])
    if not name:
        try:
            name = _word(psutil.Process(pid).name())
        except (psutil.Error, OSError, ValueError, OverflowError):
            return ""
    return one_line(name.split(" ")[0].rpartition("/")[2] or name, _NAME_LENGTH)


def _processes(nvml: Any, handle: Any, contained: bool) -> tuple[GpuProcess, ...] | None:
    """Return the processes on a card, this one left out, or None where the driver withholds them."""
    found: dict[int, tuple[int | None, bool]] = {}
    told = False
    for kind in ("Compute", "Graphics"):
        names = [f"nvmlDeviceGet{kind}RunningProcesses{version}" for version in ("", "_v2")]
        listed = _ask(nvml, names, handle)
        told = told or listed is not None
        for entry in listed or ():
            used, graphics = found.get(int(entry.pid), (None, False))
            figures = [figure for figure in (used, entry.usedGpuMemory) if figure is not None]
            # A process that computes and draws is in both lists with the same figure.
            found[int(entry.pid)] = (max(figures, default=None), graphics or kind == "Graphics")
    if not told:
        return None
    # In a container the numbers are the host's: whoever has such a number here is somebody else.
    listed_here = [
        GpuProcess(pid, "" if contained else _name_of(nvml, pid), used, graphics)
        for pid, (used, graphics) in found.items()
        if contained or pid != os.getpid()
    ]
    return tuple(sorted(listed_here, key=lambda process: (-(process.used_bytes or 0), process.pid)))


def _slowdown(nvml: Any, handle: Any, temperature: int | None) -> int | None:
    """Return the temperature from which a card slows down; newer ones tell only how far away it is."""
    threshold = _ask(nvml, "nvmlDeviceGetTemperatureThreshold", handle, nvml.NVML_TEMPERATURE_THRESHOLD_SLOWDOWN)
    if threshold is not None or temperature is None:
        return threshold
    margin = _ask(nvml, "nvmlDeviceGetMarginTemperature", handle)
    return None if margin is None else temperature + margin


def _ecc(nvml: Any, handle: Any) -> Ecc | None:
    """Return the memory errors of a card whose error correction is on."""
    mode = _ask(nvml, "nvmlDeviceGetEccMode", handle)
    if mode is None or not mode[0]:
        return None
    kinds = (nvml.NVML_MEMORY_ERROR_TYPE_CORRECTED, nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED)
    counts = [_ask(nvml, "nvmlDeviceGetTotalEccErrors", handle, kind, nvml.NVML_VOLATILE_ECC) for kind in kinds]
    return Ecc(*counts)


def _flag(value: int | None) -> bool | None:
    """Return a driver's 0 or 1 as a truth value."""
    return None if value is None else bool(value)


def _card(nvml: Any, gpu: Gpu, handle: Any, whole: Any, contained: bool) -> Card:
    """Return everything about a card; an instance has memory and processes, the rest belongs to the card it is on."""
    reserved = _memory(nvml, handle)[2]
    processes = _processes(nvml, handle, contained)
    unaccounted = None
    if gpu.total_bytes is not None and gpu.free_bytes is not None and not gpu.shares_memory:
        used = gpu.total_bytes - gpu.free_bytes - (reserved or 0)
        unaccounted = max(used - sum(process.used_bytes or 0 for process in processes or ()), 0)
    drawing = [process.used_bytes for process in processes or () if process.graphics]
    reasons = _ask(nvml, ("nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons"), whole)
    words = None if reasons is None else tuple(word for bit, word in _THROTTLES.items() if reasons & bit)
    link = [
        _ask(nvml, f"nvmlDeviceGet{kind}PcieLink{figure}", whole)
        for figure in ("Generation", "Width")
        for kind in ("Curr", "Max")
    ]
    capability = _ask(nvml, "nvmlDeviceGetCudaComputeCapability", whole)
    return Card(
        gpu,
        compute_capability=None if capability is None else (int(capability[0]), int(capability[1])),
        reserved_bytes=reserved,
        processes=processes,
        unaccounted_bytes=unaccounted,
        display=_flag(_ask(nvml, "nvmlDeviceGetDisplayActive", whole)),
        desktop_bytes=None if processes is None or None in drawing else sum(size or 0 for size in drawing),
        slowdown_c=_slowdown(nvml, whole, gpu.temperature_c),
        power_limit_w=_watts(
            _ask(nvml, ("nvmlDeviceGetEnforcedPowerLimit", "nvmlDeviceGetPowerManagementLimit"), whole)
        ),
        throttled=words,
        link=Link(*link) if any(figure is not None for figure in link) else None,
        ecc=_ecc(nvml, whole),
        persistence=_flag(_ask(nvml, "nvmlDeviceGetPersistenceMode", whole)),
        mig=_is_divided(nvml, whole),
    )


def driver() -> Driver:
    """Return the driver's versions, or why it does not answer."""
    nvml, error = _load()
    if nvml is None:
        return Driver(None, None, error, False)
    version = _word(_outcome(nvml, "nvmlSystemGetDriverVersion")[0]) or None
    names = ("nvmlSystemGetCudaDriverVersion_v2", "nvmlSystemGetCudaDriverVersion")
    number = next((value for value, _ in (_outcome(nvml, name) for name in names) if value), None)
    return Driver(version, None if number is None else (number // 1000, number % 1000 // 10), None, True)
