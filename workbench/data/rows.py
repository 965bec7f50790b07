"""Rows: from files to the rows to learn from and those held out, in two passes.

Owns the following of a plan. Must not know models, tokenizers or trainers. The first pass decides about every row, the
second gives the rows that stay; in between a few bytes per row are in memory, so that no dataset is too large.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from workbench.core.errors import UsageError
from workbench.core.recipe import Recipe
from workbench.data import account, canonical, plan, sources, survey
from workbench.data.account import Account
from workbench.data.curate import Curation, Curator, Decisions
from workbench.data.curate.curator import FOREIGN, STEPS
from workbench.data.layouts import type_for
from workbench.data.readers import BadRecord, Unreadable, kinds, read

Progress = Callable[[str, int], None]
"""Called with what is being done and the number of rows it has been done to."""
PROGRESS_ROWS = 10_000
Refuse = Callable[[dict[str, Any]], None]
"""Called with {"source", "line", "reason"} of each row that is not used."""


def curation_of(recipe: Recipe) -> Curation:
    """Return the curation a recipe asks for."""
    return Curation(
        duplicates=recipe.duplicates,
        min_characters=recipe.min_characters,
        max_characters=recipe.max_characters,
        languages=recipe.languages,
        quality=recipe.quality,
        secrets=recipe.secrets,
        decontaminate=recipe.decontaminate,
        weights=tuple(float(text) for text in recipe.data_weights),
        eval_split=recipe.eval_split,
        seed=recipe.seed,
    )


def _is_part(kind: str, value: Mapping[str, Any]) -> bool:
    """Return whether a record of a member may be a part of a document, and is not a question or a row of its own."""
    return kind in kinds.PROSE and value.keys() == {"text"}


class Rows:
    """The rows of some sources for a method, decided about and ready to be read as often as wanted."""

    def __init__(
        self,
        found: sources.Sources,
        method: str,
        curation: Curation,
        progress: Progress | None = None,
        refuse: Refuse | None = None,
    ) -> None:
        """Make the first pass; raises UsageError when no row is usable."""
        self.sources, self.method, self.curation = found, method, curation
        self._progress = progress or (lambda what, rows: None)
        self.account = Account()
        curator = Curator(curation)
        for number, (row, source, held_out, document) in enumerate(self._usable(self.account, refuse), 1):
            curator.add(row, source=source, held_out=held_out, document=document)
            if number % PROGRESS_ROWS == 0:
                self._progress("reading rows", number)
        self._progress("comparing rows", self.account.usable)
        self.decisions: Decisions = curator.finish()

    def _usable(self, into: Account, refuse: Refuse | None = None) -> Iterator[tuple[dict[str, Any], int, bool, int]]:
        """Yield (canonical row, number of its source, whether its file is held out, number of the document it is a
        part of or -1) for each usable record."""
        tally = canonical.Tally()
        documents = 0

        def refused(source: str, line: int, reason: str) -> None:
            into.refuse(source, line, reason)
            if refuse is not None:
                refuse({"source": source, "line": line, "reason": reason})

        for part in self.sources.parts:
            kind = type_for(self.method, part.detection.layout)
            convert = account.converter(part.detection.layout, part.why_not, kind, tally)
            for member, source in zip(part.members, part.paths, strict=True):
                last = -1
                try:
                    for record in read(member):
                        if isinstance(record, BadRecord):
                            refused(record.source, record.line, record.reason)
                            continue
                        row = convert(record.value)
                        if isinstance(row, canonical.Rejected):
                            refused(record.source, record.line, row.reason)
                            continue
                        into.accept(row)
                        documents += record.document != last
                        last = record.document
                        document = documents if _is_part(member.kind, record.value) else -1
                        yield row, source, member.held_out or record.held_out, document
                except Unreadable as error:
                    into.unread.append({"source": member.name, "reason": str(error)})
        into.repairs.update(tally.repairs)

    def _decided(self) -> Iterator[tuple[dict[str, Any], int, bool]]:
        """Yield (row as it is used, copies of it, whether it is held out) for each row that stays."""
        for number, (row, *_) in enumerate(self._usable(Account())):
            self.decisions.meet(number, row)
            copies = self.decisions.copies(number)
            if copies:
                yield self.decisions.applied(row), copies, self.decisions.is_held_out(number)

    def train(self) -> Iterator[dict[str, Any]]:
        """Yield the rows to learn from, in the order of the files; a row with a weight comes as often as it counts."""
        for row, copies, held_out in self._decided():
            if not held_out:
                for _ in range(copies):
                    yield row

    @cached_property
    def held_out(self) -> list[dict[str, Any]]:
        """The rows kept aside; there are never more than `split.MOST_HELD`."""
        return [row for row, _, held_out in self._decided() if held_out]

    @property
    def counts(self) -> dict[str, int]:
        """Return how many rows were found, are usable, quarantined, and what curation made of the usable ones."""
        counted = {
            "rows": self.account.rows,
            "usable": self.account.usable,
            "quarantined": self.account.quarantined,
        }
        return counted | self.decisions.counts()

    def plan(self) -> plan.Plan:
        """Return the plan that gives these rows again."""
        layouts = []
        members: dict[str, int] = {}
        for part in self.sources.parts:
            if part.detection.layout is None:
                continue
            layouts.append(part.detection.layout)
            members |= dict.fromkeys((member.name for member in part.members), len(layouts) - 1)
        return plan.Plan(
            method=self.method,
            paths=self.sources.paths,
            files=tuple(plan.stamp(path) for path in self.sources.origins()),
            layouts=tuple(layouts),
            members=members,
            curation=self.curation,
            counts=self.counts,
        )


def find(
    paths: Sequence[str],
    method: str,
    curation: Curation,
    format: str = "",
    columns: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    refuse: Refuse | None = None,
) -> Rows:
    """Return the rows of files and folders, or of the one plan that is given instead.

    A plan brings its own method and curation. Raises UsageError when a path cannot be read, a file is not what the plan
    says, or no row is usable; `method` may be empty when the data suggests one.
    """
    found = sources.find(paths, format, columns)
    if found.plan is not None:
        method, curation = plan.method_of(found.plan, method), found.plan.curation
    main = sources.main_part(found.parts)
    method = method or (main.detection.method if main else "")
    if not method:
        raise UsageError(survey.nothing_usable(survey.Survey(found, main, "", Account(), []), paths, ""))
    rows = Rows(found, method, curation, progress, refuse)
    if not rows.account.usable:
        raise UsageError(survey.nothing_usable(survey.Survey(found, main, method, rows.account, []), paths, method))
    if not rows.decisions.counts()["train"]:
        raise UsageError(_nothing_left(rows))
    return rows


def _nothing_left(rows: Rows) -> str:
    """Return the sentence that says why no usable row is left to learn from."""
    lines = [line for line in rows.decisions.report() if line["what"] in STEPS]
    most = max(lines, key=lambda line: int(line["rows"]), default=None)
    if most is None:
        return f"All {rows.account.usable} usable rows are held out; give rows to learn from, too."
    told = [f"{line['rows']} {line['what']}" for line in rows.decisions.report() if line["step"] == most["step"]]
    why = "; ".join([most["what"], *told[1:]]) if most["what"] == FOREIGN else most["what"]
    instead = "name their language in languages" if most["what"] == FOREIGN else "let fewer be left out"
    return (
        f"No row is left to learn from: of {rows.account.usable} usable rows, {most['step']} leaves out {most['rows']} "
        f"({why}); give other rows, or {instead}."
    )


def of_recipe(recipe: Recipe, paths: Sequence[str] | None = None, progress: Progress | None = None) -> Rows:
    """Return the rows a recipe learns from, or those of other paths under the same curation and without a split."""
    curation = curation_of(recipe) if paths is None else Curation(eval_split=0.0, seed=recipe.seed)
    columns = dict(pair.split("=", 1) for pair in recipe.data_columns) if paths is None else None
    return find(
        recipe.data if paths is None else paths,
        recipe.method,
        curation,
        recipe.data_format if paths is None else "",
        columns,
        progress,
    )
