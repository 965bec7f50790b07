"""Documents made by hand for the tests of their readers, and what these say of them.

Must not use the readers' libraries to make one.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from workbench.data import readers
from workbench.data.readers import Member, Record, Unreadable

QUESTIONS = [("What is it?", "A thing."), ("Why?", "Because."), ("How long?", "Ten minutes.")]
PAIRS = [{"question": question, "answer": answer} for question, answer in QUESTIONS]

Text = tuple[float, float, float, str]
"""(points from the left, points from the bottom, font size, text in Windows-1252)"""

WIDTH, HEIGHT = 612, 792


def lines(
    texts: Sequence[str], *, top: float = 720, left: float = 72, size: float = 11, pitch: float = 14
) -> list[Text]:
    """Return texts set below each other; an empty one leaves its line blank."""
    return [(left, top - number * pitch, size, text) for number, text in enumerate(texts) if text]


def pdf(pages: Sequence[Sequence[Text]], trailer: str = "", image: bool = False) -> bytes:
    """Return a PDF of pages of text in Helvetica; with `image`, each page also shows a grey square."""
    objects: list[bytes] = []

    def add(body: bytes | str) -> int:
        objects.append(body.encode("latin-1") if isinstance(body, str) else body)
        return len(objects)

    catalog, tree = add(""), add("")
    font = add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
    picture = b"\x80"
    shown = add(
        b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 1 >>"
        b"\nstream\n" + picture + b"\nendstream"
    )
    numbers = []
    for page in pages:
        drawn = ["q 200 0 0 200 100 300 cm /I Do Q"] if image else []
        for x, y, size, text in page:
            escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
            drawn.append(f"BT /F {size} Tf {x} {y} Td ({escaped}) Tj ET")
        content = "\n".join(drawn).encode("cp1252")
        stream = add(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
        numbers.append(
            add(
                f"<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents {stream} 0 R"
                f" /Resources << /Font << /F {font} 0 R >> /XObject << /I {shown} 0 R >> >> >>"
            )
        )
    objects[catalog - 1] = f"<< /Type /Catalog /Pages {tree} 0 R >>".encode()
    kids = " ".join(f"{number} 0 R" for number in numbers)
    objects[tree - 1] = f"<< /Type /Pages /Count {len(numbers)} /Kids [{kids}] >>".encode()
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for offset in offsets:
        out += b"%010d 00000 n \n" % offset
    out += (
        f"trailer\n<< /Size {len(objects) + 1} /Root {catalog} 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n".encode()
    )
    return bytes(out)


def packed(content: bytes, kind: str) -> Member:
    """Return a member that has no file of its own."""
    return Member(f"x.{kind}", Path("x"), kind, len(content), None, lambda: io.BytesIO(content))


def article(content: bytes, kind: str) -> str:
    """Return the text of a document that is one article."""
    (record,) = readers.read(packed(content, kind))
    assert isinstance(record, Record), record
    assert list(record.value) == ["text"]
    return str(record.value["text"])


def refusal(content: bytes, kind: str) -> str:
    """Return the sentence a document is refused with."""
    with pytest.raises(Unreadable) as caught:
        list(readers.read(packed(content, kind)))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """Return a zip archive."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return sink.getvalue()
