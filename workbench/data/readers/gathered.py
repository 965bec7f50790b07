"""Conversations whose turns are a record each: neighbouring records become one record with all of them.

Owns the putting together. Must not know how it is found out that records are turns, or what a role is: both are said by
a `Gathering`. What is in memory is one conversation and a hash of the name of each one before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import xxhash

from workbench.data.readers.records import MAX_RECORD_BYTES, TOO_LONG, BadRecord, Record

_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d)?")
"""A date that is sorted as it is written."""
MAX_TURNS = 20_000
"""Most records of one conversation."""
TURNS_OF_A_TEXT = 500
"""Turns of a log without an end that become one text."""
APART = "its conversation was interrupted by another; sort the rows by {}"
NO_TURN = "it lacks the speaker or the words of a turn"
NO_PARENT = "the turn it answers does not stand beside it"


@dataclass(frozen=True)
class Gathering:
    """Which columns say to which conversation a record belongs, who speaks in it and what."""

    speaker: str
    text: str
    conversation: str = ""
    """Column that names the conversation; "" when a file is one conversation."""
    order: str = ""
    """Column with the place of a turn in its conversation; "" when the order of the records is theirs."""
    identity: str = ""
    parent: str = ""
    """Columns with the name of a turn and of the turn it answers, where the turns of a conversation are a tree."""
    spoken: Mapping[str, str] | None = None
    """Value of the column of the speaker, as text → role; None when it names the role or the speaker itself."""
    whole: bool = False
    """The column of the words holds the whole turn, an object, which `speaker` is a key of."""
    prose: bool = False
    """The turns become a text, a line "speaker: words" each, not a list."""


def _words(value: Any) -> str | None:
    """Return the words of a turn, or None for a value that is no text."""
    return value if isinstance(value, str) else None


def _place(record: Record, column: str) -> float | str | None:
    """Return the place of a turn as something that can be compared, or None."""
    value = record.value.get(column)
    try:
        return float(value) if isinstance(value, str | int | float) else None
    except ValueError:
        return value if isinstance(value, str) and _DATE.match(value) else None


def _ordered(turns: list[Record], column: str) -> list[Record]:
    """Return the turns of a conversation by their places, or as they stand when those cannot be compared."""
    places = [_place(turn, column) for turn in turns]
    if len({type(place) for place in places}) > 1 or None in places or len(set(places)) < len(places):
        return turns
    paired = sorted(zip(places, range(len(turns)), strict=True))
    return [turns[number] for _, number in paired]


def _speaker(record: Record, how: Gathering) -> str | None:
    """Return who speaks a turn, or None."""
    value = (record.value[how.text] if how.whole else record.value).get(how.speaker)
    if how.spoken is not None:
        return how.spoken.get(str(value).lower())
    return str(value).strip() or None if isinstance(value, str | int) else None


def _list(turns: list[Record], how: Gathering) -> Record:
    """Return a conversation as a list of turns, or as a text."""
    first = turns[0]
    if how.whole:
        return Record(first.source, first.line, {"messages": [turn.value[how.text] for turn in turns]})
    said = [(_speaker(turn, how) or "", turn.value[how.text]) for turn in turns]
    if how.prose:
        return Record(first.source, first.line, {"text": "\n".join(f"{speaker}: {text}" for speaker, text in said)})
    messages = [{"role": speaker, "content": text} for speaker, text in said]
    return Record(first.source, first.line, {"messages": messages})


def _trees(turns: list[Record], how: Gathering) -> Iterator[Record | BadRecord]:
    """Yield each tree of turns and their replies, and the turns whose parent is missing."""
    nodes = [(turn, {**turn.value, "replies": []}) for turn in turns]
    named = {str(node.get(how.identity)): node for _, node in nodes}
    roots: list[tuple[Record, dict[str, Any]]] = []
    for turn, node in nodes:
        parent = node.get(how.parent)
        if parent in (None, ""):
            roots.append((turn, node))
        elif str(parent) in named:
            named[str(parent)]["replies"].append(node)
    reached, waiting = set(), [node for _, node in roots]
    while waiting:
        node = waiting.pop()
        if id(node) not in reached:
            reached.add(id(node))
            waiting += node["replies"]
    # What hangs on a turn that is missing, or on itself, belongs to no tree.
    yield from (BadRecord(turn.source, turn.line, NO_PARENT) for turn, node in nodes if id(node) not in reached)
    for turn, node in roots:
        yield Record(turn.source, turn.line, {"tree": node})


def _made(turns: list[Record], how: Gathering) -> Iterator[Record | BadRecord]:
    """Yield the records that the turns of one conversation become."""
    if not turns:
        return
    if how.order:
        turns = _ordered(turns, how.order)
    if how.parent:
        yield from _trees(turns, how)
    else:
        yield _list(turns, how)


def _digest(name: Any) -> int:
    return xxhash.xxh3_64_intdigest(str(name).encode("utf-8", "surrogatepass"))


def gathered(records: Iterable[Record | BadRecord], how: Gathering) -> Iterator[Record | BadRecord]:
    """Yield a record for each conversation, in the order in which they begin, and the bad records between them.

    Of a file that is one conversation, or of whole turns, what is no turn stands beside them and is passed over;
    elsewhere such a record is bad, and so is one of a conversation that others have interrupted.
    """
    turns: list[Record] = []
    size = 0
    current: Any = None
    finished: set[int] = set()
    for record in records:
        if isinstance(record, BadRecord):
            yield record
            continue
        held = record.value.get(how.text)
        words = _words(held) if not how.whole else (str(held) if isinstance(held, dict) else None)
        if words is None or _speaker(record, how) is None:
            if how.conversation and not how.whole:
                yield BadRecord(record.source, record.line, NO_TURN)
            continue
        name = record.value.get(how.conversation) if how.conversation else None
        if turns and name != current:
            finished.add(_digest(current))
            yield from _made(turns, how)
            turns, size = [], 0
        current = name
        if not turns and _digest(name) in finished:
            yield BadRecord(record.source, record.line, APART.format(how.conversation))
            continue
        size += len(words)
        if how.prose and not how.conversation and len(turns) >= TURNS_OF_A_TEXT:
            yield from _made(turns, how)
            turns, size = [], len(words)
        if size > MAX_RECORD_BYTES or len(turns) >= MAX_TURNS:
            yield BadRecord(record.source, record.line, TOO_LONG)
            continue
        turns.append(record)
    yield from _made(turns, how)
