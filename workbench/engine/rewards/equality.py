r"""Whether two answers are the same mathematics: numbers, expressions, equations, tuples, intervals, sets, matrices.

Owns how answers are taken apart and compared. Expressions are equal when they agree at several fixed points, a test of
identity that needs no rewriting and always ends (Schwartz 1980, Zippel 1979); rational numbers are compared exactly. An
answer may not hold many more operations than the right one, so that a question handed back unsolved is no answer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from workbench.engine.rewards import answers
from workbench.engine.rewards.expressions import Node, Unreadable, Value, evaluate, parse

_POINTS = 6
_NEEDED = 3
"""Points at which the right expression must have a value."""
_RELATIVE, _ABSOLUTE = 1e-9, 1e-13
_MOST_PARTS = 50
_SET, _SET_END = "\u27e8", "\u27e9"
_OPEN, _CLOSE = "([" + _SET, ")]" + _SET_END
_SPELLED = (
    (r"\$", ""), (r"\left", ""), (r"\right", ""), (r"\{", _SET), (r"\}", _SET_END), (r"\lbrace", _SET),
    (r"\rbrace", _SET_END), (r"\ldots", "…"), (r"\cdots", "…"), (r"\dots", "…"), ("$", ""), (r"\leq", "≤"),
    (r"\le", "≤"), (r"\geq", "≥"), (r"\ge", "≥"), (r"\lt", "<"), (r"\gt", ">"), ("<=", "≤"), (">=", "≥"),
)  # fmt: skip
_TURNED = {">": "<", "≥": "≤"}
_MATRIX = re.compile(r"\\begin\{([pbvBV]?matrix|array)\}(?:\{[lcr|]{1,20}\})?(.{0,400}?)\\end\{\1\}", re.DOTALL)
_BELONGS = re.compile(r"^[A-Za-z]\s?\\in\b")
_DECIMAL_GROUPS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")


def _clean(text: str) -> str:
    """Return an answer without delimiters, spacing commands and the mark of a sentence."""
    text = text.strip().strip('*`"').strip()
    if text[:2] in (r"\(", r"\[") and text[-2:] in (r"\)", r"\]"):
        text = text[2:-2]
    for found, instead in _SPELLED:
        text = text.replace(found, instead)
    text = _BELONGS.sub("", text.strip()).strip()
    return text[:-1].strip() if text.endswith((".", ",", ";")) else text


def _split(text: str, separator: str) -> list[str]:
    """Return the parts of a text between separators that stand in no brackets."""
    parts, start, depth, place = [], 0, 0, 0
    while place < len(text):
        sign = text[place]
        depth += (sign in _OPEN or sign == "{") - (sign in _CLOSE or sign == "}")
        if depth == 0 and text.startswith(separator, place):
            parts.append(text[start:place])
            place += len(separator)
            start = place
        else:
            place += 1
    return [part.strip() for part in [*parts, text[start:]]]


def _brackets(text: str) -> tuple[str, str, str]:
    """Return (opening, contents, closing) of a text in one pair of brackets of any kinds, ("", text, "") of others."""
    if len(text) < 2 or text[0] not in _OPEN or text[-1] not in _CLOSE:
        return "", text, ""
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign in _OPEN) - (sign in _CLOSE)
        if depth == 0 and place < len(text) - 1:
            return "", text, ""
    return text[0], text[1:-1], text[-1]


def _both_signs(parts: Sequence[str]) -> list[str]:
    """Return the parts with every ± written as two."""
    found: list[str] = []
    for part in (item.replace("±", r"\pm") for item in parts):
        if r"\pm" in part:
            found += [part.replace(r"\pm", "+").replace(r"\mp", "-"), part.replace(r"\pm", "-").replace(r"\mp", "+")]
        else:
            found.append(part)
    return found


def _size(value: Any) -> float:
    """Return the absolute value of a number of any kind."""
    return float(abs(value))


def _close(one: Value, other: Value) -> bool:
    """Return whether two values are equal, those in floating point within rounding."""
    if one == other:
        return True
    try:
        near, far = _size(one - other), max(_size(one), _size(other))
    except OverflowError:
        return False
    return math.isfinite(far) and near <= _RELATIVE * far + _ABSOLUTE


def _point(number: int, names: Sequence[str]) -> dict[str, Value]:
    """Return a value for each letter: spread over ±(0.4 … 2.7), the same at every call."""
    sign = 1 - 2 * (number % 2)
    return {
        name: sign * (0.4 + 2.3 * ((0.6180339887 * (place + 1) + 0.7548776662 * (number + 1)) % 1))
        for place, name in enumerate(names)
    }


def _values(one: Node, other: Node) -> list[tuple[Value, Value]] | None:
    """Return both values wherever `other` has one; None when `one` has none there, or there are too few places."""
    names = sorted(one.symbols() | other.symbols())
    found: list[tuple[Value, Value]] = []
    for number in range(_POINTS if names else 1):
        point = _point(number, names)
        try:
            wanted = evaluate(other, point)
        except (ArithmeticError, ValueError):
            continue
        if wanted != wanted:
            continue
        try:
            found.append((evaluate(one, point), wanted))
        except (ArithmeticError, ValueError):
            return None
    return found if len(found) >= (_NEEDED if names else 1) else None


def _finished(answer: Node, right: Node) -> bool:
    """Return whether an answer is worked out about as far as the right one."""
    wanted = right.count()
    return answer.count() <= (2 * wanted + 2 if wanted else 0)


def _expressions(answer: str, right: str) -> bool:
    """Return whether two expressions are equal; texts that are none are compared word for word."""
    told, wanted = answers.number(answer), answers.number(right)
    if told is not None and wanted is not None:
        return answers.agree(told, wanted)
    try:
        one, other = parse(_readable(answer)), parse(_readable(right))
    except Unreadable:
        return bool(answers.normal(right)) and answers.normal(answer) == answers.normal(right)
    if one == other:
        return True
    if not _finished(one, other):
        return False
    pairs = _values(one, other)
    return pairs is not None and all(_close(first, second) for first, second in pairs)


def _readable(text: str) -> str:
    return text.replace(_SET, "(").replace(_SET_END, ")")


def _is_name(text: str) -> bool:
    """Return whether the left side of an equation is only a name: x, y_1, f(x)."""
    return re.fullmatch(r"\\?[A-Za-z]+(?:_\{?\w{1,3}\}?)?(?:\([a-z]\))?", text) is not None


def _equations(answer: str, right: str) -> bool:
    """Return whether two texts say the same; each may be an equation, or a sum worked out in steps."""
    told, wanted = _split(answer, "="), _split(right, "=")
    if len(told) == len(wanted) == 1:
        return _expressions(answer, right)
    if len(wanted) == 1:
        return _one(told[-1], right)
    if _is_name(wanted[0]) and len(wanted) == 2 and (len(told) == 1 or told[0] == wanted[0]):
        return _one(told[-1], wanted[-1])
    if len(told) != 2 or len(wanted) != 2:
        return False
    try:
        trees = [Node("add", (parse(_readable(a)), Node("neg", (parse(_readable(b)),)))) for a, b in (told, wanted)]
    except Unreadable:
        return False
    pairs = _values(*trees) if _finished(*trees) else None
    if not pairs or any(_close(one, 0) != _close(other, 0) for one, other in pairs):
        return False
    ratios = [one / other for one, other in pairs if not _close(other, 0)]
    return bool(ratios) and all(_close(ratio, ratios[0]) for ratio in ratios)


def _relation(text: str) -> tuple[str, list[str]] | None:
    """Return an inequality as (its signs, its sides) with the smaller side first, or None."""
    signs = "".join(sign for sign in text if sign in "<>≤≥")
    if not signs or len(signs) > 2:
        return None
    sides = [side.strip() for side in re.split("[<>≤≥]", text)]
    if all(sign in _TURNED for sign in signs):
        return "".join(_TURNED[sign] for sign in reversed(signs)), sides[::-1]
    return signs, sides


def _unordered(told: Sequence[str], wanted: Sequence[str]) -> bool:
    """Return whether two lists hold the same, each item once, in any order."""
    left = list(wanted)
    if len(told) != len(left) or len(left) > _MOST_PARTS:
        return False
    for item in told:
        match = next((place for place, other in enumerate(left) if _one(item, other)), None)
        if match is None:
            return False
        del left[match]
    return True


def _ordered(told: Sequence[str], wanted: Sequence[str]) -> bool:
    return len(told) == len(wanted) <= _MOST_PARTS and all(map(_one, told, wanted))


def _matrices(answer: re.Match[str], right: re.Match[str]) -> bool:
    """Return whether two matrices have the same shape and equal entries."""
    tables = [
        [row.split("&") for row in found[2].strip().removesuffix(r"\\").split(r"\\")] for found in (answer, right)
    ]
    return len(tables[0]) == len(tables[1]) and all(map(_ordered, *tables))


def _one(answer: str, right: str) -> bool:
    """Return whether two cleaned answers are the same."""
    answer, right = answer.strip(), right.strip()
    if not answer or not right:
        return False
    tables = _MATRIX.fullmatch(answer), _MATRIX.fullmatch(right)
    if tables[0] is not None and tables[1] is not None:
        return _matrices(tables[0], tables[1])
    unions = [_split(text.replace("∪", r"\cup"), r"\cup") for text in (answer, right)]
    if len(unions[1]) > 1 or len(unions[0]) > 1:
        return _unordered(unions[0], unions[1])
    relations = _relation(answer), _relation(right)
    if relations[0] is not None and relations[1] is not None:
        return relations[0][0] == relations[1][0] and _ordered(relations[0][1], relations[1][1])
    told, wanted = _listed(answer), _listed(right)
    if len(wanted[1]) > 1 or wanted[0][:1] == _SET:
        is_set = wanted[0] in ("", _SET + _SET_END) and told[0] in ("", _SET + _SET_END)
        return _unordered(told[1], wanted[1]) if is_set else told[0] == wanted[0] and _ordered(told[1], wanted[1])
    if len(told[1]) > 1:
        return False
    return _equations(answer, right)


def _listed(text: str) -> tuple[str, list[str]]:
    """Return (the brackets round a list, its items); a text that is no list has no brackets and one item."""
    opening, inside, closing = _brackets(text)
    if not opening:
        if _DECIMAL_GROUPS.fullmatch(text):
            return "", [text]
        named = re.sub(r"\s+(?:and|or)\s+|\s*\\text\{\s*(?:and|or)\s*\}\s*", ",", text)
        return "", _both_signs([part for part in _split(named, ",") if part])
    items = _split(inside, ",")
    if len(items) == 1 and opening != _SET:
        return "", [text]
    return opening + closing, _both_signs(items)


def same(answer: str, right: str) -> bool:
    """Return whether an answer is the right one as mathematics; any text may be given, long ones are never the same."""
    if max(len(answer), len(right)) > answers.LONGEST:
        return False
    try:
        return _one(_clean(answer), _clean(right))
    except RecursionError:
        return False
