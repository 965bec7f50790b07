"""The best state of a run: it is kept, it becomes the result where the last one is worse, and no kill loses it."""

from __future__ import annotations

import os
import random
import shutil
import signal
from pathlib import Path

import pytest

from tests.engine.bench import Bench, of_kind, report, result, same, write_rows
from tests.support import wait_until
from workbench.core import best
from workbench.core.events import AttemptEnded, Checkpoint, Eval, Notice, Step
from workbench.core.recipe import FIELDS
from workbench.engine import checkpoint
from workbench.runs import atomic, bases, control, process
from workbench.runs.store import Run

END = 14
OVERFITTING = {
    "method": "sft", "tuning": "lora", "eval_split": 0.5, "learning_rate": 5e-3, "lr_scheduler_type": "constant",
    "max_steps": END, "eval_steps": 2, "save_steps": END, "save_total_limit": 1, "packing": False,
    "sample_max_new_tokens": 0, "per_device_train_batch_size": 8,
}  # fmt: skip


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def chance(bench: Bench) -> str:
    """Rows that have nothing in common but their form: once that is learnt, there is only chance to learn."""
    draw = random.Random(3)
    rows = [
        {"messages": [{"role": "user", "content": f"Code {number}?"},
                      {"role": "assistant", "content": f"{draw.choice(('red', 'blue'))}."}]}
        for number in range(16)
    ]  # fmt: skip
    return str(write_rows(bench.path / "chance.jsonl", rows))


@pytest.fixture(scope="module")
def whole(bench: Bench, chance: str) -> Run:
    return bench.trained(**OVERFITTING, data=[chance])


def copy_of(run: Run, name: str) -> Run:
    """Return the run as a kill before its result would have left it, under another name."""
    copy = Run(Path(shutil.copytree(run.path, run.path.with_name(name))))
    shutil.rmtree(copy.artifacts_dir)
    return copy


def looks(run: Run) -> dict[int, float]:
    """Return step → held-out loss; of a look taken twice the last."""
    return {event.step: event.loss for event in of_kind(run, Eval)}


def weights_of(folder: Path) -> bytes:
    return (folder / "adapter_model.safetensors").read_bytes()


def test_the_best_state_is_kept_and_becomes_the_result(whole: Run) -> None:
    found = looks(whole)
    best_step = min((step for step in found if step), key=found.__getitem__)
    assert found[END] > found[best_step] * 1.5, "the rows lead to overfitting"
    folders = [folder.name for folder in bases.checkpoints(whole)]
    assert folders == [checkpoint.folder_name(END), checkpoint.folder_name(best_step)]
    kept = whole.checkpoints_dir / checkpoint.folder_name(best_step)
    assert weights_of(whole.artifacts_dir / "adapter") == weights_of(kept)
    assert weights_of(kept) != weights_of(whole.checkpoints_dir / checkpoint.folder_name(END))
    saved: list[Checkpoint] = of_kind(whole, Checkpoint)
    assert all(event.held_out_loss == found[event.step] for event in saved)
    lows = [step for step in found if step and found[step] == min(found[s] for s in found if 0 < s <= step)]
    assert [event.step for event in saved] == sorted({*lows, END}), "every look that was the best so far"


def test_report_and_journal_say_which_state_it_is(whole: Run) -> None:
    found, told = looks(whole), best.of_report(report(whole))
    assert told is not None
    assert (told.step, told.trained, told.steps) == (min(found, key=found.__getitem__), END, END)
    words = f"step {told.step} of {END}, held-out loss {found[told.step]:.2f} on 8 rows; the last was {found[END]:.2f}"
    assert told.words() == words
    assert f"The result is {words}." in [event.text for event in of_kind(whole, Notice) if event.code == "published"]
    assert report(whole)["held_out_loss"] == {"before": found[0], "after": found[told.step]}


def test_a_person_may_choose_the_last_state(bench: Bench, whole: Run) -> None:
    run = copy_of(whole, "last")
    text = run.recipe_path.read_text()
    assert "load_best_model_at_end = true" in text, FIELDS["load_best_model_at_end"]
    run.recipe_path.write_text(text.replace("load_best_model_at_end = true", "load_best_model_at_end = false"))
    assert bench.attempt(run) == 0
    assert weights_of(run.artifacts_dir / "adapter") == weights_of(run.checkpoints_dir / checkpoint.folder_name(END))
    told = best.of_report(report(run))
    assert told is not None
    assert told.words().startswith("the last state, of step 14")
    assert "; the lowest was" in told.words()


def test_a_damaged_best_state_leaves_the_last_one(bench: Bench, whole: Run) -> None:
    run = copy_of(whole, "damaged")
    kept = bases.checkpoints(run)[1]
    (kept / "adapter_model.safetensors").write_bytes(weights_of(kept)[:-8])
    assert bench.attempt(run) == 0
    assert weights_of(run.artifacts_dir / "adapter") == weights_of(run.checkpoints_dir / checkpoint.folder_name(END))
    (text,) = [event.text for event in of_kind(run, Notice) if event.code == "best_damaged"]
    assert kept.name in text


def test_a_run_that_was_killed_comes_to_the_same_best_state(bench: Bench, chance: str, whole: Run) -> None:
    """A real engine is killed after its best look, with a newer checkpoint beside that."""
    run = bench.create(**{**OVERFITTING, "save_steps": 1}, data=[chance])
    told = best.of_report(report(whole))
    assert told is not None
    with bench.home():
        control.start(run)
        wait_until(lambda: any(event.step > told.step for event in of_kind(run, Checkpoint)), 90, "a newer checkpoint")
        leader = process.read_identity(run.path)
        assert leader is not None
        os.kill(leader.pid, signal.SIGKILL)
        wait_until(lambda: run.status() == "lost", 30, "the engine is gone")
    assert (run.checkpoints_dir / checkpoint.folder_name(told.step)).is_dir()
    before = len(of_kind(run, Step))
    assert bench.attempt(run) == 0
    assert len(of_kind(run, Step)) - before < END, "it went on, and did not begin anew"
    assert best.of_report(report(run)) == told
    assert same(result(run), result(whole))
    assert [folder.name for folder in bases.checkpoints(run)] == [folder.name for folder in bases.checkpoints(whole)]


def test_a_look_that_a_pause_left_out_is_made_up_for(bench: Bench, chance: str) -> None:
    """With a look after every step a pause falls on one, wherever it comes."""
    fields = {**OVERFITTING, "max_steps": 6, "eval_steps": 1, "data": [chance]}
    run = bench.create(**fields)

    def ask() -> None:
        wait_until(lambda: bool(of_kind(run, Step)), 60, "the first step")
        control.request(run.path, "pause")

    assert bench.attempt(run, ask) == 0
    (ended,) = of_kind(run, AttemptEnded)
    assert ended.outcome == "paused"
    assert ended.step not in looks(run)
    control.clear(run.path)
    assert bench.attempt(run) == 0
    assert sorted(looks(run)) == list(range(7))
    assert atomic.verify(run.checkpoints_dir / checkpoint.folder_name(6)) == ""
