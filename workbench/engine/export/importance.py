"""The importance matrix: how strongly each input of each weight matrix is driven by the person's own rows.

Owns its measurement and its file, which is llama.cpp's own (`general.type` "imatrix", tensors `<name>.in_sum2` and
`<name>.counts`). Must not know where rows come from nor how a file is quantised. What is kept is the sum of x² over
tokens for each input column x of a matrix: the expected square of a layer's error is the weights' errors squared,
weighted by it, when inputs do not depend on one another (https://github.com/ggml-org/llama.cpp/pull/4861). Experts are
stacked in one tensor, and each is measured with the tokens that are sent to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line
from workbench.engine.export.source import canonical

TOKENS = 32_768
"""Tokens that are measured at most; `benchmarks/importance.py` shows what fewer and more of them give."""
_BATCH_TOKENS = 1024
_SUMS, _COUNTS = ".in_sum2", ".counts"
_SHARED = {"shared_mlp.input_linear": (gguf.MODEL_TENSOR.FFN_GATE_SHEXP, gguf.MODEL_TENSOR.FFN_UP_SHEXP)}
"""Linear layers that files hold as two matrices, both of which see what enters."""
_ENTERING = (gguf.MODEL_TENSOR.FFN_GATE_EXP, gguf.MODEL_TENSOR.FFN_UP_EXP, gguf.MODEL_TENSOR.FFN_GATE_UP_EXP)
_LEAVING = (gguf.MODEL_TENSOR.FFN_DOWN_EXP,)
"""Stacked experts: what sees their input, of which files hold either the first two or the third, and what their gates
let through."""
_LAYER = re.compile(r"\.layers\.(\d+)\.")

Names = tuple[str, ...]
"""The tensors of a file that see the same inputs."""


@dataclass(frozen=True)
class Matrix:
    """What was measured, by the GGUF name of each tensor."""

    sums: dict[str, NDArray[np.float32]]
    """Sum of x² over tokens for each input column, [experts, columns], with one row where there are no experts."""
    counts: dict[str, NDArray[np.float32]]
    """Tokens that each expert saw, [experts]."""
    rows: int
    tokens: int

    def means(self) -> dict[str, NDArray[np.float32]]:
        """Return the mean of x² for each input column, expert after expert, as `llama_model_quantize` takes it."""
        return {name: _means(values, self.counts[name]) for name, values in self.sums.items()}


def _means(sums: NDArray[np.float32], counts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return means of x², [experts · columns]; an expert that saw no token weighs all of its inputs alike."""
    seen = counts.reshape(-1, 1)
    means = np.where(seen > 0, sums.reshape(len(seen), -1) / np.maximum(seen, 1), 1)
    return np.ascontiguousarray(means.reshape(-1), np.float32)


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


def _layers(model: Any, architecture: str) -> tuple[list[tuple[Any, Names]], list[tuple[Any, Names, Names]]]:
    """Return the linear layers that have names in files of an architecture, and the stacked experts, with those names.

    Experts have two of them: of what sees their input, and of what their gates let through. The output matrix is left
    out, as llama.cpp's own measurement leaves it out: quantised files keep it finer than the rest.
    """
    from torch import nn

    arch = next((key for key, name in gguf.MODEL_ARCH_NAMES.items() if name == architecture), None)
    if arch is None:
        raise WorkbenchError(f"No importance can be measured for the architecture {one_line(architecture, 40)}.")
    table = gguf.get_tensor_name_map(arch, int(model.config.get_text_config().num_hidden_layers))

    def named(name: str, wanted: Sequence[gguf.MODEL_TENSOR]) -> Names:
        layer = _LAYER.search(name)
        there = [gguf.TENSOR_NAMES[tensor] for tensor in wanted if tensor in gguf.MODEL_TENSORS[arch]]
        return tuple(f"{text.format(bid=layer[1])}.weight" for text in there) if layer else ()

    linear, experts = [], []
    for full_name, module in model.named_modules():
        name = canonical(full_name)
        if isinstance(module, nn.Linear):
            mapped = table.get_name(name)
            shared = next((named(name, parts) for end, parts in _SHARED.items() if name.endswith(end)), ())
            names = (f"{mapped}.weight",) if mapped is not None and mapped.startswith("blk.") else shared
            if names:
                linear.append((module, names))
        elif name.endswith(".experts") and hasattr(module, "gate_up_proj") and named(name, _LEAVING):
            experts.append((module, named(name, _ENTERING), named(name, _LEAVING)))
    return linear, experts


def _gated(experts: Any, number: int, entering: Any) -> Any:
    """Return what enters the second matrix of an expert, [tokens, columns], as each way to compute them does."""
    weight = experts.gate_up_proj[number]
    both = entering @ (weight if experts.is_transposed else weight.T)
    return experts._apply_gate(both + experts.gate_up_proj_bias[number] if experts.has_bias else both)


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

    linear, stacked = _layers(model, architecture)
    if not linear or not rows:
        raise WorkbenchError("There is nothing to measure the importance of weights with; export without it.")
    sums: dict[Names, Any] = {}
    counts: dict[Names, Any] = {}
    mask: Any = None

    def add(names: Names, number: int, of: int, seen: Any) -> None:
        if names not in sums:
            sums[names] = torch.zeros(of, seen.shape[-1], dtype=torch.float64, device=seen.device)
            counts[names] = np.zeros(of, np.float32)
        sums[names][number] += seen.float().square().sum(0, dtype=torch.float64)
        counts[names][number] += len(seen)

    def watch(names: Names) -> Callable[[Any, tuple[Any, ...]], None]:
        return lambda _, inputs: add(names, 0, 1, inputs[0].reshape(-1, inputs[0].shape[-1])[mask])

    def watch_experts(entering: Names, leaving: Names) -> Callable[[Any, tuple[Any, ...]], None]:
        def hook(experts: Any, inputs: tuple[Any, ...]) -> None:
            states, chosen = (values.reshape(len(mask), -1)[mask] for values in inputs[:2])
            for number in chosen.unique().tolist():
                seen = states[(chosen == number).any(-1)]
                add(entering, number, experts.num_experts, seen)
                add(leaving, number, experts.num_experts, _gated(experts, number, seen))

        return hook

    hooks = [module.register_forward_pre_hook(watch(names)) for module, names in linear]
    hooks += [module.register_forward_pre_hook(watch_experts(*names)) for module, *names in stacked]
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
    found = {name: values.cpu().numpy().astype(np.float32) for names, values in sums.items() for name in names}
    for name, values in found.items():
        if not np.isfinite(values).all():
            raise WorkbenchError(
                f"The inputs of {one_line(name, 80)} are not finite; go back to an earlier checkpoint."
            )
    return Matrix(found, {name: seen for names, seen in counts.items() for name in names}, len(rows), total)


def write(path: Path, matrix: Matrix, source: str) -> None:
    """Write a matrix as llama.cpp's tools read it; `source` says in words what it was measured on."""
    writer = gguf.GGUFWriter(path, "imatrix")
    writer.add_type("imatrix")
    writer.add_array("imatrix.datasets", [source])
    writer.add_uint32("imatrix.chunk_count", matrix.rows)
    writer.add_uint32("imatrix.chunk_size", max(matrix.tokens // max(matrix.rows, 1), 1))
    for name, values in sorted(matrix.sums.items()):
        writer.add_tensor(name + _SUMS, values)
        writer.add_tensor(name + _COUNTS, matrix.counts[name].reshape(-1, 1))
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
            found[name.removesuffix(_SUMS)] = _means(sums, counts)
    return found
