"""The journal's vocabulary: every event an engine may write, and its one-line JSON form.

Owns the event classes, `encode` and `decode`. Must not know files, locks or processes. A reader ignores kinds and keys
it does not know, so that an older workbench can still show a newer run.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar

VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Event:
    """What every line of a journal has."""

    kind: ClassVar[str] = "event"

    n: int = 0
    """Sequence number in the journal, from 1; given by the writer."""
    t: float = 0.0
    """Seconds since the epoch, for display only: durations come from the monotonic fields."""


@dataclass(frozen=True, kw_only=True)
class AttemptStarted(Event):
    """A process has taken the run's lock and begins to work on it."""

    kind: ClassVar[str] = "attempt_started"
    attempt: int
    pid: int
    workbench: str = ""


@dataclass(frozen=True, kw_only=True)
class Phase(Event):
    """The attempt does something else from now on: one of the phases named in `lifecycle.PHASES`."""

    kind: ClassVar[str] = "phase"
    phase: str
    detail: str = ""
    done: int | None = None
    total: int | None = None


@dataclass(frozen=True, kw_only=True)
class Step(Event):
    """One optimizer step, or the mean over the steps since the last such event."""

    kind: ClassVar[str] = "step"
    step: int
    steps: int
    loss: float | None
    learning_rate: float
    grad_norm: float | None
    tokens_per_second: float
    epoch: float = 0.0
    tokens: int = 0
    """Tokens seen in the whole run so far."""
    seconds: float = 0.0
    """Monotonic seconds of training in this attempt so far."""
    metrics: dict[str, float] = field(default_factory=dict)
    """What else the method tells of the rows of these steps: for answers that are compared `accuracy`, `margin`,
    `chosen_reward`, `rejected_reward`, `drift`, `kl` and more, as `engine/align/preferences.py` has them."""


@dataclass(frozen=True, kw_only=True)
class Eval(Event):
    """The loss on held-out rows, and any further figures: those of a step, and losses on other rows as NAME_loss."""

    kind: ClassVar[str] = "eval"
    step: int
    loss: float | None
    metrics: dict[str, float] = field(default_factory=dict)
    rows: int = 0
    """Held-out rows the loss rests on; 0 where the engine did not say."""


@dataclass(frozen=True, kw_only=True)
class Sample(Event):
    """A text the model wrote for one of the fixed prompts."""

    kind: ClassVar[str] = "sample"
    step: int
    prompt: str
    text: str
    stopped: bool = False
    """Whether the model ended the text by itself."""


@dataclass(frozen=True, kw_only=True)
class Rollout(Event):
    """Answers the model wrote to one prompt to learn from, as an example of those of a step; long texts are cut."""

    kind: ClassVar[str] = "rollout"
    step: int
    """The step that learns from them."""
    prompt: str
    answers: list[dict[str, Any]] = field(default_factory=list)
    """Each `text`, `reward`, `parts` (check → its score), `tokens`, `finished`, whether it ended by itself, and
    `forced`, whether its thought was closed for it."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint(Event):
    """A sealed, resumable state has been published."""

    kind: ClassVar[str] = "checkpoint"
    step: int
    path: str
    """Relative to the run directory."""
    bytes: int
    seconds: float
    held_out_loss: float | None = None
    """Of just this state; None where nobody looked at the held-out rows after its step."""


@dataclass(frozen=True, kw_only=True)
class Layout(Event):
    """From now on, in later attempts too, a step takes less memory than the recipe asks for; the result is the same."""

    kind: ClassVar[str] = "layout"
    step: int
    """The step that ran out of memory and is taken again, or the last one before an evaluation that did."""
    per_device_train_batch_size: int
    gradient_accumulation_steps: int
    """Passes per optimizer step of the recipe's effective batch."""
    gradient_checkpointing: bool
    activation_offloading: bool = False
    per_device_eval_batch_size: int
    generation_batch_size: int = 0
    """Answers written at once, 0 for methods that write none."""
    text: str
    """One sentence: what changed and why."""


@dataclass(frozen=True, kw_only=True)
class Notice(Event):
    """Something the person should know; `code` is stable, `text` is one sentence with what to do."""

    kind: ClassVar[str] = "notice"
    level: str
    """info, warning or error."""
    code: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Request(Event):
    """The engine has seen a request to pause or stop and will honour it at the next step's end."""

    kind: ClassVar[str] = "request"
    request: str


@dataclass(frozen=True, kw_only=True)
class AttemptEnded(Event):
    """The attempt's last word; a journal whose attempt lacks it was cut off."""

    kind: ClassVar[str] = "attempt_ended"
    attempt: int
    outcome: str
    """done, paused, stopped or failed."""
    error: str = ""
    step: int = 0


EVENTS: dict[str, type[Event]] = {
    cls.kind: cls
    for cls in (AttemptStarted, Phase, Step, Eval, Sample, Rollout, Checkpoint, Layout, Notice, Request, AttemptEnded)
}

_KNOWN = {kind: frozenset(f.name for f in fields(cls)) for kind, cls in EVENTS.items()}


def _finite(value: Any) -> Any:
    """Return `value` with every NaN and infinity replaced by None, which JSON can say."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def encode(event: Event) -> bytes:
    """Return the event as one JSON line, newline included; a lone surrogate, which UTF-8 cannot say, becomes "?"."""
    body = {"v": VERSION, "kind": event.kind, **{key: _finite(value) for key, value in asdict(event).items()}}
    line = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return line.encode("utf-8", "replace") + b"\n"


def decode(line: bytes | str) -> Event | None:
    """Return the event of one journal line, or None when the line is torn or of a kind this version does not know."""
    try:
        body = json.loads(line)
        cls = EVENTS[body["kind"]]
        return cls(**{key: value for key, value in body.items() if key in _KNOWN[body["kind"]]})
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
