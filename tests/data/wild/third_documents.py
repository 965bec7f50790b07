"""Datasets of documents: books, pages, letters, crawls and poems, and questions written down as prose.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from html import escape

import zstandard

from tests.data.wild.second_documents import tarred, zipped
from tests.data.wild.table import Has, Wild, chat, jsonl, parquet, table, wild
from tests.data.wild.third_pool import ARTICLES, CODE, COOKING, GARDEN, LAW, SUPPORT

TITLE, TEXT = ARTICLES[0]
DUG = Has("was dug in 1874")

NOVEL = """The Lamp at Hollin Ford

by A. M. Tarrant



CHAPTER I

The Ferryman

It had rained since Michaelmas, and the ford at Hollin could no longer be crossed on foot. Old Garrow kept the
ferry, which was nothing but a flat boat and a rope, and he kept it badly.

"You'll wait," he told the girl, "until there's four of you. I'll not wet my hands for one."

She sat down upon her bundle and waited. Toward evening a tinker came, and after him two brothers with a calf.



CHAPTER II

The Lamp

Nobody remembered who had first hung a lamp upon the willow. It burned when there was fog, and it burned when
there was none, and in the morning it was always trimmed.

"Is it you that fills it?" the girl asked.

"Not I," said Garrow. "I thought it was you."
"""
REPORT = (
    ("Heading1", "Annual report of the rowing club"),
    ("", "The club grew from 112 to 131 members, mostly thanks to the beginners' course in spring."),
    ("Heading2", "Boats"),
    ("", "The old four was sold in June. The new one, named Heron, was paid for by forty-one donors."),
    ("Heading2", "Outlook"),
    (
        "",
        "The slipway must be renewed before the autumn floods, and the board asks all members to lend a hand on the "
        "first Saturday of September.",
    ),
)
NEWS = (
    "Die Elbe führt seit Tagen Niedrigwasser.",
    "Am Samstag öffnet das Freibad in Plauen.",
    "Der Ausschuss vertagte die Abstimmung auf März.",
    "Viele Bäcker klagen über hohe Strompreise.",
    "Im Tierpark sind zwei Luchse geschlüpft, sagte niemand.",
    "Die Straßenbahn fährt ab Montag wieder bis zum Hafen.",
    "Nach dem Sturm blieben drei Schulen geschlossen.",
    "Das Museum zeigt Uhren aus vier Jahrhunderten.",
)
TALES = (
    "Once there was a small duck named Pim. Pim liked to hide under the bridge. One day it rained and rained, and "
    "Pim laughed.",
    'Sara had a red ball. She threw it over the fence. The dog next door brought it back. "Thank you, dog!" said Sara.',
    'Tom did not want to sleep. The moon looked in and said, "Hush." Tom closed one eye, then the other.',
    "A snail and a beetle ran a race. The snail lost, but she found a strawberry on the way.",
)
LYRICS = (
    (
        "Nela Voss",
        "Harbour lights",
        "/n/nela/harbour",
        "Harbour lights are burning low\nand the tide has turned to go\nI was never one for staying\n"
        "but I loved you, even so",
    ),
    (
        "The Old Mill",
        "Seven miles",
        "/o/mill/seven",
        "Seven miles of gravel road\nseven miles of heavy load\nand the crows upon the wire\n"
        "singing all the songs I know",
    ),
    (
        "Nela Voss",
        "Paper boats",
        "/n/nela/paper",
        "We folded boats from letters\nand we let them find the sea\nthe ink ran into silver\nand it never came to me",
    ),
    (
        "Tunde B.",
        "Morning bread",
        "/t/tunde/bread",
        "Flour on the window pane\nmother hums an old refrain\nmorning bread and coffee black\n"
        "nothing ever takes me back",
    ),
)
POEMS = (
    "Über die Hügel zieht der Föhn,\nund müde glüht der Mohn.\nDie Mühle mahlt den späten Rest,\n"
    "der Müller schläft schon.",
    "Im Märzen wäscht der Bäcker früh\ndie Hände in dem Schnee,\ner hört, wie über Tür und Tor\n"
    "die Vögel klagend gehn.",
    "Grüße mir das kleine Haus,\ndie Äpfel in der Schüssel,\nich ging im letzten Jahr hinaus\n"
    "und trage noch den Schlüssel.",
    "Es fällt der Flieder in den Fluß,\ndie Fähre zögert lange,\nund süß und träge zieht der Tag\n"
    "durch Röhricht und durch Ranke.",
)


def _styled(paragraphs: Iterable[tuple[str, str]]) -> bytes:
    """Return a document in which only the paragraphs that have a style name one."""
    declared = '<?xml version="1.0" encoding="UTF-8"?>'
    package = "http://schemas.openxmlformats.org/package/2006"
    office = "http://schemas.openxmlformats.org/officeDocument/2006"
    kinds = "application/vnd.openxmlformats"
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = "".join(
        "<w:p>"
        + (f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else "")
        + f'<w:r><w:t xml:space="preserve">{escape(text, quote=False)}</w:t></w:r></w:p>'
        for style, text in paragraphs
    )
    types = (
        f'{declared}<Types xmlns="{package}/content-types">'
        f'<Default Extension="rels" ContentType="{kinds}-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Override PartName="/word/document.xml" '
        f'ContentType="{kinds}-officedocument.wordprocessingml.document.main+xml"/></Types>'
    )
    relations = (
        f'{declared}<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="rId1" Type="{office}/relationships/officeDocument" Target="word/document.xml"/>'
        "</Relationships>"
    )
    document = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f'<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>'
    )
    return zipped(
        {
            "[Content_Types].xml": types.encode(),
            "_rels/.rels": relations.encode(),
            "word/document.xml": document.encode(),
        }
    )


def _page(title: str, text: str) -> bytes:
    paragraphs = "".join(f"<p>{paragraph}</p>" for paragraph in text.split("\n\n"))
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title} – Coastpedia</title>'
        "<style>body{font-family:serif}</style><script>var a = 1;</script></head>"
        '<body><nav><a href="/">Home</a> <a href="/about">About</a></nav>'
        f"<main><h1>{title}</h1>{paragraphs}</main><footer>© 2021 Coastpedia</footer></body></html>"
    ).encode()


def _guide(title: str, text: str, position: int) -> bytes:
    return (
        f"---\ntitle: {title}\nsidebar_position: {position}\n---\n\n# {title}\n\n{text}\n\n"
        "## See also\n\n- [Index](index.md)\n- [Glossary](glossary.md)\n"
    ).encode()


def _letter(name: str, text: str) -> bytes:
    first, second, *_ = text.split("\n\n")
    return _styled(("", text) for text in (f"Dear Mrs {name},", first, second, "Yours sincerely, H. Oduya"))


def _lines(rows: Iterable[dict[str, object]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _module(function: str) -> str:
    return f"import sys\n\n\n{function}\n\n\nif __name__ == '__main__':\n    print('done', file=sys.stderr)\n"


DOCUMENTS: tuple[Wild, ...] = (
    wild(
        "gutenberg-like novel txt",
        {"pg40871.txt": NOVEL.encode("utf-8-sig")},
        "cpt",
        Has("It had rained since Michaelmas"),
    ),
    wild(
        "folder of txt articles",
        {f"articles/{title.lower().replace(' ', '_')}.txt": text.encode() for title, text in ARTICLES},
        "cpt",
        rows=6,
    ),
    wild(
        "docs folder markdown with front matter",
        {
            f"docs/{i:02}-{title.split()[0].lower()}.md": _guide(title, text, i)
            for i, (title, text) in enumerate(ARTICLES)
        },
        "cpt",
        rows=6,
    ),
    wild(
        "saved html pages zip",
        {"site.zip": zipped({f"site/{i}.html": _page(*article) for i, article in enumerate(ARTICLES)})},
        "cpt",
        DUG,
        rows=6,
    ),
    wild(
        "docx report",
        {"Annual report.docx": _styled(REPORT)},
        "cpt",
        Has("The club grew from 112 to 131 members"),
    ),
    wild(
        "folder of docx letters",
        {
            f"letters/letter {i}.docx": _letter(name, ARTICLES[i][1])
            for i, name in enumerate(("Lane", "Okoro", "Whitby", "Strand"))
        },
        "cpt",
        Has("Yours sincerely, H. Oduya"),
        rows=4,
    ),
    wild(
        "docx Q and A interview",
        {"FAQ staff.docx": _styled(("", text) for q, a in SUPPORT for text in (f"Q: {q}", f"A: {a}"))},
        "sft",
        chat(*SUPPORT[0]),
        rows=6,
    ),
    wild(
        "c4 json.gz",
        {
            "c4-train.00000-of-01024.json.gz": gzip.compress(
                _lines(
                    {"text": text, "timestamp": "2019-04-25T12:57:54Z", "url": f"https://coast.example/{i}"}
                    for i, (_, text) in enumerate(ARTICLES)
                )
            )
        },
        "cpt",
        {"text": TEXT},
        rows=6,
    ),
    wild(
        "pile jsonl.zst",
        {
            "00.jsonl.zst": zstandard.ZstdCompressor().compress(
                _lines({"text": text, "meta": {"pile_set_name": "Pile-CC"}} for _, text in ARTICLES)
            )
        },
        "cpt",
        {"text": TEXT},
        rows=6,
    ),
    wild(
        "fineweb parquet",
        parquet(
            [
                {
                    "text": text,
                    "id": f"<urn:uuid:{i}>",
                    "dump": "CC-MAIN-2023-50",
                    "url": f"http://x.example/{i}",
                    "date": "2023-12-01",
                    "file_path": "s3://commoncrawl/x.warc.gz",
                    "language": "en",
                    "language_score": 0.97,
                    "token_count": 151,
                }
                for i, (_, text) in enumerate(ARTICLES)
            ],
            "000_00000.parquet",
        ),
        "cpt",
        {"text": TEXT},
        rows=6,
    ),
    wild(
        "arxiv metadata jsonl",
        jsonl(
            [
                {
                    "id": f"0704.000{i}",
                    "submitter": "P. Nadolsky",
                    "authors": "C. Bal\\'azs, E. L. Berger",
                    "title": title,
                    "comments": "37 pages",
                    "journal-ref": None,
                    "doi": "10.1103/x",
                    "categories": "physics.hist-ph",
                    "license": None,
                    "abstract": f"  {text}\n".replace("\n\n", " "),
                    "versions": [{"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"}],
                    "update_date": "2008-11-26",
                }
                for i, (title, text) in enumerate(ARTICLES)
            ],
            "arxiv-metadata-oai-snapshot.json",
        ),
        "cpt sft",
        DUG,
        rows=6,
    ),
    wild(
        "leipzig sentences tsv",
        {
            "deu_news_2020_10K-sentences.txt": "".join(
                f"{i}\t{sentence}\n" for i, sentence in enumerate(NEWS, start=1)
            ).encode()
        },
        "cpt",
        Has(NEWS[0]),
    ),
    wild(
        "tinystories txt endoftext",
        {"TinyStories-valid.txt": "\n<|endoftext|>\n".join(TALES).encode()},
        "cpt",
        Has("small duck named Pim"),
    ),
    wild(
        "lyrics csv",
        table(LYRICS, ["artist", "song", "link", "text"], name="spotify_millsongdata.csv"),
        "cpt",
        Has("Harbour lights are burning low"),
        rows=4,
    ),
    wild(
        "the-stack-like parquet content",
        parquet(
            [
                {
                    "hexsha": f"{i}ab",
                    "size": len(function),
                    "ext": "py",
                    "lang": "Python",
                    "max_stars_repo_path": f"src/f{i}.py",
                    "max_stars_repo_name": "x/y",
                    "content": _module(function),
                    "avg_line_length": 28.1,
                    "alphanum_fraction": 0.66,
                }
                for i, (_, function) in enumerate(CODE)
            ]
        ),
        "cpt",
        Has("second_largest"),
        rows=6,
    ),
    wild(
        "markdown FAQ ## question headings",
        {
            "FAQ.md": (
                "# Kitchen FAQ\n\nWhat people ask us most.\n\n"
                + "\n\n".join(f"## {q}\n\n{a}" for q, a in COOKING)
                + "\n"
            ).encode()
        },
        "sft",
        chat(*COOKING[0]),
    ),
    wild(
        "html FAQ dl",
        {
            "faq.html": (
                "<html><head><title>FAQ</title></head><body><h1>FAQ</h1><dl>"
                + "".join(f"<dt>{q}</dt><dd>{a}</dd>" for q, a in GARDEN)
                + "</dl></body></html>"
            ).encode()
        },
        "sft cpt",
    ),
    wild(
        "tar.gz of txt poems latin-1",
        {"poems.tar.gz": tarred({f"poems/p{i}.txt": poem.encode("latin-1") for i, poem in enumerate(POEMS)})},
        "cpt",
        rows=4,
    ),
    wild(
        "txt Frage/Antwort",
        {"fragen.txt": "\n\n".join(f"Frage: {q}\nAntwort: {a}" for q, a in LAW).encode("cp1252")},
        "sft",
        chat(*LAW[0]),
        rows=5,
    ),
)
"""Prose, and questions and answers inside prose."""
