"""Everything that is known of one model, on a sheet: facts, and memory by tuning with its parts.

Owns the sheet's layout. The words are the guide's.
"""

from __future__ import annotations

from textual.content import Content

from workbench.core import units
from workbench.core.plan import Card
from workbench.guide import describing
from workbench.guide.choices import Choice
from workbench.guide.fits import Fit
from workbench.tui.glyphs import glyph
from workbench.tui.ink import foreign, ink, lines_of, place, prose
from workbench.tui.model_rows import SIGNS, TUNINGS
from workbench.tui.widgets.sheet import Sheet

_LABEL = 12
_PARTS = ("weights", "gradients", "optimiser", "activations")
"""Parts of the memory that are told one by one."""
_ENDS = (23, 34, 45, 58, 69)
"""Where their figures end, and those of the rest."""


class AboutSheet(Sheet):
    """All about a model."""

    def __init__(self, choice: Choice, card: Card) -> None:
        super().__init__(foreign(choice.label), self._lines, choice.group)
        self._choice, self._card = choice, card

    def _lines(self, width: int) -> list[Content]:
        """Return facts and memory."""
        known = describing.about(self._choice, self._card)
        lines: list[Content] = []
        if known.sentence:
            lines += [*prose(width, foreign(known.sentence)), Content("")]
        for label, words in known.facts:
            said = lines_of(foreign(words), width - _LABEL)
            lines.append(ink((f"{label:<{_LABEL}}", "label")) + said[0])
            lines += [Content(" " * _LABEL) + line for line in said[1:]]
        lines += [Content(""), ink(("memory at the peak, GiB", "section"))]
        if self._choice.fits:
            lines += [self._heads(width), *(self._memory(fit, width) for fit in self._choice.fits), Content("")]
        return [*lines, *prose(width, (known.note, "label"))]

    def _heads(self, width: int) -> Content:
        """Return the names of the parts."""
        named = (*_PARTS, "the rest")
        return place(width, *((_end(at, width), ink((name, "label"))) for at, name in enumerate(named)))

    def _memory(self, fit: Fit, width: int) -> Content:
        """Return what a tuning takes, and of what."""
        sign, role = SIGNS[fit.verdict]
        size = dict(fit.parts)
        named = [size.get(part, 0) for part in _PARTS]
        figures = [*named, fit.needed - sum(named)]
        return place(
            width,
            (0, ink((dict(TUNINGS)[fit.tuning], "label"))),
            (_LABEL - 4, ink((glyph(sign), role), (f" {units.gib(fit.needed):>6}", "figure"))),
            *(
                (_end(at, width), ink((units.gib(figure) if figure else units.NONE, "value")))
                for at, figure in enumerate(figures)
            ),
        )


def _end(at: int, width: int) -> int:
    """Return the column that a part's figures end in, as `place` takes it."""
    return _ENDS[at] - width
