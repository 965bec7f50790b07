"""Workbooks of Excel: which sheets one has, the texts they share and the formats of their numbers.

Owns what a workbook says of all of its sheets. Must not know how a sheet is read or what it means.

The texts are kept behind each other with an offset for each, and on disk beyond `IN_MEMORY_BYTES`; those of the last
workbook are kept, because each of its sheets asks for them.
"""

from __future__ import annotations

import contextlib
import posixpath
import re
import tempfile
import weakref
import zipfile
import zlib
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import IO
from urllib.parse import unquote

from defusedxml.ElementTree import ParseError

from workbench.data.readers.archives import Slot
from workbench.data.readers.cell_formats import BUILT_IN, PLAIN, Form, form_of
from workbench.data.readers.member import Member
from workbench.data.readers.office import Event, Package, events, package
from workbench.data.readers.records import Unreadable

WHAT = "an Excel workbook"
BUDGET_BYTES = 2**31
"""Most bytes that the parts read for one sheet, and the texts it shows, may have together."""
IN_MEMORY_BYTES = 2**26
MAX_TEXT_BYTES = 2**30
MAX_TEXTS = 2**24
"""Most bytes and number of the texts that the sheets of a workbook share."""
MAX_SHEETS = 1000
MAX_FORMATS = 100_000
HIDDEN = "a hidden sheet; unhide it to have it read"
EMPTY = "an empty sheet"
NO_CELLS = "no sheet of cells"
TOO_MANY = f"it has more than {MAX_SHEETS} sheets; the rest was passed over"

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_STRINGS = Slot()


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook, as it is listed."""

    name: str
    part: str
    """What tells its reader which one it is."""
    size: int = 0
    """Its bytes, with its share of the texts all sheets have in common; an estimate."""
    why_not: str = ""
    """Why it is passed over."""


@dataclass(frozen=True)
class _Parts:
    """Where the parts of a workbook lie in its archive; "" for one it has not."""

    sheets: tuple[Sheet, ...]
    strings: str
    styles: str
    since_1904: bool


def unescaped(text: str) -> str:
    """Return a text of a workbook without the escapes of characters that XML cannot hold (ECMA-376, 22.9.2.19)."""
    if "_x" in text:
        text = _ESCAPED.sub(lambda m: m[0] if m[1][0] in "dD" or int(m[1], 16) == 0 else chr(int(m[1], 16)), text)
    return text.replace("\r\n", "\n") if "\r" in text else text


def _attribute(attributes: dict[str, str], name: str) -> str:
    """Return an attribute whatever its namespace, or ""."""
    return next((value for key, value in attributes.items() if key.rpartition("}")[2] == name), "")


def _on(text: str) -> bool:
    return text in ("1", "true", "on")


def _starts(archive: Package, part: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the name and the attributes of each element of a part."""
    with archive.open(part) as stream:
        yield from ((name, attributes) for name, attributes, _ in events(stream) if attributes is not None)


def _found(archive: Package, name: str) -> str:
    """Return a part as the archive spells it, in capitals or not; "" where there is none."""
    if name in archive.parts:
        return name
    return next((part for part in archive.parts if part.lower() == name.lower()), "")


def _relations(archive: Package, part: str) -> dict[str, tuple[str, str]]:
    """Return id of each relation of a part → (last word of its type, part it leads to)."""
    folder, name = posixpath.split(part)
    listed = _found(archive, posixpath.join(folder, "_rels", f"{name}.rels"))
    found: dict[str, tuple[str, str]] = {}
    for element, attributes in _starts(archive, listed) if listed else ():
        if element == "Relationship":
            target = unquote(attributes.get("Target", "")).replace("\\", "/")
            whole = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            kind = attributes.get("Type", "").rpartition("/")[2]
            found[attributes.get("Id", "")] = (kind, _found(archive, whole))
    return found


def _parts(archive: Package) -> _Parts:
    """Return where the parts of a workbook lie; raises KeyError when it has none."""
    main = next((part for kind, part in _relations(archive, "").values() if kind == "officeDocument"), "")
    main = main or _found(archive, "xl/workbook.xml")
    relations = _relations(archive, main)
    sheets: list[Sheet] = []
    since_1904 = False
    for name, attributes in _starts(archive, main):
        if name == "workbookPr":
            since_1904 = _on(attributes.get("date1904", ""))
        elif name == "sheet" and len(sheets) < MAX_SHEETS:
            kind, part = relations.get(_attribute(attributes, "id"), ("", ""))
            why = "" if kind == "worksheet" and part else NO_CELLS
            hidden = attributes.get("state", "visible") != "visible"
            title = unescaped(attributes.get("name", "")) or f"sheet {len(sheets) + 1}"
            sheets.append(Sheet(title, part, why_not=HIDDEN if hidden else why))
        elif name == "sheet":
            sheets.append(Sheet("", "", why_not=TOO_MANY))
            break
    first = dict(reversed(relations.values()))
    return _Parts(tuple(sheets), first.get("sharedStrings", ""), first.get("styles", ""), since_1904)


def _holds_something(archive: Package, part: str) -> bool:
    """Return whether a sheet has a cell with something in it; one that is damaged has, so that its reader says so."""
    with archive.open(part) as stream, contextlib.suppress(ParseError, zlib.error, zipfile.BadZipFile, EOFError):
        for name, attributes, text in events(stream):
            if (name in ("v", "t") and text) or (name == "f" and attributes is not None):
                return True
        return False
    return True


def sheets_of(member: Member) -> list[Sheet]:
    """Return the sheets of a workbook, those to be passed over with the reason; raises Unreadable."""
    with package(member, WHAT, BUDGET_BYTES) as archive:
        parts = _parts(archive)
        empty = {
            sheet.part for sheet in parts.sheets if not sheet.why_not and not _holds_something(archive, sheet.part)
        }
        listed = [replace(sheet, why_not=EMPTY) if sheet.part in empty else sheet for sheet in parts.sheets]
        sizes = {sheet.part: archive.size(sheet.part) for sheet in listed if not sheet.why_not}
        shared = archive.size(parts.strings) if parts.strings else 0
    whole = max(sum(sizes.values()), 1)
    share = {part: size + shared * size // whole for part, size in sizes.items()}
    return [replace(sheet, size=share.get(sheet.part, 0)) for sheet in listed]


class Strings:
    """The texts that the sheets of a workbook share, by number."""

    def __init__(self, name: str, texts: Iterable[str]) -> None:
        """Store the texts; raises Unreadable beyond the limits."""
        self._ends = array("Q", [0])
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        end = 0
        for text in texts:
            end += self._file.write(text.encode("utf-8", "replace"))
            self._ends.append(end)
            if end > MAX_TEXT_BYTES or len(self._ends) > MAX_TEXTS:
                raise Unreadable(f"{name} holds more text than a workbook can be read with; save it as CSV.")

    def size(self, number: int) -> int:
        """Return the bytes of a text, or -1 when there is none of that number."""
        return self._ends[number + 1] - self._ends[number] if 0 <= number < len(self._ends) - 1 else -1

    def text(self, number: int) -> str:
        """Return a text that is there."""
        self._file.seek(self._ends[number])
        return self._file.read(self._ends[number + 1] - self._ends[number]).decode("utf-8")


def rich_text(pieces: list[str]) -> str:
    """Return a text from the runs it is set in."""
    return unescaped("".join(pieces))


def _texts(taken: Iterable[Event]) -> Iterator[str]:
    """Yield the texts of the part that holds them, without how they are pronounced."""
    pieces: list[str] = []
    aside = 0
    for name, attributes, text in taken:
        if name == "t" and attributes is None and not aside:
            pieces.append(text)
        elif name == "si" and attributes is None:
            yield rich_text(pieces)
            pieces = []
        elif name == "rPh":
            aside += 1 if attributes is not None else -1


def _forms(archive: Package, part: str) -> list[Form]:
    """Return how the numbers of each style of cell are shown."""
    codes: dict[str, str] = {}
    forms: list[Form] = []
    inside = False
    with archive.open(part) as stream:
        for name, attributes, _ in events(stream):
            if name == "cellXfs":
                inside = attributes is not None
            elif attributes is None:
                continue
            elif name == "numFmt":
                codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
            elif name == "xf" and inside and len(forms) < MAX_FORMATS:
                number = attributes.get("numFmtId", "")
                known = BUILT_IN.get(int(number), PLAIN) if number.isdecimal() and len(number) < 4 else PLAIN
                forms.append(form_of(codes[number]) if number in codes else known)
    return forms


@dataclass(frozen=True)
class Book:
    """What is needed to read a sheet."""

    archive: Package
    strings: Strings
    forms: list[Form]
    since_1904: bool


def book_of(member: Member, archive: Package) -> Book:
    """Return what a sheet needs of the workbook it lies in; raises as `package` does."""
    parts = _parts(archive)

    def read() -> Strings:
        if not parts.strings:
            return Strings(member.name, ())
        with archive.open(parts.strings) as stream:
            return Strings(member.name, _texts(events(stream)))

    forms = _forms(archive, parts.styles) if parts.styles else []
    return Book(archive, _STRINGS.get(member.open, read), forms, parts.since_1904)
