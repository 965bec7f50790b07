"""A station of the road: rail at the left, the station's page beside it, and the way to its neighbours.

Owns what all stations share, and keeps what is known of the road up to date: facts of the base, a glance at the data,
the plan. Must not know what a single station shows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content

from workbench.core.derive import Rows
from workbench.core.errors import WorkbenchError
from workbench.core.plan import Base, Card, Plan
from workbench.core.recipe import REINFORCING
from workbench.guide import road as guide_road
from workbench.guide.road import STATIONS, Road
from workbench.tui.desk import Desk
from workbench.tui.ink import cut, ink
from workbench.tui.widgets.rail import Rail

AROUND, AROUND_NARROW = 4, 5
"""Rows that header, margins, footer and the narrow rail take from a station's page."""


@dataclass(frozen=True)
class Known:
    """What has been found out about the road; None where nothing has yet."""

    card: Card | None = None
    base: Base | None = None
    base_of: str = ""
    """The reference that `base` describes."""
    glance: dict[str, Any] | None = None
    glance_of: tuple[Any, ...] = ()
    """What was looked at: data, method, format, columns."""
    judges: tuple[str, ...] = ()
    """Runs that made reward models of the base's lineage."""
    judges_of: str | None = None
    """The base they were looked for, None while nobody has."""
    teachers: tuple[str, ...] = ()
    """Runs of the base's lineage that it may learn from by distillation."""
    teachers_of: str | None = None
    """The base they were looked for, None while nobody has."""
    survey: dict[str, Any] | None = None
    survey_of: tuple[Any, ...] = ()
    preview: dict[str, Any] | None = None
    """How the base reads the first rows of the data."""
    preview_of: tuple[Any, ...] = ()
    trial: dict[str, Any] | None = None
    """What rewards gave to answers of the base."""
    trial_of: Any = None
    """What was tried, a `guide.rewarding.Wish`."""
    plan: Plan | None = None
    trouble: str = ""
    """Why there is no plan."""


class Station(Desk):
    """One of the seven."""

    STATION: ClassVar[str] = ""

    @property
    def road(self) -> Road:
        """What has been settled."""
        return self.app.road  # type: ignore[attr-defined]

    @property
    def known(self) -> Known:
        """What has been found out."""
        return self.app.known  # type: ignore[attr-defined]

    def settle(self, road: Road) -> None:
        """Take a change of the road and re-solve what follows from it."""
        self.app.road = road  # type: ignore[attr-defined]
        self.find_out()
        self.solve()
        self.rebuild()

    def learn(self, **facts: Any) -> None:
        """Take something that was found out."""
        self.app.known = replace(self.known, **facts)  # type: ignore[attr-defined]
        self.solve()
        self.rebuild()

    def crumbs(self) -> tuple[str, ...]:
        """Return no crumbs: the rail says where this is."""
        return ()

    def body(self) -> ComposeResult:
        """Yield the rail and the page beside it."""
        with Horizontal(id="road"):
            yield Rail(self.STATION, self.walk)
            with Vertical(id="station"):
                yield from self.page()

    def page(self) -> ComposeResult:
        """Yield what is on the station's page."""
        return iter(())

    def opened(self) -> None:
        """Remember that the station was reached, and find out what is lacking."""
        from workbench.guide import asking

        self._sought: dict[str, Any] = {}
        self.ask("card", asking.card, self.app.look)  # type: ignore[attr-defined]  # what is free changes
        place = STATIONS.index(self.STATION)
        self.app.road = replace(self.road, reached=max(self.road.reached, place))  # type: ignore[attr-defined]
        self.find_out()
        self.solve()
        self.rebuild()

    def on_screen_resume(self) -> None:
        """Show what another page, which lay over this one, has changed of the road."""
        if self.is_mounted and self.query(Rail):
            self.rebuild()

    def rebuild(self) -> None:
        """Draw rail and footer anew; a station adds its own."""
        rail = self.query_one(Rail)
        rail.set_class(self.narrow, "-narrow")
        rail.show(guide_road.answers(self.road, self.known.glance, self.known.plan), self.road.reached)
        self.foot()

    def command_line(self, width: int, verb: str = "train") -> Content:
        """Return the command line that does the same, cut to a width."""
        text = cut(guide_road.command(self.road, verb), width - 2)
        return ink(("$ ", "faint", "guide.copy"), (text, "label", "guide.copy"))

    # What follows from the road

    def find_out(self) -> None:
        """Ask for what is not known of the road as it is now; what is asked already, or was refused, is left."""
        from workbench.guide import asking

        if self.road.base and self.known.base_of != self.road.base and self._sought.get("base") != self.road.base:
            self._sought["base"] = self.road.base
            self.ask("base", asking.facts, self.road.base)
        wanted = asking.looked_at(self.road)
        if self.road.data and self.known.glance_of != wanted and self._sought.get("glance") != wanted:
            self._sought["glance"] = wanted
            self.ask("glance", asking.glance, self.road)

    def answered(self, what: str, value: Any) -> None:
        """Take what was asked for."""
        if what == "card":
            self.learn(card=value)
        elif what == "base":
            reference, facts = value
            self.learn(base=facts, base_of=reference)
        elif what == "glance":
            looked_at, found = value
            self.learn(glance=found, glance_of=looked_at)

    def refused(self, what: str, error: str) -> None:
        """Keep why something could not be found out where the page shows it."""
        self.learn(trouble=error)

    def solve(self) -> None:
        """Make the plan of the road as it is now, from what is known."""
        from workbench.guide import asking

        known = self.known
        plan, trouble = None, known.trouble
        if known.card is not None and known.base is not None and known.base_of == self.road.base:
            glance = self.counted
            if glance is not None:
                try:
                    plan, trouble = asking.plan(self.road, known.base, known.card, glance), ""
                except WorkbenchError as error:
                    from workbench.guide.fitting import in_words

                    trouble = in_words(str(error))
        self.app.known = replace(known, plan=plan, trouble=trouble)  # type: ignore[attr-defined]

    @property
    def counted(self) -> dict[str, Any] | None:
        """The glance at the road's data, with the number of rows a survey has counted; None while there is none."""
        from workbench.guide import asking, lengths

        known, wanted = self.known, asking.looked_at(self.road)
        if known.glance is None or known.glance_of != wanted:
            return None
        return lengths.settled(known.glance, known.survey if known.survey_of == wanted else None)

    @property
    def rows(self) -> Rows | None:
        """How long the road's rows are in tokens of its base: counted where a preview has, estimated before."""
        from workbench.guide import asking, previewing

        known, glance = self.known, self.counted
        base = known.base if known.base_of == self.road.base else None
        preview = known.preview if previewing.reads_alike(known.preview_of, self.road) else None
        return asking.rows(glance, base, preview)

    @property
    def trial(self) -> dict[str, Any] | None:
        """The trial of just the rewards, rows and base of the plan; None while there is none, or no need of one."""
        plan = self.known.plan
        if plan is None or self.known.trial is None or plan.chosen.resolved.recipe.method not in REINFORCING:
            return None
        from workbench.guide import rewarding

        return self.known.trial if self.known.trial_of == rewarding.of_recipe(plan.chosen.resolved.recipe) else None

    # The way

    def walk(self, station: str) -> None:
        """Go to another station."""
        name = "run" if station == "train" else station
        given = (self.road.run,) if station == "train" else ()
        self.app.call_later(self.app.go, name, *given)  # type: ignore[attr-defined]

    def next(self) -> None:
        """Go to the next station."""
        self.walk(STATIONS[STATIONS.index(self.STATION) + 1])

    def rewards_why_not(self) -> str:
        """Return why there are no rewards to choose, "" when there are."""
        plan = self.known.plan
        if plan is None:
            return self.known.trouble or "The plan is still being worked out."
        method = plan.chosen.resolved.recipe.method
        return "" if method in REINFORCING else f"Rewards are what grpo and ppo learn from; this is {method}."

    def act_method_rewards(self) -> None:
        """Choose what answers are rewarded by, and try it."""
        self.app.open("rewards")  # type: ignore[attr-defined]

    def act_guide_back(self) -> None:
        """Go to the station before."""
        self.walk(STATIONS[max(0, STATIONS.index(self.STATION) - 1)])

    def act_screen_back(self) -> None:
        """Leave the road for the station before, or for the runs from the first one."""
        if STATIONS[0] == self.STATION:
            self.app.call_later(self.app.go, "runs")  # type: ignore[attr-defined]
        else:
            self.act_guide_back()

    def act_guide_copy(self) -> None:
        """Copy the command line."""
        self.app.copy_to_clipboard(guide_road.command(self.road))
        self.say("The command line is copied.")

    def act_guide_why(self) -> None:
        """Explain the idea behind the station."""
        from workbench.tui.screens.learn import open_sheet

        open_sheet(self)
