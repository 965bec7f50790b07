"""What a sample of rows shows: near duplicates by the same rule as curation, and languages only where they are sure."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.data.curate import report
from workbench.data.curate.language import language

ENGLISH = "The old mill at the end of the street has been empty for years and nobody knows who owned it."
GERMAN = "Die alte Mühle am Ende der Straße steht seit Jahren leer und niemand weiß, wem sie gehört hat."
FRENCH = "Le vieux moulin au bout de la rue est vide depuis des années et personne ne sait à qui il appartenait."
DUTCH = "Amsterdam is de hoofdstad van Nederland en ligt in de provincie, waar veel mensen wonen of werken."
ITALIAN = "A volte il vecchio mulino in fondo alla strada resta vuoto per anni e nessuno sa a chi appartenga."
CHINESE = "街道尽头的旧磨坊已经空了很多年，没有人知道它曾经属于谁。"
NAMES = ("Mirel Osk", "Tarn", "Vela Kasur", "Odo Zarvo Benn", "Ilmen", "w12 w30", "42", "ok", "Noro Fuva", "La Sera")


def said(texts: list[str]) -> list[str]:
    return [found["text"] for found in report.problems([{"text": text} for text in texts])]


def fixes(texts: list[str]) -> list[dict[str, Any]]:
    """Return what is proposed about languages."""
    found = report.problems([{"text": text} for text in texts])
    return [problem["fix"] for problem in found if "languages" in problem["fix"]]


def languages_of(texts: list[str]) -> list[str]:
    return [text for text in said(texts) if "language" in text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((ENGLISH, "en"), (GERMAN, "de"), (FRENCH, "fr"), (CHINESE, "zh"), ("フランスの首都はどこですか。" * 2, "ja")),
        *(("Paris", ""), ("12 + 30 = 42 " * 20, ""), ("", ""), ("\ud800" * 80, ""), ("Odo Zarvo, Benn", "")),
        *((ENGLISH[:40], ""), (CHINESE[:12], ""), ("Wo ist das Haus?", "")),
    ],
)
def test_a_language_is_told_where_there_is_enough_text(text: str, expected: str) -> None:
    assert language(text) == expected


def test_short_texts_are_in_no_odd_languages() -> None:
    texts = [f"{one}, {other}" for one in NAMES for other in NAMES]
    assert languages_of(texts) == []
    assert languages_of([*texts[:90], *[ENGLISH] * 10]) == []
    assert languages_of([*texts[:97], ENGLISH, GERMAN, FRENCH]) == []
    assert languages_of(["Tarn", GERMAN]) == []


def test_rows_in_several_languages_are_told_with_those_nobody_can_be_sure_of() -> None:
    rows = [*[GERMAN + f" {place}" for place in range(50)], *[FRENCH + f" {place}" for place in range(20)]]
    rows += [*[ENGLISH] * 10, *NAMES, *NAMES]
    (text,) = languages_of(rows)
    assert text == (
        "The rows seem to be in several languages: German (de) 50 %, French (fr) 20 %, English (en) 10 %, not sure "
        "20 %; languages=de would keep the first and what nobody can be sure of, and leave out the others."
    )
    assert [fixes(part) for part in (rows, [GERMAN] * 93 + [FRENCH] * 7)] == [[], [{"languages": "de"}]]
    (text,) = languages_of([GERMAN] * 50 + [FRENCH] * 50)
    assert "languages: German (de) 50 %, French (fr) 50 %; " in text
    # A language of one row in a hundred may be an error.
    assert languages_of([GERMAN] * 99 + [FRENCH]) == []


def test_what_has_words_that_english_has_too_is_not_taken_for_it() -> None:
    assert languages_of([DUTCH] * 60 + [DUTCH.replace("is de", "was de")] * 40) == []
    (text,) = languages_of([DUTCH] * 50 + [ITALIAN] * 40 + [ENGLISH] * 10)
    assert "languages: Dutch (nl) 50 %, Italian (it) 40 %, English (en) 10 %; " in text


def test_near_duplicates_are_told_by_what_rows_teach() -> None:
    def rows(questions: list[str]) -> list[dict[str, Any]]:
        return [
            {
                "messages": [
                    {"role": "user", "content": f"{ENGLISH} {ENGLISH.replace('mill', 'house')}\n{question}"},
                    {"role": "assistant", "content": "yes"},
                ]
            }
            for question in questions
        ]

    different = rows([f"Is it {colour}?" for colour in ("red", "blue", "green", "black")])
    assert not [problem for problem in report.problems(different) if "nearly" in problem["text"]]
    copied = rows(["Is it red?", "is it RED", "Is it blue?", "Is it green?"])
    (text,) = (problem["text"] for problem in report.problems(copied) if "nearly" in problem["text"])
    assert text == "About 25 % of the rows are nearly the same as another."
    exact = rows(["Is it red?"] * 9 + ["Is it blue?"])
    assert not [problem for problem in report.problems(exact) if "nearly" in problem["text"]]


def test_secrets_are_told_with_their_number_and_a_place_that_does_not_repeat_them() -> None:
    texts = [f"{ENGLISH} {number}" for number in range(98)] + [
        "Log in with password: hunter22x",
        "Or password=abc123de",
    ]
    assert "about 2 % of the rows" in next(text for text in said(texts) if "password" in text)
    (text,) = (text for text in said(texts[:99]) if "password" in text)
    assert text == (
        "In 1 of the 99 rows looked at stands what looks like a password; first in the row "
        "“Log in with password: <PASSWORD>”."
    )


def test_blanks_that_were_never_filled_in_are_told() -> None:
    def told(answer: str) -> list[str]:
        return [text for text in said([ENGLISH, answer]) if "blank" in text]

    assert told("I am {{name}}, made by {{ author }}.") == [
        "About 50 % of the rows hold a blank to be filled in, such as {{name}}, which is learnt as it stands."
    ]
    assert told("f(x) = {x}, ${{1+2}} and \\frac{{a}{b}}") == []
