"""What can be done on the page of a run: its keys, and the questions before something is hard to undo.

Owns these actions. Must not know how the page looks; the screen (screens/run.py) draws it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from workbench.core.events import Rollout
from workbench.core.text import one_line
from workbench.guide import aligning, watching
from workbench.guide.aligning import LOSS, Picture
from workbench.runs.store import Run
from workbench.tui import handed, runpage, settings
from workbench.tui.desk import WIDE
from workbench.tui.rundesk import RunDesk
from workbench.tui.view import Prompt, RunView
from workbench.tui.widgets.listing import Listing
from workbench.tui.widgets.page import Page
from workbench.tui.widgets.prompt import Confirm

SAMPLES, HEALTH, CONSOLE, RECIPE, CHECKPOINTS = range(1, 6)
GRID_ROWS = 36
"""Rows of the terminal from which four charts have room."""


class RunKeys(RunDesk):
    """The actions of the page; it keeps what they act on."""

    def __init__(self, run: str = "") -> None:
        super().__init__()
        self._wanted = run
        self.run: Run | None = None
        self.view = RunView(run)
        self.tab = SAMPLES
        """The part that is open."""
        self._chose_tab = False
        self._answers = ""
        """The name of the answers that are shown."""
        self._turned = ""
        self._leaf = 0
        self._log = False
        self._result = False
        self._trouble = ""
        """Why there is nothing to watch."""

    @property
    def run_id(self) -> str:
        """The run's name, as it was given until the run was found."""
        return self.run.id if self.run is not None else self._wanted

    def fill(self) -> None:
        """Show the open part alone, with its rows."""
        raise NotImplementedError

    def turned(self) -> None:
        """Draw the charts that were turned up."""
        raise NotImplementedError

    def pictures(self) -> tuple[Picture, ...]:
        """Return the pictures there are of this run."""
        recipe = self.view.about.recipe
        return aligning.pictures(recipe.method if recipe is not None else "", self.view.curves)

    @property
    def answers(self) -> tuple[dict[str, Prompt | Rollout], str]:
        """(What can be shown of its answers by name, the name of what is): the first of them until one is chosen."""
        found = runpage.looked_at(self.view)
        return found, self._answers if self._answers in found else next(iter(found), "")

    @property
    def roomy(self) -> bool:
        """Whether four charts have room."""
        return self.app.size.width >= WIDE and self.app.size.height >= GRID_ROWS

    @property
    def four(self) -> bool:
        """Whether four charts are shown; of a run that trains nothing none is."""
        return not handed.is_hander(self.view) and self.roomy and self.app.settings.charts == "four"  # type: ignore[attr-defined]

    def shown(self) -> tuple[Picture, ...]:
        """Return the pictures on the page: four, or one, what tells most of the method until another one is chosen.

        Where four have room and are not wanted it is always that one.
        """
        found = self.pictures()
        if self.four:
            leaves = aligning.leaves(found)
            return leaves[min(self._leaf, len(leaves) - 1)]
        wanted = "" if self.roomy else self._turned
        return (next((picture for picture in found if picture.name == wanted), found[0]),)

    def why_not(self, action: str) -> str:
        """Return why an action cannot be done now."""
        if action in ("screen.back", "run.leave") or not action.startswith(("run.", "runs.")):
            return ""
        if self.run is None:
            return self._trouble or "The run is still being looked for."
        if action in ("run.previous", "run.following") and (self.tab != SAMPLES or len(self.answers[0]) < 2):
            return "There is one prompt only." if self.tab == SAMPLES else "The prompts are under 1."
        if action in ("run.log", "run.curves") and handed.is_hander(self.view):
            return "It trains nothing, so that there are no charts."
        if action == "run.log" and LOSS not in self.shown():
            return "The loss is not among the charts on the page; turn to it first."
        if action == "run.mend" and not self._fix():
            return "No finding is in focus that another recipe mends; findings are under 2."
        return self.why_not_run(action, self.view.status, self._result, str(self.view.about.meta.get("method", "")))

    def meant(self) -> Run | None:
        """Return the run of this page."""
        return self.run

    def meant_meta(self) -> dict[str, Any]:
        """Return what is written down of it."""
        return dict(self.view.about.meta)

    def _confirm(self, verb: str) -> None:
        """Ask before the run is asked."""
        view = self.view
        saved = view.checkpoints[-1].step if view.checkpoints else None
        word, title, lines = watching.consequences(verb, view.step, view.steps, saved, view.result_if_stopped)
        self.app.push_screen(Confirm(title, lines, word), lambda yes: self.ask_run(verb) if yes else None)

    def act_run_stop(self) -> None:
        """End it early, once that is confirmed."""
        self._confirm("stop")

    def act_run_kill(self) -> None:
        """End its processes, once that is confirmed."""
        self._confirm("kill")

    def act_run_next(self) -> None:
        """Go on to what can be done with the result."""
        assert self.run is not None
        app: Any = self.app
        app.road = replace(app.road, run=self.run.id)
        app.call_later(app.go, "use", self.run.id)

    def _fix(self) -> dict[str, Any]:
        """Return the recipe fields that mend the finding in focus, {} where there are none."""
        number = self.query_one("#rows", Listing).key.partition(" ")[0] if self.tab == HEALTH else ""
        found = self.view.findings()
        if not number.isdigit() or int(number) >= len(found) or (fix := found[int(number)].fix) is None:
            return {}
        return dict(fix.fields)

    def act_run_mend(self) -> None:
        """Begin anew with what mends the finding in focus."""
        assert self.run is not None
        self.ask("mend", watching.mended, self.run, self._fix())

    def act_run_leave(self) -> None:
        """Go back to the runs; this one goes on."""
        self.app.name_terminal("workbench")  # type: ignore[attr-defined]
        self.act_screen_back()

    def act_run_log(self) -> None:
        """Draw the losses on a logarithmic scale, or a plain one."""
        self._log = not self._log
        self.turned()

    def act_run_curves(self) -> None:
        """Draw four charts, the next four, or two again; where there is little room, the next one."""
        found = self.pictures()
        if not self.roomy:
            self._turned = found[(found.index(self.shown()[0]) + 1) % len(found)].name
            self.turned()
            return
        self._leaf = self._leaf + 1 if self.four else 0
        wanted = "four" if self._leaf < len(aligning.leaves(found)) else "two"
        app: Any = self.app
        if wanted != app.settings.charts:
            app.settings = replace(app.settings, charts=wanted)
            self.ask("kept charts", settings.save, app.settings)
            self.rebuild()
        self.turned()

    def act_guide_copy(self) -> None:
        """Copy the command line that watches this run."""
        self.app.copy_to_clipboard(f"workbench watch {one_line(self.run_id)}")
        self.say("The command line that watches this run is copied.")

    def act_guide_explain(self) -> None:
        """Explain what the page shows."""
        from workbench.tui.screens.learn import open_sheet

        open_sheet(self, about=str(self.view.about.meta.get("method", "")))

    def _turn(self, step: int) -> None:
        """Show other answers."""
        found, name = self.answers
        names = list(found)
        self._answers = names[(names.index(name) + step) % len(names)]
        self.query_one("#tabs", Page).again()
        self.query_one("#samples", Page).again()

    def act_run_previous(self) -> None:
        """Show the prompt before."""
        self._turn(-1)

    def act_run_following(self) -> None:
        """Show the next prompt."""
        self._turn(1)

    def _open_tab(self, tab: int) -> None:
        """Open a part and put it in focus where keys move in it."""
        self.tab = tab
        if tab == CHECKPOINTS and self.run is not None:
            self.ask("kept", watching.kept, self.run)
        self.fill()
        self.query_one("#tabs", Page).again()
        focus = {CONSOLE: "#console", SAMPLES: ""}.get(tab, "#rows")
        self.set_focus(self.query_one(focus) if focus else None)

    def _choose(self, tab: int) -> None:
        """Open the part that the person asked for."""
        self._chose_tab = True
        self._open_tab(tab)

    def act_run_tab1(self) -> None:
        """Open the samples."""
        self._choose(SAMPLES)

    def act_run_tab2(self) -> None:
        """Open the findings."""
        self._choose(HEALTH)

    def act_run_tab3(self) -> None:
        """Open the console."""
        self._choose(CONSOLE)

    def act_run_tab4(self) -> None:
        """Open the recipe."""
        self._choose(RECIPE)

    def act_run_tab5(self) -> None:
        """Open the checkpoints."""
        self._choose(CHECKPOINTS)
