"""The importance of experts and of models that also see: measured as it is defined, and enough for every type.

Skipped in part where set-up has not unpacked llama.cpp's converter.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers as hf
from numpy.typing import NDArray

from tests.engine.test_export_upstream import EXPERTS, FAMILIES, SEEING, saved
from tests.engine.tiny import make_model, make_tokenizer, sizes
from workbench.engine.export import exporter, importance, quantize, reference, source
from workbench.engine.export.gguf import header
from workbench.runs import converter

unpacked = pytest.mark.skipif(not converter.is_there(), reason="the converter is not unpacked")
ROWS = [[(7 * start + step * step) % 500 + 5 for step in range(20 + start)] for start in range(3)]


def mixture(folder: Path, width: int = 64, inner: int = 32) -> Path:
    """Save a tiny Qwen3 with four experts of that inner width, two at work for each token."""
    made = make_tokenizer("qwen2")
    changes = EXPERTS | {"hidden_size": width, "moe_intermediate_size": inner, "head_dim": width // 4}
    return make_model(hf.Qwen3MoeConfig(**sizes(made, **changes)), made, folder)


def test_each_expert_is_measured_with_the_tokens_it_gets(tmp_path: Path) -> None:
    folder = mixture(tmp_path / "model")
    model = reference.load_model(folder, source.open_source(folder))
    found = importance.measure(model, "qwen3moe", ROWS, lambda *_: None)
    block, entering = model.model.layers[1].mlp, []
    handle = block.register_forward_pre_hook(lambda _, inputs: entering.append(inputs[0][0].double().numpy()))
    with torch.inference_mode():
        for row in ROWS:
            model(torch.tensor([row]))
    handle.remove()
    router, both = (weight.detach().double().numpy() for weight in (block.gate.weight, block.experts.gate_up_proj))
    gates, ups = np.split(both, 2, axis=1)
    want_in, want_out, tokens = np.zeros((4, 64)), np.zeros((4, 32)), np.zeros(4)
    x: NDArray[np.float64]
    for x in np.concatenate(entering):
        for expert in np.argsort(router @ x)[-2:]:
            gate = gates[expert] @ x
            want_in[expert] += x**2
            want_out[expert] += (gate / (1 + np.exp(-gate)) * (ups[expert] @ x)) ** 2
            tokens[expert] += 1
    assert tokens.sum() == 2 * sum(map(len, ROWS))
    assert len(set(tokens)) > 1, "experts differ in how many tokens they get"
    for name, want in (("gate", want_in), ("up", want_in), ("down", want_out)):
        assert np.array_equal(found.counts[f"blk.1.ffn_{name}_exps.weight"], tokens)
        assert np.allclose(found.sums[f"blk.1.ffn_{name}_exps.weight"], want, rtol=1e-4)
    importance.write(tmp_path / "matrix.gguf", found, "rows of a test")
    kept = importance.read(tmp_path / "matrix.gguf")
    assert all(np.array_equal(kept[name], values) for name, values in found.means().items())
    assert np.allclose(kept["blk.1.ffn_down_exps.weight"], (want_out / tokens[:, None]).reshape(-1), rtol=1e-4)


def test_an_expert_without_tokens_weighs_its_inputs_alike() -> None:
    sums = np.array([[2, 4, 6], [0, 0, 0]], np.float32)
    matrix = importance.Matrix({"x": sums}, {"x": np.array([2, 0], np.float32)}, 1, 2)
    assert matrix.means()["x"].tolist() == [1, 2, 3, 1, 1, 1]


@unpacked
def test_types_that_need_importance_are_made_of_experts(tmp_path: Path) -> None:
    folder = mixture(tmp_path / "model", 256, 256)
    model = exporter.opened(exporter.Request(folder, "tiny"))
    model.way.write(tmp_path / "full.gguf", lambda line: None)
    found = importance.measure(reference.load_model(folder, model.weights), "qwen3moe", ROWS, lambda *_: None)
    importance.write(tmp_path / "matrix.gguf", found, "rows of a test")
    made = quantize.quantize(
        tmp_path / "full.gguf", tmp_path / "small.gguf", "IQ2_XXS", lambda *_: None, tmp_path / "matrix.gguf"
    )
    assert made.fallbacks == {}
    types = {tensor.name: tensor.type for tensor in header.read(tmp_path / "small.gguf").tensors}
    assert types["blk.1.ffn_up_exps.weight"] == "IQ2_XXS"


@unpacked
@pytest.mark.parametrize(
    "name",
    [
        name if name in ("gpt-oss", "gemma-4") else pytest.param(name, marks=pytest.mark.soak)
        for name in (*FAMILIES, *SEEING)
    ],
)
def test_no_matrix_of_a_block_is_left_out(name: str, tmp_path: Path) -> None:
    folder = saved(name, tmp_path / "model")
    model = exporter.opened(exporter.Request(folder, "tiny"))
    model.way.write(tmp_path / "full.gguf", lambda line: None)
    file = header.read(tmp_path / "full.gguf")
    found = importance.measure(reference.load_model(folder, model.weights), file.architecture, ROWS, lambda *_: None)
    columns = {
        tensor.name: tensor.shape[0] * math.prod(tensor.shape[2:])
        for tensor in file.tensors
        if tensor.name.startswith("blk.") and tensor.name.endswith(".weight") and len(tensor.shape) > 1
    }
    # Routers and short convolutions are never quantised.
    whole = ("ffn_gate_inp.", "conv1d.", "shortconv.conv.")
    wanted = {key: many for key, many in columns.items() if not any(part in key for part in whole)}
    assert {key: values.size for key, values in found.means().items()} == wanted
