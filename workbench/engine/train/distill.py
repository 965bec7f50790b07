"""Distillation: a model learns how likely a larger one holds every word of answers or articles, beside the words.

Owns what makes a run distillation. Must not know the training loop's inner life: that is the same for every method.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from workbench.core import teaching
from workbench.engine import lineage, loop
from workbench.engine.compress import answers, scores
from workbench.engine.compress.rows import Encoder
from workbench.engine.compress.teacher import pairing, soft_labels
from workbench.engine.examples import Writer
from workbench.engine.material import TRAIN, Built, material, prompts_of, rows, watched
from workbench.engine.session import Attempt
from workbench.engine.tokenizer import load_tokenizer
from workbench.engine.ways import Distillation
from workbench.runs import bases
from workbench.runs.bases import Base


def train(attempt: Attempt) -> tuple[str, dict[str, Any]]:
    """Run distillation and return (outcome, figures for the report)."""
    recipe = attempt.recipe

    # Base: its tokenizer and chat template decide how rows become tokens. A teacher with other ones reads the rows.
    folder = lineage.folder(attempt)
    tokenizer = load_tokenizer(folder)
    writes_only = teaching.writes_only(recipe.teacher)
    other_tokens = not writes_only and not pairing(recipe, folder, tokenizer).alike
    encoder = Encoder(folder, recipe)

    # Rows and examples: of conversations nothing but the answers is learnt, of articles everything. What has no answer
    # is answered by the teacher.
    def build(write: Callable[[str], Writer]) -> Built:
        found = rows(attempt)

        def every() -> Iterator[dict[str, Any]]:
            return itertools.chain(found.train(), found.held_out)

        answered = answers.write(attempt, every, found.counts["train"] + len(found.held_out))
        train_set = encoder.encode(answered(watched(attempt, found.train())), write(TRAIN), keeps_rows=other_tokens)
        held_out = {"held_out": encoder.encode(answered(found.held_out), write("held_out"), keeps_rows=True)}
        # Where there are conversations the samples are answers.
        shown = (row for rows in (found.held_out, found.train()) for row in rows if encoder.chats != ("text" in row))
        return Built(train_set, held_out, prompts_of(recipe.sample_prompts, shown), encoder.chats, dict(found.counts))

    made = material(attempt, build)

    # Training: towards what the teacher says of each learnt token, which is asked before the base is loaded; or, where
    # it has only written, on its answers.
    if writes_only:
        outcome, figures = loop.fit(attempt, folder, tokenizer, made)
    else:
        said = soft_labels(attempt, folder, tokenizer, made)
        outcome, figures = loop.fit(attempt, folder, tokenizer, made, Distillation(recipe, made, said))
    if attempt.rehearsal is not None or outcome == "paused":
        return outcome, figures

    # Scores: what base, student and teacher answer by themselves; a teacher that wrote the answers is right by itself.
    wrote = writes_only or recipe.teacher_writes
    models: dict[str, str | Base] = {} if wrote else {"teacher": recipe.teacher}
    models |= {"base": bases.resolve(str(folder)), "student": bases.of_run(attempt.run)}
    found = scores.score(attempt, models, made.held_out.get("held_out"))
    if found is None:
        return outcome, figures
    attempt.reporter.notice(
        "info", "scored", scores.in_words(found, "student", "the teacher's" if wrote else "the rows'")
    )
    return outcome, {**figures, "answers": found}
