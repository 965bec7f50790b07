"""The closed form against traced steps, published arithmetic, and what must be true of any estimate."""

from __future__ import annotations

import dataclasses
import itertools
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.core import activations, weights
from workbench.core.demand import METHODS, Demand, demand_of
from workbench.core.errors import UsageError
from workbench.core.memory import CONTEXT_BYTES, WIDE_MARGIN, estimate, traced
from workbench.core.recipe import Recipe
from workbench.core.shape import Shape, shape_of
from workbench.engine.planning import build, trace

NO_TOKENS = {"pad_token_id": None, "bos_token_id": None, "eos_token_id": None}
ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")


def config(family: str, **more: Any) -> dict[str, Any]:
    """Return a configuration whose dimensions are not those the tables were made from."""
    made = {
        "model_type": family,
        "hidden_size": 768,
        "intermediate_size": 2560,
        "num_hidden_layers": 3,
        "num_attention_heads": 12,
        "num_key_value_heads": 4,
        "head_dim": 80,
        "vocab_size": 24000,
        "tie_word_embeddings": False,
        **NO_TOKENS,
        **more,
    }
    if family == "qwen3_moe":
        made |= {"num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 448}
    if family == "gpt_oss":
        made |= {"num_local_experts": 8, "num_experts_per_tok": 2, "intermediate_size": 448}
    return made


FAMILIES = (
    "llama", "qwen2", "qwen3", "gemma3_text", "phi3", "smollm3", "olmo3", "granite", "qwen3_moe", "gpt_oss",
)  # fmt: skip
"""The families a trace is run of here; benchmarks/memory.py traces all there are, with and without everything."""
CASES = [
    # Each family is seen with and without checkpointing under each tuning, and so is each method.
    pytest.param(family, tuning, method, (number + turn) % 2 == 0, id=f"{family}-{tuning}-{method}")
    for number, family in enumerate(FAMILIES)
    for turn, (tuning, method) in enumerate(itertools.product(("full", "lora", "qlora"), ("sft", "dpo")))
]


@pytest.mark.parametrize(("family", "tuning", "method", "checkpointing"), CASES)
def test_the_closed_form_agrees_with_a_trace(family: str, tuning: str, method: str, checkpointing: bool) -> None:
    """Within five percent of the peak of a step run on tensors without contents."""
    body = config(family, tie_word_embeddings=family in {"gemma3_text", "smollm3"})
    mixture = activations.table(family).mixture
    demand = Demand(
        method=method,
        tuning=tuning,
        batch=3 if method == "sft" else 2,
        length=640,
        checkpointing=checkpointing,
        rank=8,
        targets=ATTENTION if mixture else ("all-linear",),
        reference=method == "dpo",
    )
    traced = trace.traced(body, demand)
    found = estimate(shape_of(body), demand)
    assert found.exact
    assert found.live == pytest.approx(traced["peak"], rel=0.05)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"packing": True, "batch": 1}, id="packed"),
        pytest.param({"batch": 1}, id="one sequence needs no mask"),
        pytest.param({"accumulation": 4, "tuning": "full"}, id="gradients wait"),
        pytest.param({"targets": ("q_proj", "v_proj")}, id="attention only"),
        pytest.param({"dropout": 0.1}, id="dropout"),
        pytest.param({"dropout": 0.1, "tuning": "qlora"}, id="dropout under 4 bits"),
        pytest.param({"method": "orpo"}, id="orpo"),
        pytest.param({"method": "reward"}, id="a score for a head"),
        pytest.param({"method": "kto"}, id="kto"),
        pytest.param({"optimiser": "adamw_8bit", "tuning": "full", "checkpointing": True}, id="8-bit states"),
        pytest.param({"length": 6000, "checkpointing": True, "batch": 1}, id="several tiles of tokens"),
    ],
)
def test_the_closed_form_knows_the_settings(changes: dict[str, Any]) -> None:
    """Each setting moves the closed form to where it moves the trace."""
    body = config("qwen3", vocab_size=40000)
    demand = Demand(**{"method": "sft", "tuning": "lora", "batch": 2, "length": 512, "rank": 8, **changes})
    found = estimate(shape_of(body), demand)
    assert found.live == pytest.approx(trace.traced(body, demand)["peak"], rel=0.05)


def test_layers_with_a_window_need_a_mask_when_it_is_shorter_than_the_sequence() -> None:
    """One sequence alone: layers with a window keep a mask and copies of keys and values, the others do not."""
    types = ["sliding_attention", "full_attention", "sliding_attention"]
    body = config("gemma3_text", layer_types=types, sliding_window=256, tie_word_embeddings=True)
    demand = Demand(method="sft", tuning="lora", length=1536, rank=8)
    short = estimate(shape_of(body), demand).live
    assert short == pytest.approx(trace.traced(body, demand)["peak"], rel=0.05)
    assert short > estimate(shape_of({**body, "sliding_window": 4096}), demand).live


@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("family", activations.families())
def test_weights_are_counted_exactly(family: str, tied: bool, biased: bool) -> None:
    """Every parameter of the real class is counted, and every byte of it under 4 bits, experts in 16."""
    body = config(family, tie_word_embeddings=tied, attention_bias=biased, num_hidden_layers=2)
    counted = weights.count(shape_of(body), activations.table(family), scored=False)
    model = build.skeleton(build.configuration(body), Demand(tuning="full"))
    assert counted.total == sum(parameter.numel() for parameter in model.parameters())
    linear = {
        f"{name}.weight": module.weight.numel()
        for name, module in model.named_modules()
        if type(module).__name__ == "Linear" and name != "lm_head"
    }
    quantised = sum(weights.nf4_bytes(size) for size in linear.values())
    rest = 2 * sum(p.numel() for name, p in model.named_parameters() if name not in linear)
    assert weights.base_bytes(counted, "qlora", "bf16") == quantised + rest


LLAMA_8B = {
    "model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256, "tie_word_embeddings": False,
}  # fmt: skip


def test_the_weights_of_a_known_model() -> None:
    """Llama 3.1 8B has 8,030,261,248 parameters, as its card says."""
    counted = weights.count(shape_of(LLAMA_8B), activations.table("llama"), scored=False)
    assert counted.total == 8_030_261_248


@pytest.mark.parametrize("tuning", ["full", "lora", "qlora"])
def test_what_is_moved_to_the_host_leaves_the_card(tuning: str) -> None:
    """The closed form follows the trace, and what the card gains is an input per layer, which the host takes."""
    body = config("qwen3", num_hidden_layers=10)
    stays = Demand(tuning=tuning, batch=1, length=3000, checkpointing=True, rank=8)
    moved = dataclasses.replace(stays, offloading=True)
    found, before = estimate(shape_of(body), moved), estimate(shape_of(body), stays)
    assert found.live == pytest.approx(trace.traced(body, moved)["peak"], rel=0.01)
    hidden = 3000 * 768 * (4 if tuning == "full" else 2)
    assert before.phases["loss"] - found.phases["loss"] == pytest.approx((10 if tuning == "full" else 9) * hidden)
    assert (before.host, found.host) == (0, 10 * (1 << 24 if tuning == "full" else 1 << 23))
    assert estimate(shape_of(body), dataclasses.replace(moved, checkpointing=False)).host == 0


def test_parts_add_up_and_the_context_is_one_of_them() -> None:
    """The peak is the sum of its parts, and what the tensors take is the peak without context and reserve."""
    found = estimate(shape_of(LLAMA_8B), Demand(tuning="qlora", checkpointing=True))
    assert found.peak == sum(found.parts.values())
    assert found.live == found.peak - CONTEXT_BYTES - found.parts["reserve"]
    assert found.live == max(found.phases.values())


@pytest.mark.parametrize("tuning", ["full", "lora", "qlora"])
@pytest.mark.parametrize("method", METHODS)
def test_every_method_and_tuning_has_an_estimate(method: str, tuning: str) -> None:
    """All parts are there that the method has, and none is negative."""
    found = estimate(shape_of(LLAMA_8B), Demand(method=method, tuning=tuning, checkpointing=True), beside=1 << 30)
    assert min(found.parts.values()) > 0
    assert ("adapter" in found.parts) == (tuning != "full")
    assert "reference" not in found.parts
    assert ("critic" in found.parts) == (METHODS[method].critic and tuning != "full")
    assert ("generation" in found.phases) == METHODS[method].generates


@pytest.mark.parametrize("tuning", ["full", "lora", "qlora"])
def test_ppo_holds_one_base_and_says_what_is_held_beside_it(tuning: str) -> None:
    """A critic is a second adapter with its own gradients and optimiser; full tuning copies the base instead."""
    one = Demand(method="grpo", tuning=tuning, checkpointing=True, accumulation=8, reference=True, length=512)
    alone, found = (
        estimate(shape_of(LLAMA_8B), demand, beside=0 if demand is one else 1 << 30)
        for demand in (one, dataclasses.replace(one, method="ppo"))
    )
    assert found.parts["reward model"] == 1 << 30
    peak = {"weights": 3 << 30, "activations": 1 << 28}
    again = traced(found, peak, "backward")
    assert again.parts["reward model"] == 1 << 30, "no trace sees it"
    assert again.peak == found.parts["reward model"] + sum(peak.values()) + sum(
        again.parts[part] for part in ("context", "reserve")
    )
    assert found.parts["weights"] == alone.parts["weights"]
    assert found.parts.get("reference", 0) == (found.parts["weights"] if tuning == "full" else 0)
    assert found.parts.get("critic", 0) == found.parts.get("adapter", 0)
    assert found.parts["optimiser"] == alone.parts["optimiser"] * (1 if tuning == "full" else 2)


def test_a_teacher_is_never_in_memory_with_its_student() -> None:
    """A large one makes the peak by itself, before the base comes; a small one is nowhere in it."""
    demand = Demand(method="distill", tuning="lora", checkpointing=True, told=64)
    alone, small, large = (estimate(shape_of(LLAMA_8B), demand, beside) for beside in (0, 1 << 30, 60 << 30))
    assert small.parts == alone.parts
    assert "teacher" not in small.parts
    assert large.phase == "teacher"
    assert large.parts["teacher"] == 60 << 30
    assert not {"weights", "adapter", "optimiser"} & large.parts.keys()
    assert large.peak == sum(large.parts.values())
    assert small.phases["loss"] > estimate(shape_of(LLAMA_8B), dataclasses.replace(demand, method="sft")).phases["loss"]


def test_a_teacher_that_judges_stays_in_memory() -> None:
    """Beside all that the student holds, with what writing takes; the phase in which it reads is one of them."""
    demand = Demand(method="distill", tuning="lora", checkpointing=True, told=64, batch=8, length=2048, completion=512)
    before, judged = (
        estimate(shape_of(LLAMA_8B), dataclasses.replace(demand, judged=own), 8 << 30) for own in (False, True)
    )
    assert judged.parts["teacher"] == 8 << 30
    assert judged.parts["weights"] == before.parts["weights"]
    assert judged.peak == sum(judged.parts.values())
    assert judged.peak > before.peak + (8 << 30) * 0.99
    assert {"generation", "teacher"} <= judged.phases.keys()


def test_a_cache_has_the_size_arithmetic_gives_it() -> None:
    """Two vectors per layer, key-value head and token in bf16: 128 KiB a token for Llama 3.1 8B."""
    demand = Demand(method="grpo", tuning="lora", batch=8, accumulation=4, length=2048, completion=512)
    found = estimate(shape_of(LLAMA_8B), dataclasses.replace(demand, checkpointing=True))
    others = sum(size for part, size in found.parts.items() if part in {"weights", "adapter", "optimiser"})
    assert found.phase == "generation"
    assert found.parts["cache"] == 32 * 2048 * (128 << 10)
    assert found.phases["generation"] > others + found.parts["cache"]


_DEMANDS = st.builds(
    Demand,
    method=st.sampled_from(sorted(METHODS)),
    tuning=st.sampled_from(["full", "lora", "qlora"]),
    batch=st.integers(1, 16),
    length=st.integers(300, 16384),
    packing=st.booleans(),
    checkpointing=st.booleans(),
    accumulation=st.sampled_from([1, 8]),
    rank=st.sampled_from([1, 8, 64, 256]),
    targets=st.sampled_from([("all-linear",), ("q_proj", "v_proj")]),
    dropout=st.sampled_from([0.0, 0.1]),
    optimiser=st.sampled_from(["adamw", "adamw_8bit"]),
)
_SHAPES = st.builds(
    Shape,
    model_type=st.sampled_from(["llama", "qwen3", "gemma3_text", "phi3", "olmo3", "no_such_family"]),
    hidden=st.sampled_from([256, 1024, 4096]),
    intermediate=st.sampled_from([512, 4096, 14336]),
    layers=st.integers(2, 64),
    heads=st.sampled_from([8, 32]),
    kv_heads=st.sampled_from([2, 8]),
    head_dim=st.sampled_from([64, 128]),
    vocabulary=st.sampled_from([2048, 32768, 151936]),
    tied=st.booleans(),
    windowed_layers=st.sampled_from([0, 2]),
    window=st.sampled_from([512, 4096]),
)


@settings(max_examples=150, deadline=None)
@given(shape=_SHAPES, demand=_DEMANDS, more=st.sampled_from(["batch", "length", "rank", "layers"]))
def test_more_of_anything_never_needs_less(shape: Shape, demand: Demand, more: str) -> None:
    """Peaks grow with batch, length, rank and layers."""
    before = estimate(shape, demand).peak
    if more == "layers":
        shape = dataclasses.replace(shape, layers=shape.layers * 2)
    else:
        demand = dataclasses.replace(demand, **{more: getattr(demand, more) * 2})
    assert estimate(shape, demand).peak >= before


def calls(shape: Shape, demand: Demand) -> int:
    """Return the Python and C functions an estimate calls once its table has been read, when it is not known yet."""
    estimate(shape, demand)
    estimate.cache_clear()
    count = 0

    def counted(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(counted)
    try:
        estimate(shape, demand)
    finally:
        sys.setprofile(None)
    return count


def test_an_estimate_is_a_few_hundred_sums_whatever_the_size() -> None:
    """No loop runs over layers, tokens or rows, so a form can ask at every key."""
    demand = Demand(method="dpo", tuning="qlora", checkpointing=True, packing=True)
    estimate(shape_of(LLAMA_8B), demand)  # reads the family's table, once
    small = calls(shape_of(LLAMA_8B), demand)
    large = calls(shape_of({**LLAMA_8B, "num_hidden_layers": 320}), dataclasses.replace(demand, batch=64, length=65536))
    assert small == large < 4000


def test_a_family_nobody_traced_gets_a_wide_margin_and_is_not_called_exact() -> None:
    """It is no smaller than any known family of the same dimensions, and says what stands in for it."""
    unknown = estimate(shape_of({**LLAMA_8B, "model_type": "brand_new"}), Demand())
    assert not unknown.exact
    assert unknown.margin == WIDE_MARGIN
    assert "brand_new" in unknown.notes[0]
    for family in ("llama", "qwen3", "phi3"):
        assert unknown.live >= estimate(shape_of({**LLAMA_8B, "model_type": family}), Demand()).live


def test_a_counted_number_of_parameters_decides_an_unknown_familys_weights() -> None:
    """Where somebody has counted them, the layers' likeness is not needed for the weights."""
    shape = shape_of({**LLAMA_8B, "model_type": "brand_new"}, parameters=9_000_000_000)
    found = estimate(shape, Demand(tuning="lora"))
    assert found.parts["weights"] == 18_000_000_000
    assert estimate(shape, Demand(tuning="full")).phases["step"] == 9_000_000_000 * 16
    assert found.peak == sum(found.parts.values())
    assert found.live == found.peak - CONTEXT_BYTES - found.parts["reserve"]


def test_a_recipe_asks_for_what_its_fields_say() -> None:
    """The fields of a recipe arrive in the demand under the same values."""
    recipe = Recipe(method="cpt", tuning="qlora", max_length=4096, lora_r=64, gradient_checkpointing=True, packing=True)
    demand = demand_of(recipe)
    assert (demand.method, demand.tuning, demand.length, demand.rank) == ("cpt", "qlora", 4096, 64)
    assert demand.checkpointing
    assert demand.packing
    assert demand_of(recipe, batch=1).batch == 1


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"hidden_size": None}, "hidden_size"),
        ({"hidden_size": "4096"}, "hidden_size"),
        ({"num_hidden_layers": -1}, "num_hidden_layers"),
        ({"vocab_size": True}, "vocab_size"),
        ({"intermediate_size": 1 << 60}, "intermediate_size"),
    ],
)
def test_a_broken_configuration_is_named(changes: dict[str, Any], word: str) -> None:
    """The sentence names the key that is missing or has nonsense in it."""
    with pytest.raises(UsageError, match=word):
        shape_of({**LLAMA_8B, **changes})


def test_a_method_nobody_knows_is_refused() -> None:
    """A typing error in a method is a sentence, not a traceback."""
    with pytest.raises(UsageError, match="sft"):
        Demand(method="sftt")
