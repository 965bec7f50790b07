"""What models answer by themselves after distillation and pruning, against answers drawn and compared here."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.engine.bench import Bench, of_kind, result, write_rows
from workbench.core import units
from workbench.core.events import Notice
from workbench.core.paths import assets_dir
from workbench.engine import load
from workbench.engine.compress import scores
from workbench.engine.examples import Examples, Writer
from workbench.engine.load import Machine
from workbench.engine.masks import Example
from workbench.engine.prefer.speaking import Answer, Asked
from workbench.guide import card, smaller
from workbench.runs import bases

QUESTIONS = ("Where is Kaldor?", "What is 2 plus 3?", "Who are you?", "Where does it rain?")


def _greedy(model: Any, tokenizer: Any, prompt: str, most: int) -> str:
    """Return a model's likeliest answer, a token at a time."""
    ends = model.generation_config.eos_token_id
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": prompt}], tokenize=False, add_generation_prompt=True
    )
    ids = tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
    said: list[int] = []
    with torch.no_grad():
        while len(said) < most:
            token = int(model(ids).logits[0, -1].argmax())
            if token in ends:
                break
            said.append(token)
            ids = torch.cat([ids, torch.tensor([[token]])], 1)
    return str(tokenizer.decode(said, skip_special_tokens=True)).strip()


def _f1(told: str, wanted: str) -> float:
    one, other = (Counter("".join(c if c.isalnum() else " " for c in text.lower()).split()) for text in (told, wanted))
    both = sum((one & other).values())
    return 2 * both / (sum(one.values()) + sum(other.values())) if both else 0.0


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


def test_a_distilled_run_says_what_base_student_and_teacher_answer(bench: Bench) -> None:
    rows = [
        {
            "messages": [
                {"role": "user", "content": asked},
                {"role": "assistant", "content": f"The {place} one is here."},
            ]
        }
        for place, asked in enumerate(QUESTIONS * 6)
    ]
    data = str(write_rows(bench.path / "asked.jsonl", rows))
    run = bench.trained(method="distill", tuning="full", data=[data], eval_split=0.25)
    found = run.report()["answers"]
    held = Examples.read(run.path / "prepared" / "held_out")
    asked = scores.questions(held)
    assert found["questions"] == len(asked) == len(held)
    longest = max(int((held.columns(number)[1] >= 0).sum()) for number in range(len(held)))
    wanted = {"base": assets_dir() / "base", "student": run.artifacts_dir / "model", "teacher": assets_dir() / "base"}
    for name, folder in wanted.items():
        model, tokenizer = (
            load.load_for_use(bases.resolve(str(folder)), Machine("cpu", False)),
            load.load_tokenizer(folder),
        )
        f1 = [
            _f1(_greedy(model, tokenizer, one.asked.turns[-1]["content"], 2 * longest + 16), one.answer)
            for one in asked
        ]
        assert found["scores"]["similar"][name] == pytest.approx(sum(f1) / len(f1), abs=1e-6)
        assert 0 <= found["scores"]["exact"][name] <= found["scores"]["similar"][name] < 1
    assert "number" not in found["scores"], "the rows' answers end at none"
    [told] = [event.text for event in of_kind(run, Notice) if event.code == "scored"]
    score = units.margin(found["scores"]["similar"]["student"])
    assert f"{score} F1 of the words (teacher " in told
    assert score in "".join(text for text, _ in smaller.answered(run.report()))
    assert ["F1 of answers (teacher: ", score] == [
        card._answers(run.report())[-1][0][:24],
        card._answers(run.report())[-1][2],
    ]
    assert result(run)


def test_answers_that_end_at_a_number_are_marked_by_it() -> None:
    asked = [
        scores.Question(Asked([{"role": "user", "content": "How many?"}]), answer)
        for answer in ("Two and two. #### 4", "Ten less one. #### 9")
    ]
    written = [Answer("It is 2 + 2. #### 4", 9, True), Answer("Ten less one. #### 8", 9, True)]
    found = scores.marks(asked, written)
    assert (found["number"], found["exact"]) == (0.5, 0.5)
    assert scores.marks(asked, [written[1], written[1]])["number"] == 0.0
    assert "number" not in scores.marks([asked[0], scores.Question(asked[1].asked, "Nine, I think")], written)


def test_articles_and_rows_that_were_not_kept_ask_nothing(tmp_path: Path) -> None:
    with Writer(tmp_path / "texts") as into:
        into.add(Example([1, 2, 3], [1, 2, 3]), {"text": "an article"})
    with Writer(tmp_path / "plain") as into:
        into.add(Example([1, 2, 3], [-100, 2, 3]))
    assert scores.questions(Examples.read(tmp_path / "texts")) == []
    assert scores.questions(Examples.read(tmp_path / "plain")) == []
    assert scores.questions(None) == []


def test_a_report_without_answers_says_nothing_of_them() -> None:
    assert smaller.answered({}) == smaller.answered({"answers": {"questions": 3}}) == []
    assert card._answers({}) == []
