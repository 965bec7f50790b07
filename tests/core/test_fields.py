"""How a person's text becomes a value, and how a near miss is told."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.core.errors import UsageError
from workbench.core.fields import Spec, closest, parse

PLAIN = Spec("task", "label", "help", "why")
BOUNDED = Spec("task", "label", "help", "why", low=2, high=8)
CHOICES = Spec("task", "label", "help", "why", choices=("adamw", "muon"))


@pytest.mark.parametrize(
    ("kind", "described", "given", "meant"),
    [
        ("int", PLAIN, "12", 12),
        ("int", PLAIN, "1_000", 1000),
        ("int", PLAIN, "1e3", 1000),
        ("int", PLAIN, 4.0, 4),
        ("int", BOUNDED, 2, 2),
        ("int", BOUNDED, "8", 8),
        ("float", PLAIN, "2e-4", 2e-4),
        ("float", PLAIN, 3, 3.0),
        ("bool", PLAIN, " Yes ", True),
        ("bool", PLAIN, "off", False),
        ("bool", PLAIN, True, True),
        ("bool", PLAIN, 0, False),
        ("str", PLAIN, "a, b", "a, b"),
        ("str", CHOICES, "muon", "muon"),
        ("tuple[str, ...]", PLAIN, "a.txt, b.txt,", ("a.txt", "b.txt")),
        ("tuple[str, ...]", PLAIN, ["a, b"], ("a, b",)),
        ("tuple[str, ...]", PLAIN, "", ()),
    ],
)
def test_a_text_or_a_value_becomes_the_fields_type(kind: str, described: Spec, given: Any, meant: Any) -> None:
    found = parse("field", kind, described, given)
    assert found == meant
    assert type(found) is type(meant)


@pytest.mark.parametrize(
    ("kind", "described", "given", "said"),
    [
        ("int", PLAIN, "twelve", "field must be a whole number, not 'twelve'"),
        ("int", PLAIN, "1.5", "field must be a whole number"),
        ("int", PLAIN, True, "field must be a whole number"),
        ("int", PLAIN, None, "field must be a whole number"),
        ("int", PLAIN, "9" * 400, "field must be a whole number"),
        ("int", BOUNDED, 1, "field must be at least 2 and at most 8, not 1"),
        ("int", BOUNDED, 9, "not 9"),
        ("float", PLAIN, "inf", "field must be a number"),
        ("float", PLAIN, [], "field must be a number"),
        ("bool", PLAIN, "maybe", "field must be true or false, not 'maybe'"),
        ("str", PLAIN, 3, "field must be a text, not 3"),
        ("str", PLAIN, "a\0", "field must be UTF-8 text without NUL"),
        ("str", PLAIN, "\udcff", "field must be UTF-8 text without NUL"),
        ("str", CHOICES, "mun", "field cannot be 'mun'; perhaps it is muon"),
        ("str", CHOICES, "zzz", "known are adamw, muon"),
        ("tuple[str, ...]", PLAIN, ["a", 1], "field must be a list of texts"),
        ("tuple[str, ...]", PLAIN, {"a": 1}, "field must be a list of texts"),
    ],
)
def test_anything_else_is_one_sentence(kind: str, described: Spec, given: Any, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse("field", kind, described, given)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_near_name_is_proposed_and_a_far_one_gets_the_list() -> None:
    names = ("train", "runs", "resume")
    assert closest("trian", names) == "perhaps it is train"
    assert closest("xyz", names) == "known are resume, runs, train"


def test_a_list_whose_items_have_commas_is_given_as_json() -> None:
    described = Spec("cadence", "prompts", "help", "why")
    assert parse("prompts", "tuple[str, ...]", described, '["Well, who?", "Where"]') == ("Well, who?", "Where")
    assert parse("prompts", "tuple[str, ...]", described, "a, b") == ("a", "b")
    with pytest.raises(UsageError, match="list of texts"):
        parse("prompts", "tuple[str, ...]", described, '["open')
