"""Pre-training: plain text in, every token learnt, from random weights or from a base.

Owns what makes a run pre-training, a new model's tokenizer and shape included. Must not know the training loop's inner
life: that is the same for every method.
"""

from __future__ import annotations

from typing import Any

from workbench.core.recipe import SCRATCH
from workbench.engine import lineage, loop, scratch
from workbench.engine.load import load_tokenizer
from workbench.engine.material import material, prompts_of, rows
from workbench.engine.prepare import Encoded, encode_texts
from workbench.engine.session import Attempt


def train(attempt: Attempt) -> tuple[str, dict[str, Any]]:
    """Run pre-training and return (outcome, figures for the report)."""
    recipe = attempt.recipe

    # Base: a new one gets its tokenizer from the same text it will learn.
    folder = scratch.folder(attempt) if recipe.base == SCRATCH else lineage.folder(attempt)
    tokenizer = load_tokenizer(folder)

    # Rows and examples
    def build() -> tuple[Encoded, dict[str, Encoded], list[str], bool, dict[str, Any]]:
        learn, held, counts = rows(attempt)
        attempt.reporter.phase("preparing", "encoding rows")
        train_set = encode_texts(tokenizer, learn, recipe.max_length, recipe.control_tokens)
        held_out = {"held_out": encode_texts(tokenizer, held, recipe.max_length, recipe.control_tokens)}
        return train_set, held_out, prompts_of(recipe.sample_prompts, held or learn), False, counts

    # Training
    return loop.fit(attempt, folder, tokenizer, material(attempt, build))
