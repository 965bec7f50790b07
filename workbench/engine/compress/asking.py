"""A teacher in memory: how likely it holds every word at places of a text, for the words that are kept of it.

Owns the passes through it and what is tried when memory runs out. Must not know files, trainers or losses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.core.errors import WorkbenchError
from workbench.core.recipe import Recipe
from workbench.core.teaching import TILE
from workbench.engine import load, micro
from workbench.engine.adapters import trunk
from workbench.engine.compress.distillation import softened
from workbench.engine.compress.projection import projection
from workbench.engine.prepare import collator
from workbench.runs.bases import Base

LEAST = -60_000.0
"""Log-probability that stands for less: half precision has nothing below -65504."""
_BATCH_TOKENS = 4096
"""Tokens that go through a teacher together at most, a single longer sequence aside."""


class Said(NamedTuple):
    """What a teacher says at places of a sequence."""

    log_probs: NDArray[np.float16]
    """Places × words, and where words are named the mass of all others as one more; at the recipe's temperature."""
    words: NDArray[np.int32] | None
    """Places × words in the student's vocabulary, the likeliest first; None for every word of it in order."""


class Teacher:
    """A model with the student's tokens that is asked; what it says is given back on the host."""

    def __init__(self, model: Any, recipe: Recipe, width: int) -> None:
        """`width` is how many words student and teacher have in common, which have the same numbers."""
        self._model, self._project = model, projection(model, width)
        self._temperature = recipe.distill_temperature
        self._width, self._most = width, _BATCH_TOKENS
        self._kept = kept_words(recipe.teacher_top_k, width)
        self.tokens = 0
        """Tokens that have passed through it."""

    def say(self, sequences: Sequence[NDArray[np.int64]], places: Sequence[Any]) -> list[Said]:
        """Return what it says after each of some places of token sequences, of any number of them.

        Fewer pass at once when memory runs out; raises WorkbenchError when a single one does not fit.
        """
        found: dict[int, Said] = {}
        rest = sorted(range(len(sequences)), key=lambda number: -len(sequences[number]))
        while rest:
            longest = max(1, len(sequences[rest[0]]))
            chosen = rest[: max(1, self._most // longest)]
            try:
                said = self._batch([sequences[number] for number in chosen], [places[number] for number in chosen])
            except RuntimeError as error:
                # It holds the failed pass in memory, so nothing is done before it is gone.
                if not micro.ran_out(error):
                    raise
                if len(chosen) == 1:
                    raise WorkbenchError(
                        "Out of memory while the teacher was asked; start again with --set teacher_in_4bit=true, or a "
                        "smaller max_length."
                    ) from None
                said = []
            if not said:
                self._most = longest * (len(chosen) // 2)
                micro.free()
                continue
            found |= dict(zip(chosen, said, strict=True))
            rest = rest[len(chosen) :]
            self.tokens += sum(len(sequences[number]) for number in chosen)
        return [found[number] for number in range(len(sequences))]

    def _batch(self, sequences: Sequence[NDArray[np.int64]], places: Sequence[Any]) -> list[Said]:
        """Return what it says of sequences that pass together."""
        batch = collator(0, packed=False)([{"input_ids": ids, "labels": ids} for ids in sequences])
        device = self._model.device
        with torch.no_grad():
            ids, seen = batch["input_ids"].to(device), batch["attention_mask"].to(device)
            hidden = trunk(self._model)(input_ids=ids, attention_mask=seen, use_cache=False).last_hidden_state
            return [self._said(*one) for one in zip(hidden, sequences, places, strict=True)]

    def _said(self, hidden: torch.Tensor, ids: NDArray[np.int64], places: Any) -> Said:
        """Return what it says at places of one sequence, given by their numbers; its hidden states are tokens × D."""
        log_probs, words = [], []
        for logits in self._tiles(hidden, places):
            chosen = logits.topk(self._kept, sorted=True).indices if self._kept else None
            log_probs.append(softened(logits, self._temperature, chosen).clamp(min=LEAST).half().cpu())
            if chosen is not None:
                words.append(chosen.int().cpu())
        return Said(torch.cat(log_probs).numpy(), torch.cat(words).numpy() if words else None)

    def _tiles(self, hidden: torch.Tensor, places: NDArray[np.int64]) -> Iterator[torch.Tensor]:
        """Yield the logits at places of a sequence, some rows at a time; once at least, so that nothing has a shape."""
        wanted = hidden[torch.from_numpy(places).to(hidden.device)]
        size = max(1, TILE // self._width)
        for start in range(0, max(1, len(wanted)), size):
            yield self._project(wanted[start : start + size])


def kept_words(top_k: int, words: int) -> int:
    """Return how many words are kept by name of what a teacher says of so many; 0 for all of them in order."""
    return top_k if 0 < top_k < words else 0


def loaded(recipe: Recipe, base: Base) -> Any:
    """Return a recipe's teacher in memory, in the format it is asked in; random generators are left as they were."""
    # A student's first weights are drawn afterwards, in an attempt that has loaded a teacher as in one that has not.
    with torch.random.fork_rng():
        return load.load_for_use(base, load.machine(recipe), recipe.teacher_in_4bit)
