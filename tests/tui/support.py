"""What a page shows, as text."""

from __future__ import annotations

from pathlib import Path

from textual.app import App

from tests.support import ROOT
from workbench.guide.road import Road
from workbench.tui.app import Workbench
from workbench.tui.desk import Desk

QUESTIONS = ROOT / "assets" / "data" / "questions.jsonl"


def page_text(app: App[object]) -> str:
    """Return what is on the screen, line by line, without blanks at the ends."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


def on_the_road(start: str, data: Path = QUESTIONS, base: str = "bundled") -> Workbench:
    """Return the application at a station, with base and data settled."""
    app = Workbench(start)
    app.road = Road(base=base, data=(str(data),))
    return app


def idle(app: Workbench) -> bool:
    """Return whether no question of a screen is open; looking at the machine and at runs goes on for ever."""
    asked = any(screen._pending for screen in app.screen_stack if isinstance(screen, Desk))
    work = (worker for worker in app.workers if not worker.group.startswith(("reading", "watch ")))
    return not asked and all(worker.is_finished for worker in work)
