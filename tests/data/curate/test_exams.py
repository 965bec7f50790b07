"""Exams: runs of thirteen words and short texts give a row away, compared with their definition."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from workbench.core.errors import UsageError
from workbench.core.paths import assets_dir
from workbench.data.curate import Curation, Curator
from workbench.data.curate.exams import COMMON, WORDS, Exams
from workbench.data.curate.shingles import words_of


def sentence(draw: random.Random, words: int) -> str:
    return " ".join(f"w{draw.randrange(10**6)}" for _ in range(words))


def exam(folder: Path, *rows: Any) -> str:
    path = folder / "exam.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def shared(names: Sequence[str], texts: Sequence[str]) -> list[bool]:
    return Exams(names).shared(words_of(texts)).tolist()


def test_thirteen_words_in_a_row_give_a_row_away(tmp_path: Path) -> None:
    draw = random.Random(1)
    questions = [sentence(draw, 20) for _ in range(30)]
    name = exam(tmp_path, *({"question": question, "more": [{"deep": sentence(draw, 14)}]} for question in questions))
    texts, expected = [], []
    for question in questions:
        words = question.split()
        for number in (WORDS - 1, WORDS):
            start = draw.randrange(20 - number + 1)
            part = " ".join(words[start : start + number])
            texts.append(f"{sentence(draw, 5)}, {part.upper()}! {sentence(draw, 5)}")
            expected.append(number >= WORDS)
    texts += [sentence(draw, 40), "", "short"]
    expected += [False] * 3
    assert shared([name], texts) == expected


def test_short_texts_are_compared_as_a_whole(tmp_path: Path) -> None:
    exams = Exams([exam(tmp_path, {"prompt": "What is the capital of Peru?", "answer": "Lima"})])
    assert exams.has(["what is  the capital\nof PERU?"])
    assert not exams.has(["What is the capital of Peru", "Lima", "What is the capital of Peru? Lima."])


def test_a_phrase_that_many_questions_share_gives_nothing_away(tmp_path: Path) -> None:
    draw = random.Random(2)
    rare, common = sentence(draw, 15), sentence(draw, 15)
    rows = [{"q": f"{rare} {sentence(draw, 4)}"} for _ in range(COMMON)]
    rows += [{"q": f"{common} {sentence(draw, 4)}"} for _ in range(COMMON + 1)]
    assert shared([exam(tmp_path, *rows)], [rare, common, rows[-1]["q"]]) == [True, False, True]


def test_the_same_passage_under_many_questions_still_counts(tmp_path: Path) -> None:
    draw = random.Random(3)
    passage = sentence(draw, 30)
    name = exam(tmp_path, *({"passage": passage, "question": sentence(draw, 5)} for _ in range(3 * COMMON)))
    assert shared([name], [f"As it says: {passage}"]) == [True]


def test_the_bundled_exam_finds_its_own_questions_and_leaves_the_bundled_lessons() -> None:
    data = assets_dir() / "data"
    questions = [json.loads(line)["prompt"] for line in (data / "exam.jsonl").read_text().splitlines()]
    curator = Curator(Curation(decontaminate=("bundled",), duplicates="keep"))
    for question in questions:
        turns = [{"role": "user", "content": question}, {"role": "assistant", "content": "I know."}]
        curator.add({"messages": turns}, source=0, held_out=False)
    articles = [json.loads(line) for line in (data / "articles.jsonl").read_text().splitlines()]
    for row in articles:
        curator.add(row, source=0, held_out=False)
    decisions = curator.finish()
    used = [decisions.copies(number) for number in range(len(questions) + len(articles))]
    assert sum(used[: len(questions)]) <= 0.02 * len(questions)
    assert sum(used[len(questions) :]) >= 0.98 * len(articles)


def test_an_exam_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.jsonl"):
        Curator(Curation(decontaminate=(str(tmp_path / "nowhere.jsonl"),)))
