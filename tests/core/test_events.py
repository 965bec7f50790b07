"""The journal's one-line form: what goes in comes out, and nothing that is torn or foreign does harm."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.events import EVENTS, Eval, Event, Notice, Step, decode, encode

FINITE = st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = {
    "int": st.integers(),
    "float": FINITE,
    "str": TEXT,
    "bool": st.booleans(),
    "int | None": st.none() | st.integers(),
    "float | None": st.none() | FINITE,
    "dict[str, float]": st.dictionaries(TEXT, FINITE),
    "list[dict[str, Any]]": st.lists(st.dictionaries(TEXT, FINITE | TEXT | st.booleans(), max_size=3), max_size=3),
}
ANY_EVENT: st.SearchStrategy[Event] = st.one_of(
    *(
        st.builds(cls, **{field.name: VALUES[str(field.type)] for field in dataclasses.fields(cls)})
        for cls in EVENTS.values()
    )
)


@given(ANY_EVENT)
def test_an_event_survives_the_journal(event: Event) -> None:
    line = encode(event)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode(line) == event
    assert json.loads(line)["kind"] == event.kind


@given(ANY_EVENT, st.data())
def test_a_torn_line_is_no_event(event: Event, data: st.DataObject) -> None:
    line = encode(event).rstrip(b"\n")
    assert decode(line[: data.draw(st.integers(0, len(line) - 1))]) is None


@given(st.binary() | TEXT)
def test_anything_can_be_decoded_without_harm(line: bytes | str) -> None:
    assert decode(line) is None


@pytest.mark.parametrize(
    "line",
    [
        b'{"kind": "from_the_future", "n": 1}',
        b'{"kind": ["step"]}',
        b'{"kind": "step"}',
        b'["step"]',
        b"null",
        b"[" * 100_000,
        b'{"kind": "notice", "level": "\xff"}',
    ],
)
def test_what_is_no_event_of_ours_is_none(line: bytes) -> None:
    assert decode(line) is None


def test_keys_of_a_newer_workbench_are_ignored() -> None:
    body = json.loads(encode(Notice(n=3, level="info", code="c", text="t")))
    assert decode(json.dumps({**body, "v": 9, "colour": "green"})) == Notice(n=3, level="info", code="c", text="t")


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_what_json_cannot_say_becomes_null(odd: float) -> None:
    def refuse(token: str) -> None:
        raise AssertionError(token)

    step = Step(step=1, steps=2, loss=odd, learning_rate=0.1, grad_norm=odd, tokens_per_second=1.0)
    body = json.loads(encode(step), parse_constant=refuse)
    assert body["loss"] is None
    assert body["grad_norm"] is None
    evaluation = json.loads(encode(Eval(step=1, loss=1.0, metrics={"a": odd, "b": 2.0})), parse_constant=refuse)
    assert evaluation["metrics"] == {"a": None, "b": 2.0}


def test_a_lone_surrogate_costs_one_character_and_not_the_event() -> None:
    event = decode(encode(Notice(level="info", code="c", text="a\ud800b")))
    assert event == Notice(level="info", code="c", text="a?b")
