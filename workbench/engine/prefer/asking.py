"""What a judge is asked of two answers, and a reviser of one: the texts under assets/preferring, filled in.

Owns those texts, and which principle a prompt gets. Must not know models or what follows from a reply. What is to be
judged stands between lines with a key that follows from it, so that it cannot write such a line itself.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from workbench.core.errors import UsageError
from workbench.core.paths import assets_dir, expanded
from workbench.core.recipe import BUNDLED
from workbench.core.text import one_line

LARGEST = 1 << 16
"""Bytes of a rubric or a constitution: a judge reads all of a rubric each time."""
NOTHING = "nothing to change"
"""What a critic says of an answer that keeps to its principle."""


@cache
def _ours(name: str) -> str:
    """Return a text that ships with the workbench."""
    return (assets_dir() / "preferring" / f"{name}.txt").read_text(encoding="utf-8").strip()


def written(file: str, what: str) -> str:
    """Return a rubric or a constitution: the person's file, or ours for "bundled"; raises UsageError without one."""
    if file == BUNDLED:
        return _ours(what)
    path = expanded(file)
    name = one_line(str(path), 120)
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
        text = data.decode("utf-8").strip()
    except OSError as error:
        raise UsageError(f"The {what} {name} cannot be read: {error.strerror}; check the path.") from None
    except UnicodeDecodeError:
        raise UsageError(f"The {what} {name} is no UTF-8 text; save it as such.") from None
    if not text or len(data) > LARGEST:
        raise UsageError(f"The {what} {name} must be a text of at most 64 KiB.")
    return text


def principles(text: str) -> tuple[str, ...]:
    """Return the principles of a constitution: its lines, without marks of a list; raises UsageError without any."""
    lines = (line.strip().lstrip("-*• ").strip() for line in text.splitlines() if not line.lstrip().startswith("#"))
    found = tuple(line for line in lines if line)
    if not found:
        raise UsageError("The constitution holds no principle; write one per line.")
    return found


def principle(listed: Sequence[str], seed: int, number: int) -> str:
    """Return the principle that a prompt is answered by, drawn evenly (as Bai et al. 2022 draw one for each)."""
    return random.Random(f"{seed} {number}").choice(listed)


def _told(turns: Sequence[Mapping[str, Any]]) -> str:
    """Return a conversation as text."""
    return "\n".join(f"{turn.get('role', '')}: {turn.get('content') or ''}" for turn in turns)


def comparison(turns: Sequence[Mapping[str, Any]], first: str, second: str, rubric: str) -> list[dict[str, str]]:
    """Return the conversation in which a judge compares two answers, the first as A."""
    told = _told(turns)
    material = "\0".join((rubric, told, first, second)).encode("utf-8", "surrogatepass")
    key = hashlib.sha256(material).hexdigest()[:8]
    text = _ours("judge").format(rubric=rubric, conversation=told, first=first, second=second, key=key)
    return [{"role": "user", "content": text}]


def critique(turns: Sequence[Mapping[str, Any]], answer: str, by: str) -> list[Mapping[str, Any]]:
    """Return the conversation in which a model is asked what is wrong with an answer by a principle."""
    asked = {"role": "user", "content": _ours("critique").format(principle=by)}
    return [*turns, {"role": "assistant", "content": answer}, asked]


def revision(conversation: Sequence[Mapping[str, Any]], found: str) -> list[Mapping[str, Any]]:
    """Return the conversation of a critique with what it found, in which the answer is asked for anew."""
    return [*conversation, {"role": "assistant", "content": found}, {"role": "user", "content": _ours("revision")}]


def is_content(found: str) -> bool:
    """Return whether a critic finds nothing to change."""
    return found.strip().lower().strip(" .!*\"'`").endswith(NOTHING)
