"""Answers with what each of them earned, the best first, as lines.

Owns their look for a width and a height. Must not know where they come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from textual.content import Content

from workbench.core import units
from workbench.core.events import Rollout
from workbench.tui.glyphs import glyph
from workbench.tui.ink import cut, foreign, ink, lines_of, place

FIGURE = 6
"""Columns of what an answer earned."""
TEXT = 9
"""Column of its text; between them a sign says that it was cut at the limit of length."""
_PART = 14
"""Columns of what one check gave."""
_LEAST_TEXT = 40


@dataclass(frozen=True)
class Scored:
    """One answer."""

    text: str
    total: float | None
    """None where it could not be judged."""
    finished: bool = True
    parts: Mapping[str, float | None] = field(default_factory=dict)
    """Check → its score."""


def best_first(answers: Sequence[Scored], rows: int) -> list[Scored]:
    """Return answers by what they earned; of more than `rows` those in the middle are left out, and the worst stays."""
    known = sorted(answers, key=lambda one: -one.total if one.total is not None else float("inf"))
    return known if len(known) <= rows else [*known[: rows - 1], known[-1]]


def lines(answers: Sequence[Scored], width: int, height: int) -> list[Content]:
    """Return answers in about `height` lines, at least the best and the worst; single checks stand behind each."""
    known = best_first(answers, max(2, height))
    if not known:
        return []
    names = list(known[0].parts) if len(known[0].parts) > 1 else []
    names = names[: max(0, (width - TEXT - _LEAST_TEXT) // _PART)]
    room = width - TEXT - _PART * len(names)
    each = max(1, height // len(known))
    found = []
    for one in known:
        told = lines_of(one.text.strip() or "(nothing)", room - 2, "value", each)
        if each == 1:
            told = [ink((foreign(one.text, room - 2) or "(nothing)", "value"))]
        pieces = [
            (0, ink((f"{units.margin(one.total):>{FIGURE}}", "figure"))),
            (FIGURE + 1, ink(("" if one.finished else glyph("problem"), "warn"))),
            (TEXT, told[0]),
        ]
        pieces += [
            (TEXT + room + _PART * number, _part(name, one.parts.get(name))) for number, name in enumerate(names)
        ]
        found += [place(width, *pieces), *(place(width, (TEXT, line)) for line in told[1:])]
    return found


def _part(name: str, score: float | None) -> Content:
    """Return what one check gave."""
    return ink((f"{cut(name, _PART - 8)} ", "label"), (units.margin(score), "value"))


def said(width: int, label: str, text: str) -> Content:
    """Return a line behind its label, at the column of the answers."""
    return place(width, (0, ink((label, "label"))), (TEXT, ink((foreign(text, width - TEXT), "value"))))


def rollout(event: Rollout, width: int, height: int) -> list[Content]:
    """Return a prompt and the answers to it that are learnt from."""
    answers = [
        Scored(str(one.get("text", "")), one.get("reward"), bool(one.get("finished", True)), one.get("parts") or {})
        for one in event.answers
    ]
    gap = [Content("")] if height >= len(answers) + 2 else []
    room = max(2, height - 1 - len(gap))
    left_out = len(answers) - room
    prompt = said(width, "prompt", event.prompt)
    if left_out > 0:
        told = f"{units.count(left_out)} of {units.count(len(answers))} answers are not shown"
        prompt = place(width, (0, said(width - len(told) - 2, "prompt", event.prompt)), (-1, ink((told, "label"))))
    return [prompt, *gap, *lines(answers, width, room)]
