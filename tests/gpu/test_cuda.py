"""The CUDA paths, on a real card: run with `pytest -m gpu`. Everything else of the suite needs none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.runs import hardware

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not hardware.sample().usable, reason="no NVIDIA card answers"),
]

QUESTIONS = Path(__file__).resolve().parents[2] / "assets" / "data" / "questions.jsonl"


def train(*more: str) -> dict[str, object]:
    """Train the bundled base on the card for a few steps and return what `train --json` printed."""
    command = [sys.executable, "-m", "workbench", "train", "--base", "bundled", "--data", str(QUESTIONS), "--json"]
    fields = ["device=cuda", "max_steps=20", "eval_steps=10", "save_steps=10", "max_length=128", *more]
    pairs = [part for field in fields for part in ("--set", field)]
    done = subprocess.run([*command, *pairs], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert isinstance(result, dict)
    return result


@pytest.mark.parametrize("tuning", ["full", "lora", "qlora"])
def test_every_tuning_learns_on_the_card_and_says_what_memory_it_took(tuning: str) -> None:
    result = train("method=sft", f"tuning={tuning}", "learning_rate=1e-3")
    report = result["report"]
    assert isinstance(report, dict)
    assert result["status"] == "done"
    assert report["machine"] == {"device": "cuda", "bf16": True}
    assert report["held_out_loss"]["after"] < report["held_out_loss"]["before"]
    assert report["peak_memory"]["gpu_bytes"] > 0


def test_what_checkpointing_keeps_goes_to_the_host_and_comes_back() -> None:
    asked = ("method=sft", "tuning=lora", "gradient_checkpointing=true")
    kept, moved = (train(*asked, f"activation_offloading={text}")["report"] for text in ("false", "true"))
    assert isinstance(kept, dict)
    assert isinstance(moved, dict)
    assert moved["layout"]["used"]["activation_offloading"] is True
    assert moved["held_out_loss"]["after"] == pytest.approx(kept["held_out_loss"]["after"], rel=1e-2)


def test_a_run_of_the_card_exports_and_passes_the_proof() -> None:
    result = train("method=sft", "tuning=lora", "learning_rate=1e-3")
    command = [sys.executable, "-m", "workbench", "export", str(result["run"]), "--type", "Q8_0", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["report"]["parity"]["tokenizer_mismatches"] == 0
