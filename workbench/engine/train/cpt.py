"""Continued pre-training: articles in, every token learnt, with general text mixed in against forgetting.

Owns what makes a run CPT. Must not know the training loop's inner life: that is the same for every method.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from workbench.core.recipe import SELF_REPLAY
from workbench.data import replay
from workbench.engine import lineage, loop
from workbench.engine.examples import Writer
from workbench.engine.material import TRAIN, Built, material, prompts_of, rows, watched
from workbench.engine.prepare import Encoded, encode_texts
from workbench.engine.session import Attempt
from workbench.engine.synth.replay import self_replay
from workbench.engine.tokenizer import load_tokenizer


def _general(attempt: Attempt, folder: Path, tokenizer: Any, characters: int) -> tuple[str, ...]:
    """Return the files of general text for so many characters of articles.

    They are the person's, the bundled one, or what the base writes itself.
    """
    recipe = attempt.recipe
    if recipe.replay_data != SELF_REPLAY:
        return replay.files(recipe)
    replayed = characters * recipe.replay_share / (1.0 - recipe.replay_share)
    return (str(self_replay(attempt, folder, tokenizer, round(replayed / (1.0 - replay.HELD_OUT)))),)


def train(attempt: Attempt) -> tuple[str, dict[str, Any]]:
    """Run CPT and return (outcome, figures for the report)."""
    recipe = attempt.recipe

    # Base
    folder = lineage.folder(attempt)
    tokenizer = load_tokenizer(folder)

    # Rows and examples: the share of replay is measured on what is learnt, after articles were held out.
    def build(write: Callable[[str], Writer]) -> Built:
        found = rows(attempt)
        characters = found.decisions.characters
        general = _general(attempt, folder, tokenizer, characters)
        replayed, general_held = replay.mixed(recipe, general, characters)

        def encoded(texts: Iterable[dict[str, Any]], name: str) -> Encoded:
            return encode_texts(tokenizer, texts, recipe.max_length, write(name), recipe.control_tokens)

        train_set = encoded(watched(attempt, itertools.chain(found.train(), replayed)), TRAIN)
        held_out = {"held_out": encoded(found.held_out, "held_out"), "general": encoded(general_held, "general")}
        prompts = prompts_of(recipe.sample_prompts, found.held_out or found.train())
        counts = {**found.counts, "replay_rows": len(replayed)}
        return Built(train_set, held_out, prompts, False, counts)

    # Training
    outcome, figures = loop.fit(attempt, folder, tokenizer, material(attempt, build))
    if outcome == "done":
        attempt.reporter.notice(
            "info",
            "next_rung",
            "The model has read the articles; an sft run on questions and answers usually follows, "
            "so that it can tell what it read.",
        )
    return outcome, figures
