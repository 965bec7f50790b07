"""The chat panel: a real model in a real process, keys that vote, names that are hidden, and text that stays text."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from tests.guide.talks import BASE, TUNED, kept, look, talked
from tests.support import wait_until
from tests.tui.pilots import played, until
from tests.tui.support import page_text
from workbench.core.errors import UsageError
from workbench.core.text import clean, width_of
from workbench.guide import transcripts, votes
from workbench.guide.conversation import Conversation
from workbench.guide.interview import Interview
from workbench.guide.talking import Model
from workbench.runs.talk import Settings
from workbench.tui.app import Workbench
from workbench.tui.screens.chat import ChatScreen
from workbench.tui.screens.chat_sheets import SamplingSheet, parsed
from workbench.tui.screens.help import HelpSheet
from workbench.tui.widgets.entry import Entry
from workbench.tui.widgets.transcript import Transcript, folded, lines_of

HOSTILE = "\x1b[31mred\x1b]0;title\x07 [bold]loud[/bold] \u202egnihton\u202c [@click=app.quit]x[/] \u3042"

# A real model


@played
async def test_a_model_that_is_killed_is_a_sentence_and_enter_asks_it_again() -> None:
    app = Workbench("chat", ("bundled",))
    async with app.run_test(size=(100, 34)) as pilot:
        screen = app.screen
        assert isinstance(screen, ChatScreen)
        child = await _child(pilot, screen)
        await pilot.press(*"Hello", "enter")
        os.kill(child.pid, signal.SIGKILL)
        await until(pilot, lambda: "SIGKILL" in page_text(app), "the death is said")
        assert "enter asks again" in page_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: screen._talk.last.over, "an answer", seconds=120)  # type: ignore[union-attr]
        answer = screen._talk.turns[0].answers[0]
        assert answer.phase == "done", answer.error
        page = page_text(app)
        assert answer.text.split(".")[0][:40] in page
        assert "SIGKILL" not in page
        assert "tok/s" in page
        assert " of 512 tokens" in page.replace("\u00a0", " ")
        assert len(screen._talk.turns) == 1
        second = await _child(pilot, screen)
    await until_gone(second)


async def _child(pilot: Pilot[Any], screen: ChatScreen) -> psutil.Process:
    """Return the process of the first model, once there is one."""

    def pid() -> int:
        chat = screen._interview._sides[0].chat if screen._interview else None
        return chat.pid if chat else 0

    await until(pilot, pid, "the model's process")
    return psutil.Process(pid())


async def until_gone(process: psutil.Process) -> None:
    """Wait until a process has ended."""
    wait_until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE, 15, "the model is gone")


# The page


async def _showing(app: Workbench, pilot: Pilot[Any], talk: Conversation) -> ChatScreen:
    """Return the chat with a conversation on it."""
    screen = app.screen
    assert isinstance(screen, ChatScreen)
    await until(pilot, lambda: screen._interview is not None, "the screen knows whom it talks with")
    assert screen._interview is not None
    screen._interview.close()
    screen._interview = Interview([model.reference for model in talk.models])
    assert screen._timer is not None
    screen._timer.pause()
    screen._talk, screen._looks = talk, [look("done"), look("done")]
    screen._blind = any(turn.blind for turn in talk.turns)
    screen.rebuild()
    await pilot.pause()
    return screen


@played
async def test_a_key_that_begins_no_sentence_votes_while_nothing_is_typed() -> None:
    app = Workbench("chat", ("bundled",))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await _showing(app, pilot, talked(("It is in Reedhaven.", "Gladly! It is in Reedhaven.")))
        assert "← prefer this one" in page_text(app)
        await pilot.press(*"12 plus 5?", "left", "right")
        assert screen.query_one(Entry).value == "12 plus 5?"
        assert not votes.file_of(["bundled", "some-run"]).exists()
        await pilot.press("escape", "right")
        assert screen.query_one(Entry).value == ""
        page = page_text(app)
        assert "your vote" in page
        await until(pilot, lambda: "1 vote: 1 tuned, 0 base" in page_text(app), "the count")
        assert kept(votes.file_of(["bundled", "some-run"]))[0]["provenance"]["chosen_model"] == "some-run"
        assert "→ take it back" in page
        await pilot.press("left")
        await until(pilot, lambda: "1 vote: 0 tuned, 1 base" in page_text(app), "the count")
        page = page_text(app)
        assert "← take it back" in page
        assert "→ prefer this one" in page
        (row,) = kept(votes.file_of(["bundled", "some-run"]))
        assert row["provenance"]["chosen_model"] == "bundled"
        await pilot.press("left")
        await until(pilot, lambda: "no votes yet" in page_text(app), "the count")
        assert kept(votes.file_of(["bundled", "some-run"])) == []
        await pilot.press("shift+tab", "2")
        await until(pilot, lambda: "1 vote: 1 tuned, 0 base" in page_text(app), "the vote, as nothing is typed there")
        await pilot.press("a", "2")
        assert screen.query_one(Entry).value == "a2", "what is text goes into the row"
        await pilot.press("escape", "question_mark")
        assert isinstance(app.screen, HelpSheet)
        assert "Prefer the right answer" in page_text(app)


@played
async def test_a_conversation_that_is_left_is_kept_and_gone_on_with() -> None:
    app = Workbench("chat", ("bundled",))
    async with app.run_test(size=(120, 40)) as pilot:
        twice = (BASE, Model("bundled", "again", "bundled"))
        talk = talked(("It is in Reedhaven.", "In Reedhaven."), models=twice, system="Be kind.")
        screen = await _showing(app, pilot, talk)
        await pilot.press("f6", "f5")
        assert app.screen is screen, "it was below"
        await pilot.press("escape")
        await until(pilot, lambda: getattr(app.screen, "NAME", "") == "runs", "the runs")
        await until(pilot, lambda: any("question-0" in said.message for said in app._notifications), "where it is")
        files = sorted(path.suffix for path in transcripts.folder().iterdir())
        assert files == [".json", ".md"]
        said = next(said.message for said in app._notifications if "question-0" in said.message)
        assert next(transcripts.folder().glob("*.md")).name in said.splitlines(), "a name is not broken over lines"
        await pilot.press("f5")
        await until(pilot, lambda: "It is in Reedhaven." in page_text(app), "the conversation")
        back = app.screen
        assert isinstance(back, ChatScreen)
        assert (back._talk, back._system) == (talk, "Be kind.")
        assert back._interview is not None
        asked = {"role": "user", "content": "question 0"}
        assert back._interview.history(1) == [asked, {"role": "assistant", "content": "In Reedhaven."}]
        await pilot.press("f3")
        await until(pilot, lambda: app.talk is talk, "that it was left again")
        assert len(list(transcripts.folder().iterdir())) == 2, "one conversation, one transcript"


@played
async def test_a_proposed_question_gives_way_to_what_is_typed_or_pasted() -> None:
    app = Workbench("chat", ("bundled", "", "Where is it made?"))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.query_one(Entry).value, "the proposal")
        entry = app.screen.query_one(Entry)
        assert entry.value == "Where is it made?"
        await pilot.press("1")
        assert entry.value == "1"
        entry.propose("Where is it made?")
        entry.post_message(events.Paste("one\r\n\ttwo\n"))
        await pilot.pause()
        assert entry.text == "one\n\ttwo"
        assert "one↵→two" in page_text(app)
        entry.propose("Where is it made?")
        await pilot.press("end", "x")
        assert entry.value == "Where is it made?x"
        page = page_text(app)
        assert "prefer left" not in page, "there is one model only"
        assert "ctrl+n anew" in page
        entry.propose("Where is it made?")
        entry.post_message(events.Paste("one\n\ttwo"))
        await pilot.press("enter")
        assert isinstance(app.screen, ChatScreen)
        assert [turn.question for turn in app.screen._talk.turns] == ["one\n\ttwo"]
        await pilot.press("up")
        assert entry.text == "one\n\ttwo"


@played
async def test_nobody_is_named_until_the_vote() -> None:
    app = Workbench("chat", ("bundled",))
    async with app.run_test(size=(120, 40)) as pilot:
        await _showing(app, pilot, talked(("It is in Reedhaven.", "Gladly! In Reedhaven."), blind=True, seed=3))
        page = page_text(app)
        for name in ("bundled", "some-run", "tuned", "tok/s"):
            assert name not in page
        assert page.count("hidden") >= 2
        await pilot.press("left")
        page = page_text(app)
        assert "some-run, adapter" in page
        assert "your vote" in page


@played
async def test_below_72_columns_one_side_is_shown_and_tab_shows_the_other() -> None:
    app = Workbench("chat", ("bundled",))
    async with app.run_test(size=(70, 24)) as pilot:
        await _showing(app, pilot, talked(("only left", "only right")))
        assert "only left" in page_text(app)
        assert "only right" not in page_text(app)
        await pilot.press("tab")
        assert "only left" not in page_text(app)
        assert "only right" in page_text(app)


@played
async def test_what_a_model_writes_and_is_called_stays_text() -> None:
    app = Workbench("chat", ("bundled",))
    async with app.run_test(size=(120, 40)) as pilot:
        nasty = Model("nasty", HOSTILE, HOSTILE, run="")
        talk = talked((HOSTILE, HOSTILE + " too"), models=(nasty, TUNED))
        talk.turns[0].question = HOSTILE
        screen = await _showing(app, pilot, talk)
        page = page_text(app)
        assert not {"\x1b", "\x07", "\u202e", "\u202c", "\x9b"} & set(page)
        assert "[bold]loud[/bold]" in page
        assert "[@click=app.quit]" in page
        assert all(width_of(line) <= 120 for line in page.splitlines())
        failing = Conversation((nasty, TUNED), 0)
        failing.begin("q", Settings(), "", False, [[], []])
        failing.take(0, look("failed", error=HOSTILE))
        screen._talk = failing
        screen.rebuild()
        await pilot.pause()
        assert "\x1b" not in page_text(app)
        assert "[bold]loud[/bold]" in page_text(app)


@played
async def test_a_long_answer_is_followed_unless_it_was_scrolled_up() -> None:
    app = Workbench("chat", ("bundled",))
    async with app.run_test(size=(100, 24)) as pilot:
        talk = Conversation((BASE, TUNED), 0)
        talk.begin("count", Settings(), "", False, [[], []])
        screen = await _showing(app, pilot, talk)

        async def write(first: int, until_line: int) -> None:
            talk.take(0, look("writing", "".join(f"line {n}\n" for n in range(first, until_line))))
            screen._draw()
            await pilot.pause()

        await write(0, 50)
        assert "line 49" in page_text(app)
        await pilot.press("pageup")
        before = page_text(app)
        assert "line 49" not in before
        await write(50, 80)
        assert page_text(app) == before
        await pilot.press("pagedown", "pagedown", "pagedown", "pagedown")
        assert screen.query_one(Transcript).following
        await write(80, 90)
        assert "line 89" in page_text(app)


@played
async def test_values_are_set_within_their_bounds() -> None:
    app = Workbench("chat", ("bundled",))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await _showing(app, pilot, talked(("one", "two")))
        await pilot.press("ctrl+s")
        assert isinstance(app.screen, SamplingSheet)
        await pilot.press("down", "right", "enter")
        await pilot.press("ctrl+u", *"9", "enter")
        assert "from 0 to 5" in page_text(app)
        await pilot.press("ctrl+u", *"0.25", "enter", "escape")
        assert app.screen is screen
        assert screen._settings.temperature == 0.25
        assert "temperature 0.25" in page_text(app)


@played
async def test_models_are_chosen_for_each_side(tmp_path: Path) -> None:
    file = tmp_path / "demo-Q8_0.gguf"
    file.write_bytes(b"no model")
    app = Workbench("chat", ("bundled",))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = app.screen
        assert isinstance(screen, ChatScreen)
        await until(pilot, lambda: screen._interview is not None, "the screen knows whom it talks with")
        await pilot.press("ctrl+o")
        await until(pilot, lambda: "on this machine" in page_text(app), "the list")
        await pilot.press("2")
        assert "The other side is that model already" in page_text(app)
        await pilot.press("p", *"nothing-here", "enter")
        assert "There is no base 'nothing-here'" in page_text(app)
        await pilot.press("ctrl+u")
        app.screen.query_one(Input).value = str(file)
        await pilot.press("enter", "2")
        assert "2  right  Q8_0      demo" in page_text(app)
        await pilot.press("x", "enter")
        await until(pilot, lambda: [model.word for model in screen._talk.models] == ["Q8_0"], "the file alone")
        await until(pilot, lambda: "not a GGUF" in " ".join(page_text(app).split()), "the refusal of the file", 20)
        assert "enter tries again" in page_text(app)


def test_bounds_are_said() -> None:
    assert parsed("seed", "42") == 42
    assert parsed("top_p", "0,9") == 0.9
    for name, text in (("seed", "1.5"), ("seed", "-1"), ("temperature", "warm"), ("top_p", "2"), ("top_p", "nan")):
        with pytest.raises(UsageError, match="from 0 to"):
            parsed(name, text)


# Lines


def test_a_list_stands_under_itself_and_code_keeps_its_indent() -> None:
    assert folded("1. Check around your property", 16) == ("1. Check around", "   your property")
    assert lines_of("def f():\n    return 1\n", 30) == ["def f():", "    return 1", ""]
    assert lines_of("\tx", 30) == ["    x"]


@given(st.text(max_size=200), st.integers(2, 60))
def test_no_line_is_wider_than_its_column(text: str, width: int) -> None:
    lines = lines_of(text, width)
    assert all(width_of(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(clean(text).expandtabs(4).split())
