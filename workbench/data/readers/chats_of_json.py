"""Chats of people as chat programs export them to JSON: Telegram, Slack and Discord.

Owns where such an export keeps its messages and who says what in one. Must not know how an export is recognised, or
what a chat is used for. A chat becomes a text, a line "name: words" for each message, and a long one parts of it: what
people write to each other is no answer to a question. What programs report in it (who came, who called) is left out.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import chain
from typing import Any

from workbench.data.readers.json_pieces import Pieces
from workbench.data.readers.member import Member
from workbench.data.readers.passages import Line, article, recorded
from workbench.data.readers.records import TOO_LONG, BadRecord, Record, Unreadable, parse_json
from workbench.data.readers.source import Source, read_text_with
from workbench.data.readers.whole import content

MAX_PEOPLE_BYTES = 2**26
"""Largest list of the people in an export."""
NO_WORDS = "the chat holds no text"
_NO_MESSAGE = "the message is no object"
_LEVELS = 2
"""Objects that the list of an export's chats lies in."""

People = Mapping[str, str]
"""Identity → name."""
Raw = tuple[int, "bytes | None"]


# Who says what in a message


def _named(value: Mapping[str, Any], *keys: str) -> str:
    """Return the first of some values that is a text with words."""
    found = (value.get(key) for key in keys)
    return next((name.strip() for name in found if isinstance(name, str) and name.strip()), "")


def _telegram(message: Mapping[str, Any], people: People) -> tuple[str, str]:
    """Return (name, words) of a message whose text is a string or a list of strings and {"text"}."""
    if message.get("type", "message") != "message":
        return "", ""
    text = message.get("text")
    parts = text if isinstance(text, list) else [text]
    words = [part.get("text") if isinstance(part, dict) else part for part in parts]
    return _named(message, "from", "from_id"), "".join(word for word in words if isinstance(word, str))


_DISCORD_TYPES = frozenset(("Default", "Reply", "0", "19"))


def _discord(message: Mapping[str, Any], people: People) -> tuple[str, str]:
    """Return (name, words) of a message with an author."""
    author, words = message.get("author"), message.get("content")
    if str(message.get("type", "Default")) not in _DISCORD_TYPES or not isinstance(words, str):
        return "", ""
    return _named(author, "nickname", "name") if isinstance(author, dict) else "", words


_SLACK_TYPES = frozenset((None, "thread_broadcast", "me_message", "bot_message", "file_share", "file_comment"))
"""Subtypes of what somebody wrote."""
_SLACK_MARK = re.compile(r"<([@#!]?)([^<>|\n]{1,2000})(?:\|([^<>\n]{0,2000}))?>")


def _slack(message: Mapping[str, Any], people: People) -> tuple[str, str]:
    """Return (name, words) of a message whose text has its marks in angle brackets and the rest escaped."""
    text, profile = message.get("text"), message.get("user_profile")
    if message.get("subtype") not in _SLACK_TYPES or not isinstance(text, str):
        return "", ""
    name = _named(profile, "display_name", "real_name", "name") if isinstance(profile, dict) else ""
    user = _named(message, "user", "bot_id")

    def unmarked(found: re.Match[str]) -> str:
        sign, what, label = found.groups()
        if not sign:
            return f"{label} ({what})" if label and label != what else what
        told = people.get(what, "") if sign == "@" else ""
        return f"{'@' if sign == '!' else sign}{told or label or what.partition('^')[0]}"

    words = html.unescape(_SLACK_MARK.sub(unmarked, text))
    return name or people.get(user, "") or _named(message, "username") or user, words


def said(message: Mapping[str, Any], people: People) -> tuple[str, str]:
    """Return (who, words) of a message of any of the programs; ("", "") for what nobody said."""
    read = _discord if isinstance(message.get("author"), dict) else _slack if "ts" in message else _telegram
    name, words = read(message, people)
    return (name, words.strip()) if name and words.strip() else ("", "")


@lru_cache(maxsize=1)
def people_of(member: Member) -> People:
    """Return the people that a file of an export names, nobody when it cannot be read."""
    try:
        listed = parse_json(content(member, MAX_PEOPLE_BYTES, ""))[0]
    except Unreadable:
        return {}
    found: dict[str, str] = {}
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, dict) and isinstance(one.get("id"), str):
            profile = one.get("profile")
            told = _named(profile, "display_name", "real_name") if isinstance(profile, dict) else ""
            found[one["id"]] = told or _named(one, "real_name", "name")
    return found


# Where the messages are


def _chats(pieces: Pieces, levels: int) -> Iterator[Raw | None]:
    """Yield the messages of the object that begins here and of the chats it lists, and None after each chat."""
    pieces.enter()
    follows = True
    while follows:
        key = pieces.key()
        if key is None:
            if pieces.peek() == b"}":
                pieces.enter()
            else:
                yield from pieces.rest()
            return
        name, sign = key[1:-1].lower(), pieces.peek()
        if sign == b"[" and name == b"messages":
            pieces.enter()
            yield from pieces.elements()
            yield None
        elif sign == b"[" and name == b"list" and levels < _LEVELS:
            pieces.enter()
            while pieces.peek() == b"{":
                yield from _chats(pieces, levels)
                if pieces.peek() == b",":
                    pieces.enter()
            for raw in pieces.elements():
                yield from (raw, None)
        elif sign == b"{" and name in (b"chats", b"left_chats") and levels:
            yield from _chats(pieces, levels - 1)
        else:
            pieces.value()
        follows = pieces.after_value()


def _all(pieces: Pieces) -> Iterator[Raw | None]:
    """Yield the messages of a text, and None after each chat: of one list, or of objects that follow each other."""
    if pieces.peek() == b"[":
        pieces.enter()
        yield from pieces.elements()
    while pieces.peek() == b"{":
        yield from _chats(pieces, _LEVELS)
    yield from pieces.rest()


def _lines(messages: Iterator[Raw], source: Source, people: People, bad: list[BadRecord]) -> Iterator[Line]:
    """Yield (line of the file, line of text) of a chat; what is no message is added to `bad`."""
    for number, raw in messages:
        value, reason = parse_json(raw) if raw is not None else (None, TOO_LONG)
        if reason or not isinstance(value, dict):
            bad.append(BadRecord(source.name, number, reason or _NO_MESSAGE))
            continue
        name, words = said(value, people)
        if name:
            yield from ((number, line) for line in f"{name}: {words}".split("\n"))


def _records(source: Source) -> Iterator[Record | BadRecord]:
    """Yield the chats of a source."""
    pieces = Pieces(source.chunks())
    beside = source.member.people
    people = people_of(beside) if beside is not None else {}
    stream = _all(pieces)
    bad: list[BadRecord] = []
    found = False
    for number, first in enumerate(stream):
        begins = first[0] if first is not None else pieces.line
        messages = chain([first], iter(stream.__next__, None)) if first is not None else iter(())
        found = True
        for record in recorded(source.name, article(_lines(messages, source, people, bad)), bad, NO_WORDS):
            if isinstance(record, Record):
                yield record._replace(document=number)
            else:
                yield record._replace(line=begins) if record.reason == NO_WORDS else record
    if not found:
        yield BadRecord(source.name, 1, NO_WORDS)


def read_chat(member: Member) -> Iterator[Record | BadRecord]:
    """Yield the chats of an export, each as a text, or as several where it is long. Raises Unreadable."""
    return read_text_with(_records, member)
