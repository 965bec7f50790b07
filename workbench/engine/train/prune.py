"""Pruning: what matters least on the run's rows is taken out of a model, and the rest learns from the whole one.

Owns what makes a run pruning. Must not know the training loop's inner life: that is the same for every method, and
healing is distillation with the base as its own teacher.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from workbench.engine import lineage, loop
from workbench.engine.compress import pruned, scores, verdict
from workbench.engine.compress.rows import Encoder
from workbench.engine.compress.teacher import soft_labels
from workbench.engine.examples import Writer
from workbench.engine.material import TRAIN, Built, material, prompts_of, rows, watched
from workbench.engine.session import Attempt
from workbench.engine.tokenizer import load_tokenizer
from workbench.engine.ways import Healing
from workbench.runs import atomic, bases

ORIGINAL = "original"
"""Folder of the whole model in the run, where it had to be made."""


def train(attempt: Attempt) -> tuple[str, dict[str, Any]]:
    """Run pruning and return (outcome, figures for the report)."""
    recipe = attempt.recipe

    # Base: the whole model, which is measured, and later asked as the teacher.
    original = lineage.folder(attempt, ORIGINAL)
    tokenizer = load_tokenizer(original)
    encoder = Encoder(original, recipe)

    # Rows and examples: of conversations nothing but the answers is learnt, of articles everything.
    def build(write: Callable[[str], Writer]) -> Built:
        found = rows(attempt)
        train_set = encoder.encode(watched(attempt, found.train()), write(TRAIN))
        held_out = {"held_out": encoder.encode(found.held_out, write("held_out"), keeps_rows=True)}
        # Where there are conversations the samples are answers.
        shown = (row for rows in (found.held_out, found.train()) for row in rows if encoder.chats != ("text" in row))
        return Built(train_set, held_out, prompts_of(recipe.sample_prompts, shown), encoder.chats, dict(found.counts))

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
    models = {
        "original": bases.resolve(str(original)),
        "pruned": bases.resolve(str(folder)),
        "healed": bases.of_run(attempt.run),
    }
    marked = scores.score(attempt, models, made.held_out.get("held_out"))
    if marked is not None:
        attempt.reporter.notice("info", "scored", scores.in_words(marked, "healed", "the rows'"))
        figures |= {"answers": marked}
    if outcome == "done" and original.parent == attempt.run.path:
        atomic.remove_tree(original)  # it can be made again from the run's base
    return outcome, {**figures, "pruning": found}
