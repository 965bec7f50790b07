"""The teacher of a run: asked once about every learnt token, before the student is loaded, and gone again.

Owns `teacher/` of a run. Must not know the loss. What it said is kept, so that teacher and student are never in memory
together, and every attempt learns from the very same numbers.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoConfig

from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.recipe import Recipe
from workbench.core.teaching import TILE, token_bytes
from workbench.core.units import count
from workbench.engine import load, micro
from workbench.engine.adapters import trunk
from workbench.engine.compress.distillation import softened
from workbench.engine.compress.projection import projection
from workbench.engine.compress.soft_labels import LEAST, SoftLabels, learnt
from workbench.engine.examples import Examples
from workbench.engine.material import TRAIN, Material
from workbench.engine.prepare import collator
from workbench.engine.session import Attempt
from workbench.runs import atomic, teachers

FOLDER = "teacher"
_DOING = "asking the teacher"
_TOLD_SECONDS = 5.0
"""Between two words of how far it is."""
_BATCH_TOKENS = 4096
"""Tokens that go through the teacher together at most, a single longer example aside."""
_SHOWN = 16
"""Examples the teacher is asked about in a dry run: the longest, as many as tell its pace."""


def _check(teacher: Path, tokenizer: Any) -> None:
    """Raise UsageError unless a teacher cuts text into the tokens of the student's tokenizer."""
    if load.load_tokenizer(teacher).get_vocab() != tokenizer.get_vocab():
        raise UsageError(teachers.other_tokens(str(teacher)))


def _width(teacher: Path, student: Path) -> int:
    """Return how many words both have logits of."""

    def words(folder: Path) -> int:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        return int(config.get_text_config().vocab_size)

    return min(words(teacher), words(student))


class _Asked:
    """A teacher in memory."""

    def __init__(self, attempt: Attempt, model: Any, width: int, total: int) -> None:
        self._attempt, self._model, self._project = attempt, model, projection(model, width)
        self._width, self._total = width, total
        self._done, self._told_at, self._most = 0, time.monotonic(), _BATCH_TOKENS
        self.tokens = 0
        """Tokens that have passed through it."""

    def fill(self, examples: Examples, labels: SoftLabels, numbers: list[int]) -> None:
        """Write what the teacher says of examples into their soft labels, the longest first."""
        rest = sorted(numbers, key=lambda number: -int(examples.lengths[number]))
        while rest:
            size = max(1, self._most // int(examples.lengths[rest[0]]))
            chosen = rest[:size]
            try:
                self._write(examples, labels, chosen)
            except RuntimeError as error:
                if not micro.ran_out(error):
                    raise
                if size == 1:
                    raise WorkbenchError(
                        "Out of memory while the teacher was asked; start again with --set teacher_in_4bit=true, or a "
                        "smaller max_length."
                    ) from None
                self._most //= 2
                micro.free()
                continue
            rest = rest[size:]
            self._done += len(chosen)
            self.tokens += int(examples.lengths[chosen].sum())
            if time.monotonic() - self._told_at > _TOLD_SECONDS:
                self._told_at = time.monotonic()
                self._attempt.requests.check()
                self._attempt.reporter.phase("preparing", _DOING, done=self._done, total=self._total)

    def _write(self, examples: Examples, labels: SoftLabels, chosen: list[int]) -> None:
        masks = [learnt(examples, number) for number in chosen]
        rows = [{"input_ids": ids, "labels": tokens} for ids, tokens in (examples.columns(number) for number in chosen)]
        batch = collator(0, packed=False)(rows)
        recipe = self._attempt.recipe
        with torch.no_grad():
            ids, seen = batch["input_ids"].to(self._model.device), batch["attention_mask"].to(self._model.device)
            hidden = trunk(self._model)(input_ids=ids, attention_mask=seen, use_cache=False).last_hidden_state
            for row, number, mask in zip(hidden, chosen, masks, strict=True):
                # What is said of a token stands at the one before it.
                places = torch.from_numpy(np.flatnonzero(mask) - 1).to(row.device)
                size, first = max(1, TILE // self._width), int(labels.starts[number])
                for start in range(0, len(places), size):
                    part = places[start : start + size]
                    self._keep(labels, first + start, self._project(row[part]), recipe)

    def _keep(self, labels: SoftLabels, first: int, logits: torch.Tensor, recipe: Recipe) -> None:
        """Write what N × V logits say, from the token with the number `first` on."""
        words = None
        if labels.words is not None:
            words = logits.topk(labels.words.shape[1], sorted=True).indices
            labels.words[first : first + len(words)] = words.int().cpu().numpy()
        found = softened(logits, recipe.distill_temperature, words).clamp(min=LEAST)
        labels.log_probs[first : first + len(found)] = found.half().cpu().numpy()


def _needed(recipe: Recipe, sets: Mapping[str, Examples], width: int) -> int:
    """Return the bytes that soft labels of examples take."""
    each = token_bytes(recipe.teacher_top_k, width)
    tokens = (learnt(examples, number).sum() for examples in sets.values() for number in range(len(examples)))
    return each * int(sum(tokens))


def _stored(folder: Path, sets: Mapping[str, Examples]) -> dict[str, SoftLabels] | None:
    """Return what an earlier attempt has kept for these examples, or None."""
    if not folder.is_dir() or atomic.verify(folder):
        return None
    found = {name: SoftLabels.read(folder / name) for name in sets}
    return found if all(len(found[name].starts) == len(examples) + 1 for name, examples in sets.items()) else None


def soft_labels(attempt: Attempt, student: Path, tokenizer: Any, material: Material) -> dict[str, SoftLabels]:
    """Return name of examples → what the teacher says of them, as it was kept or asked now.

    `student` is the folder of the base. In a dry run the teacher is asked about a few examples and says nothing of the
    others. Raises UsageError for a teacher that is none or has other tokens, NoSpaceError when the disk is too full.
    """
    recipe, sets = attempt.recipe, {TRAIN: material.train, **material.held_out}
    final = attempt.run.path / FOLDER
    if (known := _stored(final, sets)) is not None:
        return known
    teacher = teachers.find(recipe.teacher)
    _check(teacher.model_dir, tokenizer)
    width = _width(teacher.model_dir, student)
    needed = _needed(recipe, sets, width)
    atomic.require_space(attempt.run.path, needed)
    total = sum(map(len, sets.values()))
    attempt.reporter.phase("loading", "teacher")
    started = time.monotonic()
    # A student's first weights are drawn afterwards, in an attempt that has loaded a teacher as in one that has not.
    with torch.random.fork_rng(), atomic.staging(final) as folder:
        model = load.load_for_use(teacher, load.machine(recipe), recipe.teacher_in_4bit)
        attempt.reporter.phase("preparing", _DOING, done=0, total=total)
        asking, asked = time.monotonic(), _Asked(attempt, model, width, total)
        for name, examples in sets.items():
            labels = SoftLabels.create(folder / name, examples, recipe.teacher_top_k, width)
            asked.fill(examples, labels, _wanted(attempt, examples))
            labels.flush()
        if attempt.rehearsal is not None:
            attempt.rehearsal.asked = (time.monotonic() - asking, asked.tokens)
        del asked, model
        micro.free()
    seconds = time.monotonic() - started
    attempt.reporter.notice(
        "info", "teacher_asked",
        f"The teacher was asked about {count(total)} examples in {seconds:.0f} s; what it said takes {count(needed)} "
        "bytes in the run.",
    )  # fmt: skip
    return {name: SoftLabels.read(final / name) for name in sets}


def _wanted(attempt: Attempt, examples: Examples) -> list[int]:
    """Return the numbers of the examples that the teacher is asked about."""
    if attempt.rehearsal is None:
        return list(range(len(examples)))
    return [int(number) for number in np.argsort(-examples.lengths, kind="stable")[:_SHOWN]]
