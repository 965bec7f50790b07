"""Endings: what becomes of a run that is paused, stopped, damaged or broken, and that going on loses nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from tests.engine.bench import Bench, curve, of_kind, report, result, rows, same, write_rows
from tests.support import wait_until
from workbench.core.events import AttemptEnded, Checkpoint, Notice, Step
from workbench.core.paths import assets_dir
from workbench.engine import checkpoint
from workbench.runs import atomic, bases, control
from workbench.runs.store import Run


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def questions(bench: Bench) -> str:
    return str(write_rows(bench.path / "questions.jsonl", rows("questions", 40)))


def when(condition: Callable[[], bool], act: Callable[[], None]) -> Callable[[], None]:
    """Return a function that waits for a condition and then acts; it fails after a minute."""

    def watch() -> None:
        wait_until(condition, 60, "the moment to act")
        act()

    return watch


def when_at_step(run: Run, number: int, act: Callable[[], None]) -> Callable[[], None]:
    """Return a function that waits until the journal has that step and then acts."""
    return when(lambda: any(event.step >= number for event in of_kind(run, Step)), act)


LONG = {
    "method": "sft",
    "tuning": "lora",
    "max_steps": 24,
    "eval_steps": 12,
    "save_steps": 4,
    "sample_max_new_tokens": 0,
    "lora_dropout": 0.1,
    "packing": False,
}


@pytest.fixture(scope="module")
def whole(bench: Bench, questions: str) -> Run:
    """Return the uninterrupted run that interrupted ones are compared with."""
    return bench.trained(**LONG, data=[questions])


@pytest.fixture(scope="module")
def paused_once(bench: Bench, questions: str) -> Run:
    """Return a run that was paused at some step after the ninth, with two checkpoints."""
    run = bench.create(**LONG, data=[questions])
    assert bench.attempt(run, when_at_step(run, 9, lambda: control.request(run.path, "pause"))) == 0
    (ended,) = of_kind(run, AttemptEnded)
    assert ended.outcome == "paused"
    assert 9 <= ended.step < 24
    assert len(bases.checkpoints(run)) == 2
    return run


@pytest.fixture
def paused(paused_once: Run, request: pytest.FixtureRequest) -> Run:
    """Return a copy of the paused run, for this test alone."""
    copy = paused_once.path.with_name(f"copy-{abs(hash(request.node.name)):x}")
    return Run(Path(shutil.copytree(paused_once.path, copy)))


def go_on(bench: Bench, run: Run) -> None:
    """Make another attempt without the old request."""
    control.clear(run.path)
    assert bench.attempt(run) == 0


def test_a_pause_leaves_a_checkpoint_and_no_result(paused: Run) -> None:
    newest, (ended,) = bases.checkpoints(paused)[0], of_kind(paused, AttemptEnded)
    assert newest.name == checkpoint.folder_name(ended.step)
    assert not list(paused.artifacts_dir.iterdir())
    last = of_kind(paused, Checkpoint)[-1]
    assert paused.path / last.path == newest
    assert last.bytes == sum(path.stat().st_size for path in newest.rglob("*") if path.is_file())


def test_a_resumed_run_is_the_uninterrupted_one_to_the_last_bit(bench: Bench, whole: Run, paused: Run) -> None:
    go_on(bench, paused)
    assert of_kind(paused, AttemptEnded)[-1].outcome == "done"
    assert "resumed" in [event.code for event in of_kind(paused, Notice)]
    assert curve(paused) == curve(whole)
    assert same(result(paused), result(whole))
    assert report(paused)["held_out_loss"] == report(whole)["held_out_loss"]


def test_a_checkpoint_without_its_optimizer_shows_as_different(bench: Bench, whole: Run, paused: Run) -> None:
    """The comparison above can fail."""
    newest = bases.checkpoints(paused)[0]
    tensors = load_file(newest / checkpoint.OPTIMIZER_FILE)
    forgotten = {name: tensor if name.endswith("step") else tensor * 0 for name, tensor in tensors.items()}
    rewritten(newest, lambda folder: save_file(forgotten, folder / checkpoint.OPTIMIZER_FILE))
    go_on(bench, paused)
    assert of_kind(paused, AttemptEnded)[-1].outcome == "done"
    assert curve(paused) != curve(whole)
    assert not same(result(paused), result(whole))


def rewritten(folder: Path, change: Callable[[Path], Any]) -> None:
    """Change a sealed folder and seal it anew, so that only its meaning is wrong."""
    copy = Path(shutil.copytree(folder, folder.with_name("copy"), ignore=shutil.ignore_patterns(atomic.MANIFEST)))
    change(copy)
    with atomic.staging(folder) as staged:
        shutil.copytree(copy, staged, dirs_exist_ok=True)
    shutil.rmtree(copy)
    assert atomic.verify(folder) == ""


def killed_after(run: Run, step: int) -> Path:
    """Leave of a finished run what a kill just after the checkpoint of `step` would have left; return that."""
    shutil.rmtree(run.artifacts_dir)
    for folder in bases.checkpoints(run):
        if folder.name > checkpoint.folder_name(step):
            shutil.rmtree(folder)
    (newest,) = bases.checkpoints(run)
    assert newest.name == checkpoint.folder_name(step)
    return newest


def damage(folder: Path) -> None:
    """Flip one bit in the middle of a checkpoint's optimizer state."""
    path = folder / checkpoint.OPTIMIZER_FILE
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damaged", [1, 2])
def test_a_damaged_checkpoint_is_passed_over(bench: Bench, whole: Run, paused: Run, damaged: int) -> None:
    """With one the run goes on from the one before, with both from the beginning; both times to the same result."""
    folders = bases.checkpoints(paused)
    for folder in folders[:damaged]:
        damage(folder)
    go_on(bench, paused)
    notices: list[Notice] = of_kind(paused, Notice)
    told = [event.text for event in notices if event.code == "checkpoint_damaged"]
    assert len(told) == damaged
    assert all(folder.name in text for folder, text in zip(folders, told, strict=False))
    if damaged == 1:
        assert any(event.code == "resumed" and folders[1].name in event.text for event in notices)
    else:
        assert not any(event.code == "resumed" for event in notices)
        assert "beginning" in told[-1]
    assert curve(paused) == curve(whole)
    assert same(result(paused), result(whole))
    assert [folder.name for folder in bases.checkpoints(paused)] == [
        "step-00000024", "step-00000020", "step-00000012",
    ], "the newest two, and the best"  # fmt: skip


def test_after_all_checkpoints_were_damaged_new_ones_are_kept(bench: Bench, paused: Run) -> None:
    """A new checkpoint has a lower number than the damaged ones, and must not be taken for the oldest."""
    for folder in bases.checkpoints(paused):
        damage(folder)
    control.clear(paused.path)
    before = len(of_kind(paused, Checkpoint))
    taken = when(lambda: len(of_kind(paused, Checkpoint)) > before, lambda: control.request(paused.path, "pause"))
    assert bench.attempt(paused, taken) == 0
    (newest, *_) = bases.checkpoints(paused)
    assert newest.name == checkpoint.folder_name(of_kind(paused, AttemptEnded)[-1].step)


def test_a_stop_publishes_what_there_is_and_can_be_resumed(bench: Bench, whole: Run, questions: str) -> None:
    run = bench.create(**LONG, data=[questions])
    assert bench.attempt(run, when_at_step(run, 3, lambda: control.request(run.path, "stop"))) == 0
    (ended,) = of_kind(run, AttemptEnded)
    assert ended.outcome == "stopped"
    assert ended.step < 24
    stopped = result(run)
    assert report(run)["outcome"] == "stopped"
    go_on(bench, run)
    assert of_kind(run, AttemptEnded)[-1].outcome == "done"
    assert same(result(run), result(whole))
    assert not same(result(run), stopped)


@pytest.mark.parametrize(("request_", "outcome"), [("pause", "paused"), ("stop", "stopped")])
def test_a_request_before_the_first_step_ends_the_attempt_at_once(
    bench: Bench, questions: str, request_: str, outcome: str
) -> None:
    run = bench.create(**LONG, data=[questions])
    control.request(run.path, request_)
    assert bench.attempt(run) == 0
    (ended,) = of_kind(run, AttemptEnded)
    assert (ended.outcome, ended.step) == (outcome, 0)
    assert not of_kind(run, Step)


def test_a_checkpoint_of_the_last_step_only_waits_to_be_published(
    bench: Bench, whole: Run, questions: str, tmp_path: Path
) -> None:
    run = bench.create(**LONG, data=[questions])
    assert bench.attempt(run) == 0
    shutil.rmtree(run.artifacts_dir)
    steps = len(of_kind(run, Step))
    assert bench.attempt(run) == 0
    assert len(of_kind(run, Step)) == steps
    assert of_kind(run, AttemptEnded)[-1].outcome == "done"
    assert of_kind(run, AttemptEnded)[-1].step == 24
    assert same(result(run), result(whole))
    assert report(run)["tokens"] == report(whole)["tokens"]


@pytest.mark.parametrize(
    ("tuning", "optim"), [("full", "adamw"), ("full", "muon"), ("full", "adamw_8bit"), ("qlora", "adamw")]
)
def test_every_tuning_and_optimiser_resumes_to_the_last_bit(
    bench: Bench, questions: str, tuning: str, optim: str
) -> None:
    fields = {"method": "sft", "tuning": tuning, "optim": optim, "data": [questions], "max_steps": 4, "save_steps": 2,
              "eval_steps": 4, "sample_max_new_tokens": 0, "max_length": 64}  # fmt: skip
    run = bench.create(**fields)
    assert bench.attempt(run) == 0
    expected, weights = curve(run), result(run)
    killed_after(run, 2)
    assert bench.attempt(run) == 0
    assert "resumed" in [event.code for event in of_kind(run, Notice)]
    assert [event.step for event in of_kind(run, Step)] == [1, 2, 3, 4, 3, 4]
    assert curve(run) == expected
    assert same(result(run), weights)


# Figures that are no numbers


def test_a_loss_that_is_no_number_fails_the_run_and_keeps_the_last_good_checkpoint(
    bench: Bench, questions: str
) -> None:
    """A weight that overflows is put into a checkpoint, as a bad step would leave it."""
    run = bench.create(method="sft", tuning="full", data=[questions], max_steps=4, save_steps=2, eval_steps=4)
    assert bench.attempt(run) == 0
    newest = killed_after(run, 2)
    weights = load_file(newest / "model.safetensors")
    weights["model.norm.weight"][0] = float("inf")
    rewritten(newest, lambda folder: save_file(weights, folder / "model.safetensors", metadata={"format": "pt"}))
    assert bench.attempt(run) == 1
    ended = of_kind(run, AttemptEnded)[-1]
    assert ended.outcome == "failed"
    assert "NaN or infinite at step 3" in ended.error
    assert newest.name in ended.error
    assert "learning_rate below" in ended.error
    assert not (run.artifacts_dir / "model").exists()
    assert atomic.verify(newest) == ""


def test_a_base_of_broken_weights_fails_and_is_never_done(bench: Bench, questions: str, tmp_path: Path) -> None:
    broken = Path(shutil.copytree(assets_dir() / "base", tmp_path / "broken"))
    weights = load_file(broken / "model.safetensors")
    weights["model.norm.weight"][:] = float("nan")
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    run = bench.create(method="sft", tuning="lora", data=[questions], base=str(broken), max_steps=1)
    assert bench.attempt(run) == 1
    ended = of_kind(run, AttemptEnded)[-1]
    assert ended.outcome == "failed"
    assert "no checkpoint was written yet" in ended.error
    assert not (run.artifacts_dir / "adapter").exists()


@pytest.mark.parametrize("eval_split", [0.0, 0.1])
def test_a_last_step_that_breaks_the_weights_is_not_done(bench: Bench, questions: str, eval_split: float) -> None:
    """Its own loss and gradient are still finite: only the weights show what it did, held-out rows or not."""
    run = bench.create(
        method="sft",
        tuning="full",
        data=[questions],
        max_steps=2,
        eval_split=eval_split,
        sample_max_new_tokens=0,
        lr_scheduler_type="constant",
        learning_rate=1e-3,
    )
    assert bench.attempt(run) == 0
    newest = killed_after(run, 1)
    tensors = load_file(newest / checkpoint.OPTIMIZER_FILE)
    huge = {key: tensor * 0 + 1e38 if key.endswith("exp_avg") else tensor for key, tensor in tensors.items()}
    rewritten(newest, lambda folder: save_file(huge, folder / checkpoint.OPTIMIZER_FILE))
    assert bench.attempt(run) == 1
    steps, ended = of_kind(run, Step), of_kind(run, AttemptEnded)[-1]
    assert [event.step for event in steps] == [1, 2, 2]
    assert all(event.loss is not None and event.grad_norm is not None for event in steps)
    assert ended.outcome == "failed"
    assert "weights became NaN or infinite at step 2" in ended.error
    assert newest.name in ended.error
    assert not (run.artifacts_dir / "model").exists()
    assert [folder.name for folder in bases.checkpoints(run)] == [newest.name]


def test_every_attempt_reads_the_tokens_of_the_first(bench: Bench, tmp_path: Path) -> None:
    """The data may change between two attempts; the run does not."""
    data = write_rows(tmp_path / "rows.jsonl", rows("questions", 20))
    fields = {**LONG, "max_steps": 4, "save_steps": 2, "eval_steps": 4}
    run, other = bench.create(**fields, data=[str(data)]), bench.create(**fields, data=[str(data)])
    assert bench.attempt(other) == 0
    assert bench.attempt(run, when_at_step(run, 1, lambda: control.request(run.path, "pause"))) == 0
    write_rows(data, rows("questions", 40)[20:])
    go_on(bench, run)
    assert curve(run) == curve(other)
