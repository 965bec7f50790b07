"""Rows measured in tokens, and the maximum length that follows from them.

Owns the measuring and the proposal. Must not know marks or files.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from workbench.core.derive import COVERED_SHARE, MOST_FOR_ARTICLES, STEP, UNKNOWN_CONTEXT
from workbench.engine.masks import IGNORED, Example
from workbench.engine.preview.microscope import Encoders, conversations
from workbench.engine.rendering import MaskError

SECONDS = 30.0
"""Measuring ends after this time; so many rows are a fair sample by then."""
_BATCH = 64
_UNLIMITED = 1 << 60


@dataclass
class Measured:
    """Lengths of rows."""

    lengths: list[int] = field(default_factory=list)
    """Tokens of each row, of its longer answer where there are two."""
    prompts: list[int] = field(default_factory=list)
    """Tokens of each row before the first one that is learnt; all of them for a prompt alone, 0 for an article."""
    refused: Counter[str] = field(default_factory=Counter)
    articles: bool = False


def context(folder: Path) -> int:
    """Return how many tokens the base can read at once, or 0 when its configuration does not tell."""
    try:
        body = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        found = {**body, **body.get("text_config", {})}.get("max_position_embeddings", 0)
    except (OSError, ValueError, TypeError, AttributeError):
        return 0
    return found if isinstance(found, int) and found > 0 else 0


def _begin(example: Example) -> int:
    """Return the number of tokens before the first that is learnt."""
    return next((place for place, label in enumerate(example.labels) if label != IGNORED), len(example.labels))


def _measure(using: Encoders, rows: Sequence[Mapping[str, Any]], into: Measured) -> None:
    """Add the lengths of some rows."""
    articles = [str(row.get("text", "")) for row in rows if not conversations(row)]
    for examples in using.text.encode_texts(articles, _UNLIMITED):
        into.articles = True
        into.lengths.append(sum(len(example.input_ids) for example in examples))
        into.prompts.append(0)
    chats = [row for row in rows if conversations(row)]
    if chats and using.chat is None:
        into.refused["the base has no chat template"] += len(chats)
        return
    told = [
        (number, messages, before, row.get("tools"))
        for number, row in enumerate(chats)
        for messages, before in conversations(row)
    ]
    whole = [{"messages": messages, "tools": tools} for _, messages, before, tools in told if before < len(messages)]
    assert using.chat is not None or not chats
    outcomes = using.chat.encode_rows(whole, _UNLIMITED) if using.chat is not None else iter(())
    found: dict[int, tuple[int, int] | str] = {}
    for number, messages, before, tools in told:
        try:
            if before == len(messages):
                length = len(using.chat.trace_prompt(messages, tools).example.input_ids)  # type: ignore[union-attr]
                found[number] = (length, length)
                continue
            outcome = next(outcomes)
            if isinstance(outcome, MaskError):
                raise outcome
            begin = _begin(outcome)
            if any(message["role"] == "assistant" for message in messages[:before]):
                begin = len(using.chat.trace_prompt(messages[:before], tools).example.input_ids)  # type: ignore[union-attr]
            earlier = found.get(number, (0, 0))
            if isinstance(earlier, tuple):
                found[number] = max(earlier, (len(outcome.input_ids), begin))
        except MaskError as error:
            found[number] = str(error)
    for result in found.values():
        if isinstance(result, str):
            into.refused[result] += 1
        else:
            into.lengths.append(result[0])
            into.prompts.append(result[1])


def measure(
    using: Encoders,
    rows: Iterable[Mapping[str, Any]],
    limit: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext,
) -> Measured:
    """Return the lengths of rows in tokens, of as many of them as fit into `SECONDS`.

    Each batch of rows is worked on within a `limit`.
    """
    measured = Measured()
    deadline = time.monotonic() + SECONDS
    remaining = iter(rows)
    while time.monotonic() < deadline and (batch := list(itertools.islice(remaining, _BATCH))):
        with limit():
            _measure(using, batch, measured)
    return measured


def proposal(measured: Measured, most: int) -> tuple[int, str]:
    """Return the maximum length to use and why, in one sentence; `most` is the base's context, 0 when unknown."""
    lengths = np.sort(np.array(measured.lengths, dtype=np.int64))
    wanted = int(lengths[min(len(lengths) - 1, int(np.ceil(COVERED_SHARE * len(lengths))) - 1)])
    length = -(-wanted // STEP) * STEP
    bound = most or UNKNOWN_CONTEXT
    if measured.articles and length > MOST_FOR_ARTICLES < bound:
        return MOST_FOR_ARTICLES, (
            f"{MOST_FOR_ARTICLES} because longer articles are split without loss and longer sequences take memory."
        )
    if length > bound:
        share = float((lengths <= bound).mean())
        what = "is what the base can read" if most else "is a safe bound for a base that does not tell its context"
        return bound, f"{bound} {what}; {100 * share:.1f} % of the rows fit into it."
    share = float((lengths <= length).mean())
    return length, f"{length} is the smallest multiple of {STEP} that covers {100 * share:.1f} % of the rows whole."


def described(measured: Measured, max_length: int, most: int) -> dict[str, Any]:
    """Return lengths as the package's docstring has them; `max_length` is the one in use, 0 for the proposal."""
    from workbench.data import survey

    told = survey.lengths(measured.lengths, "tokens")
    refused = [{"reason": reason, "count": number} for reason, number in measured.refused.most_common(10)]
    if not measured.lengths:
        return {**told, "refused": refused}
    proposed, why = proposal(measured, most)
    lengths = np.array(measured.lengths)
    in_use = max_length or proposed
    candidates = {256 << power for power in range(10) if 256 << power <= (most or UNKNOWN_CONTEXT)}
    covered = [
        {"max_length": candidate, "share": round(float((lengths <= candidate).mean()), 4)}
        for candidate in sorted({*candidates, proposed, in_use})
    ]
    return {
        **told,
        "covered": covered,
        "max_length": proposed,
        "why": why,
        "too_long": int(sum(prompt >= in_use for prompt in measured.prompts)),
        "refused": refused,
    }
