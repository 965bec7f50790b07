"""The pictures in the repository: where each lies, how one differs from a screen of today, and taking a new one.

Owns these files. Must not know how pictures are made.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path

from tests.support import ROOT

_TEXTS = Path(__file__).parent
_DRAWINGS = ROOT / "assets" / "pictures"


def place_of(name: str) -> Path:
    """Return where a picture is kept."""
    return (_DRAWINGS if name.endswith(".svg") else _TEXTS) / name


def kept(name: str) -> str:
    """Return a picture as it is kept, "" where there is none."""
    try:
        return place_of(name).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def all_kept() -> set[str]:
    """Return the names of all pictures that are kept."""
    return {path.name for folder, kind in ((_TEXTS, "*.txt"), (_DRAWINGS, "*.svg")) for path in folder.glob(kind)}


def difference(now: Mapping[str, str], way: str) -> str:
    """Return how pictures differ from those that are kept and how to accept them, "" where they are the same."""
    said = []
    for name, picture in now.items():
        if picture == kept(name):
            continue
        if name.endswith(".svg"):
            said.append(f"{place_of(name).relative_to(ROOT)} is not what the screen shows now.")
        else:
            lines = difflib.unified_diff(
                kept(name).splitlines(), picture.splitlines(), f"{name}, kept", f"{name}, now", lineterm="", n=1
            )
            said.append("\n".join(lines))
    if said:
        said.append(f"Where that is as it should be: python -m tests.tui.pictures {way}")
    return "\n\n".join(said)


def accept(now: Mapping[str, str]) -> list[str]:
    """Keep pictures; return the names of those that are new or different."""
    changed = [name for name, picture in now.items() if picture != kept(name)]
    for name in changed:
        place_of(name).parent.mkdir(parents=True, exist_ok=True)
        place_of(name).write_text(now[name], encoding="utf-8")
    return changed
