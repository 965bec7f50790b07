"""The smallest Word files, EPUBs and web pages that real programs open, made of given texts.

Owns their markup. Must not know which dataset they become.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_OPEN_XML = "http://schemas.openxmlformats.org"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_RELATIONS = "application/vnd.openxmlformats-package.relationships+xml"


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """Return a zip archive of files by their names."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return sink.getvalue()


def docx(paragraphs: Sequence[tuple[str, str]]) -> bytes:
    """Return a Word document of paragraphs, each a style and a text."""
    body = "".join(
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'
        for style, text in paragraphs
    )
    return zipped(
        {
            "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_OPEN_XML}/package/2006/content-types">'
            f'<Default Extension="rels" ContentType="{_RELATIONS}"/>'
            f'<Override PartName="/word/document.xml" ContentType="{_WORD}"/></Types>',
            "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_OPEN_XML}/package/2006/relationships">'
            f'<Relationship Id="r1" Type="{_OPEN_XML}/officeDocument/2006/relationships/officeDocument" '
            'Target="word/document.xml"/></Relationships>',
            "word/document.xml": f'{_HEAD}<w:document xmlns:w="{_OPEN_XML}/wordprocessingml/2006/main">'
            f"<w:body>{body}</w:body></w:document>",
        }
    )


def epub(chapters: Sequence[tuple[str, str]]) -> bytes:
    """Return an EPUB of chapters, each a title and a text."""
    numbers = range(len(chapters))
    items = "".join(f'<item id="i{i}" href="c{i}.xhtml" media-type="application/xhtml+xml"/>' for i in numbers)
    spine = "".join(f'<itemref idref="i{i}"/>' for i in numbers)
    pages = {
        f"OEBPS/c{i}.xhtml": f'{_HEAD}<html xmlns="http://www.w3.org/1999/xhtml"><head><title>{title}</title></head>'
        f"<body><h1>{title}</h1><p>{text}</p></body></html>"
        for i, (title, text) in enumerate(chapters)
    }
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": f'{_HEAD}<container version="1.0" '
            'xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/>'
            "</rootfiles></container>",
            "OEBPS/content.opf": f'{_HEAD}<package xmlns="http://www.idpf.org/2007/opf" version="3.0" '
            'unique-identifier="u"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
            '<dc:identifier id="u">x</dc:identifier><dc:title>Merrow</dc:title><dc:language>en</dc:language>'
            f"</metadata><manifest>{items}</manifest><spine>{spine}</spine></package>",
            **pages,
        }
    )


def page(body: str) -> bytes:
    """Return a web page with the frame that most have: a style, a script, a way home and a footer."""
    return (
        "<!DOCTYPE html><html lang='en'><head><title>Questions</title><style>p { color: #333 }</style>"
        "<script>var a = 1;</script></head><body><nav><a href='/'>Home</a></nav>"
        f"<main>{body}</main><footer>© 2024 Town of Merrow</footer></body></html>"
    ).encode()
