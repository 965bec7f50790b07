"""Passages: what a text as a whole is, and that nothing of it is lost or made up."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data.readers import marks, passages
from workbench.data.readers.passages import form_of, segments


def pairs(text: str) -> list[tuple[str, str]]:
    """Return the questions and answers of a text; anything else is a failure."""
    return [(row["question"], row["answer"]) for _, row in segments(text)]


TWO = [("What is it?", "A thing."), ("Why?", "Because.")]
THREE = [*TWO, ("How long does it take?", "Ten minutes.")]


@pytest.mark.parametrize(
    ("asks", "answers", "between"),
    [
        ("Q: ", "A: ", "\n"),
        ("Q: ", "A: ", "\n\n"),
        ("Q. ", "A. ", "\n"),
        ("Question: ", "Answer: ", "\n"),
        ("QUESTION: ", "ANSWER: ", "\n\n"),
        ("**Q:** ", "**A:** ", "\n"),
        ("**Question**: ", "**Answer**: ", "\n\n"),
        ("- Q: ", "- A: ", "\n"),
        ("### Question: ", "### Answer: ", "\n"),
        ("Question:\n", "Answer:\n", "\n"),
        ("## Question\n\n", "## Answer\n\n", "\n\n"),
        ("Frage: ", "Antwort: ", "\n"),
        ("Pregunta: ", "Respuesta: ", "\n"),
        ("Question : ", "Réponse : ", "\n"),
        ("Вопрос: ", "Ответ: ", "\n"),
        ("问：", "答：", "\n"),
        ("質問: ", "回答: ", "\n"),
        ("Q: ", "A: ", "\r\n"),
    ],
)
def test_marked_questions_and_answers_alternate(asks: str, answers: str, between: str) -> None:
    text = f"{between}{between}".join(f"{asks}{question}{between}{answers}{answer}" for question, answer in TWO)
    assert pairs(text) == TWO


@pytest.mark.parametrize(
    "mark", ["{role}{n}: ", "{role}{n}. ", "{role}{n}) ", "{role} {n}: ", "**{role}{n}:** ", "{n}. {role}: "]
)
def test_numbered_marks(mark: str) -> None:
    text = "\n\n".join(
        mark.format(role="Q", n=n) + question + "\n" + mark.format(role="A", n=n) + answer
        for n, (question, answer) in enumerate(THREE, 1)
    )
    assert pairs(text) == THREE


def test_bold_around_mark_and_question() -> None:
    assert pairs("**Q: What is it?**\nA thing? No:\n**A: A thing.**\n\n**Q: Why?**\n**A:** Because.") == [
        ("What is it?\nA thing? No:", "A thing."),
        ("Why?", "Because."),
    ]


def test_question_and_answer_on_one_line() -> None:
    assert pairs("Q: What is it? A: A thing.\nQ: Why? A: Because.") == TWO
    assert pairs("问：是什么？答：东西。\n问：为什么？答：因为。") == [("是什么？", "东西。"), ("为什么？", "因为。")]


def test_answers_of_many_lines_lists_and_code_stay_whole_and_lines_are_numbered() -> None:
    answer = "First.\n\n- A list\n- of things\n\n```\nQ: no mark in code\n\nA: nor this\n```\n\nLast."
    text = f"Title\n\nQ: One?\nA: {answer}\n\nQ: Two?\nA: {answer}\n"
    left_out: list[int] = []
    assert list(segments(text, left_out)) == [
        (3, {"question": "One?", "answer": answer}),
        (17, {"question": "Two?", "answer": answer}),
    ]
    assert left_out == [1]


def test_options_to_choose_from_are_no_answers() -> None:
    text = "Q1. Which?\nA. red\nB. blue\nAnswer: A\n\nQ2. Which then?\nA) one\nB) two\nAnswer: B\n"
    assert pairs(text) == [("Which?\nA. red\nB. blue", "A"), ("Which then?\nA) one\nB) two", "B")]


def test_a_question_nobody_answers_is_a_record_all_the_same() -> None:
    text = "\n\n".join([*(f"Q: {number}?\nA: yes" for number in range(9)), "Q: left open?"])
    assert pairs(text)[-1] == ("left open?", "")
    assert len(pairs(text)) == 10


@pytest.mark.parametrize(
    "heading",
    [
        "## {n}",
        "### {n} ###",
        "**{n}**",
        "__{n}__",
        "**{i}. {n}**",
        "## {i}. {n}",
        "## Q: {n}",
        "{i}. {n}",
        "Q: {n}",
        "{n}",
    ],
)
def test_faq_by_its_headings(heading: str) -> None:
    blocks = [
        heading.format(n=question, i=number) + f"\n\n{answer}" for number, (question, answer) in enumerate(THREE, 1)
    ]
    assert pairs("\n\n".join(blocks)) == THREE


def test_faq_with_title_introduction_and_a_heading_that_does_not_ask() -> None:
    text = (
        "---\ntitle: Help\ntags: [a]\n---\n# FAQ\n\nSome words.\n\n## What is it?\n\nA thing.\n\n### Note\n\nMore.\n\n"
        "## Why?\nBecause.\n\n## How long does it take?\nTen minutes.\n\n## Contact\n\nMail.\n"
    )
    left_out: list[int] = []
    rows = list(segments(text, left_out))
    assert rows[0] == (9, {"question": "What is it?", "answer": "A thing.\n\n### Note\n\nMore."})
    assert [row["question"] for _, row in rows] == [question for question, _ in THREE]
    assert left_out == [5, 7, 23, 25]


def test_underlined_headings_ask_too() -> None:
    text = "Help\n====\n\n" + "\n\n".join(f"{question}\n-------\n\n{answer}" for question, answer in THREE)
    assert pairs(text) == THREE


@pytest.mark.parametrize(
    "speakers",
    [
        ("User", "Assistant"),
        ("Human", "AI"),
        ("### Human", "### Assistant"),
        ("**You**", "**ChatGPT**"),
        ("Kunde", "Support"),
    ],
)
def test_conversations_are_parted_by_blocks_or_rules(speakers: tuple[str, str]) -> None:
    asks, answers = speakers
    one = f"{asks}: hi\n{answers}: hello\nthere\n{asks}: more\n{answers}: no"
    two = f"{asks}: bye\n{answers}: bye"
    expected = [
        [("user", "hi"), ("assistant", "hello\nthere"), ("user", "more"), ("assistant", "no")],
        [("user", "bye"), ("assistant", "bye")],
    ]
    for between in ("\n\n", "\n---\n", "\n\n***\n\n", "\n======\n"):
        found = [row["messages"] for _, row in segments(one + between + two)]
        assert [[(turn["role"], turn["content"]) for turn in turns] for turns in found] == expected


def test_a_blank_line_before_every_turn_makes_one_conversation() -> None:
    (row,) = segments("System: be kind\n\nHuman: hi\n\nAssistant: hello\n\nHuman: more\n\nAssistant: no\n")
    assert [turn["role"] for turn in row[1]["messages"]] == ["system", "user", "assistant", "user", "assistant"]


PROSE = "The sun shone on the field. Nobody came by for a long time.\n\n"


@pytest.mark.parametrize(
    "text",
    [
        PROSE * 3 + "Q: one?\nA: two\n\nQ: three?\nA: four\n\n" + PROSE * 20,
        "Q: one?\nA: two\n\nQ: three?\nA: four\n\n" + PROSE * 20,
        PROSE * 4 + "Why?\n\n" + PROSE * 3 + "Who was he?\n\n" + PROSE * 4 + "And then?\n\n" + PROSE,
        "# A day\n\n## Morning\n\nWhat now?\n\n## Noon\n\nWhy?\n\n## What next?\n\n" + PROSE,
        "Q: a single question?\nA: an answer",
        "What is a single question?\n\nThis is its answer.",
        "“Who are you?”\n\n“Nobody.”\n\n“Why?”\n\n“Because.”\n\n“How?”\n\n“So.”",
        "A. Lincoln was born.\nB. Franklin was not.\n\nA: an answer to nothing",
        "1. One\n2. Two\n3. Three\n\nWhat?\n",
        "x\x00y\u2028z\x0bq",
    ],
)
def test_prose_stays_prose(text: str) -> None:
    assert [row for _, row in segments(text)] == [{"text": text.rstrip()}]


def test_front_matter_goes_and_a_rule_at_the_top_stays() -> None:
    assert list(segments("---\ntitle: x\ndate: 2024-01-01\n---\n\nText.")) == [(6, {"text": "Text."})]
    assert list(segments("---\nText: said he. And more.\nNo colon here\n---\nText.")) == [
        (1, {"text": "---\nText: said he. And more.\nNo colon here\n---\nText."})
    ]
    assert pairs("---\nQ: What is it?\nA: A thing.\n---\nQ: Why?\nA: Because.\n---\n") == TWO


def test_white_space_is_nothing_and_an_article_begins_at_its_first_word() -> None:
    assert list(segments(" \n\t\n\r\n")) == []
    assert list(segments("\n\n  An article.\r\nIts end. \n\n")) == [(3, {"text": "  An article.\nIts end."})]


def test_a_long_text_is_cut_at_blank_lines_and_loses_nothing() -> None:
    text = "\n".join(("word " * 40).strip() + ("\n" if number % 7 == 0 else "") for number in range(2000))
    assert len(text) > passages.LONG_TEXT
    rows = list(segments(text))
    assert all(passages.PART <= len(row["text"]) + 1 < 2 * passages.PART for _, row in rows[:-1])
    assert "".join(row["text"] for _, row in rows).replace("\n", "") == text.replace("\n", "")
    lines = text.split("\n")
    assert all(lines[number - 1] and row["text"].startswith(lines[number - 1]) for number, row in rows)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["Q: a?", "A: b", "User: c", "Assistant: d", "## e?", "**f?**", "g?", "h", "", "---", "```", "1. i?"]
        ),
        max_size=30,
    )
)
def test_every_line_is_in_a_record_or_named_as_left_out(lines: list[str]) -> None:
    left_out: list[int] = []
    rows = list(segments("\n".join(lines), left_out))
    said = "\n".join(str(value) for _, row in rows for value in row.values())
    for number, line in enumerate(lines, 1):
        word = line.strip("#*QA: 1.").split(": ")[-1].removesuffix("?")
        if word.isalpha():
            assert word in said or number in left_out
    numbers = [number for number, _ in rows]
    assert numbers == sorted(set(numbers))
    assert not set(numbers) & set(left_out)


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_any_text_is_divided(text: str) -> None:
    rows = list(segments(text))
    assert bool(rows) == any(line.strip() for _, line in passages.without_front_matter(passages.numbered(text)))


@pytest.mark.parametrize(
    "line",
    ["-" * 10**6 + "x", " " * 10**6 + "x", "#" * 10**6, "**" * 10**6, "Q:" * 10**6, "Q: " + "? A" * 10**6, "=" * 10**6],
)
def test_a_hostile_line_takes_no_time(line: str) -> None:
    began = time.process_time()
    for text in (line, f"a\n{line}\n{line}", f"Q: {line}\nA: b\nQ: c\nA: {line}"):
        assert form_of(text).kind in ("article", "pairs", "faq")
        assert list(segments(text))
    assert time.process_time() - began < 3


def test_a_fence_that_is_never_closed_and_marks_inside_it() -> None:
    assert marks.mark_of("Q: x") == marks.Mark("question", "x")
    assert [row for _, row in segments("```\nQ: a\nA: b\nQ: c\nA: d")] == [{"text": "```\nQ: a\nA: b\nQ: c\nA: d"}]
