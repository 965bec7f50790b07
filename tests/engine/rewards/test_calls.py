"""Tool calls against the expected ones: every spelling, by hand, and with calls that would win by being many."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.engine.rewards import Completion, build

RECIPES = {"name": "search_recipes", "arguments": {"ingredients": ["rice", "peppers"], "most": 3}}
MAIL = {"name": "send_mail", "arguments": {}}


def score(text: str, *expected: dict[str, Any], **row: Any) -> float:
    with build(["tools"]) as rewards:
        held = row or {"calls": list(expected)}
        return float(rewards.score([Completion([], text, 5, True, held)]).parts[0, 0])


def tagged(*calls: Any) -> str:
    return "".join(f"<tool_call>\n{json.dumps(call)}\n</tool_call>\n" for call in calls)


@pytest.mark.parametrize(
    "text",
    [
        tagged(RECIPES),
        "<think>I need a recipe.</think>\n" + tagged(RECIPES),
        "I will look.\n" + tagged(RECIPES),
        json.dumps(RECIPES),
        json.dumps([RECIPES]),
        json.dumps({"name": "search_recipes", "parameters": RECIPES["arguments"]}),
        json.dumps({"function": {"name": "search_recipes", "arguments": json.dumps(RECIPES["arguments"])}}),
        "[TOOL_CALLS] " + json.dumps([RECIPES]),
        "Here:\n```json\n" + json.dumps(RECIPES) + "\n```",
        '[search_recipes(ingredients=["rice", "peppers"], most=3)]',
        tagged(RECIPES).replace("3", "3.0").replace("rice", " rice "),
    ],
)
def test_every_spelling_of_the_right_call(text: str) -> None:
    """As tags, bare, listed, fenced, or as Python writes it."""
    assert score(text, RECIPES) == 1


@pytest.mark.parametrize(
    ("text", "expected", "wanted"),
    [
        # the name earns a half, the arguments the other: one of the two agrees
        (tagged({**RECIPES, "arguments": {**RECIPES["arguments"], "most": 4}}), [RECIPES], 0.75),
        (tagged({**RECIPES, "arguments": {**RECIPES["arguments"], "x": 1}}), [RECIPES], 0.5 + 0.5 * 2 / 3),
        (tagged({**RECIPES, "arguments": {}}), [RECIPES], 0.5),
        (tagged({**RECIPES, "name": "search"}), [RECIPES], 0),
        (tagged(MAIL, RECIPES), [RECIPES, MAIL], 1),
        (tagged(RECIPES), [RECIPES, MAIL], 0.5),
        (tagged(RECIPES, RECIPES), [RECIPES], 0.5),
        (tagged(*[MAIL] * 9, RECIPES), [RECIPES], 0.1),
        (tagged(RECIPES) + "<tool_call>{broken</tool_call>", [RECIPES], 0.5),
        (tagged(RECIPES) + "<tool_call>", [RECIPES], 0.5),
        ("", [RECIPES], 0), ("I cannot do that.", [RECIPES], 0), ("<tool_call></tool_call>", [RECIPES], 0),
        ("I cannot do that.", [], 1), ("", [], 0), (tagged(MAIL), [], 0),
        (tagged({"name": "f", "arguments": {"a": True}}), [{"name": "f", "arguments": {"a": 1}}], 0.5),
    ],
)  # fmt: skip
def test_agreement_by_hand(text: str, expected: list[dict[str, Any]], wanted: float) -> None:
    """Names, arguments, calls too many and too few, and rows that want none."""
    assert score(text, *expected) == pytest.approx(wanted)


def test_expected_calls_are_found_where_rows_hold_them() -> None:
    """In a column, in the last turn, or as the answer's JSON; a row without any is not judged."""
    text = tagged(RECIPES)
    turn = {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": RECIPES}]}
    assert score(text, tool_calls=[{"function": RECIPES}]) == 1
    assert score(text, messages=[{"role": "user", "content": "?"}, turn]) == 1
    assert score(text, chosen=[turn]) == 1
    assert score(text, answer=json.dumps(RECIPES)) == 1
    assert math.isnan(score(text, answer="Paris"))
    assert math.isnan(score(text, calls=[{"no": "name"}]))


_pieces = st.sampled_from(
    ["<tool_call>", "</tool_call>", "{", "}", '"name"', ":", '"f"', ",", '"arguments"', "[", "]", "f(", "a=1", ")"]
)  # fmt: skip


@settings(deadline=None)
@given(st.text(max_size=100) | st.lists(_pieces, max_size=30).map("".join))
def test_any_text_is_judged_within_bounds(text: str) -> None:
    """Never an error, never beyond 1."""
    assert 0 <= score(text, RECIPES, MAIL) <= 1
