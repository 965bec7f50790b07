"""The tokens of a row as they are read: turns with their roles, a tint for each token, the one under the cursor.

Owns layout, cursor and scrolling. Must not know tokenizers: it is handed texts and marks. Foreign text is drawn sign by
sign, with stand-ins for everything that takes no column or drives a terminal.
"""

from __future__ import annotations

import bisect
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.style import Style
from textual.widget import Widget

from workbench.core.text import clean, width_of
from workbench.tui.glyphs import glyph
from workbench.tui.ink import ink, joined, style_of

MARGIN = 13
"""Columns of the roles, before the words."""
TAB = 4
_LEAST = 8
"""Columns of words there are at least, also while the page has none yet."""
_BLANK_FROM = 32
"""Rows of the terminal from which turns stand apart."""
WRITTEN = ("template", "control")
"""Marks of what the chat template writes."""


@dataclass(frozen=True)
class Seen:
    """A row as the widget takes it."""

    texts: tuple[str, ...]
    marks: tuple[str, ...]
    special: frozenset[int]
    """Places of special tokens."""
    turns: tuple[tuple[str, int], ...]
    """(who, first token) of each turn, in order."""

    def turn_of(self, place: int) -> int:
        """Return the number of the turn a token belongs to."""
        return max(0, bisect.bisect_right([first for _, first in self.turns], place) - 1)


def seen(row: Mapping[str, Any]) -> Seen:
    """Return a row of a preview as the widget takes it."""
    special = set(row["special"])
    tokens = row["tokens"]
    return Seen(
        tuple(str(token["text"]) for token in tokens),
        tuple(str(token["mark"]) for token in tokens),
        frozenset(place for place, token in enumerate(tokens) if token["id"] in special),
        tuple((str(turn["who"]), int(turn["first"])) for turn in row["turns"]),
    )


def visible(text: str) -> str:
    """Return the text of a token as it is drawn: every sign takes its columns, line ends and tabs are seen."""
    signs = []
    for place, sign in enumerate(clean(text)):
        if sign == "\n":
            signs.append(glyph("return") + "\n")
        elif sign == "\t":
            signs.append(glyph("arrow") + " " * (TAB - 1))
        elif unicodedata.category(sign) in ("Cf", "Cn", "Co", "Zl", "Zp") or sign in "\ufe0e\ufe0f":
            signs.append("\ufffd")
        elif unicodedata.combining(sign) and not place:
            signs.append("\u25cc" + sign)
        else:
            signs.append(sign)
    return "".join(signs) or glyph("part")


Piece = tuple[int, str]
"""A token and what of it stands on a line."""


@dataclass(frozen=True)
class Line:
    """One line: its turn, whether it is the turn's first or second, and what stands on it."""

    turn: int
    nth: int
    pieces: tuple[Piece, ...]


def laid_out(row: Seen, width: int, written: bool, blank: bool) -> list[Line]:
    """Return the lines of a row in so many columns of words.

    Without `written` what the template writes is left out; with `blank` a line is left between turns. A token goes to
    the next line whole where it does not fit, and is broken only when it is longer than a line.
    """
    lines: list[Line] = []
    current: list[Piece] = []
    used = nth = 0
    turn = -1

    def end() -> None:
        nonlocal current, used, nth
        lines.append(Line(turn, nth, tuple(current)))
        current, used, nth = [], 0, nth + 1

    for place, text in enumerate(row.texts):
        if not written and (row.marks[place] in WRITTEN or (place in row.special and row.marks[place] != "truncated")):
            continue
        now = row.turn_of(place)
        if now != turn:
            if turn >= 0:
                if current or nth == 0:
                    end()
                while nth < 2:
                    end()  # the second line of the margin says trained or masked
                if blank:
                    lines.append(Line(-1, 0, ()))
            turn, nth = now, 0
        shown = visible(text)
        if row.marks[place] in WRITTEN or place in row.special:
            shown = shown.replace("\n", "")
        for number, words in enumerate(shown.split("\n")):
            part = words
            if number:
                end()
            wide = width_of(part)
            if used + wide > width and used:
                end()
            while width_of(part) > width:
                kept = 0
                taken = ""
                for sign in part:
                    if kept + width_of(sign) > width:
                        break
                    kept, taken = kept + width_of(sign), taken + sign
                current.append((place, taken))
                end()
                part = part[len(taken) :]
            if part:
                current.append((place, part))
                used += width_of(part)
    if turn >= 0:
        if current or nth == 0:
            end()
        while nth < 2:
            end()
    return lines


class Tokens(Widget, can_focus=True):
    """A row, with a cursor on one of its tokens."""

    DEFAULT_CSS = "Tokens { height: 1fr; text-wrap: nowrap; }"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "line(-1)", "line up", show=False),
        Binding("down", "line(1)", "line down", show=False),
        Binding("pageup", "line(-10)", "page up", show=False),
        Binding("pagedown", "line(10)", "page down", show=False),
        Binding("home", "end(-1)", "first token", show=False),
        Binding("end", "end(1)", "last token", show=False),
    ]

    class Moved(Message):
        """Another token is under the cursor."""

        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._row = Seen((), (), frozenset(), ())
        self._at = 0
        self._top = 0
        self._written = True
        self._lines: list[Line] = []
        self._laid: tuple[Any, ...] = ()

    @property
    def at(self) -> int:
        """The token under the cursor."""
        return self._at

    def show(self, row: Seen, written: bool, at: int | None = None) -> None:
        """Show a row; the cursor goes to `at`, else to the first token that is learnt, else stays."""
        if row is not self._row and at is None:
            at = next((place for place, mark in enumerate(row.marks) if mark == "trained"), 0)
        self._row, self._written, self._laid, self._top = row, written, (), 0
        self.refresh(layout=True)
        self._take(self._at if at is None else at)

    def _layout(self, width: int = 0) -> list[Line]:
        """Return the lines for the width there is, or for one that is to be."""
        width = width or self.size.width
        wanted = (id(self._row), width, self._written, self.app.size.height)
        if wanted != self._laid:
            blank = self.app.size.height >= _BLANK_FROM
            self._lines = laid_out(self._row, max(width - MARGIN, _LEAST), self._written, blank)
            self._laid = wanted
        return self._lines

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """Return the number of lines."""
        return max(len(self._layout(width)), 1)

    def _shown(self) -> list[int]:
        """Return the tokens that are drawn, in order."""
        return sorted({place for line in self._layout() for place, _ in line.pieces})

    def _take(self, place: int) -> None:
        """Put the cursor on a token, or on the next one that is drawn."""
        shown = self._shown()
        if shown:
            at = bisect.bisect_left(shown, place)
            self._at = shown[min(at, len(shown) - 1)]
        else:
            self._at = 0
        self.post_message(self.Moved(self._at))
        self.refresh()

    def step(self, number: int) -> None:
        """Move the cursor by so many tokens."""
        shown = self._shown()
        if shown:
            at = bisect.bisect_left(shown, self._at) + number
            self._take(shown[max(0, min(at, len(shown) - 1))])

    def action_line(self, number: int) -> None:
        """Move the cursor by so many lines, to the token below or above where it is."""
        lines = [(y, line) for y, line in enumerate(self._layout()) if line.pieces]
        here = next((n for n, (_, line) in enumerate(lines) if any(p == self._at for p, _ in line.pieces)), -1)
        if here < 0:
            return
        column = self._column(lines[here][1])
        y, _ = lines[max(0, min(here + number, len(lines) - 1))]
        self._take_at(column, y)

    def action_end(self, step: int) -> None:
        """Move the cursor to the first or the last token."""
        if shown := self._shown():
            self._take(shown[-1] if step > 0 else shown[0])

    def _column(self, line: Line) -> int:
        """Return the column at which the token under the cursor begins on a line."""
        used = 0
        for place, part in line.pieces:
            if place == self._at:
                break
            used += width_of(part)
        return used

    def _take_at(self, column: int, y: int) -> None:
        """Put the cursor on what stands at a column of a line."""
        used = 0
        pieces = self._layout()[y].pieces
        for place, part in pieces:
            used += width_of(part)
            if column < used:
                self._take(place)
                return
        if pieces:
            self._take(pieces[-1][0])

    def _role(self, place: int) -> str:
        """Return the role a token is drawn in."""
        if place == self._at:
            return "cursor"
        mark = self._row.marks[place]
        if mark == "trained":
            return "chip-trained" if place in self._row.special else ("tint1", "tint2")[place % 2]
        if mark == "truncated":
            return "cut-off"
        return "chip" if mark in WRITTEN else "label"

    def _margin(self, line: Line) -> Content:
        """Return what stands before a line: who speaks, and whether it is learnt."""
        if line.turn < 0 or line.nth > 1 or not self._row.turns:
            return Content(" " * MARGIN)
        who, first = self._row.turns[line.turn]
        if line.nth == 0:
            name = " ".join(clean(who).split())[: MARGIN - 1]
            return ink(name).pad_right(MARGIN - width_of(name))
        after = [start for _, start in self._row.turns if start > first]
        marks = set(self._row.marks[first : after[0] if after else None])
        text, role = ("trained", "accent") if "trained" in marks else ("masked", "label")
        return ink((text, role)).pad_right(MARGIN - len(text))

    def render(self) -> Content:
        """Return the lines that can be seen, the cursor's among them."""
        lines = self._layout()
        height = max(self.size.height, 1)
        y = next((n for n, line in enumerate(lines) if any(place == self._at for place, _ in line.pieces)), 0)
        if y < self._top:
            self._top = y
        elif y >= self._top + height:
            self._top = y - height + 1
        self._top = max(0, min(self._top, len(lines) - height))
        drawn = []
        for line in lines[self._top : self._top + height]:
            parts = [self._margin(line)]
            for place, part in line.pieces:
                piece = Content.styled(part, style_of(self._role(place))) if part else Content("")
                parts.append(piece.stylize(Style.from_meta({"token": place})))
            drawn.append(Content("").join(parts))
        return joined(drawn)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the token that was clicked."""
        y = self._top + event.y
        if event.x >= MARGIN and 0 <= y < len(self._layout()):
            self._take_at(event.x - MARGIN, y)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move down."""
        self.action_line(2)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move up."""
        self.action_line(-2)

    def on_resize(self) -> None:
        """Lay the row out anew."""
        self._laid = ()
        self.refresh()


def row_map(row: Seen, width: int) -> Content:
    """Return one line that stands for the whole row: what is learnt in accent, the rest as a track."""
    number = len(row.marks)
    if not number:
        return ink((glyph("track") * width, "rule"))
    pieces: list[tuple[str, str]] = []
    for column in range(width):
        part = row.marks[column * number // width : max((column + 1) * number // width, column * number // width + 1)]
        role = "warn" if "truncated" in part else "accent" if 2 * part.count("trained") >= len(part) else "rule"
        sign = glyph("bar") if role != "rule" else glyph("track")
        if pieces and pieces[-1][1] == role:
            pieces[-1] = (pieces[-1][0] + sign, role)
        else:
            pieces.append((sign, role))
    return ink(*pieces)
