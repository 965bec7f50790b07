"""Tables of questions and answers in the text of a document: `| Question | Answer |` and the rows below.

Owns how such a table is known and its rows. Must not know where the text comes from, or what else it can be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from workbench.data.readers.marks import names_role

Line = tuple[int, str]
Row = tuple[int, dict[str, Any]]

_FEWEST_ROWS = 2
_COVERAGE = 0.6
"""Share of the characters of a text that its tables of questions must make up."""
_CELLS = re.compile(r"(?<!\\)\|")
_DASHES = re.compile(r"\s*:?-+:?\s*")
_BREAK = re.compile(r"\s*<br\s*/?>\s*", re.IGNORECASE)
_EMPHASIS = "*_ "


def _cells(line: str) -> list[str] | None:
    """Return the cells of a row of a table, or None for a line that is none."""
    bare = line.strip()
    if not (bare.startswith("|") and bare.endswith("|") and len(bare) > 2):
        return None
    return [_BREAK.sub("\n", cell).replace("\\|", "|").strip() for cell in _CELLS.split(bare[1:-1])]


def _is_head(cells: list[str]) -> bool:
    """Return whether cells name one column of questions and one of answers."""
    roles = [names_role(cell.strip(_EMPHASIS)) for cell in cells]
    return roles.count("question") == roles.count("answer") == 1 and len({*cells}) == len(cells)


def rows(lines: Iterable[Line], left_out: list[int]) -> Iterator[Row]:
    """Yield the rows of the tables that a head of question and answer begins, as head → cell.

    The numbers of lines that belong to none of them are added to `left_out`.
    """
    head: list[str] = []
    for number, line in lines:
        cells = _cells(line)
        if cells is None:
            if line.strip():
                head = []
                left_out.append(number)
        elif _is_head(cells):
            head = [cell.strip(_EMPHASIS) for cell in cells]
        elif all(map(_DASHES.fullmatch, cells)):
            continue
        elif len(cells) == len(head) and any(cells):
            yield number, dict(zip(head, cells, strict=True))
        else:
            left_out.append(number)


def _letters(text: str) -> int:
    """Return how many letters and digits a text holds, without the marks of a table."""
    return sum(map(str.isalnum, text))


def are_in(lines: list[Line]) -> bool:
    """Return whether tables of questions and answers are most of a text."""
    found = list(rows(lines, []))
    heads = {tuple(row) for _, row in found}
    told = (line for _, line in lines if tuple(cell.strip(_EMPHASIS) for cell in _cells(line) or ()) not in heads)
    total = sum(map(_letters, told))
    inside = sum(_letters(cell) for _, row in found for cell in row.values())
    return len(found) >= _FEWEST_ROWS and inside >= _COVERAGE * total
