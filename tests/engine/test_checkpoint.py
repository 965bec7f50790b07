"""Checkpoints: what is put away comes back to the last bit, the oldest go, and a full disk leaves nothing behind."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from safetensors import safe_open

from tests import models
from tests.support import run_on_small_disk
from workbench.core.errors import WorkbenchError
from workbench.core.recipe import Recipe
from workbench.engine import checkpoint, load, optim
from workbench.runs import atomic


class State:
    """The stack's trainer state, as far as a checkpoint knows it."""

    def save_to_json(self, path: str) -> None:
        Path(path).write_text('{"global_step": 3}', encoding="utf-8")


def parts(tuning: str = "full", **changes: Any) -> dict[str, Any]:
    """Return what a checkpoint is made of, after one step."""
    model = models.tiny("qwen3", **changes)
    if tuning == "lora":
        from peft import get_peft_model

        model = get_peft_model(model, load.adapter_config(Recipe(lora_r=4)))
    optimizer = optim.make(Recipe(tuning=tuning), model)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1.0 / (1 + step))
    ids = torch.arange(12)[None]
    model.train()(input_ids=ids, labels=ids).loss.backward()
    optimizer.step()
    scheduler.step()
    return {"model": model, "optimizer": optimizer, "scheduler": scheduler}


def save(folder: Path, made: dict[str, Any]) -> int:
    return checkpoint.save(
        folder, **made, tokenizer=models.tokenizer("chatml"), trainer_state=State(), extra={"tokens": 5, "rng": []}
    )


@pytest.mark.parametrize("tuning", ["full", "lora"])
@pytest.mark.parametrize("tied", [True, False])
def test_what_is_put_away_comes_back(tmp_path: Path, tuning: str, tied: bool) -> None:
    made = parts(tuning, tie_word_embeddings=tied)
    folder = tmp_path / checkpoint.folder_name(3)
    size = save(folder, made)
    assert size == sum(path.stat().st_size for path in folder.iterdir())
    assert atomic.verify(folder) == ""
    assert size <= checkpoint.size_bytes(made["model"]) + sum(p.stat().st_size for p in folder.glob("tokenizer*"))

    again = parts(tuning, tie_word_embeddings=tied)
    with torch.no_grad():
        for weight in again["model"].parameters():
            if weight.requires_grad:
                weight.zero_()
    checkpoint.load_weights(folder, again["model"])
    checkpoint.load_optimizer(folder, again["optimizer"], again["scheduler"])
    for (name, one), other in zip(made["model"].named_parameters(), again["model"].parameters(), strict=True):
        assert torch.equal(one, other), name
    assert again["scheduler"].state_dict() == made["scheduler"].state_dict()
    one, _ = checkpoint.optimizer_tensors(made["optimizer"].state_dict())
    other, _ = checkpoint.optimizer_tensors(again["optimizer"].state_dict())
    assert one.keys() == other.keys()
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def test_no_file_of_a_checkpoint_is_a_pickle(tmp_path: Path) -> None:
    save(tmp_path / "step-00000001", parts("lora"))
    for path in (tmp_path / "step-00000001").iterdir():
        if path.suffix == ".safetensors":
            with safe_open(path, framework="pt") as file:
                assert list(file.keys())
        else:
            assert path.suffix in (".json", ".jinja"), path
            path.read_text(encoding="utf-8")


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    made = parts("full")
    folder = tmp_path / "step-00000001"
    save(folder, made)
    larger = parts("full", num_hidden_layers=3)
    with pytest.raises(WorkbenchError, match="does not fit this model"):
        checkpoint.load_weights(folder, larger["model"])


def test_every_random_generator_goes_on_where_it_was() -> None:
    def draw() -> list[float]:
        return [random.random(), random.gauss(0, 1), numpy.random.rand(), numpy.random.randn(), torch.rand(1).item()]

    before = checkpoint.random_states()
    draw()
    states = json.loads(json.dumps(checkpoint.random_states()))
    expected = draw()
    assert draw() != expected
    checkpoint.set_random_states(states)
    assert draw() == expected
    checkpoint.set_random_states(before)


def test_the_newest_checkpoints_are_kept(tmp_path: Path) -> None:
    for step in (2, 10, 9, 100):
        (tmp_path / checkpoint.folder_name(step)).mkdir()
    checkpoint.rotate(tmp_path, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-00000010", "step-00000100"]


STORY = """
import json, sys
from pathlib import Path
from tests.engine.test_checkpoint import parts, save
from workbench.core.errors import NoSpaceError
from workbench.engine import checkpoint

disk = Path(sys.argv[1])
made = parts("full")
save(disk / "step-00000001", made)
told = []
for checkpoint.RESERVE_BYTES, ballast in ((int(RESERVE), int(BALLAST)), (0, int(RESERVE))):
    with open(disk / "ballast", "ab") as file:
        file.write(bytes(ballast))
    try:
        save(disk / "step-00000002", made)
        said = {}
    except NoSpaceError as full:
        said = {"where": full.where, "needed": full.needed_bytes, "free": full.free_bytes}
    told.append({"said": said, "left": sorted(path.name for path in disk.iterdir())})
print(json.dumps(told))
"""


def test_a_full_disk_keeps_the_last_checkpoint_and_leaves_nothing_of_the_next(tmp_path: Path) -> None:
    """Noticed beforehand by the room that is asked for, or in the middle of writing when that was too little."""
    size, reserve = checkpoint.size_bytes(models.tiny("qwen3")), 64 << 20
    disk = 4 * size + reserve
    story = STORY.replace("RESERVE)", f"{reserve})").replace("BALLAST)", f"{3 * size})")
    both = run_on_small_disk(tmp_path, disk, story)
    assert len(both) == 2
    for told in both:
        assert told["left"] == ["ballast", "step-00000001"]
        assert told["said"]["where"] == str(tmp_path)
        assert told["said"]["needed"] > told["said"]["free"]
