"""What stands under the table of an export: the legend, the proof, how far it is, and the commands.

Owns these lines. Is handed what they tell; must not know the screen they are on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from textual.content import Content

from workbench.core import units
from workbench.core.text import width_of
from workbench.guide import exporting
from workbench.runs.exports import Made
from workbench.tui.glyphs import glyph
from workbench.tui.ink import Piece, cut, foreign, ink, place, prose

ROOMY = 98
"""Columns from which there is room for speeds, bars and two columns under the table."""
_STEPS = ("load", "room", "convert", "prove")
_SAID = 18
_SIGNS = (
    ("square", "accent", "chosen"), ("done", "good", "made"), ("fits", "good", "fits"),
    ("tight", "warn", f"under 10{units.SPACE}% spare"), ("no", "faint", "does not fit"),
)  # fmt: skip

Steps = Mapping[str, Mapping[str, Any]]
"""Step of an export → its last line: done, total, detail."""


def legend(width: int) -> Content:
    """Return what the signs of the table mean."""
    pieces: list[Piece] = []
    for sign, role, words in _SIGNS:
        pieces += [(glyph(sign), role), (f" {words}   ", "label")]
    if width >= ROOMY:
        pieces += [(f"{glyph('none')} not measured; making it measures it", "label")]
    return place(width, (0, ink(*pieces)))


def _checked(check: exporting.Check) -> Content:
    """Return the sign and the name of a check."""
    sign, role = {True: ("done", "good"), False: ("failed", "bad"), None: ("none", "label")}[check.passed]
    return ink((f"{glyph(sign)} ", role), check.name)


def proof(width: int, kind: str, made: Made | None) -> list[Content]:
    """Return the four checks of a file, or what will be checked."""
    title: list[Piece] = [("Parity", "section"), "   ", kind]
    if made is None:
        note = (
            "No file yet. It gets its name only after it was proved against the trained model: the same tokens, the "
            "same logits, the same stops, the same chats."
        )
        return [ink(*title), Content(""), *prose(width, (note, "label"))]
    found = exporting.checks(made.proof)
    if not found:
        note = "No report is kept beside this file; making it again measures it."
        return [ink(*title), Content(""), *prose(width, (note, "label"))]
    whole = all(check.passed is not False for check in found)
    verdict = ink((f"{glyph('done')} ", "good"), ("passed", "good-word")) if whole else ink("")
    lines = [place(width, (0, ink(*title)), (-1, verdict)), Content("")]
    lines += [place(width, (0, _checked(check)), (_SAID, ink((check.said, "label")))) for check in found]
    return [*lines, Content(""), ink(("The file has its final name:", "label")), ink(_ending(made.path.name, width))]


def brief_proof(width: int, made: Made | None) -> list[Content]:
    """Return the checks of a file in one line, and where it is."""
    if made is None:
        return [ink(("No file yet; its parity is proved before it gets its name.", "label")), Content("")]
    found = exporting.checks(made.proof)
    if not found:
        return [ink(("No report is kept beside this file; making it again measures it.", "label")), Content("")]
    pieces: list[Piece] = [("parity   ", "label")]
    for check in found:
        pieces += [_checked(check), "   "]
    return [ink(*pieces), ink((_ending(str(made.path), width), "label"))]


def _amount(name: str, step: Mapping[str, Any] | None) -> str:
    """Return how far a step is, in words."""
    if step is None:
        return ""
    if name == "room":
        return f"needs {units.size(step['done'])} of {units.size(step['total'])} free"
    if name == "prove":
        return "equal" if step["done"] else f"asking {foreign(str(step['detail']), 20)}"
    return f"{units.count(step['done'])} of {units.count(step['total'])} tensors" if step["total"] > 1 else ""


def progress(width: int, making: Sequence[str], steps: Steps) -> list[Content]:
    """Return every step of an export with how far it is."""
    names = [*_STEPS, *(f"quantise {kind}" for kind in making)]
    last = max((names.index(name) for name in steps if name in names), default=-1)
    lines = [ink(("Exporting", "section"), "   ", cut(", ".join(making), width - 12)), Content("")]
    for at, name in enumerate(names):
        step = steps.get(name)
        sign, role = ("ahead", "faint") if step is None else ("running", "accent")
        if step is not None and (at < last or (name != "load" and step["done"] >= step["total"])):
            sign, role = ("done", "good")
        head = ink((f"{glyph(sign)} ", role), (name, "value" if step else "label"))
        lines.append(place(width, (0, head), (_SAID, ink((_amount(name, step), "label")))))
    return [*lines, Content(""), ink(("esc", "key"), (" cancel; leaving this page ends it too", "label"))]


def brief_progress(width: int, steps: Steps) -> list[Content]:
    """Return the step an export is at, in one line."""
    name, step = next(reversed(list(steps.items())), ("begin", None))
    said = ink((f"{glyph('running')} ", "accent"), f"{name}  ", (_amount(name, step), "label"))
    return [said, ink(("esc", "key"), (" cancel; leaving this page ends it too", "label"))]


def commands(width: int, made: Made | None, context: int) -> list[Content]:
    """Return the command lines that run a file, with the end of its name where the whole has no room."""
    if made is None:
        return [ink(("Run it", "section")), Content(""), ink(("The commands stand here when the file does.", "label"))]
    copy = ink(("c", "key", "export.copy"), (" copy", "label", "export.copy"))
    lines = [place(width, (0, ink(("Run it", "section"))), (-1, copy)), Content("")]
    for program, line in exporting.commands(made, context):
        before, after = line.split(exporting.quoted(made))
        name = _ending(made.path.name, width - 2 - len(before) - len(after))
        lines += [ink((program, "label")), ink(("$ ", "faint"), f"{before}{name}{after}"), Content("")]
    return [*lines, ink((f"in {_ending(str(made.path.parent), width - 3)}", "label"))]


def _ending(text: str, width: int) -> str:
    """Return the end of a name or path of any origin, which tells it apart, in so many columns."""
    line = foreign(text)
    if width_of(line) <= width:
        return line
    while line and width_of(line) > width - 1:
        line = line[1:]
    return glyph("cut") + line
