"""The optimisers: their steps, what they decay, and a state that survives JSON and safetensors to the last bit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests import models
from workbench.core.errors import WorkbenchError
from workbench.core.recipe import Recipe
from workbench.engine import checkpoint, optim
from workbench.engine.optim import MUON_LEARNING_RATE_RATIO


def recipe(name: str, **fields: Any) -> Recipe:
    return Recipe(tuning="full", optim=name, learning_rate=0.01, weight_decay=0.1, **fields)


def steps(model: Any, optimizer: torch.optim.Optimizer, scheduler: Any, numbers: range) -> list[float]:
    """Take a step for each number, on a batch that the number decides, and return the losses."""
    losses = []
    for number in numbers:
        ids = torch.randint(0, 300, (2, 12), generator=torch.Generator().manual_seed(number))
        loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


def scheduler_of(optimizer: torch.optim.Optimizer) -> Any:
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1.0 / (1 + step))


def weights(model: Any) -> dict[str, torch.Tensor]:
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}


@pytest.mark.parametrize("name", ["adamw", "adamw_8bit", "muon"])
def test_a_stored_state_goes_on_to_the_last_bit(name: str, tmp_path: Path) -> None:
    """Six steps at a stretch against three, a file, and three; a fresh state must show as different."""
    whole = models.tiny("qwen3").train()
    optimizer = optim.make(recipe(name), whole)
    scheduler = scheduler_of(optimizer)
    expected = steps(whole, optimizer, scheduler, range(6))

    first = models.tiny("qwen3").train()
    optimizer = optim.make(recipe(name), first)
    scheduler = scheduler_of(optimizer)
    steps(first, optimizer, scheduler, range(3))
    tensors, rest = checkpoint.optimizer_tensors(optimizer.state_dict())
    save_file(tensors, tmp_path / "optimizer.safetensors")
    stored = json.dumps({"optimizer": rest, "scheduler": scheduler.state_dict()})

    def resumed(with_state: bool) -> tuple[list[float], dict[str, torch.Tensor]]:
        model = models.tiny("qwen3").train()
        model.load_state_dict(first.state_dict())
        again = optim.make(recipe(name), model)
        clock = scheduler_of(again)
        state = json.loads(stored)
        if with_state:
            again.load_state_dict(
                checkpoint.optimizer_state(load_file(tmp_path / "optimizer.safetensors"), state["optimizer"])
            )
        clock.load_state_dict(state["scheduler"])
        return steps(model, again, clock, range(3, 6)), weights(model)

    losses, reached = resumed(with_state=True)
    assert losses == expected[3:]
    assert all(torch.equal(tensor, reached[key]) for key, tensor in weights(whole).items())
    assert resumed(with_state=False)[0] != expected[3:]


def test_adamw_is_torchs_adamw_with_decay_on_matrices_only() -> None:
    model, reference = models.tiny("qwen3").train(), models.tiny("qwen3").train()
    wanted = recipe("adamw", adam_beta1=0.8, adam_beta2=0.9)
    matrices = [p for p in reference.parameters() if p.ndim >= 2]
    vectors = [p for p in reference.parameters() if p.ndim < 2]
    plain = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}], lr=0.01, betas=(0.8, 0.9)
    )
    ours = optim.make(wanted, model)
    steps(model, ours, scheduler_of(ours), range(3))
    steps(reference, plain, scheduler_of(plain), range(3))
    assert vectors
    for (name, one), other in zip(model.named_parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-5, msg=name)


def test_muon_moves_the_matrices_inside_and_adamw_the_rest() -> None:
    model = models.tiny("llama", tie_word_embeddings=False).train()
    made = optim.make(recipe("muon"), model)
    assert isinstance(made, optim.MuonWithAdamW)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    inner = {names[id(p)] for group in made.muon.param_groups for p in group["params"]}
    rest = {names[id(p)] for group in made.adamw.param_groups for p in group["params"]}
    assert inner == {name for name in names.values() if name.endswith("_proj.weight")}
    assert rest == set(names.values()) - inner
    assert {"model.embed_tokens.weight", "lm_head.weight"} <= rest
    assert made.muon.param_groups[0]["lr"] == pytest.approx(0.01 * MUON_LEARNING_RATE_RATIO)


def test_one_schedule_drives_both_halves_of_muon() -> None:
    model = models.tiny("qwen3").train()
    made = optim.make(recipe("muon"), model)
    scheduler = scheduler_of(made)
    steps(model, made, scheduler, range(1))
    assert isinstance(made, optim.MuonWithAdamW)
    assert made.muon.param_groups[0]["lr"] == pytest.approx(0.005 * MUON_LEARNING_RATE_RATIO)
    assert made.adamw.param_groups[0]["lr"] == pytest.approx(0.005)
    assert made.param_groups[0]["lr"] == pytest.approx(0.005), "the journal tells the rate the person has set"


def test_nothing_to_train_is_one_sentence() -> None:
    model = models.tiny("qwen3")
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    with pytest.raises(WorkbenchError, match="check target_modules"):
        optim.make(recipe("adamw"), model)
