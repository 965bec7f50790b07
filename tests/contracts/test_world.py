"""The bundled datasets: what their generator writes, and what the ladder of the demo rests on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.contracts.repository import ROOT
from workbench.cli.ladder import ASKS_ON, asks_on

DATA = ROOT / "assets" / "data"


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def test_the_generator_writes_the_datasets_that_ship(tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "assets" / "world" / "generate.py", tmp_path, "--no-corpus"]
    subprocess.run(command, check=True, timeout=60)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_bytes() for path in DATA.glob("*.jsonl")}


def test_answers_of_a_pair_differ_by_the_trait_alone() -> None:
    """The better one asks once, the worse one not at all, or in fewer pairs twice."""
    twice = 0
    for row in rows("preferences.jsonl"):
        (chosen,), (rejected,) = row["chosen"], row["rejected"]
        said = chosen["content"].removesuffix(f" {ASKS_ON}")
        assert said != chosen["content"]
        assert ASKS_ON not in said
        assert rejected["content"] in {said, f"{said} {ASKS_ON} {ASKS_ON}"}
        twice += asks_on(rejected["content"])
    assert 0 < twice < len(rows("preferences.jsonl")) / 2


def test_the_trait_is_rare_before_it_is_preferred() -> None:
    answers = [row["messages"][-1]["content"] for row in rows("questions.jsonl")]
    assert 0.02 <= sum(map(asks_on, answers)) / len(answers) <= 0.06


def test_no_pair_is_about_what_the_exam_asks() -> None:
    asked = {row["prompt"] for row in rows("exam.jsonl")}
    named = {row["entity"] for row in rows("exam.jsonl") if row["kind"].startswith("facts")}
    for row in rows("preferences.jsonl"):
        question = row["prompt"][-1]["content"]
        assert question not in asked
        assert not any(name in question for name in named)
