"""The form of questions with choices of which one is right.

Owns the spellings of choices and of the key of the right one. Must not know other forms of rows or files. A reader
raises Refused with the reason for a row that is not trained on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from workbench.data.formats.forms import Read, Row, finished, one_text, picks, required
from workbench.data.formats.lists import listed_in
from workbench.data.formats.refusals import Misfit, Refused
from workbench.data.formats.turns import is_text, joined, text_of, turn
from workbench.data.layouts import picker

_LABELLED = re.compile(r"\(?[A-J][).:]\s*")


def _choices(value: Any) -> tuple[list[str], list[str], int | None]:
    """Return (labels, texts, index of the right one where the choices themselves say so) of choices in any spelling."""
    if isinstance(value, str):
        value = listed_in(value)
    labels: list[Any] | None = None
    right = None
    if isinstance(value, dict):
        texts = next((value[key] for key in ("text", "texts", "choices") if isinstance(value.get(key), list)), None)
        labels = next((value[key] for key in ("label", "labels") if isinstance(value.get(key), list)), None)
        if texts is None:
            labels, texts = list(value), list(value.values())
        elif labels is not None and all(label in (0, 1) for label in labels):
            right = labels.index(1) if labels.count(1) == 1 else None
            labels = None
        value = texts
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        labels = [next((item[key] for key in ("label", "key", "id", "letter") if key in item), None) for item in value]
        value = [
            next((item[key] for key in ("text", "content", "value", "answer") if key in item), None) for item in value
        ]
    if not isinstance(value, list) or len(value) < 2 or not all(map(is_text, value)):
        raise Misfit("the choices are not a list of texts")
    if labels is None or len(labels) != len(value) or not all(map(is_text, labels)):
        labels = [chr(65 + place) for place in range(len(value))]
    return [str(label) for label in labels], [str(text) for text in value], right


def _right(answer: Any, labels: list[str], texts: list[str], first: int) -> int:
    """Return the index of the right choice; `first` is the number of the first choice. Raises Refused."""
    if isinstance(answer, bool):
        raise Misfit("the key of the right choice is a truth value")
    if isinstance(answer, list) and len(answer) == 1:
        answer = answer[0]
    if isinstance(answer, float) and answer.is_integer():
        answer = int(answer)
    if isinstance(answer, int):
        place = answer - first
    else:
        key = text_of(required(answer, "the answer"), "the answer").strip()
        bare = key.strip("().: ").upper()
        upper = [label.upper() for label in labels]
        if key in texts:
            place = texts.index(key)
        elif bare in upper:
            place = upper.index(bare)
        elif bare.isdecimal():
            place = int(bare) - first
        elif len(bare) == 1 and "A" <= bare <= "J":
            place = ord(bare) - 65
        elif len(bare) > 1 and bare[0] in upper and not bare[1].isalnum():
            place = upper.index(bare[0])
        else:
            place = -1
    if not 0 <= place < len(texts):
        raise Refused("the answer is none of the choices")
    return place


def multiple_choice(columns: Mapping[str, str]) -> Read:
    """Return the reader of questions with choices; the answer is the right choice with its label."""
    pick_question, pick_context, pick_choices, pick_system = picks(columns, "prompt", "context", "choices", "system")
    separate = [picker(columns[role]) for role in sorted(columns) if role.startswith("choice_")]
    first = 1 if "answer_from_one" in columns else 0
    pick_answer = picks(columns, "answer_from_one" if first else "answer")[0]

    def read(row: Row, repairs: Counter[str]) -> dict[str, Any]:
        question = one_text(required(pick_question(row), "the question"), "the question")
        if separate:
            given: Any = [text for pick in separate if (text := pick(row)) is not None and text != ""]
        else:
            given = pick_choices(row)
        labels, texts, right = _choices(given)
        if right is None:
            right = _right(pick_answer(row), labels, texts, first)
        shown = [chr(65 + place) for place in range(len(texts))] if all(map(str.isdecimal, labels)) else labels
        if all(_LABELLED.match(text) for text in texts):  # "A) 21": the texts bring their own labels
            texts = [text[_LABELLED.match(text).end() :] for text in texts]  # type: ignore[union-attr]
        lines = "\n".join(f"{label}. {text}" for label, text in zip(shown, texts, strict=True))
        prompt = joined(one_text(pick_context(row), "the context"), question, lines)
        exchange = [turn("user", prompt), turn("assistant", f"{shown[right]}. {texts[right]}")]
        return finished(exchange, pick_system(row), None, repairs)

    return read
