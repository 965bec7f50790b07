"""A hub on this machine with one small model, and a person who is online with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.home import Home
from tests.cli.hub_home import LEFT_OUT, MIB, NAME, WEIGHTS
from tests.data.hub_server import Hub


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
