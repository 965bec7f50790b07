"""A person's own questions and answers.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json

from tests.data.wild.fourth_pool import ANSWERS, QUESTIONNAIRE, QUESTIONS, plain, zipped
from tests.data.wild.table import Has, Turn, Wild, array, chat, table, wild

DUTCH = [
    ("Hoe laat gaat de winkel open?", "De winkel gaat op werkdagen om negen uur open."),
    ("Kan ik mijn bestelling ruilen?", "Ja, binnen veertien dagen en met de bon."),
    ("Waar kan ik parkeren?", "Achter het gebouw zijn twintig plaatsen."),
    ("Bezorgt u ook op de eilanden?", "Ja, elke dinsdag met de eerste boot."),
]

FAQ_PAGE = {
    "@context": "https://schema.org",
    "@type": "FAQPage",
    "mainEntity": [
        {"@type": "Question", "name": q, "acceptedAnswer": {"@type": "Answer", "text": f"<p>{a}</p>"}}
        for q, a, _ in QUESTIONNAIRE[:4]
    ],
}


def _workbook(rows: list[list[str]], name: str = "data.xlsx") -> dict[str, bytes]:
    def cell(row: int, column: int, value: str) -> str:
        value = value.replace("&", "&amp;").replace("<", "&lt;")
        return f'<c r="{chr(65 + column)}{row}" t="inlineStr"><is><t>{value}</t></is></c>'

    sheet = "".join(
        f'<row r="{r}">' + "".join(cell(r, c, v) for c, v in enumerate(row)) + "</row>" for r, row in enumerate(rows, 1)
    )
    ns = "http://schemas.openxmlformats.org"
    return zipped(
        {
            "[Content_Types].xml": '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Types '
            f'xmlns="{ns}/package/2006/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default '
            'Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
            'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
            '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.'
            'openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'.encode(),
            "_rels/.rels": '<?xml version="1.0" encoding="UTF-8"?><Relationships '
            f'xmlns="{ns}/package/2006/relationships"><Relationship Id="rId1" '
            f'Type="{ns}/officeDocument/2006/relationships/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>'.encode(),
            "xl/workbook.xml": f'<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="{ns}/spreadsheetml/2006/main" '
            f'xmlns:r="{ns}/officeDocument/2006/relationships"><sheets><sheet name="FAQ" sheetId="1" '
            'r:id="rId1"/></sheets></workbook>'.encode(),
            "xl/_rels/workbook.xml.rels": '<?xml version="1.0" encoding="UTF-8"?><Relationships '
            f'xmlns="{ns}/package/2006/relationships"><Relationship Id="rId1" '
            f'Type="{ns}/officeDocument/2006/relationships/worksheet" '
            'Target="worksheets/sheet1.xml"/></Relationships>'.encode(),
            "xl/worksheets/sheet1.xml": '<?xml version="1.0" encoding="UTF-8"?><worksheet '
            f'xmlns="{ns}/spreadsheetml/2006/main"><sheetData>{sheet}</sheetData></worksheet>'.encode(),
        },
        name,
    )


OWN_QUESTIONS: tuple[Wild, ...] = (
    wild(
        "dutch questions with pipes",
        table(DUTCH, ["Vraag", "Antwoord"], delimiter="|", name="veelgestelde_vragen.csv"),
        "sft",
        chat(*DUTCH[0]),
        rows=4,
    ),
    wild(
        "italian questions with D and R",
        plain(
            "DOMANDE FREQUENTI\n\n"
            + "\n\n".join(
                f"D: {q}\nR: {a}"
                for q, a in [
                    ("Quando apre il museo?", "Il museo apre alle dieci, tranne il lunedì."),
                    ("Si possono fare fotografie?", "Sì, ma senza flash."),
                    ("C'è un guardaroba?", "Sì, al pianterreno, ed è gratuito."),
                    ("I cani possono entrare?", "Solo i cani guida."),
                ]
            )
            + "\n",
            "faq.txt",
        ),
        "sft",
        chat("Quando apre il museo?", "Il museo apre alle dieci, tranne il lunedì."),
        rows=4,
    ),
    wild(
        "polish questions in latin two",
        plain(
            "\n\n".join(
                f"Pytanie: {q}\nOdpowiedź: {a}"
                for q, a in [
                    ("Jak przechowywać miód?", "W szczelnym słoiku, w ciemnym i suchym miejscu."),
                    ("Dlaczego miód się krystalizuje?", "To naturalny proces, bo glukoza tworzy kryształki."),
                    ("Czy można go podgrzać?", "Tak, ale nie powyżej czterdziestu stopni."),
                    ("Ile uli ma pasieka?", "Dwadzieścia siedem, każdy w innym kolorze."),
                ]
            )
            + "\n",
            "miod.txt",
            "cp1250",
        ),
        "sft",
        chat("Jak przechowywać miód?", "W szczelnym słoiku, w ciemnym i suchym miejscu."),
        rows=4,
    ),
    wild(
        "arabic questions with letters",
        plain(
            "\n\n".join(
                f"س: {q}\nج: {a}"
                for q, a in [
                    ("متى يفتح السوق؟", "يفتح السوق عند شروق الشمس."),
                    ("هل يمكن الدفع بالبطاقة؟", "نعم، عند المدخل الرئيسي."),
                    ("أين أجد التوابل؟", "في الممر الثالث على اليسار."),
                    ("هل يوجد موقف سيارات؟", "نعم، خلف المسجد."),
                ]
            )
            + "\n",
            "asila.txt",
        ),
        "sft",
        chat("متى يفتح السوق؟", "يفتح السوق عند شروق الشمس."),
        rows=4,
    ),
    wild(
        "questions as linked data",
        array(FAQ_PAGE, "faq.jsonld.json"),
        "sft",
        chat(QUESTIONS[0], Has(ANSWERS[0])),
        rows=4,
    ),
    wild(
        "questions in yaml",
        plain(
            "faq:\n"
            + "".join(f"  - question: {json.dumps(q)}\n    answer: >-\n      {a}\n" for q, a, _ in QUESTIONNAIRE[:5]),
            "faq.yaml",
        ),
        "sft",
        chat(QUESTIONS[0], ANSWERS[0]),
        rows=5,
    ),
    wild(
        "help centre of nested categories",
        array(
            {
                "site": "help.example",
                "categories": [
                    {"name": n, "sections": [{"title": n + " basics", "faq": [{"q": q, "a": a} for q, a, _ in part]}]}
                    for n, part in [("Kitchen", QUESTIONNAIRE[:3]), ("Garden", QUESTIONNAIRE[3:6])]
                ],
            },
            "helpcentre.json",
        ),
        "sft",
        chat(QUESTIONS[0], ANSWERS[0]),
        rows=6,
    ),
    wild(
        "payloads as json in one column",
        table(
            [
                [str(i), "2024-01-01", json.dumps({"question": QUESTIONS[i], "answer": ANSWERS[i], "lang": "en"})]
                for i in range(5)
            ],
            ["id", "created", "payload"],
            name="rows.csv",
        ),
        "sft",
        chat(QUESTIONS[0], ANSWERS[0]),
        rows=5,
    ),
    wild(
        "cards of a learning site with tabs",
        plain(
            "".join(
                f"{q}\t{a}\n"
                for q, a in [
                    ("la marée", "the tide"),
                    ("le phare", "the lighthouse"),
                    ("le filet", "the net"),
                    ("la jetée", "the pier"),
                    ("le brouillard", "the fog"),
                    ("la rame", "the oar"),
                ]
            ),
            "quizlet.txt",
        ),
        "sft",
        {"messages": [Turn("user", "la marée"), Turn("assistant", "the tide")]},
        rows=6,
    ),
    wild(
        "cards within notes",
        {
            f"Cards/{n}.md": (
                "---\ntags: [flashcards]\n---\n\n# " + n + "\n\n" + "\n\n".join(f"{q}::{a}" for q, a, _ in part) + "\n"
            ).encode()
            for n, part in [("Kitchen", QUESTIONNAIRE[:3]), ("Music", QUESTIONNAIRE[2:5])]
        },
        "sft cpt",
        chat(QUESTIONS[0], ANSWERS[0]),
        {"text": Has(QUESTIONS[0])},
    ),
    wild(
        "german questions in a workbook",
        _workbook(
            [
                ["Nr.", "Frage", "Antwort", "Stand"],
                [
                    "1",
                    "Wie lange ist die Werkstatt geöffnet?",
                    "Montags bis freitags von acht bis siebzehn Uhr.",
                    "2024",
                ],
                ["2", "Was kostet eine Inspektion?", "Eine Inspektion kostet 89 Euro, Teile kommen hinzu.", "2024"],
                ["3", "Nehmt ihr auch E-Bikes an?", "Ja, außer bei Schäden am Akku.", "2023"],
                ["4", "Muss ich einen Termin machen?", "Ja, am besten telefonisch eine Woche vorher.", "2024"],
            ],
            "faq.xlsx",
        ),
        "sft",
        chat("Wie lange ist die Werkstatt geöffnet?", "Montags bis freitags von acht bis siebzehn Uhr."),
        rows=4,
    ),
    wild(
        "page with panels of questions",
        plain(
            "<!DOCTYPE html><html><head><title>Help</title><style>.a{}</style></head><body><nav><a "
            "href='/'>Home</a></nav><h1>Help</h1><div class='accordion'>"
            + "".join(
                f"<div class='accordion-item'><button class='accordion-header' type='button'>{q}</button><div "
                f"class='accordion-body'><p>{a}</p></div></div>"
                for q, a, _ in QUESTIONNAIRE[:5]
            )
            + "</div><footer>Imprint</footer></body></html>",
            "help.html",
        ),
        "sft",
        chat(QUESTIONS[0], ANSWERS[0]),
        rows=5,
    ),
)
"""A person's own questions and answers."""
