"""XML made for the tests of its reader, and what is found in it.

Must not hold expectations of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from tests.data.archives_made import made
from workbench.data import readers
from workbench.data.readers import BadRecord, Record


def read(folder: Path, content: str | bytes, name: str = "x.xml") -> list[Record | BadRecord]:
    path = made(folder, name, content.encode() if isinstance(content, str) else content)
    (member,) = readers.listing(path).members
    return list(readers.read(member))


def rows(folder: Path, content: str | bytes, name: str = "x.xml") -> list[dict[str, Any]]:
    found = read(folder, content, name)
    assert [record for record in found if isinstance(record, BadRecord)] == []
    return [record.value for record in found if isinstance(record, Record)]


def reasons(found: list[Record | BadRecord]) -> list[str]:
    return [record.reason for record in found if isinstance(record, BadRecord)]


def page(title: str, text: str, more: str = "", space: str = "<ns>0</ns>") -> str:
    revision = f"<revision><text xml:space='preserve'>{escape(text)}</text></revision>"
    return f"<page><title>{escape(title)}</title>{space}<id>1</id>{more}{revision}</page>\n"


def dump(*pages: str) -> str:
    spaces = "".join(
        f'<namespace key="{key}">{name}</namespace>'
        for key, name in ((0, ""), (1, "Diskussion"), (6, "Datei"), (14, "Kategorie"))
    )
    return (
        '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" xml:lang="de">\n'
        f"<siteinfo><namespaces>{spaces}</namespaces></siteinfo>\n{''.join(pages)}</mediawiki>"
    )


WIKI = dump(
    page("Ulm", "'''Ulm''' is a town on the [[Danube]].[[Datei:a.jpg|b]][[Kategorie:Ort]]"),
    page("Old", "#WEITERLEITUNG [[Ulm]]", '<redirect title="Ulm" />'),
    page("Older", "#REDIRECT [[Ulm]]"),
    page("Diskussion:Ulm", "Words about words.", space="<ns>1</ns>"),
    page("Diskussion:Alt", "Words about words.", space=""),
    page("Only", "{{Box}}"),
    page("A: B & C", "Text of <ref>no</ref> C.", space=""),
)


def post(number: int, kind: int, body: str, **more: str) -> str:
    attributes = {"Id": str(number), "PostTypeId": str(kind), "Score": "3", "Body": body, **more}
    return f"  <row {' '.join(f'{name}={quoteattr(value)}' for name, value in attributes.items())} />\n"


POSTS = "".join(
    (
        '<?xml version="1.0" encoding="utf-8"?>\n<posts>\n',
        post(1, 1, "<p>How do I peel an <b>egg</b>?</p><pre>peel()</pre>", Title="Eggs", AcceptedAnswerId="4"),
        post(2, 1, "<p>Nobody accepted one.</p>", Title="Open"),
        post(3, 2, "<p>No idea.</p>", ParentId="1"),
        post(4, 2, "<p>Under water.</p>", ParentId="1", Score="-12"),
        post(5, 1, "<p>Why?</p>", Title="Sky", AcceptedAnswerId="6"),
        post(6, 2, "<p></p>", ParentId="5"),
        "</posts>",
    )
)
