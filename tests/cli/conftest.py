"""A hub on this machine with one small model, a person who is online with it, and one trained run for many tests."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.home import QUESTIONS, Home, settings
from tests.cli.hub_home import LEFT_OUT, MIB, NAME, WEIGHTS
from tests.data.hub_server import Hub
from workbench.runs.store import Run


@dataclass(frozen=True)
class Followed:
    """A plan that was saved, and the run of it that was followed to its end. Tests leave it as it is."""

    home: Home
    data: Path
    saved: Path
    planned: dict[str, Any]
    done: subprocess.CompletedProcess[str]

    @property
    def run(self) -> Run:
        """Return the one run of this person."""
        (path,) = self.home.runs_dir.glob("2*")
        return Run(path)


@pytest.fixture(scope="session")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Followed:
    """Plan a short run of sixty rows, save the plan, and train it."""
    folder = tmp_path_factory.mktemp("followed")
    home, data, saved = Home(folder / "home"), folder / "rows.jsonl", folder / "mine.toml"
    rows = Path(QUESTIONS).read_text(encoding="utf-8").splitlines(keepends=True)[:60]
    data.write_text("".join(rows), encoding="utf-8")
    short = settings(max_steps=2, lora_r=4, device="cpu", sample_max_new_tokens=0)
    planned = home.json("plan", "--base", "bundled", "--data", data, *short, "--save", saved)
    return Followed(home, data, saved, planned, home.workbench("train", saved, "--json"))


@pytest.fixture(scope="session")
def tiny_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the files of a random model of some 15 MiB in one file."""
    from tests import models

    folder = models.save(
        models.tiny("qwen3", vocab_size=30_000), models.tokenizer("chatml"), tmp_path_factory.mktemp("tiny")
    )
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert len(files[WEIGHTS]) > 12 * MIB
    return files | {"README.md": b"# Tiny", "LICENSE": b"As you like."}


@pytest.fixture
def hub(tiny_files: dict[str, bytes]) -> Iterator[Hub]:
    """Return a hub with one good model."""
    with Hub({}, models={NAME: tiny_files | LEFT_OUT}) as server:
        yield server


@pytest.fixture
def online(tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Return folders of their own, online with that hub."""
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    for name in ("HF_HOME", "HF_HUB_CACHE", "HF_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    return Home(tmp_path / "home")
