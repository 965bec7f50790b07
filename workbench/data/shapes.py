"""Shapes: the layouts rows come in, and which one a sample of rows has.

Owns the table of shapes and the spellings of column, role and turn names. Must not know methods or how a row is
rewritten. Names are compared whole and without regard to case, never by substring.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TURN_COLUMNS = ("messages", "conversations", "conversation", "dialogue", "dialog", "turns", "chat")
"""Columns that hold a list of turns."""
ROLE_KEYS = ("role", "from")
CONTENT_KEYS = ("content", "value")
PAIR_KEYS = (
    ("human", "assistant"),
    ("user", "assistant"),
    ("human", "gpt"),
    ("question", "answer"),
    ("prompt", "response"),
)
"""Spellings of a turn that holds a question together with its answer."""

INSTRUCTION = "instruction"
INPUTS = ("input", "context")
"""Columns that complete an instruction or a question."""
PROMPTS = ("prompt", "question", "query", "problem", "user", "human", "input")
COMPLETIONS = ("completion", "response", "solution", "answer", "output", "assistant", "reply")
"""Where a row has several of these, the earlier one is taken."""
SYSTEMS = ("system", "system_prompt")
TEXTS = ("text", "content", "article", "body", "document")
PREFERENCE = ("chosen", "rejected")
LABEL = "label"


def column(row: Mapping[str, Any], names: Iterable[str]) -> str | None:
    """Return the row's own spelling of the first of `names` it has with a value other than None, or None."""
    present = {key.strip().lower(): key for key, value in row.items() if value is not None}
    return next((present[name] for name in names if name in present), None)


def turns_of(row: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return the row's list of turns, or None when no column holds one."""
    name = column(row, TURN_COLUMNS)
    turns = row[name] if name is not None else None
    if isinstance(turns, list) and turns and all(isinstance(turn, dict) for turn in turns):
        return turns
    return None


def has_keys(turn: Mapping[str, Any], *spellings: Sequence[str]) -> bool:
    """Return whether a turn has a key of each group of spellings."""
    return all(any(key in turn for key in group) for group in spellings)


def is_pair(turn: Mapping[str, Any]) -> bool:
    """Return whether a turn holds a question together with its answer."""
    return any(question in turn and answer in turn for question, answer in PAIR_KEYS)


def is_text(value: Any) -> bool:
    """Return whether a value can stand as text: a string or a number, not a truth value."""
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _messages(row: Mapping[str, Any]) -> bool:
    turns = turns_of(row)
    return turns is not None and all(has_keys(turn, ROLE_KEYS[:1], (*CONTENT_KEYS[:1], "tool_calls")) for turn in turns)


def _sharegpt(row: Mapping[str, Any]) -> bool:
    turns = turns_of(row)
    return turns is not None and all(is_pair(turn) or has_keys(turn, ROLE_KEYS, CONTENT_KEYS) for turn in turns)


def _alpaca(row: Mapping[str, Any]) -> bool:
    answer = column(row, COMPLETIONS)
    instruction = column(row, (INSTRUCTION,))
    return instruction is not None and answer is not None and is_text(row[instruction]) and is_text(row[answer])


def _side(value: Any) -> bool:
    """Return whether a value can be one side of a prompt and completion: text or a list of messages."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(turn, dict) and has_keys(turn, ROLE_KEYS, CONTENT_KEYS) for turn in value)
    return is_text(value)


def prompt_and_completion(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the names of the row's prompt and completion columns, or None."""
    prompt, completion = column(row, PROMPTS), column(row, COMPLETIONS)
    return (prompt, completion) if prompt is not None and completion is not None else None


def _prompt_completion(row: Mapping[str, Any]) -> bool:
    names = prompt_and_completion(row)
    return names is not None and all(_side(row[name]) for name in names)


def _preference(row: Mapping[str, Any]) -> bool:
    if all(column(row, (name,)) is not None for name in PREFERENCE):
        return True
    label = column(row, (LABEL,))
    return label is not None and isinstance(row[label], bool) and (turns_of(row) is not None or _prompt_completion(row))


def text_column(row: Mapping[str, Any]) -> str | None:
    """Return the name of the column that holds the article: one named as such, or the only column there is."""
    name = column(row, TEXTS)
    if name is None and len(row) == 1:
        name = next(iter(row))
    return name if name is not None and isinstance(row[name], str) else None


def _text(row: Mapping[str, Any]) -> bool:
    return text_column(row) is not None


@dataclass(frozen=True)
class Shape:
    """One layout of rows."""

    name: str
    kind: str
    """What such rows are: conversation, article or preference."""
    fits: Callable[[Mapping[str, Any]], bool]
    """Whether a row has the columns and types of the shape; whether it is any good is another question."""
    columns: str
    """How the columns are named, for people."""


SHAPES: dict[str, Shape] = {
    shape.name: shape
    for shape in (
        Shape("preference", "preference", _preference, "chosen and rejected, or an answer with a true or false label"),
        Shape("messages", "conversation", _messages, "messages with role and content"),
        Shape("sharegpt", "conversation", _sharegpt, "conversations with from and value"),
        Shape(
            "alpaca", "conversation", _alpaca, "instruction and output, with input, system and history where present"
        ),
        Shape("prompt_completion", "conversation", _prompt_completion, "prompt and completion, or question and answer"),
        Shape("text", "article", _text, "text"),
    )
}
"""In the order in which they are preferred when a sample fits several equally well: the more particular first."""


def shape_of(rows: Sequence[Mapping[str, Any]]) -> tuple[str, float]:
    """Return (shape, share of the rows that have it) of the shape most rows have; ("", 0.0) when no row has any.

    A row counts for the first shape of the table it fits, so that the shares add up to one at most, and the result does
    not depend on the order of the rows.
    """
    counts = dict.fromkeys(SHAPES, 0)
    for row in rows:
        name = next((shape.name for shape in SHAPES.values() if shape.fits(row)), None)
        if name is not None:
            counts[name] += 1
    best = max(counts, key=lambda name: counts[name])
    return (best, counts[best] / len(rows)) if rows and counts[best] else ("", 0.0)
