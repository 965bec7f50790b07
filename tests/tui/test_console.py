"""The console on a screen: the ring, following and standing still, wide and hostile lines, and the search."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.pilot import Pilot
from textual.strip import Strip

from workbench.tui.themes import THEMES
from workbench.tui.widgets.console import MOST_LINES, Console


class Bench(App[None]):
    """A console ten rows high, on a page that has a key of its own."""

    CSS = "Console { height: 10; }"
    BINDINGS = [Binding("p", "pause", "pause")]  # noqa: RUF012

    def __init__(self, console: Console) -> None:
        super().__init__()
        self.console = console
        self.pauses = 0
        self.told: list[bool] = []
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = "graphite"

    def compose(self) -> ComposeResult:
        yield self.console

    def action_pause(self) -> None:
        self.pauses += 1

    def on_console_scrolled(self, message: Console.Scrolled) -> None:
        self.told.append(message.following)


def run(check: Callable[[Pilot[None], Console], Coroutine[Any, Any, None]], most: int = MOST_LINES) -> Bench:
    """Show a console headless, 40 columns wide, and check it."""
    app = Bench(Console(most=most))

    async def go() -> None:
        async with app.run_test(size=(40, 12)) as pilot:
            app.console.focus()
            await pilot.pause()
            await check(pilot, app.console)

    asyncio.run(go())
    return app


def strips(console: Console) -> list[Strip]:
    """Return the rows as they are drawn."""
    return console.render_lines(console.size.region)


def seen(console: Console) -> list[str]:
    return [strip.text.rstrip() for strip in strips(console)]


def numbered(first: int, last: int) -> list[str]:
    return [f"line {number}" for number in range(first, last)]


def test_an_empty_console_says_so() -> None:
    """So does one with blank lines alone; the words go with the first line."""

    async def check(pilot: Pilot[None], console: Console) -> None:
        for lines in ([], ["", " "]):
            console.extend(lines)
            assert seen(console)[0] == "nothing here"
        console.extend(["a line"])
        assert "nothing here" not in seen(console)
        assert not console.is_empty

    bench = Bench(Console(empty="nothing here"))

    async def play() -> None:
        async with bench.run_test(size=(40, 12)) as pilot:
            await check(pilot, bench.console)

    asyncio.run(play())


def test_it_follows_the_end_until_it_is_scrolled_up() -> None:
    """New lines are shown as they come; once scrolled up, what is looked at stays, though the oldest lines go."""

    async def check(pilot: Pilot[None], console: Console) -> None:
        console.extend(numbered(0, 100))
        assert seen(console) == numbered(90, 100)
        await pilot.press("up", "up")
        assert not console.following
        assert seen(console) == numbered(88, 98)
        console.extend(numbered(100, 150))
        assert seen(console) == numbered(88, 98)
        console.extend(numbered(150, 220))
        assert console.lines == tuple(numbered(20, 220))
        assert seen(console) == numbered(88, 98)
        await pilot.press("pageup")
        assert seen(console) == numbered(79, 89)
        await pilot.press("home")
        assert seen(console) == numbered(20, 30)
        console.extend(numbered(220, 230))
        assert seen(console)[0] == "line 30"
        await pilot.press("end")
        assert console.following
        console.extend(numbered(230, 240))
        assert seen(console) == numbered(230, 240)

    app = run(check, most=200)
    assert app.told == [False, True]


def test_the_ring_is_bounded_and_takes_more_than_it_holds() -> None:
    """A burst of more lines than there is room for leaves the newest."""

    async def check(pilot: Pilot[None], console: Console) -> None:
        console.extend(numbered(0, MOST_LINES + 5000))
        assert len(console.lines) == MOST_LINES
        assert console.lines[0] == "line 5000"
        assert seen(console)[-1] == f"line {MOST_LINES + 4999}"
        console.clear()
        assert not console.lines
        assert not any(seen(console))

    run(check)


def test_nothing_drives_the_terminal_and_wide_signs_keep_their_place() -> None:
    """Escapes and line ends inside a line are made visible or break it; every row is exactly as wide as the console."""

    async def check(pilot: Pilot[None], console: Console) -> None:
        console.extend(
            ["\x1b]52;c;ZXZpbA==\x07 \x1b[2J", "two\nlines", "[bold]no markup[/]", "模型" * 30, "a\tb", "x" * 5000]
        )
        drawn = strips(console)
        assert [strip.cell_length for strip in drawn] == [40] * 10
        text = seen(console)
        assert not any(sign < " " or sign == "\x7f" for row in text for sign in row)
        assert text[0].startswith("␛]52;c;")
        assert text[1:4] == ["two", "lines", "[bold]no markup[/]"]
        assert text[4].startswith("模型模型")
        assert text[4].endswith("…")
        assert text[5] == "a       b"
        assert text[6] == "x" * 39 + "…"
        await pilot.press("right")
        assert seen(console)[4].startswith("模型")
        assert seen(console)[5] == ""
        assert [strip.cell_length for strip in strips(console)] == [40] * 10
        await pilot.press("left", "left")
        assert seen(console)[5] == "a       b"

    run(check)


def test_a_search_is_typed_in_place_and_walks_from_the_newest() -> None:
    """While a search is typed its letters do not act; matches are counted, walked, and left with escape."""

    async def check(pilot: Pilot[None], console: Console) -> None:
        console.extend([f"line {number} {'Loss' if number % 25 == 0 else ''}" for number in range(100)])
        await pilot.press("slash", "p", "backspace", "l", "o", "s", "s")
        assert seen(console)[-1] == "/loss▌"
        await pilot.press("enter")
        assert seen(console)[-1] == "4 lines have “loss”"
        assert "line 75 Loss" in seen(console)
        assert not console.following
        await pilot.press("n", "n")
        assert "line 25 Loss" in seen(console)
        await pilot.press("N")
        assert "line 50 Loss" in seen(console)
        console.extend(numbered(100, 200))
        assert "line 50 Loss" in seen(console)
        await pilot.press("escape")
        assert "lines have" not in seen(console)[-1]
        await pilot.press("slash", "z", "enter")
        assert seen(console)[-1] == "0 lines have “z”"
        await pilot.press("escape", "p")

    assert run(check).pauses == 1
