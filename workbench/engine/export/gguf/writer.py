"""Writing a GGUF file, in float32 or in any format of ggml, a block of rows in memory at a time.

Owns the file's bytes: header and tensor infos through `gguf`, the data as a stream, and the check that all of it
arrived. Must not know where the numbers come from, nor why a tensor gets its format. The caller gives a temporary path
and renames it after the proof.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import gguf
import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line
from workbench.core.units import count
from workbench.engine.export.gguf import blocks
from workbench.engine.export.gguf.architectures import Pair, Plan, Planned, text, u32

BLOCK_BYTES = 16 << 20
_ALIGNMENT = gguf.GGUF_DEFAULT_ALIGNMENT


@dataclass(frozen=True)
class Formats:
    """What the tensors of a file become; all of them F32 unless more is said."""

    ftype: int = 0
    """llama.cpp's number for the type of the file."""
    of: Mapping[str, str] = field(default_factory=dict)
    """Tensor → format, F32 for those that are not named."""
    importance: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    """Tensor → mean of x² for each of its columns, where it was measured."""


FLOATS = Formats()


@dataclass(frozen=True)
class Written:
    """What the stream saw."""

    bytes: int
    largest: float
    """The largest absolute weight; beyond 65504 it does not fit F16."""


def model_name(name: str, phi3: bool) -> str:
    """Return `name` for general.name: ASCII letters, digits and ".", "_", "-" only.

    llama.cpp takes a name with "phi-3" or "phi3" for a Phi-3 vocabulary and then demands special tokens that others
    lack; `phi3` says that this is one, which in turn needs the name.
    """
    kept = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:120] or "model"
    kept = re.sub(r"(?i)phi-?3", "phi_3", kept)
    return f"phi-3-{kept}" if phi3 else kept


def _row_bytes(tensor: Planned, formats: Formats) -> int:
    """Return the bytes of a row of a tensor."""
    return blocks.row_bytes(formats.of.get(tensor.name, "F32"), math.prod(tensor.shape[1:]))


def _bytes(tensor: Planned, formats: Formats) -> int:
    """Return the bytes of a tensor, without padding."""
    if len(tensor.shape) == 1:
        return blocks.row_bytes(formats.of.get(tensor.name, "F32"), tensor.shape[0])
    return tensor.shape[0] * _row_bytes(tensor, formats)


def data_bytes(plan: Plan, formats: Formats = FLOATS) -> int:
    """Return the bytes of all tensors of the file, padding included."""
    return sum(-(-_bytes(tensor, formats) // _ALIGNMENT) * _ALIGNMENT for tensor in plan.tensors)


def _write_header(path: Path, plan: Plan, vocabulary: Iterable[Pair], name: str, formats: Formats) -> None:
    """Write everything that stands before the tensors."""
    writer = gguf.GGUFWriter(path, plan.architecture)
    general = (
        text("general.type", "model"),
        text("general.name", name),
        u32("general.file_type", formats.ftype),
        u32("general.quantization_version", gguf.GGML_QUANT_VERSION),
    )
    for pair in (*general, *plan.pairs, *vocabulary):
        key = plan.architecture + pair.key if pair.key.startswith(".") else pair.key
        writer.add_key_value(key, pair.value, pair.kind)
    for tensor in plan.tensors:
        kind = gguf.GGMLQuantizationType(blocks.NUMBERS[formats.of.get(tensor.name, "F32")])
        writer.add_tensor_info(tensor.name, tensor.shape, np.dtype(np.float32), _bytes(tensor, formats), kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()


def skeleton(path: Path, plan: Plan, vocabulary: Iterable[Pair], name: str) -> None:
    """Write the header of the float32 file of `plan`, and let a hole stand for its tensors.

    It takes the disk of its header alone, and is enough for llama.cpp to say which format a tensor gets.
    """
    _write_header(path, plan, vocabulary, name, FLOATS)
    with path.open("ab") as file:
        start = file.tell() + -file.tell() % _ALIGNMENT
        file.truncate(start + data_bytes(plan))


def write(
    path: Path,
    plan: Plan,
    vocabulary: Iterable[Pair],
    name: str,
    on_tensor: Callable[[int, int, str], None],
    formats: Formats = FLOATS,
) -> Written:
    """Write the GGUF of `plan` to `path` and sync it; `on_tensor(done, total, name)` follows each tensor.

    Raises WorkbenchError when a weight is not finite, when a format cannot hold one, or when the file came out short.
    """
    _write_header(path, plan, vocabulary, name, formats)
    largest = 0.0
    with path.open("ab") as file, ThreadPoolExecutor(cores()) as pool:
        file.write(bytes(-file.tell() % _ALIGNMENT))
        expected = file.tell() + data_bytes(plan, formats)
        for done, tensor in enumerate(plan.tensors, start=1):
            format = formats.of.get(tensor.name, "F32")
            importance = formats.importance.get(tensor.name)
            row_bytes = max(4 * math.prod(tensor.shape[1:]), 1)
            step = max(BLOCK_BYTES // row_bytes // plan.block, 1) * plan.block
            for start in range(0, tensor.shape[0], step):
                block = np.ascontiguousarray(tensor.rows(start, min(start + step, tensor.shape[0])), "<f4")
                top = float(max(block.max(initial=0.0), -block.min(initial=0.0)))
                if not math.isfinite(top):
                    raise WorkbenchError(
                        f"The weight {one_line(tensor.name, 80)} is not finite; go back to an earlier checkpoint."
                    )
                largest = max(largest, top)
                if format == "F32":
                    file.write(block.data)
                else:
                    rows = block.reshape(len(block) if block.ndim > 1 else 1, -1)
                    file.write(blocks.quantise(rows, format, importance, pool).data)
            file.write(bytes(-_bytes(tensor, formats) % _ALIGNMENT))
            on_tensor(done, len(plan.tensors), tensor.name)
        file.flush()
        os.fsync(file.fileno())
    if path.stat().st_size != expected:
        raise WorkbenchError(
            f"{path.name} came out with {count(path.stat().st_size)} bytes instead of "
            f"{count(expected)}; check the disk."
        )
    return Written(expected, largest)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
