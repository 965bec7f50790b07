"""Over a slow line a page takes seconds: of lines that are shown already, only those that are others are asked for."""

from __future__ import annotations

import asyncio
from typing import Any

from textual.app import App, ComposeResult
from textual.content import Content
from textual.geometry import Region

from tests.tui.pilots import played
from workbench.tui.ink import ink
from workbench.tui.widgets.listing import GUTTER, Listing, Row
from workbench.tui.widgets.page import Page

WIDTH, HEIGHT = 40, 10


class Counted(Page):
    """A page that remembers what of it was asked for."""

    asked: list[Region]

    def refresh(self, *regions: Region, **rest: Any) -> Counted:
        self.asked += regions or (Region(0, 0, self.size.width, self.size.height),)
        return super().refresh(*regions, **rest)


class Shown(App[None]):
    """A page of lines that a test changes, and a list under it."""

    CSS = "Page { height: 5; } Listing { height: 5; }"

    def __init__(self) -> None:
        super().__init__()
        Counted.asked = []
        self.lines = [ink(f"line {number}") for number in range(5)]
        self.moved: list[str] = []

    def compose(self) -> ComposeResult:
        """Yield both."""
        yield Counted(lambda width: self.lines)
        yield Listing([Row(str(number), lambda width, focused, n=number: ink(f"row {n}")) for number in range(5)])  # type: ignore[misc]


def rows(app: App[None]) -> list[str]:
    """Return what is on the screen."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


@played
async def test_a_page_writes_the_lines_that_have_become_others() -> None:
    app = Shown()
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        await pilot.pause()
        page = app.query_one(Counted)
        page.asked.clear()
        page.again()
        assert page.asked == []
        app.lines = [*app.lines[:2], ink("another"), ink(("line 3", "title")), app.lines[4]]
        page.again()
        assert page.asked == [Region(0, 2, WIDTH, 1), Region(0, 3, WIDTH, 1)], "words, and a style alone"
        await pilot.pause()
        assert rows(app)[:5] == ["line 0", "line 1", "another", "line 3", "line 4"]
        page.asked.clear()
        app.lines = [ink("only one")]
        page.again()
        await pilot.pause()
        assert rows(app)[:5] == ["only one", "", "", "", ""]


@played
async def test_what_changes_and_changes_back_before_it_is_written_is_as_it_was() -> None:
    app = Shown()
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        await pilot.pause()
        page, before = app.query_one(Counted), app.lines
        for lines in ([Content("a")], before, [Content("b")], before):
            app.lines = lines
            page.again()
        await asyncio.sleep(0)
        await pilot.pause()
        assert rows(app)[:5] == [line.plain for line in before]


@played
async def test_a_list_moves_its_focus_by_two_rows() -> None:
    app = Shown()
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        listing = app.query_one(Listing)
        listing.focus()
        await pilot.press("down", "down", "up")
        await pilot.pause()
        assert listing.key == "1"
        assert [line[GUTTER:] for line in rows(app)[5:]] == [f"row {number}" for number in range(5)]
        assert [place for place, line in enumerate(rows(app)[5:]) if not line.startswith("  ")] == [1]
