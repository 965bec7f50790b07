"""Wishes for preference data: what is refused in a sentence, the command line for one, and results in words."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from workbench.cli import prefer
from workbench.core.errors import UsageError
from workbench.core.paths import assets_dir
from workbench.guide import preferring, wishing
from workbench.guide.preferring import Wish

PROMPTS = (str(assets_dir() / "data" / "prompts.jsonl"),)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Nothing says which answer is better"),
        ({"rewards": ("number",), "judge": "bundled"}, "Both --rewards and --judge"),
        ({"rewards": ("number",), "models": ("a", "b", "c")}, "once or twice"),
        ({"rewards": ("number",), "models": ("a", "a")}, "The same model is named twice"),
        ({"rewards": ("number",), "completions": 1}, "--completions 2 or more"),
        ({"rewards": ("number",), "completions": 17}, "from 0 to 16"),
        ({"rewards": ("number",), "temperature": 0.0}, "always writes the same"),
        ({"rewards": ("number",), "margin": -1.0}, "--margin"),
        ({"rewards": ("number",), "margin": float("nan")}, "--margin"),
        ({"rewards": ("number",), "top_p": 0.0}, "--top-p"),
        ({"rewards": ("numbre",)}, "There is no reward"),
        ({"rewards": ("number",), "rubric": "rubric.txt"}, "give --judge with it"),
        ({"judge": "bundled", "rubric": "nowhere.txt"}, "There is no file nowhere.txt"),
        ({"constitution": "bundled", "completions": 2}, "leave the second --model and --completions out"),
        ({"constitution": "nowhere.txt"}, "There is no file nowhere.txt"),
        ({"constitution": "bundled", "models": ("nobody",)}, "There is no base"),
        ({"constitution": "bundled", "out": "pairs.json"}, "end in .jsonl"),
        ({"constitution": "bundled", "prompts": ("nowhere.jsonl",)}, "nowhere.jsonl"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_in_a_sentence(
    changes: dict[str, Any], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=said) as caught:
        preferring.request(replace(Wish(PROMPTS, out="pairs.jsonl"), **changes))
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_request_names_everything_from_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.txt").write_text("Be brief.\n")
    (tmp_path / "prompts.jsonl").write_text('{"question": "What is a weir?"}\n{"question": "And a lock?"}\n')
    asked = preferring.request(Wish(("prompts.jsonl",), out="pairs.jsonl", constitution="mine.txt"))
    assert asked["prompts"] == [str(tmp_path / "prompts.jsonl")]
    assert asked["out"] == str(tmp_path / "pairs.jsonl")
    assert asked["constitution"] == str(tmp_path / "mine.txt")


@pytest.mark.parametrize(
    "wish",
    [
        Wish(PROMPTS, out="a file.jsonl", constitution="bundled"),
        Wish(("a b.csv", "c/d"), ("one", "it's"), "p.jsonl", rewards=("length(max=9)*0.5", "number"), margin=0.25),
        Wish(PROMPTS, out="p.jsonl", judge="j.gguf", rubric="r.txt", completions=4, top_p=0.9, temperature=0.7, seed=9),
    ],
)
def test_the_command_line_asks_for_the_same(wish: Wish) -> None:
    words = shlex.split(preferring.command(wish))
    assert words[:2] == ["workbench", "prefer"]
    parser = argparse.ArgumentParser()
    prefer.configure(parser, "prefer")
    assert prefer.wish_of(parser.parse_args(words[2:])) == wish


def test_the_form_reads_what_it_writes() -> None:
    wish = Wish(("a b.csv", "c"), ("one", "two"), "p.jsonl", ("number*0.5", "length(max=9)"), margin=0.25, count=7)
    for field in wishing.FIELDS:
        assert wishing.edited(wish, field.name, wishing.shown(wish, field.name)) == wish, field.name
    for name, text, said in (
        ("count", "many", "prompts taken is a whole number"),
        ("margin", "wide", "least margin is a number"),
        ("models", " ", "nothing in answered by"),
        ("prompts", "it's", "A quote in prompts"),
        ("rewards", "numbre", "There is no reward"),
    ):
        with pytest.raises(UsageError, match=said):
            wishing.edited(wish, name, text)
    judged = wishing.edited(wish, "judge", "j.gguf")
    assert (judged.judge, judged.rewards) == ("j.gguf", ())
    assert wishing.edited(judged, "rewards", "number").judge == ""
    assert wishing.edited(wish, "constitution", "bundled").models == ("one",)


REPORT = {
    "rows": 40,
    "prompts": 50,
    "seconds": 61.0,
    "by": "judge",
    "mean_margin": 0.5,
    "rewards": {"number": {"chosen": 1.0, "rejected": None}, "exact": {"chosen": None, "rejected": None}},
    "length": {"differ": 40, "longer": 20, "chosen": 100.0, "rejected": 90.0},
    "position": {"asked": 100, "decided": 80, "first": 40, "neither": 10},
    "wins": {"one": [30, 10]},
    "left_out": {"the judge finds neither better": 10},
    "passed_over": {"the prompt is there already": 1},
}


def test_a_report_is_told_in_words() -> None:
    told = preferring.told(REPORT)
    assert told[0].split()[:5] == ["40", "pairs", "from", "50", "prompts"]
    assert told[0].endswith("the better answer is the one the judge prefers in both orders.")
    assert any("The longer answer wins in 50" in line and "would learn" not in line for line in told)
    assert any("stood first in 50" in line and "leans" not in line for line in told)
    assert any("1.00 for the better, – for the worse" in line for line in told)
    assert "  exact: has nothing to judge in these rows" in told
    leaning = preferring.told(
        REPORT | {"length": {**REPORT["length"], "longer": 30}, "position": {**REPORT["position"], "first": 60}}  # type: ignore[dict-item]
    )
    assert any("would learn to be long" in line for line in leaning)
    assert any("leans to the first" in line for line in leaning)
    short = preferring.told(REPORT | {"length": {**REPORT["length"], "longer": 10}})  # type: ignore[dict-item]
    assert any("would learn to be short" in line for line in short)
