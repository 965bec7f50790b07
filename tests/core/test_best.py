"""Which state becomes the result, and how it is told."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import pytest

from workbench.core import best, pace
from workbench.core.best import Held, Result
from workbench.core.recipe import Recipe


@pytest.mark.parametrize(
    ("lowest", "newest", "better"),
    [
        (0.12, 0.20, True),
        (0.12, 0.124, False),  # not seen in two decimals
        (2.00, 2.015, False),  # less than a hundredth of it
        (2.00, 2.025, True),
        (0.50, 0.50, False),
    ],
)
def test_a_state_is_better_by_more_than_noise(lowest: float, newest: float, better: bool) -> None:
    assert best.outweighs(Held(210, lowest), Held(400, newest)) is better


@pytest.mark.parametrize(
    ("lowest", "newest", "rows", "better"),
    [
        (1.96, 3.08, 1, False),
        (1.96, 3.08, 7, False),
        (1.96, 3.08, 8, True),
        (2.00, 2.06, 8, False),  # within the standard error of eight rows
        (2.00, 2.10, 8, True),
        (2.00, 2.06, 100, True),
        (2.00, 2.025, 100_000, True),
    ],
)
def test_how_much_is_noise_depends_on_how_many_rows_were_held_out(
    lowest: float, newest: float, rows: int, better: bool
) -> None:
    assert best.outweighs(Held(20, lowest), Held(150, newest), rows) is better
    told = Result(150, 150, 150, Held(20, lowest), Held(150, newest), rows)
    assert (told.was_better is not None) is better
    assert ("too few to choose by" in told.words()) is (rows < 8)


def test_seven_rows_are_too_few_and_eight_are_enough_for_a_sign_test_with_one_row_against_it() -> None:
    def chance(rows: int) -> float:
        return sum(math.comb(rows, against) for against in (0, 1)) / 2**rows

    assert chance(best.FEWEST) < 0.05 < chance(best.FEWEST - 1)


def test_nothing_is_better_than_what_nobody_looked_at() -> None:
    assert not best.outweighs(None, None)
    assert not best.outweighs(Held(1, 0.1), None)


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (
            Result(210, 400, 400, Held(210, 0.12), Held(400, 0.2)),
            "step 210 of 400, held-out loss 0.12; the last was 0.20",
        ),
        (
            Result(210, 252, 400, Held(210, 0.12), Held(240, 0.2)),
            "step 210 of 400, held-out loss 0.12; the last look, at step 240, was 0.20",
        ),
        (Result(400, 400, 400, Held(400, 0.12), Held(400, 0.12)), "the last state, of step 400, held-out loss 0.12"),
        (
            Result(400, 400, 400, Held(210, 0.12), Held(400, 0.2)),
            "the last state, of step 400, held-out loss 0.20; the lowest was 0.12 at step 210",
        ),
        (
            Result(252, 252, 400, Held(240, 0.12), Held(240, 0.12)),
            "the last state, of step 252 of 400; the last look, at step 240, found a held-out loss of 0.12",
        ),
        (Result(400, 400, 400), "the last state, of step 400"),
        (
            Result(150, 150, 150, Held(20, 1.96), Held(150, 3.08), 1),
            "the last state, of step 150, held-out loss 3.08 on 1 row; it was 1.96 at step 20, measured on 1 row, "
            "too few to choose by",
        ),
        (
            Result(210, 400, 400, Held(210, 0.12), Held(400, 0.2), 12),
            "step 210 of 400, held-out loss 0.12 on 12 rows; the last was 0.20",
        ),
    ],
)  # fmt: skip
def test_a_result_is_told_in_words_and_comes_back_from_a_report(result: Result, words: str) -> None:
    assert result.words() == words
    assert best.of_report(json.loads(json.dumps({"result": result.plain()}))) == result


@pytest.mark.parametrize(
    "found", [None, 7, {}, {"step": "1"}, {"step": 1, "trained": True, "steps": 2}, {"step": 1, "trained": 2}]
)
def test_a_report_that_cannot_be_read_says_nothing(found: Any) -> None:
    assert best.of_report({"result": found}) is None


def test_a_look_that_cannot_be_read_is_none() -> None:
    told = best.of_report(
        {"result": {"step": 1, "trained": 2, "steps": 2, "best": {"step": 1, "loss": "x"}, "last": 3}}
    )
    assert told == Result(1, 2, 2)


def test_the_best_checkpoint_is_counted_on_the_disk_where_there_is_one() -> None:
    recipe = Recipe(save_total_limit=2)
    assert pace.checkpoints_at_once(recipe) == 2 + 1 + 1, "the newest, the best, one being written"
    assert pace.checkpoints_at_once(dataclasses.replace(recipe, eval_split=0.0)) == 2 + 1
