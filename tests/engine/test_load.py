"""Loading: number formats for each tuning, tokenizers made fit for training, and refusals in one sentence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests import models
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.paths import assets_dir
from workbench.core.recipe import Recipe
from workbench.engine import load
from workbench.engine.load import Machine
from workbench.runs.bases import Base

BUNDLED = assets_dir() / "base"
CPU = Machine("cpu", bf16=False)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return models.save(
        models.tiny("qwen3", len(models.tokenizer("chatml"))), models.tokenizer("chatml"), tmp_path / "m"
    )


def change(path: Path, **values: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_full_training_holds_its_weights_in_fp32_whatever_the_arithmetic() -> None:
    loaded = load.load_model(BUNDLED, tuning="full", where=Machine("cpu", bf16=True), for_training=True)
    assert {weight.dtype for weight in loaded.parameters()} == {torch.float32}
    stored = load_file(BUNDLED / "model.safetensors")
    assert all(
        torch.equal(stored[name].float(), weight) for name, weight in loaded.state_dict().items() if name in stored
    )


@pytest.mark.parametrize(("bf16", "dtype"), [(True, torch.bfloat16), (False, torch.float32)])
def test_a_frozen_base_is_held_in_the_format_of_the_arithmetic(bf16: bool, dtype: torch.dtype) -> None:
    loaded = load.load_model(BUNDLED, tuning="lora", where=Machine("cpu", bf16), for_training=True)
    assert {weight.dtype for weight in loaded.parameters()} == {dtype}


def test_qlora_holds_the_linear_layers_in_four_bits() -> None:
    loaded = load.load_model(BUNDLED, tuning="qlora", where=CPU, for_training=True)
    packed = {name for name, weight in loaded.named_parameters() if weight.dtype == torch.uint8}
    assert packed
    assert packed == {name for name, _ in loaded.named_parameters() if name.endswith("_proj.weight")}


def test_the_machine_is_what_the_recipe_asks_for_and_there_is() -> None:
    assert load.machine(Recipe(device="cpu", precision="fp32")) == CPU
    assert load.machine(Recipe(device="cpu", precision="bf16")) == Machine("cpu", bf16=True)
    if not torch.backends.mps.is_available():
        with pytest.raises(UsageError, match="no mps device"):
            load.machine(Recipe(device="mps"))


def test_a_tokenizer_without_padding_borrows_a_token(model: Path) -> None:
    path = model / "tokenizer_config.json"
    values = json.loads(path.read_text())
    del values["pad_token"]
    path.write_text(json.dumps(values))
    tokenizer = load.load_tokenizer(model)
    assert tokenizer.pad_token_id == tokenizer.eos_token_id
    assert len(tokenizer) == len(models.tokenizer("chatml"))


@pytest.mark.parametrize("content", ["", "{", "[]", '{"model": {"type": "nothing"}}'])
def test_a_broken_tokenizer_is_one_sentence(model: Path, content: str) -> None:
    (model / "tokenizer.json").write_text(content)
    with pytest.raises(WorkbenchError, match=r"tokenizer in .* (cannot be loaded|has no)") as caught:
        load.load_tokenizer(model)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "values",
    [
        {"model_type": "no-such-model"},
        {"architectures": ["NoSuchModel"], "model_type": None},
        {"hidden_size": 128},
        {"num_attention_heads": 0},
    ],
)
def test_a_model_that_cannot_be_loaded_is_one_sentence(model: Path, values: dict[str, Any]) -> None:
    change(model / "config.json", **values)
    with pytest.raises(WorkbenchError, match="cannot be loaded") as caught:
        load.load_model(model, tuning="full", where=CPU, for_training=True)
    assert "\n" not in str(caught.value)


def test_a_pickle_is_never_opened(model: Path) -> None:
    """A pickle that would leave a trace when it is opened, in the place of the weights."""
    trace = model / "opened"
    (model / "model.safetensors").unlink()
    (model / "pytorch_model.bin").write_bytes(b"cpathlib\nPath\n(V" + str(trace).encode() + b"\ntRctouch\n.")
    with pytest.raises(WorkbenchError, match="cannot be loaded"):
        load.load_model(model, tuning="full", where=CPU, for_training=True)
    assert not trace.exists()


def test_stop_ids_come_from_the_generation_configuration(model: Path) -> None:
    assert load.generation_eos(BUNDLED) == json.loads((BUNDLED / "generation_config.json").read_text())["eos_token_id"]
    (model / "generation_config.json").unlink()
    assert load.generation_eos(model) is None


def test_results_are_published_in_the_format_of_the_base(model: Path) -> None:
    assert load.stored_dtype(BUNDLED) == next(iter(load_file(BUNDLED / "model.safetensors").values())).dtype
    assert load.stored_dtype(model) == torch.float32


def test_an_adapter_is_used_on_top_of_its_base(model: Path, tmp_path: Path) -> None:
    from peft import get_peft_model

    torch.manual_seed(0)
    base = load.load_model(model, tuning="lora", where=CPU, for_training=True)
    adapted = get_peft_model(base, load.adapter_config(Recipe(lora_r=4)))
    with torch.no_grad():
        for name, weight in adapted.named_parameters():
            if "lora_B" in name:
                weight.normal_(0, 0.1)
    adapted.save_pretrained(tmp_path / "adapter")
    ids = torch.arange(10)[None]
    with torch.no_grad():
        wanted = adapted.eval()(input_ids=ids).logits
        found = load.load_for_use(Base("b", model, tmp_path / "adapter", "lora"), CPU)(input_ids=ids).logits
        plain = load.load_for_use(Base("b", model), CPU)(input_ids=ids).logits
    torch.testing.assert_close(found, wanted)
    assert (plain - wanted).abs().max() > 0.01


@pytest.mark.parametrize(
    ("targets", "adapted"),
    [(("all-linear",), {"q", "k", "v", "o", "gate", "up", "down"}), (("q_proj", "v_proj"), {"q", "v"})],
)
def test_target_modules_are_the_layers_that_get_an_adapter(
    model: Path, targets: tuple[str, ...], adapted: set[str]
) -> None:
    from peft import get_peft_model

    base = load.load_model(model, tuning="lora", where=CPU, for_training=True)
    peft = get_peft_model(base, load.adapter_config(Recipe(target_modules=targets)))
    trained = {name.split("_proj")[0].rsplit(".", 1)[1] for name, p in peft.named_parameters() if p.requires_grad}
    assert trained == adapted


def test_full_tuning_has_no_adapter() -> None:
    assert load.adapter_config(Recipe(tuning="full")) is None


def test_damaged_weights_are_one_sentence(model: Path) -> None:
    weights = load_file(model / "model.safetensors")
    del weights["model.layers.0.self_attn.q_proj.weight"]
    save_file({**weights, "unknown": torch.zeros(3)}, model / "other.safetensors")
    shutil.move(model / "other.safetensors", model / "model.safetensors")
    with pytest.raises(WorkbenchError) as caught:
        load.load_model(model, tuning="full", where=CPU, for_training=True)
    assert "q_proj" in str(caught.value)
