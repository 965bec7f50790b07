"""What the chat's page says: heads, answers with their votes, figures, settings.

Owns the words and their places, made from what the chat hands over. Must not know models' processes, keys or files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.content import Content

from workbench.core import units
from workbench.guide import hub
from workbench.guide.conversation import Answer, Conversation, Turn
from workbench.guide.interview import Look
from workbench.runs.talk import Settings
from workbench.tui.glyphs import glyph
from workbench.tui.ink import Piece, cut, foreign, ink, place, prose
from workbench.tui.widgets.transcript import WIDEST, Exchange, Reply, columns

ONE_PANE = 72
"""Below so many columns there is room for one side only."""
_TIMED = 50
"""From so many columns on a pane has room for how long a phase takes."""
_DATED = re.compile(r"\d{4}-\d\d-\d\d-")


@dataclass
class Shown:
    """What there is to show."""

    talk: Conversation
    looks: Sequence[Look]
    """Of each model."""
    votes: Mapping[str, int]
    settings: Settings
    system: str
    blind: bool
    pane: int
    """The column that is shown where there is room for one."""
    screen: int
    """Columns of the whole screen."""
    keys: tuple[str, ...] = ("", "")
    """With which the answer in each column is preferred."""

    @property
    def panes(self) -> list[int]:
        """The columns that are shown."""
        number = len(self.talk.models)
        return [min(self.pane, number - 1)] if self.screen < ONE_PANE and number == 2 else list(range(number))

    @property
    def hidden(self) -> bool:
        """Whether nobody may see now who is who."""
        last = self.talk.last
        return self.blind and (last is None or last.hidden)

    @property
    def wide(self) -> int:
        """Columns of a pane."""
        return columns(max(self.screen - 4, 8), len(self.panes))[0][1]


def heads(shown: Shown, width: int, trouble: str) -> list[Content]:
    """Return who answers in each column, how far it is, and a line under it."""
    if trouble:
        return prose(min(width, WIDEST), (f"{glyph('failed')} ", "bad"), trouble)
    if not shown.panes:
        return [ink(("looking for models", "label")), Content("")]
    pieces, rules = [], []
    for column, (start, wide) in zip(shown.panes, columns(width, len(shown.panes)), strict=True):
        model = shown.talk.models[shown.talk.places[column]]
        status, kept = _status(shown.looks[shown.talk.places[column]], wide >= _TIMED), 16 if wide >= _TIMED else 9
        said: list[Piece] = [(f"{column + 1}", "here"), "  "] if len(shown.talk.models) == 2 else []
        if shown.hidden:
            said.append(("hidden", "label"))
        else:
            said += [(foreign(model.word), "title"), "   "]
            room = wide - ink(*said).cell_length - max(status.cell_length, kept) - 2
            label = foreign(model.label)
            said.append((cut(label if len(label) <= room else _DATED.sub("", label, count=1), max(room, 1)), "label"))
        pieces.append((start, place(wide, (0, ink(*said)), (-1, status))))
        rules.append((start, ink((glyph("bar") * wide, "rule"))))
    return [place(width, *pieces), place(width, *rules)]


def _status(look: Look, timed: bool) -> Content:
    """Return a phase with its sign, and with how long it takes where there is room."""
    phase, seconds = look.phase, look.seconds
    if phase in ("loading", "reading"):
        after = f" {units.duration(seconds)}" if timed and seconds >= 2 else ""
        return ink((f"{glyph('running')} ", "accent"), phase, (after, "label"))
    if phase == "writing":
        return ink((f"{glyph('running')} ", "accent"), phase)
    if phase == "failed":
        return ink((f"{glyph('failed')} ", "bad"), phase)
    if phase in ("done", "ready"):
        return ink((f"{glyph('done')} ", "good"), (phase, "label"))
    return ink((f"{glyph('queued')} ", "faint"), (phase or "waiting", "label"))


def exchanges(shown: Shown) -> list[Exchange]:
    """Return the conversation, or what stands in its place before anything was asked."""
    panes = shown.panes
    if shown.talk.turns:
        return [
            Exchange(turn.question, tuple(_reply(shown, turn, column) for column in panes)) for turn in shown.talk.turns
        ]
    return [Exchange("", tuple(Reply(note=_before(shown, column)) for column in panes))] if panes else []


def _before(shown: Shown, column: int) -> tuple[Content, ...]:
    """Return what stands in a column before anything was asked."""
    look = shown.looks[shown.talk.places[column]]
    if look.phase == "failed":
        again = (("enter", "enter"), (" tries again   ", "label"), ("ctrl+o", "key"), (" other models", "label"))
        return (*prose(shown.wide, (f"{glyph('failed')} ", "bad"), look.error), Content(""), ink(*again))
    if look.phase == "loading" and look.seconds >= 5:
        return tuple(prose(shown.wide, ("A large model takes a minute to load.", "label")))
    return ()


def _reply(shown: Shown, turn: Turn, column: int) -> Reply:
    """Return one answer with what stands under it."""
    answer = turn.answers[turn.places[column]]
    foot = _vote(shown, turn, column) if len(shown.talk.models) == 2 else None
    return Reply(answer.text, answer.phase == "writing", tuple(_note(shown, turn, answer)), foot)


def _note(shown: Shown, turn: Turn, answer: Answer) -> list[Content]:
    """Return what is said of an answer that did not come to its own end."""
    if answer.phase == "failed":
        lines = prose(shown.wide, (f"{glyph('failed')} ", "bad"), answer.error)
        return [*lines, ink(("enter", "enter"), (" asks again", "label"))] if turn is shown.talk.last else lines
    if answer.phase == "stopped":
        return [ink(("stopped", "label"))]
    if answer.phase == "done" and answer.reason == "length":
        if answer.tokens >= turn.settings.max_tokens:
            return [ink((f"cut at {units.count(turn.settings.max_tokens)} tokens", "label"))]
        return [ink(("cut where the context was full", "label"))]
    return []


def _vote(shown: Shown, turn: Turn, column: int) -> Content | None:
    """Return the vote on an answer, and how one is given, changed or taken back."""
    wide, talk = shown.wide, shown.talk
    model, own = talk.models[turn.places[column]], turn.vote == turn.places[column]
    does: list[Piece] = []
    if turn is talk.last and turn.over:
        if not talk.why_no_vote():
            action = f"chat.vote{column + 1}"
            does = [
                (shown.keys[column], "key", action),
                (" take it back" if own else " prefer this one", "label", action),
            ]
        elif talk.are_same(turn):
            does = [("the same on both sides", "label")]
    said: list[Piece] = [(f"{glyph('check')} ", "good"), ("your vote", "section"), "   "] if own else []
    room = wide - ink(*said, *does).cell_length - 3
    after = f"{model.word}, {model.label}" if turn.blind and turn.vote is not None else ""
    if own and not after:
        after = next((words for words in ("saved as a preference row", "saved") if len(words) <= room), "")
    if after and room >= 5:
        said += [(foreign(after, room), "label"), "   "]
    return ink(*said, *does).rstrip() if said or does else None


def figures(shown: Shown, width: int) -> Content:
    """Return tokens per second and what of the context is used, for each column."""
    pieces = []
    for column, (start, wide) in zip(shown.panes, columns(width, len(shown.panes)), strict=True):
        look = shown.looks[shown.talk.places[column]]
        if shown.hidden:
            pieces.append((start, ink(("figures are hidden until you vote", "label"))))
            continue
        rate = units.significant(look.rate, 2) if look.rate else glyph("none")
        said: list[Piece] = [(rate, "section"), (" tok/s", "label")]
        if look.context:
            used = units.count(look.used) if look.used else glyph("none")
            said += ["   ", (used, "section"), (f" of {units.count(look.context)} tokens", "label")]
        pieces.append((start, ink(*said).truncate(wide)))
    return place(width, *pieces)


def drawn(shown: Shown, width: int) -> Content:
    """Return how answers are drawn, and the votes so far."""
    settings, both = shown.settings, len(shown.talk.models) == 2
    said: list[Piece] = []
    for name, value in (
        ("temperature", f"{settings.temperature:g}"),
        ("top p", f"{settings.top_p:g}"),
        ("same seed" if both else "seed", str(settings.seed)),
    ):
        said += [(f"{name} ", "label", "chat.sampling"), f"{value}   "]
    if shown.blind:
        said += [("blind", "section"), "   "]
    right = _tally(shown) if both else ink("")
    room = width - 2 - ink(*said).cell_length - right.cell_length - 10
    if shown.system and room >= 8:
        said += [("system ", "label", "chat.sampling"), foreign(shown.system, room)]
    return place(width, (2, ink(*said).rstrip()), (-1, right))


def kept(path: Path, left: bool) -> str:
    """Return where a conversation is kept: name and folder on lines of their own, so that neither is broken."""
    more = "The same chat opened again goes on with it." if left else "Beside it is the same as JSON."
    return f"The conversation is kept in\n{path.name}\nin {hub.shown(path.parent)}\n{more}"


def _tally(shown: Shown) -> Content:
    """Return how many votes there are, and for whom; the share alone would tell who is who."""
    total = sum(shown.votes.values())
    if not total:
        return ink(("no votes yet", "label"))
    models = shown.talk.models
    words = [model.word for model in models]
    names = words if words[0] != words[1] else ["left", "right"]
    each = [
        f"{units.count(shown.votes.get(model.reference, 0))} {foreign(name)}"
        for model, name in zip(models, names, strict=True)
    ]
    parts = "" if shown.hidden or shown.screen < ONE_PANE else f": {', '.join(reversed(each))}"
    return ink((units.count(total), "section"), (f" {'vote' if total == 1 else 'votes'}{parts}", "label"))
