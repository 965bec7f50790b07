"""What a run cannot learn from, and what it should not spend itself on: answers that nothing judges, rows that are
dropped, looks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.engine.bench import Bench, of_kind, rows, write_rows
from workbench.core.errors import WorkbenchError
from workbench.core.events import AttemptEnded, Notice
from workbench.core.recipe import Recipe
from workbench.engine.conductor import cadence
from workbench.engine.reinforce.unjudged import Unjudged
from workbench.engine.rewards import Completion, Scores, build

OWN = """
def reward(prompt, completion, **row):
    return row["nothere"] if completion.startswith("bad") else 1.0
"""


@pytest.fixture
def own(tmp_path: Path) -> str:
    path = tmp_path / "own.py"
    path.write_text(OWN)
    return f"file(path={path})"


def scored(rewards: list[str], *texts: str) -> Scores:
    with build(rewards) as judge:
        return judge.score([Completion([{"role": "user", "content": "q"}], text, 3, True, {}) for text in texts])


def test_a_first_step_that_nothing_can_judge_ends_the_run_with_the_cause(own: str) -> None:
    said: list[tuple[str, str, str]] = []
    account = Unjudged([1.0, 0.2], lambda *words: said.append(words))
    with pytest.raises(
        WorkbenchError, match=r"None of the first 3 .* line 3 of own.py: KeyError: 'nothere'; mend that"
    ):
        account.saw(scored([own, "repetition*0.2"], "bad", "bad", "bad one"), 1)
    assert not said


def test_what_could_not_be_judged_is_counted_and_said_again_when_there_is_far_more(own: str) -> None:
    said: list[tuple[str, str, str]] = []
    account = Unjudged([1.0], lambda *words: said.append(words))
    for step, texts in enumerate((["a", "bad"], ["a", "b"], ["bad"] * 3, ["bad"] * 6), 1):
        account.saw(scored([own], *texts), step)
    assert [code for _, code, _ in said] == ["answers_unjudged"] * 2
    assert "1 of 2 answers up to step 1 could not be judged" in said[0][2]
    assert "10 of 13 answers up to step 4" in said[1][2]
    assert all("KeyError: 'nothere'" in text for _, _, text in said)


def test_a_check_that_has_nothing_to_say_beside_another_is_named() -> None:
    said: list[tuple[str, str, str]] = []
    account = Unjudged([1.0, 1.0], lambda *words: said.append(words))
    for step in (1, 2):
        account.saw(scored(["length(max=4)", "similar"], "a b", "c"), step)
    ((level, code, text),) = said
    assert (level, code) == ("warning", "check_unjudged")
    assert text.startswith("None of the first 2 answers could be judged by similar: the row has no preferred answer")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"rewards": ["file(path={own}, function=fails)"]}, "line 6 of own.py: ZeroDivisionError"),
        ({"max_length": 24, "max_completion_length": 23}, "sums.jsonl gives anything to learn: within max_length"),
    ],
)
def test_a_run_without_anything_to_learn_fails_with_what_mends_it(
    tmp_path: Path, fields: dict[str, Any], says: str
) -> None:
    (tmp_path / "own.py").write_text(f"{OWN}\ndef fails(prompt, completion):\n    return 1 / 0\n")
    bench, data = Bench(tmp_path), str(write_rows(tmp_path / "sums.jsonl", rows("prompts", 16)))
    if "rewards" in fields:
        fields = {"rewards": [text.format(own=tmp_path / "own.py") for text in fields["rewards"]]}
    run = bench.trained(method="grpo", tuning="lora", data=[data], max_steps=1, sample_max_new_tokens=0, **fields)
    end = of_kind(run, AttemptEnded)[-1]
    assert (end.outcome, end.step) == ("failed", 0)
    assert says in end.error
    assert "mend that" in end.error or "raise max_length, which is 24" in end.error
    assert [notice.text for notice in of_kind(run, Notice)][-1] == end.error


def test_looks_write_no_more_answers_than_learning_does() -> None:
    recipe = Recipe(method="grpo", packing=False, per_device_train_batch_size=32, gradient_accumulation_steps=2)
    assert cadence(recipe, 6).evaluate_every == 1
    assert cadence(recipe, 6, 90).evaluate_every == 2
    assert cadence(recipe, 2, 600).evaluate_every == 2
    assert cadence(recipe, 600, 90).evaluate_every == 60
