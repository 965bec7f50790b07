"""Proximal policy optimisation: the model answers prompts, a reward model scores the answers, and a critic foresees it.

Owns what makes a run PPO. Must not know the training loop's inner life: that is the same for every method.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from workbench.engine import lineage, loop
from workbench.engine.chat_templates import tokenizer_of
from workbench.engine.examples import Writer
from workbench.engine.masks import ChatEncoder
from workbench.engine.material import TRAIN, Built, material, prompts_of, rows, watched
from workbench.engine.prepare import encode_prompts
from workbench.engine.reinforce import goals, shared_reward
from workbench.engine.reinforce.shared_reward import SharedReward
from workbench.engine.session import Attempt
from workbench.engine.tokenizer import generation_eos
from workbench.engine.ways import Criticism


def train(attempt: Attempt) -> tuple[str, dict[str, Any]]:
    """Run PPO and return (outcome, figures for the report)."""
    recipe = attempt.recipe

    # Base: its tokenizer and chat template decide how a conversation becomes tokens.
    folder = lineage.folder(attempt)
    tokenizer = tokenizer_of(folder, recipe.base, recipe.method)
    encoder = ChatEncoder(tokenizer, generation_eos(folder))

    # Rows and examples: prompts up to where an answer begins, and beside each what checks ask of its row.
    def build(write: Callable[[str], Writer]) -> Built:
        found = rows(attempt)
        sizes = recipe.max_length - recipe.max_completion_length, recipe.max_completion_length
        train_set = encode_prompts(encoder, watched(attempt, found.train()), *sizes, write(TRAIN))
        held_out = {"held_out": encode_prompts(encoder, found.held_out, *sizes, write("held_out"))}
        prompts = prompts_of(recipe.sample_prompts, found.held_out or found.train())
        return Built(train_set, held_out, prompts, True, dict(found.counts))

    made = material(attempt, build)

    # Reward model: one more adapter where it was trained on the very same base, else a model beside it.
    adapter, beside = shared_reward.wanted(attempt, folder)
    share = None
    if adapter is not None:
        share = partial(SharedReward, adapter=adapter, encoder=encoder, end=int(tokenizer.eos_token_id))

    # Training: on answers the model writes itself, scored by reward model and checks.
    with goals.judging(recipe, made.train, attempt.reporter, beside) as judge:
        return loop.fit(attempt, folder, tokenizer, made, Criticism(recipe, folder, judge, share))
