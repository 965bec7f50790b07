"""Running out of memory: a step is taken again in smaller pieces, to the figures of a run that began with them."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
import torch
import transformers

from tests.engine.bench import Bench, curve, of_kind, report, result, rows, same, write_rows
from tests.engine.card import ENDLESS, Card, exhausted, limited
from workbench.core.events import AttemptEnded, Checkpoint, Eval, Event, Layout, Notice, Sample, Step
from workbench.core.paths import assets_dir
from workbench.core.recipe import load as load_recipe
from workbench.engine import checkpoint, micro
from workbench.engine.load import load_tokenizer
from workbench.runs import bases
from workbench.runs.store import Run

STEPS = 6
FIELDS: dict[str, Any] = {
    "method": "sft",
    "tuning": "lora",
    "packing": False,
    "lora_dropout": 0.1,
    "max_steps": STEPS,
    "save_steps": 2,
    "eval_steps": 3,
    "sample_max_new_tokens": 0,
}
WHOLE, HALF, SINGLE = (
    {"per_device_train_batch_size": micro, "gradient_accumulation_steps": accumulation}
    for micro, accumulation in ((4, 2), (2, 4), (1, 8))
)


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Card:
    return limited(monkeypatch)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def questions(bench: Bench) -> str:
    return str(write_rows(bench.path / "questions.jsonl", rows("questions", 40)))


@pytest.fixture(scope="module")
def longest(questions: str) -> int:
    """Tokens of the longest row, by the bundled template."""
    tokenizer = load_tokenizer(assets_dir() / "base")
    texts = [tokenizer.apply_chat_template(row["messages"], tokenize=False) for row in rows("questions", 40)]
    return max(len(tokenizer(text)["input_ids"]) for text in texts)


def layouts(run: Run) -> list[tuple[int, int, int, bool]]:
    """Return step, micro-batch, accumulation and checkpointing of each change, oldest first."""
    return [
        (e.step, e.per_device_train_batch_size, e.gradient_accumulation_steps, e.gradient_checkpointing)
        for e in of_kind(run, Layout)
    ]


def alike(run: Run, other: Run) -> None:
    """Fail unless two runs have the same curve, within the rounding of fp32."""
    one, two = curve(run), curve(other)
    assert list(one) == list(two) == list(range(1, STEPS + 1))
    for step, (loss, norm, rate, tokens) in one.items():
        assert (loss, norm) == pytest.approx(two[step][:2], abs=1e-5), step
        assert (rate, tokens) == two[step][2:], step


# In training


@pytest.mark.parametrize(("at_step", "dropout", "in_backward"), [(1, 0.1, True), (3, 0.0, False)])
def test_the_curve_is_that_of_a_run_with_the_smaller_micro_batch(
    bench: Bench, questions: str, card: Card, at_step: int, dropout: float, in_backward: bool
) -> None:
    """From the first step on with dropout, which draws in the same shapes; later in the second pass of the step."""
    fields = {**FIELDS, "lora_dropout": dropout, "data": [questions]}
    half = bench.trained(**fields, **HALF)
    card.sequences, card.in_backward = 2, in_backward
    card.sizes.clear()
    card.free_until = 0 if at_step == 1 else 5
    run = bench.create(**fields, **WHOLE)
    assert bench.attempt(run) == 0
    assert of_kind(run, AttemptEnded)[-1].outcome == "done"
    assert layouts(run) == [(at_step, 2, 4, False)]
    alike(run, half)
    assert [event.step for event in of_kind(run, Step)] == list(range(1, STEPS + 1))
    assert report(run)["held_out_loss"] == pytest.approx(report(half)["held_out_loss"], abs=1e-5)


def test_compared_answers_are_taken_in_smaller_passes_too(bench: Bench, card: Card) -> None:
    """In the look at the base's answers and in training; KTO's baseline is that of the whole step all the same."""
    given = [
        {"prompt": row["prompt"], "completion": row["chosen" if number % 2 else "rejected"], "label": bool(number % 2)}
        for number, row in enumerate(rows("preferences", 40))
    ]
    data = str(write_rows(bench.path / "verdicts.jsonl", given))
    fields = {**FIELDS, "method": "kto", "lora_dropout": 0.0, "learning_rate": 1e-3, "data": [data]}
    half = bench.trained(**fields, **HALF)
    card.sequences, card.evaluated = 2, 5
    run = bench.create(**fields, **WHOLE)
    assert bench.attempt(run) == 0
    assert layouts(run) == [(0, 4, 2, False), (1, 2, 4, False)]
    alike(run, half)
    for one, other in zip(of_kind(run, Step), of_kind(half, Step), strict=True):
        assert one.metrics == pytest.approx(other.metrics, abs=1e-4)


def test_a_change_is_told_and_kept_in_journal_and_report_and_the_recipe_stays(
    bench: Bench, questions: str, longest: int, card: Card
) -> None:
    card.training = longest
    run = bench.create(**FIELDS, **WHOLE, data=[questions])
    asked = run.recipe_path.read_bytes()
    assert bench.attempt(run) == 0
    first, second = of_kind(run, Layout)
    assert layouts(run) == [(1, 2, 4, False), (1, 1, 8, False)]
    assert "halved from 4 to 2 and accumulation raised from 2 to 4" in first.text
    assert "effective batch and the learning rate stay" in first.text
    kinds: list[type[Event]] = [type(e) for e in run.events() if isinstance(e, Layout | Step | Eval)]
    assert kinds[:4] == [Eval, Layout, Layout, Step]
    assert run.recipe_path.read_bytes() == asked
    told = report(run)["layout"]
    assert told["asked"]["per_device_train_batch_size"] == 4
    assert told["used"] == {
        "per_device_train_batch_size": 1,
        "gradient_accumulation_steps": 8,
        "gradient_checkpointing": False,
        "activation_offloading": False,
        "per_device_eval_batch_size": 4,
    }
    assert told["changes"] == [{"step": 1, "text": first.text}, {"step": 1, "text": second.text}]


def test_a_micro_batch_that_is_not_even_keeps_the_effective_batch(
    bench: Bench, questions: str, longest: int, card: Card
) -> None:
    fields = {**FIELDS, "per_device_train_batch_size": 5, "gradient_accumulation_steps": 1, "data": [questions]}
    whole = bench.trained(**{**fields, "lora_dropout": 0.0})
    card.training = 3 * longest
    run = bench.create(**{**fields, "lora_dropout": 0.0})
    assert bench.attempt(run) == 0
    assert layouts(run) == [(1, 3, 2, False)]
    alike(run, whole)


def test_packed_sequences_are_halved_too(bench: Bench, questions: str, card: Card) -> None:
    fields = {**FIELDS, "packing": True, "lora_dropout": 0.0, "max_steps": STEPS, "data": [questions]}
    other = bench.trained(**fields, **HALF)
    card.training = 2 * 96
    run = bench.create(**fields, **WHOLE)
    assert bench.attempt(run) == 0
    assert report(run)["packed"]
    assert layouts(run)[-1][1:] == (2, 4, False)
    assert [v[:3] for v in curve(run).values()] == [pytest.approx(v[:3], abs=1e-5) for v in curve(other).values()]


@pytest.mark.parametrize(
    "tuning", [*(pytest.param(tuning, marks=pytest.mark.soak) for tuning in ("full", "lora")), "qlora"]
)
def test_checkpointing_comes_when_one_sequence_is_too_much(
    bench: Bench, questions: str, longest: int, card: Card, tuning: str
) -> None:
    fields = {**FIELDS, "tuning": tuning, "lora_dropout": 0.0, "data": [questions]}
    single = bench.trained(**fields, **SINGLE)
    card.training, card.checkpointing_gains = longest // 2, 2
    run = bench.create(**fields, **{**SINGLE, "per_device_train_batch_size": 2, "gradient_accumulation_steps": 4})
    assert bench.attempt(run) == 0
    assert layouts(run) == [(1, 1, 8, False), (1, 1, 8, True)]
    assert "gradient checkpointing was switched on" in of_kind(run, Layout)[-1].text
    alike(run, single)


@pytest.mark.parametrize(
    ("tuning", "ways"),
    [
        ("full", "--set max_length={}, --tuning lora or qlora or a smaller base."),
        ("lora", "--set max_length={}, --tuning qlora or a smaller base."),
        ("qlora", "--set max_length={} or a smaller base."),
    ],
)
def test_with_nothing_left_the_run_fails_and_says_what_would_fit(
    bench: Bench, questions: str, longest: int, card: Card, tuning: str, ways: str
) -> None:
    card.training = 1
    run = bench.create(**{**FIELDS, "tuning": tuning}, **HALF, data=[questions])
    assert bench.attempt(run) == 1
    ended = of_kind(run, AttemptEnded)[-1]
    assert (ended.outcome, ended.step) == ("failed", 0)
    assert layouts(run) == [(1, 1, 8, False), (1, 1, 8, True)]
    assert ended.error.startswith("Out of memory at step 1 with one sequence of at most ")
    assert ended.error.endswith(ways.format(longest // 2))
    assert ended.error.count(". ") == 0
    assert not list(run.artifacts_dir.iterdir())


def test_memory_that_runs_out_in_the_optimizer_says_what_would_fit(
    bench: Bench, questions: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Smaller pieces would not help: activations are gone by then."""
    monkeypatch.setattr(torch.optim.AdamW, "step", exhausted)
    run = bench.create(**{**FIELDS, "tuning": "full"}, **WHOLE, data=[questions])
    assert bench.attempt(run) == 1
    assert of_kind(run, Layout) == []
    error = of_kind(run, AttemptEnded)[-1].error
    assert error.startswith("Out of memory in the optimizer at step 1, and nothing is left to shrink")
    assert error.endswith("--tuning lora or qlora, --set optim=adamw_8bit or a smaller base.")


@pytest.mark.parametrize(
    ("error", "ran_out"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), True),
        (RuntimeError("CUDA error: out of memory"), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 1.00 GiB)"), True),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
            True,
        ),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)"), False),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), False),
    ],
)
def test_other_errors_are_not_taken_for_a_lack_of_memory(error: RuntimeError, ran_out: bool) -> None:
    assert micro.ran_out(error) is ran_out


def test_a_base_that_does_not_fit_says_what_would(
    bench: Bench, questions: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transformers.AutoModelForCausalLM, "from_pretrained", exhausted)
    run = bench.create(**FIELDS, **WHOLE, data=[questions])
    assert bench.attempt(run) == 1
    error = of_kind(run, AttemptEnded)[-1].error
    assert error.startswith("Out of memory while loading, and nothing is left to shrink")
    assert error.endswith("start again with --tuning qlora or a smaller base.")


# The longest first


def test_the_first_batch_is_the_largest_of_the_run(bench: Bench, questions: str, longest: int, card: Card) -> None:
    """Two epochs, of which the first pass takes as many tokens as any: four rows as long as the longest."""
    run = bench.create(**{**FIELDS, "max_steps": 10}, **WHOLE, data=[questions])
    assert bench.attempt(run) == 0
    assert len(card.sizes) > 18
    assert card.sizes[0] == max(card.sizes) == 4 * longest


# In the evaluation


def test_an_evaluation_halves_its_batch_and_measures_the_same(bench: Bench, questions: str, card: Card) -> None:
    fields = {**FIELDS, "eval_split": 0.2, "data": [questions]}
    other = bench.trained(**fields, **WHOLE)
    card.evaluated = 2
    run = bench.create(**fields, **WHOLE)
    assert bench.attempt(run) == 0
    (told,) = of_kind(run, Layout)
    assert (told.per_device_train_batch_size, told.per_device_eval_batch_size, told.step) == (4, 2, 0)
    assert "in the evaluation after step 0: its batch was halved from 4 to 2" in told.text
    found, wanted = ([event.loss for event in of_kind(one, Eval)] for one in (run, other))
    assert found == pytest.approx(wanted, abs=1e-5)
    assert curve(run) == curve(other)
    assert same(result(run), result(other))


def test_an_evaluation_that_cannot_be_halved_fails_with_a_sentence(bench: Bench, questions: str, card: Card) -> None:
    card.evaluated = 0
    run = bench.create(**FIELDS, **WHOLE, data=[questions])
    assert bench.attempt(run) == 1
    error = of_kind(run, AttemptEnded)[-1].error
    assert error.startswith("Out of memory in the evaluation after step 0 with one sequence")


def test_samples_that_do_not_fit_are_left_out_and_training_goes_on(bench: Bench, questions: str, card: Card) -> None:
    card.written = 0
    run = bench.create(**{**FIELDS, "sample_max_new_tokens": 4}, **WHOLE, data=[questions])
    assert bench.attempt(run) == 0
    assert of_kind(run, AttemptEnded)[-1].outcome == "done"
    assert of_kind(run, Sample) == []
    assert "sample_max_new_tokens=2" in next(e.text for e in of_kind(run, Notice) if e.code == "samples_left_out")


# Later attempts


def test_the_step_is_taken_again_from_the_very_state_before_it(bench: Bench, questions: str, card: Card) -> None:
    """With dropout: what follows the repeated step is, to the last bit, what follows the checkpoint before it."""
    card.sequences, card.free_until = 2, 5
    run = bench.create(**FIELDS, **WHOLE, data=[questions], save_total_limit=STEPS)
    assert bench.attempt(run) == 0
    assert layouts(run) == [(3, 2, 4, False)]
    expected, weights = curve(run), result(run)
    shutil.rmtree(run.artifacts_dir)
    for folder in bases.checkpoints(run):
        if folder.name > checkpoint.folder_name(2):
            shutil.rmtree(folder)
    card.free_until = 0
    assert bench.attempt(run) == 0
    assert [event.step for event in of_kind(run, Step)] == [1, 2, 3, 4, 5, 6, 3, 4, 5, 6]
    assert len(layouts(run)) == 1
    assert curve(run) == expected
    assert same(result(run), weights)


def test_after_a_kill_the_run_goes_on_with_the_layout_it_had_come_to(
    bench: Bench, questions: str, longest: int, card: Card
) -> None:
    """To the last bit, and even when the memory would be there again: nothing is tried twice."""
    card.training, card.checkpointing_gains = longest // 2, 2
    fields = {**FIELDS, **HALF, "data": [questions], "save_total_limit": 3}
    whole = bench.create(**fields)
    assert bench.attempt(whole) == 0
    expected, weights, changes = curve(whole), result(whole), layouts(whole)
    assert changes == [(1, 1, 8, False), (1, 1, 8, True)]
    for step, training in ((2, longest // 2), (4, ENDLESS)):
        run = bench.lost(whole, step)
        card.training, card.sizes = training, []
        assert bench.attempt(run) == 0
        assert layouts(run) == changes
        assert card.sizes
        assert max(card.sizes) <= longest
        assert curve(run) == expected
        assert same(result(run), weights)
        assert report(run)["layout"]["used"]["gradient_checkpointing"] is True
        assert load_recipe(run.recipe_path).recipe.gradient_checkpointing is False
        assert [event.step for event in of_kind(run, Checkpoint)][-1] == STEPS
