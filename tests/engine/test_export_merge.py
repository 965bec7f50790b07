"""The streamed merge against PEFT and bitsandbytes, its refusals, and how much memory it takes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers as hf
from safetensors.torch import load_file, save_file

from tests.engine.tiny import make_model, make_qwen3, make_tokenizer, sizes
from workbench.core.errors import UsageError, WorkbenchError
from workbench.engine.export import parity, reference, source
from workbench.engine.export.exporter import convert
from workbench.engine.export.gguf import architectures, tokenizer


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_qwen3(tmp_path_factory.mktemp("merge") / "base")


def make_adapter(base: Path, folder: Path, **options: Any) -> dict[str, torch.Tensor]:
    """Save a random LoRA adapter with PEFT and return PEFT's own merge of it, by tensor name."""
    from peft import LoraConfig, get_peft_model

    model = hf.AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    targets = options.pop("target_modules", ["q_proj", "k_proj", "down_proj"])
    peft = get_peft_model(
        model, LoraConfig(r=4, lora_alpha=6, target_modules=targets, task_type="CAUSAL_LM", **options)
    )
    torch.manual_seed(1)
    with torch.no_grad():
        for name, weight in peft.named_parameters():
            if "lora_" in name or "trainable_tokens" in name:
                weight.normal_(0, 0.2)
            elif "modules_to_save" in name or name.endswith("bias"):
                weight.add_(torch.randn_like(weight) * 0.1)
    peft.save_pretrained(folder)
    merged: dict[str, torch.Tensor] = peft.merge_and_unload().state_dict()
    return merged


PATTERNS = {"rank_pattern": {"down_proj": 2}, "alpha_pattern": {r"layers.1.self_attn.q_proj": 32, "k_proj": 1}}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"use_rslora": True},
        PATTERNS,
        {"modules_to_save": ["lm_head"]},
        {"target_modules": ["q_proj", "embed_tokens"]},
        {"trainable_token_indices": [3, 70, 11]},
        {"trainable_token_indices": {"embed_tokens": [5], "lm_head": [6, 5]}},
    ],
    ids=["plain", "rslora", "patterns", "head", "embedding", "tokens", "tokens-by-module"],
)
def test_merge_equals_peft(options: dict[str, Any], tmp_path: Path) -> None:
    untied = make_qwen3(tmp_path / "base", tie=False)
    merged = make_adapter(untied, tmp_path / "adapter", **options)
    ours = source.open_source(untied, tmp_path / "adapter")
    changed = 0
    before = load_file(untied / "model.safetensors")
    for name in ours.names:
        np.testing.assert_allclose(ours.tensor(name), merged[name].numpy(), rtol=0, atol=2e-6, err_msg=name)
        changed += not torch.equal(before[name], merged[name])
    assert changed >= 3


def test_tied_head_keeps_the_base_when_only_the_embedding_learns(base: Path, tmp_path: Path) -> None:
    make_adapter(base, tmp_path, target_modules=["embed_tokens"])
    ours = source.open_source(base, tmp_path)
    stored = load_file(base / "model.safetensors")["model.embed_tokens.weight"].numpy()
    assert np.array_equal(ours.tensor("lm_head.weight"), stored)
    assert np.abs(ours.tensor("model.embed_tokens.weight") - stored).max() > 0.01


def test_trained_tokens_move_a_tied_head_along_into_the_file(base: Path, tmp_path: Path) -> None:
    merged = make_adapter(base, tmp_path / "adapter", trainable_token_indices=[3, 200])
    ours = source.open_source(base, tmp_path / "adapter")
    assert "lm_head.weight" not in ours.names
    rows = ours.tensor("model.embed_tokens.weight")
    assert np.array_equal(rows, merged["lm_head.weight"].numpy())
    stored = load_file(base / "model.safetensors")["model.embed_tokens.weight"].numpy()
    assert np.flatnonzero((rows != stored).any(axis=1)).tolist() == [3, 200]
    blocks = [
        ours.rows("model.embed_tokens.weight", first, min(first + 64, len(rows))) for first in range(0, len(rows), 64)
    ]
    assert np.array_equal(np.concatenate(blocks), rows)
    proof = _prove(base, tmp_path / "adapter", tmp_path, ours)
    assert proof.max_abs_logit_diff < parity.MAX_LOGIT_DIFFERENCE
    without = source.open_source(base)
    assert _prove(base, tmp_path / "adapter", tmp_path, without).max_abs_logit_diff > 0.1


def test_trained_tokens_move_a_tied_head_that_is_stored_twice(base: Path, tmp_path: Path) -> None:
    """Some checkpoints hold the shared weight under both names."""
    import shutil

    shutil.copytree(base, tmp_path / "twice")
    tensors = load_file(base / "model.safetensors")
    tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"].clone()
    save_file(tensors, tmp_path / "twice" / "model.safetensors", metadata={"format": "pt"})
    merged = make_adapter(base, tmp_path / "adapter", trainable_token_indices=[3, 200])
    ours = source.open_source(tmp_path / "twice", tmp_path / "adapter")
    for name in ("model.embed_tokens.weight", "lm_head.weight"):
        assert np.array_equal(ours.tensor(name), merged[name].numpy())


def test_rows_are_the_same_in_any_blocks(base: Path, tmp_path: Path) -> None:
    make_adapter(base, tmp_path)
    ours = source.open_source(base, tmp_path, merge_base="dequantised")
    name = "model.layers.0.self_attn.q_proj.weight"
    blocks = np.concatenate([ours.rows(name, start, start + 64) for start in range(0, ours.shape(name)[0], 64)])
    np.testing.assert_allclose(blocks, ours.tensor(name), rtol=0, atol=1e-6)


def _prove(base: Path, adapter: Path, work: Path, convert_as: source.TensorSource, **trained: Any) -> parity.Parity:
    """Return the proof of a file made from `convert_as` against the run as it was trained."""
    weights = source.open_source(base, adapter, **trained)
    plan = architectures.plan(reference.load_config(base), convert_as)
    made = reference.load_tokenizer(base)
    vocabulary = tokenizer.read(base, made, reference.load_generation(base), plan.vocabulary)
    convert(work / "full.gguf", plan, vocabulary, "tiny", lambda _: None)
    questions = parity.ask(reference.load_model(base, weights), made, vocabulary.stops, [], [], work / "logits")
    return parity.check(questions, work / "full.gguf")


def test_proof_tells_the_merge_base_and_the_adapter_apart(base: Path, tmp_path: Path) -> None:
    make_adapter(base, tmp_path / "adapter")
    dequantised = source.open_source(base, tmp_path / "adapter", merge_base="dequantised")
    proof = _prove(base, tmp_path / "adapter", tmp_path, dequantised, merge_base="dequantised")
    assert proof.max_abs_logit_diff < parity.MAX_LOGIT_DIFFERENCE
    assert proof.top1 == 1.0
    for wrong in (source.open_source(base, tmp_path / "adapter"), source.open_source(base)):
        assert _prove(base, tmp_path / "adapter", tmp_path, wrong, merge_base="dequantised").max_abs_logit_diff > 0.1


@pytest.mark.parametrize("double_quant", [True, False])
@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_round_trip_equals_bitsandbytes(base: Path, double_quant: bool, dtype: str) -> None:
    from bitsandbytes import functional

    options = hf.BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=double_quant,
        bnb_4bit_compute_dtype=getattr(torch, dtype),
    )  # fmt: skip
    model = hf.AutoModelForCausalLM.from_pretrained(base, quantization_config=options, dtype=getattr(torch, dtype))
    ours = source.open_source(base, merge_base="dequantised", dtype=dtype, double_quant=double_quant)
    weights = dict(model.named_parameters())
    quantised = {name for name, weight in weights.items() if hasattr(weight, "quant_state")}
    assert quantised == ours.quantised
    for name in quantised:
        theirs = functional.dequantize_4bit(weights[name].data, weights[name].quant_state).float().numpy()
        assert np.array_equal(ours.tensor(name), theirs), name
    norm = "model.layers.0.input_layernorm.weight"
    assert np.array_equal(ours.tensor(norm), weights[norm].detach().float().numpy())


def test_half_precision_and_shards_are_read_exactly(tmp_path: Path) -> None:
    from transformers import Qwen2Config

    made = make_tokenizer("qwen2")
    make_model(Qwen2Config(**sizes(made)), made, tmp_path / "f32")
    model = hf.AutoModelForCausalLM.from_pretrained(tmp_path / "f32", dtype=torch.bfloat16)
    model.save_pretrained(tmp_path / "bf16", max_shard_size="100KB")
    assert len(list((tmp_path / "bf16").glob("*.safetensors"))) > 2
    ours = source.open_source(tmp_path / "bf16")
    for name, weight in model.state_dict().items():
        assert np.array_equal(ours.tensor(name), weight.float().numpy()), name
    rounded = source.open_source(tmp_path / "f32", dtype="bfloat16")
    assert all(np.array_equal(rounded.tensor(name), ours.tensor(name)) for name in ours.names)
    assert all(rounded.changed(name) for name in ours.names)
    assert not any(ours.changed(name) for name in ours.names)


def _edit(folder: Path, **changes: Any) -> None:
    """Change the adapter's configuration."""
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("options", "changes", "sentence"),
    [
        ({"use_dora": True}, {}, r"DoRA.*train without use_dora"),
        ({}, {"peft_type": "IA3"}, "kind IA3 cannot be exported"),
        ({}, {"fan_in_fan_out": True}, "transposed layers"),
        ({"trainable_token_indices": [5]}, {"trainable_token_indices": None}, "trainable_tokens"),
        ({"trainable_token_indices": [5]}, {"trainable_token_indices": [5, 6]}, "trainable_tokens"),
        ({"trainable_token_indices": [5]}, {"trainable_token_indices": [999_999]}, "not those of the base"),
    ],
    ids=["dora", "ia3", "transposed", "tokens-unnamed", "tokens-miscounted", "tokens-beyond"],
)
def test_adapters_that_cannot_be_merged_are_refused(
    base: Path, options: dict[str, Any], changes: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    make_adapter(base, tmp_path, **options)
    _edit(tmp_path, **changes)
    with pytest.raises(WorkbenchError, match=sentence):
        source.open_source(base, tmp_path)


def test_an_adapter_of_another_base_is_refused(base: Path, tmp_path: Path) -> None:
    other = make_qwen3(tmp_path / "other", num_hidden_layers=3)
    make_adapter(other, tmp_path / "adapter")
    with pytest.raises(WorkbenchError, match="does not fit the base"):
        source.open_source(base, tmp_path / "adapter")


def test_pickles_and_damaged_files_are_refused(base: Path, tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(WorkbenchError, match="only pickled weights"):
        source.open_source(tmp_path)
    whole = (base / "model.safetensors").read_bytes()
    for damaged in (whole[:-1], whole[:100], b"", b"\xff" * 64, (1 << 40).to_bytes(8, "little") + whole[8:]):
        (tmp_path / "model.safetensors").write_bytes(damaged)
        with pytest.raises(WorkbenchError, match=r"cannot be used because .*\.$"):
            source.open_source(tmp_path)
    save_file({"a": torch.zeros(2, 2, dtype=torch.int8)}, tmp_path / "model.safetensors")
    with pytest.raises(WorkbenchError, match="no plain float type"):
        source.open_source(tmp_path)
    with pytest.raises(UsageError, match="no merge base 'nf4'"):
        source.open_source(base, merge_base="nf4")


_MEMORY = """
import sys
from pathlib import Path
import bitsandbytes.functional
from workbench.engine.export import exporter, reference, source
from workbench.engine.export.gguf import architectures, tokenizer
base, adapter, out = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
config, made = reference.load_config(base), reference.load_tokenizer(base)
def status(key):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(key)) << 10
for merge_base in source.MERGE_BASES:
    open("/proc/self/clear_refs", "w").write("5")
    before = status("VmRSS")
    weights = source.open_source(base, adapter, merge_base=merge_base)
    plan = architectures.plan(config, weights)
    exporter.convert(out, plan, tokenizer.read(base, made, None, plan.vocabulary), "big", lambda event: None)
    print(status("VmHWM") - before)
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux's /proc to reset the peak")
def test_memory_stays_under_the_largest_tensor(tmp_path: Path) -> None:
    made = make_tokenizer("qwen2")
    config = hf.Qwen3Config(**sizes(made, vocab_size=65_536, hidden_size=256, intermediate_size=8192, head_dim=64))
    config.tie_word_embeddings = True
    make_model(config, made, tmp_path / "base")
    make_adapter(tmp_path / "base", tmp_path / "adapter", target_modules=["embed_tokens", "down_proj", "gate_proj"])
    largest = 65_536 * 256 * 4
    command = [sys.executable, "-c", _MEMORY, *map(str, (tmp_path / "base", tmp_path / "adapter", tmp_path / "o.gguf"))]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    peaks = dict(zip(source.MERGE_BASES, map(int, said.split()), strict=True))
    assert (tmp_path / "o.gguf").stat().st_size > 2 * largest
    # The promise is twice the largest tensor and 200 MB; blocks of rows keep it far below.
    assert max(peaks.values()) < 2 * largest + 200e6
    assert max(peaks.values()) < 1.5 * largest, peaks
