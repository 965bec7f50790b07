"""Learning from answers the model writes itself: what a step learns from, what is told of it, and interrupted runs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.bench import Bench, curve, of_kind, report, result, rows, same, write_rows
from tests.engine.card import Card, limited
from tests.support import wait_until
from workbench.core.checks import CHECKS
from workbench.core.errors import UsageError
from workbench.core.events import AttemptEnded, Checkpoint, Eval, Layout, Notice, Rollout, Step
from workbench.core.paths import assets_dir
from workbench.core.recipe import Recipe, resolve
from workbench.core.rewards import parse
from workbench.engine import load, samples
from workbench.engine.load import Machine
from workbench.engine.reinforce import goals, prompts, rollouts
from workbench.engine.reporter import Reporter
from workbench.engine.rewards import Completion, build
from workbench.runs import control
from workbench.runs.store import Run

BASE = assets_dir() / "base"
LONG: dict[str, Any] = {
    "method": "grpo",
    "tuning": "lora",
    "max_steps": 6,
    "save_steps": 2,
    "save_total_limit": 3,
    "eval_steps": 6,
    "sample_max_new_tokens": 0,
    "num_iterations": 2,
    "logging_steps": 3,
    "lora_dropout": 0.1,
    "beta": 0.1,
    "resample_groups": 1,
    "learning_rate": 1e-3,
    "thinking_budget": 4,
    "curriculum": "easy_first",
    "leave_out": 1,
}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def sums(bench: Bench) -> str:
    return str(write_rows(bench.path / "sums.jsonl", rows("prompts", 40)))


def told(run: Run) -> dict[int, dict[str, float]]:
    """Return the figures of each step, of a step taken twice the last."""
    return {event.step: event.metrics for event in of_kind(run, Step)}


# What a step learns from


def test_the_first_step_learns_from_what_the_base_writes(bench: Bench, sums: str) -> None:
    """Answers, rewards and figures of the journal are those found here with the base itself."""
    run = bench.trained(method="grpo", tuning="full", data=[sums])
    model = load.load_model(BASE, tuning="full", where=Machine("cpu", bf16=False), for_training=False).eval()
    tokenizer = load.load_tokenizer(BASE)
    shown: Rollout = of_kind(run, Rollout)[0]
    how = rollouts.Sampling(
        12, samples.stops(tokenizer, model), tokenizer.pad_token_id, vocabulary=len(tokenizer)
    )  # fmt: skip
    order = prompts.Groups(_prepared(run).lengths, _recipe(run))
    first = list(dict.fromkeys(list(order)[:8]))
    assert [list(order)[:8].count(number) for number in first] == [4, 4]
    asked = [_prepared(run).tokens(number) for number in first]
    written = rollouts.sample(model, asked, how, count=4, key=[0, 42, 0, 0], batch=8)
    texts = [tokenizer.decode(answer, skip_special_tokens=True) for answer in written.answers]
    with build(["length(max=4)"]) as judge:
        total = judge.score(
            [
                Completion([], text, len(tokens), done)
                for text, tokens, done in zip(texts, written.answers, written.finished, strict=True)
            ]
        ).total
    said = [answer["text"] for answer in shown.answers]
    assert said in (texts[:4], texts[4:])
    assert shown.prompt in {row["prompt"][0]["content"] for row in rows("prompts", 40)}
    assert [answer["reward"] for answer in shown.answers] == total.reshape(2, 4)[int(said == texts[4:])].tolist()
    figures = of_kind(run, Step)[0].metrics
    assert figures["reward"] == pytest.approx(total.mean())
    assert figures["reward_length"] == pytest.approx(total.mean())
    assert figures["reward_std"] == pytest.approx(total.reshape(2, 4).std(1, ddof=1).mean())
    assert figures["length"] == pytest.approx(np.mean([len(answer) for answer in written.answers]))
    assert figures["clipped"] == pytest.approx(1 - np.mean(written.finished))
    assert figures["zero_variance"] == np.mean([len(set(group)) == 1 for group in total.reshape(2, 4).tolist()])
    assert figures["entropy"] > 0


def _recipe(run: Run) -> Recipe:
    from workbench.core.recipe import load as load_recipe

    return load_recipe(run.recipe_path).recipe


def _prepared(run: Run) -> prompts.Prompts:
    from workbench.engine.examples import Examples

    return prompts.Prompts(Examples.read(run.path / "prepared" / "train"), 12)


def test_rows_stay_beside_their_prompts(bench: Bench, sums: str) -> None:
    found = _prepared(bench.trained(method="grpo", tuning="full", data=[sums]))
    tokenizer = load.load_tokenizer(BASE)
    given = {row["prompt"][0]["content"]: row["answer"] for row in rows("prompts", 40)}
    assert len(found) == 38
    for number in range(len(found)):
        row, text = found.row(number), tokenizer.decode(found.tokens(number))
        assert row["prompt"][0]["content"] in text
        assert text.endswith("<|im_start|>assistant\n")
        assert row["answer"] == given[row["prompt"][0]["content"]]


@pytest.mark.parametrize(
    "changes", [{}, {"curriculum": "short_first"}, {"curriculum": "easy_first", "leave_out": 2}, {"num_iterations": 3}]
)
def test_groups_come_whole_and_as_often_as_asked(changes: dict[str, Any]) -> None:
    recipe = Recipe(method="grpo", packing=False, per_device_train_batch_size=6, num_generations=3, **changes)
    recipe = resolve({**vars(recipe), "gradient_accumulation_steps": 2}).recipe
    lengths = np.array([9, 3, 14, 5, 8, 2])
    order = prompts.Groups(lengths, recipe)
    for epoch in (0, 1):
        order.epoch = epoch
        found = list(order)
        assert len(found) == len(order) == 2 * 4 * 3 * recipe.num_iterations
        steps = [found[start : start + 12] for start in range(0, len(found), 12)]
        for number, step in enumerate(steps):
            assert set(Counter(step).values()) == {3}
            assert step == steps[number - number % recipe.num_iterations]
        seen = [prompt for step in steps[:: recipe.num_iterations] for prompt in dict.fromkeys(step)]
        assert set(seen) == set(range(6))
        if recipe.curriculum == "short_first":
            assert seen[:6] == [5, 1, 3, 4, 0, 2]
        elif not epoch:
            assert seen[0] == 2, "the longest shows at once whether it fits"


# Rewards


def test_a_reward_that_suits_the_rows_is_chosen() -> None:
    def of(answers: list[str]) -> str:
        return goals.suiting([{"prompt": [], "answer": answer} for answer in answers])[0]

    assert of(["12", "1,200", "-3"]) == "number"
    assert of(["A", "B", "D"]) == "choice"
    assert of(["Paris", "Port Louis", "Rome"]) == "exact"
    preferred = [{"prompt": [], "completion": [{"role": "assistant", "content": "Gladly!"}]}] * 3
    assert goals.suiting(preferred)[0] == "similar"
    with pytest.raises(UsageError, match="No check suits these rows"):
        goals.suiting([{"prompt": []}] * 3)


def test_every_reward_that_may_be_chosen_is_there() -> None:
    assert {*goals._CHECK_OF.values(), "similar"} <= CHECKS.keys()


@pytest.mark.parametrize("text", ["nonsense", "length(max=0)", "number*often", "length(max=9"])
def test_a_reward_that_is_none_is_refused_before_anything_runs(text: str) -> None:
    with pytest.raises(UsageError, match="reward"):
        resolve({"method": "grpo", "packing": False, "rewards": text})


def test_rewards_keep_their_commas_and_their_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    found = resolve(
        {"method": "grpo", "packing": False, "rewards": "number,length(min=1, max=9)*0.5,schema(path=a.json)"}
    ).recipe.rewards
    assert found == ("number", "length(min=1, max=9)*0.5", f"schema(path={tmp_path}/a.json)")


def test_rows_with_preferred_answers_alone_are_learnt_from(bench: Bench) -> None:
    data = str(write_rows(bench.path / "preferred.jsonl", rows("questions", 20)))
    run = bench.trained(method="grpo", tuning="lora", data=[data], rewards=[], max_steps=1)
    assert of_kind(run, AttemptEnded)[-1].outcome == "done"
    (said,) = [event.text for event in of_kind(run, Notice) if event.code == "reward_chosen"]
    assert "similar" in said
    assert "reward_similar" in of_kind(run, Step)[0].metrics


def test_prompts_that_teach_nothing_are_replaced(bench: Bench, sums: str) -> None:
    """Where no other prompt is any better, a step learns nothing and does no harm."""
    fields = {"rewards": ["length(min=900, max=950)"], "resample_groups": 2, "max_steps": 1, "sample_max_new_tokens": 0}
    run = bench.trained(method="grpo", tuning="lora", data=[sums], **fields)
    (step,) = of_kind(run, Step)
    assert (step.loss, step.grad_norm, step.metrics["zero_variance"]) == (0, 0, 1)
    assert of_kind(run, AttemptEnded)[-1].outcome == "done"


# Interrupted runs and memory


def test_a_killed_run_goes_on_to_the_last_bit(bench: Bench) -> None:
    """From its first checkpoint, between two writings."""
    # Seven prompts, four a step and two steps with each four: the third writing begins the second epoch, whose order
    # follows from what the first has measured.
    data = str(write_rows(bench.path / "few.jsonl", rows("prompts", 8)))
    whole = bench.trained(**LONG, data=[data], **sized(16, 1))
    run = bench.lost(whole, 2)
    assert run.status() == "lost"
    assert bench.attempt(run) == 0
    assert of_kind(run, AttemptEnded)[-1].outcome == "done"
    assert curve(run) == curve(whole)
    assert told(run) == told(whole)
    assert {event.step: event.metrics for event in of_kind(run, Eval)} == {
        event.step: event.metrics for event in of_kind(whole, Eval)
    }
    assert same(result(run), result(whole))
    assert report(run)["held_out_metrics"] == report(whole)["held_out_metrics"]
    figures = told(whole)
    assert of_kind(whole, Step)[-1].epoch > 1
    assert figures[3]["forced"] > 0, "thoughts that were closed for it are among what is the same"
    assert figures[3]["kl"] >= 0
    assert figures[6]["kl"] > 0
    assert figures[6]["clip"] > 0, "what was written before a step is old in the next"


@pytest.mark.soak
def test_a_pause_waits_for_the_steps_that_belong_together(bench: Bench, sums: str) -> None:
    run = bench.create(**{**LONG, "data": [sums], "num_iterations": 4, "save_steps": 100, "max_steps": 12})

    def pause() -> None:
        wait_until(lambda: of_kind(run, Step), 60, "the first step")
        control.pause(run)

    bench.attempt(run, meanwhile=pause)
    assert of_kind(run, AttemptEnded)[-1].outcome == "paused"
    kept: list[int] = [event.step for event in of_kind(run, Checkpoint)]
    assert kept[-1] in (4, 8)


def sized(micro: int, accumulation: int) -> dict[str, Any]:
    return {"per_device_train_batch_size": micro, "gradient_accumulation_steps": accumulation}


@pytest.mark.soak
def test_cutting_a_step_into_passes_changes_nothing(bench: Bench, sums: str) -> None:
    fields = {"method": "grpo", "tuning": "lora", "data": [sums], "num_iterations": 2, "beta": 0.2}
    one, other = (
        bench.trained(**fields, **sized(8, 1)),
        bench.trained(**fields, **sized(2, 4), generation_batch_size=3),
    )
    first, second = ([(event.loss, event.grad_norm) for event in of_kind(run, Step)] for run in (one, other))
    np.testing.assert_allclose(np.array(first), np.array(second), atol=1e-5)
    for step, figures in told(one).items():
        assert told(other)[step] == pytest.approx(figures, abs=1e-4)
    assert [event.answers for event in of_kind(one, Rollout)] == [event.answers for event in of_kind(other, Rollout)]


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Card:
    return limited(monkeypatch)


def test_a_run_writes_and_learns_in_smaller_pieces_when_memory_runs_out(bench: Bench, sums: str, card: Card) -> None:
    fields = {"method": "grpo", "tuning": "lora", "data": [sums], "num_iterations": 2, "sample_max_new_tokens": 0}
    whole = bench.trained(**fields)
    card.written, card.sequences = 4, 2
    run = bench.create(**fields)
    assert bench.attempt(run) == 0
    changes: list[Layout] = of_kind(run, Layout)
    assert [(event.generation_batch_size, event.per_device_train_batch_size) for event in changes] == [
        (4, 8), (4, 4), (4, 2)
    ]  # fmt: skip
    assert "while answers were written" in changes[0].text
    assert [event.answers for event in of_kind(run, Rollout)] == [event.answers for event in of_kind(whole, Rollout)]
    for one, other in zip(of_kind(run, Step), of_kind(whole, Step), strict=True):
        assert one.metrics == pytest.approx(other.metrics, abs=1e-4)
    card.written = 0
    failed = bench.create(**fields)
    assert bench.attempt(failed) != 0
    (ended,) = of_kind(failed, AttemptEnded)
    assert "Out of memory while answers were written for step 1" in ended.error


def test_what_does_not_come_out_even_is_refused() -> None:
    for values, said in (
        ({"num_generations": 3}, "makes no whole groups of num_generations=3"),
        ({"max_completion_length": 1024}, "has to hold a prompt and an answer"),
        ({"packing": True}, "set packing=false"),
        ({"num_processes": 2}, "leave num_processes at 1"),
    ):
        with pytest.raises(UsageError, match=said):
            resolve({"method": "grpo", "packing": False, **values})


def test_rows_without_what_a_check_needs_are_refused_or_told(tmp_path: Path) -> None:
    reporter = Reporter(tmp_path / "events.jsonl")
    bare, full = {"prompt": []}, {"prompt": [], "answer": "4"}
    with pytest.raises(
        UsageError, match="No row that was looked at has the right answer, which the check number needs"
    ):
        goals._answerable(parse("number"), [bare] * 5, reporter)
    for spec, rows_there in (
        ("number*0", [bare] * 5), ("length(max=4)", [bare] * 5), ("number", [full] * 19 + [bare]),
    ):  # fmt: skip
        goals._answerable(parse(spec), rows_there, reporter)
    assert not (tmp_path / "events.jsonl").exists() or not (tmp_path / "events.jsonl").read_bytes()
    goals._answerable(parse("number"), [full] * 3 + [bare], reporter)
    assert "1 of 4 rows looked at lack the right answer" in (tmp_path / "events.jsonl").read_text()
