"""The slow estimate against memory that was really allocated, and its parts against what real libraries make."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from workbench.core.demand import Demand
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.memory import estimate
from workbench.core.shape import shape_of
from workbench.core.weights import nf4_bytes, state_bytes
from workbench.engine.planning import build, depth, trace
from workbench.runs import traced

TINY = {
    "model_type": "llama",
    "hidden_size": 256,
    "intermediate_size": 640,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 64,
    "vocab_size": 2000,
    "tie_word_embeddings": False,
    "pad_token_id": None,
    "bos_token_id": None,
    "eos_token_id": None,
}


def allocated(config: dict[str, Any], demand: Demand, folder: Path) -> int:
    """Return how far above its beginning the count of torch's CPU allocator went in a real step, weights included."""
    gc.collect()
    activity = [torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(activities=activity, profile_memory=True) as profile:
        trace.run_step(config, demand, fake=False, gpu=False)
        gc.collect()
    profile.export_chrome_trace(str(folder / "trace.json"))
    events = json.loads((folder / "trace.json").read_text())["traceEvents"]
    counts = [event["args"] for event in events if event.get("name") == "[memory]"]
    before = counts[0]["Total Allocated"] - counts[0]["Bytes"]
    return max(count["Total Allocated"] for count in counts) - before


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize(("method", "tuning"), [("sft", "full"), ("sft", "lora"), ("dpo", "lora"), ("dpo", "full")])
def test_a_trace_agrees_with_the_allocator(tmp_path: Path, method: str, tuning: str, checkpointing: bool) -> None:
    """A step on tensors without contents has the peak of the same step on real ones, kernels of the CPU in both."""
    demand = Demand(
        method=method, tuning=tuning, batch=2, length=256, checkpointing=checkpointing, rank=8,
        reference=method == "dpo",
    )  # fmt: skip
    real = allocated(TINY, demand, tmp_path)
    made = trace.peak_of(trace.run_step(TINY, demand, gpu=False))
    assert made["peak"] == pytest.approx(real, rel=0.05)


def test_the_kernels_of_a_gpu_need_less_for_the_head() -> None:
    """The fused head's temporaries exist on a CPU only: a trace for a GPU leaves them out, and nothing else."""
    demand = Demand(method="sft", tuning="full", batch=2, length=256)
    with_them, without = (trace.peak_of(trace.run_step(TINY, demand, gpu=gpu))["peak"] for gpu in (False, True))
    assert without < with_them


def test_parts_add_up_to_the_peak() -> None:
    """Every byte at the peak belongs to one part, and the fixed parts are what arithmetic says."""
    found = trace.traced(TINY, Demand(method="sft", tuning="lora", length=256, rank=8))
    assert sum(found["parts"].values()) == found["peak"]
    # q, o: 256×256; k, v: 256×128; gate, up, down: 256×640; rank × (inputs + outputs) each, in two layers, fp32.
    adapter = 2 * 8 * (2 * 512 + 2 * 384 + 3 * 896) * 4
    assert found["parts"]["adapter"] == adapter
    assert found["parts"]["optimiser"] == 2 * adapter


def test_gradients_that_wait_are_there_from_the_start() -> None:
    """With accumulation the second micro-batch meets the gradients of the first."""
    once, twice = (
        trace.traced(TINY, Demand(method="sft", tuning="full", length=64, accumulation=steps)) for steps in (1, 4)
    )
    assert twice["parts"]["gradients"] >= once["parts"]["gradients"]
    assert twice["peak"] > once["peak"]


def test_four_bit_weights_have_the_size_bitsandbytes_gives_them() -> None:
    """The arithmetic on NF4 with double quantisation agrees with a layer that was really quantised."""
    from bitsandbytes.nn import Linear4bit

    layer = Linear4bit(384, 640, bias=False, quant_type="nf4", compress_statistics=True)
    layer.weight = layer.weight.to("cpu")
    layer(torch.zeros(1, 384))
    state = layer.weight.quant_state
    held = (layer.weight, state.absmax, state.code, state.offset, state.state2.absmax, state.state2.code)
    assert nf4_bytes(384 * 640) == sum(tensor.numel() * tensor.element_size() for tensor in held)


@pytest.mark.parametrize("size", [1000, 4096, 70_000])
def test_optimiser_states_have_the_size_bitsandbytes_gives_them(size: int) -> None:
    """The arithmetic on 8-bit states agrees with an optimiser that has really stepped."""
    from bitsandbytes.optim import AdamW8bit

    parameter = torch.nn.Parameter(torch.ones(size))
    optimiser = AdamW8bit([parameter])
    parameter.grad = torch.ones(size)
    optimiser.step()
    state = optimiser.state[parameter]
    names = ("state1", "state2", "absmax1", "absmax2")
    made = sum(state[name].numel() * state[name].element_size() for name in names if name in state)
    assert state_bytes({size: 1}, "adamw_8bit") == made


def test_a_child_answers_what_the_process_itself_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The probe gives the same figures as a trace in this process, and leaves nothing where it was started."""
    monkeypatch.chdir(tmp_path)
    demand = Demand(method="sft", tuning="lora", length=128, targets=("q_proj", "v_proj"))
    assert traced.trace(TINY, demand) == trace.traced(TINY, demand)
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_traced_is_said_in_one_sentence() -> None:
    """A family that does not exist ends in an error for a person, not in a dead process."""
    with pytest.raises(WorkbenchError, match=r"cannot be traced: .*no_such_family"):
        traced.trace({**TINY, "model_type": "no_such_family"}, Demand())
    with pytest.raises(WorkbenchError, match=r"not be traced within 0\.2 s"):
        traced.trace(TINY, Demand(), seconds=0.2)


@pytest.mark.parametrize("tuning", ["lora", "qlora"])
@pytest.mark.parametrize("family", ["gemma4_text", "qwen3_5_text", "lfm2"])
def test_the_margin_of_a_family_without_a_table_covers_what_it_needs(family: str, tuning: str) -> None:
    """Embeddings for each layer, linear attention, convolutions: no table, and yet the upper end is high enough."""
    body = {**TINY, "model_type": family, "num_hidden_layers": 4, "tie_word_embeddings": True}
    settings = build.configuration(body)
    model = build.skeleton(settings, Demand(tuning="full"))
    shape = shape_of(settings.to_dict(), parameters=sum(parameter.numel() for parameter in model.parameters()))
    demand = Demand(method="sft", tuning=tuning, batch=2, length=512, checkpointing=True, rank=8)
    found = estimate(shape, demand)
    assert not found.exact
    assert found.live * (1 + found.margin) >= trace.traced(body, demand)["peak"]


@pytest.mark.parametrize("fields", [{"method": "grpo"}, {"precision": "fp32"}, {"token_rows": True}])
def test_what_a_trace_does_not_imitate_is_refused(fields: dict[str, Any]) -> None:
    """A figure that leaves out part of the run is never given."""
    with pytest.raises(UsageError, match="not traced"):
        trace.traced(TINY, Demand(**fields))


@pytest.mark.parametrize(
    ("changes", "depths"),
    [
        ({"num_hidden_layers": 6}, (2, 3, 6)),
        ({"model_type": "gemma3_text", "num_hidden_layers": 13, "sliding_window": 32,
          "layer_types": [*["sliding_attention", "full_attention"] * 6, "sliding_attention"]}, (5, 7, 13)),
        ({"model_type": "lfm2_moe", "num_hidden_layers": 8, "num_dense_layers": 2, "moe_intermediate_size": 128,
          "layer_types": ["full_attention"] * 8, "num_experts": 4, "num_experts_per_tok": 2}, (8, 8, 8)),
    ],
)  # fmt: skip
def test_a_line_through_two_shallow_models_ends_at_the_deep_one(
    changes: dict[str, Any], depths: tuple[int, int, int]
) -> None:
    """The peak of all layers follows from a few to the byte where they repeat; where they do not, all are traced."""
    body = {**TINY, "vocab_size": 200, **changes}
    assert depth.depths(body) == depths
    if depths[0] < depths[2]:
        demand = Demand(tuning="full", batch=2, length=64, checkpointing=True)
        assert depth.traced(body, demand)["peak"] == trace.traced(body, demand)["peak"]
