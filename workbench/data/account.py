"""The account of every record: how many are usable, which are not and why.

Owns `Account` and the reading of members through a converter, in pieces that several processes can share. Must not know
where members come from or what is done with the rows. For every input, records = usable + quarantined.
"""

from __future__ import annotations

import io
import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import orjson
import xxhash

from workbench.core.errors import UsageError
from workbench.data import canonical
from workbench.data.layouts import Layout
from workbench.data.readers import BadRecord, Record, Unreadable, read
from workbench.data.readers.member import Member
from workbench.data.readers.records import MAX_RECORD_BYTES, json_record

SHOWN_PLACES = 3
"""Places kept for each reason."""
SHOWN_ROWS = 3
PIECE_BYTES = 2**25
"""Least size of a piece of a file that a process takes on its own."""
_BLOCK = 2**17
_TEXTS = 64
"""Rows looked at together for control tokens."""

CONTROL_TOKENS = re.compile(
    rb"<\|[a-zA-Z0-9_]{2,40}\|>|<</?SYS>>|</?s>|<(?:start|end)_of_turn>|<\xef\xbd\x9c[^<>]{2,60}\xef\xbd\x9c>"
)
"""How the families we know write their control tokens; a tokenizer may know others, which preparing a run counts."""
INSTRUCTION_MARKS = re.compile(rb"\[/?INST\]")

Convert = Callable[[Mapping[str, Any]], "dict[str, Any] | canonical.Rejected"]


def converter(layout: Layout | None, why_not: str, kind: str, tally: canonical.Tally) -> Convert:
    """Return what turns a row of a layout into a canonical row of a kind, or refuses it.

    Without a layout every row is refused for the reason given; with one that cannot give such rows, for that reason.
    """
    if layout is not None:
        try:
            return canonical.converter(layout, kind, tally)
        except UsageError as error:
            why_not = str(error)
    refused = canonical.Rejected(why_not.rstrip("."))
    return lambda row: refused


@dataclass
class Account:
    """What became of the records of some members."""

    usable: int = 0
    bad: dict[str, tuple[int, list[dict[str, Any]]]] = field(default_factory=dict)
    """Reason → (records, first places as {"source", "line"})."""
    repairs: Counter[str] = field(default_factory=Counter)
    files: Counter[str] = field(default_factory=Counter)
    """Name of a member → records found in it."""
    control_tokens: int = 0
    examples: list[dict[str, Any]] = field(default_factory=list)
    """The first canonical rows."""
    hashes: array[int] = field(default_factory=lambda: array("Q"))
    """A hash of each usable row, which tells how many are there more than once: of the canonical row, but of the line
    in a long file of JSON lines, where a copy with a number of its own is told by curation only."""
    unread: list[dict[str, str]] = field(default_factory=list)
    """{"source", "reason"} of members that proved unreadable; what was read of them before counts."""

    @property
    def quarantined(self) -> int:
        """Records that are not usable."""
        return sum(number for number, _ in self.bad.values())

    @property
    def rows(self) -> int:
        """Records found."""
        return self.usable + self.quarantined

    def refuse(self, source: str, line: int, reason: str) -> None:
        """Count a record that is not used."""
        number, places = self.bad.get(reason, (0, []))
        if len(places) < SHOWN_PLACES:
            places.append({"source": source, "line": line})
        self.bad[reason] = (number + 1, places)

    def accept(self, row: dict[str, Any]) -> None:
        """Count a row that is used."""
        self.usable += 1
        if len(self.examples) < SHOWN_ROWS:
            self.examples.append(row)

    def add(self, other: Account, lines_before: int = 0) -> None:
        """Take in the account of what follows; its line numbers begin after `lines_before`."""
        for reason, (number, places) in other.bad.items():
            have, listed = self.bad.get(reason, (0, []))
            listed += [{**place, "line": place["line"] + lines_before} for place in places]
            self.bad[reason] = (have + number, listed[:SHOWN_PLACES])
        self.usable += other.usable
        self.repairs.update(other.repairs)
        self.files.update(other.files)
        self.control_tokens += other.control_tokens
        self.examples = (self.examples + other.examples)[:SHOWN_ROWS]
        self.hashes += other.hashes
        self.unread += other.unread

    def repeated(self) -> int:
        """Return how many usable rows are exact copies of an earlier one."""
        import numpy as np

        ordered = np.sort(np.frombuffer(self.hashes, dtype=np.uint64))
        return int((ordered[1:] == ordered[:-1]).sum())

    def to_bytes(self) -> bytes:
        """Return the account as bytes, for a pipe."""
        head = orjson.dumps(
            [self.usable, self.bad, self.repairs, self.files, self.control_tokens, self.examples, self.unread]
        )
        return len(head).to_bytes(8, "little") + head + self.hashes.tobytes()

    @classmethod
    def from_bytes(cls, raw: bytes) -> Account:
        """Return the account that `to_bytes` wrote."""
        end = 8 + int.from_bytes(raw[:8], "little")
        usable, bad, repairs, files, control, examples, unread = orjson.loads(raw[8:end])
        hashes = array("Q")
        hashes.frombytes(raw[end:])
        found = {reason: (number, places) for reason, (number, places) in bad.items()}
        return cls(usable, found, Counter(repairs), Counter(files), control, examples, hashes, unread)


def control_tokens(raw: bytes, instructed: bool = True) -> int:
    """Return how many control tokens of known families stand in a text; [INST] is looked for only if `instructed`."""
    found = len(CONTROL_TOKENS.findall(raw)) if b"<" in raw else 0
    return found + (len(INSTRUCTION_MARKS.findall(raw)) if instructed and b"[/INST]" in raw else 0)


@dataclass(frozen=True)
class Piece:
    """A member, or the lines of a plain file of JSON lines that begin in a range of its bytes."""

    member: Member
    start: int = 0
    end: int = -1
    """-1 for the whole member."""
    instructed: bool = True
    """Whether [INST] may stand in it: a sample tells, because looking for what is nowhere takes a tenth of the time."""


def pieces(member: Member, long_lines: bool, processes: int, instructed: bool = True) -> list[Piece]:
    """Return the pieces of a member: ranges of bytes when it is a long file of JSON lines, else all of it.

    Each piece is a share of what is left, so that there are few and the last ones are short: processes that take one
    when they are done with another end at about the same time.
    """
    if not long_lines:
        return [Piece(member)]
    found: list[Piece] = []
    start = 0
    while start < member.size:
        length = max(PIECE_BYTES, (member.size - start) // (2 * processes))
        end = start + length if start + length + PIECE_BYTES <= member.size else member.size
        found.append(Piece(member, start, end, instructed))
        start = end
    return found


def _first_line(file: BinaryIO, start: int) -> int:
    """Return where the first line begins that begins at `start` or behind it; a mark of the byte order is skipped."""
    if not start:
        return 3 if file.read(3) == b"\xef\xbb\xbf" else 0
    position = file.seek(start - 1)
    while block := file.read(_BLOCK):
        if (cut := block.find(b"\n")) >= 0:
            return position + cut + 1
        position += len(block)
    return position


def blocks_of_lines(piece: Piece) -> Iterator[tuple[bytes, list[bytes | None]]]:
    """Yield the lines that begin inside a piece, each with a line end, in lists of about a hundred kilobytes.

    None stands for a line beyond the limit. Before each list stands the block of the file in which its lines end and
    all but the first begin: what is not in it and not in the first line is in none of them.
    """
    assert piece.member.path is not None
    with piece.member.path.open("rb", buffering=0) as file:
        begin = file.seek(_first_line(file, piece.start))
        pending: list[bytes] = []
        size = 0
        while begin < piece.end and (block := file.read(_BLOCK)):
            # Several times as fast as `bytes.split`, which compares byte by byte.
            lines: list[Any] = io.BytesIO(block).readlines()
            last = b"" if block.endswith(b"\n") else lines.pop()
            if lines:
                if size or len(lines[0]) > MAX_RECORD_BYTES:
                    long = size + len(lines[0]) - 1 > MAX_RECORD_BYTES
                    lines[0] = None if long else b"".join([*pending, lines[0]])
                begin += size + len(block) - len(last)
                pending, size = [], 0
                after = begin
                # Lines that begin behind the piece belong to the next one; the first of a block never does.
                while len(lines) > 1 and (after := after - len(lines[-1])) >= piece.end:
                    lines.pop()
                yield block, lines
            size += len(last)
            pending = [*pending, last] if size <= MAX_RECORD_BYTES else []
        if size and begin < piece.end:
            rest = None if size > MAX_RECORD_BYTES else b"".join([*pending, b"\n"])
            yield rest or b"", [rest]


def count(piece: Piece, convert: Convert, tally: canonical.Tally) -> tuple[Account, int]:
    """Return the account of a piece and the number of its lines; `tally` is the one `convert` counts repairs in."""
    account = Account()
    if piece.end < 0:
        _count_records(piece.member, convert, account)
        lines = 0
    else:
        lines = _count_lines(piece, convert, tally, account)
    account.repairs = Counter(tally.repairs)
    return account, lines


def _count_records(member: Member, convert: Convert, account: Account) -> None:
    """Count the records of a member as its reader gives them."""
    found = 0
    texts: list[bytes] = []
    try:
        for record in read(member):
            found += 1
            if len(texts) >= _TEXTS:
                account.control_tokens += control_tokens(b"\n".join(texts))
                texts = []
            if isinstance(record, BadRecord):
                account.refuse(record.source, record.line, record.reason)
                continue
            row = convert(record.value)
            if isinstance(row, canonical.Rejected):
                account.refuse(record.source, record.line, row.reason)
                continue
            account.accept(row)
            raw = orjson.dumps(row)
            account.hashes.append(xxhash.xxh3_64_intdigest(raw))
            texts.append(raw)
    except Unreadable as error:
        account.unread.append({"source": member.name, "reason": str(error)})
    account.control_tokens += control_tokens(b"\n".join(texts))
    if found:
        account.files[member.name] += found


def _count_lines(piece: Piece, convert: Convert, tally: canonical.Tally, account: Account) -> int:
    """Count the lines of a piece of a file of JSON lines and return how many lines it has, blank ones included."""
    before = 0
    for block, lines in blocks_of_lines(piece):
        repairs = tally.repairs.copy()
        examples = len(account.examples) < SHOWN_ROWS
        if examples or not _count_clean(lines, piece.member.name, convert, account):
            # Every line is looked at again, and what was repaired in vain does not count.
            tally.repairs.clear()
            tally.repairs.update(repairs)
            _count_each(lines, before, piece.member.name, convert, account)
        before += len(lines)
        if piece.instructed or b"<" in block or b"<" in (lines[0] or b""):
            whole = b"".join(line for line in lines if line is not None)
            account.control_tokens += control_tokens(whole, piece.instructed)
    return before


def _count_clean(lines: list[bytes | None], name: str, convert: Convert, account: Account) -> bool:
    """Count a block of which every line is a usable row, as nearly all are; when one is not, count nothing: False.

    Rows are not kept, because making the next one where the last one was is quicker than finding room for it.
    """
    try:
        kinds = set(map(type, map(convert, map(orjson.loads, lines))))  # type: ignore[arg-type]
    except (ValueError, TypeError, AttributeError, KeyError):
        return False
    if kinds != {dict}:
        return False
    account.usable += len(lines)
    account.files[name] += len(lines)
    account.hashes.extend(map(xxhash.xxh3_64_intdigest, lines))  # type: ignore[arg-type]
    return True


def _count_each(lines: list[bytes | None], before: int, name: str, convert: Convert, account: Account) -> None:
    """Count a block line by line."""
    for number, line in enumerate(lines, before + 1):
        if line is not None and not line.strip():
            continue
        account.files[name] += 1
        record = json_record(name, number, line and line.removesuffix(b"\n"))
        if not isinstance(record, Record):
            account.refuse(name, number, record.reason)
            continue
        row = convert(record.value)
        if isinstance(row, canonical.Rejected):
            account.refuse(name, number, row.reason)
            continue
        account.accept(row)
        account.hashes.append(xxhash.xxh3_64_intdigest(line))  # type: ignore[arg-type]
