"""DOCX and EPUB: the text of documents made by hand, what is refused of hostile ones, and all documents in a folder."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.data.documents_made import PAIRS, QUESTIONS, article, lines, packed, pdf, refusal, zipped
from workbench.data import readers
from workbench.data.readers import BadRecord, Record, Unreadable, office, passages

# DOCX

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STYLES = f"""<w:styles xmlns:w="{WORD}"><w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>
<w:style w:styleId="Titel"><w:name w:val="Title"/></w:style>
<w:style w:styleId="Verzeichnis1"><w:name w:val="toc 1"/></w:style>
</w:styles>"""


def docx(body: str) -> bytes:
    """Return a DOCX with a body."""
    names = f'xmlns:w="{WORD}" xmlns:mc="mc"'
    document = f'<?xml version="1.0"?><w:document {names}><w:body>{body}<w:sectPr/></w:body></w:document>'
    return zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": document, "word/styles.xml": STYLES})


def para(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


LISTED = '<w:numPr><w:ilvl w:val="{}"/><w:numId w:val="1"/></w:numPr>'


def test_docx_paragraphs_headings_lists_and_tables() -> None:
    row = "<w:tr>" + "".join(f"<w:tc>{para(cell)}</w:tc>" for cell in ("{}", "{}")) + "</w:tr>"
    body = (
        para("The title", '<w:pStyle w:val="Titel"/>')
        + para("Contents 1", '<w:pStyle w:val="Verzeichnis1"/>')
        + para("A heading", '<w:pStyle w:val="berschrift1"/>')
        + para("Another", '<w:pStyle w:val="Heading2"/>')
        + para("By outline", '<w:outlineLvl w:val="2"/>')
        + "<w:p><w:r><w:t xml:space='preserve'>One </w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>para</w:t></w:r><w:r>"
        "<w:t>graph</w:t><w:tab/><w:t>a</w:t><w:br/><w:t>b &amp; c</w:t></w:r></w:p>"
        + para("first", LISTED.format(0)) + para("inner", LISTED.format(1)) + para("second", LISTED.format(0))
        + para("") + para("no item", '<w:numPr><w:numId w:val="0"/></w:numPr>')
        + "<w:tbl>" + row.format("n", "v") + row.format("a|b", "2") + "</w:tbl>"
        + "<w:tbl><w:tr><w:tc>" + para("layout") + para("of two") + "</w:tc></w:tr></w:tbl>"
        + para("The end.")
    )  # fmt: skip
    assert article(docx(body), "docx") == (
        "# The title\n\n# A heading\n\n## Another\n\n### By outline\n\nOne paragraph\ta\nb & c\n\n- first\n  - inner\n"
        "- second\n\nno item\n\n| n | v |\n| a\\|b | 2 |\n\nlayout\n\nof two\n\nThe end."
    )


def test_docx_leaves_out_what_is_deleted_hidden_or_doubled() -> None:
    body = (
        "<w:p><w:pPr><w:tabs><w:tab w:val='left'/></w:tabs>"
        "<w:pPrChange><w:pPr><w:pStyle w:val='Titel'/></w:pPr></w:pPrChange></w:pPr>"
        "<w:r><w:t>kept</w:t></w:r><w:del><w:r><w:delText>gone</w:delText><w:t>gone</w:t></w:r></w:del>"
        "<w:ins><w:r><w:t> added</w:t></w:r></w:ins><w:moveFrom><w:r><w:t>gone</w:t></w:r></w:moveFrom>"
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>gone</w:t></w:r>"
        "<w:r><w:rPr><w:vanish w:val='0'/></w:rPr><w:t> seen</w:t></w:r>"
        "<w:r><w:instrText>HYPERLINK</w:instrText></w:r></w:p>"
        "<w:p><w:r><mc:AlternateContent><mc:Choice><w:txbxContent>" + para("box") + "</w:txbxContent></mc:Choice>"
        "<mc:Fallback><w:txbxContent>" + para("box") + "</w:txbxContent></mc:Fallback></mc:AlternateContent>"
        "</w:r><w:r><w:t>around</w:t></w:r></w:p>"
    )
    assert article(docx(body), "docx") == "kept added seen\n\nbox\n\naround"


def test_docx_of_questions_and_answers_and_an_empty_one() -> None:
    heading = '<w:pStyle w:val="Heading2"/>'
    faq = docx("".join(para(question, heading) + para(answer) for question, answer in QUESTIONS))
    assert [record.value for record in readers.read(packed(faq, "docx"))] == PAIRS  # type: ignore[union-attr]
    assert list(readers.read(packed(docx(para(" ")), "docx"))) == [BadRecord("x.docx", 1, "the document holds no text")]


def test_docx_finds_its_main_part_by_its_relation() -> None:
    target = 'Type="http://x/relationships/officeDocument" Target="/word/document2.xml"'
    relations = f"<Relationships><Relationship {target}/></Relationships>"
    document = f'<w:document xmlns:w="{WORD}"><w:body>{para("text")}</w:body></w:document>'
    assert article(zipped({"_rels/.rels": relations, "word/document2.xml": document}), "docx") == "text"


BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
FILE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("prologue", [BOMB, FILE])
def test_entities_are_refused(prologue: str) -> None:
    document = f'{prologue}<w:document xmlns:w="{WORD}"><w:body>{para("&a;")}</w:body></w:document>'
    assert "entities" in refusal(zipped({"word/document.xml": document}), "docx")
    container = prologue + '<container><rootfile full-path="a.opf"/>&a;</container>'
    assert "entities" in refusal(zipped({"META-INF/container.xml": container}), "epub")


def test_docx_that_grows_beyond_measure_is_refused() -> None:
    with_bomb = docx(para("x" * (20 * 2**20)))
    assert len(with_bomb) < 100_000
    assert "beyond all measure" in refusal(with_bomb, "docx")


def test_budget_counts_all_parts_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office, "MAX_RECORD_BYTES", 10_000)
    chapters = {f"c{number}": f"<p>{'word ' * 500}</p>" for number in range(5)}
    assert article(epub(dict(list(chapters.items())[:2])), "epub").count("word") == 1000
    assert "beyond all measure" in refusal(epub(chapters), "epub")


def test_docx_deep_nesting_many_parts_locked_and_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "is damaged" in refusal(docx("<w:x>" * 100_000 + "</w:x>" * 100_000), "docx")
    good = docx(para("text"))
    assert "is damaged" in refusal(good[:-30], "docx")
    assert "is damaged" in refusal(b"PK\x03\x04" + b"x" * 99, "docx")
    assert "is damaged" in refusal(zipped({"a": "b"}), "docx")
    assert "is damaged" in refusal(docx("<w:p>"), "docx")
    assert "password" in refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99, "docx")
    monkeypatch.setattr(office, "MAX_PARTS", 2)
    assert "more than 2 parts" in refusal(good, "docx")


def test_office_files_damaged_anywhere_give_text_or_one_sentence() -> None:
    rng = random.Random(7)
    outcomes = set()
    for kind, content in (("docx", docx(para("text") * 50)), ("epub", epub({"a": "<p>text</p>", "b": "<p>more</p>"}))):
        for _ in range(80):
            broken = bytearray(content)
            for _ in range(rng.choice([1, 5, 50])):
                broken[rng.randrange(len(broken))] = rng.randrange(256)
            try:
                outcomes |= {type(record) for record in readers.read(packed(bytes(broken), kind))}
            except Unreadable as error:
                outcomes.add(type(error))
    assert outcomes <= {Record, BadRecord, Unreadable}
    assert {Record, Unreadable} <= outcomes


# EPUB


def epub(chapters: Mapping[str, str], **parts: str) -> bytes:
    """Return a book whose chapters are read in the given order, and stored in another."""
    items = "".join(
        f'<item id="{name}" href="text/{name}%20x.xhtml" media-type="application/xhtml+xml"/>'
        for name in sorted(chapters)
    )
    spine = "".join(f'<itemref idref="{name}"/>' for name in chapters)
    package = (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf"><metadata/><manifest>'
        '<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>'
        '<item id="css" href="a.css" media-type="text/css"/>'
        '<item id="note" href="note.xhtml" media-type="application/xhtml+xml"/>'
        f'{items}</manifest><spine><itemref idref="nav"/><itemref idref="note" linear="no"/>{spine}</spine></package>'
    )
    page = '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>{}</body></html>'
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container xmlns="x"><rootfile full-path="OEBPS/a.opf"/></container>',
            "OEBPS/a.opf": package,
            "OEBPS/nav.xhtml": page.format("<nav>no</nav><p>no</p>"),
            "OEBPS/note.xhtml": page.format("<p>no</p>"),
            **{f"OEBPS/text/{name} x.xhtml": page.format(text) for name, text in chapters.items()},
            **{f"META-INF/{name}.xml": content for name, content in parts.items()},
        }
    )


def test_epub_chapters_come_in_the_order_of_the_spine() -> None:
    book = epub({"b": "<h1>One</h1><p>Text &amp; more.</p>", "a": "<h1>Two</h1><p>The end.</p>"})
    assert article(book, "epub") == "# One\n\nText & more.\n\n# Two\n\nThe end."


def test_epub_long_book_in_parts() -> None:
    chapters = {
        f"c{number}": "".join(f"<p>Chapter {number}, paragraph {one}: {'word ' * 60}</p>" for one in range(60))
        for number in range(20)
    }
    found = list(readers.read(packed(epub(chapters), "epub")))
    assert [record.line for record in found] == list(range(1, len(found) + 1))
    texts = [record.value["text"] for record in found if isinstance(record, Record)]
    assert len(texts) == len(found) > 10
    assert all(len(text) < 2 * passages.PART for text in texts)
    assert sum(text.count("paragraph") for text in texts) == 1200


def test_epub_of_questions_and_answers() -> None:
    book = epub({"a": "".join(f"<h2>{question}</h2><p>{answer}</p>" for question, answer in QUESTIONS)})
    assert [record.value for record in readers.read(packed(book, "epub"))] == PAIRS  # type: ignore[union-attr]


def test_epub_protected_is_refused_and_scrambled_fonts_are_not() -> None:
    lock = '<encryption xmlns="x"><EncryptedData><EncryptionMethod Algorithm="{}"/></EncryptedData></encryption>'
    assert "DRM" in refusal(
        epub({"a": "<p>x</p>"}, encryption=lock.format("http://www.w3.org/2001/04/xmlenc#aes256-cbc")), "epub"
    )
    assert article(epub({"a": "<p>x</p>"}, encryption=lock.format("http://www.idpf.org/2008/embedding")), "epub") == "x"


def test_epub_missing_chapter_is_named_and_paths_outside_are_not_followed() -> None:
    book = epub({"a": "<p>x</p>"})
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    manifest = parts["OEBPS/a.opf"].replace(
        b"</manifest>", b'<item id="z" href="../../../etc/passwd" media-type="text/html"/></manifest>'
    )
    parts["OEBPS/a.opf"] = manifest.replace(b"</spine>", b'<itemref idref="z"/></spine>')
    assert list(readers.read(packed(zipped(parts), "epub"))) == [
        BadRecord("x.epub", 2, "a chapter is missing"),
        Record("x.epub", 1, {"text": "x"}),
    ]


# All of them, as a person gives them


def test_documents_of_a_folder_are_told_by_their_content(tmp_path: Path) -> None:
    contents = {
        "a.pdf": pdf([lines(["A page of prose."])]),
        "b.html": b"<html><body><p>A page of prose.</p></body></html>",
        "c.docx": docx(para("text")),
        "d.epub": epub({"a": "<p>x</p>"}),
        "e.md": b"# An article\n\nwith text",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    listed = readers.listing(tmp_path)
    assert [member.kind for member in listed.members] == ["pdf", "html", "docx", "epub", "markdown"]
    found = [record for member in listed.members for record in readers.read(member)]
    assert all(isinstance(record, Record) for record in found)
    assert len(found) == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(contents)
