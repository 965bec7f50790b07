"""What a completion settles on: its final answer, the number in it, the letter of a choice.

Owns where an answer is looked for and how a number is read. Must not know rows or scores. Every function takes any
text: it returns None where there is nothing to find and never raises.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

LONGEST = 400
"""Characters of a final answer; what is longer is none."""
_LONGEST_NUMBER = 60
"""Signs of a number that is read; longer ones are the mark of a model that has lost its way."""

_PHRASE = re.compile(
    r"\banswer\b\W{0,4}(?:(?:\s{0,3}\(?(?:letter|choice|option)\)?)?\s{0,3}(?:is|was|would be|equals)\b|\s{0,3}[:=])"
    r"[\s:]{0,8}",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?;](?=\s|$)|\n")
_BOX = re.compile(r"\\(?:boxed|fbox)\s{0,3}\{")
_TIDY = str.maketrans(
    {"−": "-", "–": "-", "‒": "-", "﹣": "-", "＋": "+", "％": "%"} | dict.fromkeys("\u00a0\u202f\u2009", " ")
)
_LATEX = (
    ("\\$", "$"), ("\\%", "%"), ("\\!", ""), ("\\,", ""), ("\\;", " "), ("{,}", ","), ("\\ ", " "), ("\\left", ""),
    ("\\right", ""), ("^\\circ", "°"), ("^{\\circ}", "°"), ("\\times", "×"), ("\\cdot", "·"),
)  # fmt: skip


def spoken(text: str, tag: str = "think") -> str:
    """Return what a completion says behind its thinking; "" while the thinking is not closed."""
    said = text.rpartition(f"</{tag}>")[2]
    before, opened, _ = said.partition(f"<{tag}>")
    return before if opened and before.strip() else "" if opened else said


def thinking(text: str, tag: str = "think") -> str | None:
    """Return the thinking of a completion, None where it is not closed exactly once.

    A completion may begin inside of it, since many chat templates write the opening tag.
    """
    if text.count(f"</{tag}>") != 1 or text.count(f"<{tag}>") > 1:
        return None
    before = text.partition(f"</{tag}>")[0]
    if f"<{tag}>" not in text:
        return before
    outside, opened, inside = before.partition(f"<{tag}>")
    return inside if opened and not outside.strip() else None


def bare(text: str) -> str:
    """Return a text without the marks of bold type."""
    return _BOLD.sub(r"\1", text)


def _between(text: str, tag: str) -> str | None:
    """Return what stands in the last closed pair of a tag, or None."""
    end = text.rfind(f"</{tag}>")
    start = text.rfind(f"<{tag}>", 0, max(end, 0))
    return text[start + len(tag) + 2 : end] if start >= 0 else None


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """Return the last match of a pattern, or None."""
    return next(iter(deque(pattern.finditer(text), maxlen=1)), None)


def _boxed(text: str) -> str | None:
    r"""Return what the last \boxed{…} holds, braces matched, or None."""
    last = _last(_BOX, text)
    if last is None:
        return None
    depth = 1
    for place in range(last.end(), min(len(text), last.end() + LONGEST + 1)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if not depth:
            return text[last.end() : place]
    return None


def _hashed(text: str) -> str | None:
    """Return the line behind the last ####, or None."""
    _, mark, rest = text.rpartition("####")
    return rest.lstrip("# \t").partition("\n")[0] if mark else None


def _announced(text: str) -> str | None:
    """Return what follows the last “the answer is” or “answer:”, up to the end of the sentence, or None."""
    last = _last(_PHRASE, text)
    if last is None:
        return None
    rest = text[last.end() : last.end() + LONGEST]
    end = _SENTENCE_END.search(rest)
    return rest[: end.start()] if end else rest


def _finals(text: str) -> Iterator[str]:
    """Yield the marked final answers of a text, the surest mark first."""
    for found in (_hashed(text), _boxed(text), _announced(text)):
        if found is not None:
            yield found


def marked(text: str) -> str | None:
    """Return the final answer that a text marks as such: <answer>, ####, \\boxed{} or “the answer is”, or None."""
    held = _between(text, "answer")
    found = next(_finals(text if held is None else held), held)
    found = found.strip() if found is not None else ""
    return found if 0 < len(found) <= LONGEST else None


@dataclass(frozen=True)
class Number:
    """A number as it was written."""

    value: Fraction
    percent: bool
    """Whether a percent sign follows it."""
    broken: bool
    """Whether it is written as a fraction."""


def agree(answer: Number, right: Number, tolerance: float = 0.0) -> bool:
    """Return whether a number is the right one: a whole one exactly, another within a share `tolerance` of it.

    A percent sign on one side only may be left out or worked out: 50 % is both 50 and 0.5. Where the right number is
    whole a fraction is an unfinished sum, not an answer.
    """
    if answer.broken and not right.broken and right.value.denominator == 1:
        return False
    meant = {answer.value} if answer.percent == right.percent else {answer.value, answer.value * _SHARE[answer.percent]}
    exact = right.value.denominator == 1
    return any(
        value == right.value if exact else abs(value - right.value) <= tolerance * abs(right.value) for value in meant
    )


_SHARE = {True: Fraction(1, 100), False: Fraction(100)}
_DIGITS = r"(?:\d{1,3}(?:[ ,']\d{3})+|\d+)(?:\.\d+)?|\.\d+|\d+,\d{1,2}(?!\d)"
_NUMBER = re.compile(
    rf"(?P<sign>[-+]?) ?(?P<money>[$€£¥₹]|(?:USD|EUR|GBP|US\$) ?)? ?(?P<second>-?)(?P<whole>{_DIGITS}|\d+\.)"
    r"(?:(?P<power>[eE][-+]?\d{1,3}|[ ]?[x×*·][ ]?10\^[{(]?[-+]?\d{1,3}[)}]?)"
    r"|(?P<mixed> \d{1,9}/\d{1,9})|(?P<over> ?/ ?\d[\d,]{0,15}))?"
    r"(?P<percent> ?(?:%|percent\b))?"
    r"(?P<unit>(?:[ -]?(?:[^\W\d_]|[°€$£¥²³'µΩ.])(?:[^\W\d_]|[°²³'/.-]|\^[23])*+){0,5}+)",
)
_SCANNED = re.compile(
    r"(?<![\w.])(?P<sign>-?)[$€£¥]?(?P<second>-?)"
    r"(?P<whole>\d{1,3}(?:[,\u00a0\u202f]\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?)(?:\s?/\s?(?P<over>\d+))?(?P<percent>\s?%)?"
)
_WRAPPED = re.compile(r"\\(?:text|textbf|mathrm|mathbf|mbox|operatorname)\s?\{([^{}]*)\}")
_BOLD = re.compile(r"(?<![\w)*])\*\*([^\s*](?:[^*]*[^\s*])?)\*\*(?![\w(*])")
_FRAC = re.compile(r"\\[dtc]?frac\s?(?:\{ ?(-?\d{1,18}) ?\}|(\d))\s?(?:\{ ?(\d{1,18}) ?\}|(\d))")
_JOINERS = re.compile(r"\b(?:or|and|to|vs|either|maybe|not|versus|but)\b", re.IGNORECASE)
_EDGES = " \t\n\r*_`\"'“”‘’~≈"


def plain(text: str) -> str:
    """Return a final answer without the signs that LaTeX and Markdown put round it."""
    text = text.strip(_EDGES).translate(_TIDY)
    text = _WRAPPED.sub(r" \1", bare(text))
    for found, instead in _LATEX:
        text = text.replace(found, instead)
    if len(text) > 1 and text[0] == "$" and text[-1] == "$":
        text = text.strip("$")
    if text[:2] in ("\\(", "\\[") and text[-2:] in ("\\)", "\\]"):
        text = text[2:-2]
    text = " ".join(text.split()).strip(_EDGES)
    return text[:-1].rstrip(_EDGES) if text.endswith((".", ",", ";", ":")) else text


def _fraction(match: re.Match[str], over: str) -> Fraction | None:
    """Return the value of a matched number."""
    digits = match["whole"].replace(" ", "").replace("'", "").replace("\u00a0", "").replace("\u202f", "")
    if re.fullmatch(r"\d+,\d{1,2}", digits):
        digits = digits.replace(",", ".")  # a decimal comma: groups have three digits
    digits = digits.replace(",", "").rstrip(".")
    below = int(over.replace(",", "") or 1) if over else 1
    if not below:
        return None
    value = Fraction(digits if digits[0] != "." else "0" + digits) / below
    return -value if (match["sign"] == "-") != (match["second"] == "-") else value


def _is_counted(sign: str) -> bool:
    """Return whether a sign of a unit is a number of its own, such as ½."""
    return sign.isnumeric() and sign not in "²³23"


def number(text: str) -> Number | None:
    """Return the one number that a final answer is, or None for a text that is anything else.

    Read are signs, currency, groups of three, decimals, fractions, mixed numbers, powers of ten, percent and a unit of
    a few words. Two numbers, or a number among words that weigh one thing against another, are none.
    """
    if len(text) > LONGEST:
        return None
    text = plain(text)
    text = _FRAC.sub(lambda found: f" {found[1] or found[2]}/{found[3] or found[4]}", text).strip()
    if " = " in text or "=" in text:
        text = text.rpartition("=")[2].strip()
    if len(text) > _LONGEST_NUMBER:
        return None
    text = re.sub(r"^(-?) (\d)", r"\1\2", text)
    match = _NUMBER.fullmatch(text)
    if match is None or _JOINERS.search(match["unit"]) or any(map(_is_counted, match["unit"])):
        return None
    value = _fraction(match, (match["over"] or "").strip(" /"))
    if value is None:
        return None
    if match["mixed"]:
        above, _, below = match["mixed"].strip().partition("/")
        if not int(below) or value.denominator != 1:
            return None
        value += Fraction(int(above), int(below)) * (-1 if text.startswith("-") else 1)
    if match["power"]:
        exponent = int(re.sub(r"[eE]|.*\^|[{}()]", "", match["power"]))
        value *= Fraction(10) ** exponent
    return Number(value, bool(match["percent"]), bool(match["over"] or match["mixed"]))


def numbers(text: str) -> list[Number]:
    """Return the numbers anywhere in the last part of a text, in their order."""
    found = []
    for match in _SCANNED.finditer(text[-20_000:].translate(_TIDY)):
        value = _fraction(match, match["over"] or "") if len(match[0]) <= _LONGEST_NUMBER else None
        if value is not None:
            found.append(Number(value, bool(match["percent"]), bool(match["over"])))
    return found


_LETTER = re.compile(
    r"(?:(?:option|choice|letter)\s{1,3})?[(\[]?(?P<letter>[A-Ja-j])(?P<mark>[)\].:,*_]+|\s|$)(?P<rest>.*)",
    re.DOTALL | re.IGNORECASE,
)
_FOLLOWS = r"(?:or|and|is|because|since|as|was)\b"
_LONE = re.compile(rf"(?<![\w'])([A-J])(?![\w'])(?! (?!{_FOLLOWS})[a-z])|(?<![\w'])([B-HJ])(?![\w'])")
"""A capital that stands alone; A and I before most small words are words themselves."""


def letter(text: str) -> str | None:
    """Return the one letter A–J that a final answer settles on, or None where it names none or several."""
    text = plain(text[:LONGEST])
    named = {first or second for first, second in _LONE.findall(text)}
    head = _LETTER.match(text)
    if head is not None:
        found, rest = head["letter"], head["rest"].strip()
        is_word = head["mark"].isspace() and (
            found.islower() or (found in "AI" and rest[:1].islower() and not re.match(_FOLLOWS, rest))
        )
        if not is_word:
            return found.upper() if named <= {found.upper()} and not _JOINERS.match(rest) else None
    return named.pop() if len(named) == 1 else None


def normal(text: str, case: bool = False) -> str:
    """Return a text as answers are compared word for word: blanks single, marks at its ends gone, one case."""
    text = " ".join(plain(text).split()).strip(" .,;:!?\"'()[]{}*_`$")
    return text if case else text.casefold()
