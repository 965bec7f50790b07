"""Two processes under accelerate: what they train against one process, and what becomes of them when something dies."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.engine.bench import Bench, curve, of_kind, own_signals, report, result, rows, same, write_rows
from tests.support import wait_until
from workbench.core.errors import NoSpaceError, WorkbenchError
from workbench.core.events import AttemptEnded, AttemptStarted, Checkpoint, Eval, Layout, Request, Step
from workbench.engine import rank, ranks
from workbench.engine.layout import RanOut
from workbench.runs import control, locks, process
from workbench.runs.store import Run

SECONDS = 120
STEPS = 8
LIVING = ("queued", "running", "pausing", "stopping")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def questions(bench: Bench) -> str:
    return str(write_rows(bench.path / "questions.jsonl", rows("questions", 80)))


@contextmanager
def settings_of_other_trainings(folder: Path) -> Iterator[None]:
    """Give the person settings that would break or misdirect a training that followed them."""
    with pytest.MonkeyPatch.context() as patch:
        config = folder / "cache" / "huggingface" / "accelerate" / "default_config.yaml"
        config.parent.mkdir(parents=True)
        config.write_text("distributed_type: FSDP\nnum_machines: 3\nnum_processes: 24\n")
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.setenv("PET_NNODES", "3")
        patch.setenv("ACCELERATE_USE_FSDP", "true")
        patch.setenv("GLOO_SOCKET_IFNAME", "eth-of-the-cluster")
        yield


def create(bench: Bench, data: str, processes: int, **fields: Any) -> Run:
    """Make a run of equal batches for any number of processes."""
    return bench.create(
        method="sft",
        tuning="lora",
        data=[data],
        num_processes=processes,
        per_device_train_batch_size=4 // processes,
        max_steps=STEPS,
        save_steps=2,
        eval_steps=STEPS,
        packing=False,
        lora_r=4,
        **fields,
    )


def ended(run: Run) -> str:
    """Wait for the end of the attempt and return the run's status."""
    wait_until(lambda: run.status() not in LIVING, SECONDS, "the attempt ends")
    return run.status()


@pytest.fixture(scope="module")
def pair(bench: Bench, questions: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of two processes that nothing disturbed."""
    run = create(bench, questions, 2)
    with bench.home(), settings_of_other_trainings(tmp_path_factory.mktemp("settings")):
        control.start(run)
        assert ended(run) == "done"
    return run


@pytest.fixture
def disturbed(bench: Bench, questions: str) -> Iterator[Run]:
    """A run of two processes, and no process of it afterwards."""
    run = create(bench, questions, 2)
    yield run
    for member in members(run):
        # It may have ended by itself since it was seen.
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()


def members(run: Run) -> list[psutil.Process]:
    """Return every process that works on a run: the leader, the launcher and those that train."""
    return [
        found
        for found in psutil.process_iter(["cmdline"])
        if any(str(run.path) in word for word in found.info["cmdline"] or ()) and found.pid != os.getpid()
    ]


def team(run: Run) -> list[psutil.Process]:
    """Return the processes that train, the first one first."""
    ranks_of = {one: one.environ().get("LOCAL_RANK", "") for one in members(run)}
    return sorted((one for one, rank in ranks_of.items() if rank), key=ranks_of.__getitem__)


def leader(run: Run) -> process.Identity:
    identity = process.read_identity(run.path)
    assert identity is not None
    return identity


def all_gone(run: Run) -> bool:
    return not members(run) and not locks.is_held(run.lock_path) and not locks.is_held(locks.lease_path())


def test_two_processes_take_the_steps_of_one_with_twice_the_batch(bench: Bench, questions: str, pair: Run) -> None:
    single = create(bench, questions, 1)
    assert bench.attempt(single) == 0
    alone, together = curve(single), curve(pair)
    assert list(together) == list(alone) == list(range(1, STEPS + 1))
    for step, (loss, norm, rate, tokens) in alone.items():
        assert together[step][:2] == pytest.approx((loss, norm), rel=1e-3), step
        assert together[step][2:] == (rate, tokens)
    losses = [[event.loss for event in of_kind(run, Eval)] for run in (single, pair)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-3)
    assert report(pair)["tokens"] == report(single)["tokens"]
    one, two = result(single), result(pair)
    assert one.keys() == two.keys()
    assert all((two[name] - tensor).norm() <= 0.02 * tensor.norm() for name, tensor in one.items())


def test_the_journal_has_one_writer_at_a_time(pair: Run) -> None:
    events = pair.events()
    assert [event.n for event in events] == list(range(1, len(events) + 1))
    assert [type(events[0]), type(events[-1])] == [AttemptStarted, AttemptEnded]
    assert [event.step for event in of_kind(pair, Checkpoint)] == [2, 4, 6, 8]
    assert events[-1].step == STEPS
    assert not (pair.path / "ranks").exists()


def kill_the_leader_s_group(run: Run) -> None:
    """End the engine that leads a run with everything in its group, and wait until no process is left."""
    wait_until(lambda: len(team(run)) == 2, SECONDS, "two processes")
    doomed = [*team(run), psutil.Process(leader(run).pid)]
    os.killpg(leader(run).pid, signal.SIGKILL)
    psutil.wait_procs(doomed, timeout=10)
    wait_until(lambda: all_gone(run), 10, "no process is left after the leader's group was killed")


def test_paused_and_killed_the_run_goes_on_to_the_same_last_bit(disturbed: Run, pair: Run) -> None:
    """A signal to the leader is a request to all, who save at one step; nobody outlives a leader that is killed."""
    run = disturbed
    control.start(run)
    wait_until(lambda: of_kind(run, Eval), SECONDS, "the loss before training")
    assert len(team(run)) == 2
    listening = [
        socket.laddr.ip
        for member in members(run)
        for socket in member.net_connections()
        if socket.status == psutil.CONN_LISTEN
    ]
    assert set(listening) == {"127.0.0.1"}
    assert process.read_identity(run.path) == process.identify(leader(run).pid, 1)
    wait_until(lambda: of_kind(run, Checkpoint), SECONDS, "a checkpoint")
    os.kill(leader(run).pid, signal.SIGUSR1)
    assert ended(run) == "paused"
    assert [event.request for event in of_kind(run, Request)] == ["pause"]
    wait_until(lambda: all_gone(run), 10, "no process is left after a pause")

    control.resume(run)
    kill_the_leader_s_group(run)
    assert len(of_kind(run, AttemptEnded)) == 1

    control.resume(run)
    assert ended(run) == "done"
    assert curve(run) == curve(pair)
    assert same(result(run), result(pair))


@pytest.mark.soak
def test_a_process_that_dies_in_the_middle_ends_the_others(disturbed: Run, pair: Run) -> None:
    run = disturbed
    control.start(run)
    wait_until(lambda: of_kind(run, Checkpoint), SECONDS, "a checkpoint")
    _, second = team(run)
    second.kill()
    assert ended(run) == "failed"
    (last,) = of_kind(run, AttemptEnded)
    assert last.error.startswith("Process 2 of 2 was ended by SIGKILL")
    wait_until(lambda: all_gone(run), 10, "no process is left after one of them died")

    control.resume(run)
    assert ended(run) == "done"
    assert curve(run) == curve(pair)
    assert same(result(run), result(pair))


def test_an_error_in_a_process_is_its_last_word(bench: Bench, questions: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which becomes the sentence of the attempt, and its exit code the end of the others."""
    run = create(bench, questions, 2, device="mps")
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    with bench.home(), own_signals():
        word, code = rank.work(run, run.path / "team", is_first=False)
    assert (code, word["step"]) == (1, 0)
    assert not run.events(), "the first process has the journal"
    with pytest.raises(WorkbenchError, match=r"mps device.*\.$"):
        ranks.verdict([{"rank": 1, **word}, {"exit_codes": {"1": code}}], 2, 1)


@pytest.mark.soak
def test_an_error_in_a_process_is_the_sentence_of_the_attempt(bench: Bench, questions: str) -> None:
    run = create(bench, questions, 2, device="mps")
    control.start(run)
    assert ended(run) == "failed"
    (last,) = of_kind(run, AttemptEnded)
    assert "mps device" in last.error
    assert last.error.endswith(".")
    wait_until(lambda: all_gone(run), 10, "no process is left")


SMALL_CARD = """
import importlib.abc, importlib.util, sys

class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != "transformers.models.qwen3.modeling_qwen3":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        load = spec.loader.exec_module
        spec.loader.exec_module = lambda module: (load(module), shrink(module.Qwen3Model))
        return spec

def shrink(model):
    import os, torch
    forward = model.forward

    def limited(self, input_ids, *rest, **options):
        if torch.is_grad_enabled() and len(input_ids) > 1 and os.environ.get("LOCAL_RANK") == "1":
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return forward(self, input_ids, *rest, **options)

    model.forward = limited

sys.meta_path.insert(0, Finder())
"""
"""A module that Python imports at its start: the model of the stack then has little room in the second process."""


@pytest.mark.soak
def test_a_team_with_one_small_card_begins_anew_with_smaller_pieces(
    bench: Bench, questions: str, pair: Run, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(SMALL_CARD, encoding="utf-8")
    run = create(bench, questions, 2)
    with bench.home(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(tmp_path))
        control.start(run)
        assert ended(run) == "done"
    (told,) = of_kind(run, Layout)
    assert (told.per_device_train_batch_size, told.gradient_accumulation_steps, told.step) == (1, 2, 1)
    assert "all processes go on from the last checkpoint" in told.text
    assert len(of_kind(run, AttemptEnded)) == 1
    events = run.events()
    assert [event.n for event in events] == list(range(1, len(events) + 1))
    assert list(curve(run)) == list(curve(pair))
    for step, (loss, norm, rate, tokens) in curve(pair).items():
        assert curve(run)[step][:2] == pytest.approx((loss, norm), abs=1e-4), step
        assert curve(run)[step][2:] == (rate, tokens)
    wait_until(lambda: all_gone(run), 10, "no process is left")


SAVED = {"rank": 0, "outcome": "done", "step": 9}
LOST = {"rank": 0, "error": "The connection was closed.", "step": 4}


def test_the_first_process_to_fail_names_the_reason() -> None:
    died = {"exit_codes": {"0": 1, "1": -signal.SIGSEGV}}
    assert ranks.verdict([SAVED, {"exit_codes": {"1": -signal.SIGSEGV}}], 2, 1) == "done"
    with pytest.raises(WorkbenchError, match=r"^Process 2 of 2 was ended by SIGSEGV"):
        ranks.verdict([LOST, died], 2, 1)
    ended_by_launcher = {"exit_codes": {"0": 1, "1": -signal.SIGTERM}}
    with pytest.raises(WorkbenchError, match=r"^The connection was closed\.$"):
        ranks.verdict([LOST, ended_by_launcher], 2, 1)
    with pytest.raises(WorkbenchError, match=r"^Out of memory\.$"):
        ranks.verdict([{"rank": 1, "error": "Out of memory.", "step": 4}, LOST, {"exit_codes": {"0": 1, "1": 1}}], 2, 1)
    with pytest.raises(NoSpaceError) as full:
        ranks.verdict([{"rank": 0, "no_space": {"where": "/r", "needed_bytes": 9, "free_bytes": 4}, "step": 2}], 2, 1)
    assert full.value == NoSpaceError("/r", 9, 4)
    with pytest.raises(RanOut) as out:
        ranks.verdict([LOST, {"rank": 1, "out_of_memory": 5, "step": 4}, {"exit_codes": {"0": 1, "1": 1}}], 2, 1)
    assert (out.value.step, out.value.can_offload) == (5, False)
    with pytest.raises(WorkbenchError, match="accelerate launch was ended by SIGKILL"):
        ranks.verdict([], 2, -signal.SIGKILL)


@pytest.mark.soak
@pytest.mark.parametrize("method", ["dpo", "kto"])
def test_compared_answers_are_learnt_together_as_by_one_process(bench: Bench, method: str) -> None:
    """KTO's baseline is that of all processes; one of them has no held-out row to look at."""
    given = rows("preferences", 44)
    if method == "kto":
        given = [
            {"prompt": row["prompt"], "completion": row["chosen" if n % 2 else "rejected"], "label": bool(n % 2)}
            for n, row in enumerate(given)
        ]
    data = str(write_rows(bench.path / f"{method}.jsonl", given))
    one, two = (
        bench.create(
            method=method, tuning="lora", data=[data], num_processes=processes, max_steps=3, save_steps=3, eval_steps=3,
            per_device_train_batch_size=4 // processes, learning_rate=1e-3, sample_max_new_tokens=0,
        )
        for processes in (1, 2)
    )  # fmt: skip
    for run in (one, two):
        with bench.home():
            control.start(run)
            assert ended(run) == "done"
    for kind in (Step, Eval):
        for alone, together in zip(of_kind(one, kind), of_kind(two, kind), strict=True):
            assert together.loss == pytest.approx(alone.loss, abs=1e-5)
            assert together.metrics == pytest.approx(alone.metrics, abs=1e-3)
