"""Reading rows of tensors from safetensors files as float32, one block at a time.

Owns the file format (one file or sharded by an index) and the refusal of pickled weights. Must not know what the
tensors mean. Rows are read with plain reads and not through a memory map, so that pages of the file never count towards
the process's memory. https://huggingface.co/docs/safetensors/index#format
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line

MAX_HEADER = 100_000_000
_WIDTH = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}


def bf16_to_f32(values: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Return bfloat16 bit patterns as the float32 numbers they stand for."""
    bits = values.astype(np.uint32)
    bits <<= 16
    return bits.view(np.float32)


def f32_to_bf16(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return float32 numbers rounded to bfloat16 bit patterns, ties to even."""
    bits = np.ascontiguousarray(values).view(np.uint32)
    rounded = ((bits + (0x7FFF + ((bits >> 16) & 1))) >> 16).astype(np.uint16)
    return np.where(np.isnan(values), np.uint16(0x7FC0), rounded)


@dataclass(frozen=True)
class Stored:
    """Where one tensor lies."""

    file: Path
    dtype: str
    shape: tuple[int, ...]
    start: int
    """Byte position in the file."""

    @property
    def row(self) -> int:
        """Numbers in one row: everything but the first dimension."""
        return math.prod(self.shape[1:])

    def rows(self, start: int, stop: int) -> NDArray[np.float32]:
        """Return rows `start` to `stop` (exclusive) as float32 [stop - start, *shape[1:]]."""
        width = _WIDTH[self.dtype]
        count = (stop - start) * self.row
        with self.file.open("rb") as file:
            file.seek(self.start + start * self.row * width)
            raw = np.fromfile(file, dtype={8: "<f8", 4: "<f4", 2: "<u2"}[width], count=count)
        if raw.size != count:
            raise WorkbenchError(f"{one_line(str(self.file))} is cut off; copy or download it again.")
        if self.dtype == "BF16":
            raw = bf16_to_f32(raw)
        elif self.dtype == "F16":
            raw = raw.view(np.float16)
        return raw.astype(np.float32, copy=False).reshape(stop - start, *self.shape[1:])


def _index(file: Path) -> dict[str, Stored]:
    """Return the tensors of one safetensors file."""
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if not 2 <= length <= min(MAX_HEADER, size - 8):
                raise ValueError("its header does not fit the file")
            body: dict[str, Any] = json.loads(stream.read(length))
        found: dict[str, Stored] = {}
        for name, entry in body.items():
            if name == "__metadata__":
                continue
            dtype, (begin, end) = str(entry["dtype"]), entry["data_offsets"]
            shape = tuple(int(extent) for extent in entry["shape"])
            if dtype not in _WIDTH:
                raise ValueError(
                    f"it stores {one_line(name, 80)} as {one_line(dtype, 20)}, which is no plain float type"
                )
            if (
                min((*shape, begin), default=0) < 0
                or end - begin != math.prod(shape) * _WIDTH[dtype]
                or 8 + length + end > size
            ):
                raise ValueError("it is cut off or damaged")
            found[name] = Stored(file, dtype, shape, 8 + length + begin)
        return found
    except OSError as error:
        raise WorkbenchError(f"{one_line(str(file))} cannot be read: {error.strerror or error}.") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        why = str(error) if type(error) is ValueError else "its header is damaged"
        raise WorkbenchError(
            f"{one_line(str(file))} cannot be used because {why}; copy or download it again."
        ) from None


def open_model(folder: Path) -> dict[str, Stored]:
    """Return every tensor of a model directory by name.

    Reads model.safetensors or the shards that model.safetensors.index.json names. Raises WorkbenchError when there are
    none, when there are only pickled weights, or when a shard lies outside the directory.
    """
    single, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    if single.is_file():
        return _index(single)
    if not index.is_file():
        if any(folder.glob("*.bin")) or any(folder.glob("*.pt*")):
            raise WorkbenchError(
                f"{one_line(str(folder))} holds only pickled weights, which can run code when opened; "
                "convert it to safetensors where you trust it, then use that."
            )
        raise WorkbenchError(f"{one_line(str(folder))} holds no model.safetensors; point to a model directory.")
    try:
        names = sorted(set(json.loads(index.read_bytes())["weight_map"].values()))
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        raise WorkbenchError(f"{one_line(str(index))} is damaged; copy or download it again.") from None
    found: dict[str, Stored] = {}
    for name in names:
        if not isinstance(name, str) or "/" in name or not name.endswith(".safetensors"):
            raise WorkbenchError(
                f"{one_line(str(index))} names a file that is no safetensors file beside it; refuse it."
            )
        found.update(_index(folder / name))
    return found


def open_adapter(folder: Path) -> dict[str, Stored]:
    """Return every tensor of a PEFT adapter directory by name; raise WorkbenchError as `open_model` does."""
    file = folder / "adapter_model.safetensors"
    if not file.is_file():
        kind = "only a pickled adapter" if (folder / "adapter_model.bin").exists() else "no adapter_model.safetensors"
        raise WorkbenchError(f"{one_line(str(folder))} holds {kind}; save the adapter as safetensors.")
    return _index(file)
