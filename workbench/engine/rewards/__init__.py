"""The reward library: completions in, a score per check and their weighted sum out.

Owns how the rewards of a recipe are put together. Must not know training. A check that cannot judge a completion gives
NaN and a reason, never an error: one strange row must not end a run.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import UsageError
from workbench.core.rewards import Spec, parse, text
from workbench.engine.rewards import answers, calls, coding, limited, wording
from workbench.engine.rewards.completion import Completion, Judge, calls_of, each

__all__ = ["Completion", "Rewards", "Scores", "build"]


@dataclass(frozen=True)
class Scores:
    """What some completions earned."""

    names: tuple[str, ...]
    """The rewards, as the recipe writes them."""
    parts: NDArray[np.float64]
    """[completions, rewards]: scores before their weights; NaN where a check could not judge."""
    total: NDArray[np.float64]
    """[completions]: the weighted sum of the parts, to which a check that does not apply adds nothing.

    NaN where a check failed, since a part that is missing would count as a bad or a good one, and where none applies:
    nothing can be learnt from such a completion.
    """
    reasons: Mapping[tuple[int, str], str]
    """(completion, reward) → why it was not judged, for each NaN of the parts."""
    seconds: tuple[float, ...] = ()
    """How long each reward took."""


Maker = Callable[[Spec, contextlib.ExitStack], Judge]
"""Makes the judge of a reward; what it holds open is closed with the stack."""


def _worded(spec: Spec, _: contextlib.ExitStack) -> Judge:
    return each(wording.MAKERS[spec.name](spec.parameters))


def _tools(spec: Spec, _: contextlib.ExitStack) -> Judge:
    def judge(completion: Completion) -> float:
        wanted = calls_of(completion.row)
        told, broken = calls.called(answers.spoken(completion.text))
        if not wanted and not completion.text.strip():
            return 0.0
        return calls.agreement(told, broken, wanted)

    return each(judge)


def _scored(spec: Spec, held: contextlib.ExitStack) -> Judge:
    from workbench.engine.rewards import scorer  # torch and its relatives, which no other check takes

    return scorer.scoring(spec, held)


def _judged(spec: Spec, held: contextlib.ExitStack) -> Judge:
    from workbench.engine.rewards import judge  # of no use to the children that import this package

    return judge.judging(spec, held)


_MAKERS: dict[str, Maker] = {
    **dict.fromkeys(wording.MAKERS, _worded),
    "regex": limited.regex,
    "schema": limited.schema,
    "file": limited.own,
    "code": coding.tests,
    "tools": _tools,
    "model": _scored,
    "judge": _judged,
}


class Rewards:
    """The rewards of a recipe, ready to judge; a context manager, since some hold a child process or a model."""

    def __init__(self, specs: Sequence[Spec]) -> None:
        self.specs = tuple(specs)
        self.names = tuple(map(text, specs))
        self._weights = np.array([spec.weight for spec in specs], np.float64)
        if twice := [name for name in self.names if self.names.count(name) > 1]:
            raise UsageError(f"The reward {twice[0]} stands there twice; give it once, with the weight of both.")
        with contextlib.ExitStack() as held:
            self._judges = [_MAKERS[spec.name](spec, held) for spec in specs]
            self._held = held.pop_all()

    def __enter__(self) -> Rewards:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End child processes and let go of models."""
        self._held.close()

    def score(self, completions: Sequence[Completion]) -> Scores:
        """Return what each completion earns, in their order; the same completions earn the same every time."""
        parts = np.full((len(completions), len(self.specs)), np.nan)
        failed = np.zeros(len(completions), bool)
        reasons: dict[tuple[int, str], str] = {}
        seconds = []
        for column, judge in enumerate(self._judges):
            began = time.perf_counter()
            for place, outcome in enumerate(judge(completions)):
                parts[place, column] = outcome.score
                if np.isnan(outcome.score):
                    reasons[place, self.names[column]] = outcome.reason or "it gave no number"
                    failed[place] |= outcome.applies and self._weights[column] != 0
            seconds.append(time.perf_counter() - began)
        judged = ~np.isnan(parts)
        total = np.where(judged, parts, 0.0) @ self._weights
        total[failed | ~judged.any(axis=1)] = np.nan
        return Scores(self.names, parts, total, reasons, tuple(seconds))


def build(specs: Sequence[str | Spec]) -> Rewards:
    """Return the rewards that texts of a recipe ask for, in their order, ready to judge.

    Raises UsageError for a reward that does not exist, cannot be made, or stands there twice.
    """
    return Rewards([parse(spec) if isinstance(spec, str) else spec for spec in specs])
