"""Curation: which rows stay, which are held out, and why the others go.

Every step is optional and reported, and depends on the rows, the settings and the seed only. Must not know files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.data.curate.settings import Curation

if TYPE_CHECKING:
    from workbench.data.curate.curator import Curator, Decisions

__all__ = ["Curation", "Curator", "Decisions"]


def __getattr__(name: str) -> Any:
    """Import the curator, and numpy with it, when it is asked for: a survey needs no more than the settings."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from workbench.data.curate import curator

    return getattr(curator, name)
