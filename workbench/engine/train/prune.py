"""Pruning: what matters least on the run's rows is taken out of a model, and the rest learns from the whole one.

Owns what makes a run pruning. Must not know the training loop's inner life: that is the same for every method, and
healing is distillation with the base as its own teacher.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from workbench.engine import lineage, loop
from workbench.engine.chat_templates import tokenizer_of
from workbench.engine.compress import pruned, verdict
from workbench.engine.compress.teacher import soft_labels
from workbench.engine.examples import Writer
from workbench.engine.masks import ChatEncoder
from workbench.engine.material import TRAIN, Built, material, prompts_of, rows, watched
from workbench.engine.prepare import encode_chats
from workbench.engine.session import Attempt
from workbench.engine.tokenizer import generation_eos
from workbench.engine.ways import Healing
from workbench.runs import atomic

ORIGINAL = "original"
"""Folder of the whole model in the run, where it had to be made."""


def train(attempt: Attempt) -> tuple[str, dict[str, Any]]:
    """Run pruning and return (outcome, figures for the report)."""
    recipe = attempt.recipe

    # Base: the whole model, which is measured, and later asked as the teacher.
    original = lineage.folder(attempt, ORIGINAL)
    tokenizer = tokenizer_of(original, recipe.base, recipe.method)

    # Rows and examples: those of sft, of which nothing but the answers is learnt.
    def build(write: Callable[[str], Writer]) -> Built:
        found = rows(attempt)
        encoder = ChatEncoder(tokenizer, generation_eos(original))
        train_set = encode_chats(encoder, watched(attempt, found.train()), recipe.max_length, write(TRAIN))
        held_out = {"held_out": encode_chats(encoder, found.held_out, recipe.max_length, write("held_out"))}
        prompts = prompts_of(recipe.sample_prompts, found.held_out or found.train())
        return Built(train_set, held_out, prompts, True, dict(found.counts))

    made = material(attempt, build)

    # What is left, as a base of its own.
    folder = pruned.folder(attempt, original, made.train)

    # Training: towards what the whole model says of each learnt token.
    taught = dataclasses.replace(attempt, recipe=dataclasses.replace(recipe, teacher=str(original)))
    said = soft_labels(taught, folder, tokenizer, made)
    outcome, figures = loop.fit(attempt, folder, tokenizer, made, Healing(recipe, made, said))
    if attempt.rehearsal is not None or outcome == "paused":
        return outcome, figures

    # Verdict: the whole, the cut and the healed model, one after the other.
    found = {**pruned.facts_of(folder), **verdict.judge(attempt, original, folder, tokenizer, made)}
    attempt.reporter.notice("info", "healed", verdict.in_words(found))
    if outcome == "done" and original.parent == attempt.run.path:
        atomic.remove_tree(original)  # it can be made again from the run's base
    return outcome, {**figures, "pruning": found}
