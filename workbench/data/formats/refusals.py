"""Why a row is not trained on.

Owns `Rejected`, what a conversion returns for such a row, and the exceptions that carry its reason out of the middle of
a conversion. Must not know any format.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is not trained on."""

    reason: str
    """One phrase, the same for all rows with the same fault."""
    misfit: bool = field(default=False, compare=False)
    """Whether the row does not have the layout at all, rather than a fault: another layout may fit it."""


class Refused(Exception):
    """The row has a fault; the text is the reason."""

    misfit = False


class Misfit(Refused):
    """The row does not have the layout; the text is the reason when no other layout fits it either."""

    misfit = True
