"""The map of the road: seven stations, which are settled with what, and where the person is.

Owns its two forms, a column and a line. Is handed the answers; must not know how they were found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from textual import events
from textual.content import Content

from workbench.guide.road import NAMES, STATIONS
from workbench.tui.glyphs import glyph
from workbench.tui.ink import Piece, cut, foreign, ink, place
from workbench.tui.widgets.drawn import Drawn

WIDTH = 26
_LEAST_ROWS = 3


class Rail(Drawn):
    """The stations; a click on one that was reached goes there."""

    DEFAULT_CSS = """
    Rail { width: 26; height: 100%; text-wrap: nowrap; }
    Rail.-narrow { width: 100%; height: 1; }
    """

    def __init__(self, here: str, go: Callable[[str], None]) -> None:
        super().__init__()
        self._here = here
        self._go = go
        self._answers: Mapping[str, tuple[str, ...]] = {}
        self._reached = 0
        self._places: list[tuple[int, int, str]] = []

    def show(self, answers: Mapping[str, tuple[str, ...]], reached: int) -> None:
        """Show what is settled, and how far the road was gone."""
        self._answers, self._reached = answers, max(reached, STATIONS.index(self._here))
        self.redraw()

    def drawn(self) -> list[Content]:
        """Return the road, down or across."""
        return [self._across()] if self.has_class("-narrow") else self._down()

    def _sign(self, place_of: int) -> Piece:
        """Return the sign of a station: passed, here or ahead."""
        here = STATIONS.index(self._here)
        if place_of == here:
            return (glyph("here"), "accent")
        return (glyph("passed"), "label") if place_of < here else (glyph("ahead"), "faint")

    def _across(self) -> Content:
        """Return the road on one line."""
        pieces: list[Piece] = []
        self._places = []
        used = 0
        gap = 3 if self.size.width >= 76 else 2 if self.size.width >= 57 else 1
        for place_of, station in enumerate(STATIONS):
            name = NAMES[station]
            pieces += [self._sign(place_of), " ", (name, "title" if station == self._here else "label"), " " * gap]
            self._places.append((used, used + 2 + len(name), station))
            used += 2 + len(name) + gap
        return ink(*pieces)

    def _down(self) -> list[Content]:
        """Return the road as a column: solid through what is settled, dotted through what is ahead."""
        here = STATIONS.index(self._here)
        lines: list[Content] = []
        self._places = []
        pitch = _LEAST_ROWS if self.size.height >= _LEAST_ROWS * len(STATIONS) else 2
        for place_of, station in enumerate(STATIONS):
            name = NAMES[station]
            passed = place_of < here
            role = "title" if place_of == here else "value" if passed else "label"
            self._places.append((len(lines), len(lines), station))
            lines.append(place(WIDTH, (0, ink(self._sign(place_of))), (2, ink((name, role)))))
            if place_of == len(STATIONS) - 1:
                break
            answer = self._answers.get(station, ()) if passed else ()
            rail = ink((glyph("rail"), "label")) if passed else ink((glyph("rail-ahead"), "faint"))
            texts = (ink((cut(foreign(said), WIDTH - 4), "label")) for said in answer)
            lines += [place(WIDTH, (0, rail), (2, text)) for text in texts]
            lines += [place(WIDTH, (0, rail))] * max(1, pitch - 1 - len(answer))
        return lines

    def on_click(self, event: events.Click) -> None:
        """Go to the station that was clicked, when it was reached before."""
        at = event.x if self.has_class("-narrow") else event.y
        for first, last, station in self._places:
            if first <= at <= last and STATIONS.index(station) <= self._reached:
                self._go(station)
