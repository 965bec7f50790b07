"""Every type of file that llama.cpp lists: written straight from the weights as it would write it, or why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import gguf
import llama_cpp
import numpy as np
import pytest
import torch

from tests.engine.tiny import make_qwen3
from workbench.core import gguf_size
from workbench.core import gguf_types as types
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.shape import Shape
from workbench.engine.export import exporter, importance, quantize, reference, source
from workbench.engine.export.gguf import architectures, blocks, header, tokenizer, writer
from workbench.runs import base_facts

LISTED = {
    name.removeprefix("LLAMA_FTYPE_").removeprefix("ALL_").removeprefix("MOSTLY_"): number
    for name, number in vars(llama_cpp.llama_cpp).items()
    if name.startswith("LLAMA_FTYPE_") and name != "LLAMA_FTYPE_GUESSED"
}
"""Name → number of every type that the installed llama.cpp lists."""
ROWS = [[(7 * start + step * step) % 600 for step in range(40 + start)] for start in range(8)]


class Bench(NamedTuple):
    """A model whose rows fill every block, and everything to make files of it with."""

    base: Path
    shape: Shape
    plan: architectures.Plan
    vocabulary: Any
    matrix: Path
    means: dict[str, Any]
    formats: dict[str, dict[str, str]]
    full: Path


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A random model of one layer, its float32 file and its importance matrix."""
    folder = tmp_path_factory.mktemp("types")
    sizes = {"hidden_size": 256, "intermediate_size": 256, "num_hidden_layers": 1, "num_attention_heads": 8}
    base = make_qwen3(folder / "base", **sizes)
    weights = source.open_source(base)
    plan = architectures.plan(reference.load_config(base), weights)
    vocabulary = tokenizer.read(base, reference.load_tokenizer(base), None, plan.vocabulary)
    measured = importance.measure(
        reference.load_model(base, weights), plan.architecture, ROWS, lambda done, total: None
    )
    importance.write(folder / "matrix.gguf", measured, "rows of a test")
    writer.skeleton(folder / "skeleton.gguf", plan, vocabulary.pairs, "tiny")
    assert (folder / "skeleton.gguf").stat().st_blocks * 512 < writer.data_bytes(plan) / 4, "the tensors are a hole"
    kinds = tuple(types.TYPES.values())
    formats = quantize.formats(folder / "skeleton.gguf", kinds, folder / "matrix.gguf")
    exporter.convert(folder / "full.gguf", plan, vocabulary, "tiny", lambda _: None)
    return Bench(
        base, base_facts.of_reference(str(base)).shape, plan, vocabulary, folder / "matrix.gguf", measured.means(),
        formats, folder / "full.gguf",
    )  # fmt: skip


def made(bench: Bench, kind: types.FileType, target: Path) -> Path:
    """Return the file of a type, written from the weights without a float32 file in between."""
    formats = writer.Formats(kind.ftype, bench.formats[kind.name], bench.means)
    writer.write(target, bench.plan, bench.vocabulary.pairs, "tiny", lambda *_: None, formats)
    return target


@pytest.mark.parametrize("name", LISTED)
def test_every_listed_type_is_written_or_says_why_not(bench: Bench, name: str, tmp_path: Path) -> None:
    if name in types.NOT_OFFERED:
        number, why = types.NOT_OFFERED[name]
        assert number == LISTED[name]
        with pytest.raises(UsageError, match=f"^{name} is not offered: .*; choose .*"):
            types.find([name])
        assert len(why) > 30
        return
    kind = types.TYPES[name]
    assert kind.ftype == LISTED[name]
    path = made(bench, kind, tmp_path / "made.gguf")
    assert quantize.describe(path, kind).fallbacks == {}
    assert header.read(path).metadata["general.file_type"] == kind.ftype
    original = {tensor.name: tensor.data for tensor in gguf.GGUFReader(bench.full).tensors}
    read = gguf.GGUFReader(path).tensors
    assert {tensor.name for tensor in read} == original.keys()
    for tensor in read:
        values = gguf.dequantize(tensor.data, tensor.tensor_type)
        wanted = original[tensor.name]
        # Each bit takes three quarters of the error's energy, and no file of a usable type loses half of the weights'.
        lost = float(np.square(values - wanted).mean() / np.square(wanted).mean())
        bits = 8 * tensor.n_bytes / tensor.n_elements
        assert lost < max(6 * 4.0**-bits, 1e-5), (tensor.name, tensor.tensor_type.name, lost)
    foretold = gguf_size.file_bytes(bench.shape, name, measured=True) - bench.shape.vocabulary * 39
    assert foretold == sum(tensor.n_bytes for tensor in read)


@pytest.mark.parametrize("name", ["BF16", "Q4_K_M", "IQ3_M", "Q2_K_S"])
def test_the_stream_writes_what_llama_cpp_writes_from_a_file(bench: Bench, name: str, tmp_path: Path) -> None:
    ours = made(bench, types.TYPES[name], tmp_path / "ours.gguf")
    theirs = tmp_path / "theirs.gguf"
    quantize.quantize(bench.full, theirs, name, lambda *_: None, bench.matrix)
    one, other = ({tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors} for path in (ours, theirs))
    assert one.keys() == other.keys()
    for key in one:
        assert one[key].tensor_type == other[key].tensor_type
        assert np.array_equal(one[key].data, other[key].data), key
    assert ours.stat().st_size == theirs.stat().st_size


def test_reasons_for_types_that_are_not_offered_hold(bench: Bench) -> None:
    def asked(name: str) -> set[str]:
        kind = types.FileType(name, types.NOT_OFFERED[name][0], 4, 32)
        return set(quantize.formats(bench.full, [kind])[name].values())

    assert asked("MXFP4_MOE") == {"Q8_0", "F32"}
    with pytest.raises(WorkbenchError, match="invalid output file type"):
        asked("NVFP4")
    weights = np.random.default_rng(0).normal(size=(64, 256)).astype(np.float32)

    def lost(format: str) -> float:
        kept = blocks.quantise(weights, format, np.ones(256, np.float32))
        values = gguf.dequantize(kept, gguf.GGMLQuantizationType[format])
        return float(np.square(values - weights).mean())

    assert lost("TQ1_0") > 0.4
    assert lost("TQ2_0") > 0.4
    assert lost("IQ2_XXS") < 0.2, "which takes as many bits"


def test_importance_is_the_mean_square_of_what_enters_each_matrix(bench: Bench) -> None:
    model = reference.load_model(bench.base, source.open_source(bench.base))
    layer = model.model.layers[0]
    want: dict[str, Any] = {}
    for row in ROWS:
        with torch.inference_mode():
            states = model(torch.tensor([row]), output_hidden_states=True).hidden_states
            entering = layer.input_layernorm(states[0])[0].double().square().sum(0)
        want["blk.0.attn_q.weight"] = want.get("blk.0.attn_q.weight", 0) + entering
    tokens = sum(map(len, ROWS))
    assert np.allclose(bench.means["blk.0.attn_q.weight"], (want["blk.0.attn_q.weight"] / tokens).numpy(), rtol=1e-4)
    assert np.array_equal(bench.means["blk.0.attn_q.weight"], bench.means["blk.0.attn_v.weight"])
    assert sorted(bench.means) == [
        f"blk.0.{name}.weight"
        for name in ("attn_k", "attn_output", "attn_q", "attn_v", "ffn_down", "ffn_gate", "ffn_up")
    ]
    kept = importance.read(bench.matrix)
    assert kept.keys() == bench.means.keys()
    assert all(np.array_equal(kept[name], values) for name, values in bench.means.items())


def test_rows_are_spread_over_all_and_bounded() -> None:
    assert importance.chosen([], 10) == []
    assert importance.chosen([5, 5, 5], 10, budget=100) == [0, 1, 2]
    found = importance.chosen([20] * 1000, 10, budget=500)
    assert len(found) == 50
    assert found == sorted(set(found))
    assert found[0] == 0
    assert found[-1] == 980
    assert importance.chosen([10_000], 4096, budget=100) == [0], "one row is always measured"


def test_a_type_that_needs_importance_says_so(bench: Bench, tmp_path: Path) -> None:
    why = types.need_matrix(types.find(["Q8_0", "IQ2_XS", "Q2_K_S"]))
    assert why.startswith("IQ2_XS, Q2_K_S need an importance matrix")
    assert types.need_matrix(types.find(["Q8_0", "Q2_K", "IQ3_S"])) == ""
    kind = types.TYPES["IQ2_XS"]
    with pytest.raises(WorkbenchError, match="needs an importance matrix"):
        writer.write(
            tmp_path / "x.gguf", bench.plan, bench.vocabulary.pairs, "tiny", lambda *_: None,
            writer.Formats(kind.ftype, bench.formats[kind.name]),
        )  # fmt: skip
    with pytest.raises(WorkbenchError, match=r"Missing importance matrix|requires an i"):
        quantize.quantize(bench.full, tmp_path / "y.gguf", "IQ2_XS", lambda *_: None)
    assert not (tmp_path / "y.gguf").exists()
