"""What the pages about the data share: the survey, the preview, problems with their fixes, rows as they are shown.

Owns the words and figures that stand on more than one of them. Must not open data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from textual.content import Content

from workbench.core import units
from workbench.core.errors import WorkbenchError
from workbench.guide import asking, lengths, previewing, surveying
from workbench.guide.road import name_of
from workbench.tui import glyphs
from workbench.tui.ink import Piece, cut, foreign, ink, lines_of, place, prose
from workbench.tui.station import Station
from workbench.tui.widgets.listing import Row

LABEL, NOTE = 14, 36
"""Columns of the value and of the note of a fact."""
_LEAST_NOTE = 24
"""Columns that a note needs to stand beside its value."""
_BARS = (" ▁▂▃▄▅▆▇█", " ..::||##")


def histogram(found: Mapping[str, Any]) -> str:
    """Return lengths as small bars; every bar with a row in it is seen."""
    rows, signs = found["rows"], _BARS[glyphs.is_ascii()]
    most = max(rows, default=0)
    return "".join(signs[0 if not number else max(1, round(8 * number / most))] for number in rows)


class OfData(Station):
    """What the data station and the pages behind it share: the survey, the preview, and problems with their fixes."""

    STATION = "data"

    @property
    def survey(self) -> dict[str, Any] | None:
        """The survey of the road's data as it is read now, None where there is none yet."""
        return self.known.survey if self.known.survey_of == asking.looked_at(self.road) else None

    @property
    def glance(self) -> dict[str, Any] | None:
        """The glance at the road's data as it is read now."""
        return self.known.glance if self.known.glance_of == asking.looked_at(self.road) else None

    @property
    def longest(self) -> int:
        """The longest example in tokens, 0 where the rows decide."""
        return previewing.max_length(self.road, self.known.plan)

    @property
    def preview(self) -> dict[str, Any] | None:
        """How the base reads the first rows, None where it is not known for the values there are now."""
        return self.known.preview if self.known.preview_of == previewing.key(self.road, self.longest) else None

    def problems(self) -> list[dict[str, Any]]:
        """Return what is wrong with the data, and with how the base reads it."""
        survey, preview = self.survey, self.preview
        usable = survey["usable"] if survey else 0
        kept = self.known.plan is not None and self.known.plan.chosen.resolved.recipe.duplicates == "keep"
        found = surveying.of_plan(survey["problems"], kept) if survey else []
        return [*found, *(previewing.problems(preview, usable) if preview else ())]

    def mend(self, fix: Mapping[str, Any]) -> None:
        """Set what a problem's fix sets, or take it back when it is set."""
        if surveying.is_mended(self.road, fix):
            self.settle(self.road.without(*fix))
            return
        try:
            road = self.road
            for name, value in fix.items():
                road = road.with_value(name, value)
        except WorkbenchError as error:
            self.say(str(error), "error")
            return
        self.settle(road)

    def heading(self, width: int) -> Content:
        """Return the title with the name and size of the data."""
        data = self.road.data
        size = surveying.size_of(data)
        more = f" and {len(data) - 1} more" if len(data) > 1 else ""
        name = cut(foreign(name_of(data[0])), 36) + more if data else ""
        right = ink(name, (f"   {units.size(size)}" if size else "", "label"))
        return place(width, (0, ink(("Data", "title"))), (-1, right))

    def length_line(self) -> tuple[list[Piece], str, Mapping[str, Any] | None]:
        """Return (length in figures, what a limit would cut, the histogram): measured, estimated, or in characters."""
        preview, glance, survey = self.preview, self.glance, self.survey
        if preview is not None and preview["lengths"].get("sampled"):
            told = preview["lengths"]
            limit = preview["max_length"]
            share = next((item["share"] for item in told["covered"] if item["max_length"] == limit), 1.0)
            total = survey["usable"] if survey else told["sampled"]
            cut_rows = round((1 - share) * total)
            articles = bool(glance and glance["articles"])
            lost = "are split" if articles else "would be cut"
            loses = f"{units.count(cut_rows)} rows {lost}" if cut_rows else "none is cut"
            note = f"{units.percent(share, 1 if share < 1 else 0)} within {units.count(limit)}; {loses}"
            return [f"median {units.count(told['p50'])} tokens"], note, told
        if (rows := self.rows) is not None:
            note = f"the longest has {lengths.number(rows, rows.longest)}"
            return [("about ", "label"), f"{units.count(rows.p50)} tokens"], note, None
        if survey is not None and survey["lengths"].get("sampled"):
            told = survey["lengths"]
            note = f"95 % have up to {units.count(told['p95'])}"
            return [f"median {units.count(told['p50'])} characters"], note, told
        return [units.NONE], "", None


def rendered(row: Mapping[str, Any], width: int, most: int) -> list[Content]:
    """Return a canonical row, each turn with its role, of at most so many lines each."""
    lines = []
    for who, said in surveying.turns_of(row):
        words = lines_of(" ".join(said.split()) if most < 4 else said, width - LABEL, most=most) or [Content("")]
        for number, line in enumerate(words):
            head = ink((cut(foreign(who), LABEL - 2), "label")) if not number else ink("")
            lines.append(place(width, (0, head), (LABEL, line)))
    return lines


def _block(key: str, label: str, lines: Sequence[Callable[[bool], tuple[tuple[int, Content], ...]]]) -> list[Row]:
    """Return lines that belong together as rows, of which the first can be in focus; each is told whether it is."""

    def drawn(number: int) -> Callable[[int, bool], Content]:
        def draw(columns: int, focused: bool) -> Content:
            head = ink(("" if number else label, "title" if focused else "label"))
            return place(columns, (0, head), *lines[number](focused))

        return draw

    return [Row("" if number else key, drawn(number), under=number > 0) for number in range(len(lines))]


def fact_rows(key: str, label: str, value: Sequence[Piece], note: str, width: int) -> list[Row]:
    """Return a fact as rows: its label, its value and the note beside that, or under it where that is too narrow."""
    values = prose(width - LABEL, *value)
    start = max(NOTE, LABEL + values[0].cell_length + 2)
    beside = len(values) == 1 and width - start >= _LEAST_NOTE
    start = start if beside else LABEL
    notes = {
        focused: prose(width - start, (foreign(note), role)) for focused, role in ((True, "value"), (False, "label"))
    }
    few = len(notes[True]) if note else 0

    def line(number: int) -> Callable[[bool], tuple[tuple[int, Content], ...]]:
        said = number if beside else number - len(values)

        def pieces(focused: bool) -> tuple[tuple[int, Content], ...]:
            shown = ((LABEL, values[number]),) if number < len(values) else ()
            return (*shown, (start, notes[focused][said])) if 0 <= said < few else shown

        return pieces

    return _block(key, label, [line(number) for number in range(max(1, few) if beside else len(values) + few)])


def sentence_rows(
    key: str, label: str, sign: Piece, text: str, role: str, fix: Sequence[Piece], width: int
) -> list[Row]:
    """Return a sentence with its sign and its fix as rows, of which the first can be in focus."""
    tail = ink("  ", *fix) if fix else Content("")
    lines = prose(width - 2, (foreign(text), role))
    if fix and lines[-1].cell_length + tail.cell_length <= width - 2:
        lines[-1] += tail
    elif fix:
        lines.append(ink(*fix))

    def drawn(number: int) -> Callable[[bool], tuple[tuple[int, Content], ...]]:
        head = ((LABEL, ink(sign)),) if not number else ()
        return lambda focused: (*head, (LABEL + 2, lines[number]))

    return _block(key, label, [drawn(number) for number in range(len(lines))])


def few_rows(survey: Mapping[str, Any], width: int, room: int, short: bool, tight: bool = False) -> list[Content]:
    """Return the first rows of a survey, as many as there is room for, with their head unless that is `tight`."""
    if not survey["examples"]:
        return []
    counted = f"{len(survey['examples'])} of {units.count(survey['usable'])}   "
    shown = ink((counted, "label"), ("r", "key", "data.rows"), (" all", "label", "data.rows"))
    lines = [] if tight else [place(width, (0, ink(("Rows", "section"))), (-1, shown))]
    for row in survey["examples"]:
        block = [] if short else [Content("")]
        block += rendered(row, width, 1 if short else 3)
        if len(lines) + len(block) > room:
            return lines + (block[: room - len(lines)] if row is survey["examples"][0] else [])
        lines += block
    return lines
