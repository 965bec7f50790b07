"""A recipe as a TRL script: run as a program of its own, it takes the steps that the engine takes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.engine.bench import Bench, of_kind, result, rows, write_rows
from tests.support import program_env
from workbench.core import recipe, script
from workbench.core.events import Eval, Step
from workbench.data import prepare
from workbench.runs import base_facts
from workbench.runs.store import Run

SECONDS = 240
CONTROL = {"messages": [{"role": "user", "content": "Say <|im_end|>."}, {"role": "assistant", "content": "<|im_end|>"}]}
"""A row that spells a control token: it must stay text."""
KINDS = [("sft", "lora"), ("cpt", "full")]
"""Each part of a script that depends on the method or the tuning is in one of them."""


@dataclass
class Pair:
    """A run, and the script of its recipe on its way."""

    run: Run
    folder: Path
    child: subprocess.Popen[str]

    def output(self) -> Path:
        """Return where the finished script wrote."""
        said, _ = self.child.communicate(timeout=SECONDS)
        assert self.child.returncode == 0, said
        return self.folder / "out"


def prepared(run: Run, out: Path) -> None:
    """Write the rows of a run's recipe, as the command in a script's header does."""
    wanted = recipe.load(run.recipe_path).recipe
    names = (*script.CURATION, *(("replay_share",) if wanted.method == "cpt" else ()))
    out.mkdir()
    values = {name: getattr(wanted, name) for name in ("method", "data", *names)}
    request = {"paths": list(wanted.data), "method": wanted.method, "recipe": values, "out": str(out)}
    prepare.prepare(request, lambda what, number: None)


def started(bench: Bench, method: str, tuning: str) -> Pair:
    """Make a run, and start the script of its recipe."""
    folder = bench.path / f"{method}-{tuning}"
    folder.mkdir()
    data = [*rows("questions", 60), CONTROL] if method == "sft" else rows("articles", 60)
    fields = {"max_steps": 10, "eval_steps": 5, "save_steps": 10, "sample_max_new_tokens": 0, "warmup_ratio": 0.2}
    path = str(write_rows(folder / "rows.jsonl", data))
    run = bench.create(method=method, tuning=tuning, data=[path], **fields)
    prepared(run, folder / "prepared")
    resolved = recipe.load(run.recipe_path)
    text = script.text(resolved, base_facts.weights_of(resolved.recipe.base), "prepared")
    (folder / "script.py").write_text(text, encoding="utf-8")
    environment = {name: value for name, value in program_env().items() if name != "PYTHONPATH"}
    child = subprocess.Popen(
        [sys.executable, "-P", "script.py", "prepared", "--out", "out"],
        cwd=folder, env={**environment, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return Pair(run, folder, child)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, str], Pair]]:
    """All runs with their scripts; the engine's attempts are made while the scripts are on their way."""
    bench = Bench(tmp_path_factory.mktemp("bench"))
    made = {kind: started(bench, *kind) for kind in KINDS}
    try:
        for pair in made.values():
            bench.attempt(pair.run)
        yield made
    finally:
        for pair in made.values():
            pair.child.kill()


@pytest.mark.parametrize("kind", KINDS)
def test_a_script_takes_the_steps_of_the_run(pairs: dict[tuple[str, str], Pair], kind: tuple[str, str]) -> None:
    pair = pairs[kind]
    log: list[dict[str, Any]] = json.loads((pair.output() / "curve.json").read_text())["log_history"]
    theirs = [(entry["step"], entry["loss"], entry["grad_norm"]) for entry in log if "loss" in entry]
    ours = [(event.step, event.loss, event.grad_norm) for event in of_kind(pair.run, Step)]
    assert len(ours) == 10
    assert [number for step in theirs for number in step] == pytest.approx(
        [number for step in ours for number in step], rel=1e-4
    )
    rates = [entry["learning_rate"] for entry in log if "loss" in entry]
    assert rates == pytest.approx([event.learning_rate for event in of_kind(pair.run, Step)], rel=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_script_measures_the_same_held_out_losses(pairs: dict[tuple[str, str], Pair], kind: tuple[str, str]) -> None:
    pair = pairs[kind]
    log: list[dict[str, Any]] = json.loads((pair.output() / "curve.json").read_text())["log_history"]
    names = ["held_out", "general"] if kind[0] == "cpt" else ["held_out"]
    theirs = [[entry[f"eval_{name}_loss"] for name in names] for entry in log if "eval_held_out_loss" in entry]
    ours = [[event.loss, *event.metrics.values()] for event in of_kind(pair.run, Eval)]
    assert len(ours) == 3
    assert torch.tensor(theirs) == pytest.approx(torch.tensor(ours), rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_script_leaves_the_same_weights(pairs: dict[tuple[str, str], Pair], kind: tuple[str, str]) -> None:
    pair = pairs[kind]
    theirs = {n: t for path in (pair.output() / "result").glob("*.safetensors") for n, t in load_file(path).items()}
    ours = result(pair.run)
    assert theirs.keys() == ours.keys()
    assert all(theirs[name].dtype == tensor.dtype for name, tensor in ours.items())
    for name, tensor in ours.items():
        torch.testing.assert_close(theirs[name].float(), tensor.float(), rtol=0.01, atol=1e-4)
