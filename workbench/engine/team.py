"""The processes that train together in one attempt: who is first, who waits for whom, and what they agree on.

Owns the process group. Must not know what is trained. An attempt of one process has no group: it is the first, and
every question is answered by its own value at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import torch
from torch import distributed

from workbench.core.errors import UsageError

PATIENCE = timedelta(days=7)
"""The others wait while the first process reads and encodes a large corpus. That one of them died is noticed by the
launcher, never by this limit."""

_P = ParamSpec("_P")
_Result = TypeVar("_Result")


def join(device: str, meeting_point: Path) -> None:
    """Become one of the processes that the launcher started on this machine, each with a device of its own.

    They find each other through the file `meeting_point`, which must be new. Raises UsageError when the machine has
    fewer devices than processes.
    """
    rank, size = int(os.environ["LOCAL_RANK"]), int(os.environ["LOCAL_WORLD_SIZE"])
    if device == "mps":
        raise UsageError("Several processes cannot share one mps device; use --set num_processes=1, or device=cpu.")
    if device == "cuda":
        cards = torch.cuda.device_count()
        if cards < size:
            raise UsageError(
                f"num_processes is {size} and this machine has {cards} CUDA device{'s' if cards != 1 else ''}; "
                f"use --set num_processes={cards}."
            )
        torch.cuda.set_device(rank)
    distributed.init_process_group(
        "nccl" if device == "cuda" else "gloo",
        init_method=meeting_point.as_uri(),
        rank=rank,
        world_size=size,
        timeout=PATIENCE,
    )


def is_first() -> bool:
    """Return whether this process is the one that prepares, saves and reports."""
    return not distributed.is_initialized() or distributed.get_rank() == 0


def first_goes_ahead(function: Callable[_P, _Result]) -> Callable[_P, _Result]:
    """Make the first process call `function` before the others do, so that they find what it has made.

    When the first one fails the others wait until the launcher ends them.
    """

    @wraps(function)
    def call(*args: _P.args, **kwargs: _P.kwargs) -> _Result:
        if not is_first():
            largest(0.0)
        result = function(*args, **kwargs)
        if is_first():
            largest(0.0)
        return result

    return call


def _reduced(value: float, dtype: torch.dtype, operation: distributed.ReduceOp.RedOpType) -> float:
    """Return one number made of every process's `value`; each process has to ask."""
    if not distributed.is_initialized():
        return value
    device = "cuda" if distributed.get_backend() == "nccl" else "cpu"
    number = torch.tensor(value, dtype=dtype, device=device)
    distributed.all_reduce(number, op=operation)
    return number.item()


def largest(value: float) -> float:
    """Return the largest of every process's `value`; each process has to ask, and none goes on before all have."""
    return _reduced(value, torch.float64, distributed.ReduceOp.MAX)


def mean(value: float) -> float:
    """Return the mean of every process's `value`; each process has to ask."""
    size = distributed.get_world_size() if distributed.is_initialized() else 1
    return _reduced(value, torch.float64, distributed.ReduceOp.SUM) / size


def total(value: int) -> int:
    """Return the sum of every process's `value`; each process has to ask."""
    return int(_reduced(value, torch.int64, distributed.ReduceOp.SUM))
