"""Following a run from the command line: its journal, in words, until the attempt ends.

Owns how events read as lines. Must not act on the run: leaving off following never stops it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from workbench.cli.output import Live, count, duration, figure, size
from workbench.core import events
from workbench.core.errors import WorkbenchError
from workbench.core.remaining import Remaining
from workbench.core.text import one_line
from workbench.core.units import percent
from workbench.runs import journal
from workbench.runs.store import Run

POLL_SECONDS = 0.2
STEP_LINE_SECONDS = 5.0
"""Where lines cannot be rewritten, a step is reported this often at most."""

_BETWEEN = ("training", "evaluating", "saving")
"""Phases that steps and other events speak of, where nothing more is said of them."""
MARKS = {"info": "·", "warning": "▲", "error": "✗"}


def _figures(metrics: Mapping[str, float]) -> str:
    """Return the further figures of a step or an evaluation: of compared answers those that matter, other losses."""
    told = "".join(f"  {name.removesuffix('_loss')} {figure(v, 3)}" for name, v in metrics.items() if "_loss" in name)
    rewards = {"reward": "reward", "greedy_reward": "at its likeliest", "zero_variance": "groups alike", "kl": "KL"}
    if "reward" in metrics:
        return told + "".join(
            f"  {said} {figure(metrics[name], 3)}" for name, said in rewards.items() if name in metrics
        )
    if "accuracy" in metrics:
        told += f"  right {percent(metrics['accuracy'])}"
    return told + "".join(f"  {name} {figure(metrics[name], 3)}" for name in ("margin", "drift") if name in metrics)


def _phase(event: events.Phase) -> str:
    """Return what an attempt does now, and how far it is where that is known."""
    far = f"  {count(event.done or 0)}/{count(event.total)}" if event.total else ""
    return f"{event.phase}{'  ' + event.detail if event.detail else ''}{far}"


def _step(event: events.Step, left: float | None) -> str:
    """Return the state of training as one line, with the seconds it still takes where they are known."""
    line = (
        f"training  step {count(event.step)}/{count(event.steps)}  loss {figure(event.loss, 3)}  "
        f"learning rate {event.learning_rate:.2e}  {count(event.tokens_per_second)} tokens/s{_figures(event.metrics)}"
    )
    return line if left is None else f"{line}  about {duration(left)} left"


def describe(event: events.Event) -> str:
    """Return the line an event is worth, or "" for one that only moves the live line."""
    match event:
        case events.AttemptStarted():
            return f"attempt {event.attempt} started"
        case events.Eval() if event.loss is None:
            return f"step {count(event.step)}  held-out{_figures(event.metrics)}"
        case events.Eval():
            return f"step {count(event.step)}  held-out loss {figure(event.loss, 3)}{_figures(event.metrics)}"
        case events.Sample():
            return f"  {one_line(event.prompt, 60)} → {one_line(event.text, 100)}"
        case events.Checkpoint():
            return f"step {count(event.step)}  checkpoint {size(event.bytes)} in {event.seconds:.1f} s"
        case events.Layout():
            return f"{MARKS['warning']} {one_line(event.text)}"
        case events.Notice():
            return f"{MARKS.get(event.level, '·')} {one_line(event.text)}"
        case events.Request():
            return f"{event.request} requested; it takes effect at the end of this step"
        case events.AttemptEnded():
            return "" if event.error else f"attempt {event.attempt} {event.outcome}"
    return ""


def follow(run: Run, quiet: bool = False, attempt: int = 0, prefix: str = "") -> str:
    """Print what a run does until the attempt ends; return the status it then has.

    `attempt` skips everything before that attempt; 0 follows from the beginning of the journal.
    Raises WorkbenchError when the engine dies without a last word.
    """
    live, reader = Live(quiet), journal.Reader(run.events_path)
    seen = attempt == 0
    last_line, phase = 0.0, ""
    remaining = Remaining()
    while True:
        alive = run.status() in ("queued", "running", "pausing", "stopping")
        for event in reader.read():
            if isinstance(event, events.AttemptStarted):
                seen = seen or event.attempt >= attempt
            if not seen:
                continue
            remaining.see(event)
            if isinstance(event, events.Step):
                if live.rewrites or time.monotonic() - last_line > STEP_LINE_SECONDS:
                    last_line = time.monotonic()
                    live.update(prefix + _step(event, remaining.seconds()))
            elif isinstance(event, events.Phase):
                named = f"{event.phase} {event.detail}"
                if (event.phase in _BETWEEN and not event.detail) or (named == phase and not live.rewrites):
                    continue
                phase = named
                live.update(prefix + _phase(event))
            elif text := describe(event):
                live.line(prefix + text)
            if isinstance(event, events.AttemptEnded) and event.attempt >= attempt:
                return run.status() if event.outcome == "failed" else event.outcome
        if not alive:
            status = run.status()
            if status in ("lost", "stuck"):
                raise WorkbenchError(
                    f"The engine of {run.id} ended without a last word; "
                    f"`workbench resume {run.id}` goes on from its newest checkpoint."
                )
            if not seen or reader.read() == []:
                return status
        time.sleep(POLL_SECONDS)


def last_error(run: Run) -> str:
    """Return why the newest attempt failed or was paused against the person's will, or ""."""
    error = ""
    for event in run.events():
        if isinstance(event, events.AttemptStarted):
            error = ""
        elif isinstance(event, events.Notice) and event.level == "error":
            error = event.text
        elif isinstance(event, events.AttemptEnded):
            error = event.error or error
    return error
