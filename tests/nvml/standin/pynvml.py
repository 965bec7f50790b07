"""The real pynvml over a driver library that is not there: the stand-in begins where libnvidia-ml.so.1 is opened.

Owns the C functions of that library as far as the package asks for them; pynvml's own code, its structures and errors
are the installed ones. What the cards are is read from the file named by NVML_STANDIN at every question, so that a test
can change the machine under a running program (`machines.py` writes it). Must not know what is tested with it.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.machinery
import importlib.util
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

NOT_SUPPORTED, NOT_FOUND, INSUFFICIENT_SIZE, INVALID_ARGUMENT = 3, 6, 7, 2
HIDDEN = ctypes.c_ulonglong(-1).value
"""What the driver writes for a figure that it keeps to itself."""
INSTANCES = 1000
"""Handles are 1 + card · INSTANCES + (instance + 1, or 0 for the whole card)."""


def _machine() -> dict[str, Any]:
    """Return what the machine is at this moment."""
    machine = json.loads(Path(os.environ["NVML_STANDIN"]).read_text(encoding="utf-8"))
    assert isinstance(machine, dict)
    return machine


def _write(pointer: Any, value: Any) -> int:
    """Write a figure to where a C pointer points, text into a buffer; a figure that is None is not supported."""
    if value is None:
        return NOT_SUPPORTED
    target = getattr(pointer, "_obj", pointer)
    target.value = value.encode("utf-8") if isinstance(value, str) else value
    return 0


def _set_handle(pointer: Any, number: int) -> int:
    """Write a handle."""
    ctypes.c_void_p.from_buffer(pointer._obj).value = number
    return 0


def _card(handle: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return (card or instance, the whole card) of a handle."""
    index, instance = divmod((ctypes.cast(handle, ctypes.c_void_p).value or 1) - 1, INSTANCES)
    whole = _machine()["cards"][index]
    return (whole["mig"][instance - 1] if instance else whole), whole


def _memory(version: int) -> Callable[..., int]:
    """Return the function that fills one version of the structure for memory."""

    def fill(card: dict[str, Any], pointer: Any) -> int:
        if card.get("total") is None:
            return NOT_SUPPORTED
        memory, reserved = pointer._obj, card.get("reserved", 0)
        memory.total, memory.free = card["total"], card["free"]
        memory.used = card["total"] - card["free"]
        if version == 2:
            memory.used -= reserved
            memory.reserved = reserved
        return 0

    return fill


def _processes(kind: str, card: dict[str, Any], count: Any, array: Any) -> int:
    """List the processes of a card, in two calls as C does: how many, and which."""
    listed = card.get(kind)
    if listed is None:
        return NOT_SUPPORTED
    if array is None or count._obj.value < len(listed):
        count._obj.value = len(listed)
        return INSUFFICIENT_SIZE if listed else 0
    for entry, (pid, used) in zip(array, listed, strict=False):
        entry.pid, entry.usedGpuMemory = pid, HIDDEN if used is None else used
    count._obj.value = len(listed)
    return 0


def _pair(key: str) -> Callable[..., int]:
    """Return the function that writes two figures."""

    def fill(card: dict[str, Any], first: Any, second: Any) -> int:
        values = card.get(key)
        return NOT_SUPPORTED if values is None else _write(first, values[0]) or _write(second, values[1])

    return fill


def _utilisation(card: dict[str, Any], pointer: Any) -> int:
    """Write how busy a card is."""
    if card.get("utilisation") is None:
        return NOT_SUPPORTED
    pointer._obj.gpu = card["utilisation"]
    return 0


def _temperature(card: dict[str, Any], pointer: Any) -> int:
    """Write the temperature into the newer structure."""
    if card.get("temperature") is None:
        return NOT_SUPPORTED
    pointer._obj.temperature = card["temperature"]
    return 0


def _margin(card: dict[str, Any], pointer: Any) -> int:
    """Write how far away slowing down is."""
    if card.get("margin") is None:
        return NOT_SUPPORTED
    pointer._obj.marginTemperature = card["margin"]
    return 0


def _mig_mode(card: dict[str, Any], current: Any, pending: Any) -> int:
    """Write whether a card is divided; a card without the key cannot be."""
    if "mig" not in card:
        return NOT_SUPPORTED
    divided = int(card["mig"] is not None)
    return _write(current, divided) or _write(pending, divided)


def _ecc_errors(card: dict[str, Any], kind: Any, _counter: Any, pointer: Any) -> int:
    """Write the corrected or the uncorrected errors."""
    return _write(pointer, (card.get("ecc_errors") or (None, None))[kind.value])


def _figure(key: str) -> Callable[..., int]:
    """Return the function that writes one figure, whatever stands before the pointer."""
    return lambda card, *arguments: _write(arguments[-1], card.get(key))


def _text(key: str) -> Callable[..., int]:
    """Return the function that writes a text into a buffer."""
    return lambda card, buffer, _size: _write(buffer, card.get(key))


OF_A_CARD: dict[str, Callable[..., int]] = {
    "nvmlDeviceGetUUID": _text("uuid"),
    "nvmlDeviceGetName": _text("name"),
    "nvmlDeviceGetMemoryInfo": _memory(1),
    "nvmlDeviceGetMemoryInfo_v2": _memory(2),
    "nvmlDeviceGetTemperatureV": _temperature,
    "nvmlDeviceGetTemperature": _figure("temperature"),
    "nvmlDeviceGetTemperatureThreshold": _figure("slowdown"),
    "nvmlDeviceGetMarginTemperature": _margin,
    "nvmlDeviceGetPowerUsage": _figure("power"),
    "nvmlDeviceGetEnforcedPowerLimit": _figure("power_limit"),
    "nvmlDeviceGetUtilizationRates": _utilisation,
    "nvmlDeviceGetComputeMode": _figure("compute_mode"),
    "nvmlDeviceGetMigMode": _mig_mode,
    "nvmlDeviceGetMaxMigDeviceCount": lambda card, pointer: _write(pointer, 7),
    "nvmlDeviceGetComputeRunningProcesses_v3": functools.partial(_processes, "compute"),
    "nvmlDeviceGetGraphicsRunningProcesses_v3": functools.partial(_processes, "graphics"),
    "nvmlDeviceGetCurrentClocksEventReasons": _figure("reasons"),
    "nvmlDeviceGetCurrPcieLinkGeneration": _figure("generation"),
    "nvmlDeviceGetMaxPcieLinkGeneration": _figure("generation_most"),
    "nvmlDeviceGetCurrPcieLinkWidth": _figure("width"),
    "nvmlDeviceGetMaxPcieLinkWidth": _figure("width_most"),
    "nvmlDeviceGetCudaComputeCapability": _pair("capability"),
    "nvmlDeviceGetEccMode": _pair("ecc_mode"),
    "nvmlDeviceGetTotalEccErrors": _ecc_errors,
    "nvmlDeviceGetDisplayActive": _figure("display"),
    "nvmlDeviceGetPersistenceMode": _figure("persistence"),
}


def _ask_card(name: str, handle: Any, *arguments: Any) -> int:
    """Answer one question about a card; a card with an error gives it to every question."""
    card, whole = _card(handle)
    error = whole.get("error") or card.get("refusals", {}).get(name)
    return int(error) if error else OF_A_CARD[name](card, *arguments)


def _init(_flags: int) -> int:
    """Answer the first question of all."""
    return int(_machine().get("init", 0))


def _handle(index: Any, pointer: Any) -> int:
    """Give the handle of a card."""
    number, cards = getattr(index, "value", index), _machine()["cards"]
    if number >= len(cards):
        return INVALID_ARGUMENT
    return int(cards[number].get("handle_error", 0)) or _set_handle(pointer, 1 + number * INSTANCES)


def _instance(handle: Any, number: Any, pointer: Any) -> int:
    """Give the handle of an instance; a place without one is not found."""
    address = ctypes.cast(handle, ctypes.c_void_p).value or 1
    parts = _card(handle)[1]["mig"]
    if number.value >= len(parts) or parts[number.value] is None:
        return NOT_FOUND
    return _set_handle(pointer, address + number.value + 1)


def _process_name(pid: Any, buffer: Any, _size: Any) -> int:
    """Give the command of a process that is seen from here."""
    name = _machine().get("processes", {}).get(str(pid.value))
    return NOT_FOUND if name is None else _write(buffer, name)


OF_THE_MACHINE: dict[str, Callable[..., int]] = {
    "nvmlInitWithFlags": _init,
    "nvmlSystemGetDriverVersion": lambda buffer, _size: _write(buffer, _machine().get("driver")),
    "nvmlSystemGetCudaDriverVersion": lambda pointer: _write(pointer, _machine().get("cuda")),
    "nvmlSystemGetCudaDriverVersion_v2": lambda pointer: _write(pointer, _machine().get("cuda")),
    "nvmlSystemGetProcessName": _process_name,
    "nvmlDeviceGetCount_v2": lambda pointer: _write(pointer, len(_machine()["cards"])),
    "nvmlDeviceGetHandleByIndex_v2": _handle,
    "nvmlDeviceGetMigDeviceHandleByIndex": _instance,
}


class _Library:
    """The opened library: its functions by name, those an older driver lacks left out."""

    def __getattr__(self, name: str) -> Callable[..., int]:
        if name in _machine().get("without", ()):
            raise AttributeError(name)
        if name in OF_A_CARD:
            return functools.partial(_ask_card, name)
        if name in OF_THE_MACHINE:
            return OF_THE_MACHINE[name]
        raise AttributeError(name)


def _open(name: str) -> _Library:
    """Open the library as ctypes does."""
    if not _machine().get("library", True):
        raise OSError(f"{name}: cannot open shared object file: No such file or directory")
    return _Library()


def _become_real() -> None:
    """Put the installed pynvml in this module's place, with the library that is opened here."""
    here = Path(__file__).resolve().parent
    elsewhere = [folder for folder in sys.path if Path(folder or ".").resolve() != here]
    spec = importlib.machinery.PathFinder.find_spec(__name__, elsewhere)
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    sys.modules[__name__] = module
    spec.loader.exec_module(module)
    module.CDLL = _open


_become_real()
