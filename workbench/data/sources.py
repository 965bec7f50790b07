"""What lies under a path: members grouped into parts of one layout, found from a sample of their rows.

Owns the sampling and the grouping. Must not know methods or what happens to a row. The sample is the rows with the
smallest hashes, so that the layout found does not depend on the order of the rows; of a long file it is taken from
windows spread over it, or from its beginning where a file cannot be entered in the middle.
"""

from __future__ import annotations

import dataclasses
import os
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import xxhash

from workbench.core.errors import UsageError
from workbench.core.paths import expanded
from workbench.core.text import one_line
from workbench.data import canonical, detect, readers, registers
from workbench.data.curate.texts import characters
from workbench.data.formats import loose
from workbench.data.layouts import FORMATS
from workbench.data.plan import Plan, is_plan, verify
from workbench.data.plan import load as load_plan
from workbench.data.readers import kinds
from workbench.data.readers.listing import held_out
from workbench.data.readers.member import Member
from workbench.data.readers.records import TOO_DEEP, Record, Unreadable, shown
from workbench.data.windows import WHOLE_BYTES, is_long_json_lines, windows

SAMPLE_ROWS = 2500
"""Rows that decide a layout: of a random 5,000, the 95th percentile of a length is within 3 % of all rows'."""
WINDOWS = 64
WINDOW_BYTES = 3 * 2**14
"""Number and size of the pieces of a long file of JSON lines that are looked at."""
PLAN_FILE = "plan.json"
PREPARED_ROWS = {"train.jsonl": False, "held_out.jsonl": True}
"""Files with rows in a folder that `workbench prepare` made → whether its rows are held out."""
AGAIN = "given more than once and read once; data_weights says how often the rows of a source count"
"""Why a file is passed over that was met before."""
_HEAD_ROWS = 2000
"""Rows at the beginning of a file that show whether the turns of a conversation stand together."""
_FEW_ROWS = 20


class Sample:
    """The rows with the smallest hashes among those that were offered; a copy has a hash of its own."""

    def __init__(self) -> None:
        self._rows: dict[int, dict[str, Any]] = {}
        self._copies: Counter[int] = Counter()
        self.bytes = 0

    def offer(self, row: dict[str, Any]) -> None:
        """Consider a row."""
        try:
            raw = orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
        except orjson.JSONEncodeError:  # nested more deeply than any layout is
            return
        self.bytes += len(raw)
        first = xxhash.xxh3_64_intdigest(raw)
        self._rows[xxhash.xxh3_64_intdigest(raw, seed=self._copies[first])] = row
        self._copies[first] += 1
        if len(self._rows) >= 2 * SAMPLE_ROWS:
            self._cut()

    def _cut(self) -> None:
        smallest = sorted(self._rows)[:SAMPLE_ROWS]
        self._rows = {key: self._rows[key] for key in smallest}

    def add(self, other: Sample) -> None:
        """Take in another sample."""
        for row in other.rows():
            self.offer(row)

    def rows(self) -> list[dict[str, Any]]:
        """Return the sampled rows in the order of their hashes."""
        self._cut()
        return list(self._rows.values())


def sample_of(member: Member) -> Sample:
    """Return a sample of a member's rows; raises Unreadable when it cannot be read as a whole.

    Rows that are about as long as a window, or longer, are taken from the beginning: windows show few of them whole.
    """
    sample = Sample()
    if is_long_json_lines(member):
        for row in windows(member, WINDOWS, WINDOW_BYTES):
            sample.offer(row)
        if len(sample.rows()) >= WINDOWS:
            return sample
        sample = Sample()
    for record in readers.read(member):
        if isinstance(record, Record):
            sample.offer(record.value)
            if sample.bytes > WHOLE_BYTES:
                break
    return sample


def _head(member: Member) -> list[dict[str, Any]]:
    """Return the first rows of a member."""
    records = readers.read(member)
    return [record.value for record in islice(records, _HEAD_ROWS) if isinstance(record, Record)]


def _put_together(member: Member, sample: Sample) -> tuple[Member, Sample]:
    """Return a member whose rows are conversations and a sample of them: itself, unless its rows are single turns."""
    if member.kind in kinds.PROSE or not loose.may_be(sample.rows()[:_FEW_ROWS]):
        return member, sample
    how = loose.gathering(sample.rows(), _head(member))
    if how is None:
        return member, sample
    member = dataclasses.replace(member, gathering=how)
    return member, sample_of(member)


def _fingerprint(member: Member, rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return what members of one part have in common: prose, or the columns most rows have and what is said of them."""
    if member.kind in kinds.PROSE and not any(set(row) - {"text"} for row in rows):
        return ("prose",)
    counted = Counter(key for row in rows for key in row)
    columns = sorted(key for key, number in counted.items() if 2 * number >= len(rows))
    return (*columns, member.declared.key) if member.declared is not None else tuple(columns)


def named(columns: Sequence[str], width: int = 32, most: int = 8) -> str:
    """Return column names for a sentence."""
    return ", ".join(one_line(column, width) for column in columns[:most]) or "none"


@dataclass(frozen=True)
class Part:
    """Members whose rows have one layout."""

    members: tuple[Member, ...]
    paths: tuple[int, ...]
    """For each member the number of the given path it was found under."""
    detection: detect.Detection
    sample: list[dict[str, Any]]
    weight: int
    """Bytes, which say which part is the main one."""

    @cached_property
    def why_not(self) -> str:
        """Why the rows cannot be read in any layout, as a phrase."""
        if not self.sample:
            return TOO_DEEP
        columns = list(dict.fromkeys(key for row in self.sample for key in row))
        problem = next(iter(self.detection.problems), "").rstrip(".")
        return problem or f"no known layout fits the columns {named(columns)}"


@dataclass
class Sources:
    """What lies under some paths."""

    parts: list[Part] = field(default_factory=list)
    ignored: list[dict[str, str]] = field(default_factory=list)
    """{"source", "reason"} of each file that was passed over; its rows are not counted."""
    paths: tuple[str, ...] = ()
    """The files and folders, absolute."""
    plan: Plan | None = None
    """The plan that was given instead of paths."""

    def origins(self) -> list[Path]:
        """Return the files on disk that rows come from, in reading order, and those that say how to read them."""
        members = [member for part in self.parts for member in part.members]
        registers = [member.declared.register for member in members if member.declared is not None]
        return list(dict.fromkeys([*(member.origin for member in members), *registers]))


@dataclass
class _Group:
    members: list[Member] = field(default_factory=list)
    paths: list[int] = field(default_factory=list)
    sample: Sample = field(default_factory=Sample)


def _prepared(path: Path, members: list[Member]) -> list[Member]:
    """Return the members of a folder, of one that `workbench prepare` made only its rows: the rest is about them."""
    if not is_plan(path / PLAN_FILE):
        return members
    rows = [member for member in members if member.origin.name in PREPARED_ROWS]
    return [dataclasses.replace(member, held_out=PREPARED_ROWS[member.origin.name]) for member in rows]


def _once(listed: list[list[Member]]) -> tuple[list[list[Member]], list[dict[str, str]]]:
    """Return the members under each of some paths without those met before, and those with the reason."""
    met: set[tuple[str, str]] = set()
    again: list[dict[str, str]] = []
    found: list[list[Member]] = []
    for members in listed:
        found.append([])
        for member in members:
            place = (os.path.realpath(member.origin), member.name.removeprefix(shown(member.origin)))
            if place in met:
                again.append({"source": member.name, "reason": AGAIN})
            else:
                met.add(place)
                found[-1].append(member)
    return found, again


def listed(paths: Sequence[str]) -> tuple[list[list[Member]], list[dict[str, str]]]:
    """Return the members under each of some absolute paths, and {"source", "reason"} of what is passed over.

    Several paths tell their splits like files of a folder; a file that is met twice is read once. Names are compared
    from the folder on that all paths lie in: what that one is called says nothing. Raises Unreadable.
    """
    found: list[list[Member]] = []
    ignored: list[dict[str, str]] = []
    for path in paths:
        listing = readers.listing(Path(path))
        ignored += listing.ignored
        found.append(_prepared(Path(path), listing.members))
    if len(found) < 2:
        return found, ignored
    found, again = _once(found)
    above = shown(os.path.commonpath([os.path.dirname(path) for path in paths])).rstrip("/")
    aside = iter(held_out([member.name.removeprefix(f"{above}/") for members in found for member in members]))
    return [
        [dataclasses.replace(member, held_out=next(aside) or member.held_out) for member in members]
        for members in found
    ], [*ignored, *again]


def _groups(found: Sources, key: Callable[[Member, Sample], tuple[str, ...] | None]) -> dict[tuple[str, ...], _Group]:
    """Return the members under the paths of `found`, sampled and grouped by `key`; None as a key passes one over."""
    groups: dict[tuple[str, ...], _Group] = {}
    several, found.ignored = listed(found.paths)
    for number, members in enumerate(several):
        for one in members:
            try:
                member, sample = _put_together(one, sample_of(one))
            except Unreadable as error:
                if len(members) == 1:
                    raise
                found.ignored.append({"source": one.name, "reason": str(error)})
                continue
            name = key(member, sample)
            if name is None:
                found.ignored.append({"source": member.name, "reason": "not in the plan"})
                continue
            group = groups.setdefault(name, _Group())
            group.members.append(member)
            group.paths.append(number)
            group.sample.add(sample)
    return groups


def find(paths: Sequence[str], format: str = "", columns: Mapping[str, str] | None = None) -> Sources:
    """Return the parts under files and folders, or under those of the one plan that is given instead.

    Parts are in the order of their first members. `format` and `columns` override what is detected. Raises UsageError
    when a path is missing, forbidden or holds nothing that can be read, and when a file is not what a plan says; a
    member of a folder or an archive that cannot be read is listed in `ignored`.
    """
    if not paths:
        raise UsageError("No data is named; give a file or a folder with --data.")
    plans = [path for path in paths if is_plan(expanded(path))]
    if plans:
        if len(paths) > 1 or format or columns:
            raise UsageError(f"{plans[0]} is a plan and says all about its data; give it alone.")
        return _planned(load_plan(expanded(plans[0])))
    found = Sources(paths=tuple(str(expanded(path).absolute()) for path in paths))
    for group in _groups(found, lambda member, sample: _fingerprint(member, sample.rows())).values():
        rows, declared = group.sample.rows(), group.members[0].declared
        if declared is not None and rows and not format and not columns:
            found.parts.append(_part(group, registers.detected(rows, declared), rows))
        else:
            found.parts.append(_part(group, detect.detect(rows, format=format, columns=columns), rows))
    return found


def _planned(plan: Plan) -> Sources:
    """Return the sources of a plan, read as it says."""
    verify(plan)
    found = Sources(paths=plan.paths, plan=plan)
    numbers = {name: str(number) for name, number in plan.members.items()}
    groups = _groups(found, lambda member, sample: (numbers[member.name],) if member.name in numbers else None)
    for (number,), group in groups.items():
        layout, rows = plan.layouts[int(number)], group.sample.rows()
        found.parts.append(_part(group, detect.detect(rows, format=layout.format, columns=layout.columns), rows))
    return found


def _part(group: _Group, detection: detect.Detection, rows: list[dict[str, Any]]) -> Part:
    """Return a group as a part."""
    # Rows to learn from come first, so that the first rows shown are of those.
    order = sorted(range(len(group.members)), key=lambda number: group.members[number].held_out)
    group.members, group.paths = [group.members[n] for n in order], [group.paths[n] for n in order]
    weight = sum(weight_of(member) for member in group.members)
    return Part(tuple(group.members), tuple(group.paths), detection, rows, weight)


def weight_of(member: Member) -> int:
    """Return the bytes of a member, or of the file it is packed in when only unpacking tells."""
    return member.size if member.size >= 0 else member.origin.stat().st_size


def _words(part: Part) -> float:
    """Return about how many characters a part holds that can be learnt: the sample's share of them, of all bytes."""
    layout = part.detection.layout
    if layout is None:
        return 0.0
    convert = canonical.converter(layout, FORMATS[layout.format].type, canonical.Tally())
    made = (convert(row) for row in part.sample)
    learnt = sum(characters(row) for row in made if not isinstance(row, canonical.Rejected))
    stored = sum(len(orjson.dumps(row)) for row in part.sample)
    return part.weight * learnt / max(stored, 1)


def main_part(parts: Iterable[Part]) -> Part | None:
    """Return the part that says what the data is: of those that are understood the one with most to learn, or None."""
    understood = [part for part in parts if part.detection.layout is not None]
    return max(understood, key=_words, default=None) if len(understood) > 1 else next(iter(understood), None)


def percentiles(values: Sequence[int], of: Sequence[int] = (5, 50, 90, 95, 99)) -> dict[str, int]:
    """Return percentile → value for a non-empty list of lengths, by linear interpolation, rounded."""
    ordered = sorted(values)
    if len(ordered) == 1:
        return {f"p{number}": ordered[0] for number in of}
    cuts = statistics.quantiles(ordered, n=100, method="inclusive")
    return {f"p{number}": round(cuts[number - 1]) for number in of}
