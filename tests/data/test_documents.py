"""PDF and HTML: the text of documents made by hand, and what is refused of hostile ones."""

from __future__ import annotations

import random

import pytest

from tests.data.documents_made import PAIRS, QUESTIONS, article, lines, packed, pdf, refusal
from workbench.data import readers
from workbench.data.readers import BadRecord, Record, Unreadable, pages_of_pdf
from workbench.data.readers.text_of_html import decoded, text_of

# PDF

PROSE = [
    "The harbour was built in the year eighteen hundred and has been ex-",
    "tended twice, first by a mole of granite and later by a well-",
    "known basin for ships of the fleet. It holds ninety ships.",
]
JOINED = (
    "The harbour was built in the year eighteen hundred and has been extended twice, first by a mole of granite and"
    " later by a well-known basin for ships of the fleet. It holds ninety ships."
)


def test_pdf_lines_become_paragraphs_and_divided_words_are_joined() -> None:
    page = lines([*PROSE, "", "A well-known second paragraph (with brackets)."])
    assert article(pdf([page]), "pdf") == JOINED + "\n\nA well-known second paragraph (with brackets)."


def test_pdf_headings_and_lists_keep_their_lines() -> None:
    page = [
        *lines(["The harbour"], top=740, size=20),
        *lines([*PROSE, "• one well-known thing", "• another thing", "1. first"], top=716),
    ]
    expected = f"The harbour\n\n{JOINED}\n• one well-known thing\n• another thing\n1. first"
    assert article(pdf([page]), "pdf") == expected


def test_pdf_running_heads_page_numbers_go_and_paragraphs_cross_pages() -> None:
    bodies = [
        [f"Chapter {name} begins here with a long line of words that", f"{name} ends on the next"]
        for name in ("alpha", "beta", "gamma", "delta")
    ]
    pages = [
        [
            *lines(["A Book of Harbours"], top=770),
            *lines([f"page's first line {name}.", *body], top=720),
            *lines([f"Page {number} of 4"], top=40, left=280),
        ]
        for number, (name, body) in enumerate(zip("abcd", bodies, strict=True), 1)
    ]  # fmt: skip
    text = article(pdf(pages), "pdf")
    assert "Book of Harbours" not in text
    assert "Page " not in text
    assert text.count("begins here") == 4
    assert "alpha ends on the next page's first line b." in text


def test_pdf_title_stays_where_running_heads_repeat_it_and_its_table_of_contents_goes() -> None:
    first = [
        *lines(["A Book of Harbours"], top=760, size=24),
        *lines(["1 Building. . . . . . . . . . 1", "2 Use........... iv"], top=700),
        *lines([*PROSE, "", "1.1 Piers", "1.2 Quays"], top=600),
    ]
    rest = [[*lines(["A Book of Harbours"], top=770), *lines([f"Page {name} ..."], top=700)] for name in "abcde"]
    text = article(pdf([first, *rest]), "pdf")
    assert text.startswith(f"A Book of Harbours\n\n{JOINED.replace('well-known', 'wellknown')}\n\n1.1 Piers\n1.2 Quays")
    assert text.count("Harbours") == 1
    assert text.endswith("Page e ...")


def test_pdf_rows_of_figures_and_numbered_questions_are_no_running_heads() -> None:
    pages = [
        [
            *lines([f"{number} 12 {number * 7}", "some words", f"Q{number}. What is number {number}?"], top=760),
            *lines([f"A{number}. It is {number}."], top=600),
        ]
        for number in range(1, 6)
    ]
    content = pdf(pages)
    rows = [record.value for record in readers.read(packed(content, "pdf")) if isinstance(record, Record)]
    assert [row["question"].splitlines()[0] for row in rows] == [f"What is number {number}?" for number in range(1, 6)]
    assert "2 12 14" in str(rows)


def test_pdf_of_questions_and_answers() -> None:
    page = lines([line for question, answer in QUESTIONS for line in (f"Q: {question}", f"A: {answer}", "")])
    assert [record.value for record in readers.read(packed(pdf([page]), "pdf"))] == PAIRS  # type: ignore[union-attr]


def test_pdf_characters_are_what_they_are() -> None:
    assert article(pdf([lines(["“Café” – naïve, 5 € [x] \\ (y)"])]), "pdf") == "“Café” – naïve, 5 € [x] \\ (y)"


def test_pdf_without_text_is_refused_and_a_picture_among_pages_is_named() -> None:
    assert "has no text layer; run OCR" in refusal(pdf([[], []], image=True), "pdf")
    page = lines(PROSE)
    both = pdf([page, page, []], image=True)
    record, fault = sorted(readers.read(packed(both, "pdf")), key=lambda one: isinstance(one, BadRecord))
    assert isinstance(record, Record)
    assert isinstance(fault, BadRecord)
    assert (fault.line, "without a text layer" in fault.reason) == (3, True)
    assert list(readers.read(packed(pdf([[]]), "pdf"))) == [BadRecord("x.pdf", 1, "the document holds no text")]


def test_pdf_with_a_password_is_refused() -> None:
    # Any O and U that fit no password do: the check of the empty password fails before a page is looked at.
    lock = (
        f"/Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O <{'12' * 32}> /U <{'34' * 32}> >>"
        f" /ID [<{'ab' * 16}> <{'ab' * 16}>]"
    )
    assert "needs a password" in refusal(pdf([lines(PROSE)], trailer=lock), "pdf")


def test_pdf_with_too_many_pages_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages_of_pdf, "MAX_PAGES", 3)
    assert "has 4 pages" in refusal(pdf([lines(PROSE)] * 4), "pdf")


def test_pdf_damaged_anywhere_gives_text_or_one_sentence() -> None:
    content = pdf([lines(PROSE), lines(PROSE)])
    rng = random.Random(5)
    outcomes = set()
    for attempt in range(60):
        broken = bytearray(content)
        for _ in range(rng.choice([1, 5, 50])):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        if attempt % 4 == 0:
            del broken[rng.randrange(len(broken)) :]
        try:
            outcomes |= {type(record) for record in readers.read(packed(bytes(broken), "pdf"))}
        except Unreadable as error:
            outcomes.add(type(error))
    assert Record in outcomes
    assert outcomes <= {Record, BadRecord, Unreadable}


# HTML

PAGE = """<!DOCTYPE html><html><head><title>Title</title><style>p {}</style><script>var x = "<p>no</p>";</script></head>
<body><nav><a href=/>Home</a></nav><div role="banner">Site</div>
<main><h1>Big <em>harbour</em></h1>
<p>Caf\u00e9 &amp; tea&nbsp;&lt;here&gt; &eacute;<br>second
   line<span hidden> no</span><span style="display: none"> no</span><b> bold</b> <a href="x">link</a>.</p>
<ul><li>one<li><p>two</p><p>more</p><ul><li>inner</ul><li>three</ul>
<ol start="3"><li>a</li><li>b</li></ol>
<pre><code>if x:
    y = 1
</code></pre><p>Use <code>x | y</code>.</p>
<table><thead><tr><th>n</th><th>v</th></tr></thead><tr><td>a<br>b</td><td>1|2</td></tr><tr><td></td><td>3</td></tr></table>
<table><tr><td><p>left</p><p>below</p></td><td>right</td></tr></table>
<form><input value=no><button>no</button></form><!-- no --><svg><text>no</text></svg></main>
<aside>no</aside><footer>no</footer></body></html>"""

PAGE_TEXT = """# Big harbour

Café & tea <here> é
second line bold link.

- one
- two

  more
  - inner
- three

3. a
4. b

```
if x:
    y = 1
```

Use `x | y`.

| n | v |
| --- | --- |
| a b | 1\\|2 |
|  | 3 |

left

below

right"""


def test_html_keeps_the_main_text_with_its_structure() -> None:
    assert article(PAGE.encode(), "html") == PAGE_TEXT


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("<h2>{}</h2>", "<p>{}</p>"),
        ("<h3><a name=x></a>{}</h3>", "<div>{}</div>"),
        ("<dt>{}</dt>", "<dd>{}</dd>"),
        ("<details><summary>{}</summary>", "{}</details>"),
        ("<button type=button>{}</button>", "<div><p>{}</p></div>"),
        ("<h3><button aria-expanded=false>{} <i aria-hidden=true>+</i></button></h3>", "<div hidden>{}</div>"),
        ("<div class=item><div><button>{} <span>▾</span></button></div>", "<div style='display:none'>{}</div></div>"),
        ("<a href='#' role=button>{}</a>", "<section aria-hidden=true>{}</section>"),
        ("<p><strong>{}</strong></p>", "<p>{}</p>"),
        ("<p><b>Q:</b> {}</p>", "<p><b>A:</b> {}</p>"),
        ("<p>Q: {}<br>", "A: {}</p>"),
        ("<p>{}</p>", "<p>{}</p>"),
    ],
)
def test_html_faq(question: str, answer: str) -> None:
    body = "\n".join(question.format(asked) + answer.format(said) for asked, said in QUESTIONS)
    page = f"<html><head><title>FAQ</title></head><body><h1>FAQ</h1>{body}<footer>Foot?</footer></body></html>"
    found = [record.value for record in readers.read(packed(page.encode(), "html"))]  # type: ignore[union-attr]
    assert found == PAIRS


def test_html_panels_are_found_by_the_name_that_a_question_gives() -> None:
    asked = "".join(f"<h4><button data-bs-target='#p{n}'>{q}</button></h4>" for n, (q, _) in enumerate(QUESTIONS))
    said = "".join(f"<div id=p{n} class=collapse hidden>{a}</div>" for n, (_, a) in enumerate(QUESTIONS))
    text = text_of(f"<body>{asked}{said}</body>".encode())
    assert all(question in text and answer in text for question, answer in QUESTIONS)


@pytest.mark.parametrize(
    "button",
    [
        "<button>Menu</button><div hidden>no</div>",
        "<button aria-controls=x>Search</button><div id=x hidden>no</div>",
        "<p>Some words. <button>Forgot it?</button></p>",
        "<form><button>Forgot it?</button><div>no</div></form>",
        "<nav><button>Who are we?</button><div>no</div></nav>",
        "<button>Why?</button><button>no</button>",
    ],
)
def test_html_buttons_of_the_site_are_no_text(button: str) -> None:
    text = text_of(f"<body><h1>Boats</h1><p>A boat floats.</p>{button}</body>".encode())
    assert text.replace("\n\nSome words.", "") == "# Boats\n\nA boat floats."


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", ""),
        ("utf-8", '<meta charset="utf-8">'),
        ("cp1252", '<meta charset="iso-8859-1">'),
        ("cp1252", ""),
        ("utf-8-sig", '<meta charset="iso-8859-1">'),
        ("utf-16", ""),
        ("shift_jis", '<meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS">'),
        ("koi8-r", "<meta charset=koi8-r>"),
        ("gbk", '<meta charset="gb2312">'),
        ("utf-8", '<meta charset="hex">'),
        ("utf-8", '<meta charset="no-such">'),
        ("utf-8", '<meta charset="cp1252">'.replace("cp1252", "utf-16")),
    ],
)
def test_html_encodings(encoding: str, declared: str) -> None:
    words = {"shift_jis": "日本語の文章", "koi8-r": "Русский текст", "gbk": "中文"}.get(encoding, "Grüße, café")
    page = f"<html><head>{declared}</head><body><p>{words}</p></body></html>"
    assert text_of(page.encode(encoding)) == words


def test_html_wrong_bytes_are_replaced_as_in_a_browser() -> None:
    assert decoded(b'<meta charset="utf-8"><p>a\xffb') == '<meta charset="utf-8"><p>a\ufffdb'


def test_xhtml_with_closed_empty_elements() -> None:
    page = (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/>'
        '<script src="a.js"/></head><body><a id="x"/><div class="a/b"/><p>one<br/>two</p></body></html>'
    )
    assert text_of(page.encode()) == "one\ntwo"


def test_html_without_text_or_nested_beyond_reason_is_a_bad_record() -> None:
    assert list(readers.read(packed(b"<html><script>x</script>", "html"))) == [
        BadRecord("x.html", 1, "the document holds no text")
    ]
    deep = b"<div>" * 300_000 + b"x"
    assert list(readers.read(packed(deep, "html"))) == [BadRecord("x.html", 1, "nested too deeply")]
    assert text_of(b"<div>" * 3000 + b"x") == "x"
    assert text_of(b"<p>x" * 20_000).count("x") == 20_000
