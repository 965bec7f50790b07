"""Proposals for rows that judge answers: better and worse, compared, ranked, labelled.

Owns one proposer per such format. Must not know how well a layout fits in the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from workbench.data.formats import names
from workbench.data.formats.choosing import SPOKEN, WORDS, Columns, answering, aside, asking, roles
from workbench.data.formats.columns import Table, most, verdict_columns
from workbench.data.formats.lists import listed_in
from workbench.data.formats.roles import speaks
from workbench.data.formats.verdicts import rating, stars, verdict


def _says_little(table: Table, prompt: str) -> bool:
    """Return whether a column that might ask says something about the rows instead."""
    column = table.columns[prompt]
    return names.weak(prompt, "prompt") or (column.kind == "text" and (column.is_repeated or column.is_coded))


def preference(table: Table) -> Iterator[Columns]:
    """Propose a better and a worse answer, told apart by the names of their columns."""
    spoken = tuple(table.of_kind(*SPOKEN))
    pairs = [*verdict_columns(spoken).pairs[:4]]
    if (
        not pairs
        and (worse := next((name for name in spoken if names.words(name)[:1] == ("rejected",)), None)) is not None
    ):
        # A rejected answer beside the one that is meant: {"query", "response", "rejected_response"}, or the turns.
        alike = next((name for name in spoken if names.words(name) == names.words(worse)[1:]), None)
        better = alike or answering(table, worse) or table.best("turns", ("turns",), (worse,))
        pairs = [(better, worse)] if better is not None else []
    for better, worse in pairs:
        both = (better, worse)
        prompt = asking(table, *both)
        if prompt is not None and table.columns[better].kind == "turns" and _says_little(table, prompt):
            prompt = None  # the turns begin with it
        given = table.best("input", WORDS, (*both, prompt or ""), exact=True)
        yield roles(prompt=prompt, chosen=better, rejected=worse, input=given, **aside(table, *both, prompt or ""))


_NUMBER = re.compile(r"[-+]?\d{1,12}(?:\.\d+)?|true|false", re.IGNORECASE)
_MOST_LABELS = 0.9
"""Share of the values of a column that must be verdicts for it to be a column of labels."""
_ANSWERED = frozenset(
    ("response", "answer", "completion", "output", "ref", "reply", "conversation", "generation", "summary", "solution",
     "antwort", "respuesta", "reponse", "risposta", "resposta", "antwoord", "odpowiedz", "odpoved", "svar", "cevap",
     "yanit", "valasz", "vastaus", "jawaban", "ответ", "回答", "답변", "응답")
)  # fmt: skip
"""Words of which a numbered answer has one in its name."""


_SCORES = (("score",), ("rating",), ("reward",), ("votes",), ("grade",))
"""Words before the number in the name of the score of a numbered answer."""


_FOLLOWING = {"0": "1", "1": "2", "a": "b", "j": "k", "left": "right", "first": "second", "а": "б", "x": "y"}
_UNSURE = frozenset(("label", "labels", "choice", "selected", "vote", "chosen", "verdict", "chosen index"))
"""Names of columns that say which of two answers is better, or which of two choices is right."""


def _numbered(spoken: list[str], known: bool = True) -> list[tuple[str, str]]:
    """Return pairs of columns whose names differ in one word only, a number or a letter, and no third like them.

    They are named as answers, unless `known` is false.
    """
    siblings: dict[tuple[str, ...], dict[str, str]] = {}
    for name in spoken:
        parts = names.words(name)
        for place, part in enumerate(parts):
            if len(parts) > 1 and (part.isdigit() or len(part) == 1 or part in ("left", "right", "first", "second")):
                siblings.setdefault((*parts[:place], "", *parts[place + 1 :]), {})[part] = name
    pairs = [
        (found[tag], found[_FOLLOWING[tag]])
        for alike, found in siblings.items()
        if len(found) == 2 and not (known and _ANSWERED.isdisjoint(alike))
        for tag in found
        if _FOLLOWING.get(tag) in found
    ]
    return sorted(pairs)


def _of(name: str, words: tuple[str, ...], tag: str) -> bool:
    """Return whether a column is named by some words, and last that of a numbered answer: "winner model a", a."""
    parts = names.words(name)
    return parts[: len(words)] == words and len(parts) > len(words) and parts[-1] == tag


def _counting(table: Table) -> list[str]:
    """Return the columns of numbers and truth values, those of a table whose cells are all text among them."""
    written = (name for name in table.of_kind("text") if all(map(_is_number, table.columns[name].values)))
    return [*table.of_kind("bool", "number"), *written]


def _is_number(value: Any) -> bool:
    return isinstance(value, str | int | float) and _NUMBER.fullmatch(str(value).strip()) is not None


def _question_of(table: Table, first: str, second: str) -> str | None:
    """Return the column that asks what two columns answer: of several, the one whose name begins as theirs do."""
    begun = names.words(first)[:1]
    alike = [
        name
        for name in table.of_kind(*SPOKEN)
        if begun == names.words(second)[:1] == names.words(name)[:1] and name not in (first, second)
        and names.rank(" ".join(names.words(name)[1:]), "prompt") is not None and begun[0] not in _ANSWERED
    ]  # fmt: skip
    prompts = {" ".join(names.words(name)[1:]): name for name in alike}
    best = next(iter(names.ranked(prompts, "prompt")), None)
    return prompts[best] if best is not None and names.exact(best, "prompt") else asking(table, first, second)


def _told_apart(table: Table) -> list[tuple[str, str]]:
    """Return pairs of numbered columns, whatever they are called, one of which another column names as the better."""
    judges = [name for name in table.of_kind("text", "number") if names.exact(name, "better")]
    judges = [name for name in judges if " ".join(names.words(name)) not in _UNSURE]
    pairs = _numbered(table.of_kind("text"), known=False) if judges else []
    return [
        (first, second)
        for first, second in pairs
        for tags in [names.difference(first, second) or ()]
        if most(names.words(str(value))[-1:] in [(tag,) for tag in tags] for value in table.columns[judges[0]].values)
    ]


def compared(table: Table) -> Iterator[Columns]:
    """Propose two numbered answers and the column that says which of them is better, or the score of each."""
    for first, second in _numbered(table.of_kind(*SPOKEN)) or _told_apart(table):
        tags = names.difference(first, second) or ("", "")
        prompt, numbers = _question_of(table, first, second), _counting(table)
        flags = [next((name for name in numbers if _of(name, ("winner",), tag)), None) for tag in tags]
        if None not in flags:
            yield roles(first=first, second=second, prompt=prompt, first_if_true=flags[0], second_if_true=flags[1])
            return
        beside = aside(table, first, second)
        judge = table.best("better", ("text", "number", "bool"), (first, second))
        if judge is not None:
            yield roles(first=first, second=second, prompt=prompt, **{_verdict_of(table, judge, tags): judge}, **beside)
            continue
        for words in _SCORES:
            scores = [next((name for name in numbers if _of(name, words, tag)), None) for tag in tags]
            if None not in scores:
                first_score, second_score = scores
                yield roles(
                    first=first, second=second, prompt=prompt, first_score=first_score, second_score=second_score,
                    **beside,
                )  # fmt: skip
                break


def _verdict_of(table: Table, judge: str, tags: tuple[str, str]) -> str:
    """Return the role of the column that says which of two answers, told apart by `tags`, is better."""
    column = table.columns[judge]
    numbers = [value for value in column.values if isinstance(value, int | float)]
    if most(value in (0, 1) for value in numbers) and (column.kind == "bool" or tags != ("0", "1")):
        return "first_if_true"
    return "second_if_positive" if numbers and min(numbers) < 0 else "better"


def _place_of(table: Table, candidates: str, chosen: str) -> str:
    """Return the role of the column with the number of the best answer: counted from nought, or from one."""
    numbers = table.columns[chosen].values
    width = max((len(value) for value in table.columns[candidates].values if isinstance(value, list)), default=0)
    return "best_from_one" if 0 not in numbers and width in numbers else "best"


def ranked(table: Table) -> Iterator[Columns]:
    """Propose a list of answers with scores or ranks, in them or beside them, or with the number of the best."""
    candidates = table.best("candidates", ("objects", "texts", "object"))
    if candidates is None:
        return
    prompt = asking(table, candidates)
    scores = table.best("scores", ("numbers",), (candidates,))
    chosen = table.best("better", ("number",), (candidates,), exact=True)
    inner = any(
        any(names.rank(key, "scores") is not None and key != "annotations" for key in item)
        for value in table.columns[candidates].values[:200]
        for item in (value if isinstance(value, list) else [value])
        if isinstance(item, dict)
    )
    if prompt is not None and scores is None and not inner and chosen is not None:
        beside = aside(table, candidates, prompt)
        yield roles(prompt=prompt, candidates=candidates, **{_place_of(table, candidates, chosen): chosen}, **beside)
        return
    if prompt is None or (scores is None and not inner):
        return
    role = "ranks" if scores is not None and "rank" in " ".join(names.words(scores)) else "scores"
    yield roles(prompt=prompt, candidates=candidates, **{role: scores}, **aside(table, candidates, prompt))


def _is_class(table: Table, completion: str, label: str) -> bool:
    """Return whether the verdicts are only numbers for what the other column says in words, as 1 for "positive"."""
    pairs = [(str(row.get(completion)), str(row.get(label))) for row in table.rows if row.get(completion) is not None]
    said, numbers = {text for text, _ in pairs}, {number for _, number in pairs}
    return len(set(pairs)) == len(said) == len(numbers) <= len(pairs) / 2


def unpaired(table: Table) -> Iterator[Columns]:
    """Propose answers with a column of verdicts, named as one and of two values."""
    for label in names.ranked(table.of_kind("bool", "number", "text"), "label"):
        column = table.columns[label]
        plain = names.exact(label, "label")
        said = [verdict(value) for value in column.values if not (isinstance(value, str) and not value.strip())]
        certain = most((value is not None for value in said), _MOST_LABELS)
        strong = " ".join(names.words(label)) in (
            "label",
            "kto tag",
            "kto label",
            "thumbs up",
            "thumbs",
            "feedback",
            "desirable",
        )
        if not plain or not certain or (column.kind != "bool" and not {True, False} <= set(said) and not strong):
            continue
        beside = aside(table, label)
        if (turns := table.best("turns", ("turns",), (label,))) is not None:
            yield roles(turns=turns, label=label, **beside)
        prompt = table.best("prompt", SPOKEN, (label,))
        completion = table.best("completion", SPOKEN, (label, prompt or ""))
        if prompt is not None and completion is not None and not _is_class(table, completion, label):
            yield roles(prompt=prompt, completion=completion, label=label, **beside)


_RATINGS = frozenset(
    f"{whose} {name}".strip()
    for whose in ("", "user", "human", "star", "answer", "response", "overall", "quality", "feedback")
    for name in (
        "rating",
        "stars",
        "score",
        "grade",
        "feedback",
        "bewertung",
        "note",
        "valoracion",
        "avaliacao",
        "ocena",
    )
)
"""Names of ratings of an answer."""
_ANSWERS = _ANSWERED - {"ref", "summary", "conversation"} | {"assistant", "bot", "output", "antwort", "respuesta"}
"""Words of which the name of what is rated has one; beside a text and its summary, something else is rated."""
_FEWEST_RATED = 0.1
"""Share of the rows that must be rated as good, and as bad, for ratings to tell one from the other."""


_OFTEN_BAD = 0.25
"""Share of the rows that must be rated as bad for whole conversations to be learnt as good and bad ones."""
_ONE_ANSWER = 0.9
"""Share of conversations with a single answer, which is what their rating is of then."""


def ratings(table: Table) -> list[str]:
    """Return the columns of ratings of one to five that tell good from bad."""
    found = []
    for name in table.of_kind("number", "text"):
        if " ".join(names.words(name)) not in _RATINGS or "." in name:
            continue
        values = [value for value in table.columns[name].values if not (isinstance(value, str) and not value.strip())]
        told = [rating(value) for value in values if stars(value) is not None]
        # What is good, what is bad and no more than as many in between.
        enough = all(told.count(label) >= _FEWEST_RATED * len(values) for label in (True, False))
        if told and len(told) >= _MOST_LABELS * len(values) and enough and 2 * told.count(None) <= len(told):
            found.append(name)
    return found


def _of_answers(table: Table, turns: str, name: str) -> bool:
    """Return whether ratings beside conversations are of an answer each, and bad often enough to learn from that."""
    values = table.columns[name].values
    bad = sum(rating(value) is False for value in values)
    lists = [found for value in table.columns[turns].values if (found := listed_in(value)) is not None]
    single = most((sum(speaks(turn) == "assistant" for turn in value) == 1 for value in lists), _ONE_ANSWER)
    return bad >= _OFTEN_BAD * len(values) and (single or not _ANSWERS.isdisjoint(names.words(name)))


def rated(table: Table) -> Iterator[Columns]:
    """Propose answers with a rating of one to five, where it tells good ones from bad ones."""
    for name in ratings(table):
        beside = aside(table, name)
        turns = table.best("turns", ("turns",), (name,), exact=True)
        if turns is not None and _of_answers(table, turns, name):
            yield roles(turns=turns, rating=name, **beside)
        prompt = asking(table, name)
        completion = answering(table, prompt, name) if prompt is not None else None
        if prompt is not None and completion is not None and not _ANSWERS.isdisjoint(names.words(completion)):
            yield roles(prompt=prompt, completion=completion, rating=name, **beside)
