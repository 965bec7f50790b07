"""The second station: what the data is, what can be learnt from it and what is wrong with it.

Owns the page, and which questions are asked of the data. Must not open any of it: limited children and an engine do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.app import ComposeResult
from textual.content import Content

from workbench.core import units
from workbench.guide import asking, previewing, sources, surveying
from workbench.guide.road import Road
from workbench.tui.glyphs import glyph
from workbench.tui.ink import Piece, cut, foreign, ink, place, prose
from workbench.tui.surveyed import LABEL, OfData, fact_rows, few_rows, histogram, sentence_rows
from workbench.tui.widgets.choose import Choose
from workbench.tui.widgets.listing import Listing, Row
from workbench.tui.widgets.page import Page
from workbench.tui.widgets.prompt import Completed, Lookup

_RAIL, _WIDEST = 26, 92
_PROBLEMS = 8
_DETECTED = "*"
"""The key of the format that is found out, among the names of formats."""


class DataScreen(OfData):
    """Choose data and see what it is."""

    NAME = "data"
    CSS_PATH = "data.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._why = ""
        self._phase = ""
        self._trouble = ""
        self._blind = ""
        """Why the base cannot read the rows."""

    def page(self) -> ComposeResult:
        """Yield what it is, the facts, a few rows, and the command line."""
        yield Page(self._top, id="top")
        yield Listing(id="facts")
        yield Page(self._rows, id="rows")
        yield Page(self._bottom, id="bottom")

    def opened(self) -> None:
        """Propose data where there is none."""
        super().opened()
        self.query_one("#facts").focus()
        self._propose()

    def on_screen_resume(self) -> None:
        """Draw anew: a page behind may have mended something."""
        if self.is_mounted:
            self._read_by_base()
            self.rebuild()

    def settle(self, road: Road) -> None:
        """Take a change of the road; how long rows may be decides how the base reads them."""
        super().settle(road)
        self._read_by_base()

    def _propose(self) -> None:
        """Look for data to propose, once the card is known."""
        if not self.road.data and self.known.card is not None and not self.asking("proposed"):
            toward = self.road.toward.get("method", "")
            if not toward:
                self.ask("proposed", surveying.proposed, self.road.base, self.known.card.gpu, Path.cwd())
            elif not self._trouble:
                self.ask("proposed", surveying.suiting, toward, self.road.base, Path.cwd())

    # What is asked

    def find_out(self) -> None:
        """Ask for the survey beside what every station asks for."""
        super().find_out()
        wanted = asking.looked_at(self.road)
        if (
            self.road.data
            and self.known.survey_of != wanted
            and not (self.asking("survey") and self._surveyed == wanted)
        ):
            self._surveyed, self._phase, self._trouble = wanted, "reading", ""
            self.ask("survey", surveying.survey, self.road, tell=None)

    _surveyed: tuple[Any, ...] = ()
    _previewed: tuple[Any, ...] = ()

    def _read_by_base(self) -> None:
        """Ask how the base reads the rows, once there is a survey, and a plan with a length or a reason for none."""
        survey = self.survey
        settled = self.known.plan is not None or bool(self._no_plan)
        if survey is None or not settled or not survey["usable"]:
            return
        wanted = previewing.key(self.road, self.longest)
        if wanted not in (self.known.preview_of, self._previewed):
            self._previewed, self._blind = wanted, ""
            self.ask("preview", previewing.look, self.road, survey, self.longest)

    def answered(self, what: str, value: Any) -> None:
        """Take what was asked for."""
        if what == "proposed":
            path, self._why = value
            if not path:
                self._why, self._trouble = "", self._why
                self.rebuild()
            elif not self.road.data:
                self.settle(self.road.with_data((path,)))
        elif what == "named":
            self._why, self._trouble = "", ""
            self.settle(self.road.with_data(value))
        elif what == "survey":
            looked_at, found = value
            self._phase = ""
            self.learn(survey=found, survey_of=looked_at)
        elif what == "preview":
            key, _, found = value
            self.learn(preview=found, preview_of=key)
        else:
            super().answered(what, value)
        self._propose()
        self._read_by_base()

    def told(self, what: str, value: Any) -> None:
        """Show how far reading or a download is."""
        self._phase = str(value)
        self.query_one("#top", Page).again()
        self.query_one("#rows", Page).again()

    def refused(self, what: str, error: str) -> None:
        """Show in place why something could not be found out."""
        if what == "preview":
            self._blind = error
        elif what in ("survey", "proposed"):
            self._phase, self._trouble = "", error
        else:
            super().refused(what, error)
        self.rebuild()

    # What is shown

    @property
    def _no_plan(self) -> str:
        """Why these rows cannot be planned with this base, "" when they can or that is not known yet."""
        known = self.known
        settled = self.glance is not None and known.base is not None and known.base_of == self.road.base
        return known.trouble if settled and known.plan is None else ""

    @property
    def _text_width(self) -> int:
        """Columns of the page's text."""
        whole = self.app.size.width - 4
        return (whole if self.narrow else min(_WIDEST, whole - _RAIL)) - 2

    def _top(self, width: int) -> list[Content]:
        """Return title, what the data is, and why it is proposed."""
        lines = [self.heading(width)]
        if not self.short:
            lines.append(Content(""))
        trouble = self._trouble or (self.known.trouble if self.glance is None and self.road.data else "")
        said = surveying.sentence(self.road, self.glance, self.survey)
        if trouble:
            lines += prose(
                width,
                (f"{glyph('failed')} ", "bad"),
                trouble,
                "  ",
                ("p", "key", "data.path"),
                (" other data", "label", "data.path"),
            )
        elif said:
            lines += prose(width, *said)
        else:
            lines.append(ink((self._phase or "looking at it", "label")))
        if not self.short:
            reading = f"{self._phase} …".replace("…", glyph("cut")) if self._phase and said else ""
            why = self._why
            if reading:
                lines.append(ink((reading, "label")))
            elif why and not trouble:
                other = ink(("p", "key", "data.path"), (" names other data", "label", "data.path"))
                lines += prose(width, (why, "label"))
                fits = lines[-1].cell_length + 1 + other.cell_length <= width
                lines[-1:] = [lines[-1] + " " + other] if fits else [lines[-1], other]
            else:
                lines.append(Content(""))
        return lines if self.tight else [*lines, Content("")]

    def _fact(self, key: str, label: str, value: list[Piece], note: str = "") -> list[Row]:
        """Return a fact as rows."""
        return fact_rows(key, label, value, note, self._text_width)

    def _facts(self) -> list[Row]:
        """Return the lines of facts; while all rows are being read, what a look at a part of them told."""
        survey, found = self.survey, surveying.layout(self.survey, self.glance)
        rows = self._fact("format", "format", [foreign(found.format, 24)], found.evidence)
        if found.columns or survey is None:
            unused = foreign(", ".join(survey["unused_columns"])) if survey is not None else ""
            note = f"not used: {unused}" if unused else "all are used" if survey is not None else ""
            rows += self._fact("columns", "columns", [foreign(found.columns) or units.NONE], note)
        value, note, told = self.length_line()
        rows += self._fact("length", "length", list(value), note)
        if survey is None:
            return rows
        if told is not None and not self.short:
            bars = told["histogram"]
            first, last = units.count(told["min"]), units.count(told["max"])
            text = ink((f"{first} ", "label"), (histogram(bars), "raw"), (f" {last} {told['unit']}", "label"))
            rows.append(Row("", lambda width, focused: place(width, (LABEL, text))))
        if aside := [item for item in survey["files"] if item["split"] == "held_out"]:
            names = ", ".join(foreign(item["path"].rsplit("/", 1)[-1], 24) for item in aside[:3])
            kept = units.count(sum(item["rows"] for item in aside))
            rows += self._fact("held", "held out", [cut(names, 24)], f"{kept} rows, to measure and not to learn")
        rows += self._problem_rows()
        if bad := sum(item["count"] for item in survey["quarantined"]):
            first = survey["quarantined"][0]
            number = f"{units.count(bad)} row{'s' if bad > 1 else ''}"
            rows += self._fact("aside", "set aside", [number], f"{first['reason']}; r shows them")
        if ignored := survey["ignored"]:
            one = f"{foreign(ignored[0]['source'].rsplit('/', 1)[-1], 30)}: {ignored[0]['reason']}"
            files = "1 file" if len(ignored) == 1 else f"{units.count(len(ignored))} files"
            rows += self._fact("ignored", "ignored", [files], one)
        return rows

    def _problem_rows(self) -> list[Row]:
        """Return the problems, each with its fix; what is mended is ticked."""
        rows: list[Row] = []
        width = self._text_width - LABEL
        if self._blind:
            rows += sentence_rows("blind", "base", (glyph("failed"), "bad"), self._blind, "value", [], width)
        if self._no_plan and self._no_plan != self._blind:
            sign = (glyph("failed"), "bad")
            rows += sentence_rows("plan", "plan", sign, self._no_plan, "value", [], width)
        problems = self.problems()
        for number, problem in enumerate(problems[:_PROBLEMS]):
            mended = surveying.is_mended(self.road, problem["fix"])
            sign = (glyph("check"), "good") if mended else (glyph("problem"), "warn")
            words = "takes it back" if mended else surveying.fix_words(problem["fix"])
            fix: list[Piece] = [("x", "key"), (f" {words}", "label")] if problem["fix"] else []
            label = "" if number else "problems"
            role = "label" if mended else "value"
            rows += sentence_rows(f"problem:{number}", label, sign, problem["text"], role, fix, width)
        if len(problems) > _PROBLEMS:
            more = f"and {len(problems) - _PROBLEMS} more; workbench inspect tells all of them"
            rows += self._fact("more", "", [(more, "label")])
        return rows

    def _rows(self, width: int) -> list[Content]:
        """Return a few rows as they are learnt from, with their roles; on a short page how far reading them is."""
        if self.survey is None and self.short and self.glance is not None and self._phase:
            return [ink((f"{self._phase} {glyph('cut')}", "label"))]
        room = self.query_one("#rows").size.height or 8
        return few_rows(self.survey, width, room, self.short, self.tight) if self.survey is not None else []

    def _bottom(self, width: int) -> list[Content]:
        """Return the command line that does the same."""
        return [] if self.tight else [Content(""), self.command_line(width)]

    def rebuild(self) -> None:
        """Draw everything anew."""
        super().rebuild()
        self.query_one("#top", Page).again()
        self.query_one("#facts", Listing).fill(self._facts())
        self.query_one("#rows", Page).again()
        self.query_one("#bottom", Page).again()
        self.call_after_refresh(self.query_one("#rows", Page).again)

    # What happens

    def why_not(self, action: str) -> str:
        """Return why an action cannot be done now."""
        survey = self.survey
        reading = "The data is still being read."
        if action == "data.next":
            if survey is not None and not survey["usable"]:
                return "No row of this data can be used; name other data with p."
            if self._trouble or (self.known.trouble and self.glance is None):
                return "This data cannot be read; name other data with p."
            return "" if self.glance is not None else reading
        if action == "data.fix":
            return "" if self._fixable() is not None else "Nothing here has a fix." if survey is not None else reading
        if action == "data.microscope":
            if not self.road.base:
                return "A base reads the tokens; choose one first."
            if self._blind:
                return self._blind
            return "" if survey is not None and survey["usable"] else reading
        if action in ("data.rows", "data.change"):
            return "" if survey is not None else reading
        return ""

    def _fixable(self) -> dict[str, Any] | None:
        """Return the fix of the problem in focus, else of the first that has one."""
        problems = self.problems()
        key = self.query_one("#facts", Listing).key
        if key.startswith("problem:") and int(key[8:]) < len(problems):
            return problems[int(key[8:])]["fix"] or None
        open_ones = [p["fix"] for p in problems if p["fix"] and not surveying.is_mended(self.road, p["fix"])]
        return open_ones[0] if open_ones else None

    def on_listing_moved(self, message: Listing.Moved) -> None:
        """Draw the footer anew: what can be done depends on the line."""
        self.foot()

    def act_data_next(self) -> None:
        """Go on to the method."""
        self.next()

    def act_data_fix(self) -> None:
        """Mend a problem, or take that back."""
        if (fix := self._fixable()) is not None:
            self.mend(fix)

    def act_data_bundled(self) -> None:
        """Take the bundled questions."""
        self.answered("named", (surveying.bundled(),))

    def act_data_path(self) -> None:
        """Ask for data."""

        def take(data: tuple[str, ...] | None) -> None:
            if data is not None:
                self.answered("named", data)

        note = "A file, a folder, an archive or owner/name of the hub; several with blanks between. Drag a file here."
        self.app.push_screen(Lookup("Data", note, surveying.brought, Completed(surveying.completions)), take)

    def act_data_microscope(self) -> None:
        """Look at the tokens."""
        self.app.open("microscope")  # type: ignore[attr-defined]

    def act_data_rows(self) -> None:
        """Look through the rows."""
        self.app.open("rows")  # type: ignore[attr-defined]

    def act_data_change(self) -> None:
        """Say by hand how the rows are to be read: the column of a role, or the format."""
        survey = self.survey
        assert survey is not None
        choices = survey["choices"]
        if self.query_one("#facts", Listing).key == "columns" and choices["roles"] and choices["columns"]:
            offered = [(role, role, survey["columns"].get(role, "no column")) for role in choices["roles"]]
            self.app.push_screen(Choose("Which role", offered), self._take_role)
            return
        formats = [
            (_DETECTED, "detected", "what the rows look like"),
            *((name, name, what) for name, what in choices["formats"].items()),
        ]
        now = str(self.road.chosen.get("data_format", _DETECTED))
        self.app.push_screen(Choose("Format of the rows", formats, now), self._take_format)

    def _take_format(self, name: str | None) -> None:
        """Take a format; what was said of columns belongs to the one before."""
        if name is None:
            return
        road = self.road.without("data_columns", "data_format")
        self.settle(road.with_value("data_format", name) if name != _DETECTED else road)

    def _take_role(self, role: str | None) -> None:
        """Ask for the column of a role."""
        if not role or self.survey is None:
            return
        columns = [(name, name, "") for name in self.survey["choices"]["columns"]]
        now = self.survey["columns"].get(role, "")

        def take(column: str | None) -> None:
            if column:
                known = sources.assignments(
                    self.road.chosen.get("data_columns", ()), "--column", "ROLE=NAME", "prompt=question"
                )
                pairs = tuple(f"{name}={value}" for name, value in {**known, role: column}.items())
                self.settle(self.road.with_value("data_columns", pairs))

        self.app.push_screen(Choose(f"Column for {role}", columns, now), take)
