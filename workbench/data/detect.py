"""Detection: which layout a sample of rows has, the method that follows from it, and the evidence.

Owns `detect` and its sentences. Must not know files. A layout is chosen by the share of the sampled rows that have it,
never by the first row, so that the result does not depend on the order of the rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.core.text import one_line
from workbench.core.units import count
from workbench.data import canonical
from workbench.data.formats import checkable, guesses, overrides, proposals, refusable
from workbench.data.formats.columns import Table
from workbench.data.formats.refusals import Rejected
from workbench.data.layouts import FORMATS, METHOD_OF_TYPE, Layout, picker

FEWEST_FITTING = 0.5
"""Rows have a layout when at least this share of the sample has it."""
SURE = 0.98
"""Share of fitting rows from which nothing is said about the others."""
_CHECKABLE = 0.9
"""Share of answers with a final answer that a rule can check from which a reward is worth proposing."""
_MANY_SHORT = 20
"""Answers of a few words say something about the others from this number."""
_WIDEST_COLUMN = 32
_DOUBTFUL: dict[str, tuple[float, str]] = {
    "speakers": (
        0.7,
        "The names of the speakers do not say who answers: where one of them has a known role the other took the other "
        "one, and else the one who opens a conversation was taken as the user; look at the examples before training.",
    ),
    "next_turn": (
        0.7,
        "Nothing says which of the candidates was said; the last one was taken, as is usual, so look at the examples "
        "before training.",
    ),
}
"""Format that rests on more than names → how sure it is at most, and why."""


@dataclass(frozen=True)
class Detection:
    """What a sample of rows is, and why."""

    layout: Layout | None
    """None when the rows are refused or unknown."""
    confidence: float
    """Share of the sampled rows that fit; below 0.8 where names said nothing and values were judged alone."""
    reasons: tuple[str, ...] = ()
    """The evidence, one sentence each."""
    method: str = ""
    """The method proposed; "" when there is none."""
    alternatives: tuple[dict[str, str], ...] = ()
    """{"method", "why"} of each other method that could learn from the rows."""
    columns: dict[str, str] = field(default_factory=dict)
    """Role → column, for people."""
    problems: tuple[str, ...] = ()
    """What is doubtful or refused, one sentence each."""


def _unknown(*problems: str) -> Detection:
    return Detection(None, 0.0, problems=problems)


class _Judge:
    """Which rows of a sample have which layout."""

    def __init__(self, rows: Sequence[Mapping[str, Any]], layouts: Sequence[Layout]) -> None:
        self.rows = rows
        self.layouts = layouts
        self._reads = [canonical.READERS[layout.format](layout.columns) for layout in layouts]

    def first_fits(self) -> Counter[int]:
        """Return number of a layout → rows that have it and none before it."""
        found: Counter[int] = Counter()
        for row in self.rows:
            for number, read in enumerate(self._reads):
                if canonical.fits(read, row):
                    found[number] += 1
                    break
        return found


def _best(rows: Sequence[Mapping[str, Any]], layouts: Sequence[Layout]) -> Layout | None:
    """Return the layout most rows have; a row counts for the first it has, so that the shares add up to one at most."""
    counts = _Judge(rows, layouts).first_fits()
    return layouts[min(counts, key=lambda number: (-counts[number], number))] if counts else None


def _named(layout: Layout) -> str:
    """Return the columns of a layout for a sentence."""
    shown = list(dict.fromkeys(one_line(column, _WIDEST_COLUMN) for column in layout.columns.values()))
    return f"column{'s' if len(shown) > 1 else ''} {', '.join(shown)}"


def _checked(layout: Layout, rows: list[dict[str, Any]]) -> str:
    """Return why a reward can check the answers of conversations, or ""."""
    if FORMATS[layout.format].type != "messages" or layout.format in ("translation", "classification"):
        return ""
    if layout.format == "multiple_choice":
        return f"each of the {len(rows)} answers looked at is one of the choices given, which a reward can check"
    asked = [row for row in rows if "messages" in row]
    texts = [row["messages"][-1]["content"] for row in asked]
    kind, number = checkable.share(texts)
    if texts and number >= _CHECKABLE * len(texts) and (kind != "short" or number >= _MANY_SHORT):
        those = f"{count(number)} of {count(len(texts))} answers looked at"
        return f"{those} {checkable.KINDS[kind]}, which a reward can check"
    return ""


def _checked_column(layout: Layout, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return why a reward can check the answers in a column of their own, or ""."""
    name = layout.columns.get("answer")
    if name is None or FORMATS[layout.format].type != "messages" or layout.format == "multiple_choice":
        return ""
    pick = picker(name)
    texts = [str(value) for row in rows if (value := pick(row)) is not None]
    kind, number = checkable.share(texts)
    if texts and number >= _CHECKABLE * len(texts):
        shown = one_line(name, _WIDEST_COLUMN)
        return (
            f"{count(number)} of {count(len(texts))} values of column {shown} looked at {checkable.KINDS[kind]}, "
            "which a reward can check"
        )
    return ""


def _alternatives(
    layout: Layout, rows: Sequence[Mapping[str, Any]], made: list[dict[str, Any]]
) -> list[dict[str, str]]:
    """Return the other methods that could learn from the rows."""
    type = FORMATS[layout.format].type
    found: list[tuple[str, str]] = []
    if type == "messages":
        why = _checked_column(layout, rows) or _checked(layout, made)
        found += [("grpo", why)] if why else []
        if "rating" in layout.columns:
            column = one_line(layout.columns["rating"], _WIDEST_COLUMN)
            found.append(("kto", f"the column {column} rates the conversations, of which bad ones say what to avoid"))
        if "text" in layout.columns:
            column = one_line(layout.columns["text"], _WIDEST_COLUMN)
            found.append(("cpt", f"the column {column} can be learnt as plain text"))
    elif type == "preference":
        found = [
            ("orpo", "it learns the better answer and the preference at once, without a reference model"),
            ("sft", "the better answer of each row can be learnt alone"),
            ("reward", "a reward model can learn to tell the better answer from the worse"),
        ]
    elif type == "unpaired_preference":
        good = sum(bool(row["label"]) for row in made)
        found = [
            (
                "sft",
                f"the {count(good)} of {count(len(made))} answers looked at that are labelled as good can be "
                "learnt alone",
            )
        ]
    elif type == "text":
        found = [("pretrain", "the texts can train a model from scratch")]
    elif "answer" in layout.columns:
        found = [("sft", "the answers can be learnt as they stand")]
    return [{"method": method, "why": why} for method, why in found]


def _judged(table: Table, layout: Layout, cap: float = 1.0, problems: Sequence[str] = ()) -> Detection:
    """Return the detection of a layout that has been chosen."""
    rows = table.rows
    type = FORMATS[layout.format].type
    tally = canonical.Tally()
    convert = canonical.converter(layout, type, tally)
    own = canonical.READERS[layout.format](layout.columns)
    results = [convert(row) for row in rows]
    fitting = sum(canonical.fits(own, row) for row in rows)
    made = [result for result in results if not isinstance(result, Rejected)]
    others = tally.repairs[canonical.OTHER_FORMAT]
    share = min(1.0, (fitting + others) / len(rows)) if rows else 0.0
    looked_at = f"{count(len(rows))} rows looked at"
    having = "The only row looked at has" if fitting == len(rows) == 1 else f"{count(fitting)} of {looked_at} have"
    reasons = [f"{having} {FORMATS[layout.format].rows} ({_named(layout)})."]
    if others:
        reasons.append(f"{count(others)} of {looked_at} have another layout that gives the same kind of row.")
    if len(made) < len(rows):
        commonest = Counter(result.reason for result in results if isinstance(result, Rejected)).most_common()
        reason, number = min(commonest, key=lambda item: (-item[1], item[0]))
        reasons.append(
            f"{count(len(rows) - len(made))} of {looked_at} cannot be used; most often ({count(number)}): {reason}."
        )
    found = list(problems)
    if share < SURE and cap == 1.0:
        found.append(
            f"{100 * share:.0f} % of the rows looked at fit the layout {layout.format}; the others are left out, so "
            "look at the examples before training, or name another format or other columns."
        )
    if layout.format == "classification" and all(row["messages"][-1]["content"].isdecimal() for row in made):
        found.append(
            f"The classes in column {one_line(layout.columns['class'], _WIDEST_COLUMN)} are numbers; a model learns "
            "more from their names."
        )
    alternatives = _alternatives(layout, rows, made)
    grpo = next((item["why"] for item in alternatives if item["method"] == "grpo"), "")
    if grpo:
        reasons.append(f"{grpo[:1].upper()}{grpo[1:]}.")
    return Detection(
        layout,
        min(share, cap),
        tuple(reasons),
        METHOD_OF_TYPE[type],
        tuple(alternatives),
        dict(layout.columns),
        tuple(found),
    )


def detect(
    sample: Sequence[Mapping[str, Any]], *, format: str = "", columns: Mapping[str, str] | None = None
) -> Detection:
    """Return what a sample of rows is: its layout, the method that follows from it, and the evidence.

    `format` and `columns` (role → column) override what would be found. Raises UsageError for a format, a role or a
    column that does not exist, naming those that do.
    """
    table = Table(sample)
    if format or columns:
        layout = overrides.layout(table, format, columns or {}, lambda layouts: _best(table.rows, layouts))
        return _judged(table, layout)
    if not sample:
        return _unknown()
    if not table.columns:
        return _unknown("The rows are empty: they have no columns, or nothing but null in them.")
    if refusal := refusable.refusal(table):
        return _unknown(refusal)
    best = _best(table.rows, proposals.propose(table))
    if best is not None:
        found = _judged(table, best)
        if found.confidence >= FEWEST_FITTING:
            if best.format not in _DOUBTFUL:
                return found
            most_sure, why = _DOUBTFUL[best.format]
            return _judged(table, best, most_sure, (why,))
    guess = guesses.guess(table)
    if guess is not None:
        return _judged(table, guess.layout, guess.confidence, (guess.why,))
    shown = ", ".join(one_line(name, _WIDEST_COLUMN) for name in list(table.columns)[:8])
    return _unknown(f"No known layout fits the columns {shown or 'none'}; name the format and the columns.")
