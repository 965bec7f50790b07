"""Shapes by fraction, and the rewriting of rows: what is kept, what is repaired and what is refused."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from workbench.data import shapes
from workbench.data.convert import Rejected, to_canonical

HELLO = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hi"}]

ROWS: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    ("messages", {"messages": HELLO}, [("user", "hello"), ("assistant", "hi")]),
    (
        "messages",
        {
            "Messages": [
                {"role": "developer", "content": "be kind"},
                {"role": "human", "content": [{"type": "text", "text": "hel"}, {"type": "text", "value": "lo"}]},
                {"role": "model", "content": "hi"},
            ]
        },
        [("system", "be kind"), ("user", "hello"), ("assistant", "hi")],
    ),
    (
        "sharegpt",
        {"system": "be kind", "conversations": [{"from": "human", "value": "hello"}, {"from": "gpt", "value": "hi"}]},
        [("system", "be kind"), ("user", "hello"), ("assistant", "hi")],
    ),
    (
        "sharegpt",
        {"conversation": [{"human": "hello", "assistant": "hi"}, {"human": "more", "assistant": "no"}]},
        [("user", "hello"), ("assistant", "hi"), ("user", "more"), ("assistant", "no")],
    ),
    (
        "sharegpt",
        {"conversations": [{"from": "user", "value": "hello"}, {"role": "bot", "content": "hi"}]},
        [("user", "hello"), ("assistant", "hi")],
    ),
    (
        "sharegpt",
        {
            "conversations": [
                {"from": "human", "value": "weather?"},
                {"from": "function_call", "value": '{"name": "weather"}'},
                {"from": "observation", "value": "rain"},
                {"from": "gpt", "value": "It rains."},
            ]
        },
        [("user", "weather?"), ("assistant", '{"name": "weather"}'), ("tool", "rain"), ("assistant", "It rains.")],
    ),
    (
        "alpaca",
        {"instruction": "add", "input": "1 and 2", "output": 3},
        [("user", "add\n\n1 and 2"), ("assistant", "3")],
    ),
    ("alpaca", {"instruction": "add", "input": "", "output": "3"}, [("user", "add"), ("assistant", "3")]),
    (
        "alpaca",
        {"instruction": "more", "output": "no", "history": [["hello", "hi"]], "system": "be kind"},
        [("system", "be kind"), ("user", "hello"), ("assistant", "hi"), ("user", "more"), ("assistant", "no")],
    ),
    (
        "alpaca",
        {"instruction": "sum", "context": "long", "response": "short"},
        [("user", "sum\n\nlong"), ("assistant", "short")],
    ),
    ("prompt_completion", {"prompt": "hello", "completion": "hi"}, [("user", "hello"), ("assistant", "hi")]),
    ("prompt_completion", {"prompt": HELLO[:1], "completion": HELLO[1:]}, [("user", "hello"), ("assistant", "hi")]),
    ("prompt_completion", {"prompt": HELLO[:1], "answer": "hi"}, [("user", "hello"), ("assistant", "hi")]),
    ("prompt_completion", {"Question": "hello", "Answer": "hi"}, [("user", "hello"), ("assistant", "hi")]),
    ("prompt_completion", {"query": "hello", "response": "hi"}, [("user", "hello"), ("assistant", "hi")]),
    (
        "prompt_completion",
        {"problem": "1+1", "solution": "It is 2.", "answer": "2"},
        [("user", "1+1"), ("assistant", "It is 2.")],
    ),
    (
        "prompt_completion",
        {"context": "text", "question": "q", "answer": "a"},
        [("user", "text\n\nq"), ("assistant", "a")],
    ),
]


@pytest.mark.parametrize(("shape", "row", "turns"), ROWS)
def test_rows_with_turns(shape: str, row: dict[str, Any], turns: list[tuple[str, str]]) -> None:
    assert shapes.shape_of([row]) == (shape, 1.0)
    repairs: Counter[str] = Counter()
    canonical = to_canonical(row, shape, repairs)
    assert canonical == {"messages": [{"role": role, "content": content} for role, content in turns]}
    assert not repairs


@pytest.mark.parametrize(
    "row", [{"text": " words\n"}, {"Content": "words", "id": 3}, {"story": "words"}, {"response": "words"}]
)
def test_articles(row: dict[str, Any]) -> None:
    assert shapes.shape_of([row]) == ("text", 1.0)
    assert to_canonical(row, "text") == {"text": next(value for value in row.values() if isinstance(value, str))}


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "p", "chosen": "c", "rejected": "r"},
        {"conversations": [{"from": "human", "value": "x"}], "chosen": {}, "rejected": {}},
        {"messages": HELLO, "label": False},
        {"prompt": "p", "completion": "c", "label": True},
    ],
)
def test_a_rejected_answer_is_never_learnt(row: dict[str, Any]) -> None:
    assert shapes.shape_of([row]) == ("preference", 1.0)
    for shape in ("preference", "messages", "sharegpt", "prompt_completion"):
        assert isinstance(to_canonical(row, shape), Rejected)


def turns(*pairs: tuple[Any, Any]) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": content} for role, content in pairs]}


@pytest.mark.parametrize(
    ("row", "repair", "kept"),
    [
        (
            turns(("system", " "), ("user", "a"), ("assistant", "b")),
            "a system turn without words was left out",
            ["a", "b"],
        ),
        (
            turns(("user", "a"), ("user", "b"), ("assistant", "c")),
            "neighbouring user turns were joined",
            ["a\n\nb", "c"],
        ),
        (
            turns(("user", "a"), ("assistant", "b"), ("user", "c")),
            "turns after the last answer were left out",
            ["a", "b"],
        ),
    ],
)
def test_repairs_are_counted(row: dict[str, Any], repair: str, kept: list[str]) -> None:
    repairs: Counter[str] = Counter()
    canonical = to_canonical(row, "messages", repairs)
    assert isinstance(canonical, dict)
    assert [turn["role"] for turn in canonical["messages"]] == ["user", "assistant"]
    assert [turn["content"] for turn in canonical["messages"]] == kept
    assert repairs == {repair: 1}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (turns(("user", "a"), ("assistant", "")), "an answer is empty"),
        (turns(("user", "a"), ("assistant", None)), "an answer is empty"),
        (turns(("user", " "), ("assistant", "b")), "a user turn is empty"),
        (turns(("user", "a")), "there is no answer to learn"),
        (turns(("assistant", "a"), ("user", "b")), "the turns are out of order: assistant first"),
        (
            turns(("user", "a"), ("assistant", "b"), ("assistant", "c")),
            "the turns are out of order: assistant after assistant",
        ),
        (turns(("user", "a"), ("system", "b"), ("assistant", "c")), "the turns are out of order: system after user"),
        (turns(("user", "a"), ("tool", "b"), ("assistant", "c")), "the turns are out of order: tool after user"),
        (turns(("user", "a"), ("gpt4\x1b[2J", "b")), "the role gpt4␛[2J is unknown"),
        (turns((None, "a"), ("assistant", "b")), "a turn has no role"),
        (turns(("user", "a"), ("assistant", {"x": 1})), "the content of a turn is not text"),
        (turns(("user", "a"), ("assistant", True)), "the content of a turn is not text"),
        (
            turns(("user", "a"), ("assistant", 2.0**70)),
            "the content of a turn is a number too large to be kept exactly",
        ),
        (
            turns(("user", [{"type": "image_url", "image_url": "x"}]), ("assistant", "b")),
            "a turn holds a part of type image_url, and only text parts can be trained",
        ),
        (
            {
                "messages": [
                    {"role": "user", "content": "a"},
                    {"role": "assistant", "content": "", "tool_calls": [{"id": 1}]},
                ]
            },
            "a turn calls a tool in structured form, and only calls written as text can be trained",
        ),
        ({"messages": "text"}, "the row has no list of turns"),
        ({**turns(("user", "a"), ("assistant", "b")), "tools": "[not json"}, "the tools are not valid JSON"),
        ({**turns(("user", "a"), ("assistant", "b")), "tools": [1]}, "the tools are not a list of objects"),
    ],
)
def test_refusals_have_a_reason(row: dict[str, Any], reason: str) -> None:
    assert to_canonical(row, "messages") == Rejected(reason)


@pytest.mark.parametrize(
    ("row", "shape"),
    [
        ({"instruction": "a", "output": None}, "alpaca"),
        ({"instruction": "a", "output": ""}, "alpaca"),
        ({"instruction": "a", "output": "b", "history": "oops"}, "alpaca"),
        ({"question": None, "answer": "b"}, "prompt_completion"),
        ({"other": 1}, "prompt_completion"),
        ({"text": "  "}, "text"),
        ({"text": None}, "text"),
        ({"text": 5, "more": 1}, "text"),
    ],
)
def test_a_row_without_its_halves_is_refused(row: dict[str, Any], shape: str) -> None:
    assert isinstance(to_canonical(row, shape), Rejected)


def test_tools_are_carried_as_a_list_of_objects() -> None:
    tools = [{"type": "function", "function": {"name": "weather"}}]
    spelt: list[Any] = [tools, '[{"type": "function", "function": {"name": "weather"}}]']
    for given in spelt:
        assert to_canonical({"messages": HELLO, "tools": given}, "messages") == {"messages": HELLO, "tools": tools}
    none: list[Any] = ["", "[]", None, []]
    for given in none:
        assert to_canonical({"messages": HELLO, "tools": given}, "messages") == {"messages": HELLO}


def test_the_shape_is_that_of_most_rows_in_any_order() -> None:
    rows: list[dict[str, Any]] = (
        [{"text": "note"}] * 3 + [{"question": "q", "answer": "a"}] * 15 + [{"id": 1, "x": None}] * 2
    )
    for seed in range(5):
        random.Random(seed).shuffle(rows)
        assert shapes.shape_of(rows) == ("prompt_completion", 0.75)
    assert shapes.shape_of([]) == ("", 0.0)
    assert shapes.shape_of([{"a": 1, "b": 2}]) == ("", 0.0)


def test_names_are_compared_whole() -> None:
    assert shapes.shape_of([{"context": "c", "reprompt": "p", "answering": "x"}]) == ("", 0.0)
