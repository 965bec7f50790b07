"""What a run has taken: every attempt counts, however it ended, and the wait for the card does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from workbench.core.events import AttemptEnded, AttemptStarted, Event, Phase, Step, encode
from workbench.guide import sides
from workbench.runs import glances, spent, store


def a_step(step: int, t: float) -> Step:
    return Step(step=step, steps=9, loss=1.0, learning_rate=1e-4, grad_norm=1.0, tokens_per_second=10.0, t=t)


KILLED: list[Event] = [
    AttemptStarted(attempt=1, pid=1, t=100.0),
    Phase(phase="waiting", detail="1 run ahead", t=101.0),
    Phase(phase="waiting", t=150.0),
    Phase(phase="loading", t=200.0),
    a_step(1, 230.0),
]
PAUSED: list[Event] = [
    AttemptStarted(attempt=2, pid=1, t=1000.0),
    Phase(phase="loading", t=1005.0),
    a_step(2, 1030.0),
    AttemptEnded(attempt=2, outcome="paused", t=1055.0),
]
LAST: list[Event] = [
    AttemptStarted(attempt=3, pid=1, t=5000.0),
    Phase(phase="loading", t=5004.0),
    AttemptEnded(attempt=3, outcome="done", t=5044.0),
]


def a_run(*told: Event, torn: bytes = b"") -> store.Run:
    run = store.create("version = 1\n", method="sft", tuning="lora", base="b", title="one")
    run.events_path.write_bytes(b"".join(map(encode, told[:5])) + torn + b"".join(map(encode, told[5:])))
    return run


def memory(peak: int, what: str = "resident memory") -> dict[str, Any]:
    return {"measured": {"what": what, "peak": peak}, "predicted": {"peak": peak - 1}}


@pytest.mark.parametrize("torn", [b"", b'{"v":1,"kind":"st\n'])
def test_every_attempt_counts_and_the_wait_does_not(torn: bytes) -> None:
    run = a_run(*KILLED, *PAUSED, *LAST, torn=torn)
    assert spent.attempts(run.events_path) == [30.0, 50.0, 40.0]
    assert spent.attempts(run.path / "nothing") == []


def test_a_report_has_the_time_of_all_attempts_and_the_highest_peak() -> None:
    run = a_run(*KILLED, *PAUSED, *LAST[:2])
    report = {"peak_memory": {"host_bytes": 1023, "gpu_bytes": 5}, "memory": memory(1023)}
    now = {"seconds": 42.04, "peak_memory": {"host_bytes": 822}, "memory": memory(822), "steps": 9}
    told = spent.together(run, report, now)
    assert (told["seconds"], told["attempts"], told["steps"]) == (122.0, 3, 9)
    assert told["peak_memory"] == {"host_bytes": 1023, "gpu_bytes": 5}
    assert told["memory"] == memory(1023)
    assert spent.together(run, {"memory": memory(1)}, now)["memory"] == memory(822)
    other = spent.together(run, {"memory": memory(1023, "memory on the card")}, now)
    assert other["memory"] == memory(822), "of another device"
    assert spent.together(run, report, {**now, "memory": {}})["memory"] == memory(1023), "no batch was trained"


def test_every_page_tells_the_same_time_whatever_the_report_counted() -> None:
    """A report of old has the last attempt alone; that of a pause does not know what followed it."""
    run = a_run(*KILLED, *PAUSED, *LAST)
    for report, told in (
        ({"seconds": 42.0}, 120.0),
        ({"seconds": 80.0, "attempts": 2}, 120.0),
        ({"seconds": 121.5, "attempts": 3}, 121.5),
        ({}, 120.0),
    ):
        run.report_path.write_text(json.dumps(report))
        assert spent.seconds(run, run.report()) == told
        assert sides.look(run).seconds == told
        assert glances.Glances().look()[1][run.id].seconds == told


def test_one_attempt_is_timed_by_its_own_clock() -> None:
    run = a_run(*KILLED)
    assert spent.seconds(run, {"seconds": 29.5}) == 29.5
    assert spent.seconds(run, {}) == 30.0
    assert spent.seconds(a_run(AttemptStarted(attempt=1, pid=1, t=1.0)), {}) is None
