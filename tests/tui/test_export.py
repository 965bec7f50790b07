"""The export screen with the real engine: what it foretells, makes, proves, finds again, and stops."""

from __future__ import annotations

import json

import pytest

from tests.tui.pilots import played, until
from tests.tui.support import idle, page_text
from workbench.core import paths
from workbench.core.lifecycle import ACTIVE
from workbench.runs import bases, exports, store
from workbench.runs.exports import Made
from workbench.tui.app import Workbench
from workbench.tui.screens.export import ExportScreen
from workbench.tui.widgets.listing import Listing


def screen(app: Workbench) -> ExportScreen:
    """Return the screen that is shown."""
    assert isinstance(app.screen, ExportScreen)
    return app.screen


def made_there() -> dict[str, Made]:
    """Return type → file of the bundled model."""
    return exports.of_base(bases.resolve("bundled"))


@played
async def test_the_bundled_base_is_exported_and_found_again() -> None:
    app = Workbench("export", ("bundled",))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: idle(app) and "Q8_0" in page_text(app), "what can be made")
        await pilot.pause()
        assert screen(app).query_one(Listing).key == "Q8_0", "the recommended type is in focus"
        foretold = page_text(app)
        assert "No file yet" in foretold
        for action in ("export.copy", "export.try"):
            assert "enter makes it" in screen(app).why_not(action)
        await pilot.press("enter")
        await until(pilot, lambda: "stops it" in screen(app).why_not("export.start"), "the run", 20)
        await until(pilot, lambda: "of 57 tensors" in page_text(app), "the conversion counts tensors", 60)
        await until(pilot, made_there, "the file", 60)
        await until(pilot, lambda: idle(app) and "passed" in page_text(app), "the proof", 10)
        shown = page_text(app)
    made = made_there()["Q8_0"]
    assert made.bytes == made.path.stat().st_size == pytest.approx(4828672, rel=0.01)
    assert made.kl is not None
    assert made.top1 is not None
    assert f"{made.kl:.4f}" in shown
    assert f"{made.bytes / 2**20:.2f}" in shown
    assert shown.count("✓ ") >= 5, "four checks and the verdict"
    assert "$ llama-server -m base-Q8_0.gguf -c 512" in shown

    again = Workbench("export", ("bundled",))
    async with again.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: idle(again) and "parity" in page_text(again), "the file of before")
        assert f"{made.kl:.4f}" in page_text(again)
        assert screen(again).why_not("export.copy") == ""


@played
async def test_an_export_goes_on_without_its_page_and_is_stopped_from_another_one() -> None:
    app = Workbench("export", ("bundled",))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: idle(app) and "Q8_0" in page_text(app), "what can be made")
        await pilot.press("up", "space", "enter")
        await until(pilot, lambda: screen(app).meant() is not None, "the run", 20)
    (run,) = store.list_runs()
    assert run.status() in ACTIVE, "leaving the page stops nothing"
    again = Workbench("export", ("bundled",))
    async with again.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: any(word in page_text(again) for word in ("float32 file", "proof")), "it", 60)
        assert screen(again).meant() == run
        await pilot.press("s")
        await until(pilot, lambda: "Stop the export?" in page_text(again), "the question")
        await pilot.press("y")
        await until(pilot, lambda: run.status() == "stopped", "the end", 60)
        await until(pilot, lambda: idle(again) and "No file yet" in page_text(again), "the table")
        assert not made_there()
        assert not list(run.artifacts_dir.glob("*.gguf"))


@played
async def test_a_type_is_left_out_by_the_key_that_chose_it() -> None:
    app = Workbench("export", ("bundled",))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: idle(app) and "Q8_0" in page_text(app), "what can be made")
        await pilot.press("down", "space", "down", "space")
        assert "--type Q6_K,Q5_K_M" in page_text(app)
        await pilot.press("space")
        assert "--type Q6_K " in page_text(app).replace("\n", " ")


@played
async def test_what_cannot_be_exported_is_a_sentence() -> None:
    app = Workbench("export", ("nothing \x1b[31mlike [bold]this[/]",))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "✗" in page_text(app), "the reason")
        assert "\x1b" not in page_text(app)
        assert "[bold]this[/]" in page_text(app)
        await pilot.press("enter", "space", "c", "t", "y")
        assert isinstance(app.screen, ExportScreen)


@played
async def test_a_report_of_another_hand_is_only_text() -> None:
    name = paths.data_home() / "exports" / "base" / "base-Q8_0.gguf"
    name.parent.mkdir(parents=True)
    name.write_bytes(b"GGUF")
    proof = {"texts": "\x1b[31m", "tokenizer_mismatches": [], "stops": "yes", "chat_render": True, "chats": 4}
    entry = {"type": "[bold]Q8_0", "bytes": 4, "kl": "\x1b[31m", "top1": 0.5, "speed": None, "parity": proof}
    (name.parent / exports.KEPT).write_text(json.dumps({"files": {name.name: entry, "../x.gguf": entry, "y": 3}}))
    app = Workbench("export", ("bundled",))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: idle(app) and "chat rendering" in page_text(app), "the report")
        text = page_text(app)
        assert "\x1b" not in text
        assert "4 of 4 chats identical" in text
        assert "50.0\u00a0%" in text
