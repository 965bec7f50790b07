"""The second table of datasets, put together.

Owns the list. Must not know any layout.
"""

from __future__ import annotations

from tests.data.wild.second_chats import CHATS
from tests.data.wild.second_documents import DOCUMENTS
from tests.data.wild.second_exports import EXPORTS
from tests.data.wild.second_instructions import INSTRUCTIONS
from tests.data.wild.second_odd import ODD
from tests.data.wild.second_preferences import PREFERENCES
from tests.data.wild.second_quizzes import QUIZZES
from tests.data.wild.second_tables import TABLES
from tests.data.wild.table import Wild

SECOND: tuple[Wild, ...] = (
    *CHATS,
    *INSTRUCTIONS,
    *QUIZZES,
    *PREFERENCES,
    *TABLES,
    *DOCUMENTS,
    *EXPORTS,
    *ODD,
)
"""Datasets nobody tried while the detector was written."""
