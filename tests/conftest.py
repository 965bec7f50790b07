"""Keeps every test away from the person's own folders, tokens and network."""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Generator
from pathlib import Path

import hypothesis
import pytest

# A busy machine is no failure: what an example takes, or drawing one, says nothing of the program.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")

# As in an engine: spinning OpenMP threads starve the processes that a test has started. Read when torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")
os.environ.setdefault("TORCHDYNAMO_DISABLE", "1")
# Some hundreds of programs are started, and each would compile the package anew where this is set.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
if "PYTEST_XDIST_WORKER" in os.environ:
    # The workers fill the cores; threads of one model would wait for each other instead.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Look for no garbage among what is imported: it takes every worker a third of the time until its first test."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin the share of each worker, one stretch of all tests, with slow ones: none is waited for at the end."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    slow = [item for item in items if item.get_closest_marker("slow")]
    rest = iter([item for item in items if not item.get_closest_marker("slow")])
    left, order = len(items), []
    for worker in range(workers):
        share = left // (workers - worker)
        left -= share
        first = slow[worker::workers]
        order += [*first, *itertools.islice(rest, max(0, share - len(first)))]
    items[:] = [*order, *rest]


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test XDG folders of its own and an environment without settings of the person."""
    home = tmp_path_factory.mktemp("xdg")
    for name in ("DATA", "STATE", "CONFIG", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    return home
