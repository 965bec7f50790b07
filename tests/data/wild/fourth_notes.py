"""A person's own notes, transcripts, mails and code.

Owns the layouts. Must not know the workbench.
"""

from __future__ import annotations

import json

from tests.data.wild.fourth_pool import (
    ANSWERS,
    ARTICLES,
    BODIES,
    CODES,
    QUESTIONNAIRE,
    QUESTIONS,
    TITLES,
    plain,
    zipped,
)
from tests.data.wild.table import Has, Turn, Wild, array, wild


def _stamp(seconds: int, separator: str) -> str:
    return f"00:{seconds // 60:02d}:{seconds % 60:02d}{separator}000"


SENTENCES = [s.strip() + "." for x in BODIES[:3] for s in x.rstrip(".").split(". ")]


def _letter(i: int, q: str, a: str) -> bytes:
    return (
        f"From: Ada <ada@x.example>\r\nTo: Bo <bo@y.example>\r\nSubject: {TITLES[i]}\r\nDate: Mon, 0{i + 1} "
        f"Jan 2024 10:00:00 +0100\r\nMessage-ID: <{i}@x.example>\r\nMIME-Version: 1.0\r\nContent-Type: "
        f"text/plain; charset=utf-8\r\n\r\nDear Bo,\r\n\r\n{BODIES[i]}\r\n\r\nYours,\r\nAda\r\n".encode()
    )


def _notebook(number: int) -> bytes:
    return json.dumps(
        {
            "cells": [
                {"cell_type": "markdown", "metadata": {}, "source": [f"# {TITLES[number]}\n", BODIES[number]]},
                {
                    "cell_type": "code",
                    "execution_count": 1,
                    "metadata": {},
                    "outputs": [{"name": "stdout", "output_type": "stream", "text": ["ok\n"]}],
                    "source": CODES[number].splitlines(True),
                },
            ],
            "metadata": {
                "kernelspec": {"name": "python3", "display_name": "Python 3"},
                "language_info": {"name": "python"},
            },
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    ).encode()


def _post(i: int, kind: int, parent: int, title: str, body: str, accepted: int | str = "") -> str:
    extra = (
        f' ParentId="{parent}"'
        if parent
        else f' Title="{title}" Tags="&lt;baking&gt;" AnswerCount="1"'
        + (f' AcceptedAnswerId="{accepted}"' if accepted else "")
    )
    return (
        f'  <row Id="{i}" PostTypeId="{kind}"{extra} CreationDate="2020-01-01T00:00:00.000" '
        f'Score="{5 - kind}" Body="&lt;p&gt;{body}&lt;/p&gt;&#xA;" OwnerUserId="7" />\n'
    )


NOTES: tuple[Wild, ...] = (
    wild(
        "vault of notes with front matter and links",
        {
            f"Vault/{('Places' if i % 2 else 'Crafts')}/{t}.md": "---\ntags:\n  - history\ncreated: "
            f"2024-01-0{i + 1}\naliases: []\n---\n# "
            f"{t}\n\n{x}\n\nSee also "
            f"[[{TITLES[i - 1]}]] and #history.\n".encode()
            for i, (t, x) in enumerate(ARTICLES[:5])
        },
        "cpt",
        *({"text": Has(x)} for x in BODIES[:5]),
        rows=5,
    ),
    wild(
        "org file with headings",
        plain(
            "#+TITLE: Notes on crafts\n#+AUTHOR: Me\n\n"
            + "".join(
                f"* {t}                                   :craft:\n:PROPERTIES:\n:ID: {i}\n:END:\n\n{x}\n\n"
                for i, (t, x) in enumerate(ARTICLES[:5])
            ),
            "notes.org",
        ),
        "cpt",
    ),
    wild(
        "dump of a wiki in xml",
        plain(
            '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" '
            'xml:lang="en">\n<siteinfo><sitename>Harbour Wiki</sitename></siteinfo>\n'
            + "".join(
                f"<page><title>{t}</title><ns>0</ns><id>{i}</id><revision><id>{i}0</id><timestamp>"
                "2024-01-01T00:00:00Z</timestamp><contributor><username>Falk</username></contributor><model>"
                f'wikitext</model><format>text/x-wiki</format><text bytes="{len(x)}" '
                f"xml:space=\"preserve\">'''{t}''' is told here. {x}\n\n== Sources ==\n* [[Parish "
                "archive]]</text></revision></page>\n"
                for i, (t, x) in enumerate(ARTICLES[:4], 1)
            )
            + "</mediawiki>\n",
            "harbourwiki-pages-articles.xml",
        ),
        "cpt",
        {"text": Has(BODIES[0])},
        rows=4,
    ),
    wild(
        "notebook of an elephant",
        plain(
            '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE en-export SYSTEM '
            '"http://xml.evernote.com/pub/evernote-export4.dtd">\n<en-export export-date="20240101T000000Z" '
            'application="Evernote" version="10">\n'
            + "".join(
                f"<note><title>{t}</title><created>20240101T000000Z</created><content><![CDATA[<?xml "
                'version="1.0" encoding="UTF-8"?><!DOCTYPE en-note SYSTEM '
                f'"http://xml.evernote.com/pub/enml2.dtd"><en-note><div>{x}</div></en-note>]]></content>'
                "</note>\n"
                for t, x in ARTICLES[:4]
            )
            + "</en-export>\n",
            "My Notes.enex",
        ),
        "cpt",
        {"text": Has(BODIES[0])},
        rows=4,
    ),
    wild(
        "export of a blog in rss",
        plain(
            '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" '
            'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
            'xmlns:wp="http://wordpress.org/export/1.2/"><channel><title>Dyke Blog</title>\n'
            + "".join(
                f"<item><title>{t}</title><link>https://b.example/{i}</link><content:encoded><![CDATA[<!-- "
                f"wp:paragraph --><p>{x}</p><!-- /wp:paragraph -->]]></content:encoded><wp:post_type>post</wp:"
                "post_type><wp:status>publish</wp:status></item>\n"
                for i, (t, x) in enumerate(ARTICLES[:4])
            )
            + "</channel></rss>\n",
            "dykeblog.WordPress.2024-01-01.xml",
        ),
        "cpt",
        {"text": Has(BODIES[0])},
        rows=4,
    ),
    wild(
        "subtitles of a film",
        plain(
            "\ufeff"
            + "".join(
                f"{i + 1}\r\n{_stamp(i * 5, ',')} --> {_stamp(i * 5 + 4, ',')}\r\n{s}\r\n\r\n"
                for i, s in enumerate(SENTENCES)
            ),
            "harbour.en.srt",
        ),
        "cpt",
        {"text": Has("The ferry of Oldmere crossed the strait")},
    ),
    wild(
        "captions of an interview with voices",
        plain(
            "WEBVTT\n\n"
            + "".join(
                f"{_stamp(i * 8, '.')} --> {_stamp(i * 8 + 7, '.')}\n<v {n}>{s}</v>\n\n"
                for i, (n, s) in enumerate(
                    [
                        ("Interviewer", "How did you come to found bells?"),
                        ("Marta Grün", "My uncle needed somebody small who could climb into the pit."),
                        ("Interviewer", "Were you afraid?"),
                        ("Marta Grün", "Only of the bill if it cracked."),
                        ("Interviewer", "Which bell are you proudest of?"),
                        ("Marta Grün", "The little one at Harrow Ford, it is true to a hair."),
                    ]
                )
            ),
            "interview.vtt",
        ),
        "sft cpt",
    ),
    wild(
        "transcripts of a listener in json",
        {
            f"episode{i}.json": json.dumps(
                {
                    "text": " " + BODIES[i],
                    "segments": [
                        {
                            "id": k,
                            "seek": 0,
                            "start": k * 5.0,
                            "end": k * 5.0 + 5,
                            "text": " " + s.rstrip(".") + ".",
                            "tokens": [50364, 440, 291],
                            "temperature": 0.0,
                            "avg_logprob": -0.2,
                            "compression_ratio": 1.5,
                            "no_speech_prob": 0.01,
                        }
                        for k, s in enumerate(BODIES[i].split(". "))
                    ],
                    "language": "en",
                }
            ).encode()
            for i in range(4)
        },
        "cpt",
        {"text": Has(BODIES[0])},
        rows=4,
    ),
    wild(
        "letters in single files",
        {f"mail/{i:03d}.eml": _letter(i, QUESTIONS[i], ANSWERS[i]) for i in range(5)},
        "cpt sft",
        {"text": Has("crossed the strait")},
        {"messages": Has("crossed the strait")},
    ),
    wild(
        "tree of program files",
        {
            "app/words.py": CODES[0].encode(),
            "app/count.py": CODES[1].encode(),
            "app/fib.py": (CODES[2] + "\n\nprint(fib(10))\n").encode(),
            "web/index.js": b"export function add(a, b) {\n  return a + b;\n}\n\nconsole.log(add(1, 2));\n",
            "db/schema.sql": b"CREATE TABLE tides (\n  harbour TEXT NOT NULL,\n  high_water TIMESTAMP\n);\n",
            "README.md": b"# Tides\n\nA small program that reads tide tables.\n",
        },
        "cpt",
    ),
    wild(
        "notebooks with cells",
        {f"nb{i}.ipynb": _notebook(i) for i in range(4)},
        "cpt",
        {"text": Has(BODIES[0], "reversed(sentence.split())")},
    ),
    wild(
        "archive of short messages in a script",
        plain(
            "window.YTD.tweets.part0 = "
            + json.dumps(
                [
                    {
                        "tweet": {
                            "id_str": str(i),
                            "created_at": "Mon Jan 01 10:00:00 +0000 2024",
                            "full_text": x.split(". ")[0] + ".",
                            "retweet_count": "0",
                            "entities": {"hashtags": [], "urls": []},
                            "lang": "en",
                        }
                    }
                    for i, x in enumerate(BODIES)
                ],
                indent=2,
            ),
            "tweets.js",
        ),
        "cpt",
        {"text": Has("The ferry of Oldmere crossed")},
    ),
    wild(
        "zip of exported pages",
        zipped(
            {
                f"Export/{t} {i:08x}.md": f"# {t}\n\nCreated: January 1, 2024\nTags: craft\n\n{x}\n".encode()
                for i, (t, x) in enumerate(ARTICLES[:5])
            },
            "Export-1234.zip",
        ),
        "cpt",
        *({"text": Has(x)} for x in BODIES[:5]),
        rows=5,
    ),
    wild(
        "posts of a question site in xml",
        plain(
            '\ufeff<?xml version="1.0" encoding="utf-8"?>\n<posts>\n'
            + "".join(
                _post(2 * i + 1, 1, 0, q.rstrip("?"), q + " I have tried everything.", 2 * i + 2)
                + _post(2 * i + 2, 2, 2 * i + 1, "", a.replace("'", "&#39;"))
                for i, (q, a, _) in enumerate(QUESTIONNAIRE[:4])
            )
            + "</posts>\n",
            "Posts.xml",
        ),
        "sft",
        {"messages": [Turn("user", "I have tried everything"), Turn("assistant", ANSWERS[0])]},
        usable=4,
    ),
    wild(
        "recipes of a family",
        array(
            [
                {"title": t, "servings": 4, "ingredients": g, "steps": s}
                for t, g, s in [
                    (
                        "Rye bread",
                        ["500 g rye flour", "400 ml water", "100 g sourdough", "10 g salt"],
                        ["Mix everything and let it rest overnight.", "Bake for an hour at 220 degrees."],
                    ),
                    (
                        "Pea soup",
                        ["300 g split peas", "1 leek", "2 carrots"],
                        ["Soak the peas.", "Simmer everything for two hours."],
                    ),
                    (
                        "Apple cake",
                        ["4 apples", "200 g flour", "100 g butter"],
                        ["Make a crumbly dough.", "Lay the apples on it and bake."],
                    ),
                    (
                        "Pickled herring",
                        ["4 herrings", "2 onions", "300 ml vinegar"],
                        ["Salt the fish.", "Cover with vinegar and onions for three days."],
                    ),
                ]
            ],
            "recipes.json",
        ),
        "sft cpt",
        {"messages": [Turn("user", "Rye bread"), Turn("assistant", "rest overnight")]},
        {"text": Has("Rye bread", "rest overnight")},
        rows=4,
    ),
)
"""A person's own notes, transcripts, mails and code."""
