"""The page of the comparison: a pair is proposed, runs come and go by a key, and everything follows."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from tests.guide.past import past
from tests.tui.pilots import played, until
from tests.tui.support import page_text
from tests.tui.test_run import a_step
from workbench.core.events import Eval, Sample
from workbench.runs import journal, locks
from workbench.tui.app import Workbench
from workbench.tui.screens.compare import CompareScreen
from workbench.tui.widgets.chart import Chart
from workbench.tui.widgets.listing import Listing

HOSTILE = "\x1b[31m[bold]x[/bold]\u202edlrow"


async def opened(app: Workbench, pilot: Pilot[int]) -> CompareScreen:
    """Return the screen once it has read its runs."""
    await until(pilot, lambda: isinstance(app.screen, CompareScreen), "the page")
    screen = app.screen
    assert isinstance(screen, CompareScreen)
    await until(pilot, lambda: screen._listed and not screen.asking("sides") and not screen.asking("runs"), "the runs")
    await pilot.pause()
    return screen


@played
async def test_a_pair_is_proposed_and_judged() -> None:
    one, two = past("first try", [2.0, 0.7], learning_rate=1e-3), past("second try", [2.0, 0.5])
    app = Workbench("compare")
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        assert [side.run for side in screen.sides] == [one.id, two.id]
        page = page_text(app)
        assert "second try ends at 0.50 on the same held-out rows, 0.20 below first try." in page
        await pilot.press("2")
        page = page_text(app)
        assert "learning rate" in page
        assert "lora" not in page.split("recipes")[1].lower(), "only what differs"
        assert "your choice" in page
        await pilot.press("3")
        assert "an answer" in page_text(app)


@played
async def test_runs_come_and_go_by_a_key_and_at_most_four_are_laid_over_one_another() -> None:
    runs = [past(f"run {number}", [2.0, number / 10], steps=5) for number in range(1, 7)]
    app = Workbench("compare", (runs[0].id, runs[1].id))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        assert [side.run for side in screen.sides] == [runs[0].id, runs[1].id]
        assert screen.query_one("#runs", Listing).key == runs[1].id
        for place in (2, 3):
            await pilot.press("up", "space")
            await until(pilot, lambda place=place: len(screen.sides) == place + 1, "the next run")
        assert [side.run for side in screen.sides] == [run.id for run in runs[:4]]
        await pilot.press("up")
        assert screen.why_not("compare.choose").startswith("At most 4")
        await pilot.press("space")
        assert len(screen.sides) == 4
        await pilot.press("down", "space")
        assert [side.run for side in screen.sides] == [run.id for run in runs[:3]]
        assert len(screen.query_one("#eval", Chart)._layers) == 3


@played
async def test_curves_are_drawn_over_steps_or_tokens_and_on_both_scales() -> None:
    past("short rows", [2.0, 0.7], tokens_a_step=10)
    past("long rows", [2.0, 0.5], tokens_a_step=1000)
    app = Workbench("compare")
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(app, pilot)
        chart = screen.query_one("#train", Chart)
        assert chart._whole == 40
        await pilot.press("t")
        assert chart._whole == 40_000
        assert "curves by tokens seen" in page_text(app)
        await pilot.press("l")
        assert chart.logarithmic
        assert all(len(line) <= 80 for line in page_text(app).splitlines())


@played
async def test_a_run_that_goes_on_grows_and_one_that_is_discarded_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.tui.screens.compare.LIVE_SECONDS", 0.1)
    gone = past("gone", [2.0, 0.7])
    live = past("live", [2.0, 0.9], steps=20, ended=False)
    held = locks.acquire(live.lock_path)
    assert held is not None
    try:
        app = Workbench("compare")
        async with app.run_test(size=(120, 40)) as pilot:
            screen = await opened(app, pilot)
            writer = journal.Writer(live.events_path)
            writer.write(Eval(step=25, loss=0.25))
            await until(pilot, lambda: "0.25" in page_text(app), "the new look")
            writer.close()
            shutil.rmtree(gone.path)
            await until(pilot, lambda: [side.run for side in screen.sides] == [live.id], "the run that is left")
    finally:
        locks.release(held)


@played
async def test_steps_stand_beside_long_figures_and_only_held_out_ones_are_called_so() -> None:
    past("first", [2.0, 0.7])
    pairs = past("pairs", [2.0, 0.5], method="dpo", packing=False, steps=12)
    few = past("few", [], method="dpo", packing=False, steps=12)
    policy = past("policy", [2.0, 0.5], method="grpo", packing=False, steps=12)
    for run, event in (
        (pairs, Eval(step=12, loss=0.5, metrics={"accuracy": 1.0})),
        (few, replace(a_step(12, 12), metrics={"accuracy": 0.687})),
        (policy, Eval(step=12, loss=None, metrics={"reward": -12.34})),
    ):
        writer = journal.Writer(run.events_path)
        writer.write(event)
        writer.close()
    for size in ((120, 40), (110, 40)):
        app = Workbench("compare")
        async with app.run_test(size=size) as pilot:
            await opened(app, pilot)
            lines = page_text(app).splitlines()
            shown = [" ".join(line.split()) for line in lines if "✓ done" in line]
            at = {name: next(line for line in shown if f"{name} ✓" in line) for name in ("pairs", "few", "policy")}
            assert "bundled 12 right 100 % " in at["pairs"]
            assert "bundled 12 reward -12.34 " in at["policy"]
            assert "bundled 12 – " in at["few"]


@played
async def test_text_of_runs_is_harmless() -> None:
    past(HOSTILE, [2.0, 0.7], answer=HOSTILE)
    run = past(HOSTILE, [2.0, 0.5], answer=HOSTILE)
    writer = journal.Writer(run.events_path)
    writer.write(Sample(step=41, prompt=HOSTILE, text=HOSTILE))
    writer.close()
    app = Workbench("compare")
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(app, pilot)
        for key in "123":
            await pilot.press(key)
            page = page_text(app)
            assert "[bold]x[/bo" in page
            assert not {"\x1b", "\u202e"} & set(page)


@played
async def test_without_runs_the_page_says_how_to_get_one() -> None:
    app = Workbench("compare")
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(app, pilot)
        assert "There is no run yet; a comparison needs two." in page_text(app)
        assert screen.why_not("compare.choose") == "There is no run to choose."
