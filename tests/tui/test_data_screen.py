"""The data station, its rows and the mask microscope, on real files, probes and the engine's tokenizer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.pilots import played, until
from tests.tui.support import QUESTIONS, on_the_road, page_text
from workbench.core import recipe
from workbench.guide import surveying
from workbench.guide.road import Road
from workbench.tui.app import Workbench
from workbench.tui.screens.data import DataScreen
from workbench.tui.screens.microscope import MicroscopeScreen
from workbench.tui.screens.rows import RowsScreen
from workbench.tui.widgets.tokens import Seen, Tokens, laid_out, visible

HOSTILE = "\x1b[31m[bold]x[/]\u202egnp"


def rows_file(folder: Path) -> Path:
    """Write rows of which one cannot be used, with text that would drive a terminal."""
    path = folder / "rows.jsonl"
    rows = [{"instruction": f"Question {n} {HOSTILE}\t日本", "output": f"Answer {n}\nsecond"} for n in range(30)]
    path.write_text("\n".join(map(json.dumps, rows)) + '\n{"instruction": "torn"\n', encoding="utf-8")
    return path


async def surveyed(pilot: Pilot[Any], app: Workbench) -> None:
    """Wait for the survey and for the base to have read the rows."""
    await until(pilot, lambda: app.known.survey is not None, "the survey", 40)
    await until(pilot, lambda: app.known.preview is not None, "the preview", 60)
    await pilot.pause()


@played
async def test_what_it_is_its_rows_and_its_tokens(tmp_path: Path) -> None:
    """The road from the facts of some data to the tokens of a row, at both sizes that are looked at."""
    app = on_the_road("data", rows_file(tmp_path))
    async with app.run_test(size=(120, 40)) as pilot:
        await surveyed(pilot, app)
        text = page_text(app)
        assert "30 questions and answers, so the method will be SFT, trained on the answers only." in text
        assert "instruction, output as completion" in text
        assert "set aside" in text
        assert "1 rows" not in text
        assert "[bold]x[/]" in text
        assert "\x1b" not in text
        assert "\u202e" not in text

        await pilot.press("r")
        assert isinstance(app.screen, RowsScreen)
        await until(pilot, lambda: "Question 0" in page_text(app), "the rows")
        await pilot.press("2")
        await until(pilot, lambda: "rows.jsonl, line 31" in page_text(app), "the row that was set aside")
        await pilot.press("1", "down", "down", "m")
        assert isinstance(app.screen, MicroscopeScreen)
        await until(pilot, lambda: "Question 2" in page_text(app), "the tokens of the third row")
        await pilot.pause()
        text = page_text(app)
        assert "row 3 of 30" in text.replace("\u00a0", " ")
        assert "<|im_start|>" in text
        assert "<|im_end|> is trained, so replies will end" in text
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "2↵" in text

        tokens = app.screen.query_one(Tokens)
        at = tokens.at
        await pilot.press("right")
        assert tokens.at == at + 1
        assert f"token {at + 2}" in page_text(app)
        await pilot.press("up")
        assert tokens.at < at
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "Question 3" in page_text(app), "the row behind it")
        await pilot.press("t")
        await pilot.pause()
        tokens_text = page_text(app).split("trained   ")[-1].split("token")[0]
        assert "<|im_start|>" not in tokens_text
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "✓ nothing cut" in page_text(app)
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, RowsScreen), "the rows again")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, DataScreen), "the data again")


@played
async def test_a_problem_is_mended_with_one_key_and_a_format_is_said_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a fix sets is on the road and on the command line, and the same key takes it back."""
    rows = QUESTIONS.read_text(encoding="utf-8").splitlines()
    monkeypatch.chdir(tmp_path)
    path = Path("near.jsonl")
    path.write_text("\n".join([*rows, *(row.replace("?", " ?") for row in rows[:100])]), encoding="utf-8")
    app = on_the_road("data", path, base="")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.known.survey is not None, "the survey", 40)
        await pilot.pause()
        assert "sets duplicates to near" in page_text(app)
        await pilot.press("x")
        assert app.road.chosen == {"duplicates": "near"}
        await until(pilot, lambda: "--set duplicates=near" in page_text(app), "the command line")
        await pilot.press("down", "down", "down", "down", "x")
        assert not app.road.chosen
        await pilot.press("m")
        assert isinstance(app.screen, DataScreen), "there is no base to read tokens"
        await pilot.press("home", "c", "down", "enter")
        await until(pilot, lambda: "data_format" in app.road.chosen, "the format")
        assert app.road.chosen["data_format"] == "reviewed"
        await until(pilot, lambda: "✗" in page_text(app), "why it cannot be read so", 40)
        await pilot.press("enter")
        assert isinstance(app.screen, DataScreen), "what cannot be read is no station passed"


@played
async def test_data_that_is_not_there_is_refused_in_place(tmp_path: Path) -> None:
    """The data there was stays, with a sentence that says what to do."""
    path = rows_file(tmp_path)
    app = on_the_road("data", path, base="")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("p")
        await pilot.press(*"nosuch", "enter")
        await until(pilot, lambda: "There is no file or folder" in page_text(app).replace("\n", " "), "the refusal")
        field = app.screen.query_one(Input)
        assert field.value == "nosuch", "what was typed is there to be mended"
        await pilot.press("p", "x", "enter")
        assert field.value == "nosuchpx", "and keys are text as before"
        assert app.road.data == (str(path),)
        (tmp_path / "other").mkdir()
        other = rows_file(tmp_path / "other")
        field.value = str(other)
        await pilot.press("enter")
        await until(pilot, lambda: app.road.data == (str(other),), "the data")
        assert isinstance(app.screen, DataScreen)


@played
async def test_without_data_and_gpu_the_bundled_questions_are_proposed(tmp_path: Path, monkeypatch: Any) -> None:
    """The station opens answered."""
    monkeypatch.chdir(tmp_path)
    app = Workbench("data")
    app.road = Road(base=recipe.BUNDLED)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.known.card is not None, "the card")
        if app.known.card is not None and not app.known.card.gpu:
            await until(pilot, lambda: app.road.data == (surveying.bundled(),), "the bundled questions")
            await until(pilot, lambda: "they are kept, as" in page_text(app), "what the preset does with copies", 40)
            assert "in minutes." in page_text(app), "the sentence is there to its end"
            assert "p names other data" in page_text(app)
            assert "left out unless" not in page_text(app)


def test_names_as_people_give_them(tmp_path: Path) -> None:
    """Quotes, escapes, addresses and plain blanks of what is dropped onto a terminal."""
    file = tmp_path / "my rows.jsonl"
    file.write_text("{}")
    escaped = str(file).replace(" ", "\\ ")
    for text in (str(file), f"'{file}'", f'"{file}" ', escaped, "file://" + str(file).replace(" ", "%20")):
        assert surveying.named(text) == (str(file),)
    assert surveying.named(f"{escaped} owner/name") == (str(file), "owner/name")


def test_files_are_proposed_by_name_alone_newest_first(tmp_path: Path) -> None:
    """Rows go before texts; settings of programs and what is read by people are no data."""
    import os

    for age, name in enumerate(("a.csv", "b.jsonl.gz", "notes.txt", "package.json", "README.md", "c.PARQUET")):
        path = tmp_path / name
        path.write_text("x")
        os.utime(path, (1e9 - age, 1e9 - age))
        path.chmod(0)
    (tmp_path / "folder.csv").mkdir()
    found = [Path(path).name for path in surveying.candidates(tmp_path)]
    assert found == ["a.csv", "b.jsonl.gz", "c.PARQUET", "notes.txt"]
    assert surveying.proposed("Qwen/Qwen3-8B", True, tmp_path)[0].endswith("a.csv")
    assert surveying.proposed(recipe.BUNDLED, False, tmp_path)[0] == surveying.bundled()
    assert surveying.completions(f"{tmp_path}/f") == [f"{tmp_path}/folder.csv/"]


def test_tokens_are_laid_out_whole_and_harmless() -> None:
    """No line is wider than there is room, and nothing of a text is lost but what would drive a terminal."""
    from workbench.core.text import width_of

    texts = ("<s>", "wide 日本", "語" * 30, "\x1b[31m", "", "\u202ea", "a\n\nb", "\ttab", "\u0301", "end", "</s>")
    marks = ("control", *["masked"] * 5, *["trained"] * 5)
    row = Seen(texts, marks, frozenset({0, 10}), (("user", 0), ("assistant", 6)))
    lines = laid_out(row, 20, written=True, blank=True)
    assert all(sum(width_of(part) for _, part in line.pieces) <= 20 for line in lines)
    places = [place for line in lines for place, _ in line.pieces]
    assert places == sorted(places)
    assert set(places) == set(range(len(texts)))
    drawn = "".join(part for line in lines for _, part in line.pieces)
    assert "語" * 30 in drawn
    assert not set(drawn) & {"\x1b", "\u202e", "\t", "\n"}
    assert visible("a\n") == "a↵\n"
    words = {place for line in laid_out(row, 20, written=False, blank=False) for place, _ in line.pieces}
    assert words == set(range(1, 10))
