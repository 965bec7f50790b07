"""The rows of the data, to look through: those that can be used, and those that were set aside and why.

Owns the list and the row in focus beside it. Must not open data: a limited child reads a page of it at a time.
"""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.content import Content

from workbench.core import units
from workbench.guide import surveying
from workbench.tui.glyphs import glyph
from workbench.tui.ink import cut, foreign, ink, lines_of, place, prose
from workbench.tui.surveyed import OfData, rendered
from workbench.tui.widgets.listing import Listing, Row, still
from workbench.tui.widgets.page import Page

_PAGE = 100
_AHEAD = 20
"""So many rows before the end of what is known the next ones are asked for."""
_NUMBER = 8


class RowsScreen(OfData):
    """Look through rows."""

    NAME = "rows"
    CSS_PATH = "rows.tcss"

    def __init__(self, aside: bool = False) -> None:
        super().__init__()
        self._aside = aside
        self._known: dict[bool, list[dict[str, Any]]] = {False: [], True: []}
        self._more = {False: True, True: True}
        self._trouble = ""

    def page(self) -> ComposeResult:
        """Yield title and tabs, the list, and the row in focus."""
        yield Page(self._top, id="top")
        yield Listing(id="list")
        yield Page(self._row, id="row")

    def opened(self) -> None:
        """Ask for the first rows."""
        super().opened()
        self.query_one(Listing).focus()
        self._want()

    def _want(self) -> None:
        """Ask for more rows where the focus comes near the end of what is known."""
        known = self._known[self._aside]
        key = self.query_one(Listing).key
        at = int(key) if key.isdecimal() else 0
        if self._more[self._aside] and at + _AHEAD >= len(known) and not self.asking("page") and not self._trouble:
            self.ask("page", surveying.rows, self.road, len(known), _PAGE, self._aside)

    def answered(self, what: str, value: Any) -> None:
        """Take rows."""
        if what != "page":
            super().answered(what, value)
            return
        aside, first, found = value
        if first == len(self._known[aside]):
            self._known[aside] += found["rows"]
            self._more[aside] = found["more"]
        self.rebuild()

    def refused(self, what: str, error: str) -> None:
        """Show in place why there are no rows."""
        if what != "page":
            super().refused(what, error)
            return
        self._trouble = error
        self.rebuild()

    # What is shown

    def _top(self, width: int) -> list[Content]:
        """Return title, tabs and how many rows there are."""
        survey = self.survey
        usable = survey["usable"] if survey else len(self._known[False])
        bad = sum(item["count"] for item in survey["quarantined"]) if survey else len(self._known[True])
        tabs = ink(
            ("1", "accent", "rows.usable"), " ",
            ("usable", "label" if self._aside else "tab", "rows.usable"), (f" {units.count(usable)}", "label"),
            "   ", ("2", "accent", "rows.aside"), " ",
            ("set aside", "tab" if self._aside else "label", "rows.aside"), (f" {units.count(bad)}", "label"),
        )  # fmt: skip
        lines = [place(width, (0, ink(("Rows", "title"))), (-1, tabs)), Content("")]
        if self._trouble:
            lines += [*prose(width, (f"{glyph('failed')} ", "bad"), self._trouble), Content("")]
        return lines

    def _draw(self, number: int, item: dict[str, Any]) -> Row:
        """Return a row of the list: its number and its first words, or the reason it was set aside for."""
        if self._aside:
            words = f"{item['reason']}   {item['source'].rsplit('/', 1)[-1]}:{item['line']}"
        else:
            words = "   ".join(said for _, said in surveying.turns_of(item["row"]))

        def draw(width: int, focused: bool) -> Content:
            text = ink((foreign(words, width - _NUMBER), "value" if focused else "label"))
            figure = units.count(number + 1)
            return place(
                width, (0, ink((f"{figure:>{_NUMBER - 2}}", "title" if focused else "label"))), (_NUMBER, text)
            )

        return Row(str(number), draw)

    def _row(self, width: int) -> list[Content]:
        """Return the row in focus, whole or as far as there is room."""
        key = self.query_one(Listing).key
        known = self._known[self._aside]
        if not key.isdecimal() or int(key) >= len(known):
            return []
        item = known[int(key)]
        place_of = f"{item['source'].rsplit('/', 1)[-1]}, line {units.count(item['line'])}"
        title = ink(("row ", "section"), (units.count(int(key) + 1), "section"))
        lines = [place(width, (0, title), (-1, ink((cut(foreign(place_of), width - 20), "label")))), Content("")]
        if self._aside:
            lines += [*prose(width, (f"{glyph('problem')} ", "warn"), foreign(item["reason"])), Content("")]
            return lines + lines_of(item["raw"], width, "label", 40)
        return lines + rendered(item["row"], width, 40)

    def rebuild(self) -> None:
        """Draw everything anew."""
        super().rebuild()
        known = self._known[self._aside]
        rows = [self._draw(number, item) for number, item in enumerate(known)]
        if not rows:
            nothing = "No row was set aside." if self._aside else "There is no row that can be used."
            waits = self._more[self._aside] and not self._trouble
            rows = still(ink(("reading" if waits else "" if self._trouble else nothing, "label")))
        self.query_one("#top", Page).again()
        self.query_one(Listing).fill(rows)
        self.query_one("#row", Page).again()

    # What happens

    def on_listing_moved(self, message: Listing.Moved) -> None:
        """Show the row in focus, and ask for more near the end."""
        self.query_one("#row", Page).again()
        self._want()
        self.foot()

    def _turn(self, aside: bool) -> None:
        """Show usable rows, or those set aside."""
        if aside != self._aside:
            self._aside, self._trouble = aside, ""
            self.rebuild()
            self.query_one(Listing).action_end(-1)
            self._want()

    def act_rows_usable(self) -> None:
        """Show usable rows."""
        self._turn(False)

    def act_rows_aside(self) -> None:
        """Show what was set aside."""
        self._turn(True)

    def why_not(self, action: str) -> str:
        """Return why an action cannot be done now."""
        if action == "rows.microscope":
            if self._aside:
                return "A row that was set aside gives no tokens."
            if not self.road.base:
                return "A base reads the tokens; choose one first."
            return "" if self.query_one(Listing).key else "No row is in focus."
        return ""

    def act_rows_microscope(self) -> None:
        """Show the tokens of the row in focus."""
        self.app.open("microscope", int(self.query_one(Listing).key))  # type: ignore[attr-defined]

    def act_screen_back(self) -> None:
        """Go back to the data."""
        self.app.call_later(self.app.back)  # type: ignore[attr-defined]
