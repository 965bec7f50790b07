"""What a run that trains nothing shows: its steps with how far it is, and a table of what it has made.

Owns these lines for a width. Is handed a view; must not know widgets, files or processes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual.content import Content

from workbench.core import units
from workbench.core.lifecycle import ACTIVE
from workbench.core.quantized import forms
from workbench.core.recipe import PUBLISHING
from workbench.core.text import one_line
from workbench.tui.glyphs import glyph
from workbench.tui.ink import cut, ending, foreign, ink, place, prose
from workbench.tui.view import RunView

_BEFORE = {"export": ("float32 file", "proof"), "quantize": ("answers",)}
"""Method → what comes before the forms that it makes."""
_COLUMNS = {"size": 32, "KL": 50, "same token": 64, "perplexity": 82, "tok/s here": 96}
_NARROW = {"size": 26, "same token": 40}
"""Heads of the figures, and the columns where they end."""


def is_hander(view: RunView) -> bool:
    """Return whether a run trains nothing, but hands over what another one has made."""
    return view.about.meta.get("method") in PUBLISHING


def steps(view: RunView) -> tuple[str, ...]:
    """Return the steps of such a run by name, () until its recipe has been read."""
    recipe = view.about.recipe
    return (*_BEFORE.get(recipe.method, ()), *forms(recipe)) if recipe is not None else ()


def at(view: RunView) -> str:
    """Return the step that it is at, "" before the first one."""
    known, recipe = steps(view), view.about.recipe
    if recipe is None or view.phase not in ("preparing", "evaluating", "exporting"):
        return ""
    if view.phase != "preparing" and view.detail in forms(recipe):
        return view.detail
    return known[0] if view.phase == "preparing" else _BEFORE[recipe.method][-1]


def amount(view: RunView) -> str:
    """Return how far the step at hand is, in words."""
    if view.done is not None and view.total:
        what = "tokens" if view.phase == "evaluating" else "tensors"
        return f"{units.count(view.done)} of {units.count(view.total)} {what}"
    is_form = view.about.recipe is not None and view.detail in forms(view.about.recipe)
    return "measured against the model" if is_form else foreign(view.detail, 24)


def _made(view: RunView) -> dict[str, Mapping[str, Any]]:
    """Return form → what was measured of it, for those that are there."""
    return {str(line.get("type", "")): line for line in view.about.made}


def _of(line: Mapping[str, Any], name: str) -> Any:
    """Return a figure of what was made; an adapter was measured by its proof alone."""
    proof = line.get("parity")
    return line.get(name, proof.get(name) if isinstance(proof, dict) and name == "top1" else None)


def share(view: RunView) -> float:
    """Return how much of its work is done, of 1: steps, and of the one at hand what is told of it."""
    known = steps(view)
    if view.status == "done" or not known:
        return float(view.status == "done")
    now = known.index(at(view)) if at(view) in known else 0
    part = view.done / view.total if view.done is not None and view.total else 0.0
    return min(1.0, (now + part) / len(known))


def figures(view: RunView) -> tuple[tuple[str, str, str], ...]:
    """Return what stands for the whole as (figure, rest, label): how many, how large, and the worst of them."""
    made, known = list(_made(view).values()), view.about.recipe
    whole = len(forms(known)) if known is not None else 0
    noun = "folder" if known is not None and known.method == "quantize" else "files"
    found = [(units.count(len(made)), f" of {whole}", noun)]
    for name, label, told, take in (
        ("bytes", "together", units.size, sum),
        ("kl", "largest KL", lambda value: f"{value:.4f}", max),
        ("top1", "same token, least", lambda value: units.percent(value, 1), min),
    ):
        values = [value for line in made if isinstance(value := _of(line, name), int | float)]
        figure, _, rest = told(take(values)).partition(units.SPACE) if values else (units.NONE, "", "")
        found.append((figure, f"{units.SPACE}{rest}" if rest else "", label))
    return tuple(found)


def _error(line: Mapping[str, Any], name: str, digits: int, times: float = 1.0) -> str:
    """Return a figure with its standard error, where it has one."""
    value, error = line.get(name), line.get(name.removesuffix("_change") + "_error")
    if not isinstance(value, int | float):
        return units.NONE
    shown = round(times * value, digits) + 0.0  # a zero has no sign
    said = f"{shown:{'+' if shown else ''}.{digits}f}" if name.endswith("_change") else f"{shown:.{digits}f}"
    return said + (f" ±{times * error:.{digits}f}" if isinstance(error, int | float) else "")


def _cells(line: Mapping[str, Any]) -> dict[str, str]:
    """Return head → figure of a file or folder."""
    size, top1, speed = (_of(line, name) for name in ("bytes", "top1", "speed"))
    change = _error(line, "perplexity_change", 2, 100)
    return {
        "size": units.size(size) if isinstance(size, int) else units.NONE,
        "KL": _error(line, "kl", 4),
        "same token": units.percent(top1, 1) if isinstance(top1, int | float) else units.NONE,
        "perplexity": change if change == units.NONE else f"{change}{units.SPACE}%",
        "tok/s here": f"about {units.roughly(speed)}" if isinstance(speed, int | float) else units.NONE,
    }


def table(view: RunView, width: int, height: int) -> list[Content]:
    """Return every step with its sign, and the figures of those that are made, in `height` lines."""
    known, made, now = steps(view), _made(view), at(view)
    heads = {name: end for name, end in (_NARROW if width < _COLUMNS["KL"] else _COLUMNS).items() if end <= width}
    busy = view.status in ACTIVE
    index = known.index(now) if now in known else -1
    lines = []
    for number, name in enumerate(known):
        is_now = busy and number == index
        over = name in made or view.status == "done" or number < index
        sign, role = ("running", "accent") if is_now else ("done", "good") if over else ("ahead", "faint")
        pieces = [(0, ink((f"{glyph(sign)} ", role), (name, "value" if is_now or over else "label")))]
        if name in made and not is_now:
            cells = _cells(made[name])
            pieces += [(end - len(cells[head]), ink((cells[head], "value"))) for head, end in heads.items()]
        elif is_now:
            pieces.append((18, ink((amount(view), "label"))))
        lines.append(place(width, *pieces))
    top = place(
        width, (0, ink(("made", "section"))), *((end - len(head), ink((head, "label"))) for head, end in heads.items())
    )
    room = max(1, height - 1)
    if len(lines) > room:
        # The step at hand stays in sight, with those before it; the last line names the others.
        room = max(1, room - 1)
        last = min(len(lines), max(room, index + 2 if busy else len(lines)))
        first = last - room
        rest = [*known[:first], *known[last:]]
        said = cut(f"  and {units.count(len(rest))} more: {', '.join(rest)}", width)
        lines = [*lines[first:last], ink((said, "label"))][: max(1, height - 1)]
    return [top, *lines]


def places(view: RunView, width: int, height: int) -> list[Content]:
    """Return where that is which was made, in at most `height` lines."""
    found = [one_line(str(line.get("path", "")), 4096) for line in view.about.made]
    if not found:
        said = "What it makes gets its name only after its proof; its place stands here then."
        return prose(width, (said, "label"))
    folders = {path.rpartition("/")[0] for path in found}
    lines: list[Content] = []
    for folder in sorted(folders):
        names = [path.rpartition("/")[2] for path in found if path.rpartition("/")[0] == folder]
        lines.append(ink(("in ", "label"), (ending(folder, width - 3), "value")))
        lines += [ink((f"  {ending(name, width - 2)}", "label")) for name in names]
    if len(lines) > height:
        lines = [*lines[: height - 1], ink((f"  and {len(lines) - height + 1} more", "label"))]
    return lines
