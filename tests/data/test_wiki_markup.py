"""Wiki markup as plain text: each kind of mark, and marks that are never closed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data.readers.text_of_wiki import plain


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("'''Ulm''' is ''a'' town.", "Ulm is a town."),
        ("in [[Baden-Württemberg|Württemberg]] on the [[Danube]]", "in Württemberg on the Danube"),
        ("the [[Danube (river)|]] and [[:Category:Rivers]]", "the Danube and Category:Rivers"),
        ("a{{cite|b={{c}}|d=[[e]]}} f", "a f"),
        ("Ulm ({{IPA|x}}; {{lang|y}}) lies", "Ulm lies"),
        ("a<ref name=\"b\">c {{d}}</ref> e<ref name=f /> g", "a e g"),
        ("a<!-- b\n\nc --> d", "a d"),
        ("x [[File:a.jpg|thumb|The [[minster]] of [[Ulm]]]] y", "x y"),
        ("x [[Kategorie:Ort]][[en:Ulm]] y", "x y"),
        ("a\n{| class=\"w\"\n! b\n|-\n| {{c}} || [[d|e]]\n|}\nf", "a\n\nf"),
        ("{{Box\n|a = {|\n| b\n|}\n}}\nText.", "Text."),
        ("== A ==\ntext\n=== B ===\n{{c}}\n== D ==\nmore\n== E ==\n", "## A\n\ntext\n\n## D\n\nmore"),
        ("* a\n** b\n# c\n# d\n; e\n: f", "- a\n  - b\n1. c\n2. d\ne\nf"),
        ("see [https://a.b the site] or [https://c.d]", "see the site or"),
        ("<math>E = m\n c^2</math> holds", "$E = m c^2$ holds"),
        ('<syntaxhighlight lang="c">\nif (a[[0]] < 1) {{x}}\n</syntaxhighlight>', "```\nif (a[[0]] < 1) {{x}}\n```"),
        ("<nowiki>[[a]]</nowiki> &amp; <b>c</b><br/>d", "[[a]] & c\nd"),
        ("__NOTOC__ a&nbsp;– b , c", "a\xa0– b, c"),
        ("open [[link and {{template\n\nnext", "open [[link and\n\nnext"),
        ("closed }} and ]] alone", "closed and ]] alone"),
        ("", ""),
    ],
)  # fmt: skip
def test_wiki_markup_becomes_plain_text(markup: str, text: str) -> None:
    assert plain(markup, frozenset(("file", "kategorie"))) == text


WORDS = st.sampled_from(
    [
        "[[",
        "]]",
        "{{",
        "}}",
        "{|",
        "|}",
        "\n",
        "|",
        "<ref>",
        "</ref>",
        "<!--",
        "-->",
        "=",
        "''",
        "*",
        " ",
        "word",
        "<br/>",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(WORDS, max_size=40).map("".join))
def test_any_markup_gives_text_without_marks_that_were_closed(markup: str) -> None:
    text = plain(markup)
    assert "\n\n\n" not in text
    assert text == text.strip()
    assert text.count("word") <= markup.count("word")
    assert "''" not in text


@pytest.mark.parametrize(
    "piece", ["[[", "{{", "[[a|", "\n{|", "<ref>", "<ref ", "<!--", "[http://a b ", "<math>", "( "]
)
def test_markup_that_never_ends_takes_time_in_proportion(piece: str) -> None:
    # With time that grew with the square, this would take hours.
    assert isinstance(plain(piece * 200_000), str)
