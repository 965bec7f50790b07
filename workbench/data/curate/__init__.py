"""Curation: which rows stay, which are held out, and why the others go.

Every step is optional and reported, and depends on the rows, the settings and the seed only. Must not know files.
"""

from __future__ import annotations

from workbench.data.curate.curator import Curator, Decisions
from workbench.data.curate.settings import Curation

__all__ = ["Curation", "Curator", "Decisions"]
