"""The lists on the page of a run: what its health says, the values of its recipe, its checkpoints.

Owns the look of their rows. Must not know widgets, files or processes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from workbench.core import units
from workbench.core.events import Checkpoint
from workbench.core.fields import SECTIONS
from workbench.core.findings import Finding
from workbench.core.recipe import FIELDS, Recipe
from workbench.guide.fitting import reason
from workbench.guide.reviewing import counts, shown, value_of
from workbench.tui.glyphs import glyph
from workbench.tui.ink import Piece, foreign, ink, place
from workbench.tui.runpage import LEVELS
from workbench.tui.view import RunView
from workbench.tui.widgets.listing import BLANK, Row, still


def finding_rows(found: Sequence[Finding]) -> list[Row]:
    """Return the findings, each with what mends it."""
    rows: list[Row] = []
    for number, finding in enumerate(found):
        name, role = LEVELS[finding.level]

        def draw(width: int, focused: bool, finding: Finding = finding, name: str = name, role: str = role) -> Content:
            return ink((glyph(name), role), "  ", (finding.text, "title" if focused else "value"))

        rows.append(Row(f"{number} {finding.code}", draw))
        if finding.fix is not None:
            values = ", ".join(f"{FIELDS[name][1].label} {shown(value)}" for name, value in finding.fix.fields.items())
            mend: list[Piece] = [
                ("   ", "label"),
                ("m", "key", "run.mend"),
                (f" begin anew with {values}", "label", "run.mend"),
            ]
            rows += still(ink((f"   {finding.fix.text}", "label"), *(mend if values else [])))
    return rows or still(ink(("Nothing can be said of its health yet: it takes a few dozen steps.", "label")))


def recipe_rows(recipe: Recipe | None, provenance: Mapping[str, str]) -> list[Row]:
    """Return every value with where it comes from, under its sections."""
    if recipe is None:
        return still(ink(("Its recipe cannot be read; it may be of a newer workbench.", "label")))
    rows: list[Row] = []
    for section in SECTIONS:
        names = [name for name, (_, described) in FIELDS.items() if described.section == section]
        names = [name for name in names if counts(name, recipe)]
        if not names:
            continue
        rows += [*([BLANK] if rows else []), *still(ink((section, "section")))]
        rows += [_value_row(recipe, name, provenance.get(name, "")) for name in names]
    return rows


def _value_row(recipe: Recipe, name: str, why: str) -> Row:
    """Return one value."""
    described = FIELDS[name][1]
    text = value_of(recipe, name) + (f" {described.unit}" if described.unit else "")

    def draw(width: int, focused: bool) -> Content:
        note = foreign(reason(why), max(1, width - 46))
        return place(
            width,
            (0, ink((described.label, "title" if focused else "label"))),
            (22, ink((foreign(text, 22), "title" if focused else "value"))),
            (46, ink((note, "value" if focused else "accent" if why == "chosen" else "label"))),
        )

    return Row(name, draw)


def checkpoint_rows(view: RunView, kept: frozenset[str] | None, now: float) -> list[Row]:
    """Return the checkpoints, the newest first; `kept` are the folders that are there, None while that is unknown."""
    rows = []
    best, result = view.best, view.result
    for saved in reversed(view.checkpoints):
        held = saved.held_out_loss
        is_best = best is not None and saved.step == best.step
        said_of: list[Piece] = [("eval ", "label"), (units.loss(held), "value")] if held is not None else []
        said_of += [(f"  {glyph('best')} best", "good")] if is_best else []
        said_of += [("  result", "accent")] if result is not None and saved.step == result.step else []
        note = ink(*said_of)
        gone = kept is not None and saved.path.rsplit("/", 1)[-1] not in kept

        def draw(
            width: int, focused: bool, saved: Checkpoint = saved, gone: bool = gone, note: Content = note
        ) -> Content:
            if gone:
                return ink((f"step {units.count(saved.step):<12} gave way to newer ones", "label"))
            ago = units.ago(now - saved.t) if saved.t else ""
            said = "title" if focused else "value"
            return place(
                width,
                (0, ink(("step ", "label"), (units.count(saved.step), said))),
                (18, ink((units.size(saved.bytes), said))),
                (28, note),
                (54, ink((ago, "label"))),
                (72, ink((f"took {saved.seconds:.1f} s", "label"))),
                (86, ink((foreign(saved.path, max(1, width - 86)), "label"))),
            )

        rows.append(Row(str(saved.step), draw))
    return rows or still(ink(("None yet: the recipe says under cadence when the first one is written.", "label")))
