"""A person's own sheets.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from tests.data.wild.fifth_pool_languages import GERMAN, POLISH, RUSSIAN, SPANISH
from tests.data.wild.fifth_pool_talks import zipped
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


def _spreadsheet(rows: list[list[Any]], name: str = "Mappe1.xlsx", sheet: str = "Tabelle1") -> dict[str, bytes]:
    """One sheet with shared strings, as Excel writes it."""
    strings: list[str] = []
    body = []
    for r, row in enumerate(rows, 1):
        cells = []
        for c, v in enumerate(row):
            ref = f"{chr(65 + c)}{r}"
            if isinstance(v, (int, float)):
                cells.append(f'<c r="{ref}"><v>{v}</v></c>')
            elif v:
                if v not in strings:
                    strings.append(v)
                cells.append(f'<c r="{ref}" t="s"><v>{strings.index(v)}</v></c>')
        body.append(f'<row r="{r}">{"".join(cells)}</row>')
    ns = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    return zipped(
        {
            "[Content_Types].xml": head
            + '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default '
            'Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
            'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
            '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.'
            'openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override '
            'PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.'
            'spreadsheetml.sharedStrings+xml"/></Types>',
            "_rels/.rels": head + '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
            'relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": head
            + f'<workbook {ns} xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
            f'<sheets><sheet name="{sheet}" sheetId="1" r:id="rId1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": head
            + '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
            'relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" '
            'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" '
            'Target="sharedStrings.xml"/></Relationships>',
            "xl/worksheets/sheet1.xml": head + f"<worksheet {ns}><sheetData>{''.join(body)}</sheetData></worksheet>",
            "xl/sharedStrings.xml": head
            + f'<sst {ns} count="{len(strings)}" uniqueCount="{len(strings)}">'
            + "".join(f'<si><t xml:space="preserve">{escape(s)}</t></si>' for s in strings)
            + "</sst>",
        },
        name,
    )


RATED = [
    ("Write a tagline for a tea shop.", "Leaves worth staying for.", "5"),
    ("Write a tagline for a gym.", "Gym gym gym.", "1"),
    ("Name a paint colour for a nursery.", "Duckling.", "5"),
    ("Explain GDP.", "It is a number.", "2"),
    ("Suggest a name for a black cat.", "Inkwell", "4"),
    ("What rhymes with silver?", "Nothing perfectly; chilver, a ewe lamb, comes closest.", "5"),
    ("Plan my Sunday.", "no", "1"),
    ("Give me a pun about bread.", "I loaf you.", "4"),
]


PRODUCTS = [
    (
        "Oak stool",
        "solid oak, three legs, oiled",
        "Three legs never wobble: this stool of solid oak stands firm on the oldest floor and asks for a "
        "drop of oil once a year.",
    ),
    (
        "Wool blanket",
        "merino, undyed, 140x200",
        "Undyed merino in the grey of the flock, wide enough for two and light enough for a train.",
    ),
    ("Enamel mug", "steel, blue rim", "A steel mug that chips before it breaks."),
    ("Cast iron pan", "26 cm, seasoned", "Seasoned in our kitchen, so that the first egg slides."),
    (
        "Linen apron",
        "two pockets, crossed back",
        "Crossed at the back so that no knot presses, with pockets for a towel and a spoon.",
    ),
    ("Bread knife", "serrated, walnut", "Long teeth for crust, walnut for the hand."),
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
    wild(
        "excel workbook of an association with an owner",
        _spreadsheet(
            [
                ["Question", "Answer", "Owner"],
                *[
                    [q, a, "Kim"]
                    for q, a in [
                        ("When is the annual meeting?", "On the first Saturday in March at the boathouse."),
                        ("How much is the fee?", "60 a year, 25 for students."),
                        (
                            "Who has the key to the shed?",
                            "Kim, and a spare hangs behind the noticeboard in the kitchen.",
                        ),
                        ("Can guests row?", "Twice for free, after that they should join."),
                        ("Where do I report damage?", "In the blue book by the door, with date and boat."),
                        ("Is there parking?", "Yes, behind the slipway."),
                        ("May I bring my dog?", "On land."),
                    ]
                ],
            ],
            "club.xlsx",
            "FAQ",
        ),
        "sft",
        chat("When is the annual meeting?", "On the first Saturday in March at the boathouse."),
        rows=7,
    ),
    wild(
        "excel workbook in polish",
        _spreadsheet(
            [["Lp.", "Pytanie", "Odpowiedź"], *[[i, q, a] for i, (q, a) in enumerate(POLISH, 1)]],
            "pytania.xlsx",
            "Arkusz1",
        ),
        "sft",
        chat(*POLISH[0]),
        rows=6,
    ),
    wild(
        "ratings from one to five in a spreadsheet",
        table(RATED, ["prompt", "response", "rating"], name="ratings.csv"),
        "kto",
        judged(RATED[0][0], RATED[0][1], True),
    ),
    wild(
        "products with keywords and a description",
        table(PRODUCTS, ["product_name", "keywords", "description"], name="products.csv"),
        "sft cpt",
        Has("Oak stool", PRODUCTS[0][2]),
        rows=6,
    ),
)
"""A person's own sheets."""
