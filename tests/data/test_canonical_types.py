"""Rows of preferences and labels, and rows as another type than the one they have of themselves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.data.known_layouts import ASKED, SAID, WORSE, chat, hh, turn
from tests.data.test_canonical import LABELLED, MESSAGES, PREFERENCE, QUESTIONS, TEXT, convert
from workbench.core.errors import UsageError
from workbench.data.canonical import TYPE_OF_METHOD, Rejected, Tally, converter, types_of
from workbench.data.layouts import Layout

Row = dict[str, Any]

JUDGED: Row = {"prompt": "p", "chosen": "c", "rejected": "r"}


class TestPreferences:
    def test_turns_before_the_answers(self) -> None:
        row = {**JUDGED, "prompt": [turn("system", "s"), turn("human", "p")]}
        canonical, _ = convert(row, PREFERENCE, "preference")
        assert canonical["prompt"] == [turn("system", "s"), turn("user", "p")]
        assert (canonical["chosen"], canonical["rejected"]) == ([turn("assistant", "c")], [turn("assistant", "r")])

    def test_a_dialogue_is_the_prompt_as_far_as_both_share_it(self) -> None:
        row = {"chosen": hh("a", "b", "c", "d"), "rejected": hh("a", "b", "c", "e")}
        canonical, _ = convert(row, PREFERENCE, "preference")
        assert [item["content"] for item in canonical["prompt"]] == ["a", "b", "c"]
        assert (canonical["chosen"], canonical["rejected"]) == ([turn("assistant", "d")], [turn("assistant", "e")])

    def test_a_prompt_repeated_in_both_answers_is_taken_off(self) -> None:
        row = {"prompt": "Why?", "chosen": "Why? So.", "rejected": "Why? No."}
        canonical, repairs = convert(row, PREFERENCE, "preference")
        assert canonical["chosen"] == [turn("assistant", " So.")]
        assert sum(repairs.values()) == 1

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"rejected": "c"}, "the two answers are the same"),
            ({"rejected": None}, "the worse answer is missing"),
            ({"chosen": " "}, "an answer is empty"),
            ({"prompt": None}, "the prompt is missing"),
            ({"prompt": [turn("assistant", "x")]}, "the turns are out of order: assistant first"),
            ({"prompt": [turn("user", "x"), turn("assistant", "y")]}, "the prompt does not end with a user turn"),
            ({"chosen": [turn("user", "x"), turn("assistant", "y")],
              "rejected": [turn("user", "z"), turn("assistant", "y")]},
             "the two answers do not begin with the same prompt"),
        ],
    )  # fmt: skip
    def test_refusals(self, change: Row, reason: str) -> None:
        assert convert({**JUDGED, **change}, PREFERENCE, "preference") == (Rejected(reason), {})

    def test_a_tie_is_refused(self) -> None:
        layout = Layout("compared", {"prompt": "p", "first": "response_a", "second": "response_b", "better": "winner"})
        row = {"p": "x", "response_a": "a", "response_b": "b", "winner": "tie"}
        assert convert(row, layout, "preference")[0] == Rejected("the row prefers neither answer")
        assert convert({**row, "winner": "response_b"}, layout, "preference")[0]["chosen"] == [turn("assistant", "b")]

    def test_conversations_in_json_are_compared_from_where_they_part(self) -> None:
        flags = {"first_if_true": "winner_model_a", "second_if_true": "winner_model_b"}
        layout = Layout("compared", {"prompt": "prompt", "first": "response_a", "second": "response_b", **flags})
        row = {"prompt": '["p","q"]', "response_a": '["a","b"]', "response_b": '["c","d"]', "winner_model_a": "1",
               "winner_model_b": "0"}  # fmt: skip
        found = convert(row, layout, "preference")[0]
        assert found["prompt"] == [turn("user", "p")]
        assert [item["content"] for item in found["chosen"]] == ["a", "q", "b"]
        assert [item["content"] for item in found["rejected"]] == ["c", "q", "d"]
        uneven = convert({**row, "response_b": '["c"]'}, layout, "preference")[0]
        assert uneven["prompt"] == [turn("user", '["p","q"]')]

    def test_a_verdict_that_is_none_is_refused(self) -> None:
        row = {"prompt": "p", "completion": "c", "label": "maybe"}
        assert convert(row, LABELLED, "unpaired_preference")[0] == Rejected("the label is neither good nor bad")

    @pytest.mark.parametrize(
        ("rating", "label"),
        [(5, True), ("4", True), ("4,5 / 5", True), ("★★★★☆", True), ("2 stars", False), (1.0, False), (3, None),
         ("3.5", None), (0, None), (10, None), ("55", None), (True, None)],
    )  # fmt: skip
    def test_ratings_of_one_to_five_say_good_or_bad_at_their_ends(self, rating: Any, label: bool | None) -> None:
        layout = Layout("rated", {"prompt": "prompt", "completion": "completion", "rating": "stars"})
        made = convert({"prompt": "p", "completion": "c", "stars": rating}, layout, "unpaired_preference")[0]
        if label is None:
            assert made == Rejected("the rating is neither good (4 or 5) nor bad (1 or 2)")
        else:
            assert made["label"] is label


class TestThoughts:
    LAYOUT = Layout("prompt_completion", {"prompt": "question", "completion": "answer", "thought": "reasoning"})

    @pytest.mark.parametrize("thought", ["I add.", ["I add."], "<think>I add.</think>"])
    def test_a_thought_stands_before_its_answer(self, thought: Any) -> None:
        row = {"question": "1 + 1?", "answer": "2", "reasoning": thought}
        assert convert(row, self.LAYOUT)[0] == chat("1 + 1?", "<think>\nI add.\n</think>\n\n2")

    @pytest.mark.parametrize(("thought", "answer"), [(None, "2"), (" ", "2"), ("I add.", "<think>So.</think>2")])
    def test_an_answer_without_one_or_with_its_own_stays_as_it_is(self, thought: Any, answer: str) -> None:
        row = {"question": "1 + 1?", "answer": answer, "reasoning": thought}
        assert convert(row, self.LAYOUT)[0] == chat("1 + 1?", answer)


class TestOtherTypes:
    def test_the_better_answer(self) -> None:
        row = {"prompt": ASKED[0], "chosen": SAID[0], "rejected": WORSE[0]}
        assert convert(row, PREFERENCE)[0] == chat()

    def test_the_good_answer(self) -> None:
        row = {"prompt": ASKED[0], "completion": SAID[0], "label": True}
        assert convert(row, LABELLED)[0] == chat()
        assert convert({**row, "label": False}, LABELLED)[0] == Rejected("the answer is labelled as bad")

    def test_the_question_with_its_final_answer(self) -> None:
        row = {"question": "1 + 1?", "answer": "One and one.\n#### 2"}
        assert convert(row, QUESTIONS, "prompt_only")[0] == {
            "prompt": [turn("user", "1 + 1?")], "answer": "2", "completion": [turn("assistant", row["answer"])]
        }  # fmt: skip
        boxed = {"question": "1 + 1?", "answer": r"It is $\boxed{\frac{4}{2}}$."}
        assert convert(boxed, QUESTIONS, "prompt_only")[0]["answer"] == r"\frac{4}{2}"
        worked = Layout("prompt_completion", {"prompt": "problem", "completion": "solution", "answer": "answer"})
        row = {"problem": "1 + 1?", "solution": "Count.", "answer": 2}
        assert convert(row, worked, "prompt_only")[0]["answer"] == "2"
        open_ended = {"question": ASKED[0], "answer": SAID[0]}
        assert convert(open_ended, QUESTIONS, "prompt_only")[0] == {
            "prompt": [turn("user", ASKED[0])], "completion": [turn("assistant", SAID[0])]
        }  # fmt: skip

    def test_the_answer_of_a_prompt(self) -> None:
        layout = Layout("prompt_only", {"prompt": "prompt", "answer": "answer"})
        assert convert({"prompt": "1 + 1?", "answer": 2}, layout)[0] == chat("1 + 1?", "2")
        assert convert({"prompt": "1 + 1?"}, layout)[0] == Rejected("there is no answer to learn")

    def test_a_dialogue_as_text(self) -> None:
        layout = Layout("dialogue", {"text": "text"})
        row = {"text": "Q: Why?\nA: So."}
        assert convert(row, layout)[0] == chat("Why?", "So.")
        assert convert(row, layout, "text")[0] == row

    @pytest.mark.parametrize(
        ("layout", "method", "said"),
        [
            (TEXT, "sft", "use method cpt"),
            (TEXT, "dpo", "use method cpt"),
            (MESSAGES, "cpt", "use method sft"),
            (QUESTIONS, "dpo", "use method sft"),
            (LABELLED, "dpo", "use method kto"),
            (PREFERENCE, "kto", "use method dpo"),
            (Layout("prompt_only", {"prompt": "prompt"}), "sft", "use method grpo"),
        ],
    )
    def test_what_a_layout_cannot_give(self, layout: Layout, method: str, said: str) -> None:
        assert TYPE_OF_METHOD[method] not in types_of(layout)
        with pytest.raises(UsageError, match=said):
            converter(layout, TYPE_OF_METHOD[method], Tally())


@pytest.mark.parametrize(
    ("title", "text", "made"),
    [
        ("Ulm", "Ulm is a town.", "Ulm\n\nUlm is a town."),
        ("Ulm", "## ULM\nA town.", "## ULM\nA town."),
        ("Ulm", "Ulm\r\nA town.", "Ulm\r\nA town."),
        (1984, "A novel.", "1984\n\nA novel."),
        (" ", " A town.", " A town."),
        (None, "A town.", "A town."),
    ],
)
def test_an_article_stands_below_its_title_unless_it_brings_it(title: Any, text: str, made: str) -> None:
    layout = Layout("text", {"text": "text", "title": "title"})
    assert convert({"title": title, "text": text}, layout, "text")[0] == {"text": made}
    assert convert({"title": title, "text": text}, TEXT, "text")[0] == {"text": text}


def test_prompts_keep_what_else_their_row_holds_for_a_reward_to_ask_for() -> None:
    """Tests, for example; not what was used, what JSON cannot hold, or what is very large."""
    layout = Layout("prompt_completion", {"prompt": "task", "completion": "code"})
    row = {"task": "Square it.", "code": "def f(x): ...", "test_list": ["assert f(2) == 4"], "raw": b"x", "no": None}
    made = converter(layout, "prompt_only", Tally())({**row, "large": "x" * 100_000})
    assert not isinstance(made, Rejected)
    assert made["prompt"] == [turn("user", "Square it.")]
    assert made["columns"] == {"test_list": ["assert f(2) == 4"]}
    assert converter(layout, "messages", Tally())(row) == {"messages": chat("Square it.", "def f(x): ...")["messages"]}
