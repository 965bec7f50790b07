"""PPO from ranking to policy: scores are the reward model's, the reference stays, and a killed run goes on exactly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.engine.bench import Bench, curve, of_kind, result, rows, same, write_rows
from workbench.core.errors import UsageError
from workbench.core.events import AttemptEnded, Eval, Notice, Rollout, Step
from workbench.core.paths import assets_dir
from workbench.core.recipe import Recipe
from workbench.engine import checkpoint, load
from workbench.engine.load import Machine
from workbench.engine.masks import ChatEncoder
from workbench.engine.tokenizer import generation_eos
from workbench.runs import bases, reward_models
from workbench.runs.store import Run

BASE = assets_dir() / "base"
SHORT: dict[str, Any] = {
    "method": "ppo", "max_steps": 4, "num_iterations": 2, "save_steps": 2, "eval_steps": 4, "learning_rate": 1e-3,
    "sample_max_new_tokens": 0, "max_completion_length": 12, "per_device_train_batch_size": 4, "logging_steps": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def prompts(bench: Bench) -> str:
    return str(write_rows(bench.path / "prompts.jsonl", rows("prompts", 40)))


@pytest.fixture(scope="module")
def judge(bench: Bench) -> Run:
    """Return a reward model on the bundled base."""
    data = str(write_rows(bench.path / "pairs.jsonl", rows("preferences", 24)))
    return bench.trained(method="reward", tuning="lora", data=[data], learning_rate=1e-2)


def trained(bench: Bench, prompts: str, **fields: Any) -> Run:
    with bench.home():
        return bench.trained(**{**SHORT, "data": [prompts], **fields})


def test_answers_are_scored_as_the_stack_s_own_class_scores_them(bench: Bench, prompts: str, judge: Run) -> None:
    """The rewards in the journal, against the reward model loaded on its own and asked about the same words."""
    from peft import PeftModel

    run = trained(bench, prompts, tuning="lora", reward_model=judge.id, rewards=["length(max=5)*0.5"])
    encoder = ChatEncoder(load.load_tokenizer(BASE), generation_eos(BASE))
    alone = load.load_model(BASE, tuning="lora", where=Machine("cpu", False), for_training=False, scored=True)
    alone = PeftModel.from_pretrained(alone, judge.artifacts_dir / "adapter").eval()
    told = of_kind(run, Rollout)
    assert [event.step for event in told] == [1, 3], "each round is two steps"
    for event in told:
        (answer,) = event.answers
        said = [{"role": "user", "content": event.prompt}, {"role": "assistant", "content": answer["text"]}]
        with torch.no_grad():
            score = alone(torch.tensor([encoder.encode(said, 96).input_ids])).logits.item()
        liked, short = answer["parts"].values()
        assert liked == pytest.approx(score, abs=1e-3)
        assert answer["reward"] == pytest.approx(liked + 0.5 * short)


@pytest.mark.parametrize("tuning", ["lora", "full"])
def test_the_reference_is_the_base_and_the_result_the_policy(
    bench: Bench, prompts: str, judge: Run, tuning: str
) -> None:
    """Before the first step nothing has moved; then it has, and neither critic nor reward model is published."""
    run = trained(bench, prompts, tuning=tuning, reward_model=judge.id, rewards=[])
    # Over other weights than it was trained on, the reward model is a model beside the base.
    assert ("reward_model_beside" in [event.code for event in of_kind(run, Notice)]) == (tuning == "full")
    first, last = of_kind(run, Eval)
    assert first.metrics["kl"] == pytest.approx(0, abs=1e-6)
    assert last.metrics["kl"] > 1e-5
    steps: list[Step] = of_kind(run, Step)
    assert steps[0].metrics["kl"] == pytest.approx(0, abs=1e-5)
    assert steps[0].metrics["value"] == 0
    assert steps[0].metrics["policy_moved"] == pytest.approx(0, abs=1e-6)
    assert steps[1].metrics["policy_moved"] > 0
    assert steps[2].metrics["value"] != 0
    assert "zero_variance" not in steps[0].metrics
    # The prompts have results to check: whether answers are right is watched, and earns nothing.
    assert "reward_watched" in [event.code for event in of_kind(run, Notice)]
    assert all(0 <= look.metrics["reward_number"] <= 1 for look in (first, last))
    assert all(look.metrics["reward"] == pytest.approx(look.metrics["reward_model"]) for look in (first, last))
    names = set(result(run))
    assert names
    assert not [name for name in names if "critic" in name or "reward" in name or "score" in name]
    kept = load_file(bases.checkpoints(run)[0] / checkpoint.CRITIC_FILE)
    assert kept["critic_head.weight"].any()
    assert (len(kept) > 2) == (tuning == "lora")


def test_passes_of_any_size_and_recomputed_activations_change_nothing(bench: Bench, prompts: str, judge: Run) -> None:
    """Advantages are whitened over the whole round, and activations come again with the adapter they came with."""
    how = {"tuning": "lora", "reward_model": judge.id, "rewards": []}
    pieces = {"per_device_train_batch_size": 2, "gradient_accumulation_steps": 2, "gradient_checkpointing": True}
    whole, cut = trained(bench, prompts, **how), trained(bench, prompts, **how, **pieces)
    said, again = ([event.answers[0]["text"] for event in of_kind(run, Rollout)] for run in (whole, cut))
    assert said == again
    for one, other in zip(curve(whole).values(), curve(cut).values(), strict=True):
        assert other[:2] == pytest.approx(one[:2], rel=1e-3, abs=1e-5)


def test_a_killed_run_goes_on_to_the_last_bit(bench: Bench, prompts: str, judge: Run) -> None:
    """Answers, critic and its optimizer's state are those of an unbroken run."""
    how = {
        "tuning": "lora",
        "reward_model": judge.id,
        "rewards": [],
        "max_steps": 8,
        "eval_steps": 8,
        "lora_dropout": 0.1,
        "thinking_budget": 4,
        "save_total_limit": 4,
    }
    whole = trained(bench, prompts, **how)
    run = bench.lost(whole, 2)
    assert run.status() == "lost"
    assert bench.attempt(run) == 0
    assert of_kind(run, AttemptEnded)[-1].outcome == "done"
    assert of_kind(whole, Step)[0].metrics["forced"] > 0
    assert [event.code for event in of_kind(whole, Notice)].count("never_thought") == 1
    assert "reward_model_beside" not in [event.code for event in of_kind(whole, Notice)]
    assert curve(run) == curve(whole)
    assert same(result(run), result(whole))
    own, other = (bases.checkpoints(one)[0] for one in (run, whole))
    for name in (checkpoint.CRITIC_FILE, checkpoint.OPTIMIZER_FILE):
        assert same(load_file(own / name), load_file(other / name))
    assert of_kind(run, Eval)[-1].metrics == of_kind(whole, Eval)[-1].metrics


def test_what_is_no_reward_model_is_refused(bench: Bench, judge: Run, tmp_path: Path) -> None:
    with bench.home():
        assert reward_models.find(judge.id).adapter_tuning == "lora"
        assert reward_models.of_lineage("bundled") == (judge.id,)
        assert reward_models.of_lineage(str(tmp_path)) == ()
        adapter = (judge.artifacts_dir / "adapter" / "adapter_model.safetensors").stat().st_size
        whole = (BASE / "model.safetensors").stat().st_size
        held = reward_models.beside(judge.id, "bundled")
        assert held == {"full": whole + adapter, "lora": adapter, "qlora": whole + adapter}
        assert reward_models.beside(judge.id, "elsewhere")["lora"] == whole + adapter
        with pytest.raises(UsageError, match="holds no reward model"):
            reward_models.find(str(BASE))
        data = str(write_rows(tmp_path / "rows.jsonl", rows("questions", 8)))
        other = bench.create(method="sft", tuning="lora", data=[data])
        (other.artifacts_dir / "adapter").mkdir(parents=True)
        with pytest.raises(UsageError, match="gives no scores"):
            reward_models.find(other.id)
    with pytest.raises(UsageError, match="trainable_token_indices"):
        Recipe(method="ppo", packing=False, trainable_token_indices=("auto",))
