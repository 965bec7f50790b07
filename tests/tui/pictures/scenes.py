"""The ways through the screens on which pictures are taken, each from a fixed beginning.

Owns what is opened and pressed, and at which sizes pictures are taken. Must not know how a picture is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.guide.talks import look, talked
from tests.tui.pictures import form, world
from tests.tui.pilots import LOOK, until
from tests.tui.support import idle, page_text
from workbench.guide.interview import Interview
from workbench.guide.road import Road
from workbench.guide.talking import Model
from workbench.runs.hardware import Reading
from workbench.tui.app import Workbench
from workbench.tui.screens.chat import ChatScreen
from workbench.tui.screens.run import RunScreen
from workbench.tui.screens.runs import RunsScreen
from workbench.tui.station import Known
from workbench.tui.themes import THEMES

WIDE, NARROW = (120, 40), (80, 24)
_AT_REST = 0.25
"""Seconds for which a page has to be the same to count as done; charts and figures are drawn that often."""

_PATIENCE = 40.0

Shots = AsyncIterator[str]
"""Names of pages that are ready to be taken, one after the other."""


@dataclass
class Visit:
    """One application on its way."""

    app: Workbench
    pilot: Pilot[int]

    async def shows(self, said: str) -> None:
        """Wait until a text is on the page and nothing is asked any more."""
        try:
            await until(self.pilot, lambda: said in page_text(self.app) and idle(self.app), repr(said), _PATIENCE)
        except pytest.fail.Exception as error:
            pytest.fail(f"{error}\n{page_text(self.app)}")
        await self.rests()

    async def rests(self) -> None:
        """Wait until the page does not change any more."""
        before, since = "", time.monotonic()
        deadline = since + _PATIENCE
        while (at := time.monotonic()) < deadline:
            await self.pilot.pause(LOOK)
            now = page_text(self.app) if idle(self.app) else ""
            if not now or now != before:
                before, since = now, at
            elif at - since >= _AT_REST:
                return
        pytest.fail(f"the page does not come to rest:\n{before}")

    async def open(self, name: str, *given: Any, shows: str) -> None:
        """Go to a screen and wait for it."""
        self.app.go(name, *given)
        await self.shows(shows)

    async def size(self, size: tuple[int, int]) -> None:
        """Make the terminal larger or smaller."""
        await self.pilot.resize_terminal(*size)
        await self.pilot.pause()
        await self.rests()


async def _data(visit: Visit) -> Shots:
    """The data, its rows and its tokens, read by the bundled model."""
    visit.app.road = Road(base="bundled", data=(world.DATA,))
    await visit.open("data", shows="none is cut")
    yield "data"
    await visit.pilot.press("r")
    await visit.shows("row")
    yield "rows"
    visit.app.open("microscope", 2)
    await visit.shows("Mask microscope")
    yield "microscope"


async def _road(visit: Visit) -> Shots:
    """The stations that need no data to be read, for a model of a size that people use."""
    visit.app.road = Road(base=world.BIG, data=(world.DATA,))
    await visit.open("base", shows="Qwen3")
    yield "base"
    await visit.open("method", shows="suits these rows")
    yield "method"
    await visit.open("fit", shows="GiB free")
    yield "fit"
    await visit.pilot.press("w")
    await visit.shows("esc")
    yield "learn"
    await visit.pilot.press("escape")
    await visit.open("review", shows="starts it")
    yield "review"


async def _run(visit: Visit) -> Shots:
    """A run in the middle of its training."""
    with world.run_of(world.RUNNING) as run:
        await visit.open("run", run.id, shows="372")
        yield "run"


async def _states(visit: Visit) -> Shots:
    """Runs that do not train: what is said of them and what can be asked."""
    for told in world.RUNS:
        if told.status in ("failed", "paused") or told is world.TUNED:
            with world.run_of(told) as run:
                await visit.open("run", run.id, shows=told.status)
                if told.status == "paused":
                    await visit.pilot.press("v")
                    await visit.shows("gradient norm")
                yield f"run-{told.status}"
                if told.status == "paused":
                    await visit.pilot.press("v")


async def _runs(visit: Visit) -> Shots:
    """All runs, and none."""
    await visit.open("runs", shows="No runs yet")
    yield "runs-none"
    await visit.open("settings", shows="where files lie")
    with world.runs():
        await visit.open("runs", shows="support-hot")
        screen = visit.app.screen
        assert isinstance(screen, RunsScreen)
        await until(visit.pilot, lambda: screen._focused is not None, "the run in focus")
        await visit.rests()
        yield "runs"


async def _result(visit: Visit) -> Shots:
    """What is done with the result of a run."""
    with world.runs() as made:
        run = made[world.TUNED.title]
        visit.app.road = Road(base="bundled", data=(world.DATA,), run=run.id)
        await visit.open("use", run.id, shows="Chat")
        yield "use"
        await visit.open("export", run.id, shows="Q8_0")
        yield "export"
        await visit.open("compare", "2026-03-13-support-a09b", "2026-03-12-support-night-44c0", shows="● support   ○")
        yield "compare"


async def _chat(visit: Visit) -> Shots:
    """A talk with a model and what became of it."""
    base, tuned = Model("bundled", "base", "bundled"), Model("valley-answers", "tuned", "valley answers, model")
    talk = talked(
        ("Ventia lives in Reedhaven. The people of Reedhaven sell ropes and", "Ventia lives in Frostby."),
        ("Malsanne likes apricots best.", "Malsanne likes quinces best."),
        models=(base, tuned),
    )
    for turn, question in zip(
        talk.turns, ("Where does Ventia live?", "Which food does Malsanne like best?"), strict=True
    ):
        turn.question = question
    visit.app.go("chat", "bundled")
    await until(visit.pilot, lambda: isinstance(visit.app.screen, ChatScreen), "the chat")
    screen = visit.app.screen
    assert isinstance(screen, ChatScreen)
    await until(visit.pilot, lambda: screen._interview is not None, "the screen knows whom it talks with")
    assert screen._interview is not None
    assert screen._timer is not None
    screen._interview.close()
    screen._interview = Interview([model.reference for model in talk.models])
    screen._timer.pause()
    screen._talk, screen._looks = talk, [look("done"), look("done")]
    screen.query_one(Input).value = ""
    screen.query_one(Input).cursor_blink = False
    screen.rebuild()
    await visit.rests()
    yield "chat"


async def _others(visit: Visit) -> Shots:
    """Models, settings and help."""
    await visit.open("models", shows="on this machine")
    yield "models"
    await visit.open("settings", shows="where files lie")
    yield "settings"
    await visit.pilot.press("question_mark")
    await visit.rests()
    yield "help"


@dataclass(frozen=True)
class Way:
    """One way through screens."""

    walk: Callable[[Visit], Shots]
    look: Callable[[], Reading] = world.idle
    sizes: tuple[tuple[int, int], ...] = (WIDE, NARROW)
    start: str = "runs"


WAYS: dict[str, Way] = {
    "data": Way(_data),
    "road": Way(_road),
    "run": Way(_run, world.busy),
    "states": Way(_states, sizes=(WIDE,)),
    "runs": Way(_runs, world.busy),
    "result": Way(_result),
    "chat": Way(_chat),
    "others": Way(_others),
}
THEMED = "run"
"""The way whose one page is taken in every theme."""
DRAWN = {
    "base": "graphite", "fit": "graphite", "data": "graphite", "microscope": "graphite", "run": "graphite",
    "chat": "paper",
}  # fmt: skip
"""Page → theme of the SVG in the README."""


@contextlib.contextmanager
def still() -> Iterator[None]:
    """Give pictures folders of their own and settings in which nothing moves."""
    with world.folders() as home:
        kept = home / ".config/workbench/settings.toml"
        kept.parent.mkdir(parents=True)
        kept.write_text('motion = "none"\nnotify = "never"\n')
        yield


async def _steady(visit: Visit) -> None:
    """Let the figures of the machine be those of the pictures wherever a screen asks by itself."""
    screen = visit.app.screen
    if isinstance(screen, RunScreen):
        screen._limits = world.LIMITS
        screen.query_one("#machine").again()  # type: ignore[attr-defined]
        await visit.rests()


async def _taken(way: Way) -> dict[str, str]:
    """Return file name → picture of everything on a way."""
    found: dict[str, str] = {}
    app = Workbench(way.start, look=way.look, machine=world.MACHINE, now=world.now)
    app.known = Known(card=world.CARD)
    async with app.run_test(size=WIDE) as pilot:
        visit = Visit(app, pilot)
        await until(pilot, lambda: app.reading is not None, "a look at the machine")
        async for name in way.walk(visit):
            for size in way.sizes:
                await visit.size(size)
                await _steady(visit)
                found[f"{name}-{size[0]}x{size[1]}.txt"] = form.text(app)
            await visit.size(WIDE)
            await _steady(visit)
            if name in DRAWN:
                app.wear(DRAWN[name])
                await visit.rests()
                found[f"{name}.svg"] = form.svg(app)
            if name == THEMED:
                themes = []
                for theme in THEMES:
                    app.wear(theme.name)
                    await visit.rests()
                    page = form.text(app, colours=True)
                    themes.append(f"{theme.name}\n{page.partition('styles')[2]}")
                found["themes.txt"] = "\n".join(themes)
            app.wear(THEMES[0].name)
    return found


def pictures(way: str) -> dict[str, str]:
    """Return file name → picture of everything on a way, made now."""
    with still():
        return asyncio.run(_taken(WAYS[way]))
