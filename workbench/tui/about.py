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
_PARTS = 3
"""Parts that are named one by one; what is smaller is one more."""
_NAMES = {"context": "CUDA", "workspace": "one layer", "reserve": "reserve"}


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
        lines += [Content(""), ink(("memory", "section")), Content("")]
        for tuning, name in TUNINGS:
            if (fit := self._choice.fitting(tuning)) is not None:
                lines.append(self._memory(fit, name, width))
        return [*lines, *([Content("")] if self._choice.fits else []), *prose(width, (known.note, "label"))]

    def _memory(self, fit: Fit, name: str, width: int) -> Content:
        """Return what a tuning takes, and of what."""
        sign, role = SIGNS[fit.verdict]
        named, rest = fit.parts[:_PARTS], sum(size for _, size in fit.parts[_PARTS:])
        parts = [f"{_NAMES.get(part, part)} {units.gib(size)}" for part, size in named]
        parts += [f"the rest {units.gib(rest)}"] if rest else []
        return place(
            width,
            (0, ink((name, "label"))),
            (_LABEL - 2, ink((glyph(sign), role), (f" {units.gib(fit.needed):>5}", "value"), (" GiB", "label"))),
            (_LABEL + 10, ink((", ".join(parts), "label"))),
        )
