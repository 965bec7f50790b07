"""What the page of rewards says of a trial, as lines and rows: findings, trivial answers, answers with their scores.

Owns the look of these parts for a width. Is handed a trial; must not know widgets, files or engines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from textual.content import Content

from workbench.core import units
from workbench.core.checks import Check
from workbench.guide import rewarding
from workbench.guide.road import name_of
from workbench.tui import scored
from workbench.tui.glyphs import glyph
from workbench.tui.ink import Piece, cut, foreign, ink, place, prose
from workbench.tui.runpage import LEVELS
from workbench.tui.scored import FIGURE, TEXT, Scored
from workbench.tui.widgets.listing import Row

TABS = ("findings", "trivial", "answers")
_WHAT = 28
_NAME, _LABEL = 14, 34
_FIGURES = 46
"""Columns that the figures of a row take at its right end."""
_AT = (0, 9, 18, 26, 35)
"""Where each of them begins there."""
OFFER: tuple[Piece, ...] = (
    ("t", "key", "rewards.try"), (" lets the base answer a few prompts, which takes a while.", "label"),
)  # fmt: skip
HEADS = ("samples", "right", "spread", "differ", "s per 100")


def figures(width: int, cells: Sequence[str], role: str) -> list[tuple[int, Content]]:
    """Return the figures of a reward at their columns, each ending below the end of its head."""
    left = width - _FIGURES
    return [
        (left + at + max(0, len(head) - len(cell)), ink((cell, role)))
        for at, head, cell in zip(_AT, HEADS, cells, strict=True)
    ]


def name_room(width: int) -> int:
    """Return the columns that the name of a reward may take."""
    return width - _FIGURES - 4


def tried_on(body: Mapping[str, Any] | None) -> str:
    """Return what a trial rests on, "" without one."""
    if body is None:
        return ""
    rows = f"{units.count(body['references'])} right answers"
    if not body["groups"]:
        return f"tried on {rows}"
    sampled = units.count(len(body["groups"]) * body["answers"])
    return f"tried on {rows} and {sampled} of {name_of(body['base'])}"


def together(cells: Sequence[str]) -> Row:
    """Return the figures of all rewards together."""
    return Row(
        "", lambda width, focused: place(width, (2, ink(("together", "label"))), *figures(width, cells, "label"))
    )


def offered(lead: str, check: Check, body: Mapping[str, Any] | None) -> Row:
    """Return a check that answers are not rewarded by; its key begins with `lead`.

    What it needs of a row is said unless the rows of a trial are known to have it, as right answers are.
    """
    answered = body is not None and bool(body["references"])

    def draw(width: int, focused: bool) -> Content:
        asked = "" if answered and check.needs == "answer" else rewarding.asks(check)
        needs = f"needs {asked}" if asked else ""
        return place(
            width,
            (2, ink((check.name, "title" if focused else "value"))),
            (_NAME, ink((cut(check.label, _LABEL - 2), "value" if focused else "label"))),
            (_NAME + _LABEL, ink((cut(needs, width - _NAME - _LABEL), "faint"))),
        )

    return Row(f"{lead}{check.name}", draw)


def tabs(tab: int, right: Content, width: int) -> Content:
    """Return the row of tabs, the open one underlined."""
    pieces: list[Piece] = []
    for number, name in enumerate(TABS, 1):
        action = f"rewards.tab{number}"
        pieces += [
            (str(number), "accent", action), " ",
            (name, "tab" if number == tab else "label", action), "   ",
        ]  # fmt: skip
    return place(width, (0, ink(*pieces[:-1])), (-1, right))


def findings(body: Mapping[str, Any], width: int) -> list[Content]:
    """Return what the figures mean."""
    lines: list[Content] = []
    for finding in body["findings"]:
        sign, role = LEVELS[finding["level"]]
        text = f"{finding['text'][:1].upper()}{finding['text'][1:]}"
        said: list[Piece] = [(f"{text}.", "value")]
        if finding["fix"]:
            said = [(f"{text}; ", "value"), (f"{finding['fix']}.", "label")]
        wrapped = prose(width - 2, *said)
        lines += [
            place(width, (0, ink((glyph(sign) if not number else " ", role))), (2, line))
            for number, line in enumerate(wrapped)
        ]
    if not body["groups"]:
        lines += [Content(""), ink(*OFFER)]
    return lines


def foreseen(body: Mapping[str, Any], width: int, most: int) -> list[Content]:
    """Return what a trial says of a run, in at most `most` lines: what mends it is left out where it has no room."""
    level, said, mends = rewarding.outlook(body)
    sign, role = LEVELS[level]
    told: list[Piece] = [(f"{glyph(sign)} ", role), f"{foreign(said[:1].upper() + said[1:])}"]
    whole = prose(width, *told, f". What helps: {foreign(mends)}." if mends else ".")
    return whole if len(whole) <= most else prose(width, *told, ".")[:most]


def trivial(body: Mapping[str, Any], width: int) -> list[Content]:
    """Return what each trivial answer earns, the best first, below what right answers and samples earn."""
    held = [
        (name, body["total"][key])
        for name, key in (("the rows' own answers", "references"), ("what it writes now", "samples"))
        if body["total"][key] is not None
    ]
    lines = [_earns(width, units.margin(earned), name, "", "label") for name, earned in held]
    return lines + [_earns(width, earned, what, text, "value") for what, text, earned in rewarding.trivial_cells(body)]


def _earns(width: int, earned: str, what: str, text: str, role: str) -> Content:
    """Return a kind of answer with what it earns."""
    figure = f"{earned:>{FIGURE}}"
    return place(
        width,
        (0, ink((figure, role))),
        (TEXT, ink((what, role))),
        (TEXT + _WHAT, ink((foreign(text, width - TEXT - _WHAT), "label"))),
    )


def answers(body: Mapping[str, Any], at: int, width: int, height: int) -> list[Content]:
    """Return one prompt and its answers, those that earned most first, in about `height` lines."""
    groups = body["groups"]
    if not groups:
        return [ink(*OFFER), *_lowest(body, width)]
    group = groups[at % len(groups)]
    lines = [scored.said(width, "prompt", group["prompt"])]
    if group["reference"]:
        lines.append(scored.said(width, "right", group["reference"]))
    told = [Scored(one["text"], one["total"], one["finished"], one["parts"]) for one in group["answers"]]
    return lines + scored.lines(told, width, height - len(lines))


def _lowest(body: Mapping[str, Any], width: int) -> list[Content]:
    """Return the rows' own answers that earned least."""
    if not body["lowest"]:
        return []
    lines = [Content(""), ink(("the rows' own answers that earn least", "label"))]
    for one in body["lowest"]:
        why = next(iter(one["reasons"].values()), "")
        text = foreign(one["text"], width - TEXT) if not why else f"not judged: {foreign(why, width - TEXT - 12)}"
        figure = f"{units.margin(one['total']):>{FIGURE}}"
        lines.append(place(width, (0, ink((figure, "value"))), (TEXT, ink((text, "value")))))
    return lines


def which(body: Mapping[str, Any] | None, tab: int, at: int) -> Content:
    """Return which prompt is shown, and the keys to the others."""
    if tab != 3 or not body or not body["groups"]:
        return ink("")
    whole = len(body["groups"])
    return ink(
        ("prompt ", "label"), (str(at % whole + 1), "value"), (f" of {whole}  ", "label"),
        (glyph("left"), "key", "rewards.before"), " ", (glyph("right"), "key", "rewards.after"),
    )  # fmt: skip
