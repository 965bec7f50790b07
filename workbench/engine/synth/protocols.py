"""The ways to ask a model for a question, its answer and the words that prove it, one line each.

Owns the wording. Each line is opened for the model ("Question:"), so that even a small one keeps the shape. Must not
know what makes a pair good. Which way suits a model is found by trying: see `pairs`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workbench.engine.synth.writer import Prompt, Writer

QUESTION, ANSWER, QUOTE = "Question:", "Answer:", "Quote:"

_INSTRUCTION = """\
Read the passage and write one question about the sentence named below, then the answer.
- The question has to make sense to somebody who does not see the passage: name who or what it is about.
- The answer is one complete sentence and says only what the passage says.
- The quote repeats, word for word, the part of the passage that proves the answer.
- Write in the language of the passage, in exactly three lines that begin with Question:, Answer: and Quote:.

Passage:
{passage}

The sentence to ask about:
{sentence}"""

_ANSWERING = """\
Answer the question with one complete sentence, from the passage alone. If the passage does not tell, say so.
Write one line that begins with Answer:.

Passage:
{passage}

Question: {question}"""

_EXAMPLES = """\
Passage: The lighthouse on Gull Point was lit for the first time in 1871. Its lamp burned whale oil, and two families \
took turns to watch it.
Question: When was the lighthouse on Gull Point lit for the first time?
Answer: The lighthouse on Gull Point was lit for the first time in 1871.
Quote: The lighthouse on Gull Point was lit for the first time in 1871.

Passage: Rye bread keeps longer than wheat bread. The acid of the sourdough holds back mould, and the crumb stays moist.
Question: Why does rye bread keep longer than wheat bread?
Answer: Rye bread keeps longer because the acid of the sourdough holds back mould.
Quote: The acid of the sourdough holds back mould

"""


@dataclass(frozen=True)
class Protocol:
    """One way to ask."""

    name: str
    needs_chat: bool
    """Whether it speaks through a chat template."""
    quotes: bool
    """Whether the model is asked for the words that prove the answer; otherwise they are looked up."""
    ask: Callable[[Writer, str, str], Prompt]
    """(model, passage, sentence to ask about) → the prompt that ends with QUESTION."""
    answer: Callable[[Writer, str, str], Prompt]
    """(model, passage, question) → the prompt that ends with ANSWER, which shows the model nothing else."""


def _instructed_ask(writer: Writer, passage: str, sentence: str) -> Prompt:
    """Tell a chat model what is wanted, and begin its answer."""
    return Prompt(writer.render(_INSTRUCTION.format(passage=passage, sentence=sentence)) + QUESTION, True)


def _instructed_answer(writer: Writer, passage: str, question: str) -> Prompt:
    """Put the question to a chat model."""
    return Prompt(writer.render(_ANSWERING.format(passage=passage, question=question)) + ANSWER, True)


def _shown_ask(_: Writer, passage: str, sentence: str) -> Prompt:
    """Let a base go on with a list of examples; the sentence is named by standing last."""
    return Prompt(f"{_EXAMPLES}Passage: {_flat(passage)} {_flat(sentence)}\n{QUESTION}", False)


def _shown_answer(_: Writer, passage: str, question: str) -> Prompt:
    """Put the question to a base that has seen the examples."""
    return Prompt(f"{_EXAMPLES}Passage: {_flat(passage)}\n{QUESTION} {question}\n{ANSWER}", False)


def _continued_ask(_: Writer, passage: str, sentence: str) -> Prompt:
    """Let a base go on with the passage; the sentence is named by standing last."""
    return Prompt(f"{_flat(passage)} {_flat(sentence)}\n{QUESTION}", False)


def _continued_answer(_: Writer, passage: str, question: str) -> Prompt:
    """Put the question to a base, below the passage."""
    return Prompt(f"{_flat(passage)}\n{QUESTION} {question}\n{ANSWER}", False)


def _flat(text: str) -> str:
    """Return a text on one line, since a line's end has a meaning here."""
    return " ".join(text.split())


PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        Protocol("instructed", True, True, _instructed_ask, _instructed_answer),
        Protocol("shown", False, True, _shown_ask, _shown_answer),
        Protocol("continued", False, False, _continued_ask, _continued_answer),
    )
}
"""Name → protocol, in the order they are tried: told what to do, shown examples, or simply going on with the text."""
