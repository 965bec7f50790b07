"""Long journals condensed by children, against the same journal read event by event."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from pathlib import Path

import pytest

from workbench.core.curves import Series
from workbench.core.errors import WorkbenchError
from workbench.core.events import (
    AttemptStarted,
    Checkpoint,
    Eval,
    Event,
    Notice,
    Phase,
    Sample,
    Step,
    encode,
)  # fmt: skip
from workbench.core.measures import LEVEL_STEPS, Levels
from workbench.runs import history, journal

STEPS = 6000


def a_run(steps: int = STEPS) -> list[Event]:
    """Return a run with a spike, lost losses, evaluations, samples and an attempt that goes on from a checkpoint."""
    draw = random.Random(5)
    found: list[Event] = [AttemptStarted(attempt=1, pid=1)]
    for step in range(1, steps + 1):
        if step == steps // 2:
            found += [Checkpoint(step=step - 100, path="c", bytes=1, seconds=0.1), AttemptStarted(attempt=2, pid=2)]
        number = step if step < steps // 2 else step - 100
        found.append(
            Step(step=number, steps=steps, loss=None if step == 100 else 1 + math.exp(-step / 500) + draw.random() / 9,
                 learning_rate=1e-4 * (1 - step / steps), grad_norm=99.0 if step == 4321 else draw.random(),
                 tokens_per_second=1000 + step % 7, seconds=float(step))
        )  # fmt: skip
        if step % 50 == 0:
            found += [Phase(phase="evaluating"), Eval(step=number, loss=1.0 + 1 / step, metrics={"general_loss": 2.0})]
            found.append(Sample(step=number, prompt="Hello", text=f"answer {step}"))
    return [replace(event, n=n) for n, event in enumerate([*found, Notice(level="info", code="end", text="…")], 1)]


def written(path: Path, found: list[Event]) -> Path:
    """Write events as a journal has them; as a block, since a writer syncs with each."""
    path.write_bytes(b"".join(encode(event) for event in found))
    return path


@pytest.mark.parametrize("parts", [1, 3])
def test_a_condensed_journal_has_the_curves_of_all_its_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: int
) -> None:
    found = a_run()
    path = written(tmp_path / "events.jsonl", found)
    if parts > 1:
        monkeypatch.setattr(history, "_PART_BYTES", path.stat().st_size // parts - 1)
        monkeypatch.setattr(history.os, "cpu_count", lambda: parts)
    whole = history.whole(path)
    assert whole.count == len(found)
    assert whole.place.offset == path.stat().st_size
    for name in history.CURVES:
        kept = Series()
        for event in found:
            if isinstance(event, Step):
                kept.append(event.step, getattr(event, name))
        curve = whole.curves[name]
        assert curve.smoothed == pytest.approx(kept.smoothed, rel=1e-5)
        columns, expected = curve.columns(0, STEPS, 100), kept.columns(0, STEPS, 100)
        near = 0.02 if parts == 1 else 0.2  # stretches of parts lie on other grids, so that edges of columns differ
        for one, other in zip(columns, expected, strict=True):
            assert (one is None) == (other is None)
            if one and other:
                assert one.value == pytest.approx(other.value, rel=near, abs=near)
        assert max(one.high for one in columns if one) == pytest.approx(max(one.high for one in expected if one))
        assert min(one.low for one in columns if one) == pytest.approx(min(one.low for one in expected if one))
    assert whole.curves["eval"].points == whole.curves["eval_general_loss"].points == STEPS // 50


def test_events_that_stay_are_the_oldest_and_the_newest_in_their_order(tmp_path: Path) -> None:
    found = a_run()
    kept = history.whole(written(tmp_path / "events.jsonl", found)).events
    order = [event.n for event in kept if not isinstance(event, Step)]
    assert order == sorted(order)
    for kind in (AttemptStarted, Checkpoint, Eval, Sample, Notice):
        assert [one for one in kept if isinstance(one, kind)] == [one for one in found if isinstance(one, kind)]
    steps = [one for one in kept if isinstance(one, Step)]
    assert steps[-history.RECENT_STEPS :] == [one for one in found if isinstance(one, Step)][-history.RECENT_STEPS :]
    assert len([one for one in kept if isinstance(one, Phase)]) == 1


def test_damaged_lines_cost_only_themselves(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    lines = [encode(event) for event in a_run(400)]
    lines[100:100] = [b"\x00\xff{\n", b"[1, 2]\n", b"null\n", b'{"kind": 7}\n', b'{"kind": "step", "step": "x"}\n']
    path.write_bytes(b"".join(lines) + b'{"v":1,"kind":"step","st')
    whole = history.whole(path)
    assert whole.curves["loss"].last == (300, pytest.approx(whole.curves["loss"].last[1]))  # type: ignore[index]
    assert whole.place.offset == sum(map(len, lines))
    reader = journal.Reader(path, whole.place)
    assert reader.read() == []
    with path.open("ab") as file:
        file.write(b'ep":401,"steps":401,"loss":1,"learning_rate":0,"grad_norm":1,"tokens_per_second":1}\n')
    assert [getattr(event, "step", 0) for event in reader.read()] == [401]
    assert not reader.was_replaced


def test_further_figures_of_steps_are_curves_too(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with path.open("wb") as file:
        for step in range(1, 1001):
            event = Step(step=step, steps=1000, loss=1, learning_rate=0, grad_norm=1, tokens_per_second=1)
            body = json.loads(encode(event))
            if step % 2:
                body["metrics"] = {"accuracy": step / 1000, "margin": "no number", "loss": 7.0}
            file.write(json.dumps(body).encode() + b"\n")
    curves = history.whole(path).curves
    assert list(curves["accuracy"]) == [(step, pytest.approx(step / 1000)) for step in range(1, 1001, 2)]
    assert "margin" not in curves
    assert [y for _, y in curves["loss"]] == [1.0] * 1000


def test_a_journal_that_is_not_there_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="cannot be read"):
        history.whole(tmp_path / "none.jsonl")


def test_levels_are_means_of_so_many_steps_however_they_come() -> None:
    import numpy as np

    draw = np.random.default_rng(1)
    losses, speeds = draw.random(1000), 1000 + draw.random(1000)
    at_once, singly = Levels(), Levels()
    at_once.add(range(1, 1001), list(losses), list(speeds))
    for step, (loss, speed) in enumerate(zip(losses, speeds, strict=True), 1):
        singly.add([step], [loss], [speed])
    assert json.dumps(at_once.state()) == json.dumps(singly.state())
    means = losses[: 1000 // LEVEL_STEPS * LEVEL_STEPS].reshape(-1, LEVEL_STEPS).mean(1)
    medians = np.sort(speeds[: 1000 // LEVEL_STEPS * LEVEL_STEPS].reshape(-1, LEVEL_STEPS), 1)[:, LEVEL_STEPS // 2]
    assert at_once.first == pytest.approx(means[0])
    assert at_once.last == pytest.approx(means[-1])
    assert at_once.lowest == ((means.argmin() + 1) * LEVEL_STEPS, pytest.approx(means.min()))
    assert at_once.best_speed == pytest.approx(medians[1:].max())
