"""XML as rows: dumps of wikis and of sites of questions, translations, feeds, prose, and rows of any name."""

from __future__ import annotations

import bz2
import gzip
import tracemalloc
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.data.archives_made import made, zipped
from tests.data.xml_made import POSTS, WIKI, dump, page, post, read, reasons, rows
from workbench.data import readers
from workbench.data.readers import Record, rows_of_xml
from workbench.data.survey import inspect

MIB = 2**20


# MediaWiki


ARTICLES = [
    {"title": "Ulm", "text": "Ulm is a town on the Danube."},
    {"title": "A: B & C", "text": "Text of C."},
]


@pytest.mark.parametrize("name", ["x.xml", "x.xml.bz2", "x.xml.gz", "dewiki-articles1.xml-p1p99.bz2", "x.zip", "x"])
def test_a_dump_of_a_wiki_gives_its_articles(tmp_path: Path, name: str) -> None:
    pack = {".bz2": bz2.compress, ".gz": gzip.compress, ".zip": lambda raw: zipped({"a/x.xml": raw})}
    found = read(tmp_path, pack.get(Path(name).suffix, bytes)(WIKI.encode()), name)
    assert [record.value for record in found if isinstance(record, Record)] == ARTICLES
    assert reasons(found) == ["the article holds no text"]
    assert [WIKI.split("\n")[record.line - 1][:13] for record in found] == ["<page><title>"] * 3


def test_the_last_revision_counts_and_other_content_is_passed_over(tmp_path: Path) -> None:
    older = "<revision><text>first</text></revision>"
    style = "<revision><model>sanitized-css</model><text>a {}</text></revision>"
    whole = dump(page("A", "last", older), f"<page><title>B</title><ns>0</ns>{style}</page>")
    assert rows(tmp_path, whole) == [{"title": "A", "text": "last"}]


def test_a_long_dump_is_read_in_the_memory_of_a_page(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    body = "word " * 20_000
    with path.open("w") as file:
        file.write("<mediawiki>")
        for number in range(300):
            file.write(page(f"P{number}", body))
        file.write("</mediawiki>")
    (member,) = readers.listing(path).members
    sum(1 for _ in readers.read(member))  # what is imported at the first reading does not count
    tracemalloc.start()
    found = sum(isinstance(record, Record) for record in readers.read(member))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == 300
    assert path.stat().st_size > 28 * MIB
    assert peak < 12 * MIB


# Translations


def test_tmx_gives_a_column_per_language(tmp_path: Path) -> None:
    whole = """<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE tmx SYSTEM "tmx14.dtd">
    <tmx version="1.4"><header srclang="en"/><body>
    <tu tuid="1"><prop type="a">b</prop><tuv xml:lang="en"><seg>The <bpt i="1">&lt;b&gt;</bpt>cat<ept i="1"/> sleeps.
    </seg></tuv><tuv xml:lang="de"><seg>Die <hi>Katze</hi> schläft.</seg></tuv></tu>
    <tu><tuv lang="en"><seg>Rain.</seg></tuv><tuv lang="de"><seg>Regen.</seg></tuv>
    <tuv lang="de"><seg>Guss.</seg></tuv></tu>
    <tu><tuv xml:lang="en"><seg/></tuv></tu></body></tmx>"""
    found = read(tmp_path, whole, "x.tmx")
    assert [record.value for record in found if isinstance(record, Record)] == [
        {"en": "The cat sleeps.", "de": "Die Katze schläft."},
        {"en": "Rain.", "de": ["Regen.", "Guss."]},
    ]
    assert reasons(found) == ["the unit holds no text"]


@pytest.mark.parametrize(
    "whole",
    [
        '<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2"><file source-language="en" '
        'target-language="fr"><body><group><trans-unit id="1"><source>Good <g id="1">night</g><x id="2"/></source>'
        "<target>Bonne nuit</target><alt-trans><target>Bonsoir</target></alt-trans></trans-unit></group></body></file>"
        "</xliff>",
        '<xliff version="2.0" srcLang="en" trgLang="fr"><file id="f"><unit id="1"><segment><source>Good</source>'
        "<target>Bonne</target></segment><segment><source><pc id='1'>night</pc></source><target>nuit</target></segment>"
        "</unit></file></xliff>",
    ],
)
def test_xliff_gives_source_and_target_by_language(tmp_path: Path, whole: str) -> None:
    assert rows(tmp_path, whole, "x.xlf") == [{"en": "Good night", "fr": "Bonne nuit"}]


# Sites of questions


def test_posts_give_questions_with_the_answer_that_was_accepted(tmp_path: Path) -> None:
    found = read(tmp_path, POSTS, "Posts.xml")
    assert [record.value for record in found if isinstance(record, Record)] == [
        {"question": "Eggs\n\nHow do I peel an egg?\n\n```\npeel()\n```", "answer": "Under water.", "score": -12}
    ]
    assert reasons(found) == ["the question or its answer holds no text"]
    assert [record.line for record in found] == [6, 8]


def test_only_so_many_questions_wait_for_their_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = "".join(post(n, 1, f"<p>Question {n}</p>", AcceptedAnswerId=str(n + 10)) for n in range(6))
    answers = "".join(post(n + 10, 2, f"<p>Answer {n}</p>") for n in range(6))
    for name, limit in (("MAX_WAITING", 3), ("MAX_WAITING_CHARACTERS", 3 * len("Question 0"))):
        with monkeypatch.context() as patch:
            patch.setattr(rows_of_xml, name, limit)
            found = rows(tmp_path, f"<posts>{asked}{answers}</posts>")
        assert [row["question"] for row in found] == ["Question 3", "Question 4", "Question 5"]
    assert len(rows(tmp_path, f"<posts>{asked}{answers}</posts>")) == 6


def test_posts_without_accepted_answers_and_other_tables_are_rows_of_attributes(tmp_path: Path) -> None:
    whole = f"<posts>{post(1, 1, '<p>A?</p>')}{post(2, 2, '<p>B.</p>')}</posts>"
    assert [row["Body"] for row in rows(tmp_path, whole)] == ["A?", "B."]
    users = b'<users><row Id="1" AboutMe="&lt;p&gt;Hi&lt;/p&gt;"/><row Id="2"/></users>'
    assert rows(tmp_path, users, "Users.xml") == [{"Id": "1", "AboutMe": "Hi"}, {"Id": "2"}]
    made(tmp_path, "site/Posts.xml", POSTS.encode())
    made(tmp_path, "site/Users.xml", users)
    found = inspect({"paths": [str(tmp_path / "site")]})
    assert (found["rows"], found["usable"]) == (2, 1)
    assert [item["reason"] for item in found["ignored"] if "Users" in item["source"]] != []


# Feeds and prose


def test_the_entries_of_feeds(tmp_path: Path) -> None:
    feed = """<rss xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Site</title>
    <item><title>One &amp;amp; two</title><description>Short.</description>
    <content:encoded><![CDATA[<p>Long <a href="x">text</a>.</p><p>More.</p>]]></content:encoded></item>
    <item><title>Three</title><description>Plain words.</description></item><item><guid>x</guid></item></channel>
    </rss>"""
    found = read(tmp_path, feed, "x.rss")
    assert [record.value for record in found if isinstance(record, Record)] == [
        {"title": "One & two", "text": "Long text.\n\nMore."},
        {"title": "Three", "text": "Plain words."},
    ]
    assert reasons(found) == ["the entry holds no text"]
    atom = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Site</title><entry><title>A</title><summary>s</summary>
    <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>First <em>one</em>.</p><p>Second.</p></div>
    </content></entry></feed>"""
    assert rows(tmp_path, atom, "x.atom") == [{"title": "A", "text": "First one.\n\nSecond."}]


def test_prose_is_one_text_with_its_headings_lists_and_code(tmp_path: Path) -> None:
    tei = """<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><title>About</title></teiHeader><text><body><div>
    <head>One</head><p>It was a <hi>dark</hi> night,<note>or so</note> and the
    <choice><sic>rian</sic><corr>rain</corr></choice> fell.</p><lg><l>Roses</l><l>violets</l></lg>
    <div><head>Two</head><p><hi>Bold</hi> and <abbr>etc.</abbr></p></div></div></body></text></TEI>"""
    text = "# One\n\nIt was a dark night, and the rain fell.\n\nRoses\nviolets\n\n## Two\n\nBold and etc."
    assert rows(tmp_path, tei) == [{"text": text}]
    assert rows(tmp_path, f"<teiCorpus><teiHeader/>{tei}{tei}</teiCorpus>") == [{"text": text}] * 2
    book = """<?xml version="1.0"?><!DOCTYPE book PUBLIC "-//OASIS//DTD DocBook XML V4.5//EN" "docbookx.dtd">
    <book><bookinfo><title>B</title><author>A</author></bookinfo><chapter><title>C</title><para>Some&nbsp;words.</para>
    <programlisting>x = 1\n  y</programlisting><itemizedlist><listitem><para>one</para></listitem>
    <listitem><para>two</para></listitem></itemizedlist></chapter></book>"""
    assert rows(tmp_path, book) == [{"text": "# B\n\n## C\n\nSome words.\n\n```\nx = 1\n  y\n```\n\n- one\n- two"}]


def test_a_document_in_which_nothing_repeats_is_a_text(tmp_path: Path) -> None:
    assert rows(tmp_path, "<note><to>Ann</to><body>Some <b>bold</b> words.</body></note>") == [
        {"text": "Ann\n\nSome bold words."}
    ]


# Any other

CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufdd0\ufffe\uffff"))


@pytest.mark.parametrize(
    ("whole", "found"),
    [
        ("<faq><v>1</v><qa id='1'><q>A?</q><a>B.</a></qa><qa id='2'><q>C?</q><a>D <b>e</b>.</a></qa></faq>",
         [{"id": "1", "q": "A?", "a": "B."}, {"id": "2", "q": "C?", "a": "D e."}]),
        ("<f><s n='x'><qa><q>A?</q><a>B.</a></qa><qa><q>C?</q><a>D.</a></qa></s><s><qa><q>E?</q><a>F.</a></qa></s></f>",
         [{"q": "A?", "a": "B."}, {"q": "C?", "a": "D."}, {"q": "E?", "a": "F."}]),
        ("<d><about>x</about><pairs><pair><q>A?</q></pair><pair><q>B?</q></pair></pairs></d>",
         [{"q": "A?"}, {"q": "B?"}]),
        ("<r><row><field name='a'>1</field><field name='b'>2</field></row><row><field name='a'>3</field></row></r>",
         [{"a": "1", "b": "2"}, {"a": "3"}]),
        ("<r><d><t>a</t><t>b</t></d><d><t>c</t></d></r>", [{"t": ["a", "b"]}, {"t": "c"}]),
        ("<r><m name='a'>one <i>text</i></m><m text='b'>two</m></r>",
         [{"name": "a", "text": "one text"}, {"text": "b", "content": "two"}]),
        ("<r><c><turn speaker='A'>Hi.</turn><turn speaker='B'>Ho.</turn></c><c><turn speaker='A'>x</turn></c></r>",
         [{"turn": [{"speaker": "A", "text": "Hi."}, {"speaker": "B", "text": "Ho."}]},
          {"turn": {"speaker": "A", "text": "x"}}]),
        ("<r><c><turns><turn><role>user</role><content>Hi.</content></turn></turns></c><c><turns/></c></r>",
         [{"turns": [{"role": "user", "content": "Hi."}]}, {"turns": ""}]),
        ("<r><a><x><k>1</k><l>2</l></x></a><a><x>3</x></a></r>", [{"x": {"k": "1", "l": "2"}}, {"x": "3"}]),
        ("<doc id='1'>one &amp; a</doc>\n<doc id='2'>two</doc>\n",
         [{"id": "1", "text": "one & a"}, {"id": "2", "text": "two"}]),
        ("<x:r xmlns:x='u' xmlns:y='v'><x:a y:b='1'/><x:a y:b='2'/></x:r>", [{"b": "1"}, {"b": "2"}]),
    ],
)  # fmt: skip
def test_what_is_repeated_is_a_row(tmp_path: Path, whole: str, found: list[dict[str, Any]]) -> None:
    if "<turns/>" in whole:
        assert [record.value for record in read(tmp_path, whole) if isinstance(record, Record)] == found[:1]
    else:
        assert rows(tmp_path, whole) == found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cells=st.lists(st.tuples(CELL, CELL), min_size=2, max_size=5),
    encoding=st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]),
)  # fmt: skip
def test_cells_come_back_from_every_encoding(tmp_path: Path, cells: list[tuple[str, str]], encoding: str) -> None:
    body = "".join(f"<row id='1'><a>{escape(a)}</a><b>{escape(b)}</b></row>" for a, b in cells)
    whole = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>\n<rows>{body}</rows>'
    assert rows(tmp_path, whole.encode(encoding)) == [{"id": "1", "a": a.strip(), "b": b.strip()} for a, b in cells]


@pytest.mark.parametrize("encoding", ["iso-8859-1", "koi8-r", "shift_jis", "gb18030"])
def test_a_declared_encoding_counts(tmp_path: Path, encoding: str) -> None:
    words = {"iso-8859-1": "café", "koi8-r": "слово", "shift_jis": "日本語", "gb18030": "中文"}[encoding]
    whole = f'<?xml version="1.0" encoding="{encoding}"?><r><a>{words}</a><a>plain</a></r>'
    assert rows(tmp_path, whole.encode(encoding)) == [{"text": words}, {"text": "plain"}]
