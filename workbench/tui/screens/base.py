"""The first station: which model to start from.

Owns the station's part of the list: its proposal and going on from here. The list itself is `model_list`'s.
"""

from __future__ import annotations

from dataclasses import replace

from textual.app import ComposeResult
from textual.content import Content

from workbench.guide import road
from workbench.tui.ink import cut, ink
from workbench.tui.model_list import ModelDesk
from workbench.tui.station import Station
from workbench.tui.widgets.listing import Listing


class BaseScreen(ModelDesk, Station):
    """Choose a base."""

    NAME = "base"
    STATION = "base"
    TITLE_OF_PAGE = "Base"

    def opened(self) -> None:
        """Look for models."""
        self.begin()
        super().opened()

    def page(self) -> ComposeResult:
        """Yield the list of models."""
        yield from self.list_of_models()

    def below(self, width: int) -> list[Content]:
        """Return the command line of the road with the model in focus."""
        text = cut(road.command(self._ahead()), width - 2)
        return [Content(""), ink(("$ ", "faint", "guide.copy"), (text, "label", "guide.copy"))]

    def _ahead(self) -> road.Road:
        """Return the road as it is when the model in focus is taken."""
        return replace(self.road, base=self.listing.key or self.road.base)

    def act_guide_copy(self) -> None:
        """Copy the command line."""
        self.app.copy_to_clipboard(road.command(self._ahead()))
        self.say("The command line is copied.")

    def wanted(self) -> str:
        """Return the base of the road."""
        return self.road.base

    def take(self, reference: str) -> None:
        """Take a model and go on."""
        self.settle(replace(self.road, base=reference, toward={}))
        self.next()

    def on_listing_chosen(self, message: Listing.Chosen) -> None:
        """Take the model that was clicked twice."""
        if not self.why_not("base.choose"):
            self.act_choose()

    act_base_choose = ModelDesk.act_choose
    act_base_search = ModelDesk.act_search
    act_base_path = ModelDesk.act_path
    act_base_fits = ModelDesk.act_fits
    act_base_about = ModelDesk.act_about
