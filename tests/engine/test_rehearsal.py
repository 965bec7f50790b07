"""Rewards tried before a run: references, trivial answers and samples in a real engine process."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.paths import assets_dir
from workbench.core.recipe import resolve
from workbench.core.rewards import parse
from workbench.engine.rehearsal import trivial
from workbench.guide import rewarding
from workbench.guide.rewarding import Wish

SUMS = str(assets_dir() / "data" / "prompts.jsonl")
LONG = "Words are many here. " * 40


def of_answers(folder: Path, *answers: str) -> str:
    """Return a file of questions with these answers."""
    path = folder / "rows.jsonl"
    rows = ({"prompt": f"What is thing {number}?", "answer": answer} for number, answer in enumerate(answers))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_trivial_answers_follow_from_rewards_and_rows() -> None:
    rows = [{"prompt": [{"role": "user", "content": "Name it."}], "answer": text} for text in ("B", "A", "B", LONG)]
    plain = trivial.answers(rows, [parse("choice")], 10)
    assert list(plain) == ["empty", "number", "commonest", "long", "prompt"]
    assert plain["commonest"] == "B"
    assert len(plain["long"] or "") == 10 * trivial.CHARACTERS_OF_A_TOKEN
    tagged = trivial.answers(rows, [parse("choice"), parse("format(tags='plan reply')*0.5")], 10)
    assert tagged["tags"] == "<plan></plan><reply></reply>"


def test_a_reference_is_what_the_checks_look_for() -> None:
    call = {"name": "add", "arguments": {"a": 1}}
    row = {"prompt": [], "answer": "3", "columns": {"calls": [call], "code": "x = 3"}}
    assert trivial.reference(row, [parse("number")]) == "3"
    assert trivial.reference(row, [parse("code")]) == "x = 3"
    assert json.loads((trivial.reference(row, [parse("tools")]) or "").split("\n")[1]) == call
    assert trivial.reference({"prompt": []}, [parse("number")]) is None


def test_rewards_are_tried_without_a_model(tmp_path: Path) -> None:
    data = of_answers(tmp_path, *(["7"] * 30), *(str(number) for number in range(10, 40)))
    body = rewarding.tried(Wish((data,), ("number", "format*0.5")))
    number, form = body["checks"]
    assert (number["references"], form["references"]) == (1.0, 0.0)
    assert number["samples"] is None
    assert body["groups"] == []
    earned = {one["name"]: one["total"] for one in body["trivial"]}
    assert earned["empty"] == 0
    assert earned["tags"] == 0
    assert earned["tags_word"] == 0.5
    assert 0.2 < earned["commonest"] < 0.9, "half of the rows have it as their answer"
    assert {"references_form"} <= {finding["code"] for finding in body["findings"]}
    assert len(rewarding.cells(body)) == 3


def test_a_reward_that_the_prompt_itself_earns_is_named(tmp_path: Path) -> None:
    data = of_answers(tmp_path, *(f"Answer {number} is a short one." for number in range(20)))
    body = rewarding.tried(Wish((data,), ("length(max=50)",)))
    assert body["findings"][0]["code"] == "trivial_wins"


def test_a_model_is_sampled_as_a_run_would_sample_it() -> None:
    recipe = resolve({
        "base": "bundled", "data": [SUMS], "method": "grpo", "rewards": ["number", "length(max=20)*0.2"],
        "num_generations": 4, "packing": False, "max_completion_length": 24, "max_length": 72,
    }).recipe  # fmt: skip
    wish = rewarding.of_recipe(recipe)
    assert (wish.answers, wish.longest, wish.rewards) == (4, 24, recipe.rewards)
    said: list[str] = []
    body = rewarding.tried(Wish(**{**vars(wish), "prompts": 2}), said.append)
    assert any(text.startswith("writing answers") for text in said)
    answers = [one for group in body["groups"] for one in group["answers"]]
    assert (len(body["groups"]), len(answers)) == (2, 8)
    assert all(0 < one["tokens"] <= 24 for one in answers)
    means = [sum(one["parts"][name] for one in answers) / 8 for name in body["rewards"]]
    assert [check["samples"] for check in body["checks"]] == pytest.approx(means, abs=1e-5)
    assert body["total"]["samples"] == pytest.approx(means[0] + 0.2 * means[1], abs=1e-5)
    assert body["finished"] == pytest.approx(sum(one["finished"] for one in answers) / 8, abs=1e-5)
    assert body["findings"]


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (Wish(()), "--data"),
        (Wish((SUMS,), ("nuber",)), "number"),
        (Wish((SUMS,), prompts=600), "1 024".replace(" ", "\u00a0")),
        (Wish((SUMS,), base="no/such/model"), "no/such/model"),
        (Wish(("/no/such/file.jsonl",)), "file.jsonl"),
    ],
)
def test_what_cannot_be_tried_is_said_before_an_engine_starts(wish: Wish, words: str) -> None:
    with pytest.raises((UsageError, WorkbenchError), match=words):
        rewarding.tried(wish)
