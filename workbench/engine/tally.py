"""What is counted while rows pass through a model: tokens, and the means a step or an evaluation tells beside its loss.

Owns the sums and the numbers of rows behind each mean. Must not know what they are of.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from workbench.engine import team


class Tally:
    """Sums of named figures, each with how often it was told."""

    def __init__(self, sums: Mapping[str, Any] | None = None) -> None:
        """Begin with what `sums` of another tally gave."""
        self.sums: dict[str, list[float]] = {name: list(pair) for name, pair in (sums or {}).items()}
        """Name → [sum, number of those that told it]; JSON can say it."""

    def add(self, name: str, total: float, number: float) -> None:
        """Count what `number` rows or tokens have told."""
        kept = self.sums.setdefault(name, [0.0, 0.0])
        kept[0] += total
        kept[1] += number

    def add_rows(self, figures: Mapping[str, torch.Tensor]) -> None:
        """Count figures of one number per row: NaN where a row says nothing of one."""
        if not figures:
            return
        told = torch.stack([tensor.double() for tensor in figures.values()])
        known = ~told.isnan()
        sums = torch.stack([told.nan_to_num().sum(1), known.double().sum(1)], 1).tolist()
        for name, (total, number) in zip(figures, sums, strict=True):
            self.add(name, total, number)

    def means(self) -> dict[str, float]:
        """Return the means over what every process of a team has counted; each process has to ask.

        A figure that nothing was told of is left out.
        """
        found = {name: (team.mean(total), team.mean(number)) for name, (total, number) in self.sums.items()}
        return {name: total / number for name, (total, number) in found.items() if number}
