"""`workbench plan --script`: the file, the command that prepares its rows, and what cannot be told as a script."""

from __future__ import annotations

import ast
import json
import shlex
from pathlib import Path

import pytest

from tests.cli.home import ARTICLES, QUESTIONS, Home, settings
from workbench.core import recipe
from workbench.core.paths import assets_dir


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def constants(path: Path) -> dict[str, object]:
    """Return the constants of a script that are plain values."""
    found = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper():
            found[node.targets[0].id] = ast.literal_eval(node.value)
    return found


def test_a_stored_recipe_becomes_a_script_with_its_values(home: Home, tmp_path: Path) -> None:
    stored, written = tmp_path / "mine.toml", tmp_path / "mine.py"
    home.json("plan", "--base", "bundled", "--data", QUESTIONS, "--tuning", "lora", "--save", stored)
    told = home.workbench("plan", stored, "--script", written)
    assert told.returncode == 0, told.stderr
    assert "workbench prepare" in told.stdout.splitlines()[-1]
    found = constants(written)
    values = recipe.load(stored).recipe
    assert found["BASE"] == str(assets_dir() / "base")
    for name in ("learning_rate", "num_train_epochs", "per_device_train_batch_size", "lora_r", "seed", "max_length"):
        assert found[name.upper()] == getattr(values, name)


def test_the_command_that_is_named_writes_what_the_script_reads(home: Home, tmp_path: Path) -> None:
    told = home.json("plan", "--base", "bundled", "--data", ARTICLES, "--method", "cpt", "--tuning", "full",
                     "--script", tmp_path / "mine.py")  # fmt: skip
    words = shlex.split(told["prepare"])
    assert words[:2] == ["workbench", "prepare"]
    assert home.workbench(*words[1:], cwd=tmp_path).returncode == 0
    rows = {
        name: [json.loads(line) for line in (tmp_path / "mine-rows" / f"{name}.jsonl").read_text().splitlines()]
        for name in ("train", "held_out", "replay", "general")
    }
    assert all(row.keys() == {"text"} for part in rows.values() for row in part)
    characters = {name: sum(len(row["text"]) for row in part) for name, part in rows.items()}
    share = characters["replay"] / (characters["replay"] + characters["train"])
    assert share == pytest.approx(told["recipe"]["replay_share"], abs=0.02)
    assert not {row["text"] for row in rows["replay"]} & {row["text"] for row in rows["general"]}


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        (["--base", "scratch", "--method", "pretrain", "--tuning", "full"], "scratch"),
        (["--base", "bundled", "--method", "cpt", *settings(replay_data="self")], "replay_data"),
    ],
)
def test_what_no_script_can_repeat_is_refused_in_a_sentence(
    home: Home, tmp_path: Path, asked: list[str], word: str
) -> None:
    done = home.workbench("plan", *asked, "--data", ARTICLES, "--script", tmp_path / "mine.py")
    assert done.returncode == 2
    assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "mine.py").exists()


def test_replay_is_prepared_for_articles_only(home: Home, tmp_path: Path) -> None:
    done = home.workbench("prepare", QUESTIONS, "--out", tmp_path / "out", *settings(replay_share=0.2))
    assert done.returncode == 2
    assert "--method cpt" in done.stderr
    assert not (tmp_path / "out").exists()
