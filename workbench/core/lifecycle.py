"""What a run may be and how that is told: phases, statuses, and the rule that derives a status.

Owns the derivation from the last lifecycle event, the kernel lock and the pending request. Must not look at files or
processes itself: the caller brings the three facts.
"""

from __future__ import annotations

from collections.abc import Iterable

from workbench.core.events import AttemptEnded, AttemptStarted, Event, Phase

PHASES = ("waiting", "probing", "loading", "preparing", "training", "evaluating", "saving", "exporting")

STATUSES = ("queued", "running", "pausing", "paused", "stopping", "stopped", "done", "failed", "lost", "stuck")

ACTIVE = ("queued", "running", "pausing", "stopping")
"""Statuses of a run that an attempt works on or will."""

WITH_RESULT = ("done", "stopped")
"""Statuses of a run that has ended and published a state."""

OUTCOMES = ("done", "paused", "stopped", "failed")

ACTIONS: dict[str, frozenset[str]] = {
    "pause": frozenset({"queued", "running"}),
    "stop": frozenset({"queued", "running", "pausing"}),
    "kill": frozenset({"queued", "running", "pausing", "stopping", "stuck"}),
    "resume": frozenset({"paused", "stopped", "failed", "lost"}),
    "discard": frozenset({"paused", "stopped", "done", "failed", "lost"}),
}
"""Action → the statuses in which it makes sense."""

_PAST = {"pause": "paused", "stop": "stopped", "kill": "killed", "resume": "resumed", "discard": "discarded"}


def why_not(action: str, status: str) -> str:
    """Return why `action` is not possible in `status`, to follow the run's name, or "" when it is possible."""
    if status in ACTIONS[action]:
        return ""
    *most, last = [name for name in STATUSES if name in ACTIONS[action]]
    soon = {"pausing": "paused", "stopping": "stopped"}.get(status, "")
    wait = f": wait until it is {soon}" if soon in ACTIONS[action] else ""
    if action == "kill":
        wait = ": it has no process now; discard it to delete it"
    return f"is {status} and cannot be {_PAST[action]}; only one that is {', '.join(most)} or {last} can{wait}"


def status(
    events: Iterable[Event], lock_held: bool, leader_alive: bool | None, request: str = "", leader_attempt: int = 0
) -> str:
    """Return the status of a run.

    `events` are all its events, or any tail of them: a tail without a lifecycle event lies within an attempt.
    `lock_held` says whether some process holds the run's lock; `leader_alive` whether the process named in process.json
    is that process and alive, None when none is named yet; `request` is "", "pause" or "stop"; `leader_attempt` is the
    attempt the named process works on, 0 when unknown.
    """
    seen = waiting = False
    ended: AttemptEnded | None = None
    for event in events:
        if isinstance(event, AttemptEnded):
            ended = event
        elif isinstance(event, AttemptStarted):
            ended, waiting = None, True
        elif isinstance(event, Phase):
            waiting = event.phase == "waiting"
        seen = True
    if not lock_held:
        return ended.outcome if ended is not None else "lost"
    if leader_alive is False:
        return "stuck"
    if ended is not None and leader_alive and leader_attempt <= ended.attempt:
        # Its last word is said and the process is about to be gone.
        return ended.outcome
    if request:
        return {"pause": "pausing", "stop": "stopping"}[request]
    return "running" if seen and ended is None and leader_alive and not waiting else "queued"
