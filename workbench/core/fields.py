"""How one field of a recipe is described, parsed and checked.

Owns `Spec` and the functions that turn a person's text or a TOML value into a valid value. Must not know which fields
exist: `recipe.py` holds that table, and the form, the flags, the help and the documentation are made from it.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from workbench.core.errors import UsageError

SECTIONS = (
    "task", "data", "tuning", "alignment", "reinforcement", "distillation", "pruning", "publishing",
    "optimisation", "schedule", "cadence", "machine", "model",
)  # fmt: skip


@dataclass(frozen=True)
class Spec:
    """Everything a reader, a form or a checker needs to know about one field."""

    section: str
    """The group it is shown in; one of `SECTIONS`."""
    label: str
    help: str
    """One sentence: what it does."""
    why: str
    """One sentence: what moving it changes, so that a person can choose."""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()


def spec(default: Any, section: str, label: str, help: str, why: str, **rest: Any) -> Any:
    """Return a dataclass field that carries its `Spec`; `rest` are the optional attributes of `Spec`."""
    described = {"spec": Spec(section, label, help, why, **rest)}
    if isinstance(default, tuple):
        return dataclasses.field(default_factory=lambda: default, metadata=described)
    return dataclasses.field(default=default, metadata=described)


def closest(name: str, names: Iterable[str]) -> str:
    """Return the end of a sentence that names the nearest known name, or all of them when none is near."""
    known = sorted(names)
    near = difflib.get_close_matches(name, known, n=1)
    return f"perhaps it is {near[0]}" if near else f"known are {', '.join(known)}"


_TRUE, _FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}


def _plain(number: float) -> str:
    """Return a number as a person writes it."""
    return f"{number:.0f}" if number == int(number) and abs(number) < 1e15 else f"{number:g}"


def _number(name: str, value: Any, kind: type) -> Any:
    """Return `value` as an int or float, or raise with what was expected."""
    if not isinstance(value, bool):
        try:
            number = float(value.replace("_", "")) if isinstance(value, str) else float(value)
            if math.isfinite(number) and (kind is float or number == int(number)):
                return kind(number)
        except (TypeError, ValueError, OverflowError):
            pass
    wanted = "a whole number" if kind is int else "a number"
    raise UsageError(
        f"{name} must be {wanted}, not {value!r}; give for example --set {name}={'8' if kind is int else '0.1'}."
    )


def _text(name: str, value: str) -> str:
    """Return `value`, or raise UsageError for a text that no file can hold or that no file can have as its name."""
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in value):
        raise UsageError(f"{name} must be UTF-8 text without NUL, not {value!r}.")
    return value


def outside(text: str, separator: str, quotes: bool = False) -> list[str]:
    """Return the parts of a text between the separators that stand in no round brackets.

    Quotes protect brackets and separators inside brackets, with `quotes` also outside of them, where they may be
    apostrophes. A text whose brackets or quotes are not closed is split at every separator behind the last that is.
    """
    parts, start, depth, quote = [], 0, 0, ""
    for place, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote and text[place - 1] != "\\" else quote
        elif sign in "\"'" and (depth or quotes):
            quote = sign
        elif sign in "()":
            depth = max(depth + (1 if sign == "(" else -1), 0)
        elif sign == separator and not depth:
            parts.append(text[start:place])
            start = place + 1
    if depth or quote:
        return [*parts, *text[start:].split(separator)]
    return [*parts, text[start:]]


def _listed(text: str) -> Any:
    """Return the items of a list in a flag: a JSON list, or commas between items, those in round brackets aside."""
    if text.lstrip().startswith("["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return outside(text, ",")


def parse(name: str, kind: str, described: Spec, value: Any) -> Any:
    """Return `value` (text from a flag, or a TOML value) as the field's type, checked against its bounds and choices.

    `kind` is the annotation of the field: "str", "int", "float", "bool" or "tuple[str, ...]".
    Raises UsageError with one sentence that names the field, the value and what is allowed.
    """
    if kind == "bool":
        text = str(value).strip().lower()
        if text not in _TRUE | _FALSE:
            raise UsageError(f"{name} must be true or false, not {value!r}.")
        return text in _TRUE
    if kind in ("int", "float"):
        number = _number(name, value, int if kind == "int" else float)
        if (described.low is not None and number < described.low) or (
            described.high is not None and number > described.high
        ):
            bounds = " and ".join(
                f"{word} {_plain(limit)}"
                for word, limit in (("at least", described.low), ("at most", described.high))
                if limit is not None
            )
            raise UsageError(f"{name} must be {bounds}, not {_plain(number)}.")
        return number
    if kind.startswith("tuple"):
        items = _listed(value) if isinstance(value, str) else value
        if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
            raise UsageError(f"{name} must be a list of texts, not {value!r}.")
        return tuple(_text(name, item.strip()) for item in items if item.strip())
    if not isinstance(value, str):
        raise UsageError(f"{name} must be a text, not {value!r}.")
    _text(name, value)
    if described.choices and value not in described.choices:
        raise UsageError(f"{name} cannot be {value!r}; {closest(value, described.choices)}.")
    return value
