"""One batch: from sentences to the questions and answers about them that pass the checks.

Owns the order of asking and checking, and what fits a model's context. Must not know which sentences come next or where
pairs are stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from workbench.core.errors import WorkbenchError
from workbench.core.units import count
from workbench.engine.synth import checks
from workbench.engine.synth.articles import Passage, Span
from workbench.engine.synth.protocols import ANSWER, PROTOCOLS, QUOTE, Protocol
from workbench.engine.synth.writer import Line, Prompt, Writer

TEMPERATURE = 0.7
"""Of questions, so that they differ; answers are the likeliest."""
MOST_PASSAGE = 512
FEWEST_PASSAGE = 64
"""Longest passage in tokens, and the room below which a way of asking is left out."""

CONTROL = "a control token stands in the passage"
TOO_LONG = "the passage is longer than the model's context"


class Unit(NamedTuple):
    """One sentence to ask about."""

    passage: Passage
    sentence: Span

    @property
    def text(self) -> str:
        """The sentence."""
        return self.passage.article.text[slice(*self.sentence)]


class Room(NamedTuple):
    """Lengths in tokens that fit a model."""

    passage: int
    line: int
    """The longest answer and the longest quote."""
    protocols: tuple[Protocol, ...]
    """The ways of asking that leave room for a passage."""


class Outcome(NamedTuple):
    """What came of a batch."""

    pairs: list[dict[str, Any]]
    rejected: Counter[str]


def room(writer: Writer) -> Room:
    """Return what fits a model; raises WorkbenchError when nothing does."""
    line = min(128, writer.context // 8)
    fitting: dict[str, int] = {}
    for protocol in PROTOCOLS.values():
        if protocol.needs_chat and not writer.chat:
            continue
        try:
            # Beside the fixed words there are question, answer and quote, and the sentence is told twice.
            fixed = writer.tokens(protocol.ask(writer, "", "").text) + 16
        except WorkbenchError:  # a chat template that refuses a lone question
            continue
        left = (writer.context - fixed - 3 * line) // 2
        if left >= FEWEST_PASSAGE:
            fitting[protocol.name] = min(left, MOST_PASSAGE)
    if not fitting:
        raise WorkbenchError(
            f"The model's context of {count(writer.context)} tokens leaves no room for a passage; choose another model."
        )
    return Room(min(fitting.values()), line, tuple(PROTOCOLS[name] for name in fitting))


@dataclass
class _Draft:
    """A pair on its way through the checks."""

    unit: Unit
    prompt: Prompt
    """What the next line is written after."""
    question: str = ""
    answer: str = ""
    proof: checks.Evidence | None = None
    agreement: float = 0.0

    @property
    def row(self) -> dict[str, Any]:
        """The row of a kept pair, not yet reviewed."""
        assert self.proof is not None
        article = self.unit.passage.article
        start, end = self.proof.span
        return {
            "messages": [
                {"role": "user", "content": self.question},
                {"role": "assistant", "content": self.answer},
            ],
            "citation": {
                "source": article.source,
                "article": article.number,
                "passage": self.unit.passage.number,
                "start": start,
                "end": end,
                "quote": article.text[start:end],
            },
            "accepted": None,
            "checks": {
                "support": round(self.proof.support, 3),
                "agreement": round(self.agreement, 3),
                "quoted": self.proof.quoted,
            },
        }


def ask(writer: Writer, protocol: Protocol, fits: Room, batch: Sequence[Unit], seed: int) -> Outcome:
    """Return the pairs that pass the checks for a batch of sentences, and how many others failed for which reason."""
    rejected: Counter[str] = Counter()

    def passing(drafts: Sequence[_Draft], reasons: Sequence[str]) -> list[_Draft]:
        """Count the drafts that have a reason against them and return the others."""
        rejected.update(filter(None, reasons))
        return [draft for draft, reason in zip(drafts, reasons, strict=True) if not reason]

    def written(prompts: Sequence[Prompt], temperature: float = 0.0) -> list[Line]:
        return writer.lines(prompts, fits.line, temperature, seed)

    drafts = [_Draft(unit, protocol.ask(writer, unit.passage.text, unit.text)) for unit in batch]
    drafts = passing(drafts, [_hindrance(writer, fits, draft) for draft in drafts])

    lines = written([draft.prompt for draft in drafts], TEMPERATURE)
    reasons = []
    for draft, line in zip(drafts, lines, strict=True):
        draft.question, draft.prompt = line.text, draft.prompt.then(f" {line.text}\n{ANSWER}")
        reasons.append(checks.question(line, draft.unit.passage.text))
    drafts = passing(drafts, reasons)

    lines = written([draft.prompt for draft in drafts])
    reasons = []
    for draft, line in zip(drafts, lines, strict=True):
        draft.answer, draft.prompt = line.text, draft.prompt.then(f" {line.text}\n{QUOTE}")
        reasons.append(checks.answer(line, draft.question))
    drafts = passing(drafts, reasons)

    quotes = [line.text for line in written([draft.prompt for draft in drafts])] if protocol.quotes else []
    for draft, quote in zip(drafts, quotes or [""] * len(drafts), strict=True):
        draft.proof = checks.evidence(draft.question, draft.answer, quote, draft.unit.passage, draft.unit.sentence)
    drafts = passing(drafts, ["" if draft.proof else checks.UNSUPPORTED for draft in drafts])

    # The round trip: passage and question alone have to lead back to the answer.
    lines = written([protocol.answer(writer, draft.unit.passage.text, draft.question) for draft in drafts])
    for draft, line in zip(drafts, lines, strict=True):
        draft.agreement = checks.agreement(draft.question, draft.answer, line.text)
    agreed = [draft.agreement >= checks.AGREEMENT for draft in drafts]
    drafts = passing(drafts, ["" if same else checks.DISAGREES for same in agreed])
    return Outcome([draft.row for draft in drafts], rejected)


def _hindrance(writer: Writer, fits: Room, draft: _Draft) -> str:
    """Return why a passage cannot be put to the model, or ""."""
    if writer.has_control(draft.unit.passage.text):
        return CONTROL
    return TOO_LONG if writer.tokens(draft.prompt.text) + 3 * fits.line > writer.context else ""
