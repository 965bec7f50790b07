"""What was asked of one or two models and what they answered: turns, who stands on which side, votes.

Owns that state and the rules of voting. Must not know how it is shown, and asks nobody anything: whoever holds an
interview hands over what its sides have come to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workbench.guide import transcripts, votes
from workbench.guide.interview import BUSY, Look
from workbench.guide.talking import Model
from workbench.runs.talk import Settings


@dataclass
class Answer:
    """What one model has answered so far."""

    before: tuple[dict[str, str], ...]
    """Its conversation up to and with the question."""
    text: str = ""
    phase: str = "waiting"
    error: str = ""
    reason: str = ""
    rate: float = 0.0
    tokens: int = 0

    @property
    def growing(self) -> bool:
        """Whether it is still expected to grow."""
        return self.phase in BUSY or self.phase == "ready"


@dataclass
class Turn:
    """One question and the answers to it."""

    question: str
    places: tuple[int, ...]
    """Column → model."""
    blind: bool
    settings: Settings
    system: str
    answers: list[Answer]
    """In the order of the models."""
    vote: int | None = None
    """The model that was preferred."""
    row: dict[str, Any] | None = None
    """The vote as it is kept."""
    told: bool = False
    """Whether a vote has been given, after which everybody may see who is who, even when it is taken back."""

    @property
    def hidden(self) -> bool:
        """Whether nobody has been told yet who is who."""
        return self.blind and not self.told

    @property
    def over(self) -> bool:
        """Whether no answer grows any more."""
        return not any(answer.growing for answer in self.answers)


class Conversation:
    """The turns between a person and the models."""

    def __init__(self, models: Sequence[Model], seed: int) -> None:
        self.models = tuple(models)
        self.turns: list[Turn] = []
        self._seed = seed
        self._file: Path | None = None
        """Where it has been kept."""

    @property
    def last(self) -> Turn | None:
        """The newest turn."""
        return self.turns[-1] if self.turns else None

    @property
    def places(self) -> tuple[int, ...]:
        """Column → model, as the newest turn has it."""
        return self.last.places if self.last else tuple(range(len(self.models)))

    def begin(
        self, question: str, settings: Settings, system: str, blind: bool, histories: Sequence[list[dict[str, str]]]
    ) -> Turn:
        """Begin a turn and return it; the sides change places at random while it is blind."""
        number = len(self.models)
        blind = blind and number == 2
        swap = blind and votes.mixed(self._seed, len(self.turns))
        opening = [{"role": "system", "content": system}] if system else []
        asked = {"role": "user", "content": question}
        answers = [Answer((*opening, *history, asked)) for history in histories]
        turn = Turn(question, (1, 0) if swap else tuple(range(number)), blind, settings, system, answers)
        self.turns.append(turn)
        return turn

    def stop(self) -> None:
        """Give up the answers that have not begun; what is being written comes to its own end."""
        for answer in self.last.answers if self.last else []:
            if answer.phase in ("waiting", "loading", "ready"):
                answer.phase = "stopped"

    def cease(self) -> None:
        """Give up all that has not come to its end: nobody listens any more."""
        for answer in self.last.answers if self.last else []:
            if answer.growing:
                answer.phase = "stopped"

    def history(self, model: int) -> list[dict[str, str]]:
        """Return what a model has been told and has answered, without a system prompt and what it left unanswered."""
        if self.last is None:
            return []
        answer = self.last.answers[model]
        said = [message for message in answer.before if message["role"] != "system"]
        if answer.phase == "failed" or not (answer.text or answer.phase == "done"):
            return said[:-1]
        return [*said, {"role": "assistant", "content": answer.text}]

    def repeat(self) -> tuple[int, ...]:
        """Make the failed answers of the newest turn anew and return their models, in the order of the columns."""
        turn = self.last
        failed = [model for model in turn.places if turn.answers[model].phase == "failed"] if turn else []
        for model in failed:
            assert turn is not None
            turn.answers[model] = Answer(turn.answers[model].before)
        return tuple(failed)

    def take(self, model: int, look: Look) -> bool:
        """Take what a side has come to; return whether anything that is shown has changed."""
        turn = self.last
        if turn is None or not turn.answers[model].growing:
            return False
        answer = turn.answers[model]
        before = (answer.phase, answer.rate)
        answer.text += look.text
        answer.phase, answer.error, answer.reason, answer.rate = look.phase, look.error, look.reason, look.rate
        answer.tokens = look.tokens
        return bool(look.text) or before != (answer.phase, answer.rate)

    def reveal(self) -> None:
        """Tell of every turn who is who."""
        for turn in self.turns:
            turn.blind = turn.blind and turn.told

    # Votes

    def why_no_vote(self) -> str:
        """Return why there is nothing to vote on, "" when there is."""
        turn = self.last
        if len(self.models) < 2:
            return "A vote is between two; choose a second model with ctrl+o."
        if turn is None:
            return "Ask something first."
        if not turn.over:
            return "Both answers have to be whole; wait for them."
        for answer in turn.answers:
            if answer.phase == "failed":
                return "One side has no answer; enter asks it again."
            if answer.phase != "done":
                return "An answer was stopped; half an answer is nothing to learn from."
        if self.are_same(turn):
            return "Both answers are the same, so that there is nothing to prefer."
        if not all(answer.text.strip() for answer in turn.answers):
            return "One answer is empty; there is nothing to learn from it."
        return ""

    def are_same(self, turn: Turn) -> bool:
        """Return whether both models have answered the same."""
        first, second = turn.answers
        return first.phase == second.phase == "done" and first.text.strip() == second.text.strip()

    def vote(self, column: int) -> Path:
        """Keep a vote for the answer in a column in place of the one before, and return the file.

        The same vote once more takes it back. Raises WorkbenchError when that cannot be kept; nothing has changed then.
        """
        turn = self.last
        assert turn is not None, "why_no_vote was asked before"
        preferred = turn.places[column]
        pair = [model.reference for model in self.models]
        if turn.vote == preferred and turn.row is not None:
            path = votes.change(pair, turn.row, None)
            turn.vote, turn.row = None, None
            return path
        chosen, rejected = (
            votes.Answered(
                self.models[model].reference,
                turn.answers[model].before,
                turn.answers[model].text,
                turn.answers[model].reason,
            )
            for model in (preferred, 1 - preferred)
        )
        row = votes.row(chosen, rejected, turn.settings, turn.hidden, len(self.turns))
        path = votes.save(pair, row) if turn.row is None else votes.change(pair, turn.row, row)
        turn.vote, turn.row, turn.told = preferred, row, True
        return path

    # Keeping

    def keep(self) -> Path:
        """Write the conversation to files, over those of before; return the one to read.

        Raises WorkbenchError when that fails.
        """
        turns = [
            {
                "question": turn.question,
                "answers": [
                    {
                        "model": f"answer {column + 1}" if turn.hidden else self.models[model].reference,
                        "text": turn.answers[model].text,
                        "end": turn.answers[model].reason or turn.answers[model].phase,
                        "tokens_per_second": round(turn.answers[model].rate, 2),
                        "preferred": turn.vote == model,
                    }
                    for column, model in enumerate(turn.places)
                ],
                "blind": turn.blind,
            }
            for turn in self.turns
        ]
        assert self.last is not None, "there is nothing to keep"
        about = {"settings": asdict(self.last.settings), "system": self.last.system}
        references = [model.reference for model in self.models]
        self._file = transcripts.save(references, about, turns, self._file)
        return self._file
