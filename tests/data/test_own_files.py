"""A person's own files, in many languages: what each row of them becomes."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from workbench.data import survey
from workbench.data.readers import cards


def looked_at(tmp_path: Path, name: str, content: str | bytes, **more: Any) -> dict[str, Any]:
    """Return the survey of one file."""
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return survey.inspect({"paths": [str(path)], **more})


def sheet(*rows: tuple[str, ...]) -> str:
    """Return rows, the names of the columns first, as a table with commas."""
    sink = io.StringIO()
    csv.writer(sink).writerows(rows)
    return sink.getvalue()


def lines(*rows: dict[str, Any]) -> str:
    """Return rows as JSON lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def said(found: dict[str, Any]) -> list[str]:
    """Return what is said in the first row of a survey, turn by turn."""
    return [turn["content"] for turn in found["examples"][0]["messages"]]


TALK = [
    {"role": "user", "content": "Is it open?"}, {"role": "assistant", "content": "Yes."},
    {"role": "user", "content": "Until when?"}, {"role": "assistant", "content": "Until six."},
]  # fmt: skip


def test_stars_of_whole_conversations_are_no_verdicts_on_an_answer_but_can_be_used_as_such(tmp_path: Path) -> None:
    rows = sheet(("conversation", "stars"), *((json.dumps(TALK), stars) for stars in "54521"))
    found = looked_at(tmp_path, "talks.csv", rows)
    assert (found["method"], [other["method"] for other in found["alternatives"]]) == ("sft", ["kto"])
    judged = looked_at(tmp_path, "talks.csv", rows, method="kto")
    assert [row["label"] for row in judged["examples"]] == [True, True, True, False, False][: len(judged["examples"])]
    assert judged["usable"] == 5


@pytest.mark.parametrize(
    "names",
    [
        ("Pregunta", "Respuesta A", "Respuesta B", "Mejor"), ("Frage", "Antwort A", "Antwort B", "Besser"),
        ("Question", "Réponse A", "Réponse B", "Meilleure"), ("Domanda", "Modello A", "Modello B", "Migliore"),
        ("Prompt", "Modell A", "Modell B", "Gewinner"),
    ],
)  # fmt: skip
def test_two_answers_and_which_is_better(tmp_path: Path, names: tuple[str, ...]) -> None:
    rows = [("Was ist Hefe?", "Mehl.", "Ein Pilz, der Zucker vergärt.", "B"), ("Und Salz?", "Ein Mineral.", "?", "A")]
    found = looked_at(tmp_path, "ab.csv", sheet(names, *rows))
    assert found["method"] == "dpo"
    assert found["examples"][0]["chosen"][0]["content"] == "Ein Pilz, der Zucker vergärt."


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Entwurf", "Lektorat"), ("brouillon", "corrigé"), ("borrador", "revisado"), ("Original", "Korrektur"),
        ("Bozza", "Versione rivista"), ("Före", "Efter"), ("原文", "修正後"), ("Schülerin", "Lehrer"),
    ],
)  # fmt: skip
def test_the_edited_text_answers_the_draft_whichever_is_shorter(tmp_path: Path, before: str, after: str) -> None:
    rows = [
        ("Wir treffen uns Morgen um acht am alten Bahnhof.", "Wir treffen uns morgen um acht am alten Bahnhof."),
        ("Der Hund vom Nachbarn bellt die ganze Nacht laut.", "Der Hund des Nachbarn bellt die ganze Nacht."),
        ("Das Buch lag auf dem Tisch in der Küche.", "Das Buch lag auf dem Tisch in unserer neuen Küche."),
    ]
    found = looked_at(tmp_path, "texts.csv", sheet((before, after), *rows))
    assert said(found) == list(rows[0])


@pytest.mark.parametrize("names", [("Folder", "Mail"), ("Zuordnung", "Rückmeldung"), ("Kategorie", "Ticket")])
def test_short_names_that_come_again_are_classes_of_the_texts_beside_them(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    texts = ["The invoice for May is attached, payable in two weeks.", "Could you send the slides of last Monday?"]
    rows = [("Bills", texts[0]), ("Talks", texts[1]), ("Bills", "The second reminder for the invoice of March.")]
    rows += [("Trips", "The train leaves at nine from platform four."), ("Talks", "Who takes the minutes on Friday?")]
    assert said(looked_at(tmp_path, "mails.csv", sheet(names, *rows))) == [texts[0], "Bills"]


CARDS = {
    "::": "#bio\n\nWhat is osmosis?::Water crossing a membrane\nWhere is DNA?::In the nucleus\nUnit of force::Newton\n",
    ":::": "What is osmosis?:::Water crossing a membrane\nWhere is DNA?:::In the nucleus\nUnit of force:::Newton\n",
    ">>": "- What is osmosis? >> Water crossing a membrane\n- Where is DNA? >> In the nucleus\n- Force >> Newton\n",
    "?": "What is osmosis?\n?\nWater crossing a membrane\n<!--SR:!2024-03-01,3,250-->\n\nWhere is DNA?\n?\nIn the "
    "nucleus\n\nUnit of force\n??\nNewton\n",
    "words": "osmosis – Water crossing a membrane\nnucleus – DNA\nforce – Newton\nwork – Joule\npower – Watt",
}


@pytest.mark.parametrize("marks", CARDS)
def test_cards_in_a_note_are_questions_and_answers(tmp_path: Path, marks: str) -> None:
    found = looked_at(tmp_path, "cards.md", CARDS[marks])
    assert found["method"] == "sft"
    assert found["rows"] == (5 if marks == "words" else 3)
    assert said(found)[1] == "Water crossing a membrane"


def test_source_code_and_prose_with_dashes_are_no_cards() -> None:
    code = ["std::vector<int> x;", "std::string name;", "foo::bar();", "a::b::c();"]
    prose = ["He came late – very late – and sat.", "Nobody spoke.", "It rained – that was all.", "She left.", "So."]
    for text in (code, prose):
        numbered = list(enumerate(text, 1))
        assert not cards.are_in(numbered)
        assert not cards.are_words(numbered)


@pytest.mark.parametrize(
    ("names", "key"),
    [
        (("pregunta", "a", "b", "c", "correcta"), "b"),
        (("Frage", "Antwort A", "Antwort B", "Antwort C", "Lösung"), "B"),
        (("Question", "Option 1", "Option 2", "Option 3", "Juste"), "Un hongo"),
        (("enunciado", "alternativa_1", "alternativa_2", "alternativa_3", "gabarito"), "2"),
        (("Вопрос", "А", "Б", "В", "Ответ"), "Б"),
    ],
)  # fmt: skip
def test_options_in_columns_and_a_key_are_a_quiz(tmp_path: Path, names: tuple[str, ...], key: str) -> None:
    keys = {"b": "a", "B": "A", "2": "1", "Б": "А", "Un hongo": "Rojo"}
    rows = [("¿Qué es la levadura?", "Harina", "Un hongo", "Sal", key), ("¿Color?", "Rojo", "Azul", "Gris", keys[key])]
    found = looked_at(tmp_path, "quiz.csv", sheet(names, *rows))
    asked, answer = said(found)
    assert all(option in asked for option in rows[0][:4])
    assert answer == "B. Un hongo"


@pytest.mark.parametrize(
    "wrap", [lambda turn: turn, lambda turn: [turn], lambda turn: {"choices": [{"message": turn}]}]
)
def test_an_answer_that_is_the_json_of_a_turn_is_its_words(tmp_path: Path, wrap: Any) -> None:
    cells = [json.dumps(wrap({"role": "assistant", "content": text})) for text in ("Elbe.", "Oder.", "Rhein.")]
    rows = [(f"Name river {number}.", cell) for number, cell in enumerate(cells)]
    assert said(looked_at(tmp_path, "traces.csv", sheet(("input", "output"), *rows))) == ["Name river 0.", "Elbe."]


PAIRS = [{"question": "Livrez-vous ?", "réponse": "Oui."}, {"question": "Le port ?", "réponse": "Offert."}]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("faq.json", json.dumps({"site": "x", "themes": [{"titre": "A", "questions": PAIRS}] * 2})),
        ("faq.json", json.dumps([{"titre": "A", "questions": PAIRS}, {"titre": "B", "questions": PAIRS}])),
        ("faq.jsonl", lines({"titre": "A", "questions": PAIRS}, {"titre": "B", "questions": PAIRS})),
        ("faq.json", json.dumps([{"t": "A", "questions": [{"q": "Livrez-vous ?", "r": "Oui."}] * 2}] * 2)),
    ],
)
def test_questions_below_headings_are_rows(tmp_path: Path, name: str, content: str) -> None:
    found = looked_at(tmp_path, name, content)
    assert (said(found), found["rows"]) == (["Livrez-vous ?", "Oui."], 4)


def test_a_conversation_of_questions_and_answers_stays_one_row(tmp_path: Path) -> None:
    talks = [{"conversation": [{"question": "Hi?", "answer": "Hi."}, {"question": "Bye?", "answer": "Bye."}]}] * 2
    assert looked_at(tmp_path, "talks.jsonl", lines(*talks))["rows"] == 2


def docx(rows: Sequence[tuple[str, ...]]) -> bytes:
    """Return a Word document with a heading line and one table."""

    def paragraph(text: str) -> str:
        return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"

    filled = ("".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) for row in rows)
    cells = "".join(f"<w:tr>{row}</w:tr>" for row in filled)
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        body = f"{paragraph('FAQ')}<w:tbl>{cells}</w:tbl>"
        archive.writestr("word/document.xml", f"<w:document {space}><w:body>{body}</w:body></w:document>")
    return sink.getvalue()


@pytest.mark.parametrize("kind", ["docx", "md", "html"])
def test_a_document_that_is_a_table_of_questions_is_its_rows(tmp_path: Path, kind: str) -> None:
    rows = [("Nr.", "Frage", "Antwort"), ("1", "Wann ist Probe?", "Am Montag um acht."), ("2", "Wo?", "In der Aula.")]
    html = "".join(
        f"<tr>{''.join(f'<{tag}>{cell}</{tag}>' for cell in row)}</tr>"
        for tag, row in zip(("th", "td", "td"), rows, strict=True)
    )
    md = ["# FAQ", "", *(f"| {' | '.join(row)} |" for row in rows)]
    md.insert(3, "|---|---|---|")
    content: dict[str, str | bytes] = {
        "docx": docx(rows), "md": "\n".join(md), "html": f"<html><body><table>{html}</table></body></html>"
    }  # fmt: skip
    found = looked_at(tmp_path, f"faq.{kind}", content[kind])
    assert (said(found), found["rows"]) == (["Wann ist Probe?", "Am Montag um acht."], 2)


@pytest.mark.parametrize(
    ("column", "role", "text", "asks", "answers"),
    [
        ("Verlauf", "Rolle", "Inhalt", "Nutzer", "Assistent"),
        ("échange", "rôle", "contenu", "utilisateur", "assistant"),
        ("diálogo", "rol", "texto", "cliente", "agente"), ("Gespräch", "rolle", "text", "Kunde", "Berater"),
        ("scambio", "ruolo", "testo", "utente", "assistente"), ("对话", "角色", "内容", "用户", "助手"),
    ],
)  # fmt: skip
def test_turns_are_known_in_other_languages(
    tmp_path: Path, column: str, role: str, text: str, asks: str, answers: str
) -> None:
    talk = [{role: f"{asks} ", text: "Offen?"}, {role: answers.upper(), text: "Ja."}]
    found = looked_at(tmp_path, "talks.jsonl", lines(*({column: talk, "Nr": number} for number in range(3))))
    assert [(turn["role"], turn["content"]) for turn in found["examples"][0]["messages"]] == [
        ("user", "Offen?"),
        ("assistant", "Ja."),
    ]


def test_turns_of_a_sheet_are_put_together_whatever_language_names_its_columns(tmp_path: Path) -> None:
    rows = [("1", "Kunde", "Mein Paket fehlt."), ("1", "Berater", "Wie ist die Nummer?"), ("2", "Kunde", "Offen?")]
    rows += [("2", "Berater", "Bis zwei Uhr.")]
    found = looked_at(tmp_path, "talks.csv", sheet(("Gespräch", "Sprecher", "Text"), *rows))
    assert (said(found), found["rows"]) == (["Mein Paket fehlt.", "Wie ist die Nummer?"], 2)


def test_names_of_files_and_classes_are_no_text_to_learn(tmp_path: Path) -> None:
    found = looked_at(
        tmp_path, "labels.csv", sheet(("file", "label"), *((f"{n}.jpg", "cat dog"[:3]) for n in range(6)))
    )
    assert (found["method"], found["usable"]) == ("", 0)
