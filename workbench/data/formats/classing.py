"""Proposals for texts that are sorted into classes.

Owns the choice of the column of the class. Must not know how well a layout fits in the end.
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.data.formats import checkable, guesses, names, rewriting
from workbench.data.formats.choosing import WORDS, Columns, roles
from workbench.data.formats.columns import Table

_FEW_CLASSES = 50
_SHORT_CLASS = 60
_UTTERANCE = 200
"""Mean length in characters of texts that are sorted into classes rather than filed under one."""
_REPEATED = 0.8
"""Different classes per row of a small table, at most: some of them come again."""
_WORDY = 2000
_CHECKABLE = 0.9
"""Share of labels that a rule can check from which they are answers."""
_PAIRED = {"1": "2", "a": "b", "premise": "hypothesis", "sentence": "question"}
"""Last word of the name of a text → of the text it is compared with."""


def reference(table: Table) -> str | None:
    """Return the column of labels that are no classes: numbers, each row its own, as what a reward compares with."""
    for name in table.of_kind("text", "number"):
        values = [str(value) for value in table.columns[name].values]
        if names.words(name) == ("label",) and len(set(values)) == len(values) > 2:
            kind, number = checkable.share(values)
            return name if kind == "number" and number >= _CHECKABLE * len(values) else None
    return None


def _is_flag(table: Table, name: str) -> bool:
    """Return whether a column says whether something holds of a row: "is_duplicate", "has_sarcasm"."""
    parts = names.words(name)
    values = table.columns[name].values
    told = all(isinstance(value, int | float) and value in (0, 1) for value in values)
    return len(parts) > 1 and parts[0] in ("is", "has", "are") and told and table.columns[name].distinct == 2


def classification(table: Table) -> Iterator[Columns]:
    """Propose a text, alone or beside another one or under a title, and its class."""
    label = table.best("class", ("text", "number", "bool", "texts"))
    if label is None or not names.exact(label, "class"):
        label = next((name for name in table.of_kind("number", "bool") if _is_flag(table, name)), None)
    if label is None:
        return
    text = table.best("text", WORDS, (label,)) or table.best("prompt", WORDS, (label,))
    unnamed = [column.name for column in guesses.wordy(table) if column.name != label] if text is None else []
    second = None
    if names.exact(label, "class") and len(unnamed) == 1:
        text = unnamed[0]
    elif names.exact(label, "class") and len(unnamed) == 2:
        text, second = rewriting.ordered(table, *unnamed)
    column = table.columns[label]
    sure = names.last(label) in (
        "label",
        "labels",
        "sentiment",
        "emotion",
        "intent",
        "class",
        "polarity",
        "stance",
    )
    few = column.distinct <= max(2, min(_FEW_CLASSES, len(column.values) // 2)) or (sure and column.distinct < 200)
    if text is not None and table.columns[text].mean_chars <= _UTTERANCE:
        few = few or column.distinct < len(column.values) <= 2 * _FEW_CLASSES
    if len(column.values) <= 2 * _FEW_CLASSES and names.exact(label, "class"):
        few = few or column.distinct <= _REPEATED * len(column.values)
    short = column.mean_chars <= _SHORT_CLASS
    title = table.best("title", WORDS, (text, label), exact=True) if text is not None else None
    paired = _PAIRED.get(names.last(text)) if text is not None else None
    pair = next((name for name in table.of_kind("text") if "." not in name and names.last(name) == paired), second)
    others = [column.name for column in guesses.wordy(table) if column.name not in (label, text, title, pair)]
    one = column.distinct == 1 and len(column.values) > 1  # a class that all rows have teaches nothing
    one = one or label == reference(table)
    if text is None or one or not few or not short or table.columns[text].mean_chars > _WORDY:
        return
    if sure or not [name for name in others if names.last(name) not in ("id", "uuid")]:
        yield roles(text=text, pair=pair, title=title, **{"class": label})
