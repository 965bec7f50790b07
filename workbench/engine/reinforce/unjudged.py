"""Answers that no check could judge: counted over an attempt, said with their cause, and fatal where they are all.

Owns when that is said. Must not know how answers are written or what a reward is made of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from workbench.core.errors import WorkbenchError
from workbench.core.text import one_line
from workbench.core.units import count
from workbench.engine.rewards import Scores

_AGAIN = 10
"""How many times as many answers must be unjudged before it is said again."""
_HELP = "mend that, or take another check"


class Unjudged:
    """What could not be judged so far in an attempt."""

    def __init__(self, weights: Sequence[float], notice: Callable[[str, str, str], None]) -> None:
        """`weights` are those of the rewards; `notice` takes level, code and sentence."""
        self._weights, self._notice = np.asarray(weights, dtype=np.float64), notice
        self._answers = self._lost = self._told = 0

    def saw(self, scores: Scores, step: int) -> None:
        """Count the scores of answers that are to be learnt from at a step.

        Raises WorkbenchError when they are the first and none of them has a total: nothing could be learnt.
        """
        first, self._answers = not self._answers, self._answers + len(scores.total)
        lost = int(np.isnan(scores.total).sum())
        self._lost += lost
        if not len(scores.total):
            return
        if first and lost == len(scores.total):
            raise WorkbenchError(
                f"None of the first {count(lost)} answers could be judged by {_blamed(scores)}; {_HELP}."
            )
        if first:
            own = scores.parts[:, scores.parts.shape[1] - len(self._weights) :]
            names = scores.names[len(scores.names) - len(self._weights) :]
            for name, column, weight in zip(names, own.T, self._weights, strict=True):
                if weight and np.isnan(column).all():
                    text = f"None of the first {count(len(column))} answers could be judged by {_blamed(scores, name)}"
                    self._notice("warning", "check_unjudged", f"{text}, so it teaches nothing; {_HELP}.")
        if lost and self._lost >= _AGAIN * self._told:
            self._told = self._lost
            text = f"{count(self._lost)} of {count(self._answers)} answers up to step {step} could not be judged"
            what = f"{text} by {_blamed(scores)}; nothing is learnt from them"
            self._notice("warning", "answers_unjudged", f"{what}: {_HELP}.")


def _blamed(scores: Scores, reward: str = "") -> str:
    """Return a reward, that which most often could not judge unless one is named, and its commonest cause."""
    without = {int(place) for place in np.flatnonzero(np.isnan(scores.total))}
    found = Counter(
        (name, why)
        for (place, name), why in scores.reasons.items()
        if name == reward or (not reward and place in without)
    )
    (name, why), _ = found.most_common(1)[0]
    return f"{name}: {one_line(why, 160)}"
