"""YAML: rows in a list, under a key or in documents of their own; anything else in YAML is settings and not data.

Owns where a file of YAML holds its rows and how its values are read. Must not know what a row means.

Only PyYAML's parser is used, no constructor: nothing is made of tags. `null`, `true`, `false` and numbers of JSON's
form are what they are; all else, dates and `yes` and `no` included, stays the text it is in the file. Of a key given
twice the last one counts. Aliases are refused: a few of them unfold to more than any memory holds.

- a list of mappings: rows; a list of lists of texts: conversations;
- InstructLab's `seed_examples`: a row per question, with its context;
- ChatterBot's `conversations`: a row per list of turns;
- Rasa's `nlu`: a row per example, with its intent;
- a mapping that holds a list of turns: a conversation;
- a mapping with its rows in a list under a key: these; several documents: a row each, where they hold words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from workbench.data.readers import tables_of_json
from workbench.data.readers.member import Member
from workbench.data.readers.records import BadRecord, Record, Unreadable, as_record
from workbench.data.readers.rows_of_text import read_text
from workbench.data.readers.source import Source, read_text_with

MAX_BYTES = 2**26
"""Longest file: it is held in memory as a whole."""
NO_ROW = "the document is settings and no row"
MAX_DEPTH = 100
"""Deepest nesting of lists and mappings."""
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_BOOL = {"true": True, "false": False}
_INT = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,17}(?:[eE][-+]?[0-9]{1,2})?")
_SPEAKERS = ("role", "from", "speaker")
_WORDS = 4
"""Words that a text of a row has and a setting seldom."""
_LETTERS = 8
"""Characters of such a text where words are not parted by spaces."""
_EXAMPLE = re.compile(r"^[ \t]{0,8}-[ \t]+(.*\S)", re.MULTILINE)
_ENTITY = re.compile(r"\[([^\[\]\n]{1,200})\](?:\([^()\n]{0,200}\)|\{[^{}\n]{0,400}\})")
"""How Rasa marks an entity in an example."""

Found = list[tuple[int, Any]]
"""Values with the lines they begin in."""


@dataclass
class _Open:
    """A list or mapping in the making."""

    value: list[Any] | dict[str, Any]
    line: int
    key: str | None = None
    """Of a mapping: the key whose value comes next."""


@dataclass
class _Parsed:
    """What a file holds."""

    documents: Found = field(default_factory=list)
    lines: dict[int, int] = field(default_factory=dict)
    """Identity of a mapping or list inside a list → the line it begins in."""
    line: int = 0
    fault: str = ""
    """Why, and from which line on, the rest is not read."""
    cut: bool = False
    """The last document is not whole."""


def _scalar(event: yaml.ScalarEvent) -> Any:
    """Return the value of a scalar."""
    text = event.value
    if event.style in ("|", ">"):
        # The line end belongs to the notation.
        return text.rstrip("\n")
    if not event.implicit[0] or event.style:
        return text
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT.fullmatch(text):
        return int(text)
    # A number that would be written otherwise, as 1.50 is, stays text.
    return float(text) if _FLOAT.fullmatch(text) and repr(float(text)) == text else text


def _as_written(value: Any) -> str:
    """Return a scalar as the text it is in the file."""
    return value if isinstance(value, str) else "null" if value is None else str(value).lower()


class _Refused(Exception):
    """The file is not read on."""


class _NoRows(Unreadable):
    """The file is YAML, but settings."""


def _take(parsed: _Parsed, events: Iterator[Any], stack: list[_Open]) -> None:
    """Read the events of a parser, open lists and mappings on a stack; raises _Refused and what the parser raises."""
    for event in events:
        line = event.start_mark.line + 1
        parsed.line = line
        if isinstance(event, yaml.AliasEvent):
            raise _Refused(f"the alias *{event.anchor[:40]} stands for text elsewhere and is not unfolded")
        if isinstance(event, yaml.ScalarEvent):
            value: Any = _scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            if len(stack) >= MAX_DEPTH:
                raise _Refused("nested too deeply")
            stack.append(_Open([] if isinstance(event, yaml.SequenceStartEvent) else {}, line))
            # A document and a list under a key are kept from their beginning, so that what is whole in one that
            # breaks off is not lost.
            if len(stack) == 1:
                parsed.documents.append((line, stack[0].value))
            elif len(stack) == 2 and isinstance(stack[1].value, list):
                document, key = stack[0].value, stack[0].key
                if isinstance(document, dict) and key is not None:
                    document[key] = stack[1].value
            continue
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            ended = stack.pop()
            value, line = ended.value, ended.line
        else:
            continue
        if not stack:
            if not isinstance(value, list | dict):
                parsed.documents.append((line, value))
            continue
        around = stack[-1]
        if isinstance(around.value, list):
            around.value.append(value)
            if isinstance(value, list | dict):
                parsed.lines[id(value)] = line
        elif around.key is None:
            around.key = _as_written(value) if not isinstance(value, list | dict) else "?"
        else:
            around.value[around.key] = value
            around.key = None


def _parsed(text: str) -> _Parsed:
    """Return what a text of YAML holds, up to where it is broken."""
    parsed = _Parsed()
    stack: list[_Open] = []
    try:
        _take(parsed, yaml.parse(text, Loader=_LOADER), stack)
    except _Refused as refused:
        parsed.fault = str(refused)
    except (yaml.YAMLError, UnicodeError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        parsed.line = mark.line + 1 if mark is not None else max(parsed.line, 1)
        parsed.fault = "not valid YAML from here on"
    parsed.cut = bool(stack)
    return parsed


# Where the rows are


def _seeds(value: dict[str, Any]) -> list[Any] | None:
    """Return the questions of InstructLab's examples, each with its context."""
    seeds = value.get("seed_examples")
    if not isinstance(seeds, list) or not all(isinstance(seed, dict) for seed in seeds):
        return None
    rows = []
    for seed in seeds:
        asked = seed.pop("questions_and_answers", None)
        inside = asked if isinstance(asked, list) and asked else [seed]
        for one in inside:
            if isinstance(one, dict):
                # The row stays the mapping whose line is known.
                one.update({key: item for key, item in seed.items() if key not in one})
        rows += inside
    return rows


def _talks(value: dict[str, Any]) -> list[Any] | None:
    """Return ChatterBot's conversations; a text that stands among them is one of a single turn, and no row."""
    talks = value.get("conversations")
    if not isinstance(talks, list) or 2 * sum(isinstance(talk, list) for talk in talks) <= len(talks):
        return None
    talks = [talk if isinstance(talk, list) else [talk] for talk in talks]
    return [
        talk
        if any(isinstance(turn, list | dict) for turn in talk)
        else ["" if turn is None else _as_written(turn) for turn in talk]
        for talk in talks
    ]


def _examples(value: dict[str, Any]) -> list[Any] | None:
    """Return Rasa's examples with their intents."""
    groups = value.get("nlu")
    if not isinstance(groups, list) or not all(isinstance(group, dict) for group in groups):
        return None
    return [
        {"text": _ENTITY.sub(r"\1", example), "intent": group["intent"]}
        for group in groups
        if isinstance(group.get("intent"), str) and isinstance(group.get("examples"), str)
        for example in _EXAMPLE.findall(group["examples"])
    ] or None


def _is_wordy(value: Any) -> bool:
    """Return whether a value is a text as settings seldom are: of several words, a question, or in another script."""
    if not isinstance(value, str):
        return False
    asks = value.rstrip().endswith(("?", "？", "؟"))
    return asks or len(value.split()) >= _WORDS or (len(value) >= _LETTERS and not value.isascii())


def _holds_words(rows: list[Any]) -> bool:
    """Return whether most of some mappings hold a text, which settings do not."""
    wordy = sum(isinstance(row, dict) and any(map(_is_wordy, row.values())) for row in rows)
    return 2 * wordy > len(rows)


def _is_talk(value: Any) -> bool:
    """Return whether a value is a list of turns."""
    return isinstance(value, list) and all(
        isinstance(turn, dict) and any(isinstance(turn.get(key), str) for key in _SPEAKERS) for turn in value[:8] or [0]
    )


def _under_a_key(value: dict[str, Any], cut: bool) -> tables_of_json.Found | None:
    """Return the rows that a mapping holds in a list under a key; of one that is `cut` off, only in such a list."""
    lists = [item for item in value.values() if isinstance(item, list) and item and isinstance(item[0], dict)]
    nested = (one for item in value.values() if isinstance(item, dict) for one in item.values())
    if not lists and not any(isinstance(one, list) for one in nested):
        return None
    found = None if cut else tables_of_json.rows_in(value)
    if found is None and len(lists) == 1:
        found = tables_of_json.Found(lists[0])
    if found is None:
        return None
    rows, held_out = (
        [one for row in part for one in tables_of_json.unfolded(row)] for part in (found.rows, found.held_out)
    )
    return tables_of_json.Found(rows, held_out) if _holds_words(rows) else None


def _rows_of(value: Any, cut: bool) -> tables_of_json.Found | None:
    """Return the rows of one document, or None when it holds none; `cut` says that it is not whole."""
    if isinstance(value, list):
        rows = all(isinstance(item, dict | list) for item in value) and any(value)
        return tables_of_json.Found([one for item in value for one in tables_of_json.unfolded(item)]) if rows else None
    if not isinstance(value, dict):
        return None
    for form in (_seeds, _talks, _examples):
        if (found := form(value)) is not None:
            return tables_of_json.Found(found)
    if any(map(_is_talk, value.values())):
        return None if cut else tables_of_json.Found([value])
    return _under_a_key(value, cut)


def _records(name: str, parsed: _Parsed) -> Iterator[Record | BadRecord]:
    """Yield the rows of a file; nothing when it holds none."""
    last = len(parsed.documents) - 1
    documents = [
        (line, value, _rows_of(value, parsed.cut and number == last), parsed.cut and number == last)
        for number, (line, value) in enumerate(parsed.documents)
        if value is not None
    ]
    if len(documents) > 1 and not any(found for _, _, found, _ in documents):
        whole = [(line, value) for line, value, _, cut in documents if not cut]
        if all(isinstance(value, dict) for _, value in whole) and _holds_words([value for _, value in whole]):
            yield from (as_record(name, line, value) for line, value in whole)
        return
    for line, _, found, cut in documents:
        if found is not None:
            for held_out, rows in ((False, found.rows), (True, found.held_out)):
                yield from (as_record(name, parsed.lines.get(id(row), line), row, held_out) for row in rows)
        elif len(documents) > 1 and not cut:
            yield BadRecord(name, line, NO_ROW)


def _text(source: Source) -> str:
    """Return the text of a source; raises Unreadable for damaged and for long ones."""
    pieces, size = [], 0
    for chunk in source.chunks():
        pieces.append(chunk)
        size += len(chunk)
        if size > MAX_BYTES:
            raise Unreadable(f"{source.name} is YAML of more than {MAX_BYTES // 2**20} MiB; convert it to JSON lines.")
    try:
        return b"".join(pieces).decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable(f"{source.name} holds bytes that are not valid {source.encoding}; save it again.") from None


def _rows(source: Source) -> Iterator[Record | BadRecord]:
    """Yield the records of a file of rows; raises Unreadable for anything else."""
    parsed = _parsed(_text(source))
    found = False
    for record in _records(source.name, parsed):
        found = True
        yield record
    if found and parsed.fault:
        yield BadRecord(source.name, parsed.line, parsed.fault)
    elif parsed.fault:
        raise Unreadable(f"{source.name} is not read: line {parsed.line}: {parsed.fault}; write it without that.")
    elif not found:
        raise _NoRows(f"{source.name} is YAML without rows, as settings are; give it on its own to use it as text.")


def read_yaml(member: Member) -> Iterator[Record | BadRecord]:
    """Yield the rows of a YAML file; one that a person named and that holds none is a text.

    A file that breaks off gives what came before and one BadRecord. Raises Unreadable.
    """
    records = read_text_with(_rows, member)
    try:
        first = next(records)
    except _NoRows:
        if not member.named:
            raise
        yield from read_text(member)
        return
    yield first
    yield from records
