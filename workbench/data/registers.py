"""From what a register beside the data says to a layout.

Owns the translation of the register's words into formats and roles. Must not know how a register is written.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.data import canonical, detect
from workbench.data.layouts import FORMATS, Layout
from workbench.data.readers.register import FILE, Declared

_SAID = f"{FILE} says which column holds what."
_WRONG = f"{FILE} says something of the columns that the rows do not bear out; they were judged by themselves."


def _format(declared: Declared) -> tuple[str, dict[str, str]]:
    """Return (format, role of the register → role in it) of what is declared."""
    has = declared.columns.keys()
    if declared.ranking:
        asked = {"messages": "prompt"} if declared.talks else {"prompt": "prompt", "query": "input"}
        return "preference", {**asked, "chosen": "chosen", "rejected": "rejected"}
    if "kto_tag" in has:
        said = {"messages": "turns"} if declared.talks else {"prompt": "prompt", "response": "completion"}
        return "unpaired", {**said, "kto_tag": "label"}
    if declared.talks:
        return "sharegpt", {"messages": "turns"}
    if "response" not in has:
        return "text", {"prompt": "text"}
    return "alpaca", {"prompt": "instruction", "query": "input", "response": "completion", "history": "history"}


def layout_of(declared: Declared, rows: Sequence[Mapping[str, Any]]) -> Layout | None:
    """Return the layout that is declared, with the columns that rows have; None where one it needs is missing.

    An input that answers with a label have beside their prompt has no place in a layout, so that those have none.
    """
    name, roles = _format(declared)
    format = FORMATS[name]
    own = {*format.required, *format.optional}
    roles |= {role: role for role in ("system", "tools") if role in own}
    has = {column for row in rows for column in row}
    columns = {roles[role]: column for role, column in declared.columns.items() if role in roles and column in has}
    lost = name == "unpaired" and not declared.talks and declared.columns.get("query") in has
    return Layout(name, columns) if format.is_complete(columns) and not lost else None


def detected(rows: Sequence[Mapping[str, Any]], declared: Declared) -> detect.Detection:
    """Return what rows are by what is declared of them, or by themselves where they do not have that layout."""
    layout = layout_of(declared, rows)
    if layout is not None:
        read = canonical.READERS[layout.format](layout.columns)
        fitting = sum(canonical.fits(read, row) for row in rows)
        if fitting >= detect.FEWEST_FITTING * len(rows):
            found = detect.detect(rows, format=layout.format, columns=layout.columns)
            return dataclasses.replace(found, reasons=(*found.reasons, _SAID))
    found = detect.detect(rows)
    return dataclasses.replace(found, problems=(*found.problems, _WRONG))
