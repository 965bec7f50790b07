"""The page of rewards: checks are chosen and written, tried at once on the rows, and taken back to the road."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import ROOT
from tests.tui.pilots import played, until
from tests.tui.support import idle, on_the_road, page_text
from tests.tui.test_run import at_work
from workbench.core import recipe
from workbench.core.errors import UsageError
from workbench.core.events import AttemptEnded, Event, Rollout, Step, decode
from workbench.guide import rewarding
from workbench.runs import store
from workbench.tui import rewardpage
from workbench.tui.app import Workbench
from workbench.tui.screens.rewards import RewardsScreen
from workbench.tui.screens.run import RunScreen
from workbench.tui.view import ROLLOUTS, RunView
from workbench.tui.widgets.listing import Listing
from workbench.tui.widgets.prompt import Prompt

JOURNAL = ROOT / "tests" / "core" / "journals" / "grpo.jsonl"
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


def trial(*totals: float) -> dict[str, Any]:
    """Return what a trial told of one prompt whose answers earned so much by a check of whole numbers."""
    mean = sum(totals) / len(totals)
    varied = float(len(set(totals)) > 1)
    score = {"samples": mean, "references": 1.0, "spread": 0.0, "varied": varied, "not_judged": 0, "judged": 4}
    check = {"reward": "number", "weight": 1.0, "low": 0.0, "high": 1.0, "needs": "answer", "seconds": 0.0}
    body: dict[str, Any] = {
        "checks": [{**check, **score, "reasons": []}],
        "total": score,
        "trivial": [],
        "groups": [{"prompt": "2 + 3?", "reference": "5", "answers": [answer(one, "5") for one in totals]}],
        "finished": 1.0,
        "longest": 64,
    }
    return {**body, "findings": [rewarding._told(finding) for finding in rewarding.findings(body)]}


def test_what_a_trial_foresees_counts_the_answers_that_earned_nothing() -> None:
    level, said, mends = rewarding.outlook(trial(0.0, 0.0, 0.0, 0.0))
    assert (level, said) == ("bad", "the base earns no reward on 4 of 4 sampled answers")
    assert "sft first" in mends
    assert rewarding.outlook(trial(1.0, 1.0))[:2] == ("bad", "the base earns all there is on 2 of 2 sampled answers")
    level, said, mends = rewarding.outlook(trial(0.0, 1.0, 1.0, 0.0))
    assert (level, mends) == ("good", "")
    assert "0.50 on 4 sampled answers" in said
    short = rewardpage.foreseen(trial(0.0, 0.0), 76, 1)
    assert [line.plain[2:] for line in short] == ["The base earns no reward on 2 of 2 sampled answers."]


@played
async def test_what_a_trial_found_is_said_until_the_rewards_are_others() -> None:
    app = on_the_road("method", SUMS)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.known.plan is not None and idle(app), "a plan", 60)
        assert "r tries the rewards before a run" in page_text(app)
        plan = app.known.plan
        assert plan is not None
        wish = rewarding.of_recipe(plan.chosen.resolved.recipe)
        app.screen.learn(trial=trial(0.0, 0.0, 0.0), trial_of=wish)  # type: ignore[attr-defined]
        await pilot.pause()
        for station in ("method", "fit", "review"):
            await until(pilot, lambda name=station: name == app.screen.NAME, station)  # type: ignore[attr-defined,misc]
            await until(pilot, lambda: "earns no reward on 3 of 3 sampled answers" in page_text(app), station)
            if station == "fit":
                screen: Any = app.screen
                screen.settle(screen.road.with_value("rewards", ("exact",)))
                await pilot.pause()
                assert "sampled answers" not in page_text(app)
                screen.settle(screen.road.without("rewards"))
            await pilot.press("enter") if station != "review" else None


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


# During a run


def group(step: int, *earned: float) -> Rollout:
    """Return a group of answers that earned so much."""
    told = [
        {"text": f"It is {reward:g}.", "reward": reward, "parts": {"number": reward}, "tokens": 4, "finished": True}
        for reward in earned
    ]
    return Rollout(step=step, prompt=f"How much at {step}?", answers=told)


def test_the_newest_groups_are_kept_and_a_step_taken_again_counts_once() -> None:
    view = RunView("run")
    view.see([group(step, 0.0, 1.0) for step in range(1, ROLLOUTS + 20)])
    view.see([group(ROLLOUTS + 10, 0.5)])
    assert len(view.rollouts) <= ROLLOUTS
    assert view.rollouts[-1].answers[0]["reward"] == 0.5
    assert [one.step for one in view.rollouts] == sorted({one.step for one in view.rollouts})


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@played
async def test_a_run_shows_the_answers_it_learns_from(size: tuple[int, int]) -> None:
    """Of the journal of a real run; the newest group is followed until another one is looked at."""
    wanted = {"method": "grpo", "tuning": "lora", "data": [str(SUMS)], "packing": False, "rewards": ["number"]}
    run = store.create(
        recipe.to_toml(recipe.resolve(wanted)), method="grpo", tuning="lora", base="bundled", title="sums"
    )
    found: list[Event] = [one for line in JOURNAL.read_bytes().splitlines() if (one := decode(line)) is not None]
    last = max(one.step for one in found if isinstance(one, Step))
    told = [*(one for one in found if not isinstance(one, AttemptEnded)), group(last, 0.0, 1.0, 0.25)]
    app = Workbench("run", (run.id,))
    with at_work(run, told) as writer:
        async with app.run_test(size=size) as pilot:
            await until(
                pilot, lambda: isinstance(app.screen, RunScreen) and app.screen.view.step == last, "the steps", 30
            )
            await until(pilot, lambda: f"How much at {last}?" in page_text(app), "the newest group")
            lines = page_text(app).splitlines()
            at = next(number for number, line in enumerate(lines) if f"How much at {last}?" in line)
            assert "It is 1." in " ".join(lines[at + 1 : at + 3])
            assert "It is 0." in " ".join(lines[at + 2 : at + 6])
            await pilot.press("right")
            await until(pilot, lambda: f"How much at {last}?" not in page_text(app), "an older group")
            older = app.screen.answers[1]  # type: ignore[attr-defined]
            writer.write(group(last + 1, 1.0, 0.0))
            screen = app.screen
            assert isinstance(screen, RunScreen)
            await until(pilot, lambda: screen.view.rollouts[-1].step > last, "one more")
            assert app.screen.answers[1] == older  # type: ignore[attr-defined]
