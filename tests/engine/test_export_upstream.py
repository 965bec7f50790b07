"""Families that llama.cpp's own converter writes, against transformers, and its tensors against those of our writer.

Skipped where set-up has not unpacked the converter.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import transformers as hf

from tests.engine.test_catalogue import of, tiny
from tests.engine.test_export_parity import build
from tests.engine.tiny import make_model, make_tokenizer, sizes
from workbench.core import catalogue
from workbench.core.errors import WorkbenchError
from workbench.engine.export import conversion, exporter, parity, reference, source
from workbench.engine.export.gguf import header
from workbench.runs import converter

pytestmark = pytest.mark.skipif(not converter.is_there(), reason="the converter is not unpacked")

LINEAR = ["linear_attention", "linear_attention", "linear_attention", "full_attention"]
SLIDING = ["sliding_attention", "full_attention", "sliding_attention", "full_attention"]
DELTA = {
    "head_dim": 16, "layer_types": LINEAR, "num_hidden_layers": 4, "linear_num_key_heads": 2,
    "linear_num_value_heads": 4, "linear_key_head_dim": 16, "linear_value_head_dim": 16, "tie_word_embeddings": True,
    "rope_parameters": {
        "rope_type": "default", "rope_theta": 1e4, "partial_rotary_factor": 0.5, "mrope_section": [2, 1, 1],
    },
}  # fmt: skip
EXPERTS = {
    "num_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 32,
    "head_dim": 16,
    "norm_topk_prob": True,
}
GEMMA4 = {
    "head_dim": 16, "global_head_dim": 32, "num_hidden_layers": 4, "layer_types": SLIDING, "sliding_window": 32,
    "hidden_size_per_layer_input": 16, "vocab_size": 704, "vocab_size_per_layer_input": 704, "num_kv_shared_layers": 0,
    "num_global_key_value_heads": 1, "tie_word_embeddings": True,
}  # fmt: skip
YARN = {
    "rope_type": "yarn", "rope_theta": 150000.0, "factor": 4.0, "original_max_position_embeddings": 128,
    "beta_fast": 32.0, "beta_slow": 1.0, "truncate": False,
}  # fmt: skip
MINISTRAL = {
    "rope_type": "yarn", "rope_theta": 1e6, "factor": 4.0, "original_max_position_embeddings": 512, "mscale": 1.0,
    "mscale_all_dim": 1.0, "beta_fast": 32.0, "beta_slow": 1.0, "llama_4_scaling_beta": 0.1,
}  # fmt: skip
HYBRID = {
    "num_hidden_layers": 4, "layer_types": LINEAR, "shared_intermediate_size": 96, "mamba_n_heads": 8,
    "mamba_d_head": 16, "mamba_d_state": 16, "mamba_n_groups": 1, "mamba_chunk_size": 16, "num_local_experts": 4,
    "num_experts_per_tok": 2, "position_embedding_type": "nope",
}  # fmt: skip

FAMILIES: dict[str, tuple[str, Any, dict[str, Any], str | None]] = {
    "qwen3.5": ("qwen35", hf.Qwen3_5TextConfig, DELTA, None),
    "gpt-oss": ("gpt-4o", hf.GptOssConfig, {
        "head_dim": 16, "num_local_experts": 4, "num_experts_per_tok": 2, "layer_types": SLIDING[:2],
        "sliding_window": 32, "rope_parameters": YARN,
    }, None),
    "qwen3-moe": ("qwen2", hf.Qwen3MoeConfig, EXPERTS, None),
    "gemma4": ("spm", hf.Gemma4TextConfig, GEMMA4, "<bos>"),
    "granite": ("smollm", hf.GraniteConfig, {"attention_multiplier": 0.25, "tie_word_embeddings": True}, None),
    "granite-hybrid": ("llama-bpe", hf.GraniteMoeHybridConfig, HYBRID, None),
    "lfm2": ("llama-bpe", hf.Lfm2Config, {"layer_types": ["conv", "full_attention"], "block_ff_dim": 96}, "<|begin|>"),
    "lfm2-moe": ("llama-bpe", hf.Lfm2MoeConfig, {
        "layer_types": ["conv", "full_attention"], "num_dense_layers": 1, "num_experts": 4, "num_experts_per_tok": 2,
        "moe_intermediate_size": 32,
    }, "<|begin|>"),
    "ministral3": ("tekken", hf.Ministral3Config, {"rope_parameters": MINISTRAL, "head_dim": 16}, "<s>"),
    "olmo3": ("llama-bpe", hf.Olmo3Config, {
        "num_hidden_layers": 4, "sliding_window": 32, "layer_types": [*["sliding_attention"] * 3, "full_attention"],
    }, None),
}  # fmt: skip
QUICK = ("qwen3.5", "gpt-oss")
"""One with what transformers saves otherwise than the converter reads, one with what llama.cpp computes otherwise."""


SEEING = ("gemma-4", "gemma-4-unified", "ministral-3", "mistral-small-3")
"""Families of the catalogue whose language model has another one beside it."""


def saved(name: str, folder: Path) -> Path:
    """Save the tiny model of a row of the table, or of one of the seeing families."""
    if name in SEEING:
        (family,) = (family for family in catalogue.families() if family.key == name)
        made = make_tokenizer("spm", bos="<bos>")
        sizes_of_it = {"vocab_size": 704, "vocab_size_per_layer_input": 704, "max_position_embeddings": 512}
        # Mistral's have no window, and one as long as the context is none.
        network = tiny(of(family)[0], **sizes_of_it, sliding_window=32 if "gemma" in name else 512)
        network.config.get_text_config().eos_token_id = network.generation_config.eos_token_id = made.eos_token_id
        network.save_pretrained(folder)
        made.save_pretrained(folder)
        return folder
    kind, config, changes, bos = FAMILIES[name]
    made = make_tokenizer(kind, bos=bos)
    return make_model(config(**sizes(made, **changes)), made, folder)


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.soak) for name in (*FAMILIES, *SEEING)]
)
def test_family_says_what_transformers_says(name: str, tmp_path: Path) -> None:
    model = exporter.opened(exporter.Request(saved(name, tmp_path / "model"), "tiny phi-3 name"))
    file = tmp_path / "full.gguf"
    model.way.write(file, lambda line: None)
    loaded = reference.load_model(model.request.base, model.weights)
    questions = exporter.ask(model, loaded, tmp_path / "logits", lambda: None)
    proof = parity.check(questions, file)
    assert parity.failure(proof, questions.allowed) == ""
    assert proof.texts > 20
    assert proof.top1 == 1.0
    assert proof.max_abs_logit_diff < (2e-2 if "gemma" in name else 1e-3)
    # Only where llama.cpp rotates otherwise does the model itself say something else than what the file was held to.
    assert any("stretches positions" in note for note in questions.notes) == (name == "gpt-oss")


SAME = ("llama", "qwen2-padded", "gemma3")
"""Rows of our own table: one whose rows are reordered, one with biases and padding, one whose norms are moved."""


@pytest.mark.parametrize("name", [SAME[0], *(pytest.param(name, marks=pytest.mark.soak) for name in SAME[1:])])
def test_both_ways_write_the_same_tensors(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = build(name, tmp_path / "model")
    made, config = reference.load_tokenizer(folder), reference.load_config(folder)
    opened = {"base_dir": folder}
    weights = source.open_source(**opened)
    arguments = (config, weights, opened, folder, made, "tiny")
    files = (tmp_path / "own.gguf", tmp_path / "upstream.gguf")
    conversion.choose(*arguments).write(files[0], lambda line: None)
    monkeypatch.setattr(conversion, "own", lambda config: None)
    conversion.choose(*arguments).write(files[1], lambda line: None)
    one, other = (contents(file) for file in files)
    assert one.keys() == other.keys()
    for tensor, values in one.items():
        assert values == other[tensor], tensor


def contents(file: Path) -> dict[str, tuple[tuple[int, ...], str, bytes]]:
    """Return the shape, type and bytes of every tensor of a GGUF file."""
    read, data = header.read(file), file.read_bytes()
    return {
        tensor.name: (tensor.shape, tensor.type, data[read.data_offset + tensor.offset :][: tensor.bytes])
        for tensor in read.tensors
    }


@pytest.mark.parametrize(
    ("name", "config", "changes", "sentence"),
    [
        ("GPT2LMHeadModel", hf.GPT2Config, {}, ""),
        ("OPTForCausalLM", hf.OPTConfig, {}, "OPTForCausalLM is not known to llama.cpp"),
        (
            "Qwen3MoeForCausalLM",
            hf.Qwen3MoeConfig,
            {"use_sliding_window": True, "sliding_window": 64, "norm_topk_prob": True},
            "its sliding window of 64 tokens",
        ),
        ("Qwen3MoeForCausalLM", hf.Qwen3MoeConfig, {"norm_topk_prob": False}, "so that they sum to one"),
        (
            "GraniteMoeHybridForCausalLM",
            hf.GraniteMoeHybridConfig,
            HYBRID | {"hidden_size": 64, "position_embedding_type": "rope"},
            "does not rotate the positions",
        ),
    ],
    ids=["taken", "class", "window", "experts", "positions"],
)
def test_what_llama_cpp_cannot_represent_is_refused(
    name: str, config: Any, changes: dict[str, Any], sentence: str
) -> None:
    made = config(architectures=[name], max_position_embeddings=512, **changes)
    if not sentence:
        conversion.check(made)
        return
    with pytest.raises(WorkbenchError, match=sentence):
        conversion.check(made)


ATTEMPTS = """
import json, socket, subprocess, sys
from pathlib import Path
from workbench.engine.export.upstream import child
child._SLACK = 0
child.confine(1000)
def tried(what):
    try:
        what()
    except OSError as error:
        return type(error).__name__
    return ""
tries = [
    lambda: socket.create_connection(("127.0.0.1", 9), 1),
    lambda: subprocess.run(["true"]),
    lambda: Path(sys.argv[1]).write_bytes(bytes(2000)),
    lambda: Path(sys.argv[1]).write_bytes(bytes(900)),
]
print(json.dumps([tried(one) for one in tries]))
"""


def test_the_converter_has_no_network_no_programs_and_one_file(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ATTEMPTS, str(tmp_path / "file")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert json.loads(said) == ["PermissionError", "PermissionError", "OSError", ""]
