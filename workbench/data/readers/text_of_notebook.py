"""Jupyter notebooks: the texts and the programs of their cells in order, without what the programs wrote.

Owns where a notebook keeps its cells. Must not know what they say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workbench.data.readers.member import Member
from workbench.data.readers.passages import article, numbered, recorded
from workbench.data.readers.records import MAX_RECORD_BYTES, BadRecord, Record, parse_json
from workbench.data.readers.whole import content

_FENCE = "```"
_NO_WORDS = "the notebook holds no text"


def _cells(notebook: Any) -> list[Any]:
    """Return the cells of a notebook: its own, or before format 4 those of its worksheets."""
    if not isinstance(notebook, dict):
        return []
    sheets = notebook.get("worksheets") if isinstance(notebook.get("worksheets"), list) else []
    lists = [sheet.get("cells") for sheet in (notebook, *(sheets or [])) if isinstance(sheet, dict)]
    return [cell for cells in lists if isinstance(cells, list) for cell in cells]


def _language(notebook: Any) -> str:
    """Return the language of the programs, "" when the notebook does not say."""
    metadata = notebook.get("metadata") if isinstance(notebook, dict) else None
    for key, name in (("language_info", "name"), ("kernelspec", "language")):
        told = metadata.get(key) if isinstance(metadata, dict) else None
        if isinstance(told, dict) and isinstance(told.get(name), str) and told[name].isalnum():
            return str(told[name])
    return ""


def text_of(notebook: Any) -> str:
    """Return the cells of a notebook as Markdown, its programs in fences."""
    found: list[str] = []
    for cell in _cells(notebook):
        if not isinstance(cell, dict):
            continue
        held = cell.get("source", cell.get("input"))
        lines = held if isinstance(held, list) else [held]
        text = "".join(line for line in lines if isinstance(line, str)).strip("\n")
        if text.strip():
            is_code = cell.get("cell_type") == "code"
            found.append(f"{_FENCE}{_language(notebook)}\n{text}\n{_FENCE}" if is_code else text)
    return "\n\n".join(found)


def read_notebook(member: Member) -> Iterator[Record | BadRecord]:
    """Yield a notebook as a text, or as several where it is long; raises Unreadable beyond 64 MiB."""
    notebook, reason = parse_json(content(member, MAX_RECORD_BYTES, "split it into notebooks"))
    yield from recorded(member.name, article(numbered(text_of(notebook))), [], reason or _NO_WORDS)
