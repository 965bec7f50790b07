"""Distillation: a model learns how likely a larger one holds every word of the answers, beside the answers themselves.

Owns what makes a run distillation. Must not know the training loop's inner life: that is the same for every method.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.engine import lineage, loop
from workbench.engine.chat_templates import tokenizer_of
from workbench.engine.compress.teacher import soft_labels
from workbench.engine.examples import Writer
from workbench.engine.masks import ChatEncoder
from workbench.engine.material import TRAIN, Built, material, prompts_of, rows, watched
from workbench.engine.prepare import encode_chats
from workbench.engine.session import Attempt
from workbench.engine.tokenizer import generation_eos
from workbench.engine.ways import Distillation


def train(attempt: Attempt) -> tuple[str, dict[str, Any]]:
    """Run distillation and return (outcome, figures for the report)."""
    recipe = attempt.recipe

    # Base: its tokenizer and chat template decide how a conversation becomes tokens, for the teacher as well.
    folder = lineage.folder(attempt)
    tokenizer = tokenizer_of(folder, recipe.base, recipe.method)

    # Rows and examples: those of sft, of which nothing but the answers is learnt.
    def build(write: Callable[[str], Writer]) -> Built:
        found = rows(attempt)
        encoder = ChatEncoder(tokenizer, generation_eos(folder))
        train_set = encode_chats(encoder, watched(attempt, found.train()), recipe.max_length, write(TRAIN))
        held_out = {"held_out": encode_chats(encoder, found.held_out, recipe.max_length, write("held_out"))}
        prompts = prompts_of(recipe.sample_prompts, found.held_out or found.train())
        return Built(train_set, held_out, prompts, True, dict(found.counts))

    made = material(attempt, build)

    # Training: towards what the teacher says of each learnt token, which is asked before the base is loaded.
    said = soft_labels(attempt, folder, tokenizer, made)
    return loop.fit(attempt, folder, tokenizer, made, Distillation(recipe, made, said))
