"""`workbench models`: what is told of the catalogue, for people and for programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.home import Home
from workbench.core import catalogue


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return folders of their own."""
    return Home(tmp_path / "home")


def test_all_models_are_listed_with_the_facts_of_the_catalogue(home: Home) -> None:
    told = {model["id"]: model for model in home.json("models")["models"]}
    assert set(told) == {model.hub_id for model in catalogue.models()}
    for model in catalogue.models():
        facts = told[model.hub_id]
        assert (facts["parameters"], facts["context"]) == (model.parameters, model.context)
        assert facts["here"] == ""


def test_words_choose_and_one_model_is_told_whole(home: Home) -> None:
    lines = home.workbench("models", "qwen3", "base").stdout.splitlines()
    assert lines[0].split()[:2] == ["model", "kind"]
    assert len(lines) > 3
    assert all("Base" in line for line in lines[1:])
    whole = home.workbench("models", "Qwen/Qwen3-8B").stdout
    assert "8.19 B parameters" in whole
    assert "workbench models download Qwen/Qwen3-8B" in whole


@pytest.mark.parametrize("argv", [["no-such-model"], ["--here"]])
def test_nothing_found_is_a_sentence(home: Home, argv: list[str]) -> None:
    done = home.workbench("models", *argv)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("workbench: No model of the catalogue")
    assert "models download" in done.stderr or "lists them all" in done.stderr
