"""Encodings other than Unicode: which one bytes are text in, told by the languages such text is written in.

Owns the letters of languages, the encodings they were stored in, and the choice among these. Must not know files.

Bytes are read in each encoding; what comes out is weighed as what one language would give: its letters beyond ASCII by
how common they are, its commonest words, signs that do not stand inside words and capitals that do not follow small
letters. The sum of the logarithms of these probabilities decides. It works on a few sentences, on which detectors that
compare the frequencies of letters go astray, because most pages of one family share the letters of their neighbours.
"""

from __future__ import annotations

import codecs
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache

from workbench.data.readers.letters import FAMILIES, Family, Language

SAMPLE_BYTES = 2**14
"""How much of the lines with bytes beyond ASCII is looked at."""
_PLAIN = frozenset("’‘“”„‚–—…«»‹›€°§\xa0\u200f\u200e、。「」『』，！？：；（）《》・〜～")
"""Signs that prose holds in any language."""
_SIGNS = frozenset("£¥¢©®™²³¹½¼¾×÷±µ·•†‡‰¿¡ªº´№¬¦¨¯¸¤")
_JOINING = frozenset("’‘–—…·•\xa0\xad«»“”„״׳\u200c\u200d")
"""Signs that may stand between two letters."""
_OF_LETTERS, _OF_FAMILY, _OF_PLAIN, _OF_SIGNS = 0.8, 0.1, 0.01, 0.002
"""Share of the characters that a language's letters and those of its neighbours make up; of each sign."""
_ANY_LETTER, _ANY_SIGN, _CONTROL = 1e-4, 1e-5, 1e-8
_OTHER = 1.5e-4
"""Share of each of the characters that are none of the commonest where there are thousands: 0.4 of some 3000."""
_CAPITAL = 0.06
"""How much rarer a letter is as a capital."""
_CAMEL = 0.01
"""How much rarer a capital is behind a small letter."""
_INSIDE = 0.02
"""How much rarer a sign is between two letters."""
_A_WORD = 1.0
"""What one of the commonest words of a language adds to the logarithm."""
_MIXED = 0.02
"""How much rarer a letter of another alphabet is beside a Latin one."""
_ALPHABETS = ("\u0370", "\u0dff")
"""First and last letter of the alphabets that are not mixed with the Latin one."""
_DECAY = 3.2
"""How fast letters grow rarer: the last of an alphabet is e^-3.2 times as common as the first."""
_LEAST = math.log(3e-4)
"""Mean logarithm per character below which text is in no encoding known here."""

_BEYOND = re.compile(r"[^\x00-\x7f]")
_LATIN = re.compile(r"[A-Za-z]")
_WORD = re.compile(rb"(?<![A-Za-z\x80-\xff])[A-Za-z]{1,8}(?![A-Za-z\x80-\xff])")

Place = tuple[str, float]
"""A character beyond ASCII and how much rarer it is where it stands."""


def sampled(chunks: Iterable[bytes]) -> bytes:
    """Return the lines of a text that hold bytes beyond ASCII, up to `SAMPLE_BYTES`."""
    sample = bytearray()
    for chunk in chunks:
        for line in chunk.splitlines(keepends=True):
            if not line.isascii():
                sample += line[: SAMPLE_BYTES - len(sample)]
        if len(sample) >= SAMPLE_BYTES:
            break
    return bytes(sample)


def _decoded(sample: bytes, encoding: str) -> str | None:
    """Return bytes as text, but for a character that is cut off at their end; None when they are not valid."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return None


def _places(text: str) -> Counter[Place]:
    """Return how often which characters beyond ASCII stand where."""
    places: Counter[Place] = Counter()
    for found in _BEYOND.finditer(text):
        char, start = found[0], found.start()
        before, after = text[start - 1 : start] if start else "", text[start + 1 : start + 2]
        if char.isalpha():
            rarer = _CAMEL if char.isupper() and before.islower() else 1.0
            if _ALPHABETS[0] <= char <= _ALPHABETS[1] and _LATIN.search(before + after):
                rarer *= _MIXED
        else:
            inside = before.isalpha() and after.isalpha() and char not in _JOINING
            rarer = _INSIDE if inside else 1.0
        places[char, rarer] += 1
    return places


@cache
def _shares(letters: str) -> Mapping[str, float]:
    """Return letter → its share of all letters; they are given from the commonest to the rarest."""
    weights = {letter: math.exp(-_DECAY * place / len(letters)) for place, letter in enumerate(letters)}
    total = sum(weights.values())
    return {letter: weight / total for letter, weight in weights.items()}


def _probability(char: str, language: Language, family: Family) -> float:
    """Return how likely a character beyond ASCII is in a language."""
    lower = char.lower() if len(char.lower()) == 1 else char
    own = _OF_LETTERS * _shares(language.letters).get(lower, 0.0) if language.letters else 0.0
    near = (_OF_FAMILY if own or language.letters else _OF_LETTERS) * _shares(family.letters).get(lower, 0.0)
    if own or near:
        return (own + near) * (_CAPITAL if char.isupper() else 1.0)
    if char in _PLAIN:
        return _OF_PLAIN
    if "\x80" <= char < "\xa0" or char == "\ufffd":
        return _CONTROL
    if family.others is not None and family.others[0] <= char <= family.others[1]:
        return _OTHER
    if char in _SIGNS:
        return _OF_SIGNS
    return _ANY_LETTER if char.isalpha() and family.others is None else _ANY_SIGN


def _weight(places: Counter[Place], language: Language, family: Family) -> float:
    """Return the logarithm of the probability of characters in a language."""
    return sum(
        number * math.log(rarer * _probability(char, language, family)) for (char, rarer), number in places.items()
    )


def encoding_of(chunks: Iterable[bytes]) -> str:
    """Return the most likely encoding of text that is no Unicode, or "" when there is none.

    Of encodings in which the text is the same, the one its family names first is taken.
    """
    sample = sampled(chunks)
    words = Counter(word.lower().decode() for word in _WORD.findall(sample))
    best, found = -math.inf, ""
    for family in FAMILIES:
        said = [_A_WORD * sum(words[word] for word in language.words) for language in family.languages]
        for encoding, rarity in family.encodings.items():
            text = _decoded(sample, encoding)
            if text is None or not (places := _places(text)):
                continue
            for language, hits in zip(family.languages, said, strict=True):
                letters = _weight(places, language, family)
                if letters + hits - rarity > best and letters >= _LEAST * places.total():
                    best, found = letters + hits - rarity, encoding
    return found
