"""Which state of a run becomes its result: the one that did best on the held-out rows, or the last.

Owns the rule, its threshold, and the words for a result. Must not know files, weights or events.

Every method is judged by its held-out loss, those that compare answers too. Of a few dozen held-out pairs an accuracy
moves in jumps of several per cent and is the same at many looks; the loss also says how sure the wrong answers are.
Methods that learn from answers of their own have no loss that measures progress, and their last state is the result.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from workbench.core.units import count, several
from workbench.core.units import loss as in_words

NOISE = 0.01
"""Relative change of a held-out loss that counts as none, however many rows it was measured on."""
SPREAD = 0.1
"""Standard deviation, over rows, of how a row's loss changes between two looks, relative to the loss: 0.09 over the 46
rows held out of the bundled questions, between the last two checkpoints of a run. The mean over n rows wavers by this
over the root of n, the standard error of a mean of paired differences (Miller 2024, "Adding Error Bars to Evals"); from
a hundred rows on that is no more than `NOISE`."""
FEWEST = 8
"""Held-out rows below which no state is chosen by them. It is the least number at which a sign test (Dixon and Mood
1946) tells better from worse at 5 % though one row says otherwise: 9 of 2**8 outcomes, where 7 rows leave 8 of 2**7."""
FEW = 20
"""Held-out rows below which it is said of a loss on how many it rests."""
VISIBLE = 0.005
"""Smaller differences do not show in two decimals, and nobody would notice them in an answer."""


@dataclass(frozen=True)
class Held:
    """The held-out loss after a step."""

    step: int
    loss: float


def noise(rows: int) -> float:
    """Return the relative change of a loss on so many held-out rows that counts as none; 0 rows are an unknown number.

    Infinite where they are too few to choose by.
    """
    if not rows:
        return NOISE
    return max(NOISE, SPREAD / math.sqrt(rows)) if rows >= FEWEST else math.inf


def outweighs(best: Held | None, last: Held | None, rows: int = 0) -> bool:
    """Return whether the best look is better than the newest one by more than the noise of so many held-out rows."""
    if best is None or last is None:
        return False
    return last.loss - best.loss > max(noise(rows) * abs(best.loss), VISIBLE)


def too_few(rows: int) -> bool:
    """Return whether so many held-out rows are known to be too few to choose a state by."""
    return 0 < rows < FEWEST


def on_rows(rows: int) -> str:
    """Return " on 12 rows" where a loss rests on few, else ""."""
    return f" on {several(rows, 'row')}" if 0 < rows < FEW else ""


@dataclass(frozen=True)
class Result:
    """The state that a run has published, and what else it could have been."""

    step: int
    trained: int
    """The step at which training ended."""
    steps: int
    """Of the whole run as planned."""
    best: Held | None = None
    """The lowest look after the first step; None without held-out rows."""
    last: Held | None = None
    """The newest look."""
    rows: int = 0
    """Held-out rows that the looks rest on; 0 where it is not known."""

    @property
    def is_early(self) -> bool:
        """Whether it is not the last state."""
        return self.step < self.trained

    @property
    def loss(self) -> float | None:
        """The held-out loss of just this state, None where nobody looked."""
        return next((held.loss for held in (self.best, self.last) if held and held.step == self.step), None)

    @property
    def was_better(self) -> Held | None:
        """The look that was better than the newest by more than noise, where its state is not the result."""
        better = outweighs(self.best, self.last, self.rows) and self.best is not None and self.best.step != self.step
        return self.best if better else None

    @property
    def unsure(self) -> Held | None:
        """The look that was lower than the newest, where its state is not the result: too few rows tell so."""
        lower = too_few(self.rows) and outweighs(self.best, self.last)
        return self.best if lower and self.best is not None and self.best.step != self.step else None

    def words(self) -> str:
        """Return which state it is as the end of a sentence, without its full stop."""
        if self.is_early:
            said = f"step {count(self.step)} of {count(self.steps)}"
        elif self.trained < self.steps:
            said = f"the last state, of step {count(self.trained)} of {count(self.steps)}"
        else:
            said = f"the last state, of step {count(self.steps)}"
        said += f", held-out loss {in_words(self.loss)}{on_rows(self.rows)}" if self.loss is not None else ""
        if self.last is not None and self.last.step != self.step:
            is_end = self.last.step == self.trained
            said += "; the last" + ("" if is_end else f" look, at step {count(self.last.step)},")
            # Where nobody looked at just this state, nothing has said yet of what the figure is.
            said += f" {'was' if self.loss is not None else 'found a held-out loss of'} {in_words(self.last.loss)}"
        if (better := self.was_better) is not None:
            said += f"; the lowest was {in_words(better.loss)} at step {count(better.step)}"
        if (lower := self.unsure) is not None:
            said += f"; it was {in_words(lower.loss)} at step {count(lower.step)}, "
            said += f"measured on {several(self.rows, 'row')}, too few to choose by"
        return said

    def plain(self) -> dict[str, Any]:
        """Return it as a report has it."""
        return {**asdict(self), "held_out_loss": self.loss, "text": self.words()}


def unseen(result: Result | None) -> str:
    """Return what a held-out loss was measured on: how many rows, where they are few."""
    rows = result.rows if result is not None else 0
    return f"{several(rows, 'row')} it never saw" if 0 < rows < FEW else "rows it never saw"


def _held(found: Any) -> Held | None:
    """Return a look of a report, None for what is none."""
    if not isinstance(found, Mapping):
        return None
    step, loss = found.get("step"), found.get("loss")
    if type(step) is not int or not isinstance(loss, int | float) or isinstance(loss, bool) or not math.isfinite(loss):
        return None
    return Held(step, float(loss))


def of_report(report: Mapping[str, Any]) -> Result | None:
    """Return what a run's report says of its result; None where it says nothing, or nothing that can be read."""
    found = report.get("result")
    if not isinstance(found, Mapping):
        return None
    step, trained, steps = (found.get(name) for name in ("step", "trained", "steps"))
    if type(step) is not int or type(trained) is not int or type(steps) is not int:
        return None
    rows = found.get("rows")
    known = rows if type(rows) is int and rows > 0 else 0
    return Result(step, trained, steps, _held(found.get("best")), _held(found.get("last")), known)


def published(report: Mapping[str, Any]) -> dict[str, float]:
    """Return the held-out figures of the state that a report calls the result: "loss", "accuracy", "reward" and others.

    {} where nothing was published. What nobody looked at in just that state is of the newest look before it, or absent.
    """
    result, held = of_report(report), report.get("held_out_metrics")
    if result is None:
        return {}
    found: dict[str, Any] = {}
    if isinstance(held, Mapping):
        found = {name: pair.get("after") for name, pair in held.items() if isinstance(pair, Mapping)}
    found["loss"] = result.loss
    return {name: value for name, value in found.items() if type(value) in (int, float)}
