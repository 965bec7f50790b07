"""Explanations, help and the palette."""

from __future__ import annotations

import re

import pytest

from tests.tui.pilots import played, until
from tests.tui.support import idle, on_the_road, page_text
from workbench.core import recipe
from workbench.core.text import width_of
from workbench.guide import asking, learning
from workbench.guide.road import NAMES, Road
from workbench.tui import actions, glyphs, ink, pictures, settings
from workbench.tui.app import PLACES, Workbench
from workbench.tui.screens.learn import LearnSheet, open_sheet
from workbench.tui.widgets.listing import Listing

WIDTH = 70
"""Columns of a sheet without its margins."""
_ROLE = re.compile(r"\[([-a-z0-9]+)\|([^\]]*)\]")


def known(app: Workbench) -> dict[str, str]:
    """Return every figure of an application's road."""
    found = app.known
    return learning.figures(app.road, found.plan, found.base, found.card, found.glance)


@pytest.mark.parametrize("topic", learning.topics(), ids=lambda topic: topic.id)
def test_an_explanation_is_whole_and_fits_its_sheet(topic: learning.Topic) -> None:
    assert learning.answer(topic, {}), "the last answer needs no figure"
    assert learning.title(topic, {})
    assert len(learning.title(topic, {})) <= 50
    assert len(topic.facts) == 4
    assert topic.says
    values = max(len(topic.head), 1)
    for row in topic.facts:
        assert 1 + values <= len(row) <= 2 + values, row
    for place in topic.places:
        station, _, field = place.partition(".")
        # Fields of preferences come with the methods that learn from them.
        assert station in PLACES or place in recipe.FIELDS or "dpo" not in recipe.METHODS, place
        assert not field or field in recipe.FIELDS or field in recipe.METHODS or station in ("method", "export"), place
    if topic.trial is not None:
        assert topic.trial.field in recipe.FIELDS
    assert not re.search(r"please|successfully|!(?!=)", " ".join((*topic.text, *topic.answer, topic.says)))
    if topic.picture in pictures.DRAWN:
        return
    for line in topic.picture.split("\n"):
        plain = learning.plain(line, {})
        assert all(role in ink.ROLES for role, _ in _ROLE.findall(plain)), line
        assert width_of(_ROLE.sub(r"\2", plain)) <= WIDTH, line


def test_everything_that_is_asked_for_is_explained() -> None:
    ids = {topic.id for topic in learning.topics()}
    assert {
        "pretraining",
        "sft",
        "cpt",
        "dpo",
        "kto-orpo",
        "reward",
        "grpo",
        "tuning",
        "rank",
        "length",
        "batch",
    } <= ids
    assert {"epochs", "forgetting", "rate", "distillation", "quantisation", "pruning", "templates", "kinds"} <= ids
    assert {"memory", "curve", "export"} <= ids
    for station in (*NAMES, "run", "compare", "chat", "export"):
        place = {"train": "run"}.get(station, station)
        assert any(place in topic.places for topic in learning.topics()), place
    for method in recipe.METHODS:
        assert any(f"method.{method}" in topic.places for topic in learning.topics()), method


def test_a_run_is_explained_by_what_its_method_draws() -> None:
    def told(key: str, about: str) -> str:
        return learning.topics()[learning.topic_of("run", key, about)].id

    assert told("", "sft") == "curve"
    assert {told("", method) for method in ("grpo", "ppo")} == {"reward-curve"}
    assert told("lora_r", "grpo") == "rank", "what is in focus comes first"


def test_ascii_signs_leave_nothing_else() -> None:
    glyphs.use_ascii(True)
    try:
        for topic in learning.topics():
            assert glyphs.signs(topic.picture).isascii(), topic.id
    finally:
        glyphs.use_ascii(False)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
@played
async def test_the_focused_field_is_explained_with_the_person_s_figures(size: tuple[int, int]) -> None:
    app = on_the_road("fit")
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.known.plan is not None and idle(app), "a plan")
        plan, glance = app.known.plan, app.known.glance
        assert plan is not None
        assert glance is not None
        app.screen.query_one(Listing).go("max_length")
        await pilot.press("w")
        await pilot.pause()
        assert "How long a row may be" in page_text(app)
        assert isinstance(app.screen, LearnSheet)
        said = " ".join(" ".join(line.plain for line in app.screen._lines(WIDTH)).split())
        rows = asking.rows(glance, app.known.base)
        assert rows is not None
        assert f"longest that was looked at {rows.longest}." in said
        assert f"The limit is {plan.chosen.resolved.recipe.max_length}." in said
        await pilot.press("right")
        await pilot.pause()
        assert "What a step is made of" in page_text(app)
        await pilot.press("m")
        await pilot.pause()
        assert "What there is to learn" in page_text(app)
        await pilot.press("end", "enter")
        await pilot.pause()
        assert "Taking parts of a model away" in page_text(app)
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen.NAME == "fit"  # type: ignore[attr-defined]


@played
async def test_what_is_to_be_tried_is_worked_out_and_taken() -> None:
    app = on_the_road("fit")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.known.plan is not None and idle(app), "a plan")
        before = app.known.plan
        assert before is not None
        app.screen.query_one(Listing).go("max_length")
        await pilot.press("w")
        await pilot.pause()
        assert isinstance(app.screen, LearnSheet)
        tried = app.screen._tried
        assert tried is not None
        await pilot.press("t")
        await until(pilot, lambda: app.screen.NAME == "fit", "the page")  # type: ignore[attr-defined]
        after = app.known.plan
        assert after is not None
        assert after.chosen.resolved.recipe.max_length == before.chosen.resolved.recipe.max_length // 2
        assert after.chosen.memory.peak < before.chosen.memory.peak
        assert f"{round(after.chosen.memory.peak / (1 << 20))} MiB of memory in place of" in tried.change


def test_a_name_that_reads_like_markup_stays_a_name() -> None:
    hostile = "x/\x1b[31m[bold]y{rows}\u202e[bad|z]"
    figures = learning.figures(Road(base=hostile), None, None, None, None)
    for topic in learning.topics():
        for text in (*topic.answer, *topic.text):
            said = learning.plain(text, figures)
            assert "\x1b" not in ink.ink(said).plain
            assert "{base}" not in text or "[bold]y{rows}" in said
            assert "\u202e" not in ink.ink(said).plain


@played
async def test_the_keys_of_a_sheet_can_be_clicked() -> None:
    app = Workbench("fit")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        open_sheet(app.screen, "sft")  # type: ignore[arg-type]
        await pilot.pause()
        row = page_text(app).splitlines()[38]
        await pilot.click(offset=(row.index("next: ") + 2, 38))
        await pilot.pause()
        assert "What continued pre-training does" in page_text(app)
        await pilot.click(offset=(row.index("close"), 38))
        await pilot.pause()
        assert app.screen.NAME == "fit"  # type: ignore[attr-defined]


@played
async def test_every_explanation_stands_on_its_sheet() -> None:
    """With and without figures, wide and narrow, none has a gap where a figure should be and none is cut."""
    for size, road in (((120, 40), True), ((80, 24), False)):
        app = on_the_road("fit") if road else Workbench("fit")
        async with app.run_test(size=size) as pilot:
            if road:
                await until(pilot, lambda app=app: app.known.plan is not None and idle(app), "a plan")  # type: ignore[misc]
            open_sheet(app.screen, learning.topics()[0].id)  # type: ignore[arg-type]
            await pilot.pause()
            sheet = app.screen
            assert isinstance(sheet, LearnSheet)
            for topic in learning.topics():
                lines = sheet._lines(WIDTH)
                assert all(line.cell_length <= WIDTH for line in lines), topic.id
                assert not any("{" in line.plain or "…" in line.plain for line in lines), topic.id
                assert learning.title(topic, known(app)) in lines[0].plain
                sheet.action_turn(1)
            await pilot.pause()
            assert learning.topics()[0].title[0] in page_text(app)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
@played
async def test_help_says_what_can_be_done_and_why_something_cannot(size: tuple[int, int]) -> None:
    app = Workbench("fit")
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        screen = app.screen
        await pilot.press("question_mark")
        await pilot.pause()
        from workbench.tui.screens.help import HelpSheet

        sheet = app.screen
        assert isinstance(sheet, HelpSheet)
        said = " ".join(" ".join(line.plain for line in sheet._lines(WIDTH)).split())
        for action in actions.of_screen("fit"):
            assert action.help in said
        assert f"Not now: {screen.why_not('fit.next')}" in said  # type: ignore[attr-defined]
        assert "ten rows down" in said
        before = page_text(app)
        await pilot.press("pagedown")
        await pilot.pause()
        assert (page_text(app) != before) is (size[1] == 24 or len(sheet._lines(WIDTH)) > 34)
        await pilot.press("question_mark")
        await pilot.pause()
        assert app.screen is screen


@played
async def test_the_palette_finds_actions_and_explanations() -> None:
    app = on_the_road("fit")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.known.plan is not None and idle(app), "a plan")
        screen = app.screen
        titles = {command.title: command.help for command in app.get_system_commands(screen)}
        assert {"fit: dry run", "go: runs", "learn: rank", "app: quit"} <= set(titles)
        await pilot.press("colon")
        await pilot.pause()
        assert app.screen is not screen
        await pilot.press(*"learn rank")
        await until(pilot, lambda: "How much an adapter can hold" in page_text(app), "the explanation to be found")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, LearnSheet), "the explanation")


@played
async def test_the_palette_finds_settings_and_keeps_them() -> None:
    app = Workbench("settings")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: idle(app), "the page")
        await pilot.press("ctrl+p", *"theme paper")
        await until(pilot, lambda: "graphite is dark, paper light" in page_text(app), "the setting to be found")
        await pilot.press("enter")
        await until(pilot, lambda: app.theme == "paper", "the theme")
        assert settings.load()[0].theme == "paper"


@played
async def test_a_reason_is_no_markup_in_the_palette(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Workbench("fit")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        monkeypatch.setattr(type(app.screen), "why_not", lambda self, action: "\x1b[31mNo [bold]way[/] [/nope].")
        await pilot.press("ctrl+p")
        await pilot.press(*"dry run")
        await until(pilot, lambda: "[bold]way[/] [/nope]" in page_text(app), "the reason as it stands")
        assert "\x1b" not in page_text(app)
