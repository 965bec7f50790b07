"""The rows a run learnt from and those it held out, as the tokens it read.

Owns which of them an export looks at. Must not know what for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from workbench.engine.examples import Examples
from workbench.engine.export import importance
from workbench.engine.material import HEAD, TRAIN
from workbench.runs import atomic

HELD_OUT = "held_out"
LONGEST = 2048
"""Tokens of a row that are looked at most."""
MEASURED_ROWS = 256


def _read(folder: Path, name: str) -> Examples | None:
    """Return the examples of a name in a run's prepared folder; None where it has none, or is not whole."""
    try:
        if not folder.is_dir() or atomic.verify(folder):
            return None
        held_out = json.loads((folder / HEAD).read_text(encoding="utf-8"))["held_out"]
        return Examples.read(folder / name) if name == TRAIN or name in held_out else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _spread(found: Examples, budget: int) -> Sequence[int]:
    """Return which examples to take: answers one would want, spread over all of them."""
    wanted = [number for number in range(len(found)) if found.desirable(number)]
    lengths = found.lengths
    return [wanted[place] for place in importance.chosen([int(lengths[number]) for number in wanted], LONGEST, budget)]


def rows(prepared: Path) -> list[list[int]]:
    """Return the tokens of rows that a run learnt from; none where it has none."""
    found = _read(prepared, TRAIN)
    if found is None:
        return []
    return [found[number].input_ids[:LONGEST] for number in _spread(found, importance.TOKENS)]


def held_out(prepared: Path, tokens: int) -> list[tuple[list[int], list[bool]]]:
    """Return rows that a run did not learn from, as tokens and whether each is one it would learn; about `tokens`."""
    found = _read(prepared, HELD_OUT)
    if found is None:
        return []
    chosen = [found[number] for number in _spread(found, tokens)[:MEASURED_ROWS]]
    return [(one.input_ids, [label >= 0 for label in one.labels]) for one in chosen]
