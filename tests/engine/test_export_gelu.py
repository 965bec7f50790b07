"""What ggml's GELU does to Gemma's logits, and that nothing else does.

ggml takes GELU from a table of half-precision values for half-precision arguments, so that a float32 file of Gemma
answers by up to 2e-2 otherwise than transformers where other families keep within 1e-3. Two ways lead to that table
alone. Where each argument is far from zero GELU is 0 or the argument itself, which the table has exactly: the same
models then agree to 1e-4. And transformers with the table in its place moves as far from itself as the file is. That
does not make the two alike to 1e-3, for an argument that differs in its last bit may take the next value of the table,
and does so in more places with each layer; so the proof allows twice that distance, which it measures of each model.
"""

from __future__ import annotations

import ctypes
import re
from pathlib import Path

import llama_cpp
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers.activations import ACT2FN

from tests.engine.test_export_parity import build
from tests.engine.test_export_upstream import SEEING, saved
from workbench.engine.export import exporter, parity, reference
from workbench.runs import converter

OWN = ("gemma2", "gemma3")
UPSTREAM = ("gemma4", *(name for name in SEEING if "gemma" in name))
GATES = re.compile(r"(mlp\.gate_proj|per_layer_input_gate)\.weight$")
"""What enters GELU; a norm follows each way out of it, so that the size of what comes out does not matter."""
FAR = 4096.0

unpacked = pytest.mark.skipif(not converter.is_there(), reason="the converter is not unpacked")
cases = pytest.mark.parametrize(
    "name",
    [
        *OWN,
        pytest.param("gemma4", marks=unpacked),
        *(pytest.param(name, marks=[unpacked, pytest.mark.soak]) for name in UPSTREAM[1:]),
    ],
)


def made(name: str, folder: Path) -> Path:
    """Save the tiny model of a family."""
    return build(name, folder) if name in OWN else saved(name, folder)


def proved(folder: Path, work: Path) -> tuple[parity.Parity, float]:
    """Convert a model, and return how its file answers and the difference that is allowed."""
    model = exporter.opened(exporter.Request(folder, "tiny"))
    model.way.write(work / "full.gguf", lambda line: None)
    loaded = reference.load_model(folder, model.weights)
    questions = exporter.ask(model, loaded, work / "logits", lambda: None)
    proof = parity.check(questions, work / "full.gguf")
    assert parity.failure(proof, questions.allowed) == ""
    return proof, questions.allowed


@cases
def test_a_file_differs_by_what_the_table_changes(name: str, tmp_path: Path) -> None:
    proof, allowed = proved(made(name, tmp_path / "model"), tmp_path)
    assert proof.top1 == 1.0
    assert proof.max_abs_logit_diff < 2e-2
    assert proof.max_abs_logit_diff > allowed / 4, "as much as the table changes, within a factor of two both ways"


@cases
def test_nothing_but_the_table_differs(name: str, tmp_path: Path) -> None:
    folder = made(name, tmp_path / "model")
    tensors = load_file(folder / "model.safetensors")
    gates = [key for key in tensors if GATES.search(key) and ".vision" not in key and ".audio" not in key]
    assert len(gates) >= 2
    save_file(
        tensors | {key: tensors[key] * FAR for key in gates}, folder / "model.safetensors", metadata={"format": "pt"}
    )
    proof, _ = proved(folder, tmp_path)
    assert proof.top1 == 1.0
    assert proof.max_abs_logit_diff < 1e-4


def test_the_table_is_gelu_of_halves_in_halves() -> None:
    library = ctypes.CDLL(str(next((Path(llama_cpp.__file__).parent / "lib").glob("libggml-cpu.*"))))
    library.ggml_cpu_init()
    table = torch.tensor((ctypes.c_uint16 * 65536).in_dll(library, "ggml_table_gelu_f16"), dtype=torch.int32)
    every = torch.arange(65536, dtype=torch.int32).to(torch.int16).view(torch.float16).float()
    near = every.abs() < 10
    net = torch.nn.Sequential(ACT2FN["gelu_pytorch_tanh"])
    # Arguments between two of the table's are taken for the nearer one.
    between = torch.where(near, every * (1 + 1e-4), every)
    with reference.half_gelu(net):
        given = net(between)[near]
    wanted = table.to(torch.int16).view(torch.float16).float()[near]
    # Two libraries' tanh may part in the last bit of a half, and near -5, where GELU is next to nothing, in more.
    assert torch.allclose(given, wanted, rtol=2**-10, atol=1e-6)
    assert (given != wanted).float().mean() < 0.01
    assert not torch.equal(net(between)[near], given), "outside of the context GELU is exact again"
