"""Probes: the answer, or one sentence, whatever the child does."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support import wait_until
from workbench.core.errors import UsageError, WorkbenchError
from workbench.runs.probe import Probe, run_probe
from workbench.runs.process import identify

HERE = "tests.runs.probe_targets:"


@pytest.mark.parametrize(
    "value",
    [None, 1.5, "ünï\ud800", [1, [2, {"a": None}]], {"k" * 100: "v" * 300_000}],
    ids=["null", "number", "surrogate", "nested", "long"],
)
def test_what_goes_in_comes_out(value: Any) -> None:
    assert run_probe(HERE + "echo", value) == value


def test_a_child_that_is_ready_and_never_asked_ends_with_its_block() -> None:
    before = set(psutil.Process().children())
    with Probe(HERE + "echo"):
        (child,) = set(psutil.Process().children()) - before
        assert child.is_running()
    assert not child.is_running()


def test_a_target_may_print_whatever_it_likes() -> None:
    assert run_probe(HERE + "garbage", None) == "true"


def test_the_child_is_confined(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_TOKEN", "s3cret")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "json.py").write_text("raise SystemExit", encoding="utf-8")
    told = run_probe(HERE + "told", None, memory_bytes=700 << 20)
    assert "s3cret" not in told["env"].values()
    assert told["memory"] == 700 << 20
    assert told["session"]
    assert told["stdin"] == ""
    assert told["heavy"] == []


@pytest.mark.parametrize(
    ("target", "argument", "words"),
    [
        ("hog", None, "it needs too much memory"),
        ("crash", None, "the reader died of it (SIGSEGV)"),
        ("leave", None, "the reader died of it;"),
        ("huge", 3_000_000, "it gives more than can be taken in"),
        ("unsayable", None, "its contents cannot be passed on"),
        ("deep", 100_000, "RecursionError"),
        ("deep", 700, ""),
        ("broken", "a\x1b[31m\nb", "KeyError: 'a\\x1b[31m\\nb'"),
        ("missing", None, "has no attribute 'missing'"),
    ],
)
def test_every_bad_end_is_one_sentence(target: str, argument: Any, words: str) -> None:
    if not words:
        assert str(run_probe(HERE + target, argument)).count("[") == argument + 1
        return
    with pytest.raises(WorkbenchError, match=r"^The letter cannot be read safely: ") as told:
        run_probe(HERE + target, argument, what="The letter", memory_bytes=500 << 20, output_bytes=1 << 20)
    assert words in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("target", ["endless", "endless_child"])
def test_what_never_ends_is_killed_with_all_it_started(target: str, tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(WorkbenchError, match="it takes too long"):
        run_probe(HERE + target, str(tmp_path), seconds=1.5)
    assert time.monotonic() - began < 6
    started = [int(path.name) for path in tmp_path.iterdir()]
    assert len(started) == (target == "endless_child")
    for pid in started:
        wait_until(lambda pid=pid: identify(pid, 0) is None, 5, "what the child had started is dead")  # type: ignore[misc]


@pytest.mark.parametrize(("target", "error"), [("usage", UsageError), ("failed", WorkbenchError)])
def test_an_error_for_the_person_arrives_word_by_word(target: str, error: type[WorkbenchError]) -> None:
    text = "The file “x” is empty; give another."
    with pytest.raises(error, match=f"^{re.escape(text)}$") as told:
        run_probe(HERE + target, text)
    assert type(told.value) is error


def test_an_error_with_fields_arrives_as_its_sentence() -> None:
    with pytest.raises(WorkbenchError, match=r"^No space left in /x: 5 bytes are needed"):
        run_probe(HERE + "no_space", None)


def test_a_child_cannot_fill_a_disk(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="File too large"):
        run_probe(HERE + "writes", str(tmp_path / "x"))
    assert not (tmp_path / "x").exists() or (tmp_path / "x").stat().st_size == 0
