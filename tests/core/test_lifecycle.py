"""The derivation of a status, row by row, and which actions fit which status."""

from __future__ import annotations

import pytest

from workbench.core import lifecycle
from workbench.core.events import AttemptEnded, AttemptStarted, Event, Phase, Step

STARTED = AttemptStarted(attempt=1, pid=7)
AGAIN = AttemptStarted(attempt=2, pid=8)
WAITING = Phase(phase="waiting")
TRAINING = Phase(phase="training")
STEP = Step(step=1, steps=2, loss=1.0, learning_rate=0.1, grad_norm=1.0, tokens_per_second=1.0)


def ended(outcome: str) -> AttemptEnded:
    return AttemptEnded(attempt=1, outcome=outcome)


ROWS: list[tuple[str, list[Event], bool, bool | None, str, int, str]] = [
    # what happens, journal, lock held, leader alive, request, leader's attempt → status
    ("made, never started", [], False, None, "", 0, "lost"),
    ("died before it could say anything", [], False, False, "", 1, "lost"),
    ("just launched, not named yet", [], True, None, "", 0, "queued"),
    ("named, journal still empty", [], True, True, "", 1, "queued"),
    ("started, no phase yet", [STARTED], True, True, "", 1, "queued"),
    ("waits for the GPU", [STARTED, WAITING], True, True, "", 1, "queued"),
    ("has the GPU", [STARTED, WAITING, TRAINING], True, True, "", 1, "running"),
    ("the journal's tail holds steps only", [STEP, STEP], True, True, "", 1, "running"),
    ("asked to pause", [STARTED, TRAINING, STEP], True, True, "pause", 1, "pausing"),
    ("asked to stop", [STARTED, TRAINING, STEP], True, True, "stop", 1, "stopping"),
    ("asked to pause in the queue", [STARTED, WAITING], True, True, "pause", 1, "pausing"),
    ("last word said, about to exit", [STARTED, ended("done")], True, True, "", 1, "done"),
    ("paused, about to exit", [STARTED, ended("paused")], True, True, "pause", 1, "paused"),
    ("gone, an orphan has the lock", [STARTED, TRAINING, STEP], True, False, "", 1, "stuck"),
    ("ended, an orphan has the lock", [STARTED, ended("done")], True, False, "", 1, "stuck"),
    ("stuck whatever was asked", [STARTED, TRAINING], True, False, "stop", 1, "stuck"),
    ("killed", [STARTED, TRAINING, STEP], False, False, "", 1, "lost"),
    ("killed while asked to pause", [STARTED, TRAINING, STEP], False, False, "pause", 1, "lost"),
    ("its number is alive again as another program", [STARTED], False, True, "", 1, "lost"),
    *(
        (f"ended as {outcome}", [STARTED, ended(outcome)], False, False, "", 1, outcome)
        for outcome in lifecycle.OUTCOMES
    ),
    ("resumed, not named yet", [STARTED, ended("paused")], True, None, "", 0, "queued"),
    ("resumed, named, not started yet", [STARTED, ended("paused")], True, True, "", 2, "queued"),
    ("resumed after a crash, not named yet", [STARTED, STEP], True, None, "", 0, "queued"),
    ("resumed and training", [STARTED, ended("paused"), AGAIN, WAITING, TRAINING], True, True, "", 2, "running"),
    ("resumed and killed", [STARTED, ended("paused"), AGAIN, TRAINING], False, False, "", 2, "lost"),
]


@pytest.mark.parametrize(("_what", "events", "held", "alive", "request_", "attempt", "expected"), ROWS)
def test_status(
    _what: str, events: list[Event], held: bool, alive: bool | None, request_: str, attempt: int, expected: str
) -> None:
    assert lifecycle.status(events, held, alive, request_, attempt) == expected


def test_every_status_is_derived_by_some_row() -> None:
    assert {row[-1] for row in ROWS} == set(lifecycle.STATUSES)


@pytest.mark.parametrize("action", lifecycle.ACTIONS)
def test_an_action_is_possible_in_its_statuses_and_refused_with_the_reason_in_the_others(action: str) -> None:
    assert lifecycle.ACTIONS[action] < set(lifecycle.STATUSES)
    for status in lifecycle.STATUSES:
        reason = lifecycle.why_not(action, status)
        if status in lifecycle.ACTIONS[action]:
            assert reason == ""
        else:
            assert status in reason
            assert all(other in reason for other in lifecycle.ACTIONS[action])


def test_no_run_is_a_dead_end() -> None:
    """From every status the person can do something about the run."""
    for status in lifecycle.STATUSES:
        assert any(status in statuses for statuses in lifecycle.ACTIONS.values()), status
