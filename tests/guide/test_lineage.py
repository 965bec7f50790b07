"""Runs as families, recipes begun anew, and the learning rate that is still to come."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import run_program
from workbench.core import recipe
from workbench.guide import lineage
from workbench.guide.lineage import Member
from workbench.guide.schedule import planned

SCHEDULERS = """
import json, torch
from transformers import get_scheduler
kinds = {"cosine": {}, "linear": {}, "constant": {}, "constant_with_warmup": {},
         "cosine_with_min_lr": {"min_lr_rate": 0.1}, "warmup_stable_decay": {"num_decay_steps": 20}}
found = {}
for kind, more in kinds.items():
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=2e-4)
    schedule = get_scheduler(kind, optimizer, 10, 100, scheduler_specific_kwargs=more)
    rates = []
    for _ in range(101):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    found[kind] = rates
print(json.dumps(found))
"""


def test_the_planned_rates_are_those_of_the_schedulers_that_train() -> None:
    found = json.loads(run_program(SCHEDULERS))
    assert set(found) == set(recipe.SCHEDULERS)
    for kind, rates in found.items():
        wanted = recipe.resolve({"lr_scheduler_type": kind, "warmup_ratio": 0.1, "learning_rate": 2e-4}).recipe
        assert [planned(wanted, step, 100) for step in range(101)] == pytest.approx(rates, abs=1e-12), kind


@given(st.lists(st.sampled_from(["", "0", "1", "2", "3", "4", "gone"]), min_size=1, max_size=5))
def test_every_run_stands_in_the_trees_once_whatever_the_files_say(parents: list[str]) -> None:
    members = [Member(str(number), parent, "base") for number, parent in enumerate(parents)]
    lines = lineage.trees(members)
    assert sorted(line.id for line in lines if line.id) == sorted(member.id for member in members)
    for member in members:
        assert len(lineage.ancestors(member.id, {one.id: one for one in members})) < len(members)


def test_a_tree_is_drawn_with_its_branches() -> None:
    members = [Member("a", "", "Qwen3-8B"), Member("b", "a", ""), Member("c", "b", ""), Member("d", "a", "")]
    assert [(line.text, line.id) for line in lineage.trees(members)] == [
        ("Qwen3-8B", ""), ("└─ ", "a"), ("   ├─ ", "b"), ("   │  └─ ", "c"), ("   └─ ", "d")
    ]  # fmt: skip


def test_only_a_date_is_taken_from_a_name() -> None:
    assert lineage.short("2026-11-21-support-e237") == "support-e237"
    assert lineage.short("my-own-folder") == "my-own-folder"
    assert lineage.short("2026-11-21-") == "2026-11-21-"


def test_what_differs_is_named_as_it_is_shown() -> None:
    one, other = (recipe.resolve({"method": "sft", "lora_r": rank}).recipe for rank in (16, 8))
    assert lineage.difference(one, one) == "the same recipe"
    assert lineage.difference(one, other).endswith("16 instead of 8")


def test_values_side_by_side_are_in_one_notation_and_steps_are_told_beside_epochs() -> None:
    given = ({"learning_rate": 5e-4, "num_train_epochs": 2.0}, {"learning_rate": 3e-3, "max_steps": 150})
    one, other = (recipe.resolve({"method": "sft", **values}).recipe for values in given)
    said = lineage.difference(one, other)
    assert "learning rate 5e-4 instead of 3e-3" in said
    assert "2 epochs instead of 150 steps" in said
    assert lineage.difference(one, other, 1) == f"{said.split(', ')[0]} and 1 more"
    assert lineage.difference(one, other, 0) == "2 values"
    assert lineage.said_of(other).endswith("150 steps")
