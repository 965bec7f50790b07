"""Rows to look through, a few at a time: those that can be used, or those that were set aside and why.

Owns `page`, the target of a probe. Must not know models. Rows are found by reading from the beginning, so that nothing
of a dataset is kept between two looks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.core.text import one_line
from workbench.data import account, canonical, readers, sources
from workbench.data.layouts import type_for
from workbench.data.survey import clipped

MOST_ROWS = 200
_RAW_CHARACTERS = 2000


def _records(paths: Mapping[str, Any], aside: bool) -> Iterator[dict[str, Any]]:
    """Yield usable rows, or those set aside, each with its place."""
    found = sources.find(paths["paths"], paths.get("format") or "", paths.get("columns") or None)
    main = sources.main_part(found.parts)
    method = paths.get("method") or (main.detection.method if main is not None else "")
    if main is None or method not in canonical.TYPE_OF_METHOD:
        return
    for part in found.parts:
        kind = type_for(method, part.detection.layout)
        convert = account.converter(part.detection.layout, part.why_not, kind, canonical.Tally())
        for member in part.members:
            try:
                for record in readers.read(member):
                    place = {"source": record.source, "line": record.line}
                    if isinstance(record, readers.BadRecord):
                        made: Any = canonical.Rejected(record.reason)
                        raw = ""
                    else:
                        made = convert(record.value)
                        raw = json.dumps(record.value, ensure_ascii=False, default=str) if aside else ""
                    if isinstance(made, canonical.Rejected) != aside:
                        continue
                    if aside:
                        yield {**place, "reason": made.reason, "raw": one_line(raw, _RAW_CHARACTERS)}
                    else:
                        yield {**place, "row": clipped(made)}
            except readers.Unreadable:
                continue  # the survey says so


def page(argument: Mapping[str, Any]) -> dict[str, Any]:
    """Return {"rows": [...], "more": whether there are further ones} of {"paths", "method"?, "format"?, "columns"?,
    "first", "number", "aside"}; long texts are cut.

    A usable row is {"source", "line", "row": canonical}, one set aside {"source", "line", "reason", "raw": JSON text}.
    Raises UsageError when the data cannot be read.
    """
    first, number = max(0, int(argument["first"])), min(MOST_ROWS, int(argument["number"]))
    rows: list[dict[str, Any]] = []
    for place, row in enumerate(_records(argument, bool(argument.get("aside")))):
        if place >= first + number:
            return {"rows": rows, "more": True}
        if place >= first:
            rows.append(row)
    return {"rows": rows, "more": False}
