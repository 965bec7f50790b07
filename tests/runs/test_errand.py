"""An engine process on one errand: its lines, its last word, its death, and that it never outlives the call."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support import ROOT, wait_until
from workbench.core import paths
from workbench.core.errors import UsageError, WorkbenchError
from workbench.runs import errand

TARGET = "tests.runs.errand_targets"


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def test_every_line_is_told_and_the_last_one_is_the_answer() -> None:
    told: list[dict[str, Any]] = []
    assert errand.run(TARGET, {"lines": [{"a": 1}, {"b": "ü"}]}, told.append) == {"b": "ü"}
    assert told == [{"a": 1}, {"b": "ü"}]


def test_a_child_has_no_secrets_and_a_group_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    errand.run(TARGET, {"lines": [{"done": True}], "file": str(tmp_path / "who")})
    pid, group, *rest = (tmp_path / "who").read_text().split()
    assert (pid, rest) == (group, [])


@pytest.mark.parametrize(("code", "kind"), [(1, WorkbenchError), (2, UsageError)])
def test_the_childs_own_sentence_is_the_error(code: int, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=r"^It is too late\.$") as caught:
        errand.run(TARGET, {"lines": [{"error": "It is\ntoo late."}], "code": code})
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"signal": signal.SIGKILL}, "The export was ended by SIGKILL before it was done"),
        ({"signal": signal.SIGSEGV, "lines": [{"a": 1}]}, "was ended by SIGSEGV"),
        ({"code": 3}, "ended with exit code 3"),
        ({}, "ended with exit code 0 before it was done"),
    ],
)
def test_a_death_is_one_sentence(request_: dict[str, Any], said: str) -> None:
    with pytest.raises(WorkbenchError, match=said):
        errand.run(TARGET, request_, who="The export")


def test_a_module_that_is_not_there_is_one_sentence() -> None:
    """The child dies before it reads, and a long request is still being written then."""
    with pytest.raises(WorkbenchError, match="ended with exit code 1") as caught:
        errand.run("tests.runs.no_such_module", {"lines": ["x" * 1_000_000]})
    kept = paths.state_home() / errand.LAST_WORDS
    assert str(kept) in str(caught.value)
    assert "no_such_module" in kept.read_text(encoding="utf-8")
    assert kept.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("own_group", [True, False])
@pytest.mark.parametrize("stubborn", [False, True])
def test_a_call_that_is_left_early_leaves_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_group: bool, stubborn: bool
) -> None:
    monkeypatch.setattr(errand, "_FAREWELL_SECONDS", 1.0)

    def leave(line: dict[str, Any]) -> None:
        raise KeyboardInterrupt

    request = {"file": str(tmp_path / "who"), "stubborn": stubborn, "lasting": True}
    with pytest.raises(KeyboardInterrupt):
        errand.run(TARGET, request, leave, own_group=own_group)
    pid = int((tmp_path / "who").read_text().split()[0])
    wait_until(lambda: not psutil.pid_exists(pid), 10, "the child is gone")
