"""The list of models, as it stands on the station Base and on a page of its own.

Owns searching, narrowing, what is told of the model in focus, and getting it. Must not know what a screen does with the
model that is chosen: that is `take`.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from textual.app import ComposeResult
from textual.content import Content
from textual.timer import Timer

from workbench.core import units
from workbench.core.errors import UsageError
from workbench.guide import choices
from workbench.guide.choices import AWAY, HUB, Choice
from workbench.tui import model_rows, settings
from workbench.tui.about import AboutSheet
from workbench.tui.getting import Getting
from workbench.tui.glyphs import glyph
from workbench.tui.ink import foreign, ink, place, prose
from workbench.tui.messages import DownloadEnded
from workbench.tui.widgets.listing import BLANK, Listing, Row, still
from workbench.tui.widgets.page import Page
from workbench.tui.widgets.prompt import Lookup
from workbench.tui.widgets.search import SearchRow

PAUSE_SECONDS = 0.7
"""After so long without another letter the hub is asked, when there are two words."""


class ModelList(Listing):
    """The list; its bar goes while somebody types."""

    shares_focus = True

    def go_to_head(self, key: str) -> None:
        """Put a row in focus, and its group's head first on the page."""
        self.go(key)
        self._top = max(0, self._at - 1)


class ModelDesk(Getting):
    """A screen with the list of models on it."""

    TITLE_OF_PAGE = "Models"

    def __init__(self) -> None:
        super().__init__()
        self._choices: tuple[Choice, ...] = ()
        self._named: tuple[Choice, ...] = ()
        """What the person named by a path or an id."""
        self._of_hub: tuple[Choice, ...] = ()
        self._hub_words: str | None = None
        """What the hub was asked for, None when it was not."""
        self._hub_trouble = ""
        self._wants_hub = False
        """Whether what the hub has is to be shown when it comes."""
        self._stop_search = threading.Event()
        self._pause: Timer | None = None
        self._proposed = ("", "")
        self._words = ""
        self._trouble = ""

    # What a screen adds

    def below(self, width: int) -> list[Content]:
        """Return what stands under everything."""
        return []

    # What is shown

    def list_of_models(self) -> ComposeResult:
        """Yield title and proposal, the search, the list, and what goes with it."""
        keys = (("enter", "ask the hub"), (glyph("down"), "list"), ("esc", "clear"))
        yield Page(self._top, id="top")
        yield SearchRow("search by name, licence or size", keys, id="search")
        yield Page(self._heads, id="heads")
        yield ModelList(id="models")
        yield Page(self._bottom, id="bottom")

    @property
    def listing(self) -> ModelList:
        """The list."""
        return self.query_one("#models", ModelList)

    @property
    def fitting(self) -> bool:
        """Whether only what fits is shown."""
        return self.app.settings.models == "fitting"  # type: ignore[attr-defined]

    def everything(self) -> list[Choice]:
        """Return all models that are known of, each once."""
        found = {choice.reference: choice for choice in (*self._of_hub, *self._choices, *self._named)}
        order = (*self._named, *self._choices, *self._of_hub)
        return [found[reference] for reference in dict.fromkeys(choice.reference for choice in order)]

    def in_focus(self) -> Choice | None:
        """Return the model in focus."""
        key = self.listing.key
        return next((choice for choice in self.everything() if choice.reference == key), None) if key else None

    def shown(self) -> list[Choice]:
        """Return the models that are asked for."""
        of_hub = {choice.reference for choice in self._of_hub}
        return [
            choice
            for choice in self.everything()
            if (choice.has(self._words) or choice.reference in of_hub)
            and not (self.fitting and choice.fits and all(fit.verdict == "no" for fit in choice.fits))
        ]

    def _top(self, width: int) -> list[Content]:
        """Return title and proposal."""
        counted = f"{units.count(len(self.shown()))} of {units.count(len(self.everything()))} models"
        if self.fitting:
            counted += ", only what fits"
        right = ink((counted if self._choices else "", "label"))
        lines = [place(width, (0, ink((self.TITLE_OF_PAGE, "title"))), (-1, right))]
        lines += [] if self.short else [Content("")]
        lines += self.proposal(width)
        return [*lines, *[Content("")] * (0 if self.tight else 1 if self.short else 2)]

    def proposal(self, width: int) -> list[Content]:
        """Return what is proposed, and why."""
        reference, why = self._proposed
        if not self._choices:
            return [ink((self._trouble or "looking for models", "label"))]
        label = next((choice.label for choice in self._choices if choice.reference == reference), reference)
        return prose(width, (foreign(label), "figure"), f" {why}")

    def _heads(self, width: int) -> list[Content]:
        """Return the row of heads."""
        return [model_rows.heads(width)] if self.short else [Content(""), model_rows.heads(width), Content("")]

    def _on_hub(self) -> list[Content]:
        """Return what is said where the hub's answer will be, or instead of it."""
        if self._hub_words is None:
            return []
        if self.asking("hub"):
            return [ink(("asking the hub", "label"))]
        if self._hub_trouble:
            width = max(40, self.listing.size.width - 2)
            return prose(width, (f"{glyph('failed')} ", "bad"), self._hub_trouble)
        local = {choice.reference for choice in self._choices}
        if not any(choice.reference not in local for choice in self._of_hub):
            more = "nothing more" if self._of_hub else "nothing"
            return [ink((f"The hub has {more} for text with safetensors that is called so.", "label"))]
        return []

    def _rows(self) -> list[Row]:
        """Return the list: groups with their heads."""
        found = model_rows.rows(self.shown(), self._on_hub())
        if not found and self._choices:
            why = "Nothing here is called so" if self._words else "Nothing fits"
            more = "; enter asks the hub for it." if self._words else "; f shows everything."
            return still(ink((why + more, "label")))
        return [row for row in found if row is not BLANK] if self.tight else found

    def _bottom(self, width: int) -> list[Content]:
        """Return the legend, what the row in focus leaves out, and what is on its way."""
        about = model_rows.detail(self.in_focus(), width)
        legend = model_rows.legend(self.card(), width)
        state = self._state(width)
        if self.tight:
            return state[:1] or legend[:1]
        if self.short:
            return [Content(""), *(state[:4] if len(state) > 1 else [about, *(state or legend)])]
        return [
            Content(""),
            *legend,
            Content(""),
            about,
            Content(""),
            *(state[:3] or [Content("")]),
            *self.below(width),
        ]

    def _state(self, width: int) -> list[Content]:
        """Return what went wrong, or how far a download is."""
        if self._trouble and self._choices:
            return prose(width, (f"{glyph('failed')} ", "bad"), self._trouble)
        if (now := self.downloads.now) is not None:
            return [model_rows.progress(now, width)]
        if self.downloads.trouble:
            return prose(width, (f"{glyph('failed')} ", "bad"), self.downloads.trouble)
        return []

    def rebuild(self) -> None:
        """Draw everything anew."""
        super().rebuild()
        self.query_one("#top", Page).again()
        self.query_one("#heads", Page).again()
        self.listing.fill(self._rows())
        self.query_one("#bottom", Page).again()
        self.foot()

    def on_listing_moved(self, message: Listing.Moved) -> None:
        """Tell of another model."""
        self._trouble = ""
        self.query_one("#bottom", Page).again()
        self.foot()

    # What is found out

    def begin(self) -> None:
        """Put the list in focus and look for models."""
        self.listing.focus()
        if (card := self.card()) is not None:
            self.ask("choices", choices.choices, card)

    def on_unmount(self) -> None:
        """Ask the hub no more."""
        self._stop_search.set()

    def answered(self, what: str, value: Any) -> None:
        """Take the list, or what the hub has, or what was named."""
        super().answered(what, value)
        card = self.card()
        if what == "card":
            self.ask("choices", choices.choices, value)
        elif what == "choices" and card is not None:
            first = not self._choices
            self._proposed = choices.propose(value, card)
            reference = self._proposed[0]
            # What is proposed stands where the person looks first.
            self._choices = tuple(
                sorted(value, key=lambda choice: choice.group == AWAY and choice.reference != reference)
            )
            self.rebuild()
            wanted = self.wanted() or reference
            if first and wanted not in self.listing.keys and wanted not in [one.reference for one in self._choices]:
                self.ask("named", choices.of_path, wanted, card)
            elif first:
                self.listing.go(wanted)
        elif what == "named":
            self._named = (value, *(choice for choice in self._named if choice.reference != value.reference))
            self._words = ""
            self.rebuild()
            self.listing.go(value.reference)
        elif what == "hub":
            self._of_hub = value
            self.rebuild()
            self._show_hub()

    def wanted(self) -> str:
        """Return the model that is to be in focus at first, "" for the one that is proposed."""
        return ""

    def refused(self, what: str, error: str) -> None:
        """Keep why something could not be found out where the page shows it."""
        if what == "hub":
            self._hub_trouble = error
        elif what in ("choices", "named"):
            self._trouble = error
        else:
            super().refused(what, error)
        self.rebuild()

    # Searching

    def on_search_row_typed(self, message: SearchRow.Typed) -> None:
        """Narrow the list at once; the hub is asked when two words have stood there for a moment."""
        if message.words == self._words:
            return
        self._words, self._wants_hub = message.words, False
        self._drop_search()
        if len(message.words.split()) > 1:
            self._pause = self.set_timer(PAUSE_SECONDS, lambda: self._search(message.words))
        self.rebuild()

    def on_search_row_wanted(self, message: SearchRow.Wanted) -> None:
        """Ask the hub, and go to the list."""
        self._wants_hub = True
        if message.words and message.words != self._hub_words:
            self._search(message.words)
        self._show_hub()
        self.listing.focus()

    def on_search_row_left(self, message: SearchRow.Left) -> None:
        """Go to the list."""
        self.listing.focus()
        self.rebuild()

    def _show_hub(self) -> None:
        """Go to what the hub has when the person asked for that."""
        found = next((choice.reference for choice in self.shown() if choice.group == HUB), "")
        if self._wants_hub and found and not self.asking("hub"):
            self._wants_hub = False
            self.listing.go_to_head(found)

    def _drop_search(self) -> None:
        """Ask the hub no more, and forget what it said."""
        if self._pause is not None:
            self._pause.stop()
        self._stop_search.set()
        self.forget("hub")
        self._of_hub, self._hub_words, self._hub_trouble = (), None, ""

    def _search(self, words: str) -> None:
        """Ask the hub."""
        card = self.card()
        if card is None or not words:
            return
        self._drop_search()
        self._hub_words, self._stop_search = words, threading.Event()
        self.ask("hub", choices.search, words, card, self._stop_search)
        self.rebuild()

    # Actions

    def why_not(self, action: str) -> str:
        """Return why an action cannot be done now."""
        verb = action.partition(".")[2]
        if verb == "cancel":
            return "" if self.downloads.now is not None else "No download is under way."
        if verb not in ("choose", "open", "about", "download"):
            return ""
        choice = self.in_focus()
        if choice is None:
            return "The list is still being made." if not self._choices else "No model is in focus."
        if verb != "about" and choice.refused:
            return f"It cannot be a base: it is {choice.refused}. Choose the original model."
        if verb == "download" and not choice.is_away:
            return "It is on this machine already."
        return ""

    def act_fits(self) -> None:
        """Show only what fits, or everything again; the choice is kept."""
        chosen = replace(self.app.settings, models="all" if self.fitting else "fitting")  # type: ignore[attr-defined]
        self.app.settings = chosen  # type: ignore[attr-defined]
        self.ask("kept", settings.save, chosen)
        self.rebuild()

    def act_search(self) -> None:
        """Let the person type."""
        self.query_one(SearchRow).enter()

    def act_path(self) -> None:
        """Ask for a folder, a run or a model of the hub."""

        def find(text: str, tell: object) -> Choice:
            if (card := self.card()) is None:
                raise UsageError("This machine has not been looked at yet; press enter again in a moment.")
            return choices.of_path(text, card)

        def take(found: Choice | None) -> None:
            if found is not None:
                self._trouble = ""
                self.answered("named", found)

        self.app.push_screen(Lookup("Path or hub id", "A folder with config.json, a run, or owner/name.", find), take)

    def act_about(self) -> None:
        """Tell everything that is known of the model in focus."""
        choice, card = self.in_focus(), self.card()
        if choice is not None and card is not None:
            self.app.push_screen(AboutSheet(choice, card))

    # Downloads

    def download_moved(self) -> None:
        """Show how far it is."""
        self.query_one("#bottom", Page).again()
        self.foot()

    def download_ended(self, message: DownloadEnded) -> None:
        """Show the model where it is now."""
        super().download_ended(message)
        card = self.card()
        if message.error or message.stopped or card is None:
            self.rebuild()
            return
        self._named = tuple(choice for choice in self._named if choice.reference != message.reference)
        self._of_hub = tuple(choice for choice in self._of_hub if choice.reference != message.reference)
        self.ask("choices", choices.choices, card)
        if message.reference not in [choice.reference for choice in self._choices]:
            self.ask("named", choices.of_path, message.reference, card)
