"""Lists of turns as they stand in rows: JSON text of one, what a program printed, an object that holds one, bare texts.

Owns the ways in which a list is written. Must not know what a turn says.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

import orjson

from workbench.data.formats.roles import CONTENT_KEYS, OTHER_KEYS, ROLE_KEYS

_NUMBERED = re.compile(r"(?:(?:turn|round|exchange|message)[_ -]?)?(\d{1,6})", re.IGNORECASE)


def held_in(value: Mapping[str, Any]) -> list[Any] | None:
    """Return the list of objects that an object is: its keys are their numbers ("turn_1"), or hold a list each.

    None for an object that is neither.
    """
    if value and all(isinstance(item, list) for item in value.values()):
        if len({len(item) for item in value.values()}) > 1 or not any(key in value for key in ROLE_KEYS):
            return None
        return [dict(zip(value, items, strict=True)) for items in zip(*value.values(), strict=True)] or None
    if not value or not all(isinstance(item, dict) for item in value.values()):
        return None
    places = [_NUMBERED.fullmatch(key) for key in value]
    if None in places:
        return None
    return [
        item
        for _, item in sorted(
            zip([int(place[1]) for place in places if place], value.values(), strict=True), key=lambda pair: pair[0]
        )
    ]


def listed_in(value: Any) -> list[Any] | None:
    """Return the non-empty list a value is, is as JSON text, or that an object holds; None for others."""
    if isinstance(value, dict):
        return held_in(value)
    if isinstance(value, str) and value[:64].lstrip()[:1] == "[":
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            value = _printed(value)
    return _small(value) if isinstance(value, list) and value else None


_ROLE_KEYS, _CONTENT_KEYS = frozenset(ROLE_KEYS), frozenset(CONTENT_KEYS)


def _key(key: str) -> str:
    """Return a key of a turn as the one it stands for: in small letters, and in English."""
    small = key.strip().lower()
    return OTHER_KEYS.get(small, small)


def _small(value: list[Any]) -> list[Any]:
    """Return turns with the keys of a role and of words as they are known: {"Role", "Content"}, {"Rolle", "Inhalt"}."""
    first = value[0]
    return value if not isinstance(first, dict) or _told(first) else _renamed(value)


def _told(turn: Mapping[str, Any]) -> bool:
    """Return whether a turn names its role and its words by keys that are known."""
    return not _ROLE_KEYS.isdisjoint(turn) and not _CONTENT_KEYS.isdisjoint(turn)


def _renamed(value: list[Any]) -> list[Any]:
    """Return turns with other keys, where both a role and words are among them then; else as they are."""
    known = {_key(key) for key in value[0]}
    if _ROLE_KEYS.isdisjoint(known) or _CONTENT_KEYS.isdisjoint(known):
        return value
    return [{_key(key): item for key, item in turn.items()} if isinstance(turn, dict) else turn for turn in value]


_PRINTED = ("[{'", '[{"')
_MOST_PRINTED = 2**20
_BETWEEN = re.compile(r"\}\s*\{(?=['\"])")


def _printed(text: str) -> Any:
    """Return the list that a text shows as Python prints it, or numpy prints an array of objects; None for others."""
    if not text.lstrip().startswith(_PRINTED) or len(text) > _MOST_PRINTED:
        return None
    for written in (text, _BETWEEN.sub("}, {", text)):
        try:
            return ast.literal_eval(written)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
    return None


def is_bare_text(value: Any) -> bool:
    """Return whether a value is an object with nothing but a text: a turn where turns alternate."""
    return isinstance(value, dict) and len(value) == 1 and any(isinstance(value.get(key), str) for key in CONTENT_KEYS)


def alternate(value: Any) -> bool:
    """Return whether a value is a list of texts, or of objects with nothing but a text each, that can take turns."""
    if not isinstance(value, list) or len(value) < 2:
        return False
    return all(isinstance(item, str) for item in value) or all(map(is_bare_text, value))


def texts_in(value: Any) -> list[str] | None:
    """Return the texts that a list, or the JSON text of one, holds; None for other values."""
    found = listed_in(value)
    return found if found is not None and all(isinstance(item, str) for item in found) else None


_NAME = re.compile(r"([^\s:][^:\n]{0,30}):\s+")


def unnamed(found: list[Any]) -> list[Any]:
    """Return texts that take turns without the name of who speaks before each, where it is one of two by turns."""
    names = [_NAME.match(item) if isinstance(item, str) else None for item in found]
    said = [match[1] for match in names if match is not None]
    if len(found) < 2 or len(said) < len(found) or len({*said[::2]}) > 1 or len({*said[1::2]}) > 1:
        return found
    if said[0] == said[1]:
        return found
    return [item[match.end() :] for item, match in zip(found, names, strict=True) if match is not None]
