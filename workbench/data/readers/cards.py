"""Flash cards in notes: `front::back` on a line, or a front and a back with a line `?` between them; lists of words.

Owns their marks, as Obsidian, RemNote and Logseq write them, and lists of `word – what it means`. Must not know what
else a text can be. Of cards that are asked in both directions (`:::`, `??`) the front asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

Line = tuple[int, str]
Row = tuple[int, dict[str, Any]]

FEWEST = 3
"""Cards from which a text may be one of cards."""
_MOST = 0.8
"""Share of the lines with words that must be cards, or of the blocks."""
_WORDED = 0.5
"""Share of the cards that must hold a blank between two words: `std::vector` is no card."""
_LONGEST = 2000
"""Characters beyond which a line is no card."""
_BULLET = re.compile(r"(?:[-*+•]|\d{1,4}[.)])\s")
_CARD = re.compile(r":::?|>>>?")
_DASH = re.compile(r" (?:[-–—=→]|->|=>|==) ")
"""What stands between a word and what it means, once in a line."""
_LONGEST_WORD = 60
_NO_WORD = frozenset(":.!?|")
"""Signs that no word on a list holds."""
_FEWEST_WORDS = 5
_MOST_WORDS = 0.9
_BETWEEN = frozenset(("?", "??"))
_ASIDE = re.compile(r"(?:#.*|<!--.*-->|-{3,}|\^[\w-]+|card-last-\S+:: .*|id:: .*)?")
"""A heading, a tag, a comment with when to ask again, a rule, an anchor, a property of Logseq, or nothing."""
_LATER = re.compile(r"<!--SR:.*?-->|#card\b|#flashcards?(?:/\S+)?|(?<=\s)\^[\w-]{4,}$")
"""Marks behind a card that are no part of it."""


def _card(line: str, between: re.Pattern[str] = _CARD) -> dict[str, str] | None:
    """Return the card that a line is, or None; there is one mark between its two sides."""
    if len(line) > _LONGEST:
        return None
    bare = _LATER.sub(" ", line).strip()
    bullet = _BULLET.match(bare)
    sides = between.split(bare[bullet.end() :] if bullet is not None else bare)
    front, back = (side.strip() for side in sides) if len(sides) == 2 else ("", "")
    return {"question": front, "answer": back} if front and back else None


def _word(line: str) -> dict[str, str] | None:
    """Return the word that a line explains with what it means, or None."""
    card = _card(line, _DASH)
    front = card["question"] if card is not None else ""
    return card if 0 < len(front) <= _LONGEST_WORD and _NO_WORD.isdisjoint(front) else None


def _blocks(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Yield the lines between blank lines, headings and tags."""
    block: list[Line] = []
    for number, line in lines:
        if not _ASIDE.fullmatch(line.strip()):
            block.append((number, line))
        elif block and not line.lstrip().startswith("<!--"):
            yield block
            block = []
    if block:
        yield block


def _parted(block: list[Line]) -> int:
    """Return the place of the line between front and back of a card on several lines, 0 when there is none."""
    places = [place for place, (_, line) in enumerate(block) if line.strip() in _BETWEEN]
    return places[0] if len(places) == 1 and 0 < places[0] < len(block) - 1 else 0


def are_words(lines: list[Line]) -> bool:
    """Return whether a text is a list of different words with what each means."""
    told = [line.strip() for _, line in lines if not _ASIDE.fullmatch(line.strip())]
    words = [card["question"] for line in told if (card := _word(line)) is not None]
    lettered = sum(any(map(str.isalpha, word)) for word in words)
    return len(words) >= _FEWEST_WORDS and lettered == len({*words}) >= _MOST_WORDS * len(told)


def words(lines: Iterable[Line], left_out: list[int]) -> Iterator[Row]:
    """Yield the words of a list with what they mean; the numbers of other lines are added to `left_out`."""
    for number, line in lines:
        if (card := _word(line)) is not None:
            yield number, card
        elif line.strip():
            left_out.append(number)


def are_in(lines: list[Line]) -> bool:
    """Return whether nearly all of a text is cards."""
    told = [line for _, line in lines if not _ASIDE.fullmatch(line.strip())]
    cards = [card for card in map(_card, told) if card is not None]
    if len(cards) >= FEWEST and len(cards) >= _MOST * len(told):
        worded = sum(" " in card["question"] or " " in card["answer"] for card in cards)
        return worded >= _WORDED * len(cards)
    blocks = list(_blocks(lines))
    parted = sum(_parted(block) > 0 for block in blocks)
    return parted >= FEWEST and parted >= _MOST * len(blocks)


def rows(lines: Iterable[Line], left_out: list[int]) -> Iterator[Row]:
    """Yield the cards of a text; the numbers of other lines with words are added to `left_out`."""
    for block in _blocks(lines):
        place = _parted(block)
        if place:
            front, back = ("\n".join(line for _, line in part).strip() for part in (block[:place], block[place + 1 :]))
            yield block[0][0], {"question": front, "answer": _LATER.sub(" ", back).strip()}
            continue
        for number, line in block:
            if (card := _card(line)) is not None:
                yield number, card
            else:
                left_out.append(number)
