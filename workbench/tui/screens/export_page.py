"""What stands under the table of an export: the legend, the proof, how far it is, and the commands.

Owns these lines. Is handed what they tell; must not know the screen they are on.
"""

from __future__ import annotations

import shlex

from textual.content import Content

from workbench.core import units
from workbench.guide import deploying, exporting
from workbench.runs.exports import Made
from workbench.tui import handed
from workbench.tui.glyphs import glyph
from workbench.tui.ink import Piece, ending, ink, place, prose
from workbench.tui.runpage import sign
from workbench.tui.view import RunView

ROOMY = 98
"""Columns from which there is room for speeds, bars and two columns under the table."""
_SHOWN = ("Ollama", "llama.cpp, in a browser", "LM Studio")
"""Programs whose commands have room on the page."""
_SAID = 18
_SIGNS = (
    ("square", "accent", "chosen"), ("done", "good", "made"), ("fits", "good", "fits"),
    ("tight", "warn", f"under 10{units.SPACE}% spare"), ("no", "faint", "does not fit"),
)  # fmt: skip


def legend(width: int) -> Content:
    """Return what the signs of the table mean."""
    pieces: list[Piece] = []
    for name, role, words in _SIGNS:
        pieces += [(glyph(name), role), (f" {words}   ", "label")]
    if width >= ROOMY:
        pieces += [(f"{glyph('none')} not measured; making it measures it", "label")]
    return place(width, (0, ink(*pieces)))


def _checked(check: exporting.Check) -> Content:
    """Return the sign and the name of a check."""
    sign, role = {True: ("done", "good"), False: ("failed", "bad"), None: ("none", "label")}[check.passed]
    return ink((f"{glyph(sign)} ", role), check.name)


def proof(width: int, kind: str, made: Made | None, context: int) -> list[Content]:
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
    lines += [
        place(width, (0, ink((f"  {name}", "label"))), (_SAID, ink((said, "label"))))
        for name, said in exporting.figures(made, context)
    ]
    return [*lines, Content(""), ink(("The file has its final name:", "label")), ink(ending(made.path.name, width))]


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
    return [ink(*pieces), ink((ending(str(made.path), width), "label"))]


def _asks(view: RunView) -> Content:
    """Return what can be asked of an export now."""
    if view.status in ("paused", "failed", "lost"):
        return ink(("r", "key", "run.resume"), (" goes on from what is finished", "label"))
    keys = ink(("p", "key", "run.pause"), (" pause   ", "label"), ("s", "key", "run.stop"), (" stop   ", "label"))
    return keys + ink(("it goes on when you leave", "label"))


def _status(view: RunView) -> list[Piece]:
    """Return sign and status of an export."""
    return [sign(view.status), " ", (view.status or "looking", "value")]


def progress(width: int, view: RunView) -> list[Content]:
    """Return every step of an export with how far it is."""
    names = handed.steps(view)
    now = names.index(handed.at(view)) if handed.at(view) in names else -1
    lines = [place(width, (0, ink(("Exporting", "section"))), (-1, ink(*_status(view)))), Content("")]
    for at, name in enumerate(names):
        sign_of, role = ("done", "good") if at < now else ("running", "accent") if at == now else ("ahead", "faint")
        head = ink((f"{glyph(sign_of)} ", role), (name, "value" if at <= now else "label"))
        lines.append(place(width, (0, head), (_SAID, ink((handed.amount(view) if at == now else "", "label")))))
    return [*lines, Content(""), _asks(view)]


def brief_progress(width: int, view: RunView) -> list[Content]:
    """Return the step an export is at, in one line."""
    said = ink(
        *_status(view),
        f"   {handed.at(view) or view.phase}  ",
        (handed.amount(view) if handed.at(view) else "", "label"),
    )
    return [place(width, (0, said)), _asks(view)]


def commands(width: int, made: Made | None, context: int) -> list[Content]:
    """Return the command lines that run a file, with the end of its name where the whole has no room."""
    if made is None:
        return [ink(("Run it", "section")), Content(""), ink(("The commands stand here when the file does.", "label"))]
    found = deploying.beside(made.path, context)
    keys = ink(("c", "key", "export.copy"), (" copy   ", "label", "export.copy"))
    keys += ink(("o", "key", "export.deploy"), (" Ollama", "label", "export.deploy"))
    lines = [place(width, (0, ink(("Run it", "section"))), (-1, keys)), Content("")]
    shown = dict(deploying.commands(found, from_folder=True))
    if found.modelfile is None:
        lines += [ink(("Ollama", "label")), ink(("o writes a Modelfile and a model card", "label")), Content("")]
    for program in (name for name in _SHOWN if name in shown):
        file = shlex.quote((found.modelfile or made.path if program == "Ollama" else made.path).name)
        before, _, after = shown[program].partition(file)
        name = ending(file, width - 2 - len(before) - len(after))
        lines += [ink((program, "label")), ink(("$ ", "faint"), f"{before}{name}{after}"), Content("")]
    return [*lines, ink((f"in {ending(str(made.path.parent), width - 3)}", "label"))]
