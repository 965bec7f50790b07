"""`workbench rewards`: the library of checks, and a trial of some of them, in words and as JSON."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.home import Home
from workbench.core.checks import CHECKS
from workbench.core.paths import assets_dir

PROMPTS = str(assets_dir() / "data" / "prompts.jsonl")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A person's folders."""
    return Home(tmp_path / "home")


def test_every_check_is_listed(home: Home) -> None:
    listed = home.json("rewards")["checks"]
    assert [check["name"] for check in listed] == list(CHECKS)
    done = home.workbench("rewards")
    assert done.returncode == 0, done.stderr
    words = " ".join(done.stdout.split())
    assert all(" ".join(check["help"].split()) in words for check in listed)


def test_rewards_are_tried_without_a_model(home: Home) -> None:
    wanted = ("rewards", "--data", PROMPTS, "--rewards", "number, length(max=20)*0.2")
    done = home.workbench(*wanted)
    assert done.returncode == 0, done.stderr
    head, *rows = (
        line.split() for line in done.stdout.splitlines() if line.startswith(("reward ", "number", "together"))
    )
    assert head[:2] == ["reward", "references"]
    assert [row[:2] for row in rows] == [["number", "1.00"], ["together", "1.20"]]
    assert "the commonest answer" in done.stdout
    body = home.json(*wanted)
    assert body["rewards"] == ["number", "length(max=20)*0.2"]
    assert [finding["code"] for finding in body["findings"]] == ["learnable"]


def test_what_cannot_be_tried_is_said_in_a_sentence(home: Home) -> None:
    for words, said in ((("--base", "bundled"), "--data"), (("--data", PROMPTS, "--rewards", "nmber"), "number")):
        done = home.workbench("rewards", *words)
        assert done.returncode == 2
        assert said in done.stderr
        assert "Traceback" not in done.stderr
