"""A ledger of storages: which were allocated and freed in what order, and what a moment of that history holds.

Owns the counting. Must not know models, methods or what a storage is for.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

GRANULE = 512
"""Bytes the CUDA caching allocator rounds a request up to."""

Workspace = Callable[[tuple[Any, ...], dict[str, Any], Any], int]
"""What a kernel needs beside its result, in bytes, from (positional arguments, keyword arguments, result)."""


@dataclass(frozen=True)
class Entry:
    """One line of the ledger: a storage came (bytes > 0), went (bytes < 0), or a point in time was marked (0)."""

    storage: int
    """Number of the storage, counted from 0 and never used again; -1 for a mark."""
    bytes: int
    phase: str
    """The phase the line was written in; for a mark its name."""


class Ledger(TorchDispatchMode):
    """Writes a line for every storage that comes or goes while it is entered.

    `workspaces` maps the name of an operator, "namespace::name", to what its kernel needs for the length of a call.
    """

    def __init__(self, workspaces: Mapping[str, Workspace] | None = None) -> None:
        super().__init__()
        self.entries: list[Entry] = []
        self.phase = ""
        """Put on every line from now on."""
        self._numbers: dict[int, int] = {}
        self._workspaces = dict(workspaces or {})
        self._count = 0

    def mark(self, name: str) -> None:
        """Write down that a point in time has come."""
        self.entries.append(Entry(-1, 0, name))

    def number(self, tensor: torch.Tensor) -> int:
        """Return the number of the tensor's storage; the storage must be alive and known."""
        return self._numbers[tensor.untyped_storage()._cdata]

    def see(self, tensor: torch.Tensor) -> None:
        """Write down the storage of a tensor unless it is known."""
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self._numbers:
            return
        number, size = self._new(), storage.nbytes()
        self._numbers[key] = number
        self.entries.append(Entry(number, size, self.phase))
        weakref.finalize(storage, self._gone, key, number, size)

    def _new(self) -> int:
        self._count += 1
        return self._count - 1

    def _gone(self, key: int, number: int, size: int) -> None:
        if self._numbers.pop(key, None) is not None:
            self.entries.append(Entry(number, -size, self.phase))

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        for value in tree_iter(result):
            if isinstance(value, torch.Tensor):
                self.see(value)
        workspace = self._workspaces.get(func.name().partition(".")[0])
        if workspace is not None and (size := workspace(args, kwargs, result)):
            number = self._new()
            self.entries += [Entry(number, size, self.phase), Entry(number, -size, self.phase)]
        return result


def rounded(size: int) -> int:
    """Return the bytes the allocator gives for a request of `size` bytes, or gets back for a negative one."""
    granules = -(-abs(size) // GRANULE) * GRANULE
    return granules if size >= 0 else -granules
