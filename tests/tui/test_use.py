"""The last station: what a finished run has come to, and where each proposal leads."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Static

from tests.tui.pilots import played, until
from tests.tui.support import QUESTIONS, idle, page_text
from workbench.core import best, paths
from workbench.core.events import AttemptEnded, AttemptStarted, Phase, encode
from workbench.core.recipe import resolve, to_toml
from workbench.guide import surveying, using
from workbench.runs import store
from workbench.tui.app import Workbench
from workbench.tui.screens.use import UseScreen
from workbench.tui.widgets.choose import Choose
from workbench.tui.widgets.listing import Listing

HOSTILE = "\x1b[31mred\x1b[0m [bold]x[/] \u202eback"
REPORT = {
    "steps": 62,
    "seconds": 23.4,
    "held_out_loss": {"before": 1.57, "after": 0.16},
    "samples": [
        {"prompt": "Same?", "before": "yes", "after": "yes"},
        {"prompt": f"What does {HOSTILE} mean?", "before": "no idea", "after": f"It means {HOSTILE}."},
    ],
}


def made(method: str = "cpt", base: str = "bundled", parent: str = "", **report: Any) -> store.Run:
    """Return a run whose result is the bundled model, as a full training leaves it."""
    data = str(QUESTIONS if method == "sft" else QUESTIONS.with_name("articles.jsonl"))
    recipe = resolve({"method": method, "tuning": "full", "base": base, "data": (data,), "packing": False})
    run = store.create(to_toml(recipe), method=method, tuning="full", base=base, title=method, parent=parent)
    shutil.copytree(paths.assets_dir() / "base", run.artifacts_dir / "model")
    run.report_path.write_text(json.dumps({**REPORT, **report}))
    return run


async def on(app: Workbench, pilot: Any) -> UseScreen:
    """Return the station when it has looked at its run."""
    await until(pilot, lambda: idle(app) and {"Chat", "Folder"} <= set(page_text(app).split()), "the page")
    assert isinstance(app.screen, UseScreen)
    return app.screen


@played
async def test_the_result_and_the_chat_come_first() -> None:
    run = made()
    app = Workbench("use", (run.id,))
    opened: list[tuple[str, ...]] = []
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await on(app, pilot)
        text = page_text(app)
        assert "fell from 1.57 to 0.16, after 62 steps in 23\u00a0s" in text
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "[bold]x[/]" in text, "a sample is text and no markup"
        assert screen.query_one(Listing).key == "chat"
        assert not screen.query(Static), "nothing of it passes through a widget that reads markup"
        app.open = lambda *given: opened.append(given)  # type: ignore[method-assign]
        await pilot.press("enter")
    ((name, left, right, ask),) = opened
    assert (name, left, right) == ("chat", "bundled", run.id)
    assert ask.startswith("What does ")
    assert ask.isprintable()


@played
async def test_each_proposal_leads_somewhere_or_says_why_not() -> None:
    run = made()
    app = Workbench("use", (run.id,))
    opened: list[tuple[str, ...]] = []
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await on(app, pilot)
        app.open = lambda *given: opened.append(given)  # type: ignore[method-assign]
        keys = ["chat", "export", "quantize", "compare", "rung", "further", "bundle", "folder"]
        assert screen.query_one(Listing).keys == keys
        assert "SFT next" in page_text(app), "after articles come questions"
        await pilot.press("down", "enter")
        assert opened == [("export", run.id)]
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, Choose), "the forms of a model folder")
        await pilot.press("escape", "down")
        assert "no other run" in screen.why_not("use.open")
        await pilot.press("enter")
        assert len(opened) == 1
        await pilot.press("end", "enter")
        assert app.clipboard == str(run.path)
        await pilot.press("home", "y")
        assert app.clipboard == f"workbench chat {run.id}"


@played
async def test_a_small_page_has_the_reason_and_the_command_of_every_proposal() -> None:
    app = Workbench("use", (made("sft").id,))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await on(app, pilot)
        assert len(screen._nexts) == 10
        for item in screen._nexts:
            screen.query_one(Listing).go(item.key)
            await pilot.pause()
            text = " ".join(page_text(app).split())
            assert (item.not_now or item.why)[-30:].split(" ")[-1] in text, item.key
            assert not item.command or " $ workbench" in text, item.key


def test_the_road_begins_anew_with_the_run_as_base() -> None:
    first = made()
    second = made("sft", first.id, first.id)
    found = using.look(second.id)
    assert (found.other, found.other_is_parent) == (first.id, True)
    road = using.onward(found, "further")
    assert (road.base, road.data, road.run) == (second.id, (), "")
    assert [item.key for item in using.proposals(found)][:4] == ["chat", "export", "quantize", "compare"]


def test_votes_about_a_run_are_its_next_data() -> None:
    run = made("sft")
    folder = paths.data_home() / "votes"
    folder.mkdir(parents=True)
    (folder / "bundled--another-1234.jsonl").write_text('{"a": 1}\n' * 9)
    wanted = folder / f"bundled--{run.id}-5678.jsonl"
    wanted.write_text('{"a": 1}\n' * 3 + "\n")
    found = using.look(run.id)
    assert (found.votes, found.vote_count) == (wanted, 3)
    rung = next(item for item in using.proposals(found) if item.key == "rung")
    assert (rung.label, rung.what) == ("DPO next", "with your 3 votes")
    assert rung.command.endswith(f"--method dpo --data {wanted}")
    assert using.onward(found, "rung").data == (str(wanted),)
    assert using.onward(found, "further").data == ()


@pytest.mark.parametrize(("method", "follows"), [("cpt", "sft"), ("sft", "dpo"), ("dpo", "grpo"), ("kto", "grpo")])
def test_what_comes_next_is_proposed_with_data_that_suits_it(method: str, follows: str, tmp_path: Path) -> None:
    """The newest file of the folder is not what the next method learns from; without any, the bundled rows are."""
    found = using.look(made(method).id)
    road = using.onward(found, "rung")
    assert (road.base, road.toward) == (found.run, {"method": follows})
    come = paths.assets_dir() / "data"
    path, why = surveying.suiting(follows, found.run, tmp_path)
    assert Path(path).parent == come
    assert "come with the workbench" in why
    names = {"sft": "questions", "dpo": "preferences", "grpo": "prompts"}
    for age, name in enumerate((*names.values(), "articles")):
        shutil.copy(come / f"{name}.jsonl", tmp_path)
        os.utime(tmp_path / f"{name}.jsonl", (1e9 + age, 1e9 + age))
    assert surveying.suiting(follows, found.run, tmp_path)[0] == str(tmp_path / f"{names[follows]}.jsonl")
    assert road.with_data(("x.jsonl",)).chosen == {}, "rows tell their method by themselves"


def test_of_a_base_that_is_not_bundled_no_data_is_made_up(tmp_path: Path) -> None:
    shutil.copytree(paths.assets_dir() / "base", tmp_path / "base")
    (tmp_path / "data").mkdir()
    path, why = surveying.suiting("dpo", str(tmp_path / "base"), tmp_path / "data")
    assert path == ""
    assert "No file of this folder has better and worse answers" in why


def test_a_judge_leads_on_to_ppo_of_its_base() -> None:
    first = made("sft")
    found = using.look(made("reward", first.id, first.id).id)
    assert using.proposals(found)[0].key == "judged"
    road = using.onward(found, "judged").with_data(("prompts.jsonl",))
    assert (road.base, road.chosen) == (first.id, {"method": "ppo", "reward_model": found.run})


def test_a_reward_model_is_neither_asked_nor_exported() -> None:
    found = using.look(made("reward").id)
    not_now = {item.key: item.not_now for item in using.proposals(found)}
    assert all("scores answers and writes none" in not_now[key] for key in ("chat", "export", "further"))
    assert not_now["folder"] == ""


def test_a_headline_claims_no_more_than_was_measured() -> None:
    run = made()

    def said(**report: Any) -> str:
        run.report_path.write_text(json.dumps({**REPORT, **report}))
        return "".join(text for text, _ in using.headline(using.look(run.id)))

    assert "fell" in said()
    assert "not learnt" in said(held_out_loss={"before": 1.0, "after": 1.2})
    assert "no rows were held out" in said(held_out_loss=None)
    assert "no rows were held out" in said(held_out_loss={"before": "1", "after": True}, seconds=None)
    assert "has not ended" in said(steps="x")
    lower, newest = best.Held(30, 0.10), best.Held(62, 0.16)
    early = said(held_out_loss={"before": 1.57, "after": 0.10}, result=best.Result(30, 62, 62, lower, newest).plain())
    assert "fell from 1.57 to 0.10, after 30 of 62 steps. The result is step 30 of 62" in early
    late = said(result=best.Result(62, 62, 62, lower, newest).plain())
    assert "At step 30 it was 0.10: after that it learnt rows by heart" in late
    assert "heart" not in said(result=best.Result(62, 62, 62, newest, newest).plain())
    assert "still learning" not in said()
    assert "still learning: more epochs" in said(steps=2)
    assert "still learning: more epochs" in said(still_learning=True)
    assert "Figures say that it learnt" not in using.proposals(using.look(run.id))[0].why
    one = said(result=best.Result(62, 62, 62, lower, newest, 1).plain())
    assert "On 1 row it never saw" in one
    assert "measured on 1 row, too few to choose a state by" in one
    assert "heart" not in one


def test_a_run_that_was_resumed_took_the_time_of_all_its_attempts() -> None:
    """The report of an older workbench has the last attempt's seconds alone."""
    run = made(seconds=42.0)
    ends = [
        (AttemptEnded(attempt=n, outcome="done", t=end), n, t) for n, t, end in ((1, 100.0, 194.0), (2, 300.0, 342.0))
    ]
    for event, n, t in ends:
        with run.events_path.open("ab") as file:
            file.write(encode(AttemptStarted(attempt=n, pid=1, t=t - 9)) + encode(Phase(phase="loading", t=t)))
            file.write(encode(event))
    said = "".join(text for text, _ in using.headline(using.look(run.id)))
    assert "after 62 steps in 2\u00a0min 16\u00a0s" in said


def test_a_student_s_loss_is_told_as_what_it_is() -> None:
    """It mixes what the teacher says with the rows' own answers, and compares with no other run's."""
    rows_own = {"row_loss": {"before": 0.75, "after": 0.47}}
    run = made("distill", held_out_loss={"before": 0.81, "after": 0.14}, other_losses=rows_own)
    said = "".join(text for text, _ in using.headline(using.look(run.id)))
    assert "the loss of teacher and rows together fell from 0.81 to 0.14 (the rows' own from 0.75 to 0.47)" in said


@played
async def test_a_run_without_a_result_is_a_sentence(tmp_path: Path) -> None:
    run = made()
    shutil.rmtree(run.artifacts_dir)
    app = Workbench("use", (run.id,))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "✗" in page_text(app), "the reason")
        assert app.screen.why_not("use.open")  # type: ignore[attr-defined]
        await pilot.press("enter")
        assert isinstance(app.screen, UseScreen)
