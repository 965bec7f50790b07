"""Group relative policy optimisation: the model answers prompts, and what a check likes better becomes likelier.

Owns what makes a run GRPO; which loss it takes is an option of the same method. Must not know the training loop's inner
life: that is the same for every method.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.engine import lineage, loop
from workbench.engine.chat_templates import tokenizer_of
from workbench.engine.examples import Writer
from workbench.engine.masks import ChatEncoder
from workbench.engine.material import TRAIN, Built, material, prompts_of, rows, watched
from workbench.engine.prepare import encode_prompts
from workbench.engine.reinforce import goals
from workbench.engine.session import Attempt
from workbench.engine.tokenizer import generation_eos
from workbench.engine.ways import Reinforcement


def train(attempt: Attempt) -> tuple[str, dict[str, Any]]:
    """Run GRPO and return (outcome, figures for the report)."""
    recipe = attempt.recipe

    # Base: its tokenizer and chat template decide how a conversation becomes tokens.
    folder = lineage.folder(attempt)
    tokenizer = tokenizer_of(folder, recipe.base, recipe.method)

    # Rows and examples: prompts up to where an answer begins, and beside each what checks ask of its row.
    def build(write: Callable[[str], Writer]) -> Built:
        found = rows(attempt)
        encoder = ChatEncoder(tokenizer, generation_eos(folder))
        sizes = recipe.max_length - recipe.max_completion_length, recipe.max_completion_length
        train_set = encode_prompts(encoder, watched(attempt, found.train()), *sizes, write(TRAIN))
        held_out = {"held_out": encode_prompts(encoder, found.held_out, *sizes, write("held_out"))}
        prompts = prompts_of(recipe.sample_prompts, found.held_out or found.train())
        return Built(train_set, held_out, prompts, True, dict(found.counts))

    # Training: on answers the model writes itself, scored by the checks.
    made = material(attempt, build)
    with goals.judging(recipe, made.train, attempt.reporter) as judge:
        return loop.fit(attempt, folder, tokenizer, made, Reinforcement(recipe, folder, judge))
