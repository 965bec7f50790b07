"""Two sheets of the chat: who answers on each side, and how answers are drawn.

Owns choosing and the refusal of values that are out of bounds. Must not know the conversation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from workbench.core import units
from workbench.core.errors import UsageError
from workbench.guide import talking
from workbench.guide.talking import GROUPS, Model
from workbench.runs.talk import BOUNDS, Settings
from workbench.tui.glyphs import glyph
from workbench.tui.ink import Piece, foreign, ink, place, prose
from workbench.tui.widgets.listing import BLANK, Listing, Row, still
from workbench.tui.widgets.over import Over
from workbench.tui.widgets.page import Page
from workbench.tui.widgets.prompt import Prompt

_LABEL, _VALUE = 18, 22
_ABOUT = {
    "system": ("system prompt", "Said to the model before the conversation; empty for none."),
    "temperature": ("temperature", "0 always takes the likeliest token; above 1 answers become odd."),
    "top_p": ("top p", "Draw from the likeliest tokens that together have this probability."),
    "top_k": ("top k", "Draw from this many likeliest tokens; 0 for all."),
    "repeat_penalty": ("repeat penalty", "Above 1 makes tokens of the text so far less likely."),
    "max_tokens": ("max tokens", "The longest answer."),
    "thinking_budget": ("thinking budget", "A longer thought is closed by force; 0 lets it end by itself."),
    "seed": ("seed", "The same for every side: same seed, conversation and model, same answer."),
}
_STEPS: dict[str, tuple[float, ...]] = {
    "temperature": (0.0, 0.2, 0.4, 0.6, 0.7, 0.8, 1.0, 1.2, 1.5),
    "top_p": (0.5, 0.8, 0.9, 0.95, 1.0),
    "top_k": (0, 1, 10, 20, 40, 64, 100),
    "repeat_penalty": (1.0, 1.05, 1.1, 1.2),
    "max_tokens": (64, 128, 256, 512, 1024, 2048, 4096),
    "thinking_budget": (0, 32, 128, 512, 1024, 2048),
}


def _bounds(name: str) -> str:
    """Return between which values a setting lies."""
    low, high = BOUNDS[name]
    return f"from {low:g} to {units.count(high) if high >= 1000 else f'{high:g}'}"


def parsed(name: str, text: str) -> float | int:
    """Return what a person typed as a value of a setting; raises UsageError with the bounds when it is none."""
    whole = isinstance(getattr(Settings(), name), int)
    try:
        value: float | int = int(text) if whole else float(text.replace(",", "."))
    except ValueError:
        kind = "a whole number" if whole else "a number"
        raise UsageError(f"{_ABOUT[name][0]} is {kind} {_bounds(name)}.") from None
    checked: dict[str, Any] = {name: value}
    Settings(**checked)
    return value


class _ListSheet(Over[Any]):
    """A sheet at the right with a title, a list, a note and keys."""

    DEFAULT_CSS = """
    _ListSheet { align: right top; }
    _ListSheet > Vertical { background: $surface; width: 78; max-width: 100%; height: 100%; padding: 1 2; }
    _ListSheet.-narrow > Vertical { width: 100%; }
    _ListSheet Page, _ListSheet Static { margin: 0 2; }
    _ListSheet #top { margin: 0 2 1 2; }
    _ListSheet Static { height: 1; }
    """
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = ()

    def compose(self) -> ComposeResult:
        """Yield what all have."""
        with Vertical():
            yield Page(self.top, id="top")
            yield Listing(id="list")
            yield Page(self.note, id="note")
            keys: list[Piece] = []
            for key, verb in self.KEYS:
                keys += [(key, "enter" if key == "enter" else "key"), (f" {verb}   ", "label")]
            yield Static(ink(*keys))

    def top(self, width: int) -> list[Content]:
        """Return title and proposal."""
        return []

    def note(self, width: int) -> list[Content]:
        """Return what is said of the row in focus."""
        return []

    def on_resize(self, event: events.Resize) -> None:
        """Cover the page where there is no room beside it."""
        self.set_class(self.app.size.width < 100, "-narrow")


class SamplingSheet(_ListSheet):
    """Temperature and the rest; handed back as (settings, system prompt)."""

    KEYS = (("enter", "type a value"), ("← →", "step"), ("backspace", "usual"), ("esc", "take it"))
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+s", "leave", "take it", show=False),
        Binding("enter", "edit", "edit", show=False),
        Binding("left,minus", "step(-1)", "less", show=False),
        Binding("right,plus", "step(1)", "more", show=False),
        Binding("backspace", "usual", "usual", show=False),
    ]

    def __init__(self, settings: Settings, system: str) -> None:
        super().__init__()
        self._settings, self._system = settings, system

    def on_mount(self) -> None:
        """Show the values."""
        self.query_one(Listing).focus()
        self._fill()

    def top(self, width: int) -> list[Content]:
        """Return title and what holds for all."""
        return [ink(("Sampling", "title")), Content(""), *prose(width, ("Both sides are asked with the same values, "
                "from the next question on.", "label"))]  # fmt: skip

    def _shown(self, name: str) -> str:
        """Return a value as it stands in its row."""
        if name == "system":
            return self._system
        value = getattr(self._settings, name)
        return units.count(value) if isinstance(value, int) and name != "seed" else f"{value:g}"

    def _fill(self) -> None:
        """Draw the rows."""
        rows = [self._row(name) for name in _ABOUT]
        self.query_one(Listing).fill([rows[0], BLANK, *rows[1:]])
        self.query_one("#note", Page).again()

    def _row(self, name: str) -> Row:
        """Return the row of one value."""

        def draw(width: int, focused: bool) -> Content:
            room = width - _LABEL - 4
            said = foreign(self._shown(name), room) or glyph("none")
            value = ink((said, "title" if focused else "value"))
            if focused and name in _STEPS:
                value = ink((f"{glyph('left')} ", "accent"), value, (f" {glyph('right')}", "accent"))
                return place(width, (0, ink((_ABOUT[name][0], "title"))), (_LABEL - 2, value))
            return place(width, (0, ink((_ABOUT[name][0], "title" if focused else "label"))), (_LABEL, value))

        return Row(name, draw)

    def note(self, width: int) -> list[Content]:
        """Return what the value in focus does, and its bounds."""
        name = self.query_one(Listing).key or "system"
        lines = prose(width, _ABOUT[name][1])
        if name in BOUNDS:
            lines += [ink((f"{_bounds(name)}, usually {getattr(Settings(), name):g}", "label"))]
        lines += [Content("")] * (4 - len(lines))
        return lines

    def on_listing_moved(self, message: Listing.Moved) -> None:
        """Say something else."""
        self.query_one("#note", Page).again()

    def on_listing_chosen(self, message: Listing.Chosen) -> None:
        """Edit the value that was clicked twice."""
        self.action_edit()

    def _take(self, name: str, value: Any) -> None:
        """Take a value."""
        if name == "system":
            self._system = value
        else:
            self._settings = replace(self._settings, **{name: value})
        self._fill()

    def action_edit(self) -> None:
        """Ask for a value."""
        name = self.query_one(Listing).key

        def take(text: str | None) -> None:
            if text is not None:
                self._take(name, text.strip() if name == "system" else parsed(name, text.strip()))

        check = None if name == "system" else lambda text: parsed(name, text.strip())
        value = self._system if name == "system" else f"{getattr(self._settings, name):g}"
        if name in ("seed", "max_tokens", "thinking_budget", "top_k"):
            value = str(getattr(self._settings, name))
        self.app.push_screen(Prompt(_ABOUT[name][0].capitalize(), _ABOUT[name][1], value, check), take)

    def action_step(self, step: int) -> None:
        """Take the next value of a usual series."""
        name = self.query_one(Listing).key
        now = getattr(self._settings, name, None)
        if name not in _STEPS or now is None:
            if name == "seed":
                self._take(name, max(0, min(self._settings.seed + step, int(BOUNDS["seed"][1]))))
            return
        ahead = [value for value in _STEPS[name] if (value > now if step > 0 else value < now)]
        if ahead:
            self._take(name, ahead[0] if step > 0 else ahead[-1])

    def action_usual(self) -> None:
        """Take the usual value."""
        name = self.query_one(Listing).key
        self._take(name, "" if name == "system" else getattr(Settings(), name))

    def action_leave(self) -> None:
        """Hand the values back."""
        assert {field.name for field in fields(Settings)} == set(BOUNDS), "every setting has its bounds"
        self.dismiss((self._settings, self._system))


class ModelsSheet(_ListSheet):
    """Who answers left and right; handed back as one or two models, None for no change."""

    KEYS = (("enter", "talk"), ("1", "left"), ("2", "right"), ("x", "one alone"), ("p", "path"), ("esc", "leave"))
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+o", "leave", "leave", show=False),
        Binding("enter", "take", "talk", show=False),
        Binding("1", "seat(0)", "left", show=False),
        Binding("2", "seat(1)", "right", show=False),
        Binding("x", "alone", "one alone", show=False),
        Binding("p", "path", "path", show=False),
    ]

    def __init__(self, models: Sequence[Model]) -> None:
        super().__init__()
        self._seats = list(models)
        self._found: list[Model] = []
        self._looking = True
        self._complaint = ""

    def on_mount(self) -> None:
        """Look for models."""
        self.query_one(Listing).focus()
        self.run_worker(self._look, thread=True, exit_on_error=False)

    def _look(self) -> None:
        """Find who can answer; runs in a thread."""
        found = talking.partners()
        self.app.call_from_thread(self._know, found)

    def _know(self, found: list[Model]) -> None:
        """Take what was found; whoever was named by a path stays in the list."""
        known = {model.reference for model in found}
        self._looking = False
        self._found = [model for model in self._seats if model.reference not in known] + found
        self._fill(self._seats[-1].reference if self._seats else "")

    def top(self, width: int) -> list[Content]:
        """Return title and who has been chosen."""
        lines = [ink(("Who answers", "title")), Content("")]
        for number, side in enumerate(("left", "right")):
            model = self._seats[number] if number < len(self._seats) else None
            said: list[Piece] = [(f"{number + 1}", "here"), "  ", (side, "label")]
            if model is None:
                lines.append(place(width, (0, ink(*said)), (10, ink(("nobody", "label")))))
                continue
            word = ink((foreign(model.word, 9), "section"))
            lines.append(place(width, (0, ink(*said)), (10, word), (20, ink(foreign(model.label)))))
        return lines

    def _fill(self, key: str | None = None) -> None:
        """Draw the list."""
        rows: list[Row] = []
        for group in GROUPS:
            members = [model for model in self._found if model.group == group]
            if members:
                rows += [*([BLANK] if rows else []), *still(ink((group, "section")))]
                rows += [self._row(model) for model in members]
        self.query_one(Listing).fill(rows, key)
        for page in self.query(Page):
            page.again()

    def _row(self, model: Model) -> Row:
        """Return the row of a model."""

        def draw(width: int, focused: bool) -> Content:
            sides = " ".join(str(n + 1) for n, seat in enumerate(self._seats) if seat.reference == model.reference)
            name = ink((foreign(model.label), "title" if focused else "value"))
            return place(
                width, (0, name), (width - 18, ink((foreign(model.word), "label"))), (-1, ink((sides, "here")))
            )

        return Row(model.reference, draw)

    def note(self, width: int) -> list[Content]:
        """Return what happens on leaving."""
        if self._looking:
            return [ink(("looking for models", "label")), Content("")]
        if self._complaint:
            return [*prose(width, (f"{glyph('failed')} ", "bad"), self._complaint), Content("")]
        return [*prose(width, ("Other models begin a new conversation.", "label")), Content("")]

    def on_listing_moved(self, message: Listing.Moved) -> None:
        """Take a complaint away."""
        self._complaint = ""
        self.query_one("#note", Page).again()

    def _focused(self) -> Model | None:
        """Return the model in focus."""
        key = self.query_one(Listing).key
        return next((model for model in self._found if model.reference == key), None)

    def action_seat(self, number: int) -> None:
        """Put the model in focus on a side."""
        model = self._focused()
        if model is None:
            return
        other = self._seats[1 - number] if len(self._seats) > 1 - number else None
        if other is not None and other.reference == model.reference:
            self._complaint = "The other side is that model already; two of the same have nothing to compare."
            self._fill()
            return
        self._complaint = ""
        if number < len(self._seats):
            self._seats[number] = model
        else:
            self._seats.append(model)
        self._fill()

    def action_alone(self) -> None:
        """Leave the model in focus alone, or the left one."""
        model = self._focused()
        self._seats = [model] if model is not None else self._seats[:1]
        self._fill()

    def action_path(self) -> None:
        """Ask for a file, a folder or a run."""

        def take(text: str | None) -> None:
            if text and text.strip():
                model = talking.model_of(text.strip())
                if all(known.reference != model.reference for known in self._found):
                    self._found.insert(0, model)
                self._fill(model.reference)

        def check(text: str) -> None:
            if text.strip():
                talking.model_of(text.strip())

        note = "A GGUF file, a model folder, a run, or bundled."
        self.app.push_screen(Prompt("Path", note, check=check), take)

    def on_listing_chosen(self, message: Listing.Chosen) -> None:
        """Put the model that was clicked twice on the right, or on the left where nobody is."""
        self.action_seat(1 if self._seats else 0)

    def action_take(self) -> None:
        """Talk with those that were chosen; with nobody chosen, with the one in focus."""
        if not self._seats and (model := self._focused()) is not None:
            self._seats = [model]
        self.dismiss(tuple(self._seats) or None)

    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss(None)
