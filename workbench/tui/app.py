"""The application: which screen is shown, themes and keys, one look at the machine a second, and a clean way out.

Owns what outlives a screen: settings, the road as far as it has been gone, readings. Must not know what screens show.
"""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import platform
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import SystemCommand
from textual.screen import Screen

from workbench.guide.road import Road
from workbench.runs import hardware
from workbench.runs.hardware import Reading
from workbench.runs.store import Run
from workbench.tui import crash, glyphs, ink, settings, telling
from workbench.tui.desk import Desk
from workbench.tui.downloads import Downloads
from workbench.tui.messages import DownloadEnded, DownloadMoved, ReadingTaken, RunEnded
from workbench.tui.saying import Saying
from workbench.tui.station import Known
from workbench.tui.themes import THEMES
from workbench.tui.widgets.over import Palette

if TYPE_CHECKING:
    from workbench.guide.conversation import Conversation

READING_SECONDS = 1.0
_ASCII_TERMINALS = ("linux", "vt100", "vt220")
"""Terminals whose fonts lack the signs."""
HANGUP_SECONDS = 1.0
ENDS = (signal.SIGTERM, signal.SIGHUP)
LEAVING_SECONDS = 5
"""Longest time to leave in after such a signal: what is still to be written may have nowhere to go."""


@lru_cache(1)
def machine_name() -> str:
    """Return user@host."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{platform.node().split('.')[0] or 'localhost'}"


def _screen(module: str, name: str) -> Callable[..., Screen[Any]]:
    """Return what makes a screen, importing its module only then."""

    def make(*given: Any) -> Screen[Any]:
        from importlib import import_module

        made: Screen[Any] = getattr(import_module(f"workbench.tui.screens.{module}"), name)(*given)
        return made

    return make


PLACES: dict[str, Callable[..., Screen[Any]]] = {
    "base": _screen("base", "BaseScreen"),
    "data": _screen("data", "DataScreen"),
    "microscope": _screen("microscope", "MicroscopeScreen"),
    "rows": _screen("rows", "RowsScreen"),
    "method": _screen("method", "MethodScreen"),
    "rewards": _screen("rewards", "RewardsScreen"),
    "fit": _screen("fit", "FitScreen"),
    "review": _screen("review", "ReviewScreen"),
    "run": _screen("run", "RunScreen"),
    "use": _screen("use", "UseScreen"),
    "runs": _screen("runs", "RunsScreen"),
    "chat": _screen("chat", "ChatScreen"),
    "export": _screen("export", "ExportScreen"),
    "prefer": _screen("prefer", "PreferScreen"),
    "compare": _screen("compare", "CompareScreen"),
    "models": _screen("models", "ModelsScreen"),
    "settings": _screen("settings", "SettingsScreen"),
}
"""Name → what makes the screen; each is imported when it is first opened."""

TURN_SECONDS = 0.12
"""How long a page that was just opened is not written: it is laid out several times, and is known better by then."""


class Workbench(Saying):
    """The workbench on a terminal."""

    TITLE = "workbench"
    CSS_PATH = "base.tcss"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    PAUSE_GC_ON_SCROLL: ClassVar[bool] = True
    inherit_bindings = False

    def __init__(
        self,
        start: str = "base",
        given: tuple[Any, ...] = (),
        *,
        look: Callable[[], Reading] = hardware.sample,
        machine: str = "",
        now: Callable[[], float] = time.time,
    ) -> None:
        self.settings, troubles = settings.load()
        self.keys, more = settings.keymap()
        self._troubles = [*troubles, *more]
        glyphs.use_ascii(self.settings.signs == "ascii" or os.environ.get("TERM", "") in _ASCII_TERMINALS)
        plain = "NO_COLOR" in os.environ
        super().__init__(ansi_color=True if plain else None)
        self._start = (start, given)
        self.look = look
        self.machine = machine or machine_name()
        self.now = now
        """Seconds since the epoch, for what is said to be so long ago."""
        self.reading: Reading | None = None
        self.road = Road()
        self.known = Known()
        self.talk: Conversation | None = None
        """The conversation that was left last."""
        self.downloads = Downloads(self.post_message)
        self.terminal = telling.Terminal()
        self._attendance = telling.Attendance()
        self.error = ""
        """Why the application had to end, for the terminal it leaves."""
        if self.settings.still:
            self.animation_level = "none"
        for theme in THEMES:
            self.register_theme(theme)
        # Without colours nothing is painted: the terminal's own two are there already.
        self.wear("ansi-dark" if plain else self.settings.theme)

    def on_mount(self) -> None:
        """Open the first screen and begin to look at the machine."""
        if not self.is_headless:
            self._leave_at_signals()
        self.set_keymap(dict(self.keys))
        name, given = self._start
        self.go(name, *given)
        self.set_interval(READING_SECONDS, self._look)
        self.set_interval(HANGUP_SECONDS, self._hang_up)
        self.set_interval(telling.LOOK_SECONDS, self._look_after)
        self.call_after_refresh(self._look)
        for trouble in self._troubles:
            self.notify(trouble, severity="warning", markup=False, timeout=12)

    def wear(self, theme: str) -> None:
        """Take a theme."""
        ink.use_terminal_background(theme.startswith("ansi"))
        self.theme = theme

    def prefer(self, wanted: settings.Settings) -> None:
        """Take other settings, at once and on every screen that is open."""
        if wanted.signs != self.settings.signs:  # a terminal without the signs has none, whatever the settings say
            glyphs.use_ascii(wanted.signs == "ascii")
        self.settings = wanted
        self.animation_level = "none" if wanted.still else "full"
        self.wear(wanted.theme)
        for screen in self.screen_stack:
            if isinstance(screen, Desk) and screen.is_mounted:
                screen.rebuild()
                screen.query("*").refresh()

    def choose(self, name: str, value: str) -> None:
        """Take another value of a setting, and keep it."""
        self.prefer(replace(self.settings, **{name: value}))
        if trouble := settings.save(self.settings):
            self.notify(trouble, severity="warning", markup=False)

    # Screens

    def go(self, name: str, *given: Any) -> None:
        """Put a screen in place of all that are open."""
        if len(self.screen_stack) > 1:
            self.delay_update(TURN_SECONDS)
        while len(self.screen_stack) > 2:
            self.pop_screen()
        made = PLACES[name](*given)
        self.switch_screen(made) if len(self.screen_stack) == 2 else self.push_screen(made)

    def open(self, name: str, *given: Any) -> None:
        """Put a screen over the one that is shown; leaving it comes back here."""
        self.delay_update(TURN_SECONDS)
        self.push_screen(PLACES[name](*given))

    def back(self) -> None:
        """Leave a screen for the one below, or for the runs when there is none."""
        if len(self.screen_stack) > 2:
            self.pop_screen()
        elif not (isinstance(self.screen, Desk) and self.screen.NAME == "runs"):
            self.go("runs")

    def act_go_guide(self) -> None:
        """Go to the road."""
        self.go("base")

    def act_go_runs(self) -> None:
        """Go to the runs."""
        self.go("runs")

    def act_go_models(self) -> None:
        """Go to the models."""
        self.go("models")

    def act_go_chat(self) -> None:
        """Go to the chat: back to the one that is open below, or over this page."""
        if not any(isinstance(screen, Desk) and screen.NAME == "chat" for screen in self.screen_stack):
            self.open("chat")
            return
        while getattr(self.screen, "NAME", "") != "chat":
            self.pop_screen()

    def act_go_compare(self) -> None:
        """Go to the comparison."""
        self.open("compare")

    def act_go_settings(self) -> None:
        """Go to the settings."""
        self.open("settings")

    def act_app_palette(self) -> None:
        """Open the palette."""
        self.action_command_palette()

    def action_command_palette(self) -> None:
        """Open the palette over a page; what stands over one has keys of its own."""
        if isinstance(self.screen, Desk):
            self.push_screen(Palette(placeholder="any action or explanation, by its name"))

    def act_app_help(self) -> None:
        """Explain what can be done here."""
        from workbench.tui.screens.help import HelpSheet

        if isinstance(self.screen, Desk):
            self.push_screen(HelpSheet(self.screen))

    def act_app_suspend(self) -> None:
        """Leave the screen for the shell, as programs in a terminal do."""
        self.action_suspend_process()

    def act_app_quit(self) -> None:
        """Leave; runs go on by themselves."""
        self.exit(0)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Return everything that can be done here, for the palette."""
        from workbench.tui import commands

        return commands.of(self, screen) if isinstance(screen, Desk) else ()

    # The machine

    def _look(self) -> None:
        """Look at the machine from a thread, as a driver in trouble takes its time."""
        self.run_worker(self._take_reading, thread=True, group="reading", exclusive=False, exit_on_error=False) if (
            not any(worker.group == "reading" and not worker.is_finished for worker in self.workers)
        ) else None

    def _take_reading(self) -> None:
        """Take a reading; runs in a thread."""
        self.post_message(ReadingTaken(self.look()))

    def on_reading_taken(self, message: ReadingTaken) -> None:
        """Hand a reading to the screen."""
        self.reading = message.reading
        # The last one may come when the screens are gone already.
        if self.screen_stack and isinstance(self.screen, Desk) and self.screen.is_mounted:
            self.screen.read(message.reading)

    # Models on their way

    def on_download_moved(self, message: DownloadMoved) -> None:
        """Let the screen show how far a download is."""
        if self.screen_stack and isinstance(self.screen, Desk) and self.screen.is_mounted:
            self.screen.download_moved()

    def on_download_ended(self, message: DownloadEnded) -> None:
        """Let all screens know that a model is here now, or is not; the one that is shown says so."""
        for screen in self.screen_stack:
            if isinstance(screen, Desk) and screen.is_mounted:
                screen.download_ended(message)
        if self.screen_stack and isinstance(self.screen, Desk):
            if message.error:
                self.screen.say(f"{message.label}: {message.error}", "error")
            else:
                self.screen.say(
                    f"The download of {message.label} is stopped; what has come is kept."
                    if message.stopped
                    else f"{message.label} is on this machine now."
                )

    def on_unmount(self) -> None:
        """Stop what would outlive the application; what has come of a download is kept."""
        self.downloads.close()

    def _leave_at_signals(self) -> None:
        """Take the usual way out: an exception out of the loop leaves Textual's reader behind, which never ends."""
        loop = asyncio.get_running_loop()

        def leave(number: int, frame: object) -> None:
            signal.alarm(LEAVING_SECONDS)
            loop.call_soon_threadsafe(self.exit, 128 + number)

        for number in ENDS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup and its like have said otherwise
                signal.signal(number, leave)

    def _hang_up(self) -> None:
        """End when the terminal is gone: Textual's reader would spin on it."""
        with contextlib.suppress(OSError, ValueError):
            poll = select.poll()
            poll.register(sys.__stdin__.fileno(), select.POLLHUP | select.POLLERR)  # type: ignore[union-attr]
            if not self.is_headless and any(mask & (select.POLLHUP | select.POLLERR) for _, mask in poll.poll(0)):
                self.exit(1)

    # Runs that end while somebody looks elsewhere

    def attend(self, run: Run) -> None:
        """Say when a run ends that was opened here."""
        self._attendance.attend(run)

    def _look_after(self) -> None:
        """Look at these runs from a thread."""
        if not any(worker.group == "attendance" and not worker.is_finished for worker in self.workers):
            self.run_worker(self._take_attendance, thread=True, group="attendance", exit_on_error=False)

    def _take_attendance(self) -> None:
        """Look at these runs; runs in a thread."""
        for name, status in self._attendance.look():
            self.post_message(RunEnded(name, status))

    def on_run_ended(self, message: RunEnded) -> None:
        """Say that a run has ended, in the way the person wants."""
        wish, text = self.settings.notify, telling.ended(message.run_id, message.status)
        if not self.screen_stack:
            return  # it ended as the application did
        screen = self.screen
        seen = isinstance(screen, Desk) and screen.NAME == "run" and getattr(screen, "run_id", "") == message.run_id
        if wish == "always" or (wish == "away" and not self.app_focus):
            self.terminal.tell(text, self._write_terminal)
        if wish != "never" and not seen:
            self.notify(f"{text}.", markup=False, timeout=8)

    def name_terminal(self, title: str) -> None:
        """Give the terminal a title until the application is left."""
        self.terminal.name(title, self._write_terminal)

    def _write_terminal(self, sequence: str) -> None:
        """Hand the terminal a sequence between two drawings."""
        if self._driver is not None and not self.is_headless:
            self._driver.write(sequence)

    # The way out

    def _handle_exception(self, error: Exception) -> None:
        """End with a sentence; the trace goes into a file."""
        if self.is_headless:
            super()._handle_exception(error)
            return
        place = crash.keep("".join(traceback.format_exception(error)))
        self.error = f"The interface had to end; runs go on by themselves. What happened is kept in {place}."
        self._return_code = 1
        self.exit(1)


def run(start: str = "base", *given: Any) -> int:
    """Run the application and return the exit code; what went wrong is said on stderr after it has left the screen."""
    app = Workbench(start, given)
    before = {number: signal.getsignal(number) for number in ENDS}
    try:
        code = app.run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.alarm(0)
        app.terminal.restore()
    if app.error:
        print(f"workbench: {app.error}", file=sys.stderr)  # noqa: T201 - the terminal is ours again
    return code if isinstance(code, int) else app.return_code or 0
