"""Datasets of documents: corpora, folders, archives, books and pages, and questions written down as prose.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from html import escape

from tests.data.wild.second_instructions import pair
from tests.data.wild.second_texts import ARTICLES, FACTS
from tests.data.wild.table import Has, Wild, array, jsonl, parquet, table, wild

Q, A = FACTS[0]
TITLE, TEXT = ARTICLES[0]


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return a zip archive of these files."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return sink.getvalue()


def tarred(files: Mapping[str, bytes]) -> bytes:
    """Return a gzipped tar archive of these files."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return sink.getvalue()


def docx(paragraphs: Sequence[tuple[str, str]]) -> bytes:
    """Return a document of paragraphs, each with the name of its style."""
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = "".join(
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>'
        f'<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'
        for style, text in paragraphs
    )
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    return zipped(
        {
            "[Content_Types].xml": (
                '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
                '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                f'<Override PartName="/word/document.xml" ContentType="{kind}"/></Types>'
            ).encode(),
            "_rels/.rels": (
                b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
                b'<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
                b'officeDocument" Target="word/document.xml"/></Relationships>'
            ),
            "word/document.xml": (
                f'<?xml version="1.0"?><w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>'
            ).encode(),
        }
    )


def epub(chapters: Sequence[tuple[str, str]]) -> bytes:
    """Return a book of chapters."""
    items = "".join(
        f'<item id="c{i}" href="c{i}.xhtml" media-type="application/xhtml+xml"/>' for i in range(len(chapters))
    )
    spine = "".join(f'<itemref idref="c{i}"/>' for i in range(len(chapters)))
    pages = {
        f"OEBPS/c{i}.xhtml": (
            f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>{title}</title></head>'
            f"<body><h1>{title}</h1><p>{text}</p></body></html>"
        ).encode()
        for i, (title, text) in enumerate(chapters)
    }
    return zipped(
        {
            "mimetype": b"application/epub+zip",
            "META-INF/container.xml": (
                b'<?xml version="1.0"?>'
                b'<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
                b'<rootfiles><rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/>'
                b"</rootfiles></container>"
            ),
            "OEBPS/content.opf": (
                '<?xml version="1.0"?>'
                '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i">'
                '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Tales</dc:title><dc:language>en'
                f"</dc:language></metadata><manifest>{items}</manifest><spine>{spine}</spine></package>"
            ).encode(),
            **pages,
        }
    )


def _page(title: str, text: str) -> bytes:
    return (
        f"<!DOCTYPE html><html><head><title>{title}</title>"
        "<style>p {color: red}</style><script>var a = 1;</script></head>"
        f'<body><nav><a href="/">Home</a></nav><h1>{title}</h1><p>{text}</p></body></html>'
    ).encode()


CRAWL = [
    {"text": b, "timestamp": "2019-04-25T12:57:54Z", "url": f"https://example.org/{i}"}
    for i, (_, b) in enumerate(ARTICLES)
]
HEADED = "".join(f"## {q}\n\n{a}\n\n" for q, a in FACTS)

DOCUMENTS: tuple[Wild, ...] = (
    wild(
        "encyclopedia articles",
        parquet(
            [{"id": str(i), "url": f"https://x.org/{i}", "title": t, "text": b} for i, (t, b) in enumerate(ARTICLES)]
        ),
        "cpt",
        {"text": Has(TEXT)},
        rows=5,
    ),
    wild(
        "compressed crawl",
        {"c4-train.00000-of-01024.json.gz": gzip.compress(next(iter(jsonl(CRAWL).values())), mtime=0)},
        "cpt",
        {"text": Has(TEXT)},
        rows=5,
    ),
    wild(
        "crawl with quality scores",
        parquet(
            [
                r
                | {
                    "id": f"<urn:uuid:{i}>",
                    "dump": "CC-MAIN-2020-05",
                    "language": "en",
                    "language_score": 0.95,
                    "token_count": 80,
                }
                for i, r in enumerate(CRAWL)
            ]
        ),
        "cpt",
        {"text": Has(TEXT)},
        rows=5,
    ),
    wild(
        "pile with a set name",
        jsonl([{"text": b, "meta": {"pile_set_name": "Books3"}} for _, b in ARTICLES], "00.jsonl"),
        "cpt",
        {"text": Has(TEXT)},
        rows=5,
    ),
    wild(
        "source files in a column",
        parquet(
            [
                {
                    "content": f"import os\n\n\ndef step_{i}(path):\n    return os.path.join(path, '{i}')\n",
                    "path": f"src/s{i}.py",
                    "lang": "Python",
                    "size": 70,
                }
                for i in range(5)
            ]
        ),
        "cpt",
        {"text": Has("def step_0(path)")},
        rows=5,
    ),
    wild(
        "papers with abstracts",
        jsonl(
            [
                {
                    "id": f"0704.000{i}",
                    "authors": "A. Lund",
                    "title": t,
                    "categories": "hep-ph",
                    "abstract": f"  {b}\n",
                    "versions": [{"version": "v1"}],
                }
                for i, (t, b) in enumerate(ARTICLES)
            ],
            "arxiv-metadata-oai-snapshot.json",
        ),
        "cpt",
        {"text": Has(TEXT)},
        rows=5,
    ),
    wild(
        "forum comments",
        jsonl(
            [
                {
                    "author": f"user{i}",
                    "body": b,
                    "score": i,
                    "created_utc": 1430438400 + i,
                    "subreddit": "history",
                    "id": f"cq{i}",
                    "link_id": "t3_3",
                    "parent_id": "t3_3",
                }
                for i, (_, b) in enumerate(ARTICLES)
            ],
            "RC_2015-05.jsonl",
        ),
        "cpt sft",
        rows=5,
    ),
    wild(
        "poems in a table",
        table(
            [
                (
                    str(i),
                    f"\nPoem of {t}\n",
                    "The tide is out,\nthe lamp is lit,\nand no one minds\nthe end of it.",
                    "Ana Lund",
                    "sea",
                )
                for i, (t, _) in enumerate(ARTICLES)
            ],
            ("", "Title", "Poem", "Poet", "Tags"),
            name="PoetryData.csv",
        ),
        "cpt",
        {"text": Has("The tide is out,")},
        rows=5,
    ),
    wild(
        "an article per line",
        {"corpus.txt": "".join(f"{b}\n" for _, b in ARTICLES).encode()},
        "cpt",
        {"text": Has(TEXT)},
    ),
    wild(
        "stories with an end mark",
        {"TinyTales-valid.txt": "\n<|endoftext|>\n".join(b.replace(". ", ".\n") for _, b in ARTICLES).encode()},
        "cpt",
        {"text": Has("The lighthouse of Varn was built")},
    ),
    wild(
        "tokenised encyclopedia",
        {
            "wiki.valid.raw": "".join(
                f" \n = {t} = \n \n {b} \n \n = = Uses = = \n \n {b} \n" for t, b in ARTICLES
            ).encode()
        },
        "cpt",
    ),
    wild(
        "book with chapters in text",
        {
            "pg9999.txt": (
                "The Tales of Varn\r\n\r\n"
                + "".join(f"CHAPTER {i}\r\n\r\n{b}\r\n\r\n" for i, (_, b) in enumerate(ARTICLES, 1))
            ).encode()
        },
        "cpt",
    ),
    wild(
        "folder of notes",
        {
            f"notes/{t}.md": f"---\ntags: [history]\n---\n\n# {t}\n\n{b}\n\nSee [[Peat and its keepers]].\n".encode()
            for t, b in ARTICLES
        },
        "cpt",
        Has("lighthouse of Varn was built"),
        Has("The grade was steep"),
        Has("Great tits order"),
        Has("Early fasteners"),
        Has("Peat forms"),
        rows=5,
    ),
    wild(
        "folder of saved pages",
        {f"site/{i}/index.html": _page(t, b) for i, (t, b) in enumerate(ARTICLES)},
        "cpt",
        {"text": Has(TEXT)},
        rows=5,
    ),
    wild("book with chapters", {"tales.epub": epub(ARTICLES)}, "cpt", {"text": Has("Varn was built in 1871")}),
    wild(
        "report with headings",
        {"Report final (2).docx": docx([part for t, b in ARTICLES for part in (("Heading1", t), ("Normal", b))])},
        "cpt",
        {"text": Has("Varn was built in 1871")},
    ),
    wild(
        "archive of texts",
        {"corpus.tar.gz": tarred({f"corpus/{i:03}.txt": b.encode() for i, (_, b) in enumerate(ARTICLES)})},
        "cpt",
        {"text": Has(TEXT)},
        rows=5,
    ),
    wild(
        "archive of rows beside a card",
        {
            "dataset.zip": zipped(
                {
                    "README.md": b"---\nlicense: mit\n---\n\n# Household answers\n\nA set of short answers.\n",
                    "data/train.jsonl": next(iter(jsonl([{"question": q, "answer": a} for q, a in FACTS]).values())),
                }
            )
        },
        "sft",
        pair(Q, A),
        rows=6,
    ),
    wild(
        "hub checkout with splits",
        {
            "README.md": b"---\nlicense: mit\n---\n\n# Household answers\n",
            ".gitattributes": b"*.parquet filter=lfs diff=lfs merge=lfs -text\n",
            **parquet([{"instruction": q, "response": a} for q, a in FACTS[:4]], "data/train-00000-of-00001.parquet"),
            **parquet([{"instruction": q, "response": a} for q, a in FACTS[4:]], "data/test-00000-of-00001.parquet"),
        },
        "sft",
        pair(Q, A),
        pair(*FACTS[4]),
    ),
    wild(
        "questions as headings",
        {"FAQ.md": f"# Frequently asked questions\n\n{HEADED}".encode()},
        "sft",
        pair(Q, A),
        rows=6,
    ),
    wild(
        "questions in folding blocks",
        {
            "help.html": (
                "<html><body><h1>Help</h1>"
                + "".join(f"<details><summary>{q}</summary><p>{a}</p></details>" for q, a in FACTS)
                + "</body></html>"
            ).encode()
        },
        "sft",
        pair(Q, A),
        rows=6,
    ),
    wild(
        "questions in a definition list",
        {
            "faq.html": (
                "<html><body><dl>" + "".join(f"<dt>{q}</dt><dd>{a}</dd>" for q, a in FACTS) + "</dl></body></html>"
            ).encode()
        },
        "sft",
        pair(Q, A),
        rows=6,
    ),
    wild(
        "questions in a document",
        {"FAQ guests.docx": docx([part for q, a in FACTS for part in (("Heading2", q), ("Normal", a))])},
        "sft",
        pair(Q, A),
        rows=6,
    ),
    wild(
        "letters Q and A",
        {"qa.txt": "\n\n".join(f"Q: {q}\nA: {a}" for q, a in FACTS).encode()},
        "sft",
        pair(Q, A),
        rows=6,
    ),
    wild(
        "numbered letters Q and A",
        {"interview prep.txt": "\n\n".join(f"Q{i}. {q}\nA{i}. {a}" for i, (q, a) in enumerate(FACTS, 1)).encode()},
        "sft",
        pair(Q, A),
        rows=6,
    ),
    wild(
        "statutes as an array",
        array(
            [{"section": f"{i}", "heading": t, "text": b, "amended": None} for i, (t, b) in enumerate(ARTICLES)],
            "code.json",
        ),
        "cpt",
        {"text": Has(TEXT)},
        rows=5,
    ),
)
"""Documents."""
