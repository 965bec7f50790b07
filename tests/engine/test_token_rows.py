"""Tokens whose embeddings are trained beside an adapter: which ones, that they learn, and that nothing else moves."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests import models
from tests.engine.bench import Bench, curve, of_kind, result, rows, same, write_rows
from workbench.core.errors import UsageError
from workbench.core.events import AttemptEnded, Eval, Step
from workbench.core.paths import assets_dir
from workbench.data.split import held_out
from workbench.engine import load
from workbench.engine.load import Machine
from workbench.engine.masks import IGNORED, ChatEncoder
from workbench.engine.token_rows import chosen, template_tokens
from workbench.engine.tokenizer import generation_eos, load_tokenizer
from workbench.runs import bases

BASE = assets_dir() / "base"
EMBEDDING = "model.embed_tokens.weight"
DELTA = "base_model.model.model.embed_tokens.token_adapter.trainable_tokens_delta"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("tokens"))


@pytest.fixture(scope="module")
def data(bench: Bench) -> str:
    return str(write_rows(bench.path / "questions.jsonl", rows("questions", 24)))


def names(tokenizer: Any, ids: list[int]) -> list[str]:
    return [tokenizer.convert_ids_to_tokens(token) for token in ids]


@pytest.mark.parametrize(
    ("family", "written"),
    [
        ("chatml", {"<|im_start|>", "<|im_end|>"}),
        ("headers", {"<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"}),
        ("turns", {"<bos>", "<start_of_turn>", "<end_of_turn>"}),
        # It refuses a system turn, and tells its tokens all the same.
        ("instructions", {"<s>", "</s>"}),
        ("endless", set()),
        ("greedy", {"<|system|>", "<|user|>", "<|assistant|>", "<|end|>"}),
    ],
)
def test_the_tokens_of_a_template_are_those_it_writes(family: str, written: set[str]) -> None:
    tokenizer = models.tokenizer(family)
    assert set(names(tokenizer, template_tokens(tokenizer))) == written


def test_a_base_without_a_template_has_no_tokens_of_one() -> None:
    import copy

    bare = copy.copy(models.tokenizer("chatml"))
    bare.chat_template = None
    assert template_tokens(bare) == []
    assert chosen(bare, ("auto",)) == []


def test_tokens_are_chosen_by_their_text() -> None:
    tokenizer = models.tokenizer("chatml")
    assert names(tokenizer, chosen(tokenizer, ("<|im_end|>", "auto", "<|endoftext|>"))) == sorted(
        ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], key=tokenizer.convert_tokens_to_ids
    )
    assert chosen(tokenizer, ()) == []
    with pytest.raises(UsageError, match=r"'<\|nowhere\|>', which is no token of this base"):
        chosen(tokenizer, ("<|nowhere|>",))


def test_only_the_tokens_named_learn_and_the_head_moves_along(bench: Bench, data: str) -> None:
    run = bench.trained(
        method="sft", tuning="lora", data=[data], trainable_token_indices=["auto"], learning_rate=0.01, eval_split=0.2
    )
    (ended,) = of_kind(run, AttemptEnded)
    assert (ended.outcome, ended.error) == ("done", "")
    tokenizer = load_tokenizer(BASE)
    ids = template_tokens(tokenizer)
    delta = result(run)[DELTA]
    before = load_file(BASE / "model.safetensors")[EMBEDDING].float()
    assert delta.shape == (len(ids), before.shape[1])
    assert all((delta[place] - before[token]).abs().max() > 1e-3 for place, token in enumerate(ids))
    config = json.loads((run.artifacts_dir / "adapter" / "adapter_config.json").read_text())
    assert config["trainable_token_indices"] == ids

    # The loss at the last look is that of base and adapter as anybody loads them.
    adapted = load.load_for_use(bases.of_run(run), Machine("cpu", bf16=False))
    _, held = held_out(rows("questions", 24), 0.2, 42)
    encoder = ChatEncoder(tokenizer, generation_eos(BASE))
    total, count = 0.0, 0
    for row in held:
        example = encoder.encode(row["messages"], 96)
        with torch.no_grad():
            scores = adapted(input_ids=torch.tensor([example.input_ids])).logits[0].double().log_softmax(-1)
        for place, label in enumerate(example.labels[1:]):
            if label != IGNORED:
                total -= scores[place, label].item()
                count += 1
    assert of_kind(run, Eval)[-1].loss == pytest.approx(total / count, abs=2e-5)


def test_a_run_on_top_has_the_changed_rows_in_its_base(bench: Bench, data: str) -> None:
    fields: dict[str, Any] = {"method": "sft", "tuning": "lora", "data": [data], "learning_rate": 0.01}
    parent = bench.trained(**fields, trainable_token_indices=["auto"], eval_split=0.2)
    child = bench.trained(method="sft", tuning="lora", data=[data], base=parent.id)
    assert of_kind(child, AttemptEnded)[-1].outcome == "done"
    (shard,) = (child.path / "base").glob("*.safetensors")
    merged, before = load_file(shard)[EMBEDDING], load_file(BASE / "model.safetensors")[EMBEDDING]
    ids = template_tokens(load_tokenizer(BASE))
    assert (merged != before).any(dim=1).nonzero().flatten().tolist() == ids
    assert torch.equal(merged[ids], result(parent)[DELTA].to(merged.dtype))


def test_an_interrupted_run_ends_with_the_same_rows(bench: Bench, data: str) -> None:
    fields: dict[str, Any] = {
        "method": "sft",
        "tuning": "lora",
        "data": [data],
        "max_steps": 4,
        "save_total_limit": 4,
        "trainable_token_indices": ["<|im_end|>"],
        "learning_rate": 0.01,
    }
    whole = bench.trained(**fields)
    run = bench.create(**fields)
    # A checkpoint of each step is written; the last two are taken away as if a crash had come between.
    bench.attempt(run)
    for name in ("step-00000003", "step-00000004"):
        _remove(run.checkpoints_dir / name)
    _remove(run.artifacts_dir / "adapter")
    bench.attempt(run)
    assert of_kind(run, AttemptEnded)[-1].outcome == "done"
    assert [event.step for event in of_kind(run, Step)] == [1, 2, 3, 4, 3, 4]
    assert curve(run) == curve(whole)
    assert same(result(run), result(whole))


def _remove(folder: Path) -> None:
    import shutil

    assert folder.is_dir()
    shutil.rmtree(folder)


def test_full_tuning_has_no_use_for_them() -> None:
    from workbench.core.recipe import Recipe

    assert load.adapter_config(dataclasses.replace(Recipe(), tuning="full"), [1]) is None
