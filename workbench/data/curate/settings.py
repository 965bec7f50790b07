"""What curation is asked to do.

Owns `Curation`, which is part of a plan. Must not know how a step works.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NEAR = 0.8
"""Share of common five-word shingles (Jaccard similarity) from which two rows are nearly the same: Lee et al. 2022,
"Deduplicating Training Data Makes Language Models Better", and most corpora since."""


@dataclass(frozen=True)
class Curation:
    """The settings of all steps; the defaults only leave out exact copies."""

    duplicates: str = "exact"
    """exact, near, or keep."""
    min_characters: int = 0
    max_characters: int = 0
    """0 keeps rows of any length."""
    languages: tuple[str, ...] = ()
    """ISO 639-1 codes to keep; all when empty."""
    quality: str = "keep"
    """keep, or drop articles that break the rules for text."""
    secrets: str = "keep"
    """keep, mask or drop."""
    decontaminate: tuple[str, ...] = ()
    """Files of questions whose rows are left out; "bundled" stands for the bundled exams."""
    weights: tuple[float, ...] = ()
    """How often the rows of each source count; once when empty."""
    eval_split: float = 0.0
    """Share of the rows kept aside."""
    seed: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the settings as JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Curation:
        """Return the settings that `to_json` wrote; raises TypeError for a setting there is not."""
        return cls(**{name: tuple(item) if isinstance(item, list) else item for name, item in value.items()})
