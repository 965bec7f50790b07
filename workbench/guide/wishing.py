"""A wish for preference data as a form: what it has, how each value is written and read, and what suits a run.

Owns the rows of the form and the proposal. Must not know how a page looks, nor how the rows are made.
"""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workbench.core import paths, recipe
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.recipe import BUNDLED
from workbench.core.rewards import listed, settled
from workbench.core.text import one_line
from workbench.guide.preferring import Wish
from workbench.guide.road import Road
from workbench.runs import store

PROPOSED = 500
"""Prompts that are proposed: some hundred pairs are what a first alignment takes."""


@dataclass(frozen=True)
class Field:
    """One value of a wish."""

    name: str
    label: str
    help: str
    none: str = ""
    """What is said where there is no value."""


FIELDS: tuple[Field, ...] = (
    Field("prompts", "prompts", "Files, folders or hub ids with prompts or questions, with blanks between."),
    Field("models", "answered by", "One model that answers several times, or two, with a blank between."),
    Field(
        "rewards",
        "rewards",
        "Checks with commas between, such as number, length(max=80)*0.2, or a reward model, model(run=RUN).",
        "none",
    ),
    Field(
        "judge",
        "judge",
        "A model that compares answers in both orders; with a constitution it is the one that revises them.",
        "none",
    ),
    Field("rubric", "rubric", "A file that says to the judge what makes an answer better.", "the workbench's own"),
    Field(
        "constitution",
        "constitution",
        f"A file of principles, or {BUNDLED}: each answer is criticised by one of them and revised.",
        "none",
    ),
    Field("count", "prompts taken", "How many prompts are drawn, evenly; 0 takes all.", "all"),
    Field(
        "completions",
        "answers each",
        "Answers of each model to a prompt; 0 takes as many as make two.",
        "as many as make two",
    ),
    Field("margin", "least margin", "How far apart the scores of a pair must be; nearer ones are left out.", "any"),
    Field("temperature", "temperature", "How freely answers are drawn: at 0 one model always writes the same."),
    Field("max_tokens", "longest answer", "In tokens; an answer that is cut there is in no pair."),
    Field("out", "file", "Where the rows go; where they come from is written beside it."),
)


def shown(wish: Wish, name: str) -> str:
    """Return a value as a person writes it, "" for none."""
    value = getattr(wish, name)
    if name == "rewards":
        return ", ".join(value)
    if isinstance(value, tuple):
        return shlex.join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _words(text: str, label: str) -> tuple[str, ...]:
    """Return names with blanks between; raises UsageError for quotes that are not closed."""
    try:
        return tuple(shlex.split(text))
    except ValueError:
        raise UsageError(f"A quote in {label} is not closed; close it, or leave it out.") from None


def edited(wish: Wish, name: str, text: str) -> Wish:
    """Return a wish with another value, as a person wrote it; raises UsageError for one that cannot be.

    What says which answer is better replaces what said it before, where the two exclude each other.
    """
    text = text.strip()
    before, changed = getattr(wish, name), dict[str, Any]()
    label = next(field.label for field in FIELDS if field.name == name)
    if name == "rewards":
        rewards = settled(listed((text,)))
        return replace(wish, rewards=rewards, judge=wish.judge if wish.constitution else "", rubric="")
    if isinstance(before, tuple):
        words = _words(text, label)
        if not words:
            raise UsageError(f"There is nothing in {label}; name at least one.")
        changed[name] = words
        return replace(wish, **changed)
    if isinstance(before, int | float):
        kind = type(before)
        try:
            changed[name] = kind(text)
            return replace(wish, **changed)
        except (ValueError, OverflowError):
            what = "a whole number" if kind is int else "a number"
            raise UsageError(f"{label} is {what}, not {one_line(text, 40)!r}.") from None
    changed[name] = text
    wish = replace(wish, **changed)
    if name == "judge" and text and not wish.constitution:
        wish = replace(wish, rewards=())
    if name == "constitution" and text:
        wish = replace(wish, models=wish.models[:1], completions=0, rubric="")
    return wish


def folder() -> Path:
    """Return the folder of preference data made from a screen."""
    return paths.data_home() / "preferences"


def free(run: str, begun: bool = True) -> str:
    """Return a file for the rows of a run that is not there yet: one that was begun is gone on with, if that is so."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", run).strip("-.")[:60] or "model"
    number = 1
    while os.path.lexists(path := folder() / f"{stem}-{number}.jsonl") or (not begun and _is_begun(path)):
        number += 1
    return str(path)


def _is_begun(out: Path) -> bool:
    """Return whether there is work on a file that was broken off."""
    return os.path.lexists(paths.journal_of(out))


def apart(wish: Wish, name: str, run: str) -> Wish:
    """Return a wish of which a value was changed, with another file where what was begun depends on that value."""
    if name in ("margin", "out") or not _is_begun(paths.expanded(wish.out)):
        return wish
    return replace(wish, out=free(run, begun=False))


def proposed(reference: str) -> tuple[Wish, str]:
    """Return the wish that suits a run, and why: its own rows as prompts, judged by the newest reward model there is.

    Without one the run revises its own answers by the principles that come with the workbench. Raises UsageError when
    there is no such run.
    """
    run = store.find(reference)
    wish = Wish(recipe.load(run.recipe_path).recipe.data, (run.id,), free(run.id), count=PROPOSED)
    judges = [other.id for other in store.list_runs() if _is_judge(other)]
    if judges:
        why = f"It answers each question it learnt from twice, and the reward model {judges[0]} says which is better."
        return replace(wish, rewards=(f"model(run={judges[0]})",)), why
    why = (
        "It answers the questions it learnt from, criticises each answer by a principle and revises it; a small model "
        "does better with rewards that can be checked, or with a larger judge."
    )
    return replace(wish, constitution=BUNDLED), why


def _is_judge(run: store.Run) -> bool:
    """Return whether a run has made a reward model."""
    try:
        made = any((run.artifacts_dir / kind).is_dir() for kind in ("model", "adapter"))
        return made and run.meta().get("method") == "reward"
    except WorkbenchError:
        return False


def onward(run: str, rows: str) -> Road:
    """Return the road that begins anew: the run as base, and the rows as what it learns from."""
    return Road(base=run, data=(rows,), reached=1)
