"""The sixth table of datasets, put together.

Owns the list. Must not know any layout.
"""

from __future__ import annotations

from tests.data.wild.sixth_dirty import DIRTY
from tests.data.wild.sixth_documents import DOCUMENTS
from tests.data.wild.sixth_instructions import INSTRUCTIONS
from tests.data.wild.sixth_language import LANGUAGE
from tests.data.wild.sixth_logs import LOGS
from tests.data.wild.sixth_preferences import PREFERENCES
from tests.data.wild.sixth_prompts import PROMPTS
from tests.data.wild.sixth_sheets import SHEETS
from tests.data.wild.sixth_sums import SUM_SETS
from tests.data.wild.sixth_texts import TEXTS
from tests.data.wild.sixth_trainers import TRAINERS
from tests.data.wild.sixth_vendors import VENDORS
from tests.data.wild.table import Wild

SIXTH: tuple[Wild, ...] = (
    *INSTRUCTIONS,
    *SUM_SETS,
    *LANGUAGE,
    *PREFERENCES,
    *PROMPTS,
    *TEXTS,
    *VENDORS,
    *TRAINERS,
    *SHEETS,
    *DOCUMENTS,
    *LOGS,
    *DIRTY,
)
"""Datasets by a sixth hand, written down without a look at the detector."""
