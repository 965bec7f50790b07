"""The stations Fit and Review: what is proposed, changed, given back and saved."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from tests.tui.pilots import played, until
from tests.tui.support import QUESTIONS, idle, on_the_road, page_text
from workbench.cli.planning import printed
from workbench.core import recipe, units
from workbench.guide.road import command
from workbench.tui.app import Workbench
from workbench.tui.screens.fit import FitScreen
from workbench.tui.widgets.listing import Listing


def field(app: Workbench, label: str) -> str:
    """Return the row of a value."""
    return next(line for line in page_text(app).splitlines() if f" {label} " in line)


@played
async def test_values_are_changed_with_two_keys_and_given_back() -> None:
    app = on_the_road("fit")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.known.plan is not None, "a plan")
        await pilot.pause()
        proposed = app.known.plan
        assert proposed is not None
        assert "fits" in page_text(app)
        await pilot.press("right")
        assert app.road.chosen["tuning"] != proposed.chosen.tuning
        assert app.known.plan is not None
        assert app.known.plan.chosen.tuning == app.road.chosen["tuning"]
        await pilot.press("backspace")
        assert not app.road.chosen
        assert app.known.plan is not None
        assert app.known.plan.chosen.resolved == proposed.chosen.resolved
        app.screen.query_one(Listing).go("per_device_train_batch_size")
        await pilot.press("left")
        wanted = app.known.plan.chosen.resolved.recipe
        before = proposed.chosen.resolved.recipe
        batch = before.per_device_train_batch_size * before.gradient_accumulation_steps
        assert wanted.per_device_train_batch_size == before.per_device_train_batch_size // 2
        assert wanted.per_device_train_batch_size * wanted.gradient_accumulation_steps == batch
        await pilot.pause()
        assert f"{wanted.per_device_train_batch_size} × {wanted.gradient_accumulation_steps}" in field(app, "batch")


@played
async def test_a_typed_value_is_checked_where_it_is_typed() -> None:
    app = on_the_road("fit")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.known.plan is not None, "a plan")
        app.screen.query_one(Listing).go("num_train_epochs")
        await pilot.press("e", *["backspace"] * 8, "n", "o", "enter")
        await pilot.pause()
        assert "Epochs must be a number" in page_text(app)
        await pilot.press("backspace", "backspace", "4", "enter")
        await until(pilot, lambda: app.road.chosen.get("num_train_epochs") == 4.0, "the value to be taken")
        await pilot.pause()
        assert "your choice" in field(app, "epochs")
        assert "--set num_train_epochs=4" in command(app.road)


@played
async def test_a_value_that_is_a_choice_is_taken_from_a_list() -> None:
    app = on_the_road("fit")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.known.plan is not None and idle(app), "a plan")
        await pilot.press("e")
        await pilot.pause()
        assert not app.screen.query(Input)
        assert "full changes every weight" in page_text(app)
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.road.chosen.get("tuning") == "lora", "the second choice")
        app.go("review")
        await until(pilot, lambda: app.screen.query("#values") and idle(app), "the values")
        await pilot.pause()
        app.screen.query_one(Listing).go("packing")
        assert app.known.plan is not None
        before = app.known.plan.chosen.resolved.recipe.packing
        await pilot.press("e", "down" if before else "up", "enter")
        await until(pilot, lambda: app.road.chosen.get("packing") == (not before), "the other one")


@played
async def test_what_does_not_fit_says_by_how_much_and_goes_no_further(tmp_path: Path) -> None:
    app = on_the_road("fit", base="Qwen/Qwen3-32B")
    async with app.run_test(size=(120, 40)) as pilot:
        app.road = app.road.with_value("tuning", "full")
        await until(pilot, lambda: app.known.plan is not None, "a plan")
        await pilot.pause()
        assert "too large" in page_text(app)
        assert "lacks" in page_text(app)
        await pilot.press("enter")
        await pilot.pause()
        assert app.screen.NAME == "fit"  # type: ignore[attr-defined]


@played
async def test_data_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    app = on_the_road("fit", data=tmp_path / "gone.jsonl")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: bool(app.known.trouble), "a reason")
        await pilot.pause()
        assert "✗ There is no file or folder" in page_text(app)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@played
async def test_the_recipe_is_reviewed_and_saved_as_it_is(size: tuple[int, int], tmp_path: Path) -> None:
    app = on_the_road("review")
    saved = tmp_path / "mine.toml"
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.known.plan is not None and idle(app), "a plan")
        await pilot.pause()
        shown = " ".join(page_text(app).split())
        assert "SFT of all weights of bundled" in shown
        assert "writes at most" in " ".join(shown.split())
        few = app.screen.query_one(Listing).keys
        await pilot.press("a")
        await pilot.pause()
        assert len(app.screen.query_one(Listing).keys) > len(few)
        await pilot.press("s")
        app.screen.query_one(Input).value = str(saved)
        await pilot.press("enter")
        await until(pilot, saved.is_file, "the recipe")
        assert app.known.plan is not None
        assert recipe.load(saved) == app.known.plan.chosen.resolved
        assert str(QUESTIONS) in saved.read_text(encoding="utf-8")


@played
async def test_the_pages_tell_one_memory_and_one_length() -> None:
    """What Data has counted is what Fit says of the length; the memory of Fit is that of the command line's plan."""
    app = on_the_road("data")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.known.preview is not None and idle(app), "how the base reads the rows")
        assert app.known.plan is not None
        assert app.known.preview is not None
        assert app.known.base is not None
        assert app.known.card is not None
        told = app.known.preview["lengths"]
        assert f"median {told['p50']} tokens" in page_text(app)
        app.go("fit")
        await until(pilot, lambda: isinstance(app.screen, FitScreen) and idle(app), "Fit")
        await pilot.pause()
        assert f"up to {told['max']}" in field(app, "max length")
        plan = app.known.plan
        figure = units.size(plan.chosen.memory.peak)
        shown = " ".join(page_text(app).split())
        assert f"needs {' '.join(figure.split())} of" in shown
        assert figure in printed(plan, app.known.base, app.known.card, app.known.glance)
        assert "CUDA" not in shown or app.known.card.gpu
