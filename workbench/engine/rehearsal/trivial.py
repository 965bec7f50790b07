"""Answers that nobody had to think about, and the right ones of the rows: what rewards are held against.

Owns both. Must not know models or scores.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from workbench.core.rewards import Spec
from workbench.data.formats import checkable
from workbench.engine.rewards.completion import Unjudged, answer_of, calls_of, chosen_of, columns_of

CHARACTERS_OF_A_TOKEN = 4
"""About as many as English text has, for lengths where no tokenizer is at hand."""
_LONGEST = 1 << 16
"""Characters of the long answer at most."""
_SHORT = 40
"""Characters of an answer that may be the commonest."""
_CODE = ("canonical_solution", "code", "solution")
"""Columns in which data with tests keeps what passes them."""


def reference(row: Mapping[str, Any], specs: Sequence[Spec]) -> str | None:
    """Return the right or preferred answer that a row holds, its calls of tools included, or None."""
    needs = {spec.check.needs for spec in specs}
    if "calls" in needs:
        try:
            called = [json.dumps({"name": name, "arguments": given}) for name, given in calls_of(row)]
        except (Unjudged, TypeError, ValueError):
            called = []
        if called:
            return "\n".join(f"<tool_call>\n{one}\n</tool_call>" for one in called)
    if "tests" in needs:
        columns = columns_of(row)
        held = next((columns[name] for name in _CODE if isinstance(columns.get(name), str)), "")
        if held.strip():
            return str(held)
    try:
        return chosen_of(row)
    except Unjudged:
        return None


def commonest(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the final answer that most rows have, "" where none is short enough to be guessed."""
    found: Counter[str] = Counter()
    for row in rows:
        try:
            settled = checkable.final_answer(answer_of(row))
        except Unjudged:
            continue
        if settled is not None and len(settled[0]) <= _SHORT:
            found[settled[0]] += 1
    return found.most_common(1)[0][0] if found else ""


def _tags(specs: Sequence[Spec]) -> tuple[str, ...]:
    """Return the tags that some reward asks for."""
    for spec in specs:
        named = spec.parameters.get("tags") or spec.parameters.get("tag")
        if named:
            return tuple(str(named).split())
    return ()


def _long(texts: Iterable[str], characters: int) -> str:
    """Return a text of so many characters from others, begun anew where they do not suffice."""
    pieces, length = [], 0
    for text in itertools.cycle(text for text in texts if text.strip()):
        pieces.append(text)
        length += len(text) + 1
        if length >= characters:
            break
    return " ".join(pieces)[:characters]


def answers(rows: Sequence[Mapping[str, Any]], specs: Sequence[Spec], longest: int) -> dict[str, str | None]:
    """Return trivial answers by name; None stands for the prompt said again, which is another text for each row.

    `longest` is the length of the long one in tokens.
    """
    said = [text for row in rows if (text := reference(row, specs)) is not None]
    said = said or [str(turn.get("content") or "") for row in rows for turn in row["prompt"]]
    found: dict[str, str | None] = {"empty": "", "number": "1"}
    if common := commonest(rows):
        found["commonest"] = common
    if tags := _tags(specs):
        found["tags"] = "".join(f"<{tag}></{tag}>" for tag in tags)
        found["tags_word"] = "".join(f"<{tag}>yes</{tag}>" for tag in tags)
    found["long"] = _long(said, min(longest * CHARACTERS_OF_A_TOKEN, _LONGEST))
    found["prompt"] = None
    return found
