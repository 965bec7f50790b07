"""Writing a GGUF file, in float32 or in any format of ggml, a few blocks of rows in memory at a time.

Owns the file's bytes: header and tensor infos through `gguf`, the data as a stream, the threads that pack it, and the
check that all of it arrived. Must not know where the numbers come from, nor why a tensor gets its format. The caller
gives a temporary path and renames it after the proof.
"""

from __future__ import annotations

import math
import os
import re
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line
from workbench.core.units import count
from workbench.engine.export.gguf import blocks
from workbench.engine.export.gguf.architectures import Pair, Plan, Planned, text, u32

BLOCK_BYTES = 4 << 20
"""Of the float32 numbers that a thread packs at a time."""
AHEAD, AT_MOST = 4, 32
"""Blocks in memory beside those being packed, read and waiting or packed and not yet written; and all of them."""
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


@dataclass(frozen=True)
class _Block:
    """Rows of one tensor on their way into the file."""

    tensor: Planned
    rows: NDArray[np.float32]
    last: bool


def _read(plan: Plan) -> Iterator[_Block]:
    """Yield the blocks of all tensors in the order of the file, each read when it is asked for."""
    for tensor in plan.tensors:
        row_bytes = max(4 * math.prod(tensor.shape[1:]), 1)
        step = max(BLOCK_BYTES // row_bytes // plan.block, 1) * plan.block
        for start in range(0, tensor.shape[0], step):
            stop = min(start + step, tensor.shape[0])
            yield _Block(tensor, tensor.rows(start, stop), stop == tensor.shape[0])


def _pack(block: _Block, formats: Formats) -> tuple[NDArray[Any], float]:
    """Return (the bytes of a block in the format of its tensor, its largest absolute weight)."""
    name = block.tensor.name
    numbers = np.ascontiguousarray(block.rows, "<f4")
    largest = float(max(numbers.max(initial=0.0), -numbers.min(initial=0.0)))
    if not math.isfinite(largest):
        raise WorkbenchError(f"The weight {one_line(name, 80)} is not finite; go back to an earlier checkpoint.")
    format = formats.of.get(name, "F32")
    if format == "F32":
        return numbers, largest
    rows = numbers.reshape(len(numbers) if numbers.ndim > 1 else 1, -1)
    return blocks.quantise(rows, format, formats.importance.get(name)), largest


def _packed(plan: Plan, formats: Formats) -> Generator[tuple[_Block, NDArray[Any], float], None, None]:
    """Yield every block with what `_pack` makes of it, in the order of the file.

    One thread, the caller's, reads and merges, and all cores pack what it has read: they wait for it only where packing
    is quicker than reading.
    """
    coming: deque[tuple[_Block, Future[tuple[NDArray[Any], float]]]] = deque()
    threads = cores()
    most = min(threads + AHEAD, AT_MOST)
    with ThreadPoolExecutor(threads, "pack") as pool:
        try:
            for block in _read(plan):
                coming.append((block, pool.submit(_pack, block, formats)))
                if len(coming) == most:
                    first, future = coming.popleft()
                    yield first, *future.result()
            while coming:
                first, future = coming.popleft()
                yield first, *future.result()
        finally:
            for _, future in coming:
                future.cancel()


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
    largest, done = 0.0, 0
    with path.open("ab") as file, closing(_packed(plan, formats)) as packed:
        file.write(bytes(-file.tell() % _ALIGNMENT))
        expected = file.tell() + data_bytes(plan, formats)
        for block, data, top in packed:
            largest = max(largest, top)
            file.write(data.data)
            if block.last:
                done += 1
                file.write(bytes(-_bytes(block.tensor, formats) % _ALIGNMENT))
                on_tensor(done, len(plan.tensors), block.tensor.name)
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
