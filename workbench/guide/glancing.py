"""A quick look at a part of the data, in a limited child that gets ready while the caller does something else.

Owns the child's limits and the request. Imports next to nothing: a plan is to be answered in a fraction of a second.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from workbench.runs.probe import Probe

if TYPE_CHECKING:
    from workbench.guide.sources import Teller

Glanced = tuple[tuple[str, ...], dict[str, Any] | None]
"""Absolute paths of the data, and what a glance at them found, None without data."""

_GLANCE_SECONDS = 60
_GLANCE_BYTES = 4 << 30
"""Address space; what it really uses stays far below."""


def reader_of_data() -> Probe:
    """Return a child that gets ready to glance at data."""
    return Probe("workbench.data.glance:glance", what="The data", seconds=_GLANCE_SECONDS, memory_bytes=_GLANCE_BYTES)


@contextlib.contextmanager
def glancing(values: Mapping[str, Any], live: Teller, reader: Probe | None = None) -> Iterator[Callable[[], Glanced]]:
    """Give what waits for a glance at the data that is under way meanwhile; `reader` may have been made ready."""
    from workbench.guide.sources import assignments, local

    data = local(values.get("data", ()), live)
    if not data:
        yield lambda: (data, None)
        return
    columns = assignments(values.get("data_columns", ()), "--column", "ROLE=NAME", "prompt=question")
    request = {
        "paths": list(data), "method": values.get("method", ""), "format": values.get("data_format", ""),
        "columns": columns,
    }  # fmt: skip
    with reader or reader_of_data() as child:
        child.ask(request)
        yield lambda: (data, child.answer())


def glanced(values: Mapping[str, Any], live: Teller) -> Glanced:
    """Return what a glance at the data finds, after waiting for it."""
    with glancing(values, live) as found:
        return found()
