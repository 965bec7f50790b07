"""Data on its way into the workbench: the probe that looks at it, and the hub's datasets.

Owns what everything that takes data does first. Must not read data itself: that is a limited child's work.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from workbench.core import paths
from workbench.core.errors import UsageError
from workbench.core.text import one_line
from workbench.core.units import size
from workbench.runs import probe

PROBE_SECONDS = 3600
"""A probe that reads data is bounded by its size, so it may take its time."""
PROBE_BYTES = 4 << 30
"""Address space of a probe that reads data; what it really uses stays far below."""

_HUB_ID = re.compile(r"(hf://datasets/)?[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(/[\w.-]+)*")
_HUB_ADDRESS = re.compile(r"https?://(www\.)?(huggingface\.co|hf\.co)/datasets/")
"""How the address of a dataset begins in a browser."""
_SUFFIXES = (
    "json jsonl ndjson csv tsv tab txt text md markdown rst org adoc tex ipynb eml mbox srt vtt html htm xhtml"
    " xml tmx xlf xliff rss atom po yaml yml pdf docx epub parquet arrow feather"
    " gz tgz zst tzst bz2 tbz tbz2 xz txz zip tar doc odt rtf xls xlsx xlsm ods ppt pptx"
)
"""How files of data are called, those that are refused too; `tests/contracts` holds it against what can be read."""
_FILE = re.compile(rf"[^/]+/[^/]+\.(?:{'|'.join(_SUFFIXES.split())})", re.IGNORECASE)
"""A file in a folder: no dataset is called so."""


class Teller(Protocol):
    """What hears how far something is: a line on a terminal, a page."""

    def update(self, text: str) -> None:
        """Take the present state."""

    def line(self, text: str) -> None:
        """Take something to be kept."""


class Quiet:
    """Hears nothing."""

    def update(self, text: str) -> None:
        """Pass over it."""

    def line(self, text: str) -> None:
        """Pass over it."""


def _may_be_there(path: Path) -> bool:
    """Return whether something is there, or may be: where it cannot be looked up, its reader says why."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return True
    return True


def may_be_of_hub(text: str) -> bool:
    """Return whether a name can be one of a dataset of the hub, and not only that of a file in a folder."""
    return _HUB_ID.fullmatch(text) is not None and not _FILE.fullmatch(text)


def local(given: Sequence[str], live: Teller) -> tuple[str, ...]:
    """Return the absolute paths of data as a person names it; datasets of the hub are downloaded first.

    Raises WorkbenchError with what to do when one cannot be had.
    """
    found: list[str] = []
    for text in (_HUB_ADDRESS.sub("", text) for text in given):
        if not text.strip():
            raise UsageError("An empty name stands where data should be named; give a file, a folder or a hub id.")
        path = paths.expanded(text)
        if _may_be_there(path) or not may_be_of_hub(text):
            found.append(os.path.abspath(path))
            continue
        if not text.startswith("hf://") and paths.expanded(text.split("/")[0]).is_dir():
            raise UsageError(f"There is no file or folder {one_line(text)}; check the path.")
        from workbench.runs import errand

        answer = errand.run(
            "workbench.data.hub",
            {"id": text},
            lambda line: (
                live.update(f"downloading {line['file']}, {size(line['done'])} of {size(line['total'])}")
                if "file" in line
                else None
            ),
            who="The download",
            online=True,
        )
        if answer.get("others"):
            others = ", ".join(f"{text}/{name}" for name in answer["others"])
            live.line(f"{text} holds several datasets: {answer['config']} is taken, the others are {others}.")
        found += answer["paths"]
    return tuple(found)


def inspected(
    given: Sequence[str],
    method: str = "",
    format: str = "",
    columns: dict[str, str] | None = None,
    *,
    target: str = "inspect",
) -> dict[str, Any]:
    """Return what a limited child process found in the data; raises WorkbenchError with what is wrong with it.

    `target` is "inspect", or "preflight" for one that refuses data without a usable row.
    """
    request = {"paths": list(given), "method": method, "format": format, "columns": columns or {}}
    found = probe.run_probe(
        f"workbench.data.survey:{target}",
        request,
        what="The data",
        seconds=PROBE_SECONDS,
        memory_bytes=PROBE_BYTES,
        output_bytes=64 << 20,
    )
    assert isinstance(found, dict)
    return found


def assignments(pairs: Sequence[str], option: str, shape: str, example: str) -> dict[str, str]:
    """Return pairs such as NAME=VALUE as a mapping; raises UsageError, which names the shape, for one without "="."""
    values = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"{option} wants {shape}, not {pair!r}; for example {option} {example}.")
        values[name.strip()] = value.strip()
    return values
