"""Where a JSON object holds its rows: under a key, in columns, as a map of id → row, or nowhere, being one row itself.

Owns the choice among the lists and maps of an object. Must not know what a row means, beyond that turns of a
conversation, tools and answers to choose from are parts of a row and not rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from workbench.data.readers.json_pieces import Pieces
from workbench.data.readers.marks import WORDS, names_role

TRAINING_KEYS = ("train", "training", "train_data", "training_data", "trainset", "train_set")
ROW_KEYS = (
    *TRAINING_KEYS, "data", "rows", "examples", "records", "items", "samples", "instances", "entries", "dataset",
    "documents", "articles", "texts",
)  # fmt: skip
"""Keys under which an object holds its rows, on one level or two, the likelier first."""
HELD_OUT_KEYS = (
    "validation", "valid", "val", "dev", "eval", "evaluation", "test", "testing", "test_data", "validation_data",
)  # fmt: skip
"""Keys of rows that are not to be learnt from, where others are."""
_PARTS_OF_A_ROW = frozenset(
    (
        *("messages", "conversations", "conversation", "turns", "dialogue", "dialog", "chat", "history", "prompt"),
        *("completion", "chosen", "rejected", "tools", "functions", "choices", "options", "answers", "images"),
    )
)
"""Keys under which a row itself keeps a list of objects."""
_TALKS = "conversations"
"""Key under which an export keeps whole conversations, and a row the turns of one."""
_SPEAKERS = frozenset(("role", "from", "speaker", "author", "sender"))
_STEM = 4
"""Letters from which the last one of a word may be another in the plural: domanda, domande."""
_FOLDED = ("paragraphs", "qas", "qa_pairs", "sections", "faq", "faqs", "questions_and_answers")
"""Keys under which an article keeps its questions."""
_QUESTIONS = tuple(
    {*(word[:-1] if len(word) > _STEM else word for word in WORDS["question"]), "faq", "q&a", "qa", "cards", "quiz"}
)
"""Beginnings of the keys of such lists, in the singular or the plural of many languages."""
_HEADING = 300
"""Characters beside a list of questions that are no more than a heading, a number and a short description."""
_LARGE_SHARE = 0.8
"""Share of an object's text that a list under any other key must make up to be its rows."""
_MANY = 3
"""Members from which an object of objects is a map of id → row and not a row with parts."""

_SPLITS = frozenset((*ROW_KEYS, *HELD_OUT_KEYS))

Cells = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """The rows of an object."""

    rows: Sequence[Any]
    held_out: Sequence[Any] = ()
    """Rows under keys for validation or test that stand beside them."""


def _is_turn(value: Any) -> bool:
    """Return whether an object is what one side of a conversation says."""
    return isinstance(value, dict) and len(value) < 8 and not _SPEAKERS.isdisjoint(value)


def _are_objects(value: Any) -> bool:
    """Return whether a value is a list of objects that are no turns."""
    if not isinstance(value, list) or not value or _is_turn(value[0]):
        return False
    return all(isinstance(item, dict) for item in value)


def _hold_talks(rows: Any) -> bool:
    """Return whether a list holds conversations, each an object with a list of objects in it, and not turns of one."""
    return _are_objects(rows) and all(map(_holds_talk, rows))


def _holds_talk(row: Any) -> bool:
    """Return whether a value is an object of which nobody is the speaker and that holds a list of objects, or one that
    does."""
    if not isinstance(row, dict) or not _SPEAKERS.isdisjoint(row):
        return False
    inside = [*row.values(), *(deeper for item in row.values() if isinstance(item, dict) for deeper in item.values())]
    return any(isinstance(item, list) and item and isinstance(item[0], dict) for item in inside)


def _shared(rows: Sequence[Cells]) -> set[str]:
    """Return the keys that most of some objects have."""
    counts: dict[str, int] = {}
    for row in rows:
        for key in row:
            counts[key] = counts.get(key, 0) + 1
    return {key for key, count in counts.items() if 2 * count > len(rows)}


def _columns(value: Cells) -> list[Cells] | None:
    """Return the rows of a table given column by column: as lists, or as objects of row number → cell."""
    columns = list(value.values())
    first = columns[0]
    if all(isinstance(column, list) for column in columns):
        names = {key.lower() for key in value}
        if len(first) < 2 or any(len(column) != len(first) for column in columns) or names <= _SPLITS:
            return None
        if any(_is_turn(column[0]) for column in columns) or all(_are_objects(column) for column in columns):
            return None
        if len(columns) == 1 and not all(isinstance(cell, str) for cell in first):
            return None
        return [dict(zip(value, cells, strict=True)) for cells in zip(*columns, strict=True)]
    same = bool(first) and all(isinstance(column, dict) and column.keys() == first.keys() for column in columns)
    if same and all(number.isdecimal() for number in first):
        return [{name: column[number] for name, column in value.items()} for number in first]
    return None


def _frame(value: Cells) -> list[Cells] | None:
    """Return the rows of {"columns": names, "data": rows of cells}."""
    names, rows = value.get("columns"), value.get("data")
    if not (isinstance(names, list) and names and isinstance(rows, list) and rows):
        return None
    if not all(isinstance(name, str) for name in names):
        return None
    if not all(isinstance(row, list) and len(row) == len(names) for row in rows):
        return None
    return [dict(zip(names, row, strict=True)) for row in rows]


def _map(value: Cells) -> list[Any] | None:
    """Return the rows of an object of id → row, id → conversation, or question → answer."""
    items = list(value.values())
    named = {key.lower() for key in value}
    if len(items) > 1 and all(isinstance(item, str) for item in items):
        asking = sum(key.rstrip().endswith(("?", "？", "؟")) for key in value)
        if 2 * asking > len(items):
            return [{"question": key, "answer": item} for key, item in value.items()]
    if named & (_PARTS_OF_A_ROW | _SPLITS):
        return None
    if len(items) > 1 and all(isinstance(item, list) and item and _is_turn(item[0]) for item in items):
        return items
    numbered = all(any(sign.isdigit() for sign in key) for key in value)
    if len(items) >= (1 if numbered else _MANY) and all(isinstance(item, dict) for item in items) and _shared(items):
        return items
    return None


def _unwrapped(rows: Sequence[Any]) -> Sequence[Any]:
    """Return rows without the object that each may be wrapped in with its number: {"row_idx", "row"}."""
    wrapped = all(isinstance(row, dict) and isinstance(row.get("row"), dict) for row in rows)
    return [row["row"] for row in rows] if wrapped else rows


def _known(value: Cells, levels: int) -> Found | None:
    """Return the rows under a known key; those of a split that is not for training count as held out."""
    keys = {key.lower(): key for key in value}
    for name in (*ROW_KEYS, *HELD_OUT_KEYS):
        found = value.get(keys.get(name, ""))
        if isinstance(found, list) and found and not (name not in _SPLITS and _is_turn(found[0])):
            aside = [value[keys[other]] for other in HELD_OUT_KEYS if other in keys] if name in ROW_KEYS else []
            held_out = [row for rows in aside if isinstance(rows, list) for row in rows]
            return Found(_unwrapped(found), _unwrapped(held_out))
        if levels and isinstance(found, dict) and (inside := rows_in(found, levels - 1)) is not None:
            return inside
    return None


def _largest(value: Cells) -> Found | None:
    """Return the rows in lists of objects under other keys: all of one kind, or the one that makes up the object."""
    lists = [
        item
        for key, item in value.items()
        if _are_objects(item) and (key.lower() not in _PARTS_OF_A_ROW or (key.lower() == _TALKS and _hold_talks(item)))
    ]
    if len(lists) > 1 and set.intersection(*(_shared(rows) for rows in lists)):
        return Found([row for rows in lists for row in rows])
    largest: list[Any] = max(lists, key=lambda rows: len(orjson.dumps(rows)), default=[])
    if len(largest) > 1 and len(orjson.dumps(largest)) >= _LARGE_SHARE * len(orjson.dumps(value)):
        return Found(largest)
    return None


def _is_pair(value: Cells) -> bool:
    """Return whether an object is a question with its answer."""
    return {"question", "answer"} <= {names_role(key) for key in value}


def _asked(row: Any) -> str:
    """Return the key of a list of questions with their answers below what is no more than a heading, or ""."""
    if not isinstance(row, dict):
        return ""
    for key, value in row.items():
        if isinstance(value, list) and value and key.lower().startswith(_QUESTIONS) and _are_objects(value):
            beside = sum(len(item) for item in row.values() if isinstance(item, str))
            return key if beside <= _HEADING and all(map(_is_pair, value)) else ""
    return ""


def is_folded(row: Any) -> bool:
    """Return whether a row of many is questions with their answers below a heading."""
    return bool(_asked(row))


def unfolded(row: Any) -> list[Any]:
    """Return the questions of an article, each as a row with what is said of all of them; any other row as it is.

    An article holds them in a list of objects, directly or paragraph by paragraph.
    """
    inside = next((key for key in _FOLDED if isinstance(row, dict) and _are_objects(row.get(key))), "") or _asked(row)
    if not inside:
        return [row]
    shared = {key: item for key, item in row.items() if key != inside}
    return [one for part in row[inside] for one in unfolded(shared | part)]


def rows_in(value: Cells, levels: int = 1) -> Found | None:
    """Return the rows inside an object, or None when it is one row itself."""
    if not value:
        return None
    for table in (_frame(value), _columns(value)):
        if table is not None:
            return Found(table)
    if (found := _known(value, levels) or _largest(value)) is not None:
        return found
    rows = _map(value)
    return Found(rows) if rows is not None else None


# Objects too long to be parsed in one piece

Row = tuple[int, "bytes | None", bool]
"""Line, JSON text (None beyond the size limit), whether it is held out."""


def _name(key: bytes) -> str:
    """Return a key of an object from its JSON text, in small letters."""
    try:
        return str(orjson.loads(key)).lower()
    except orjson.JSONDecodeError:
        return ""


def _loaded(raw: bytes | None) -> Any:
    """Return the value of a JSON text, None for what is none."""
    try:
        return orjson.loads(raw or b"")
    except orjson.JSONDecodeError:
        return None


def long_rows(pieces: Pieces, levels: int = 1) -> Iterator[Row]:
    """Yield the rows of the object that begins here: the objects in its lists, or those of a map of id → row.

    A list of texts counts under a known key. The first object of what may be a map is held back until the second shows
    whether it is one. Broken syntax between two keys ends the reading with a piece that is no JSON.
    """
    pieces.enter()
    held: tuple[int, bytes | None] | None = None
    in_map = found = False
    follows = True
    while follows:
        key = pieces.key()
        if key is None:
            if pieces.peek() not in (b"}", b""):
                yield from ((line, raw, False) for line, raw in pieces.rest())
            return
        name, sign = _name(key), pieces.peek()
        if sign == b"[":
            pieces.enter()
            aside = found and name in HELD_OUT_KEYS
            for line, raw in pieces.elements():
                if (raw is None or raw[:1] == b"{" or (name in ROW_KEYS and raw[:1] in (b'"', b"["))) and (
                    name not in _PARTS_OF_A_ROW or (name == _TALKS and _holds_talk(_loaded(raw)))
                ):
                    found = True
                    yield line, raw, aside
        elif sign == b"{" and levels and name in _SPLITS:
            for line, raw, aside in long_rows(pieces, levels - 1):
                found = True
                yield line, raw, aside
        elif sign == b"{":
            line, raw, _ = pieces.value()
            if in_map:
                yield line, raw, False
            elif held is not None and not found:
                in_map = found = True
                yield from ((*one, False) for one in (held, (line, raw)))
            held = (line, raw)
        else:
            pieces.value()
        follows = pieces.after_value()
