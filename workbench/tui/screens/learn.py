"""The sheet that explains: one answer with this person's figures, a picture, a few paragraphs, facts, one thing to try.

Owns how an explanation stands on the sheet and the way from one to the next. Must not know what they say: they are
files, and their figures come with the road.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Offset
from textual.widgets import Static

from workbench.core.text import width_of
from workbench.guide import learning
from workbench.guide.learning import Topic, Tried
from workbench.guide.road import NAMES
from workbench.tui import pictures
from workbench.tui.desk import Desk
from workbench.tui.glyphs import glyph, signs
from workbench.tui.ink import Piece, cut, ink, place, prose
from workbench.tui.station import Station
from workbench.tui.widgets.listing import Listing, Row
from workbench.tui.widgets.page import Page
from workbench.tui.widgets.sheet import Sheet

_ROLE = re.compile(r"\[([-a-z0-9]+)\|([^\]]*)\]")
_SLIDE_SECONDS = 0.12
_LABEL = 12


def open_sheet(screen: Desk, topic: str = "", about: str = "") -> None:
    """Explain a topic, or else what is in focus on the page, what the page is `about`, or the page."""
    if topic:
        number = next((place for place, found in enumerate(learning.topics()) if found.id == topic), 0)
    else:
        listing = next(iter(screen.query(Listing)), None)
        number = learning.topic_of(screen.NAME, listing.key if listing is not None else "", about)
    screen.app.push_screen(LearnSheet(screen, number))


class LearnSheet(Sheet):
    """One explanation; the others are a key away."""

    DEFAULT_CSS = """
    LearnSheet Listing { height: 1fr; display: none; }
    LearnSheet.-topics Listing { display: block; }
    LearnSheet.-topics #sheet { height: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "apply", "try it", show=False),
        Binding("m", "topics", "all topics", show=False),
        Binding("right,n", "turn(1)", "next topic", show=False),
        Binding("left,p", "turn(-1)", "topic before", show=False),
        Binding("enter", "open", "open", show=False),
    ]

    def __init__(self, under: Desk, number: int) -> None:
        super().__init__("", lambda width: [])
        self._under, self._number = under, number
        self._tried: Tried | None = None
        self._known: dict[str, str] = {}

    @property
    def topic(self) -> Topic:
        """What is explained."""
        return learning.topics()[self._number]

    def compose(self) -> ComposeResult:
        """Yield the explanation, the list of all of them, and the keys."""
        self._work_out()
        with Vertical():
            yield Page(self._lines, id="sheet")
            yield Listing([self._row(place, found) for place, found in enumerate(learning.topics())])
            yield Static(self._keys(), id="keys")

    def on_mount(self) -> None:
        """Come in from the right where things may move."""
        self.query_one(Listing).disabled = True
        if self.app.animation_level == "full":
            panel = self.query_one(Vertical)
            panel.offset = Offset(16, 0)
            panel.animate("offset", Offset(0, 0), duration=_SLIDE_SECONDS, easing="out_cubic")

    # What is known

    def _work_out(self) -> None:
        """Work out the figures, and what trying would change."""
        app: Any = self.app
        road, known = app.road, app.known
        self._known = learning.figures(road, known.plan, known.base, known.card, known.glance)
        self._tried = None
        if self.topic.trial is not None and isinstance(self._under, Station):
            self._tried = learning.tried(self.topic.trial, road, known.plan, known.base, known.card, known.glance)

    # What is shown

    def _lines(self, width: int) -> list[Content]:
        """Return the explanation, or the head of the list of all."""
        topic = self.topic
        if self.has_class("-topics"):
            return [ink(("What there is to learn", "title")), Content("")]
        tight = self.app.size.height < 32
        gap = [Content("")] if tight else [Content(""), Content("")]
        lines = [self._head(width), Content("")]
        pieces = [(text, "figure" if figure else "value") for text, figure in learning.answer(topic, self._known)]
        lines += [*prose(width, *pieces), *gap]
        if picture := self._picture(width):
            lines += [*picture, *gap]
        for number, text in enumerate(topic.text):
            lines += [*([Content("")] if number else []), *prose(width, signs(learning.plain(text, self._known)))]
        return [*lines, *gap, *self._facts(width), *gap, *self._try(width)]

    def _head(self, width: int) -> Content:
        """Return the title, and where it belongs."""
        where = self._under.NAME
        station = NAMES.get(where, where.capitalize())
        right = ink((station, "label"), (f"  {glyph('right')}  ", "faint"), (self.topic.name, "label"))
        title = ink((learning.title(self.topic, self._known), "title"))
        if title.cell_length + right.cell_length + 3 > width:
            right = ink("")
        return place(width, (0, title), (-1, right))

    def _picture(self, width: int) -> list[Content]:
        """Return the picture: lines in roles, or one drawn from figures."""
        picture = self.topic.picture
        if picture in pictures.DRAWN:
            return pictures.DRAWN[picture](self.app.known.plan, self.app.known.card, min(width, 70))  # type: ignore[attr-defined]
        lines = []
        for line in picture.split("\n") if picture else ():
            text = signs(learning.plain(line, self._known))
            pieces: list[Piece] = []
            at = 0
            for found in _ROLE.finditer(text):
                pieces += [(text[at : found.start()], "label"), (found[2], found[1])]
                at = found.end()
            lines.append(ink(*pieces, (text[at:], "label")))
        return lines

    def _facts(self, width: int) -> list[Content]:
        """Return the facts: a label, values in columns, and a note where there is room."""
        topic = self.topic
        rows = [tuple(signs(learning.plain(cell, self._known)) for cell in row) for row in topic.facts]
        values = max(len(topic.head), 1)
        label = max(_LABEL, *(width_of(row[0]) + 2 for row in rows))
        starts = [label]
        for number in range(1, values + 1):
            cells = [row[number] for row in rows] + list(topic.head[number - 1 : number])
            starts.append(starts[-1] + max(map(width_of, cells)) + 3)
        noted = width - starts[-1] >= 16
        lines = []
        if topic.head:
            lines.append(
                place(width, *((starts[number], ink((text, "label"))) for number, text in enumerate(topic.head)))
            )
        for row in rows:
            pieces = [(0, ink((row[0], "label")))]
            for number in range(values):
                present = topic.head[number : number + 1] == (self._known.get("tuning"),)
                pieces.append((starts[number], ink((row[1 + number], "title" if present else "value"))))
            if noted and len(row) > 1 + values:
                pieces.append((starts[-1], ink((cut(row[1 + values], width - starts[-1]), "label"))))
            lines.append(place(width, *pieces))
        return lines

    def _try(self, width: int) -> list[Content]:
        """Return the one thing to try."""
        says = signs(learning.plain(self.topic.says, self._known))
        if self._tried is None:
            return prose(width, ("To try: ", "label"), (says, "value")) if self.topic.trial is None else []
        tried = self._tried
        return prose(
            width, ("t", "key"), (" takes ", "label"), (f"{tried.label} {tried.shown}", "section"),
            (f": {tried.change}. " if tried.change else ". ", "label"), (says, "label"),
        )  # fmt: skip

    def _row(self, number: int, topic: Topic) -> Row:
        """Return the row of a topic."""

        def draw(width: int, focused: bool) -> Content:
            title = learning.title(topic, self._known)
            name = (0, ink((topic.name, "title" if focused else "value")))
            return place(width, name, (26, ink((cut(title, width - 26), "value" if focused else "label"))))

        return Row(str(number), draw)

    def _keys(self) -> Content:
        """Return the last row."""
        listed = self.has_class("-topics")
        keys: list[Piece] = [("enter", "enter", "open"), (" open   ", "label", "open")] if listed else []
        keys += [("esc", "key", "leave"), (" close", "label", "leave")]
        if self._tried is not None and not listed:
            keys += [("   t", "key", "apply"), (f" {self._tried.label} {self._tried.shown}", "label", "apply")]
        keys += [("   m", "key", "topics"), (" back" if listed else " topics", "label", "topics")]
        if self.is_mounted and not listed and self.query_one("#sheet", Page).overflows:
            keys += [(f"   {glyph('up')} {glyph('down')}", "key"), (" scroll", "label")]
        following = learning.topics()[(self._number + 1) % len(learning.topics())]
        turn = "turn(1)"
        right = ink(("next: ", "label", turn), (following.name, "value", turn), (f" {glyph('right')}", "key", turn))
        width = self.query_one("#keys", Static).size.width if self.is_mounted else 70
        left = ink(*keys)
        roomy = not listed and left.cell_length + right.cell_length < width
        return place(width, (0, left), *([(-1, right)] if roomy else []))

    def _again(self) -> None:
        """Draw everything anew."""
        self._work_out()
        page = self.query_one("#sheet", Page)
        page.again()
        page.scroll_lines(-10_000)
        self.call_after_refresh(self._told)

    def on_resize(self, event: Any) -> None:
        """Lay the sheet out anew."""
        super().on_resize(event)
        self._again()

    # What happens

    def _listed(self, wanted: bool) -> None:
        """Show the list of all topics, or the explanation."""
        self.set_class(wanted, "-topics")
        listing = self.query_one(Listing)
        listing.disabled = not wanted
        if wanted:
            listing.go(str(self._number))
            listing.focus()
        self._again()

    def action_topics(self) -> None:
        """List all topics, or go back to the one that is open."""
        self._listed(not self.has_class("-topics"))

    def action_open(self) -> None:
        """Open the topic in focus."""
        if self.has_class("-topics"):
            self._number = int(self.query_one(Listing).key)
            self._listed(False)

    def on_listing_chosen(self, message: Listing.Chosen) -> None:
        """Open the topic that was clicked twice."""
        self.action_open()

    def action_turn(self, step: int) -> None:
        """Go to the next topic or the one before."""
        if not self.has_class("-topics"):
            self._number = (self._number + step) % len(learning.topics())
            self._again()

    def action_leave(self) -> None:
        """Close the sheet; from the list, go back to the explanation."""
        if self.has_class("-topics"):
            self._listed(False)
        else:
            self.dismiss(None)

    def action_apply(self) -> None:
        """Take the value that is proposed to be tried."""
        if self._tried is None or self.has_class("-topics") or not isinstance(self._under, Station):
            return
        tried, under = self._tried, self._under
        self.dismiss(None)
        under.settle(tried.road)
        under.say(
            f"{tried.label} is {tried.shown} now; backspace on its row of the Fit page gives it back to the plan."
        )


def titles() -> list[tuple[str, str, str]]:
    """Return (id, name, title) of every topic, for the palette."""
    return [(topic.id, topic.name, learning.title(topic, {})) for topic in learning.topics()]
