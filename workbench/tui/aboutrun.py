"""What the pages have in common that make something of a run: which run that is, and how such a page begins.

Owns title, crumbs, the sentence under the title and what stands there when something went wrong. Must not know what is
made.
"""

from __future__ import annotations

from typing import ClassVar

from textual.content import Content

from workbench.tui.desk import Desk
from workbench.tui.glyphs import glyph
from workbench.tui.ink import Piece, cut, foreign, ink, place, prose
from workbench.tui.widgets.listing import Listing


class AboutRun(Desk):
    """A page about a run, or a model, of which something is made."""

    TITLE_OF_PAGE: ClassVar[str] = ""
    VERB: ClassVar[str] = ""
    """What is done to a run here: "export"."""

    def __init__(self, run: str = "") -> None:
        super().__init__()
        self._run = run
        self._trouble = ""

    def crumbs(self) -> tuple[str, ...]:
        """Return the run and where this is."""
        return tuple(filter(None, (foreign(self.label, 44), self.TITLE_OF_PAGE.lower())))

    @property
    def label(self) -> str:
        """What the run or the model is called."""
        return self._run

    def opened(self) -> None:
        """Look at the run: the one that is given, or else that of the road."""
        self._run = self._run or self.app.road.run  # type: ignore[attr-defined]
        self.query_one(Listing).focus()
        if self._run:
            self.look()
        else:
            self._trouble = f"No run is chosen; go to the runs with f3 and {self.VERB} one from there."
        self.rebuild()

    def look(self) -> None:
        """Find out what can be made of the run."""
        raise NotImplementedError

    def opening(self, width: int, about: Content, *said: Piece) -> list[Content]:
        """Return title, run and what is to be known of it; then why something went wrong, or else what is said."""
        title = ink((self.TITLE_OF_PAGE, "title"), "   ", (foreign(self.label, max(width - 44, 20)), "value"))
        lines = [place(width, (0, title), (-1, about)), *self.gap()]
        if self._trouble:
            return [*lines, *prose(width, (f"{glyph('failed')} ", "bad"), foreign(self._trouble))]
        return [*lines, *prose(width, *said)]

    def gap(self) -> list[Content]:
        """Return the blank line that a short page leaves out."""
        return [] if self.short else [Content("")]

    def command_row(self, text: str, width: int) -> Content:
        """Return the command line that makes the same, cut to a width."""
        return ink(("$ ", "faint", "guide.copy"), (cut(foreign(text), width - 2), "label", "guide.copy"))

    def refused(self, what: str, error: str) -> None:
        """Say where the page stands why nothing was made."""
        self._trouble = error
        self.rebuild()
