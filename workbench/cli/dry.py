"""`--dry-run`: a few real steps of what is planned, what they took beside what was predicted, and the hours to expect.

Owns the words of a dry run. Must not import the engine: a child process takes the steps, in a run that is gone
afterwards.
"""

from __future__ import annotations

from typing import Any

from workbench.cli.output import Live, count, duration, paragraph, size
from workbench.core.derive import Rows
from workbench.core.errors import UsageError
from workbench.core.plan import Base, Card, Plan
from workbench.core.text import one_line
from workbench.core.units import several
from workbench.guide import dry
from workbench.guide.starting import Prepared
from workbench.guide.trying import memory_words


def tried(found: Plan, base: Base, card: Card, live: Live, rows: Rows | None) -> dict[str, Any]:
    """Return what the first steps of a plan take, with a line that says how far they are; raises as `guide.dry`."""
    body = dry.tried(found, base, card, lambda said: live.update(f"dry run  {said}"), rows)
    live.clear()
    return body


def printed(body: dict[str, Any], found: Plan, card: Card) -> str:
    """Return a dry run for people."""
    memory = body["memory"]
    sequences, tokens = body["batch"]
    seconds = body["seconds"]
    lines = [
        ("dry run", f"{sequences} × {count(tokens)} tokens, the longest of the rows that were looked at"),
        ("memory", memory_words(body["predicted_peak"], body["batch_peak"], memory["measured"]["peak"])),
        ("", f"({memory['measured']['what']}; {size(card.free)} free)"),
    ]
    if "reserved" in memory["measured"]:
        lines.append(("", f"tensors took {size(memory['measured']['allocated'])} of it at most"))
    lines.append(("pace", f"{seconds['step']:.3g} s per step, {seconds['look']:.3g} s per look at the held-out rows"))
    each, all_ = size(body["checkpoint_bytes"]), size(body["checkpoints_bytes"])
    lines.append(("disk", f"{each} per checkpoint, written in {seconds['checkpoint']:.1f} s; all take up to {all_}"))
    if body["hours"] is not None:
        text = (
            f"about {duration(3600 * body['hours'])} for {several(found.steps, 'step')} with all looks and checkpoints"
        )
        lines.append(("time", text))
    lines += [("changed", one_line(text, 300)) for text in body["changes"]]
    lines += [("note", one_line(text, 300)) for text in body["warnings"]]
    return "\n".join(paragraph(label, text) for label, text in lines)


def run(prepared: Prepared, live: Live) -> dict[str, Any]:
    """Return what the first steps of a run that could be made take; raises WorkbenchError as `tried` does."""
    if prepared.plan is None or prepared.base is None:
        raise UsageError(f"A dry run has nothing to compare with: {prepared.why}")
    return tried(prepared.plan, prepared.base, prepared.card, live, prepared.rows)
