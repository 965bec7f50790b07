"""The models: what is on this machine, what can be had, and getting it.

Owns the page. The list itself is `model_list`'s.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from workbench.core import units
from workbench.guide import asking
from workbench.tui.ink import ink
from workbench.tui.model_list import ModelDesk
from workbench.tui.widgets.listing import Listing


class ModelsScreen(ModelDesk):
    """All models."""

    NAME = "models"
    DEFAULT_CSS = """
    ModelsScreen #page { max-width: 112; }
    ModelsScreen #page Page { margin-left: 2; }
    """

    def body(self) -> ComposeResult:
        """Yield the list of models."""
        with Vertical(id="page"):
            yield from self.list_of_models()

    def opened(self) -> None:
        """Ask for the card when nobody has yet."""
        self.begin()
        if self.card() is None:
            self.ask("card", asking.card, self.app.look)  # type: ignore[attr-defined]

    def answered(self, what: str, value: Any) -> None:
        """Keep the card where every screen finds it."""
        if what == "card":
            self.app.known = replace(self.app.known, card=value)  # type: ignore[attr-defined]
        super().answered(what, value)

    def proposal(self, width: int) -> list[Content]:
        """Return how many there are of which kind."""
        if not self._choices:
            return super().proposal(width)
        here = sum(1 for choice in self.everything() if not choice.is_away)
        get = ("d", "key", "models.download")
        return [ink((units.count(here), "figure"), " on this machine; ", get, " brings others here.")]

    def take(self, reference: str) -> None:
        """Begin the road with a model."""
        self.app.road = replace(self.app.road, base=reference)  # type: ignore[attr-defined]
        self.app.call_later(self.app.go, "data")  # type: ignore[attr-defined]

    def on_listing_chosen(self, message: Listing.Chosen) -> None:
        """Take the model that was clicked twice."""
        if not self.why_not("models.open"):
            self.act_choose()

    act_models_open = ModelDesk.act_choose
    act_models_search = ModelDesk.act_search
    act_models_path = ModelDesk.act_path
    act_models_fits = ModelDesk.act_fits
    act_models_about = ModelDesk.act_about
