"""What the list of runs says, as pieces for a width: times, dates, what comes next, and the page without a run.

Owns these words and their look. Is handed glances; must not know widgets or processes.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime

from textual.content import Content

from workbench.core import health, units
from workbench.core.errors import WorkbenchError
from workbench.core.health import Verdict
from workbench.core.lifecycle import ACTIVE
from workbench.core.recipe import PUBLISHING, load
from workbench.core.text import one_line, width_of
from workbench.guide import watching
from workbench.guide.road import NAMES, STATIONS
from workbench.guide.watching import Detail
from workbench.runs import journal
from workbench.runs.glances import Glance
from workbench.runs.store import Run
from workbench.tui.desk import SPARING
from workbench.tui.glyphs import glyph
from workbench.tui.ink import Piece, foreign, ink, place, prose
from workbench.tui.runpage import health_line, proved
from workbench.tui.view import About, RunView

_EMPTY_COLUMN = 18
_LATER = "chat, compare and export once it is done"
LABEL = 12


@dataclass(frozen=True)
class Focused:
    """What is known of the run in focus beyond its row."""

    detail: Detail
    verdict: Verdict


def look_at(run: Run, siblings: list[Run], status: str) -> Focused:
    """Return what is said of a run: its recipe, its sibling, and its health from the end of its journal."""
    view = RunView(run.id)
    view.see(journal.tail(run.events_path))
    detail = watching.detail(run, siblings)
    # A recipe that cannot be read is what the detail says.
    with contextlib.suppress(WorkbenchError):
        recipe = load(run.recipe_path).recipe
        if recipe.method in PUBLISHING:
            return Focused(detail, proved(view))
        view.learn(status=status, about=About({}, recipe))
    return Focused(detail, health.verdict(view.findings(), status in ("done", "stopped")))


def time_of(one: Glance, left: float | None) -> str:
    """Return how long a run has taken, takes still, or how far it is."""
    if one.status in ACTIVE:
        if left is not None:
            return f"{units.duration(left)} left"
        return f"step {units.count(one.step)}/{units.count(one.steps)}" if one.steps else (one.phase or "starting")
    if one.status != "done" and one.steps:
        return f"step {units.count(one.step)}/{units.count(one.steps)}"
    return units.duration(one.seconds) if one.seconds is not None else units.NONE


def date_of(one: Glance, now: float) -> str:
    """Return when a run was begun."""
    if one.status in ACTIVE:
        return "next" if one.status == "queued" else "now"
    return units.day(created(one).astimezone(), datetime.fromtimestamp(now, UTC).astimezone())


def created(one: Glance) -> datetime:
    """Return when a run was made."""
    try:
        made = datetime.fromisoformat(str(one.meta.get("created", "")))
    except ValueError:
        return datetime.fromtimestamp(one.t, UTC)
    return made if made.tzinfo is not None else made.replace(tzinfo=UTC)


def then(one: Glance) -> Content:
    """Return what can be done next."""
    after = {
        "done": (("c", "run.chat", "chat"), ("x", "run.compare", "compare"), ("e", "runs.export", "export")),
        "failed": (("r", "run.resume", "resume"), ("u", "runs.duplicate", "begin anew")),
    }
    ways = after.get("done" if one.status == "stopped" else one.status)
    if ways is not None:
        if one.meta.get("method") in PUBLISHING:
            ways = (*(way for way in ways if way[2] == "chat"), ("enter", "runs.open", "its files"))
        if one.meta.get("method") == "reward":
            ways = tuple(way for way in ways if way[2] not in ("chat", "export"))
        keys = ink(*(piece for key, id, verb in ways for piece in ((key, "key", id), (f" {verb}   ", "label"))))
        said = one_line(one.error or "it ended with an error", 70) if one.status == "failed" else ""
        return ink(f"{said}   ") + keys if said else keys
    exports = one.meta.get("method") in PUBLISHING
    if one.status in ("paused", "lost"):
        where = "what is finished" if exports else "the newest checkpoint"
        return ink(("r", "key", "run.resume"), (f" goes on from {where}", "label"))
    if one.status == "stuck":
        return ink(("enter", "enter", "runs.open"), (" opens it; its processes have to be ended there", "label"))
    later = "its files get their names one by one, each after its proof" if exports else _LATER
    return ink((later, "label"))


def described(known: Focused | None, what_then: Content, width: int) -> list[Content]:
    """Return what the run in focus learns, its recipe, its health, and what can be done next."""
    learns, recipe, differs, verdict = units.NONE, units.NONE, "", Content("")
    if known is not None:
        rows = f"{units.count(known.detail.rows)} rows of " if known.detail.rows else ""
        learns = rows + (foreign(known.detail.data, 60) or units.NONE)
        recipe = known.detail.recipe
        room = width - LABEL - width_of(one_line(recipe)) - 3
        ways = known.detail.differs
        differs = next((said for said in ways if width_of(one_line(said)) <= room), ways[-1] if ways else "")
        verdict = health_line(known.verdict, width - LABEL)
    pieces = (
        ("learns", ink(learns)),
        ("recipe", ink(one_line(recipe), ("   " if differs else "", "label"), (one_line(differs), "label"))),
        ("health", verdict),
        ("then", what_then),
    )
    return [place(width, (0, ink((name, "label"))), (LABEL, said)) for name, said in pieces]


def narrow_columns(screen: int) -> tuple[int, int]:
    """Return where status and result stand on a narrow screen of so many columns."""
    return (40, 53) if screen >= _ROOM_FOR_NAMES else (24, 37)


_ROOM_FOR_NAMES = 72
_COSTED = 66
"""Columns from which on there is room for what each way in costs."""
OF_NONE = ("runs.open", "runs.demo", "runs.inspect", "runs.recipe", "app.palette")
"""What the footer shows where there is no run."""


def nothing(width: int, height: int, short: bool) -> list[Content]:
    """Return the page without a run: what will be here, the road, and the ways in."""
    left = _EMPTY_COLUMN if width >= 100 else 2
    room = width - left
    lines = [ink(("No runs yet", "title")), Content("")]
    lines += prose(min(room - 2, 88), "A run keeps everything one training does: recipe, curve, checkpoints, results.")
    if not short:
        lines.append(ink(("Seven times enter from a data file is a running fine-tune.", "label")))
    lines += [Content(""), Content("")]
    pitch = 12 if room >= 84 else 10 if room >= _COSTED else 8
    signs: list[Piece] = []
    names: list[tuple[int, Content]] = []
    for number, station in enumerate(STATIONS):
        signs.append((glyph("ahead" if number else "here"), "faint" if number else "accent"))
        if number < len(STATIONS) - 1:
            signs.append((glyph("track") * (pitch - 1), "rule"))
        names.append((number * pitch, ink((NAMES[station], "label" if number else "section"))))
    if height >= SPARING:
        lines += [ink(*signs), place(room, *names), Content(""), Content("")]
    whole = "the whole road on the bundled model" if room >= 84 else "the whole road in small"
    ways = (
        ("enter", "runs.open", "start at Base", "the workbench proposes, you accept or change"),
        ("d", "runs.demo", "demo", f"{whole}, about 4{units.SPACE}min"),
        ("i", "runs.inspect", "inspect a data file", "see what is in it, change nothing"),
        ("o", "runs.recipe", "open a recipe", "a file that somebody saved, or of your own"),
    )
    for key, action, verb, cost in ways:
        role = "enter" if key == "enter" else "key"
        pieces = [(0, ink((key, role, action))), (pitch, ink((verb, "value", action)))]
        if room >= _COSTED:
            pieces.append((pitch * 3, ink((cost, "label"))))
        lines += [place(room, *pieces), *([] if short else [Content("")])]
    above = max(1, (height - len(lines)) // 2 - 4)
    return [*[Content("")] * above, *(Content(" " * left) + line for line in lines)]
