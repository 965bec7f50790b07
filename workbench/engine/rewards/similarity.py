"""How alike two texts are in their wording: token F1, ROUGE-L, chrF.

Owns these three measures, each from 0 to 1. Must not know completions. The parts of a text that are compared are
bounded, so that a long one costs no more than a long one may.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

_MOST_WORDS = 4000
_MOST_SIGNS = 20_000
_ORDERS = 6
_BETA = 2

_WORD = re.compile(r"[^\W_]+|[^\w\s]")
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def words(text: str) -> list[str]:
    """Return the words of a text in one case; where a script has no blanks, its characters."""
    found: list[str] = []
    for word in _WORD.findall(text.casefold()):
        if not word.isalnum():
            continue
        found += list(word) if _WIDE.search(word) else [word]
        if len(found) >= _MOST_WORDS:
            break
    return found[:_MOST_WORDS]


def _f(overlap: float, told: float, wanted: float, beta: float = 1) -> float:
    """Return the F measure of an overlap between `told` and `wanted` items; recall weighs `beta` times precision."""
    if not overlap:
        return 0.0
    precision, recall = overlap / told, overlap / wanted
    return min((1 + beta**2) * precision * recall / (beta**2 * precision + recall), 1.0)


def token_f1(told: str, wanted: str) -> float:
    """Return the F1 of the words two texts share, each as often as both have it (Rajpurkar et al. 2016, SQuAD)."""
    one, other = Counter(words(told)), Counter(words(wanted))
    return _f((one & other).total(), one.total(), other.total())


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return the length of the longest common subsequence, a bit per word of `one` (Hyyrö 2004)."""
    places: dict[str, int] = {}
    for place, word in enumerate(one):
        places[word] = places.get(word, 0) | 1 << place
    full = (1 << len(one)) - 1
    left = full
    for word in other:
        met = left & places.get(word, 0)
        left = ((left + met) | (left - met)) & full
    return len(one) - left.bit_count()


def rouge_l(told: str, wanted: str) -> float:
    """Return the F1 of the longest common subsequence of words (Lin 2004, ROUGE-L)."""
    one, other = words(told), words(wanted)
    return _f(_common(one, other), len(one), len(other))


def chrf(told: str, wanted: str) -> float:
    """Return chrF2: the mean precision and recall of character n-grams up to six, recall weighing double.

    As Popović 2015 defines it, blanks left out; orders longer than either text do not count.
    """
    one, other = ("".join(text.split())[:_MOST_SIGNS] for text in (told, wanted))
    precisions, recalls = [], []
    for order in range(1, _ORDERS + 1):
        grams = [
            Counter(text[place : place + order] for place in range(len(text) - order + 1)) for text in (one, other)
        ]
        if not grams[0] or not grams[1]:
            continue
        overlap = (grams[0] & grams[1]).total()
        precisions.append(overlap / grams[0].total())
        recalls.append(overlap / grams[1].total())
    if not precisions or not sum(precisions):
        return 0.0
    precision, recall = sum(precisions) / len(precisions), sum(recalls) / len(recalls)
    return min((1 + _BETA**2) * precision * recall / (_BETA**2 * precision + recall), 1.0)


MEASURES: dict[str, Callable[[str, str], float]] = {"f1": token_f1, "rouge": rouge_l, "chrf": chrf}
"""Name of a measure → (a text, the preferred one) → likeness."""
