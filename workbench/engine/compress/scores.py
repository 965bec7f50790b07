"""How well models answer held-out questions: against the rows' own answers, in figures that need no judge.

Owns which questions are asked and what an answer scores. Must not know how a model was made smaller. Likelihoods say
how well a model follows a text it is shown; what it writes by itself is another thing, and is what a person meets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from workbench.core.text import one_line
from workbench.core.units import margin, percent, several
from workbench.engine import micro, team
from workbench.engine.compress import answers as teacher_answers
from workbench.engine.compress.soft_labels import learnt
from workbench.engine.examples import Examples
from workbench.engine.prefer.speaking import Answer, Asked, Drawing, speaking
from workbench.engine.rewards import Completion, build
from workbench.engine.rewards import answers as finals
from workbench.engine.session import Attempt
from workbench.runs.bases import Base

MOST = 64
"""Questions that are asked at most."""
_ROOM, _LONGEST = 16, 512
"""Tokens an answer may be longer than twice the longest of the rows, and tokens it may have at all."""
_CHECKS = ("number", "exact", "similar")
"""Of the reward library: the number an answer ends at, the same words, and the F1 of the words both have."""
_WORDS = {"number": "the right number", "exact": "word for word", "similar": "F1 of the words"}


class Question(NamedTuple):
    """What a model is asked, and the answer of the row."""

    asked: Asked
    answer: str


def questions(examples: Examples | None) -> list[Question]:
    """Return the conversations among held-out examples, up to their last answer, at most `MOST` of them.

    None of examples whose rows are not kept, and of articles.
    """
    found: list[Question] = []
    for number in range(len(examples) if examples is not None and examples.has_rows else 0):
        assert examples is not None
        row = examples.row(number)
        asked = teacher_answers.asked_of(row, all_rows=True) if "messages" in row else None
        answer = row["messages"][len(asked.turns)].get("content") if asked is not None else None
        if asked is not None and isinstance(answer, str) and answer.strip():
            found.append(Question(asked, answer))
        if len(found) == MOST:
            break
    return found


def marks(asked: Sequence[Question], written: Sequence[Answer]) -> dict[str, float]:
    """Return the mean score of answers by each check that applies: numbers count where every row's answer marks one."""
    completions = [
        Completion(question.asked.turns, answer.text, answer.tokens, answer.finished, {"answer": question.answer})
        for question, answer in zip(asked, written, strict=True)
    ]
    marked = [finals.marked(question.answer) for question in asked]
    numbers = all(one is not None and finals.number(one) is not None for one in marked)
    with build(_CHECKS) as checks:
        parts = np.nan_to_num(checks.score(completions).parts)
    return {name: float(parts[:, column].mean()) for column, name in enumerate(_CHECKS) if name != "number" or numbers}


def score(attempt: Attempt, models: Mapping[str, str | Base], examples: Examples | None) -> dict[str, Any] | None:
    """Return what each model scores on held-out questions, asked greedily one model after the other; None without any.

    A question that one of them cannot be asked is left out for all. Raises Interrupted when the attempt is asked to
    end, WorkbenchError for a model that cannot be loaded.
    """
    asked = questions(examples)
    if not asked or not team.is_first():
        return None
    assert examples is not None
    recipe = attempt.recipe
    longest = max(int(learnt(examples, number).sum()) for number in range(min(len(examples), MOST)))
    how = Drawing(0.0, 1.0, min(_LONGEST, 2 * longest + _ROOM))
    written: dict[str, list[Answer | str]] = {}
    for name, model in models.items():
        attempt.reporter.phase("evaluating", f"answers of the {name} model", done=len(written), total=len(models))
        in_4bit = recipe.teacher_in_4bit or recipe.tuning == "qlora"
        with speaking(model, in_4bit) as speaker:
            attempt.requests.check()
            given = speaker.answers([question.asked for question in asked], 1, how, (recipe.seed,))
        written[name] = [one if isinstance(one, str) else one[0] for one in given]
        micro.free()
        attempt.requests.check()
    kept = [
        place for place in range(len(asked)) if not any(isinstance(given[place], str) for given in written.values())
    ]
    if not kept:
        return None
    scores = {
        name: marks(
            [asked[place] for place in kept], [one for place in kept if isinstance(one := given[place], Answer)]
        )
        for name, given in written.items()
    }
    checks = next(iter(scores.values()))
    return {
        "questions": len(kept),
        "scores": {check: {name: found[check] for name, found in scores.items()} for check in checks},
    }


def in_words(found: Mapping[str, Any], of: str, told_by: str) -> str:
    """Return the scores of the model called `of` beside those of the others, in a sentence.

    `told_by` is whose the right answers are.
    """
    said = []
    for check, scores in found["scores"].items():
        shown = margin if check == "similar" else percent
        others = ", ".join(f"{one_line(name)} {shown(value)}" for name, value in scores.items() if name != of)
        said.append(f"{shown(scores[of])} {_WORDS[check]} ({others})")
    return f"Its own answers to {several(found['questions'], 'held-out question')} beside {told_by}: {'; '.join(said)}."
