"""Prompts to be answered: from any data that has some, each once, and as many as are wanted.

Owns what counts as the same prompt and which are drawn. Must not know models or judges.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.core.errors import UsageError
from workbench.data import account, canonical, plan, readers, sources

REPEATED = "the prompt is there already"


@dataclass(frozen=True)
class Prompts:
    """What is to be answered, in the order of the files."""

    rows: tuple[Mapping[str, Any], ...]
    """Canonical rows of type prompt_only: {"prompt": turns, "answer"?, …}."""
    found: int
    """Usable rows in the data."""
    left_out: Counter[str]
    """Reason → rows that are not asked about for it."""
    files: tuple[plan.Stamp, ...]

    @property
    def sha256(self) -> str:
        """The hash of the rows and their order, as hex."""
        hashed = hashlib.sha256()
        for row in self.rows:
            data = _text(row)
            hashed.update(b"%d:" % len(data) + data)
        return hashed.hexdigest()


def _text(value: Any) -> bytes:
    """Return a value of a row as bytes, the same for the same value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str).encode("utf-8", "surrogatepass")


def read(paths: Sequence[str], count: int, seed: int) -> Prompts:
    """Return the prompts of files and folders: all of them, or `count` that `seed` draws evenly.

    A prompt that comes again is asked once. Raises UsageError when a path cannot be read or holds no prompt.
    """
    found = sources.find(paths)
    rows: dict[bytes, Mapping[str, Any]] = {}
    left_out: Counter[str] = Counter()
    usable = 0
    for part in found.parts:
        convert = account.converter(part.detection.layout, part.why_not, "prompt_only", canonical.Tally())
        for member in part.members:
            for record in readers.read(member):
                row = convert(record.value) if isinstance(record, readers.Record) else None
                if not isinstance(row, dict):
                    left_out[row.reason if isinstance(row, canonical.Rejected) else "the row cannot be read"] += 1
                    continue
                usable += 1
                key = hashlib.sha256(_text([row["prompt"], row.get("tools")])).digest()
                left_out[REPEATED] += key in rows
                rows.setdefault(key, row)
    if not rows:
        raise UsageError("There is no prompt in this data; give questions, conversations or rows with a prompt.")
    kept = list(rows.values())
    if 0 < count < len(kept):
        drawn = sorted(random.Random(seed).sample(range(len(kept)), count))
        kept = [kept[number] for number in drawn]
    files = tuple(plan.stamp(Path(path)) for path in found.origins())
    return Prompts(tuple(kept), usable, +left_out, files)
