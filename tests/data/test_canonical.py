"""The rewriting of rows: what is kept as it is, what is repaired and counted, and what is refused with a reason."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.known_layouts import chat, turn
from workbench.data.canonical import OTHER_FORMAT, Rejected, Tally, converter
from workbench.data.formats import calls
from workbench.data.formats.order import MAY_FOLLOW
from workbench.data.layouts import Layout

Row = dict[str, Any]

HELLO = [turn("user", "hello"), turn("assistant", "hi")]
MESSAGES = Layout("messages", {"turns": "messages", "tools": "tools", "system": "system"})
ALPACA = Layout(
    "alpaca", {"instruction": "instruction", "input": "input", "completion": "output", "history": "history"}
)
QUESTIONS = Layout("prompt_completion", {"prompt": "question", "completion": "answer", "context": "context"})
PREFERENCE = Layout("preference", {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected"})
LABELLED = Layout("unpaired", {"prompt": "prompt", "completion": "completion", "label": "label"})
TEXT = Layout("text", {"text": "text"})


def convert(row: Row, layout: Layout = MESSAGES, type: str = "messages") -> tuple[Any, Counter[str]]:
    tally = Tally()
    return converter(layout, type, tally)(row), tally.repairs


def turns(*pairs: tuple[Any, Any]) -> Row:
    return {"messages": [{"role": role, "content": content} for role, content in pairs]}


def test_a_canonical_row_is_passed_on_untouched() -> None:
    row = {"messages": HELLO}
    assert convert(row)[0] is row
    with_more = {"id": 3, "messages": HELLO}
    assert convert(with_more)[0]["messages"] is HELLO


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (
            turns(("developer", "be kind"), ("human", [{"type": "text", "text": "hel"}, {"value": "lo"}]),
                  ("model", "hi")),
            [("system", "be kind"), ("user", "hello"), ("assistant", "hi")],
        ),
        (
            {"system": "be kind", "messages": [{"from": "human", "value": "hello"}, {"from": "gpt", "value": "hi"}]},
            [("system", "be kind"), ("user", "hello"), ("assistant", "hi")],
        ),
        (
            {"messages": [{"human": "hello", "assistant": "hi"}, {"human": "more", "assistant": "no"}]},
            [("user", "hello"), ("assistant", "hi"), ("user", "more"), ("assistant", "no")],
        ),
        (
            {"messages": [{"from": "user", "value": "hello"}, {"role": "bot", "content": "hi"}]},
            [("user", "hello"), ("assistant", "hi")],
        ),
        (
            {"messages": [{"from": "human", "value": "rain?"}, {"from": "function_call", "value": "weather()"},
                          {"from": "observation", "value": "rain"}, {"from": "gpt", "value": "It rains."}]},
            [("user", "rain?"), ("assistant", "weather()"), ("tool", "rain"), ("assistant", "It rains.")],
        ),
        ({"messages": [["hello", "hi"], ["more", "no"]]},
         [("user", "hello"), ("assistant", "hi"), ("user", "more"), ("assistant", "no")]),
        ({"messages": [["user", "hello"], ["assistant", "hi"]]}, [("user", "hello"), ("assistant", "hi")]),
        ({"messages": ["hello", "hi"]}, [("user", "hello"), ("assistant", "hi")]),
        ({"messages": [{"author": {"role": "user"}, "content": {"parts": ["hello"]}}, turn("assistant", "hi")]},
         [("user", "hello"), ("assistant", "hi")]),
        (turns(("user", "a"), ("assistant", [{"type": "reasoning", "value": "so"}, {"type": "text", "value": "b"}])),
         [("user", "a"), ("assistant", "<think>\nso\n</think>\n\nb")]),
        (turns(("user", " a\n"), ("assistant", "\tb ")), [("user", " a\n"), ("assistant", "\tb ")]),
        (turns(("user", 1), ("assistant", 2.5)), [("user", "1"), ("assistant", "2.5")]),
    ],
)  # fmt: skip
def test_spellings_of_turns(given: Row, kept: list[tuple[str, str]]) -> None:
    canonical, repairs = convert(given)
    assert canonical == {"messages": [turn(role, content) for role, content in kept]}
    assert not repairs


@pytest.mark.parametrize(
    ("given", "repair", "kept"),
    [
        (turns(("system", " "), ("user", "a"), ("assistant", "b")),
         "a system turn without words was left out", ["a", "b"]),
        (turns(("user", "a"), ("user", "b"), ("assistant", "c")),
         "neighbouring user turns were joined", ["a\n\nb", "c"]),
        (turns(("user", "a"), ("assistant", "b"), ("user", "c")),
         "turns after the last answer were left out", ["a", "b"]),
        (turns(("user", "a"), ("system", "b")),
         "turns of a system that answers were read as the assistant's", ["a", "b"]),
        ({"messages": [turn("user", "a"), {**turn("assistant", "b"), "reasoning_content": "c"}]},
         "thoughts were written before their answers as <think>…</think>", ["a", "<think>\nc\n</think>\n\nb"]),
    ],
)  # fmt: skip
def test_repairs_are_counted(given: Row, repair: str, kept: list[str]) -> None:
    canonical, repairs = convert(given)
    assert [item["role"] for item in canonical["messages"]] == ["user", "assistant"]
    assert [item["content"] for item in canonical["messages"]] == kept
    assert repairs == {repair: 1}


@pytest.mark.parametrize("mark", [{"weight": 0}, {"weight": 0.0}, {"train": False}, {"loss": False}])
def test_an_answer_that_is_not_learnt_says_so(mark: Row) -> None:
    given = [turn("user", "a"), {**turn("assistant", "b"), **mark}, turn("user", "c"), turn("assistant", "d")]
    assert convert({"messages": given}) == (
        {"messages": [given[0], {**turn("assistant", "b"), "weight": 0}, *given[2:]]},
        {},
    )


@pytest.mark.parametrize("mark", [{"weight": 1}, {"weight": None}, {"train": True}, {"loss": None}])
def test_an_answer_that_is_learnt_is_as_any_other(mark: Row) -> None:
    given = [turn("user", "a"), {**turn("assistant", "b"), **mark}]
    assert convert({"messages": given}) == ({"messages": [given[0], turn("assistant", "b")]}, {})


CALLED = {"role": "assistant", "content": None, "tool_calls": [{"id": 1}]}
REFUSED: list[tuple[Row, str]] = [
    (turns(("user", "a"), ("assistant", "")), "an answer is empty"),
    (turns(("user", "a"), ("assistant", None)), "an answer is empty"),
    (turns(("user", "a"), ("assistant", " \n")), "an answer is empty"),
    (turns(("user", " "), ("assistant", "b")), "a user turn is empty"),
    (turns(("user", "a")), "there is no answer to learn"),
    (turns(("assistant", "a"), ("user", "b")), "there is no answer to learn"),
    (turns(("assistant", "a"), ("tool", "b"), ("assistant", "c")), "the turns are out of order: assistant first"),
    (turns(("user", "a"), ("assistant", "b"), ("assistant", "c")),
     "the turns are out of order: assistant after assistant"),
    (turns(("user", "a"), ("system", "b"), ("assistant", "c")), "the turns are out of order: system after user"),
    (turns(("user", "a"), ("tool", "b"), ("assistant", "c")), "the turns are out of order: tool after user"),
    (turns(("user", "a"), ("gpt4\x1b[2J", "b")), "the role gpt4␛[2J is unknown"),
    (turns((None, "a"), ("assistant", "b")), "a turn has no role"),
    (turns((["user"], "a"), ("assistant", "b")), "the role ['user'] is unknown"),
    (turns((None, "a"), (99, "b")), "a turn has no role"),
    (turns(("user", "a"), ("assistant", {"x": 1})), "the content of a turn is not text"),
    (turns(("user", "a"), ("assistant", True)), "the content of a turn is not text"),
    (turns(("user", "a"), ("assistant", b"b")), "the content of a turn is not text"),
    ({**turns(("user", "a"), ("assistant", "b")), "system": {"parts": 1}}, "the system prompt is not text"),
    (turns(("user", "a"), ("assistant", 2.0**70)), "the content of a turn is a number too large to be kept exactly"),
    (turns(("user", [{"type": "image_url", "image_url": "x"}]), ("assistant", "b")),
     "a turn holds a part of type image_url, and only text parts can be trained"),
    ({"messages": [turn("user", "a"), CALLED]}, "a tool call has no name, or its arguments are not a JSON object"),
    ({"messages": [turn("user", "a"), {**turn("assistant", "b"), "weight": 0}]},
     "all its answers have weight 0, so that nothing is learnt"),
    ({"messages": "text"}, "the row has no list of turns"),
    ({"messages": ["hello", 1]}, "a turn is not an object"),
    ({**turns(("user", "a"), ("assistant", "b")), "tools": "[not json"}, "the tools are not valid JSON"),
    ({**turns(("user", "a"), ("assistant", "b")), "tools": [1]}, "the tools are not a list of objects"),
    ({**turns(("user", "a"), ("assistant", "b")), "images": ["a.png"]},
     "the row refers to images, sound or video, and only text can be trained"),
    ({}, "the row has no list of turns"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "reason"), REFUSED)
def test_refusals_have_a_reason(row: Row, reason: str) -> None:
    assert convert(row) == (Rejected(reason), {})


@pytest.mark.parametrize("row", [row for row, _ in REFUSED])
def test_refusals_are_the_same_after_good_rows(row: Row) -> None:
    tally = Tally()
    fresh = converter(MESSAGES, "messages", Tally())(row)
    used = converter(MESSAGES, "messages", tally)
    for _ in range(3):
        assert used({"messages": HELLO}) == {"messages": HELLO}
        assert used({"messages": HELLO, "tools": None}) == {"messages": HELLO}
        assert used(row) == fresh
    assert not tally.repairs


def test_the_quick_way_and_the_careful_way_agree() -> None:
    roles = ("system", "user", "assistant", "tool", "human")
    quick = converter(Layout("messages", {"turns": "messages"}), "messages", Tally())
    careful = converter(Layout("messages", {"turns": "outer.messages"}), "messages", Tally())
    for first in roles:
        for second in roles:
            for third in roles:
                row = turns((first, "a"), (second, "b"), (third, "c"), ("assistant", "d"))
                assert quick(row) == careful({"outer": row})
    spelled = converter(Layout("sharegpt", {"turns": "messages"}), "messages", Tally())
    for roles_of in (
        ("human", "gpt"),
        ("user", "assistant"),
        ("system", "human", "gpt"),
        ("gpt", "human"),
        ("x", "gpt"),
    ):
        row = {"messages": [{"from": role, "value": f"{place}"} for place, role in enumerate(roles_of)]}
        assert spelled(row) == careful({"outer": row})


TOOLS = [{"type": "function", "function": {"name": "weather"}}]
CALL = {"type": "function", "function": {"name": "weather", "arguments": {"town": "Ulm"}}}


class TestTools:
    def test_tools_are_carried_as_a_list_of_objects(self) -> None:
        spelt: list[Any] = [TOOLS, '[{"type": "function", "function": {"name": "weather"}}]']
        for tools in spelt:
            assert convert({"messages": HELLO, "tools": tools})[0] == {"messages": HELLO, "tools": TOOLS}
        none: list[Any] = ["", "[]", None, []]
        for tools in none:
            assert convert({"messages": HELLO, "tools": tools})[0] == {"messages": HELLO}

    @pytest.mark.parametrize(
        "calling",
        [
            {"role": "assistant", "content": None, "tool_calls": [
                {"type": "function", "function": {"name": "weather", "arguments": '{"town": "Ulm"}'}}]},
            {"role": "assistant", "tool_calls": [{"function": {"name": "weather", "arguments": {"town": "Ulm"}}}]},
            {"role": "assistant", "content": "", "function_call": {"name": "weather", "arguments": '{"town": "Ulm"}'}},
            {"role": "assistant", "content": [{"type": "tool_use", "name": "weather", "input": {"town": "Ulm"}}]},
            {"role": "assistant", "content": [
                {"type": "tool_call", "value": '{"name": "weather", "arguments": {"town": "Ulm"}}'}]},
            {"from": "function_call", "value": '{"name": "weather", "arguments": {"town": "Ulm"}}'},
            {"role": "model", "parts": [{"functionCall": {"name": "weather", "args": {"town": "Ulm"}}}]},
        ],
    )  # fmt: skip
    def test_calls_in_any_spelling(self, calling: Row) -> None:
        row = {"messages": [turn("user", "a"), calling, turn("tool", "3"), turn("assistant", "b")]}
        canonical, repairs = convert(row)
        assert canonical["messages"][1] == {"role": "assistant", "content": "", "tool_calls": [CALL]}
        assert not repairs

    def test_calls_keep_what_was_said_and_their_ids(self) -> None:
        calling = [{"type": "text", "text": "Let me see."},
                   {"type": "tool_use", "id": "t1", "name": "weather", "input": {"town": "Ulm"}}]  # fmt: skip
        result = [{"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "rain"}]}]
        canonical, _ = convert(turns(("user", "a"), ("assistant", calling), ("user", result), ("assistant", "b")))
        assert canonical["messages"][1:3] == [
            {"role": "assistant", "content": "Let me see.", "tool_calls": [{"id": "t1", **CALL}]},
            {"role": "tool", "content": "rain", "tool_call_id": "t1"},
        ]

    def test_neighbouring_calls_are_joined(self) -> None:
        spoken = {"from": "function_call", "value": '{"name": "weather", "arguments": {"town": "Ulm"}}'}
        row = {"messages": [turn("user", "a"), spoken, spoken, turn("tool", "3"), turn("assistant", "b")]}
        canonical, repairs = convert(row)
        assert canonical["messages"][1]["tool_calls"] == [CALL, CALL]
        assert repairs == {"neighbouring tool calls were joined": 1}

    def test_calls_are_spelled_out_for_templates_without_tools(self) -> None:
        said = {"role": "assistant", "content": "Now.", "tool_calls": [CALL]}
        assert calls.spelled_out(said) == turn("assistant", 'Now.\n{"name":"weather","arguments":{"town":"Ulm"}}')
        assert calls.spelled_out(HELLO[1]) == HELLO[1]

    def test_an_answer_of_calls_beside_tools(self) -> None:
        layout = Layout("prompt_completion", {"prompt": "query", "completion": "answers", "tools": "tools"})
        row = {"query": "a", "answers": '[{"name": "weather", "arguments": {"town": "Ulm"}}]', "tools": TOOLS}
        canonical = convert(row, layout)[0]
        assert canonical["messages"][1] == {"role": "assistant", "content": "", "tool_calls": [CALL]}
        assert canonical["tools"] == TOOLS


@pytest.mark.parametrize(
    ("row", "layout", "kept"),
    [
        ({"instruction": "add", "input": "1 and 2", "output": 3}, ALPACA, ["add\n\n1 and 2", "3"]),
        ({"instruction": "add", "input": " ", "output": "3"}, ALPACA, ["add", "3"]),
        ({"instruction": "more", "output": "no", "history": [["hello", "hi"]]}, ALPACA, ["hello", "hi", "more", "no"]),
        (
            {"instruction": "more", "output": "no", "history": '[["hello", "hi"]]'},
            ALPACA,
            ["hello", "hi", "more", "no"],
        ),
        ({"question": "q", "answer": "a", "context": "c"}, QUESTIONS, ["c\n\nq", "a"]),
        ({"question": "q", "answer": {"text": ["a", "b"]}, "context": ["c", "d"]}, QUESTIONS, ["c\n\nd\n\nq", "a"]),
        ({"question": [turn("user", "q")], "answer": [turn("assistant", "a")]}, QUESTIONS, ["q", "a"]),
    ],
)
def test_exchanges(row: Row, layout: Layout, kept: list[str]) -> None:
    canonical, repairs = convert(row, layout)
    assert [item["content"] for item in canonical["messages"]] == kept
    assert not repairs


@pytest.mark.parametrize(
    ("row", "layout", "reason"),
    [
        ({"instruction": "a", "output": None}, ALPACA, "the answer is missing"),
        ({"instruction": "a", "output": ""}, ALPACA, "an answer is empty"),
        ({"instruction": "a", "output": "b", "history": "oops"}, ALPACA, "the history is not a list of exchanges"),
        ({"question": None, "answer": "b"}, QUESTIONS, "the prompt is missing"),
        ({"question": "a", "answer": []}, QUESTIONS, "an answer is empty"),
        ({"question": {"a": 1}, "answer": "b"}, QUESTIONS, "the prompt is not text"),
        ({"other": 1}, QUESTIONS, "the prompt is missing"),
        ({"text": "  "}, TEXT, "the text is empty"),
        ({"text": None}, TEXT, "the text is missing or is not text"),
        ({"text": 5, "more": 1}, TEXT, "the text is missing or is not text"),
    ],
)
def test_a_row_without_its_halves_is_refused(row: Row, layout: Layout, reason: str) -> None:
    type = "text" if layout is TEXT else "messages"
    assert convert(row, layout, type) == (Rejected(reason), {})


def test_a_row_of_another_layout_is_converted_by_its_own_and_counted() -> None:
    row = {"instruction": "add", "input": "", "output": "3"}
    assert convert(row, QUESTIONS) == (chat("add", "3"), {OTHER_FORMAT: 1})
    assert convert({"messages": HELLO}, QUESTIONS) == ({"messages": HELLO}, {OTHER_FORMAT: 1})
    assert isinstance(convert({"text": "An article."}, QUESTIONS)[0], Rejected)
    assert isinstance(convert({"messages": HELLO}, TEXT, "text")[0], Rejected)


def test_a_row_that_lacks_something_is_not_of_another_layout() -> None:
    """Learning the letter of a choice without the choices, or an instruction without its input, would be wrong."""
    choices = Layout("multiple_choice", {"prompt": "question", "choices": "choices", "answer": "answer"})
    row = {"question": "Where?", "choices": None, "answer": "B"}
    assert convert(row, choices) == (Rejected("the choices are not a list of texts"), {})
    row = {"instruction": "add", "input": {"a": 1}, "output": "b"}
    assert convert(row, ALPACA) == (Rejected("the input is not text"), {})


def test_the_layout_of_a_row_does_not_depend_on_the_rows_before_it() -> None:
    odd: Row = {"instruction": {"a": 1}, "output": 2}
    plain: Row = {"instruction": "add", "output": "3"}
    for ordered in ((odd, plain), (plain, odd)):
        made = converter(QUESTIONS, "messages", Tally())
        results = {row["output"]: made(row) for row in ordered}
        assert results["3"] == chat("add", "3")
        assert isinstance(results[2], Rejected)


@pytest.mark.parametrize(
    "row",
    [
        {"messages": HELLO, "chosen": "c", "rejected": "r"},
        {"messages": HELLO, "label": False},
        {"messages": HELLO, "label": True},
        {"question": "p", "answer": "c", "label": True},
        {"instruction": "p", "output": "c", "kto_tag": False},
        {"question": "p", "answer": "c", "response_j": "c", "response_k": "r"},
    ],
)
def test_a_judged_answer_is_never_learnt_as_it_stands(row: Row) -> None:
    for layout in (MESSAGES, QUESTIONS, ALPACA, Layout("sharegpt", {"turns": "messages"})):
        assert convert(row, layout) == (Rejected("the row is a preference between answers"), {})


ROLE = st.sampled_from(["system", "user", "assistant", "tool", "human", "gpt", "narrator", None, 3])
CONTENT = st.sampled_from(["a", "", " ", None, 4, True, [], [{"type": "text", "text": "x"}], {"x": 1}]) | st.text()
TURN = st.fixed_dictionaries({"role": ROLE, "content": CONTENT}) | st.fixed_dictionaries(
    {"from": ROLE, "value": CONTENT}
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(TURN | st.none() | st.text(), max_size=5), max_size=4))
def test_a_conversation_is_in_order_or_refused(conversations: list[list[Any]]) -> None:
    for layout in (MESSAGES, Layout("sharegpt", {"turns": "messages"})):
        made = converter(layout, "messages", Tally())
        for conversation in conversations:
            canonical = made({"messages": conversation})
            if isinstance(canonical, Rejected):
                assert canonical.reason
                continue
            before = ""
            for item in canonical["messages"]:
                assert before in MAY_FOLLOW[item["role"]]
                assert isinstance(item["content"], str)
                assert item["content"].strip() or item["role"] == "tool"
                before = item["role"]
            assert before == "assistant"


@settings(max_examples=150, deadline=None)
@given(st.text(min_size=1).filter(str.strip), st.text(min_size=1).filter(str.strip))
def test_words_are_never_changed(asked: str, said: str) -> None:
    expected = {"messages": [turn("user", asked), turn("assistant", said)]}
    assert convert({"messages": expected["messages"]})[0] == expected
    assert convert({"question": asked, "answer": said}, QUESTIONS)[0] == expected
    assert convert({"instruction": asked, "output": said}, ALPACA)[0] == expected
    assert convert({"text": said}, TEXT, "text")[0] == {"text": said}
    judged = convert({"prompt": asked, "completion": said, "label": True}, LABELLED, "unpaired_preference")[0]
    assert judged["prompt"] + judged["completion"] == expected["messages"] or "\n\nHuman:" in asked[:16]
