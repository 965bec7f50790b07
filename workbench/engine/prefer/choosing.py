"""Which of several answers is the better one and which the worse: the arithmetic, without models or files.

Owns the rules by which a pair is taken or left out, and the figures told of the pairs that were taken. Must not know
where scores and verdicts come from.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

CUT = "fewer than two answers came to their end"
SAME = "the answers are the same"
UNJUDGED = "fewer than two answers could be judged"
CLOSE = "the margin is too small"
EQUAL = "the answers score the same"
CONTRADICTED = "the judge contradicts itself when the answers change places"
TIED = "the judge finds neither better"
UNREADABLE = "the judge gave no verdict"

A, B, NEITHER = "A", "B", "neither"

_VERDICT = re.compile(r"\bbetter\b(?:\s+answer)?[\s:=*_(\[`]{0,8}(?:answer\s+)?(A|B|neither)\b", re.IGNORECASE)
_ALONE = re.compile(r"[\s*_(\[`]{0,8}(A|B|neither)[\s*_)\].`]{0,8}", re.IGNORECASE)


class Pair(NamedTuple):
    """Two of some answers, by their numbers."""

    chosen: int
    rejected: int
    margin: float | None
    """How far apart they are; None where nothing was measured."""


class Compared(NamedTuple):
    """What a judge said of two answers, by their numbers, in both orders."""

    one: int
    other: int
    forth: str
    """Its verdict with `one` as A: A, B, neither or ""."""
    back: str
    """Its verdict with `other` as A."""


def verdict(said: str) -> str:
    """Return A, B or neither as a judge's reply ends, "" where it says none of them."""
    alone = _ALONE.fullmatch(said)
    found = [alone[1]] if alone is not None else _VERDICT.findall(said)
    return {"a": A, "b": B, "neither": NEITHER}[found[-1].lower()] if found else ""


def outcome(compared: Compared) -> int | str:
    """Return the number of the answer that is better in both orders, or why there is none."""
    if not compared.forth or not compared.back:
        return UNREADABLE
    if NEITHER in (compared.forth, compared.back):
        return TIED
    if compared.forth == compared.back:
        return CONTRADICTED
    return compared.one if compared.forth == A else compared.other


def usable(texts: Sequence[str], finished: Sequence[bool]) -> list[int] | str:
    """Return the numbers of the answers to choose among, of like ones the first, or why there are fewer than two.

    An answer that was cut at the limit is no answer to learn an end from, and none to blame for its end either.
    """
    whole = [number for number, text in enumerate(texts) if finished[number] and text]
    if len(whole) < 2:
        return CUT
    first = {texts[number]: number for number in reversed(whole)}
    return sorted(first.values()) if len(first) > 1 else SAME


def by_scores(scores: Mapping[int, float], margin: float) -> Pair | str:
    """Return the best and the worst of some answers by their scores, or why they are no pair.

    The earlier one of equals is taken. A score that is no number takes its answer out. The difference must be more than
    0 and at least `margin`.
    """
    judged = {number: score for number, score in sorted(scores.items()) if math.isfinite(score)}
    if len(judged) < 2:
        return UNJUDGED
    best, worst = max(judged, key=judged.__getitem__), min(judged, key=judged.__getitem__)
    return _apart(best, worst, judged[best] - judged[worst], margin)


def _apart(best: int, worst: int, found: float, margin: float) -> Pair | str:
    """Return the pair of a best and a worst answer that are `found` apart, or why they are none."""
    if found <= 0:
        return EQUAL
    return Pair(best, worst, found) if found >= margin else CLOSE


def by_verdicts(comparisons: Sequence[Compared], margin: float) -> Pair | str:
    """Return the best and the worst of some answers that were compared two by two, or why they are no pair.

    An answer's score is the share of the others it is better than in both orders; the best one must have won against
    the worst itself.
    """
    wins: dict[int, int] = {number: 0 for item in comparisons for number in (item.one, item.other)}
    losses = dict(wins)
    beaten: dict[frozenset[int], int | str] = {}
    for item in comparisons:
        winner = outcome(item)
        beaten[frozenset((item.one, item.other))] = winner
        if isinstance(winner, int):
            wins[winner] += 1
            losses[item.other if winner == item.one else item.one] += 1
    if not any(wins.values()):
        reasons = set(beaten.values())
        return next(reason for reason in (CONTRADICTED, TIED, UNREADABLE) if reason in reasons)
    standing = {number: wins[number] - losses[number] for number in sorted(wins)}
    best, worst = max(standing, key=standing.__getitem__), min(standing, key=standing.__getitem__)
    # All alike, where each one beats the next, there is no best one.
    winner = beaten.get(frozenset((best, worst)), CONTRADICTED)
    if winner != best:
        return winner if isinstance(winner, str) else CONTRADICTED
    return _apart(best, worst, (wins[best] - wins[worst]) / (len(wins) - 1), margin)


def length_bias(rows: Iterable[tuple[str, str]]) -> dict[str, float]:
    """Return, of (chosen, rejected) texts, how many differ in length, how many longer ones win, and mean characters."""
    lengths = [(len(chosen), len(rejected)) for chosen, rejected in rows]
    number = max(len(lengths), 1)
    return {
        "differ": sum(chosen != rejected for chosen, rejected in lengths),
        "longer": sum(chosen > rejected for chosen, rejected in lengths),
        "chosen": round(sum(chosen for chosen, _ in lengths) / number, 1),
        "rejected": round(sum(rejected for _, rejected in lengths) / number, 1),
    }


def position_bias(comparisons: Iterable[Compared]) -> dict[str, int]:
    """Return how often a judge was asked, decided, and took the answer that stood first."""
    said = list(itertools.chain.from_iterable((item.forth, item.back) for item in comparisons))
    return {
        "asked": len(said),
        "decided": sum(word in (A, B) for word in said),
        "first": said.count(A),
        "neither": said.count(NEITHER),
    }


def means(parts: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> dict[str, dict[str, float | None]]:
    """Return the mean of each reward over the chosen and over the rejected answers, of those it could judge."""
    names = dict.fromkeys(name for pair in parts for side in pair for name in side)
    found: dict[str, dict[str, float | None]] = {}
    for name in names:
        found[name] = {}
        for place, side in enumerate(("chosen", "rejected")):
            values = [pair[place][name] for pair in parts if pair[place].get(name) is not None]
            found[name][side] = round(sum(values) / len(values), 4) if values else None
    return found
