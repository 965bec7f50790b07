"""The table of keys in the README: made from the action table, so that it cannot drift. `python -m tests.tui.keys`."""

from __future__ import annotations

from tests.support import ROOT
from workbench.tui import actions

README = ROOT / "README.md"
HEAD = "| where | keys |\n"


def kept() -> str:
    """Return the table as the README has it."""
    text = README.read_text(encoding="utf-8")
    start = text.index(HEAD)
    return text[start : text.index("\n\n", start) + 1]


def write() -> None:
    """Put the table of today into the README."""
    text = README.read_text(encoding="utf-8")
    README.write_text(text.replace(kept(), actions.documentation()), encoding="utf-8")


if __name__ == "__main__":
    write()
