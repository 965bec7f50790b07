"""A person's own sheets.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from tests.data.wild.fifth_pool_languages import GERMAN, RUSSIAN, SPANISH
from tests.data.wild.table import Has, OneOf, Turn, Wild, chat, judged, preferred, table, wild

DUTCH = [
    ("Hoe laat gaat het zwembad open?", "Om zeven uur, in het weekend om negen uur."),
    ("Mag ik mijn afval in de straat zetten?", "Alleen op dinsdag vóór acht uur."),
    ("Waarom lekt mijn kraan?", "Meestal is het leertje versleten; draai het water dicht en vervang het."),
    ("Wat kost een parkeervergunning?", "€ 84 per jaar."),
    ("Kan ik online betalen?", "Ja, met iDEAL."),
    ("Waar is de gevonden-voorwerpenbalie?", "In het stadhuis, begane grond."),
]

TICKETS = [
    (
        "Cannot log in",
        "After the update the app says wrong password though it works in the browser.",
        "Cleared the app cache and asked the user to sign in again.",
        "closed",
        "high",
    ),
    ("Invoice missing", "No invoice for May in the portal.", "Invoice 2231 re-sent by mail.", "closed", "low"),
    (
        "Printer jams",
        "The second floor printer jams on every third page.",
        "Replaced the feed roller.",
        "closed",
        "medium",
    ),
    (
        "VPN slow",
        "From home the VPN crawls since Monday.",
        "Moved the user to the northern gateway; speed back to normal.",
        "closed",
        "medium",
    ),
    ("Wrong name on badge", "It says Smyth, I am Smith.", "New badge printed.", "closed", "low"),
    (
        "Mail bounces",
        "Mails to the supplier come back with code 550.",
        "Supplier had blocked our domain by mistake and lifted the block.",
        "closed",
        "high",
    ),
]

COMPARED = [
    ("Write a birthday wish for a colleague.", "Happy birthday, Lena! May your inbox be empty today.", "HB", "A"),
    (
        "Explain tides to a child.",
        "Tides.",
        "The moon pulls the sea a little towards itself, and the earth turns under the bulge.",
        "B",
    ),
    ("Suggest a team lunch.", "Dumplings: cheap, quick, and everyone can choose a filling.", "Food.", "A"),
    ("Shorten: We regret to inform you that we are closed.", "We regret.", "Sorry, we are closed.", "B"),
    ("Name a boat.", "Second Wind", "Boat", "A"),
    ("Define ennui.", "It's French.", "A weary boredom with everything.", "B"),
]

TRANSLATIONS = [
    ("Good morning", "Guten Morgen"),
    ("Where is the nearest chemist?", "Wo ist die nächste Apotheke?"),
    ("The invoice is due within fourteen days.", "Die Rechnung ist innerhalb von vierzehn Tagen fällig."),
    ("Please keep the door closed.", "Bitte halten Sie die Tür geschlossen."),
    ("out of order", "außer Betrieb"),
    ("I would like to open an account.", "Ich möchte ein Konto eröffnen."),
    ("We look forward to hearing from you.", "Wir freuen uns auf Ihre Nachricht."),
    ("emergency exit", "Notausgang"),
]

GLOSSARY = [
    ("amortisation", "The paying off of a debt in regular instalments over time."),
    ("escrow", "Money held by a third party until a condition is met."),
    ("lien", "A right to keep a thing until a debt is paid."),
    ("accrual", "An expense recorded before it is paid."),
    ("par value", "The value printed on a bond or share."),
    ("yield", "The income of an investment as a share of its price."),
    ("ledger", "The book in which accounts are kept."),
]

QUIZ = [
    ("Which planet has the most moons?", "Mars", "Venus", "Saturn", "Earth", "C"),
    ("Who composed The Magic Flute?", "Mozart", "Haydn", "Bach", "Verdi", "A"),
    ("What is the chemical sign of tin?", "Ti", "Sn", "Tn", "Si", "B"),
    ("How many strings has a violin?", "5", "6", "3", "4", "D"),
    ("Which sea lies between Italy and Croatia?", "Adriatic", "Aegean", "Ionian", "Baltic", "A"),
    ("What does a barometer measure?", "Heat", "Pressure", "Wind", "Rain", "B"),
]

MAILS = [
    (
        "Hello, is the flat on Mill Lane still free? We are two adults and a quiet cat.",
        "Dear Ms Frey,\n\nyes, it is. You can see it on Thursday at six. The cat is welcome.\n\nKind regards",
    ),
    (
        "Please send me the price list.",
        "Good morning,\n\nplease find the price list of this year attached.\n\nBest wishes",
    ),
    ("My order arrived broken.", "We are sorry. A new one leaves our house today; you may keep the old one."),
    ("Do you ship to Norway?", "Yes, for a flat fee of twelve euros."),
    ("I want to cancel.", "We have cancelled your order and will return the money within three days."),
    ("Thank you for the quick repair!", "It was a pleasure. Ride safely!"),
]

SHEETS: tuple[Wild, ...] = (
    wild(
        "german sheet with numbers and dates, semicolons, cp1252",
        table(
            [[str(i), q, a, f"{i + 1:02d}.03.2024"] for i, (q, a) in enumerate(GERMAN, 1)],
            ["Nr.", "Frage", "Antwort", "Stand"],
            delimiter=";",
            encoding="cp1252",
            name="FAQ_Export.csv",
        ),
        "sft",
        chat(*GERMAN[0]),
        rows=10,
    ),
    wild(
        "spanish sheet with a mark at its start",
        table([[q, a] for q, a in SPANISH], ["Pregunta", "Respuesta"], encoding="utf-8-sig", name="preguntas.csv"),
        "sft",
        chat(*SPANISH[0]),
        rows=8,
    ),
    wild(
        "russian sheet in cp1251",
        table([[q, a] for q, a in RUSSIAN], ["Вопрос", "Ответ"], delimiter=";", encoding="cp1251", name="вопросы.csv"),
        "sft",
        chat(*RUSSIAN[0]),
        rows=6,
    ),
    wild(
        "dutch sheet with tabs",
        table(DUTCH, ["vraag", "antwoord"], delimiter="\t", name="vragen.tsv"),
        "sft",
        chat(*DUTCH[0]),
        rows=6,
    ),
    wild(
        "tickets with subject, description and resolution",
        table(
            [[f"T-{100 + i}", *t] for i, t in enumerate(TICKETS)],
            ["Ticket ID", "Subject", "Description", "Resolution", "Status", "Priority"],
            name="tickets.csv",
        ),
        "sft",
        {"messages": [Turn("user", TICKETS[0][1]), {"role": "assistant", "content": TICKETS[0][2]}]},
        rows=6,
    ),
    wild(
        "german ratings gut and schlecht",
        table(
            [[q, a if i % 2 else "Keine Ahnung.", "gut" if i % 2 else "schlecht"] for i, (q, a) in enumerate(GERMAN)],
            ["Eingabe", "Antwort", "Bewertung"],
            delimiter=";",
            name="bewertung.csv",
        ),
        "kto",
        judged(GERMAN[0][0], "Keine Ahnung.", False),
        rows=10,
    ),
    wild(
        "two answers compared in a sheet",
        table(COMPARED, ["Prompt", "Answer A", "Answer B", "Better"], name="ab_test.csv"),
        "dpo",
        preferred(COMPARED[0][0], COMPARED[0][1], COMPARED[0][2]),
        rows=6,
    ),
    wild(
        "translation table english and deutsch",
        table(TRANSLATIONS, ["English", "Deutsch"], name="translations.csv"),
        "sft",
        {"messages": [Turn("user", "Good morning"), Turn("assistant", "Guten Morgen")]},
        {"messages": [Turn("user", "Guten Morgen"), Turn("assistant", "Good morning")]},
        rows=8,
    ),
    wild(
        "glossary of finance with term and definition",
        table(GLOSSARY, ["Term", "Definition"], name="glossary.csv"),
        "sft",
        {"messages": [Turn("user", "amortisation"), Turn("assistant", GLOSSARY[0][1])]},
        rows=7,
    ),
    wild(
        "pub quiz with four options and a right letter",
        table(QUIZ, ["Question", "Option A", "Option B", "Option C", "Option D", "Correct"], name="quiz.csv"),
        "sft grpo",
        {
            "messages": [
                Turn("user", QUIZ[0][0], "Mars", "Saturn"),
                {"role": "assistant", "content": OneOf("C", Has("Saturn"))},
            ]
        },
        {"prompt": [Turn("user", QUIZ[0][0], "Mars", "Saturn")], "answer": OneOf("C", Has("Saturn"))},
        rows=6,
    ),
    wild(
        "mails received and replies in two columns",
        table(MAILS, ["incoming_email", "reply"], name="mails.csv"),
        "sft",
        chat(*MAILS[0]),
        rows=6,
    ),
    wild(
        "flash cards with tabs and no header",
        {
            "Deutsch__Geschichte.txt": "".join(
                f"{q}\t{a}\n"
                for q, a in [
                    ("Jahr der Schlacht von Hastings", "1066"),
                    ("Wer malte die Mona Lisa?", "Leonardo da Vinci"),
                    ("Hauptstadt von Portugal", "Lissabon"),
                    ("Was ist ein Palimpsest?", "Ein Pergament, dessen Schrift abgeschabt und überschrieben wurde"),
                    ("Wie heißt die Lehre von den Vögeln?", "Ornithologie"),
                    ("Wann fiel die Berliner Mauer?", "9. November 1989"),
                    ("Erfinder des Buchdrucks in Europa", "Johannes Gutenberg"),
                ]
            ).encode()
        },
        "sft",
        chat("Jahr der Schlacht von Hastings", "1066"),
        rows=7,
    ),
)
"""A person's own sheets."""
