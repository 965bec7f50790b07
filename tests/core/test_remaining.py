"""The time that is left, against the time that a made-up run then takes."""

from __future__ import annotations

import pytest

from workbench.core.events import AttemptStarted, Checkpoint, Eval, Event, Step
from workbench.core.remaining import Remaining


def story(steps: int, step: float, look: float, save: float, looks: int, saves: int, every: int = 1) -> list[Event]:
    """Return the events of a run that looks and saves so often, with the seconds each of them takes."""
    told: list[Event] = [AttemptStarted(attempt=1, pid=1), Eval(step=0, loss=1.0)]
    now = look
    for number in range(1, steps + 1):
        now += step
        if number % every == 0 or number == steps:
            told.append(
                Step(step=number, steps=steps, loss=1.0, learning_rate=0.1, grad_norm=1.0, tokens_per_second=1.0,
                     seconds=now)
            )  # fmt: skip
        if number % looks == 0:
            now += look
            told.append(Eval(step=number, loss=1.0))
        if number % saves == 0:
            now += save
            told.append(Checkpoint(step=number, path="", bytes=1, seconds=save))
    return told


@pytest.mark.parametrize("every", [1, 5])
def test_looks_and_checkpoints_still_to_come_are_counted_in(every: int) -> None:
    steps, step, look, save = 100, 2.0, 30.0, 7.0
    remaining = Remaining()
    for event in story(steps, step, look, save, 10, 20, every):
        remaining.see(event)
        if isinstance(event, Step) and event.step == 50:
            # The look at step 50 is still to come, and so are five more; checkpoints at 60, 80 and 100.
            assert remaining.seconds() == pytest.approx(50 * step + 6 * look + 3 * save)
    assert remaining.seconds() == pytest.approx(0.0)


def test_a_single_slow_step_changes_nothing_and_a_card_that_slows_down_does() -> None:
    remaining = Remaining()
    now = 0.0
    for number in range(1, 81):
        now += 100.0 if number == 20 else 1.0 if number <= 40 else 3.0
        remaining.see(
            Step(step=number, steps=100, loss=1.0, learning_rate=0.1, grad_norm=1.0, tokens_per_second=1.0, seconds=now)
        )
        if number == 30:
            assert remaining.seconds() == pytest.approx(70.0)
    assert remaining.seconds() == pytest.approx(60.0)


def test_nothing_is_said_before_two_steps_and_a_new_attempt_begins_anew() -> None:
    remaining = Remaining()
    assert remaining.seconds() is None
    told = story(10, 1.0, 1.0, 1.0, 100, 100)
    for event in told[:3]:
        remaining.see(event)
    assert remaining.seconds() is None
    remaining.see(told[3])
    assert remaining.seconds() == pytest.approx(8.0)
    remaining.see(AttemptStarted(attempt=2, pid=1))
    assert remaining.seconds() is None
