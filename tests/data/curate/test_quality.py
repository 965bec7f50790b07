"""Each rule for articles breaks on text made to break it, and on no good article in any script; refusals are told."""

from __future__ import annotations

import json

import pytest

from workbench.core.paths import assets_dir
from workbench.data.curate import quality

GOOD = (
    "The lighthouse stands at the end of a long pier and has been there for more than a century. Its keeper would "
    "climb the stairs each evening to light the lamp, and sailors who came home late knew that they were near. Today "
    "a small motor does the work, but people still have a picnic below it with their children when the weather is "
    "fine. Nobody remembers how many ships it saved in that time."
)
WORDS = GOOD.split()


def lines(*parts: str) -> str:
    return "\n".join(parts)


BROKEN = [
    ("has fewer than 50 or more than 100000 words", "The end of the story that we have to tell with care."),
    ("has fewer than 50 or more than 100000 words", "the story of a man and " * 20_000),
    ("has words of an unusual mean length", " ".join(word[:2] for word in WORDS)),
    ("has words of an unusual mean length", " ".join(word + "abcdefgh" for word in WORDS)),
    ("is full of signs", " ".join(f"#{word}" if place % 5 == 0 else word for place, word in enumerate(WORDS))),
    ("is full of signs", " ".join(f"{word}..." if place % 5 == 0 else word for place, word in enumerate(WORDS))),
    ("has few words with letters", " ".join("12345" if place % 3 == 0 else word for place, word in enumerate(WORDS))),
    (
        "has none of the commonest words",
        " ".join(
            word for word in WORDS if word.lower() not in {"the", "be", "to", "of", "and", "that", "have", "with"}
        ),
    ),
    ("repeats a pair of words", GOOD + " buy cheap" * 15),
    ("is nothing but bullets", lines(*(f"- {part}" for part in GOOD.split(". ")))),
    ("breaks off in many lines", lines(*(f"{part} ..." for part in GOOD.split(". ")))),
    ("repeats its lines", lines(*(GOOD.split(". ") * 2))),
    ("is placeholder text", f"{GOOD} Lorem ipsum dolor sit amet."),
]


@pytest.mark.parametrize(("rule", "text"), BROKEN)
def test_each_rule_is_broken_by_a_text_made_for_it(rule: str, text: str) -> None:
    assert quality.broken(text) == rule
    assert quality.broken(GOOD) == ""


def test_every_rule_is_tested() -> None:
    assert {rule for rule, _ in BROKEN} == {*quality.RULES_OF_WORDS, *quality.RULES_OF_LINES}


def test_good_articles_in_other_languages_break_nothing() -> None:
    german = (
        "Der Leuchtturm steht am Ende eines langen Stegs und ist seit mehr als hundert Jahren dort. Jeden Abend stieg "
        "der Wärter die Stufen hinauf, um die Lampe anzuzünden, und wer spät nach Hause kam, wusste, dass das Ufer "
        "nah war. Heute übernimmt ein kleiner Motor diese Arbeit, doch noch immer sitzen an schönen Tagen Familien "
        "mit ihren Kindern unter dem Turm. Niemand weiß, wie viele Schiffe er in dieser Zeit gerettet hat."
    )
    chinese = "灯塔矗立在长长的码头尽头，已经有一百多年的历史。每天傍晚，守塔人都会爬上楼梯点亮灯火。" * 2
    assert quality.broken(german) == ""
    assert quality.broken(chinese) == ""


@pytest.mark.parametrize("text", ["", " \n\t ", "...", "#"])
def test_empty_and_tiny_texts_are_too_short(text: str) -> None:
    assert quality.broken(text) == quality.AMOUNT


@pytest.mark.parametrize(
    "answer",
    [
        "As an AI language model, I do not have feelings.",
        "I'm sorry, but I can't help with that.",
        "I’m sorry, but as an AI I cannot do this.",
        "I am really sorry, I am unable to do that.",
        "Unfortunately I cannot assist with this request.",
        "I am not able to provide medical advice.",
        "Als KI-Sprachmodell habe ich keine Meinung.",
    ],
)
def test_refusals_are_told(answer: str) -> None:
    assert quality.refuses(answer)


def test_other_answers_are_no_refusals() -> None:
    answers = [
        "I'm sorry to hear that! Let me help you find another way.",
        "You cannot assist a process that has ended.",
        "A language model predicts the next word.",
        "I am sorry for your loss.",
        GOOD,
    ]
    rows = [json.loads(line) for line in (assets_dir() / "data" / "questions.jsonl").read_text().splitlines()]
    answers += [row["messages"][-1]["content"] for row in rows]
    assert len(answers) > 500
    assert [answer for answer in answers if quality.refuses(answer)] == []
