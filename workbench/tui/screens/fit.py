"""The fourth station: which tuning and which values fit, where the memory goes, and what each value follows from.

Owns the page and how a value is changed. The plan is solved anew at every key; must not do arithmetic of its own.
"""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.content import Content

from workbench.core import units
from workbench.guide import fitting, rewarding, trying
from workbench.tui import rewardpage
from workbench.tui.editing import ask_value
from workbench.tui.glyphs import glyph
from workbench.tui.ink import Piece, cut, foreign, ink, place, prose
from workbench.tui.saving import save_recipe
from workbench.tui.station import AROUND, AROUND_NARROW, Station
from workbench.tui.widgets.gauge import bar
from workbench.tui.widgets.listing import BLANK, GUTTER, Listing, Row
from workbench.tui.widgets.page import Page

_LABEL, _NOTE = 16, 36
_POINT = 17
"""Column of the decimal points of the staircase."""
_MOST_PARTS = 8
_MOST_NOTE = 34
"""Columns that the notes on parts take at most."""
_AIRY = 40
"""Rows from which on the values stand apart."""
_SIGN = {"fits": ("fits", "good"), "tight": ("tight", "warn"), "no": ("failed", "bad")}


class FitScreen(Station):
    """Change values until they are right; they are from the start."""

    NAME = "fit"
    STATION = "fit"

    def __init__(self) -> None:
        super().__init__()
        self._tried: trying.Tried | None = None
        self._phase = ""

    def page(self) -> ComposeResult:
        """Yield the proposal with its staircase, the values, and the command line."""
        yield Page(self._top, id="top")
        yield Listing(id="fields")
        yield Page(lambda width: [self.command_line(width)], id="bottom")

    def opened(self) -> None:
        """Put the first value in focus."""
        super().opened()
        self.query_one(Listing).focus()

    # What is shown

    def _top(self, width: int) -> list[Content]:
        """Return title, proposal and staircase."""
        plan = self.known.plan
        if plan is None:
            said = prose(width, (f"{glyph('failed')} ", "bad"), self.known.trouble) if self.known.trouble else []
            return [ink(("Fit", "title")), Content(""), *(said or [ink(("working it out", "label"))])]
        why = plan.chosen.resolved.provenance.values()
        presets = sorted({text.removeprefix("preset ") for text in why if text.startswith("preset ")})
        right = ink(("preset ", "label"), foreign(presets[0])) if presets else ink("")
        card = self.known.card
        assert card is not None, "there is no plan without a card"
        head = place(width, (0, ink(("Fit", "title"))), (-1, right))
        said = [*prose(width, *fitting.sentence(plan, card)), *self._warned(width)]
        if not self.short:
            return [head, Content(""), *said, Content(""), *self._staircase(width, _MOST_PARTS), Content("")]
        room = self._room - len(self._fields()) - 2
        for words, most in ((said, 6), (said, 5), (said, 4), (said, 3), ([], 6), ([], 4), ([], 3)):
            lines = [head, *words, *self._staircase(width, most)]
            if len(lines) < room:
                return [*lines, Content("")]
        return [head, *self._staircase(width, 0)]

    def _warned(self, width: int) -> list[Content]:
        """Return what a trial of the rewards warns of."""
        if self.trial is None or rewarding.outlook(self.trial)[0] == "good":
            return []
        return rewardpage.foreseen(self.trial, width, 1 if self.short else 2)

    @property
    def _room(self) -> int:
        """Rows of the page."""
        return self.app.size.height - (AROUND_NARROW if self.narrow else AROUND)

    def _staircase(self, width: int, most: int) -> list[Content]:
        """Return the parts of the memory, each beginning where the one before it ended, and the whole under them."""
        plan, card = self.known.plan, self.known.card
        assert plan is not None
        assert card is not None
        unit, name = fitting.scale(plan)
        parts = fitting.parts(plan, most) if most else []
        # A small model's parts are in another unit than the card; without them nothing else says which.
        lead = f"{name} " if name != "GiB" and not most else ""
        notes = width >= 84
        room = max(len(lead) + 16, min(_MOST_NOTE, max(22, *(len(part.note) for part in parts))) if notes else 0)
        left = 22
        long = width - left - room - 2
        whole = max(card.free, plan.chosen.memory.peak, 1)
        lines, until = [], 0
        for part in parts:
            step = bar(long, (until + part.bytes) / whole, until / whole, track=False)
            until += part.bytes
            pieces = [(0, ink((part.name, "label"))), (0, ink(fitting.amount(part.bytes, unit))), (left, step)]
            if notes:
                pieces.append((left + long + 2, ink((part.note, "label"))))
            lines.append(_decimals(width, pieces))
        if most:
            lines = [place(width, (_POINT - len(name), ink((name, "label")))), *lines]
        verdict, words = fitting.verdict(plan)
        sign, role = _SIGN[verdict]
        total = bar(long, plan.chosen.memory.peak / whole)
        limit = ink((f"{lead}of ", "label"), (fitting.amount(card.free, units.GIB), "figure"), (" GiB free", "label"))
        lines += [
            *([] if self.short else [Content("")]),
            _decimals(width, [
                (0, ink((f"{glyph(sign)} ", role), (words, "good-word" if verdict == "fits" else role))),
                (0, ink((fitting.amount(plan.chosen.memory.peak, unit), "figure"))),
                (left, total),
                (left + long + 2, limit),
            ]),
        ]  # fmt: skip
        if not self.short:
            lines.append(self._measured(width, left, long, unit, name))
        return lines

    def _measured(self, width: int, left: int, long: int, unit: int, name: str) -> Content:
        """Return the row about the dry run: what it would tell, how far it is, or what it told."""
        tried = self._tried
        if self.asking("dry"):
            said: list[Piece] = [(self._phase or "starting an engine", "value")]
            return place(width, (0, ink(("measuring", "label"))), (left, ink(*said)))
        if tried is None or tried.of != trying.key(self.known.plan):
            said = [("d", "key", "fit.dry"), (" measures a few real steps, longest batch", "label", "fit.dry")]
            pieces = [(0, ink(("measured", "label"))), (0, ink((units.NONE, "label"))), (left, ink(*said))]
            return _decimals(width, pieces)
        peak = ink((fitting.amount(tried.measured, unit), "figure"))
        pieces = [(0, ink(("measured", "label"))), (0, peak), (left, ink(*tried.said(unit, name)))]
        return _decimals(width, pieces)

    def _fields(self) -> list[fitting.Field]:
        """Return the values of the plan, none without one."""
        if self.known.plan is None:
            return []
        return fitting.fields(self.known.plan, self.rows, list(self.road.chosen))

    def _rows(self) -> list[Row]:
        """Return the values as rows: with all of their notes and air between them, as far as there is room."""
        fields = self._fields()
        width = self.query_one(Listing).size.width - GUTTER
        spare = self._room - len(self._top(width)) - len(fields) - 2
        notes = [self._notes(field, width) for field in fields]
        airy = self.app.size.height >= _AIRY and spare >= len(fields) + sum(len(lines) - 1 for lines in notes)
        rows: list[Row] = []
        for field, whole in zip(fields, notes, strict=True):
            lines = whole if len(whole) - 1 <= spare else [" ".join(whole)]
            spare -= len(lines) - 1
            rows += [*([BLANK] if rows and airy else []), *self._field(field, lines)]
        return rows

    def _notes(self, field: fitting.Field, width: int) -> list[str]:
        """Return the note on a value in lines; the short one where that is one line and the other is not."""
        said = [[line.plain for line in prose(width - _NOTE, note)] for note in field.said]
        return min(said, key=len)

    def _field(self, field: fitting.Field, notes: list[str]) -> list[Row]:
        """Return one value with its note, which is cut where it has one line and needs more."""

        def noted(width: int, focused: bool, number: int) -> tuple[int, Content]:
            return _NOTE, ink((cut(notes[number], width - _NOTE), "value" if focused else "label"))

        def first(width: int, focused: bool) -> Content:
            moves = focused and bool(field.steps)
            left, right = (f"{glyph('left')} ", f" {glyph('right')}") if moves else ("  ", "")
            strong = "title" if focused else "value"
            value = ink((left, "accent", "fit.less"), (field.shown, strong), (right, "accent", "fit.more"))
            label = ink((field.label, "title" if focused else "label"))
            return place(width, (0, label), (_LABEL - 2, value), noted(width, focused, 0))

        def further(number: int) -> Row:
            return Row("", lambda width, focused: place(width, noted(width, focused, number)), under=True)

        return [Row(field.name, first), *map(further, range(1, len(notes)))]

    def why_so(self, name: str) -> str:
        """Return why the value in focus is as it is, for the help."""
        return next(
            (f"{field.note[:1].upper()}{field.note[1:]}." for field in self._fields() if field.name == name), ""
        )

    def rebuild(self) -> None:
        """Draw everything anew."""
        super().rebuild()
        self.query_one("#top", Page).again()
        self.query_one(Listing).fill(self._rows())
        self.query_one("#bottom", Page).again()

    # What happens

    def why_not(self, action: str) -> str:
        """Return why an action cannot be done now."""
        if action in ("fit.next", "fit.dry", "fit.save") and self.known.plan is None:
            return self.known.trouble or "The plan is still being worked out."
        if action == "fit.next" and self.known.plan is not None and not self.known.plan.fits:
            return " ".join((*self.known.plan.reasons[:1], *self.known.plan.remedies[:2]))
        if action == "fit.dry" and self.asking("dry"):
            return "The dry run is under way."
        return self.rewards_why_not() if action == "method.rewards" else ""

    def act_fit_next(self) -> None:
        """Go on."""
        self.next()

    def _move(self, step: int) -> None:
        """Take the value before or after the present one of the field in focus."""
        name = self.query_one(Listing).key
        field = next((field for field in self._fields() if field.name == name), None)
        if field is None or not field.steps:
            return
        assert self.known.plan is not None
        value = fitting.moved(self.known.plan, field, step)
        if value is not None:
            self._take(name, value)

    def _take(self, name: str, value: Any) -> None:
        """Set a value."""
        assert self.known.plan is not None
        self.settle(fitting.changed(self.road, self.known.plan, name, value))

    def act_fit_less(self) -> None:
        """Take the value before."""
        self._move(-1)

    def act_fit_more(self) -> None:
        """Take the next value."""
        self._move(1)

    def act_fit_edit(self) -> None:
        """Ask for a value."""
        name = self.query_one(Listing).key
        plan = self.known.plan
        if plan is not None and name:
            present = getattr(plan.chosen.resolved.recipe, name)
            ask_value(self, name, present, lambda value: self._take(name, value))

    def act_fit_reset(self) -> None:
        """Give a value back to the plan."""
        name = self.query_one(Listing).key
        names = (name, "gradient_accumulation_steps") if name == "per_device_train_batch_size" else (name,)
        self.settle(self.road.without(*names))

    def act_fit_all(self) -> None:
        """Show every value."""
        self.next()

    def act_fit_dry(self) -> None:
        """Take a few real steps."""
        plan, base, card = self.known.plan, self.known.base, self.known.card
        assert plan is not None
        assert base is not None
        assert card is not None
        self._phase = ""
        self.ask("dry", trying.dry_run, plan, base, card, self.rows, tell=None)
        self.rebuild()

    def act_fit_save(self) -> None:
        """Write the recipe to a file."""
        assert self.known.plan is not None
        save_recipe(self, self.known.plan.chosen.resolved)

    def told(self, what: str, value: Any) -> None:
        """Show how far the dry run is."""
        self._phase = str(value)
        self.query_one("#top", Page).again()

    def answered(self, what: str, value: Any) -> None:
        """Take what was measured, or what every station asks for."""
        super().answered(what, value)
        if what == "dry":
            self._tried = value
            self.rebuild()

    def refused(self, what: str, error: str) -> None:
        """Say why nothing was measured; the plan stays."""
        if what == "dry":
            self.say(error, "error")
            self.rebuild()
        else:
            super().refused(what, error)


def _decimals(width: int, pieces: list[tuple[int, Content]]) -> Content:
    """Return a row whose figure, the second piece, stands with its decimal point at its column."""
    label, (_, figure), *rest = pieces
    column = _POINT - len(figure.plain.partition(".")[0])
    return place(width, label, (column, figure), *rest) if column > label[1].cell_length else place(width, label, *rest)
