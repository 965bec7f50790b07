"""The importance matrix: how strongly each input of each weight matrix is driven by the person's own rows.

Owns its measurement and its file, which is llama.cpp's own (`general.type` "imatrix", tensors `<name>.in_sum2` and
`<name>.counts`). Must not know where rows come from nor how a file is quantised. What is kept is the sum of x² over
tokens for each input column x of a matrix: the expected square of a layer's error is the weights' errors squared,
weighted by it, when inputs do not depend on one another (https://github.com/ggml-org/llama.cpp/pull/4861).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line

TOKENS = 32_768
"""Tokens that are measured at most; `benchmarks/importance.py` shows what fewer and more of them give."""
_BATCH_TOKENS = 1024
_SUMS, _COUNTS = ".in_sum2", ".counts"


@dataclass(frozen=True)
class Matrix:
    """What was measured, by the GGUF name of each tensor."""

    sums: dict[str, NDArray[np.float32]]
    """Sum of x² over tokens for each input column, [columns]."""
    counts: dict[str, int]
    """Tokens that each tensor saw."""
    rows: int
    tokens: int

    def means(self) -> dict[str, NDArray[np.float32]]:
        """Return the mean of x² for each input column, as `llama_model_quantize` takes it."""
        return {name: values / np.float32(max(self.counts[name], 1)) for name, values in self.sums.items()}


def chosen(lengths: Sequence[int], longest: int, budget: int = TOKENS) -> list[int]:
    """Return the numbers of the rows to measure: spread evenly over all of them, as many as `budget` tokens hold.

    `lengths` are in tokens; a row counts with at most `longest` of them.
    """
    if not lengths:
        return []
    cut = [min(length, longest) for length in lengths]
    many = len(cut) if sum(cut) <= budget else max(int(budget * len(cut) / sum(cut)), 1)
    return [int(number * len(cut) / many) for number in range(many)]


def _batches(rows: Sequence[Sequence[int]]) -> Iterator[list[Sequence[int]]]:
    """Yield rows of like length together, at most `_BATCH_TOKENS` of them with their padding."""
    batch: list[Sequence[int]] = []
    for row in sorted(rows, key=len):
        if batch and (len(batch) + 1) * len(row) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _matrices(model: Any, architecture: str) -> dict[str, Any]:
    """Return GGUF name → module, of every linear layer that has a name in files of an architecture.

    The output matrix is left out, as llama.cpp's own measurement leaves it out: quantised files keep it finer than the
    rest.
    """
    from torch import nn

    arch = next((key for key, name in gguf.MODEL_ARCH_NAMES.items() if name == architecture), None)
    if arch is None:
        raise WorkbenchError(f"No importance can be measured for the architecture {one_line(architecture, 40)}.")
    layers = int(model.config.get_text_config().num_hidden_layers)
    table = gguf.get_tensor_name_map(arch, layers)
    found = {}
    for name, module in model.named_modules():
        mapped = table.get_name(name) if isinstance(module, nn.Linear) else None
        if mapped is not None and mapped.startswith("blk."):
            found[f"{mapped}.weight"] = module
    return found


def measure(
    model: Any,
    architecture: str,
    rows: Sequence[Sequence[int]],
    on_progress: Callable[[int, int], None],
) -> Matrix:
    """Return the importance of every block's matrices for `rows` of token ids.

    `model` is the transformers model whose weights are to be quantised, in evaluation mode; `architecture` the GGUF
    name of its kind; `on_progress(done, total)` counts tokens. Squares are summed in float64. Raises WorkbenchError
    when a row drives the model to numbers that are not finite, or when no layer has a name there.
    """
    import torch

    modules = _matrices(model, architecture)
    if not modules or not rows:
        raise WorkbenchError("There is nothing to measure the importance of weights with; export without it.")
    sums: dict[str, Any] = {}
    counts = dict.fromkeys(modules, 0)
    mask: Any = None

    def watch(name: str) -> Callable[[Any, tuple[Any, ...]], None]:
        def hook(_: Any, inputs: tuple[Any, ...]) -> None:
            seen = inputs[0].reshape(-1, inputs[0].shape[-1])[mask].float()
            squares = seen.square().sum(0, dtype=torch.float64)
            sums[name] = sums[name] + squares if name in sums else squares
            counts[name] += len(seen)

        return hook

    hooks = [module.register_forward_pre_hook(watch(name)) for name, module in modules.items()]
    done, total = 0, sum(map(len, rows))
    try:
        with torch.inference_mode():
            for batch in _batches(rows):
                width = len(batch[-1])
                ids = torch.zeros(len(batch), width, dtype=torch.long)
                there = torch.zeros(len(batch), width, dtype=torch.long)
                for number, row in enumerate(batch):
                    ids[number, : len(row)] = torch.tensor(list(row))
                    there[number, : len(row)] = 1
                there = there.to(model.device)
                mask = there.reshape(-1).bool()
                # Only what enters the layers is wanted, so the output matrix is spared.
                model.base_model(input_ids=ids.to(model.device), attention_mask=there, use_cache=False)
                done += sum(map(len, batch))
                on_progress(done, total)
    finally:
        for handle in hooks:
            handle.remove()
    found = {name: values.cpu().numpy().astype(np.float32) for name, values in sums.items()}
    for name, values in found.items():
        if not np.isfinite(values).all():
            raise WorkbenchError(
                f"The inputs of {one_line(name, 80)} are not finite; go back to an earlier checkpoint."
            )
    return Matrix(found, {name: counts[name] for name in found}, len(rows), total)


def write(path: Path, matrix: Matrix, source: str) -> None:
    """Write a matrix as llama.cpp's tools read it; `source` says in words what it was measured on."""
    writer = gguf.GGUFWriter(path, "imatrix")
    writer.add_type("imatrix")
    writer.add_array("imatrix.datasets", [source])
    writer.add_uint32("imatrix.chunk_count", matrix.rows)
    writer.add_uint32("imatrix.chunk_size", max(matrix.tokens // max(matrix.rows, 1), 1))
    for name, values in sorted(matrix.sums.items()):
        writer.add_tensor(name + _SUMS, values.reshape(1, -1))
        writer.add_tensor(name + _COUNTS, np.array([[matrix.counts[name]]], np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read(path: Path) -> dict[str, NDArray[np.float32]]:
    """Return tensor name → mean of x² for each input column, experts one behind the other, from a matrix's file."""
    from workbench.engine.export.gguf import header

    header.read(path)
    tensors = {tensor.name: np.asarray(tensor.data, np.float32) for tensor in gguf.GGUFReader(path).tensors}
    found = {}
    for name, sums in tensors.items():
        counts = tensors.get(name.removesuffix(_SUMS) + _COUNTS)
        if name.endswith(_SUMS) and counts is not None:
            seen = np.maximum(counts.reshape(-1, 1), 1)
            # An expert that saw no token weighs all of its inputs alike.
            means = np.where(counts.reshape(-1, 1) > 0, sums.reshape(len(seen), -1) / seen, 1)
            found[name.removesuffix(_SUMS)] = np.ascontiguousarray(means.reshape(-1), np.float32)
    return found
