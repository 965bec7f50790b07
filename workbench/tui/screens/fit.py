"""The fourth station: which tuning and which values fit, where the memory goes, and what each value follows from.

Owns the page and how a value is changed. The plan is solved anew at every key; must not do arithmetic of its own.
"""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.content import Content

from workbench.core import units
from workbench.guide import asking, fitting, trying
from workbench.tui.glyphs import glyph
from workbench.tui.ink import Piece, cut, foreign, ink, place, prose
from workbench.tui.saving import save_recipe
from workbench.tui.station import Station
from workbench.tui.widgets.gauge import bar
from workbench.tui.widgets.listing import BLANK, Listing, Row
from workbench.tui.widgets.page import Page
from workbench.tui.widgets.prompt import Prompt

_LABEL, _NOTE = 16, 36
_ROOM_FOR_WORDS = 27
"""Rows from which on a short page has room for the sentence, too."""
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
            head = [place(width, (0, ink(("Fit", "title")))), Content("")]
            if self.known.trouble:
                return [*head, *prose(width, (f"{glyph('failed')} ", "bad"), self.known.trouble)]
            return [*head, ink(("working it out", "label"))]
        why = plan.chosen.resolved.provenance.values()
        presets = sorted({text.removeprefix("preset ") for text in why if text.startswith("preset ")})
        right = ink(("preset ", "label"), foreign(presets[0])) if presets else ink("")
        lines = [place(width, (0, ink(("Fit", "title"))), (-1, right)), Content("")]
        card = self.known.card
        assert card is not None, "there is no plan without a card"
        said = prose(width, *fitting.sentence(plan, card))
        if not self.short:
            lines += [*said, Content(""), Content("")]
        elif self.app.size.height >= _ROOM_FOR_WORDS:
            lines += [*said, Content("")]
        lines += self._staircase(width)
        if not self.short:
            lines += [Content("")]
        return lines

    def _staircase(self, width: int) -> list[Content]:
        """Return the parts of the memory, each beginning where the one before it ended, and the whole under them."""
        plan, card = self.known.plan, self.known.card
        assert plan is not None
        assert card is not None
        unit, name = fitting.scale(plan)
        notes = width >= 84
        left = 22
        long = width - left - (24 if notes else 22)
        whole = max(card.free, plan.chosen.memory.peak, 1)
        lines, until = [], 0
        for part in fitting.parts(plan, 6 if self.short else 8):
            step = bar(long, (until + part.bytes) / whole, until / whole, track=False)
            until += part.bytes
            pieces = [(0, ink((part.name, "label"))), (0, ink(fitting.amount(part.bytes, unit))), (left, step)]
            if notes:
                pieces.append((left + long + 2, ink((part.note, "label"))))
            lines.append(_decimals(width, pieces))
        verdict, words = fitting.verdict(plan)
        sign, role = _SIGN[verdict]
        total = bar(long, plan.chosen.memory.peak / whole)
        free = fitting.amount(card.free, units.GIB)
        limit = ink((f"{name} of " if name != "GiB" else "of ", "label"), (free, "figure"), (" GiB free", "label"))
        lines += [
            Content(""),
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
        rows = asking.rows(self.known.glance, self.known.base)
        return fitting.fields(self.known.plan, rows, list(self.road.chosen))

    def _rows(self) -> list[Row]:
        """Return the values as rows, with air between them where there is room."""
        rows: list[Row] = []
        for field in self._fields()[: 7 if self.short else None]:
            rows += [BLANK] if rows and self.size.height >= 40 else []
            rows.append(Row(field.name, lambda width, focused, field=field: self._field(width, focused, field)))  # type: ignore[misc]
        return rows

    def _field(self, width: int, focused: bool, field: fitting.Field) -> Content:
        """Return one value with its note."""
        moves = focused and bool(field.steps)
        left, right = (f"{glyph('left')} ", f" {glyph('right')}") if moves else ("  ", "")
        strong = "title" if focused else "value"
        value = ink((left, "accent", "fit.less"), (field.shown, strong), (right, "accent", "fit.more"))
        note = f"your choice; {field.note}" if field.chosen else field.note
        return place(
            width,
            (0, ink((field.label, "title" if focused else "label"))),
            (_LABEL - 2, value),
            (_NOTE, ink((cut(note, width - _NOTE), "value" if focused else "label"))),
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
        return ""

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
        from workbench.core import recipe

        name = self.query_one(Listing).key
        plan = self.known.plan
        if plan is None or not name:
            return
        _, described = recipe.FIELDS[name]
        present = getattr(plan.chosen.resolved.recipe, name)
        note = f"{described.help} {described.why}"

        def take(text: str | None) -> None:
            if text is not None:
                self._take(name, text)

        value = f"{present:g}" if isinstance(present, float) else str(present)
        title = f"{described.label} ({name})"
        self.app.push_screen(Prompt(title, note, value, lambda text: recipe.checked({name: text})), take)

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
        self.ask("dry", trying.dry_run, plan, base, card, asking.rows(self.known.glance, base), tell=None)
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
    """Return a row whose figure, the second piece, stands with its decimal point at column 17."""
    label, (_, figure), *rest = pieces
    column = 17 - len(figure.plain.partition(".")[0])
    return place(width, label, (column, figure), *rest) if column > label[1].cell_length else place(width, label, *rest)
