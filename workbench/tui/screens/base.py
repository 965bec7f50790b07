"""The first station: which model to start from.

Owns the list and what is said of the model in focus. Must not know where the facts come from.
"""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.content import Content

from workbench.core import units
from workbench.guide import choices
from workbench.guide.choices import AWAY, GROUPS, HUB, Choice
from workbench.tui.glyphs import glyph
from workbench.tui.ink import Piece, cut, foreign, ink, place, prose
from workbench.tui.station import Station
from workbench.tui.widgets.listing import BLANK, Listing, Row, still
from workbench.tui.widgets.page import Page
from workbench.tui.widgets.prompt import Prompt

TUNINGS = (("qlora", "QLoRA"), ("lora", "LoRA"), ("full", "full"))
_SIGN = {"fits": ("fits", "good"), "tight": ("tight", "warn"), "no": ("no", "faint")}


class BaseScreen(Station):
    """Choose a base."""

    NAME = "base"
    STATION = "base"

    def __init__(self) -> None:
        super().__init__()
        self._choices: tuple[Choice, ...] = ()
        self._proposed = ("", "")
        self._words = ""
        self._fitting = False

    def page(self) -> ComposeResult:
        """Yield title and proposal, the list, and what goes with it."""
        yield Page(self._top, id="top")
        yield Listing(id="models")
        yield Page(self._bottom, id="bottom")

    def on_mount(self) -> None:
        """Look for models."""
        super().on_mount()
        self.query_one(Listing).focus()
        if self.known.card is not None:
            self.ask("choices", choices.choices, self.known.card)

    # What is shown

    def _top(self, width: int) -> list[Content]:
        """Return title, proposal and heads."""
        shown = self._shown()
        counted = ink((f"{units.count(len(shown))} of {units.count(len(self._choices))} models", "label"))
        lines = [place(width, (0, ink(("Base", "title"))), (-1, counted if self._choices else ink(""))), Content("")]
        reference, why = self._proposed
        if not self._choices:
            lines += [ink(("looking for models", "label"))]
        elif why[:1].islower():
            lines += prose(width, (foreign(_label(self._choices, reference)), "figure"), f" {why}")
        else:
            lines += prose(width, why)
        if not self.short:
            lines += [Content("")]
        said = (self._words, "value") if self._words else ("search by name, licence or size", "label")
        search = ink(("/ ", "label", "base.search"), (*said, "base.search"))
        lines += [Content(""), search, Content(""), self._heads(width), Content("")]
        return lines

    def _columns(self, width: int) -> dict[str, int]:
        """Return the last column of each figure, from the right edge; those of which there is no room are left out."""
        found = {"full": -1, "lora": -10, "qlora": -19}
        if width >= 84:
            found |= {"released": 51, "licence": 39, "context": -(width - 36) - 1, "size": -(width - 27) - 1}
        else:
            found |= {"size": -(width - 34) - 1}
        return found

    def _heads(self, width: int) -> Content:
        """Return the row of heads."""
        at = self._columns(width)
        pieces = [(at["size"], "size"), (at.get("context", 0), "context"), (at.get("licence", 0), "licence")]
        pieces += [(at.get("released", 0), "released"), *((at[tuning], name) for tuning, name in TUNINGS)]
        return place(width, *((column, ink((name, "label"))) for column, name in pieces if column))

    def _row(self, choice: Choice) -> Row:
        """Return the row of a model."""

        def draw(width: int, focused: bool) -> Content:
            at = self._columns(width)
            here = choice.group != AWAY
            room = 20 if "context" in at else 24
            name = cut(foreign(choice.label), room)
            quiet = "value" if focused else "label"
            pieces: list[tuple[int, Content]] = [
                (0, ink((name, "title" if focused else "value"))),
                (at["size"], ink((units.parameters(choice.parameters), "value" if here else quiet))),
            ]
            if "context" in at:
                pieces += [
                    (at["context"], ink((units.tokens(choice.context), quiet))),
                    (at["licence"], ink((cut(foreign(choice.licence), 11), quiet))),
                    (at["released"], ink((units.month(choice.released) if choice.released else "", quiet))),
                ]
            for tuning, _ in TUNINGS:
                fit = choice.fitting(tuning)
                if fit is None:
                    pieces.append((at[tuning], ink((units.NONE, "label"))))
                    continue
                sign, role = _SIGN[fit.verdict]
                amount = fit.needed / units.GIB
                figure = f"{amount:.1f}" if amount < 29.5 else f"{amount:.0f}"
                text = ink((glyph(sign), role), f"{figure:>5}" if fit.verdict != "no" else (f"{figure:>5}", "label"))
                pieces.append((at[tuning], text))
            return place(width, *pieces)

        return Row(choice.reference, draw)

    def _shown(self) -> list[Choice]:
        """Return the models that are asked for."""
        return [
            choice
            for choice in self._choices
            if choice.has(self._words) and (not self._fitting or any(fit.verdict != "no" for fit in choice.fits))
        ]

    def _rows(self) -> list[Row]:
        """Return the list: groups with their heads."""
        rows: list[Row] = []
        for group in GROUPS:
            members = [choice for choice in self._shown() if choice.group == group]
            if members:
                rows += [*([BLANK] if rows else []), *still(ink((group, "section"))), *map(self._row, members)]
        if not rows and self._choices:
            rows = still(ink(("Nothing is called so. ", "value"), ("/", "key"), (" other words", "label")))
        return rows

    def _bottom(self, width: int) -> list[Content]:
        """Return the legend, and on a narrow page what its rows leave out."""
        card = self.known.card
        free = ink((f"GiB needed, of {units.gib(card.free)} free", "label")) if card is not None else ink("")
        legend: list[Piece] = []
        for verdict, words in (("fits", "fits"), ("tight", "under 10 % spare"), ("no", "does not fit")):
            sign, role = _SIGN[verdict]
            legend += [(glyph(sign), role), (f" {words}   ", "label")]
        lines = [Content(""), place(width, (0, ink(*legend[: 4 if width < 84 else 6])), (-1, free))]
        if self.known.trouble and not self.known.base:
            lines += [Content(""), self.trouble_line(self.known.trouble)]
        if not self.short:
            lines += [Content(""), self.command_line(width), Content("")]
        return lines

    def rebuild(self) -> None:
        """Draw everything anew."""
        super().rebuild()
        self.query_one("#top", Page).again()
        self.query_one(Listing).fill(self._rows())
        self.query_one("#bottom", Page).again()

    # What happens

    def answered(self, what: str, value: Any) -> None:
        """Take the list, or what every station asks for."""
        super().answered(what, value)
        if what == "card":
            self.ask("choices", choices.choices, value)
        if what == "choices" and self.known.card is not None:
            self._choices = value
            self._proposed = choices.propose(value, self.known.card)
            self.rebuild()
            self.query_one(Listing).go(self.road.base or self._proposed[0])

    def why_not(self, action: str) -> str:
        """Return why an action cannot be done now."""
        if action in ("base.choose", "base.about") and not self.query_one(Listing).key:
            return (
                "No model is in focus; the list is still being made." if not self._choices else "No model is in focus."
            )
        return ""

    def act_base_choose(self) -> None:
        """Take the model in focus and go on."""
        from dataclasses import replace

        self.settle(replace(self.road, base=self.query_one(Listing).key))
        self.next()

    def on_listing_chosen(self, message: Listing.Chosen) -> None:
        """Take the model that was clicked twice."""
        self.act_base_choose()

    def act_base_fits(self) -> None:
        """Show only what fits, or everything again."""
        self._fitting = not self._fitting
        self.rebuild()

    def act_base_search(self) -> None:
        """Ask for words."""

        def take(words: str | None) -> None:
            if words is not None:
                self._words = words.strip()
                self.rebuild()

        self.app.push_screen(Prompt("Search", "Words that the name, licence or family has.", self._words), take)

    def act_base_path(self) -> None:
        """Ask for a folder, a run or a model of the hub."""

        def take(text: str | None) -> None:
            if text and self.known.card is not None:
                self.ask("named", choices.of_path, text.strip(), self.known.card)

        self.app.push_screen(Prompt("Path or hub id", "A folder with config.json, a run, or owner/name."), take)


def _label(found: tuple[Choice, ...], reference: str) -> str:
    """Return what a reference is called in the list."""
    return next((choice.label for choice in found if choice.reference == reference), reference)


__all__ = ["HUB", "BaseScreen"]
