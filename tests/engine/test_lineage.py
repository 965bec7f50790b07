"""The base of a run as one folder: used where it is, merged once, cut into shards, refused when it is no model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests import models
from tests.engine.bench import Bench, of_kind
from workbench.core.events import AttemptEnded
from workbench.core.paths import assets_dir
from workbench.core.recipe import Recipe
from workbench.engine import lineage, load
from workbench.engine.load import Machine
from workbench.runs.bases import Base


@pytest.fixture
def adapted(tmp_path: Path) -> Base:
    """Return a tiny model with an adapter that changes it."""
    from peft import get_peft_model

    fast = models.tokenizer("chatml")
    folder = models.save(models.tiny("llama", len(fast)), fast, tmp_path / "model")
    model = load.load_model(folder, tuning="lora", where=Machine("cpu", bf16=False), for_training=True)
    peft = get_peft_model(model, load.adapter_config(Recipe(lora_r=4)))
    torch.manual_seed(1)
    with torch.no_grad():
        for name, weight in peft.named_parameters():
            if "lora_B" in name:
                weight.normal_(0, 0.1)
    peft.save_pretrained(tmp_path / "adapter")
    return Base("b", folder, tmp_path / "adapter", "lora")


@pytest.mark.parametrize("shard_bytes", [1, 40_000, 1 << 30])
def test_shards_of_any_size_are_the_merged_model(
    adapted: Base, tmp_path: Path, shard_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lineage, "SHARD_BYTES", shard_bytes)
    (tmp_path / "merged").mkdir()
    lineage._write_merged(adapted, tmp_path / "merged")
    shards = sorted((tmp_path / "merged").glob("*.safetensors"))
    stored = {name: tensor for shard in shards for name, tensor in load_file(shard).items()}
    index = json.loads((tmp_path / "merged" / "model.safetensors.index.json").read_text())["weight_map"]
    assert index.keys() == stored.keys()
    assert set(index.values()) == {shard.name for shard in shards}
    assert (len(shards) == 1) == (shard_bytes == 1 << 30)
    if shard_bytes == 40_000:
        sizes = [sum(tensor.nbytes for tensor in load_file(shard).values()) for shard in shards]
        largest = max(tensor.nbytes for tensor in stored.values())
        assert max(sizes) <= max(shard_bytes, largest)

    cpu = Machine("cpu", bf16=False)
    ids = torch.arange(12)[None]
    with torch.no_grad():
        wanted = load.load_for_use(adapted, cpu)(input_ids=ids).logits
        found = load.load_for_use(Base("m", tmp_path / "merged"), cpu)(input_ids=ids).logits
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)


def test_only_what_makes_a_model_is_copied(adapted: Base, tmp_path: Path) -> None:
    (adapted.model_dir / "evil.py").write_text("1")
    (tmp_path / "merged").mkdir()
    lineage._write_merged(adapted, tmp_path / "merged")
    names = {path.name for path in (tmp_path / "merged").iterdir()}
    assert {"config.json", "tokenizer.json", "generation_config.json"} <= names
    assert "evil.py" not in names


def test_a_base_that_has_gone_bad_since_is_refused_in_one_sentence(tmp_path: Path) -> None:
    bench, base = Bench(tmp_path), tmp_path / "base"
    shutil.copytree(assets_dir() / "base", base)
    questions = assets_dir() / "data" / "questions.jsonl"
    run = bench.create(method="sft", tuning="lora", base=str(base), data=[str(questions)])
    (base / "model.safetensors").write_bytes(b"x")
    assert bench.attempt(run) == 1
    (ended,) = of_kind(run, AttemptEnded)
    assert "is damaged" in ended.error
    assert "\n" not in ended.error
