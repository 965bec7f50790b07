"""A dry run as a person sees it: real steps on the longest rows, figures that hold, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
from transformers import AutoTokenizer

from tests.cli.conftest import Followed
from tests.cli.home import ARTICLES, SECONDS, Home, settings, steps
from tests.support import wait_until
from workbench.core.paths import assets_dir
from workbench.engine import trial
from workbench.runs.measured import Measurement

ROWS = 60
COMMON = [
    *("--base", "bundled", "--method", "sft", "--tuning", "lora", "--title", "dry"),
    *settings(max_length=256, per_device_train_batch_size=2, gradient_accumulation_steps=3, lora_r=4),
    *settings(packing="false", sample_max_new_tokens=0, device="cpu", precision="fp32", eval_split=0.0),
    *settings(num_train_epochs=3),
]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Sixty questions, of which each is longer than the one before."""
    path = tmp_path / "rows.jsonl"
    lines = [{"prompt": f"What is {number}?", "completion": "one " * (2 * number + 1)} for number in range(ROWS)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def left_behind(home: Home) -> list[str]:
    """Return what is in the folder of runs, hidden things too."""
    return sorted(path.name for path in home.runs_dir.iterdir()) if home.runs_dir.is_dir() else []


def lengths_by_template(data: Path) -> list[int]:
    """Return the tokens of each row as the base's own chat template writes it."""
    tokenizer = AutoTokenizer.from_pretrained(assets_dir() / "base")
    found = []
    for line in data.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        turns = [
            {"role": "user", "content": row["prompt"]},
            {"role": "assistant", "content": row["completion"].strip()},
        ]
        found.append(len(tokenizer.apply_chat_template(turns, tokenize=True, return_dict=True)["input_ids"]))
    return found


def test_a_dry_run_tries_the_longest_rows_and_projects_the_whole_run(home: Home, data: Path) -> None:
    body = home.json("train", *COMMON, "--data", data, "--dry-run")
    longest = max(lengths_by_template(data))
    assert body["batch"][0] == 2
    assert abs(body["batch"][1] - longest) <= 2, "the stop token's own line break may be missing"
    assert body["memory"]["batch"] == body["batch"]
    assert body["memory"]["measured"]["peak"] > body["memory"]["predicted"]["weights"] > 0
    planned = home.json("plan", *COMMON, "--data", data)["memory"]["peak"]
    assert body["memory"]["planned"] == body["predicted_peak"] == planned, "engine and plan tell one figure"
    assert body["batch_peak"] == body["memory"]["predicted"]["peak"] <= planned
    assert body["memory"]["measured"]["peak"] == pytest.approx(planned, rel=0.4), "both are of the whole process"
    assert left_behind(home) == []

    # Weights of the adapter and their two moments in fp32, and the files beside them.
    trained = body["memory"]["predicted"]["adapter"] // 4
    assert 12 * trained < body["checkpoint_bytes"] < 12 * trained + (1 << 20)

    seconds = body["seconds"]
    assert seconds["step"] == pytest.approx(2 * seconds["micro_batch"] + seconds["optimiser"])
    assert body["steps"] == 3 * ROWS // 6
    step = 3 * body["share"] * seconds["micro_batch"] + seconds["optimiser"]
    least = (seconds["start"] + body["steps"] * step) / 3600
    pauses = 11 * seconds["look"] + (5 + body["steps"] * step / 600) * seconds["checkpoint"]
    assert least < body["hours"] <= least + pauses / 3600 + 1e-9

    (line,) = (home.path / "data" / "workbench" / "measurements.jsonl").read_text(encoding="utf-8").splitlines()
    kept = Measurement(**json.loads(line))
    assert (kept.name, kept.family, kept.tuning, kept.precision) == ("", "qwen3", "lora", "fp32")
    assert (kept.predicted, kept.measured) == tuple(
        body["memory"][which]["peak"] for which in ("predicted", "measured")
    )


def test_a_real_run_is_measured_too_and_reports_it(followed: Followed) -> None:
    run = followed.run
    assert list(steps(run)) == [1, 2]
    memory = json.loads(run.report_path.read_text(encoding="utf-8"))["memory"]
    (line,) = (run.path.parents[1] / "measurements.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["measured"] == memory["measured"]["peak"] > 0
    parts = {part: size for part, size in memory["predicted"].items() if part != "peak"}
    assert sum(parts.values()) == memory["predicted"]["peak"] == json.loads(line)["predicted"]


@pytest.mark.soak
def test_words_for_people_and_a_plan_that_is_tried(home: Home, data: Path) -> None:
    done = home.workbench("plan", *COMMON, "--data", data, "--dry-run")
    assert done.returncode == 0, done.stderr
    for what in ("MiB measured", "of the whole process", "s per step", "per checkpoint", "with all looks"):
        assert what in done.stdout
    assert left_behind(home) == []


def test_ctrl_c_leaves_nothing_behind(home: Home, data: Path) -> None:
    child = subprocess.Popen(
        home.command("train", *COMMON, "--data", data, "--dry-run"),
        env=home.env(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    wait_until(lambda: any((home.runs_dir / name / "prepared").is_dir() for name in left_behind(home)), SECONDS, "rows")
    os.killpg(child.pid, signal.SIGINT)
    _, said = child.communicate(timeout=SECONDS)
    assert child.returncode == 130
    assert "Traceback" not in said
    assert left_behind(home) == []


def test_the_usual_batch_is_told_from_random_ones() -> None:
    lengths = np.array([10] * 50 + [100] * 50)
    # The longest of two random rows of these is 100 with probability 3/4, 10 otherwise.
    assert trial.usual_share(lengths, 2) == pytest.approx((0.75 * 100 + 0.25 * 10) / 100, abs=0.15)
    assert trial.usual_share(lengths, 1000) == 1.0
    assert trial.usual_share(np.array([7]), 4) == 1.0


def test_too_little_memory_is_one_sentence_that_says_what_to_do(home: Home) -> None:
    """A matrix of four gigabytes in a process that may have three."""
    shape = settings(hidden_size=16_384, intermediate_size=65_536, num_hidden_layers=1, precision="fp32")
    command = home.command("train", "--base", "scratch", "--data", ARTICLES, "--dry-run", "--json", *shape)
    limited = ["bash", "-c", 'ulimit -d 3000000 && exec "$@"', "bash", *command]
    done = subprocess.run(limited, env=home.env(), capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "ran out of memory while the base was loaded; nothing about this base would fit" in done.stderr
    assert left_behind(home) == []
