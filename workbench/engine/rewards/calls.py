"""Tool calls in a completion, and how far they are the expected ones.

Owns the spellings in which models write calls and the measure of agreement. Must not know completions. Text is parsed
as data and never run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.data.formats import calls as call_forms
from workbench.data.formats.refusals import Refused

_MOST = 32
_LONGEST = 50_000
_NAMED = 0.5
"""What the right name alone earns."""

Call = tuple[str, Mapping[str, Any]]

_TAGGED = re.compile(r"<(tool_call|function_call)>(.*?)(?:</\1>|\Z)", re.DOTALL)
_MISTRAL = re.compile(r"\[TOOL_CALLS\](.*)\Z", re.DOTALL)
_FENCED = re.compile(r"```(?:json|tool_call)?[ \t]*\n(.*?)\n[ \t]*```", re.DOTALL)


def _json(text: str) -> list[Call] | None:
    """Return the calls that a text is in JSON, or None; also one object a line."""
    try:
        found = call_forms.written(text)
        if found is None and "\n" in text.strip():
            parts = [call_forms.written(line) for line in text.splitlines() if line.strip()]
            found = None if any(part is None for part in parts) else [call for part in parts for call in part or ()]
    except (Refused, RecursionError):
        return None
    return None if found is None else [(call["function"]["name"], call["function"]["arguments"]) for call in found]


def _python(text: str) -> list[Call] | None:
    """Return the calls of a list such as [f(a=1), g(b="x")], of plain values only, or None."""
    text = text.strip()
    if not text.startswith("[") or not text.endswith(")]"):
        return None
    try:
        tree = ast.parse(text, mode="eval").body
        assert isinstance(tree, ast.List)
        found: list[Call] = []
        for item in tree.elts:
            if not isinstance(item, ast.Call) or item.args or not isinstance(item.func, ast.Name | ast.Attribute):
                return None
            arguments = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in item.keywords}
            found.append((ast.unparse(item.func), arguments))
    except (ValueError, SyntaxError, TypeError, AssertionError, MemoryError, RecursionError):
        return None
    return found


def called(text: str) -> tuple[list[Call], int]:
    """Return (the calls that a completion makes, how many more it began and did not write rightly)."""
    text = text.strip()[:_LONGEST]
    tagged = [match[2] for match in _TAGGED.finditer(text)]
    if not tagged and (match := _MISTRAL.search(text)) is not None:
        tagged = [match[1]]
    if not tagged:
        whole = _json(text) or _python(text)
        if whole is not None:
            return whole[:_MOST], max(len(whole) - _MOST, 0)
        tagged = [match[1] for match in _FENCED.finditer(text) if _json(match[1]) is not None]
    found: list[Call] = []
    broken = 0
    for part in tagged:
        calls = _json(part.strip())
        found += calls or ()
        broken += not calls
    return found[:_MOST], broken + max(len(found) - _MOST, 0)


def _same(one: Any, other: Any) -> bool:
    """Return whether two argument values are equal; true is not 1, and blanks at the ends of a text do not count."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, str) and isinstance(other, str):
        return one.strip() == other.strip()
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return (type(one) is type(other) and one == other) or (
        isinstance(one, int | float) and isinstance(other, int | float) and one == other
    )


def _agreement(told: Call, wanted: Call) -> float:
    """Return how far one call is another, from 0 for another name to 1."""
    if told[0] != wanted[0]:
        return 0.0
    names = told[1].keys() | wanted[1].keys()
    try:
        equal = sum(name in told[1] and name in wanted[1] and _same(told[1][name], wanted[1][name]) for name in names)
    except RecursionError:
        equal = 0
    return _NAMED + (1 - _NAMED) * (equal / len(names) if names else 1.0)


def agreement(told: Sequence[Call], broken: int, wanted: Sequence[Call]) -> float:
    """Return how far calls are the expected ones, in any order, from 0 to 1.

    Each expected call is given the most alike of those still free; what is over on either side counts as a miss. Where
    none is expected 1 is for no call at all.
    """
    most = max(len(told) + broken, len(wanted))
    if not most:
        return 1.0
    pairs = sorted(
        ((_agreement(one, other), -i, -j) for i, one in enumerate(told) for j, other in enumerate(wanted[:_MOST])),
        reverse=True,
    )
    used: tuple[set[int], set[int]] = (set(), set())
    total = 0.0
    for value, i, j in pairs:
        if i not in used[0] and j not in used[1]:
            used[0].add(i)
            used[1].add(j)
            total += value
    return total / most
