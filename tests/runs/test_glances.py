"""All runs at a glance: only what has changed is told, and a growing journal is read on, not anew."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from workbench.core import best
from workbench.core.curves import Series
from workbench.core.events import AttemptEnded, AttemptStarted, Eval, Event, Phase, Step, encode
from workbench.runs import control, glances, journal, locks, store


def a_run(title: str, parent: str = "") -> store.Run:
    return store.create("version = 1\n", method="sft", tuning="lora", base="b", title=title, parent=parent)


def a_step(step: int, loss: float = 1.0) -> Step:
    return Step(step=step, steps=100, loss=loss, learning_rate=1e-4, grad_norm=1.0, tokens_per_second=10.0)


def test_a_look_tells_only_what_has_changed() -> None:
    one, two = a_run("one"), a_run("two", parent="x")
    watched = glances.Glances()
    order, changed = watched.look()
    assert order == (two.id, one.id)
    assert set(changed) == set(order)
    assert changed[two.id].parent == "x"
    assert watched.look() == (order, {})

    writer = journal.Writer(one.events_path)
    for event in (AttemptStarted(attempt=1, pid=1), a_step(1), Eval(step=1, loss=0.5), Phase(phase="training")):
        writer.write(event)
    _, changed = watched.look()
    assert set(changed) == {one.id}
    assert (changed[one.id].step, changed[one.id].loss, changed[one.id].eval_loss) == (1, 1.0, 0.5)
    assert changed[one.id].status == "lost"

    writer.write(a_step(2, 0.8))
    writer.write(AttemptEnded(attempt=1, outcome="failed", error="It failed."))
    writer.close()
    _, changed = watched.look()
    assert (changed[one.id].step, changed[one.id].eval_loss, changed[one.id].error) == (2, 0.5, "It failed.")

    control.discard(one)
    assert watched.look() == ((two.id,), {})


def test_a_lock_alone_changes_the_status() -> None:
    run = a_run("one")
    watched = glances.Glances()
    assert watched.look()[1][run.id].status == "lost"
    fd = locks.acquire(run.lock_path)
    assert fd is not None
    assert watched.look()[1][run.id].status == "queued"
    locks.release(fd)
    assert watched.look()[1][run.id].status == "lost"


def test_what_was_read_is_not_read_again() -> None:
    """Of a journal that grows, a look reads what was added: that the rest was spoilt meanwhile goes unnoticed."""
    run = a_run("long")
    run.events_path.write_bytes(encode(Eval(step=1, loss=0.5)) + b"".join(encode(a_step(n)) for n in range(1, 2001)))
    watched = glances.Glances()
    watched.look()
    size = run.events_path.stat().st_size
    with run.events_path.open("r+b") as file:
        file.write(b"x" * size)
        file.write(encode(a_step(2001)) + encode(a_step(2002))[:40])
    changed = watched.look()[1][run.id]
    assert (changed.step, changed.eval_loss) == (2001, 0.5)
    with run.events_path.open("ab") as file:
        file.write(encode(a_step(2002))[40:])
    changed = watched.look()[1][run.id]
    assert (changed.step, changed.eval_loss) == (2002, 0.5)


def test_a_replaced_journal_is_read_from_its_beginning() -> None:
    run = a_run("one")
    run.events_path.write_bytes(b"".join(encode(a_step(step)) for step in range(1, 50)))
    watched = glances.Glances(points=8)
    watched.look()
    other = run.path / "other"
    other.write_bytes(encode(a_step(3)))
    other.replace(run.events_path)
    changed = watched.look()[1][run.id]
    assert changed.step == 3
    assert changed.eval_loss is None


def test_a_sketch_takes_steps_evenly_from_a_journal_of_any_length(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"".join(encode(a_step(step, loss=1 / step)) for step in range(1, 5001)))
    found = glances.sketch(path, 32)
    assert 30 <= len(found) <= 32
    assert found[0] == (1, 1.0)
    assert found[-1][0] == 5000
    assert all(loss == 1 / step for step, loss in found)
    gaps = [later[0] - earlier[0] for earlier, later in pairwise(found)]
    assert max(gaps) < 3 * 5000 / 32
    assert glances.sketch(tmp_path / "none", 32) == ()


def test_a_list_shows_the_result_and_not_the_newest_look_once_there_is_one() -> None:
    run = a_run("one")
    writer = journal.Writer(run.events_path)
    told: tuple[Event, ...] = (
        AttemptStarted(attempt=1, pid=1),
        a_step(1),
        Eval(step=1, loss=1.96, metrics={"accuracy": 0.9}),
        a_step(2),
        Eval(step=2, loss=3.08, metrics={"accuracy": 0.4}),
    )
    for event in told:
        writer.write(event)
    kept = best.Result(1, 2, 2, best.Held(1, 1.96), best.Held(2, 3.08)).plain()
    run.report_path.write_text(
        json.dumps({"result": kept, "held_out_metrics": {"accuracy": {"before": 0.1, "after": 0.9}}})
    )
    watched = glances.Glances()
    seen = watched.look()[1][run.id]
    assert (seen.eval_loss, seen.accuracy) == (3.08, 0.4), "it may still go on"
    writer.write(AttemptEnded(attempt=1, outcome="done", step=2))
    writer.close()
    seen = watched.look()[1][run.id]
    assert (seen.eval_loss, seen.accuracy) == (1.96, 0.9)
    assert run.summary()["eval_loss"] == 1.96


def test_without_held_out_rows_the_figures_are_those_of_the_runs_page() -> None:
    """Smoothed as its charts are: the loss of one step says little, that of a policy nothing."""
    run = a_run("one")
    losses, rewards = [6.0, 5.0, 4.61], [0.0, 1.0, 0.5]
    series = {name: Series() for name in ("loss", "reward")}
    told: list[Event] = [AttemptStarted(attempt=1, pid=1)]
    for step, (loss, reward) in enumerate(zip(losses, rewards, strict=True), 1):
        series["loss"].append(step, loss)
        series["reward"].append(step, reward)
        told.append(replace(a_step(step, loss), metrics={"reward": reward}))
    run.events_path.write_bytes(b"".join(map(encode, told)))
    seen = glances.Glances().look()[1][run.id]
    assert (seen.train, seen.reward) == (series["loss"].smoothed, series["reward"].smoothed)
    assert seen.of_steps
    with run.events_path.open("ab") as file:
        file.write(encode(Eval(step=3, loss=None, metrics={"reward": 0.75})))
    seen = glances.Glances().look()[1][run.id]
    assert (seen.reward, seen.of_steps) == (0.75, False)
