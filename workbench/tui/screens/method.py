"""The third station: what is learnt from the data, of what the data allows.

Owns the list of methods and the replay share. Must not know what rows a method learns from.
"""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.content import Content

from workbench.core import recipe, units
from workbench.guide import asking, fitting, methods, smaller
from workbench.guide.fitting import Field
from workbench.guide.methods import Offer
from workbench.tui import rewardpage
from workbench.tui.glyphs import glyph
from workbench.tui.ink import cut, foreign, ink, place, prose
from workbench.tui.station import AROUND, AROUND_NARROW, Station
from workbench.tui.widgets.listing import BLANK, GUTTER, Listing, Row, still
from workbench.tui.widgets.page import Page

_TEACHES = 16
_COSTS = 50
_SHARE = "replay_share"
_VALUES = (
    "loss_type", "beta", "reward_model", "teacher", "divergence", "on_policy_share",
    "prune_layers", "prune_heads", "prune_channels", "sparsity",
)  # fmt: skip
_WIDE = 84
_TRIAL = ": what they give to right answers, to trivial ones, and to what the base answers now."
_ABOUT_LINES = 4
"""Lines that are kept for what is said of a method, so that nothing below moves."""


class MethodScreen(Station):
    """Take a method; the one the rows suggest is in focus."""

    NAME = "method"
    STATION = "method"

    def page(self) -> ComposeResult:
        """Yield the proposal, the methods, and more about the one in focus."""
        yield Page(self._top, id="top")
        yield Listing(id="methods")
        yield Page(self._bottom, id="bottom")

    def opened(self) -> None:
        """Put the method in force in focus."""
        super().opened()
        listing = self.query_one(Listing)
        listing.focus()
        listing.go(self._present())

    # What is known

    def _glance(self) -> dict[str, object] | None:
        """Return the glance at the data as the road has it, None while there is none."""
        return self.known.glance if self.known.glance_of == asking.looked_at(self.road) else None

    @property
    def _newest(self) -> dict[str, Any] | None:
        """The glance at the data with what a survey has counted, else the last glance there was."""
        return self.counted or self.known.glance

    def _offers(self) -> list[Offer]:
        """Return the methods, from the last glance: while another is taken, the list stands still."""
        return methods.offers(self._newest if self.road.data else None, self.road.base, self._judges())

    def _judges(self) -> tuple[str, ...]:
        """Return the reward models of the base's lineage, as far as they are known."""
        return self.known.judges if self.known.judges_of == self.road.base else ()

    def _teachers(self) -> tuple[str, ...]:
        """Return the runs the base may learn from, as far as they are known."""
        return self.known.teachers if self.known.teachers_of == self.road.base else ()

    def _present(self) -> str:
        """Return the method in force."""
        if "method" in self.road.chosen:
            return str(self.road.chosen["method"])
        return methods.suggested(self.known.glance) if self.known.glance is not None and self.road.data else ""

    def _fields(self) -> list[Field]:
        """Return the values of the method in force that are changed here, none while there is no plan for it."""
        plan = self.known.plan
        if plan is None or plan.chosen.resolved.recipe.method != self._present():
            return []
        chosen = list(self.road.chosen)
        return [*fitting.alignment(plan, chosen, self._judges(), self._teachers()), *smaller.fields(plan, chosen)]

    def _field(self) -> Field | None:
        """Return the value in focus, None while a method is."""
        key = self.query_one(Listing).key
        return next((field for field in self._fields() if field.name == key), None)

    def _offer(self) -> Offer | None:
        """Return the method in focus; that of a value under the methods is the one in force."""
        key = self.query_one(Listing).key
        key = self._present() if key in (_SHARE, *_VALUES) else key
        return next((offer for offer in self._offers() if offer.method == key), None)

    # What is shown

    def _top(self, width: int) -> list[Content]:
        """Return title, proposal and heads."""
        lines = [ink(("Method", "title")), *([] if self.short else [Content("")])]
        glance = self._newest
        if not self.road.data:
            said = "There is no data yet, so that nothing speaks for one of them. "
            lines += prose(width, said, ("b", "key", "guide.back"), " takes you to it.")
        elif glance is None and self.known.trouble:
            lines += prose(width, (f"{glyph('failed')} ", "bad"), foreign(self.known.trouble))
        elif glance is None:
            lines += [ink(("looking at the data", "label"))]
        else:
            best = self._offers()[0]
            evidence = f"{best.why}." if methods.beyond(glance) else methods.evidence(glance)
            evidence = f"{evidence} {methods.beyond(glance)}"
            lines += prose(width, (best.name, "figure"), f" suits these rows: {foreign(evidence)}")
        if not self.short:
            lines += [Content("")]
        heads = [(0, ink(("method", "label"))), (_TEACHES, ink(("teaches", "label")))]
        heads += [(_COSTS, ink(("costs", "label")))] if width >= _WIDE else []
        blank = [] if self.tight else [Content("")]
        return [*lines, *blank, place(width, *heads), *([] if self.short else [Content("")])]

    def _rows(self) -> list[Row]:
        """Return the methods that serve, the replay share under them where it counts, and those that do not."""
        found = self._offers()
        serving = [offer for offer in found if offer.serves]
        rows = [self._row(offer) for offer in serving]
        if self._present() == "cpt":
            rows += [*([] if self.short else [BLANK]), Row(_SHARE, self._share)]
        fields = self._fields()
        if fields:
            rows += [*([] if self.short else [BLANK]), *map(self._value, fields)]
        lacking = [offer for offer in found if not offer.serves]
        if lacking and not (self.short and fields):  # there is no room for both
            head = ink(("not with these rows", "label"))
            rows += [*([] if self.short else [BLANK, *still(head), BLANK]), *map(self._row, lacking)]
        return rows

    def _row(self, offer: Offer) -> Row:
        """Return the row of a method; one that does not serve says what it lacks."""

        def draw(width: int, focused: bool) -> Content:
            if not offer.serves:
                role = "value" if focused else "label"
                text = ink((cut(f"needs {offer.lacks}", width - _TEACHES), role))
                return place(width, (0, ink((offer.name, role))), (_TEACHES, text))
            chosen = offer.method == self._present()
            name = "title" if focused else "section" if chosen else "value"
            pieces = [
                (0, ink((offer.name, name))),
                (_TEACHES, ink((cut(offer.said.teaches, 32), "value" if focused or chosen else "label"))),
            ]
            if width >= _WIDE - 2:
                pieces.append((_COSTS, ink((cut(offer.said.costs, width - _COSTS), "value" if focused else "label"))))
            return place(width, *pieces)

        return Row(offer.method, draw)

    def _share(self, width: int, focused: bool) -> Content:
        """Return the replay share as a field."""
        share = methods.replay_share(self.road, self.known.plan)
        left, right = (f"{glyph('left')} ", f" {glyph('right')}") if focused else ("  ", "")
        shown = (units.percent(share), "title" if focused else "value")
        value = ink((left, "accent", "method.less"), shown, (right, "accent", "method.more"))
        note = cut(methods.replay_note(share), width - _TEACHES - 12)
        return place(
            width,
            (0, ink(("replay share", "title" if focused else "label"))),
            (_TEACHES - 2, value),
            (_TEACHES + 12, ink((note, "value" if focused else "label"))),
        )

    def _value(self, field: Field) -> Row:
        """Return the row of a value of the method in force."""

        def draw(width: int, focused: bool) -> Content:
            strong = "title" if focused else "value"
            left, right = (f"{glyph('left')} ", f" {glyph('right')}") if focused else ("  ", "")
            note = field.said[0]
            return place(
                width,
                (0, ink((field.label, "title" if focused else "label"))),
                (
                    _TEACHES - 2,
                    ink((left, "accent", "method.less"), (field.shown, strong), (right, "accent", "method.more")),
                ),
                (_TEACHES + 12, ink((cut(note, width - _TEACHES - 12), "value" if focused else "label"))),
            )

        return Row(field.name, draw)

    def _bottom(self, width: int) -> list[Content]:
        """Return what is to be said of the method in focus, and the command line."""
        offer = self._offer()
        if self.tight:
            return []
        lines = [Content("")]
        if offer is not None:
            field = self._field()
            name = "replay share" if self.query_one(Listing).key == _SHARE else field.label if field else offer.name
            lines += [] if self.short else [ink((name, "section")), Content("")]
            said = prose(min(width, 76), *self._about(offer))
            lines += [*said, *[Content("")] * (_ABOUT_LINES - self.short - len(said))]
            present = offer.method == self._present()
            lines.append(
                ink(("costs ", "label"), offer.said.costs)
                if width < _WIDE
                else ink((self._takes() if present else "", "label"))
            )
            if present and offer.method in recipe.REINFORCING:
                lines += [*([] if self.short else [Content("")]), *self._rewarded(width)]
        return [*lines, *([] if self.short else [Content("")]), self.command_line(width)]

    def _rewarded(self, width: int) -> list[Content]:
        """Return what a trial of the rewards says of a run, or the way to it, in as many lines either way."""
        room = 1 if self.short else 2
        if self.trial is not None:
            said = rewardpage.foreseen(self.trial, width, room)
        else:
            tries = " tries the rewards before a run" + ("." if self.short else _TRIAL)
            said = prose(width, ("r", "key", "method.rewards"), (tries, "value", "method.rewards"))
        return [*said, *[Content("")] * (room - len(said))]

    def _about(self, offer: Offer) -> list[tuple[str, str]]:
        """Return the paragraph about a method."""
        if self.query_one(Listing).key == _SHARE:
            said = (
                "Weights that only see new text lose what they knew. Text like that of the base's own training, read "
                "between yours, keeps it; 10–20 % is suggested, more slows the learning of your articles."
            )
            return [(said, "value")]
        if (field := self._field()) is not None:
            described = recipe.FIELDS[field.name][1]
            return [(f"{described.help} {described.why}", "value")]
        if not offer.serves:
            lacks = "" if self.short else f"It needs {offer.lacks}, which this data does not have. "
            return [(lacks + offer.said.about, "label")]
        more = (
            f" Here {foreign(offer.why)}."
            if offer.why and not self.short and offer.method != self._offers()[0].method
            else ""
        )
        return [(offer.said.about + more, "value")]

    def _takes(self) -> str:
        """Return what a run by the method in force takes, "" while that is not known."""
        plan = self.known.plan
        if plan is None or self._glance() is None:
            return ""
        unit, name = fitting.scale(plan)
        need = f"{fitting.amount(plan.chosen.memory.peak, unit)} {name} of memory"
        if plan.pace.hours is None:
            return f"As planned it takes {units.several(plan.steps, 'step')} and {need}."
        return f"As planned it takes about {units.duration(3600 * plan.pace.hours)} and {need}."

    def rebuild(self) -> None:
        """Draw everything anew."""
        super().rebuild()
        self.query_one("#top", Page).again()
        listing = self.query_one(Listing)
        self._make_room(listing)
        listing.fill(self._rows())
        self.query_one("#bottom", Page).again()

    def _make_room(self, listing: Listing) -> None:
        """Let the list have what the lines above and below it leave of the page; those of some methods are more."""
        width = max(40, listing.size.width - GUTTER)
        around = AROUND_NARROW if self.narrow else AROUND
        said = len(self._top(width)) + len(self._bottom(width))
        listing.styles.max_height = max(3, self.app.size.height - around - said - 1)

    # What happens

    def find_out(self) -> None:
        """Ask for what is not known, the reward models and teachers of the base's lineage among it."""
        super().find_out()
        base, known = self.road.base, self.known
        wanted = (("judges", asking.judges, known.judges_of), ("teachers", asking.teachers, known.teachers_of))
        for what, find, known_of in wanted:
            if base and known_of != base and self._sought.get(what) != base:
                self._sought[what] = base
                self.ask(what, find, base)

    def answered(self, what: str, value: Any) -> None:
        """Take what was asked for."""
        if what == "judges":
            self.learn(judges_of=value[0], judges=value[1])
            return
        if what == "teachers":
            self.learn(teachers_of=value[0], teachers=value[1])
            return
        super().answered(what, value)

    def learn(self, **facts: object) -> None:
        """Take something that was found out; the first glance puts the proposal in focus."""
        first = self.known.glance is None and facts.get("glance") is not None
        super().learn(**facts)
        if first:
            self.query_one(Listing).go(self._present())

    def on_listing_moved(self, message: Listing.Moved) -> None:
        """Tell of the method that came into focus."""
        self._make_room(self.query_one(Listing))
        self.query_one("#bottom", Page).again()
        self.foot()

    def on_listing_chosen(self, message: Listing.Chosen) -> None:
        """Take the method that was clicked twice."""
        self.call_later(self.run_action, "act('method.next')")

    def why_not(self, action: str) -> str:
        """Return why an action cannot be done now."""
        if action == "method.next":
            offer = self._offer()
            if not self.road.data:
                return "There is no data yet; go back one station and name some."
            if offer is None:
                return self.known.trouble or "The data is still being looked at."
            if not offer.serves:
                return f"{offer.name} needs {offer.lacks}; this data has none."
        if action in ("method.less", "method.more") and self.query_one(Listing).key not in (_SHARE, *_VALUES):
            return "Only values under the methods are changed so; put one in focus."
        return self.rewards_why_not() if action == "method.rewards" else ""

    def act_method_next(self) -> None:
        """Take the method in focus and go on."""
        offer = self._offer()
        assert offer is not None
        if offer.method != self._present():
            self._take(offer.method)
        self.next()

    def _take(self, method: str) -> None:
        """Take a method."""
        assert self.known.glance is not None
        self.settle(
            methods.taken(self.road, method, methods.suggested(self.known.glance), self._judges(), self._teachers())
        )

    def _move(self, step: int) -> None:
        """Take the value before or after the present one."""
        if self.query_one(Listing).key != _SHARE:
            field, plan = self._field(), self.known.plan
            value = fitting.moved(plan, field, step) if field is not None and plan is not None else None
            if field is not None and plan is not None and value is not None:
                self.settle(fitting.changed(self.road, plan, field.name, value))
            return
        share = methods.replay_share(self.road, self.known.plan)
        further = [value for value in methods.REPLAY_STEPS if (value - share) * step > 1e-9]
        if further:
            self.settle(self.road.with_value(_SHARE, min(further, key=lambda value: abs(value - share))))

    def act_method_less(self) -> None:
        """Take less of the value in focus."""
        self._move(-1)

    def act_method_more(self) -> None:
        """Take more of the value in focus."""
        self._move(1)

    def act_method_reset(self) -> None:
        """Give method and its values back to the plan."""
        self.settle(self.road.without("method", _SHARE, *_VALUES))
