"""Mails, subtitles, notebooks, documents and source code: what somebody wrote or said, without what surrounds it."""

from __future__ import annotations

import email.policy
import json
import time
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.data.archives_made import ignored, made, names
from workbench.data import readers
from workbench.data.readers import BadRecord, Record, kinds, passages, text_of_mail
from workbench.data.readers.listing import CODE, PROSE
from workbench.data.readers.records import TOO_LONG


def read(path: Path) -> list[Record | BadRecord]:
    return [record for member in readers.listing(path).members for record in readers.read(member)]


def texts(path: Path) -> list[str]:
    found = read(path)
    assert all(isinstance(record, Record) and list(record.value) == ["text"] for record in found), found
    return [record.value["text"] for record in found if isinstance(record, Record)]


def faults(path: Path) -> list[tuple[int, str]]:
    return [(record.line, record.reason) for record in read(path) if isinstance(record, BadRecord)]


# Mails


def mail(subject: str, body: str, html: str = "", attached: bytes = b"", encoding: str | None = None) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Anna <anna@a.example>", "ben@b.example", subject
    if body:
        message.set_content(body, cte=encoding)
    if html:
        message.add_alternative(html, subtype="html")
    if attached:
        message.add_attachment(attached, maintype="application", subtype="pdf", filename="plan.pdf")
        message.add_attachment("Not me.", filename="notes.txt")
    return message.as_bytes(policy=email.policy.default)


PLAIN = mail("The boat", "Dear Ben,\n\nthe boat is green.\n")
MAILS = {
    "plain": (PLAIN, "The boat\n\nDear Ben,\n\nthe boat is green."),
    "quoted": (
        mail("Größe: 42 für Jürgen", "Schöne Grüße = viele.", encoding="quoted-printable"),
        "Größe: 42 für Jürgen\n\nSchöne Grüße = viele.",
    ),
    "base64": (mail("Привет", "Как дела?", encoding="base64"), "Привет\n\nКак дела?"),
    "twice": (mail("Both", "Plain words.", "<p>Fine <b>words</b>.</p>"), "Both\n\nPlain words."),
    "html": (
        b"Subject: Page\nContent-Type: text/html; charset=utf-8\n\n<html><body><p>Fine &amp; good.</p></body></html>",
        "Page\n\nFine & good.",
    ),
    "attached": (mail("Plan", "See below.", attached=b"%PDF-1.4 \0\1"), "Plan\n\nSee below."),
    "raw": ("Subject: Grüße\nContent-Type: text/plain; charset=no-such\n\nÄpfel\n".encode(), "Grüße\n\nÄpfel"),
    "latin": (b"Subject: x\nContent-Type: text/plain; charset=iso-8859-1\n\nK\xf6ln\n", "x\n\nKöln"),
    "no subject": (b"From: a@a.example\n\nOnly words.\n", "Only words."),
    "odd": (b"Subject: =?nonsense?= x\n\nWords.\n", "=?nonsense?= x\n\nWords."),
}


@pytest.mark.parametrize("name", MAILS)
def test_a_mail(tmp_path: Path, name: str) -> None:
    content, text = MAILS[name]
    for end in (b"\n", b"\r\n"):
        assert texts(made(tmp_path, "x.eml", content.replace(b"\r\n", b"\n").replace(b"\n", end))) == [text]


@pytest.mark.parametrize("name", ["mails.mbox", "Inbox", "Takeout.txt"])
def test_each_mail_of_a_mailbox_is_a_row(tmp_path: Path, name: str) -> None:
    begin = b"From 17293@xxx Mon Mar 04 10:00:00 +0000 2024\n"
    quoted = PLAIN.replace(b"Dear Ben", b">From here\n\nFrom then on\n\nDear Ben")
    content = b"\n".join(begin + one.replace(b"\r\n", b"\n") for one in (PLAIN, quoted, MAILS["base64"][0]))
    path = made(tmp_path, name, content)
    assert readers.listing(path).members[0].kind == "mail"
    assert texts(path) == [
        MAILS["plain"][1],
        MAILS["plain"][1].replace("Dear Ben", "From here\n\nFrom then on\n\nDear Ben"),
        MAILS["base64"][1],
    ]
    lines = content.split(b"\n")
    assert [lines[record.line - 1] for record in read(path)] == [begin.strip()] * 3


def test_mails_that_are_damaged_or_too_long_cost_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = b"From a@a.example Mon Mar 04 10:00:00 2024\n"
    nested = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (number, number) for number in range(3000)
    )
    header = b"Content-Type: text/plain" + b";" * 2_000_000 + b"\n\nx"
    empty = mail("", "", attached=b"%PDF")
    path = made(tmp_path, "x.mbox", b"\n\n".join(begin + one for one in (PLAIN, nested, header, empty, PLAIN)))
    started = time.monotonic()
    found = read(path)
    assert time.monotonic() - started < 20
    assert [record.reason for record in found if isinstance(record, BadRecord)] == [
        "nested too deeply", "the mail is damaged", "the mail holds no text"
    ]  # fmt: skip
    assert len(found) == 5
    monkeypatch.setattr(text_of_mail, "MAX_RECORD_BYTES", 300)
    long = mail("Long", "word " * 200)
    path = made(tmp_path, "y.mbox", b"\n\n".join(begin + one for one in (PLAIN, long, PLAIN)))
    assert [reason for _, reason in faults(path)] == [TOO_LONG]
    assert len(read(path)) == 3


# Subtitles

SRT = """1
00:00:01,000 --> 00:00:03,500
<i>The boat is</i>
late again.

2
00:00:04,000 --> 00:00:06,000
- Where is it?
- {\\an8}In the harbour,

3
00:00:06,500 --> 00:00:08,000
I think.
42
"""
VTT = """WEBVTT - A film
Kind: captions

NOTE written by
two people

STYLE
::cue { color: red }

intro
00:01.000 --> 00:03.500 align:start
<v Anna>The boat is

00:00:03.500 --> 00:00:04.000
The boat is
late again.

00:00:04.000 --> 00:00:06.000
<v.loud Ben>Where is it? Tom &amp; I <00:00:05.000><c>wait</c>.
"""


def test_subtitles(tmp_path: Path) -> None:
    for end in ("\n", "\r\n"):
        srt = made(tmp_path, "film.srt", ("\ufeff" + SRT.replace("\n", end)).encode())
        assert texts(srt) == ["The boat is late again.\n- Where is it?\n- In the harbour, I think.\n42"]
        vtt = made(tmp_path, "film.vtt", VTT.replace("\n", end).encode())
        assert texts(vtt) == ["Anna: The boat is late again.\nBen: Where is it? Tom & I wait."]
    assert texts(made(tmp_path, "old.srt", SRT.encode("utf-16"))) == texts(tmp_path / "film.srt")
    assert faults(made(tmp_path, "empty.vtt", b"WEBVTT\n\n00:01.000 --> 00:02.000\n\n")) == [
        (1, "the subtitles hold no text")
    ]


def test_long_subtitles_are_read_in_parts_that_hold_every_word(tmp_path: Path) -> None:
    said = [f"Line {number} says {'x' * 40}." for number in range(8000)]
    blocks = (f"{n}\n00:{n // 60 % 60:02}:{n % 60:02},000 --> 00:00:00,000\n{line}\n" for n, line in enumerate(said, 1))
    found = texts(made(tmp_path, "long.srt", "\n".join(blocks).encode()))
    assert "\n".join(found).split("\n") == said
    assert len(found) > 1
    assert max(map(len, found)) < 2 * passages.PART + 200


# Notebooks

CELLS: list[dict[str, Any]] = [
    {"cell_type": "markdown", "metadata": {}, "source": ["# Boats\n", "\n", "Some words."]},
    {"cell_type": "code", "execution_count": 1, "outputs": [{"text": ["secret"]}], "source": "x = 1\nprint(x)\n"},
    {"cell_type": "code", "outputs": [], "source": []},
    {"cell_type": "raw", "source": "The end."},
]
NOTEBOOK = {"cells": CELLS, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}


def test_a_notebook(tmp_path: Path) -> None:
    text = "# Boats\n\nSome words.\n\n```python\nx = 1\nprint(x)\n```\n\nThe end."
    assert texts(made(tmp_path, "x.ipynb", json.dumps(NOTEBOOK, indent=1).encode())) == [text]
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["y = 2"]}]}], "nbformat": 3, "metadata": {}}
    assert texts(made(tmp_path, "old.ipynb", json.dumps(old).encode())) == ["```\ny = 2\n```"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "JSON that is cut off"),
        (b"[1, 2]", "the notebook holds no text"),
        (b'{"cells": [1, {"source": 5}, {"source": [null, {}]}], "metadata": 7}', "the notebook holds no text"),
        (b"[" * 3000, "nested too deeply"),
    ],
)
def test_a_damaged_notebook_is_one_sentence(tmp_path: Path, content: bytes, reason: str) -> None:
    assert faults(made(tmp_path, "x.ipynb", content)) == [(1, reason)]


# Documents and source code


@pytest.mark.parametrize(
    ("name", "kind", "content"),
    [
        (
            "thesis.tex",
            "document",
            "\\section{Boats}\n\n" + "A long paragraph of words. " * 60 + "\n" + "And more. " * 99,
        ),
        ("index.rst", "document", "Boats\n=====\n\nSome *words*.\n\n.. note:: More."),
        ("notes.org", "document", "* Boats\n** DONE Paint\nSome words."),
        ("boats.py", "code", '# Q: Why?\n# A: So.\n\ndef sail():\n    return "User: hi"\n'),
        ("Main.java", "code", "class Main {}\n"),
        ("dump.sql", "code", "CREATE TABLE boats (id INT);\n"),
    ],
)
def test_documents_and_source_code_are_texts(tmp_path: Path, name: str, kind: str, content: str) -> None:
    path = made(tmp_path, name, content.encode())
    assert readers.listing(path).members[0].kind == kind
    assert texts(path) == [content.rstrip()]


def test_questions_in_a_program_are_no_rows(tmp_path: Path) -> None:
    content = "".join(f"Q: What is {number}?\nA: A number, {number}.\n\n" for number in range(5))
    assert texts(made(tmp_path, "quiz.py", content.encode())) == [content.rstrip()]
    assert len(read(made(tmp_path, "quiz.org", content.encode()))) == 5


def test_source_code_counts_where_it_is_most_of_a_folder(tmp_path: Path) -> None:
    program, article = b"def sail():\n    return 1\n" * 50, b"Some words about boats. " * 50
    made(tmp_path / "mixed", "article.txt", article * 3)
    made(tmp_path / "mixed", "convert.py", program)
    assert names(tmp_path / "mixed") == ["article.txt"]
    assert ignored(tmp_path / "mixed") == {"convert.py": CODE}
    made(tmp_path / "project", "docs/article.md", article)
    made(tmp_path / "project", "src/boats.py", program)
    made(tmp_path / "project", "src/tests.c", program)
    assert names(tmp_path / "project") == ["docs/article.md", "src/boats.py", "src/tests.c"]
    made(tmp_path / "rows", "boats.py", program)
    made(tmp_path / "rows", "train.jsonl", b'{"a": 1}\n' * 40)
    assert names(tmp_path / "rows") == ["train.jsonl"]
    assert ignored(tmp_path / "rows") == {"boats.py": PROSE}


def test_every_kind_has_a_reader_and_is_rows_or_prose() -> None:
    named = {*kinds.SUFFIXES.values(), "code", "chat", "whatsapp"}
    assert named == set(readers.KINDS) == kinds.TABULAR | kinds.PROSE | {"xml", "yaml"}
    assert not kinds.TABULAR & kinds.PROSE
    assert not kinds.CODE & set(kinds.SUFFIXES)
