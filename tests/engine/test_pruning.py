"""Pruning: slices against a model whose parts are silenced by hand, choices that are known before, a run to its end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.engine.bench import Bench, of_kind, report, result, rows, same, write_rows
from tests.engine.tiny import make_model, make_tokenizer, sizes
from workbench.core import pruning
from workbench.core.events import AttemptEnded, Eval, Notice
from workbench.core.paths import assets_dir
from workbench.core.recipe import Recipe
from workbench.core.shape import shape_of
from workbench.engine import lineage
from workbench.engine.adapters import trunk
from workbench.engine.compress import cutting, sparsity, verdict
from workbench.engine.compress.measuring import LINEARS, Measured, measure
from workbench.engine.examples import Examples
from workbench.engine.export.gguf import architectures
from workbench.engine.export.source import open_source
from workbench.engine.export.stored import open_model
from workbench.engine.masks import Example
from workbench.runs import atomic, bases


def _configs() -> list[Any]:
    from transformers import (
        Gemma2Config,
        Gemma3TextConfig,
        LlamaConfig,
        MistralConfig,
        Phi3Config,
        Qwen2Config,
        Qwen3Config,
        SmolLM3Config,
    )

    def of(kind: Any, layers: int = 4, **more: Any) -> Any:
        tokenizer = make_tokenizer("gpt-2")
        return kind(**sizes(tokenizer, num_hidden_layers=layers, **more))

    gemma = {"head_dim": 16, "query_pre_attn_scalar": 16}
    return [
        of(LlamaConfig), of(MistralConfig), of(Qwen2Config), of(Qwen3Config, head_dim=32), of(Phi3Config),
        of(SmolLM3Config, 8), of(Gemma2Config, **gemma), of(Gemma3TextConfig, 12, **gemma),
    ]  # fmt: skip


def _cut(folder: Path, into: Path, wanted: Recipe, found: Measured) -> cutting.Cut:
    """Write what is left of the model in a folder and return what was kept."""
    from transformers import AutoConfig

    config = bases.read_json(folder / "config.json")
    shape, left, stored = shape_of(config), pruning.target(config, wanted), open_model(folder)

    def weights(name: str) -> torch.Tensor:
        return torch.from_numpy(stored[name].rows(0, stored[name].shape[0]))

    cut = cutting.choose(found, shape, left, wanted.prune_layers_by, weights)
    into.mkdir()
    lineage.write_rest(folder, into)
    lineage.write_weights(cutting.tensors(tuple(stored), weights, cut, shape, found, wanted), into)
    made = cutting.configuration(config, AutoConfig.from_pretrained(folder), cut, left)
    (into / "config.json").write_text(json.dumps(made), encoding="utf-8")
    return cut


def _examples(words: int) -> Examples:
    draw = np.random.default_rng(1)
    lengths = (17, 9, 12)
    return Examples.of([Example(ids := draw.integers(3, words, length).tolist(), list(ids)) for length in lengths])


@pytest.mark.parametrize("config", _configs(), ids=lambda config: config.model_type)
def test_a_cut_model_computes_what_the_whole_one_does_with_those_parts_silenced(config: Any, tmp_path: Path) -> None:
    """Layers skipped, heads and channels multiplied by zero behind their output matrix: for every family.

    What is left can be written as a GGUF, too, for which llama.cpp has patterns of layers in its code.
    """
    from transformers import AutoConfig, AutoModelForCausalLM

    tokenizer = make_tokenizer("gpt-2")
    folder = make_model(config, tokenizer, tmp_path / "whole")
    whole = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    _, period = pruning.PERIODS[config.model_type]
    wanted = Recipe(
        method="prune", tuning="full", prune_layers=period, prune_heads=0.5, prune_channels=0.4,
        prune_multiple=32,
    )  # fmt: skip
    examples = _examples(len(tokenizer))
    found = measure(whole, examples, [0, 2, 1], period, lambda: None)
    cut = _cut(folder, tmp_path / "cut", wanted, found)
    smaller = AutoModelForCausalLM.from_pretrained(tmp_path / "cut", dtype=torch.float32).eval()
    assert sum(p.numel() for p in smaller.parameters()) < sum(p.numel() for p in whole.parameters())
    written = architectures.plan(AutoConfig.from_pretrained(tmp_path / "cut"), open_source(tmp_path / "cut"))
    assert {f"blk.{number}.attn_output.weight" for number in range(len(cut.layers))} <= {
        tensor.name.removesuffix(".weight") + ".weight" for tensor in written.tensors
    }
    shape = shape_of(bases.read_json(folder / "config.json"))
    layers = trunk(whole).layers
    size = shape.heads // shape.kv_heads * shape.head_dim
    with torch.no_grad():
        for number in cut.layers:
            kept = torch.zeros(shape.kv_heads, size)
            kept[torch.from_numpy(cut.groups[number])] = 1
            layers[number].self_attn.o_proj.weight.mul_(kept.flatten())
            mask = torch.zeros(shape.intermediate)
            mask[torch.from_numpy(cut.channels[number])] = 1
            layers[number].mlp.down_proj.weight.mul_(mask)
    # The stack keeps lists by layer in its configuration, which the shortened model has to follow.
    trunk(whole).layers = torch.nn.ModuleList([layers[number] for number in cut.layers])
    shortened = AutoConfig.from_pretrained(tmp_path / "cut")
    whole.config.num_hidden_layers = shortened.num_hidden_layers
    for listed in ("layer_types", "no_rope_layers"):
        if getattr(shortened, listed, None) is not None:
            setattr(whole.config, listed, getattr(shortened, listed))
    ids = torch.tensor([examples[0].input_ids])
    with torch.no_grad():
        torch.testing.assert_close(
            smaller(ids, use_cache=False).logits, whole(ids, use_cache=False).logits, rtol=1e-4, atol=1e-4
        )


def _states(model: Any, ids: torch.Tensor) -> list[torch.Tensor]:
    """Return what enters the first layer, and what leaves each."""
    states = [trunk(model).embed_tokens(ids)]
    hooks = [
        layer.register_forward_hook(lambda module, given, out: states.append(out)) for layer in trunk(model).layers
    ]
    trunk(model)(ids, use_cache=False)
    for hook in hooks:
        hook.remove()
    return states


def test_what_is_measured_is_what_passes(tmp_path: Path) -> None:
    """Influence, angles and squares of inputs against hidden states of single rows, which have no padding."""
    from transformers import AutoModelForCausalLM, Qwen3Config

    tokenizer = make_tokenizer("gpt-2")
    folder = make_model(Qwen3Config(**sizes(tokenizer, head_dim=16, num_hidden_layers=3)), tokenizer, tmp_path / "m")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    examples = _examples(len(tokenizer))
    found = measure(model, examples, [0, 2, 1], 2, lambda: None)
    entered: list[list[torch.Tensor]] = [[] for _ in range(4)]
    with torch.no_grad():
        for example in examples:
            ids = torch.tensor([example.input_ids])
            for place, state in enumerate(_states(model, ids)):
                entered[place].append(state[0].double())
    hidden = [torch.cat(parts) for parts in entered]

    def cosine(one: int, other: int) -> torch.Tensor:
        return torch.nn.functional.cosine_similarity(hidden[one], hidden[other], dim=-1)

    influence = [float((1 - cosine(place, place + 1)).mean()) for place in range(3)]
    distance = [float((cosine(place, place + 2).arccos() / np.pi).mean()) for place in range(2)]
    assert found.influence == pytest.approx(influence, rel=1e-4)
    assert found.distance == pytest.approx(distance, rel=1e-4)
    assert found.tokens == 17 + 9 + 12
    normed = trunk(model).layers[1].input_layernorm(hidden[1].float())
    torch.testing.assert_close(found.squares[1, "self_attn.q_proj"], normed.square().mean(0), rtol=1e-4, atol=1e-5)
    assert {name for _, name in found.squares} < set(LINEARS)


def test_what_does_nothing_goes_first(tmp_path: Path) -> None:
    """A layer that adds nothing, a head and channels that are never read: each by its own measure."""
    from transformers import AutoModelForCausalLM, Qwen3Config

    tokenizer = make_tokenizer("gpt-2")
    folder = make_model(Qwen3Config(**sizes(tokenizer, head_dim=16, num_hidden_layers=4)), tokenizer, tmp_path / "m")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.no_grad():
        layers = trunk(model).layers
        layers[2].self_attn.o_proj.weight.zero_()
        layers[2].mlp.down_proj.weight.zero_()
        layers[0].self_attn.o_proj.weight[:, 32:].zero_()  # the second of two groups of two heads of 16
        layers[0].mlp.down_proj.weight[:, 5:37].zero_()
    found = measure(model, _examples(len(tokenizer)), [0, 1, 2], 1, lambda: None)
    state = model.state_dict()
    shape = shape_of(bases.read_json(folder / "config.json"))
    left = pruning.Target(layers=3, heads=2, kv_heads=1, head_dim=16, channels=64)
    for by in ("block", "single"):
        cut = cutting.choose(found, shape, left, by, lambda name: state[name])
        assert cut.layers == (0, 1, 3)
        assert cut.groups[0].tolist() == [0]
        assert cut.channels[0].tolist() == [*range(5), *range(37, 96)]


def test_zeros_lie_where_the_least_is() -> None:
    """By hand: size over the whole matrix, size times what comes in row by row, and so many of each group."""
    weight = torch.tensor([[1.0, -2.0, 3.0, -4.0], [0.1, 0.2, -0.3, 0.4]])
    by_size = sparsity.zeroed(weight, None, 0.5, "free")
    assert by_size.tolist() == [[1.0, -2.0, 3.0, -4.0], [0.0, 0.0, 0.0, 0.0]]
    squares = torch.tensor([100.0, 1.0, 1.0, 0.01])  # what comes in is 10, 1, 1, 0.1 on average
    by_flow = sparsity.zeroed(weight, squares, 0.5, "free")
    assert by_flow.tolist() == [[1.0, 0.0, 3.0, 0.0], pytest.approx([0.1, 0.0, -0.3, 0.0])]
    wide = torch.arange(1.0, 11.0).repeat(3, 1).bfloat16()
    grouped = sparsity.zeroed(wide, None, 0.5, "2:4")
    assert grouped.dtype == torch.bfloat16
    assert grouped[0].tolist() == [0, 0, 3, 4, 0, 0, 7, 8, 9, 10]  # the last two are no whole group


def test_rows_and_shares_of_the_verdict_are_the_arithmetic_they_say() -> None:
    losses = {"original": [1.0, 2.0, 4.0], "pruned": [5.0, 6.0, 8.0], "healed": [1.5, 2.0, 7.0]}
    looks = {name: verdict.Look(np.array(values)) for name, values in losses.items()}
    found = verdict.figures(looks, np.array([1, 2, 4]), [0, 1, 2], ["a", "b", "c"])
    assert found["loss"]["original"] == pytest.approx(1.0)
    assert found["recovered"] == pytest.approx((19 - 10.5) / (19 - 7))
    assert [row["row"] for row in found["unrecovered"]] == ["c", "a"]
    assert found["unrecovered"][0]["healed"] == pytest.approx(1.75)
    assert (found["rows"], found["rows_above"]) == (3, 2)
    assert found["worst_tenth"] == pytest.approx(3 / 3.5)
    assert verdict.recovered(1.0, 0.9, 0.8) is None
    assert verdict.recovered(1.0, 1.002, 0.8) is None, "a share of next to nothing says nothing"
    found |= {"parameters": {"before": 2, "after": 2}, "speed": {}, "rows_of": "held_out"}
    said = verdict.in_words(found)
    assert "71 % of what was lost is back. 2 rows of 3 stay" in said
    assert said.endswith("furthest: c")
    said = verdict.in_words({**found, "recovered": 4.18, "rows_above": 0})
    assert "all that was lost is back, and it has learnt from the rows besides. No row of 3 stays" in said
    assert "furthest" not in said


# Runs


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


def test_a_run_cuts_heals_and_says_what_came_of_it(bench: Bench) -> None:
    """Of answers and articles, from an adapter; the zeros of the base are those of the result, and no others are."""
    data = str(write_rows(bench.path / "questions.jsonl", rows("questions", 60)))
    articles = str(write_rows(bench.path / "articles.jsonl", rows("articles", 6)))
    parent = bench.trained(method="sft", tuning="lora", data=[data], max_steps=2, learning_rate=1e-2)
    run = bench.trained(
        method="prune", tuning="full", base=parent.id, data=[data, articles], prune_layers=1, prune_heads=0.5,
        prune_channels=0.3, sparsity=0.25, eval_split=0.2, max_steps=4, learning_rate=1e-3,
        gradient_accumulation_steps=2, weight_decay=0.1,
    )  # fmt: skip
    assert of_kind(run, AttemptEnded)[-1].outcome == "done"
    whole, cut = (bases.read_json(folder / "config.json") for folder in (assets_dir() / "base", run.path / "base"))
    assert cut["num_hidden_layers"] == whole["num_hidden_layers"] - 1
    assert (cut["num_attention_heads"], cut["num_key_value_heads"], cut["intermediate_size"]) == (2, 1, 512)
    assert atomic.verify(run.path / "base") == ""
    assert not (run.path / "original").exists()
    before = {
        name: tensor for path in (run.path / "base").glob("*.safetensors") for name, tensor in load_file(path).items()
    }
    after = result(run)
    linear = [name for name in before if name.removesuffix(".weight").endswith(LINEARS)]
    assert len(linear) == 7 * cut["num_hidden_layers"]
    for name in linear:
        share = float((before[name] == 0).float().mean())
        assert share == pytest.approx(0.25, abs=0.01), name
        assert torch.equal(before[name] == 0, after[name] == 0), name
        assert not torch.equal(before[name], after[name]), name
    told = report(run)["pruning"]
    assert told["parameters"]["after"] == sum(tensor.numel() for tensor in after.values())
    assert told["rows"] == len(Examples.read(run.path / "prepared" / "held_out")) > 10
    assert all(row["row"] for row in told["unrecovered"])
    first = of_kind(run, Eval)[0]
    # The loss of the rows' own tokens that the training loop saw before its first step, in another way.
    assert told["loss"]["pruned"] == pytest.approx(first.metrics["row_loss"], rel=2e-3)
    assert told["loss"]["original"] < told["loss"]["healed"] < told["loss"]["pruned"]
    codes = [event.code for event in of_kind(run, Notice)]
    assert codes.index("pruned") < codes.index("teacher_asked") < codes.index("healed")
    with bench.home():
        assert bases.of_run(run).model_dir == run.artifacts_dir / "model"


@pytest.mark.soak
def test_a_second_attempt_goes_on_with_the_model_that_was_cut(bench: Bench) -> None:
    """Paused after the first step: nothing is measured or asked again, and the result is that of one attempt."""
    data = str(write_rows(bench.path / "again.jsonl", rows("questions", 40)))
    how: dict[str, Any] = {
        "method": "prune",
        "tuning": "lora",
        "data": [data],
        "max_steps": 4,
        "sample_max_new_tokens": 0,
    }
    whole = bench.trained(**how)
    from workbench.runs import control

    run = bench.create(**how)
    bench.attempt(run, lambda: control.pause(run))
    while of_kind(run, AttemptEnded)[-1].outcome == "paused":
        bench.attempt(run)
    assert [event.code for event in of_kind(run, Notice)].count("pruned") == 1
    assert same(result(run), result(whole))


def test_zeros_stay_zero_through_momentum_and_decay() -> None:
    """With AdamW's momentum, decay and several passes a step."""
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(0)
    model = Qwen3ForCausalLM(Qwen3Config(**sizes(range(64), head_dim=16)))
    weight = model.model.layers[0].mlp.up_proj.weight
    with torch.no_grad():
        weight[::2] = 0
    before = weight.detach().clone()
    sparsity.keep_zeros(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.1)
    ids = torch.arange(3, 40)[None]
    for _ in range(3):
        for _ in range(2):
            model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert torch.equal(weight == 0, before == 0)
    assert not torch.equal(weight[1], before[1])
