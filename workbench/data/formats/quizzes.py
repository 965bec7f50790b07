"""Questions with choices of which one is right: the proposal, and the form.

Owns the spellings of choices and of the key of the right one, and how their columns are found. Must not know other
forms of rows or files. A reader raises Refused with the reason for a row that is not trained on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.data.formats import names
from workbench.data.formats.choosing import WORDS, Columns, asking, roles
from workbench.data.formats.columns import Table, most
from workbench.data.formats.forms import Read, Row, finished, one_text, picks, required
from workbench.data.formats.lists import listed_in
from workbench.data.formats.refusals import Misfit, Refused
from workbench.data.formats.turns import is_text, joined, text_of, turn
from workbench.data.layouts import picker

_OPTION = re.compile(
    r"(?!incorrect|wrong|false|bad|negative)(?:(?:[a-z]{1,12}[ _-])?"
    r"(?:option|choice|ending|answer|opt|op|sol|candidate|opci[oó]n|opção|antwort|réponse|risposta"
    r"|wahl|choix)s?[ _-]?)?([a-h]|[0-8])$",
    re.IGNORECASE,
)


_FEWEST_ALIKE = 3
_MOST_CHOICES = 8
_KEYED = 0.9
"""Share of the values of a column that must point at a choice for it to hold the keys."""
_SHORT_KEY = 12
"""Characters of the longest key that is a letter with a word before it: "Option B"."""
_TAGS = ("abcdefgh", "12345678", "01234567", "абвгдежз")
"""What choices are told apart by, in order."""


def _tagged(table: Table) -> Iterator[dict[str, str]]:
    """Yield tag → column of columns whose names differ in a letter or a number that counts them, at least three."""
    groups: dict[tuple[str, ...], dict[str, str]] = {}
    for name in table.of_kind("text", "number"):
        *alike, tag = names.words(name) or ("",)
        if len(tag) == 1 and "." not in name:
            groups.setdefault(tuple(alike), {})[tag] = name
    for found in groups.values():
        counted = any(set(tags[: len(found)]) == set(found) for tags in _TAGS)
        if _FEWEST_ALIKE <= len(found) <= _MOST_CHOICES and counted:
            yield found


def _points_at(value: Any, tags: Mapping[str, str], row: Mapping[str, Any]) -> bool:
    """Return whether a value is the tag of one of some choices, or what one of them says."""
    said = str(value).strip()
    short = len(said) <= _SHORT_KEY and names.words(said)[-1:]
    return bool(short and short[0] in tags) or any(str(row.get(name)).strip() == said for name in tags.values())


def _key_of(table: Table, tags: Mapping[str, str]) -> str | None:
    """Return the column whose values point at one of some choices each, the best named one first."""
    flat = [name for name in table.of_kind("text", "number") if "." not in name and name not in tags.values()]
    for name in [*names.ranked(flat, "answer_key"), *flat]:
        pointing = [_points_at(row[name], tags, row) for row in table.rows if row.get(name) not in (None, "")]
        if most(pointing, _KEYED) and table.columns[name].distinct > 1:
            return name
    return None


def _alike(table: Table) -> dict[str, str]:
    """Return tag → column of texts named alike but for it, where another column points at one of them."""
    return next((tags for tags in _tagged(table) if _key_of(table, tags) is not None), {})


def _separate_choices(table: Table) -> Columns:
    """Return role → column of choices that have a column each."""
    groups: dict[str, dict[str, str]] = {}
    for name in table.of_kind("text", "number"):
        if (match := _OPTION.match(name)) is not None:
            groups.setdefault(name[: match.start(1)].lower(), {})[match[1].lower()] = name
    found = max(groups.values(), key=len, default={}) or _alike(table)
    ordered = [found[key] for key in sorted(found)]
    if not 2 <= len(ordered) <= _MOST_CHOICES or sorted(found)[0] not in "a01а":
        return {}
    return {f"choice_{chr(97 + place)}": name for place, name in enumerate(ordered)}


def quiz(table: Table) -> Iterator[Columns]:
    """Propose a question with choices, in a list or in a column each, and the key of the right one."""
    choices = table.best("choices", ("texts", "objects", "object"), exact=True)
    if choices is None:
        written = (
            name
            for name in table.of_kind("text")
            if names.exact(name, "choices") and most(text.lstrip()[:1] == "[" for text in table.columns[name].texts)
        )
        choices = next(written, None)
    separate = _separate_choices(table) if choices is None else {}
    if choices is None and not separate:
        return
    taken = [choices or "", *separate.values()]
    taken += [name for name in table.columns if choices is not None and name.startswith(f"{choices}.")]
    key = table.best("answer_key", ("text", "number", "texts", "numbers"), taken)
    if separate and (key is None or not names.exact(key, "answer_key")):
        key = _key_of(table, {role[-1]: name for role, name in separate.items()}) or key
    labelled = choices is not None and f"{choices}.labels" in table.columns
    taken = [name for name in (*taken, key) if name]
    prompt = table.best("prompt", WORDS, taken)
    if prompt is None and (asked := asking(table, *taken)) in table.of_kind(*WORDS):
        prompt = asked
    if prompt is None or (key is None and not labelled):
        return
    role = "answer"
    if key is not None:
        numbers = [str(value).strip().removesuffix(".0") for value in table.columns[key].values]
        width = len(separate) or max(
            (len(value) for value in table.columns[choices or ""].values if isinstance(value, list)), default=0
        )
        # Counted from nought, the first choice is 0 and none is as many as there are; counted from one, the reverse.
        counted = names.last(separate.get("choice_a", "")) == "1" and "0" not in numbers
        if counted or (width and numbers.count(str(width)) > numbers.count("0")):
            role = "answer_from_one"
    context = table.best("context", ("text", "texts"), [*taken, key or "", prompt], exact=True)
    yield roles(prompt=prompt, choices=choices, context=context, **{role: key}, **separate)


_CYRILLIC = "АБВГДЕЖЗ"
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
        elif len(bare) == 1 and bare in _CYRILLIC:
            place = _CYRILLIC.index(bare)
        elif len(bare) > 1 and bare[0] in upper and not bare[1].isalnum():
            place = upper.index(bare[0])
        elif len(bare) <= _SHORT_KEY and bare[-1:] in upper and not bare[-2:-1].isalnum():  # "Option B"
            place = upper.index(bare[-1])
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
