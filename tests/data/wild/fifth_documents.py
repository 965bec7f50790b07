"""A person's own documents.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from tests.data.wild.fifth_pool import LAW, PLACES, PROGRAMS, TOWNS, TRADES, plant, town
from tests.data.wild.fifth_pool_languages import FRENCH, GERMAN, ITALIAN
from tests.data.wild.fifth_pool_talks import zipped
from tests.data.wild.table import Has, Wild, chat, wild


def _document(paragraphs: list[tuple[str, str]], name: str = "FAQ.docx") -> dict[str, bytes]:
    """Paragraphs of (style, text); '' is the body style, 'b' is bold."""
    out = []
    for style, text in paragraphs:
        ppr = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style and style != "b" else ""
        rpr = "<w:rPr><w:b/></w:rPr>" if style == "b" else ""
        # Word splits runs anywhere.
        half = len(text) // 2
        out.append(
            f"<w:p>{ppr}"
            + "".join(
                f'<w:r>{rpr}<w:t xml:space="preserve">{escape(t)}</w:t></w:r>' for t in (text[:half], text[half:]) if t
            )
            + "</w:p>"
        )
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    w = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{s}"><w:name w:val="{n}"/></w:style>'
        for s, n in [("Heading1", "heading 1"), ("Heading2", "heading 2"), ("Normal", "Normal")]
    )
    return zipped(
        {
            "[Content_Types].xml": head
            + '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default '
            'Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" '
            'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>'
            '<Override PartName="/word/styles.xml" ContentType="application/vnd.'
            'openxmlformats-officedocument.wordprocessingml.styles+xml"/></Types>',
            "_rels/.rels": head + '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
            'relationships/officeDocument" Target="word/document.xml"/></Relationships>',
            "word/_rels/document.xml.rels": head
            + '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
            'relationships/styles" Target="styles.xml"/></Relationships>',
            "word/styles.xml": head + f"<w:styles {w}>{styles}</w:styles>",
            "word/document.xml": head + f"<w:document {w}><w:body>{''.join(out)}<w:sectPr/></w:body></w:document>",
        },
        name,
    )


GUIDE = [
    ("How do I book a room?", "Open the calendar, choose the day and click the room you want."),
    ("What if nobody turns up?", "Rooms not claimed within ten minutes are released."),
    ("Can I bring catering?", "Yes, but not into the library."),
    ("Who cleans up?", "You do. Please wipe the board and take the cups to the kitchen."),
    ("How many people fit in Cedar?", "Twelve."),
    ("Is there a projector?", "Every room has a screen with a cable; adapters are at the front desk."),
]


def _page(number: int) -> str:
    paragraphs = town(number, 3)[1].split("\n")
    lines = [text[k : k + 76] for text in paragraphs for k in range(0, max(len(text), 1), 76)]
    middle = "\n".join(lines)
    return (
        f"ANNUAL REPORT 2024                         {TOWNS[number]}\n\n{middle}\n\n                          "
        f"         {number + 1}\n"
    )


REPORT = "\f".join(_page(number) for number in range(6))

CHAPTERS = [
    (
        "The Ferryman",
        "The ferryman counted his passengers twice, as his father had taught him, and got a different number "
        "each time.\n\n“Someone is missing,” he said. Nobody answered. The river went on talking.",
    ),
    (
        "The Inn",
        "At the inn they were given soup and no questions. Marta laid the letter on the table where everyone "
        "could see it and no one looked.",
    ),
    (
        "The Bridge",
        "By morning the bridge had lost its middle. It was a clean loss, as if the span had been called "
        "away.\n\nThey sat down to wait, since waiting was the only work left.",
    ),
]

DOCUMENTS: tuple[Wild, ...] = (
    wild(
        "word document with questions as headings",
        _document(
            [("Heading1", "Meeting rooms"), *[x for q, a in GUIDE for x in (("Heading2", q), ("", a))]],
            "Meeting rooms FAQ.docx",
        ),
        "sft",
        chat(*GUIDE[0]),
        usable=6,
    ),
    wild(
        "word document with Q and A lines",
        _document([("", x) for q, a in FRENCH for x in (f"Q : {q}", f"R : {a}", "")], "questions.docx"),
        "sft",
        chat(*FRENCH[0]),
        usable=8,
    ),
    wild("text copied from a pdf with page numbers", {"report.txt": REPORT.encode()}, "cpt"),
    wild(
        "plain text of questions and answers",
        {"faq.txt": "\n\n".join(f"Q: {q}\nA: {a}" for q, a in LAW).encode() + b"\n"},
        "sft",
        chat(*LAW[0]),
        rows=8,
    ),
    wild(
        "page of questions under third headings",
        {
            "faq.html": (
                "<!DOCTYPE html><html lang='it'><head><meta charset='utf-8'><title>Domande "
                "frequenti</title><style>h3{color:red}</style></head><body><nav><a "
                "href='/'>Home</a></nav><h1>Domande frequenti</h1>"
                + "".join(f"<h3>{q}</h3>\n<p>{a}</p>" for q, a in ITALIAN)
                + "<footer>© 2024 Biblioteca</footer></body></html>"
            ).encode()
        },
        "sft",
        chat(*ITALIAN[0]),
        usable=6,
    ),
    wild(
        "markdown file of questions as second headings",
        {"FAQ.md": ("# Häufige Fragen\n\n" + "\n".join(f"## {q}\n\n{a}\n" for q, a in GERMAN)).encode()},
        "sft",
        chat(*GERMAN[0]),
        rows=10,
    ),
    wild(
        "notes of a gardener in markdown files",
        {
            f"garden/{plant(i)[0].lower()}.md": f"---\ntags: [herbs, garden]\ncreated: 2023-0{1 + i % 9}-11\n---\n# "
            f"{plant(i)[0]}\n\n{plant(i)[1]}\n\nSee also [[{plant(i + 1)[0]}]].\n".encode()
            for i in range(12)
        },
        "cpt",
        {"text": Has("wants a sunny place")},
        rows=12,
    ),
    wild(
        "vault with daily notes and a hidden settings folder",
        {
            **{
                f"Vault/Daily/2024-01-{d:02d}.md": f"# 2024-01-{d:02d}\n\n- [x] call the {TRADES[d % 12]} "
                "people\n- [ ] read about "
                f"[[{TOWNS[d % 14]}]]\n\nWalked to the {PLACES[d % 8]} in the rain and thought about the "
                f"talk. The second half needs an example from {TOWNS[d % 14]}, perhaps the one with the "
                "bridge.\n".encode()
                for d in range(1, 9)
            },
            "Vault/.obsidian/app.json": b'{"showLineNumber": true}',
            "Vault/.obsidian/workspace.json": b'{"main": {"id": "abc", "type": "split", "children": []}}',
        },
        "cpt",
        rows=8,
    ),
    wild(
        "novel as epub",
        zipped(
            {
                "mimetype": "application/epub+zip",
                "META-INF/container.xml": '<?xml version="1.0"?><container version="1.0" '
                'xmlns="urn:oasis:names:tc:opendocument:xmlns:'
                'container"><rootfiles><rootfile full-path="OEBPS/content.opf" '
                'media-type="application/oebps-package+xml"/></rootfiles></container>',
                "OEBPS/content.opf": '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0" '
                'unique-identifier="id"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The '
                "Ferry</dc:title><dc:language>en</dc:language><dc:identifier "
                'id="id">x</dc:identifier></metadata><manifest>'
                + "".join(f'<item id="c{i}" href="c{i}.xhtml" media-type="application/xhtml+xml"/>' for i in range(3))
                + "</manifest><spine>"
                + "".join(f'<itemref idref="c{i}"/>' for i in range(3))
                + "</spine></package>",
                **{
                    f"OEBPS/c{i}.xhtml": '<?xml version="1.0" encoding="utf-8"?><html '
                    'xmlns="http://www.w3.org/1999/xhtml"><head>'
                    f"<title>{t}</title></head><body><h1>{t}</h1>"
                    + "".join(f"<p>{p}</p>" for p in x.split("\n\n"))
                    + "</body></html>"
                    for i, (t, x) in enumerate(CHAPTERS)
                },
            },
            "ferry.epub",
        ),
        "cpt",
        {"text": Has("The ferryman counted")},
    ),
    wild(
        "folder of a small program",
        {
            "repo/README.md": b"# wordtools\n\nSmall helpers for texts.\n",
            "repo/wordtools/__init__.py": b'"""Helpers."""\n\nfrom .core import count\n',
            "repo/wordtools/core.py": ("\n\n\n".join(c for _, c, line in PROGRAMS if line == "python") + "\n").encode(),
            "repo/tests/test_core.py": b"from wordtools.core import fib\n\n\ndef test_fib():\n    assert fib(10) "
            b"== 55\n",
            "repo/web/app.js": PROGRAMS[2][1].encode() + b"\n",
            "repo/.gitignore": b"__pycache__/\n",
        },
        "cpt",
    ),
)
"""A person's own documents."""
