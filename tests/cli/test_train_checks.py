"""What `workbench train` refuses before a run exists, and what it takes over from a plan."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.cli.home import QUESTIONS, Home, end, settings


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return folders of their own."""
    return Home(tmp_path / "home")


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (settings(data_weights="1,2"), "data_weights wants one number"),
        (settings(data_weights="nan"), "data_weights wants one number"),
        (settings(chat_template="chatm"), "There is no chat template 'chatm'"),
        (settings(replay_data="self"), "replay_data is mixed into the articles of cpt, and this run is sft"),
        (["--column", "prompt"], "--column"),
        (["--column", "prompt=nowhere"], "There is no column 'nowhere'"),
        (["--format", "poem"], "poem"),
    ],
)
def test_a_run_that_could_only_fail_is_never_made(home: Home, argv: list[str], told: str) -> None:
    done = home.workbench("train", "--base", "bundled", "--data", QUESTIONS, *argv)
    assert done.returncode == 2, done.stderr
    assert told in done.stderr
    assert not home.runs_dir.exists() or not list(home.runs_dir.iterdir())


def test_a_plan_says_how_its_rows_are_curated(home: Home, tmp_path: Path) -> None:
    kept = settings(duplicates="near", min_characters=3)
    home.json("prepare", QUESTIONS, "--out", tmp_path / "made", *kept)
    plan = tmp_path / "made" / "plan.json"
    refused = home.workbench("train", "--base", "bundled", "--data", plan, *settings(duplicates="keep"))
    assert refused.returncode == 2
    assert "The plan settles how its rows are curated, so duplicates cannot be set" in refused.stderr
    run = home.train("--base", "bundled", "--data", plan, *settings(max_steps=1))
    try:
        recipe = tomllib.loads((run.path / "recipe.toml").read_text(encoding="utf-8"))
    finally:
        end(run)
    assert (recipe["data"]["duplicates"], recipe["data"]["min_characters"]) == ("near", 3)
    assert recipe["provenance"]["duplicates"] == "derived: the plan of the data"


def test_columns_named_by_hand_are_in_the_recipe(home: Home, tmp_path: Path) -> None:
    table = tmp_path / "words.csv"
    table.write_text("a,b\n" + "".join(f"What is {n}?,It is {n}.\n" for n in range(20)))
    columns = ["--format", "prompt_completion", "--column", "prompt=b", "--column", "completion=a"]
    run = home.train("--base", "bundled", "--data", table, *columns, *settings(max_steps=1))
    try:
        recipe = tomllib.loads((run.path / "recipe.toml").read_text(encoding="utf-8"))
    finally:
        end(run)
    assert recipe["data"]["data_format"] == "prompt_completion"
    assert recipe["data"]["data_columns"] == ["prompt=b", "completion=a"]
