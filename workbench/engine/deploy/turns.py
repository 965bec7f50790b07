"""A chat template as plain pieces of text between what people and the model say, for programs that know no Jinja.

Owns finding the pieces, from conversations of made-up words that the template renders, and proving that the pieces
alone render others alike. Must not know any program's own language, nor where the template comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from workbench.core.errors import UsageError, WorkbenchError

Chat = Sequence[dict[str, str]]
Render = Callable[[Chat, bool], str]
"""(conversation, whether the model speaks next) → text; raises WorkbenchError for a conversation it refuses."""

_ASKED, _SAID, _AGAIN, _RULE = "Qvaz1uestion", "Rvez2eply", "Qvoz3again", "Svuz4ystem"
"""Words that stand for what is said: no template knows them, and trimming changes nothing about them."""


@dataclass(frozen=True)
class Turns:
    """What stands between what is said. A conversation is `first`, a question, `answer`, an answer, `question`, …, and
    `opening` behind the last question; where there are instructions, they stand between `before_system` and
    `after_system` in the place of `first`."""

    first: str
    answer: str
    question: str
    opening: str
    before_system: str | None
    """None where the template takes no instructions."""
    after_system: str = ""
    late: bool = False
    """Whether instructions stand before the last question and not before the first; `before_system` is what is written
    between the turn's own beginning and the instructions then."""

    def render(self, chat: Chat) -> str:
        """Return a conversation that ends with a question as text, with the model speaking next."""
        system = "\n\n".join(turn["content"] for turn in chat if turn["role"] == "system")
        told = self.before_system + system + self.after_system if system and self.before_system is not None else ""
        text = told if told and not self.late else self.first
        turns = [turn for turn in chat if turn["role"] != "system"]
        for number, turn in enumerate(turns):
            if turn["role"] == "user":
                text += self.question if number else ""
                text += told if self.late and number == len(turns) - 1 else ""
            else:
                text += self.answer
            text += turn["content"]
        return text + self.opening

    def without(self, begin: str) -> Turns:
        """Return the pieces without a token at the very beginning that somebody else puts there."""
        same = self.before_system is None or self.late
        before = self.before_system if same else str(self.before_system).removeprefix(begin)
        return replace(self, first=self.first.removeprefix(begin), before_system=before)


def _split(text: str, words: Sequence[str]) -> list[str]:
    """Return what stands before, between and behind words that occur once each, in this order."""
    parts = []
    for word in words:
        if text.count(word) != 1:
            raise UsageError("it repeats or leaves out what is said")
        part, _, text = text.partition(word)
        parts.append(part)
    return [*parts, text]


def _user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def _model(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


_SYSTEM = {"role": "system", "content": 'Answer in one sentence.\nSay "no" where you don\'t know.'}
_PROOF: tuple[Chat, ...] = (
    [_user("Hello!")],
    [_user("One"), _model("Two\n\nlines"), _user("Three: {{ x }} <b>?"), _model("Four 🙂"), _user("Five")],
    [_user("Is that {so}?"), _model("Yes, it is."), _user('And "this"?')],
)
"""Conversations without spaces at the ends, which some templates cut off and other programs do not."""


def turns(render: Render) -> Turns:
    """Return the pieces of a chat template; raises UsageError with why there are none.

    The pieces have rendered longer conversations than those they were found in, with instructions and without, exactly
    as the template does.
    """
    try:
        first, answer, question, opening = _split(
            render([_user(_ASKED), _model(_SAID), _user(_AGAIN)], True), (_ASKED, _SAID, _AGAIN)
        )
    except WorkbenchError as error:
        raise UsageError(f"The chat template cannot be put into pieces: {str(error).rstrip('.')}.") from None
    found = Turns(first, answer, question, opening, None)
    system = {"role": "system", "content": _RULE}
    try:
        before, after, _ = _split(render([system, _user(_ASKED)], True), (_RULE, _ASKED))
    except WorkbenchError:
        pass  # it takes no instructions, and says so by refusing them or by leaving them out
    else:
        found = replace(found, before_system=before, after_system=after)
    plain = _wrong(found, render, _PROOF)
    told = [[_SYSTEM, *chat] for chat in _PROOF] if found.before_system is not None else []
    if plain or not _wrong(found, render, told):
        wrong = plain
    else:
        begins = str(found.before_system).startswith(first)
        found = replace(found, before_system=str(found.before_system).removeprefix(first), late=True)
        wrong = not begins or _wrong(found, render, told)
    if wrong:
        place = "of several turns" if plain else "with instructions"
        raise UsageError(
            f"The chat template cannot be put into pieces: it writes conversations {place} in a way of its own."
        )
    return found


def _wrong(pieces: Turns, render: Render, chats: Sequence[Chat]) -> bool:
    """Return whether the pieces render one of some conversations in another way than the template."""
    return any(pieces.render(chat) != render(chat, True) for chat in chats)
