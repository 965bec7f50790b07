"""The rewards of a recipe: how one is named, with its parameters and its weight.

Owns the form `name(parameter=value, …)*weight`, read and written. Must not know how a completion is judged. Nothing in
the form is ever evaluated.
"""

from __future__ import annotations

import json
import math
import os.path
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.core.checks import CHECKS, NEEDS, Check, Parameter, Value
from workbench.core.errors import UsageError
from workbench.core.fields import closest, outside
from workbench.core.paths import expanded
from workbench.core.text import one_line

__all__ = ["CHECKS", "NEEDS", "Check", "Parameter", "Spec", "Value", "listed", "parse", "settled", "text"]


@dataclass(frozen=True)
class Spec:
    """One reward as a recipe asks for it, every parameter filled in."""

    name: str
    parameters: Mapping[str, Value]
    weight: float = 1.0

    @property
    def check(self) -> Check:
        """The row of the table it names."""
        return CHECKS[self.name]


_NAME = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*")
_WEIGHT = re.compile(r"\s*\*\s*([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*")
_BARE = re.compile(r"[^\s,()\"'][^,()\"']*")
_QUOTES = "\"'"


def _unquoted(text: str) -> str:
    """Return a value without its quotes; inside them a backslash only protects the quote, as patterns need theirs."""
    if len(text) >= 2 and text[0] in _QUOTES and text[-1] == text[0]:
        return text[1:-1].replace("\\" + text[0], text[0])
    return text


def _quoted(value: str) -> str:
    """Return a text as `parse` reads it back."""
    if _BARE.fullmatch(value) and value == value.strip():
        return value
    quote = "'" if '"' in value and "'" not in value else '"'
    return quote + value.replace(quote, "\\" + quote) + quote


def _bounds(parameter: Parameter) -> str:
    """Return the bounds of a number in words."""
    words = (("at least", parameter.low), ("at most", parameter.high))
    return " and ".join(f"{word} {limit:g}" for word, limit in words if limit is not None)


def _value(check: str, parameter: Parameter, text: str) -> Value:
    """Return what a person wrote for a parameter as its type, or raise UsageError with what is allowed."""
    what = f"The parameter {parameter.name} of the reward {check}"
    if parameter.kind == "truth":
        if text.lower() not in ("true", "false"):
            raise UsageError(f"{what} must be true or false, not {one_line(text, 40)!r}.")
        return text.lower() == "true"
    if parameter.kind in ("whole", "number"):
        whole = parameter.kind == "whole"
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number) or (whole and number != int(number)):
            raise UsageError(f"{what} must be a {'whole ' if whole else ''}number, not {one_line(text, 40)!r}.")
        if (parameter.low is not None and number < parameter.low) or (
            parameter.high is not None and number > parameter.high
        ):
            raise UsageError(f"{what} must be {_bounds(parameter)}, not {number:g}.")
        return int(number) if whole else number
    if not text or "\0" in text:
        raise UsageError(f"{what} is empty; give {parameter.help}.")
    if parameter.choices and text not in parameter.choices:
        raise UsageError(f"{what} cannot be {one_line(text, 40)!r}; {closest(text, parameter.choices)}.")
    return text


def _given(check: Check, text: str, whole: str) -> dict[str, Value]:
    """Return the parameters between the brackets, by name."""
    known = {parameter.name: parameter for parameter in check.parameters}
    found: dict[str, Value] = {}
    for item in outside(text, ",", quotes=True):
        name, equals, value = item.partition("=")
        name = name.strip()
        if not item.strip():
            continue
        if not equals:
            raise UsageError(f"The reward {one_line(whole, 80)} has {one_line(item, 40)!r} where name=value belongs.")
        if name not in known:
            hint = closest(name, known) if known else "it has none"
            raise UsageError(f"The reward {check.name} has no parameter {one_line(name, 40)!r}; {hint}.")
        if name in found:
            raise UsageError(f"The reward {one_line(whole, 80)} gives {name} twice; leave one out.")
        value = value.strip()
        bare = _unquoted(value)
        if bare == value and value and not _BARE.fullmatch(value):
            raise UsageError(f"The value {one_line(value, 40)} of {check.name} has signs of its own; put it in quotes.")
        found[name] = _value(check.name, known[name], bare)
    return found


def parse(text: str) -> Spec:
    """Return the reward that a text `name`, `name*0.5` or `name(max=200, tag=think)*0.2` asks for.

    A value with commas, brackets or quotes stands in quotes. A weight of 0 only watches the reward. Raises UsageError
    with one sentence for a name, a parameter or a weight that does not exist or lies outside its bounds.
    """
    shown = one_line(text, 80)
    start = _NAME.match(text)
    if start is None:
        raise UsageError(f"The reward {shown!r} has no name; write for example number, or length(max=200)*0.2.")
    name = start[1]
    if name not in CHECKS:
        raise UsageError(f"There is no reward {one_line(name, 40)!r}; {closest(name, CHECKS)}.")
    check, rest, inside = CHECKS[name], text[start.end() :], ""
    if rest.startswith("("):
        pieces = outside(rest, "*")
        head = pieces[0].rstrip()
        if not head.endswith(")"):
            raise UsageError(f"The reward {shown} has a bracket or a quote that is not closed; close it.")
        inside, rest = head[1:-1], rest[len(pieces[0]) :]
    weight = 1.0
    if rest.strip():
        found = _WEIGHT.fullmatch(rest)
        try:
            weight = float(found[1]) if found is not None else math.nan
        except ValueError:
            weight = math.nan
        if not math.isfinite(weight):
            raise UsageError(f"The reward {shown} must end with *weight, a number such as *0.5, not {rest.strip()!r}.")
    given = _given(check, inside, text)
    missing = [item for item in check.parameters if item.default is None and item.name not in given]
    if missing:
        raise UsageError(f"The reward {name} needs {missing[0].name}, {missing[0].help}: {name}({missing[0].name}=…).")
    filled: dict[str, Value] = {}
    for item in check.parameters:
        value = given.get(item.name, item.default)
        assert value is not None
        filled[item.name] = value
    if isinstance(filled.get("min"), int) and isinstance(filled.get("max"), int) and filled["min"] > filled["max"]:  # type: ignore[operator]
        raise UsageError(f"The reward {shown} has a min above its max; turn them round.")
    return Spec(name, filled, weight)


def text(spec: Spec) -> str:
    """Return the shortest text that `parse` reads as this reward."""
    said = []
    for item in spec.check.parameters:
        value = spec.parameters[item.name]
        if value != item.default:
            written = _quoted(value) if isinstance(value, str) else json.dumps(value)
            said.append(f"{item.name}={written}")
    weight = f"*{spec.weight:.12g}" if spec.weight != 1 else ""
    return f"{spec.name}{'(' + ', '.join(said) + ')' if said else ''}{weight}"


def _absolute(parameter: Parameter, value: Value) -> Value:
    """Return a path as one that leads there from anywhere; a name of a run or a base stays one."""
    from workbench.core.recipe import BUNDLED  # which imports this module

    if parameter.kind not in ("path", "model") or value == BUNDLED:
        return value
    path = expanded(str(value))
    names_file = parameter.kind == "path" or path.suffix.lower() == ".gguf" or os.path.exists(path)
    return os.path.abspath(path) if names_file else value


def listed(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the rewards in what was given on a command line: any number of options, with commas between rewards."""
    return tuple(one.strip() for text in texts for one in outside(text, ",", quotes=True) if one.strip())


def settled(texts: Sequence[str]) -> tuple[str, ...]:
    """Return rewards as they belong in a recipe: in their shortest form, and every path absolute.

    A run works in a folder of its own, where a path relative to the person's would lead nowhere. Raises UsageError.
    """
    found = []
    for item in texts:
        spec = parse(item)
        moved = {
            parameter.name: _absolute(parameter, spec.parameters[parameter.name]) for parameter in spec.check.parameters
        }
        found.append(text(Spec(spec.name, moved, spec.weight)))
    return tuple(found)
