"""Votes between two answers, kept as rows of preferences that a DPO run learns from.

Owns the files, one for each pair of models, and what a row says of its origin. Must not know who voted how. A row is
appended by a single write, so that a kill or another program never leaves half of one between others.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench import __version__
from workbench.core import paths
from workbench.core.errors import WorkbenchError
from workbench.core.text import json_safe
from workbench.runs import atomic
from workbench.runs.talk import Settings

Messages = Sequence[Mapping[str, str]]
_MOST_BYTES = 64 << 20
"""Of a file whose votes are counted."""


@dataclass(frozen=True)
class Answered:
    """One of the two answers that are compared."""

    reference: str
    """The model that gave it."""
    before: tuple[dict[str, str], ...]
    """Its conversation up to and with the question, the system prompt first where there was one."""
    text: str
    reason: str
    """How it ended: "stop" or "length"."""


def folder() -> Path:
    """Return the folder of all votes."""
    return paths.data_home() / "votes"


def about(run: str) -> tuple[Path | None, int]:
    """Return (file, number of rows) of the votes about a run's answers, of the pair with most of them."""
    most: tuple[Path | None, int] = (None, 0)
    for path in sorted(folder().glob("*.jsonl")) if folder().is_dir() else ():
        if run not in path.name:
            continue
        try:
            with path.open("rb") as file:
                rows = sum(1 for line in file.read(_MOST_BYTES).splitlines() if line.strip())
        except OSError:
            continue
        if rows > most[1]:
            most = (path, rows)
    return most


def _slug(reference: str) -> str:
    """Return a reference as a part of a file's name."""
    name = reference.rstrip("/").rsplit("/", 1)[-1]
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:60] or "model"


def file_of(pair: Sequence[str]) -> Path:
    """Return the file of the votes between two models, the same whichever is named first."""
    first, second = sorted(pair)
    mark = hashlib.sha256(f"{first}\n{second}".encode("utf-8", "replace")).hexdigest()[:6]
    return folder() / f"{_slug(first)}--{_slug(second)}-{mark}.jsonl"


def row(chosen: Answered, rejected: Answered, settings: Settings, blind: bool, turn: int) -> dict[str, Any]:
    """Return a vote as TRL's conversational preference row, with its origin under "provenance".

    The prompt is the conversation that led to the chosen answer. From the second question on the other model may have
    had another one; then its own stands under "rejected_prompt", and "same_prompt" is false.
    """
    same = chosen.before == rejected.before
    origin = {
        "chosen_model": chosen.reference,
        "rejected_model": rejected.reference,
        "chosen_end": chosen.reason,
        "rejected_end": rejected.reason,
        "settings": asdict(settings),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "blind": blind,
        "turn": turn,
        "same_prompt": same,
        "workbench": __version__,
        **({} if same else {"rejected_prompt": list(rejected.before)}),
    }
    return {
        "prompt": list(chosen.before),
        "chosen": [{"role": "assistant", "content": chosen.text}],
        "rejected": [{"role": "assistant", "content": rejected.text}],
        "provenance": origin,
    }


def save(pair: Sequence[str], vote: Mapping[str, Any]) -> Path:
    """Append a vote to the file of its pair and return that; raises NoSpaceError or WorkbenchError."""
    path = file_of(pair)
    line = json_safe(json.dumps(vote, ensure_ascii=False)).encode("utf-8", "replace") + b"\n"
    atomic.require_space(path, len(line))
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(fd).st_size
            if size and os.pread(fd, 1, size - 1) != b"\n":
                # A disk that became full left half a row; it is set apart and the new one is whole.
                line = b"\n" + line
            if os.write(fd, line) != len(line):
                os.ftruncate(fd, size)
                raise WorkbenchError(f"The vote does not fit on the disk of {path}; free some space and vote again.")
            os.fsync(fd)
        finally:
            os.close(fd)
    except OSError as error:
        raise WorkbenchError(f"{path} cannot be written: {error.strerror}; the vote is not kept.") from None
    return path


def tally(pair: Sequence[str]) -> Counter[str]:
    """Return how many votes each model of a pair has; rows that cannot be read do not count."""
    found: Counter[str] = Counter()
    with contextlib.suppress(OSError), file_of(pair).open("rb") as file:
        for line in file:
            with contextlib.suppress(ValueError, LookupError, TypeError):
                found[str(json.loads(line)["provenance"]["chosen_model"])] += 1
    return found


def mixed(seed: int, turn: int) -> bool:
    """Return whether the two sides change places for a question; the same for the same seed."""
    return random.Random(f"{seed}:{turn}").random() < 0.5
