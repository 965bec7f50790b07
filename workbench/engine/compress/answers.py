"""Answers a teacher writes before a student learns: to prompts that have none, or in place of those the rows have.

Owns the file of what was written, in the run, and which rows are asked. Must not know how the answers are learnt: they
are rows like any others (sequence-level distillation, Kim and Rush 2016). A teacher that is a GGUF teaches in this way
alone. The file's head says which model wrote with which settings; what a kill left whole is not written again.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from workbench.core import teaching
from workbench.core.errors import UsageError
from workbench.core.recipe import Recipe
from workbench.core.units import count
from workbench.engine.compress.rows import WHY_NOT
from workbench.engine.prefer import speaking
from workbench.engine.prefer.speaking import Answer, Asked, Drawing, Speaker
from workbench.engine.session import Attempt
from workbench.engine.synth.journal import Journal

FILE = "teacher-answers.jsonl"
CUT = "the teacher's answer did not end within max_completion_length"
EMPTY = "the teacher's answer is empty"
NOT_ASKED = "a dry run asks for no answer to it"
_DOING = "the teacher writes answers"
_TOLD_SECONDS = 5.0
"""Between two words of how far it is."""
_TOGETHER = 64
"""Answers of a line of the file where many are written at once; a GGUF writes one after the other."""
_SHOWN = 8
"""Answers that are written in a dry run."""


def asked_of(row: Mapping[str, Any], all_rows: bool) -> Asked | None:
    """Return what the teacher is to answer of a row, None for one that is learnt as it is.

    `all_rows` asks of conversations, too: what stands before their last answer.
    """
    if "prompt" in row:
        return Asked(row["prompt"], row.get("tools"))
    turns = row.get("messages", ()) if all_rows else ()
    last = max((place for place, turn in enumerate(turns) if turn.get("role") == "assistant"), default=-1)
    return Asked(turns[:last], row.get("tools")) if last > 0 else None


def _answered(row: Mapping[str, Any], asked: Asked, answer: Answer | str) -> dict[str, Any]:
    """Return a row with the teacher's answer, or with the reason why it has none."""
    why = answer if isinstance(answer, str) else "" if answer.finished else CUT
    if not why and isinstance(answer, Answer) and answer.text:
        told = [{**turn, "weight": 0} if turn["role"] == "assistant" else turn for turn in asked.turns]
        spoken = {"role": "assistant", "content": answer.text}
        return {"messages": [*told, spoken], **({"tools": row["tools"]} if row.get("tools") else {})}
    return {**row, WHY_NOT: why or EMPTY}


def _mark(asked: Sequence[Asked]) -> str:
    """Return what tells the prompts of a line of the file from others."""
    body = json.dumps([[list(one.turns), one.tools] for one in asked], sort_keys=True, default=str)
    return hashlib.sha256(body.encode("utf-8", "replace")).hexdigest()[:16]


def _kept(journal: Journal, prompts: Iterator[Asked]) -> int:
    """Return how many of these prompts the file has answers to; raises UsageError when it was written for others."""
    found = 0
    for line in journal:
        if _mark(list(itertools.islice(prompts, len(line["answers"])))) != line["prompts"]:
            raise UsageError(
                f"{journal.path} has the teacher's answers to other rows: the data was changed since; start a new run."
            )
        found += len(line["answers"])
    return found


def _write(
    journal: Journal, speaker: Speaker, prompts: Iterator[Asked], together: int, recipe: Recipe
) -> Iterator[list[Answer | str]]:
    """Yield answers to further prompts once they are in the file."""
    how = Drawing(recipe.temperature, recipe.top_p, recipe.max_completion_length)
    while asked := list(itertools.islice(prompts, together)):
        written = speaker.answers(asked, 1, how, (recipe.seed, journal.batches))
        found = [one if isinstance(one, str) else one[0] for one in written]
        journal.append({"prompts": _mark(asked), "answers": found})
        yield found


Answering = Callable[[Iterable[dict[str, Any]]], Iterator[dict[str, Any]]]
"""Rows → the same rows with the teacher's answers; to be called with the rows in the order in which it was asked."""


def write(attempt: Attempt, rows: Callable[[], Iterable[dict[str, Any]]], total: int) -> Answering:
    """Let the teacher answer what of some rows it is to answer, and return what puts the answers into them.

    `rows` gives all of them each time it is called; of about `total` it is told how many are answered. Rows that it
    gives no answer to come with the reason. In a dry run only the first are answered. Raises Interrupted when the
    attempt is asked to end, UsageError or WorkbenchError for a teacher that cannot write.
    """
    recipe, reporter = attempt.recipe, attempt.reporter
    gguf = teaching.writes_only(recipe.teacher)
    all_rows = gguf or recipe.teacher_writes

    def prompts() -> Iterator[Asked]:
        asked = (one for row in rows() if (one := asked_of(row, all_rows)) is not None)
        return itertools.islice(asked, _SHOWN) if attempt.rehearsal is not None else asked

    if next(prompts(), None) is None:
        return iter
    head = {
        "teacher": speaking.hashes(recipe.teacher) if gguf else speaking.identity(recipe.teacher),
        "in_4bit": recipe.teacher_in_4bit, "temperature": recipe.temperature, "top_p": recipe.top_p,
        "max_completion_length": recipe.max_completion_length, "seed": recipe.seed,
    }  # fmt: skip
    reporter.phase("loading", "teacher")
    started = told_at = time.monotonic()
    tokens = 0
    with (
        Journal(attempt.run.path / FILE, head) as journal,
        speaking.speaking(recipe.teacher, recipe.teacher_in_4bit) as speaker,
    ):
        done = _kept(journal, prompts())
        reporter.phase("preparing", _DOING, done=done, total=total)
        for found in _write(
            journal, speaker, itertools.islice(prompts(), done, None), 1 if gguf else _TOGETHER, recipe
        ):
            done += len(found)
            tokens += sum(one.tokens for one in found if isinstance(one, Answer))
            attempt.requests.check()
            if time.monotonic() - told_at > _TOLD_SECONDS:
                told_at = time.monotonic()
                reporter.phase("preparing", _DOING, done=done, total=total)
    seconds = time.monotonic() - started
    if attempt.rehearsal is not None:
        attempt.rehearsal.asked = (seconds, max(tokens, 1))
    reporter.notice(
        "info", "teacher_wrote",
        f"The teacher wrote {count(done)} answers in {seconds:.0f} s, which are in {FILE} of the run.",
    )  # fmt: skip
    answers = (one if isinstance(one, str) else Answer(*one) for line in journal for one in line["answers"])

    def answered(given: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for row in given:
            asked = asked_of(row, all_rows)
            yield row if asked is None else _answered(row, asked, next(answers, NOT_ASKED))

    return answered
