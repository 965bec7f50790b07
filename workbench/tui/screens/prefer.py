"""Preference data from a run: what answers, what judges, how far it is, and what has come of it.

Owns the form and the page round it. Must not know how answers are written or judged.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.content import Content

from workbench.guide import preferring, wishing
from workbench.guide.preferring import Wish
from workbench.guide.wishing import FIELDS, Field
from workbench.tui.aboutrun import AboutRun
from workbench.tui.glyphs import glyph
from workbench.tui.ink import cut, foreign, ink, place, prose
from workbench.tui.widgets.listing import Listing, Row
from workbench.tui.widgets.page import Page
from workbench.tui.widgets.prompt import Confirm, Prompt

_VALUE = 17


class PreferScreen(AboutRun):
    """Settle what is made, make it, learn from it."""

    NAME = "prefer"
    TITLE_OF_PAGE = "Preferences"
    VERB = "use"
    CSS_PATH: ClassVar[str] = "prefer.tcss"

    def __init__(self, run: str = "") -> None:
        super().__init__(run)
        self._wish: Wish | None = None
        self._why = ""
        self._stop: threading.Event | None = None
        self._line: Mapping[str, Any] = {}
        self._report: Mapping[str, Any] | None = None

    def body(self) -> ComposeResult:
        """Yield the title, the values, and what is known of them."""
        yield Page(self._top, id="top")
        yield Listing(id="values")
        yield Page(self._bottom, id="bottom")

    def look(self) -> None:
        """Find out what suits the run."""
        self.ask("wish", wishing.proposed, self._run)

    def on_unmount(self) -> None:
        """End work that nobody looks at any more; what was done is kept."""
        if self._stop is not None:
            self._stop.set()

    # What is shown

    def _top(self, width: int) -> list[Content]:
        """Return title and why this is proposed, or what went wrong."""
        why = self._why or "looking at the run"
        return [*self.opening(width, ink(""), (why if self._run else "", "label")), Content("")]

    def _row(self, field: Field) -> Row:
        """Return the row of a value."""

        def draw(width: int, focused: bool) -> Content:
            assert self._wish is not None
            settled = bool(getattr(self._wish, field.name)) or not field.none
            role = ("title" if focused else "value") if settled else "label"
            text = wishing.shown(self._wish, field.name) if settled else field.none
            return place(
                width,
                (0, ink((field.label, "title" if focused else "label"))),
                (_VALUE, ink((cut(foreign(text), width - _VALUE), role))),
            )

        return Row(field.name, draw)

    def _is_settled(self, field: Field) -> bool:
        """Return whether a value is another than without a word about it."""
        value = getattr(self._wish, field.name)
        return bool(value) and value != getattr(Wish(()), field.name)

    def _here(self) -> Field:
        """Return the value in focus."""
        key = self.query_one(Listing).key
        return next((field for field in FIELDS if field.name == key), FIELDS[0])

    def _bottom(self, width: int) -> list[Content]:
        """Return how far the work is or what came of it, what the value in focus is, and the command line."""
        if self._wish is None:
            return []
        if self._stop is not None:
            told = foreign(preferring.progress(self._line)) or "looking at prompts and models"
            return [Content(""), ink((f"{glyph('running')} ", "accent"), told)]
        if self._report is not None:
            lines = [Content("")]
            first, *rest = preferring.told(self._report)
            lines += prose(width, (f"{glyph('done')} ", "good"), foreign(first))
            for line in rest:
                lines += prose(width, (foreign(line), "label"))
            return lines
        said = prose(width, (self._here().help, "label"))
        return [Content(""), *said, self.command_row(preferring.command(self._wish), width)]

    def rebuild(self) -> None:
        """Draw everything anew."""
        if self._wish is not None:
            # What has come of it takes the room of values that were left alone, where there is little.
            brief = self.short and self._report is not None
            fields = [field for field in FIELDS if not brief or self._is_settled(field)]
            self.query_one(Listing).fill([self._row(field) for field in fields])
        self.query_one("#top", Page).again()
        self.query_one("#bottom", Page).again()
        self.foot()

    def on_listing_moved(self, message: Listing.Moved) -> None:
        """Explain another value."""
        self.query_one("#bottom", Page).again()
        self.foot()

    # What happens

    def why_not(self, action: str) -> str:
        """Return why an action cannot be done now."""
        if not action.startswith("prefer.") and action != "guide.copy":
            return ""
        if self._wish is None:
            return self._trouble or "The run is still being looked at."
        if self._stop is not None and action != "guide.copy":
            return "Pairs are being made; esc stops that."
        if action == "prefer.learn" and self._report is None:
            return "There are no pairs yet; s makes them."
        return ""

    async def on_listing_chosen(self, message: Listing.Chosen) -> None:
        """Change the value that was clicked twice."""
        await self.action_act("prefer.change")

    def act_prefer_change(self) -> None:
        """Ask for another value of the row in focus."""
        wish, field = self._wish, self._here()
        assert wish is not None

        def take(text: str | None) -> None:
            if text is not None:
                changed = wishing.edited(wish, field.name, text)
                if changed != wish:
                    changed = wishing.apart(changed, field.name, self._run)
                self._wish, self._report, self._trouble = changed, None, ""
                self.rebuild()

        def check(text: str) -> object:
            return wishing.edited(wish, field.name, text)

        self.app.push_screen(Prompt(field.label, field.help, wishing.shown(wish, field.name), check), take)

    def act_prefer_start(self) -> None:
        """Make the pairs, or go on with those that were begun."""
        assert self._wish is not None
        if self._report is not None:
            self._wish = replace(self._wish, out=wishing.free(self._run))
        self._line, self._report, self._trouble = {}, None, ""
        self._stop = threading.Event()
        self.ask("pairs", preferring.told_to, self._wish, self._stop, tell=None)
        self.rebuild()

    def act_prefer_learn(self) -> None:
        """Begin the road anew with the run as base and the pairs as data."""
        assert self._report is not None
        app: Any = self.app
        app.road = wishing.onward(self._run, str(self._report["path"]))
        app.call_later(app.go, "data")

    def act_guide_copy(self) -> None:
        """Copy the command line that makes the same."""
        assert self._wish is not None
        self.app.copy_to_clipboard(preferring.command(self._wish))
        self.say("The command line is copied.")

    def act_screen_back(self) -> None:
        """Leave, or stop after asking while pairs are made."""
        if self._stop is None:
            super().act_screen_back()
            return

        def take(yes: bool | None) -> None:
            if yes and self._stop is not None:
                self._stop.set()
                self._stop = None
                self.forget("pairs")
                self.rebuild()

        kept = "What was written and judged is kept; starting again goes on from there."
        self.app.push_screen(Confirm("Stop making pairs?", [kept], "stop"), take)

    def told(self, what: str, value: Any) -> None:
        """Show how far it is."""
        self._line = value
        self.query_one("#bottom", Page).again()

    def answered(self, what: str, value: Any) -> None:
        """Take the proposal, or what has come of it."""
        if what == "wish":
            self._wish, self._why = value
        elif what == "pairs":
            self._stop, self._report = None, value
        self.rebuild()

    def refused(self, what: str, error: str) -> None:
        """Say why nothing was made."""
        if what == "pairs":
            self._stop = None
        super().refused(what, error)
