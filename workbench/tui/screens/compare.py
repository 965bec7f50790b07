"""Runs beside one another: which to compare, their curves on one axis, their cards, and what the figures bear.

Owns the page and which runs are chosen. What is compared and claimed comes from the guide; must not judge a figure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from workbench.core import units
from workbench.core.curves import Series
from workbench.core.errors import WorkbenchError
from workbench.core.lifecycle import ACTIVE
from workbench.core.recipe import PUBLISHING
from workbench.guide import comparing, weighing
from workbench.guide.road import METHOD_NAMES, TUNING_NAMES, name_of
from workbench.guide.sides import MOST, Side, look, named, proposed
from workbench.runs import store
from workbench.runs.glances import Glance, Glances
from workbench.tui import cards, glyphs
from workbench.tui.desk import Desk
from workbench.tui.ink import Piece, cut, foreign, ink, place, prose
from workbench.tui.widgets.chart import Chart
from workbench.tui.widgets.listing import Listing, Row
from workbench.tui.widgets.page import Page
from workbench.tui.widgets.plot import Layer

LIVE_SECONDS = 3.0
"""How often runs that go on are read again."""
TABS = ("figures", "recipes", "answers")
_RECIPES = 1
_ROOMY = 100
"""Columns from which the list says base and steps, too."""
_AT = {"name": 2, "status": 32, "how": 43, "base": 61, "steps": -25, "result": -10, "made": -1}
"""Column of each fact of a run; those from the right end there, with room for a reward of -12.34 after the steps."""
_STATUS = {"done": "good", "failed": "bad", "lost": "bad", "stuck": "warn", "running": "accent"}


class CompareScreen(Desk):
    """Choose runs, and see them beside one another."""

    NAME = "compare"
    CSS_PATH: ClassVar[str] = "compare.tcss"

    def __init__(self, *runs: str) -> None:
        super().__init__()
        self._wanted = tuple(run for run in runs if run)[:MOST]
        self._chosen: list[str] = []
        self._glances: dict[str, Glance] = {}
        self._looked = Glances()
        self._known: dict[str, Side] = {}
        self._tab = 0
        self._by_tokens = False
        self._listed = False

    def body(self) -> ComposeResult:
        """Yield verdict, runs, curves and cards."""
        yield Page(self._top, id="top")
        yield Listing(id="runs")
        with Horizontal(id="curves"):
            yield Chart("held-out loss", id="eval")
            yield Chart("train loss, smoothed", id="train")
        yield Page(self._tabs, id="tabs")
        yield Listing(id="cards")
        yield Page(self._why, id="why")

    def opened(self) -> None:
        """Find the runs."""
        self.query_one("#runs", Listing).focus()
        self.set_interval(LIVE_SECONDS, self._again)
        self._again()

    def _again(self) -> None:
        """Look at the list again, and at chosen runs that go on."""
        if self.is_current and not self.asking("runs"):
            self.ask("runs", self._look)

    def _look(self) -> tuple[tuple[str, ...], dict[str, Glance], tuple[str, ...]]:
        """Return the runs, those that have changed, and the proposed pair; runs in a thread, one at a time."""
        order, changed = self._looked.look()
        if self._listed:
            return order, changed, ()
        runs = [changed[id].run for id in order if id in changed]
        first = self._wanted[0] if self._wanted else ""
        return order, changed, self._wanted if len(self._wanted) > 1 else proposed(runs, first)

    # What is known

    @property
    def sides(self) -> tuple[Side, ...]:
        """The chosen runs that have been read, in the order they were chosen in."""
        return named([self._known[id] for id in self._chosen if id in self._known])

    def _read(self, live: bool = False) -> None:
        """Ask for the chosen runs that are not known as they are now; with `live` for those that go on, too."""
        lacking = [
            self._glances[id].run
            for id in self._chosen
            if id not in self._known
            or self._known[id].status != self._glances[id].status
            or (live and self._known[id].status in ACTIVE)
        ]
        if lacking and not self.asking("sides"):
            self.ask("sides", _sides, lacking)

    def answered(self, what: str, value: Any) -> None:
        """Take the list, or what was read of runs."""
        if what == "runs":
            order, changed, pair = value
            known = {**self._glances, **changed}
            fresh = {id: known[id] for id in order if id in known and known[id].meta.get("method") not in PUBLISHING}
            is_new = bool(changed) or fresh.keys() != self._glances.keys() or not self._listed
            self._glances = fresh
            self._chosen = [id for id in (self._chosen or pair) if id in fresh]
            self._listed = True
            self._read(live=True)
            if is_new:
                self.rebuild()
            if pair:
                self.query_one("#runs", Listing).go(self._chosen[-1] if self._chosen else "")
        if what == "sides":
            found, errors = value
            self._known |= {side.run: side for side in found}
            for id, error in errors.items():
                self._chosen.remove(id)
                self.say(error, "error")
            self.rebuild()

    # What is shown

    def _top(self, width: int) -> list[Content]:
        """Return the title and what the figures bear."""
        counted = f"{len(self._chosen)} of {units.count(len(self._glances))} runs, at most {MOST}"
        lines = [place(width, (0, ink(("Compare", "title"))), (-1, ink((counted, "label"))))]
        if not self.short:
            lines.append(Content(""))
        room = 3 if self.narrow else 2
        said = prose(width, *self._verdict())
        lines += [*said, *[Content("")] * (room - len(said))]
        return lines if self.short else [*lines, Content(""), self._heads(width)]

    def _heads(self, width: int) -> Content:
        """Return the heads of the list of runs."""
        words = [(_AT["name"], "run"), (_AT["status"], "status"), (_AT["how"], "method")]
        if width >= _ROOMY:
            words += [(_AT["base"], "base"), (_AT["steps"], "steps")]
        words += [(_AT["result"], "held out"), (_AT["made"], "made")]
        return place(width, *((column, ink((word, "label"))) for column, word in words))

    def _verdict(self) -> tuple[Piece, ...]:
        """Return the verdict, or why there is none."""
        if not self._listed:
            return (("looking for runs", "label"),)
        if len(self._glances) < 2:
            few = "one run" if self._glances else "no run"
            return (
                f"There is {few} yet; a comparison needs two. ",
                ("f2", "key", "go.guide"),
                (" starts one.", "label"),
            )
        if any(id not in self._known for id in self._chosen):
            return (("reading the runs", "label"),)
        return (foreign(weighing.verdict(self.sides).text),)

    def _run_rows(self) -> list[Row]:
        """Return all runs, the chosen ones with the sign of their curve."""
        titles = {id: foreign(str(glance.meta.get("title", ""))) or id for id, glance in self._glances.items()}
        counts = Counter(titles.values())
        for id, title in titles.items():
            if counts[title] > 1:
                titles[id] = f"{cut(title, _AT['status'] - _AT['name'] - 7)} {id.rpartition('-')[2]}"
        return [
            Row(id, lambda width, focused, id=id: self._run(width, focused, id, titles))  # type: ignore[misc]
            for id in self._glances
        ]

    def _run(self, width: int, focused: bool, id: str, titles: Mapping[str, str]) -> Content:
        """Return one run of the list."""
        glance = self._glances[id]
        quiet = "value" if focused else "label"
        mark = cards.mark(self._chosen.index(id)) if id in self._chosen else (" ", "label")
        method, tuning, base = (foreign(str(glance.meta.get(name, ""))) for name in ("method", "tuning", "base"))
        how = f"{METHOD_NAMES.get(method, method)} {TUNING_NAMES.get(tuning, tuning)}"
        name_role = "title" if focused else "value" if id in self._chosen else "label"
        status = ink(
            (glyphs.of_status(glance.status), _STATUS.get(glance.status, "label")), (f" {glance.status}", quiet)
        )
        pieces = [(0, ink(mark)), (_AT["name"], ink((titles[id], name_role))), (_AT["status"], status)]
        pieces.append((_AT["how"], ink((how, quiet))))
        if width >= _ROOMY:
            steps = units.count(glance.step) if glance.step else units.NONE
            pieces.append((_AT["base"], ink((titles.get(base) or foreign(name_of(base)), quiet))))
            pieces.append((_AT["steps"], ink((steps, quiet))))
        day = _day(glance, self.app.now())  # type: ignore[attr-defined]
        pieces += [(_AT["result"], ink((_held_out(glance), "value"))), (_AT["made"], ink((day, quiet)))]
        return place(width, *pieces)

    def _tabs(self, width: int) -> list[Content]:
        """Return the tabs, and by what the curves are aligned."""
        line: list[Piece] = []
        for place_of, name in enumerate(TABS):
            here = place_of == self._tab
            action = f"compare.tab{place_of + 1}"
            line += [(str(place_of + 1), "here" if here else "label", action), " "]
            line += [(name, "tab" if here else "label", action), "   "]
        by = "by tokens seen" if self._by_tokens else "by step"
        return [place(width, (0, ink(*line[:-1])), (-1, ink((f"curves {by}", "label"))))]

    def _cards(self) -> list[Row]:
        """Return what the open tab shows of the chosen runs."""
        sides = self.sides
        if not sides:
            return []
        if self._tab == 0:
            return cards.figures(comparing.figures(sides), sides, self.short)
        if self._tab == _RECIPES:
            return cards.differences(comparing.differences(sides), sides)
        return cards.answers(comparing.answers(sides), sides, self.app.size.width - 6, self.short)

    def _why(self, width: int) -> list[Content]:
        """Return where the values in focus come from."""
        if self._tab != _RECIPES:
            return []
        label = self.query_one("#cards", Listing).key
        found = next((one for one in comparing.differences(self.sides) if one.label == label), None)
        if found is None:
            return []
        said: list[Piece] = [(f"{found.label}   ", "value")]
        for number, why in enumerate(found.reasons):
            if why:
                said += [cards.mark(number), (f" {foreign(why)}   ", "label")]
        return prose(width, *said)[: 1 if self.short else 2]

    def _draw(self) -> None:
        """Draw the curves."""
        sides = self.sides
        losses: list[tuple[Series, Series]] = [
            comparing.by_tokens(side) if self._by_tokens else (side.loss, side.eval if side.looks else side.rewards)
            for side in sides
        ]
        names = [cut(foreign(side.name), 18) for side in sides]
        ends = [max((series.last[0] for series in pair if series.last), default=0.0) for pair in losses]
        planned = [0.0 if self._by_tokens else float(side.steps) for side in sides]
        whole = max([*ends, *planned], default=0.0) or None
        earned = comparing.by_reward(sides)
        layers = [
            Layer(held if earned or side.looks else Series(), name, "line")
            for side, (_, held), name in zip(sides, losses, names, strict=True)
        ]
        title = "held-out reward" if earned else "held-out loss"
        self.query_one("#eval", Chart).show(layers, whole=whole, title=title)
        self.query_one("#train", Chart).show([Layer(found, "", "smooth") for found, _ in losses], whole=whole)

    def rebuild(self) -> None:
        """Draw everything anew."""
        self.query_one("#top", Page).again()
        self.query_one("#runs", Listing).fill(self._run_rows())
        self.query_one("#cards", Listing).fill(self._cards())
        self._draw()
        self.query_one("#tabs", Page).again()
        self.query_one("#why", Page).again()
        self.foot()

    def on_listing_moved(self, message: Listing.Moved) -> None:
        """Say where other values come from."""
        self.query_one("#why", Page).again()
        self.foot()

    # What happens

    def why_not(self, action: str) -> str:
        """Return why an action cannot be done now."""
        if action == "compare.choose":
            id = self.query_one("#runs", Listing).key
            if not id:
                return "There is no run to choose." if self._listed else "The runs are still being looked for."
            if id not in self._chosen and len(self._chosen) >= MOST:
                return f"At most {MOST} runs are compared at once; take one away first."
        if action == "compare.tokens" and not any(len(side.tokens) > 1 for side in self.sides):
            return "None of the chosen runs tells how many tokens it has seen."
        if action == "guide.copy" and len(self._chosen) < 2:
            return "Two runs have to be chosen for a command line."
        return ""

    def act_compare_choose(self) -> None:
        """Lay the run in focus over the others, or take it away."""
        id = self.query_one("#runs", Listing).key
        if id in self._chosen:
            self._chosen.remove(id)
        else:
            self._chosen.append(id)
        self._read()
        self.rebuild()

    def on_listing_chosen(self, message: Listing.Chosen) -> None:
        """Choose the run that was clicked twice."""
        if message.listing.id == "runs":
            self.call_later(self.run_action, "act('compare.choose')")

    def act_compare_tokens(self) -> None:
        """Draw the losses over the tokens seen, or over the steps again."""
        self._by_tokens = not self._by_tokens
        self.rebuild()

    def act_run_log(self) -> None:
        """Draw on a logarithmic scale, or a plain one again."""
        for chart in self.query(Chart):
            chart.logarithmic = not chart.logarithmic

    def act_compare_tab1(self) -> None:
        """Show the figures."""
        self._open(0)

    def act_compare_tab2(self) -> None:
        """Show in what the recipes differ."""
        self._open(1)

    def act_compare_tab3(self) -> None:
        """Show the answers."""
        self._open(2)

    def _open(self, tab: int) -> None:
        """Open a tab."""
        self._tab = tab
        self.set_class(tab == _RECIPES, "-recipes")
        self.rebuild()

    def act_compare_pane(self) -> None:
        """Put the other list in focus."""
        runs, cards = self.query_one("#runs", Listing), self.query_one("#cards", Listing)
        (cards if runs.has_focus else runs).focus()

    def act_guide_copy(self) -> None:
        """Copy the command line that prints the same."""
        self.app.copy_to_clipboard(" ".join(["workbench", "compare", *self._chosen]))
        self.say("The command line is copied.")


def _sides(runs: Sequence[store.Run]) -> tuple[list[Side], dict[str, str]]:
    """Return what was read of runs, and why of those that cannot be; runs in a thread."""
    found, errors = [], {}
    for run in runs:
        try:
            found.append(look(run))
        except WorkbenchError as error:
            errors[run.id] = str(error)
    return found, errors


def _held_out(glance: Glance) -> str:
    """Return what held-out rows say of a run; what the rows say that it trains on is left out."""
    if glance.reward is not None and not glance.of_steps:
        return f"reward {units.margin(glance.reward)}"
    if glance.accuracy is not None and not glance.of_steps:
        return f"right {units.percent(glance.accuracy)}"
    return units.loss(glance.eval_loss)


def _day(glance: Glance, now: float) -> str:
    """Return when a run was made; `now` is in seconds since the epoch."""
    try:
        made = datetime.fromisoformat(str(glance.meta.get("created", ""))).astimezone()
    except ValueError:
        return units.NONE
    return units.day(made, datetime.fromtimestamp(now).astimezone())
