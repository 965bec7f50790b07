"""The mask microscope: every token of a row as the base reads it, and what becomes of it in training.

Owns the page, and which rows are asked for. Must not know tokenizers: an engine errand answers.
"""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.content import Content

from workbench.core import units
from workbench.guide import previewing, surveying
from workbench.guide.road import METHOD_NAMES
from workbench.tui.glyphs import glyph
from workbench.tui.ink import Piece, cut, foreign, ink, on_focus, place, prose
from workbench.tui.surveyed import LABEL, NOTE, OfData
from workbench.tui.widgets.listing import GUTTER
from workbench.tui.widgets.page import Page
from workbench.tui.widgets.tokens import MARGIN, WRITTEN, Seen, Tokens, row_map, seen

_BECOMES = {
    "trained": ("trained", "the loss counts this token"),
    "masked": ("masked", "read, not learnt"),
    "template": ("masked", "written by the chat template"),
    "control": ("masked", "a control token, read"),
    "truncated": ("cut off", "beyond max length, lost"),
}
"""Mark → what becomes of the token, and why."""


class MicroscopeScreen(OfData):
    """Look at the tokens of a row."""

    NAME = "microscope"
    CSS_PATH = "microscope.tcss"

    def __init__(self, first: int = 0) -> None:
        super().__init__()
        self._number = first
        self._views: dict[int, dict[str, Any]] = {}
        self._views_of: tuple[Any, ...] = ()
        self._drawn: tuple[Any, ...] = ()
        self._seen = Seen((), (), frozenset(), ())
        self._length = 0
        self._written = True
        self._rejected = False
        self._trouble = ""

    def page(self) -> ComposeResult:
        """Yield the facts, the row's map, its tokens, the token under the cursor, and the checks."""
        yield Page(self._top, id="top")
        yield Tokens(id="tokens")
        yield Page(self._here, id="here")
        yield Page(self._checks, id="checks")

    def opened(self) -> None:
        """Ask for the row."""
        super().opened()
        self.query_one(Tokens).focus()
        self._want()

    # What is asked

    @property
    def row(self) -> dict[str, Any] | None:
        """The row as the base reads it, with the answer that is looked at, None while that is not known."""
        found = self._views.get(self._number)
        return found["rejected"] if found is not None and self._rejected and "rejected" in found else found

    @property
    def _is_pair(self) -> bool:
        """Whether the row has two answers."""
        return "rejected" in self._views.get(self._number, {})

    @property
    def _total(self) -> int:
        """Rows there are."""
        return self.survey["usable"] if self.survey else 0

    def _want(self) -> None:
        """Take the row from what is known, else ask for it and those around it."""
        survey, wanted = self.survey, previewing.key(self.road, self.longest)
        if self._views_of != wanted:
            self._views, self._views_of = {}, wanted
        if self.preview is not None:
            self._length = self.preview["max_length"]
            for number, view in enumerate(self.preview["rows"]):
                self._views.setdefault(number, view)
        if survey is not None and self.road.base and self._number not in self._views and not self._trouble:
            first = max(0, self._number - (previewing.BATCH - 1 if self._number + 1 in self._views else 0))
            self.ask("view", previewing.look, self.road, survey, self.longest or self._length, first, False)
        self.rebuild()

    def answered(self, what: str, value: Any) -> None:
        """Take rows as the base reads them."""
        if what != "view":
            super().answered(what, value)
            self._want()
            return
        _, first, found = value
        self._length = found["max_length"]
        for number, view in enumerate(found["rows"]):
            self._views[first + number] = view
        if self._number not in self._views:
            self._trouble = "The base gives nothing of this row; choose another one."
        self.rebuild()

    def refused(self, what: str, error: str) -> None:
        """Show in place why the base cannot read the row."""
        if what != "view":
            super().refused(what, error)
            return
        self._trouble = error
        self.rebuild()

    # What is shown

    def _top(self, width: int) -> list[Content]:
        """Return the data in short, and what the row is made of."""
        lines = [self.heading(width)]
        survey = self.survey
        if self.short:
            lines += [self._summary(width), Content("")]
        else:
            lines += [Content(""), *prose(width, *surveying.sentence(self.road, self.glance, survey)), Content("")]
            if survey is not None:
                value, note, _ = self.length_line()
                lines += [
                    _fact(width, "format", [foreign(survey["format"], 24)], surveying.evidence(survey)),
                    _fact(width, "length", list(value), note),
                ]
            lines += [*self._problem(width), Content(""), Content("")]
        row = self.row
        head: list[Piece] = [("Mask microscope", "section")]
        if self._is_pair:
            here, other = ("rejected", "chosen") if self._rejected else ("chosen", "rejected")
            head += [
                "   ",
                (here, "here"),
                ("   v", "key", "microscope.answer"),
                (f" {other}", "label", "microscope.answer"),
            ]
        if self.short and row is not None and not row["error"]:
            kept = _kept(row, self._length)
            head += ["   ", (units.count(row["trained"]), "here"), (f" of {units.count(kept)} trained", "label")]
        where = ink(
            ("row ", "label"), units.count(self._number + 1), (f" of {units.count(self._total)}   ", "label"),
            (glyph("left"), "value", "microscope.row_before"), " ", (glyph("right"), "value", "microscope.row_after"),
        )  # fmt: skip
        lines.append(place(width, (0, ink(*head)), (-1, where)))
        if row is None or row["error"]:
            lines += [row_map(Seen((), (), frozenset(), ()), width), Content("")]
            if self._trouble or row is not None:
                said = self._trouble or f"This row gives nothing to learn: {row['error'] if row else ''}."
                return [*lines, *prose(width, (f"{glyph('failed')} ", "bad"), said.replace("..", "."))]
            return [*lines, ink(("the base reads the row", "label"))]
        if not self.short:
            lines.append(Content(""))
        lines.append(row_map(self._seen, width))
        if not self.short:
            lines += [self._counts(width, row), Content("")]
        return lines

    def _summary(self, width: int) -> Content:
        """Return the data on one line."""
        survey = self.survey
        if survey is None:
            return ink(("reading", "label"))
        name = surveying.noun(survey["method"], survey["examples"])
        method = METHOD_NAMES.get(survey["method"], "")
        pieces: list[Piece] = [
            (units.count(survey["usable"]), "figure"),
            f" {name} ",
            (glyph("arrow"), "label"),
            f" {method}",
        ]
        left = self._open_problems()
        if left:
            number = len(left)
            pieces += ["   ", (f"{glyph('problem')} ", "warn"), f"{number} problem{'s' if number > 1 else ''}"]
            pieces += ["  ", ("x", "key"), (" fix", "label")] if left[0]["fix"] else []
        return ink(*pieces)

    def _open_problems(self) -> list[dict[str, Any]]:
        """Return the problems that are not mended, those with a fix first."""
        left = [problem for problem in self.problems() if not surveying.is_mended(self.road, problem["fix"])]
        return sorted(left, key=lambda problem: not problem["fix"])

    def _problem(self, width: int) -> list[Content]:
        """Return the first problem with its fix."""
        left = self._open_problems()
        if not left:
            return [_fact(width, "problems", ["none left" if self.problems() else "none"], "")]
        more: list[Piece] = [(f" ({len(left) - 1} more)", "label")] if len(left) > 1 else []
        fix: list[Piece] = [" ", ("x", "key"), (f" {surveying.fix_words(left[0]['fix'])}", "label")]
        said = prose(width - LABEL - 2, foreign(left[0]["text"]), *(fix if left[0]["fix"] else []), *more)
        head = (0, ink(("problems", "label"))), (LABEL, ink((glyph("problem"), "warn")))
        return [place(width, *(() if number else head), (LABEL + 2, line)) for number, line in enumerate(said)]

    def _counts(self, width: int, row: dict[str, Any]) -> Content:
        """Return how many tokens are learnt and how many read."""
        kept = _kept(row, self._length)
        left = ink(
            (units.count(row["trained"]), "here"), " trained",
            (f"   {units.count(kept - row['trained'])} masked", "label"),
            (f"   {units.count(row['length'] - kept)} cut off" if row["length"] > kept else "", "warn"),
        )  # fmt: skip
        share = f"{units.count(row['length'])} tokens, {units.percent(row['trained_share'])} trained"
        return place(width, (0, left), (-1, ink((share, "label"))))

    def _here(self, width: int) -> list[Content]:
        """Return the token under the cursor, as the row in focus."""
        row = self.row
        tokens = row["tokens"] if row is not None else []
        at = self.query_one(Tokens).at
        if not 0 <= at < len(tokens):
            return [Content("")]
        token = tokens[at]
        becomes, why = _BECOMES[token["mark"]]
        if self._rejected and self._is_pair and token["mark"] == "trained":
            why = "counted as what is not preferred"
        text = " " * (len(token["text"]) - len(token["text"].lstrip(" "))) + _spelt(token["text"].lstrip(" "))
        who = (
            "template"
            if token["mark"] in WRITTEN
            else self._seen.turns[self._seen.turn_of(at)][0]
            if self._seen.turns
            else ""
        )
        said: list[Piece] = [
            (f"\u201c{cut(text, 24)}\u201d", "title"),
            "    ",
            ("id ", "label"),
            str(token["id"]),
            "   ",
        ]
        if not self.narrow:
            said += [foreign(who, 16), "   "]
        said.append(becomes)
        if not self.narrow:
            said += ["   ", (why, "label")]
        number = ink(("token ", "label"), (units.count(at + 1), "title"))
        line = place(width - GUTTER, (0, number), (MARGIN, ink(*said)))
        return [on_focus(ink((glyph("focus"), "accent"), " ") + line, width)]

    def _checks(self, width: int) -> list[Content]:
        """Return the checks of the row's start, stop and length."""
        row = self.row
        if row is None or row["error"]:
            return [Content("")]
        lines: list[Content] = [] if self.short else [Content("")]
        found = previewing.checks(row, self.road.base, self._length)
        signs = {True: (f"{glyph('check')} ", "good"), False: (f"{glyph('problem')} ", "warn")}
        if self.short:
            pieces: list[Piece] = []
            for _, good, _, few in found:
                pieces += [signs[good], (few, "label"), "   "]
            return [*lines, ink(*pieces).truncate(width, ellipsis=True)]
        for name, good, sentence, _ in found:
            words = prose(width - MARGIN, (sentence, "label" if good else "value"))
            lines.append(place(width, (0, ink(signs[good], name)), (MARGIN, words[0])))
            lines += [place(width, (MARGIN, line)) for line in words[1:2]]
        return [*lines, Content("")]

    def rebuild(self) -> None:
        """Draw everything anew."""
        super().rebuild()
        row = self.row
        drawn = (self._views_of, (self._number, self._rejected), row is not None, self._written)
        if drawn != self._drawn:
            same_row = drawn[:3] == self._drawn[:3]
            self._drawn = drawn
            if not same_row:
                self._seen = seen(row) if row is not None else Seen((), (), frozenset(), ())
            tokens = self.query_one(Tokens)
            tokens.show(self._seen, self._written, tokens.at if same_row else None)
        for name in ("#top", "#here", "#checks"):
            self.query_one(name, Page).again()

    # What happens

    def on_tokens_moved(self, message: Tokens.Moved) -> None:
        """Say what is under the cursor."""
        self.query_one("#here", Page).again()

    def why_not(self, action: str) -> str:
        """Return why an action cannot be done now."""
        if action == "microscope.row_before" and self._number == 0:
            return "This is the first row."
        if action == "microscope.row_after" and self._number + 1 >= self._total:
            return "This is the last row."
        if action == "microscope.answer" and not self._is_pair:
            return "This row has one answer."
        if action == "microscope.fix" and not any(problem["fix"] for problem in self._open_problems()):
            return "Nothing here has a fix."
        return ""

    def act_microscope_before(self) -> None:
        """Go to the token before."""
        self.query_one(Tokens).step(-1)

    def act_microscope_after(self) -> None:
        """Go to the next token."""
        self.query_one(Tokens).step(1)

    def act_microscope_row_before(self) -> None:
        """Go to the row before."""
        self._go(self._number - 1)

    def act_microscope_row_after(self) -> None:
        """Go to the next row."""
        self._go(self._number + 1)

    def _go(self, number: int) -> None:
        """Go to a row."""
        self._number, self._trouble = number, ""
        self._want()

    def act_microscope_answer(self) -> None:
        """Show the other answer of a pair."""
        self._rejected = not self._rejected
        self.rebuild()

    def act_microscope_template(self) -> None:
        """Show or hide what the chat template writes."""
        self._written = not self._written
        self.rebuild()

    def act_microscope_fix(self) -> None:
        """Mend the first problem that has a fix."""
        self.mend(self._open_problems()[0]["fix"])
        self._want()

    def act_microscope_close(self) -> None:
        """Close the microscope."""
        self.app.call_later(self.app.back)  # type: ignore[attr-defined]

    def act_screen_back(self) -> None:
        """Close the microscope."""
        self.act_microscope_close()


def _spelt(text: str) -> str:
    """Return the text of a token on one line, with line ends and tabs seen."""
    shown = text.replace("\n", glyph("return")).replace("\t", glyph("arrow"))
    return foreign(shown) or shown or glyph("part")


def _kept(row: dict[str, Any], length: int) -> int:
    """Return how many tokens of a row are not cut off."""
    return min(row["length"], length) if row["cut"] else row["length"]


def _fact(width: int, label: str, value: list[Piece], note: str) -> Content:
    """Return a line of facts."""
    return place(width, (0, ink((label, "label"))), (LABEL, ink(*value)), (NOTE, ink((foreign(note), "label"))))
