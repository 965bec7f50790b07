"""Models in the cache of the hub: found as the hub's own library lays them down, and only when they are whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workbench.core.errors import UsageError
from workbench.core.paths import assets_dir
from workbench.runs import bases, hub_cache


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty cache of the hub."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def kept(cache: Path, revision: str, *, main: bool = False) -> Path:
    """Lay the bundled model down as a revision of "some/model", its files links to blobs, and return its folder."""
    model = cache / "models--some--model"
    snapshot = model / "snapshots" / revision
    snapshot.mkdir(parents=True)
    for path in (assets_dir() / "base").iterdir():
        (snapshot / path.name).symlink_to(path)
    if main:
        (model / "refs").mkdir()
        (model / "refs" / "main").write_text(revision)
    return snapshot


def test_the_cache_is_where_the_hubs_library_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    for name in ("HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert hub_cache.folder() == Path.home() / ".cache" / "huggingface" / "hub"
    assert hub_cache.folder().parts[-2:] == Path(constants.HF_HUB_CACHE).parts[-2:]
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    assert hub_cache.folder() == tmp_path / "home" / "hub"


def test_the_revision_of_main_comes_first_then_the_newest(cache: Path) -> None:
    assert hub_cache.find("some/model") is None
    first, second = kept(cache, "a" * 40), kept(cache, "b" * 40)
    os.utime(first, (1, 1))
    assert hub_cache.find("some/model") == second
    os.utime(second, (0, 0))
    assert hub_cache.find("some/model") == first
    (cache / "models--some--model" / "refs").mkdir()
    (cache / "models--some--model" / "refs" / "main").write_text("b" * 40)
    assert hub_cache.find("some/model") == second


@pytest.mark.parametrize("gone", ["config.json", "model.safetensors", "tokenizer.json"])
def test_half_a_download_is_no_model(cache: Path, tmp_path: Path, gone: str) -> None:
    snapshot = kept(cache, "a" * 40, main=True)
    (snapshot / gone).unlink()
    (snapshot / gone).symlink_to(tmp_path / "not there yet")
    assert hub_cache.find("some/model") is None


@pytest.mark.parametrize("name", ["", "model", "../..", "some/../..", "some/model/more", "so me/model", "-x/y"])
def test_what_is_no_id_is_looked_for_nowhere(cache: Path, name: str) -> None:
    assert hub_cache.find(name) is None


def test_a_cached_model_is_a_base_by_its_id(cache: Path) -> None:
    with pytest.raises(UsageError, match="not on this machine; get it with `workbench models download some/model`"):
        bases.resolve("some/model")
    snapshot = kept(cache, "a" * 40, main=True)
    base = bases.resolve("some/model")
    assert (base.label, base.model_dir) == ("some/model", snapshot)
    assert bases.inspect({"path": str(base.model_dir)})["architecture"]
