"""Preference data from a run: what is proposed, changed, made by the real engine, stopped, and learnt from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psutil
import pytest
from textual.widgets import Input

from tests.tui.pilots import played, until
from tests.tui.support import idle, page_text
from tests.tui.test_use import made
from workbench.core import paths
from workbench.guide import using, wishing
from workbench.tui.app import Workbench
from workbench.tui.screens.prefer import PreferScreen
from workbench.tui.widgets.listing import Listing


def screen(app: Workbench) -> PreferScreen:
    """Return the screen that is shown."""
    assert isinstance(app.screen, PreferScreen)
    return app.screen


def test_a_run_that_answers_is_offered_pairs_and_one_that_does_not_is_not() -> None:
    keys = {method: [item.key for item in using.proposals(using.look(made(method).id))] for method in ("sft", "cpt")}
    assert "prefer" in keys["sft"]
    assert "prefer" not in keys["cpt"]


def test_the_newest_reward_model_judges_where_there_is_one() -> None:
    run = made("sft")
    wish, why = wishing.proposed(run.id)
    assert (wish.models, wish.constitution, wish.rewards) == ((run.id,), "bundled", ())
    assert "criticises" in why
    made("reward")
    newest = made("reward")
    wish, why = wishing.proposed(run.id)
    assert (wish.constitution, wish.rewards) == ("", (f"model(run={newest.id})",))
    assert newest.id in why


def test_work_that_was_begun_is_gone_on_with_as_long_as_it_is_the_same() -> None:
    run = made("sft")
    wish, _ = wishing.proposed(run.id)
    journal = paths.journal_of(Path(wish.out))
    journal.parent.mkdir(parents=True)
    journal.write_text("{}\n")
    assert wishing.proposed(run.id)[0] == wish
    nearer = wishing.edited(wish, "margin", "0.25")
    assert wishing.apart(nearer, "margin", run.id) == nearer
    colder = wishing.edited(wish, "temperature", "0.5")
    assert wishing.apart(colder, "temperature", run.id).out == wish.out.replace("-1.jsonl", "-2.jsonl")


async def settle(app: Workbench, pilot: Any, *values: tuple[str, str]) -> None:
    """Wait for the proposal and write other values, each the way a person does."""
    await until(pilot, lambda: idle(app) and "constitution" in page_text(app), "the proposal")
    for name, text in values:
        screen(app).query_one(Listing).go(name)
        await pilot.press("enter")
        await until(pilot, lambda: "take it" in page_text(app), "the prompt")
        app.screen.query_one(Input).value = text
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, PreferScreen), "the page again")


@played
async def test_pairs_are_made_and_learnt_from() -> None:
    run = made("sft")
    app = Workbench("prefer", (run.id,))
    went: list[str] = []
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot, ("constitution", ""), ("rewards", "length(max=3)"), ("count", "16"))
        await settle(app, pilot, ("max_tokens", "20"))
        assert "There are no pairs yet" in screen(app).why_not("prefer.learn")
        await pilot.press("y")
        assert "--rewards 'length(max=3)' --count 16 --max-tokens 20" in app.clipboard
        await pilot.press("s")
        await until(pilot, lambda: "pairs from 16" in page_text(app).replace("\u00a0", " "), "the pairs", 120)
        text = Path(wishing.folder(), f"{run.id}-1.jsonl").read_text(encoding="utf-8")
        rows = [json.loads(line) for line in text.splitlines()]
        assert {tuple(row) for row in rows} == {("prompt", "chosen", "rejected")}
        app.go = lambda place, *given: went.append(place)  # type: ignore[method-assign, assignment, return-value]
        await pilot.press("t")
        await until(pilot, lambda: went, "the way on")
    assert went == ["data"]
    assert (app.road.base, app.road.data) == (run.id, (str(wishing.folder() / f"{run.id}-1.jsonl"),))


@pytest.mark.soak
@played
async def test_stopped_work_leaves_no_process_and_goes_on() -> None:
    run = made("sft")
    app = Workbench("prefer", (run.id,))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot, ("constitution", ""), ("rewards", "length(max=3)"), ("count", "48"))
        await pilot.press("s")
        await until(pilot, lambda: "16 of 48" in page_text(app), "a first batch", 60)
        children = psutil.Process().children(recursive=True)
        await pilot.press("escape")
        await until(pilot, lambda: "Stop making pairs?" in page_text(app), "the question")
        await pilot.press("y")
        await until(pilot, lambda: not any(child.is_running() for child in children if child.pid), "the end", 30)
        await until(pilot, lambda: idle(app), "rest")
        assert list(wishing.folder().glob(".*.journal"))
        await pilot.press("s")
        await until(pilot, lambda: "pairs from 48" in page_text(app).replace("\u00a0", " "), "the pairs", 90)
        assert not list(wishing.folder().glob(".*.journal"))
