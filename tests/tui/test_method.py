"""The station Method: what the rows suggest, what they cannot serve, and the share of general text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import ROOT
from tests.tui.pilots import played, until
from tests.tui.support import idle, on_the_road, page_text
from workbench.core import recipe
from workbench.guide import methods
from workbench.guide.road import Road, command
from workbench.tui.app import Workbench
from workbench.tui.widgets.listing import Listing

ARTICLES = ROOT / "assets" / "data" / "articles.jsonl"


def glance(suggested: str, *others: str, method: str = "") -> dict[str, Any]:
    """Return as much of a glance as the station reads."""
    alternatives = [{"method": other, "why": f"evidence for {other}"} for other in others]
    why = ["9 of 9 rows looked at have something."]
    return {"suggested": suggested, "method": method or suggested, "why": why, "alternatives": alternatives}


def focused(app: Workbench) -> str:
    """Return the key of the row in focus."""
    return app.screen.query_one(Listing).key


def test_every_method_that_can_be_trained_is_told() -> None:
    assert set(recipe.METHODS) <= set(methods.TABLE)


def test_what_the_rows_suggest_comes_first_and_what_they_cannot_serve_last() -> None:
    found = methods.offers(glance("cpt", "pretrain"))
    assert [offer.method for offer in found[:2]] == ["cpt", "pretrain"]
    assert all(offer.serves for offer in found[:2])
    assert {offer.method for offer in found} == set(recipe.METHODS)
    sft = next(offer for offer in found if offer.method == "sft")
    assert sft.lacks == methods.TABLE["sft"].needs
    assert {offer.method for offer in found[2:] if offer.serves} == {"distill", "prune"}


def test_a_method_that_was_asked_for_and_works_serves() -> None:
    found = methods.offers(glance("cpt", method="pretrain"))
    assert {offer.method for offer in found if offer.serves} == {"cpt", "pretrain", "distill", "prune"}
    assert found[0].method == "cpt"


def test_a_suggestion_that_cannot_be_trained_gives_way_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "METHODS", ("pretrain", "cpt", "sft"))
    found = glance("grpo", "sft")
    assert methods.suggested(found) == "sft"
    assert methods.offers(found)[0].method == "sft"
    assert "GRPO" in methods.beyond(found)
    assert methods.beyond(glance("sft")) == ""


def test_a_new_model_can_only_be_pretrained() -> None:
    found = methods.offers(glance("cpt", "pretrain"), recipe.SCRATCH)
    assert [offer.method for offer in found if offer.serves] == ["pretrain"]


def test_ppo_serves_where_something_scores_answers() -> None:
    """A reward model of the base's lineage, or answers that can be checked; articles have no prompts."""

    def lacks(found: dict[str, Any], *judges: str) -> str:
        return next(offer.lacks for offer in methods.offers(found, "bundled", judges) if offer.method == "ppo")

    assert lacks(glance("sft")) == lacks(glance("cpt"), "judge-1") == methods.TABLE["ppo"].needs
    assert lacks(glance("sft"), "judge-1") == lacks(glance("grpo")) == lacks(glance("sft", "grpo")) == ""
    road = methods.taken(Road(base="bundled", data=("x",)), "ppo", "sft", ("judge-2", "judge-1"))
    assert road.chosen == {"method": "ppo", "reward_model": "judge-2"}
    assert (
        methods.taken(road.with_value("reward_model", "mine"), "ppo", "sft", ("judge-2",)).chosen["reward_model"]
        == "mine"
    )
    assert methods.taken(road, "sft", "sft").chosen == {}


def test_taking_a_method_drops_what_only_another_one_uses() -> None:
    road = Road(base="bundled", data=("x",)).with_value("replay_share", 0.2).with_value("lora_r", 8)
    assert methods.taken(road, "cpt", "cpt").chosen == {"replay_share": 0.2, "lora_r": 8}
    assert methods.taken(road, "pretrain", "cpt").chosen == {"lora_r": 8, "method": "pretrain"}
    assert methods.taken(methods.taken(road, "pretrain", "cpt"), "cpt", "cpt").chosen == {"lora_r": 8}


@played
async def test_enter_accepts_the_proposal_and_leaves_the_recipe_alone() -> None:
    app = on_the_road("method")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.known.plan is not None and idle(app), "a plan")
        await pilot.pause()
        text = page_text(app)
        assert focused(app) == "sft"
        assert "SFT suits these rows" in text
        assert "needs running text" in text
        await pilot.press("down", "down", "down", "enter")
        await pilot.pause()
        assert app.screen.NAME == "method", "what the rows cannot serve is not taken"
        assert app.screen.why_not("method.next").startswith("CPT needs running text")
        await pilot.press("up", "up", "up", "enter")
        await until(pilot, lambda: app.screen.NAME == "fit", "the next station")
        assert not app.road.chosen


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
@played
async def test_the_share_of_general_text_is_a_field_of_cpt(size: tuple[int, int]) -> None:
    app = on_the_road("method", ARTICLES)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.known.plan is not None and idle(app), "a plan")
        await pilot.pause()
        assert app.screen.why_not("method.more")
        app.screen.query_one(Listing).go("replay_share")
        await pilot.press("right")
        before = app.road.chosen["replay_share"]
        await pilot.press("left", "left")
        assert app.road.chosen["replay_share"] < before
        assert app.known.plan is not None
        assert app.known.plan.chosen.resolved.recipe.replay_share == app.road.chosen["replay_share"]
        await pilot.pause()
        assert "replay share" in page_text(app)
        await pilot.press("backspace")
        assert not app.road.chosen
        app.screen.query_one(Listing).go("pretrain")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.NAME == "fit", "the next station")
        assert app.road.chosen == {"method": "pretrain"}
        assert "--method pretrain" in command(app.road)


@played
async def test_without_data_nothing_is_proposed() -> None:
    app = Workbench("method")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "no data yet" in page_text(app)
        assert app.screen.why_not("method.next").startswith("There is no data")


@played
async def test_names_of_columns_are_harmless(tmp_path: Path) -> None:
    """What a stranger wrote stands on the page as text, without control characters."""
    hostile = "\x1b[31mq\u202e[bold]x[/]"
    rows = [{hostile: f"What is {n}?", "answer": f"It is {n}."} for n in range(20)]
    data = tmp_path / "rows.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    app = on_the_road("method", data)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: (app.known.glance is not None or app.known.trouble) and idle(app), "a glance")
        await pilot.pause()
        text = page_text(app)
        assert "\x1b" not in text
        assert "\u202e" not in text


@played
async def test_the_loss_and_the_beta_of_dpo_are_changed_under_the_methods() -> None:
    app = on_the_road("method", ROOT / "assets" / "data" / "preferences.jsonl")
    async with app.run_test(size=(80, 24)) as pilot:
        seen = ("DPO's own", "two answers a row", "$ workbench train")
        await until(pilot, lambda: idle(app) and all(text in page_text(app) for text in seen), "values and command")
        assert focused(app) == "dpo"
        app.screen.query_one(Listing).go("beta")
        await pilot.press("right")
        assert app.road.chosen["beta"] == 0.2
        app.screen.query_one(Listing).go("loss_type")
        await pilot.press("left")
        await until(pilot, lambda: "mean per token" in page_text(app), "the other loss")
        assert dict(app.road.chosen) == {"loss_type": "simpo"}, "a beta for another loss is given back"
        app.screen.query_one(Listing).go("orpo")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.name != "method" and "method" in app.road.chosen, "the next station")
        assert dict(app.road.chosen) == {"method": "orpo"}
