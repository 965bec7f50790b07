"""How long an attempt still takes, from what its own events have told so far.

Owns that arithmetic. Must not know files, and looks at no clock: seconds between steps come from the events.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections import deque

from workbench.core.events import AttemptStarted, Checkpoint, Eval, Event, Step

RECENT = 32
"""Steps whose median is the pace: enough to smooth, few enough to follow a card that slows down."""


class Remaining:
    """Follows one run; `see` takes every event in order.

    A look at the held-out rows and a checkpoint stand between two steps: what such a pause took over the pace is its
    cost. They come again as often as they have come, which the steps they came at tell.
    """

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        """Forget an attempt: the next one may be on another card."""
        self._last: Step | None = None
        self._paces: deque[float] = deque(maxlen=RECENT)
        self._paused = False
        self._looks: list[int] = []
        self._saves: list[int] = []
        self._look_seconds: list[float] = []
        self._save_seconds: list[float] = []
        self._saving = 0.0

    def see(self, event: Event) -> None:
        """Take one event of the run."""
        if isinstance(event, AttemptStarted):
            self._begin()
        elif isinstance(event, Eval):
            self._looks.append(event.step)
            self._paused = True
        elif isinstance(event, Checkpoint):
            self._saves.append(event.step)
            self._save_seconds.append(event.seconds)
            self._saving += event.seconds
        elif isinstance(event, Step):
            self._step(event)

    def _step(self, event: Step) -> None:
        """Take a step, or several that one event stands for."""
        before, taken = self._last, event.step - (self._last.step if self._last is not None else 0)
        self._last = event
        looked, saving = self._paused, self._saving
        self._paused, self._saving = False, 0.0
        if before is None or taken < 1:
            return
        seconds = event.seconds - before.seconds
        if not looked:
            self._paces.append(max(seconds - saving, 0.0) / taken)
        elif self._paces:
            self._look_seconds.append(max(seconds - saving - taken * statistics.median(self._paces), 0.0))

    def seconds(self) -> float | None:
        """Return the seconds until the last step, all looks and checkpoints on the way included; None until known."""
        if self._last is None or not self._paces:
            return None
        left = self._last.steps - self._last.step
        whole = left * statistics.median(self._paces)
        for came, cost in ((self._looks, self._look_seconds), (self._saves, self._save_seconds)):
            if cost and left:
                whole += statistics.median(cost) * _times(came, self._last.steps)
        return whole


def _times(came: list[int], steps: int) -> int:
    """Return how often something still comes, up to the last step, at which it always does."""
    gaps = [later - earlier for earlier, later in itertools.pairwise(came) if later > earlier]
    every = statistics.median(gaps) if gaps else max(came[-1], 1)
    return max(math.ceil((steps - came[-1]) / every), 1)
