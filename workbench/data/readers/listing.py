"""Listing: a path becomes the members that can be read, and the files that were passed over with the reason.

Owns the walk through folders and archives, and which files are rows, prose beside rows, or about the data. Must not
know how a member is read.
"""

from __future__ import annotations

import dataclasses
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from workbench.data.readers import archives, kinds
from workbench.data.readers.archives import Open
from workbench.data.readers.member import Member, suffix_of
from workbench.data.readers.records import Unreadable, shown

SIDECAR = re.compile(
    r"(?i)(readme|licen[cs]e|changelog|contributing|citation|notice|dataset_infos?|dataset_dict|dataset_manifest|"
    r"state|manifest)(\.\w+)*"
)
"""Files that describe the data beside them."""
_HELD_OUT = frozenset("val valid validation dev eval evaluation test testing heldout".split())
_TRAINING = frozenset({"train", "training"})
_WORDS = re.compile(r"[a-z]+")


@dataclass
class Listing:
    """What a path holds."""

    members: list[Member] = field(default_factory=list)
    ignored: list[dict[str, str]] = field(default_factory=list)
    """{"source", "reason"} of each file that was passed over."""

    def ignore(self, name: str, reason: str) -> None:
        """Say that a file was passed over."""
        self.ignored.append({"source": shown(name), "reason": reason})


def _head(open_file: Open, most: int = kinds.HEAD_BYTES) -> bytes:
    with open_file() as stream:
        return stream.read(most)


def _add(
    into: Listing,
    name: str,
    origin: Path,
    open_file: Open,
    size: int,
    path: Path | None,
    depth: int,
    named: bool,
    packed: bool = False,
) -> None:
    """Add what a file is to the listing: itself, or what is packed in it.

    `named` says that a person asked for this very file, whatever its suffix is; `packed`, that it was unpacked from a
    gz or the like, which holds no other: there are files that unpack to themselves. Raises Unreadable for a file that
    cannot be read.
    """
    head = _head(open_file)
    if not head:
        raise Unreadable(f"{shown(name)} is empty; give a file with rows or text.")
    told = kinds.magic(head)
    if told in archives.ENTRIES:
        if told == "zip" and path is None:
            # Its directory stands at its end, which a stream does not reach twice.
            open_file = archives.kept(open_file, shown(name))
        kind, why = _office(told, open_file, name)
        if why:
            raise Unreadable(f"{shown(name)} is {why}.")
        if not kind:
            _archive(into, told, name, origin, open_file, depth)
            return
        told = kind
    elif told in kinds.ARCHIVES:
        if packed:
            raise Unreadable(f"{shown(name)} is packed twice; unpack it yourself.")
        opened = archives.unpacked(told, open_file, shown(name), size)
        _add(into, name, origin, opened, -1, None, depth, named, packed=True)
        return
    if not told and (what := kinds.refused(head)):
        raise Unreadable(f"{shown(name)} is {what}, which holds no rows; give data or text.")
    kind = told or kinds.kind_of(suffix_of(name), head) or ("text" if named else "")
    if not kind:
        raise Unreadable(f"{shown(name)} is no {suffix_of(name).lstrip('.') or 'text'} file that can be read.")
    into.members.append(Member(shown(name), origin, kind, size, path, open_file))


def _office(told: str, open_file: Open, name: str) -> tuple[str, str]:
    """Return (kind, why not) of a zip that is a document; ("", "") for an archive."""
    if told != "zip":
        return "", ""
    return kinds.office(entry.name for entry in archives.in_zip(open_file, name, lambda inside, why: None))


def _archive(into: Listing, told: str, name: str, origin: Path, open_file: Open, depth: int) -> None:
    """Add what an archive holds; a file in it that cannot be read is passed over."""
    if depth >= archives.MAX_DEPTH:
        raise Unreadable(f"{shown(name)} is packed more than {archives.MAX_DEPTH} deep; unpack it yourself.")
    inner = Listing()
    for entry in archives.ENTRIES[told](open_file, name, into.ignore):
        _consider(inner, entry.name, f"{name}/{entry.name}", origin, entry.open, entry.size, None, depth + 1)
    _settle(into, inner, name)


def _consider(
    into: Listing, inside: str, name: str, origin: Path, open_file: Open, size: int, path: Path | None, depth: int
) -> None:
    """Add a file of a folder or an archive, or say why it is passed over."""
    if any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(inside).parts):
        return
    suffix = suffix_of(inside)
    last = PurePosixPath(inside.lower()).suffix
    if suffix and not {suffix, last} & (kinds.SUFFIXES.keys() | kinds.PACKED):
        into.ignore(name, f"no reader for {suffix}")
        return
    try:
        _add(into, name, origin, open_file, size, path, depth, False)
    except Unreadable as error:
        into.ignore(name, str(error))
    except OSError as error:
        into.ignore(name, f"it cannot be read: {error.strerror}")


def _words_of(name: str, root: str) -> set[str]:
    """Return the words in the last two parts of a name below its root, by which a file says which split it is."""
    parts = PurePosixPath(name.removeprefix(root).lower()).parts[-2:]
    words = set(_WORDS.findall(" ".join(parts)))
    return words | ({"heldout"} if {"held", "out"} <= words else set())


def _settle(into: Listing, found: Listing, root: str) -> None:
    """Add the files of a folder or archive: those that describe the others are passed over, splits are told apart."""
    into.ignored += found.ignored
    about = [member for member in found.members if SIDECAR.fullmatch(PurePosixPath(member.name).name)]
    rows = [member for member in found.members if member not in about] or found.members
    tabular = any(member.kind in kinds.TABULAR for member in rows)
    for member in found.members:
        if member not in rows:
            into.ignore(member.name, "it is about the data, not of it")
        elif tabular and member.kind not in kinds.TABULAR:
            into.ignore(member.name, "prose beside files of rows")
    kept = [member for member in rows if not tabular or member.kind in kinds.TABULAR]
    words = {member.name: _words_of(member.name, shown(root)) for member in kept}
    beside = any(found_words & _TRAINING for found_words in words.values())
    for member in kept:
        split = words[member.name]
        held_out = beside and bool(split & _HELD_OUT) and not split & _TRAINING
        into.members.append(dataclasses.replace(member, held_out=True) if held_out else member)


def _walk(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder, sorted by path; links to folders are not followed."""

    def refuse(error: OSError) -> None:
        raise Unreadable(f"The folder {shown(error.filename or folder)} cannot be read: {error.strerror}.")

    found = []
    for where, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(where) / name for name in names if not name.startswith(".")]
    yield from sorted(found)


def listing(path: Path) -> Listing:
    """Return what a file, an archive or a folder holds.

    Raises Unreadable when nothing is there, it may not be read, or nothing in it can be.
    """
    into = Listing()
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            found = Listing()
            for file in _walk(path):
                if file.is_file():
                    inside = file.relative_to(path).as_posix()
                    size = file.stat().st_size
                    _consider(found, inside, os.fspath(file), file, archives.plain(file), size, file, 0)
                else:
                    found.ignore(os.fspath(file), "it is no regular file")
            _settle(into, found, os.fspath(path))
        elif not stat.S_ISREG(mode):
            raise Unreadable(f"{shown(path)} is not a regular file; give a file or a folder.")
        else:
            _add(into, os.fspath(path), path, archives.plain(path), path.stat().st_size, path, 0, True)
    except FileNotFoundError:
        raise Unreadable(f"There is no file or folder {shown(path)}; check the path.") from None
    except ValueError:
        raise Unreadable(f"There is no file or folder {shown(path)}; check the path.") from None
    except OSError as error:
        raise Unreadable(f"{shown(path)} cannot be read: {error.strerror}.") from None
    if not into.members:
        first = f": {into.ignored[0]['source']}: {into.ignored[0]['reason']}" if into.ignored else ""
        raise Unreadable(
            f"{shown(path)} holds no file that can be read{first.rstrip('.')}; known are {' '.join(sorted(kinds.SUFFIXES))}."
        )
    return into
