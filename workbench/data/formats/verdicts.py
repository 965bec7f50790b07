"""Forms of rows that judge answers: better and worse ones, or one answer with a label.

Owns one reader per such format, made for the columns of a layout, and the spellings of a verdict. Must not know other
types of row or files. A reader raises Refused with the reason for a row that is not trained on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from workbench.data.formats import calls, dialogue, names
from workbench.data.formats.forms import Read, Row, picks, required, side
from workbench.data.formats.lists import texts_in
from workbench.data.formats.order import asked, conversation, ordered
from workbench.data.formats.refusals import Misfit, Refused
from workbench.data.formats.turns import (
    Turns,
    are_turns,
    is_text,
    is_turn,
    joined,
    listed,
    one_side,
    text_beside,
    turn,
    with_system,
)

_GOOD = (
    "true yes good up thumbsup 👍 positive like liked desirable chosen accepted accept correct pass helpful 1 +1 "
    "gut ja richtig hilfreich bon oui correcte bueno sí correcto bom sim buono sì giusto да хорошо dobrze tak "
    "好 是 对 良い はい 좋음"
)
_BAD = (
    "false no bad down thumbsdown 👎 negative dislike disliked undesirable rejected reject incorrect fail unhelpful "
    "0 -1 schlecht nein falsch mauvais non incorrecte malo incorrecto ruim não cattivo sbagliato нет плохо źle nie "
    "差 坏 否 错 悪い いいえ 나쁨"
)
_VERDICTS: dict[str, bool] = dict.fromkeys(_GOOD.split(), True) | dict.fromkeys(_BAD.split(), False)

_ITEM_TEXTS = ("text", "response", "answer", "completion", "content", "output", "value", "body", "reply")
_ITEM_SCORES = ("score", "overall_score", "rating", "pm_score", "reward", "votes", "Score", "overall_rating")
_ITEM_RANKS = ("rank", "ranking")


def verdict(value: Any) -> bool | None:
    """Return whether a label says good (True) or bad (False), or None when it says neither."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value == 1 if value in (1, 0, -1) else None
    if isinstance(value, str):
        return _VERDICTS.get(value.strip().lower().replace("_", "").replace(" ", "").replace(".0", ""))
    return None


_STARS = re.compile(
    r"([1-5](?:[.,]\d)?)(?:\s*/\s*5|\s+(?:of|out of|von|de|sur|su)\s+5)?(?:\s*(?:stars?|★|⭐))?", re.IGNORECASE
)
_DRAWN = re.compile(r"([★⭐]{1,5})[☆✩\ufe0f]*")
_GOOD_FROM, _BAD_TO = 4, 2
"""Ratings of one to five from which an answer is good, and up to which it is bad."""


def stars(value: Any) -> float | None:
    """Return a rating of one to five as a number, or None for what is none."""
    if isinstance(value, str):
        text = value.strip()
        if (drawn := _DRAWN.fullmatch(text.replace("\ufe0f", ""))) is not None:
            return float(len(drawn[1]))
        found = _STARS.fullmatch(text)
        value = float(found[1].replace(",", ".")) if found is not None else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= 5:
        return None
    return float(value)


def rating(value: Any) -> bool | None:
    """Return whether a rating of one to five says good (True) or bad (False), or None when it says neither."""
    given = stars(value)
    if given is None or _BAD_TO < given < _GOOD_FROM:
        return None
    return given >= _GOOD_FROM


def _dialogue(value: Any) -> Turns | None:
    """Return the turns of a dialogue written as HH-RLHF writes them, or None."""
    if not isinstance(value, str) or "\n\nHuman:" not in value[:16]:
        return None
    return dialogue.turns_of(value)


def _sides(prompt: Any, chosen: Any, rejected: Any, repairs: Counter[str]) -> tuple[Turns, Turns, Turns]:
    """Return the turns of the prompt and of the two answers; the prompt may be what both answers begin with."""
    texts = all(isinstance(value, str) for value in (prompt, chosen, rejected))
    if texts and prompt.strip() and chosen.startswith(prompt) and rejected.startswith(prompt):
        repairs["the prompt was taken off the beginning of both answers"] += 1
        chosen, rejected = chosen[len(prompt) :], rejected[len(prompt) :]
    better, worse = (
        _dialogue(value) or one_side(value, "assistant", "an answer", repairs) for value in (chosen, rejected)
    )
    if better[0]["role"] != "assistant" and worse[0]["role"] != "assistant":
        shared = 0
        while shared < min(len(better), len(worse)) - 1 and better[shared] == worse[shared]:
            shared += 1
        while shared and better[shared]["role"] != "assistant":
            shared -= 1
        if not shared or worse[shared]["role"] != "assistant":
            raise Refused("the two answers do not begin with the same prompt")
        return better[:shared], better[shared:], worse[shared:]
    if better[0]["role"] != "assistant" and better[-1]["role"] == "assistant":
        return better[:-1], better[-1:], worse
    if prompt is None:
        raise Refused("the prompt is missing")
    return side(prompt, "the prompt", repairs), better, worse


def _judged(prompt: Any, chosen: Any, rejected: Any, system: Any, tools: Any, repairs: Counter[str]) -> dict[str, Any]:
    """Return the canonical row of a prompt with a better and a worse answer."""
    question, better, worse = _sides(prompt, chosen, rejected, repairs)
    before = asked(with_system(system, question), repairs)
    last = before[-1]["role"]
    ends = [ordered(turns, repairs, last) for turns in (better, worse)]
    for end in ends:
        if not end or end[-1]["role"] != "assistant":
            raise Refused("an answer does not end with the assistant's turn")
    if ends[0] == ends[1]:
        raise Refused("the two answers are the same")
    canonical = {"prompt": before, "chosen": ends[0], "rejected": ends[1]}
    known = calls.tools(tools)
    return canonical if known is None else {**canonical, "tools": known}


def preference(columns: Mapping[str, str]) -> Read:
    """Return the reader of rows that name the better and the worse answer."""
    pick_prompt, pick_chosen, pick_rejected = picks(columns, "prompt", "chosen", "rejected")
    pick_system, pick_tools, pick_input = picks(columns, "system", "tools", "input")

    def read(row: Row, repairs: Counter[str]) -> dict[str, Any]:
        chosen = required(pick_chosen(row), "the better answer")
        rejected = required(pick_rejected(row), "the worse answer")
        prompt, given = pick_prompt(row), pick_input(row)
        if isinstance(prompt, str) and given is not None:
            prompt = joined(prompt, text_beside(given, "the input"))
        return _judged(prompt, chosen, rejected, pick_system(row), pick_tools(row), repairs)

    return read


def _second_is_better(value: Any, first: str, second: str) -> bool:
    """Return whether a value names the second of two columns: by the word that only it has, a letter or a number."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    said = names.words(str(value).strip()) if is_text(value) else ()
    for place, tag in enumerate(names.difference(first, second) or ()):
        if said[-1:] == (tag,):
            return bool(place)
    raise Refused("the row prefers neither answer")


def _exchanges(prompt: Any, first: Any, second: Any) -> list[Turns] | None:
    """Return the conversations that two lists of answers are to the same list of questions; None for other values."""
    asked_all, *answers = (texts_in(value) for value in (prompt, first, second))
    if asked_all is None or any(given is None or len(given) != len(asked_all) for given in answers):
        return None
    return [
        [
            spoken
            for question, answer in zip(asked_all, given or (), strict=True)
            for spoken in (turn("user", question), turn("assistant", answer))
        ]
        for given in answers
    ]


def compared(columns: Mapping[str, str]) -> Read:
    """Return the reader of rows with two answers and a value that says which of them is better.

    The role of that value's column says how: `better` names the answer, `first_if_true` is true when it is the first,
    `second_if_positive` is a strength, positive when it is the second, and `first_score` and `second_score` are numbers
    of which the greater is better.
    """
    pick_prompt, pick_system, pick_first, pick_second = picks(columns, "prompt", "system", "first", "second")
    pick_named, pick_true, pick_strength = picks(columns, "better", "first_if_true", "second_if_positive")
    pick_other, *pick_scores = picks(columns, "second_if_true", "first_score", "second_score")
    names_of = (columns["first"], columns["second"])

    def read(row: Row, repairs: Counter[str]) -> dict[str, Any]:
        first, second = required(pick_first(row), "the first answer"), required(pick_second(row), "the second answer")
        if "better" in columns:
            later = _second_is_better(required(pick_named(row), "the verdict"), *names_of)
        elif "first_if_true" in columns:
            said = verdict(required(pick_true(row), "the verdict"))
            other = verdict(pick_other(row)) if "second_if_true" in columns else not said
            if said is None or said == other:
                raise Refused("the row prefers neither answer")
            later = not said
        elif "first_score" in columns:
            scores = [_number(required(pick(row), "a score")) for pick in pick_scores]
            if scores[0] == scores[1]:
                raise Refused("all answers have the same score")
            later = scores[1] > scores[0]
        else:
            strength = required(pick_strength(row), "the verdict")
            if isinstance(strength, bool) or not isinstance(strength, int | float) or not strength:
                raise Refused("the row prefers neither answer")
            later = strength > 0
        prompt = pick_prompt(row)
        if (talks := _exchanges(prompt, first, second)) is not None:
            prompt, first, second = None, *talks
        better, worse = (second, first) if later else (first, second)
        return _judged(prompt, better, worse, pick_system(row), None, repairs)

    return read


def _is_said(value: Any) -> bool:
    """Return whether a value is an answer: a text, a turn or a list of turns."""
    return isinstance(value, str) or is_turn(value) or (isinstance(value, list) and are_turns(value))


def _scored(value: Any, scores: Any, ranks: Any, best: int | None) -> list[tuple[float, Any]]:
    """Return (score, what is said) of candidates in any spelling, higher scores being better; raises Misfit.

    `best` is the index of the best one where it is known by that alone.
    """
    if isinstance(value, dict):
        texts = next((value[key] for key in _ITEM_TEXTS if isinstance(value.get(key), list)), None)
        scores = next((value[key] for key in _ITEM_SCORES if isinstance(value.get(key), list)), scores)
        value = texts
    if not isinstance(value, list) or len(value) < 2:
        raise Misfit("the row has no list of several answers")
    found: list[tuple[Any, Any]] = []
    for place, item in enumerate(value):
        if isinstance(item, dict):
            text = next((item[key] for key in _ITEM_TEXTS if _is_said(item.get(key))), None)
            score = next((item[key] for key in _ITEM_SCORES if item.get(key) is not None), None)
            rank = next((item[key] for key in _ITEM_RANKS if item.get(key) is not None), None)
        else:
            text, score, rank = item, None, None
        if best is not None:
            score = int(place == best)
        if score is None and isinstance(scores, list) and place < len(scores):
            score = scores[place]
        if rank is None and isinstance(ranks, list) and place < len(ranks):
            rank = ranks[place]
        found.append((score if score is not None or rank is None else _number(rank, -1), text))
    scored = [(_number(score), text) for score, text in found]
    if not all(map(_is_said, (text for _, text in scored))):
        raise Misfit("a candidate answer is not text")
    return scored


def _number(value: Any, sign: int = 1) -> float:
    """Return a score as a number; raises Misfit for what is none."""
    try:
        if not isinstance(value, bool) and value is not None:
            return sign * float(value)
    except (TypeError, ValueError):
        pass
    raise Misfit("a candidate answer has no score")


def ranked(columns: Mapping[str, str]) -> Read:
    """Return the reader of rows with several scored answers: the best is preferred to the worst."""
    pick_prompt, pick_candidates, pick_scores = picks(columns, "prompt", "candidates", "scores")
    pick_ranks, pick_system = picks(columns, "ranks", "system")
    first = 1 if "best_from_one" in columns else 0
    chosen = "best_from_one" if first else "best"
    pick_best = picks(columns, chosen)[0]

    def read(row: Row, repairs: Counter[str]) -> dict[str, Any]:
        prompt = required(pick_prompt(row), "the prompt")
        place = int(_number(required(pick_best(row), "the number of the best answer"))) if chosen in columns else None
        candidates = pick_candidates(row)
        if place is not None and not 0 <= place - first < len(candidates if isinstance(candidates, list) else ()):
            raise Refused("the row prefers none of its answers")
        scored = _scored(candidates, pick_scores(row), pick_ranks(row), None if place is None else place - first)
        best, worst = max(scored, key=lambda pair: pair[0]), min(scored, key=lambda pair: pair[0])
        if best[0] == worst[0]:
            raise Refused("all answers have the same score")
        return _judged(prompt, best[1], worst[1], pick_system(row), None, repairs)

    return read


def unpaired(columns: Mapping[str, str]) -> Read:
    """Return the reader of answers that are labelled good or bad."""
    return _labelled(columns, "label", verdict, "the label is neither good nor bad")


def rated(columns: Mapping[str, str]) -> Read:
    """Return the reader of answers with a rating of one to five: four and five are good, one and two are bad."""
    return _labelled(columns, "rating", rating, "the rating is neither good (4 or 5) nor bad (1 or 2)")


def _labelled(columns: Mapping[str, str], role: str, judge: Callable[[Any], bool | None], neither: str) -> Read:
    """Return the reader of answers with a value that `judge` takes for good or bad; `neither` refuses the others."""
    pick_turns, pick_prompt, pick_completion = picks(columns, "turns", "prompt", "completion")
    pick_label, pick_system, pick_tools = picks(columns, role, "system", "tools")

    def read(row: Row, repairs: Counter[str]) -> dict[str, Any]:
        label = judge(required(pick_label(row), f"the {role}"))
        if label is None:
            raise Refused(neither)
        if "turns" in columns:
            turns = listed(pick_turns(row), repairs)
        else:
            prompt = required(pick_prompt(row), "the prompt")
            completion = required(pick_completion(row), "the completion")
            turns = side(prompt, "the prompt", repairs)
            turns = [*turns, *one_side(completion, "assistant", "the completion", repairs)]
        turns = conversation(with_system(pick_system(row), turns), repairs)
        canonical = {"prompt": turns[:-1], "completion": turns[-1:], "label": label}
        known = calls.tools(pick_tools(row))
        return canonical if known is None else {**canonical, "tools": known}

    return read
