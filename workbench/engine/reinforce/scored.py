"""Answers to prompts as they were scored: a group of them to one prompt, and groups as one.

Owns these values. Must not know how answers are written, scored or learnt from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.core.units import percent
from workbench.engine.reinforce import groups
from workbench.engine.reinforce.rollouts import Rollouts
from workbench.engine.thoughts import Thoughts

_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Group:
    """The answers to one prompt, scored."""

    number: int
    """Of the prompt."""
    answers: Rollouts
    first: int
    """Where its answers begin among `answers`."""
    texts: list[str]
    rewards: NDArray[np.float64]
    parts: NDArray[np.float64]
    """Answers × checks."""

    @property
    def alike(self) -> bool:
        """Whether all known rewards are the same."""
        return bool(groups.alike(torch.from_numpy(self.rewards)))


def thought_figures(found: Sequence[Group], thoughts: Thoughts) -> dict[str, torch.Tensor]:
    """Return what is told of the thoughts of groups: their length, whether they were closed by force, not at all, or
    are empty.
    """
    answers = [answer for group in found for answer in own(group)]
    forced = [bool(one) for group in found for one in group.answers.forced[group.first :][: len(group.texts)]]
    told = {"thought": map(thoughts.length, answers), "forced": forced, "thoughtless": map(thoughts.empty, answers)}
    told["unclosed"] = [not thoughts.closed(answer) for answer in answers]
    return {name: torch.tensor(list(values), dtype=torch.float64) for name, values in told.items()}


UNUSED = 0.9
"""Share of first answers that do not close their thought by themselves from which on a base does not think in tags: our
choice."""


def never_thought(told: Mapping[str, torch.Tensor]) -> str | None:
    """Return that a base does not think in tags, by the figures of its first thoughts; None where it does."""
    share = float((told["forced"] + told["unclosed"]).mean())
    if share < UNUSED:
        return None
    return (
        f"{percent(share)} of the first answers do not close the thought they begin with: this base has not learnt to "
        "think in tags, and nothing behind a thought can be rewarded; train it first with sft on rows with thoughts."
    )


def own(group: Group) -> list[list[int]]:
    """Return the tokens of a group's answers."""
    return group.answers.answers[group.first : group.first + len(group.texts)]


def joined(found: Sequence[Group], count: int) -> Rollouts:
    """Return the answers of groups as one."""

    def gathered(pick: Callable[[Rollouts], list[_Found]]) -> list[_Found]:
        return [one for group in found for one in pick(group.answers)[group.first : group.first + count]]

    return Rollouts(
        gathered(lambda answers: answers.prompts),
        gathered(lambda answers: answers.answers),
        gathered(lambda answers: answers.log_probs),
        gathered(lambda answers: answers.finished),
        gathered(lambda answers: answers.forced),
    )
