"""The page of a run that trains nothing: its steps, the figures of what it has made, and where that is."""

from __future__ import annotations

import json
import re

from tests.tui.pilots import played, until
from tests.tui.support import page_text
from workbench.core import gguf_types
from workbench.core.events import AttemptEnded, AttemptStarted, Phase, encode
from workbench.core.recipe import resolve, to_toml
from workbench.runs import exports, store
from workbench.tui.app import Workbench

FIGURES = {"kl": 0.0016, "kl_error": 0.0002, "top1": 0.975, "perplexity_change": -0.00001, "speed": 487.3}


def made(done: bool, types: tuple[str, ...] = ("Q8_0", "Q4_K_M")) -> store.Run:
    """Return an export of the base as some types of which the first is there, and all with `done`."""
    recipe = resolve({"method": "export", "base": "bundled", "gguf_types": types})
    run = store.create(to_toml(recipe), method="export", tuning="full", base="bundled", title="files")
    run.artifacts_dir.mkdir()
    for kind in types if done else types[:1]:
        path = run.artifacts_dir / f"base-{kind}.gguf"
        path.write_bytes(bytes(1 << 20))
        exports.keep(run.artifacts_dir, [{"type": kind, "path": str(path), "bytes": 1 << 20, **FIGURES}], {})
    events = [
        AttemptStarted(attempt=1, pid=1, workbench="0"),
        Phase(phase="exporting", detail="Q4_K_M", done=19, total=57),
    ]
    events += [AttemptEnded(attempt=1, outcome="done")] if done else []
    run.events_path.write_bytes(b"".join(encode(event) for event in events))
    if done:
        run.report_path.write_text(json.dumps({"seconds": 3.0, "files": []}))
    return run


@played
async def test_its_files_stand_where_charts_would_and_there_are_none() -> None:
    app = Workbench("run", (made(done=True).id,))
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: "Q4_K_M " in page_text(app), "the files")
        await pilot.pause()
        text = " ".join(page_text(app).replace("\u00a0", " ").split())
        for said in ("2 of 2 2 MiB 0.0016 97.5 %", "✓ float32 file", "1 MiB 0.0016 ±0.0002 97.5 % 0.00 % about 490"):
            assert said in text, said
        assert "base-Q8_0.gguf" in text
        assert "learning rate" not in text
        assert "100 %" in text
        for action in ("run.log", "run.curves", "run.compare"):
            assert app.screen.why_not(action)  # type: ignore[attr-defined]


@played
async def test_what_is_half_made_counts_as_its_part() -> None:
    app = Workbench("run", (made(done=False).id,))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "Q8_0 " in page_text(app), "the files")
        await pilot.pause()
        text = " ".join(page_text(app).replace("\u00a0", " ").split())
        assert "✓ Q8_0 1 MiB 97.5 %" in text
        assert "83 %" in text, "three steps of four, and a third of the last"


@played
async def test_a_small_page_names_the_files_that_it_has_no_line_for() -> None:
    types = tuple(gguf_types.TYPES)[:15]
    app = Workbench("run", (made(done=True, types=types).id,))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "15 of 15 files" in page_text(app).replace("\u00a0", " "), "the figures")
        await until(pilot, lambda: " more: float32 file, proof" in page_text(app), "the rest")
        text = page_text(app)
        shown = [kind for kind in ("float32 file", "proof", *types) if f"✓ {kind} " in text]
        (more,) = re.findall(r"and (\d+) more: float32 file", text)
        assert shown == list(types[-len(shown) :]), "the newest of them"
        assert len(shown) + int(more) == 2 + len(types)
