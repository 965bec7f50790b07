"""All runs as trees under the bases they stem from, and what can be done with the one in focus.

Owns the list, the filter and what is said of a run in focus. Must not know files or processes: a watcher brings what
has changed, and the guide asks the runs.
"""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.content import Content
from textual.timer import Timer

from workbench.core import units
from workbench.core.curves import Series
from workbench.core.lifecycle import ACTIVE, WITH_RESULT
from workbench.guide import lineage, watching
from workbench.guide.lineage import Member
from workbench.guide.road import Road, name_of
from workbench.runs import control, exports
from workbench.runs.glances import Glance
from workbench.runs.store import Run
from workbench.tui import actions, runspage
from workbench.tui.glyphs import glyph, tree
from workbench.tui.ink import Piece, cut, foreign, ink, place
from workbench.tui.messages import RunsChanged
from workbench.tui.rundesk import RunDesk
from workbench.tui.runpage import sign
from workbench.tui.saving import open_recipe
from workbench.tui.shell import outside
from workbench.tui.watcher import RunsWatcher
from workbench.tui.widgets.footer import Footer
from workbench.tui.widgets.listing import BLANK, Listing, Row, still
from workbench.tui.widgets.page import Page
from workbench.tui.widgets.prompt import Confirm, Prompt
from workbench.tui.widgets.spark import spark

CURVE = 12
"""Columns of a small curve."""
CURVE_POINTS = 24
DETAIL_SECONDS = 0.15
"""How long a run has to be in focus before more is asked of it."""
_STATUS, _METHOD, _CURVE, _RESULT, _TIME = 36, 49, 59, 73, 93
_COLUMNS = (0, _STATUS, _METHOD, _CURVE, _RESULT, _TIME)
_ALWAYS = ("runs.new", "runs.demo", "runs.inspect", "runs.recipe", "runs.filter")


class RunsScreen(RunDesk):
    """Look through the runs."""

    NAME = "runs"
    CSS_PATH = "runs.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._order: tuple[str, ...] = ()
        self._glances: dict[str, Glance] = {}
        self._curves: dict[str, tuple[Any, str]] = {}
        self._begun: dict[str, tuple[int, float]] = {}
        self._words = ""
        self._focused: runspage.Focused | None = None
        self._looked = False
        self._timer: Timer | None = None
        self.watcher = RunsWatcher(self, CURVE_POINTS)

    # What the page is made of

    def body(self) -> ComposeResult:
        """Yield heads, list, and what is said of the run in focus."""
        yield Page(self._heads, id="heads")
        yield Listing(id="runs", ends=True)
        yield Page(self._detail, id="detail")
        yield Page(lambda width: runspage.nothing(width, self.app.size.height, self.short), id="empty")

    @property
    def empty(self) -> bool:
        """Whether there is no run."""
        return self._looked and not self._order

    def _heads(self, width: int) -> list[Content]:
        """Return title, count and heads."""
        lines, count = self._lines(), len(self._order)
        found, bases = sum(bool(line.id) for line in lines), sum(not line.id for line in lines)
        said = f"{units.count(count)} run{'s' if count != 1 else ''} on {bases} base{'s' if bases != 1 else ''}"
        said = f"{units.count(found)} of {units.count(count)}" if self._words else said
        said = said if self._looked else "looking for runs"
        words: list[Piece] = [
            ("/ ", "key", "runs.filter"),
            (self._words or "filter", "value" if self._words else "label", "runs.filter"),
        ]
        title = place(width, (0, ink(("Runs", "title"), ("   ", "label"), (said, "label"))), (-1, ink(*words)))
        at = tuple(zip((0, *runspage.narrow_columns(self.app.size.width)), ("run", "status", "result"), strict=True))
        if not self.narrow:
            at = tuple(zip(_COLUMNS, ("run", "status", "method", "curve", "result", "time"), strict=True))
        heads = place(width, *((column, ink((name, "label"))) for column, name in at))
        return [title, Content(""), heads] if self.short else [title, Content(""), heads, Content("")]

    def _members(self) -> list[Member]:
        """Return the runs that are asked for."""
        members = [
            Member(one.id, one.parent, str(one.meta.get("base", "")))
            for id in self._order
            if (one := self._glances.get(id)) is not None
        ]
        if not self._words:
            return members
        said = {
            one.id: " ".join((one.id, one.status, *(str(value) for value in one.meta.values())))
            for one in self._glances.values()
        }
        return lineage.matching(self._words, members, said)

    def _lines(self) -> list[lineage.Branch]:
        """Return the trees."""
        return lineage.trees(self._members())

    def _rows(self) -> list[Row]:
        """Return the list."""
        rows: list[Row] = []
        for line in self._lines():
            if line.id:
                rows.append(self._row(line, self._glances[line.id]))
            else:
                rows += [
                    *([BLANK] if rows and not self.short else []),
                    *still(ink((foreign(line.text, 60), "section"))),
                ]
        if not rows and self._order:
            rows = still(ink(("No run is called so. ", "value"), ("/", "key"), (" other words", "label")))
        return rows

    def _row(self, line: lineage.Branch, one: Glance) -> Row:
        """Return the row of a run."""
        before = "".join(tree(line.text[at : at + 3]) for at in range(0, len(line.text), 3))
        method = lineage.method_name(str(one.meta.get("method", ""))).removesuffix(" model")
        label, figure = watching.headline(one)
        curve, left, now = self._curve(one), self._left(one), float(self.app.now())  # type: ignore[attr-defined]

        def draw(width: int, focused: bool) -> Content:
            narrow = self.narrow
            status, at = runspage.narrow_columns(self.app.size.width) if narrow else (_STATUS, _RESULT)
            said = "title" if focused else "value"
            name = cut(lineage.short(one.id), status - 2 - len(before))
            pieces: list[tuple[int, Content]] = [
                (0, ink((before, "faint"), (name, said))),
                (status, ink(sign(one.status), " ", (one.status, said))),
            ]
            room = width - at if narrow else _TIME - _RESULT - 2
            result = ink((f"{label:<7}", "label"), (figure, said)) if label else ink(
                (cut(figure, room), "bad" if one.status == "failed" else "label")
            )  # fmt: skip
            if narrow:
                return place(width, *pieces, (at, result))
            quiet = "value" if focused else "label"
            pieces += [
                (_METHOD, ink((cut(method, 9), quiet))),
                (_CURVE, ink((curve, "accent" if focused else "label"))),
                (at, result),
                (_TIME, ink((runspage.time_of(one, left), quiet))),
                (-1, ink((runspage.date_of(one, now), quiet))),
            ]
            return place(width, *pieces)

        return Row(one.id, draw)

    def _left(self, one: Glance) -> float | None:
        """Return about how long a run still takes, from how fast it has gone since it was seen first."""
        step, t = self._begun.setdefault(one.id, (one.step, one.t))
        if step > one.step or not step:
            step, t = self._begun[one.id] = (one.step, one.t)
        if one.status != "running" or one.step <= step or one.t <= t:
            return None
        return (one.steps - one.step) * (one.t - t) / (one.step - step)

    def _curve(self, one: Glance) -> str:
        """Return the small curve of a run, made once for the points it has."""
        key = (one.curve, one.step if one.status in ACTIVE else 0, one.steps)
        known = self._curves.get(one.id)
        if known is None or known[0] != key:
            series = Series()
            for x, y in one.curve:
                series.append(x, y)
            share = min(1.0, one.step / one.steps) if one.steps else 1.0
            known = self._curves[one.id] = (key, spark(series, CURVE, share))
        return known[1]

    # What is said of the run in focus

    def _detail(self, width: int) -> list[Content]:
        """Return the path of the run in focus, what it learns, its recipe, its health, and what comes then."""
        one = self._here()
        if one is None:
            return [Content("")] * (2 if self.short else 6)
        members = {member.id: member for member in self._members()}
        path: list[Piece] = [(foreign(self._root(one.id, members), 40), "label")]
        for id in lineage.ancestors(one.id, members):
            path += [(f"  {glyph('arrow')}  ", "faint"), (lineage.short(id), "label")]
        path += [(f"  {glyph('arrow')}  ", "faint"), ("this run", "value")]
        lines = [place(width, (0, ink((lineage.short(one.id), "title"), ("   ", "label"), *path)))]
        known = self._focused if self._focused is not None and self._focused.detail.run == one.id else None
        then = runspage.then(one)
        if self.short:
            said = ink((known.verdict.text if known is not None else "", "label")) if one.status != "failed" else then
            return [*lines, place(width, (0, said))]
        return [*lines, Content(""), *runspage.described(known, then, width)]

    def _root(self, id: str, members: dict[str, Member]) -> str:
        """Return what the base is called that a run's oldest ancestor began with."""
        oldest = [*lineage.ancestors(id, members), id][0]
        return lineage.short(name_of(members[oldest].base)) if oldest in members else ""

    def rebuild(self) -> None:
        """Draw everything anew."""
        self.set_class(self.empty, "-empty")
        self.set_class(not self.short, "-tall")
        self.query_one(Listing).fill(self._rows())
        for name in ("heads", "detail", "empty"):
            self.query_one(f"#{name}", Page).again()
        self.query_one(Footer).show(self._keys())

    def _keys(self) -> list[actions.Action]:
        """Return the actions for the footer."""
        if self.empty:
            return [actions.BY_ID[id] for id in runspage.OF_NONE]
        one = self._here()
        out = "run.pause" if one is not None and one.status in ("paused", "stopped", "failed", "lost") else "run.resume"
        names = ["runs.open", "runs.new", "run.pause", "run.resume", "runs.duplicate", "run.compare", "runs.discard"]
        return [actions.BY_ID[name] for name in names if name != out]

    # What comes in

    def opened(self) -> None:
        """Watch all runs."""
        self.query_one(Listing).focus()
        self.watcher.start()

    def on_unmount(self) -> None:
        """Watch no more."""
        self.watcher.stop()

    def on_screen_suspend(self) -> None:
        """Rest while another page is in front."""
        self.watcher.hold()

    def on_screen_resume(self) -> None:
        """Go on watching."""
        self.watcher.go()

    def on_runs_changed(self, message: RunsChanged) -> None:
        """Take what has changed."""
        order, changed = self.watcher.take()
        # The first look is told of even when it found no run: then the page says so.
        seen, self._looked = self._looked, True
        known = self._glances
        same = seen and order == self._order and all(
            id in known and known[id].parent == one.parent for id, one in changed.items()
        )  # fmt: skip
        self._order = order
        self._glances = {id: one for id, one in {**self._glances, **changed}.items() if id in set(order)}
        self.rebuild() if not same or self._words else self._renew(changed)
        here = self._here()
        if here is not None and (here.id in changed or self._focused is None):
            self._ask_more()

    def _renew(self, changed: dict[str, Glance]) -> None:
        """Draw the rows anew that have changed."""
        self.query_one(Listing).fill(self._rows())
        if self.query_one(Listing).key in changed:
            self.query_one("#detail", Page).again()
            self.query_one(Footer).show(self._keys())

    def _here(self) -> Glance | None:
        """Return the run in focus."""
        key = self.query_one(Listing).key
        if self._words and all(line.id != key for line in self._lines()):
            return None
        return self._glances.get(key)

    def on_listing_moved(self, message: Listing.Moved) -> None:
        """Say something of another run."""
        self.query_one("#detail", Page).again()
        self.query_one(Footer).show(self._keys())
        self._ask_more()

    def on_listing_chosen(self, message: Listing.Chosen) -> None:
        """Open the run that was clicked twice."""
        self.act_runs_open()

    def _ask_more(self) -> None:
        """Ask for more of the run in focus, once it stays there."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(DETAIL_SECONDS, self._ask_detail)

    def _ask_detail(self) -> None:
        """Ask for more of the run in focus."""
        if (one := self._here()) is not None:
            beside = [
                other.run
                for id in self._order
                if (other := self._glances[id]).id != one.id
                and (other.parent, other.meta.get("base")) == (one.parent, one.meta.get("base"))
            ]
            self.ask("detail", runspage.look_at, one.run, beside[:3], one.status)

    def answered(self, what: str, value: Any) -> None:
        """Take an answer."""
        if what == "detail":
            self._focused = value
            self.query_one("#detail", Page).again()
        elif what in ("duplicate", "recipe"):
            self.app.road = value  # type: ignore[attr-defined]
            self.app.call_later(self.app.go, "review")  # type: ignore[attr-defined]

    # Actions

    def why_not(self, action: str) -> str:
        """Return why an action cannot be done now."""
        if not action.startswith(("run.", "runs.")) or action in _ALWAYS or (action == "runs.open" and self.empty):
            return ""
        one = self._here()
        if one is None:
            return "There is no run yet; enter starts at the first station." if self.empty else "No run is in focus."
        result = one.status in WITH_RESULT
        return self.why_not_run(action, one.status, result, str(one.meta.get("method", "")))

    def meant(self) -> Run | None:
        """Return the run in focus."""
        one = self._here()
        return one.run if one is not None else None

    def meant_meta(self) -> dict[str, Any]:
        """Return what is written down of the run in focus."""
        one = self._here()
        return dict(one.meta) if one is not None else {}

    def act_runs_open(self) -> None:
        """Open the run in focus, or the road where there is none."""
        one = self._here()
        app: Any = self.app
        if one is not None:
            page = "export" if one.meta.get("method") == exports.METHOD else "run"
            app.call_later(app.open, page, one.id)
        elif self.empty:
            app.call_later(app.go, "base")

    def act_runs_new(self) -> None:
        """Start at the first station."""
        app: Any = self.app
        app.road = Road()
        app.call_later(app.go, "base")

    def act_runs_inspect(self) -> None:
        """Look at data without starting anything."""
        self.app.call_later(self.app.go, "data")  # type: ignore[attr-defined]

    def act_runs_recipe(self) -> None:
        """Ask for a recipe's file and read it through."""
        open_recipe(self)

    def act_runs_demo(self) -> None:
        """Leave the screen for the demo, which is one of the command line."""
        outside(self, "demo")

    def act_runs_duplicate(self) -> None:
        """Begin anew with the recipe of the run in focus."""
        if (one := self._here()) is not None:
            self.ask("duplicate", watching.duplicate, one.run)

    def act_runs_filter(self) -> None:
        """Ask for words."""

        def take(words: str | None) -> None:
            if words is not None:
                self._words = words.strip()
                self.rebuild()

        self.app.push_screen(Prompt("Filter", "Words of the name, base, method or status.", self._words), take)

    def act_screen_back(self) -> None:
        """Show every run again; with no words there is nothing to leave for."""
        words, self._words = self._words, ""
        self.rebuild() if words else super().act_screen_back()

    def act_runs_discard(self) -> None:
        """Delete the run in focus, once that is confirmed."""
        one = self._here()
        if one is None:
            return

        def take(yes: bool | None) -> None:
            if yes:
                self.ask("discard", control.discard, one.run)

        name = lineage.short(one.id)
        lines = ("Its checkpoints, its result and its figures are deleted; nothing brings them back.",)
        self.app.push_screen(Confirm(f"Discard {name}", lines, "delete it"), take)
