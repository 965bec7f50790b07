"""Runs beside one another: what differs in their recipes, their figures, curves and answers.

Owns what is compared and in which order. Must not know how a page looks, and judges nothing: weighing.py does.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.core import recipe, units
from workbench.core.curves import Series
from workbench.guide.fitting import reason
from workbench.guide.reviewing import counts, idle, side_by_side
from workbench.guide.road import name_of, short_path
from workbench.guide.sides import Side, number

_UNTOLD = ("title",)
"""Fields that change nothing in what is learnt."""


@dataclass(frozen=True)
class Difference:
    """One field in which the recipes differ."""

    name: str
    label: str
    section: str
    values: tuple[str, ...]
    """As people read them, "–" where the field does nothing in that run."""
    reasons: tuple[str, ...]
    """Where each value comes from."""


@dataclass(frozen=True)
class Figure:
    """One row of the evaluation cards."""

    section: str
    label: str
    values: tuple[float | None, ...]
    shown: tuple[str, ...]
    note: str = ""
    """What has to be known of this row and those of its section below it."""


@dataclass(frozen=True)
class Answers:
    """What the runs answer to one prompt; None where a run was not asked."""

    prompt: str
    before: tuple[str | None, ...]
    after: tuple[str | None, ...]


# Recipes


def differences(found: Sequence[Side]) -> list[Difference]:
    """Return the fields in which the recipes differ, in the order of the table of fields."""
    recipes = [side.resolved for side in found]
    told: list[Difference] = []
    for name, (_, described) in recipe.FIELDS.items():
        if name in _UNTOLD:
            continue
        values = [_value(resolved, name) for resolved in recipes]
        if len(set(values)) < 2:
            continue
        told.append(
            Difference(
                name, described.label, described.section, _in_words(name, values, described.unit),
                tuple(
                    reason(resolved.provenance[name]) if resolved and value is not None else ""
                    for resolved, value in zip(recipes, values, strict=True)
                ),
            )
        )  # fmt: skip
    data = [side.rows.get("train", "") for side in found]
    if not any(one.section == "data" or one.name == "data" for one in told) and all(data) and len(set(data)) > 1:
        # The same files, named alike, with other contents or read by another tokenizer.
        texts = tuple(f"{chr(ord('A') + list(dict.fromkeys(data)).index(one))}" for one in data)
        told.append(
            Difference(
                "", "examples", "data", texts, ("other contents of the files, or another tokenizer",) * len(data)
            )
        )
    return told


def _value(resolved: recipe.Resolved | None, name: str) -> Any:
    """Return a value, None where it does nothing."""
    if resolved is None:
        return None
    wanted = resolved.recipe
    if idle(name, wanted) or not counts(name, wanted):
        return None
    return recipe.beta_of(wanted) if name == "beta" else getattr(wanted, name)


def _in_words(name: str, values: Sequence[Any], unit: str) -> tuple[str, ...]:
    """Return values for people; of paths what tells them apart."""
    end = f"{units.SPACE}{unit}" if unit else ""
    if name == "base":
        return tuple(units.NONE if value is None else name_of(value) for value in values)
    paths = [path for value in values if isinstance(value, tuple) for path in value]
    if paths and all(os.path.isabs(path) for path in paths):
        folder = os.path.commonpath([os.path.dirname(path) for path in paths])
        # Without a folder in common they are what they are on the command line.
        short = short_path if folder == os.sep else lambda path: os.path.relpath(path, folder)
        values = [tuple(map(short, value)) if value is not None else None for value in values]
    return tuple(
        text if value is None else text + end for text, value in zip(side_by_side(values), values, strict=True)
    )


# Figures

OF_ANSWERS = ("margin", "chosen_reward", "rejected_reward", "chosen_log_prob", "rejected_log_prob", "drift", "kl")
"""Further figures of answers that are compared, by the names `engine/align/preferences.py` gives them."""


_SHARES = ("accuracy", "clipped", "forced", "unclosed", "thoughtless", "zero_variance")
_LABELS = {
    "accuracy": "right",
    "kl": "KL, nats/answer", "drift": "drift, nats/token", "length": "tokens", "clipped": "cut off",
    "thought": "thought tokens", "forced": "thoughts cut", "unclosed": "thoughts left open",
    "thoughtless": "no thought", "reward_std": "spread",
    "zero_variance": "groups alike",
}  # fmt: skip
"""Figure of answers → what it is called; by another name than its own only where that says too little."""


def label_of(name: str) -> str:
    """Return what a further figure is called: those of single checks by the check."""
    plain = name.removeprefix("eval_")
    sampled = plain.removeprefix("greedy_")
    check = sampled.removeprefix("reward_")
    said = _LABELS.get(sampled) or (f"by {check}" if check != sampled else sampled.replace("_", " "))
    return said if sampled == plain else f"greedy {said}"


def figures(found: Sequence[Side]) -> list[Figure]:
    """Return the evaluation cards: what at least one of the runs tells."""
    note = "" if same_rows(found) else "not the same rows"
    note = note or ("" if same_loss(found) else "not the same loss")
    firsts = [side.looks[0].loss if side.looks else None for side in found]
    ends = [side.end.loss if side.looks else None for side in found]
    lows = [min((one.loss for one in side.looks), default=None) for side in found]
    told = [
        _figure("held-out loss", "before", firsts, units.loss, note),
        _figure("held-out loss", "after", ends, units.loss),
    ]
    if lows != ends:
        told.append(_figure("held-out loss", "lowest", lows, units.loss))
    if any(side.result is not None and side.result.is_early for side in found):
        told.append(
            _figure("held-out loss", "at step", [side.end.step if side.looks else None for side in found], units.count)
        )
    for name in dict.fromkeys(name for side in found for told_at in side.ends for name in told_at):
        pairs = [(before.get(name), after.get(name)) for before, after in (side.ends for side in found)]
        values = [after for _, after in pairs]
        said = _words_of(name)
        texts = tuple(
            f"{said(before)} to {said(after)}" if before is not None else said(after) for before, after in pairs
        )
        told.append(Figure("further looks", label_of(name), tuple(values), texts))
    card = [number(_at(side.report, "peak_memory", "gpu_bytes")) for side in found]
    host = [number(_at(side.report, "peak_memory", "host_bytes")) for side in found]
    told += [
        _figure("training", "train, smoothed", [side.loss.smoothed for side in found], units.loss),
        _figure(
            "training",
            "examples",
            [number(_at(side.report, "data", "encoded", "examples")) for side in found],
            units.count,
        ),
        _figure("training", "steps", [side.step or None for side in found], units.count),
        _figure("training", "tokens", [side.tokens[-1][1] or None for side in found], units.count),
        _figure("training", "time", [side.seconds for side in found], units.duration),
        _figure("training", "tokens/s", [side.speed for side in found], units.count),
        _figure("training", "peak on the card", card, units.size),
        _figure("training", "peak of the process", host, units.size),
    ]
    return [figure for figure in told if any(value is not None for value in figure.values)]


def _figure(section: str, label: str, values: Sequence[float | None], words: Any, note: str = "") -> Figure:
    """Return a row of figures in words."""
    return Figure(
        section, label, tuple(values), tuple(units.NONE if value is None else words(value) for value in values), note
    )


def _words_of(name: str) -> Callable[[float | None], str]:
    """Return how a further figure is told: a share in percent, what else is said of answers in two decimals."""
    plain = name.removeprefix("eval_").removeprefix("greedy_")
    earned = plain in OF_ANSWERS or plain.partition("_")[0] == "reward"
    told = units.percent if plain in _SHARES else units.margin if earned else units.significant
    return lambda value: units.NONE if value is None else told(value)


def _at(found: Any, *names: str) -> Any:
    """Return what lies under names in a report, None where there is nothing."""
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def same_rows(found: Sequence[Side]) -> bool:
    """Return whether the held-out losses are of the same rows, to the last token."""
    known = [side.rows.get("held_out", "") for side in found]
    return all(known) and len(set(known)) == 1


def same_loss(found: Sequence[Side]) -> bool:
    """Return whether the losses are the same function of a model.

    Those of tokens are, whatever the method. What compares whole answers is its own loss, with settings of its own, and
    relative to the base.
    """
    known = [_loss_of(side.resolved) for side in found]
    return None not in known and len(set(known)) == 1


def _loss_of(resolved: recipe.Resolved | None) -> tuple[Any, ...] | None:
    """Return what a loss is made of, None where nobody knows."""
    if resolved is None:
        return None
    wanted = resolved.recipe
    section = "alignment" if wanted.method in recipe.ALIGNING else "reinforcement"
    if wanted.method not in (*recipe.ALIGNING, *recipe.REINFORCING):
        return ()
    settings = [name for name, (_, described) in recipe.FIELDS.items() if described.section == section]
    return (wanted.method, wanted.base, *(getattr(wanted, name) for name in settings))


# Curves and answers


def by_reward(found: Sequence[Side]) -> bool:
    """Return whether what the runs have in common is not a loss but what answers to held-out prompts earn."""
    return all(not side.looks for side in found) and any(side.scored for side in found)


def same_goal(found: Sequence[Side]) -> bool:
    """Return whether answers are rewarded by the same checks, with the same weights, and the same reward model."""
    recipes = [side.resolved.recipe if side.resolved is not None else None for side in found]
    known = {(wanted.rewards, wanted.reward_model) if wanted is not None else None for wanted in recipes}
    return None not in known and len(known) == 1


def by_tokens(side: Side) -> tuple[Series, Series]:
    """Return train and held-out loss, or reward, over the tokens seen, in between steps that tell it in proportion."""
    steps = [step for step, _ in side.tokens]

    def seen(step: float) -> float:
        place = min(bisect_right(steps, step), len(steps) - 1)
        if place == 0:
            return 0.0
        (start, before), (end, after) = side.tokens[place - 1], side.tokens[place]
        return before + (after - before) * (step - start) / (end - start)

    return side.loss.moved(seen), (side.eval if side.looks else side.rewards).moved(seen)


def answers(found: Sequence[Side]) -> list[Answers]:
    """Return the prompts that more than one of the runs was given, or all of a single one."""
    prompts = dict.fromkeys(prompt for side in found for prompt in side.answers)
    least = min(2, len(found))
    told = []
    for prompt in prompts:
        pairs = [side.answers.get(prompt) for side in found]
        if sum(pair is not None for pair in pairs) >= least:
            before = tuple(pair[0] if pair else None for pair in pairs)
            told.append(Answers(prompt, before, tuple(pair[1] if pair else None for pair in pairs)))
    return told
