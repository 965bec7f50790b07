"""XML that is damaged, hostile or no data: what was read stays, and the rest is said in a phrase or a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.data.archives_made import ignored, made, names
from tests.data.xml_made import POSTS, WIKI, read, reasons
from workbench.data import readers
from workbench.data.readers import BadRecord, Record, Unreadable, tree_of_xml
from workbench.data.readers.records import BAD_TEXT, TOO_LONG
from workbench.data.survey import inspect

MIB = 2**20


def test_what_was_read_before_a_break_stays(tmp_path: Path) -> None:
    whole = "<r>\n<a>one</a>\n<a>two</a>\n<a>three</a>\n</r>"
    for broken, rest, line in (
        (whole[:-12], "the document is cut off", 4),
        (whole.replace("three<", "three<b<"), "not well-formed XML from here on", 4),
        (whole.replace("three", "&unknown;"), "not well-formed XML from here on", 4),
        (whole.replace("three", "<d>" * 300), "nested too deeply", 4),
    ):
        found = read(tmp_path, broken)
        assert [record.value["text"] for record in found[:-1] if isinstance(record, Record)] == ["one", "two"]
        assert found[-1] == BadRecord(str(tmp_path / "x.xml"), line, rest)
    assert read(tmp_path, "<note><b>Some words</b> and")[0][2] == {"text": "Some words and"}


@pytest.mark.parametrize(
    ("whole", "why"),
    [
        ("no markup at all", "is damaged or no XML: line 1"),
        ("<a" + "<b>" * 10, "is damaged or no XML"),
        ("<a>" * 5000, "nested too deeply"),
        ('<!DOCTYPE r [<!ENTITY a "b">]><r><c>&a;</c><c>d</c></r>', "defines entities of its own"),
        ('<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><r>&a;</r>', "defines entities of its own"),
        ('<!DOCTYPE r [<!ENTITY % p SYSTEM "http://a.b/c"> %p;]><r>d</r>', "defines entities of its own"),
        ("<svg xmlns='http://www.w3.org/2000/svg'><path/></svg>", "is a picture (SVG)"),
        ("<plist version='1.0'><dict/></plist>", "is a list of settings"),
    ],
)
def test_what_is_no_data_is_refused_in_a_sentence(tmp_path: Path, whole: str, why: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(tmp_path, whole)
    assert why in str(refused.value)
    assert str(refused.value).endswith(".")


def test_a_row_beyond_the_limits_costs_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_of_xml, "MAX_RECORD_BYTES", MIB)
    monkeypatch.setattr(tree_of_xml, "MAX_ELEMENTS", 70_000)
    for long, why in (("x" * 2 * MIB, TOO_LONG), ("<b/>" * 70_001, "the record has more than 70\xa0000 elements")):
        found = read(tmp_path, f"<r><a>one</a><a>{long}</a><a>three</a></r>")
        assert [record[2] for record in found] == [{"text": "one"}, why, {"text": "three"}]


def test_a_tag_or_names_without_end_stop_the_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_of_xml, "MAX_TOKEN_BYTES", MIB)
    monkeypatch.setattr(tree_of_xml, "MAX_NAMES", 500)
    start = "<r><a>one</a><a>two</a>"
    for rest, why in (
        (f"<!--{'x' * 2 * MIB}--></r>", "a tag is longer than 1 MiB"),
        ("".join(f"<b{number}/>" for number in range(50_000)) + "</r>", "there are more than 500 different names"),
    ):
        found = read(tmp_path, start + rest)
        assert [record[2] for record in found] == [{"text": "one"}, {"text": "two"}, why]


def test_wrong_bytes_cost_the_row_they_stand_in(tmp_path: Path) -> None:
    good = "<a>Grüße aus dem schönen Köln</a>"
    found = read(tmp_path, f"<r>{good * 6}<a>\x01b".encode() + b"\xff" + f"c</a>{good}<a>\x01ok</a></r>".encode())
    assert reasons(found) == [BAD_TEXT]
    assert [record.value["text"] for record in found[-2:] if isinstance(record, Record)][-1] == "ok"
    assert len(found) == 9


def test_what_else_is_written_in_xml_stays_what_it_is(tmp_path: Path) -> None:
    web = '<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "a" "b">\n<html xmlns="u"><body><p>Words.</p></body></html>'
    assert [member.kind for member in readers.listing(made(tmp_path, "page.xml", web.encode())).members] == ["html"]
    folder = tmp_path / "folder"
    for name in ("a.svg", "b.plist"):
        made(folder, name, b"<a/>")
    made(folder, "rows.xml", b"<r><a>one</a><a>two</a></r>")
    assert names(folder) == ["rows.xml"]
    assert ignored(folder) == {"a.svg": "no reader for .svg", "b.plist": "no reader for .plist"}


@pytest.mark.parametrize("inside", ["<?a b?>", '<?xml:namespace prefix = o ns = "u" />', "<?php echo 1 ?>", "<!-- -->"])
def test_an_instruction_inside_a_page_or_a_feed_is_no_text(tmp_path: Path, inside: str) -> None:
    web = f"<html><body><p>Some {inside}words.</p></body></html>"
    assert [record[2] for record in read(tmp_path, web, "x.html")] == [{"text": "Some words."}]
    feed = (
        f"<rss><channel><item><description><![CDATA[<p>Some {inside}words.</p>]]></description></item></channel></rss>"
    )
    assert [record[2] for record in read(tmp_path, feed)] == [{"title": "", "text": "Some words."}]


SAMPLES = [
    WIKI.encode(),
    POSTS.encode(),
    b"<faq><qa><q>A?</q><a>B.</a></qa><qa><q>C?</q><a>D <b>e</b>.</a></qa></faq>",
    b"<tmx><body><tu><tuv xml:lang='en'><seg>a</seg></tuv><tuv lang='de'><seg>b</seg></tuv></tu></body></tmx>",
    b"<TEI><text><body><div><head>a</head><p>b <hi>c</hi></p></div></body></text></TEI>",
    b"<rss><channel><item><title>a</title><description>&lt;p&gt;b</description></item></channel></rss>",
]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sample=st.sampled_from(SAMPLES),
    edits=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 12), st.binary(max_size=6)), max_size=4),
    pieces=st.lists(st.sampled_from([b"<a>", b"</a>", b"<", b"&", b"]]>", b"<!", b"<?", b"\xff", b"\0"]), max_size=2),
)
def test_mutated_files_give_records_or_one_sentence(
    tmp_path: Path, sample: bytes, edits: list[tuple[int, int, bytes]], pieces: list[bytes]
) -> None:
    whole = bytearray(sample)
    for place, length, new in [*edits, *((len(sample) // 2, 0, piece) for piece in pieces)]:
        start = place % (len(whole) + 1)
        whole[start : start + length] = new
    path = made(tmp_path, "x.xml", bytes(whole))
    sentence = "."
    try:
        found = inspect({"paths": [str(path)]})
    except Unreadable as refused:
        sentence = str(refused)
    else:
        assert found["rows"] == found["usable"] + sum(entry["count"] for entry in found["quarantined"]) > 0
    assert sentence.endswith(".")
    assert "\n" not in sentence
