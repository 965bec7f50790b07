"""The teacher of a run: asked once about every learnt token, before the student is loaded, and gone again.

Owns `teacher/` of a run. Must not know the loss. What it said is kept, so that teacher and student are never in memory
together, and every attempt learns from the very same numbers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from transformers import AutoConfig

from workbench.core.errors import UsageError
from workbench.core.recipe import Recipe
from workbench.core.teaching import token_bytes
from workbench.core.units import count, percent
from workbench.engine import load, micro
from workbench.engine.compress import alignment, keeping
from workbench.engine.compress.asking import Said, Teacher, kept_words, loaded
from workbench.engine.compress.soft_labels import SoftLabels, learnt
from workbench.engine.compress.translating import Foreigner, Interpreter, heard
from workbench.engine.examples import Examples
from workbench.engine.material import TRAIN, Material
from workbench.engine.prefer.speaking import identity
from workbench.engine.session import Attempt
from workbench.runs import atomic, teachers
from workbench.runs.bases import Base

FOLDER, BEGUN = "teacher", "teacher-begun"
_DOING = "asking the teacher"
_TOLD_SECONDS = 5.0
"""Between two words of how far it is."""
_SHOWN = 16
"""Examples the teacher is asked about in a dry run: the longest, as many as tell its pace."""
_SAMPLED = 4096
"""Tokens by which it is told how far a teacher with other tokens could be compared."""


def width_of(folder: Path) -> int:
    """Return how many words the model in a folder has logits of."""
    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    return int(config.get_text_config().vocab_size)


class Pairing(NamedTuple):
    """A teacher and how its words go with a student's."""

    base: Base
    ours: Any
    """The student's tokenizer."""
    theirs: Any
    width: int
    """Words that are compared."""

    @property
    def alike(self) -> bool:
        """Whether both cut text into the same tokens."""
        return bool(self.ours.get_vocab() == self.theirs.get_vocab())


def pairing(recipe: Recipe, student: Path, tokenizer: Any) -> Pairing:
    """Return the teacher of a recipe beside the base in a folder; raises UsageError when there is none, or where the
    student writes and the teacher has other tokens.
    """
    base = teachers.find(recipe.teacher)
    theirs = load.load_tokenizer(base.model_dir)
    found = Pairing(base, tokenizer, theirs, width_of(student))
    if found.alike:
        return found._replace(width=min(found.width, width_of(base.model_dir)))
    if recipe.on_policy_share:
        raise UsageError(teachers.other_tokens(recipe.teacher))
    return found


def asker(
    pair: Pairing, recipe: Recipe, model: Any, sets: Mapping[str, Examples]
) -> tuple[Teacher, Callable[[str, list[int]], list[Said]]]:
    """Return (the teacher, what gives what it says of examples by their name and numbers)."""
    if pair.alike:
        teacher = Teacher(model, recipe, pair.width)

        def say(name: str, numbers: list[int]) -> list[Said]:
            # What is said of a token stands at the one before it.
            places = [np.flatnonzero(learnt(sets[name], number)) - 1 for number in numbers]
            return teacher.say([sets[name].columns(number)[0] for number in numbers], places)

        return teacher, say
    theirs = width_of(pair.base.model_dir)
    words = alignment.translation(pair.ours, pair.theirs, theirs)
    foreigner = Foreigner(model, recipe, theirs, words, pair.width)
    interpreter = Interpreter(pair.ours, pair.theirs, load.generation_eos(pair.base.model_dir))

    def say_in_ours(name: str, numbers: list[int]) -> list[Said]:
        sequences, places = interpreter.put(sets[name], numbers)
        said = foreigner.say(sequences, places)
        masks = (learnt(sets[name], number) for number in numbers)
        return [heard(*one) for one in zip(said, places, masks, strict=True)]

    return foreigner, say_in_ours


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

    `student` is the folder of the base. Examples keep their rows where the teacher has other tokens. In a dry run the
    teacher is asked about a few examples and says nothing of the others. What an earlier attempt had asked of it is not
    asked again. Raises UsageError for a teacher that is none, NoSpaceError when the disk is too full.
    """
    recipe, sets = attempt.recipe, {TRAIN: material.train, **material.held_out}
    final, begun = attempt.run.path / FOLDER, attempt.run.path / BEGUN
    if (known := _stored(final, sets)) is not None:
        return known
    pair = pairing(recipe, student, tokenizer)
    needed, kept = _needed(recipe, sets, pair.width), kept_words(recipe.teacher_top_k, pair.width)
    if not begun.exists():
        atomic.require_space(attempt.run.path, needed)
    total = sum(map(len, sets.values()))
    attempt.reporter.phase("loading", "teacher")
    started = time.monotonic()
    model = loaded(recipe, pair.base)
    attempt.reporter.phase("preparing", _DOING, done=0, total=total)
    teacher, say = asker(pair, recipe, model, sets)
    if attempt.rehearsal is not None:
        _rehearse(attempt, teacher, say, sets)
        say = _silent(sets, kept, pair.width)
    told_at = started

    def told(done: int) -> None:
        nonlocal told_at
        attempt.requests.check()
        if time.monotonic() - told_at > _TOLD_SECONDS:
            told_at = time.monotonic()
            attempt.reporter.phase("preparing", _DOING, done=done, total=total)

    head = {
        "teacher": identity(recipe.teacher), "in_4bit": recipe.teacher_in_4bit, "kept": kept, "width": pair.width,
        "temperature": recipe.distill_temperature, "examples": {name: len(one) for name, one in sets.items()},
    }  # fmt: skip
    keeping.asked(begun, head, sets, kept, pair.width, say, told)
    keeping.publish(begun, final)
    del teacher, say, model
    micro.free()
    seconds = time.monotonic() - started
    found = {name: SoftLabels.read(final / name) for name in sets}
    attempt.reporter.notice(
        "info", "teacher_asked",
        f"The teacher was asked about {count(total)} examples in {seconds:.0f} s; what it said takes {count(needed)} "
        f"bytes in the run.{'' if pair.alike else _compared(found[TRAIN])}",
    )  # fmt: skip
    return found


def _compared(labels: SoftLabels) -> str:
    """Return the sentence about how far a teacher with other tokens could be compared, by a part of the tokens."""
    told = np.asarray(labels.log_probs[:_SAMPLED], dtype=np.float32)
    known = ~np.isnan(told[:, 0])
    return (
        f" It has other tokens than the base: at {percent(float(known.mean()))} of the base's both begin at the same "
        "place of the text and are compared; at the others the rows' own tokens are learnt."
    )


def _rehearse(
    attempt: Attempt, teacher: Teacher, say: Callable[[str, list[int]], list[Said]], sets: Mapping[str, Examples]
) -> None:
    """Ask about the longest examples, for the pace."""
    assert attempt.rehearsal is not None, "it is a dry run"
    asking = time.monotonic()
    for name, examples in sets.items():
        say(name, [int(number) for number in np.argsort(-examples.lengths, kind="stable")[:_SHOWN]])
    attempt.rehearsal.asked = (time.monotonic() - asking, teacher.tokens)


def _silent(sets: Mapping[str, Examples], kept: int, width: int) -> Callable[[str, list[int]], list[Said]]:
    """Return what stands for a teacher that has told its pace and says nothing more: every word is as likely."""

    def say(name: str, numbers: list[int]) -> list[Said]:
        found = []
        for number in numbers:
            rows = int(learnt(sets[name], number).sum())
            words = np.tile(np.arange(kept, dtype=np.int32), (rows, 1)) if kept else None
            found.append(Said(np.zeros((rows, kept + 1 if kept else width), dtype=np.float16), words))
        return found

    return say
