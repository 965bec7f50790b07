"""What models that score answers take beside the policy: counted from files and headers, against the arithmetic."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.engine.test_chat import convert
from workbench.core.attempt import Card
from workbench.core.errors import UsageError
from workbench.core.memory import CONTEXT_BYTES
from workbench.core.paths import assets_dir
from workbench.core.recipe import Recipe
from workbench.engine import gauge
from workbench.guide import planning
from workbench.runs import base_facts, judges

BASE = assets_dir() / "base"


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return convert(BASE, tmp_path_factory.mktemp("judge") / "judge.gguf")


def test_a_judge_takes_its_weights_and_its_context(gguf: Path) -> None:
    config = json.loads((BASE / "config.json").read_text())
    cache = 2 * 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * config["head_dim"] * 1024
    weights = (BASE / "model.safetensors").stat().st_size
    base = judges.beside(["number", "judge(model=bundled, rubric=r.txt, context=1024)*0.5"])
    assert base == weights + cache + CONTEXT_BYTES
    file = judges.beside([f"judge(model={gguf}, rubric=r.txt, context=1024)"])
    assert file == gguf.stat().st_size + cache + CONTEXT_BYTES
    assert judges.beside([f"judge(model={gguf}, rubric=r.txt)", "repetition"], own_process=True) == 0
    assert judges.beside(["number", "repetition"]) == 0


def test_a_judge_that_cannot_be_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no file"):
        judges.beside(["judge(model=none.gguf, rubric=r.txt)"])
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(40))
    with pytest.raises(Exception, match=r"broken\.gguf cannot be used|does not tell"):
        judges.beside([f"judge(model={broken}, rubric=r.txt)"])


def test_a_plan_counts_it(gguf: Path, tmp_path: Path) -> None:
    """In the plan it is a part of the memory; what a run's own process is measured against leaves it out."""
    rubric = tmp_path / "r.txt"
    rubric.write_text("Is it right?")
    judge = f"judge(model={gguf}, rubric={rubric})"
    base, card = base_facts.of_reference("bundled"), Card("A card", 8 << 30, 8 << 30)
    values = {"method": "grpo", "tuning": "lora"}
    plain, held = (
        planning.solved({**values, "rewards": rewards}, {}, base, card, None, None).chosen.memory
        for rewards in (("number",), ("number", judge))
    )
    assert held.parts["reward model"] == judges.beside([judge])
    assert "reward model" not in plain.parts
    recipe = Recipe(method="grpo", packing=False, rewards=(judge,))
    assert gauge._beside(recipe) == 0


def test_a_reward_whose_file_is_not_there_is_refused_with_the_plan(tmp_path: Path) -> None:
    """Before there is a run: it would wait for its turn to say so."""
    base, card = base_facts.of_reference("bundled"), Card("A card", 8 << 30, 8 << 30)
    for reward in (f"file(path={tmp_path / 'none.py'})", f"schema(path={tmp_path})"):
        with pytest.raises(UsageError, match=f"There is no file .* for the reward {reward.partition('(')[0]}"):
            planning.solved({"method": "grpo", "tuning": "lora", "rewards": (reward,)}, {}, base, card, None, None)
