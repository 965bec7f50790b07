"""What a file is: told by its first bytes, then by its suffix, then by what it begins like.

Owns the tables of magic numbers and suffixes. Must not know readers or archives' insides beyond the names in a zip.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable

HEAD_BYTES = 2**12
"""How much of a file is looked at."""

ARCHIVES = ("zip", "tar", "gz", "zst", "bz2", "xz")
"""Kinds that hold other files."""

SUFFIXES: dict[str, str] = {
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".csv": "table",
    ".tsv": "table",
    ".tab": "table",
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
    ".epub": "epub",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
}
"""Suffix → kind."""
PACKED = frozenset({".gz", ".tgz", ".zst", ".bz2", ".xz", ".zip", ".tar"})
"""Suffixes of packed files."""
BINARY = frozenset({"pdf", "docx", "epub", "parquet", "arrow"})
"""Kinds that a file is only when its first bytes say so."""
TABULAR = frozenset({"json", "table", "parquet", "arrow"})
"""Kinds that hold one record per row."""

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "pdf"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PK\x07\x08", "zip"),
    (b"\x1f\x8b", "gz"),
    (b"\x28\xb5\x2f\xfd", "zst"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"FEA1", "arrow"),
)
_REFUSED: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"SQLite format 3", "an SQLite database"),
    (b"GGUF", "a GGUF model"),
    (b"\x7fELF", "a program"),
    (b"RIFF", "a sound, video or WebP file"),
    (b"OggS", "a sound file"),
    (b"ID3", "a sound file"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x80\x02}", "a pickle"),
    (b"\x80\x04\x95", "a pickle"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89HDF", "an HDF5 file"),
)
"""First bytes → what the file is, for the sentence that refuses it."""
_OFFICE = (
    ("word/document.xml", "docx", ""),
    ("META-INF/container.xml", "epub", ""),
    ("xl/workbook.xml", "", "a spreadsheet; save it as CSV"),
    ("ppt/presentation.xml", "", "a presentation; save it as PDF"),
    ("content.xml", "", "an OpenDocument file; save it as DOCX"),
)
_ARROW_STREAM = b"\xff\xff\xff\xff"
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def magic(head: bytes) -> str:
    """Return the kind or packing that the first bytes tell, or ""."""
    if len(head) > 262 and head[257:262] == b"ustar":
        return "tar"
    return next((kind for sign, kind in _MAGIC if head.startswith(sign)), "")


def refused(head: bytes) -> str:
    """Return what a file is that holds no rows, or ""."""
    if head[4:8] == b"ftyp":
        return "a video or picture"
    return next((what for sign, what in _REFUSED if head.startswith(sign)), "")


def office(names: Iterable[str]) -> tuple[str, str]:
    """Return (kind, why not) of a zip by the names in it; ("", "") for a plain archive."""
    inside = set(names)
    return next(((kind, why) for name, kind, why in _OFFICE if name in inside), ("", ""))


def kind_of(suffix: str, head: bytes) -> str:
    """Return the kind of a file that is no archive, by its suffix, then by how it begins; "" when neither tells."""
    told = SUFFIXES.get(suffix, "")
    if told == "arrow" and head.startswith(_ARROW_STREAM):
        return told
    if told and told not in BINARY:
        return told
    if told or b"\0" in head.lstrip(b"".join(_MARKS))[:512]:
        return ""
    begins = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:64].lower()
    if begins.startswith((b"<!doctype html", b"<html")):
        return "html"
    if begins[:1] in (b"{", b"["):
        return "json"
    return "text" if not suffix else ""
