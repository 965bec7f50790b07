"""PDF files written by hand, byte by byte, for the tests of the reader.

Must not use the reader's library.
"""

from __future__ import annotations

from collections.abc import Sequence

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
