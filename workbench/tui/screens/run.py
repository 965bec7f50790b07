"""The sixth station and the page of every run: what it does right now, how well, and what can be asked of it.

Owns the page, its pace and the questions before something is hard to undo. Must not know files or processes: a watcher
brings what is new, and the guide asks the run.
"""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Grid, Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer

from workbench.core import curves, health, units
from workbench.core.health import Verdict
from workbench.guide import aligning, lineage, watching
from workbench.guide.aligning import LOSS, RATE, Picture
from workbench.guide.watching import Limits
from workbench.runs.hardware import Reading
from workbench.tui import actions, handed, results, runlists, runpage
from workbench.tui.glyphs import glyph
from workbench.tui.ink import ink, prose
from workbench.tui.messages import ConsoleGrew, RunAdvanced, RunGone
from workbench.tui.runkeys import CHECKPOINTS, CONSOLE, HEALTH, RECIPE, SAMPLES, RunKeys
from workbench.tui.watcher import RunWatcher
from workbench.tui.widgets.chart import Chart
from workbench.tui.widgets.console import Console
from workbench.tui.widgets.footer import Footer
from workbench.tui.widgets.header import Header
from workbench.tui.widgets.listing import Listing
from workbench.tui.widgets.page import Page

DRAW_SECONDS = 0.25
"""Least time between two drawings of figures that change with every step."""
LIMITS_TICKS = 15
"""Readings between two looks at the disk."""
_GUTTER = 7
"""Columns for the labels of four charts: enough for tens of thousands of tokens, so that all begin alike."""
_TALL_PANEL = 40
"""Rows of the terminal beyond which the panel grows with it."""


class RunScreen(RunKeys):
    """Watch a run."""

    NAME = "run"
    STATION: ClassVar[str] = "train"
    CSS_PATH = "run.tcss"

    def __init__(self, run: str = "") -> None:
        super().__init__(run)
        self.watcher: RunWatcher | None = None
        self._verdict = Verdict("", health.WORDS[""], "")
        self._judged = -1
        self._working = ""
        self._kept: frozenset[str] | None = None
        self._limits = Limits()
        self._looks = 0
        self._reading: Reading | None = None
        self._timer: Timer | None = None
        self._shown_state: tuple[Any, ...] = ()

    # What the page is made of

    def crumbs(self) -> tuple[str, ...]:
        """Return the way from the runs to this one."""
        name = lineage.short(self.run_id) or "run"
        return (name,) if self.app.size.width < 100 else ("runs", name)

    def body(self) -> ComposeResult:
        """Yield figures, charts, health and the open part."""
        yield Page(self._top, id="top")
        with Horizontal(id="charts"):
            yield Chart(LOSS.title, id="loss")
            yield Page(self._made, id="made")
            with Vertical(id="side"):
                yield Chart(RATE.title, axis="ends", id="rate")
                yield Page(self._machine, id="machine")
        with Grid(id="four"):
            for picture in aligning.COMMON:
                yield Chart(picture.title, gutter=_GUTTER)
        yield Page(self._health, id="health")
        yield Page(self._tabs, id="tabs")
        with Vertical(id="panel"):
            yield Page(self._samples, id="samples")
            yield Listing(id="rows")
            yield Console(id="console", empty="The engine has written nothing here.")

    @property
    def _now(self) -> float:
        """The clock, seconds since the epoch."""
        return float(self.app.now())  # type: ignore[attr-defined]

    @property
    def compact(self) -> bool:
        """Whether figures stand in one line."""
        return self.narrow or self.short

    def _top(self, width: int) -> list[Content]:
        """Return status, figures and bar."""
        return runpage.top(self.view, width, self.compact or self.four)

    def _machine(self, width: int) -> list[Content]:
        """Return the gauges."""
        reading = self._reading or self.app.reading  # type: ignore[attr-defined]
        return runpage.machine(self.view, reading, self._limits, width, self.compact and not self._hands_over)

    def _made(self, width: int) -> list[Content]:
        """Return the steps of a run that trains nothing, and what it has made."""
        return handed.table(self.view, width, self.query_one("#made").size.height)

    def _state(self) -> watching.State | None:
        """Return what is said of a run that does not train right now."""
        view = self.view
        saved = view.checkpoints[-1].step if view.checkpoints else None
        return watching.state(view.status, view.phase, view.detail, view.error, saved, view.requested, self._working)

    def _health(self, width: int) -> list[Content]:
        """Return the state where it needs words, else the verdict on the figures."""
        if self._trouble:
            return prose(width, (f"{glyph('failed')} ", "bad"), self._trouble)
        if not self.view.status:
            return [ink(("looking for the run", "label"))]
        said = self._state()
        room = 2 if self.short else 3
        after = ink("")
        if self.view.status == "done" and not self.narrow and not self._hands_over:
            after = ink("   ", ("enter", "enter", "run.next"), (" use it", "label", "run.next"))
        elif self._verdict.level in ("warning", "bad") and self.tab != HEALTH:
            after = ink("   ", ("2", "key", "run.tab2"), (" what helps", "label", "run.tab2"))
        verdict = runpage.health_line(self._verdict, width - after.cell_length).rstrip() + after
        told = runpage.result_line(self.view, width)
        if said is None:
            return [verdict, *told]
        lines = runpage.state_lines(self.view, said, width, room)
        more = [*([verdict] if self._verdict.level else []), *told]
        return [*lines, *more[: max(0, room - len(lines))]]

    def _tabs(self, width: int) -> list[Content]:
        """Return the tabs."""
        right = ink("")
        if self.tab == SAMPLES:
            right = runpage.sample_words(*self.answers, not self.narrow, self._now, self.view.result)
        elif self.tab == CONSOLE and not self.narrow:
            right = ink(("/", "key"), (" search   ", "label"), ("end", "key"), (" follow", "label"))
            if self.query_one(Console).is_empty:
                right = ink("")
        elif self.tab == CHECKPOINTS and not self.narrow:
            count = len(self.view.checkpoints)
            right = ink((f"{units.count(count)} written" if count else "", "label"))
        return [runpage.tab_row(self.tab, right, width, self.narrow, *(["places"] if self._hands_over else []))]

    def _samples(self, width: int) -> list[Content]:
        """Return the answers to one prompt."""
        height = self.query_one("#panel").size.height
        found, name = self.answers
        return runpage.samples(found.get(name), self.view, width, height)

    def rebuild(self) -> None:
        """Draw everything anew."""
        self.set_class(self.compact, "-compact")
        self.set_class(self.four, "-four")
        self.query_one(Footer).show(self._keys())
        spare = 0 if self.compact or self.four else max(0, self.app.size.height - _TALL_PANEL) // 2
        self.query_one("#panel").styles.height = (3 if self.short else 8) + spare
        self.query_one(Header).lead(self.crumbs())
        self._layers()
        self._draw()
        self.fill()

    def _draw(self) -> None:
        """Draw what changes with every step."""
        self._timer = None
        if not self.is_attached:
            return
        self._judge()
        self.set_class(self._hands_over, "-hands")
        for name in ("top", "health", "tabs", *(["made"] if self._hands_over else [])):
            self.query_one(f"#{name}", Page).again()
        if self.tab == SAMPLES:
            self.query_one("#samples", Page).again()
        self._layers()
        self._follow_state()
        if self.view.status and self.run is not None and self.app.screen_stack[-1:] == [self]:
            name = lineage.short(self.run.id)
            busy = self.view.status in ("running", "pausing", "stopping")
            how = units.percent(runpage.share(self.view)) if busy else self.view.status
            self.app.name_terminal(f"{how} {name}")  # type: ignore[attr-defined]

    @property
    def _hands_over(self) -> bool:
        """Whether the run trains nothing, but hands over what another one has made."""
        return handed.is_hander(self.view)

    def _judge(self) -> None:
        """Look at the health of the run when something has changed."""
        if self._judged != self.view.version:
            self._judged = self.view.version
            found = self.view.findings()
            over = self.view.status in ("done", "stopped")
            self._verdict = runpage.proved(self.view) if self._hands_over else health.verdict(found, over)
            if self.tab == HEALTH:
                self.query_one("#rows", Listing).fill(runlists.finding_rows(found))

    def _layers(self) -> None:
        """Give the charts their curves."""
        if self._hands_over:
            return
        if self.four:
            until = curves.grown(self.view.step, self.view.steps or None)
            for chart, picture in zip(self.query("#four Chart").results(Chart), self.shown(), strict=True):
                self._draw_on(chart, picture, compact=True, until=until)
            return
        self._draw_on(self.query_one("#loss", Chart), *self.shown(), compact=self.compact)
        if not self.compact:
            self._draw_on(self.query_one("#rate", Chart), RATE, compact=False)

    def _draw_on(self, chart: Chart, picture: Picture, *, compact: bool, until: float | None = None) -> None:
        """Give a chart the curves of a picture."""
        layers, figure = results.layers(self.view, picture, compact), results.beside(self.view, picture)
        whole, share = self.view.steps or None, picture.share
        chart.show(layers, whole=whole, figure=figure, title=picture.title, percent=share, until=until)
        chart.logarithmic = self._log and picture is LOSS

    def turned(self) -> None:
        """Draw the charts that were turned up, at once."""
        self._layers()
        for chart in self.query("#four Chart" if self.four else "#loss").results(Chart):
            chart.redraw()
        self.query_one(Footer).show(self._keys())

    def fill(self) -> None:
        """Show the open part alone, with its rows."""
        self.query_one("#samples").display = self.tab == SAMPLES
        self.query_one("#console").display = self.tab == CONSOLE
        rows = self.query_one("#rows", Listing)
        rows.display = self.tab in (HEALTH, RECIPE, CHECKPOINTS)
        if self.tab == HEALTH:
            rows.fill(runlists.finding_rows(self.view.findings()))
        elif self.tab == RECIPE:
            rows.fill(runlists.recipe_rows(self.view.about.recipe, self.view.about.provenance))
        elif self.tab == CHECKPOINTS:
            rows.fill(runlists.checkpoint_rows(self.view, self._kept, self._now))

    def _follow_state(self) -> None:
        """Do what a change of the status asks for: the keys in the footer, the result, the console of a failure."""
        status = self.view.status
        state = (status, self.view.phase, len(self.view.checkpoints), self.pictures()[0])
        if state == self._shown_state or self.run is None:
            return
        before, self._shown_state = self._shown_state, state
        if (status, state[-1]) != (before[0], before[-1]) if before else True:
            self.query_one(Footer).show(self._keys())
        if state[:1] != before[:1]:
            self.ask("result", watching.has_result, self.run)
            if status in ("failed", "lost") and not self._chose_tab and self.tab == SAMPLES:
                self._open_tab(CONSOLE)
        if status == "queued":
            self.ask("working", watching.working, self.run.id)
        if self.tab == CHECKPOINTS:
            self.ask("kept", watching.kept, self.run)
            self.fill()
        self.foot()

    def _keys(self) -> list[actions.Action]:
        """Return the actions for the footer: of two that exclude each other the one that makes sense."""
        status = self.view.status
        left_out = {"run.pause"} if status in ("paused", "stopped", "failed", "lost") else {"run.resume"}
        left_out |= {"run.pause", "run.stop"} if status == "done" else set()
        # Of the two that change charts a narrow page has room for one.
        left_out |= (
            {"run.log", "run.curves", "run.compare"}
            if self._hands_over
            else {"run.log"}
            if self.narrow or status == "stuck" or LOSS not in self.shown()
            else set()
        )
        found = [one for one in actions.of_screen(self.NAME) if one.footer and one.id not in left_out]
        if status == "done" and not self._hands_over:
            found.insert(0, actions.BY_ID["run.next"])
        elif status == "stuck":
            found.insert(0, actions.BY_ID["run.kill"])
        return found

    # What comes in

    def opened(self) -> None:
        """Find the run."""
        self.ask("find", watching.find, self._wanted)
        self.ask("limits", watching.limits)
        self.query_one(Footer).show(self._keys())

    def on_unmount(self) -> None:
        """Watch no more."""
        if self._timer is not None:
            self._timer.stop()
        if self.watcher is not None:
            self.watcher.stop()

    def on_screen_suspend(self) -> None:
        """Rest while another page is in front."""
        if self.watcher is not None:
            self.watcher.hold()

    def on_screen_resume(self) -> None:
        """Go on watching."""
        if self.watcher is not None:
            self.watcher.go()

    def on_run_advanced(self, message: RunAdvanced) -> None:
        """Take what is new; it is drawn soon."""
        assert self.watcher is not None
        self.view = self.watcher.take()
        if self._timer is None:
            self._timer = self.set_timer(DRAW_SECONDS if self._shown_state else 0.001, self._draw)

    def on_console_grew(self, message: ConsoleGrew) -> None:
        """Take new lines of the console."""
        assert self.watcher is not None
        console = self.query_one(Console)
        first = console.is_empty
        console.extend(self.watcher.take_lines())
        if first and self.tab == CONSOLE:
            self.query_one("#tabs", Page).again()

    def on_run_gone(self, message: RunGone) -> None:
        """Say that there is nothing to watch any more."""
        self._trouble = "This run was discarded; nothing of it is left."
        self.rebuild()

    def read(self, reading: Reading) -> None:
        """Take a new look at the machine."""
        super().read(reading)
        self._reading = reading
        self._looks += 1
        self.query_one("#machine", Page).again()
        if self.tab == SAMPLES:
            self.query_one("#tabs", Page).again()
        if self._looks % LIMITS_TICKS == 0 and not self.asking("limits"):
            self.ask("limits", watching.limits)

    def answered(self, what: str, value: Any) -> None:
        """Take an answer."""
        if what == "find":
            self.run = value
            self.query_one(Header).lead(self.crumbs())
            self.watcher = RunWatcher(self, value)
            self.watcher.follow_console(True)
            self.watcher.start()
            self.app.attend(value)  # type: ignore[attr-defined]
        elif what == "limits":
            self._limits = value
            self.query_one("#machine", Page).again()
        elif what == "result":
            self._result = value
            self.foot()
        elif what == "working":
            self._working = value
            self.query_one("#health", Page).again()
        elif what == "kept":
            self._kept = value
            self.fill()
        elif what == "kept charts" and value:
            self.say(value, "warning")
        elif what == "mend":
            self.app.road = value  # type: ignore[attr-defined]
            self.app.call_later(self.app.go, "review")  # type: ignore[attr-defined]
        elif what == "kill":
            self.say(value)

    def refused(self, what: str, error: str) -> None:
        """Say why something could not be done; a run that cannot be found has nothing else on its page."""
        if what == "find":
            self._trouble = error
            self.rebuild()
        else:
            super().refused(what, error)
