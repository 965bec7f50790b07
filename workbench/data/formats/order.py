"""The order of turns: what may follow what, and a conversation put in canonical order.

Owns the repairs of the order. Must not know how turns are spelled, rows or formats. A system turn stands first, and
each answer follows a user or a tool turn. Only what is certain is repaired; everything else is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from workbench.data.formats.refusals import Refused
from workbench.data.formats.turns import Turn, Turns, joined, turn

MAY_FOLLOW = {
    "system": frozenset({""}),
    "user": frozenset({"", "system", "assistant"}),
    "assistant": frozenset({"user", "tool"}),
    "tool": frozenset({"assistant", "tool"}),
}
"""Role → roles of the turn before it; "" is the beginning."""


def ordered(turns: Sequence[Turn], repairs: Counter[str], before: str = "") -> Turns:
    """Return turns in canonical order, following a turn of role `before`; "" is the beginning.

    Raises Refused where only a guess would put them in order, and for an answer or a user turn without words.
    """
    kept: Turns = []
    for item in turns:
        role, empty = item["role"], not item["content"].strip()
        last = kept[-1]["role"] if kept else before
        if role == "system" and empty:
            repairs["a system turn without words was left out"] += 1
            continue
        if role != "tool" and empty and "tool_calls" not in item:
            raise Refused(f"{'an answer' if role == 'assistant' else 'a user turn'} is empty")
        if kept and role == last == "user":
            kept[-1] = turn("user", joined(kept[-1]["content"], item["content"]))
            repairs["neighbouring user turns were joined"] += 1
            continue
        if kept and role == last == "assistant" and "tool_calls" in item and empty:
            kept[-1] = {**kept[-1], "tool_calls": [*kept[-1].get("tool_calls", ()), *item["tool_calls"]]}
            repairs["neighbouring tool calls were joined"] += 1
            continue
        if last not in MAY_FOLLOW[role]:
            raise Refused(f"the turns are out of order: {role} {f'after {last}' if last else 'first'}")
        kept.append(item)
    return kept


def _from_first_question(turns: Sequence[Turn], repairs: Counter[str]) -> Sequence[Turn]:
    """Return turns without the answers that stand before the first question: greetings."""
    opening = 1 if turns and turns[0]["role"] == "system" else 0
    first = opening
    while first < len(turns) and turns[first]["role"] == "assistant" and "tool_calls" not in turns[first]:
        first += 1
    if not opening < first < len(turns) or turns[first]["role"] != "user":
        return turns
    repairs["an answer before the first question was left out"] += 1
    return [*turns[:opening], *turns[first:]]


def conversation(turns: Sequence[Turn], repairs: Counter[str]) -> Turns:
    """Return a conversation in canonical order that ends with an answer; raises Refused when it has none."""
    if (
        len(turns) == 2  # a question and its answer, the common case
        and turns[0]["role"] == "user"
        and turns[1]["role"] == "assistant"
        and turns[0]["content"].strip()
        and turns[1]["content"].strip()
        and "weight" not in turns[1]
    ):
        return list(turns)
    kept = ordered(_from_first_question(turns, repairs), repairs)
    last = max((place for place, item in enumerate(kept) if item["role"] == "assistant"), default=-1)
    if last < 0:
        raise Refused("there is no answer to learn")
    if all(item.get("weight") == 0 for item in kept if item["role"] == "assistant"):
        raise Refused("all its answers have weight 0, so that nothing is learnt")
    if last + 1 < len(kept):
        repairs["turns after the last answer were left out"] += 1
    return kept[: last + 1]


def asked(turns: Sequence[Turn], repairs: Counter[str]) -> Turns:
    """Return the turns of a prompt in canonical order; raises Refused unless an answer may follow."""
    kept = ordered(_from_first_question(turns, repairs), repairs)
    if not kept or kept[-1]["role"] not in MAY_FOLLOW["assistant"]:
        raise Refused("the prompt does not end with a user turn" if kept else "the prompt is empty")
    return kept
