"""Checks of a completion's words alone: answers, form, length, repetition, language, likeness.

Owns how each of them is scored. Must not know weights or recipes: a maker takes the parameters of a check and returns
the judge of one completion. Every judge takes any text and ends soon.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from workbench.core.errors import UsageError
from workbench.core.text import one_line
from workbench.engine.rewards import answers, equality, similarity
from workbench.engine.rewards.completion import Completion, One, Unjudged, answer_of, chosen_of

Settings = Mapping[str, Any]

_MOST_WORDS = 20_000
_TAG_NAME = re.compile(r"[A-Za-z][\w-]{0,40}")
_ONE_PHRASE = 80


def _number(settings: Settings) -> One:
    def judge(completion: Completion) -> float:
        wanted = answer_of(completion.row)
        right = answers.number(answers.marked(wanted) or wanted)
        if right is None:
            raise Unjudged("the answer of the row is no number")
        said = answers.spoken(completion.text)
        final = answers.marked(said)
        if final is not None:
            found = answers.number(final)
            held = answers.numbers(final) if found is None and len(final) <= _ONE_PHRASE else []
            # “… is that she has 5 left” names one number; several would be a choice left open.
            found = held[0] if len(held) == 1 else found
        else:
            held = [] if settings["marked"] else answers.numbers(said)
            found = held[-1] if held else None
        return float(found is not None and answers.agree(found, right, settings["tolerance"]))

    return judge


def _exact(settings: Settings) -> One:
    def judge(completion: Completion) -> float:
        wanted = answer_of(completion.row)
        right = answers.normal(answers.marked(wanted) or wanted, settings["case"])
        if not right:
            raise Unjudged("the answer of the row has no words")
        said = answers.spoken(completion.text)
        return float(answers.normal(answers.marked(said) or said, settings["case"]) == right)

    return judge


def _math(settings: Settings) -> One:
    def judge(completion: Completion) -> float:
        wanted = answer_of(completion.row)
        said = answers.spoken(completion.text)
        found = answers.marked(said) or (said.strip() if len(said) <= answers.LONGEST else "")
        return float(equality.same(found, answers.marked(wanted) or wanted))

    return judge


def _choice(settings: Settings) -> One:
    def judge(completion: Completion) -> float:
        wanted = answer_of(completion.row)
        right = answers.letter(answers.marked(wanted) or wanted)
        if right is None:
            raise Unjudged("the answer of the row is no letter of a choice")
        said = answers.spoken(completion.text)
        final = answers.marked(said)
        # Only what is short enough to be an answer is searched: a discussion names every letter.
        found = answers.letter(final if final is not None else said) if len(final or said) <= answers.LONGEST else None
        return float(found == right)

    return judge


def _tags(settings: Settings) -> list[str]:
    """Return the names of tags a person gave; raises UsageError for what cannot be one."""
    names = settings["tags"].split()
    wrong = next((name for name in names if not _TAG_NAME.fullmatch(name)), None)
    if wrong is not None or len(set(names)) != len(names):
        shown = one_line(settings["tags"], 60)
        raise UsageError(f"The tags {shown!r} of a reward must be different names without brackets, such as think.")
    return names


def _format(settings: Settings) -> One:
    names = _tags(settings)

    def judge(completion: Completion) -> float:
        rest = completion.text.strip()
        # A form that was given to the model is none that it has kept.
        if completion.forced or any(rest.count(mark) != 1 for name in names for mark in (f"<{name}>", f"</{name}>")):
            return 0.0
        for name in names:
            before, _, behind = rest.partition(f"<{name}>")
            inside, _, rest = behind.partition(f"</{name}>")
            if before.strip() or not inside.strip() or any(f"<{other}>" in inside for other in names):
                return 0.0
        return float(bool(rest.strip()) == settings["rest"])

    return judge


def _share_of_tags(settings: Settings) -> One:
    names = _tags(settings)
    marks = [mark for name in names for mark in (f"<{name}>", f"</{name}>")]

    def judge(completion: Completion) -> float:
        return sum(completion.text.count(mark) == 1 for mark in marks) / len(marks)

    return judge


def within(length: float, low: float, high: float) -> float:
    """Return 1 for a length between two bounds, falling evenly to 0 at half the lower and at twice the upper one."""
    if length < low:
        return max(2 * length / low - 1, 0.0)
    return 1.0 if length <= high else max(2 - length / high, 0.0)


_LENGTHS: dict[str, Callable[[Completion], int]] = {
    "words": lambda completion: len(completion.text.split()),
    "characters": lambda completion: len(completion.text.strip()),
    "tokens": lambda completion: completion.tokens,
}


def _length(settings: Settings) -> One:
    measure = _LENGTHS[settings["unit"]]

    def judge(completion: Completion) -> float:
        if not completion.text.strip():
            return 0.0
        return within(measure(completion), settings["min"], settings["max"])

    return judge


def _overlong(settings: Settings) -> One:
    limit, buffer = settings["max"], settings["buffer"]
    if buffer > limit:
        raise UsageError(f"The buffer {buffer} of the reward overlong is longer than its max {limit}; make it shorter.")
    return lambda completion: min(max((limit - buffer - completion.tokens) / buffer, -1.0), 0.0)


def _repetition(settings: Settings) -> One:
    size = settings["size"]

    def judge(completion: Completion) -> float:
        words = completion.text.casefold().split()[:_MOST_WORDS]
        groups = [tuple(words[place : place + size]) for place in range(len(words) - size + 1)]
        return len(set(groups)) / len(groups) - 1 if groups else 0.0

    return judge


def _language(settings: Settings) -> One:
    from workbench.data.curate import language  # its model takes most of a second

    code = settings["code"].lower()
    if code not in language.known():
        raise UsageError(f"The language {one_line(code, 20)!r} of a reward is not known; give a code such as en or de.")

    def judge(completion: Completion) -> float:
        found = language.language(answers.spoken(completion.text))
        if not found:
            raise Unjudged("the answer has too few words for its language to be told")
        return float(found == code)

    return judge


def _similar(settings: Settings) -> One:
    measure = similarity.MEASURES[settings["measure"]]

    def judge(completion: Completion) -> float:
        return measure(answers.spoken(completion.text), answers.spoken(chosen_of(completion.row)))

    return judge


def _budget(settings: Settings) -> One:
    if not _TAG_NAME.fullmatch(settings["tag"]):
        raise UsageError(f"The tag {one_line(settings['tag'], 40)!r} must be a name without brackets, such as think.")

    def judge(completion: Completion) -> float:
        thought = answers.thinking(completion.text, settings["tag"])
        if completion.forced or thought is None or not thought.strip():
            return 0.0
        return within(len(thought.split()), settings["min"], settings["max"])

    return judge


MAKERS: dict[str, Callable[[Settings], One]] = {
    "number": _number,
    "exact": _exact,
    "math": _math,
    "choice": _choice,
    "format": _format,
    "tags": _share_of_tags,
    "length": _length,
    "overlong": _overlong,
    "repetition": _repetition,
    "language": _language,
    "similar": _similar,
    "budget": _budget,
}
"""Check → what makes its judge; raises UsageError for parameters that cannot be."""
