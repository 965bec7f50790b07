"""A LoRA adapter as a GGUF file that llama.cpp loads beside a model.

Owns the file's layout: llama.cpp multiplies each pair of matrices by alpha over its own rank, with one alpha for all,
so what an adapter scales otherwise goes into the second matrix. Must not know PEFT's files; refuses what has no place
in such a file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line
from workbench.engine.export.gguf import architectures
from workbench.engine.export.lora import Delta, alpha_of, halves
from workbench.engine.export.source import TensorSource

MERGE = "export the whole model instead, with the adapter merged"


def deltas(weights: TensorSource, written: tuple[str, ...]) -> Mapping[str, Delta]:
    """Return the low-rank changes of an adapter, by tensor; WorkbenchError when it changes anything else.

    `written` are the tensors that the GGUF of the base has: an output matrix that is the embedding is none of them.
    """
    adapter = weights.adapter
    if adapter.replaced or adapter.rows:
        name = next(iter((*adapter.replaced, *adapter.rows)))
        raise WorkbenchError(f"The adapter holds {one_line(name, 120)} whole, which has no place in a file; {MERGE}.")
    tied = architectures.HEAD not in written or architectures.HEAD in weights.untied
    for name in (architectures.EMBEDDING, architectures.HEAD):
        if name in adapter.deltas and tied:
            raise WorkbenchError(
                f"The adapter changes {name}, which the base uses for reading and writing alike; {MERGE}."
            )
    if not adapter.deltas:
        raise WorkbenchError("The adapter changes nothing, so there is nothing to export.")
    return adapter.deltas


def write(path: Path, config: Any, changes: Mapping[str, Delta], name: str) -> float:
    """Write the adapter of a model that our own writer knows to `path`, in float32; return the largest weight.

    `name` is what the file calls itself. Raises WorkbenchError for a changed tensor that has no name in a GGUF.
    """
    _, found = architectures.family(config)
    table = gguf.get_tensor_name_map(found.architecture, config.num_hidden_layers)
    writer = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[found.architecture])
    alpha = alpha_of(changes)
    writer.add_type("adapter")
    writer.add_name(name)
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", alpha)
    largest = 0.0
    for tensor, delta in changes.items():
        mapped = table.get_name(tensor, try_suffixes=(".weight",))
        if mapped is None:
            raise WorkbenchError(f"The tensor {one_line(tensor, 120)} has no place in a GGUF; {MERGE}.")
        a, b = halves(delta, alpha)
        if found.interleave and tensor.rsplit(".", 2)[-2] in ("q_proj", "k_proj"):
            b = architectures.interleaved(b, architectures.head_size(config))
        if tensor == architectures.EMBEDDING:
            a = a.T
        for suffix, half in (("lora_a", a), ("lora_b", b)):
            values = np.ascontiguousarray(half, np.float32)
            largest = max(largest, float(np.abs(values).max(initial=0.0)))
            if not np.isfinite(values).all():
                raise WorkbenchError(
                    f"The adapter's {one_line(tensor, 120)} is not finite; go back to an earlier checkpoint."
                )
            writer.add_tensor(f"{mapped}.{suffix}", values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    return largest
