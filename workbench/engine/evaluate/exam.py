"""Exams: questions whose answers a rule can check, put to a model or to a GGUF of it.

Owns the format of an exam, the rule that marks an answer, and the marks per kind. Must not know which exam it holds.
An exam is JSONL: {"kind", "prompt", "entity", "value", "others"}; kinds that begin with "cloze" are raw text to go on
with, all others are user turns.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.core.errors import UsageError

MAX_NEW_TOKENS = 48


@dataclass(frozen=True)
class Question:
    """One question of an exam."""

    kind: str
    prompt: str
    entity: str
    """Must be named in the answer; "" when nothing needs naming. Cloze prompts name it themselves."""
    value: str
    others: tuple[str, ...]
    """The other values of the same domain; an answer that names one of them as well is wrong."""

    @property
    def is_chat(self) -> bool:
        """Whether the prompt is a user turn and not raw text."""
        return not self.kind.startswith("cloze")


def read(path: Path, kinds: Sequence[str] = (), limit: int = 0) -> list[Question]:
    """Return the questions of an exam, of some kinds only, and at most `limit` of each kind when that is positive.

    Raises UsageError naming the line that is no question.
    """
    questions: list[Question] = []
    taken: dict[str, int] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            question = Question(row["kind"], row["prompt"], row["entity"], row["value"], tuple(row["others"]))
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"Line {number} of {path} is no exam question ({type(error).__name__}: {error}); correct it."
            ) from None
        taken[question.kind] = taken.get(question.kind, 0) + 1
        if (not kinds or question.kind in kinds) and (not limit or taken[question.kind] <= limit):
            questions.append(question)
    return questions


def names(text: str, word: str) -> bool:
    """Return whether `text` has `word` as a whole word, whatever its case."""
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE) is not None


def is_right(question: Question, answer: str) -> bool:
    """Return whether an answer names the entity and the value and no other value of the domain.

    Of a cloze only the first sentence counts: the text goes on with something else after it.
    """
    text = answer if question.is_chat else re.split(r"[.!?\n]", answer, maxsplit=1)[0]
    entity_named = not question.entity or not question.is_chat or names(text, question.entity)
    return entity_named and names(text, question.value) and not any(names(text, other) for other in question.others)


@dataclass(frozen=True)
class Marked:
    """A question, the answer to it, and the mark."""

    question: Question
    answer: str
    right: bool
    stopped: bool


def mark(
    questions: Sequence[Question], ask: Callable[[Sequence[str], bool], Sequence[tuple[str, bool]]]
) -> list[Marked]:
    """Return every question marked; `ask(prompts, is_chat)` gives (answer, whether it stopped by itself) for each."""
    marked: list[Marked] = []
    for chat in (True, False):
        chosen = [question for question in questions if question.is_chat == chat]
        replies = ask([question.prompt for question in chosen], chat) if chosen else []
        marked += [
            Marked(q, text, is_right(q, text), stopped) for q, (text, stopped) in zip(chosen, replies, strict=True)
        ]
    return marked


def scores(marked: Sequence[Marked]) -> dict[str, float]:
    """Return kind → share of right answers."""
    kinds = sorted({item.question.kind for item in marked})
    return {kind: _share([item.right for item in marked if item.question.kind == kind]) for kind in kinds}


def stop_rate(marked: Sequence[Marked]) -> float:
    """Return the share of chat answers that ended by themselves."""
    return _share([item.stopped for item in marked if item.question.is_chat])


def _share(flags: Sequence[bool]) -> float:
    """Return the share of true flags, 0 without any."""
    return round(sum(flags) / len(flags), 4) if flags else 0.0
