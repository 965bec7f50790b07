"""Kahneman-Tversky optimisation: single answers, each good or bad, are made likelier or unlikelier.

Owns what makes a run KTO. Must not know the training loop's inner life: that is the same for every method.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.core.units import count
from workbench.engine import lineage, loop
from workbench.engine.chat_templates import tokenizer_of
from workbench.engine.examples import Writer
from workbench.engine.masks import ChatEncoder
from workbench.engine.material import TRAIN, Built, material, prompts_of, rows, watched
from workbench.engine.prepare import encode_judged
from workbench.engine.session import Attempt
from workbench.engine.tokenizer import generation_eos
from workbench.engine.ways import Comparison


def train(attempt: Attempt) -> tuple[str, dict[str, Any]]:
    """Run KTO and return (outcome, figures for the report)."""
    recipe = attempt.recipe

    # Base: its tokenizer and chat template decide how a conversation becomes tokens.
    folder = lineage.folder(attempt)
    tokenizer = tokenizer_of(folder, recipe.base, recipe.method)

    # Rows and examples: one answer each and whether it is good; nothing but the answer is learnt.
    def build(write: Callable[[str], Writer]) -> Built:
        found = rows(attempt)
        encoder = ChatEncoder(tokenizer, generation_eos(folder))
        train_set = encode_judged(encoder, watched(attempt, found.train()), recipe.max_length, write(TRAIN))
        held_out = {"held_out": encode_judged(encoder, found.held_out, recipe.max_length, write("held_out"))}
        prompts = prompts_of(recipe.sample_prompts, found.held_out or found.train())
        return Built(train_set, held_out, prompts, True, dict(found.counts))

    made = material(attempt, build)
    good = sum(map(made.train.desirable, range(len(made.train))))
    if good in (0, len(made.train)):
        kind, other = ("good", "bad") if good else ("bad", "good")
        told = f"All {count(len(made.train))} answers are {kind}, and KTO learns what tells good ones from bad ones"
        attempt.reporter.notice("warning", "one_sided", f"{told}; add {other} ones{', or use sft' if good else ''}.")

    # Training: against what the base says of each answer, and of another row's answer to the same prompt.
    return loop.fit(attempt, folder, tokenizer, made, Comparison(recipe))
