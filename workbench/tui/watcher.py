"""What goes on in run directories, told to screens: a thread per open run, and one for the list of runs.

Owns the polling and what lies between thread and event loop. Must not know what a screen shows, and acts on no run. A
screen gets messages that say "look again"; what was read waits here until it takes it, never more than the event loop
can merge at once.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from textual.message import Message

from workbench.core import recipe as recipes
from workbench.core.errors import WorkbenchError
from workbench.core.events import AttemptEnded, AttemptStarted, Event, Phase, Request, Step
from workbench.core.lifecycle import ACTIVE
from workbench.core.recipe import PUBLISHING
from workbench.runs import console, exports, glances, history, journal
from workbench.runs.store import META_FILE, Run
from workbench.tui import crash
from workbench.tui.messages import ConsoleGrew, RunAdvanced, RunEnded, RunGone, RunsChanged
from workbench.tui.view import About, RunView

TICK_SECONDS = 0.1
STATUS_TICKS = 5
"""A status is looked at this seldom when no event says that it has changed."""
LIST_SECONDS = 1.0
MERGED = 200
"""Events merged into a view by one `take` at most: about two milliseconds of the event loop."""
WAITING = 2000
"""Events that wait at most; the journal keeps the others meanwhile."""
TICK_BYTES = 64 << 10
"""Most of a journal that is read at one look: some three hundred events, which a thread decodes within five
milliseconds."""
LONG_BYTES = 256 << 10
"""A journal that is further ahead than this is condensed by children (`runs.history`)."""
GLIMPSE = 384
"""Steps that the curves of such a journal are drawn of until then: more than a chart has columns of dots, and read
within a tenth of a second."""
CONSOLE_LINES = 50_000
"""Console lines that wait at most; the older ones go."""

_TELLING = (AttemptStarted, AttemptEnded, Phase, Request)


class Owner(Protocol):
    """A screen or an application: what runs the thread and takes the messages."""

    def post_message(self, message: Message) -> bool:
        """Take a message; safe from any thread."""

    @property
    def run_worker(self) -> Callable[..., Any]:
        """Run a function in a thread that ends with its owner."""


class _Thread:
    """A loop in a thread worker of a screen, held while the screen is not shown."""

    def __init__(self, owner: Owner, seconds: float, group: str) -> None:
        self._owner = owner
        self._seconds = seconds
        self._group = group
        self._ended = threading.Event()
        self._shown = threading.Event()
        self._shown.set()
        self._is_troubled = False

    def start(self) -> None:
        """Begin to watch."""
        self._ended.clear()
        self._owner.run_worker(
            self._run, thread=True, group=self._group, exclusive=True, exit_on_error=False, description=self._group
        )

    def stop(self) -> None:
        """Watch no more; the thread ends within a tick."""
        self._ended.set()
        self._shown.set()

    def hold(self) -> None:
        """Rest while nobody looks: for ScreenSuspend."""
        self._shown.clear()

    def go(self) -> None:
        """Go on: for ScreenResume."""
        self._shown.set()

    def _run(self) -> None:
        """Look again and again; the body of the thread."""
        from textual.worker import get_current_worker

        worker = get_current_worker()
        due = time.monotonic()
        while not (self._ended.is_set() or worker.is_cancelled):
            if not self._shown.wait(TICK_SECONDS):
                continue
            if time.monotonic() >= due:
                if self._ended.is_set() or not self._looked():
                    return
                due = time.monotonic() + self._seconds
            self._ended.wait(min(TICK_SECONDS, self._seconds))

    def _looked(self) -> bool:
        """Look once and return whether to go on; what nobody foresaw is kept, and the next look tries again."""
        try:
            return self.look()
        except Exception:
            if not self._is_troubled:
                crash.keep(traceback.format_exc())
            self._is_troubled = True
            return True

    def look(self) -> bool:
        """Look once and return whether to go on."""
        raise NotImplementedError

    def post(self, message: Message) -> None:
        """Send a message unless nobody wants it any more."""
        if not self._ended.is_set():
            self._owner.post_message(message)


class RunWatcher(_Thread):
    """Watches one run for one screen: `start` on mount, `stop` on unmount, `take` on every `RunAdvanced`."""

    def __init__(self, owner: Owner, run: Run) -> None:
        super().__init__(owner, TICK_SECONDS, f"watch {run.id}")
        self.run = run
        self._view = RunView(run.id)
        self._lock = threading.Lock()
        self._fresh: RunView | None = None
        """A view that takes the place of the one in use."""
        self._waiting: deque[Event] = deque()
        self._lines: deque[str] = deque(maxlen=CONSOLE_LINES)
        self._beside: tuple[str, About] = ("", About())
        self._reader: journal.Reader | None = None
        self._console: console.Follower | None = None
        self.looks = 0
        """How often it has looked."""
        self._status = ""
        self._report_stamp: tuple[int, int] = (-1, -1)

    # For the event loop

    def take(self) -> RunView:
        """Return the view with what was read since merged into it, `MERGED` events at most; in the event loop only.

        What is left is announced by another `RunAdvanced`.
        """
        with self._lock:
            if self._fresh is not None:
                self._view, self._fresh = self._fresh, None
            events = [self._waiting.popleft() for _ in range(min(MERGED, len(self._waiting)))]
            more, (status, about) = bool(self._waiting), self._beside
        self._view.see(events)
        self._view.learn(status=status, about=about)
        if more:
            self.post(RunAdvanced(self.run.id))
        return self._view

    def take_lines(self) -> list[str]:
        """Return the console lines that were read since, oldest first; from any thread."""
        with self._lock:
            lines = list(self._lines)
            self._lines.clear()
        return lines

    def follow_console(self, wanted: bool) -> None:
        """Read the console from near its end on, or leave it alone: a console nobody looks at costs nothing."""
        self._console = console.Follower(self.run.console_path) if wanted else None

    # In the thread

    def look(self) -> bool:
        """Look at everything once."""
        self.looks += 1
        if not (self.run.path / META_FILE).exists():
            self.post(RunGone(self.run.id))
            return False
        changed = self._open() if self._reader is None else self._read()
        if changed or self.looks % STATUS_TICKS == 1:
            changed = self._look_beside() or changed
        if changed or self._waiting:
            self.post(RunAdvanced(self.run.id))
        follower = self._console
        if follower is not None and (lines := follower.read()):
            with self._lock:
                self._lines.extend(lines)
            self.post(ConsoleGrew(self.run.id))
        return True

    def _open(self) -> bool:
        """Read a journal from its beginning: a long one's end and outline first, so that something shows at once."""
        reader = journal.Reader(self.run.events_path)
        if reader.behind() <= LONG_BYTES:
            view = RunView(self.run.id)
            view.see(reader.read())
            self._hand_over(view, reader)
            return True
        ahead, place = RunView(self.run.id), journal.end_of(self.run.events_path)
        ahead.glimpse(journal.spread(self.run.events_path, Step, GLIMPSE))
        ahead.see(journal.tail(self.run.events_path))
        if not self._view.version:
            self._look_beside()
            self._hand_over(ahead, None)
            self.post(RunAdvanced(self.run.id))
        view = RunView(self.run.id)
        try:
            past = history.whole(self.run.events_path)
        except WorkbenchError:
            # What cannot be condensed is followed from its end, without its beginning.
            self._hand_over(ahead, journal.Reader(self.run.events_path, place))
            return True
        view.recall(past)
        self._hand_over(view, journal.Reader(self.run.events_path, past.place))
        return True

    def _hand_over(self, view: RunView, reader: journal.Reader | None) -> None:
        """Let the screen have a new view."""
        with self._lock:
            self._fresh = view
            self._waiting.clear()
        self._reader = reader

    def _read(self) -> bool:
        """Read what was appended; return whether it says that the status may have changed."""
        assert self._reader is not None
        if self._reader.behind() > LONG_BYTES:
            self._reader = None
            return self._open()
        if len(self._waiting) >= WAITING:
            return False
        events = self._reader.read(TICK_BYTES)
        if self._reader.was_replaced:
            self._reader = None
            return self._open()
        with self._lock:
            self._waiting.extend(events)
        return any(isinstance(event, _TELLING) for event in events)

    def _look_beside(self) -> bool:
        """Look at status, recipe and report; return whether something has changed."""
        status, about = self.run.status(), self._about()
        if (status, about) == self._beside:
            return False
        with self._lock:
            self._beside = (status, about)
        if self._status in ACTIVE and status not in ACTIVE:
            self.post(RunEnded(self.run.id, status))
        self._status = status
        return True

    def _about(self) -> About:
        """Return what stands beside the journal; files that were read and have not changed are not read again."""
        known = self._beside[1]
        meta, recipe, provenance = known.meta, known.recipe, known.provenance
        try:
            meta = meta or self.run.meta()
            if recipe is None:
                resolved = recipes.load(self.run.recipe_path)
                recipe, provenance = resolved.recipe, resolved.provenance
        except WorkbenchError:
            pass  # of a newer workbench, or damaged: what it says in its journal can be shown all the same
        report = known.report
        try:
            figures = self.run.report_path.stat()
            stamp = (figures.st_mtime_ns, figures.st_size)
        except OSError:
            stamp, report = (0, 0), {}
        if stamp != self._report_stamp:
            self._report_stamp, report = stamp, self.run.report()
        made = exports.told(self.run) if meta.get("method") in PUBLISHING else ()
        return About(meta, recipe, provenance, report, made)


class RunsWatcher(_Thread):
    """Watches all runs for one screen: `start` on mount, `stop` on unmount, `take` on every `RunsChanged`."""

    def __init__(self, owner: Owner, points: int = 0) -> None:
        """`points` is the length of the small loss curve of each run, 0 for none."""
        super().__init__(owner, LIST_SECONDS, "watch runs")
        self._glances = glances.Glances(points)
        self._lock = threading.Lock()
        self._order: tuple[str, ...] = ()
        self._changed: dict[str, glances.Glance] = {}
        self._looked_once = False

    def take(self) -> tuple[tuple[str, ...], dict[str, glances.Glance]]:
        """Return the ids of all runs, newest first, and what has changed since the last call."""
        with self._lock:
            changed, self._changed = self._changed, {}
            return self._order, changed

    def look(self) -> bool:
        """Look at all runs once."""
        order, changed = self._glances.look()
        if changed or order != self._order or not self._looked_once:
            self._looked_once = True
            with self._lock:
                self._order = order
                self._changed = {name: one for name, one in {**self._changed, **changed}.items() if name in set(order)}
            self.post(RunsChanged())
        return True
