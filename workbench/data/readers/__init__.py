"""Readers: a file or folder becomes a stream of rows and of records that could not be read.

Owns which reader reads which file. Must not know layouts, methods or what a row is used for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.data.readers import source
from workbench.data.readers.records import BadRecord, Record, Unreadable, shown
from workbench.data.readers.rows_of_json import read_json
from workbench.data.readers.rows_of_table import read_table
from workbench.data.readers.rows_of_text import read_article, read_text

__all__ = ["BadRecord", "FileList", "Record", "Unreadable", "files", "read", "read_file"]

Reader = Callable[[source.Source], Iterator[Record | BadRecord]]

TABULAR: dict[str, Reader] = {
    ".json": read_json,
    ".jsonl": read_json,
    ".ndjson": read_json,
    ".csv": read_table,
    ".tsv": read_table,
}
"""Suffix → reader of the files that hold one record per row."""

PROSE: dict[str, Reader] = {".txt": read_text, ".md": read_article, ".markdown": read_article}
"""Suffix → reader of the files that hold articles."""

READERS = {**TABULAR, **PROSE}


@dataclass(frozen=True)
class FileList:
    """What a path holds."""

    files: list[Path]
    ignored: list[dict[str, str]]
    """{"source", "reason"} of each file that was passed over."""


def _in_folder(folder: Path) -> FileList:
    """Return the data files below a folder, sorted by path; links to folders are not followed."""

    def refuse(error: OSError) -> None:
        raise Unreadable(f"The folder {shown(error.filename or folder)} cannot be read: {error.strerror}.")

    found: list[Path] = []
    for where, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(where) / name for name in names if not name.startswith(".")]
    found.sort()
    # A read-me or a licence beside rows describes them and is not one of them.
    tabular = any(path.suffix.lower() in TABULAR for path in found)
    wanted = TABULAR if tabular else READERS
    kept, ignored = [], []
    for path in found:
        suffix = path.suffix.lower()
        if suffix in wanted:
            kept.append(path)
        else:
            reason = (
                "prose beside files of rows"
                if suffix in PROSE
                else f"no reader for {suffix or 'a file without a suffix'}"
            )
            ignored.append({"source": shown(path), "reason": reason})
    return FileList(kept, ignored)


def files(path: Path) -> FileList:
    """Return the files to read for a path: itself, or those of a folder.

    Raises Unreadable when nothing is there, it may not be listed, or a folder holds no file with a reader.
    """
    try:
        folder, present = path.is_dir(), path.exists()
        within = _in_folder(path) if folder else FileList([path], [])
    except OSError as error:
        raise Unreadable(f"{shown(path)} cannot be read: {error.strerror}.") from None
    except ValueError:
        present = False
    if not present:
        raise Unreadable(f"There is no file or folder {shown(path)}; check the path.")
    if not within.files:
        raise Unreadable(f"The folder {shown(path)} holds no data file; known are {', '.join(sorted(READERS))}.")
    return within


def read_file(path: Path) -> Iterator[Record | BadRecord]:
    """Yield the records of one file, in file order; raises Unreadable when the file as a whole cannot be read.

    The suffix proposes the reader and the content has the last word within it (a .json of JSON lines is read as such).
    A file whose suffix says nothing is JSON when it begins like JSON, else prose.
    """
    try:
        opened = source.open_source(path)
        reader = READERS.get(path.suffix.lower())
        if reader is None:
            reader = read_json if opened.head.lstrip()[:1] in (b"{", b"[") else read_text
        yield from reader(opened)
    except OSError as error:
        raise Unreadable(
            f"{shown(path)} cannot be read: {error.strerror}; check its permissions and its disk."
        ) from None


def read(path: Path) -> Iterator[Record | BadRecord]:
    """Yield the records of a file, or of all data files of a folder in sorted order; raises Unreadable."""
    for file in files(path).files:
        yield from read_file(file)
