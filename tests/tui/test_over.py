"""What lies over a page: the page behind stays readable, and nothing is said over a question."""

from __future__ import annotations

import pytest
from textual.widgets._toast import Toast

from tests.tui.pilots import played, until
from tests.tui.support import idle, page_text
from workbench.tui import saying
from workbench.tui.app import Workbench
from workbench.tui.desk import Desk
from workbench.tui.widgets.prompt import Confirm


def _seen(app: Workbench) -> list[str]:
    """Return the sentences that are seen at the edge of the page."""
    return [str(toast.render()) for toast in app.screen.query(Toast) if toast.region.height]


@pytest.mark.parametrize("theme", ["graphite", "ansi-dark", "ansi-light"])
@played
async def test_the_page_behind_a_question_and_behind_the_palette_keeps_its_words(theme: str) -> None:
    app = Workbench("settings")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: idle(app), "the page")
        app.wear(theme)
        app.push_screen(Confirm("Delete it?", ["It is gone then."], "delete it"))
        await pilot.pause()
        assert "Settings" in page_text(app)
        assert "Delete it?" in page_text(app)
        await pilot.press("escape", "ctrl+p")
        await pilot.pause()
        assert "? help" in page_text(app)


@played
async def test_sentences_do_not_pile_up_over_the_page() -> None:
    app = Workbench("settings")
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: idle(app), "the page")
        assert isinstance(app.screen, Desk)
        for text in ("One.", "Same.", "Same.", "Same."):
            app.screen.say(text)
        await until(pilot, lambda: _seen(app) == ["One.", "Same."], "each sentence once")
        app.screen.say("One.")
        await until(pilot, lambda: _seen(app) == ["Same.", "One."], "the newest last")
        for text in ("Two.", "Three."):
            app.screen.say(text)
        await until(pilot, lambda: _seen(app) == ["Two.", "Three."], "the two newest")


@played
async def test_what_was_said_on_a_page_goes_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Workbench("settings")
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: idle(app), "the page")
        assert isinstance(app.screen, Desk)
        app.screen.say("Of the settings.")
        app.notify("Of a run.", markup=False)
        await until(pilot, lambda: _seen(app) == ["Of the settings.", "Of a run."], "both")
        monkeypatch.setattr(saying, "JUST_SECONDS", 0.0)
        app.push_screen(Confirm("Delete it?", ["It is gone then."], "delete it"))
        await pilot.press("escape")
        await until(pilot, lambda: _seen(app) == ["Of the settings.", "Of a run."], "both, as the page is the same")
        await pilot.press("f3")
        await until(pilot, lambda: _seen(app) == ["Of a run."], "what is of no page")


@played
async def test_what_is_to_be_said_waits_until_a_question_is_answered() -> None:
    app = Workbench("settings")
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: idle(app), "the page")
        assert isinstance(app.screen, Desk)
        app.screen.say("It was said before.")
        await until(pilot, lambda: _seen(app) == ["It was said before."], "a sentence")
        app.push_screen(Confirm("Delete it?", ["It is gone then."], "delete it"))
        await pilot.pause()
        app.notify("It is paused.", markup=False)
        await pilot.pause()
        assert _seen(app) == []
        await pilot.press("escape")
        await until(pilot, lambda: "It is paused." in _seen(app), "what has waited")
