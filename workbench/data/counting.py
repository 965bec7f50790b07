"""Counting: what became of every record of some sources, found by several processes when there is much to read.

Owns the cutting into tasks, their spreading and the head start on a long file. Must not know what is said about the
result.

Finding out what a long file is takes one processor a while. So the others begin to count it as what its first rows look
like, and begin again in the rare case that the whole sample says otherwise.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from workbench.core.errors import UsageError
from workbench.core.paths import expanded
from workbench.data import account, canonical, detect, parallel, plan, readers, sources
from workbench.data.account import Account, Piece
from workbench.data.curate.texts import text_of
from workbench.data.layouts import Layout, type_for
from workbench.data.readers.member import Member
from workbench.data.readers.records import parse_json
from workbench.data.sources import Part, Sources
from workbench.data.windows import is_long_json_lines

SPREAD_BYTES = 2**26
"""Data of this size is counted by several processes."""
BATCH_BYTES = 2**20
"""Least size of the files that one process counts in one go: making a process takes longer than reading a small one."""
_BATCHES_EACH = 16
"""Batches that each process takes of the data, so that the last ones end at about the same time."""
_OPENING_BYTES = 2**12
"""What opening a file costs, as so many bytes of it."""
_FIRST_ROWS = 64
"""Rows that tell what a file looks like before its sample does."""

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class _Count:
    """A piece of a long file, or whole files, to be counted as rows of a layout; two that would count the same are
    equal."""

    places: tuple[tuple[str, int, int, bool], ...]
    """Of each piece the name of its member, its bounds, and whether [INST] is looked for in it."""
    layout: Layout | None
    why_not: str
    """Why there is no layout."""
    kind: str
    pieces: tuple[Piece, ...] = field(compare=False)

    def __call__(self) -> bytes:
        """Return the number of lines of the last piece, eight bytes, and the account of all."""
        whole, lines = Account(), 0
        for piece in self.pieces:
            tally = canonical.Tally()
            convert = account.converter(self.layout, self.why_not, self.kind, tally)
            counted, lines = account.count(piece, convert, tally)
            whole.add(counted)
        return lines.to_bytes(8, "little") + whole.to_bytes()


@dataclass(frozen=True)
class _Report:
    """A sample of canonical rows to be reported on."""

    rows: Rows

    def __call__(self) -> bytes:
        """Return the report as JSON; what it needs is imported here, and by no other process."""
        from workbench.data.curate import report

        return orjson.dumps(report.problems(self.rows))


def sampled(part: Part, kind: str) -> Rows:
    """Return the canonical rows of a kind in the sample of a part."""
    return _converted(part.sample, part.detection.layout, part.why_not, kind)


def _converted(rows: Sequence[Mapping[str, Any]], layout: Layout | None, why_not: str, kind: str) -> Rows:
    convert = account.converter(layout, why_not, kind, canonical.Tally())
    return [row for row in map(convert, rows) if not isinstance(row, canonical.Rejected)]


def _batches(pieces: Iterable[Piece], least: int) -> Iterator[list[Piece]]:
    """Yield pieces in their order, whole files together until they have `least` bytes, those of a long one alone."""
    batch: list[Piece] = []
    size = 0
    for piece in pieces:
        if batch and (piece.end >= 0 or size >= least):
            yield batch
            batch, size = [], 0
        if piece.end >= 0:
            yield [piece]
            continue
        batch.append(piece)
        size += max(sources.weight_of(piece.member), _OPENING_BYTES)
    if batch:
        yield batch


def _tasks(
    members: Sequence[Member], layout: Layout | None, why_not: str, kind: str, rows: Rows, processes: int
) -> list[_Count]:
    """Return the tasks of counting the members of one layout, of which some canonical rows are given."""
    instructed = processes < 2 or any("[/INST]" in text_of(row) for row in rows)
    pieces = (
        piece
        for member in members
        for piece in account.pieces(member, processes > 1 and is_long_json_lines(member), processes, instructed)
    )
    whole = sum(map(sources.weight_of, members))
    found: list[_Count] = []
    for batch in _batches(pieces, max(BATCH_BYTES, whole // (_BATCHES_EACH * processes))):
        places = tuple((piece.member.name, piece.start, piece.end, instructed) for piece in batch)
        found.append(_Count(places, layout, why_not, kind, tuple(batch)))
    return found


def _early(
    paths: Sequence[str], method: str, format: str, columns: Mapping[str, str] | None, processes: int
) -> list[_Count]:
    """Return the tasks of counting one long file of JSON lines as what its first rows are; [] for other data.

    What is wrong with a path or a setting is left for others to say.
    """
    with contextlib.suppress(UsageError, OSError, ValueError):
        path = expanded(paths[0] if len(paths) == 1 else "").absolute()
        if processes < 2 or not path.is_file() or path.stat().st_size < SPREAD_BYTES:
            return []
        members = readers.listing(path).members
        if len(members) != 1 or not is_long_json_lines(members[0]):
            return []
        _, lines = next(account.blocks_of_lines(Piece(members[0], 0, members[0].size)), (b"", []))
        values = [parse_json(line)[0] for line in lines[:_FIRST_ROWS] if line]
        rows = [value for value in values if isinstance(value, dict)]
        found = detect.detect(rows, format=format, columns=columns)
        method = method or found.method
        if found.layout is not None and method in canonical.TYPE_OF_METHOD:
            kind = type_for(method, found.layout)
            made = _converted(rows, found.layout, "", kind)
            return _tasks(members, found.layout, "", kind, made, processes)
    return []


@dataclass(frozen=True)
class Survey:
    """Everything found out about some data."""

    sources: Sources
    main: Part | None
    method: str
    """The method asked for or suggested, "" for none."""
    account: Account
    rows: Rows = field(default_factory=list)
    """The canonical rows in the samples of the parts."""
    report: list[dict[str, Any]] = field(default_factory=list)
    """{"text", "fix"} of what is worth a look in those rows."""


def count(paths: Sequence[str], method: str, format: str, columns: Mapping[str, str] | None) -> Survey:
    """Return what lies under some paths and what becomes of it for a method, "" for the one it suggests.

    Raises UsageError as `sources.find` does, and for a method that a plan was not made for.
    """
    with parallel.Crew() as crew:
        processes = parallel.cores()
        crew.begin(_early(paths, method, format, columns, processes)[: processes - 1])
        found = sources.find(paths, format, columns)
        main = sources.main_part(found.parts)
        if found.plan is not None:
            method = plan.method_of(found.plan, method)
        method = method or (main.detection.method if main else "")
        if sum(part.weight for part in found.parts) < SPREAD_BYTES:
            processes = 1
        counts: list[_Count] = []
        rows: Rows = []
        for part in found.parts:
            layout = part.detection.layout
            kind = type_for(method, layout) if method else ""
            made = sampled(part, kind)
            rows += made if kind else []
            counts += _tasks(part.members, layout, "" if layout else part.why_not, kind, made, processes)
        report, *answers = crew.finish([_Report(rows), *counts], processes)
    whole = Account()
    lines_before = 0
    for task, raw in zip(counts, answers, strict=True):
        lines_before = lines_before if task.pieces[0].start else 0
        whole.add(Account.from_bytes(raw[8:]), lines_before)
        lines_before += int.from_bytes(raw[:8], "little")
    found.ignored += whole.unread
    return Survey(found, main, method, whole, rows, orjson.loads(report))
