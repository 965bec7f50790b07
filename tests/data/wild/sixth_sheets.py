"""A person's own sheets.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json
from typing import Any

from tests.data.wild.sixth_pool import said
from tests.data.wild.table import Turn, Wild, chat, jsonl, judged, preferred, table, wild


def _park_questions_plain() -> Wild:
    rows = [
        (f"Can I bring my {x}?", y)
        for x, y in [
            ("dog", "Yes, on a lead."),
            ("bike", "There are racks by the gate."),
            ("tent", "Camping is not allowed."),
            ("drone", "No, because of the nesting birds."),
            ("grill", "Only on the gravel."),
            ("boat", "Ask the warden first."),
        ]
    ]
    return wild(
        "park questions in a plain csv",
        table(rows, ["Question", "Answer"], name="park_faq.csv"),
        "sft",
        chat(*rows[0]),
        rows=6,
    )


def _kuendigungen_mit_semikolon() -> Wild:
    rows = [
        (str(i), f"Wie kündige ich {x}?", f"Für {x} genügt ein Brief, Frist: {n} Wochen. Schöne Grüße!", "Vertrag")
        for i, (x, n) in enumerate(
            [
                ("das Abo", 4),
                ("den Strom", 2),
                ("die Turnhalle", 6),
                ("den Müllkübel", 3),
                ("die Versicherung", 12),
                ("das Schließfach", 1),
            ],
            1,
        )
    ]
    return wild(
        "kuendigungen mit semikolon",
        table(
            rows,
            ["Nr.", "Kundenfrage", "Unsere Antwort", "Rubrik"],
            delimiter=";",
            encoding="cp1252",
            name="Kündigung.csv",
        ),
        "sft",
        chat(rows[0][1], rows[0][2]),
        rows=6,
    )


def _preguntas_del_museo() -> Wild:
    rows = [
        (f"¿Cuánto cuesta {x}?", f"{x.capitalize()} cuesta {n} euros.")
        for x, n in [
            ("la entrada", 8),
            ("el abono", 45),
            ("la visita guiada", 12),
            ("el audífono", 3),
            ("la taquilla", 1),
            ("el plano", 2),
        ]
    ]
    return wild(
        "preguntas del museo con tabuladores",
        table(rows, ["Pregunta", "Respuesta"], delimiter="\t", name="preguntas.tsv"),
        "sft",
        chat(*rows[0]),
        rows=6,
    )


def _user_bot_line() -> Wild:
    rows: list[dict[str, Any]] = [
        {"user": f"play something {m}", "bot": f"Here is {s}."}
        for m, s in [
            ("slow", "a nocturne"),
            ("loud", "a march"),
            ("old", "a galliard"),
            ("sad", "a lament"),
            ("happy", "a polka"),
            ("strange", "a theremin piece"),
        ]
    ]
    return wild(
        "user and bot on each line",
        jsonl(rows, "bot.jsonl"),
        "sft",
        chat("play something slow", "Here is a nocturne."),
        rows=6,
    )


def _engineer_words_english() -> Wild:
    rows = [
        ("tap", "kraan"),
        ("roof gutter", "dakgoot"),
        ("The pump is leaking.", "De pomp lekt."),
        ("Mind the step!", "Pas op het afstapje!"),
        ("spare part", "reserveonderdeel"),
        ("Turn the valve clockwise.", "Draai de klep met de klok mee."),
        ("bearing", "lager"),
        ("Do not open while running.", "Niet openen tijdens bedrijf."),
    ]
    return wild(
        "engineer's words english to dutch",
        table(rows, ["English", "Nederlands"], name="woordenlijst.csv"),
        "sft",
        {"messages": [Turn("user", "tap"), Turn("assistant", "kraan")]},
        rows=8,
    )


def _bewertete_antworten_aus() -> Wild:
    rows = [
        (q, a, r)
        for q, a, r in [
            ("Wo ist mein Paket?", "Ihr Paket liegt im Depot und kommt morgen.", "gut"),
            ("Kann ich umtauschen?", "Lesen Sie die AGB.", "schlecht"),
            ("Habt ihr das in Blau?", "Ja, in drei Größen.", "gut"),
            ("Ist der Laden heute offen?", "Weiß ich nicht.", "schlecht"),
            ("Was kostet der Versand?", "4,90 Euro, ab 50 Euro nichts.", "gut"),
            ("Bekomme ich eine Rechnung?", "Irgendwann.", "schlecht"),
        ]
    ]
    return wild(
        "bewertete antworten aus der tabelle",
        table(rows, ["Frage", "Antwort", "Bewertung"], delimiter=";", encoding="utf-8-sig", name="bewertung.csv"),
        "kto",
        judged(rows[0][0], rows[0][1], True),
        rows=6,
    )


def _answers_better_letter() -> Wild:
    rows = [
        (q, a, b, w)
        for q, a, b, w in [
            ("Name a river in Spain.", "The Ebro.", "The Elbe.", "A"),
            ("What is 15% of 80?", "Around ten.", "12.", "B"),
            ("Who wrote Emma?", "Jane Austen.", "A Brontë.", "A"),
            ("Boiling point of water?", "Hot.", "100 °C at sea level.", "B"),
            ("A word for fear of heights?", "Acrophobia.", "Altitude.", "A"),
            ("Largest ocean?", "The Atlantic.", "The Pacific.", "B"),
        ]
    ]
    return wild(
        "two answers and the better letter",
        table(rows, ["prompt", "answer_a", "answer_b", "better"], name="ab_test.csv"),
        "dpo",
        preferred("Name a river in Spain.", "The Ebro.", "The Elbe."),
        rows=6,
    )


def _closed_tickets_resolution() -> Wild:
    rows = [
        [f"T-{100 + i}", "2024-03-0" + str(i + 1), f"{s}", d, r, "closed", "kim@example.org"]
        for i, (s, d, r) in enumerate(
            [
                (
                    "Printer offline",
                    "The printer on floor 2 shows offline since this morning.",
                    "Restarted the print server; it prints again.",
                ),
                ("VPN drops", "My VPN drops every ten minutes at home.", "Updated the client to 5.2 and it holds."),
                ("New mouse", "My mouse wheel is dead.", "Sent a new one by post."),
                ("Locked out", "I typed the wrong password thrice.", "Unlocked the account."),
                ("Slow laptop", "It takes ages to boot.", "Replaced the disk."),
                ("No sound", "Nobody hears me in meetings.", "Chose the right microphone in the settings."),
            ]
        )
    ]
    return wild(
        "closed tickets with a resolution",
        table(
            rows,
            ["ticket_id", "created", "subject", "description", "resolution", "status", "agent"],
            name="tickets.csv",
        ),
        "sft",
        {
            "messages": [
                Turn("user", "The printer on floor 2 shows offline since this morning."),
                said("assistant", "Restarted the print server; it prints again."),
            ]
        },
        rows=6,
    )


def _chats_json_column() -> Wild:
    rows = [
        [
            str(i),
            json.dumps(
                [said("user", f"Is {x} in season?"), said("assistant", f"{x.capitalize()} is best in {m}.")],
                ensure_ascii=False,
            ),
            "web",
        ]
        for i, (x, m) in enumerate(
            [
                ("asparagus", "May"),
                ("quince", "October"),
                ("kale", "January"),
                ("apricot", "July"),
                ("leek", "November"),
                ("rhubarb", "April"),
            ]
        )
    ]
    return wild(
        "chats as json in a column",
        table(rows, ["session_id", "messages", "channel"], name="sessions.csv"),
        "sft",
        chat("Is asparagus in season?", "Asparagus is best in May."),
        rows=6,
    )


def _message_table_soap() -> Wild:
    rows: list[Any] = []
    for c, (q, a) in enumerate(
        [
            ("my parcel is late", "Sorry! Which number has it?"),
            ("need an invoice", "It is in your mailbox now."),
            ("change address", "To which street?"),
            ("cancel order", "Done, the money returns in three days."),
            ("is it vegan", "Yes, all our soaps are."),
        ]
    ):
        rows += [
            [str(len(rows) + 1), f"c{c}", "customer", q, f"2024-05-01 10:0{c}:01"],
            [str(len(rows) + 2), f"c{c}", "agent", a, f"2024-05-01 10:0{c}:40"],
            [str(len(rows) + 3), f"c{c}", "customer", "ok thanks", f"2024-05-01 10:0{c}:59"],
            [str(len(rows) + 4), f"c{c}", "agent", f"You're welcome, number {c}!", f"2024-05-01 10:1{c}:00"],
        ]
    return wild(
        "message table of a soap shop",
        table(rows, ["id", "conversation_id", "sender", "body", "sent_at"], name="messages.csv"),
        "sft",
        chat("my parcel is late", "Sorry! Which number has it?", "ok thanks", "You're welcome, number 0!"),
        rows=5,
    )


def _sailor_glossary_columns() -> Wild:
    terms = [
        ("Bollard", "A short post on a quay to which ships are tied."),
        ("Fender", "A cushion between the hull and the wall."),
        ("Hawser", "A thick rope for towing or mooring."),
        ("Lee", "The side away from the wind."),
        ("Painter", "The rope at the bow of a small boat."),
        ("Thwart", "A seat across a rowing boat."),
    ]
    return wild(
        "sailor's glossary of two columns",
        table(terms, ["Term", "Definition"], name="glossary.csv"),
        "sft",
        {"messages": [Turn("user", "Bollard"), said("assistant", terms[0][1])]},
        rows=6,
    )


def _svenska_fragor_spreadsheet() -> Wild:
    rows = [
        (f"Hur lång är {x}?", f"{x.capitalize()} är {n}.")
        for x, n in [
            ("bron", "sju kilometer"),
            ("tunneln", "tolv kilometer"),
            ("ån", "nittio kilometer"),
            ("leden", "fyrtio mil"),
            ("rasten", "en halvtimme"),
            ("filmen", "två timmar"),
        ]
    ]
    return wild(
        "svenska frågor from a spreadsheet",
        table(rows, ["Fråga", "Svar"], delimiter="\t", encoding="utf-16", name="frågor.txt"),
        "sft",
        chat(*rows[0]),
        rows=6,
    )


SHEETS: tuple[Wild, ...] = (
    _park_questions_plain(),
    _kuendigungen_mit_semikolon(),
    _preguntas_del_museo(),
    _user_bot_line(),
    _engineer_words_english(),
    _bewertete_antworten_aus(),
    _answers_better_letter(),
    _closed_tickets_resolution(),
    _chats_json_column(),
    _message_table_soap(),
    _sailor_glossary_columns(),
    _svenska_fragor_spreadsheet(),
)
"""A person's own sheets."""
