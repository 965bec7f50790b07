"""A guess at the layout of rows whose columns have names that say nothing, from statistics of their values.

Owns the guess, how sure it is, and the sentence that asks for a look. Of names it knows no more than
which are of metadata.
"""

from __future__ import annotations

from dataclasses import dataclass

from workbench.core.text import one_line
from workbench.data.formats import names
from workbench.data.formats.columns import Column, Table
from workbench.data.layouts import Layout

_ASKING = 0.4
_LONG = 150
_SCANT = 40
"""Mean length in characters of texts too short to be taken for articles."""
_MUCH_LONGER = 4
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


def _mend() -> str:
    return "look at the examples and name the columns when this is wrong."


def guess(table: Table) -> Guess | None:
    """Return what the values of a table suggest, or None when no column holds words."""
    worded = sorted(wordy(table), key=lambda column: (-column.mean_chars, column.name))
    if not worded:
        return None
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
    scant = longest.mean_chars < _SCANT and len(table.columns) > len(worded)
    next_longest = worded[1].mean_chars if len(worded) > 1 else 0.0
    if (len(worded) == 1 and not scant) or longest.mean_chars >= max(_LONG, _MUCH_LONGER * next_longest):
        return Guess(
            Layout("text", {"text": longest.name}),
            0.5,
            f"The column {one_line(longest.name, 32)} holds the longest texts by far, so it was taken as articles; "
            f"{_mend()}",
        )
    if len(worded) == 2:
        first, second = sorted(worded, key=lambda column: (column.mean_chars, column.name))
        return Guess(
            Layout("prompt_completion", {"prompt": first.name, "completion": second.name}),
            0.5,
            f"The values of {one_line(first.name, 32)} are shorter than those of {one_line(second.name, 32)}, so they "
            f"were taken as prompts and the others as completions; {_mend()}",
        )
    if scant:
        return None
    return Guess(
        Layout("text", {"text": longest.name}),
        0.3,
        f"Nothing says what the columns hold; {one_line(longest.name, 32)}, the one with the longest texts, was taken "
        f"as articles; {_mend()}",
    )
