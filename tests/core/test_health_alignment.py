"""Alarms of a run that compares answers: one that is destroyed is told at once, and no other is taken for it."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

import pytest

from workbench.core import health, health_alignment
from workbench.core.events import AttemptEnded, Eval, Event, Step
from workbench.core.findings import Finding
from workbench.core.recipe import Recipe
from workbench.tui.view import About, RunView

HOT = Recipe(
    method="dpo", packing=False, learning_rate=0.5, per_device_train_batch_size=4, gradient_accumulation_steps=4
)
LOSSES = (0.69, 0.69, 43.3, 20.7, 46.0, 55.5, 45.6, 45.9, 43.3, 34.4, 15.6, 23.7)
RIGHT = (0.5, 0.44, 0.06, 0.19, 0.19, 0.0, 0.19, 0.06, 0.19, 0.12, 0.12, 0.12)
"""Of a real DPO of the bundled base with a learning rate of 0.5: its loss and the share of right pairs of each step."""


def base(loss: float = 0.6931, right: float = 0.5, rows: int = 40) -> Event:
    return Eval(step=0, loss=loss, metrics={"accuracy": right}, rows=rows)


def look(step: int, loss: float, right: float, rows: int = 40) -> Event:
    return Eval(step=step, loss=loss, metrics={"accuracy": right}, rows=rows)


def steps(losses: Sequence[float], right: Sequence[float]) -> list[Event]:
    return [
        Step(step=number, steps=12, loss=loss, learning_rate=0.5, grad_norm=1.0, tokens_per_second=100.0,
             metrics={"accuracy": share})
        for number, (loss, share) in enumerate(zip(losses, right, strict=True), 1)
    ]  # fmt: skip


def found(events: Sequence[Event], recipe: Recipe = HOT) -> list[Finding]:
    view = RunView("run")
    view.learn(about=About(recipe=recipe))
    view.see(events)
    return view.findings()


def test_a_destroyed_run_is_in_trouble_while_it_goes_on() -> None:
    """At its fourth step, when the pairs of four steps are too many to be guessed wrong."""
    whole = [base(), *steps(LOSSES, RIGHT)]
    assert found(whole[:4]) == []
    first = found(whole[:5])[0]
    assert (first.code, first.level) == ("pairs_lost", "bad")
    assert "the loss went from 0.69 to 16.3" in first.text
    assert first.fix is not None
    assert first.fix.action == "stop"
    assert first.fix.fields == {"learning_rate": health_alignment.USUAL_RATE}
    assert all("pairs_lost" in {one.code for one in found(whole[:seen])} for seen in range(5, len(whole) + 1))


def test_a_destroyed_run_is_in_trouble_at_its_end() -> None:
    ended = found([base(), *steps(LOSSES, RIGHT), look(12, 22.15, 0.05), AttemptEnded(attempt=1, outcome="done")])
    said = health.verdict(ended, ended=True)
    assert (said.level, said.word) == ("bad", "in trouble")
    assert "5\u00a0% of held-out pairs are told apart, worse than guessing" in said.text
    assert "0.69 to 22.15" in said.text


def test_nothing_else_advises_a_higher_rate_beside_it() -> None:
    """Pairs that stay wrong, with a loss that stays high, are not mended by three times the learning rate."""
    many = 128
    told = found([base(), *steps([20.0] * many, [0.1] * many)])
    assert {"accuracy_still", "no_progress"}.isdisjoint(one.code for one in told)
    for one in told:
        assert one.fix is None or one.fix.fields.get("learning_rate", 0) < HOT.learning_rate


@pytest.mark.parametrize(
    "events",
    [
        [base(), *steps([0.69] * 12, [0.5] * 12), look(12, 0.69, 0.5)],
        [base(), *steps([0.6] * 12, [0.8] * 12), look(12, 1.5, 0.8)],
        [base(), look(12, 0.7, 0.2, rows=5)],
        [base(0.38, 0.1), *steps([0.38] * 12, [0.1] * 12), look(12, 0.36, 0.15)],
    ],
    ids=["not learnt", "learnt by heart", "one of five", "the base itself likes the worse"],
)
def test_what_is_only_weak_is_not_called_destroyed(events: list[Event]) -> None:
    assert "pairs_lost" not in {one.code for one in found(events)}


def test_single_pairs_are_taken_together_before_their_accuracy_counts() -> None:
    single = Recipe(method="dpo", packing=False, per_device_train_batch_size=1, gradient_accumulation_steps=1)
    assert "pairs_lost" not in {one.code for one in found(steps([0.69] * 12, [0.0] * 12), single)}


def test_the_bound_is_what_guessing_does_not_reach() -> None:
    pairs = health_alignment.SURE_PAIRS
    least = int(pairs * health_alignment.WORSE)
    assert sum(comb(pairs, right) for right in range(least + 1)) / 2**pairs < 1 / 25_000
    assert 1 / 49 < sum(comb(20, right) for right in range(6)) / 2**20 < 1 / 48
