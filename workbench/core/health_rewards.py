"""What a trial of rewards means, before a run: whether there is anything to learn, and whether it is the right thing.

Owns these rules, their thresholds and the names of trivial answers. Must not know how answers are written or scored:
it reads the answer that `engine/rehearsal` describes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.core.findings import LEVELS, Finding, Fix
from workbench.core.health_reinforcement import ALIKE_SHARE, CUT_SHARE, SOFTER
from workbench.core.text import one_line
from workbench.core.units import count, duration, margin, percent

HELD = 0.9
"""Share of what can be earned that right answers should earn: a check that reads their form gives them all of it."""
WRONG = 0.5
"""Below this share the check and the rows speak of different things."""
NEAR = 0.05
"""Share of what can be earned by which two kinds of answers must differ to be told apart by so few of them."""
PAYS = 0.1
"""Share of what can be earned by which a trivial answer must be ahead of the model's own to draw it there."""
SLOW_SECONDS = 30.0
"""For 100 answers: as long as many cards take to write them."""
UNJUDGED = 0.1
"""Share of answers that a check could not judge, from which on it is worth a word."""

TRIVIAL: dict[str, str] = {
    "empty": "nothing at all",
    "number": "a number alone",
    "commonest": "the commonest answer",
    "tags": "tags with nothing in them",
    "tags_word": "tags with a word in them",
    "long": "a very long answer",
    "prompt": "the prompt said again",
}
"""Trivial answer → what it is, for people."""


def _bounds(body: Mapping[str, Any]) -> tuple[float, float]:
    """Return (the least, the most) that can be earned; what was seen where a check knows no bounds."""
    low = high = 0.0
    for check in body["checks"]:
        if check["low"] is None or check["high"] is None:
            seen = [body["total"]["samples"], body["total"]["references"], *(one["total"] for one in body["trivial"])]
            known = [value for value in seen if value is not None]
            return (min(known), max(known)) if known else (0.0, 0.0)
        ends = (check["weight"] * check["low"], check["weight"] * check["high"])
        low, high = low + min(ends), high + max(ends)
    return low, high


def _earned(check: Mapping[str, Any], score: float) -> float:
    """Return a score as a share of what a check can give; NaN where it knows no bounds."""
    if check["low"] is None or check["high"] is None:
        return math.nan
    share = (score - check["low"]) / (check["high"] - check["low"])
    return share if check["weight"] >= 0 else 1 - share


def _senseless(body: Mapping[str, Any]) -> Iterator[Finding]:
    """Rewards by which no answer is better, or right ones are the worse: what else is said would mislead."""
    if all(check["weight"] == 0 for check in body["checks"]):
        yield Finding("weight_zero", "bad", "no check has a weight, so nothing is rewarded", Fix("a weight above 0"))
        return
    for check in body["checks"]:
        if check["weight"] < 0 and check["needs"]:
            text = f"the weight of {check['reward']} is negative, so right answers cost and wrong ones pay"
            yield Finding("weight_negative", "bad", text, Fix("a weight above 0"))
    total = body["total"]
    tried = [one["total"] for one in body["trivial"]] + [total["references"]]
    if total["samples"] is not None and total["varied"] is not None:
        tried += [total["samples"]] if total["varied"] == 0 else [math.nan]
    known = [earned for earned in tried if earned is not None]
    if len(known) > 2 and None not in tried and len(set(known)) == 1:
        text = f"right answers, trivial ones and all others that were tried earn the same ({margin(known[0])})"
        yield Finding("constant", "bad", text, Fix("a check that tells them apart"))


def _variance(body: Mapping[str, Any]) -> Iterator[Finding]:
    """Whether the answers to a prompt differ in what they earn."""
    mean, varied = body["total"]["samples"], body["total"]["varied"]
    if mean is None or varied is None:
        return
    low, high = _bounds(body)
    near = NEAR * (high - low)
    worth = [check for check in body["checks"] if check["low"] == 0 and check["high"] and check["weight"] > 0]
    if varied == 0 and worth and all((check["samples"] or 0) <= NEAR * check["high"] for check in worth):
        yield Finding("all_zero", "bad", "no answer of the model earns anything, so nothing can be learnt", Fix(SOFTER))
    elif varied == 0 and mean >= high - near:
        text = "every answer of the model earns all there is, so nothing is left to learn"
        yield Finding("all_one", "bad", text, Fix("harder prompts, or a check that asks for more"))
    elif varied == 0:
        text = f"all answers to a prompt earn the same ({margin(mean)} on average), so nothing can be learnt"
        yield Finding(
            "no_variance", "bad", text, Fix("a higher temperature, easier prompts, or a softer check beside it")
        )
    elif varied < ALIKE_SHARE:
        text = f"in {percent(1 - varied)} of groups all answers earn the same and teach nothing"
        hard = mean < (low + high) / 2
        yield Finding(
            "groups_alike",
            "warning",
            text,
            Fix(f"{'easier' if hard else 'harder'} prompts, or more answers to each prompt"),
        )

    for check in body["checks"]:
        # What only ever costs, and costs nobody anything now, is a guard: it is there for what may come.
        guards = check["high"] == 0 and check["samples"] == 0
        if varied and check["varied"] == 0 and check["weight"] and not guards:
            text = f"all answers to a prompt get the same by {check['reward']}, so only the other checks are learnt"
            yield Finding("check_alike", "warning", text, Fix("other prompts, or leave it out"))


def _references(body: Mapping[str, Any]) -> Iterator[Finding]:
    """Whether right answers earn what a check promises for them."""
    for check in body["checks"]:
        score = check["references"]
        if score is None or not math.isfinite(share := _earned(check, score)) or share >= HELD:
            continue
        said = f"the rows' own answers get {margin(score)} by {check['reward']}"
        if not check["needs"]:
            if share < WRONG:
                text = f"{said}: they do not have what it asks for, and the model has to find it by trying"
                yield Finding("references_form", "notice", text, Fix("an sft on answers of that form comes first"))
            continue
        yield Finding(
            "references_low",
            "bad" if share < WRONG else "warning",
            f"{said}, where right ones should get {margin(check['high'])}: the check or the rows are wrong",
            Fix("read the lowest of them, then take another check or mend the rows"),
        )


def best_trivial(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the trivial answer that earns most, None when none could be judged."""
    known = [one for one in body["trivial"] if one["total"] is not None]
    return max(known, key=lambda one: one["total"], default=None)


def _dearer(body: Mapping[str, Any], trivial: Mapping[str, Any]) -> str:
    """Return what to do about a trivial answer, by the reward that gives it most of what it earns."""
    given = {
        check["reward"]: check["weight"] * (trivial["parts"][check["reward"]] or 0.0) for check in body["checks"]
    }  # fmt: skip
    payer = max(body["checks"], key=lambda check: given[check["reward"]])
    if payer["needs"]:
        return "rows whose right answers differ more, or an sft first"
    if len(body["checks"]) == 1:
        return "add a check that this answer does not pass, or take another one"
    return f"give {payer['reward']} less weight, or add a check that this answer does not pass"


def _trivial(body: Mapping[str, Any]) -> Iterator[Finding]:
    """Whether an answer nobody had to think about earns as much as a right one, or more than those of now."""
    best = best_trivial(body)
    if best is None:
        return
    low, high = _bounds(body)
    near, earned, name = NEAR * (high - low), best["total"], TRIVIAL[best["name"]]
    right, now = body["total"]["references"], body["total"]["samples"]
    help_ = _dearer(body, best)
    if right is not None and earned >= right - near:
        text = f"{name} earns {margin(earned)}, as much as right answers ({margin(right)}): it will be learnt instead"
        yield Finding("trivial_wins", "bad", text, Fix(help_))
    elif now is not None and earned > now + PAYS * (high - low):
        text = f"{name} earns {margin(earned)}, more than what the model writes now ({margin(now)})"
        yield Finding("trivial_pays", "warning", text, Fix(help_))
    elif right is None and now is None and earned >= low + HELD * (high - low) > low:
        text = f"{name} earns {margin(earned)} of {margin(high)}: it will be learnt instead of an answer"
        yield Finding("trivial_wins", "bad", text, Fix(help_))


def _judging(body: Mapping[str, Any]) -> Iterator[Finding]:
    """Checks that are slow, or cannot judge."""
    for check in body["checks"]:
        if (seconds := check["seconds"]) is not None and seconds > SLOW_SECONDS:
            text = f"every step waits for {check['reward']}, which takes {duration(seconds)} for 100 answers"
            yield Finding("check_slow", "warning", text, Fix("fewer answers a step, or a quicker check"))
        whole = check["judged"] + check["not_judged"]
        if whole and check["not_judged"] > UNJUDGED * whole:
            why = f": {one_line(str(check['reasons'][0][0]), 120)}" if check["reasons"] else ""
            yield Finding(
                "not_judged",
                "bad" if not check["judged"] else "warning",
                f"{count(check['not_judged'])} of {count(whole)} answers could not be judged by {check['reward']}{why}",
                Fix("mend that, or take another check"),
            )


def _lengths(body: Mapping[str, Any]) -> Iterator[Finding]:
    """Answers that are cut before they end."""
    if body["finished"] is not None and 1 - body["finished"] > CUT_SHARE:
        longest = body["longest"]
        yield Finding(
            "answers_cut",
            "warning",
            f"{percent(1 - body['finished'])} of answers are cut at {count(longest)} tokens before they end",
            Fix(f"raise max_completion_length to {count(2 * longest)}", {"max_completion_length": 2 * longest}),
        )


RULES = (_variance, _references, _trivial, _judging, _lengths)


def findings(body: Mapping[str, Any]) -> list[Finding]:
    """Return what a trial of rewards says, the worst first, or what is good about it."""
    found = [*_senseless(body)]
    found += [finding for rule in ((_judging,) if found else RULES) for finding in rule(body)]
    if not any(LEVELS.index(finding.level) > LEVELS.index("notice") for finding in found):
        found.append(Finding("learnable", "good", _good(body)))
    return sorted(found, key=lambda finding: -LEVELS.index(finding.level))


def _good(body: Mapping[str, Any]) -> str:
    """Return what speaks for rewards of which nothing bad is known."""
    said = []
    if (varied := body["total"]["varied"]) is not None:
        said.append(f"in {percent(varied)} of groups some answers earn more than others, which can be learnt from")
    best, right = best_trivial(body), body["total"]["references"]
    if right is not None:
        against = f", the best trivial answer {margin(best['total'])}" if best is not None else ""
        said.append(f"the rows' own answers earn {margin(right)}{against}")
    return "; ".join(said) or "no trivial answer earns much"
