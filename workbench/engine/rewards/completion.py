"""What is judged, and how a judgement is given.

Owns `Completion`, the outcome of judging one, and what a row holds for a judge under the names data comes with. Must
not know any check.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line
from workbench.data.formats import calls as call_forms
from workbench.data.formats.refusals import Refused


@dataclass(frozen=True)
class Completion:
    """One answer of the policy."""

    prompt: Sequence[Mapping[str, Any]]
    """The turns it answers."""
    text: str
    """Its words without the stop token; where the prompt has opened a thinking tag, with that tag before them."""
    tokens: int
    """Its length in tokens, the stop token included."""
    finished: bool
    """Whether the model ended it and not the limit of length."""
    row: Mapping[str, Any] = field(default_factory=dict)
    """The row it was asked from, whose other columns checks may need."""
    forced: bool = False
    """Whether its thought outgrew its budget and was closed for the model."""


class Outcome(NamedTuple):
    """The judgement of one completion by one check."""

    score: float
    """NaN where the completion could not be judged."""
    reason: str = ""
    """Why it could not, one sentence without a full stop."""
    applies: bool = True
    """False where the check has nothing to say of this row, and true where it failed to say it."""


class Unjudged(WorkbenchError):
    """A check does not apply: the row lacks what it needs, or there is too little of the completion."""


Judge = Callable[[Sequence[Completion]], list[Outcome]]
"""Judges several completions, one outcome each, in their order."""
One = Callable[[Completion], float]
"""Judges one completion; raises Unjudged."""


def unjudged(reason: str, applies: bool = True) -> Outcome:
    """Return the outcome of a completion that could not be judged, or to which the check does not apply."""
    return Outcome(math.nan, one_line(reason, 300), applies)


def each(judge: One) -> Judge:
    """Return a judge of several completions from the judge of one."""

    def judged(completion: Completion) -> Outcome:
        try:
            return Outcome(float(judge(completion)))
        except Unjudged as error:
            return unjudged(str(error), applies=False)

    return lambda completions: [judged(completion) for completion in completions]


def columns_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything a row holds by name, what the data held beside the prompt included."""
    beside = row.get("columns")
    held = {name: value for name, value in row.items() if name != "columns"}
    return {**beside, **held} if isinstance(beside, Mapping) else held


def _held(row: Mapping[str, Any], names: Sequence[str]) -> Any:
    """Return the first value of a row under one of some names that is there, or None."""
    columns = columns_of(row)
    return next((columns[name] for name in names if columns.get(name) is not None), None)


def _said(value: Any) -> str | None:
    """Return the words of an answer given as text or as turns, of those the last one of the assistant."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        texts = [turn.get("content") for turn in value if isinstance(turn, Mapping) and turn.get("role") == "assistant"]
        return texts[-1] if texts and isinstance(texts[-1], str) else None
    return None


def answer_of(row: Mapping[str, Any]) -> str:
    """Return the right answer that a row holds; raises Unjudged without one."""
    value = _held(row, ("answer", "solution", "target", "ground_truth"))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return repr(value)
    text = value if isinstance(value, str) else None
    if text is None or not text.strip():
        raise Unjudged("the row has no answer")
    return text


def chosen_of(row: Mapping[str, Any]) -> str:
    """Return the preferred answer that a row holds, or else its answer; raises Unjudged without one."""
    for name in ("chosen", "completion", "reference", "messages"):
        if (text := _said(row.get(name))) is not None and text.strip():
            return text
    try:
        return answer_of(row)
    except Unjudged:
        raise Unjudged("the row has no preferred answer") from None


def calls_of(row: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the (name, arguments) of the calls that a row expects, which may be none; raises Unjudged without them."""
    value = _held(row, ("calls", "tool_calls"))
    for name in ("chosen", "completion", "messages"):
        turns = row.get(name)
        if value is None and isinstance(turns, list | tuple) and turns and isinstance(turns[-1], Mapping):
            value = turns[-1].get("tool_calls")
    if value is None and isinstance(row.get("answer"), str):
        value = call_forms.written(row["answer"])
    if value is None:
        raise Unjudged("the row has no expected tool calls")
    try:
        found = call_forms.listed(value) if value else []
    except Refused as refused:
        raise Unjudged(str(refused)) from None
    return [(call["function"]["name"], call["function"]["arguments"]) for call in found]


def tests_of(row: Mapping[str, Any]) -> Any:
    """Return the tests that a row holds, in whatever form; raises Unjudged without them."""
    value = _held(row, ("tests", "test_list", "test", "unit_tests", "test_cases", "input_output"))
    if not value:
        raise Unjudged("the row has no tests")
    return value
