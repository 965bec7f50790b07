"""What curation is asked to do.

Owns `Curation`, which is part of a plan. Must not know how a step works.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.core.errors import UsageError

NEAR = 0.8
"""Share of common five-word shingles (Jaccard similarity) from which two rows are nearly the same: Lee et al. 2022,
"Deduplicating Training Data Makes Language Models Better", and most corpora since."""

MOST_WEIGHT = 1000.0
"""Largest weight of a source; what is shown more often in an epoch wants more epochs."""
CHOICES = {"duplicates": ("exact", "near", "keep"), "quality": ("keep", "drop"), "secrets": ("keep", "mask", "drop")}


@dataclass(frozen=True)
class Curation:
    """The settings of all steps; the defaults only leave out exact copies. Raises UsageError for one out of bounds."""

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

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise UsageError(f"{name} must be {_listed(choices)}, not {getattr(self, name)!r}.")
        for name in ("min_characters", "max_characters", "seed"):
            value = getattr(self, name)
            if type(value) is not int or value < 0:
                raise UsageError(f"{name} must be a whole number from 0, not {value!r}.")
        if type(self.eval_split) not in (int, float) or not 0.0 <= self.eval_split <= 0.5:
            raise UsageError(f"eval_split must be between 0 and 0.5, not {self.eval_split!r}.")
        for name in ("languages", "decontaminate"):
            value = getattr(self, name)
            if not isinstance(value, tuple) or not all(isinstance(item, str) for item in value):
                raise UsageError(f"{name} must be a list of texts, not {value!r}.")
        if not isinstance(self.weights, tuple) or not all(
            type(weight) in (int, float) and 0.0 <= weight <= MOST_WEIGHT for weight in self.weights
        ):
            raise UsageError(f"data_weights must be numbers between 0 and {MOST_WEIGHT:g}, not {self.weights!r}.")

    def to_json(self) -> dict[str, Any]:
        """Return the settings as JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Curation:
        """Return the settings that `to_json` wrote; raises TypeError for a setting there is not, and UsageError."""
        settings: dict[str, Any] = {
            name: tuple(item) if isinstance(item, list) else item for name, item in value.items()
        }
        return cls(**settings)


def _listed(choices: tuple[str, ...]) -> str:
    return f"{', '.join(choices[:-1])} or {choices[-1]}"
