"""A walk through all screens that show what others wrote, with hostile text wherever such text can stand.

`python -m tests.tty.hostile REPORT` on a terminal; the report says of each page whether hostile text was on it.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from tests.guide.past import past
from tests.guide.talks import look, talked
from tests.support import patience
from tests.tui.pictures import world
from tests.tui.pilots import LOOK, until
from tests.tui.support import idle, page_text
from workbench.core import paths
from workbench.core.events import Notice, Sample
from workbench.guide.interview import Interview
from workbench.guide.road import Road
from workbench.guide.talking import Model
from workbench.runs import journal, store
from workbench.tui.app import Workbench
from workbench.tui.screens.chat import ChatScreen
from workbench.tui.station import Known

SEQUENCES = ("\x1b[7713mQZ", "\x1b]52;c;UVo=QZ\x07", "\x1b]0;QZ\x1b\\", "\x1bP7713qQZ\x1b\\", "\x1b[7713;1HQZ")
"""Colours, the clipboard, the title, a device's own string, the cursor; each with a mark no program of ours writes."""
SIGNS = ("\x9b31mQZ", "\u202eQZ", "\u2066QZ", "\u200fQZ", "\x00QZ", "\x7fQZ", "\u2028QZ")
MARKUP = "[bold]qz[/] [@click=app.quit]qz[/] [/]"
TEXT = "QZ " + "".join(SEQUENCES + SIGNS) + MARKUP + " a\u200db \u0301\u0301 QZ\nqz\r\nqz\rqz " + "QZ" * 150
NAME = "QZ\x1b[7713m\u202e[bold]qz[/]\x9b31m"
"""What can be the name of a file."""
PAGES = ("base", "data", "rows", "method", "fit", "review", "run", "run-console", "run-recipe", "run-health",
         "runs", "use", "export", "compare", "chat", "error")  # fmt: skip


def _rows(folder: Path) -> Path:
    """Write data whose rows and whose name are hostile."""
    path = folder / f"{NAME}.jsonl"
    rows = [{"instruction": f"{number} {TEXT}", "output": f"{TEXT} {number}"} for number in range(40)]
    path.write_text("\n".join(map(json.dumps, rows)) + f'\n{{"instruction": "{"QZ"}', encoding="utf-8")
    return path


def _run(data: Path, base: Path) -> store.Run:
    """Make a run that ended, hostile in its title, recipe, samples, notices, console and report."""
    run = past(
        TEXT[:120], [2.0, 0.7], answer=TEXT, data=(str(data),), base=str(base), tuning="full",
        report={"samples": [{"prompt": TEXT, "before": TEXT, "after": f"{TEXT}."}]},
    )  # fmt: skip
    shutil.copytree(base, run.artifacts_dir / "model")
    writer = journal.Writer(run.events_path)
    writer.write(Notice(level="warning", code="odd", text=TEXT))
    writer.write(Sample(step=40, prompt=TEXT, text=TEXT))
    writer.close()
    run.console_path.write_bytes(TEXT.encode() + b"\nqz\xff\x9b31m" + TEXT.encode() + b"\n")
    return run


async def _walk(pilot: Pilot[int], folder: Path, seen: dict[str, bool]) -> None:
    """Open every page and note whether it shows hostile text."""
    app: Any = pilot.app

    async def noted(page: str, shows: str = "QZ", seconds: float = 20.0) -> None:
        def there() -> bool:
            return shows.lower() in page_text(app).lower() and idle(app)

        deadline = time.monotonic() + patience(seconds)
        # Once is enough: a page that reads something again right afterwards is not idle for that moment.
        while not (found := there()) and time.monotonic() < deadline:
            await pilot.pause(LOOK)
        await pilot.pause(LOOK)
        seen[page] = found

    base = folder / NAME
    shutil.copytree(paths.assets_dir() / "base", base)
    data = _rows(folder)
    run, other = _run(data, base), _run(data, base)
    app.known = Known(card=world.CARD)
    app.road = Road(base=str(base), data=(str(data),), run=run.id)
    for page in ("base", "data", "method", "fit", "review"):
        app.go(page)
        await noted(page)
        if page == "data":
            app.open("rows")
            await noted("rows")
            await pilot.press("escape")
    app.go("run", run.id)
    await noted("run")
    for key, page in (("3", "console"), ("4", "recipe"), ("2", "health")):
        await pilot.press(key)
        await noted(f"run-{page}")
    for page, given in (("runs", ()), ("use", (run.id,)), ("export", (run.id,)), ("compare", (run.id, other.id))):
        app.go(page, *given)
        await noted(page)
    app.go("run", NAME)
    await noted("error")
    app.screen.say(TEXT, "error")
    await pilot.pause(0.1)
    app.go("chat", "bundled")
    await until(pilot, lambda: isinstance(app.screen, ChatScreen) and app.screen._interview is not None, "the chat")
    screen = app.screen
    screen._interview.close()
    screen._interview = Interview(["bundled", "bundled"])
    model = Model("bundled", TEXT[:60], TEXT[:60])
    screen._talk, screen._looks = talked((TEXT, TEXT), models=(model, model)), [look("done"), look("done", error=TEXT)]
    screen._talk.turns[0].question = TEXT
    screen.rebuild()
    await noted("chat")
    app.exit(0)


def main(report: Path) -> int:
    """Walk on this terminal; return the exit code."""
    seen: dict[str, bool] = {}

    async def walk(pilot: Pilot[int]) -> None:
        await _walk(pilot, report.parent, seen)

    app = Workbench("runs", look=world.idle, machine=NAME, now=world.now)
    app.run(auto_pilot=walk)  # type: ignore[arg-type]
    report.write_text(json.dumps(seen))
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
