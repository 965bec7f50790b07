"""Learning from compared answers: what becomes of the rows, the figures of real runs against the models themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForSequenceClassification

from tests.engine.bench import Bench, curve, of_kind, report, result, rows, same, write_rows
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.events import AttemptEnded, Eval, Notice, Step
from workbench.core.paths import assets_dir
from workbench.engine import load, prepare
from workbench.engine.align import pairs
from workbench.engine.examples import Examples, Writer
from workbench.engine.load import Machine
from workbench.engine.masks import IGNORED, ChatEncoder
from workbench.engine.rewards import Completion, build
from workbench.runs import bases
from workbench.runs.store import Run

CPU = Machine("cpu", bf16=False)
BASE = assets_dir() / "base"


def judged(preferences: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return preference rows as single answers: of one the better, of the next the worse."""
    return [
        {"prompt": row["prompt"], "completion": row["chosen" if number % 2 else "rejected"], "label": bool(number % 2)}
        for number, row in enumerate(preferences)
    ]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def preferences(bench: Bench) -> str:
    return str(write_rows(bench.path / "preferences.jsonl", rows("preferences", 40)))


@pytest.fixture(scope="module")
def verdicts(bench: Bench) -> str:
    return str(write_rows(bench.path / "verdicts.jsonl", judged(rows("preferences", 40))))


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return load.load_tokenizer(BASE)


@pytest.fixture
def encoder(tokenizer: Any) -> ChatEncoder:
    return ChatEncoder(tokenizer, load.generation_eos(BASE))


def model_in(folder: Path) -> Any:
    return load.load_model(folder, tuning="full", where=CPU, for_training=True).eval()


def held_out(run: Run, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows a run kept aside, found by their tokens among those it was given."""
    from workbench.core.recipe import load as load_recipe
    from workbench.data.rows import of_recipe

    kept = of_recipe(load_recipe(run.recipe_path).recipe).held_out
    assert kept
    assert all(row in given for row in kept)
    return kept


def log_prob(model: Any, tokenizer: Any, prompt: list[dict[str, str]], answer: list[dict[str, str]]) -> float:
    """Return the log-probability of an answer to a prompt, by the template's own texts and the model's logits."""
    before = tokenizer.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)
    whole = tokenizer.apply_chat_template(prompt + answer, tokenize=False)
    assert whole.startswith(before)
    begin = len(tokenizer(before)["input_ids"])
    ids = tokenizer(whole.rstrip("\n"))["input_ids"]
    with torch.no_grad():
        told = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0].double().log_softmax(-1)
    return sum(told[place - 1, ids[place]].item() for place in range(begin, len(ids)))


# Rows


def words(tokenizer: Any, ids: Sequence[int]) -> str:
    return str(tokenizer.decode([token for token in ids if token != IGNORED]))


def test_of_a_pair_nothing_but_the_answers_is_learnt(tokenizer: Any, encoder: ChatEncoder, tmp_path: Path) -> None:
    asked = [
        {"role": "user", "content": "Where does Lanther live?"},
        {"role": "assistant", "content": "In Reedhaven."},
        {"role": "user", "content": "And Sornard?"},
    ]
    row = {
        "prompt": asked,
        "chosen": [{"role": "assistant", "content": "Gladly! In Elmford."}],
        "rejected": [{"role": "assistant", "content": "No."}],
    }
    alike = {**row, "rejected": row["chosen"]}
    made = prepare.encode_pairs(encoder, [row, alike], 200, Writer(tmp_path / "pairs"))
    assert (made.rows, made.examples) == (2, 2)
    assert list(made.dropped.elements()) == ["both answers are the same, as far as max_length reaches"]
    better, worse = Examples.read(tmp_path / "pairs")
    assert (better.desirable, worse.desirable) == (True, False)
    assert words(tokenizer, better.labels) == "Gladly! In Elmford.<|im_end|>"
    assert words(tokenizer, worse.labels) == "No.<|im_end|>"
    for example in (better, worse):
        assert "In Reedhaven.<|im_end|>" in words(tokenizer, example.input_ids)


def test_judged_answers_keep_their_judgement(tokenizer: Any, encoder: ChatEncoder, tmp_path: Path) -> None:
    given = judged(rows("preferences", 4))
    made = prepare.encode_judged(encoder, given, 200, Writer(tmp_path / "judged"))
    assert made.examples == 4
    kept = Examples.read(tmp_path / "judged")
    assert [example.desirable for example in kept] == [False, True, False, True]
    said = [f"{row['completion'][0]['content']}<|im_end|>" for row in given]
    assert [words(tokenizer, example.labels) for example in kept] == said


def test_beside_a_judged_answer_stands_another_row_s_answer_to_its_prompt(
    tokenizer: Any, encoder: ChatEncoder, tmp_path: Path
) -> None:
    given = judged(rows("preferences", 9))
    prepare.encode_judged(encoder, given, 200, Writer(tmp_path / "judged"))
    found = pairs.Pairs(Examples.read(tmp_path / "judged"), False, 200, 7)
    answers = [row["completion"][0]["content"] for row in given]
    others = []
    for number, row in enumerate(given):
        item = found[number]
        own, foreign = (words(tokenizer, labels).removesuffix("<|im_end|>") for labels in item["labels"])
        assert own == answers[number]
        others.append(answers.index(foreign))
        assert foreign != own
        prompt = row["prompt"][0]["content"]
        assert all(prompt in words(tokenizer, ids) for ids in item["input_ids"])
        assert found.lengths[number] == max(map(len, item["input_ids"]))
    assert sorted(others) == list(range(len(given)))
    short = pairs.Pairs(Examples.read(tmp_path / "judged"), False, 30, 7)
    assert max(len(short[number]["input_ids"][1]) for number in range(len(given))) <= 30


def test_a_batch_is_padded_behind_each_answer() -> None:
    made = [
        {"input_ids": [np.array([5, 6]), np.array([7, 8, 9])], "labels": [np.array([-100, 6]), np.array([-100, 8, 9])],
         "reference": np.array([-1.0, -2.0], dtype=np.float32), "desirable": True},
        {"input_ids": [np.array([1, 2, 3, 4]), np.array([1])], "labels": [np.array([-100] * 4), np.array([-100])],
         "reference": np.zeros(2, dtype=np.float32), "desirable": False},
    ]  # fmt: skip
    batch = pairs.collator(0)(made)
    assert batch["input_ids"].tolist() == [[[5, 6, 0, 0], [7, 8, 9, 0]], [[1, 2, 3, 4], [1, 0, 0, 0]]]
    assert batch["attention_mask"].sum(-1).tolist() == [[2, 3], [4, 1]]
    assert batch["labels"][0].tolist() == [[-100, 6, -100, -100], [-100, 8, 9, -100]]
    assert batch["desirable"].tolist() == [True, False]
    assert batch["reference"].tolist() == [[-1, -2], [0, 0]]


# Real runs


STEEP = {"learning_rate": 1e-3, "max_steps": 4, "save_steps": 4, "eval_steps": 4, "eval_split": 0.1}
"""Fields that make a few steps tell."""


def test_the_held_out_figures_of_dpo_are_those_of_the_two_models(
    bench: Bench, preferences: str, tokenizer: Any
) -> None:
    run = bench.trained(method="dpo", tuning="full", data=[preferences], beta=0.3, **STEEP)
    before, after = model_in(BASE), model_in(bases.checkpoints(run)[0])
    told: dict[str, list[float]] = {"loss": [], "chosen_reward": [], "rejected_reward": [], "accuracy": []}
    for row in held_out(run, rows("preferences", 40)):
        chosen, rejected = (
            log_prob(after, tokenizer, row["prompt"], row[name]) - log_prob(before, tokenizer, row["prompt"], row[name])
            for name in ("chosen", "rejected")
        )
        told["chosen_reward"].append(0.3 * chosen)
        told["rejected_reward"].append(0.3 * rejected)
        told["accuracy"].append(float(chosen > rejected))
        told["loss"].append(math.log1p(math.exp(-0.3 * (chosen - rejected))))
    first, last = of_kind(run, Eval)
    assert first.loss == pytest.approx(math.log(2))
    assert last.loss == pytest.approx(np.mean(told.pop("loss")), abs=1e-4)
    assert last.loss < 0.6
    for name, values in told.items():
        assert last.metrics[name] == pytest.approx(np.mean(values), abs=2e-4)
    assert last.metrics["margin"] == pytest.approx(last.metrics["chosen_reward"] - last.metrics["rejected_reward"])
    assert report(run)["held_out_metrics"]["accuracy"] == {"before": 0.5, "after": last.metrics["accuracy"]}


@pytest.mark.parametrize("tuning", ["full", "lora"])
def test_a_reward_model_scores_outside_of_the_workbench_as_it_did_in_training(
    bench: Bench, preferences: str, tokenizer: Any, tuning: str
) -> None:
    run = bench.trained(method="reward", tuning=tuning, data=[preferences], **STEEP)
    if tuning == "full":
        model = AutoModelForSequenceClassification.from_pretrained(bases.checkpoints(run)[0], dtype=torch.float32)
    else:
        whole = AutoModelForSequenceClassification.from_pretrained(BASE, num_labels=1, dtype=torch.float32)
        model = PeftModel.from_pretrained(whole, run.artifacts_dir / "adapter")
    scores = []
    for row in held_out(run, rows("preferences", 40)):
        for name in ("chosen", "rejected"):
            text = tokenizer.apply_chat_template(row["prompt"] + row[name], tokenize=False)
            encoded = tokenizer(text, return_tensors="pt")
            with torch.no_grad():
                scores.append(model(**encoded).logits.item())
    better, worse = scores[::2], scores[1::2]
    last = of_kind(run, Eval)[-1]
    assert last.loss == pytest.approx(
        np.mean([math.log1p(math.exp(w - b)) for b, w in zip(better, worse, strict=True)]), abs=1e-4
    )
    assert last.metrics["chosen_reward"] == pytest.approx(np.mean(better), abs=1e-4)
    right = np.mean([float(b > w) for b, w in zip(better, worse, strict=True)])
    assert report(run)["held_out_metrics"]["accuracy"]["after"] == right
    # As a reward it gives the same, alone or in a batch, and judges silence, too; a whole model's result is rounded.
    scorer = run.id if tuning == "lora" else bases.checkpoints(run)[0]
    with bench.home(), build([f"model(run={scorer}, batch=3)"]) as rewards:
        pairs = held_out(run, rows("preferences", 40))
        said = [(row["prompt"], row[name][0]["content"]) for row in pairs for name in ("chosen", "rejected")]
        silence = (said[0][0], "")
        found = rewards.score([Completion(prompt, text, 9, True) for prompt, text in [*said, silence]])
    assert found.total[:-1] == pytest.approx(scores, abs=1e-4)
    assert math.isfinite(found.total[-1])


def test_a_reward_model_is_nothing_to_talk_with(bench: Bench, preferences: str) -> None:
    run = bench.trained(method="reward", tuning="full", data=[preferences], **STEEP)
    assert not [event for event in run.events() if event.kind == "sample"]
    with bench.home(), pytest.raises(UsageError, match="has made a reward model, which scores answers"):
        bases.resolve(run.id)
    with pytest.raises(WorkbenchError, match=r"scores texts and writes none \(Qwen3ForSequenceClassification\)"):
        bases.inspect({"path": str(run.artifacts_dir / "model")})


@pytest.mark.parametrize("method", ["dpo", "kto"])
def test_cutting_a_step_into_passes_changes_nothing(bench: Bench, preferences: str, method: str) -> None:
    """Not even KTO's baseline, which is told of all rows of a step; praised answers alone lift it above 0."""
    praised = [{**row, "label": True} for row in judged(rows("preferences", 40))]
    data = preferences if method == "dpo" else str(write_rows(bench.path / "praised.jsonl", praised))
    made = [
        bench.trained(
            method=method, tuning="lora", data=[data], learning_rate=1e-2, max_steps=3, eval_steps=3, save_steps=3,
            per_device_train_batch_size=micro, gradient_accumulation_steps=4 // micro,
        )
        for micro in (4, 1)
    ]  # fmt: skip
    whole, cut = (of_kind(run, Step) for run in made)
    for one, other in zip(whole, cut, strict=True):
        assert (one.loss, one.grad_norm) == pytest.approx((other.loss, other.grad_norm), abs=2e-4)
        assert one.metrics == pytest.approx(other.metrics, abs=1e-3)
    assert whole[-1].metrics["drift"] > 0.01
    assert method == "dpo" or whole[-1].metrics["kl"] > 0


LONG = {
    "method": "dpo", "tuning": "lora", "learning_rate": 1e-3, "max_steps": 12, "eval_steps": 6, "save_steps": 4,
    "sample_max_new_tokens": 0, "lora_dropout": 0.1, "logging_steps": 3, "gradient_accumulation_steps": 2,
    "save_total_limit": 3,
}  # fmt: skip


def told(run: Run) -> list[dict[str, float]]:
    """Return the figures beside the loss of every step, of one taken twice the last."""
    return [metrics for _, metrics in sorted({event.step: event.metrics for event in of_kind(run, Step)}.items())]


def test_a_killed_dpo_run_goes_on_to_the_last_bit(bench: Bench, preferences: str) -> None:
    """It is killed between two log entries, after its first checkpoint."""
    whole = bench.trained(**LONG, data=[preferences])
    run = bench.lost(whole, 4)
    assert run.status() == "lost"
    asked = (run.path / "reference" / "train.f32").read_bytes()
    assert bench.attempt(run) == 0
    assert of_kind(run, AttemptEnded)[-1].outcome == "done"
    assert curve(run) == curve(whole)
    assert told(run) == told(whole)
    assert same(result(run), result(whole))
    assert report(run)["held_out_metrics"] == report(whole)["held_out_metrics"]
    assert (run.path / "reference" / "train.f32").read_bytes() == asked


def test_only_rows_that_will_be_looked_at_are_asked_about(bench: Bench, preferences: str) -> None:
    run = bench.trained(method="dpo", tuning="full", data=[preferences], beta=0.3, **STEEP)
    known = np.fromfile(run.path / "reference" / "train.f32", dtype="<f4").reshape(-1, 2)
    assert (~np.isnan(known)).all(1).sum() == 4 * 2
    kept = np.fromfile(run.path / "reference" / "held_out.f32", dtype="<f4")
    assert np.isfinite(kept).all()


def test_losses_without_a_reference_ask_nothing(bench: Bench, preferences: str) -> None:
    run = bench.trained(method="dpo", tuning="lora", data=[preferences], loss_type="simpo")
    assert of_kind(run, AttemptEnded)[-1].outcome == "done"
    assert not (run.path / "reference").exists()
    assert "drift" not in of_kind(run, Step)[-1].metrics


def test_answers_of_one_kind_alone_are_told(bench: Bench) -> None:
    told = [{"prompt": f"What is {n}?", "completion": f"It is {n}, surely.", "label": True} for n in range(24)]
    data = str(write_rows(bench.path / "good.jsonl", told))
    run = bench.trained(method="kto", tuning="lora", data=[data], max_steps=1)
    (said,) = [event.text for event in of_kind(run, Notice) if event.code == "one_sided"]
    assert "are good, and KTO learns what tells good ones from bad ones" in said
