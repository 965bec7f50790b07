"""Everything the screen of a run shows, accumulated from its events in bounded memory.

Owns what is remembered of a run and in which shape. Must not know files, processes or widgets: a watcher brings events,
screens read. One thread uses a view at a time: the watcher until it hands it over, then the event loop.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from workbench.core import best, health, measures, resident
from workbench.core.best import Held, Result
from workbench.core.curves import Series
from workbench.core.events import (
    AttemptEnded,
    AttemptStarted,
    Checkpoint,
    Eval,
    Event,
    Layout,
    Notice,
    Phase,
    Request,
    Rollout,
    Sample,
    Step,
)
from workbench.core.findings import Figures, Finding
from workbench.core.lifecycle import WITH_RESULT
from workbench.core.measures import Levels, Look, Point
from workbench.core.recipe import FIELDS, Recipe
from workbench.core.remaining import Remaining
from workbench.runs.history import History

PROMPTS = 64
ANSWERS = 32
"""Answers kept per prompt: the first, and the newest."""
SHOWN_CHARACTERS = 8000
"""Of a sample's text: several screens full."""
RECENT_POINTS = 256
LOOKS = 512
OLD_POINTS, NEW_POINTS = 8, 64
KEPT = 200
"""Notices, checkpoints and attempts kept, newest."""
ROLLOUTS = 64
"""Groups of answers that were learnt from, newest."""


@dataclass(frozen=True)
class Answer:
    """What was written for a prompt at one step."""

    step: int
    text: str
    stopped: bool
    t: float


@dataclass
class Prompt:
    """A fixed prompt and its answers over the steps."""

    text: str
    first: Answer
    """Before anything was learnt: the base's own."""
    later: deque[Answer] = field(default_factory=lambda: deque(maxlen=ANSWERS))

    @property
    def now(self) -> Answer:
        """The newest answer."""
        return self.later[-1] if self.later else self.first

    def of(self, result: Result | None) -> Answer:
        """Return the answer of a published state, the newest one where it was not asked."""
        return next((one for one in self.later if result is not None and one.step == result.step), self.now)


@dataclass(frozen=True)
class Attempt:
    """One process lifetime."""

    number: int
    started: float
    """Seconds since the epoch."""
    outcome: str = ""
    """"" while it goes on or when it was cut off."""
    error: str = ""
    ended: float = 0.0
    step: int = 0


@dataclass(frozen=True)
class About:
    """What stands beside the journal; read by the watcher."""

    meta: Mapping[str, Any] = field(default_factory=dict)
    recipe: Recipe | None = None
    provenance: Mapping[str, str] = field(default_factory=dict)
    report: Mapping[str, Any] = field(default_factory=dict)
    """{} until the run has one."""
    made: tuple[Mapping[str, Any], ...] = ()
    """What a run that trains nothing has made, a line each as its report has it."""


class RunView:
    """One run as a screen shows it; `version` grows whenever something changed."""

    def __init__(self, run_id: str = "") -> None:
        self.run_id = run_id
        self.version = 0
        self.about = About()
        self.status = ""
        """"" until it was looked at."""
        self.is_whole = True
        """Whether the curves have every step, and what lies back is known; the figures of now do not wait for that."""
        self.phase = self.detail = ""
        self.done: int | None = None
        self.total: int | None = None
        self.requested = ""
        """pause or stop, once the engine has seen it."""
        self.step = self.steps = self.tokens = 0
        self.epoch = 0.0
        self.learning_rate: float | None = None
        self.grad_norm: float | None = None
        self.tokens_per_second: float | None = None
        self.loss: float | None = None
        """Of the newest step."""
        self.eval: Look | None = None
        self.eval_before: Look | None = None
        self.curves: dict[str, Series] = {}
        """`measures.OWN`, and metrics by name; x is the step."""
        self.prompts: dict[str, Prompt] = {}
        self.rollouts: deque[Rollout] = deque(maxlen=ROLLOUTS)
        self.notices: deque[Notice] = deque(maxlen=KEPT)
        self.layouts: deque[Layout] = deque(maxlen=KEPT)
        self.checkpoints: deque[Checkpoint] = deque(maxlen=KEPT)
        self.attempts: deque[Attempt] = deque(maxlen=KEPT)
        self.error = ""
        """Why the newest attempt failed or was paused against the person's will."""
        self.last_seen = 0.0
        """When the newest event was written, seconds since the epoch."""
        self._remaining = Remaining()
        self._levels = Levels()
        self._recent: deque[Point] = deque(maxlen=RECENT_POINTS)
        self._evals: deque[Look] = deque(maxlen=LOOKS)
        self._first_eval: Look | None = None
        self._stopped: deque[tuple[int, int, int]] = deque(maxlen=KEPT)
        self._metrics: dict[str, tuple[list[tuple[int, float]], deque[tuple[int, float]]]] = {}
        """Name → the oldest points and the newest."""
        self._codes: Counter[str] = Counter()
        self._cut_off, self._saved, self._draws = 0, True, True
        self._judged: tuple[int, list[Finding]] | None = None

    # What comes in

    def see(self, events: Iterable[Event]) -> None:
        """Take events of the run, in order."""
        for event in events:
            self.version += 1
            self.last_seen = event.t or self.last_seen
            self._remaining.see(event)
            if (take := _TAKES.get(type(event))) is not None:
                take(self, event)

    def glimpse(self, steps: Iterable[Step]) -> None:
        """Draw the curves of a few steps from all over the run, until all of them are known."""
        self.is_whole = False
        for step in steps:
            self._draw(step)
        self.version += 1

    def recall(self, history: History) -> None:
        """Take a journal condensed, which makes the view whole; for a view that has seen nothing yet."""
        self._draws = False
        self.see(history.events)
        self._draws = True
        self.curves, self._levels, self._metrics = history.curves, history.levels, {}
        for name, series in self.metrics.items():
            for x, y in series:
                self._metric(name, int(x), y)
        self.version += 1

    def learn(self, *, status: str | None = None, about: About | None = None) -> None:
        """Take what is known from beside the journal."""
        if status is not None and status != self.status:
            self.status, self.version = status, self.version + 1
        if about is not None and about != self.about:
            self.about, self.version, self._judged = about, self.version + 1, None

    def _curve(self, name: str, x: int, y: float | None) -> None:
        """Append to a curve."""
        if not self._draws:
            return
        if name not in self.curves:
            if len(self.curves) >= measures.MOST_METRICS:
                return
            self.curves[name] = Series()
        self.curves[name].append(x, y)
        if y is not None and name not in measures.OWN:
            self._metric(name, x, y)

    def _metric(self, name: str, x: int, y: float) -> None:
        """Keep a point of a metric for health."""
        old, new = self._metrics.setdefault(name, ([], deque(maxlen=NEW_POINTS)))
        old.append((x, y)) if len(old) < OLD_POINTS else new.append((x, y))

    def _step(self, event: Step) -> None:
        self.step, self.steps, self.epoch, self.tokens = event.step, event.steps, event.epoch, event.tokens
        self.learning_rate, self.grad_norm, self.loss = event.learning_rate, event.grad_norm, event.loss
        self.tokens_per_second = event.tokens_per_second
        self.phase, self.detail, self.done, self.total = "training", "", None, None
        self._draw(event)
        if self._draws:
            self._levels.add([event.step], [event.loss], [event.tokens_per_second])
        while self._recent and self._recent[-1].step >= event.step:
            self._recent.pop()
        self._recent.append(
            Point(event.step, event.loss, event.learning_rate, event.grad_norm, event.tokens_per_second)
        )

    def _draw(self, event: Step) -> None:
        """Append a step to the curves of its figures."""
        for name, value in (
            ("loss", event.loss), ("grad_norm", event.grad_norm), ("learning_rate", event.learning_rate),
            ("tokens_per_second", event.tokens_per_second),
            *measures.metrics("step", getattr(event, "metrics", None)).items(),
        ):  # fmt: skip
            self._curve(name, event.step, value)

    def _eval(self, event: Eval) -> None:
        figures = measures.metrics("eval", event.metrics)
        self._curve("eval", event.step, event.loss)
        for name, value in figures.items():
            self._curve(name, event.step, value)
        if event.loss is None:
            return
        while self._evals and self._evals[-1].step >= event.step:
            self._evals.pop()
        look = Look(event.step, event.loss, figures, event.rows)
        if self._first_eval is None or look.step <= self._first_eval.step:
            self._first_eval = look
        self._evals.append(look)
        self.eval = look
        self.eval_before = self._evals[-2] if len(self._evals) > 1 else None

    def _sample(self, event: Sample) -> None:
        answer = Answer(event.step, event.text[:SHOWN_CHARACTERS], event.stopped, event.t)
        known = self.prompts.get(event.prompt)
        if known is None:
            if len(self.prompts) < PROMPTS:
                self.prompts[event.prompt] = Prompt(event.prompt[:SHOWN_CHARACTERS], answer)
        else:
            while known.later and known.later[-1].step >= answer.step:
                known.later.pop()
            if answer.step > known.first.step:
                known.later.append(answer)
        if self._stopped and self._stopped[-1][0] == event.step:
            step, count, ended = self._stopped.pop()
            self._stopped.append((step, count + 1, ended + event.stopped))
        else:
            self._stopped.append((event.step, 1, int(event.stopped)))

    def _rollout(self, event: Rollout) -> None:
        while self.rollouts and self.rollouts[-1].step >= event.step:
            self.rollouts.pop()
        self.rollouts.append(event)

    def _phase(self, event: Phase) -> None:
        self.phase, self.detail, self.done, self.total = event.phase, event.detail, event.done, event.total

    def _notice(self, event: Notice) -> None:
        self.notices.append(event)
        self._codes[event.code] += len(self._codes) < KEPT or event.code in self._codes
        if event.level == "error":
            self.error = event.text

    def _checkpoint(self, event: Checkpoint) -> None:
        while self.checkpoints and self.checkpoints[-1].step >= event.step:
            self.checkpoints.pop()
        self.checkpoints.append(event)

    def _attempt_started(self, event: AttemptStarted) -> None:
        if self.attempts and not self.attempts[-1].outcome:
            self._cut_off += 1
            self._saved &= bool(self.checkpoints)
        self.attempts.append(Attempt(event.attempt, event.t))
        self.error = self.requested = ""
        self.phase, self.detail, self.done, self.total = "", "", None, None
        if self._draws:
            self._levels.begin()

    def _attempt_ended(self, event: AttemptEnded) -> None:
        started = self.attempts.pop().started if self.attempts else 0.0
        self.attempts.append(Attempt(event.attempt, started, event.outcome, event.error, event.t, event.step))
        self.error = event.error or self.error
        self.phase, self.detail, self.done, self.total = "", "", None, None

    def _layout(self, event: Layout) -> None:
        self.layouts.append(event)

    def _request(self, event: Request) -> None:
        self.requested = event.request

    # What is shown

    def left(self) -> float | None:
        """Return about how many seconds the attempt still takes; None until known or when none goes on."""
        return self._remaining.seconds() if self.attempts and not self.attempts[-1].outcome else None

    @property
    def train_loss(self) -> float | None:
        """The smoothed train loss."""
        series = self.curves.get("loss")
        return series.smoothed if series is not None else None

    @property
    def eval_change(self) -> float | None:
        """By how much the eval loss has changed since the look before."""
        return self.eval.loss - self.eval_before.loss if self.eval and self.eval_before else None

    @property
    def metrics(self) -> dict[str, Series]:
        """Further figures that are drawn, by name."""
        return {name: series for name, series in self.curves.items() if name not in measures.OWN}

    @property
    def memory(self) -> tuple[int | None, int] | None:
        """Peak bytes as (predicted, measured), once the run has measured them."""
        try:
            return resident.compared(self.about.report["memory"])
        except (TypeError, KeyError, ValueError):
            return None

    @property
    def best(self) -> Held | None:
        """The lowest held-out loss of a state that has a checkpoint; None where none was looked at."""
        looked = [
            Held(saved.step, saved.held_out_loss) for saved in self.checkpoints if saved.held_out_loss is not None
        ]
        return min((held for held in looked if held.step), key=lambda held: held.loss, default=None)

    @property
    def result(self) -> Result | None:
        """Which state was published; None while the run goes on, or where its report does not say."""
        return best.of_report(self.about.report) if self.status in WITH_RESULT else None

    @property
    def result_if_stopped(self) -> Result | None:
        """Which state a stop would publish now, None where that is the last one anyway."""
        newest = Held(self.eval.step, self.eval.loss) if self.eval else None
        rows = self.eval.rows if self.eval else 0
        now = Result(self.step, self.step, self.steps, self.best, newest, rows)
        recipe = self.about.recipe
        if recipe is None or not recipe.load_best_model_at_end or (better := now.was_better) is None:
            return None
        return replace(now, step=better.step)

    def findings(self) -> list[Finding]:
        """Return what the figures mean, the worst first; computed anew only after something has changed."""
        if self._judged is None or self._judged[0] != self.version:
            self._judged = (self.version, health.findings(self.figures()))
        return self._judged[1]

    def figures(self) -> Figures:
        """Return what health is judged by."""
        evals = list(self._evals)
        if self._first_eval is not None and evals and evals[0].step > self._first_eval.step:
            evals.insert(0, self._first_eval)
        found = {name: [*old, *new] for name, (old, new) in self._metrics.items()}
        return Figures(
            recipe=self.about.recipe, step=self.step, steps=self.steps, epoch=self.epoch, recent=list(self._recent),
            levels=self._levels, evals=evals, metrics=found, stopped=list(self._stopped),
            layouts=[_changed(layout) for layout in self.layouts], dropped=self._codes["events_dropped"],
            result=result.step if (result := self.result) is not None else None, cut_off=self._cut_off,
            saved=self._saved,
        )  # fmt: skip


_TAKES: dict[type[Event], Callable[[RunView, Any], None]] = {
    Step: RunView._step,
    Eval: RunView._eval,
    Sample: RunView._sample,
    Rollout: RunView._rollout,
    Phase: RunView._phase,
    Notice: RunView._notice,
    Checkpoint: RunView._checkpoint,
    AttemptStarted: RunView._attempt_started,
    AttemptEnded: RunView._attempt_ended,
    Layout: RunView._layout,
    Request: RunView._request,
}


def _changed(layout: Layout) -> dict[str, Any]:
    """Return a layout as recipe fields; what only methods that write answers have is left out for others."""
    changed = {field.name: getattr(layout, field.name) for field in fields(layout) if field.name in FIELDS}
    return {name: value for name, value in changed.items() if value or name != "generation_batch_size"}
