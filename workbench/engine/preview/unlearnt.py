"""Tokens of a chat template that the base has never learnt, told from their embeddings.

Owns the comparison with tokens that were certainly never seen. Reads single rows of the embedding from safetensors
files; must not load a model.

A token that no text ever held keeps what initialisation, weight decay and the pull of the output layer made of it, so
never-seen tokens share a norm and often a direction (Land & Bartolo 2024, "Fishing for Magikarp",
https://arxiv.org/abs/2405.05417). Both are compared here, and the comparison has to prove itself on ordinary tokens:
where many of those look never seen too, nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import WorkbenchError
from workbench.engine.export.stored import Stored, open_model

LEAST_REFERENCES = 8
MOST_REFERENCES = 256
ORDINARY = 256
"""Ordinary tokens looked at to prove the comparison."""
MISTAKEN_SHARE = 0.1
"""Share of ordinary tokens that may look never seen: vocabularies hold some that really were not."""
SPREADS = 5.0
"""How many robust standard deviations from the middle of the never-seen tokens still count as one of them."""

_NEVER_SEEN = re.compile(r"(?i)(?<![a-z])(reserved|unused|unk_?\d|extra_(id_|token_)?\d|placeholder|dummy)")
_EMBEDDING = re.compile(r"(^|\.)(embed_tokens|wte|word_embeddings|embed_in|tok_embeddings)\.weight$")


@dataclass(frozen=True)
class Judged:
    """What is known about tokens of a template."""

    checked: bool
    why: str
    """Why it cannot be told, a sentence; "" when it can."""
    similarity: dict[int, float]
    """Token → how near it is to never-seen tokens, 1 for one of them, towards 0 for others."""
    unlearnt: tuple[int, ...]


def _embedding(folder: Path) -> Stored | None:
    """Return where the input embedding is stored, or None when it cannot be found."""
    try:
        tensors = open_model(folder)
    except WorkbenchError:
        return None
    found = [tensor for name, tensor in tensors.items() if _EMBEDDING.search(name) and len(tensor.shape) == 2]
    return max(found, key=lambda tensor: tensor.shape[0], default=None)


def _spread(numbers: Sequence[int], most: int) -> list[int]:
    """Return at most `most` of the numbers, evenly spread over them."""
    return [numbers[place * len(numbers) // most] for place in range(most)] if len(numbers) > most else list(numbers)


def _read(stored: Stored, numbers: Iterable[int]) -> NDArray[np.float64]:
    """Return rows of a tensor as [rows, width]."""
    return np.concatenate([stored.rows(number, number + 1) for number in numbers]).astype(np.float64)


def _directions(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rows scaled to length 1; a row of zeros stays as it is."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(norms > 0, norms, 1.0)


def _distances(
    values: NDArray[np.float64], references: NDArray[np.float64], floor: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how many robust standard deviations values and references are from the median of the references."""
    middle = float(np.median(references))
    width = max(1.4826 * float(np.median(np.abs(references - middle))), floor)
    return np.abs(values - middle) / width, np.abs(references - middle) / width


def _nearness(rows: NDArray[np.float64], references: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each row its distance, in spreads, to the never-seen tokens: the larger of norm's and direction's."""
    norms = np.linalg.norm(references, axis=1)
    by_norm, _ = _distances(np.linalg.norm(rows, axis=1), norms, 1e-3 * max(float(np.median(norms)), 1e-9))
    unit, known = _directions(rows), _directions(references)
    total = known.sum(axis=0)
    # Each reference is compared with the others only, since a mean leans towards its own members.
    others = _directions(total - known)
    own = np.einsum("ij,ij->i", known, others)
    by_direction, _ = _distances(unit @ _directions(total[None])[0], own, 1e-2)
    return np.maximum(by_norm, by_direction)


def judge(folder: Path, tokenizer: Any, tokens: Sequence[int]) -> Judged:
    """Return which of these added tokens look like tokens the base has never seen."""

    def unknown(why: str) -> Judged:
        return Judged(False, f"Whether the base has learnt its template's tokens cannot be told: {why}.", {}, ())

    stored = _embedding(folder)
    if stored is None:
        return unknown("its input embedding is not stored as plain numbers under a known name")
    added = tokenizer.added_tokens_decoder
    vocabulary = len(tokenizer)
    wanted = [token for token in tokens if token < stored.shape[0]]
    named = [
        number
        for number, token in added.items()
        if number not in tokens and number < stored.shape[0] and _NEVER_SEEN.search(token.content)
    ]
    references = _spread([*sorted(named), *range(vocabulary, stored.shape[0])], MOST_REFERENCES)
    if len(references) < LEAST_REFERENCES:
        return unknown("there are too few tokens that were certainly never seen to compare them with")
    plain = [number for number in range(min(vocabulary, stored.shape[0])) if number not in added]
    try:
        reference_rows = _read(stored, references)
        ordinary = _nearness(_read(stored, _spread(plain, ORDINARY)), reference_rows)
        near = _nearness(_read(stored, wanted), reference_rows) if wanted else np.zeros(0)
    except (WorkbenchError, OSError):
        return unknown("its input embedding cannot be read")
    if float((ordinary <= SPREADS).mean()) > MISTAKEN_SHARE:
        return unknown("ordinary tokens look like never-seen ones in this base")
    apart = dict(zip(wanted, near.tolist(), strict=True))
    similarity = {token: round(min(1.0, SPREADS / max(value, 1e-9)), 3) for token, value in apart.items()}
    return Judged(True, "", similarity, tuple(token for token, value in apart.items() if value <= SPREADS))
