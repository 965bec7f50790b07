"""Supervised fine-tuning: conversations in, the assistant's words learnt, everything else only read.

Owns what makes a run SFT. Must not know the training loop's inner life: that is the same for every method.
"""

from __future__ import annotations

from typing import Any

from workbench.core.errors import UsageError
from workbench.engine import lineage, loop
from workbench.engine.load import generation_eos, load_tokenizer
from workbench.engine.masks import ChatEncoder
from workbench.engine.material import material, prompts_of, rows
from workbench.engine.prepare import Encoded, encode_chats
from workbench.engine.session import Attempt


def train(attempt: Attempt) -> tuple[str, dict[str, Any]]:
    """Run SFT and return (outcome, figures for the report)."""
    recipe = attempt.recipe

    # Base: its tokenizer and chat template decide how a conversation becomes tokens.
    folder = lineage.folder(attempt)
    tokenizer = load_tokenizer(folder)
    if tokenizer.chat_template is None:
        raise UsageError(
            f"The base {recipe.base} has no chat template, which sft needs; choose its instruct variant as base."
        )

    # Rows and examples: held-out rows are split off before anything is packed.
    def build() -> tuple[Encoded, dict[str, Encoded], list[str], bool, dict[str, Any]]:
        learn, held, counts = rows(attempt)
        attempt.reporter.phase("preparing", "encoding rows")
        encoder = ChatEncoder(tokenizer, generation_eos(folder))
        train_set = encode_chats(encoder, learn, recipe.max_length)
        held_out = {"held_out": encode_chats(encoder, held, recipe.max_length)}
        return train_set, held_out, prompts_of(recipe.sample_prompts, held or learn), True, counts

    # Training
    return loop.fit(attempt, folder, tokenizer, material(attempt, build))
