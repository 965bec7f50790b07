"""While a run goes on, nothing on its page moves: words keep their places, and rows that nothing happened to stay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest

from tests.tui.pictures import scenes, world
from tests.tui.pilots import played, until
from tests.tui.support import page_text
from workbench.core.events import Step
from workbench.runs import store
from workbench.tui.app import Workbench
from workbench.tui.screens.run import RunScreen

EARLY = replace(world.RUNNING, reached=100)
_WORD = re.compile(r"[A-Za-z][A-Za-z/]{2,}")


@pytest.fixture
def run() -> Iterator[store.Run]:
    """A run that has taken a hundred of its steps."""
    with scenes.still(), world.run_of(EARLY) as made:
        yield made


def words(frame: list[str]) -> list[list[tuple[int, str]]]:
    """Return the words of each row with where they stand; figures may change, words may not."""
    return [[(match.start(), match[0]) for match in _WORD.finditer(row)] for row in frame]


def moved(before: list[str], now: list[str]) -> list[str]:
    """Return the rows whose words are others, or elsewhere, than in the frame before."""
    pairs = zip(before, now, words(before), words(now), strict=True)
    return [f"{was}\n{is_}" for was, is_, old, new in pairs if old != new]


@pytest.mark.parametrize("size", [scenes.WIDE, scenes.NARROW])
def test_words_keep_their_places_and_still_rows_their_text(run: store.Run, size: tuple[int, int]) -> None:
    frames: list[list[str]] = []

    @played
    async def watch() -> None:
        app = Workbench("run", (run.id,), look=world.busy, machine=world.MACHINE, now=world.now)
        async with app.run_test(size=size) as pilot:
            visit = scenes.Visit(app, pilot)
            await visit.shows("100")
            steps = [event for event in world.events(world.RUNNING) if isinstance(event, Step)]
            begun = len(world.events(EARLY))
            for number, step in enumerate(steps[100:112]):
                world.write(run, [step], world.now() - 30 + number, 0.0, begun + number)
                screen = app.screen
                assert isinstance(screen, RunScreen)
                await until(pilot, lambda screen=screen, at=step.step: screen.view.step == at, "the step")  # type: ignore[misc]
                await until(pilot, lambda at=step.step: str(at) in page_text(app), "the step on the page")  # type: ignore[misc]
                frames.append(page_text(app).splitlines())

    watch()
    assert len(frames) == 12
    shifted = [difference for before, now in pairwise(frames) for difference in moved(before, now)]
    assert not shifted, "\n\n".join(shifted)
    first, last = frames[0], frames[-1]
    changed = [place for place, (was, now) in enumerate(zip(first, last, strict=True)) if was != now]
    assert 0 < len(changed) <= len(first) // 2
    assert {0, len(first) - 1}.isdisjoint(changed), "header and footer have not changed"


def test_a_row_that_shifts_by_a_column_is_found() -> None:
    frame = ["  loss   1.20   steps", "", "  pause   stop"]
    assert moved(frame, ["  loss   1.19   steps", "", "  pause   stop"]) == []
    assert len(moved(frame, ["  loss   1.190   steps", "", "  pause   stop"])) == 1
