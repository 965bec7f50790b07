"""What makes a question and its answer fit to be learnt from: rules on words alone, each with the reason it gives.

Owns the filters and the search for the words that prove an answer. Must not know models or files. The rules would
rather lose a good pair than keep a bad one; they compare words, so they hold for any language that has word borders,
and single characters stand for words where a script has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workbench.engine.synth.articles import Passage, Span
from workbench.engine.synth.writer import Line

QUESTION_WORDS = (3, 40)
ANSWER_WORDS = (1, 80)
SUPPORT = 0.8
"""Share of the words an answer adds that its evidence must hold; names and numbers must all be there."""
AGREEMENT = 0.5
"""F1 of the words that two answers to the same question add, from which they say the same."""
MOST_SENTENCES = 3
"""Longest evidence that is looked up."""

UNFINISHED = "the model did not come to an end"
NO_QUESTION = "not a question"
LENGTH = "too short or too long"
DAMAGED = "damaged or repeated text"
POINTS = "the question points at the text instead of naming what it asks about"
UNKNOWN = "the question names something the passage does not"
REFUSED = "the model says that the passage does not tell"
NOTHING_NEW = "the answer adds nothing to the question"
UNSUPPORTED = "the passage does not support the answer"
DISAGREES = "asked again, the model answers otherwise"
DUPLICATE = "the question was asked before"

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+(?:['’\-][^\W_]+)*")
_WORDLESS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")

_LIGHT_WORDS = {
    "en": "a an the this that these those and or but nor so if then than as at by for from in into of off on onto out "
    "over to up upon with without within about after before between during through under until while since because "
    "not no yes is are was were be been being am do does did done doing has have had having can could may might must "
    "shall should will would he him his she her hers it its they them their theirs we us our you your i me my who whom "
    "whose which what when where why how there here also very much many more most some any each every all both only "
    "own same such other one ones just still even too again ever never often always "
    "work works worked working live lives lived living make makes made making call calls called name names named use "
    "uses used know knows knew known find finds found located keep keeps kept like likes liked become becomes became",
    "de": "der die das den dem des ein eine einen einem einer eines und oder ist sind war waren wird wurde wurden hat "
    "hatte haben von zu zum zur im in am an auf aus bei mit nach für über unter als auch nicht sich er sie es",
    "fr": "le la les un une des du de et ou est sont était a ont dans en sur pour par avec que qui ne pas il elle ce",
    "es": "el los las una y o es son fue era ha han del al por para con que se no lo su",
}
"""Language → words that prove nothing: articles, pronouns, auxiliaries, and verbs that any sentence may have."""
_LIGHT = frozenset(word for listed in _LIGHT_WORDS.values() for word in listed.split())
_WRITES_NOUNS_LARGE = "de"

_SUBJECTLESS = re.compile(r"\b(he|him|his|she|her|hers|they|them|their|theirs)\b", re.IGNORECASE)
_POINTING = re.compile(
    "|".join(
        (
            r"\b(?:this|that|the|given|above|following|provided)\s+(?:\w+\s+)?(?:passages?|texts?|articles?|paragraphs?"
            r"|excerpts?|sentences?|authors?|documents?|quotes?|snippets?|statements?)\b",
            r"\b(?:mentioned|described|stated|listed|discussed|shown)\s+(?:above|below|here|in)\b",
            r"\baccording to (?:it|this|him|her|them)\b",
            r"\b(?:diese[rmns]?|der|dem|des|im|obige[nmr]?|vorliegende[nmr]?)\s+"
            r"(?:text|textes|artikels?|abschnitts?|passage|absatz|autors?)\b",
            r"\b(?:ce|cet|cette|le|la|du|au)\s+(?:texte|article|passage|paragraphe|extrait)\b",
            r"\bl['’](?:auteur|article|extrait)\b",
            r"\b(?:este|esta|el|la|del)\s+(?:texto|artículo|pasaje|párrafo|autor)\b",
        )
    ),
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    "|".join(
        (
            r"\b(?:passage|text|article|it)\s+(?:does|do|did)(?:\s+not|n['’]t)\s+"
            r"(?:say|tell|mention|state|specify|provide)",
            r"\bnot\s+(?:mentioned|stated|specified|given|provided)\s+in\b",
            r"\bas an ai\b",
            r"\bi (?:cannot|can['’]t|do not know|don['’]t know)\b",
        )
    ),
    re.IGNORECASE,
)
_MARKS = ("?", "？", "؟", "⁇")


@dataclass(frozen=True)
class Evidence:
    """Where an answer is proved."""

    span: Span
    """In characters of the article."""
    support: float
    """Share of the words the answer adds that stand there."""
    quoted: bool
    """Whether the model named these words itself."""


def words(text: str) -> list[str]:
    """Return the words of a text as they are written; one character each where a script has no word borders."""
    return _WORD.findall(text)


def _language(listed: Sequence[str]) -> str:
    """Return the language whose light words are most frequent among words."""
    return max(_LIGHT_WORDS, key=lambda language: sum(word in _LIGHT_WORDS[language].split() for word in listed))


def normalised(text: str) -> str:
    """Return a text by which repetitions are recognised."""
    return " ".join(words(text.casefold()))


def content(text: str) -> list[str]:
    """Return the words of a text that say something, each once, in order.

    A light word is known as it is written, and in any writing where a sentence begins: "Del" may be a name.
    """
    found = []
    for match in _WORD.finditer(text):
        before = text[: match.start()].rstrip(" \"'“„«(")
        begins = not before or before.endswith((".", "!", "?", ":", "…"))
        if (match.group().casefold() if begins else match.group()) not in _LIGHT:
            found.append(match.group())
    return list(dict.fromkeys(found))


def _is_name(word: str) -> bool:
    """Return whether a word must stand as it is: a name, an abbreviation or a number."""
    return word[0].isupper() or any(letter.isdigit() for letter in word)


def _same(one: str, other: str) -> bool:
    """Return whether two words are forms of one word: they begin alike and differ in at most three letters' ending.

    Names may take one or two letters of an ending, numbers none.
    """
    a, b = one.casefold(), other.casefold()
    if a == b:
        return True
    short, long = sorted((a, b), key=len)
    if any(letter.isdigit() for letter in a + b) or _WORDLESS.search(a):
        return False
    if len(short) < 4 or _is_name(one):
        return long.startswith(short) and len(short) >= 3 and long[len(short) :].lstrip("'’") in {"s", "es", "n", "en"}
    common = next((place for place, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(short))
    return common >= max(4, len(long) - 3)


def _holds(text_words: Sequence[str], word: str) -> bool:
    """Return whether a word or a form of it is among others."""
    return any(_same(word, other) for other in text_words)


def _share(wanted: Sequence[str], text: str) -> float:
    """Return the share of words that a text holds; 0 when a name or a number is missing."""
    there = words(text)
    held = [_holds(there, word) for word in wanted]
    if any(_is_name(word) and not found for word, found in zip(wanted, held, strict=True)):
        return 0.0
    return sum(held) / len(held) if held else 0.0


def _names(asked: str) -> list[str]:
    """Return the names and numbers in a question, whose first word is written large whatever it is."""
    return [word for word in words(asked)[1:] if _is_name(word) and word != "I"]


def added(question: str, answer: str) -> list[str]:
    """Return the words by which an answer says more than its question."""
    known = words(question)
    return [word for word in content(answer) if not _holds(known, word)]


def _repeats(text: str) -> bool:
    """Return whether a text goes round in circles: the same three words three times."""
    listed = words(text.casefold())
    triples = [tuple(listed[place : place + 3]) for place in range(len(listed) - 2)]
    return any(triples.count(triple) > 2 for triple in set(triples))


def _damaged(text: str) -> bool:
    """Return whether a line holds what no person would write."""
    return "\ufffd" in text or "<|" in text or _repeats(text)


def _within(text: str, bounds: tuple[int, int]) -> bool:
    """Return whether the number of words is within bounds."""
    return bounds[0] <= len(words(text)) <= bounds[1]


def question(line: Line, passage: str) -> str:
    """Return why a question cannot be used, or ""."""
    text = line.text
    if not line.finished:
        return UNFINISHED
    if not text.endswith(_MARKS) or sum(text.count(mark) for mark in _MARKS) > 1:
        return NO_QUESTION
    if not _within(text, QUESTION_WORDS):
        return LENGTH
    if _damaged(text):
        return DAMAGED
    named = _names(text)
    pronoun = _SUBJECTLESS.search(text)
    named_before = pronoun and any(word in text[: pronoun.start()] for word in named)
    if _POINTING.search(text) or (pronoun and not named_before) or not content(" ".join(words(text)[1:])):
        return POINTS
    there = words(passage)
    if _language(there) == _WRITES_NOUNS_LARGE:
        # Large letters tell no name from a noun here, and the noun of a question ("Jahr") need not stand in the text.
        known = all(_holds(there, word) for word in named if word[0].isdigit()) and any(
            _holds(there, word) for word in named
        )
    else:
        known = all(_holds(there, word) for word in named)
    return "" if known else UNKNOWN


def answer(line: Line, asked: str) -> str:
    """Return why an answer cannot be used whatever the passage says, or ""."""
    if not line.finished:
        return UNFINISHED
    if not _within(line.text, ANSWER_WORDS):
        return LENGTH
    if _damaged(line.text) or line.text.endswith(_MARKS):
        return DAMAGED
    if _REFUSAL.search(line.text):
        return REFUSED
    return "" if added(asked, line.text) else NOTHING_NEW


def find(quote: str, passage: Passage) -> Span | None:
    """Return where a quote stands in the article, or None: white space and the quotation marks around it do not count.

    What is shorter than two words proves nothing.
    """
    wanted = quote.strip().strip("\"'“”„«»‘’").split()
    if len(wanted) < 2 and not _WORDLESS.search(quote):
        return None
    match = re.search(r"\s+".join(map(re.escape, wanted)), passage.text, re.IGNORECASE)
    return (passage.start + match.start(), passage.start + match.end()) if match else None


def _runs(passage: Passage) -> Iterator[tuple[int, Span]]:
    """Yield (number of sentences, span) of all runs of sentences, short ones first."""
    spans = passage.sentences
    for length in range(1, MOST_SENTENCES + 1):
        for first in range(len(spans) - length + 1):
            yield length, (spans[first][0], spans[first + length - 1][1])


def evidence(asked: str, said: str, quote: str, passage: Passage, sentence: Span) -> Evidence | None:
    """Return where the passage proves an answer, or None.

    The model's own quote counts when it stands in the passage and holds what the answer adds. Otherwise a run of
    sentences that does is looked up: one with the names the question asks about, since a neighbour's fact proves
    nothing; then the shortest; then the one that shares most words with the question; then `sentence`.
    """
    text = passage.article.text
    wanted = added(asked, said)
    if (span := find(quote, passage) if quote else None) and (share := _share(wanted, text[slice(*span)])) >= SUPPORT:
        return Evidence(span, share, True)
    about, named = content(asked), _names(asked)
    best: tuple[tuple[int, int, int, bool], Span, float] | None = None
    for length, run in _runs(passage):
        piece = text[slice(*run)]
        if (share := _share(wanted, piece)) < SUPPORT:
            continue
        there = words(piece)
        missing = sum(not _holds(there, word) for word in named)
        shared = sum(_holds(there, word) for word in about)
        rank = (missing, length, -shared, run != sentence)
        if best is None or rank < best[0]:
            best = rank, run, share
    return Evidence(best[1], best[2], False) if best else None


def agreement(asked: str, first: str, second: str) -> float:
    """Return how far two answers say the same: the F1 of the words that they add to the question, 0 to 1.

    0 as well when one of them has a number that the other lacks.
    """
    one, other = added(asked, first), added(asked, second)
    if not one or not other:
        return 0.0
    for here, there in ((one, other), (other, one)):
        if any(word[0].isdigit() and word not in there for word in here):
            return 0.0
    recall = sum(_holds(other, word) for word in one) / len(one)
    precision = sum(_holds(one, word) for word in other) / len(other)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
