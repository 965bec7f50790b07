"""The seventh table of datasets, put together.

Owns the list. Must not know any layout.
"""

from __future__ import annotations

from tests.data.wild.seventh_chats import CHATS
from tests.data.wild.seventh_desk import DESK
from tests.data.wild.seventh_dirty import DIRTY
from tests.data.wild.seventh_documents import DOCUMENTS
from tests.data.wild.seventh_instructions import INSTRUCTIONS
from tests.data.wild.seventh_judged import JUDGED
from tests.data.wild.seventh_language import LANGUAGE
from tests.data.wild.seventh_logs import LOGS
from tests.data.wild.seventh_preferences import PREFERENCES
from tests.data.wild.seventh_prompts import PROMPTS
from tests.data.wild.seventh_questions import OWN_QUESTIONS
from tests.data.wild.seventh_sheets import SHEETS
from tests.data.wild.seventh_skills import SKILLS
from tests.data.wild.seventh_talks import TALKS
from tests.data.wild.seventh_texts import TEXTS
from tests.data.wild.seventh_trainers import TRAINERS
from tests.data.wild.seventh_vendors import VENDORS
from tests.data.wild.table import Wild

SEVENTH: tuple[Wild, ...] = (
    *INSTRUCTIONS,
    *TALKS,
    *SKILLS,
    *LANGUAGE,
    *TEXTS,
    *PREFERENCES,
    *JUDGED,
    *PROMPTS,
    *VENDORS,
    *TRAINERS,
    *OWN_QUESTIONS,
    *SHEETS,
    *CHATS,
    *DESK,
    *DOCUMENTS,
    *LOGS,
    *DIRTY,
)
"""Datasets by a seventh hand, written down without a look at the detector."""
