"""Listing: a path becomes the members that can be read, and the files that were passed over with the reason.

Owns the walk through folders and archives, and which files are rows, prose beside rows, held out, or about the data.
Must not know how a member is read.
"""

from __future__ import annotations

import dataclasses
import importlib
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, cast

from workbench.data.readers import kinds
from workbench.data.readers.member import Member, suffix_of
from workbench.data.readers.records import Unreadable, shown
from workbench.data.readers.register import with_register_of, with_registers

if TYPE_CHECKING:
    from workbench.data.readers.unpacking import Budget, Open

SIDECAR = re.compile(
    r"(?i)(?:(?:readme|licen[cs]e|copying|changelog|contributing|citation|notice|authors|code_of_conduct|requirements|"
    r"desktop|thumbs)(?:[-_.][\w-]*)*|(?:[\w-]+[-_])?(?:manifest|metadata|schema)\.json|dataset_infos?\.json|"
    r"(?:[^/]+\.)?provenance\.jsonl|dataset_dict\.json|data_?card\.md|state\.json|stats\.json|"
    r"datapackage\.json|croissant\.json)"
)
"""Names of files that describe the data beside them."""
_HIDDEN = (".", "__MACOSX", "~$")
_TRAINING = frozenset(("train", "training"))
_HELD_OUT = frozenset(
    ("val", "valid", "validation", "dev", "eval", "evaluation", "test", "testing", "heldout", "holdout")
)
_NO_NAME = frozenset(("part", "shard", "chunk", "of", "split", "data", "file", "set", "dataset", "default"))
"""Words that tell the files of one dataset apart and not datasets."""
_WORD = re.compile(r"[a-z]+")
_SMALL_SHARE = 0.05
"""Rows that make up less than this of a folder's bytes are beside the point, and prose beside them is not."""
PROSE = "prose beside files of rows; give it on its own to use it"
FEW_ROWS = "few rows beside much prose; give it on its own to use it"
CODE = "source code beside other files; give it on its own to use it"
ABOUT = "it is about the data, not of it"
EXPORT = "it is about the people and channels of an export of Slack"
_SLACK = (
    "users.json", "channels.json", "groups.json", "dms.json", "mpims.json", "integration_logs.json", "canvases.json",
    "lists.json", "file_conversations.json", "huddle_transcripts.json", "org_users.json", "external_workspaces.json",
)  # fmt: skip
"""Files of an export of Slack that lie beside the folders of its channels; the first one names the people."""
_CHATGPT = ("chat.html", "user.json", "message_feedback.json", "shared_conversations.json", "model_comparisons.json")
"""Files of an export of ChatGPT that lie beside its conversations and say nothing else."""
_SLACK_DAY = re.compile(r"(.*/)?[^/]+/\d{4}-\d\d-\d\d\.json")


@dataclass
class Listing:
    """What a path holds."""

    members: list[Member] = field(default_factory=list)
    ignored: list[dict[str, str]] = field(default_factory=list)
    """{"source", "reason"} of each file that was passed over."""

    def ignore(self, name: str, reason: str) -> None:
        """Say that a file was passed over."""
        self.ignored.append({"source": shown(name), "reason": reason.rstrip(".")})


@dataclass(frozen=True)
class _File:
    """A file that may be a member or hold members."""

    name: str
    """As it is shown, with everything it lies in."""
    origin: Path
    open: Open
    size: int
    """-1 when only unpacking tells."""
    path: Path | None
    """Where it lies when nothing has to be unpacked."""
    depth: int = 0
    """How many packings it lies in."""
    budget: Budget | None = None
    """Of the archive it lies in."""


def _plain(path: Path) -> Open:
    """Return how to open a file on disk."""
    return lambda: cast(BinaryIO, path.open("rb"))


def _add(into: Listing, file: _File, named: bool) -> None:
    """Add what a file is to the listing: itself, or what is packed in it.

    `named` says that a person asked for this very file, whatever its suffix is. Raises Unreadable for a file that
    cannot be read.
    """
    with file.open() as stream:
        head = stream.read(kinds.HEAD_BYTES)
    if not head:
        raise Unreadable(f"{file.name} is empty; give a file with rows or text.")
    told = kinds.magic(head)
    if told in kinds.OF_SEVERAL:
        kind, why = _office(told, file)
        if why:
            raise Unreadable(f"{file.name} is {why}.")
        if not kind:
            _add_archive(into, told, file)
            return
        if kind in kinds.WORKBOOKS:
            _add_sheets(into, kind, file, named)
            return
        told = kind
    elif told in kinds.ARCHIVES:
        from workbench.data.readers.unpacking import unpacked  # most data is not packed, and this takes its time

        _check_depth(file)
        opened = unpacked(told, file.open, file.name, file.size, file.budget)
        with opened() as stream:
            packed_tar = kinds.magic(stream.read(kinds.HEAD_BYTES)) == "tar"
        depth = file.depth + (not packed_tar)
        _add(into, dataclasses.replace(file, open=opened, size=-1, path=None, depth=depth), named)
        return
    if not told and (what := kinds.refused(head)):
        words, _, hint = what.partition("; ")
        raise Unreadable(f"{file.name} is {words}; {hint or 'give rows, text or documents'}.")
    suffix = suffix_of(file.name)
    kind = told or kinds.kind_of(suffix, head) or ("text" if named and not kinds.kind_by(suffix) else "")
    if not kind:
        what = "text" if kinds.kind_by(suffix) not in kinds.BINARY else f"{suffix.lstrip('.')} file"
        raise Unreadable(f"{file.name} is not {what}, whatever its name says; get it again.")
    into.members.append(Member(file.name, file.origin, kind, file.size, file.path, file.open, named=named))


def _check_depth(file: _File) -> None:
    """Raise Unreadable for what is packed too deeply."""
    from workbench.data.readers import archives

    if file.depth >= archives.MAX_DEPTH:
        raise Unreadable(f"{file.name} is packed more than {archives.MAX_DEPTH} deep; unpack it yourself.")


def _office(told: str, file: _File) -> tuple[str, str]:
    """Return (kind, why not) of a zip that is a document; ("", "") for an archive."""
    if told != "zip":
        return "", ""
    from workbench.data.readers import archives

    opened = file.open if file.path is not None else archives.kept(file.open, file.name)
    return kinds.office(archives.names_in_zip(opened, file.name), suffix_of(file.name))


def _add_archive(into: Listing, told: str, file: _File) -> None:
    """Add what an archive holds; a file in it that cannot be read is passed over."""
    from workbench.data.readers import archives
    from workbench.data.readers.unpacking import Budget

    _check_depth(file)
    opened = file.open if file.path is not None or told == "tar" else archives.kept(file.open, file.name)
    budget = file.budget or Budget()
    inner = Listing()
    inside: list[str] = []
    for entry in archives.ENTRIES[told](opened, file.name, budget, inner.ignore):
        name = f"{file.name}/{shown(entry.name)}"
        one = _File(name, file.origin, entry.open, entry.size, None, file.depth + 1, budget)
        _consider(inner, inside, entry.name, one)
    _settle(into, inner, inside)


def _add_sheets(into: Listing, kind: str, file: _File, named: bool) -> None:
    """Add the sheets of a workbook that hold rows, each as a member of its own; the only one goes by the file's name.

    Raises Unreadable when there are none.
    """
    whole = Member(file.name, file.origin, kind, file.size, file.path, file.open, named=named)
    module, _, function = kinds.WORKBOOKS[kind].partition(":")
    found = Listing()
    inside: list[str] = []
    for sheet in getattr(importlib.import_module(f"workbench.data.readers.{module}"), function)(whole):
        name = f"{file.name}/{shown(sheet.name)}".rstrip("/")
        if sheet.why_not:
            found.ignore(name, sheet.why_not)
        else:
            found.members.append(dataclasses.replace(whole, name=name, size=sheet.size, part=sheet.part))
            inside.append(sheet.name)
    if not found.members:
        why = f": {found.ignored[0]['source']} is {found.ignored[0]['reason']}" if found.ignored else ""
        raise Unreadable(f"{file.name} holds no sheet with rows{why}.")
    if len(found.members) == 1:
        found.members[0] = dataclasses.replace(found.members[0], name=file.name)
        into.ignored += found.ignored
        into.members += found.members
    else:
        _settle(into, found, inside)


def _consider(found: Listing, inside: list[str], name: str, file: _File) -> None:
    """Add a file of a folder or an archive, with its name in it, or say why it is passed over."""
    if any(part.startswith(_HIDDEN) for part in PurePosixPath(name).parts):
        found.ignore(file.name, "hidden")
        return
    suffix = suffix_of(name)
    if suffix and not kinds.kind_by(suffix) and suffix not in kinds.PACKED:
        found.ignore(file.name, f"no reader for {suffix}")
        return
    try:
        _add(found, file, False)
    except Unreadable as error:
        found.ignore(file.name, str(error).removeprefix(f"{file.name} ").rstrip("."))
    except OSError as error:
        found.ignore(file.name, f"it cannot be read: {error.strerror}")
    # What an archive holds is known by the names in it, too.
    inside += [name + member.name.removeprefix(file.name) for member in found.members[len(inside) :]]


def _words(name: str) -> set[str]:
    """Return the words in the last parts of a name, by which a file says which split it is."""
    parts = PurePosixPath(name.lower()).parts[-3:]
    stem = parts[-1].partition(".")[0] if parts else ""
    words = _WORD.findall(" ".join((*parts[:-1], stem)))
    return set(words) | ({"heldout"} if {"held", "out"} <= set(words) else set())


def held_out(names: Sequence[str]) -> list[bool]:
    """Return for each of some files whether it is held out, by the names beside it.

    A name that says validation or test is held out beside a file for training, beside one that is named alike but for
    that word, and beside any other when it says nothing else.
    """
    words = [_words(name) for name in names]
    held = [bool(found & _HELD_OUT) and not found & _TRAINING for found in words]
    rest = [frozenset(found - _HELD_OUT - _TRAINING - _NO_NAME - {"held", "out"}) for found in words]
    others = {what for what, aside in zip(rest, held, strict=True) if not aside}
    training = any(found & _TRAINING for found in words)
    return [
        aside and bool(others) and (training or not what or what in others)
        for aside, what in zip(held, rest, strict=True)
    ]


def _bytes(members: Sequence[Member]) -> int:
    """Return the size of members, that of the packed file where only unpacking tells."""
    return sum(member.size if member.size >= 0 else member.origin.stat().st_size for member in members)


def _with_people(found: Listing, inside: Sequence[str]) -> dict[int, str]:
    """Give the days of an export of Slack its people; return what else of it is no data, by number, and why.

    A day is known by its name where another one of the export begins as they do.
    """
    numbers = {name: number for number, name in enumerate(inside)}
    days = {number: day[1] or "" for number, name in enumerate(inside) if (day := _SLACK_DAY.fullmatch(name))}
    roots = {folder for number, folder in days.items() if found.members[number].kind == "chat"}
    about = {numbers[folder + name]: EXPORT for folder in roots for name in _SLACK if folder + name in numbers}
    for number, folder in days.items():
        if folder in roots:
            people = numbers.get(folder + _SLACK[0])
            named = found.members[people] if people is not None else None
            found.members[number] = dataclasses.replace(found.members[number], kind="chat", people=named)
    return about


def _settle(into: Listing, found: Listing, inside: Sequence[str]) -> None:
    """Add the members of a folder or archive: those that describe the others are passed over, splits are told apart.

    What a register among them says of another one goes with that.
    """
    into.ignored += found.ignored
    about = {
        number: ABOUT for number, name in enumerate(inside) if SIDECAR.fullmatch(PurePosixPath(name).name)
    } | _with_people(found, inside)
    members = with_registers(found.members, inside)
    numbers = {name: number for number, name in enumerate(inside)}
    for name in inside:
        folder, slash, file = name.rpartition("/")
        if file == "conversations.json":
            beside = (numbers.get(f"{folder}{slash}{other}") for other in _CHATGPT)
            about |= {number: ABOUT for number in beside if number is not None}
    data = [member for number, member in enumerate(members) if number not in about]
    if 2 * _bytes([member for member in data if member.kind == "code"]) < _bytes(data):
        about |= {number: CODE for number, member in enumerate(members) if member.kind == "code"}
        data = [member for member in data if member.kind != "code"]
    rows = [member for member in data if member.kind in kinds.TABULAR]
    few = _bytes(rows) < _SMALL_SHARE * _bytes(data)
    kept: list[Member] = []
    names: list[str] = []
    for number, (member, name) in enumerate(zip(members, inside, strict=True)):
        if number in about:
            into.ignore(member.name, about[number])
        elif rows and (member.kind in kinds.TABULAR) == few:
            into.ignore(member.name, FEW_ROWS if few else PROSE)
        else:
            kept.append(member)
            names.append(name)
    taken = {member.name for member in into.members}
    for member, aside in zip(kept, held_out(names), strict=True):
        name, number = member.name, 2
        while name in taken:
            name, number = f"{member.name} ({number})", number + 1
        taken.add(name)
        into.members.append(dataclasses.replace(member, name=name, held_out=aside or member.held_out))


def _walk(folder: Path, found: Listing) -> Iterator[Path]:
    """Yield the files below a folder, sorted by path; links to folders are not followed, hidden files are named."""

    def refuse(error: OSError) -> None:
        if os.fspath(error.filename) == os.fspath(folder):
            raise error
        found.ignore(error.filename, f"it cannot be read: {error.strerror}")

    files = []
    for where, folders, names in os.walk(folder, onerror=refuse):
        for name in folders:
            if name.startswith("."):
                found.ignore(os.path.join(where, name), "hidden")
            elif os.path.islink(os.path.join(where, name)):
                found.ignore(os.path.join(where, name), "a link to a folder; name that folder to have it read")
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files += [Path(where) / name for name in names]
    yield from sorted(files)


def _add_folder(into: Listing, folder: Path) -> None:
    """Add the files of a folder."""
    found = Listing()
    inside: list[str] = []
    for path in _walk(folder, found):
        if path.is_file():
            file = _File(shown(path), path, _plain(path), path.stat().st_size, path)
            _consider(found, inside, path.relative_to(folder).as_posix(), file)
        else:
            found.ignore(os.fspath(path), "it is no regular file")
    _settle(into, found, inside)


def listing(path: Path) -> Listing:
    """Return what a file, an archive or a folder holds.

    Raises Unreadable when nothing is there, it may not be read, or nothing in it can be.
    """
    into = Listing()
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise Unreadable(f"There is no file or folder {shown(path)}; check the path.") from None
    except OSError as error:
        raise Unreadable(f"{shown(path)} cannot be read: {error.strerror}.") from None
    try:
        if stat.S_ISDIR(mode):
            _add_folder(into, path)
        elif not stat.S_ISREG(mode):
            raise Unreadable(f"{shown(path)} is not a regular file; give a file or a folder.")
        else:
            _add(into, _File(shown(path), path, _plain(path), path.stat().st_size, path), True)
            into.members = list(map(with_register_of, into.members))
    except OSError as error:
        raise Unreadable(f"{shown(path)} cannot be read: {error.strerror}.") from None
    if not into.members:
        first = f": {into.ignored[0]['source']}: {into.ignored[0]['reason']}" if into.ignored else ""
        raise Unreadable(
            f"{shown(path)} holds no file that can be read{first}; give rows (JSON, CSV, XLSX, Parquet), text or "
            "documents (Markdown, HTML, PDF, DOCX, EPUB), alone, in folders or in archives."
        )
    return into
