"""What a person has settled: values, the words for them, and the command line that does the same."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

import pytest

from workbench.cli import asked, train
from workbench.core.errors import UsageError
from workbench.guide import road as roads
from workbench.guide.road import Road

ROAD = (
    Road(base="bundled", data=("/tmp/my rows.jsonl", "owner/name"))
    .with_value("tuning", "lora")
    .with_value("max_steps", 40)
    .with_value("learning_rate", "5e-5")
    .with_value("packing", False)
    .with_value("target_modules", "q_proj,v_proj")
    .with_value("sample_prompts", '["one, two", "three"]')
    .with_value("data_columns", "prompt=frage")
    .with_value("title", "it's mine")
)


def test_the_command_line_says_the_same_as_the_road() -> None:
    """What the command line's own parser makes of it is what the road holds, for every kind of value."""
    words = shlex.split(roads.command(ROAD))
    assert words[:2] == ["workbench", "train"]
    parser = argparse.ArgumentParser()
    train.configure(parser, "train")
    values, _ = asked.chosen(parser.parse_args(words[2:]))
    assert values == {**ROAD.values, "data": ROAD.data}


def test_a_value_that_cannot_be_is_refused_and_nothing_changes() -> None:
    with pytest.raises(UsageError, match="lora_r must be at least 1"):
        ROAD.with_value("lora_r", 0)
    assert "lora_r" not in ROAD.chosen


def test_other_data_gives_back_what_followed_from_the_old() -> None:
    other = ROAD.with_value("method", "sft").with_data(("other.jsonl",))
    assert "method" not in other.chosen
    assert "data_columns" not in other.chosen
    assert other.chosen["tuning"] == "lora"
    assert ROAD.with_data(ROAD.data) is ROAD


def test_paths_below_the_present_folder_are_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "--data sub/rows.jsonl" in roads.command(Road(data=(str(tmp_path / "sub" / "rows.jsonl"),)))


def test_stations_answer_in_a_line_or_two() -> None:
    found = roads.answers(ROAD, {"about": True, "rows": 8412, "articles": False}, None)
    assert found["base"] == ("bundled",)
    assert found["data"] == ("my rows.jsonl and 1 more", "about 8\u00a0412 rows")
    assert "fit" not in found
