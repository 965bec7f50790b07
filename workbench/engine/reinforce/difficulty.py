"""How hard prompts are for the model that is being trained, by what its own answers to them have earned so far.

Owns that record, and the order of an epoch that follows from it. Must not know models or rewards. The first epoch takes
the prompts as they come, which measures them all and costs nothing; what is ordered or left out is ordered and left out
at the beginning of an epoch, so that a run that is taken up again in its middle finds the same prompts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from workbench.core import units


def without_effect(easy_first: bool, leave_out: int, steps: int, epoch: int) -> list[str]:
    """Return one sentence for each wish that a run of so many steps ends too early for; `epoch` is an epoch's steps."""
    wishes = [("curriculum easy_first", 1)] if easy_first else []
    wishes += [("leave_out", leave_out)] if leave_out else []
    return [
        f"{name} changes nothing in this run of {units.several(steps, 'step')}: it acts once every prompt was seen "
        f"{units.several(passes, 'time')}, which takes {units.several(passes * epoch, 'step')}; take more steps or "
        "fewer prompts."
        for name, passes in wishes
        if steps <= passes * epoch
    ]


class Difficulty:
    """What the answers to each prompt have earned when it was last asked, and for how long they were all alike."""

    def __init__(self, easy_first: bool = False, leave_out: int = 0) -> None:
        """`leave_out` is how often in a row all answers may earn the same before a prompt is left out; 0 any time."""
        self._easy_first, self._leave_out = easy_first, leave_out
        self._earned: dict[int, float] = {}
        self._alike: dict[int, int] = {}
        self.begun = -1
        """The epoch whose order is settled."""
        self._order: list[int] = []

    def saw(self, prompt: int, earned: float, alike: bool) -> None:
        """Take what the answers to a prompt have earned in the mean, NaN where that is not known."""
        if not math.isfinite(earned):
            return
        self._earned[prompt] = earned
        self._alike[prompt] = self._alike.get(prompt, 0) + 1 if alike else 0

    def left_out(self, prompts: Sequence[int]) -> set[int]:
        """Return those prompts whose answers were alike too often: all right or all wrong, they teach nothing."""
        if not self._leave_out:
            return set()
        return {prompt for prompt in prompts if self._alike.get(prompt, 0) >= self._leave_out}

    def ordered(self, epoch: int, prompts: Sequence[int]) -> list[int]:
        """Return the prompts of an epoch, given in the order they would come: without those that are left out, and
        where that is wanted those first whose answers have earned most. Of prompts that are all to be left out all
        stay.

        An epoch keeps the order that it began with.
        """
        if self.begun != epoch:
            out = self.left_out(prompts)
            kept = [prompt for prompt in prompts if prompt not in out] or list(prompts)
            if self._easy_first and self._earned:
                kept.sort(key=lambda prompt: -self._earned.get(prompt, -math.inf))
            self.begun, self._order = epoch, kept
        return list(self._order)

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps, as JSON; nothing where nothing depends on it."""
        if not (self._easy_first or self._leave_out):
            return {}
        seen = [[prompt, earned, self._alike[prompt]] for prompt, earned in self._earned.items()]
        return {"prompts": seen, "epoch": self.begun, "order": self._order}

    def follow(self, state: dict[str, Any]) -> None:
        """Take what `state` gave."""
        if state:
            self._earned = {int(prompt): float(earned) for prompt, earned, _ in state["prompts"]}
            self._alike = {int(prompt): int(times) for prompt, _, times in state["prompts"]}
            self.begun, self._order = int(state["epoch"]), [int(prompt) for prompt in state["order"]]
