"""Registers: the `dataset_info.json` in which LLaMA-Factory is told what the columns and turns of files beside mean.

Owns how a register is written, which files it speaks of, and the turns of rows in the spelling it gives them. Must not
know layouts. What else lies under that name, as the one of a dataset of the hub, says nothing about columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from workbench.data.readers.member import Member
from workbench.data.readers.records import BadRecord, Record, Unreadable, parse_json
from workbench.data.readers.whole import content

FILE = "dataset_info.json"
MAX_BYTES = 2**24
_DEFAULTS = {"prompt": "instruction", "query": "input", "response": "output", "messages": "conversations"}
"""Role of the register → column, where an entry names no columns at all."""
_ROLES = (
    "prompt", "query", "response", "history", "messages", "system", "tools", "chosen", "rejected", "kto_tag",
)  # fmt: skip
_SPOKEN = {
    "user_tag": "human", "assistant_tag": "gpt", "observation_tag": "observation", "function_tag": "function_call",
    "system_tag": "system",
}  # fmt: skip
"""Tag of the register → who speaks, which is also how the register spells it unless it says otherwise."""
_KEYS = {"role_tag": "from", "content_tag": "value"}
_OWN_NAMES = ({"user_tag": "user", "assistant_tag": "assistant"}, {"user_tag": "human", "assistant_tag": "gpt"})


@dataclass(frozen=True)
class Declared:
    """What a register says about the rows of a file."""

    register: Path
    """The register, or the archive it lies in."""
    talks: bool
    """The rows hold turns, and not an instruction with its answer."""
    ranking: bool
    """They hold a better and a worse answer."""
    columns: Mapping[str, str] = field(hash=False)
    """Role in the register's words → column."""
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Tag in the register's words → key or value; empty where turns are in a spelling that everybody knows."""

    @property
    def key(self) -> str:
        """A name of all it says."""
        said = (*sorted(self.columns.items()), *sorted(self.tags.items()))
        return f"{self.talks} {self.ranking} {said}"


def _texts(value: Any) -> dict[str, str]:
    """Return the texts of an object, nothing for other values."""
    return {key: item for key, item in value.items() if isinstance(item, str)} if isinstance(value, dict) else {}


def _tags(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return how the turns of an entry are spelled, empty where they are in ShareGPT's or OpenAI's spelling."""
    given = _texts(entry.get("tags"))
    keys = tuple(given.get(tag, key) for tag, key in _KEYS.items())
    names = {tag: given.get(tag, name) for tag, name in _SPOKEN.items()}
    known = keys in (("from", "value"), ("role", "content"))
    if known and any(own.items() <= names.items() for own in _OWN_NAMES):
        return {}
    return dict(zip(_KEYS, keys, strict=True)) | names


def _declared(entry: Any, register: Path) -> tuple[str, Declared] | None:
    """Return (name of the file or folder, what is said about it) of an entry, None for one of no file here."""
    name = entry.get("file_name") if isinstance(entry, dict) else None
    if not isinstance(name, str) or not name.strip():
        return None
    talks = entry.get("formatting", "alpaca") in ("sharegpt", "openai")
    given = _texts(entry.get("columns")) if "columns" in entry else _DEFAULTS
    ignored = ("prompt", "query", "response", "history") if talks else ("messages",)
    columns = {role: given[role] for role in _ROLES if given.get(role) and role not in ignored}
    if talks:
        columns.setdefault("messages", _DEFAULTS["messages"])
    return str(PurePosixPath(name)), Declared(
        register, talks, entry.get("ranking") is True, columns, _tags(entry) if talks else {}
    )


def entries(raw: bytes, register: Path) -> dict[str, Declared]:
    """Return name of a file or folder beside a register → what it says about it; the first entry of each counts."""
    value, _ = parse_json(raw)
    found: dict[str, Declared] = {}
    for entry in value.values() if isinstance(value, dict) else ():
        if (named := _declared(entry, register)) is not None:
            found.setdefault(*named)
    return found


def _of(name: str, known: Mapping[str, Declared]) -> Declared | None:
    """Return what is said about a file, by its own name or by that of a folder around it."""
    path = PurePosixPath(name)
    return next((known[str(where)] for where in (path, *path.parents) if str(where) in known), None)


def with_registers(members: Sequence[Member], inside: Sequence[str]) -> list[Member]:
    """Return the members of a folder or archive, whose names in it are given, with what registers among them say."""
    made = list(members)
    for member, name in zip(members, inside, strict=True):
        path = PurePosixPath(name)
        if path.name != FILE:
            continue
        try:
            known = entries(content(member, MAX_BYTES, ""), member.origin)
        except (Unreadable, OSError):
            continue
        for number, other in enumerate(inside):
            below = PurePosixPath(other)
            if known and below.is_relative_to(path.parent) and made[number].declared is None:
                said = _of(below.relative_to(path.parent).as_posix(), known)
                made[number] = replace(made[number], declared=said)
    return made


def with_register_of(member: Member) -> Member:
    """Return a file that was named by itself, with what the register in its folder says of it."""
    if member.path is None:
        return member
    register = member.path.parent / FILE
    try:
        if not register.is_file() or register.stat().st_size > MAX_BYTES:
            return member
        known = entries(register.read_bytes(), register)
    except OSError:
        return member
    return replace(member, declared=known.get(member.path.name))


# Turns


def _spelled(turn: Any, tags: Mapping[str, str], names: Mapping[str, str]) -> Any:
    """Return a turn in ShareGPT's spelling; what is none stays as it is."""
    role, words = tags["role_tag"], tags["content_tag"]
    if not isinstance(turn, dict) or role not in turn or words not in turn:
        return turn
    name = turn[role]
    rest = {key: item for key, item in turn.items() if key not in (role, words, *_KEYS.values())}
    return {"from": names.get(name, name) if isinstance(name, str) else name, "value": turn[words], **rest}


def spelled(records: Iterable[Record | BadRecord], declared: Declared) -> Iterator[Record | BadRecord]:
    """Yield records with their turns in ShareGPT's spelling, which the register says how to read."""
    tags = declared.tags
    names = {tags[tag]: name for tag, name in _SPOKEN.items()}
    columns = [declared.columns[role] for role in ("messages", "chosen", "rejected") if role in declared.columns]
    for record in records:
        if isinstance(record, BadRecord):
            yield record
            continue
        row = dict(record.value)
        for column in columns:
            if isinstance(held := row.get(column), list):
                row[column] = [_spelled(turn, tags, names) for turn in held]
            elif held is not None:
                row[column] = _spelled(held, tags, names)
        yield record._replace(value=row)
