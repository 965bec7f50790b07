"""Proposals for rows that judge answers: better and worse, compared, ranked, labelled.

Owns one proposer per such format. Must not know how well a layout fits in the end.
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.data.formats import names
from workbench.data.formats.choosing import SPOKEN, WORDS, Columns, answering, aside, asking, roles
from workbench.data.formats.columns import Table, most, verdict_columns
from workbench.data.formats.verdicts import verdict


def preference(table: Table) -> Iterator[Columns]:
    """Propose a better and a worse answer, told apart by the names of their columns."""
    spoken = tuple(table.of_kind(*SPOKEN))
    pairs = [*verdict_columns(spoken).pairs[:4]]
    if (
        not pairs
        and (worse := next((name for name in spoken if names.words(name)[:1] == ("rejected",)), None)) is not None
    ):
        # A rejected answer beside the one that is meant: {"query", "response", "rejected_response"}, or the turns.
        better = answering(table, worse) or table.best("turns", ("turns",), (worse,))
        pairs = [(better, worse)] if better is not None else []
    for better, worse in pairs:
        both = (better, worse)
        prompt = asking(table, *both)
        given = table.best("input", WORDS, (*both, prompt or ""), exact=True)
        yield roles(prompt=prompt, chosen=better, rejected=worse, input=given, **aside(table, *both, prompt or ""))


_MOST_LABELS = 0.9
"""Share of the values of a column that must be verdicts for it to be a column of labels."""
_ANSWERED = frozenset(
    ("response", "answer", "completion", "output", "ref", "reply", "conversation", "generation", "summary", "solution")
)
"""Words of which a numbered answer has one in its name."""


_SCORES = (("score",), ("rating",), ("reward",), ("votes",), ("grade",))
"""Words before the number in the name of the score of a numbered answer."""


def _numbered(spoken: list[str]) -> list[tuple[str, str]]:
    """Return pairs of columns whose names differ in the last word, a number or a letter, only."""
    by_words = {names.words(name): name for name in spoken if len(names.words(name)) > 1}
    following = {"0": "1", "1": "2", "a": "b", "j": "k", "left": "right", "first": "second"}
    found = []
    for parts, name in by_words.items():
        other = by_words.get((*parts[:-1], following.get(parts[-1], "")))
        if other is not None and not _ANSWERED.isdisjoint(parts):
            found.append((name, other))
    return sorted(found)


def _wins(parts: tuple[str, ...], answer: str) -> bool:
    """Return whether a column is named as the one that says that an answer wins: "winner model a" of "response a"."""
    return parts[:1] == ("winner",) and parts[-1:] == names.words(answer)[-1:]


def _score_of(table: Table, answer: str) -> str | None:
    """Return the column of the score of a numbered answer: "score 0" of "answer 0"."""
    numbered = names.ranked(table.of_kind("number"), "scores")
    numbered += [name for name in table.of_kind("number") if names.words(name)[:-1] in _SCORES]
    tag = names.last(answer)
    return next((name for name in numbered if names.last(name) == tag and len(names.words(name)) > 1), None)


def compared(table: Table) -> Iterator[Columns]:
    """Propose two numbered answers and the column that says which of them is better."""
    for first, second in _numbered(table.of_kind(*SPOKEN)):
        flags = [
            next((name for name in table.of_kind("bool", "number") if _wins(names.words(name), side)), None)
            for side in (first, second)
        ]
        if None not in flags:
            asks = asking(table, first, second)
            yield roles(first=first, second=second, prompt=asks, first_if_true=flags[0], second_if_true=flags[1])
            return
        judge = table.best("better", ("text", "number", "bool"), (first, second))
        prompt = asking(table, first, second)
        if judge is None:
            scores = [_score_of(table, side) for side in (first, second)]
            if None not in scores:
                beside = aside(table, first, second)
                yield roles(
                    first=first, second=second, prompt=prompt, first_score=scores[0], second_score=scores[1], **beside
                )
            continue
        column, tags = table.columns[judge], (names.last(first), names.last(second))
        numbers = [value for value in column.values if isinstance(value, int | float)]
        if most(value in (0, 1) for value in numbers) and (column.kind == "bool" or tags != ("0", "1")):
            role = "first_if_true"
        elif numbers and min(numbers) < 0:
            role = "second_if_positive"
        else:
            role = "better"
        yield roles(first=first, second=second, prompt=prompt, **{role: judge}, **aside(table, first, second))


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
    prompt = table.best("prompt", SPOKEN, (candidates,))
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


def unpaired(table: Table) -> Iterator[Columns]:
    """Propose answers with a column of verdicts, named as one and of two values."""
    for label in names.ranked(table.of_kind("bool", "number", "text"), "label"):
        column = table.columns[label]
        plain = names.exact(label, "label")
        said = [verdict(value) for value in column.values]
        certain = most((value is not None for value in said), _MOST_LABELS)
        strong = " ".join(names.words(label)) in ("label", "kto tag", "thumbs up", "thumbs", "feedback", "desirable")
        if not plain or not certain or (column.kind != "bool" and not {True, False} <= set(said) and not strong):
            continue
        beside = aside(table, label)
        if (turns := table.best("turns", ("turns",), (label,))) is not None:
            yield roles(turns=turns, label=label, **beside)
        prompt = table.best("prompt", SPOKEN, (label,))
        completion = table.best("completion", SPOKEN, (label, prompt or ""))
        if prompt is not None and completion is not None:
            yield roles(prompt=prompt, completion=completion, label=label, **beside)
