"""No sentence of ours is cut where there is room, and every page is of use down to the smallest it is made for."""

from __future__ import annotations

import pytest

from tests.tui.pilots import played, until
from tests.tui.support import idle, on_the_road, page_text
from workbench.core.plan import Card
from workbench.tui import desk, model_rows
from workbench.tui.glyphs import glyph
from workbench.tui.widgets.listing import Listing

GIB = 1 << 30


def joined(text: str) -> str:
    """Return a page as one paragraph."""
    return " ".join(text.replace("\u00a0", " ").split())


def cut_lines(text: str) -> list[str]:
    """Return the lines in which something is cut; the command line is copied whole, and `?` tells all of a long one."""
    return [
        line for line in text.splitlines() if glyph("cut") in line and " $ " not in line and "? all of it" not in line
    ]


@played
async def test_the_road_is_told_to_its_end_on_a_small_page() -> None:
    app = on_the_road("data")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.known.preview is not None and idle(app), "the data", 60)
        await pilot.pause()
        text = page_text(app)
        assert "they are kept, as duplicates is keep." in joined(text)
        assert "rows have turns with role and content" in joined(text)
        assert cut_lines(text) == []
        app.go("method")
        await until(pilot, lambda: "how to answer" in page_text(app) and idle(app), "the methods")
        # Running text teaches what is known; distillation and pruning stand between.
        await pilot.press("down", "down", "down")
        await pilot.pause()
        assert " $ workbench train" in page_text(app)
        assert "usually follows." in joined(page_text(app))
        assert cut_lines(page_text(app)) == []
        app.go("fit")
        await until(pilot, lambda: app.known.plan is not None and idle(app), "a plan")
        await pilot.pause()
        text = page_text(app)
        assert "of disk." in text
        assert " MiB\n" in text
        assert cut_lines(text) == []
        app.go("review")
        await until(pilot, lambda: idle(app), "the review")
        await pilot.pause()
        assert "? all of it" in page_text(app)
        await pilot.press("question_mark")
        await pilot.pause()
        assert "rows looked at have turns with role and content (column messages)." in joined(page_text(app))
        await pilot.press("escape")
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        for name in app.screen.query_one(Listing).keys:
            app.screen.query_one(Listing).go(name)
            await pilot.pause()
            assert app.screen.why_so(name)  # type: ignore[attr-defined]
            assert joined(app.screen.why_so(name)) in joined(page_text(app))  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["a card", ""])
def test_the_legend_of_the_models_is_whole_at_any_width(name: str) -> None:
    card = Card(name, 22 * GIB, 24 * GIB)
    for width in (46, 54, 74, 88):
        lines = model_rows.legend(card, width)
        said = joined(" ".join(line.plain for line in lines))
        assert "under 10 % spare" in said
        assert "does not fit" in said
        assert "batch 1, of 22.0" in said
        assert all(line.cell_length <= width for line in lines)


@played
async def test_the_smallest_page_is_of_use_and_a_smaller_one_says_so_and_keeps_its_keys() -> None:
    app = on_the_road("fit")
    async with app.run_test(size=desk.LEAST) as pilot:
        await until(pilot, lambda: app.known.plan is not None and idle(app), "a plan")
        await pilot.pause()
        text = page_text(app)
        assert "● fits" in text
        assert "learning rate" in text
        assert "○ Use" in text
        await pilot.resize_terminal(40, 10)
        await pilot.pause()
        assert "This page needs 60 × 15." in page_text(app)
        await pilot.press("down")
        await pilot.press("right")
        assert "max_length" in app.road.chosen
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.NAME == "review", "the next station")  # type: ignore[attr-defined]
        await pilot.resize_terminal(*desk.LEAST)
        await pilot.pause()
        assert "writes at most" in joined(page_text(app))
        app.go("base")
        await until(pilot, lambda: idle(app) and "bundled" in page_text(app), "the models")
        assert "QLoRA" in page_text(app)
