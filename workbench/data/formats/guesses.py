"""A guess at the layout of rows whose columns have names that say nothing, from statistics of their values.

Owns the guess, how sure it is, and the sentence that asks for a look. Of names it knows no more than
which are of metadata.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from workbench.core.text import one_line
from workbench.data.formats import names, rewriting
from workbench.data.formats.columns import Column, Table
from workbench.data.layouts import Layout

_ASKING = 0.4
_LONG = 150
_SCANT = 40
"""Mean length in characters of texts too short to be taken for articles."""
_MUCH_SHORTER = 2
_SENTENCE = 5
"""Words of a sentence, at least."""
_SENTENCES = 0.3
"""Share of the texts that must be sentences for them to be taken for articles."""
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u4e00-\u9fff]")
_MUCH_LONGER = 4
_LONG_CLASSED = 1000
"""Mean length in characters from which texts with a class beside them are articles."""
_COMPARED_ROWS = 500


@dataclass(frozen=True)
class Guess:
    """A layout that the values suggest."""

    layout: Layout
    confidence: float
    """Below 0.8: values alone are never sure."""
    why: str
    """What it rests on and what to do when it is wrong, in a sentence."""


def wordy(table: Table) -> list[Column]:
    """Return the columns that hold words: no addresses, ids, dates or names of a few classes."""
    found = []
    for name, column in table.columns.items():
        if column.kind != "text" or "." in name:
            continue
        if not column.is_coded and not column.is_repeated and names.last(name) not in names.METADATA:
            found.append(column)
    return found


def _held_in(inner: str, outer: str, table: Table) -> float:
    """Return the share of rows in which the text of one column stands inside that of another."""
    both = [
        (row[inner], row[outer])
        for row in table.rows[:_COMPARED_ROWS]
        if isinstance(row.get(inner), str) and isinstance(row.get(outer), str) and row[inner].strip()
    ]
    return sum(short.strip() in long for short, long in both) / len(both) if both else 0.0


_NUMBERED = re.compile(r"column_\d{1,4}")
"""Name of a column of a table that names none."""
_LETTERS = re.compile(r"[A-Ea-e]\)?")
_LEAST_CHOICES = 3
_MOST_CLASSES = 20
_REPEATED = 0.8
"""Different values per row of short texts that are classes, at most: some of them come again."""
_SHORTER = 3
"""How many times as long as their classes texts are."""
_CLASS = 32
"""Most characters of the name of a class."""


def _is_sentence(text: str) -> bool:
    """Return whether a text has as many words as a sentence; where they are not spaced, three characters are one."""
    return len(text.split()) + len(_UNSPACED.findall(text)) // 3 >= _SENTENCE


def _says_something(column: Column) -> bool:
    """Return whether enough of the texts of a column are sentences, and not labels or names."""
    return sum(map(_is_sentence, column.texts)) >= _SENTENCES * len(column.texts)


def _shown(name: str) -> str:
    return one_line(name, 32)


def _choosing(table: Table) -> Guess | None:
    """Return the guess that a column of letters names the right one of the columns before it, or None."""
    order = sorted(filter(_NUMBERED.fullmatch, table.columns), key=lambda name: int(name.rpartition("_")[2]))
    for place, key in enumerate(order):
        texts = table.columns[key].texts
        if place <= _LEAST_CHOICES or not texts or not all(_LETTERS.fullmatch(text.strip()) for text in texts):
            continue
        width = max(*(ord(text.strip()[0].upper()) - 64 for text in texts), _LEAST_CHOICES)
        found = order[:place]
        asking = max(range(len(found)), key=lambda number: table.columns[found[number]].mean_chars)
        choices = found[asking + 1 :]
        if not width <= len(choices) <= len("abcdefgh"):
            continue
        columns = {f"choice_{letter}": name for letter, name in zip("abcdefgh", choices, strict=False)}
        return Guess(
            Layout("multiple_choice", {"prompt": found[asking], **columns, "answer": key}),
            0.7,
            f"The values of {_shown(key)} are letters that can name one of the {len(choices)} columns before it, so "
            f"{_shown(found[asking])} was taken as questions and those as choices; {_mend()}",
        )
    return None


def _sorting(table: Table, worded: list[Column]) -> Guess | None:
    """Return the guess that one column sorts the texts of another into classes, or None."""
    classes = []
    for name, column in table.columns.items():
        values = [str(value).strip() for value in column.values]
        short = all(0 < len(value) <= _CLASS for value in values)
        few = len(values) > column.distinct > 1 and column.distinct <= min(_MOST_CLASSES, max(2, len(values) // 2))
        few = few or (column.kind == "text" and 1 < column.distinct <= min(_MOST_CLASSES, _REPEATED * len(values)))
        if column.kind in ("text", "number") and "." not in name and short and few and not _is_about(name):
            classes.append(column)
    texts = [column for column in worded if column not in classes]
    classes = [column for column in classes if not texts or _SHORTER * column.mean_chars <= texts[0].mean_chars]
    if len(classes) != 1 or not texts or texts[0].mean_chars > _LONG_CLASSED:
        return None
    text, label = texts[0], classes[0]
    pair = [column for column in texts[1:] if names.words(column.name)[:1] == names.words(text.name)[:1] == ("column",)]
    columns = {"text": text.name, "class": label.name} | ({"pair": pair[0].name} if len(texts) == 2 and pair else {})
    return Guess(
        Layout("classification", columns),
        0.6,
        f"The column {_shown(label.name)} has {label.distinct} short values only, so they were taken as the classes of "
        f"the texts in {_shown(text.name)}; {_mend()}",
    )


def _describing(table: Table, worded: list[Column]) -> Guess | None:
    """Return the guess that a text says in sentences what two short columns before it name, or None."""
    if len(worded) != 3:
        return None
    longest = worded[0]
    first, second = rewriting.ordered(table, worded[1].name, worded[2].name)
    given = [table.columns[name] for name in (first, second)]
    short = all(_MUCH_SHORTER * column.mean_chars <= longest.mean_chars for column in given)
    behind = all(rewriting.ordered(table, name, longest.name)[1] == longest.name for name in (first, second))
    if not (short and behind and _says_something(longest)):
        return None
    return Guess(
        Layout("prompt_completion", {"prompt": second, "context": first, "completion": longest.name}),
        0.4,
        f"The column {_shown(longest.name)} holds sentences behind the short texts of {_shown(first)} and "
        f"{_shown(second)}, so it was taken as what is to be written about those; {_mend()}",
    )


def _is_about(name: str) -> bool:
    """Return whether a column is called as what says something about a row is."""
    return names.last(name) in names.METADATA


def _mend() -> str:
    return "look at the examples and name the columns when this is wrong."


def guess(table: Table) -> Guess | None:
    """Return what the values of a table suggest, or None when no column holds words."""
    worded = sorted(wordy(table), key=lambda column: (-column.mean_chars, column.name))
    if not worded:
        return None
    if (choosing := _choosing(table)) is not None:
        return choosing
    longest = worded[0]
    asking = max(worded, key=lambda column: (column.questions, column.name))
    if len(worded) > 1 and asking.questions >= _ASKING:
        others = [column for column in worded if column is not asking]
        context = next(
            (
                outer for outer in others for inner in others
                if inner is not outer and _held_in(inner.name, outer.name, table) >= 0.5
                and outer.mean_chars > inner.mean_chars
            ),
            None,
        )  # fmt: skip
        answer = next(column for column in others if column is not context)
        columns = {"prompt": asking.name, "completion": answer.name}
        if context is not None:
            columns["context"] = context.name
        return Guess(
            Layout("prompt_completion", columns),
            0.7,
            f"{100 * asking.questions:.0f} % of the values of {one_line(asking.name, 32)} end in a question mark, so "
            f"they were taken as questions and {one_line(answer.name, 32)} as the answers; {_mend()}",
        )
    if (sorting := _sorting(table, worded)) is not None:
        return sorting
    scant = longest.mean_chars < _SCANT and len(table.columns) > len(worded)
    next_longest = worded[1].mean_chars if len(worded) > 1 else 0.0
    if not _says_something(longest) and len(worded) != 2:
        return None
    if (len(worded) == 1 and not scant) or longest.mean_chars >= max(_LONG, _MUCH_LONGER * next_longest):
        return Guess(
            Layout("text", {"text": longest.name}),
            0.5,
            f"The column {one_line(longest.name, 32)} holds the longest texts by far, so it was taken as articles; "
            f"{_mend()}",
        )
    if len(worded) == 2:
        first, second = sorted(worded, key=lambda column: (column.mean_chars, column.name))
        why = "has shorter texts than"
        numbered = all(_NUMBERED.fullmatch(column.name) for column in worded)
        if numbered and second.mean_chars <= _MUCH_LONGER * first.mean_chars:
            first, second = sorted(worded, key=lambda column: int(column.name.rpartition("_")[2]))
            why = "stands before"
        elif rewriting.are_near(table, first.name, second.name):
            first, second = (table.columns[name] for name in rewriting.ordered(table, first.name, second.name))
            why = "has nearly the same texts as and stands before"
        return Guess(
            Layout("prompt_completion", {"prompt": first.name, "completion": second.name}),
            0.5,
            f"The column {one_line(first.name, 32)} {why} {one_line(second.name, 32)}, so it was taken as prompts and "
            f"the other as completions; {_mend()}",
        )
    if (described := _describing(table, worded)) is not None:
        return described
    return Guess(
        Layout("text", {"text": longest.name}),
        0.3,
        f"Nothing says what the columns hold; {one_line(longest.name, 32)}, the one with the longest texts, was taken "
        f"as articles; {_mend()}",
    )
