"""What every screen has: header, footer, actions from the table, and questions that are answered off the event loop.

Owns dispatch and layout changes. Must not know what any one screen shows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import Screen

from workbench.core.errors import WorkbenchError
from workbench.core.text import clean
from workbench.runs.hardware import Reading
from workbench.tui import actions, crash
from workbench.tui.glyphs import glyph
from workbench.tui.ink import prose
from workbench.tui.messages import DownloadEnded
from workbench.tui.widgets.footer import Footer
from workbench.tui.widgets.header import Header
from workbench.tui.widgets.page import Page

WIDE = 100
TALL = 32
SPARING = 20
"""Rows below which a page leaves none blank."""
LEAST = (60, 15)
"""Columns and rows that a page needs."""


class Answered(Message):
    """A question has been answered."""

    def __init__(self, what: str, ticket: int, value: Any) -> None:
        super().__init__()
        self.what, self.ticket, self.value = what, ticket, value


class Refused(Message):
    """A question could not be answered; `error` is a sentence with what to do."""

    def __init__(self, what: str, ticket: int, error: str) -> None:
        super().__init__()
        self.what, self.ticket, self.error = what, ticket, error


class Told(Message):
    """Something on the way to an answer: how far a download is, which phase a trial is in."""

    def __init__(self, what: str, ticket: int, value: Any) -> None:
        super().__init__()
        self.what, self.ticket, self.value = what, ticket, value


class Desk(Screen[None]):
    """A screen with a name, under which the action table knows it."""

    NAME: ClassVar[str] = ""
    inherit_bindings = False

    def __init_subclass__(cls, **rest: Any) -> None:
        cls.BINDINGS = actions.bindings(cls.NAME)
        super().__init_subclass__(**rest)

    def __init__(self) -> None:
        super().__init__()
        self._tickets: dict[str, int] = {}
        self._pending: set[str] = set()
        """What was asked and not answered yet; a worker ends a little after its answer is taken."""
        self._shape = (False, False)

    # What a screen is made of

    def compose(self) -> ComposeResult:
        """Yield header, body and footer."""
        app: Any = self.app
        yield Header(self.crumbs(), app.machine, app.reading)
        with Vertical(id="body"):
            yield from self.body()
        yield Footer(actions.of_screen(self.NAME), self.why_not, self.key_of)
        yield Page(self._small, id="small")

    def body(self) -> ComposeResult:
        """Yield what is between header and footer."""
        return iter(())

    def _small(self, width: int) -> list[Content]:
        """Return what is said in place of a page that has no room."""
        needed = f" {glyph('times')} ".join(map(str, LEAST))
        return prose(
            width, f"This page needs {needed}. Its keys go on working, and the command line does everything, too."
        )

    def crumbs(self) -> tuple[str, ...]:
        """Return where this is, from the brand on."""
        return (self.NAME,)

    def on_mount(self) -> None:
        """Begin; Textual calls `on_mount` of every class of a page, so pages begin in `opened`."""
        self.opened()

    def opened(self) -> None:
        """Do what a page begins with."""

    def key_of(self, action: actions.Action) -> str:
        """Return the key of an action, as the person's key map has it."""
        return str(getattr(self.app, "keys", {}).get(action.id, action.key))

    @property
    def narrow(self) -> bool:
        """Whether there are fewer than 100 columns."""
        return self.app.size.width < WIDE

    @property
    def short(self) -> bool:
        """Whether there are fewer than 32 rows."""
        return self.app.size.height < TALL

    @property
    def tight(self) -> bool:
        """Whether there is no row to spare."""
        return self.app.size.height < SPARING

    def on_resize(self, event: events.Resize) -> None:
        """Lay the page out anew."""
        size = self.app.size
        self.set_class(size.width < LEAST[0] or size.height < LEAST[1], "-small")
        self.set_class(self.tight, "-tight")
        self.set_class(self.narrow, "-narrow")
        self.set_class(self.short, "-short")
        self.rebuild()

    def on_screen_resume(self) -> None:
        """Take away what was said on another page, and say what has waited until nothing lay over this one."""
        app: Any = self.app
        if app.page is not self:
            app.page = self
            app.turn_page()
        app.say_held()

    def why_so(self, name: str) -> str:
        """Return why the value in focus is as it is, a sentence for the help; "" where nothing is to be said."""
        return ""

    def rebuild(self) -> None:
        """Make everything anew that depends on the size or on what is known."""

    def read(self, reading: Reading) -> None:
        """Take a new look at the machine."""
        self.query_one(Header).read(reading)

    def download_moved(self) -> None:
        """Show how far a download is, where the screen has room for it."""

    def download_ended(self, message: DownloadEnded) -> None:
        """Take that a model is here now, or why it is not."""

    def foot(self) -> None:
        """Draw the footer anew: what can be done has changed."""
        self.query_one(Footer).redraw()

    # Actions

    def why_not(self, action: str) -> str:
        """Return why an action cannot be done now, "" when it can."""
        return ""

    async def action_act(self, id: str) -> None:
        """Do an action of the table, or say why not."""
        if why := self.why_not(id):
            self.say(why)
            return
        method = actions.BY_ID[id].method
        target = self if hasattr(self, method) else self.app
        result = getattr(target, method)()
        if hasattr(result, "__await__"):
            await result

    def act_screen_back(self) -> None:
        """Leave this page for the one below."""
        self.app.call_later(self.app.back)  # type: ignore[attr-defined]

    # Words to the person

    def say(self, text: str, level: str = "information") -> None:
        """Say a sentence at the edge of the page; it is never read as markup."""
        self.app.say_here(clean(text), severity=level, markup=False, timeout=6)  # type: ignore[attr-defined]

    # Questions that take time

    def ask(self, what: str, function: Callable[..., Any], *args: Any, **rest: Any) -> None:
        """Call a function in a thread; `answered` or `refused` gets its outcome unless it was asked again since.

        A function with a parameter `tell` is handed one that passes values on to `told`.
        """
        ticket = self._tickets[what] = self._tickets.get(what, 0) + 1
        self._pending.add(what)
        if "tell" in rest:
            rest["tell"] = lambda value: self.post_message(Told(what, ticket, value))
        self.run_worker(
            partial(self._asked, what, ticket, function, args, rest),
            thread=True,
            group=what,
            exclusive=True,
            exit_on_error=False,
            description=what,
        )

    def asking(self, what: str) -> bool:
        """Return whether a question is still open."""
        return what in self._pending

    def forget(self, what: str) -> None:
        """Take no answer to a question any more."""
        self._pending.discard(what)
        self._tickets[what] = self._tickets.get(what, 0) + 1

    def _asked(self, what: str, ticket: int, function: Callable[..., Any], args: tuple[Any, ...], rest: Any) -> None:
        """Answer a question; runs in a thread."""
        try:
            value = function(*args, **rest)
        except WorkbenchError as error:
            self.post_message(Refused(what, ticket, str(error)))
        except Exception:
            self.post_message(Refused(what, ticket, crash.told()))
        else:
            self.post_message(Answered(what, ticket, value))

    def on_answered(self, message: Answered) -> None:
        """Hand an answer on, unless the question was asked anew."""
        if message.ticket == self._tickets.get(message.what):
            self._pending.discard(message.what)
            self.answered(message.what, message.value)

    def on_refused(self, message: Refused) -> None:
        """Hand a refusal on, unless the question was asked anew."""
        if message.ticket == self._tickets.get(message.what):
            self._pending.discard(message.what)
            self.refused(message.what, message.error)

    def on_told(self, message: Told) -> None:
        """Hand on what is known on the way."""
        if message.ticket == self._tickets.get(message.what):
            self.told(message.what, message.value)

    def answered(self, what: str, value: Any) -> None:
        """Take the answer to a question."""

    def told(self, what: str, value: Any) -> None:
        """Take what is known on the way to an answer."""

    def refused(self, what: str, error: str) -> None:
        """Take why there is no answer."""
        self.say(error, "error")
