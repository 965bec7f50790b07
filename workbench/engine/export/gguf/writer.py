"""Writing a GGUF file in float32, a block of rows in memory at a time.

Owns the file's bytes: header and tensor infos through `gguf`, the data as a stream, and the check that all of it
arrived. Must not know where the numbers come from. The caller gives a temporary path and renames it after the proof.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np

from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line
from workbench.core.units import count
from workbench.engine.export.gguf.architectures import Pair, Plan, Planned, text, u32

BLOCK_BYTES = 16 << 20
_ALIGNMENT = gguf.GGUF_DEFAULT_ALIGNMENT
_FILE_TYPE_F32 = 0


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


def _need(tensor: Planned) -> int:
    """Return the bytes a tensor takes, padding included."""
    return -(-math.prod(tensor.shape) * 4 // _ALIGNMENT) * _ALIGNMENT


def data_bytes(plan: Plan) -> int:
    """Return the bytes of all tensors of the float32 file."""
    return sum(_need(tensor) for tensor in plan.tensors)


def write(
    path: Path, plan: Plan, vocabulary: Iterable[Pair], name: str, on_tensor: Callable[[int, int, str], None]
) -> Written:
    """Write the float32 GGUF of `plan` to `path` and sync it; `on_tensor(done, total, name)` follows each tensor.

    Raises WorkbenchError when a weight is not finite or the file came out short.
    """
    writer = gguf.GGUFWriter(path, plan.architecture)
    general = (
        text("general.type", "model"),
        text("general.name", name),
        u32("general.file_type", _FILE_TYPE_F32),
        u32("general.quantization_version", gguf.GGML_QUANT_VERSION),
    )
    for pair in (*general, *plan.pairs, *vocabulary):
        key = plan.architecture + pair.key if pair.key.startswith(".") else pair.key
        writer.add_key_value(key, pair.value, pair.kind)
    for tensor in plan.tensors:
        writer.add_tensor_info(tensor.name, tensor.shape, np.dtype(np.float32), math.prod(tensor.shape) * 4)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    largest = 0.0
    with path.open("ab") as file:
        file.write(bytes(-file.tell() % _ALIGNMENT))
        expected = file.tell() + data_bytes(plan)
        for done, tensor in enumerate(plan.tensors, start=1):
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
                file.write(block.data)
            file.write(bytes(_need(tensor) - math.prod(tensor.shape) * 4))
            on_tensor(done, len(plan.tensors), tensor.name)
        file.flush()
        os.fsync(file.fileno())
    if path.stat().st_size != expected:
        raise WorkbenchError(
            f"{path.name} came out with {count(path.stat().st_size)} bytes instead of "
            f"{count(expected)}; check the disk."
        )
    return Written(expected, largest)
