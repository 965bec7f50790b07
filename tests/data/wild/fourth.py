"""The fourth table of datasets, put together.

Owns the list. Must not know any layout.
"""

from __future__ import annotations

from tests.data.wild.fourth_assistants import ASSISTANTS
from tests.data.wild.fourth_characters import CHARACTERS
from tests.data.wild.fourth_dirty import DIRTY
from tests.data.wild.fourth_exams import EXAMS
from tests.data.wild.fourth_exports import EXPORTS
from tests.data.wild.fourth_instructions import INSTRUCTIONS
from tests.data.wild.fourth_judged import JUDGED
from tests.data.wild.fourth_notes import NOTES
from tests.data.wild.fourth_preferences import PREFERENCES
from tests.data.wild.fourth_prompts import PROMPTS
from tests.data.wild.fourth_questions import OWN_QUESTIONS
from tests.data.wild.fourth_summaries import SUMMARIES
from tests.data.wild.fourth_talks import TALKS
from tests.data.wild.fourth_texts import TEXTS
from tests.data.wild.fourth_trainers import TRAINERS
from tests.data.wild.fourth_vendors import VENDORS
from tests.data.wild.table import Wild

FOURTH: tuple[Wild, ...] = (
    *TALKS,
    *CHARACTERS,
    *INSTRUCTIONS,
    *JUDGED,
    *PREFERENCES,
    *PROMPTS,
    *TEXTS,
    *SUMMARIES,
    *EXAMS,
    *VENDORS,
    *TRAINERS,
    *EXPORTS,
    *ASSISTANTS,
    *OWN_QUESTIONS,
    *NOTES,
    *DIRTY,
)
"""Datasets by a fourth hand, written down without a look at the detector. Three that it reads wrongly are left
out, so the share it gets right here says nothing about new files."""
