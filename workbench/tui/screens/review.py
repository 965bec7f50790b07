"""The fifth station: the whole recipe with the reason for each value, before anything is written.

Owns the page and the start. The checks before a run are the command line's; must not know what they are.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from textual.app import ComposeResult
from textual.content import Content

from workbench.core import recipe, units
from workbench.guide import reviewing, rewarding, starting
from workbench.guide.road import between, name_of, what
from workbench.tui import rewardpage
from workbench.tui.editing import ask_value
from workbench.tui.glyphs import glyph
from workbench.tui.ink import cut, foreign, ink, place, prose
from workbench.tui.saving import save_recipe
from workbench.tui.station import Station
from workbench.tui.widgets.listing import BLANK, Listing, Row, still
from workbench.tui.widgets.page import Page

_VALUE, _NOTE = 20, 44
_ABOUT, _ABOUT_SHORT = 7, 3
"""Rows of the explanation at most."""
_ROOMY = 44
"""Rows of the screen from which on sections stand further apart."""


class ReviewScreen(Station):
    """Read it through, change what you like, start."""

    NAME = "review"
    STATION = "review"

    def __init__(self) -> None:
        super().__init__()
        self._every = False
        self._failed = ""
        self._stop = threading.Event()

    def page(self) -> ComposeResult:
        """Yield what will happen, every value, and the command line."""
        yield Page(self._top, id="top")
        yield Listing(id="values")
        yield Page(self._bottom, id="bottom")

    def opened(self) -> None:
        """Put the first value in focus."""
        super().opened()
        self.query_one(Listing).focus()

    # What is shown

    def _top(self, width: int) -> list[Content]:
        """Return title and proposal, and why it cannot start when it could not."""
        plan = self.known.plan
        lines = [place(width, (0, ink(("Review", "title"))), (-1, self._counted()))]
        lines += [] if self.tight else [Content("")]
        if plan is None:
            said = (f"{glyph('failed')} ", "bad") if self.known.trouble else ("", "label")
            return [*lines, *prose(width, said, self.known.trouble or "working it out")]
        wanted = plan.chosen.resolved.recipe
        steps = f"about {units.several(plan.steps, 'step')}"
        takes = steps if plan.pace.hours is None else f"{steps}, {units.duration(3600 * plan.pace.hours)}"
        words = prose(
            width,
            (what(wanted.method, wanted.tuning), "figure"),
            f" {between(wanted.tuning)} {foreign(name_of(wanted.base), 40)}: ",
            (takes, "figure"),
            f". It writes at most {units.size(plan.disk)}; ",
            ("enter", "enter", "review.start"),
            " starts it.",
        )
        if self.asking("start"):
            waiting = prose(width, "Looking at every row; then an engine starts.")
            words = [*waiting, *[Content("")] * (len(words) - len(waiting))]
        elif self._failed:
            words += [Content(""), *prose(width, (f"{glyph('failed')} ", "bad"), self._failed)]
        elif room := reviewing.no_room(plan):
            words += [Content(""), *prose(width, (f"{glyph('problem')} ", "warn"), room)]
        elif self.trial is not None and rewarding.outlook(self.trial)[0] == "bad":
            words += [Content(""), *rewardpage.foreseen(self.trial, width, 2)]
        elif plan.doubts:
            words += [Content(""), *prose(width, (f"{glyph('problem')} ", "warn"), " ".join(plan.doubts))]
        lines += words
        return [*lines, *[Content("")] * (0 if self.tight else 1 if self.app.size.height < _ROOMY else 2)]

    def _counted(self) -> Content:
        """Return how many values are shown."""
        if self.known.plan is None:
            return ink("")
        shown = len(self._entries())
        whole = len(reviewing.entries(self.known.plan, True))
        return ink((f"{shown} of {whole} values", "label"))

    def _rows(self) -> list[Row]:
        """Return the values under their sections."""
        rows: list[Row] = []
        section = ""
        for entry in self._entries():
            if entry.section != section:
                section = entry.section
                rows += [*([BLANK] if rows and not self.short else []), *still(ink((section, "section")))]
            rows.append(Row(entry.name, lambda width, focused, entry=entry: self._entry(width, focused, entry)))  # type: ignore[misc]
        return rows

    def _entry(self, width: int, focused: bool, entry: reviewing.Entry) -> Content:
        """Return one value."""
        note_role = "value" if focused else "accent" if entry.origin == "chosen" else "label"
        text = cut(foreign(entry.shown), _NOTE - _VALUE - 2)
        return place(
            width,
            (0, ink((entry.label, "title" if focused else "label"))),
            (_VALUE, ink((text, "title" if focused else "value"))),
            (_NOTE, ink((cut(foreign(entry.note), width - _NOTE), note_role))),
        )

    def _bottom(self, width: int) -> list[Content]:
        """Return why the focused value is as it is and what it is for, and the command line."""
        entries = {entry.name: self._about(entry, width) for entry in self._entries()}
        lines = [Content("")]
        if entries:
            # As many rows for every value, so that nothing moves with the focus.
            most = 1 if self.tight else _ABOUT_SHORT if self.short else _ABOUT
            room = min(max(map(len, entries.values())), most)
            said = entries.get(self.query_one(Listing).key, [])
            if len(said) > room:
                rest = ink(
                    (f"{glyph('cut')}  ", "label"), ("?", "key", "app.help"), (" all of it", "label", "app.help")
                )
                words = said[room - 1].plain[: width - rest.cell_length].rpartition(" ")[0]
                said = [*said[: room - 1], ink((words, "label")) + rest]
            lines += [*said, *[Content("")] * (room - len(said))]
        return [*lines, *([] if self.short else [Content("")]), self.command_line(width)]

    def _about(self, entry: reviewing.Entry, width: int) -> list[Content]:
        """Return why a value is as it is and what it is for; the value itself where its row cuts it."""
        described = recipe.FIELDS[entry.name][1]
        value = foreign(entry.shown)
        whole = "" if len(value) <= _NOTE - _VALUE - 2 else f"{value}: "
        said = (f"{whole}{self.why_so(entry.name)} ", "value"), (f"{described.help} {described.why}", "label")
        return prose(width, *said)

    def why_so(self, name: str) -> str:
        """Return why a value is as it is."""
        note = next((entry.note for entry in self._entries() if entry.name == name), "")
        return f"{note[:1].upper()}{note[1:]}." if note else ""

    def _entries(self) -> list[reviewing.Entry]:
        """Return the values that are shown."""
        return reviewing.entries(self.known.plan, self._every, self.rows) if self.known.plan is not None else []

    def rebuild(self) -> None:
        """Draw everything anew."""
        super().rebuild()
        self.query_one("#top", Page).again()
        self.query_one(Listing).fill(self._rows())
        self.query_one("#bottom", Page).again()

    def on_listing_moved(self, message: Listing.Moved) -> None:
        """Explain another value."""
        self.query_one("#bottom", Page).again()

    # What happens

    def why_not(self, action: str) -> str:
        """Return why an action cannot be done now."""
        plan = self.known.plan
        if action in ("review.start", "fit.save", "fit.edit") and plan is None:
            return self.known.trouble or "The plan is still being worked out."
        if action == "review.start":
            if self.asking("start"):
                return "It is being started."
            if lacking := self.app.downloads.lacking(self.road.base):  # type: ignore[attr-defined]
                return str(lacking)
            if plan is not None and not plan.fits:
                return " ".join((*plan.reasons[:1], *plan.remedies[:2]))
        if action == "fit.dry":
            return "" if plan is not None else "The plan is still being worked out."
        return ""

    def act_review_start(self) -> None:
        """Check everything, make the run and start it."""
        self._failed = ""
        self._stop = threading.Event()
        self.ask("start", starting.start, self.road, self._stop)
        self.rebuild()

    def act_fit_all(self) -> None:
        """Show every value, or only those that are not the usual ones."""
        self._every = not self._every
        self.rebuild()

    def act_fit_edit(self) -> None:
        """Ask for a value."""
        name = self.query_one(Listing).key
        plan = self.known.plan
        if name in ("base", "data"):
            self.say(f"Go back to the station {name.capitalize()} for that.")
        elif plan is not None and name:
            present = getattr(plan.chosen.resolved.recipe, name)
            ask_value(self, name, present, lambda value: self.settle(self.road.with_value(name, value)))

    def act_fit_reset(self) -> None:
        """Give a value back to the plan."""
        self.settle(self.road.without(self.query_one(Listing).key))

    def act_fit_dry(self) -> None:
        """Measure at the station before."""
        self.walk("fit")

    def act_fit_save(self) -> None:
        """Write the recipe to a file."""
        assert self.known.plan is not None
        save_recipe(self, self.known.plan.chosen.resolved)

    def walk(self, station: str) -> None:
        """Go to another station; a start whose checks are under way is left then."""
        if self.asking("start"):
            self.on_unmount()
            self.forget("start")
            self.say("The start is called off; no run was made.")
        super().walk(station)

    def on_unmount(self) -> None:
        """Start nothing behind the person's back."""
        self._stop.set()

    def answered(self, what: str, value: Any) -> None:
        """Go to the run that was started, or take what every station asks for."""
        super().answered(what, value)
        if what == "start":
            self.app.road = replace(self.road, run=value)  # type: ignore[attr-defined]
            self.walk("train")

    def refused(self, what: str, error: str) -> None:
        """Say why nothing was started."""
        if what == "start":
            self._failed = error
            self.rebuild()
        else:
            super().refused(what, error)
