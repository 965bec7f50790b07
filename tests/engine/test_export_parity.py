"""Every family of the own writer against transformers, and damaged files that the proof must refuse."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import transformers as hf

from tests.engine.tiny import PRE_TOKENIZERS, make_model, make_qwen3, make_tokenizer, sizes
from workbench.core.errors import WorkbenchError
from workbench.engine.export import parity, reference, source
from workbench.engine.export.exporter import convert
from workbench.engine.export.gguf import architectures, header, tokenizer

LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 10000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
YARN = {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 128}
LONG = {
    "rope_type": "longrope",
    "rope_theta": 10000.0,
    "short_factor": [1.0 + i / 8 for i in range(6)],
    "long_factor": [2.0 + i for i in range(6)],
    "partial_rotary_factor": 0.75,
    "original_max_position_embeddings": 256,
}
GEMMA: dict[str, Any] = {"head_dim": 16, "query_pre_attn_scalar": 16, "sliding_window": 32, "tie_word_embeddings": True}


def build(name: str, folder: Path) -> Path:
    """Save the tiny model of one row of the table below."""
    kind, config, changes, bos = FAMILIES[name]
    made = make_tokenizer(kind, bos=bos)
    return make_model(config(**sizes(made, **changes)), made, folder)


FAMILIES: dict[str, tuple[str, Any, dict[str, Any], str | None]] = {
    "llama": ("llama-bpe", hf.LlamaConfig, {}, "<|begin|>"),
    "llama-bias": ("gpt-2", hf.LlamaConfig, {"attention_bias": True, "mlp_bias": True}, None),
    "llama3-rope": ("llama-bpe", hf.LlamaConfig, {"rope_parameters": LLAMA3, "tie_word_embeddings": True}, "<|begin|>"),
    "llama-spm": ("spm", hf.LlamaConfig, {}, "<s>"),
    "mistral": ("spm", hf.MistralConfig, {"head_dim": 32, "sliding_window": None}, "<s>"),
    "qwen2": ("qwen2", hf.Qwen2Config, {}, None),
    "qwen2-padded": ("qwen2", hf.Qwen2Config, {"vocab_size": 704, "tie_word_embeddings": True}, None),
    "qwen3": ("qwen2", hf.Qwen3Config, {"head_dim": 32}, None),
    "qwen3-yarn": ("qwen2", hf.Qwen3Config, {"head_dim": 32, "rope_parameters": YARN}, None),
    "smollm3": ("llama-bpe", hf.SmolLM3Config, {"num_hidden_layers": 4, "tie_word_embeddings": True}, None),
    "gemma2": ("spm", hf.Gemma2Config, {**GEMMA, "attn_logit_softcapping": 50.0}, "<bos>"),
    "gemma3": ("spm", hf.Gemma3TextConfig, {**GEMMA, "num_hidden_layers": 6}, "<bos>"),
    "phi3": ("smollm", hf.Phi3Config, {}, None),
    "phi3-longrope": ("llama-bpe", hf.Phi3Config, {"rope_parameters": LONG}, None),
}


def prove(folder: Path, work: Path, damage: Callable[[Path], None] = lambda _: None) -> tuple[parity.Parity, str]:
    """Convert the model in `folder`, damage the file, and return the proof and what speaks against the file."""
    weights = source.open_source(folder)
    config = reference.load_config(folder)
    plan = architectures.plan(config, weights)
    made = reference.load_tokenizer(folder)
    vocabulary = tokenizer.read(folder, made, reference.load_generation(folder), plan.vocabulary)
    file = work / "full.gguf"
    convert(file, plan, vocabulary, "tiny phi-3 name", lambda _: None)
    damage(file)
    model = reference.load_model(folder, weights)
    questions = parity.ask(model, made, vocabulary.stops, ["A real text, with 42 words?"], [], work / "logits")
    proof = parity.check(questions, file)
    return proof, parity.failure(proof, questions.allowed)


@pytest.mark.parametrize("name", FAMILIES)
def test_family_says_what_transformers_says(name: str, tmp_path: Path) -> None:
    proof, why = prove(build(name, tmp_path / "model"), tmp_path)
    assert why == ""
    assert proof.tokenizer_mismatches == 0
    assert proof.texts > 20
    assert proof.top1 == 1.0
    assert proof.max_abs_logit_diff < (2e-2 if "gemma" in name else 1e-3)
    assert proof.stops
    assert proof.chat_render


@pytest.mark.parametrize("name", sorted(PRE_TOKENIZERS))
def test_every_known_way_to_split_text_is_recognised(name: str, tmp_path: Path) -> None:
    made = make_tokenizer(name)
    made.save_pretrained(tmp_path)
    vocabulary = tokenizer.read(tmp_path, made, None, len(made))
    assert {pair.key: pair.value for pair in vocabulary.pairs}["tokenizer.ggml.pre"] == name


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama whose end of answers has a name llama.cpp does not know by itself."""
    made = make_tokenizer("qwen2", eos="<|fin|>")
    return make_model(hf.LlamaConfig(**sizes(made)), made, tmp_path_factory.mktemp("llama") / "model")


def _swap_query_rows(file: Path) -> None:
    """Undo the interleaving of q in the first layer, as a converter without it would leave the rows."""
    read = header.read(file)
    info = next(tensor for tensor in read.tensors if tensor.name == "blk.0.attn_q.weight")
    rows = np.memmap(file, "<f4", "r+", read.data_offset + info.offset, info.shape[::-1])
    rows[:] = rows.reshape(4, 8, 2, 64).swapaxes(1, 2).reshape(64, 64).copy()
    rows.flush()


def _replace(file: Path, old: bytes, new: bytes, count: int = -1) -> None:
    """Overwrite bytes of the file in place; both are of the same length."""
    data = file.read_bytes()
    assert len(old) == len(new)
    assert old in data
    file.write_bytes(data.replace(old, new, count))


def _swap_tokens(file: Path) -> None:
    """Exchange two tokens of the same length."""
    token = struct.pack("<Q", 1)
    data = file.read_bytes()
    at = data.index(b"tokenizer.ggml.tokens")
    one, other = data.index(token + b"e", at), data.index(token + b"a", at)
    changed = bytearray(data)
    changed[one + 8], changed[other + 8] = data[other + 8], data[one + 8]
    file.write_bytes(bytes(changed))


def _other_end(file: Path) -> None:
    """Name another token as the end of answers."""
    key = b"tokenizer.ggml.eos_token_id" + struct.pack("<I", 4)
    data = bytearray(file.read_bytes())
    at = data.index(key) + len(key)
    data[at : at + 4] = struct.pack("<I", 300)
    file.write_bytes(bytes(data))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (_swap_query_rows, "logits differ"),
        (_swap_tokens, "as other tokens"),
        (lambda file: _replace(file, b"message['role'] }}\n", b"message['role'] }} "), "template renders"),
        (_other_end, "does not end its answers"),
    ],
    ids=["q-rows", "tokens", "template", "end"],
)
def test_proof_refuses_a_damaged_file(llama: Path, damage: Callable[[Path], None], reason: str, tmp_path: Path) -> None:
    _, whole = prove(llama, tmp_path)
    assert whole == ""
    _, why = prove(llama, tmp_path, damage)
    assert reason in why


def test_a_file_llama_cpp_cannot_load_is_a_sentence(llama: Path, tmp_path: Path) -> None:
    def rename(file: Path) -> None:
        _replace(file, b"blk.1.attn_k.weight", b"blk.1.attn_X.weight")

    with pytest.raises(WorkbenchError, match=r"llama.cpp cannot load full.gguf: .*\.$"):
        prove(llama, tmp_path, rename)


@pytest.mark.parametrize(
    ("config", "changes", "sentence"),
    [
        (hf.MistralConfig, {"sliding_window": 64}, "ignores its sliding window of 64"),
        (hf.LlamaConfig, {"hidden_act": "gelu"}, "with silu and not with gelu"),
        (
            hf.LlamaConfig,
            {"rope_parameters": {"rope_type": "dynamic", "rope_theta": 1e4, "factor": 2.0}},
            "stretched by",
        ),
        (hf.SmolLM3Config, {"no_rope_layers": [1, 0]}, "every fourth layer"),
        (hf.Gemma2Config, {**GEMMA, "query_pre_attn_scalar": 20}, "scales its attention"),
        (hf.Gemma2Config, {**GEMMA, "final_logit_softcapping": None}, "caps the logits of all such models"),
        (hf.Gemma3TextConfig, {**GEMMA, "attn_logit_softcapping": 50.0}, "does not cap the logits of its attention"),
        (hf.GPT2Config, {}, "GPT2LMHeadModel cannot be exported"),
    ],
    ids=["window", "activation", "rope", "nope", "scale", "caps", "no-caps", "class"],
)
def test_what_llama_cpp_would_compute_otherwise_is_refused(
    config: Any, changes: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    made = make_tokenizer("qwen2")
    arguments = {"vocab_size": len(made), "n_embd": 64, "n_layer": 2, "n_head": 4}
    arguments = arguments if config is hf.GPT2Config else sizes(made, **changes)
    make_model(config(**arguments), made, tmp_path)
    with pytest.raises(WorkbenchError, match=sentence):
        architectures.plan(reference.load_config(tmp_path), source.open_source(tmp_path))


def test_a_tensor_without_a_place_is_refused(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    make_qwen3(tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    save_file(
        tensors | {"model.layers.0.extra.weight": tensors["model.norm.weight"].clone()}, tmp_path / "model.safetensors"
    )
    with pytest.raises(WorkbenchError, match=r"model\.layers\.0\.extra\.weight has no place"):
        architectures.plan(reference.load_config(tmp_path), source.open_source(tmp_path))


def test_an_unknown_way_to_split_text_is_refused(tmp_path: Path) -> None:
    make_qwen3(tmp_path / "model")
    file = tmp_path / "model" / "tokenizer.json"
    file.write_text(file.read_text().replace(r"\\p{N}|", r"\\p{N}{1,2}|"))
    made = reference.load_tokenizer(tmp_path / "model")
    with pytest.raises(WorkbenchError, match="splits text in a way the export does not know"):
        tokenizer.read(tmp_path / "model", made, None, len(made))
    shutil.rmtree(tmp_path / "model")
