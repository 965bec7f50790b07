"""Policy, reference, critic and reward model on one base: each speaks with weights of its own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.engine.bench import Bench, rows, write_rows
from workbench.core.errors import WorkbenchError
from workbench.core.paths import assets_dir
from workbench.core.recipe import Recipe
from workbench.engine import adapters, chat_templates, checkpoint, load, micro
from workbench.engine.load import Machine
from workbench.engine.masks import ChatEncoder
from workbench.engine.reinforce import critic
from workbench.engine.reinforce.shared_reward import SharedReward, stems_from
from workbench.engine.rewards import Completion
from workbench.engine.tokenizer import generation_eos
from workbench.runs import bases

CPU = Machine("cpu", bf16=False)
BASE = assets_dir() / "base"
IDS = torch.arange(7, 25).view(2, 9)
MASK = torch.ones_like(IDS)


def loaded(tuning: str) -> Any:
    """Return the bundled base as a run of a tuning has it, with a critic."""
    torch.manual_seed(0)
    model = load.load_model(BASE, tuning=tuning, where=CPU, for_training=True)
    if tuning != "full":
        from peft import get_peft_model

        model = get_peft_model(model, load.adapter_config(Recipe(tuning=tuning)))
    critic.install(model)
    return model


def trained(model: Any) -> set[str]:
    return {name for name, parameter in model.named_parameters() if parameter.requires_grad}


def moved(model: Any, part: str) -> None:
    """Give the weights of an adapter or of the head other values."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if part in name:
                parameter.add_(0.05 * torch.randn(parameter.shape, generator=generator))


@pytest.mark.parametrize("tuning", ["lora", "qlora"])
def test_each_role_speaks_with_its_own_adapter(tuning: str) -> None:
    """The reference is the base, whatever was learnt beside it, and one role's gradient touches no other's weights."""
    model = loaded(tuning)
    with adapters.at_work(model, adapters.NONE), torch.no_grad():
        before = model(IDS).logits
    everything = trained(model)
    moved(model, ".default.")
    moved(model, ".critic.")
    moved(model, critic.HEAD)
    with torch.no_grad():
        policy = model(IDS).logits
        with adapters.at_work(model, critic.ADAPTER):
            reading = model(IDS).logits
        with adapters.at_work(model, adapters.NONE):
            assert torch.equal(model(IDS).logits, before)
        assert not torch.allclose(policy, before, atol=1e-3)
        assert not torch.allclose(policy, reading, atol=1e-3)
        assert torch.equal(model(IDS).logits, policy)
    with adapters.at_work(model, critic.ADAPTER):
        critic.values(model, IDS, MASK).sum().backward()
    touched = {name for name, parameter in model.named_parameters() if parameter.grad is not None}
    assert touched == {name for name in everything if ".critic." in name or critic.HEAD in name}
    assert trained(model) == everything


def test_under_full_tuning_the_critic_reads_what_the_policy_reads() -> None:
    """A new one expects nothing; once it has learnt something, its loss moves the hidden states it shares."""
    model = loaded("full")
    assert not critic.values(model, IDS, MASK).any()
    moved(model, critic.HEAD)
    critic.values(model, IDS, MASK).sum().backward()
    assert all(parameter.grad is not None for parameter in adapters.trunk(model).parameters())


@pytest.mark.parametrize("tuning", ["full", "lora"])
def test_the_result_is_the_policy_alone_and_a_checkpoint_has_the_critic(tuning: str, tmp_path: Path) -> None:
    model = loaded(tuning)
    moved(model, ".critic.")
    moved(model, critic.HEAD)
    kept = {name: tensor.clone() for name, tensor in critic.tensors(model).items()}
    assert len(kept) == (2 if tuning == "full" else 72)
    published = tmp_path / "result"
    checkpoint.save_weights(model, load.load_tokenizer(BASE), published)
    from safetensors import safe_open

    for path in published.rglob("*.safetensors"):
        with safe_open(path, "pt") as file:
            assert not [name for name in file.keys() if "critic" in name]  # noqa: SIM118 - no mapping
    assert not (published / critic.ADAPTER).exists()
    other = loaded(tuning)
    critic.restore(other, kept)
    assert all(torch.equal(tensor, kept[name]) for name, tensor in critic.tensors(other).items())
    assert trained(other) == trained(model)
    with pytest.raises(WorkbenchError, match="critic"):
        critic.restore(other, {})


def test_a_reward_model_of_the_same_base_is_one_more_adapter(tmp_path: Path) -> None:
    """Its scores are those of the stack's own class for such models, given without a second base."""
    from peft import PeftModel

    bench = Bench(tmp_path)
    data = str(write_rows(tmp_path / "pairs.jsonl", rows("preferences", 24)))
    run = bench.trained(method="reward", tuning="lora", data=[data], learning_rate=1e-2)
    with bench.home():
        judge = bases.of_run(run)
    assert stems_from(judge, BASE, "lora")
    assert not stems_from(judge, BASE, "qlora")
    assert not stems_from(judge, tmp_path, "lora")
    shutil.copytree(BASE, tmp_path / "thinks")
    chat_templates.open_thoughts(tmp_path / "thinks")
    assert stems_from(judge, tmp_path / "thinks", "lora"), "it reads whole conversations, which are written as before"
    assert judge.adapter_dir is not None

    tokenizer = load.load_tokenizer(BASE)
    encoder = ChatEncoder(tokenizer, generation_eos(BASE))
    asked = [(row["prompt"], row[which]) for row in rows("preferences", 3) for which in ("chosen", "rejected")]
    said = [Completion(prompt, answer[0]["content"], 1, True) for prompt, answer in asked]
    alone = load.load_model(BASE, tuning="lora", where=CPU, for_training=False, scored=True)
    alone = PeftModel.from_pretrained(alone, judge.adapter_dir).eval()
    with torch.no_grad():
        wanted = [alone(torch.tensor([encoder.encode([*p, *a], 96).input_ids])).logits.item() for p, a in asked]

    model = loaded("lora")
    before = trained(model)
    moved(model, ".default.")

    def looked(batch: Any, look: Any) -> list[torch.Tensor]:
        with torch.no_grad():
            return [look(part) for part in micro.pieces(batch, 4)]

    shared = SharedReward(model, judge.adapter_dir, encoder, int(tokenizer.eos_token_id))
    assert trained(model) == before
    assert shared.score(said, looked).tolist() == pytest.approx(wanted, abs=1e-4)
    assert len(set(wanted)) > 1
    silent = Completion(asked[0][0], "", 1, True)
    assert np.isfinite(shared.score([silent, *said], looked)).all(), "an answer without a word is scored, too"
