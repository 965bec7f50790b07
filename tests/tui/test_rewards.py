"""The page of rewards: checks are chosen and written, tried at once on the rows, and taken back to the road."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import ROOT
from tests.tui.pilots import played, until
from tests.tui.support import idle, on_the_road, page_text
from workbench.core.errors import UsageError
from workbench.guide import rewarding
from workbench.tui import rewardpage
from workbench.tui.app import Workbench
from workbench.tui.screens.rewards import RewardsScreen
from workbench.tui.widgets.listing import Listing
from workbench.tui.widgets.prompt import Prompt

SUMS = ROOT / "assets" / "data" / "prompts.jsonl"


def answer(total: float | None, text: str, finished: bool = True) -> dict[str, Any]:
    """Return an answer as a trial tells it."""
    return {"text": text, "total": total, "parts": {}, "tokens": 4, "finished": finished, "reasons": {}}


def rewards(app: Workbench) -> tuple[str, ...]:
    """Return the rewards that the person has chosen."""
    return tuple(app.road.chosen.get("rewards", ()))


def tried(app: Workbench) -> list[str] | None:
    """Return the rewards of the trial that is shown, None where there is none."""
    screen = app.screen
    return screen._body["rewards"] if isinstance(screen, RewardsScreen) and screen._body is not None else None


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@played
async def test_checks_are_chosen_tried_and_taken(size: tuple[int, int]) -> None:
    app = on_the_road("method", SUMS)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.known.plan is not None and idle(app), "a plan", 60)
        await pilot.press("r")
        await until(pilot, lambda: tried(app) and idle(app), "a first trial", 60)
        listing = app.screen.query_one(Listing)
        assert "right answers earn" in page_text(app) or "own answers earn" in page_text(app)
        before = tuple(tried(app) or ())
        listing.go("add exact")
        await pilot.press("space")
        assert rewards(app) == (*before, "exact")
        assert listing.key == f"has {len(before)}"
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, Prompt), "a line to write on")
        await pilot.press("*", "0", ".", "5", "enter")
        await until(pilot, lambda: rewards(app) == (*before, "exact*0.5"), "another weight")
        await until(pilot, lambda: tried(app) == [*before, "exact*0.5"] and idle(app), "a trial of both", 60)
        await pilot.press("2")
        await pilot.pause()
        assert "the commonest answer" in page_text(app)
        await pilot.press("space", "enter")
        await until(pilot, lambda: app.screen.NAME == "method", "the station")  # type: ignore[attr-defined]
        assert rewards(app) == before
        assert app.road.base == "bundled"


@played
async def test_what_learns_from_no_rewards_has_none_to_choose() -> None:
    app = on_the_road("method")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.known.plan is not None and idle(app), "a plan", 60)
        await pilot.press("r")
        await pilot.pause()
        assert app.screen.NAME == "method"  # type: ignore[attr-defined]
        assert "sft" in app.screen.why_not("method.rewards")  # type: ignore[attr-defined]


def test_a_reward_is_written_anew_in_its_place() -> None:
    assert rewarding.replaced(("number", "exact"), 1, "exact*0.5") == ("number", "exact*0.5")
    with pytest.raises(UsageError, match="there already"):
        rewarding.replaced(("number", "exact"), 1, "number")
    assert "number" not in {check.name for check in rewarding.others(("number*2",))}


def test_answers_are_shown_the_best_and_the_worst_first() -> None:
    told = [answer(number / 10, f"answer {number}", number != 3) for number in range(8)] + [answer(None, "unjudged")]
    group = {"prompt": "What?", "reference": "7", "answers": told}
    lines = [line.plain.rstrip() for line in rewardpage.answers({"groups": [group]}, 0, 60, 7)]
    assert lines[0].split() == ["prompt", "What?"]
    assert [line.split()[0] for line in lines[2:]] == ["0.70", "0.60", "0.50", "0.40", "–"]
    assert len(rewardpage.answers({"groups": [group]}, 0, 60, 40)) == 11
