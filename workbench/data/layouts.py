"""Layouts: the formats rows come in, what a row of each becomes, and which columns hold what.

Owns `Layout`, the table of formats and the types of canonical rows. Must not know how a row is rewritten or how a
layout is found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

TYPE_OF_METHOD: dict[str, str] = {
    "sft": "messages",
    "cpt": "text",
    "pretrain": "text",
    "dpo": "preference",
    "orpo": "preference",
    "reward": "preference",
    "kto": "unpaired_preference",
    "grpo": "prompt_only",
    "ppo": "prompt_only",
    "distill": "messages",
    "prune": "messages",
}
"""Method → the type of canonical row it learns from."""

BESIDE: dict[str, tuple[str, ...]] = {"distill": ("text", "prompt_only"), "prune": ("text",)}
"""Method → types it learns from as well, of sources whose rows are of that type by themselves."""

METHOD_OF_TYPE: dict[str, str] = {
    "messages": "sft",
    "text": "cpt",
    "preference": "dpo",
    "unpaired_preference": "kto",
    "prompt_only": "grpo",
}
"""Type of canonical row → the method proposed for it."""

TYPE_NAMES: dict[str, str] = {
    "messages": "conversation",
    "text": "article",
    "preference": "preference",
    "unpaired_preference": "unpaired preference",
    "prompt_only": "prompt",
}
"""Type of canonical row → what such a row is, for people."""


@dataclass(frozen=True)
class Layout:
    """Where the rows of one source hold what; enough to convert any of them."""

    format: str
    """A key of FORMATS."""
    columns: Mapping[str, str]
    """Role → column of this source; "a.b" is key b of the object in column a."""

    def to_json(self) -> dict[str, Any]:
        """Return the layout as JSON."""
        return {"format": self.format, "columns": dict(self.columns)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Layout:
        """Return the layout that `to_json` wrote."""
        return cls(value["format"], dict(value["columns"]))


@dataclass(frozen=True)
class Format:
    """One way of laying out rows."""

    name: str
    type: str
    """The type of canonical row it becomes of itself."""
    rows: str
    """What the rows have, for people: "412 of 412 rows have …"."""
    required: tuple[str, ...]
    """Roles that a layout of it must give a column."""
    optional: tuple[str, ...] = ()
    either: tuple[tuple[str, ...], ...] = ()
    """Groups of optional roles of which a layout must have at least one whole."""

    def is_complete(self, columns: Mapping[str, str]) -> bool:
        """Return whether columns by role are enough to convert rows."""
        return all(role in columns for role in self.required) and (
            not self.either or any(all(role in columns for role in group) for group in self.either)
        )


FORMATS: dict[str, Format] = {
    format.name: format
    for format in (
        Format(
            "reviewed", "messages", "a pair for review and whether it was accepted", ("turns", "accepted")
        ),
        Format(
            "preference", "preference", "a better and a worse answer", ("chosen", "rejected"),
            ("prompt", "input", "system", "tools"),
        ),
        Format(
            "compared", "preference", "two answers and which of them is better", ("first", "second"),
            ("prompt", "system", "better", "first_if_true", "second_if_true", "second_if_positive", "first_score",
             "second_score"),
            (("better",), ("first_if_true",), ("second_if_positive",), ("first_score", "second_score")),
        ),
        Format(
            "ranked", "preference", "several answers with scores or the best one", ("prompt", "candidates"),
            ("system", "scores", "ranks", "best", "best_from_one"),
        ),
        Format(
            "unpaired", "unpaired_preference", "an answer and whether it is good", ("label",),
            ("turns", "prompt", "completion", "system", "tools"), (("turns",), ("prompt", "completion")),
        ),
        Format(
            "rated", "unpaired_preference", "an answer and a rating of one to five", ("rating",),
            ("turns", "prompt", "completion", "system", "tools"), (("turns",), ("prompt", "completion")),
        ),
        Format("chatgpt_export", "messages", "an exported conversation as a tree", ("tree",), ("current",)),
        Format("desk", "messages", "a message to a help desk and what followed it", ("opening", "turns")),
        Format("reply_tree", "messages", "a tree of turns and their replies", ("tree",)),
        Format("segments", "messages", "pieces of text of which some are learnt", ("segments",)),
        Format(
            "messages", "messages", "turns with role and content", ("turns",),
            ("system", "tools", "answer", "rating"),
        ),
        Format(
            "sharegpt", "messages", "a list of turns in ShareGPT's or a like spelling", ("turns",),
            ("system", "tools", "answer", "rating"),
        ),
        Format("speakers", "messages", "turns of two speakers with names of their own", ("turns",), ("system",)),
        Format(
            "multiple_choice", "messages", "a question, choices and the key of the right one", ("prompt",),
            ("answer", "answer_from_one", "choices", "context", "system",
             *(f"choice_{letter}" for letter in "abcdefgh")), (("choices",), ("choice_a", "choice_b")),
        ),
        Format(
            "next_turn", "messages", "what was said and candidates for what follows", ("history", "candidates"),
            ("system",),
        ),
        Format(
            "outline", "messages", "a title and lists of lines", ("prompt", "list_a"),
            ("list_b", "list_c", "list_d"),
        ),
        Format(
            "alpaca", "messages", "an instruction and its output", ("instruction", "completion"),
            ("input", "history", "system", "tools", "thought", "answer"),
        ),
        Format(
            "translation", "messages", "the same text in two languages", ("source", "target"), ()
        ),
        Format("prompt_only", "prompt_only", "a prompt", ("prompt",), ("answer", "system", "tools")),
        Format(
            "prompt_completion", "messages", "a prompt and its completion", ("prompt", "completion"),
            ("context", "history", "system", "tools", "thought", "answer"),
        ),
        Format("classification", "messages", "a text and its class", ("text", "class"), ("pair", "title")),
        Format("dialogue", "messages", "a dialogue written into one text", ("text",), ("system",)),
        Format("question_first", "messages", "a question in the first line and its answer below", ("text",), ()),
        Format("text", "text", "a text", ("text",), ("title",)),
    )
}  # fmt: skip
"""In the order in which they are preferred when rows fit several: the more particular first."""


_SPEAKING = ("role", "from", "speaker", "sender", "author")


def alone(value: Any) -> dict[str, Any] | None:
    """Return the object that a value is, as JSON text or not, or that stands alone in a list, None for others.

    A lone turn stays a list.
    """
    if isinstance(value, str):
        if not (value[:1] == "{" and value[-1:] == "}"):
            return None
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return None
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
        if isinstance(value, dict) and any(key in value for key in _SPEAKING):
            return None
    return value if isinstance(value, dict) else None


def picker(column: str) -> Callable[[Mapping[str, Any]], Any]:
    """Return a function that takes the value of a column, or of "a.b" in an object, from a row; None where it lacks."""
    if "." not in column:
        return lambda row: row.get(column)
    outer, inner = column.split(".", 1)
    nested = picker(inner)

    def pick(row: Mapping[str, Any]) -> Any:
        if column in row:
            return row[column]
        held = alone(row.get(outer))
        return nested(held) if held is not None else None

    return pick


def type_for(method: str, layout: Layout | None) -> str:
    """Return the type of canonical row that a method learns of the rows of a layout, None for rows without one."""
    own = FORMATS[layout.format].type if layout is not None else ""
    return own if own in BESIDE.get(method, ()) else TYPE_OF_METHOD[method]
