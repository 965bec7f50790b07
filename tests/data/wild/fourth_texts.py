"""Datasets of texts: crawls, papers, books, laws, code.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json

from tests.data.wild.fourth_pool import ARTICLES, BODIES, CODES, LONG_BODIES, TASKS, TESTS, TITLES, gzipped, plain
from tests.data.wild.table import Has, Turn, Wild, jsonl, parquet, wild

TEXTS: tuple[Wild, ...] = (
    wild(
        "web corpus with language odds in meta",
        jsonl(
            [
                {
                    "id": i,
                    "text": LONG_BODIES[i],
                    "meta": {
                        "warc_headers": {"warc-target-uri": f"https://n.example/{i}", "content-type": "text/plain"},
                        "identification": {"label": "en", "prob": 0.97},
                        "annotations": None,
                        "line_identifications": [None],
                    },
                }
                for i in range(5)
            ],
            "en_meta_part_1.jsonl",
        ),
        "cpt",
        {"text": LONG_BODIES[0]},
        rows=5,
    ),
    wild(
        "cultural web texts",
        parquet(
            [
                {
                    "text": LONG_BODIES[i],
                    "timestamp": "2021/03/02 07:56:06",
                    "url": f"https://b.example/{i}",
                    "source": "mC4",
                }
                for i in range(5)
            ]
        ),
        "cpt",
        {"text": LONG_BODIES[0]},
        rows=5,
    ),
    wild(
        "papers of open access with version",
        gzipped(
            jsonl(
                [
                    {
                        "added": "2023-01-15T00:00:00.000Z",
                        "created": "1998-06-30T00:00:00.000Z",
                        "id": str(i),
                        "source": "s2ag/train",
                        "text": TITLES[i] + "\n" + BODIES[i],
                        "version": "v2",
                    }
                    for i in range(5)
                ],
                "s2ag_train_0.json",
            )
        ),
        "cpt",
        {"text": TITLES[0] + "\n" + BODIES[0]},
        rows=5,
    ),
    wild(
        "books in capital columns",
        parquet(
            [
                {
                    "TEXT": LONG_BODIES[i],
                    "SOURCE": "gutenberg",
                    "METADATA": json.dumps({"text_id": i, "title": TITLES[i], "language": "en"}),
                }
                for i in range(5)
            ]
        ),
        "cpt",
        {"text": LONG_BODIES[0]},
        rows=5,
    ),
    wild(
        "common corpus with word counts",
        parquet(
            [
                {
                    "identifier": f"ark:/{i}",
                    "collection": "English-PD",
                    "open_type": "Open Culture",
                    "license": "Public Domain",
                    "date": 1884,
                    "title": TITLES[i],
                    "creator": "Falk, Miss",
                    "language": "English",
                    "language_type": "Written",
                    "word_count": len(BODIES[i].split()),
                    "token_count": 150,
                    "text": BODIES[i],
                }
                for i in range(6)
            ]
        ),
        "cpt",
        {"text": BODIES[0]},
        {"text": Has(TITLES[0], BODIES[0])},
        rows=6,
    ),
    wild(
        "wiki text with headings as lines",
        plain(
            "".join(
                f" \n = {t} = \n \n {x} \n \n == History == \n \n {y} \n"
                for (t, x), y in zip(ARTICLES[:4], BODIES[4:], strict=False)
            ),
            "wiki.train.tokens",
        ),
        "cpt",
    ),
    wild(
        "star coder files",
        parquet(
            [
                {
                    "max_stars_repo_path": f"lib/m{i}.py",
                    "max_stars_repo_name": "someone/tools",
                    "max_stars_count": 12,
                    "id": str(i),
                    "content": CODES[i] + '\n\n\nif __name__ == "__main__":\n    ' + TESTS[i].split("\n")[0] + "\n",
                }
                for i in range(5)
            ]
        ),
        "cpt",
        {"text": Has(CODES[0])},
        rows=5,
    ),
    wild(
        "functions searched by their documentation",
        jsonl(
            [
                {
                    "repo": "someone/tools",
                    "path": f"m{i}.py",
                    "func_name": CODES[i].split("def ")[1].split("(")[0],
                    "original_string": CODES[i],
                    "language": "python",
                    "code": CODES[i],
                    "code_tokens": CODES[i].split(),
                    "docstring": TASKS[i].replace("Write a Python function that ", "").capitalize(),
                    "docstring_tokens": TASKS[i].split()[5:],
                    "sha": "ab12",
                    "url": "https://g.example/x",
                    "partition": "train",
                }
                for i in range(5)
            ],
            "python_train_0.jsonl",
        ),
        "sft cpt",
        {"messages": [Turn("user", "everses the words of a sentence"), Turn("assistant", CODES[0])]},
        {"messages": [Turn("user", CODES[0]), Turn("assistant", "everses the words of a sentence")]},
        {"text": Has(CODES[0])},
        rows=5,
    ),
    wild(
        "pile of law",
        jsonl(
            [
                {
                    "text": f"OPINION OF THE COURT\n\n{BODIES[i]}\n\nIt is so ordered.",
                    "created_timestamp": "06-30-2004",
                    "downloaded_timestamp": "10-14-2021",
                    "url": f"https://court.example/{i}",
                }
                for i in range(4)
            ],
            "train.courtlistener.jsonl",
        ),
        "cpt",
        {"text": Has("OPINION OF THE COURT", BODIES[0])},
        rows=4,
    ),
    wild(
        "crawl with language scores and a collection",
        jsonl(
            [
                {
                    "id": i,
                    "document_lang": "eng_Latn",
                    "scores": [0.9, 0.8],
                    "langs": ["eng_Latn", "eng_Latn"],
                    "text": LONG_BODIES[i],
                    "url": "https://h.example",
                    "collection": "wide17",
                }
                for i in range(4)
            ],
            "eng.jsonl",
        ),
        "cpt",
        {"text": LONG_BODIES[0]},
        rows=4,
    ),
    wild(
        "gutenberg file with its licence",
        plain(
            "\ufeffThe Project Gutenberg eBook of A Walk along the Dyke\r\n\r\nThis ebook is for the use of "
            "anyone anywhere in the United States.\r\n\r\nTitle: A Walk along the Dyke\r\n\r\n*** START OF "
            "THE PROJECT GUTENBERG EBOOK A WALK ALONG THE DYKE ***\r\n\r\n"
            + "\r\n\r\n".join(f"CHAPTER {n}\r\n\r\n{x}" for n, x in zip(["I", "II", "III", "IV"], BODIES, strict=False))
            + "\r\n\r\n*** END OF THE PROJECT GUTENBERG EBOOK A WALK ALONG THE DYKE ***\r\n",
            "pg12345.txt",
        ),
        "cpt",
    ),
)
"""Datasets of texts: crawls, papers, books, laws, code."""
