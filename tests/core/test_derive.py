"""Values that follow from rows and base: length, rank, batch, epochs, time and disk."""

from __future__ import annotations

import dataclasses
import os

import pytest

from tests.core.test_plan import ARTICLES, ROWS, base, card
from workbench.core import derive, pace, plan
from workbench.core.derive import Rows
from workbench.core.reliefs import micro_batches


@pytest.mark.parametrize(
    ("rows", "context", "expected"),
    [
        (ROWS, 32_768, 1408),
        (ROWS, 1024, 1024),
        (dataclasses.replace(ROWS, p99=9000), 0, derive.UNKNOWN_CONTEXT),
        (dataclasses.replace(ROWS, p99=3), 0, derive.STEP),
        (ARTICLES, 32_768, derive.MOST_FOR_ARTICLES),
        (ARTICLES, 512, 512),
    ],
)
def test_the_length_covers_the_rows_within_the_context(rows: Rows, context: int, expected: int) -> None:
    assert derive.max_length(rows, context).value == expected


def test_ranks_grow_with_what_is_to_be_stored() -> None:
    """An adapter of 1,000 weights per rank stores 2,000 bits with each; a token holds about one."""
    ranks = [
        derive.rank(dataclasses.replace(ROWS, rows=rows, mean=100.0), 16, 1000).value
        for rows in (100, 1000, 10_000, 10_000_000)
    ]
    assert ranks == [16, 64, 256, 256]


def test_packed_sequences_hold_all_tokens() -> None:
    assert derive.sequences(ROWS, 1408, packing=False) == ROWS.rows
    packed = derive.sequences(ROWS, 1408, packing=True)
    assert ROWS.tokens <= packed * 1408 <= 1.1 * ROWS.tokens
    assert derive.sequences(dataclasses.replace(ROWS, rows=1), 1408, packing=True) == 1


def test_micro_batches_divide_the_batch() -> None:
    assert micro_batches(16, 1024) == [8, 4, 2, 1]
    assert micro_batches(12, 256) == [4, 2, 1]
    assert micro_batches(32, 100_000) == [1]


def test_time_follows_the_operations() -> None:
    """Two passes and one over again for LoRA with checkpointing, three and one over again for full tuning."""
    shape = base("Qwen/Qwen3-8B").shape
    plain = pace.pace(shape, "lora", False, 1024, 1e8, "NVIDIA GeForce RTX 4090")
    again = pace.pace(shape, "lora", True, 1024, 1e8, "NVIDIA GeForce RTX 4090")
    full = pace.pace(shape, "full", False, 1024, 1e8, "NVIDIA GeForce RTX 4090")
    assert plain.tokens_per_second is not None
    for other in (again, full):
        assert other.tokens_per_second == pytest.approx(plain.tokens_per_second * 2 / 3, rel=1e-6)
    active = 8_190_735_360 - 151_936 * 4096
    by_hand = 165e12 * pace.UTILISATION / (2 * (2 * active + 2 * 36 * 4096 * 1024))
    assert plain.tokens_per_second == pytest.approx(by_hand, rel=1e-3)
    assert pace.pace(shape, "lora", False, 1024, 1e8, "Some Card").hours is None
    processor = pace.pace(shape, "lora", False, 1024, 1e8, "")
    assert processor.tokens_per_second == pytest.approx(
        by_hand / (165e12 * pace.UTILISATION) * (os.cpu_count() or 1) * pace.CORE
    )
    assert processor.hours is not None
    assert plain.hours is not None
    assert processor.hours > plain.hours


def test_the_pace_without_compiled_kernels_is_below_the_published_one() -> None:
    """torchtune's README: 8B LoRA, batch 2, 2048 tokens packed, compiled, on an RTX 4090: 3,083 tokens a second."""
    found = pace.pace(base("meta-llama/Llama-3.1-8B").shape, "lora", True, 2048, 1e9, "NVIDIA GeForce RTX 4090")
    assert found.tokens_per_second is not None
    assert 0.5 * 3083 <= found.tokens_per_second <= 3083


def test_disk_counts_checkpoints_and_the_result() -> None:
    assert pace.disk_bytes(1000, 1000, "full", 3) == 3 * 12 * 1000 + 2000
    assert pace.disk_bytes(1000, 10, "lora", 3) == 3 * 12 * 10 + 40


@pytest.mark.parametrize(
    ("rows", "share", "helps"),
    [
        (20, 0.05, "eval_split=0.4 holds out 8"),
        (10, 0.05, "a file of other rows"),
        (159, 0.05, ""),
        (20, 0.0, ""),
        (3, 0.05, ""),
    ],
)
def test_rows_too_few_to_choose_a_state_by_are_told_before_the_run(rows: int, share: float, helps: str) -> None:
    known = Rows(rows, False, 20.0, 18, 22, 24, 25, False)
    said = " ".join(plan.solve(base(), known, card(), "sft", {"eval_split": share}).doubts)
    assert helps in said
    assert ("held out" in said) is bool(helps)
    aside = dataclasses.replace(known, aside=True)
    assert "held out" not in " ".join(plan.solve(base(), aside, card(), "sft", {"eval_split": share}).doubts)


@pytest.mark.parametrize("reference", ["bundled", "Qwen/Qwen3-0.6B"])
@pytest.mark.parametrize(("rows", "least"), [(3, 50), (20, 100), (60, 30)])
def test_a_handful_of_rows_is_read_often_enough_to_be_learnt(reference: str, rows: int, least: int) -> None:
    known = Rows(rows, False, 29.0, 29, 30, 31, 32, False)
    found = plan.solve(base(reference), known, card(), "sft", {})
    wanted = found.chosen.resolved.recipe
    assert least <= found.steps <= 400
    assert wanted.num_train_epochs <= 50
    assert "few to learn" not in " ".join(found.doubts)
    few = plan.solve(base(reference), known, card(), "sft", {"max_steps": 2})
    assert few.steps == 2
    assert few.chosen.resolved.recipe.num_train_epochs <= 3
    assert "2 steps are too few" in " ".join(few.doubts)


def test_rows_enough_are_read_as_often_as_their_preset_says() -> None:
    known = Rows(2500, False, 24.0, 22, 32, 40, 45, False)
    assert plan.solve(base("bundled"), known, card(), "sft", {}).chosen.resolved.recipe.num_train_epochs == 2.0


def test_rows_that_a_preset_was_not_made_for_get_room_for_their_prompts() -> None:
    long = Rows(7000, False, 250.0, 244, 400, 545, 819, False)
    found = plan.solve(base("bundled"), long, card(), "grpo", {})
    assert found.chosen.resolved.recipe.max_length == 512
    short = Rows(200, False, 20.0, 20, 21, 22, 22, False)
    assert plan.solve(base("bundled"), short, card(), "grpo", {}).chosen.resolved.recipe.max_length == 72
    own = plan.solve(base("bundled"), long, card(), "grpo", {"max_length": 72})
    said = " ".join(own.reasons)
    assert own.chosen.resolved.recipe.max_length == 72
    assert "more than half of the rows do not fit; prompts that do not fit are dropped, not cut" in said
    assert "lose their end" not in said


def test_a_step_of_one_answer_is_doubted_for_kto() -> None:
    rows = Rows(200, False, 30.0, 28, 35, 40, 45, False)
    alone = {"per_device_train_batch_size": 1, "gradient_accumulation_steps": 1}
    assert "1 answer" in " ".join(plan.solve(base("bundled"), rows, card(), "kto", alone).doubts)
    assert "1 answer" not in " ".join(plan.solve(base("bundled"), rows, card(), "kto", {}).doubts)
