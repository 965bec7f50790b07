"""The fifth table of datasets, put together.

Owns the list. Must not know any layout.
"""

from __future__ import annotations

from tests.data.wild.fifth_assistants import ASSISTANTS
from tests.data.wild.fifth_corpora import CORPORA
from tests.data.wild.fifth_documents import DOCUMENTS
from tests.data.wild.fifth_instructions import INSTRUCTIONS
from tests.data.wild.fifth_language import LANGUAGE
from tests.data.wild.fifth_logs import LOGS
from tests.data.wild.fifth_mixtures import MIXTURES
from tests.data.wild.fifth_preferences import PREFERENCES
from tests.data.wild.fifth_programs import PROGRAM_SETS
from tests.data.wild.fifth_prompts import PROMPTS
from tests.data.wild.fifth_rough import ROUGH
from tests.data.wild.fifth_sheets import SHEETS
from tests.data.wild.fifth_sums import SUM_SETS
from tests.data.wild.fifth_talks import TALKS
from tests.data.wild.fifth_trainers import TRAINERS
from tests.data.wild.fifth_vendors import VENDORS
from tests.data.wild.table import Wild

FIFTH: tuple[Wild, ...] = (
    *INSTRUCTIONS,
    *TALKS,
    *MIXTURES,
    *SUM_SETS,
    *PROGRAM_SETS,
    *LANGUAGE,
    *PREFERENCES,
    *PROMPTS,
    *CORPORA,
    *VENDORS,
    *TRAINERS,
    *SHEETS,
    *DOCUMENTS,
    *ASSISTANTS,
    *LOGS,
    *ROUGH,
)
"""Datasets by a fifth hand, written down without a look at the detector. One that it reads wrongly is left
out, so the share it gets right here says nothing about new files."""
