"""The steps of an export: the float32 file, every type, what llama.cpp falls back to, and what leaves no file."""

from __future__ import annotations

import contextlib
from pathlib import Path

import gguf
import numpy as np
import psutil
import pytest

from tests.engine.tiny import make_qwen3
from workbench.core import gguf_size
from workbench.core import gguf_types as types
from workbench.core.errors import WorkbenchError
from workbench.core.paths import assets_dir
from workbench.engine.export import exporter, quantize, reference, source
from workbench.engine.export.gguf import architectures, tokenizer, writer
from workbench.runs import base_facts

BASE = assets_dir() / "base"


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled model as a float32 GGUF."""
    path = tmp_path_factory.mktemp("full") / "full.gguf"
    weights = source.open_source(BASE)
    plan = architectures.plan(reference.load_config(BASE), weights)
    made = reference.load_tokenizer(BASE)
    exporter.convert(path, plan, tokenizer.read(BASE, made, None, plan.vocabulary), "tiny", lambda _: None)
    return path


def test_float32_file_holds_the_weights_bit_by_bit(full: Path) -> None:
    from safetensors.torch import load_file

    stored = load_file(BASE / "model.safetensors")
    written = {tensor.name: tensor.data for tensor in gguf.GGUFReader(full).tensors}
    assert len(written) == len(stored)
    for name, theirs in (
        ("token_embd.weight", "embed_tokens.weight"),
        ("blk.1.ffn_down.weight", "layers.1.mlp.down_proj.weight"),
    ):
        assert np.array_equal(written[name], stored[f"model.{theirs}"].float().numpy())


def test_rows_that_do_not_fill_a_block_are_reported(tmp_path: Path) -> None:
    base = make_qwen3(tmp_path / "base", hidden_size=320, intermediate_size=512)
    weights = source.open_source(base)
    plan = architectures.plan(reference.load_config(base), weights)
    made = tokenizer.read(base, reference.load_tokenizer(base), None, plan.vocabulary)
    exporter.convert(tmp_path / "full.gguf", plan, made, "odd", lambda _: None)
    got = quantize.quantize(tmp_path / "full.gguf", tmp_path / "q.gguf", "Q4_K_M", lambda *_: None)
    assert got.fallbacks["blk.0.attn_q.weight"] in ("Q5_0", "Q8_0")
    assert "blk.0.ffn_down.weight" not in got.fallbacks or got.fallbacks["blk.0.ffn_down.weight"] != "Q4_K"
    assert gguf_size.file_bytes(base_facts.of_reference(str(base)).shape, "Q4_K_M") == pytest.approx(
        got.bytes, rel=0.02
    )


def test_sizes_of_a_deep_random_model_with_shared_values_are_foretold(tmp_path: Path) -> None:
    base = make_qwen3(
        tmp_path / "base", tie=False, hidden_size=256, intermediate_size=256, num_hidden_layers=33,
        num_attention_heads=8, num_key_value_heads=2,
    )  # fmt: skip
    shape = base_facts.of_reference(str(base)).shape
    weights = source.open_source(base)
    plan = architectures.plan(reference.load_config(base), weights)
    made = tokenizer.read(base, reference.load_tokenizer(base), None, plan.vocabulary)
    exporter.convert(tmp_path / "full.gguf", plan, made, "deep", lambda _: None)
    for kind in ("Q3_K_M", "Q4_K_M", "IQ4_XS"):
        got = quantize.quantize(tmp_path / "full.gguf", tmp_path / f"{kind}.gguf", kind, lambda *_: None)
        tensors = sum(tensor.n_bytes for tensor in gguf.GGUFReader(got.path).tensors)
        header = shape.vocabulary * 39
        assert gguf_size.file_bytes(shape, kind) - header == tensors, kind


def test_a_killed_quantisation_leaves_no_file(full: Path, tmp_path: Path) -> None:
    def kill(done: int, total: int) -> None:
        for child in psutil.Process().children():
            with contextlib.suppress(psutil.NoSuchProcess):  # a child may end, or be a zombie, by the time it is asked
                if "workbench.engine.export.quantize" in child.cmdline():
                    child.kill()

    with pytest.raises(WorkbenchError, match=r"llama\.cpp was ended by SIGKILL"):
        quantize.quantize(full, tmp_path / "q.gguf", "Q4_K_M", kill)
    assert list(tmp_path.iterdir()) == []


def test_llama_cpp_sees_no_file_with_a_bad_header(tmp_path: Path) -> None:
    (tmp_path / "bad.gguf").write_bytes(b"GGUF" + b"\xff" * 100)
    with pytest.raises(WorkbenchError, match=r"bad\.gguf cannot be used"):
        quantize.quantize(tmp_path / "bad.gguf", tmp_path / "q.gguf", "Q8_0", lambda *_: None)
    assert not (tmp_path / "q.gguf").exists()


def test_names_are_harmless() -> None:
    assert types.file_name("../../etc/my model", "Q8_0") == "etc-my-model-Q8_0.gguf"
    assert types.file_name("", "F16") == "model-F16.gguf"
    assert "phi-3" not in writer.model_name("My Phi-3 tune/phi3", phi3=False).lower()
    assert "phi3" not in writer.model_name("My Phi-3 tune/phi3", phi3=False).lower()
    assert "phi-3" in writer.model_name("tune", phi3=True)


def test_a_proof_takes_no_disk_for_its_float32_file_where_memory_has_room_for_it() -> None:
    room = int(gguf_size.HELD * 4000)
    assert gguf_size.disk(4000, 0, ["Q8_0"], room)["float32"] == 0
    assert gguf_size.disk(4000, 0, ["Q8_0"], room - 1)["float32"] == 4000
    assert gguf_size.disk(4000, 0, ["F32", "Q8_0"], room)["float32"] == 4000, "it is what the person asked for"
    assert gguf_size.disk(4000, 0, ["Q8_0"])["float32"] == 4000
