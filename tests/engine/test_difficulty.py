"""How hard prompts are: measured by what their answers earned, ordered and left out where an epoch begins."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np

from workbench.core.recipe import Recipe
from workbench.engine.reinforce.difficulty import Difficulty
from workbench.engine.reinforce.prompts import Groups


def test_easy_prompts_come_first_once_they_are_measured() -> None:
    found = Difficulty(easy_first=True)
    assert found.ordered(0, [3, 1, 0, 2]) == [3, 1, 0, 2], "nothing is known yet"
    for prompt, earned in ((0, 0.2), (1, 0.9), (3, 0.2), (1, 0.5), (2, math.nan)):
        found.saw(prompt, earned, alike=False)
    assert found.ordered(0, [0, 1, 2, 3]) == [3, 1, 0, 2], "an epoch keeps the order it began with"
    assert found.ordered(1, [3, 0, 2, 1]) == [1, 3, 0, 2], "by the newest; what is not known comes last"


def test_prompts_that_teach_nothing_are_left_out() -> None:
    found = Difficulty(leave_out=2)
    for alike in ((True, True, False), (True, False, True), (False, True, True)):
        for prompt, one in enumerate(alike):
            found.saw(prompt, 1.0, one)
    assert found.left_out(range(4)) == {2}, "in a row"
    assert found.ordered(1, [0, 1, 2, 3]) == [0, 1, 3]
    for prompt in range(4):
        found.saw(prompt, 0.0, True)
        found.saw(prompt, 0.0, True)
    assert found.ordered(2, [0, 1, 2, 3]) == [0, 1, 2, 3], "where none would be left all stay"
    assert not Difficulty().left_out(range(4))


def test_a_checkpoint_keeps_all_that_an_order_follows_from() -> None:
    found = Difficulty(easy_first=True, leave_out=1)
    for prompt, earned in enumerate((0.1, 0.7, 1 / 3)):
        found.saw(prompt, earned, alike=prompt == 2)
    order = found.ordered(1, [0, 1, 2])
    found.saw(0, 5.0, alike=True)
    again = Difficulty(easy_first=True, leave_out=1)
    again.follow(json.loads(json.dumps(found.state())))
    assert again.ordered(1, [2, 1, 0]) == order == [1, 0]
    assert again.ordered(2, [0, 1, 2]) == found.ordered(2, [0, 1, 2]) == [1]
    assert Difficulty().state() == {}
    Difficulty().follow({})


def test_an_epoch_is_as_long_as_ever() -> None:
    """What is left out makes room for what still teaches."""
    recipe = Recipe(
        method="grpo", packing=False, per_device_train_batch_size=4, gradient_accumulation_steps=1, num_generations=2,
        leave_out=1,
    )  # fmt: skip
    groups = Groups(np.arange(1, 7), recipe)
    assert sorted(set(groups)) == [0, 1, 2, 3, 4, 5]
    for prompt in (0, 1, 2, 3):
        groups.difficulty.saw(prompt, 1.0, alike=True)
    groups.epoch = 1
    found = list(groups)
    assert len(found) == len(groups) == 12
    assert [found.count(prompt) for prompt in range(6)] == [0, 0, 0, 0, 6, 6]


def test_a_run_that_ends_too_early_for_what_is_wished_says_so() -> None:
    recipe = Recipe(method="grpo", packing=False, per_device_train_batch_size=6, num_generations=3)
    wishing = dataclasses.replace(recipe, gradient_accumulation_steps=1, curriculum="easy_first", leave_out=2)
    order = Groups(np.array([9, 3, 14, 5, 8]), wishing)
    assert len(order) == 3 * 6, "three steps an epoch"
    first, second = order.without_effect(3)
    assert first.startswith("curriculum easy_first changes nothing in this run of 3 steps: ")
    assert "every prompt was seen 2 times, which takes 6 steps" in second
    assert [said.split()[0] for said in order.without_effect(4)] == ["leave_out"]
    assert order.without_effect(7) == Groups(np.array([9, 3]), recipe).without_effect(1) == []
