"""The third table of datasets, put together.

Owns the list. Must not know any layout.
"""

from __future__ import annotations

from tests.data.wild.table import Wild
from tests.data.wild.third_chats import CHATS
from tests.data.wild.third_documents import DOCUMENTS
from tests.data.wild.third_exports import EXPORTS
from tests.data.wild.third_more import MORE
from tests.data.wild.third_preferences import PREFERENCES
from tests.data.wild.third_tables import TABLES

THIRD: tuple[Wild, ...] = (
    *CHATS,
    *TABLES,
    *PREFERENCES,
    *DOCUMENTS,
    *EXPORTS,
    *MORE,
)
"""Datasets by a third hand, written down without a look at the detector."""
