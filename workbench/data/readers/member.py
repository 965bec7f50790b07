"""One file to read, wherever it lies.

Owns `Member`, the common ground of listing and readers. Must not know how a path is listed, how an archive is unpacked
or what a kind's reader does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

from workbench.data.readers.gathered import Gathering

if TYPE_CHECKING:
    from workbench.data.readers.register import Declared


@dataclass(frozen=True)
class Member:
    """One file, on disk or inside an archive, that can be opened as often as a reader likes."""

    name: str
    """Fit to be shown: "dir/a.jsonl", inside archives "dir/a.zip/inner/b.jsonl"."""
    origin: Path
    """The file on disk it comes from."""
    kind: str
    """Key of `readers.KINDS`."""
    size: int
    """Bytes once unpacked; -1 when only reading tells."""
    path: Path | None
    """The plain file when nothing has to be unpacked, else None: then there is only `open`."""
    open: Callable[[], BinaryIO]
    """Return a fresh stream from the beginning; its reads raise Unreadable beyond the budget for unpacking."""
    held_out: bool = False
    """Its name says validation or test beside a file of training rows, in its folder or among the paths given."""
    named: bool = False
    """A person asked for this very file, on its own."""
    gathering: Gathering | None = None
    """How its records, a turn each, become conversations; None when each stands for itself."""
    people: Member | None = None
    """The file beside it that says who the people in it are."""
    part: str = ""
    """Of a file that holds several tables, as a workbook does: which one it is, as its reader knows it."""
    declared: Declared | None = None
    """What a register beside it says about its rows."""

    @property
    def respelled(self) -> bool:
        """Whether its rows are made of what the file holds, and not found in it as they are."""
        return self.gathering is not None or (self.declared is not None and bool(self.declared.tags))


_DUMP_PART = re.compile(r"-p[0-9]+p[0-9]+$")
"""The range of pages that a part of a dump of a wiki names behind its suffix."""
PACKING = (".gz", ".zst", ".bz2", ".xz")
"""Suffixes of a file that is packed on its own."""


def suffix_of(name: str) -> str:
    """Return the last suffix of a name in small letters, before that of its packing; "" when it has none."""
    path = PurePosixPath(name.lower())
    suffix = PurePosixPath(path.stem).suffix if path.suffix in PACKING else path.suffix
    return _DUMP_PART.sub("", suffix)
