"""Text as it stands on a page: pieces with a role each, put at columns.

Owns the one door between any text and the screen: every piece is cleaned, none is ever read as markup. Must not know
what the text says.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content
from textual.style import Style

from workbench.core.text import clean, width_of, wrapped
from workbench.tui.glyphs import glyph

ROLES = {
    "plain": "",
    "title": "bold $bright",
    "figure": "bold $bright",
    "section": "bold $foreground",
    "value": "$foreground",
    "label": "$muted",
    "faint": "$faint",
    "rule": "$rule",
    "accent": "$accent",
    "here": "bold $accent",
    "raw": "$raw",
    "key": "bold $foreground",
    "enter": "bold $accent",
    "tab": "bold underline $bright",
    "good": "$success",
    "warn": "$warning",
    "bad": "$error",
    "good-word": "bold $success",
    "chip": "$muted on $panel",
    "chip-trained": "$accent on $tint2",
    "tint1": "$foreground on $tint1",
    "tint2": "$foreground on $tint2",
    "cursor": "reverse bold $accent",
    "cut-off": "strike $warning",
}
"""Role → style, on theme variables alone."""

_OF_TERMINAL = {"tint1": "underline", "tint2": "$foreground", "chip": "$muted", "chip-trained": "underline $accent"}
"""Roles that need something else where the background is the terminal's own."""

_own_background = True


def use_terminal_background(wanted: bool) -> None:
    """Choose for the whole process whether tints are backgrounds or, on a terminal's own palette, underlines."""
    global _own_background
    _own_background = not wanted


def style_of(role: str) -> str:
    """Return the style of a role."""
    return ROLES[role] if _own_background else _OF_TERMINAL.get(role, ROLES[role])


def on_focus(line: Content, width: int, label: bool = True) -> Content:
    """Return a line as the row in focus: across the whole width, or on a terminal's palette its label alone, if any."""
    line = line.pad_right(max(0, width - line.cell_length))
    if _own_background:
        return line.stylize_before("on $focus")
    if not label:
        return line
    end = line.plain.find("  ", 4)
    return line.stylize("reverse", 2, end if end > 0 else None)


Piece = str | tuple[str, str] | tuple[str, str, str] | Content


def ink(*pieces: Piece) -> Content:
    """Return pieces one after the other; a piece is a text, (text, role), or (text, role, action) to be clicked."""
    whole: list[Content | str] = []
    for piece in pieces:
        if isinstance(piece, Content):
            whole.append(piece)
            continue
        text, role, action = (piece, "value", "") if isinstance(piece, str) else (*piece, "")[:3]
        style = style_of(role)
        text = clean(text).expandtabs(4)
        content = Content.styled(text, style) if style else Content(text)
        if action:
            content = content.stylize(Style.from_meta({"act": action}))
        whole.append(content)
    return Content("").join(whole)


def foreign(text: str, width: int = 0) -> str:
    """Return a text of any origin on one line, cut to `width` columns when that is positive."""
    line = " ".join(clean(text).split())
    return cut(line, width) if width > 0 else line


def cut(text: str, width: int) -> str:
    """Return a clean text of at most so many columns, with an ellipsis where something is lost."""
    if width_of(text) <= width:
        return text
    kept, used = [], 0
    for sign in text:
        wide = width_of(sign)
        if used + wide > width - 1:
            break
        kept.append(sign)
        used += wide
    return "".join(kept) + glyph("cut") if width > 0 else ""


def place(width: int, *pieces: tuple[int, Content]) -> Content:
    """Return one line of `width` columns with each piece at its column, given from left to right.

    A negative column aligns the piece to the right: -1 ends in the last column, -3 leaves two columns after it. What
    reaches into the next piece is cut.
    """
    starts = [column if column >= 0 else max(0, width + 1 + column - text.cell_length) for column, text in pieces]
    line, used = Content(""), 0
    for place, (start, (_, text)) in enumerate(zip(starts, pieces, strict=True)):
        until = starts[place + 1] - 1 if place + 1 < len(starts) else width
        if start >= width:
            break
        room = max(0, min(until, width) - max(start, used))
        line = line.pad_right(max(0, start - used))
        used = max(used, start)
        fitted = text if text.cell_length <= room else text.truncate(room, ellipsis=room > 1)
        line += fitted
        used += fitted.cell_length
    return line.pad_right(max(0, width - used))


_HELD = "\ue000"
"""Stands for a no-break space while a paragraph is broken, which takes it for a blank."""


def prose(width: int, *pieces: Piece) -> list[Content]:
    """Return pieces as a paragraph, broken at blanks; those that hold a number and its unit together are none."""
    whole = ink(*pieces)
    held = Content(whole.plain.replace("\u00a0", _HELD), list(whole.spans))
    lines = (line.rstrip() for line in held.wrap(max(width, 8)))
    return [Content(line.plain.replace(_HELD, "\u00a0"), list(line.spans)) for line in lines]


def lines_of(text: str, width: int, role: str = "value", most: int = 0) -> list[Content]:
    """Return a text of any origin as lines of a role, paragraphs kept; at most `most` when that is positive."""
    found: list[str] = []
    for paragraph in clean(text).expandtabs(4).split("\n"):
        found += wrapped(paragraph, max(width, 1)) or [""]
        if most and len(found) > most:
            break
    if most and len(found) > most:
        found = [*found[: most - 1], cut(found[most - 1] + " " * width, width).rstrip()]
    return [ink((line, role)) for line in found]


def joined(lines: Iterable[Content]) -> Content:
    """Return lines as one block."""
    return Content("\n").join(lines)


def ending(text: str, width: int) -> str:
    """Return the end of a name or path of any origin, which tells it apart, in so many columns."""
    line = foreign(text)
    if width_of(line) <= width:
        return line
    while line and width_of(line) > width - 1:
        line = line[1:]
    return glyph("cut") + line
