"""The last station: the result in a sentence, and what to do with it.

Owns the page and where each proposal leads. Must not know where the facts come from.
"""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.content import Content

from workbench.core.quantized import KINDS
from workbench.core.recipe import SCRATCH
from workbench.guide import bundling, quantizing, using
from workbench.guide.using import Finished, Next
from workbench.tui.glyphs import glyph
from workbench.tui.ink import cut, foreign, ink, lines_of, place, prose
from workbench.tui.station import Station
from workbench.tui.widgets.choose import Choose
from workbench.tui.widgets.listing import Listing, Row
from workbench.tui.widgets.page import Page
from workbench.tui.widgets.rail import Rail

_WHAT = 16
_ANSWER = 9
_MANY = 6
"""Proposals above which a short page leaves out the answers, so that reason and command line stay on it."""


class UseScreen(Station):
    """Chat, export, compare, go on."""

    NAME = "use"
    STATION = "use"
    CSS_PATH: ClassVar[str] = "use.tcss"

    def __init__(self, run: str = "") -> None:
        super().__init__()
        self._run = run
        self._found: Finished | None = None
        self._nexts: tuple[Next, ...] = ()
        self._trouble = ""

    def page(self) -> ComposeResult:
        """Yield the result, the proposals, and why the one in focus."""
        yield Page(self._top, id="top")
        yield Listing(id="nexts")
        yield Page(self._bottom, id="bottom")

    def opened(self) -> None:
        """Look at the run."""
        super().opened()
        self._run = self._run or self.road.run
        self.query_one(Listing).focus()
        if self._run:
            self.ask("finished", using.look, self._run)
        else:
            self._trouble = "No run was started on this road yet; start one at Review, or choose one with f3."
        self.rebuild()

    # What is shown

    def _top(self, width: int) -> list[Content]:
        """Return title, headline and an answer before and after."""
        name = ink((cut(foreign(self._found.run if self._found else self._run), width - 10), "label"))
        lines = [place(width, (0, ink(("Use", "title"))), (-1, name)), *([] if self.short else [Content("")])]
        found = self._found
        if found is None:
            trouble = prose(width, (f"{glyph('failed')} ", "bad"), self._trouble) if self._trouble else []
            return [*lines, *(trouble or [ink(("looking at the run", "label"))])]
        lines += prose(width, *using.headline(found))
        shown = using.example(found)
        if shown is not None and not self.tight and not (self.short and len(self._nexts) > _MANY):
            prompt, before, after = shown
            room = 1 if self.short else 2
            lines += [Content("")]
            lines += self._said("asked", prompt, width, 1, "value")
            lines += self._said("before", before, width, room, "label")
            lines += self._said("now", after, width, room, "value")
        return [*lines, Content(""), *([] if self.short else [Content("")])]

    def _said(self, head: str, text: str, width: int, most: int, role: str) -> list[Content]:
        """Return a text of the sample beside its head."""
        said = lines_of(" ".join(foreign(text).split()), width - _ANSWER, role, most)
        heads = [head, *[""] * (len(said) - 1)]
        return [place(width, (0, ink((one, "label"))), (_ANSWER, line)) for one, line in zip(heads, said, strict=True)]

    def _row(self, item: Next) -> Row:
        """Return the row of a proposal."""

        def draw(width: int, focused: bool) -> Content:
            quiet = "label" if item.not_now else "value"
            return place(
                width,
                (0, ink((item.label, "title" if focused else quiet))),
                (_WHAT, ink((cut(foreign(item.what), width - _WHAT - 20), quiet))),
                (-1, ink((item.cost, "value" if focused else "label"))),
            )

        return Row(item.key, draw)

    def _here(self) -> Next | None:
        """Return the proposal in focus."""
        key = self.query_one(Listing).key
        return next((item for item in self._nexts if item.key == key), None)

    def _bottom(self, width: int) -> list[Content]:
        """Return why, and the command line that does the same."""
        item = self._here()
        if item is None or self.tight:
            return []
        every = {one.key: prose(width, (foreign(one.not_now or one.why), "label")) for one in self._nexts}
        # As many rows for every proposal, so that nothing moves with the focus.
        said, room = every[item.key], max(map(len, every.values()))
        lines = [Content(""), *said, *[Content("")] * (room - len(said))]
        if item.command:
            text = cut(foreign(item.command), width - 2)
            lines += [ink(("$ ", "faint", "guide.copy"), (text, "label", "guide.copy"))]
        return lines

    def rebuild(self) -> None:
        """Draw everything anew."""
        super().rebuild()
        if self._found is not None:
            self.query_one(Rail).show(using.answers(self._found), self.road.reached)
        self.query_one("#top", Page).again()
        self.query_one(Listing).fill([self._row(item) for item in self._nexts])
        self.query_one("#bottom", Page).again()

    def on_listing_moved(self, message: Listing.Moved) -> None:
        """Explain another proposal."""
        self.query_one("#bottom", Page).again()
        self.foot()

    # What happens

    def answered(self, what: str, value: Any) -> None:
        """Take what was found of the run, or what every station asks for."""
        super().answered(what, value)
        if what == "finished":
            self._found, self._nexts = value, using.proposals(value)
            self.rebuild()
        elif what == "bundle":
            self.app.copy_to_clipboard(str(value))
            self.say(f"The bundle is {value}; its path is copied.")
        elif what == "quantize":
            self.app.open("run", str(value))  # type: ignore[attr-defined]

    def refused(self, what: str, error: str) -> None:
        """Say why the run cannot be used."""
        if what == "finished":
            self._trouble = error
            self.rebuild()
        elif what in ("bundle", "quantize"):
            self.say(error, "error")
        else:
            super().refused(what, error)

    def why_not(self, action: str) -> str:
        """Return why an action cannot be done now."""
        if action not in ("use.open", "guide.copy"):
            return ""
        item = self._here()
        if item is None:
            return self._trouble or "The run is still being looked at."
        if action == "guide.copy":
            return "" if item.command else "There is no command for this one."
        return item.not_now

    async def on_listing_chosen(self, message: Listing.Chosen) -> None:
        """Do what was clicked twice."""
        await self.action_act("use.open")

    def act_use_open(self) -> None:
        """Do the thing in focus."""
        item, found, app = self._here(), self._found, self.app
        assert item is not None
        assert found is not None
        base = "" if found.base == SCRATCH else found.base
        places: dict[str, tuple[str, ...]] = {
            "chat": ("chat", base, found.run, found.asks) if base else ("chat", found.run, "", found.asks),
            "export": ("export", found.run),
            "compare": ("compare", found.run, found.other),
            "prefer": ("prefer", found.run),
        }
        if item.key in places:
            app.open(*places[item.key])  # type: ignore[attr-defined]
        elif item.key == "bundle":
            self.say("The bundle is being packed.")
            self.ask("bundle", bundling.beside, found.run)
        elif item.key == "quantize":
            offered = [(kind, kind, said) for kind, said in KINDS.items()]
            app.push_screen(Choose("Form of the weights", offered, "nf4"), self._quantize)
        elif item.key == "folder":
            app.copy_to_clipboard(str(found.folder))
            self.say("The path of the folder is copied.")
        else:
            app.road = using.onward(found, item.key)  # type: ignore[attr-defined]
            app.call_later(app.go, "data")  # type: ignore[attr-defined]

    def _quantize(self, kind: str | None) -> None:
        """Start the run that makes the folder."""
        if kind is not None and self._found is not None:
            self.ask("quantize", quantizing.begun, self._found.run, kind)

    def act_guide_copy(self) -> None:
        """Copy the command line of the thing in focus."""
        item = self._here()
        assert item is not None
        self.app.copy_to_clipboard(item.command)
        self.say("The command line is copied.")

    def walk(self, station: str) -> None:
        """Go to another station; the run before this one is the run that is shown."""
        if station == "train" and self._run:
            self.app.call_later(self.app.go, "run", self._run)  # type: ignore[attr-defined]
        else:
            super().walk(station)

    def act_guide_back(self) -> None:
        """Go back to the run."""
        self.walk("train" if self._run else "review")

    def act_screen_back(self) -> None:
        """Go to the runs: the road ends here."""
        self.app.call_later(self.app.go, "runs")  # type: ignore[attr-defined]
