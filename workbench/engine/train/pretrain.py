"""Pre-training: plain text in, every token learnt, from random weights or from a base.

Owns what makes a run pre-training, a new model's tokenizer and shape included. Must not know the training loop's inner
life: that is the same for every method.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from workbench.core.recipe import SCRATCH
from workbench.engine import lineage, loop, scratch
from workbench.engine.examples import Writer
from workbench.engine.material import TRAIN, Built, material, prompts_of, rows, watched
from workbench.engine.prepare import Encoded, encode_texts
from workbench.engine.session import Attempt
from workbench.engine.tokenizer import load_tokenizer


def train(attempt: Attempt) -> tuple[str, dict[str, Any]]:
    """Run pre-training and return (outcome, figures for the report)."""
    recipe = attempt.recipe

    # Base: a new one gets its tokenizer from the same text it will learn.
    folder = scratch.folder(attempt) if recipe.base == SCRATCH else lineage.folder(attempt)
    tokenizer = load_tokenizer(folder)

    # Rows and examples
    def build(write: Callable[[str], Writer]) -> Built:
        found = rows(attempt)

        def encoded(texts: Iterable[dict[str, Any]], name: str) -> Encoded:
            return encode_texts(tokenizer, texts, recipe.max_length, write(name), recipe.control_tokens)

        train_set = encoded(watched(attempt, found.train()), TRAIN)
        held_out = {"held_out": encoded(found.held_out, "held_out")}
        prompts = prompts_of(recipe.sample_prompts, found.held_out or found.train())
        return Built(train_set, held_out, prompts, False, dict(found.counts))

    # Training
    return loop.fit(attempt, folder, tokenizer, material(attempt, build))
