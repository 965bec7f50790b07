"""Conversations that are no plain list of turns, and pairs for review: what is kept, repaired and refused."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.data.known_layouts import ASKED, SAID, chat, turn
from workbench.data.canonical import Rejected, Tally, converter
from workbench.data.detect import detect
from workbench.data.layouts import Layout

Row = dict[str, Any]


def converted(row: Row, format: str, columns: dict[str, str]) -> tuple[Row | Rejected, Counter[str]]:
    """Return what becomes of a row, and the repairs."""
    tally = Tally()
    return converter(Layout(format, columns), "messages", tally)(row), tally.repairs


def texts(made: Row | Rejected) -> list[str]:
    """Return the contents of the turns of a canonical row, each with the first letter of its role."""
    assert isinstance(made, dict), made
    return [f"{item['role'][0]}:{item['content']}" for item in made["messages"]]


class TestReviewed:
    @staticmethod
    def row(accepted: Any, place: int = 0) -> Row:
        cited = {"source": "a.txt", "article": 1, "start": 0, "end": 4, "quote": "Text"}
        return chat(ASKED[place], SAID[place], citation=cited, accepted=accepted, checks={"support": 0.5})

    @pytest.mark.parametrize("decisions", [[True, False, None], [None] * 3, [False] * 3, [True] * 3])
    def test_only_accepted_pairs_are_learnt(self, decisions: list[bool | None]) -> None:
        rows = [self.row(accepted, place) for place, accepted in enumerate(decisions)]
        found = detect(rows)
        assert found.layout == Layout("reviewed", {"turns": "messages", "accepted": "accepted"})
        assert (found.method, found.confidence) == ("sft", 1.0)
        again = detect(rows, format="reviewed", columns=found.columns)
        assert again.layout == found.layout
        convert = converter(found.layout, "messages", Tally())
        said = {
            False: Rejected("it was rejected in the review"),
            None: Rejected("it was not reviewed yet; see `workbench review`"),
        }
        for place, (row, accepted) in enumerate(zip(rows, decisions, strict=True)):
            assert convert(row) == (chat(ASKED[place], SAID[place]) if accepted else said[accepted])

    @pytest.mark.parametrize("accepted", [False, None])
    def test_a_pair_among_other_rows_is_not_learnt_unseen(self, accepted: bool | None) -> None:
        rows = [chat(asked, said) for asked, said in zip(ASKED, SAID, strict=True)] * 4
        found = detect([*rows, self.row(accepted)])
        assert found.layout is not None
        assert found.layout.format == "messages"
        assert isinstance(converter(found.layout, "messages", Tally())(self.row(accepted)), Rejected)

    def test_other_rows_with_such_a_column_are_judged(self) -> None:
        rows = [{"prompt": a, "completion": s, "accepted": n % 2 == 0} for n, (a, s) in enumerate(zip(ASKED, SAID,
                strict=True))]  # fmt: skip
        assert detect(rows).method == "kto"


def node(role: str, text: str, *replies: Row, **more: Any) -> Row:
    return {"role": role, "text": text, "replies": list(replies), **more}


@pytest.mark.parametrize(
    ("tree", "kept", "repairs"),
    [
        (node("prompter", "a", node("assistant", "b")), ["u:a", "a:b"], 0),
        (node("prompter", "a", node("assistant", "b", rank=1), node("assistant", "c", rank=0)), ["u:a", "a:c"], 1),
        (node("prompter", "a", node("assistant", "b"), node("assistant", "c")), ["u:a", "a:b"], 1),
        (node("prompter", "a", node("assistant", "b", deleted=True), node("assistant", "c")), ["u:a", "a:c"], 0),
        (node("prompter", "a", node("assistant", "b", node("prompter", "c"))), ["u:a", "a:b"], 1),
    ],
)
def test_the_best_branch_of_a_tree_is_kept(tree: Row, kept: list[str], repairs: int) -> None:
    made, counted = converted({"prompt": tree}, "reply_tree", {"tree": "prompt"})
    assert texts(made) == kept
    assert counted.total() == repairs


def test_pieces_are_put_together_as_they_stand() -> None:
    pieces = [(False, "a "), (False, "b\n"), (True, "c "), (True, "d"), (False, "e"), (True, "f")]
    row = {"segments": [{"label": label, "text": text} for label, text in pieces]}
    made, repairs = converted(row, "segments", {"segments": "segments"})
    assert texts(made) == ["u:a b\n", "a:c d", "u:e", "a:f"]
    assert not repairs


TALK = {"turns": "talk"}


class TestSpeakers:
    def talk(self, *spoken: tuple[Any, str]) -> Row:
        return {"talk": [{"speaker": name, "text": text} for name, text in spoken]}

    @pytest.mark.parametrize(
        ("spoken", "kept"),
        [
            ([("ann", "a"), ("bob", "b")], ["u:a", "a:b"]),
            ([("user", "a"), ("Sage", "b")], ["u:a", "a:b"]),
            ([("Tom", "a"), ("assistant", "b")], ["u:a", "a:b"]),
            ([("Sage", "hi"), ("user", "a"), ("Sage", "b")], ["u:a", "a:b"]),
            ([("system", "s"), ("ann", "a"), ("bob", "b")], ["s:s", "u:a", "a:b"]),
            ([("ann", "a"), ("ann", "b"), ("bob", "c"), ("bob", "d")], ["u:a\n\nb", "a:c\n\nd"]),
            ([(0, "a"), (1, "b")], ["u:a", "a:b"]),
        ],
    )
    def test_of_two_one_asks_and_one_answers(self, spoken: list[tuple[Any, str]], kept: list[str]) -> None:
        assert texts(converted(self.talk(*spoken), "speakers", TALK)[0]) == kept

    @pytest.mark.parametrize("names", [("a", "b", "c"), ("a",), ("human", "user"), ("a", None)])
    def test_more_or_fewer_are_refused(self, names: tuple[Any, ...]) -> None:
        made, _ = converted(self.talk(*((name, "x") for name in names)), "speakers", TALK)
        assert isinstance(made, Rejected)

    def test_names_alone_are_never_sure(self) -> None:
        found = detect([self.talk(("ann", asked), ("bob", said)) for asked, said in zip(ASKED, SAID, strict=True)])
        assert found.method == "sft"
        assert found.confidence < 0.8
        assert "look at the examples" in found.problems[0]

    def test_an_unknown_role_among_known_ones_is_refused(self) -> None:
        rows = [chat(asked, said) for asked, said in zip(ASKED, SAID, strict=True)]
        odd = {"messages": [turn("user", "a"), turn("moderator", "b")]}
        found = detect([*rows, odd])
        assert found.layout is not None
        assert converter(found.layout, "messages", Tally())(odd) == Rejected("the role moderator is unknown")


@pytest.mark.parametrize(
    ("turns", "kept"),
    [
        ([turn("assistant", "hi"), turn("user", "a"), turn("assistant", "b")], ["u:a", "a:b"]),
        ([turn("system", "s"), turn("assistant", "hi"), turn("user", "a"), turn("assistant", "b")],
         ["s:s", "u:a", "a:b"]),
    ],
)  # fmt: skip
def test_an_answer_before_the_first_question_is_left_out(turns: list[Row], kept: list[str]) -> None:
    made, repairs = converted({"messages": turns}, "messages", {"turns": "messages"})
    assert texts(made) == kept
    assert repairs == {"an answer before the first question was left out": 1}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("### Human: a### Assistant: b### Human: c### Assistant: d", ["u:a", "a:b", "u:c", "a:d"]),
        ("### Human: a### Assistant: so:\nQ: x\nA: y", ["u:a", "a:so:\nQ: x\nA: y"]),
        ("Be kind. USER: a ASSISTANT: b</s>USER: c ASSISTANT: d</s>", ["s:Be kind.", "u:a", "a:b", "u:c", "a:d"]),
        ("The conversation between human and AI assistant.\n[|Human|] a\n[|AI|] b\n[|Human|] ", ["u:a", "a:b"]),
        ("A chat between a user and a helper. The helper is kind. USER: a ASSISTANT: b",
         ["s:A chat between a user and a helper. The helper is kind.", "u:a", "a:b"]),
    ],
)  # fmt: skip
def test_dialogues_with_marks_inside_lines(text: str, kept: list[str]) -> None:
    assert texts(converted({"text": text}, "dialogue", {"text": "text"})[0]) == kept


@pytest.mark.parametrize("text", ["He said USER: a and USER: b.", "See ### Human: only", "ASSISTANT: a USER: b"])
def test_texts_with_a_stray_mark_are_no_dialogues(text: str) -> None:
    assert isinstance(converted({"text": text}, "dialogue", {"text": "text"})[0], Rejected)


ASKING = {"prompt": "questions", "completion": "answers", "context": "story"}


def test_as_many_answers_as_questions_are_a_conversation() -> None:
    made, _ = converted({"story": "s", "questions": ["a", "b"], "answers": ["c", "d"]}, "prompt_completion", ASKING)
    assert texts(made) == ["u:s\n\na", "a:c", "u:b", "a:d"]
    made, _ = converted({"story": "s", "questions": ["a", "b"], "answers": ["c"]}, "prompt_completion", ASKING)
    assert made == Rejected("there are not as many answers as questions")


def test_of_ways_to_ask_the_first_is_kept() -> None:
    columns = {"prompt": "patterns", "completion": "responses"}
    made, repairs = converted({"patterns": ["a", "b"], "responses": ["c", "d"]}, "prompt_completion", columns)
    assert texts(made) == ["u:a", "a:c"]
    assert repairs == {"of several ways to ask the first was kept": 1}


@pytest.mark.parametrize(
    ("asked", "said", "kept", "repaired"),
    [
        ([["a", "b"]], ["c"], ["u:a", "a:c"], 1),
        ([["a"]], ["c"], ["u:a", "a:c"], 0),
        ([["a", "b"], ["d", "e"]], ["c", "f"], ["u:a", "a:c", "u:d", "a:f"], 1),
        (["a", "b"], ["c"], ["u:a", "a:c"], 1),
    ],
)
def test_ways_to_ask_share_an_answer(asked: Any, said: Any, kept: list[str], repaired: int) -> None:
    columns = {"prompt": "questions", "completion": "answers"}
    made, repairs = converted({"questions": asked, "answers": said}, "prompt_completion", columns)
    assert texts(made) == kept
    assert repairs == ({"of several ways to ask the first was kept": 1} if repaired else {})


def test_of_questions_in_turns_the_first_is_a_prompt() -> None:
    tally = Tally()
    convert = converter(Layout("prompt_only", {"prompt": "turns"}), "prompt_only", tally)
    assert convert({"turns": ["a", "b"]}) == {"prompt": [turn("user", "a")]}
    assert tally.repairs == {"of questions that follow each other the first was kept": 1}


def test_lists_below_a_title_that_hold_nothing_are_refused() -> None:
    layout = ("outline", {"prompt": "title", "list_a": "steps"})
    assert converted({"title": "Soup", "steps": ["", " "]}, *layout)[0] == Rejected(
        "the lists below the title are empty"
    )
    assert isinstance(converted({"title": "Soup", "steps": [1]}, *layout)[0], Rejected)


def test_turns_that_an_object_holds() -> None:
    by_number = {str(place): turn(role, role[0]) for place, role in ((10, "assistant"), (9, "user"))}
    by_column = {"from": ["human", "gpt"], "value": ["u", "a"]}
    marked = {"turn_1": {"Human": "<|Human|>: u<eoh>\n", "Bot": "<|Bot|>: a<eom>\n"}}
    for held in (by_number, by_column, marked):
        assert texts(converted({"chat": held}, "sharegpt", {"turns": "chat"})[0]) == ["u:u", "a:a"]


class TestExports:
    @staticmethod
    def export(*said: Any) -> Row:
        """Return an exported conversation of turns by turns; what is no text is a list of parts."""
        tree: Row = {"0": {"id": "0", "parent": None, "message": None, "children": ["1"]}}
        for number, words in enumerate(said, 1):
            role = "user" if number % 2 else "assistant"
            parts = [words] if isinstance(words, str) else list(words)
            message = {"author": {"role": role}, "content": {"content_type": "text", "parts": parts}}
            tree[str(number)] = {"id": str(number), "parent": str(number - 1), "message": message, "children": []}
        return {"mapping": tree, "current_node": str(len(said))}

    LAYOUT = ("chatgpt_export", {"tree": "mapping", "current": "current_node"})
    PICTURE = ({"content_type": "image_asset_pointer"}, "What is this?")

    def test_a_conversation_is_kept_up_to_its_first_picture(self) -> None:
        made, repairs = converted(self.export("a", "b", self.PICTURE, "A duck."), *self.LAYOUT)
        assert texts(made) == ["u:a", "a:b"]
        assert repairs == {"a conversation was cut where a turn holds more than text": 1}

    def test_one_that_begins_with_a_picture_is_refused(self) -> None:
        made, repairs = converted(self.export(self.PICTURE, "A duck."), *self.LAYOUT)
        assert isinstance(made, Rejected)
        assert "before the first answer" in made.reason
        assert not repairs


NEXT = ("next_turn", {"history": "history", "candidates": "candidates", "system": "personality"})


class TestNextTurn:
    def test_who_answers_spoke_every_second_time_from_the_end(self) -> None:
        row = {
            "personality": ["I fish.", "I sing."],
            "history": ["Hi!", "Hello.", "And you?"],
            "candidates": ["x", "So."],
        }
        made, repairs = converted(row, *NEXT)
        assert texts(made) == ["s:I fish.\nI sing.", "u:Hi!", "a:Hello.", "u:And you?", "a:So."]
        assert not repairs

    def test_a_greeting_is_left_out_and_said(self) -> None:
        row = {"personality": None, "history": ["Hi!", "And you?"], "candidates": ["x", "So."]}
        made, repairs = converted(row, *NEXT)
        assert texts(made) == ["u:And you?", "a:So."]
        assert repairs["an answer before the first question was left out"] == 1

    def test_nothing_says_which_candidate_is_right_so_that_a_look_is_asked_for(self) -> None:
        sample = [{"history": [asked], "candidates": ["x", said]} for asked, said in zip(ASKED, SAID, strict=True)]
        found = detect(sample)
        assert found.confidence == 0.7
        assert "candidates" in found.problems[0]
