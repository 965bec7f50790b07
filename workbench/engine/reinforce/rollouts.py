"""Answers a model writes to many prompts at once, to be learnt from: sampled in batches, and the same every time.

Owns the sampling, the cache of keys and values while it goes on, and how answers become a batch to learn from. Must not
know rewards, methods or files. Each answer draws from random numbers of its own, which follow from a key and its place
alone: neither how many are written at once nor what other generators have drawn changes it, so that a run that is taken
up again writes the very same answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import DynamicCache

from workbench.engine.masks import IGNORED
from workbench.engine.samples import generating
from workbench.engine.thoughts import Thoughts

_DROPPED = 0.75
"""Share of the answers in a batch that still grow, at which those that have ended leave it: less would copy the cache
too often, more would compute what nobody reads."""


@dataclass(frozen=True)
class Rollouts:
    """Answers to prompts: `count` to the first, then as many to the second, and so on."""

    prompts: list[list[int]]
    """Tokens of each answer's prompt."""
    answers: list[list[int]]
    """Tokens of each answer, the one it ended with included."""
    log_probs: list[list[float]]
    """Log-probability of each token of each answer, in nats, at the temperature and before top_p; also of those that
    were forced."""
    finished: list[bool]
    """Whether each answer ended by itself and not at the limit of its length."""
    forced: list[range]
    """Places of each answer's tokens that were written to close its thought and not drawn; they are not learnt."""

    @property
    def learnt(self) -> int:
        """Tokens that all answers were drawn."""
        return sum(map(len, self.answers)) - sum(map(len, self.forced))

    def __len__(self) -> int:
        return len(self.answers)

    def batch(self, numbers: Sequence[int], pad: int) -> dict[str, torch.Tensor]:
        """Return some answers behind their prompts as ids, labels and mask of rows × tokens, padded at the end.

        Nothing but what was drawn of the answers has labels.
        """
        rows = [(self.prompts[number], self.answers[number]) for number in numbers]
        width = max(len(prompt) + len(answer) for prompt, answer in rows)
        ids, labels, mask = (np.full((len(rows), width), value, dtype=np.int64) for value in (pad, IGNORED, 0))
        for row, (prompt, answer) in enumerate(rows):
            begin, end = len(prompt), len(prompt) + len(answer)
            ids[row, :end], labels[row, begin:end], mask[row, :end] = prompt + answer, answer, 1
            forced = self.forced[numbers[row]]
            labels[row, begin + forced.start : begin + forced.stop] = IGNORED
        return {
            "input_ids": torch.from_numpy(ids),
            "labels": torch.from_numpy(labels),
            "attention_mask": torch.from_numpy(mask),
        }


def _drawn(logits: torch.Tensor, noise: torch.Tensor, top_p: float) -> torch.Tensor:
    """Return a token per row of `logits`, by the inverse of the cumulated probabilities at `noise`, both rows long.

    With `top_p` below 1 the smallest set of the likeliest tokens that holds so much is drawn from (Holtzman et al.
    2020).
    """
    probabilities = logits.softmax(-1)
    order = None
    if top_p < 1:
        probabilities, order = probabilities.sort(-1, descending=True)
        before = probabilities.cumsum(-1) - probabilities
        probabilities = probabilities.masked_fill(before >= top_p, 0)
    cumulated = probabilities.cumsum(-1)
    whole = cumulated[:, -1:]
    # Rounding must not lead to the whole itself, behind which there is nothing.
    wanted = torch.minimum(noise[:, None] * whole, whole.nextafter(torch.zeros_like(whole)))
    found = torch.searchsorted(cumulated, wanted, right=True)
    return (found if order is None else order.gather(-1, found))[:, 0]


@dataclass(frozen=True)
class Sampling:
    """How answers are written."""

    max_new_tokens: int
    ends: Sequence[int]
    """Tokens that end an answer."""
    pad: int
    temperature: float = 1.0
    """0 always takes the likeliest token."""
    top_p: float = 1.0
    vocabulary: int = 0
    """Tokens the tokenizer knows: a model may have more, which are never written; 0 allows all."""
    thoughts: Thoughts | None = None
    """How the thoughts that prompts have opened are held, None where they have opened none."""

    def next(
        self, logits: torch.Tensor, noise: torch.Tensor, forced: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return (next tokens, their log-probabilities) of rows × vocabulary `logits`; `forced` are tokens that some
        rows are given instead, -1 for the others.
        """
        logits = logits.float()
        if 0 < self.vocabulary < logits.shape[-1]:
            logits[:, self.vocabulary :] = -torch.inf
        if self.temperature:
            logits /= self.temperature
        tokens = _drawn(logits, noise, self.top_p) if self.temperature else logits.argmax(-1)
        if forced is not None:
            tokens = torch.where(forced < 0, tokens, forced)
        return tokens, logits.gather(-1, tokens[:, None])[:, 0] - logits.logsumexp(-1)


def _written(
    model: Any, prompts: list[list[int]], owners: list[int], noise: torch.Tensor, how: Sampling
) -> tuple[list[list[int]], list[list[float]], list[range]]:
    """Return (tokens, log-probabilities, forced places) of one answer per entry of `owners`, which names its prompt.

    Each prompt is read once, whatever the number of its answers: its part of the cache is then given to all of them.
    """
    device = model.device
    width = max(map(len, prompts))
    ids = torch.tensor([[how.pad] * (width - len(prompt)) + prompt for prompt in prompts], device=device)
    mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts], device=device)
    cache = DynamicCache(config=model.config)

    def read(ids: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        found = model(
            input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True,
            logits_to_keep=1,
        )  # fmt: skip
        logits: torch.Tensor = found.logits[:, -1]
        return logits

    logits = read(ids, (mask.cumsum(-1) - 1).clamp(min=0))
    owner = torch.tensor(owners, device=device)
    if owners != list(range(len(prompts))):
        cache.reorder_cache(owner)
        logits, mask = logits[owner], mask[owner]
    ends = torch.tensor(list(how.ends), device=device)
    shape = (len(owners), how.max_new_tokens)
    tokens = torch.full(shape, how.pad, device=device)
    told = torch.zeros(shape, device=device)
    lengths = torch.full((len(owners),), how.max_new_tokens, device=device)
    rows = torch.arange(len(owners), device=device)
    """Numbers of the answers in the batch."""
    growing = torch.ones_like(rows, dtype=torch.bool)
    closing = _Closing(how, len(owners), device)
    for place in range(how.max_new_tokens):
        following, log_probs = how.next(logits, noise[rows, place], closing.at(place, tokens, rows, growing))
        tokens[rows, place] = following
        told[rows, place] = log_probs
        ended = growing & torch.isin(following, ends)
        lengths[rows[ended]] = place + 1
        growing = growing & ~ended
        left = int(growing.sum())
        if not left or place + 1 == how.max_new_tokens:
            break
        if left <= _DROPPED * len(rows):
            kept = growing.nonzero()[:, 0]
            cache.reorder_cache(kept)
            rows, mask, following, growing = rows[kept], mask[kept], following[kept], growing[kept]
        positions = mask.sum(-1, keepdim=True)
        mask = torch.cat([mask, mask.new_ones(len(mask), 1)], 1)
        logits = read(following[:, None], positions)
    kept_lengths = lengths.tolist()
    return (
        [row[:length] for row, length in zip(tokens.tolist(), kept_lengths, strict=True)],
        [row[:length] for row, length in zip(told.tolist(), kept_lengths, strict=True)],
        closing.places(),
    )


class _Closing:
    """Which answers of a batch get their thought closed by force, and with which tokens."""

    def __init__(self, how: Sampling, answers: int, device: Any) -> None:
        self._thoughts, self._limit = how.thoughts, how.max_new_tokens
        self._open = torch.zeros(answers, dtype=torch.bool, device=device)

    def at(self, place: int, tokens: torch.Tensor, rows: torch.Tensor, growing: torch.Tensor) -> torch.Tensor | None:
        """Return the token that each of `rows` is given at a place of its answer, -1 for none; None where none is.

        `tokens` are those of all answers so far.
        """
        if self._thoughts is None:
            return None
        since = place - self._thoughts.longest
        if not 0 <= since < len(self._thoughts.closing):
            return None
        if since == 0:
            still = rows[growing].tolist()
            unclosed = [row for row in still if not self._thoughts.closed(tokens[row, :place].tolist())]
            self._open[unclosed] = True
        return torch.where(self._open[rows], self._thoughts.closing[since], -1)

    def places(self) -> list[range]:
        """Return the places that were forced in each answer."""
        if self._thoughts is None:
            return [range(0)] * len(self._open)
        begin = self._thoughts.longest
        span = range(begin, min(begin + len(self._thoughts.closing), self._limit))
        return [span if forced else range(0) for forced in self._open.tolist()]


def noise_of(key: Sequence[int], answers: int, tokens: int) -> NDArray[np.float32]:
    """Return the random numbers of answers × tokens that belong to a key, each from 0 to below 1."""
    return np.random.default_rng(list(key)).random((answers, tokens), dtype=np.float32)


def sample(
    model: Any,
    prompts: Sequence[Sequence[int]],
    how: Sampling,
    *,
    count: int,
    key: Sequence[int],
    batch: int,
    told: Callable[[int], None] = lambda done: None,
) -> Rollouts:
    """Return `count` answers to each of some prompts, given as tokens, from the model as it is now.

    At most `batch` are written at once, which bounds the memory; `key` is what they are drawn from, for example the
    seed and the step. `told` is called with the number of answers there are. The model is left as it was, and so are
    all random generators.
    """
    total = len(prompts) * count
    noise = torch.from_numpy(noise_of(key, total, how.max_new_tokens)).to(model.device)
    answers: list[list[int]] = [[] for _ in range(total)]
    log_probs: list[list[float]] = [[] for _ in range(total)]
    forced = [range(0)] * total
    # Prompts of like length share a batch, so that little is padded.
    order = sorted(range(total), key=lambda number: (len(prompts[number // count]), number))
    with generating(model):
        for start in range(0, total, batch):
            numbers = order[start : start + batch]
            needed = list(dict.fromkeys(number // count for number in numbers))
            owners = [needed.index(number // count) for number in numbers]
            written = _written(
                model, [list(prompts[prompt]) for prompt in needed], owners, noise[torch.tensor(numbers)], how
            )
            for number, row, log_prob, places in zip(numbers, *written, strict=True):
                answers[number], log_probs[number], forced[number] = row, log_prob, places
            told(start + len(numbers))
    ends = set(how.ends)
    return Rollouts(
        [list(prompts[number // count]) for number in range(total)],
        answers,
        log_probs,
        [bool(answer) and answer[-1] in ends for answer in answers],
        forced,
    )
