"""What every screen stands on: the door for text, the table of actions, lists, settings, and answers off the loop."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content
from textual.message import Message

from tests.tui.pilots import played, until
from tests.tui.support import page_text
from workbench.core.errors import UsageError
from workbench.core.text import clean, width_of
from workbench.runs import hardware
from workbench.runs.cards import Gpu
from workbench.runs.hardware import Reading
from workbench.tui import actions, glyphs, ink, settings
from workbench.tui.app import PLACES, Workbench
from workbench.tui.desk import Desk
from workbench.tui.themes import THEMES
from workbench.tui.widgets import plot
from workbench.tui.widgets.header import Header
from workbench.tui.widgets.listing import BLANK, Listing, Row, still

HOSTILE = "\x1b[31mred\x1b]52;c;QQ==\x07 [bold]x[/bold] $accent @click=app.quit \u202edlrow \x9b2J\r\nnew\tline"


def test_text_of_any_origin_is_harmless_ink() -> None:
    """No control character is left, and nothing in it becomes a style, an action or another line."""
    piece = ink.ink((HOSTILE, "value"))
    assert not set(piece.plain) & set(map(chr, [*range(0x20), *range(0x7F, 0xA0), 0x202E])) - {"\n"}
    assert "[bold]x[/bold]" in piece.plain
    assert {str(span.style) for span in piece.spans} == {ink.ROLES["value"]}
    line = ink.foreign(HOSTILE, 40)
    assert "\n" not in line
    assert width_of(line) <= 40


@given(st.text(max_size=60), st.integers(1, 40))
def test_a_cut_text_fits_its_columns(text: str, width: int) -> None:
    shown = ink.cut(clean(text).replace("\n", " ").replace("\t", " "), width)
    assert width_of(shown) <= width


@given(st.lists(st.tuples(st.integers(0, 90), st.text("ab漢 ", max_size=30)), max_size=5), st.integers(10, 100))
def test_a_placed_line_has_the_width_it_was_asked_for(pieces: list[tuple[int, str]], width: int) -> None:
    ordered = sorted(pieces, key=lambda piece: piece[0])
    line = ink.place(width, *((column, ink.ink(text)) for column, text in ordered))
    assert line.cell_length == width
    assert "\n" not in line.plain


def test_pieces_stand_at_their_columns() -> None:
    line = ink.place(30, (0, ink.ink("left")), (10, ink.ink("middle")), (-1, ink.ink("end"))).plain
    assert line.index("left") == 0
    assert line.index("middle") == 10
    assert line.endswith("end")
    assert ink.place(12, (0, ink.ink("a long label")), (5, ink.ink("x"))).plain.index("x") == 5


def test_every_action_can_be_told_and_found() -> None:
    """Ids are unique and of known nouns, labels fit the footer, and no screen has a key twice."""
    ids = [action.id for action in actions.ACTIONS]
    assert len(set(ids)) == len(ids)
    for action in actions.ACTIONS:
        assert len(action.label) <= 15, action
        assert action.help.endswith("."), action
        assert action.screens, action
    for screen in PLACES:
        keys = [key for action in actions.of_screen(screen) for key in action.key.split(",")]
        twice = {key for key in keys if keys.count(key) > 1}
        assert not twice, (screen, twice)
        # The list and the page of runs show pause or resume, as the run has it.
        most = 8 if screen in ("run", "runs") else 7
        assert sum(action.footer for action in actions.of_screen(screen)) <= most, screen


def _made(name: str) -> type[Desk]:
    """Return the class of a screen."""
    import importlib

    module = importlib.import_module(f"workbench.tui.screens.{name}")
    found = [
        one for one in vars(module).values() if isinstance(one, type) and issubclass(one, Desk) and name == one.NAME
    ]
    assert len(found) == 1, name
    return found[0]


@pytest.mark.parametrize("name", PLACES)
def test_every_action_of_a_screen_is_done_by_it_or_by_the_application(name: str) -> None:
    screen = _made(name)
    lacking = [
        action.id
        for action in actions.of_screen(name)
        if not hasattr(screen, action.method) and not hasattr(Workbench, action.method)
    ]
    assert not lacking


def test_every_theme_has_every_role_and_words_can_be_read() -> None:
    """Muted text and the accent keep a contrast of at least 4.5 to 1 on the page (WCAG 2, level AA)."""
    from textual.color import Color

    def light(colour: str) -> float:
        parts = [c / 255 for c in Color.parse(colour).rgb]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for theme in THEMES:
        for role in ("bright", "muted", "faint", "rule", "focus", "tint1", "tint2", "raw"):
            assert role in theme.variables
        if theme.ansi:
            continue
        page = light(theme.background or "")
        for colour in (
            theme.foreground,
            theme.variables["muted"],
            theme.variables["bright"],
            theme.accent,
            theme.error,
        ):
            high, low = sorted((light(colour or ""), page), reverse=True)
            assert (high + 0.05) / (low + 0.05) >= 4.5, (theme.name, colour)


def test_every_sign_is_one_column_in_both_alphabets() -> None:
    for wanted in (False, True):
        glyphs.use_ascii(wanted)
        for name in glyphs._TABLE:
            assert width_of(glyphs.glyph(name)) == 1
            assert not wanted or glyphs.glyph(name).isascii()
        for piece in ("├─ ", "└─ ", "│  "):
            assert width_of(glyphs.tree(piece)) == 3
        alone = {glyphs.glyph(name) for name in ("good", "best", "running", "problem", "failed", "paused")}
        assert not wanted or len(alone) == 6, "what colour and shape tell apart the signs of ASCII do, too"
        assert not wanted or plot.ASCII.line not in {glyphs.glyph("good"), glyphs.glyph("best")}
    glyphs.use_ascii(False)


@played
async def test_a_header_without_room_leaves_out_the_card_before_the_machine() -> None:
    """Its memory is there in any case; that of a machine without a card is said to be what is used."""
    card = Gpu(0, "", "NVIDIA GeForce RTX 4090", 24 << 30, 4 << 30, None, None, None)
    host = replace(hardware.sample().host, memory_total_bytes=32 << 30, memory_free_bytes=8 << 30)
    app = Workbench("settings", look=lambda: Reading((), host), machine="ada@tower")
    async with app.run_test(size=(80, 24)):
        header = app.screen.query_one(Header)
        for gpus, what, figures in (((), "no GPU", "24.0/32.0 GiB used"), ((card,), "RTX 4090", "20.0/24.0 GiB")):
            header.read(Reading(gpus, host))
            for crumb, there in (("chat", (True, True)), ("c" * 27, (True, False)), ("c" * 40, (False, False))):
                header.lead((crumb,))
                row = str(header.render())
                assert ("ada@tower" in row, what in row) == there, row
                assert figures in row


def test_settings_survive_and_mistakes_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert settings.load() == (settings.Settings(), [])
    assert settings.save(settings.Settings(theme="paper", signs="ascii")) == ""
    assert settings.load()[0].theme == "paper"
    settings.settings_path().write_text('theme = "pink"\ncolour = 1\nsigns = "ascii"\n', encoding="utf-8")
    found, troubles = settings.load()
    assert found == settings.Settings(signs="ascii")
    assert len(troubles) == 2
    settings.settings_path().write_text("theme = ", encoding="utf-8")
    assert "cannot be read" in settings.load()[1][0]
    settings.keys_path().write_text(
        '"run.pause" = "P"\n"run.pausee" = "x"\n"run.stop" = 3\n"run.kill" = "p"\n', encoding="utf-8"
    )
    keys, troubles = settings.keymap()
    assert keys == {"run.pause": "P", "run.kill": "p"}
    assert any("perhaps it is run.pause" in said for said in troubles)


class Trial(Desk):
    """A screen that asks and is answered."""

    NAME = "trial"

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[object] = []

    def answered(self, what: str, value: object) -> None:
        self.heard.append((what, value))

    def refused(self, what: str, error: str) -> None:
        self.heard.append((what, error))

    def told(self, what: str, value: object) -> None:
        self.heard.append((what, value))


@played
async def test_questions_are_answered_off_the_loop_and_the_newest_counts(tmp_path: Path) -> None:
    import threading

    app = Workbench("review")
    async with app.run_test() as pilot:
        trial = Trial()
        app.push_screen(trial)
        await pilot.pause()
        gate = threading.Event()

        def slow(value: int) -> int:
            gate.wait(10)
            return value

        def wrong() -> None:
            raise UsageError("That is wrong; do this.")

        def unforeseen() -> None:
            raise ZeroDivisionError

        def telling(tell: object) -> str:
            tell("half way")  # type: ignore[operator]
            return "done"

        trial.ask("number", slow, 1)
        trial.ask("number", slow, 2)
        gate.set()
        trial.ask("other", wrong)
        trial.ask("bug", unforeseen)
        trial.ask("tale", telling, tell=None)
        await until(pilot, lambda: len(trial.heard) >= 5, "all answers")
        assert ("number", 2) in trial.heard
        assert ("number", 1) not in trial.heard
        assert ("other", "That is wrong; do this.") in trial.heard
        assert trial.heard.index(("tale", "half way")) < trial.heard.index(("tale", "done"))
        bug = next(said for what, said in trial.heard if what == "bug")  # type: ignore[misc]
        assert "nobody foresaw" in str(bug)
        assert "ZeroDivisionError" in Path(str(bug).split("kept in ")[1].rstrip(".")).read_text(encoding="utf-8")


def _rows(*keys: str) -> list[Row]:
    rows: list[Row] = still(Content("head"))
    for key in keys:
        rows += [Row(key, lambda width, focused, key=key: ink.ink(key)), BLANK]  # type: ignore[misc]
    return rows


@played
async def test_a_list_moves_over_what_cannot_be_in_focus() -> None:
    app = Workbench("review")
    heard: list[str] = []

    def hear(message: Message) -> None:
        if isinstance(message, Listing.Moved):
            heard.append(message.key)

    async with app.run_test(size=(80, 24), message_hook=hear) as pilot:
        trial = Trial()
        app.push_screen(trial)
        await pilot.pause()
        listing = Listing(_rows("a", "b", "c"))
        await trial.query_one("#body").mount(listing)
        listing.focus()
        await pilot.pause()
        assert "↓" not in page_text(app)
        listing.styles.height = 3
        await pilot.pause()
        assert "↓" in page_text(app), "it goes on below"
        await pilot.press("end")
        assert ("↑" in page_text(app), "↓" in page_text(app)) == (True, False)
        listing.styles.height = "auto"
        await pilot.press("home")
        assert listing.key == "a"
        await pilot.pause()
        heard.clear()
        await pilot.press("down", "down", "down")
        assert listing.key == "c"
        await pilot.press("home")
        assert listing.key == "a"
        listing.fill(_rows("x", "b", "y"))
        assert listing.key == "x"
        listing.go("b")
        listing.fill(_rows("y", "b"))
        assert listing.key == "b", "the focus stays with its key"
        listing.fill([])
        assert listing.key == ""
        await pilot.press("down", "end")
        await pilot.pause()
        assert heard[:3] == ["b", "c", "a"]
