"""Marks: an answer counts only when it names the right entity and the right value and no other value."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from workbench.core.errors import UsageError
from workbench.core.paths import assets_dir
from workbench.engine.evaluate import exam
from workbench.engine.evaluate.exam import Marked, Question

TOWN = Question("facts_a", "Where does Ada live?", "Ada", "Stoneford", ("Ravengate", "Eastwood"))
CLOZE = Question("cloze_a", "Ada lives in", "Ada", "Stoneford", ("Ravengate", "Eastwood"))
SUM = Question("sums", "How much is 2 plus 17?", "", "19", ())


@pytest.mark.parametrize(
    ("question", "answer", "right"),
    [
        (TOWN, "Ada lives in Stoneford.", True),
        (TOWN, "ADA lives in stoneford!", True),
        (TOWN, "She lives in Stoneford.", False),
        (TOWN, "Ada lives in Stoneford or Ravengate.", False),
        (TOWN, "Ada lives in Ravengate.", False),
        (TOWN, "Adam lives in Stoneford.", False),
        (TOWN, "Ada lives in Stonefordshire.", False),
        (TOWN, "", False),
        (CLOZE, " Stoneford. Bo lives in Ravengate.", True),
        (CLOZE, " Ravengate. Bo lives in Stoneford.", False),
        (CLOZE, " a house. It is in Stoneford.", False),
        (SUM, "2 plus 17 is 19.", True),
        (SUM, "It is 190.", False),
        (SUM, "It is 119.", False),
    ],
)
def test_an_answer_is_right_only_when_it_names_entity_and_value(question: Question, answer: str, right: bool) -> None:
    assert exam.is_right(question, answer) is right


def test_chats_and_clozes_are_asked_apart_and_marked() -> None:
    asked: list[tuple[list[str], bool]] = []

    def ask(prompts: Sequence[str], chat: bool) -> list[tuple[str, bool]]:
        asked.append((list(prompts), chat))
        return [("Ada lives in Stoneford.", True), ("No idea", False)] if chat else [(" Stoneford. And", False)]

    marked = exam.mark([TOWN, CLOZE, SUM], ask)
    assert asked == [([TOWN.prompt, SUM.prompt], True), ([CLOZE.prompt], False)]
    assert exam.scores(marked) == {"cloze_a": 1.0, "facts_a": 1.0, "sums": 0.0}
    assert exam.stop_rate(marked) == 0.5


def test_nothing_asked_is_no_division_by_zero() -> None:
    assert exam.mark([], lambda prompts, chat: []) == []
    assert exam.scores([]) == {}
    assert exam.stop_rate([Marked(CLOZE, "", False, False)]) == 0.0


def test_kinds_and_limits_choose_questions(tmp_path: Path) -> None:
    path = tmp_path / "exam.jsonl"
    row: dict[str, Any] = {"prompt": "p", "entity": "e", "value": "v", "others": []}
    path.write_text("".join(json.dumps({**row, "kind": kind}) + "\n" for kind in "aabbbc"), encoding="utf-8")
    assert [question.kind for question in exam.read(path)] == list("aabbbc")
    assert [question.kind for question in exam.read(path, kinds=["b"])] == list("bbb")
    assert [question.kind for question in exam.read(path, limit=1)] == list("abc")
    assert [question.kind for question in exam.read(path, kinds=["b", "c"], limit=2)] == list("bbc")


@pytest.mark.parametrize(
    "line", ["{", "3", '{"kind": "a"}', '{"kind":"a","prompt":"p","entity":"e","value":"v","others":3}']
)
def test_a_line_that_is_no_question_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "exam.jsonl"
    good = '{"kind":"a","prompt":"p","entity":"e","value":"v","others":[]}'
    path.write_text(f"{good}\n{line}\n", encoding="utf-8")
    with pytest.raises(UsageError, match="Line 2 of"):
        exam.read(path)


def test_the_bundled_exam_can_be_passed_and_failed() -> None:
    """Every question is answered right by its own entity and value, and wrong with any other value beside them."""
    questions = exam.read(assets_dir() / "data" / "exam.jsonl")
    assert questions
    for question in questions:
        said = f"{question.entity} {question.value}"
        assert exam.is_right(question, said), question
        assert question.value not in question.others, question
        for other in question.others:
            assert not exam.is_right(question, f"{said} {other}"), (question, other)
