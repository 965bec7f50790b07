"""How models look in a list: columns, heads, rows, the legend, the line on the one in focus, and a download.

Owns the columns and the words of rows. Must not know where the models come from or what is done with them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from textual.content import Content

from workbench.core import units
from workbench.core.plan import Card
from workbench.guide.choices import AWAY, GROUPS, HUB, RUNS, Choice
from workbench.guide.fits import LEANEST
from workbench.tui.downloads import Download
from workbench.tui.glyphs import glyph
from workbench.tui.ink import Piece, cut, foreign, ink, place
from workbench.tui.widgets.gauge import bar
from workbench.tui.widgets.listing import BLANK, Row, still

TUNINGS = (("qlora", "QLoRA"), ("lora", "LoRA"), ("full", "full"))
SIGNS = {"fits": ("fits", "good"), "tight": ("tight", "warn"), "no": ("no", "faint")}
WIDE = 84
"""From so many columns on, context, licence and date have columns of their own."""
_SIZED = 66
"""From so many columns on there is room for the size."""
ROOMY = 104
"""From so many columns on, all of them stand further apart."""
_NAME, _NAME_NARROW = 27, 30
_WORD_OF_KIND = " Instruct"
_LICENCE = re.compile(r"\s*([(;].*|\b(Community|Open|LLM)?\s*Licen[sc]e\b|\bTerms of Use\b)")


def short_name(label: str, room: int) -> str:
    """Return a model's name in at most so many columns: what is usual is left out first, then words from its middle."""
    name = foreign(label)
    if len(name) > room:
        name = name.replace(_WORD_OF_KIND, "")
    words = name.split(" ")
    for left_out in range(1, len(words) - 1) if len(name) > room else ():
        start = (len(words) - left_out) // 2
        shorter = " ".join([*words[:start], glyph("cut"), *words[start + left_out :]])
        if len(shorter) <= room:
            return shorter
    return cut(name, room)


def short_licence(licence: str, room: int) -> str:
    """Return a licence in at most so many columns, without the words that all of them have."""
    return cut(_LICENCE.sub("", foreign(licence)).strip(), room)


def _columns(width: int) -> dict[str, int]:
    """Return where each figure stands; negative ones end so far from the right edge. What has no room is left out."""
    if width < _SIZED:
        return {"qlora": -19, "lora": -10, "full": -1}
    if width < WIDE:
        return {"size": -(width - 39), "qlora": -19, "lora": -10, "full": -1}
    if width < ROOMY:
        return {
            "size": -(width - 33), "context": -(width - 41), "licence": 44, "released": 56, "qlora": -17, "lora": -9,
            "full": -1,
        }  # fmt: skip
    return {
        "size": -(width - 38), "context": -(width - 48), "licence": 53, "released": 68, "qlora": -21, "lora": -11,
        "full": -1,
    }  # fmt: skip


def heads(width: int) -> Content:
    """Return the row of heads."""
    at = _columns(width)
    names = {"size": "size", "context": "context", "licence": "licence", "released": "released", **dict(TUNINGS)}
    return place(width, *((column, ink((names[name], "label"))) for name, column in at.items()))


def _fit(choice: Choice, tuning: str) -> Content:
    """Return the badge of a tuning."""
    fit = choice.fitting(tuning)
    if fit is None:
        return ink((units.NONE, "label"))
    sign, role = SIGNS[fit.verdict]
    amount = fit.needed / units.GIB
    figure = f"{amount:.1f}" if amount < 29.5 else f"{amount:.0f}"
    return ink((glyph(sign), role), f"{figure:>5}" if fit.verdict != "no" else (f"{figure:>5}", "label"))


def row(choice: Choice) -> Row:
    """Return the row of a model."""

    def draw(width: int, focused: bool) -> Content:
        at = _columns(width)
        quiet = "value" if focused else "label"
        plain = "label" if choice.refused else "value"
        wide = "context" in at
        name = short_name(choice.label, _NAME if wide else min(_NAME_NARROW, width - 28))
        pieces = [(0, ink((name, "title" if focused else plain)))]
        if "size" in at:
            size = units.parameters(choice.parameters) if choice.parameters else units.NONE
            pieces.append((at["size"], ink((size, plain))))
        if choice.group == HUB and not choice.fits:
            # Nothing is known of its needs; what it is to the workbench stands in the room of the figures.
            said = choice.refused or choice.standing
            if wide:
                pieces.append((at["licence"], ink((short_licence(choice.licence, 11), quiet))))
            start = at["released"] if wide else 42 if "size" in at else 28
            mark: list[Piece] = [(f"{glyph('failed')} ", "bad")] if choice.refused else []
            room = width - start - 2 * len(mark)
            return place(width, *pieces, (start, ink(*mark, (cut(foreign(said), room), quiet))))
        if wide:
            released = units.month(choice.released) if choice.released or choice.kind else ""
            context = units.tokens(choice.context) if choice.context else units.NONE
            pieces += [
                (at["context"], ink((context, quiet))),
                (at["licence"], ink((short_licence(choice.licence, 11), quiet))),
                (at["released"], ink((released, quiet))),
            ]
        pieces += [(at[tuning], _fit(choice, tuning)) for tuning, _ in TUNINGS]
        return place(width, *pieces)

    return Row(choice.reference, draw)


def rows(shown: Sequence[Choice], on_hub: Sequence[Content] = ()) -> list[Row]:
    """Return groups with their heads; `on_hub` are lines that stand where the hub's answer will be, or in its place."""
    found: list[Row] = []
    for group in GROUPS:
        members = [choice for choice in shown if choice.group == group]
        lines = list(on_hub) if group == HUB else []
        if members or lines:
            found += [*([BLANK] if found else []), *still(ink((group, "section")))]
            found += [*map(row, members), *still(*lines)]
    return found


def detail(choice: Choice | None, width: int) -> Content:
    """Return what the row in focus leaves out, on one line."""
    if choice is None:
        return Content("")
    context = f"{units.tokens(choice.context)} context" if choice.context else ""
    licence = short_licence(choice.licence, 24) + (", gated" if choice.gated else "")
    if choice.refused:
        said = [choice.reference, f"refused: {choice.refused}"]
    elif choice.group in (AWAY, HUB):
        size = f"{units.size(choice.bytes)} to download" if choice.bytes else ""
        said = [choice.reference, licence] if width >= WIDE else [licence, context, units.month(choice.released)]
        said += [size]
    elif choice.group == RUNS:
        said = [choice.reference, context]
    else:
        said = [licence, context, choice.folder or choice.reference]
    return ink((cut("   ".join(foreign(text) for text in said if text and text != units.NONE), width), "label"))


def legend(card: Card | None, width: int) -> list[Content]:
    """Return what the signs mean, and what the figures are: on one line where both have room there."""
    pieces: list[Piece] = []
    for verdict, words in (("fits", "fits"), ("tight", "under 10 % spare"), ("no", "does not fit")):
        sign, role = SIGNS[verdict]
        pieces += [(glyph(sign), role), (f" {words}   ", "label")]
    left = ink(*pieces).rstrip()
    if card is None:
        return [left]
    room = width - left.cell_length - 3
    free = units.gib(card.free)
    said = [f"GiB, {LEANEST}, of {free} free", f"GiB, {LEANEST}, of {free}", f"GiB, batch 1, of {free}"]
    right = next((ink((text, "label")) for text in said if len(text) <= room), None)
    below = next((text for text in said if len(text) <= width), said[-1])
    return [left, ink((below, "label"))] if right is None else [place(width, (0, left), (-1, right))]


def progress(download: Download, width: int) -> Content:
    """Return a download as one row: name, bar, share, bytes, speed, time left."""
    narrow = width < WIDE
    behind = f" +{download.waiting}" if download.waiting else ""
    room, start, long, end = (13, 17, 10, 33) if narrow else (20, 24, 12, 43)
    name = short_name(download.label, room - len(behind))
    head = (0, ink((f"{glyph('down')} ", "accent"), name, (behind, "label")))
    if not download.total:
        said = "waits for the one before it" if download.state == "waiting" else "asking the hub"
        return place(width, head, (start, ink((said, "label"))))
    share = download.done / download.total
    percent = ink((units.percent(share).split(units.SPACE)[0], "figure"), (f"{units.SPACE}%", "label"))
    unit, of = ("GiB", units.GIB) if download.total >= units.GIB else ("MiB", units.MIB)
    rest = f"{download.done / of:.1f} of {download.total / of:.1f} {unit}"
    if download.state == "checking":
        rest += "   checking hashes"
    elif download.seconds_left is not None:
        each = download.speed / units.MIB
        speed = units.count(each) if each >= 10 else f"{each:.1f}"
        left = download.seconds_left
        rest += "" if narrow else f"   {speed + ' MiB/s':>10}"
        rest += f"   {units.duration(left if left < 60 else 60 * round(left / 60)) + ' left':>11}"
    return place(
        width, head, (start, bar(long, share)), (end - width, percent), (-1, ink((rest, "label", "models.cancel")))
    )
