"""The list of runs: trees, what changes, what can be asked, and a few hundred of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.content import Content

from tests.tui.pilots import played, until
from tests.tui.support import QUESTIONS
from tests.tui.test_run import HOSTILE, a_step, at_work, plain, training
from workbench.core import health, recipe
from workbench.core.events import AttemptEnded, AttemptStarted, Eval, Phase
from workbench.guide import watching
from workbench.runs import journal, store
from workbench.tui import runspage
from workbench.tui.app import Workbench
from workbench.tui.screens.runs import RunsScreen
from workbench.tui.widgets.listing import Listing


def a_run(title: str, parent: str = "", base: str = "bundled", error: str = "", **fields: object) -> store.Run:
    resolved = recipe.resolve({"method": "sft", "tuning": "lora", "data": [str(QUESTIONS)], "base": base, **fields})
    run = store.create(
        recipe.to_toml(resolved),
        method=resolved.recipe.method,
        tuning="lora",
        base=parent or base,
        title=title,
        parent=parent,
    )
    writer = journal.Writer(run.events_path)
    for event in (AttemptStarted(attempt=1, pid=1), *(a_step(step, 20) for step in range(1, 21))):
        writer.write(event)
    writer.write(Eval(step=20, loss=1.11))
    outcome = "failed" if error else "done"
    writer.write(AttemptEnded(attempt=1, outcome=outcome, error=error, step=20))
    writer.close()
    return run


def listing(app: Workbench) -> Listing:
    return app.screen.query_one(Listing)


@played
async def test_without_a_run_the_page_says_what_will_be_here_and_how_to_begin() -> None:
    app = Workbench("runs")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "No runs yet" in plain(app), "the empty page")
        page = plain(app)
        for said in ("start at Base", "inspect a data file", "open a recipe", "enter open", "Review"):
            assert said in page, said
        await pilot.press("enter")
        await until(pilot, lambda: getattr(app.screen, "NAME", "") == "base", "the first station")


@played
async def test_runs_stand_in_trees_under_their_bases_with_what_came_of_them() -> None:
    parent = a_run("handbook", base="/models/Qwen3-8B")
    child = a_run("support", parent=parent.id, learning_rate=3e-4)
    failed = a_run("broken", parent=parent.id, error="Out of memory.", learning_rate=1e-4)
    a_run("plain")
    app = Workbench("runs")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "4 runs on 2 bases" in plain(app), "all runs")
        lines = plain(app).split("\n")
        order = [
            next(at for at, line in enumerate(lines) if word in line) for word in ("bundled", "plain-", "Qwen3-8B")
        ]
        assert order == sorted(order)
        at = {word: next(line for line in lines if word in line) for word in ("handbook-", "support-", "broken-")}
        assert "└─ handbook-" in at["handbook-"]
        assert "   └─ support-" in at["support-"]
        assert "   ├─ broken-" in at["broken-"]
        assert "✓ done" in at["support-"]
        assert "eval   1.11" in at["support-"]
        assert "✗ failed" in at["broken-"]
        assert "Out of memory." in at["broken-"]
        listing(app).go(child.id)
        await until(pilot, lambda: "questions.jsonl" in plain(app), "what it learns")
        assert "this run" in plain(app)
        assert "learning rate 3e-4 instead of 1e-4" in plain(app)
        listing(app).go(failed.id)
        await until(pilot, lambda: "u begin anew" in plain(app), "what can be done")


@played
async def test_what_changes_is_shown_and_the_focus_stays() -> None:
    first, second = a_run("first"), a_run("second")
    app = Workbench("runs")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "2 runs" in plain(app), "all runs")
        listing(app).go(first.id)
        with at_work(first, [AttemptStarted(attempt=2, pid=1), Phase(phase="training"), a_step(5, 20)]):
            await until(pilot, lambda: "● running" in plain(app), "that one runs")
            assert listing(app).key == first.id
        await until(pilot, lambda: "✗ lost" in plain(app), "that it was cut off")
        await until(pilot, lambda: "r resume" in plain(app), "the key that helps")
        assert second.path.is_dir()


@played
async def test_a_run_is_discarded_only_when_that_is_confirmed() -> None:
    run = a_run("old")
    app = Workbench("runs")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "1 run on 1 base" in plain(app), "the run")
        await pilot.press("delete")
        await until(pilot, lambda: "Discard old-" in plain(app), "the question")
        await pilot.press("enter")
        assert run.path.is_dir()
        await pilot.press("delete")
        await until(pilot, lambda: "Discard old-" in plain(app), "the question again")
        await pilot.press("y")
        await until(pilot, lambda: "No runs yet" in plain(app), "that it is gone")
        assert not run.path.exists()


@played
async def test_the_chat_is_with_the_run_in_focus_and_a_reward_model_has_none() -> None:
    first, scores = a_run("first"), a_run("scores", method="reward", packing=False)
    app = Workbench("runs")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "2 runs" in plain(app), "all runs")
        listing(app).go(scores.id)
        await pilot.press("c")
        assert "writes none" in [said.message for said in app._notifications][-1]
        await until(pilot, lambda: "x compare" in plain(app), "what can be done")
        assert "c chat" not in plain(app)
        listing(app).go(first.id)
        await pilot.press("f5")
        await until(pilot, lambda: getattr(app.screen, "NAME", "") == "chat", "the chat")
        assert app.screen._given == ("bundled", first.id)  # type: ignore[attr-defined]


@played
async def test_words_narrow_the_list_and_those_a_run_stems_from_stay() -> None:
    parent = a_run("handbook")
    a_run("support", parent=parent.id)
    a_run("other")
    app = Workbench("runs")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "3 runs" in plain(app), "all runs")
        await pilot.press("slash")
        await pilot.press(*"support", "enter")
        await until(pilot, lambda: len(listing(app).keys) == 2, "the two")
        assert "other-" not in plain(app)
        await pilot.press("slash", "ctrl+u")
        await pilot.press(*"nothing", "enter")
        await until(pilot, lambda: "No run is called so." in plain(app), "that there is none")
        assert "0 of 3" in plain(app)
        await pilot.press("escape")
        await until(pilot, lambda: len(listing(app).keys) == 3, "all of them again")


@played
async def test_a_recipe_is_begun_anew_with_what_was_chosen(tmp_path: Path) -> None:
    run = a_run("again", learning_rate=3e-4)
    app = Workbench("runs")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "1 run" in plain(app), "the run")
        await pilot.press("u")
        await until(pilot, lambda: getattr(app.screen, "NAME", "") == "review", "the whole recipe")
        assert app.road.base == "bundled"
        assert app.road.data == (str(QUESTIONS),)
        assert app.road.chosen["learning_rate"] == 3e-4
        assert "save_steps" not in app.road.chosen
        app.go("runs")
        await until(pilot, lambda: app.screen.query(Listing) and listing(app).keys, "the runs again")
        await pilot.press("o")
        await pilot.press(*str(tmp_path / "none.toml"), "enter")
        await until(pilot, lambda: "cannot be read" in " ".join(plain(app).split()), "why not, where it was typed")
        app.screen.query_one("Input").value = str(run.recipe_path)  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until(pilot, lambda: getattr(app.screen, "NAME", "") == "review", "the recipe of the file")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_names_and_errors_stay_text(size: tuple[int, int]) -> None:
    @played
    async def check() -> None:
        a_run(HOSTILE, base=f"/models/{HOSTILE}", error=HOSTILE)
        app = Workbench("runs")
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: "✗ failed" in plain(app), "the run")
            await pilot.pause(0.3)
            assert not set(plain(app)) & set("\x1b\x07\u202e\u202c")
            assert all(len(line) <= size[0] for line in plain(app).split("\n"))

    check()


@played
async def test_more_runs_than_rows_are_listed_to_the_last() -> None:
    text = recipe.to_toml(recipe.resolve({"method": "sft", "tuning": "lora"}))
    runs = [store.create(text, method="sft", tuning="lora", base="bundled", title=f"r{n}") for n in range(120)]
    app = Workbench("runs")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "120 runs" in plain(app), "all runs", 60)
        with at_work(runs[0], training(5)):
            await until(pilot, lambda: "● running" in plain(app) or app.screen._glances[runs[0].id].step, "one runs")  # type: ignore[attr-defined]
        screen = app.screen
        assert isinstance(screen, RunsScreen)
        screen.rebuild()
        await pilot.press("end")
        assert listing(app).key == listing(app).keys[-1]


def rows_of(app: Workbench) -> list[str]:
    """Return the lines of numbered runs that the terminal shows."""
    lines = plain(app).split("\n")
    return [line for line in lines if "├─ r" in line or "└─ r" in line]


@played
async def test_in_a_small_terminal_the_list_ends_above_the_detail_and_follows_the_cursor() -> None:
    for number in range(25):
        a_run(f"r{number:02d}", learning_rate=1e-4 * (number + 1))
    app = Workbench("runs")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "25 runs" in plain(app) and len(rows_of(app)) > 9, "all runs")
        room = len(rows_of(app))
        assert rows_of(app)[-1].lstrip().startswith("↓")
        assert listing(app).region.bottom <= app.screen.query_one("#detail").region.y
        assert app.screen.query_one("#detail").region.bottom <= app.screen.query_one("#body").region.bottom
        for _ in range(room + 1):
            await pilot.press("down")
        await until(pilot, lambda: any("▌" in line for line in rows_of(app)), "the cursor, further down")
        await pilot.press("end")
        await until(pilot, lambda: "▌ └─ r00-" in plain(app), "the last run, in focus")
        assert "this run" in plain(app)
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: "method" in plain(app) and "r24-" in plain(app), "all of them in a big terminal")
        assert "▌ └─ r00-" in plain(app)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "method" not in plain(app), "the small one again")
        await until(pilot, lambda: "▌ └─ r00-" in plain(app) and "this run" in plain(app), "the last run after it")


def test_what_differs_is_told_as_long_as_there_is_room_for() -> None:
    ways = ("differs from one: rank 16 instead of 8 and 3 more", "differs from one in 4 values")
    known = runspage.Focused(watching.Detail("two", "rows.jsonl", 3, "LoRA", ways), health.verdict([]))
    wide, narrow = (runspage.described(known, Content(""), width)[1].plain for width in (80, 50))
    assert wide.rstrip().endswith(ways[0])
    assert narrow.rstrip().endswith(ways[1])
