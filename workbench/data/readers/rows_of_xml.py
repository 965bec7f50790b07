"""XML: dumps of wikis and of sites of questions, translations, feeds, prose, and rows in elements of any name.

Owns which elements of a document are rows and what a row of each known kind holds. Must not know the parser, the markup
of wikis or what a row means.

- MediaWiki's export: an article per page of the main namespace, its last revision; redirects, other namespaces and what
  is no wiki text are passed over.
- TMX and XLIFF: a row per unit, a column per language.
- Posts of Stack Exchange: a row per question with the answer its asker accepted and that answer's score. Answers follow
  their questions, so one pass does it; of questions without their answer so far, the last `MAX_WAITING` are kept. Other
  posts are passed over. Posts of which none of the first has an accepted answer are rows of their attributes.
- RSS and Atom: title and text of an entry.
- TEI, DocBook and other prose: a text per document.
- Any other: the element that is repeated below the root, or a level further down where the elements above only group
  it, is a row: its attributes, and the elements inside by name. When nothing repeats, the document is a text.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from workbench.data.readers import text_of_wiki
from workbench.data.readers.fields_of_xml import Cells, cells, repeated
from workbench.data.readers.member import Member
from workbench.data.readers.passages import records_of
from workbench.data.readers.records import BAD_TEXT, BadRecord, Record, Unreadable
from workbench.data.readers.source import HEAD_BYTES, Source, open_source
from workbench.data.readers.text_of_html import declared, text_of
from workbench.data.readers.text_of_xml import DOCUMENTS, prose
from workbench.data.readers.tree_of_xml import DAMAGE, Broken, IsRow, Node, elements, sketch

MAX_WAITING = 100_000
"""Questions kept until their answer comes."""
MAX_WAITING_CHARACTERS = 2**26
"""The same in characters."""
NO_TEXT = "the document holds no text"

_BESIDE_POSTS = frozenset(("users", "votes", "badges", "tags", "comments", "postlinks", "posthistory"))
"""Tables of Stack Exchange that are about its posts."""
_NO_ROWS = {
    "svg": "a picture (SVG); give rows or text",
    "plist": "a list of settings; give rows or text",
    "wordDocument": "an Office document saved as XML; save it as DOCX",
    "package": "the package of a document; give the document itself",
    "Workbook": "a spreadsheet saved as XML; save it as CSV",
}
"""Outermost elements of what holds no rows → what it is and what to do."""


class _Refused(Exception):
    """A row that cannot be used; its only argument is the reason, as a phrase."""


Rows = Callable[[Node], list[Cells]]


@dataclass(frozen=True)
class _Form:
    """How the rows of a document are found and read."""

    is_row: IsRow
    rows: Rows
    """What an element that is a row gives; nothing when it is passed over. Raises _Refused."""
    whole: bool = False
    """The document is a text: `rows` gives it as one, and it may be a book."""


def _named(*names: str) -> IsRow:
    """Return that elements of some names are rows, at whatever depth."""
    return lambda path, name: name in names and bool(path)


def _html(text: str) -> str:
    """Return the text of a piece of HTML; raises _Refused."""
    if "<" not in text and "&" not in text:
        return text.strip()
    try:
        return text_of(codecs.BOM_UTF8 + text.encode())
    except RecursionError:
        raise _Refused("nested too deeply") from None


# MediaWiki

_DROPPED_KEYS = ("-2", "6", "14")
"""Numbers of the namespaces of media, files and categories."""


@dataclass
class _Wiki:
    """The pages of a dump."""

    dropped: set[str] = field(default_factory=lambda: set(text_of_wiki.FILES_AND_CATEGORIES))
    """Names of the namespaces into which a link is no text, in small letters."""
    spaces: set[str] = field(default_factory=set)
    """Names of all namespaces but the main one."""

    def __call__(self, node: Node) -> list[Cells]:
        """Return the article of a page; takes note of the names of the namespaces."""
        if node.name == "namespace":
            name = node.text().strip().lower()
            if name:
                self.spaces.add(name)
            if name and node.attributes.get("key") in _DROPPED_KEYS:
                self.dropped.add(name)
            return []
        title, space = _text_of(node, "title"), _text_of(node, "ns")
        elsewhere = space != "0" if space else title.partition(":")[0].lower() in self.spaces
        revision = next((child for child in reversed(node.elements) if child.name == "revision"), None)
        if elsewhere or revision is None or node.first("redirect") is not None:
            return []
        markup = _text_of(revision, "text")
        if markup[:9].lower() == "#redirect" or _text_of(revision, "model") not in ("", "wikitext"):
            return []
        text = text_of_wiki.plain(markup, self.dropped)
        if not text:
            raise _Refused("the article holds no text")
        return [{"title": title, "text": text}]


def _text_of(node: Node, name: str) -> str:
    """Return the text of the first element of a name directly inside, or ""."""
    found = node.first(name)
    return found.text().strip() if found is not None else ""


# Translations

_CODES = frozenset(("bpt", "ept", "ph", "it", "ut", "x", "bx", "ex", "sc", "ec", "cp"))
"""Elements inside a sentence that hold codes of the program it comes from."""


def _sentence(node: Node) -> str:
    """Return the text of a segment without codes."""
    parts = (
        child if isinstance(child, str) else "" if child.name in _CODES else _sentence(child) for child in node.children
    )
    return "".join(parts)


def _languages(pairs: list[tuple[str, str]]) -> list[Cells]:
    """Return a row of texts by language; several in one language become a list."""
    row: Cells = {}
    for language, text in pairs:
        _put(row, language or f"language_{len(row) + 1}", text.strip())
    if not any(row.values()):
        raise _Refused("the unit holds no text")
    return [row]


def _put(row: Cells, key: str, value: Any) -> None:
    """Add a value to a row; several of one key become a list."""
    if key not in row:
        row[key] = value
    elif isinstance(row[key], list):
        row[key].append(value)
    else:
        row[key] = [row[key], value]


def _tmx(node: Node) -> list[Cells]:
    """Return the row of a unit of TMX."""
    pairs = []
    for variant in node.elements:
        segment = variant.first("seg") if variant.name == "tuv" else None
        if segment is not None:
            pairs.append((variant.attributes.get("lang", ""), _sentence(segment)))
    return _languages(pairs)


def _around(node: Node, *names: str) -> str:
    """Return the first attribute of some names on the elements around one, or ""."""
    above = node.parent
    while above is not None:
        for name in names:
            if name in above.attributes:
                return above.attributes[name]
        above = above.parent
    return ""


def _xliff(node: Node) -> list[Cells]:
    """Return the row of a unit of XLIFF; of one in segments (version 2), they follow each other."""
    segments = [child for child in node.elements if child.name == "segment"] or [node]
    pairs = []
    for name, *attributes in (("source", "source-language", "srcLang"), ("target", "target-language", "trgLang")):
        texts = [_sentence(found).strip() for segment in segments if (found := segment.first(name)) is not None]
        if texts:
            pairs.append((_around(node, *attributes) or name, " ".join(texts)))
    return _languages(pairs)


# Stack Exchange


@dataclass
class _Posts:
    """The questions of a site whose accepted answer has not come yet."""

    waiting: dict[str, str] = field(default_factory=dict)
    """Id of the accepted answer → question."""
    characters: int = 0

    def __call__(self, node: Node) -> list[Cells]:
        """Return the question that a post answers with it, when it is the accepted answer."""
        post = node.attributes
        if accepted := post.get("AcceptedAnswerId", ""):
            question = "\n\n".join(filter(None, (post.get("Title", "").strip(), _html(post.get("Body", "")))))
            self.characters -= len(self.waiting.pop(accepted, ""))
            self.waiting[accepted] = question
            self.characters += len(question)
            while len(self.waiting) > MAX_WAITING or self.characters > MAX_WAITING_CHARACTERS:
                self.characters -= len(self.waiting.pop(next(iter(self.waiting))))
            return []
        asked = self.waiting.pop(post.get("Id", ""), None)
        if asked is None:
            return []
        self.characters -= len(asked)
        answer = _html(post.get("Body", ""))
        if not asked or not answer:
            raise _Refused("the question or its answer holds no text")
        return [{"question": asked, "answer": answer, "score": _number(post.get("Score", ""))}]


def _number(text: str) -> int | str:
    """Return a whole number as one, any other text as it is."""
    return int(text) if text.removeprefix("-").isdecimal() and len(text) < 10 else text


def _attributes(node: Node) -> list[Cells]:
    """Return the attributes of a row of Stack Exchange, its HTML as text."""
    row: Cells = dict(node.attributes)
    for name in ("Body", "AboutMe"):
        if name in row:
            row[name] = _html(row[name])
    if not row:
        raise _Refused("the row is empty")
    return [row]


# Feeds

_BODIES = ("encoded", "content", "description", "summary")
"""Elements with the text of an entry, the longer ones first."""


def _entry(node: Node) -> list[Cells]:
    """Return title and text of an entry of a feed."""
    body = next((found for name in _BODIES if (found := node.first(name)) is not None and found.children), None)
    text = "" if body is None else prose(body) if body.elements else _html(body.text())
    title = _html(_text_of(node, "title"))
    if not text and not title:
        raise _Refused("the entry holds no text")
    return [{"title": title, "text": text}]


# Any other


def _any(node: Node) -> list[Cells]:
    """Return an element as a row."""
    row = cells(node)
    if not any(row.values()):
        raise _Refused("the row is empty")
    return [row]


def _document(node: Node) -> list[Cells]:
    """Return an element as a text."""
    return [{"text": prose(node)}]


_WHOLE = _Form(lambda path, name: not path, _document, whole=True)


def _is_posts(root: Node) -> bool:
    """Return whether a document holds posts of Stack Exchange of which some have an accepted answer."""
    return root.name == "posts" and any("AcceptedAnswerId" in row.attributes for row in root.elements)


def _form(source: Source, root: Node) -> _Form:
    """Return how the rows of a document are read; raises Unreadable for one that holds none."""
    if root.name in _NO_ROWS:
        raise Unreadable(f"{source.name} is {_NO_ROWS[root.name]}.")
    names = {child.name for child in root.elements}
    if root.name in _BESIDE_POSTS and names == {"row"}:
        if not source.member.named:
            raise Unreadable(f"{source.name} is about the posts of a site; give it on its own to use it.")
        return _Form(_named("row"), _attributes)
    if root.name == "posts" and names == {"row"}:
        return _Form(_named("row"), _Posts() if _is_posts(root) else _attributes)
    if root.name in _FORMS:
        return _FORMS[root.name]()
    found = None if root.name in DOCUMENTS else repeated(root, whole=source.is_short)
    if found is None:
        return _WHOLE
    depth, row = found
    return _Form(lambda path, name: len(path) == depth and name == row, _any)


_FORMS: dict[str, Callable[[], _Form]] = {
    "mediawiki": lambda: _Form(_named("page", "namespace"), _Wiki()),
    "tmx": lambda: _Form(_named("tu"), _tmx),
    "xliff": lambda: _Form(_named("trans-unit", "unit"), _xliff),
    "rss": lambda: _Form(_named("item"), _entry),
    "RDF": lambda: _Form(_named("item"), _entry),
    "feed": lambda: _Form(_named("entry"), _entry),
    "teiCorpus": lambda: _Form(_named("TEI"), _document),
}
"""Outermost element of a known kind of document → how it is read, fresh for each document."""


def _is_damaged(value: Any) -> bool:
    """Return whether a value holds bytes that are no text."""
    if isinstance(value, dict):
        return any(map(_is_damaged, (*value, *value.values())))
    return DAMAGE in value if isinstance(value, str) else isinstance(value, list) and any(map(_is_damaged, value))


def _read(source: Source, node: Node, form: _Form) -> Iterator[Record | BadRecord]:
    """Yield the records of one element."""
    if node.fault:
        yield BadRecord(source.name, node.line, node.fault)
        return
    try:
        found = form.rows(node)
    except _Refused as refused:
        yield BadRecord(source.name, node.line, str(refused))
        return
    for row in found:
        if _is_damaged(row):
            wrong = BAD_TEXT if source.encoding == "utf-8" else f"not valid {source.encoding}"
            yield BadRecord(source.name, node.line, wrong)
        elif form.whole:
            yield from records_of(source.name, row["text"])
        else:
            yield Record(source.name, node.line, row)


def _rows(source: Source) -> Iterator[Record | BadRecord]:
    """Yield the records of a document. Raises Unreadable."""
    root, wrapped = sketch(source)
    # Where not even the beginning is XML, reading on says why.
    form = _form(source, root) if root is not None else _WHOLE
    found = 0
    try:
        for node in elements(source, form.is_row, wrapped):
            for record in _read(source, node, form):
                found += 1
                yield record
    except Broken as broken:
        part = broken.part
        if form.whole and part is not None and prose(part):
            for record in _read(source, part, form):
                found += 1
                yield record
        if not found:
            raise Unreadable(
                f"{source.name} is damaged or no XML: line {broken.line}: {broken.reason}; "
                "save it again from the program that made it."
            ) from None
        yield BadRecord(source.name, broken.line, broken.reason)
        return
    if not found:
        yield BadRecord(source.name, 1, NO_TEXT)


def _source(member: Member) -> Source:
    """Return a document as a source of text; what it declares counts where it is not Unicode. Raises Unreadable."""
    with member.open() as stream:
        head = stream.read(HEAD_BYTES)
    encoding = declared(head)
    try:
        source = open_source(member)
    except Unreadable:
        if encoding in ("", "utf-8") or b"\0" in head:
            raise
    else:
        if encoding in ("", "utf-8") or source.encoding.startswith("utf"):
            return source
        source.close()
    stream = member.open()
    return Source(member, stream, stream.read(HEAD_BYTES), encoding, 0)


def read_xml(member: Member) -> Iterator[Record | BadRecord]:
    """Yield the records of an XML document.

    A document that breaks off gives what came before and one BadRecord. Raises Unreadable for what is no XML, defines
    entities of its own, or holds no rows by its kind.
    """
    source = _source(member)
    try:
        yield from _rows(source)
    finally:
        source.close()
