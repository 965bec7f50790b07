"""What a run that writes its own answers is rewarded for: the recipe's checks, or those that suit its rows.

Owns that choice. Must not know how a check judges, nor how answers are learnt from.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from workbench.core.checks import CHECKS, NEEDS
from workbench.core.errors import UsageError
from workbench.core.recipe import Recipe
from workbench.core.rewards import Spec, parse
from workbench.core.units import count
from workbench.data.formats import checkable
from workbench.engine import rewards
from workbench.engine.examples import Examples
from workbench.engine.reporter import Reporter
from workbench.engine.rewards.completion import Unjudged, answer_of, calls_of, chosen_of, tests_of

LOOKED_AT = 500
"""Rows by which checks are chosen."""
_ENOUGH = 0.9
"""Share of them that must have what a check asks for."""
_CHECK_OF = {"####": "number", "boxed": "math", "number": "number", "letter": "choice", "short": "exact"}
"""Kind of a checkable answer → the check that judges it."""


def suiting(rows: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Return (the reward that suits rows, why); raises UsageError when none does."""
    answers = [str(row["answer"]) for row in rows if row.get("answer")]
    kind, number = checkable.share(answers)
    if rows and number >= _ENOUGH * len(rows):
        return _CHECK_OF[kind], f"{count(number)} of {count(len(rows))} answers looked at {checkable.KINDS[kind]}"
    preferred = sum(bool(row.get("completion")) for row in rows)
    if rows and preferred >= _ENOUGH * len(rows):
        told = f"{count(preferred)} of {count(len(rows))} rows looked at have a preferred answer and none to check"
        return "similar", told
    raise UsageError(
        "No check suits these rows: too few have an answer that a rule can check or a preferred one; name what counts, "
        "for example --set rewards=format, or reward_model=RUN for ppo, or give rows with answers."
    )


def shaping(longest_thought: int, longest_answer: int) -> tuple[str, ...]:
    """Return the rewards that go beside a check of what is right where answers begin with a thought; nothing without.

    Keeping the form by itself earns a fifth of being right. What is longer than a thought may be costs up to a half of
    it at the limit of length, evenly (DAPO's soft limit, Yu et al. 2025, equation 13), so that a right answer is ahead
    of a wrong one whatever its length. Both weights are our choice.
    """
    if not longest_thought:
        return ()
    limit = f"overlong(max={longest_answer}, buffer={longest_answer - longest_thought})*0.5"
    return "format(tags=think, rest=true)*0.2", limit


_HELD: dict[str, Callable[[Mapping[str, Any]], object]] = {
    "answer": answer_of, "chosen": chosen_of, "tests": tests_of, "calls": calls_of,
}  # fmt: skip
"""What a check needs of a row → what finds it there, or raises Unjudged."""


def _answerable(spec: Spec, rows: Sequence[Mapping[str, Any]], reporter: Reporter) -> None:
    """Raise UsageError when no row holds what a check needs, and say so when a tenth of them does not."""
    needs = CHECKS[spec.name].needs
    if not spec.weight or needs not in _HELD:
        return
    lacking = 0
    for row in rows:
        try:
            _HELD[needs](row)
        except Unjudged:
            lacking += 1
    what = f"{NEEDS[needs]}, which the check {spec.name} needs"
    if rows and lacking == len(rows):
        raise UsageError(
            f"No row that was looked at has {what}; give rows that have it, or name what counts, for example --set "
            "rewards=format."
        )
    if lacking > (1 - _ENOUGH) * len(rows):
        told = f"{count(lacking)} of {count(len(rows))} rows looked at lack {what}: nothing is learnt from them by it."
        reporter.notice("warning", "rows_unjudged", told)


@contextlib.contextmanager
def judging(
    recipe: Recipe, examples: Examples, reporter: Reporter, more: Sequence[str | Spec] = ()
) -> Iterator[rewards.Rewards]:
    """Return the rewards of a recipe for the length of a block, ready to judge; says which were chosen by the rows.

    `more` are rewards beside those that the recipe lists. Beside a reward model alone the check that suits the rows is
    watched and rewards nothing: what a model likes may be well-formed and wrong.
    """
    wanted: tuple[str | Spec, ...] = (*recipe.rewards, *more)
    rows = [examples.row(number) for number in itertools.islice(range(len(examples)), LOOKED_AT)]
    if recipe.reward_model and not recipe.rewards:
        with contextlib.suppress(UsageError):
            name, why = suiting(rows)
            wanted = (*wanted, f"{name}*0")
            told = f"The check {name} is watched beside the reward model and rewards nothing: {why}."
            reporter.notice("info", "reward_watched", told)
    elif not wanted:
        name, why = suiting(rows)
        reporter.notice("info", "reward_chosen", f"Answers are rewarded by the check {name}: {why}.")
        shaped = shaping(recipe.thinking_budget, recipe.max_completion_length)
        wanted = (name, *shaped)
        if shaped:
            reporter.notice("info", "thoughts_shaped", f"Thoughts are rewarded beside it by {' and '.join(shaped)}.")
    for spec in wanted:
        _answerable(spec if isinstance(spec, Spec) else parse(spec), rows, reporter)
    with rewards.build(wanted) as judge:
        yield judge
