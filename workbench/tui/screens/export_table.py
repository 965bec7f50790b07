"""The table of GGUF types: its heads, its columns, and a row for each type.

Owns how it is drawn. Is handed what it tells; must not know the screen it is on.
"""

from __future__ import annotations

from textual.content import Content

from workbench.core import units
from workbench.guide.exporting import CARDS, Offer, Target
from workbench.tui.glyphs import glyph
from workbench.tui.ink import cut, ink, place
from workbench.tui.screens.export_page import ROOMY
from workbench.tui.widgets.gauge import bar
from workbench.tui.widgets.listing import Row

_SIGN = {"fits": ("fits", "good"), "tight": ("tight", "warn"), "no": ("no", "faint")}
_MIB = 1 << 20
_BAR = 14


def _unit(target: Target) -> tuple[int, str]:
    """Return the unit of sizes, one for the whole column."""
    largest = max(offer.bytes for offer in target.offers)
    return (units.GIB, "GiB") if largest >= units.GIB // 2 else (_MIB, "MiB")


def _columns(width: int) -> dict[str, int]:
    """Return the columns: where words begin, and from the right edge where figures end."""
    if width < ROOMY:
        ends = {"size": 19, "8": 28, "12": 34, "24": 40, "kl": 52, "top1": 65}
    else:
        ends = {"size": 25, "8": 36, "12": 44, "24": 52, "top1": 94, "speed": width - 1}
    found = {name: end - width for name, end in ends.items()}
    return found | {"chosen": 8, "made": 10} | ({} if width < ROOMY else {"kl": 56, "bar": 66})


def heads(width: int, target: Target) -> list[Content]:
    """Return the two rows of heads."""
    at = _columns(width)
    wide = width >= ROOMY
    over = f"fits with {units.tokens(target.context)} context"
    against = "against the trained model"
    above = place(
        width,
        (at["24"], ink((over, "label"))),
        (56 if wide else 43, ink((f"measured {against}" if wide else cut(against, width - 43), "label"))),
    )
    names = [("size", f"size {_unit(target)[1]}"), ("8", "8 GiB"), ("12", "12"), ("24", "24"), ("kl", "KL")]
    names += [("top1", "same token"), *([("speed", "tok/s here")] if wide else [])]
    return [
        above,
        place(width, (0, ink(("type", "label"))), *((at[key], ink((name, "label"))) for key, name in names)),
    ]


def row(target: Target, offer: Offer, is_chosen: bool) -> Row:
    """Return the row of a type."""

    def draw(width: int, focused: bool) -> Content:
        at, made = _columns(width), target.made.get(offer.kind)
        strong = "figure" if focused else "value"
        kl, top1 = (made.kl, made.top1) if made else (None, None)
        size = (made.bytes if made else offer.bytes) / _unit(target)[0]
        pieces = [
            (0, ink((offer.kind, "title" if focused else "value"))),
            (at["chosen"], ink((glyph("square") if is_chosen else " ", "accent"))),
            (at["made"], ink((glyph("done") if made else " ", "good"))),
            (at["size"], ink((f"{size:.2f}", strong))),
        ]
        for card in CARDS:
            sign, role = _SIGN[offer.fit(card)]
            pieces.append((at[str(card)], ink((glyph(sign), role))))
        pieces.append((at["kl"], ink((units.NONE, "label") if kl is None else (f"{kl:.4f}", strong))))
        if "bar" in at:
            pieces.append((at["bar"], _loss(target, kl)))
        same = (
            ink((units.NONE + "  ", "label"))
            if top1 is None
            else ink((units.percent(top1, 1).removesuffix("%").rstrip(), strong), (units.SPACE + "%", "label"))
        )
        pieces.append((at["top1"], same))
        if "speed" in at:
            speed = made.speed if made else None
            figure = (units.NONE, "label") if speed is None else (units.roughly(speed), strong)
            pieces.append((at["speed"], ink(figure)))
        return place(width, *pieces)

    return Row(offer.kind, draw)


def _loss(target: Target, kl: float | None) -> Content:
    """Return a bar of how far a type is from the model, on the scale of the worst that was made."""
    known = [made.kl for made in target.made.values() if made.kl is not None]
    return ink("") if kl is None else bar(_BAR, kl / max(*known, 0.02))
