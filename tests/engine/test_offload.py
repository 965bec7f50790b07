"""What gradient checkpointing keeps goes to the host's memory and comes back as it was."""

from __future__ import annotations

import shutil
import weakref
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
import torch
from transformers import AutoModel

from tests.engine.bench import Bench, curve, of_kind, report, result, rows, same, write_rows
from workbench.core import events
from workbench.core.events import AttemptEnded
from workbench.core.memory import GIB
from workbench.core.paths import assets_dir
from workbench.core.recipe import Recipe
from workbench.engine import layout, load, offload
from workbench.engine.layout import Layout
from workbench.runs import bases

FP32 = load.Machine("cpu", bf16=False)


def passed(offloading: bool) -> tuple[torch.Tensor, dict[str, torch.Tensor], int]:
    """Return loss, gradients, and how many layers' inputs are still there between a forward and a backward pass."""
    model = load.load_model(assets_dir() / "base", tuning="full", where=FP32, for_training=True)
    offload.switch_on(model, offloading)
    model.train()
    inputs: list[weakref.ref[Any]] = []
    for layer in model.model.layers:
        layer.register_forward_pre_hook(lambda _, given: inputs.append(weakref.ref(given[0].untyped_storage())))
    ids = torch.arange(5, 69).reshape(2, 32)
    loss = model(input_ids=ids, labels=ids, use_cache=False).loss
    alive = sum(storage() is not None for storage in inputs)
    assert len(inputs) == len(model.model.layers)
    loss.backward()
    return loss.detach(), {name: p.grad for name, p in model.named_parameters() if p.grad is not None}, alive


def test_inputs_of_layers_leave_and_the_gradient_is_the_same_to_the_last_bit() -> None:
    loss, gradients, kept = passed(False)
    moved_loss, moved_gradients, left = passed(True)
    assert kept > 1
    assert left == 0
    assert torch.equal(loss, moved_loss)
    assert same(gradients, moved_gradients)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def questions(bench: Bench) -> str:
    return str(write_rows(bench.path / "questions.jsonl", rows("questions", 24)))


FIELDS: dict[str, Any] = {
    "method": "sft", "lora_dropout": 0.1, "per_device_train_batch_size": 1, "gradient_accumulation_steps": 2,
    "max_steps": 4, "save_steps": 2, "sample_max_new_tokens": 0,
}  # fmt: skip


@pytest.mark.parametrize("tuning", ["full", "qlora"])
def test_a_recipe_that_asks_for_it_learns_the_same(bench: Bench, questions: str, tuning: str) -> None:
    fields = {**FIELDS, "tuning": tuning, "gradient_checkpointing": True, "data": [questions]}
    plain, moved = bench.trained(**fields), bench.trained(**fields, activation_offloading=True)
    assert of_kind(moved, AttemptEnded)[-1].outcome == "done"
    assert curve(moved) == curve(plain)
    assert same(result(moved), result(plain))
    assert [report(run)["layout"]["used"]["activation_offloading"] for run in (plain, moved)] == [False, True]


def test_it_is_taken_when_checkpointing_is_not_enough_and_later_attempts_go_on_with_it(
    bench: Bench, questions: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a card that holds nothing that layers keep, to the last bit the run that a larger one would make."""
    fields = {**FIELDS, "tuning": "full", "data": [questions]}
    plain = bench.trained(**fields, gradient_checkpointing=True)
    inner = type(AutoModel.from_pretrained(assets_dir() / "base"))
    forward, passes = inner.forward, []

    def limited(self: Any, *given: Any, **named: Any) -> Any:
        if torch.is_grad_enabled():
            keeps = self.layers[0]._gradient_checkpointing_func.func if self.is_activation_checkpointing else None
            passes.append(keeps not in (None, torch.utils.checkpoint.checkpoint))
            if not passes[-1]:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return forward(self, *given, **named)

    monkeypatch.setattr(inner, "forward", limited)
    monkeypatch.setattr(offload, "gains", lambda device: True)
    run = bench.create(**fields)
    assert bench.attempt(run) == 0
    changes = of_kind(run, events.Layout)
    assert [(e.step, e.gradient_checkpointing, e.activation_offloading) for e in changes] == [
        (1, True, False),
        (1, True, True),
    ]
    assert "is held in the host's memory from now on" in changes[-1].text
    assert passes == [False, False] + 8 * [True]
    shutil.rmtree(run.artifacts_dir)
    shutil.rmtree(bases.checkpoints(run)[0])
    assert bench.attempt(run) == 0
    assert passes[10:] == 4 * [True], "the last two steps again"
    assert len(of_kind(run, events.Layout)) == 2
    assert curve(run) == curve(plain)
    assert same(result(run), result(plain))


def test_a_run_is_refused_whose_host_has_no_room_for_it(
    bench: Bench, questions: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offload, "gains", lambda device: True)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=1 << 30, available=1 << 16))
    asked = {"tuning": "full", "gradient_checkpointing": True, "activation_offloading": True}
    run = bench.create(**FIELDS, **asked, data=[questions])
    assert bench.attempt(run) == 1
    error = of_kind(run, AttemptEnded)[-1].error
    assert error.startswith("The host's memory has 0.0 GiB free, of which 50% may be taken, and activation_offloading")


def test_it_comes_last_and_only_where_there_is_a_card_with_room_beside_it() -> None:
    single = Layout(1, True, 4)
    assert Layout(1, False, 4).smaller(can_offload=True) == single
    assert single.smaller(can_offload=False) is None
    moved = single.smaller(can_offload=True)
    assert moved == Layout(1, True, 4, activation_offloading=True)
    assert moved.smaller(can_offload=True) is None
    assert Layout(1, False, 4).smaller(can_checkpoint=False, can_offload=True) is None
    assert [offload.gains(torch.device(name)) for name in ("cuda", "mps", "cpu")] == [True, False, False]


def test_a_host_without_room_is_told_in_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    model = load.load_model(assets_dir() / "base", tuning="full", where=FP32, for_training=True)
    layers, hidden = model.config.num_hidden_layers, model.config.hidden_size
    tokens = 1 << 14
    needed = layers * tokens * hidden * 4
    assert hidden & (hidden - 1) == 0, "a power of two, which the allocator would round up to"
    for free, said in ((2 * needed, ""), (2 * needed - 1, f"takes {needed / GIB:.1f} GiB")):
        monkeypatch.setattr(psutil, "virtual_memory", lambda free=free: SimpleNamespace(total=1 << 30, available=free))
        assert said in offload.lacking(model, tokens)
        assert bool(offload.lacking(model, tokens)) == bool(said)
    error = str(layout.too_little(Recipe(), "at step 1", 64, offload.lacking(model, tokens)))
    assert error.count(". ") == 0
    assert f"per pass (the host's memory has {2 * needed / GIB:.1f} GiB free, of which 50% may be taken" in error
