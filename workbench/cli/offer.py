"""The question before a run: what will be done and what it takes, and whether to start, to try it first, or to leave.

Owns the lines and the question on a terminal. Must not start anything but a dry run: the caller starts the run.
"""

from __future__ import annotations

from workbench.cli.output import Live, count, duration, paragraph, size
from workbench.core import pace
from workbench.core.errors import WorkbenchError
from workbench.core.text import clean, one_line
from workbench.core.units import several
from workbench.guide.reviewing import no_room
from workbench.guide.road import between, what
from workbench.guide.starting import Prepared

_QUESTION = "\nenter starts it, d tries it first, q leaves: "


def summary(prepared: Prepared) -> str:
    """Return what will run, in a few lines."""
    wanted, plan, card = prepared.resolved.recipe, prepared.plan, prepared.card
    label = prepared.base.label if prepared.base is not None else wanted.base
    lines = [("run", f"{what(wanted.method, wanted.tuning)} {between(wanted.tuning)} {one_line(label)}")]
    if prepared.rows is not None:
        about = "about " if prepared.rows.about else ""
        unit = "articles" if prepared.rows.articles else "rows"
        lines.append(("data", f"{about}{count(prepared.rows.rows)} {unit} of {one_line(', '.join(wanted.data), 200)}"))
    if plan is None:
        lines.append(("plan", f"none, so the preset's values are taken: {one_line(prepared.why, 300)}"))
        return _told(lines)
    memory = plan.chosen.memory
    where = f"{card.name or 'the processor'}, {size(card.free)} free"
    lines.append(("memory", f"{size(memory.peak)} predicted on {where}: {plan.chosen.verdict}"))
    lines += [("", reason) for reason in plan.reasons if plan.chosen.verdict != "fits"]
    if plan.steps:
        hours = plan.pace.hours
        time = "not known before the first steps" if hours is None else f"about {duration(3600 * hours)}"
        lines.append(("time", f"{several(plan.steps, 'step')}, {time}"))
    lines.append(("disk", f"{size(plan.disk)} for {pace.on_disk(plan.chosen.resolved.recipe)}"))
    lines += [("", room)] if (room := no_room(plan)) else []
    lines += [("", doubt) for doubt in plan.doubts]
    return _told(lines)


def _told(lines: list[tuple[str, str]]) -> str:
    return "\n".join(paragraph(label, text) for label, text in lines)


def accepted(prepared: Prepared, live: Live) -> bool:
    """Ask until the person starts the run (True) or leaves (False, as at the end of their input)."""
    print(summary(prepared))
    while True:
        try:
            answer = input(_QUESTION).strip().lower()
        except EOFError:
            print()
            return False
        if answer in ("", "y", "yes"):
            return True
        if answer in ("q", "n", "no"):
            return False
        if answer == "d":
            _try(prepared, live)


def _try(prepared: Prepared, live: Live) -> None:
    """Do a dry run and print it, or what went wrong with it: the question comes again in any case."""
    from workbench.cli import dry

    try:
        body = dry.run(prepared, live)
    except WorkbenchError as error:
        live.clear()
        print(clean(str(error)))
        return
    assert prepared.plan is not None, "it was tried"
    print(dry.printed(body, prepared.plan, prepared.card))
