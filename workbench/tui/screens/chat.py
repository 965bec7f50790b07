"""The chat: one question, one answer or two side by side, and a vote between them.

Owns the page and what its keys do. The models live in processes of their own, asked from a thread; this screen looks at
them fifteen times a second while they write, and never waits for them.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, Static

from workbench.core.errors import WorkbenchError
from workbench.guide import talking, votes
from workbench.guide.conversation import Conversation
from workbench.guide.interview import Interview, Look
from workbench.guide.talking import Model
from workbench.runs.talk import Settings
from workbench.tui import actions
from workbench.tui.desk import Desk
from workbench.tui.glyphs import glyph
from workbench.tui.ink import foreign, ink
from workbench.tui.screens import chat_page
from workbench.tui.screens.chat_page import ONE_PANE, Shown
from workbench.tui.widgets.entry import Entry
from workbench.tui.widgets.footer import Footer
from workbench.tui.widgets.header import Header
from workbench.tui.widgets.page import Page
from workbench.tui.widgets.transcript import Transcript

LOOKS_PER_SECOND = 15
_VOTES = ("chat.vote1", "chat.vote2")
_IMMEDIATE = (*_VOTES, "app.help")
"""Actions whose keys the row leaves to the page while nothing is typed; a sign that begins a sentence it keeps."""
_ALONE = ("chat.send", "chat.stop", "chat.sampling", "chat.models", "chat.anew", "chat.keep")
"""What the footer shows where one model is talked with: there is nobody to vote on."""
_NOTHING = Look("", "", "", "", 0, 0, 0, 0.0, 0.0)


class ChatScreen(Desk):
    """Talk with a model, or with two at once."""

    NAME = "chat"
    CSS_PATH = "chat.tcss"

    def __init__(self, left: str = "", right: str = "", ask: str = "") -> None:
        super().__init__()
        self._given = (left, right)
        self._first = ask
        self._trouble = ""
        self._settings = Settings()
        self._system = ""
        self._blind = False
        self._pane = 0
        self._interview: Interview | None = None
        self._talk = Conversation((), 0)
        self._looks: list[Look] = []
        self._votes: dict[str, int] = {}
        self._timer: Timer | None = None

    def crumbs(self) -> tuple[str, ...]:
        """Return the run that is talked with, and this place."""
        runs = [model.run for model in self._talk.models if model.run]
        return (foreign(runs[-1], 40), "chat") if runs and not self._blind else ("chat",)

    def body(self) -> ComposeResult:
        """Yield heads, conversation, figures, the row to type into, and what is set."""
        yield Page(lambda width: chat_page.heads(self._shown(), width, self._trouble), id="heads")
        yield Transcript()
        yield Page(lambda width: self._spaced(chat_page.figures(self._shown(), width), after=True), id="figures")
        with Horizontal(id="asking"):
            yield Static(ink((glyph("caret"), "accent")), id="caret")
            yield Entry("", self._stands_for)
        yield Page(lambda width: self._spaced(chat_page.drawn(self._shown(), width), after=False), id="set")

    def opened(self) -> None:
        """Find out who answers."""
        self._timer = self.set_interval(1 / LOOKS_PER_SECOND, self._look, pause=True)
        self.query_one(Entry).focus()
        before = getattr(self.app.talk, "models", ())  # type: ignore[attr-defined]
        self.ask("models", talking.seated, *self._given, before)

    def on_unmount(self, event: events.Unmount) -> None:
        """Keep the conversation and end the models' processes; the card is free while nobody talks."""
        if (interview := self._interview) is None:
            return
        for number in range(len(self._looks)):
            self._talk.take(number, interview.look(number))
        interview.close()
        self._talk.cease()
        if self._talk.turns:
            self.app.talk = self._talk  # type: ignore[attr-defined]
            self._keep(left=True)

    def on_screen_suspend(self, event: events.ScreenSuspend) -> None:
        """Look at nothing while something else is shown; the models write on."""
        if self._timer is not None:
            self._timer.pause()

    def on_screen_resume(self) -> None:
        """Look again."""
        self._watch()
        self.query_one(Entry).focus()

    # Who answers

    def answered(self, what: str, value: Any) -> None:
        """Take who answers, or how many votes there are."""
        if what == "models":
            models, example = value
            before: Conversation | None = self.app.talk  # type: ignore[attr-defined]
            self.seat(models, before if before is not None and before.models is models else None)
            entry = self.query_one(Entry)
            if not entry.value:
                entry.propose(self._first or example)
            self._first = ""
        elif what == "seated":
            self.seat(value)
        elif what == "votes":
            self._votes = dict(value)
            self.query_one("#set", Page).again()

    def refused(self, what: str, error: str) -> None:
        """Show why there is nobody to talk with."""
        if what == "models":
            self._trouble = error
            self.rebuild()
        else:
            super().refused(what, error)

    def seat(self, models: Sequence[Model], before: Conversation | None = None) -> None:
        """Talk with these from now on: on where they were left, or in a new conversation."""
        if self._interview is not None:
            self._interview.close()
        self._trouble, self._pane = "", 0
        if self._talk.turns:
            self._keep()
        self._talk = before or Conversation(models, secrets.randbits(32))
        if before is not None and before.last is not None:
            self.app.talk = None  # type: ignore[attr-defined]
            self._settings, self._system, self._blind = before.last.settings, before.last.system, before.last.blind
        histories = [self._talk.history(number) for number in range(len(models))]
        self._interview = Interview([model.reference for model in models], self._interview, histories)
        self._looks = [_NOTHING] * len(models)
        self._interview.load()
        self._votes = {}
        if len(models) == 2:
            self._count()
        self._watch()
        self.rebuild()

    def _watch(self) -> None:
        """Look at the models from now on, until nothing happens there."""
        if self._timer is not None:
            self._timer.resume()

    def _look(self) -> None:
        """Take what the models have come to."""
        interview = self._interview
        if interview is None:
            return
        changed, told = False, False
        busy = interview.busy
        for number in range(len(self._looks)):
            look, before = interview.look(number), self._looks[number]
            self._looks[number] = look
            changed = self._talk.take(number, look) or changed
            told = told or (look.phase, int(look.seconds * 2)) != (before.phase, int(before.seconds * 2))
            changed = changed or look.phase != before.phase
        if changed:
            self._draw()
        if changed or told:
            self.query_one("#heads", Page).again()
            self.query_one("#figures", Page).again()
            self.foot()
        if not busy and not interview.asked and self._timer is not None:
            self._timer.pause()

    # What is shown

    def rebuild(self) -> None:
        """Draw everything anew."""
        if not self.is_mounted or not self.query(Entry):
            return
        self.set_class(self.app.size.width < ONE_PANE, "-one")
        both = len(self._talk.models) == 2
        self.query_one(Entry).placeholder = f"Ask {'both' if both else 'something'}{glyph('cut')}"
        self.query_one(Header).lead(self.crumbs())
        alone = len(self._talk.models) == 1
        shown = [one for one in actions.of_screen(self.NAME) if (one.id in _ALONE if alone else one.footer)]
        self.query_one(Footer).show(shown)
        for page in self.query(Page):
            page.again()
        self._draw()
        self.foot()

    def _shown(self) -> Shown:
        """Return what there is to show."""
        keys = tuple(actions.shown(self.key_of(actions.BY_ID[id])) for id in _VOTES)
        width, settings = self.app.size.width, self._settings
        return Shown(self._talk, self._looks, self._votes, settings, self._system, self._blind, self._pane, width, keys)

    def _spaced(self, line: Content, after: bool) -> list[Content]:
        """Return a line with a blank one beside it, where there is room."""
        return [line] if self.short else [line, Content("")] if after else [Content(""), line]

    def _draw(self) -> None:
        """Draw the conversation."""
        self.query_one(Transcript).show(chat_page.exchanges(self._shown()))

    # What keys do

    def _stands_for(self, event: events.Key) -> str:
        """Return the action a key stands for while nothing is typed; votes only where there is one to give."""
        for id in _IMMEDIATE:
            if event.key in self.key_of(actions.BY_ID[id]).split(","):
                return "" if id in _VOTES and (event.is_printable or self._talk.why_no_vote()) else id
        return ""

    def on_key(self, event: events.Key) -> None:
        """Let what is typed while the conversation is in focus go into the row, but for keys that mean something."""
        row = self.query_one(Entry)
        if self.focused is not row and event.is_printable and event.key not in self.active_bindings:
            row.focus()
            row.insert_text_at_cursor(event.character or "")

    def why_not(self, action: str) -> str:
        """Return why an action cannot be done now."""
        interview, talk = self._interview, self._talk
        writing = interview is not None and interview.asked
        if action == "chat.send":
            if not talk.models:
                return "There is nobody to ask yet; choose a model with ctrl+o."
            return "An answer is being written; esc stops it." if writing else ""
        if action in _VOTES:
            return talk.why_no_vote()
        if action == "chat.blind":
            return "" if len(talk.models) == 2 else "Hiding who is who takes two; choose a second model with ctrl+o."
        if action == "chat.adapters" and all(model.word in ("base", "tuned") for model in talk.models):
            return "Adapters act beside a GGUF file; choose one with ctrl+o."
        if action in ("chat.models", "chat.anew", "chat.adapters") and writing:
            return "An answer is being written; esc stops it."
        if action == "go.chat":
            return "You are there; ctrl+n begins a new conversation."
        if action in ("chat.keep", "chat.again", "chat.anew") and not talk.turns:
            return "Nothing has been said yet."
        if action == "chat.swap" and len(self._shown().panes) == len(talk.models):
            return "Everything is shown already."
        return ""

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        """Send what was typed."""
        event.stop()
        await self.action_act("chat.send")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show in the footer what can be done now."""
        event.stop()
        self.foot()

    def act_chat_send(self) -> None:
        """Ask what is typed; with nothing typed, ask again what failed."""
        entry, interview, talk = self.query_one(Entry), self._interview, self._talk
        assert interview is not None, "why_not was asked before"
        text = entry.text.strip()
        if text:
            entry.value = ""
            histories = [interview.history(number) for number in range(len(talk.models))]
            turn = talk.begin(text, self._settings, self._system, self._blind, histories)
            interview.ask(turn.places, text, self._system, self._settings)
        elif talk.last is not None:
            if not (failed := talk.repeat()):
                return
            interview.ask(failed, talk.last.question, talk.last.system, talk.last.settings)
        elif any(look.phase == "failed" for look in self._looks):
            interview.load()
        self.query_one(Transcript).follow()
        self._watch()
        self.rebuild()

    def act_chat_stop(self) -> None:
        """Stop the answers; with none, empty the row; with an empty one, leave."""
        entry = self.query_one(Entry)
        if self._interview is not None and self._interview.asked:
            self._interview.stop()
            self._talk.stop()
            self._draw()
            self._watch()
        elif entry.value:
            entry.value = ""
        else:
            self.app.call_later(self.app.back)  # type: ignore[attr-defined]

    def act_chat_vote1(self) -> None:
        """Prefer the left answer."""
        self._vote(0)

    def act_chat_vote2(self) -> None:
        """Prefer the right answer."""
        self._vote(1)

    def _vote(self, column: int) -> None:
        """Keep a vote, change it, or take it back."""
        try:
            self._talk.vote(column)
        except WorkbenchError as error:
            self.say(str(error), "error")
            return
        self._count()
        self.rebuild()

    def _count(self) -> None:
        """Ask how many votes there are; others may vote on these models, too."""
        self.ask("votes", votes.tally, [model.reference for model in self._talk.models])

    def act_chat_blind(self) -> None:
        """Hide who is who from now on, or tell it."""
        self._blind = not self._blind
        if not self._blind:
            self._talk.reveal()
        self.rebuild()

    def act_chat_anew(self) -> None:
        """Begin a new conversation with the same models."""
        assert self._interview is not None, "something was said"
        self._interview.anew()
        self._keep()
        self._talk = Conversation(self._talk.models, secrets.randbits(32))
        self._watch()
        self.rebuild()

    def act_chat_keep(self) -> None:
        """Write the conversation to files."""
        self._keep()

    def _keep(self, left: bool = False) -> None:
        """Write the conversation to files and say where."""
        try:
            self.say(chat_page.kept(self._talk.keep(), left))
        except WorkbenchError as error:
            self.say(str(error), "error")

    def act_chat_again(self) -> None:
        """Write the last question once more."""
        entry, last = self.query_one(Entry), self._talk.last
        assert last is not None, "something was said"
        entry.write(last.question)

    def act_chat_turn(self) -> None:
        """Go to the conversation, or back to the row."""
        row = self.query_one(Entry)
        (self.query_one(Transcript) if self.focused is row else row).focus()

    def act_chat_swap(self) -> None:
        """Show the other column."""
        self._pane = 1 - self._pane
        self.rebuild()

    def act_chat_up(self) -> None:
        """Scroll up."""
        self.query_one(Transcript).scroll_pages(-1)

    def act_chat_down(self) -> None:
        """Scroll down."""
        self.query_one(Transcript).scroll_pages(1)

    def act_chat_sampling(self) -> None:
        """Ask how answers are drawn."""
        from workbench.tui.screens.chat_sheets import SamplingSheet

        def take(given: tuple[Settings, str] | None) -> None:
            if given is not None:
                self._settings, self._system = given
                self.rebuild()

        self.app.push_screen(SamplingSheet(self._settings, self._system), take)

    def act_chat_adapters(self) -> None:
        """Ask which adapters act."""
        from workbench.tui.screens.chat_adapters import AdaptersSheet

        if self._interview is not None:
            self.app.push_screen(AdaptersSheet(self._interview))

    def act_chat_models(self) -> None:
        """Ask who answers."""
        from workbench.tui.screens.chat_sheets import ModelsSheet

        def take(given: tuple[Model, ...] | None) -> None:
            if given and [model.reference for model in given] != [model.reference for model in self._talk.models]:
                self.ask("seated", talking.beside, given)

        self.app.push_screen(ModelsSheet(self._talk.models), take)
