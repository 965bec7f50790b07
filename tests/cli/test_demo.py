"""The demo as a program sees it: the whole ladder, its controls and its marks, from an empty home."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.cli.ladder import asks_on
from workbench.engine.evaluate import exam

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_demo_walks_the_ladder_and_meets_its_marks() -> None:
    command = [sys.executable, "-m", "workbench", "demo", "--json"]
    # With one thread, as every test beside it: two that wait for each other on taken cores cost more than they bring.
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1500, check=False)
    assert done.stdout, done.stderr[-2000:]
    result = json.loads(done.stdout)
    assert {"ok", "seconds", "rungs", "gguf", "chat"} <= result.keys()
    assert [rung["rung"] for rung in result["rungs"]] == ["cpt", "sft", "dpo", "grpo", "distill", "prune", "export"]
    for rung in result["rungs"]:
        assert {"run", "ok", "metrics", "answer_before", "answer_after"} <= rung.keys()
    assert Path(result["gguf"]).read_bytes()[:4] == b"GGUF"
    assert result["ok"], result["marks"]
    assert done.returncode == 0
    # What the demo shows as learnt is right by the exam's own key, and was not before.
    key = {question.prompt: question for question in exam.read(ROOT / "assets" / "data" / "exam.jsonl")}
    for rung in result["rungs"][:2]:
        question = key[rung["prompt"]]
        assert exam.is_right(question, rung["answer_after"])
        assert not exam.is_right(question, rung["answer_before"])
    # Trait, facts and KL stand together: what is preferred has come, and what was known is still right.
    dpo = result["rungs"][2]
    assert exam.is_right(key[dpo["prompt"]], dpo["answer_before"])
    assert exam.is_right(key[dpo["prompt"]], dpo["answer_after"])
    assert asks_on(dpo["answer_after"])
    assert not asks_on(dpo["answer_before"])
    told = dpo["metrics"]
    assert told["trait"] - told["trait_before"] >= 0.3
    assert told["facts_b_before"] - told["facts_b"] <= 0.05
    assert told["kl"] > 0
    told = result["rungs"][3]["metrics"]
    assert told["reward"] - told["reward_before"] >= 0.15
    assert told["facts_b_before"] - told["facts_b"] <= 0.05
    assert told["trait"] >= 0.75, "most of what one rung taught the next one keeps"
    assert told["kl"] > 0
    # A student has what its teacher has, and a layer less changes little of it.
    told = result["rungs"][4]["metrics"]
    assert told["trait"] - told["trait_before"] >= 0.3, "no row of its data asks what more, its teacher does"
    told = result["rungs"][5]["metrics"]
    assert told["parameters"]["after"] < 0.9 * told["parameters"]["before"]
    assert told["facts_b"] >= 0.8 * told["facts_b_before"]
    assert exam.is_right(key[result["chat"]["prompt"]], result["chat"]["answer"])
