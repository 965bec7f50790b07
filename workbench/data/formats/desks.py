"""Conversations of a help desk: an opening message and the parts that followed it, each with an author and a body.

Owns which parts are said to the other side, who their authors are, the proposal, and the reader. Must not know other
formats or files. A reader raises Refused with the reason for a row that is not trained on.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.data.formats import names
from workbench.data.formats.choosing import Columns
from workbench.data.formats.columns import Table, most
from workbench.data.formats.forms import Read, Row, finished, picks
from workbench.data.formats.refusals import Misfit, Refused
from workbench.data.formats.roles import role_of
from workbench.data.formats.turns import Turns, joined, turn

_AUTHORS = {"lead": "user", "contact": "user", "admin": "assistant", "team": "assistant", "teammate": "assistant"}
"""Type of an author of a help desk → role, beside the spellings of roles."""
_NOTES = frozenset(("note", "note and reopen", "internal", "private"))
"""Types of parts that only those who answer see."""
_LOOKED_AT = 400
_MARKUP = re.compile(r"<(?:p|div|br|ul|ol|h[1-6]|b|i|a|img|span|table|pre|blockquote)\b[^>]{0,2000}>", re.IGNORECASE)
MARKS = "marks of HTML were taken off messages"
NOTES = "notes that only the desk sees were left out"
JOINED = "neighbouring turns of one speaker were joined"


def _is_part(value: Any) -> bool:
    """Return whether a value is a message, or another event, with its author."""
    return isinstance(value, dict) and "body" in value and isinstance(value.get("author"), dict)


def _are_parts(value: Any) -> bool:
    """Return whether a value is a list of messages."""
    return isinstance(value, list) and all(map(_is_part, value))


def desk(table: Table) -> Iterator[Columns]:
    """Propose a message and the list of parts that followed it."""
    lists = [name for name in table.of_kind("objects", "turns") if names.last(name) == "parts"]
    parts = next((name for name in lists if most(map(_are_parts, table.columns[name].values[:_LOOKED_AT]))), None)
    openings = [
        name
        for name in table.of_kind("object", "turn")
        if "." not in name and most(map(_is_part, table.columns[name].values[:_LOOKED_AT]))
    ]
    if parts is not None and openings:
        yield {"opening": min(openings), "turns": parts}


def _plain(body: str, repairs: Counter[str]) -> str:
    """Return a body without its marks of HTML."""
    if _MARKUP.search(body) is None:
        return body
    from workbench.data.readers.text_of_html import text_of

    try:
        words = text_of(codecs.BOM_UTF8 + body.encode("utf-8", "replace"))
    except RecursionError:
        raise Refused("a message is nested too deeply") from None
    repairs[MARKS] += 1
    return words


def _said(part: Mapping[str, Any], repairs: Counter[str]) -> Turns:
    """Return the turn that a part is, nothing for an event without words and for a note."""
    body, kind = part["body"], part.get("part_type")
    if not isinstance(body, str) or not body.strip():
        return []
    if isinstance(kind, str) and kind.replace("_", " ").lower() in _NOTES:
        repairs[NOTES] += 1
        return []
    who = part["author"].get("type", part["author"].get("role"))
    role = _AUTHORS.get(who.lower()) or role_of(who) if isinstance(who, str) else None
    if role not in ("user", "assistant"):
        raise Refused("the author of a message is neither a customer nor of the desk")
    words = _plain(body, repairs)
    return [turn(role, words)] if words.strip() else []


def read_desk(columns: Mapping[str, str]) -> Read:
    """Return the reader of conversations of a help desk: the customer asks, whoever is of the desk answers."""
    pick_opening, pick_parts = picks(columns, "opening", "turns")

    def read(row: Row, repairs: Counter[str]) -> dict[str, Any]:
        opening, parts = pick_opening(row), pick_parts(row)
        if not _is_part(opening) or not _are_parts(parts):
            raise Misfit("the row has no message with parts that follow it")
        spoken: Turns = []
        for item in (said for part in (opening, *parts) for said in _said(part, repairs)):
            if spoken and spoken[-1]["role"] == item["role"]:
                spoken[-1] = turn(item["role"], joined(spoken[-1]["content"], item["content"]))
                repairs[JOINED] += 1
            else:
                spoken.append(item)
        return finished(spoken, None, None, repairs)

    return read
