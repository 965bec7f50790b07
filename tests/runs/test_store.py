"""Run directories: made whole, found by any part of their name, told at a glance."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.core import paths
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.events import AttemptEnded, AttemptStarted, Eval, Phase, Step
from workbench.runs import journal, locks, store
from workbench.runs.store import Run


def new_run(title: str = "a run", **rest: str) -> Run:
    """Make a run."""
    return store.create("x = 1\n", **{"method": "sft", "tuning": "lora", "base": "bundled", "title": title, **rest})


def test_a_new_run_is_whole_private_and_says_what_it_is() -> None:
    run = new_run("Support for Ünïcode!", parent="2026-01-01-base-0000")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d-support-for-unicode-[0-9a-f]{4}", run.id)
    assert run.path == paths.runs_home() / run.id
    assert run.path.stat().st_mode & 0o777 == 0o700
    assert run.path.parent.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in run.path.iterdir()) == ["recipe.toml", "run.json"]
    assert run.recipe_path.read_text(encoding="utf-8") == "x = 1\n"
    meta = run.meta()
    assert meta["id"] == run.id
    assert meta["title"] == "Support for Ünïcode!"
    assert (meta["method"], meta["tuning"], meta["base"]) == ("sft", "lora", "bundled")
    assert meta["parent"] == "2026-01-01-base-0000"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text())
def test_any_title_makes_a_run_with_a_plain_name(title: str) -> None:
    run = new_run(title)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d-[a-z0-9]([a-z0-9-]*[a-z0-9])?-[0-9a-f]{4}", run.id)
    assert len(run.id) <= 60
    assert store.find(run.id) == run


def test_runs_are_listed_newest_first_and_other_folders_are_none() -> None:
    made = [new_run(f"number {n}") for n in range(3)]
    home = paths.runs_home()
    for name, text in {"garbage": "{", "list": "[1]", "empty": "", "deep": "[" * 99_999}.items():
        (home / name).mkdir()
        (home / name / "run.json").write_text(text, encoding="utf-8")
    (home / "folder" / "run.json").mkdir(parents=True)
    (home / "file").touch()
    (home / ".hidden.partial").mkdir()
    assert store.list_runs() == made[::-1]
    assert store.find("last") == made[-1]
    with pytest.raises(WorkbenchError, match="it is damaged"):
        Run(home / "garbage").summary()


def test_a_new_run_sweeps_what_killed_writers_left() -> None:
    (paths.runs_home() / ".0123.partial").mkdir(parents=True)
    run = new_run()
    assert list(paths.runs_home().iterdir()) == [run.path]


@pytest.fixture
def _three_runs() -> None:
    """Make three runs with known names."""
    for name in ("2026-11-20-qwen-support-7f3a", "2026-11-21-qwen-legal-03a7", "2026-11-21-llama-7f3a-beef"):
        path = paths.runs_home() / name
        path.mkdir(parents=True)
        (path / "run.json").write_text(json.dumps({"id": name, "created": name}), encoding="utf-8")


@pytest.mark.usefixtures("_three_runs")
@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("2026-11-20-qwen-support-7f3a", "2026-11-20-qwen-support-7f3a"),
        ("7f3a", "2026-11-20-qwen-support-7f3a"),
        ("2026-11-20", "2026-11-20-qwen-support-7f3a"),
        ("legal", "2026-11-21-qwen-legal-03a7"),
        ("last", "2026-11-21-qwen-legal-03a7"),
    ],
)
def test_a_run_is_found_by_part_of_its_name(reference: str, name: str) -> None:
    assert store.find(reference).id == name


@pytest.mark.usefixtures("_three_runs")
@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("2026-11-21", "'2026-11-21' could be 2026-11-21-qwen-legal-03a7, 2026-11-21-llama-7f3a-beef"),
        ("qwen", "give more of the name"),
        ("nothing", "There is no run 'nothing'; the newest are 2026-11-21-qwen-legal-03a7"),
        ("", "There is no run ''"),
        ("./nothing", "is not the directory of a run"),
        ("/", "is not the directory of a run"),
    ],
)
def test_what_names_no_single_run_is_refused_with_the_candidates(reference: str, words: str) -> None:
    with pytest.raises(UsageError, match=re.escape(words)):
        store.find(reference)


def test_a_title_names_its_run_though_another_begins_with_it() -> None:
    first = store.create("", method="sft", tuning="full", base="bundled", title="first")
    store.create("", method="sft", tuning="full", base="bundled", title="first again")
    assert store.find("first").id == first.id


def test_a_run_is_found_by_its_path_wherever_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = new_run()
    elsewhere = tmp_path / "copy"
    run.path.rename(elsewhere)
    assert store.find(str(elsewhere)) == Run(elsewhere)
    monkeypatch.chdir(tmp_path)
    assert store.find("./copy") == Run(elsewhere)
    with pytest.raises(UsageError, match="There is no run yet"):
        store.find("last")


def test_a_summary_tells_the_run_at_a_glance() -> None:
    run = new_run()
    writer = journal.Writer(run.events_path)
    writer.write(AttemptStarted(attempt=1, pid=1))
    writer.write(Phase(phase="training"))
    writer.write(Eval(step=1, loss=3.5))
    for number in range(1, 3000):
        writer.write(
            Step(step=number, steps=4000, loss=1 / number, learning_rate=0.1, grad_norm=1.0, tokens_per_second=1.0)
        )
    told = run.summary()
    assert told["run"] == run.id
    assert (told["status"], told["phase"], told["attempt"], told["error"]) == ("lost", "training", 1, "")
    assert (told["step"], told["steps"], told["loss"], told["eval_loss"]) == (2999, 4000, 1 / 2999, 3.5)
    writer.write(AttemptEnded(attempt=1, outcome="failed", error="It broke.", step=2999))
    told = run.summary()
    assert (told["status"], told["error"]) == ("failed", "It broke.")
    json.dumps(told)


def test_one_very_long_event_does_not_hide_the_status() -> None:
    run = new_run()
    writer = journal.Writer(run.events_path)
    writer.write(AttemptStarted(attempt=1, pid=1))
    writer.write(AttemptEnded(attempt=1, outcome="failed", error="x" * 2_000_000))
    assert run.status() == "failed"


def test_a_run_between_lock_and_launch_is_queued() -> None:
    run = new_run()
    fd = locks.acquire(run.lock_path)
    assert fd is not None
    assert run.status() == "queued"
    locks.release(fd)
    assert run.status() == "lost"
    assert run.status_if_idle() == "lost"


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind the superuser")
def test_a_folder_that_cannot_be_written_is_one_sentence() -> None:
    paths.data_home().mkdir(parents=True)
    paths.data_home().chmod(0o500)
    with pytest.raises(WorkbenchError, match="Permission denied"):
        new_run()
