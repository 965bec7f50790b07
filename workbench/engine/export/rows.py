"""Real texts and conversations for a proof, from the data of the run that is exported.

Owns how many and in which form. Must not know what they are compared for. The data is read in a limited child: it may
have changed since the run has read it.
"""

from __future__ import annotations

from typing import Any

from workbench.core.errors import WorkbenchError
from workbench.core.recipe import Recipe
from workbench.runs import probe

PROOF_ROWS = 8
"""Rows of the run's own data that a proof uses beside its fixed hard texts."""
_CHARACTERS = 2000
_SECONDS, _BYTES = 120, 4 << 30


def excerpt(argument: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a few canonical rows of {"paths", "method", "format", "columns"}: the target of a probe."""
    from workbench.data import glance

    return glance.excerpt(**argument)[:PROOF_ROWS]


def real(recipe: Recipe) -> tuple[tuple[str, ...], tuple[list[dict[str, str]], ...]]:
    """Return (texts, conversations) of the data of a run, none where it cannot be read any more.

    The fixed texts of the proof remain then.
    """
    columns = dict(pair.split("=", 1) for pair in recipe.data_columns)
    wanted = {"paths": recipe.data, "method": recipe.method, "format": recipe.data_format, "columns": columns}
    try:
        rows = probe.run_probe(f"{__name__}:excerpt", wanted, what="The data", seconds=_SECONDS, memory_bytes=_BYTES)
    except WorkbenchError:
        return (), ()
    texts = [row["text"][:_CHARACTERS] for row in rows if "text" in row]
    chats = [row["messages"] for row in rows if "messages" in row]
    chats += [row["prompt"] + row[name] for row in rows for name in ("chosen", "completion") if name in row]
    plain = [[{"role": turn["role"], "content": turn["content"]} for turn in chat] for chat in chats]
    return tuple(texts), tuple(plain)
