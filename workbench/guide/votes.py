"""Votes between two answers, kept as rows of preferences that a DPO run learns from.

Owns the files, one for each pair of models, and what a row says of its origin. Must not know who voted how. A row is
appended by a single write, and one is taken back by writing the file anew beside it, so that a kill or another program
never leaves half of one between others; whoever writes holds a lock on the file, so that none is lost.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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


def _line(vote: Mapping[str, Any]) -> bytes:
    """Return a vote as it stands in its file."""
    return json_safe(json.dumps(vote, ensure_ascii=False)).encode("utf-8", "replace") + b"\n"


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int]:
    """Hold a file alone, made where there is none, and yield its descriptor; raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    while True:
        fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            with contextlib.suppress(OSError):  # some network file systems refuse to lock
                fcntl.flock(fd, fcntl.LOCK_EX)
            # Whoever held it before may have put another file in its place.
            if path.exists() and os.path.samestat(os.fstat(fd), path.stat()):
                yield fd
                return
        finally:
            os.close(fd)


def save(pair: Sequence[str], vote: Mapping[str, Any]) -> Path:
    """Append a vote to the file of its pair and return that; raises NoSpaceError or WorkbenchError."""
    path = file_of(pair)
    line = _line(vote)
    atomic.require_space(path, len(line))
    try:
        with _locked(path) as fd:
            size = os.fstat(fd).st_size
            if size and os.pread(fd, 1, size - 1) != b"\n":
                # A disk that became full left half a row; it is set apart and the new one is whole.
                line = b"\n" + line
            if os.write(fd, line) != len(line):
                os.ftruncate(fd, size)
                raise WorkbenchError(f"The vote does not fit on the disk of {path}; free some space and vote again.")
            os.fsync(fd)
    except OSError as error:
        raise WorkbenchError(f"{path} cannot be written: {error.strerror}; the vote is not kept.") from None
    return path


def change(pair: Sequence[str], before: Mapping[str, Any], after: Mapping[str, Any] | None) -> Path:
    """Put another vote in the place of one, or take it back where that is None, and return the file of its pair.

    All other rows stay as they are. A vote that somebody has removed from the file is not put back, and the other one
    is appended. Raises NoSpaceError or WorkbenchError; the file is then as it was.
    """
    path = file_of(pair)
    wanted, line = _line(before), b"" if after is None else _line(after)
    try:
        with _locked(path) as fd, open(fd, "rb", closefd=False) as file:
            held = file.read()
            lines = held.splitlines(keepends=True)
            places = [number for number, one in enumerate(lines) if one.rstrip(b"\n") == wanted.rstrip(b"\n")]
            if places:
                lines[places[-1]] = line
            elif line:
                lines += [*([b"\n"] if held and not held.endswith(b"\n") else []), line]
            if (rest := b"".join(lines)) != held:
                atomic.require_space(path, len(rest))
                atomic.write_bytes(path, rest)
                path.chmod(0o600)
    except OSError as error:
        raise WorkbenchError(f"{path} cannot be written: {error.strerror}; the vote stays as it was.") from None
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
