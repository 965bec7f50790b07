"""A model as a folder that transformers loads, packed by bitsandbytes or in 16 bits, and how close it is to the model.

Owns the layout that transformers reads such weights in, and the comparison. Must not know runs, or where the folder
gets its name: `folder_work.py` does. NF4: https://arxiv.org/abs/2305.14314; int8: https://arxiv.org/abs/2208.07339.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from workbench.core import gguf_size, quantized
from workbench.core.errors import WorkbenchError
from workbench.engine.export import closeness, exporter, parity, reference, source
from workbench.runs import atomic

OnProgress = Callable[[int, int], None]

MAX_KL = {"nf4": 0.5, "int8": 0.1, "bf16": 1e-2}
"""Mean KL in nats beyond which a folder must be broken."""
_BLOCK = 64


def is_packed(name: str, shape: tuple[int, ...]) -> bool:
    """Return whether transformers holds a tensor in fewer bits: linear layers of the blocks, not embeddings or head."""
    return len(shape) == 2 and ".layers." in name and name.endswith(".weight")


def packed(kind: str, name: str, weight: Any) -> dict[str, Any]:
    """Return the tensors that stand for one matrix in a folder, as bitsandbytes itself would have saved them."""
    from bitsandbytes import functional

    if kind == "int8":
        codes, scales, _ = functional.int8_vectorwise_quant(weight.to(torch.float16))
        module = name.removesuffix(".weight")
        # 0 is the layout of rows, the only one that is left.
        form = torch.tensor(0, dtype=torch.uint8)
        return {name: codes, f"{module}.SCB": scales.float(), f"{module}.weight_format": form}
    codes, state = functional.quantize_4bit(weight, blocksize=_BLOCK, compress_statistics=True, quant_type="nf4")
    return {name: codes, **{f"{name}.{key}": value for key, value in state.as_dict(packed=True).items()}}


def _tensors(weights: source.TensorSource, kind: str, dtype: Any, on_progress: OnProgress) -> Iterator[tuple[str, Any]]:
    """Yield name and tensor of everything in the folder; one matrix is in memory in float32 at a time."""
    for done, name in enumerate(weights.names, start=1):
        weight = torch.from_numpy(weights.tensor(name)).to(dtype).contiguous()
        if kind != "bf16" and is_packed(name, weights.shape(name)):
            yield from packed(kind, name, weight).items()
        else:
            yield name, weight
        on_progress(done, len(weights.names))


def configuration(kind: str, dtype: str) -> dict[str, Any]:
    """Return what config.json says of the weights."""
    from transformers import BitsAndBytesConfig

    if kind == "int8":
        return dict(BitsAndBytesConfig(load_in_8bit=True).to_dict())
    return dict(
        BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=dtype
        ).to_dict()
    )


def _stored(base: Path) -> tuple[dict[str, Any], str]:
    """Return (config.json, the format its weights are computed in) of a model's folder."""
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    return config, str(config.get("dtype") or config.get("torch_dtype") or "bfloat16")


def counts(model: exporter.Opened) -> tuple[int, int]:
    """Return (weights that can be packed, other weights) of a model."""
    sizes = {name: model.weights.shape(name) for name in model.weights.names}
    packed = sum(math.prod(shape) for name, shape in sizes.items() if is_packed(name, shape))
    return packed, sum(map(math.prod, sizes.values())) - packed


def disk(model: exporter.Opened, kind: str) -> dict[str, int]:
    """Return what a folder takes while it is made → bytes."""
    dtype = getattr(torch, _stored(model.request.base)[1])
    size = quantized.folder_bytes(kind, *counts(model), dtype.itemsize)
    return {kind: size, "comparison": gguf_size.comparison_bytes(model.way.rows)}


def write(model: exporter.Opened, kind: str, folder: Path, on_progress: OnProgress) -> None:
    """Write the model with packed weights, its tokenizer, template and settings into `folder`.

    `on_progress(done, total)` follows each tensor, and may raise to end it.
    """
    from workbench.engine import lineage

    base = model.request.base
    config, stored = _stored(base)
    dtype = "bfloat16" if kind == "bf16" else stored
    lineage.write_weights(_tensors(model.weights, kind, getattr(torch, dtype), on_progress), folder)
    lineage.write_rest(base, folder)
    if kind == "bf16":
        config["dtype"] = "bfloat16"
    else:
        config["quantization_config"] = configuration(kind, dtype)
    if model.weights.untied:
        config["tie_word_embeddings"] = False
    atomic.write_text(folder / "config.json", json.dumps(config, indent=2, default=str) + "\n")


def load(folder: Path) -> Any:
    """Return the model in a folder as transformers loads it here, in evaluation mode."""
    from workbench.engine.load import Machine, load_model

    return load_model(folder, tuning="full", where=Machine("cpu", bf16=False), for_training=False).eval()


def compare(
    questions: parity.Questions, model: Any, on_answer: Callable[[], None] = lambda: None
) -> closeness.Closeness:
    """Return how close a model is to the one that was asked `questions`, on held-out rows where there are any.

    `on_answer` is called between two answers, and may raise to end it.
    """
    import numpy as np

    sums = closeness.Sums()
    measured = questions.rows or questions.sequences
    with questions.logits.open("rb") as file:
        file.seek(questions.offset if questions.rows else 0)
        for number, ids in enumerate(measured):
            on_answer()
            got = reference.logits(model, ids)
            want = np.fromfile(file, np.float32, got.size).reshape(got.shape)
            sums.begin()
            sums.add(want, got, closeness.targets(ids, questions.learnt[number] if questions.rows else None))
    return sums.result()


def refuse_unlike(kind: str, close: closeness.Closeness) -> None:
    """Raise WorkbenchError for a folder that does not say what the trained model says."""
    if not close.kl <= MAX_KL[kind]:
        raise WorkbenchError(
            f"The {kind} folder does not say what the model says (KL {close.kl:.2g} nats per token); "
            "it was not kept, choose another form."
        )
