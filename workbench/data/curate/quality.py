"""Rules for the quality of articles, and marks of answers that refuse.

Owns the rules, re-made from their papers. Must not know rows. They were made for web text: about code, poems and short
answers they can be wrong, so that they only report unless asked to do more.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

MIN_WORDS, MAX_WORDS = 50, 100_000
_STOP_WORDS = frozenset("the be to of and that have with der die und ist que de la et les los el en".split())
_REFUSAL = re.compile(
    r"(?i)\b(?:as an ai(?: language)? model|i(?:'m| am) (?:sorry|unable)[^.]{0,40}\b(?:can(?:no|')t|unable|assist|help)|"
    r"i can(?:no|')t (?:assist|help|fulfil|comply|provide)|als ki-(?:sprach)?modell)"
)


def _word_length(text: str, words: list[str]) -> bool:
    return not 3 <= sum(map(len, words)) / len(words) <= 10


def _symbols(text: str, words: list[str]) -> bool:
    return text.count("#") + text.count("…") + text.count("...") > 0.1 * len(words)


def _bullets(text: str, words: list[str]) -> bool:
    lines = [line.lstrip() for line in text.splitlines() if line.strip()]
    return sum(line.startswith(("-", "*", "•", "●")) for line in lines) > 0.9 * len(lines)


def _ellipses(text: str, words: list[str]) -> bool:
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return sum(line.endswith(("…", "...")) for line in lines) > 0.3 * len(lines)


def _letters(text: str, words: list[str]) -> bool:
    return sum(any(map(str.isalpha, word)) for word in words) < 0.8 * len(words)


def _stop_words(text: str, words: list[str]) -> bool:
    return text.isascii() and len(_STOP_WORDS.intersection(map(str.lower, words))) < 2


def _repeated_lines(text: str, words: list[str]) -> bool:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    copies = Counter(lines)
    return sum(number - 1 for number in copies.values()) > 0.3 * len(lines)


def _repeated_words(text: str, words: list[str]) -> bool:
    pairs = Counter(zip(words, words[1:], strict=False))
    if not pairs:
        return False
    (first, second), number = pairs.most_common(1)[0]
    return number > 2 and number * (len(first) + len(second)) > 0.2 * sum(map(len, words))


def _placeholder(text: str, words: list[str]) -> bool:
    return "lorem ipsum" in text.lower()


def _amount(text: str, words: list[str]) -> bool:
    return not MIN_WORDS <= len(words) <= MAX_WORDS


RULES: dict[str, Callable[[str, list[str]], bool]] = {
    f"has fewer than {MIN_WORDS} or more than {MAX_WORDS} words": _amount,
    "has words of an unusual mean length": _word_length,
    "is full of signs": _symbols,
    "is nothing but bullets": _bullets,
    "breaks off in most lines": _ellipses,
    "has few words with letters": _letters,
    "has no common words": _stop_words,
    "repeats its lines": _repeated_lines,
    "repeats a pair of words": _repeated_words,
    "is placeholder text": _placeholder,
}
"""What is wrong → whether it is so for (text, its words). All but the last are from Rae et al. 2021 (Gopher), tables A1
and A2, with their thresholds; the placeholder is from Raffel et al. 2020 (C4)."""


def broken(text: str) -> str:
    """Return the first rule an article breaks, or ""."""
    words = text.split()
    if not words:
        return next(iter(RULES))
    return next((rule for rule, breaks in RULES.items() if breaks(text, words)), "")


def refuses(answer: str) -> bool:
    """Return whether an answer refuses, or speaks of itself as a model; the beginning decides."""
    return _REFUSAL.search(answer[:400]) is not None
