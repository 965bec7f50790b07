"""Rules for the quality of articles, and marks of answers that refuse.

Owns the rules, re-made from their papers. Must not know rows. They were made for web text: about code, poems and short
answers they can be wrong, so that they only report unless asked to do more.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

from workbench.data.curate import language

MIN_WORDS, MAX_WORDS = 50, 100_000
AMOUNT = f"has fewer than {MIN_WORDS} or more than {MAX_WORDS} words"
_STOP_WORDS = frozenset(("the", "be", "to", "of", "and", "that", "have", "with"))
_BULLETS = ("-", "*", "•", "●", "‣")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""Letters of scripts that put no space between words, about which rules of words say nothing."""
_REFUSAL = re.compile(
    r"(?i)\b(?:"
    r"as an? (?:ai|artificial intelligence)(?: language)? (?:model|assistant)"
    r"|i(?:['’]m| am)(?: very| really)? sorry,? (?:but )?(?:i|as an)\b[^.!?]{0,30}\b(?:can['’]t|cannot|unable|not able)"
    r"|i(?:['’]m| am) (?:unable|not able) to (?:assist|help|fulfil|comply|provide|answer)"
    r"|i (?:can['’]t|cannot|won['’]t) (?:assist|help|fulfil|comply|provide)"
    r"|als ki-(?:sprach)?modell)"
)


def _amount(words: Sequence[str]) -> bool:
    return not MIN_WORDS <= len(words) <= MAX_WORDS


def _word_length(words: Sequence[str]) -> bool:
    return not 3 <= sum(map(len, words)) / len(words) <= 10


def _signs(words: Sequence[str]) -> bool:
    hashes = sum(word.count("#") for word in words)
    dots = sum(word.count("…") + word.count("...") for word in words)
    return max(hashes, dots) > 0.1 * len(words)


def _letters(words: Sequence[str]) -> bool:
    return sum(any(map(str.isalpha, word)) for word in words) < 0.8 * len(words)


def _stop_words(words: Sequence[str]) -> bool:
    if len(_STOP_WORDS.intersection(map(str.lower, words))) >= 2:
        return False
    return language.language(" ".join(words[: language.LOOKED_AT])) == "en"


def _repeated_words(words: Sequence[str]) -> bool:
    (first, second), number = Counter(pairwise(words)).most_common(1)[0]
    return number > 2 and number * (len(first) + len(second)) > 0.2 * sum(map(len, words))


def _bullets(lines: Sequence[str]) -> bool:
    return sum(line.startswith(_BULLETS) for line in lines) > 0.9 * len(lines)


def _ellipses(lines: Sequence[str]) -> bool:
    return sum(line.endswith(("…", "...")) for line in lines) > 0.3 * len(lines)


def _repeated_lines(lines: Sequence[str]) -> bool:
    return len(lines) - len(set(lines)) > 0.3 * len(lines)


def _placeholder(lines: Sequence[str]) -> bool:
    return any("lorem ipsum" in line.lower() for line in lines)


_Rules = dict[str, Callable[[Sequence[str]], bool]]

RULES_OF_WORDS: _Rules = {
    AMOUNT: _amount,
    "has words of an unusual mean length": _word_length,
    "is full of signs": _signs,
    "has few words with letters": _letters,
    "has none of the commonest words": _stop_words,
    "repeats a pair of words": _repeated_words,
}
RULES_OF_LINES: _Rules = {
    "is nothing but bullets": _bullets,
    "breaks off in many lines": _ellipses,
    "repeats its lines": _repeated_lines,
    "is placeholder text": _placeholder,
}
"""What is wrong → whether it is so for the words or for the lines of an article. All but the last are from Rae et al.
2021 (Gopher), table A1 and section A.1.1, with their thresholds; the placeholder is from Raffel et al. 2020 (C4)."""


def broken(text: str) -> str:
    """Return the first rule an article breaks, or ""."""
    words = text.split()
    if not words:
        return AMOUNT
    if 5 * len(_UNSPACED.findall(text[: language.LOOKED_AT])) <= min(len(text), language.LOOKED_AT):
        for rule, breaks in RULES_OF_WORDS.items():
            if breaks(words):
                return rule
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((rule for rule, breaks in RULES_OF_LINES.items() if breaks(lines)), "")


def refuses(answer: str) -> bool:
    """Return whether an answer refuses, or speaks of itself as a model; the beginning decides."""
    return _REFUSAL.search(answer[:400]) is not None
