"""Figures of a plan: what given steps come to, and what a run on a processor may take at most."""

from __future__ import annotations

import pytest

from tests.core.test_plan import ROWS, base, card
from workbench.core import derive, plan
from workbench.core.derive import Rows
from workbench.core.memory import GIB
from workbench.core.plan import Card


def test_steps_that_are_given_decide_tokens_and_time() -> None:
    def of(**chosen: object) -> plan.Plan:
        return plan.solve(base(), ROWS, card(), "sft", {"tuning": "lora", "packing": False, **chosen})

    read_twice = of(num_train_epochs=2.0)
    given = of(max_steps=read_twice.steps, per_device_train_batch_size=1, gradient_accumulation_steps=32)
    batch = given.chosen.resolved.recipe.gradient_accumulation_steps
    assert given.tokens == pytest.approx(given.steps * batch * ROWS.mean)
    assert given.passes == pytest.approx(given.steps * batch / (0.95 * ROWS.rows))
    few, many = of(max_steps=10), of(max_steps=10_000)
    assert many.tokens == pytest.approx(1000 * few.tokens)
    assert many.pace.hours > 100 * few.pace.hours
    assert of(max_steps=10, num_train_epochs=9.0).tokens == few.tokens
    assert (
        derive.effective_batch(1000, 3.0, given=2500).why
        == "2\u00a0500 steps of 16 read 1\u00a0000 sequences about 40 times."
    )
    assert [derive.passes(times) for times in (0.067, 1, 1.5)] == [
        "not even once (about 6.7 %)",
        "about once",
        "about 1.5 times",
    ]


@pytest.mark.parametrize(("method", "predicted", "measured"), [("sft", 827, 1023), ("dpo", 948, 1207)])
def test_the_bound_of_a_processor_holds_what_long_runs_took(method: str, predicted: int, measured: int) -> None:
    """Measured with the bundled base on two cores, in MiB, at the end of some fifty steps."""
    short = Rows(1000, False, 25.0, 20, 40, 60, 90, False)
    found = plan.solve(base("bundled"), short, Card("", 8 * GIB, 16 * GIB), method, {}).chosen
    assert found.needed / found.memory.peak > measured / predicted
    assert plan.solve(base("bundled"), short, card(), method, {}).chosen.memory.margin < found.memory.margin
