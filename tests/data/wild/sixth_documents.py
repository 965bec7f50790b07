"""A person's own notes, documents and programs.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import io
import zipfile

from tests.data.wild.fourth_pool import plain
from tests.data.wild.table import Has, Wild, chat, wild


def _document(paragraphs: list[tuple[str, str]]) -> bytes:
    w = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = "".join(
        f"<w:p>{('<w:pPr><w:pStyle w:val=%s/></w:pPr>' % (chr(34) + s + chr(34)) if s else '')}<w:r><w:t "
        f'xml:space="preserve">{t}</w:t></w:r></w:p>'
        for s, t in paragraphs
    )
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr(
            "[Content_Types].xml",
            '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http:'
            '//schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default '
            'Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" '
            'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>'
            "</Types>",
        )
        z.writestr(
            "_rels/.rels",
            '<?xml version="1.0" encoding="UTF-8"?><Relationships '
            'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
            'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
            'Target="word/document.xml"/></Relationships>',
        )
        z.writestr(
            "word/document.xml",
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:document '
            f'xmlns:w="{w}"><w:body>{body}</w:body></w:document>',
        )
    return sink.getvalue()


def _notes_hobbyist() -> Wild:
    notes = {
        f"notes/{n}.md": f"# {t}\n\n{b}\n\n- seen at the {p}\n- to do: read more\n".encode()
        for n, t, b, p in [
            (
                "sourdough",
                "Sourdough",
                "The starter wants warm water and patience. In summer it doubles within four hours, in "
                "winter it takes the whole night.",
                "bakery",
            ),
            (
                "lathe",
                "Wood lathe",
                "Sharpen the gouge before every bowl. A dull edge tears the fibres, and no sanding mends that.",
                "workshop",
            ),
            (
                "swifts",
                "Swifts",
                "They arrive in the first days of May and leave before August, always in one evening.",
                "tower",
            ),
            (
                "tax",
                "Tax of 2023",
                "Keep the receipts of the study and of the train. The limit for the flat rate rose again.",
                "office",
            ),
            (
                "film",
                "Developing film",
                "Twenty degrees, eleven minutes, turn the tank each thirty seconds, then stop and fix.",
                "darkroom",
            ),
            (
                "harbour",
                "Harbour walk",
                "Begin at the crane, follow the rails and end at the fish auction, which opens at five.",
                "quay",
            ),
        ]
    }
    return wild("notes of a hobbyist", notes, "cpt", rows=6)


def _shoemaker() -> Wild:
    pairs = [
        ("How long is the warranty?", "Two years from the day of purchase."),
        ("Do you ship abroad?", "Yes, within Europe.\nElsewhere on request."),
        ("Is there a shop?", "Our shop is in Mill Lane, open Thursday to Saturday."),
        ("May I return worn shoes?", "No, only unworn ones in their box."),
        ("Which leather do you use?", "Vegetable tanned calf."),
        ("Can you resole?", "Yes, twice at most."),
    ]
    return wild(
        "shoemaker with q and a",
        plain("Frequently asked questions\n\n" + "\n\n".join(f"Q: {q}\nA: {a}" for q, a in pairs) + "\n", "faq.txt"),
        "sft",
        chat(*pairs[0]),
        rows=6,
    )


def _pflege_der_zimmerpflanze() -> Wild:
    pairs = [
        ("Wie oft muss ich gießen?", "Zweimal in der Woche, im Winter seltener."),
        ("Welche Erde ist richtig?", "Lockere Erde mit etwas Sand."),
        ("Warum werden die Blätter gelb?", "Meist ist es zu viel Wasser."),
        ("Wann topfe ich um?", "Im März, alle zwei Jahre."),
        ("Verträgt sie Sonne?", "Morgensonne ja, Mittagssonne nein."),
        ("Ist sie giftig?", "Für Katzen leider ja."),
    ]
    return wild(
        "pflege der zimmerpflanze",
        plain("# Häufige Fragen zur Pflege\n\n" + "\n\n".join(f"## {q}\n\n{a}" for q, a in pairs) + "\n", "pflege.md"),
        "sft",
        chat(*pairs[0]),
        rows=6,
    )


def _alarm_manual_word() -> Wild:
    pairs = [
        ("How do I reset the alarm?", "Press and hold the grey key for five seconds."),
        ("Why does it beep at night?", "The battery is low."),
        ("Where is the fuse?", "Behind the left cover."),
        ("Can I paint the sensor?", "No, paint blocks it."),
        ("Who services it?", "Any electrician on our list."),
        ("How loud is it?", "About 85 decibels."),
    ]
    return wild(
        "alarm manual as a word faq",
        {
            "Alarm FAQ.docx": _document(
                [("Title", "Alarm FAQ")] + [p for q, a in pairs for p in (("Heading2", q), ("", a))]
            )
        },
        "sft",
        chat(*pairs[0]),
        rows=6,
    )


def _memoir_word_document() -> Wild:
    prose = [
        ("Title", "The ferry strike"),
        (
            "",
            "When the crews of the three ferries refused to sail in the spring of 1961, the island had flour "
            "for nine days. Nobody on the mainland believed that it would come to that.",
        ),
        (
            "",
            "My grandmother kept a ledger of what was borrowed and lent in those weeks. Eggs went for "
            "candles, candles for coal, and a goat changed hands four times without leaving its shed.",
        ),
        (
            "",
            "On the eleventh day the company gave in. The ledger, though, was never closed, and some of its "
            "debts are still being paid in jam.",
        ),
    ]
    return wild(
        "memoir in a word document",
        {"strike.docx": _document(prose)},
        "cpt",
        {"text": Has("the island had flour for nine days", "still being paid in jam")},
        rows=1,
    )


def _page_du_lac() -> Wild:
    pairs = [
        ("Où garer ma voiture ?", "Un parking gratuit se trouve derrière la mairie."),
        ("Les chiens sont-ils admis ?", "Oui, tenus en laisse."),
        ("Quand ouvre la piscine ?", "Le 15 juin, à dix heures."),
        ("Faut-il réserver ?", "Seulement pour les groupes."),
        ("Y a-t-il une buvette ?", "Oui, au bord du lac."),
        ("Peut-on pêcher ?", "Avec une carte, oui."),
    ]
    html = (
        "<!DOCTYPE html><html lang=fr><head><title>FAQ</title><style>h3{color:red}</style></head><body><nav>"
        "<a href=/>Accueil</a></nav><h1>Questions fréquentes</h1>"
        + "".join(f"<h3>{q}</h3><p>{a}</p>" for q, a in pairs)
        + "</body></html>"
    )
    return wild("page du lac with headings", plain(html, "faq.html"), "sft", chat(*pairs[0]), rows=6)


def _journal_vault_zip() -> Wild:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as z:
        for d, b in [
            (
                "2024-01-03",
                "Snow at last. Walked to the [[Old Mill]] and counted eleven fieldfares in the hedge. #winter",
            ),
            ("2024-02-11", "Finished the book on tides. The chapter about the bore of the river was the best. #books"),
            ("2024-03-20", "Sowed beans too early again. [[Vera]] laughed and gave me fleece. #garden"),
            ("2024-04-02", "Long call with mother about the house. We keep the piano, sell the wardrobe."),
            ("2024-05-17", "First swim. Fourteen degrees, three minutes, glorious."),
        ]:
            z.writestr(f"vault/Journal/{d}.md", f"---\ndate: {d}\ntags: [journal]\n---\n\n{b}\n")
    return wild(
        "journal vault in a zip",
        {"vault.zip": sink.getvalue()},
        "cpt",
        {"text": Has("counted eleven fieldfares in the hedge")},
        rows=5,
    )


DOCUMENTS: tuple[Wild, ...] = (
    _notes_hobbyist(),
    _shoemaker(),
    _pflege_der_zimmerpflanze(),
    _alarm_manual_word(),
    _memoir_word_document(),
    wild(
        "text drawn from a printed report",
        plain(
            "Annual Report 2022                                   Page 1\n\n"
            "The harbour handled four hundred and twelve thousand tonnes of goods, which is slightly less "
            "than in the year before. The decline concerns mainly tim-\nber, while grain rose by a tenth.\n"
            "\x0cAnnual Report 2022                                   Page 2\n\n"
            "The new crane was put into service in May. It replaced two older ones, whose parts were sold to "
            "a museum in the north. The staff was trained over\nsix weeks.\n"
            "\x0cAnnual Report 2022                                   Page 3\n\n"
            "For the coming year the board expects a slight growth, provided that the rail link is repaired "
            "before the harvest.\n",
            "report.txt",
        ),
        "cpt",
        {"text": Has("four hundred and twelve thousand tonnes")},
    ),
    _page_du_lac(),
    _journal_vault_zip(),
    wild(
        "unfinished novel in a text file",
        plain(
            "THE SALT ROAD\n\n"
            + "\n\n".join(
                f"CHAPTER {n}\n\n{a}\n\n{b}"
                for n, a, b in [
                    (
                        "ONE",
                        "The mule would not cross the ford, and so the story begins with an argument.",
                        "“It is only water,” said Bertran.\n\n“So is the sea,” said the girl, and sat down "
                        "on the sacks.",
                    ),
                    (
                        "TWO",
                        "By evening they had made two leagues, most of them sideways.",
                        "The inn at the pass had burnt in the spring, but its sign still promised soup.",
                    ),
                    (
                        "THREE",
                        "In the night it snowed. Bertran counted the sacks and came to one too few.",
                        "He did not wake her. There are things that one prefers to know alone.",
                    ),
                ]
            ),
            "novel_draft3.txt",
        ),
        "cpt",
        {"text": Has("The mule would not cross the ford")},
    ),
    wild(
        "small game in a folder",
        plain(
            "from board import Board\n\n\ndef main():\n    board = Board(8)\n    board.show()\n\n\n"
            'if __name__ == "__main__":\n    main()\n',
            "game/main.py",
        )
        | plain(
            'class Board:\n    """Squares of the game."""\n\n    def __init__(self, size):\n'
            "        self.cells = [[0] * size for _ in range(size)]\n\n    def show(self):\n"
            "        for row in self.cells:\n            print(*row)\n",
            "game/board.py",
        )
        | plain(
            "def allowed(board, x, y):\n    return board.cells[y][x] == 0\n\n\ndef winner(board):\n    return None\n",
            "game/rules.py",
        )
        | plain("# Small game\n\nRun `python main.py` to see an empty board.\n", "game/README.md"),
        "cpt",
    ),
)
"""A person's own notes, documents and programs."""
