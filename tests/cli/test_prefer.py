"""`workbench prefer`: pairs from prompts, which are known as what dpo learns from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.home import Home
from workbench.core.paths import assets_dir
from workbench.data import sources

PROMPTS = str(assets_dir() / "data" / "prompts.jsonl")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A person's folders."""
    return Home(tmp_path / "home")


def test_pairs_are_made_and_known_as_preferences(home: Home, tmp_path: Path) -> None:
    out = tmp_path / "pairs.jsonl"
    wanted = ("prefer", "--prompts", PROMPTS, "--rewards", "length(max=3)", "--count", "16", "--max-tokens", "24")
    report = home.json(*wanted, "--out", out)
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert report["rows"] == len(rows) > 1
    assert all(set(row) == {"prompt", "chosen", "rejected"} for row in rows)
    assert sources.find([str(out)]).parts[0].detection.method == "dpo"
