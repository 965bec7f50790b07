"""The settings page: a change holds at once and is kept; keys are told and written out."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.tui.pilots import played
from tests.tui.support import page_text
from workbench.tui import actions, glyphs, settings
from workbench.tui.app import Workbench
from workbench.tui.widgets.listing import Listing


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep settings of its own for each test."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


@played
async def test_a_change_is_worn_at_once_and_kept() -> None:
    app = Workbench("settings")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert app.theme == "graphite"
        await pilot.press("enter")
        await pilot.pause()
        assert app.theme == settings.load()[0].theme == "paper"
        await pilot.press("left")
        assert app.theme == settings.load()[0].theme == "graphite"
        app.screen.query_one(Listing).go("signs")
        await pilot.press("right")
        await pilot.pause()
        assert glyphs.is_ascii()
        assert "< ascii >" in page_text(app)
        assert page_text(app).isascii() or all(sign in "\u00a0°" for sign in page_text(app) if not sign.isascii())
        await pilot.press("right")
        assert not glyphs.is_ascii()
        app.screen.query_one(Listing).go("motion")
        await pilot.press("left")
        assert app.animation_level == "none"
        assert settings.load()[0].motion == "none"


@played
async def test_a_terminal_without_the_signs_has_none_until_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "linux")
    app = Workbench("settings")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert glyphs.is_ascii()
        await pilot.press("enter")
        assert app.theme == "paper"
        assert glyphs.is_ascii()
        app.screen.query_one(Listing).go("signs")
        await pilot.press("right", "left")
        assert not glyphs.is_ascii()


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
@played
async def test_keys_are_told_with_what_is_wrong_with_them(size: tuple[int, int]) -> None:
    settings.keys_path().parent.mkdir(parents=True)
    settings.keys_path().write_text('"run.pause" = "s"\n"base.fits" = "ctrl+t"\n')
    app = Workbench("settings")
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        said = " ".join(row.draw(116, False).plain for row in app.screen._rows())  # type: ignore[attr-defined]
        assert "run.stop and run.pause both want 's' on run" in said or "run.pause and run.stop both want" in said
        assert "ctrl+t" in said
        assert "Usually f." in said
        assert app.screen.why_not("settings.keys")  # type: ignore[attr-defined]
        await pilot.press("end")
        await pilot.pause()
        assert "app.quit" in page_text(app)
        assert app.screen.why_not("settings.change")  # type: ignore[attr-defined]


@played
async def test_the_written_keys_change_nothing_until_a_line_is_uncommented() -> None:
    app = Workbench("settings")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("e")
        await pilot.pause()
        text = settings.keys_path().read_text()
        assert settings.keymap() == ({}, [])
        lines = [line.removeprefix("# ") for line in text.splitlines() if line.startswith('# "')]
        assert tomllib.loads("\n".join(lines)) == {action.id: action.key for action in actions.ACTIONS}
        await pilot.press("e")
        assert settings.keys_path().read_text() == text
