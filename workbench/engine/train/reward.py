"""A reward model: a base whose head gives a whole answer one score, the better of two answers the higher one.

Owns what makes a run a reward model. Must not know the training loop's inner life: that is the same for every method.
It writes no text, so there are no samples.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.engine import lineage, loop
from workbench.engine.chat_templates import tokenizer_of
from workbench.engine.examples import Writer
from workbench.engine.masks import ChatEncoder
from workbench.engine.material import TRAIN, Built, material, rows, watched
from workbench.engine.prepare import encode_pairs
from workbench.engine.session import Attempt
from workbench.engine.tokenizer import generation_eos
from workbench.engine.ways import Comparison


def train(attempt: Attempt) -> tuple[str, dict[str, Any]]:
    """Run a reward model and return (outcome, figures for the report)."""
    recipe = attempt.recipe

    # Base: its tokenizer and chat template decide how a conversation becomes tokens.
    folder = lineage.folder(attempt)
    tokenizer = tokenizer_of(folder, recipe.base, recipe.method)

    # Rows and examples: a better and a worse answer each.
    def build(write: Callable[[str], Writer]) -> Built:
        found = rows(attempt)
        encoder = ChatEncoder(tokenizer, generation_eos(folder))
        train_set = encode_pairs(encoder, watched(attempt, found.train()), recipe.max_length, write(TRAIN))
        held_out = {"held_out": encode_pairs(encoder, found.held_out, recipe.max_length, write("held_out"))}
        return Built(train_set, held_out, [], True, dict(found.counts))

    # Training: the new head learns with the rest; by how often it is right on held-out pairs it is judged.
    return loop.fit(attempt, folder, tokenizer, material(attempt, build), Comparison(recipe))
