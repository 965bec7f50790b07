"""What a file is: told by its first bytes, then by its suffix, then by what it begins like.

Owns the tables of magic numbers and suffixes. Must not know readers, nor of archives more than the names in a zip.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import re
from collections.abc import Iterable, Iterator

from workbench.data.readers.marks import is_chat
from workbench.data.readers.records import parse_json
from workbench.data.readers.tar_headers import BLOCK, is_header

HEAD_BYTES = 2**14
"""How much of a file is looked at."""

ARCHIVES = ("zip", "tar", "gz", "zst", "bz2", "xz")
"""Kinds that hold other files."""
OF_SEVERAL = ("zip", "tar")
"""Those that may hold more than one, the keys of `archives.ENTRIES`."""

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
    ".rst": "document",
    ".org": "document",
    ".adoc": "document",
    ".tex": "document",
    ".ipynb": "notebook",
    ".eml": "mail",
    ".mbox": "mail",
    ".srt": "subtitles",
    ".vtt": "subtitles",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".xml": "xml",
    ".tmx": "xml",
    ".xlf": "xml",
    ".xliff": "xml",
    ".po": "gettext",
    ".rss": "xml",
    ".atom": "xml",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".pdf": "pdf",
    ".docx": "docx",
    ".epub": "epub",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".ods": "ods",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
}
"""Suffix → kind."""
_CODE = (
    ".py .pyi .js .mjs .jsx .ts .tsx .vue .svelte .css .scss .java .kt .kts .scala .groovy .c .h .cc .cpp .cxx .hh .hpp"
    " .cs .go .rs .rb .php .swift .m .mm .d .zig .nim .dart .lua .pl .pm .r .jl .f90 .f .pas .ada .adb .hs .ml .mli .fs"
    " .ex .exs .erl .clj .lisp .scm .el .vim .sh .bash .zsh .fish .ps1 .bat .sql .asm .v .sv .vhd .vhdl .cu .cl .glsl"
    " .proto .cmake .gradle .tf"
)
CODE = frozenset(_CODE.split())
"""Suffixes of source code."""
PACKED = (".gz", ".tgz", ".zst", ".tzst", ".bz2", ".tbz", ".tbz2", ".xz", ".txz", ".zip", ".tar")
"""Suffixes of files that hold others."""
BINARY = frozenset({"pdf", "docx", "epub", "xlsx", "ods", "parquet", "arrow"})
"""Kinds that a file is only when its first bytes say so."""
TABULAR = frozenset({"json", "table", "gettext", "xlsx", "ods", "parquet", "arrow"})
"""Kinds that hold one record per row."""
WORKBOOKS: dict[str, str] = {"xlsx": "workbook:sheets_of", "ods": "rows_of_ods:sheets_of"}
"""Kinds of files that hold several tables → "module:function" that lists them."""
PROSE = frozenset((
    "text", "markdown", "document", "code", "notebook", "mail", "subtitles", "chat", "whatsapp", "html", "pdf", "docx",
    "epub",
))  # fmt: skip
"""Kinds that hold text instead of rows; XML and YAML may hold either."""

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
    (b"\xff\xff\xff\xff", "arrow"),
)
_REFUSED: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"SQLite format 3", "an SQLite database; export it as CSV"),
    (b"GGUF", "a GGUF model"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"RIFF", "a sound, video or WebP file"),
    (b"OggS", "a sound file"),
    (b"ID3", "a sound file"),
    (b"fLaC", "a sound file"),
    (
        b"\xd0\xcf\x11\xe0",
        "an Office document of an old format or with a password; save it as DOCX, XLSX or CSV, without one",
    ),
    (b"{\\rtf", "an RTF document; save it as DOCX"),
    (b"\x80\x02}", "a pickle, which may run programs and is never opened"),
    (b"\x80\x04\x95", "a pickle, which may run programs and is never opened"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89HDF", "an HDF5 file"),
    (b"FEA1", "a Feather file of version 1; save it as Parquet"),
    (b"PARE", "an encrypted Parquet file; save it without encryption"),
    (b"version https://git-lfs", "a pointer in place of the data; fetch the data with `git lfs pull`"),
)
"""First bytes → what the file is, and what to do, for the sentence that refuses it."""
_OPEN_DOCUMENT = "content.xml"
_OFFICE = (
    ("word/document.xml", "docx", ""),
    ("META-INF/container.xml", "epub", ""),
    ("xl/workbook.xml", "xlsx", ""),
    ("xl/workbook.bin", "", "a binary workbook; save it as XLSX"),
    ("ppt/presentation.xml", "", "a presentation; save it as PDF"),
    (_OPEN_DOCUMENT, "", "an OpenDocument file; save it as DOCX, or a table as ODS or CSV"),
)
"""A name in a zip that is a document → its kind, or what it is that cannot be read."""
_TYPES_OF_PARTS = "[Content_Types].xml"
"""A name that every zip of Microsoft's Office holds."""
_JSON = re.compile(rb'\s*(?:\{\s*"[^"\n]{0,200}"\s*:|\[\s*\{\s*["}]|\[\s*\[\s*[\["{]|\[\s*"[^"\n]{0,200}",)')
_XML = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--(?:[^-]|-(?!->)){0,4000}-->\s*)*(?:<!DOCTYPE[^>\[]{0,400}>\s*)?"
    rb"(?:<!--(?:[^-]|-(?!->)){0,4000}-->\s*)*<(?:[\w.-]{1,40}:)?([\w.-]{1,40})[\s/>]",
    re.IGNORECASE,
)
"""The beginning of an XML document up to the name of its outermost element."""
_CHATS = tuple(
    re.compile(rb"(?s)\s*" + begins)
    for begins in (
        # Telegram, one chat or all of a person's.
        rb'\{\s*"\w+"\s*:.{0,4000}?"messages"\s*:\s*\[\s*\{\s*"id"\s*:\s*-?\d+\s*,\s*'
        rb'"type"\s*:\s*"(?:message|service)"\s*,\s*"date"',
        rb'\{\s*"about"\s*:\s*"Here is the data you requested',
        # A channel of Discord.
        rb'\{\s*"guild"\s*:\s*\{[^{}]{0,2000}\}\s*,\s*"channel"\s*:\s*\{',
        # A day of a channel of Slack.
        rb'\[\s*\{(?=.{0,12000}?"type"\s*:\s*"message")(?=.{0,12000}?"text"\s*:)'
        rb'.{0,12000}?"ts"\s*:\s*"\d{10}\.\d{6}"',
    )
)
"""How an export of a chat program to JSON begins."""
_MAILBOX = re.compile(rb"From \S+.{0,80}\d\d:\d\d.{0,40}\d{4}[^\n]{0,80}\n[A-Za-z][\w-]{0,60}: ")
_DECLARED_TABLE = re.compile(rb"#separator:|sep=.\r?\n", re.IGNORECASE)
_XML_HEADS = (b"<?xml", b"<mediawiki")
"""What XML begins with under a suffix that does not say so."""
_WIDE_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
"""Byte-order marks; that of UTF-32 stands before that of UTF-16 with which it begins."""
_CHAT_BYTES = 4096
_LINES = 8
"""Lines that must agree before a text is taken for something else."""
_FEWEST_RECORDS = 3
"""Records that tell a table under a name that says otherwise."""
_DELIMITERS = ",\t;|"


def magic(head: bytes) -> str:
    """Return the kind or packing that the first bytes tell, or ""."""
    if (told := next((kind for sign, kind in _MAGIC if head.startswith(sign)), "")) != "":
        return told
    return "tar" if is_header(head[:BLOCK]) else ""


def refused(head: bytes) -> str:
    """Return what a file is that holds no rows, or ""."""
    if head[4:8] == b"ftyp":
        return "a video or picture"
    return next((what for sign, what in _REFUSED if head.startswith(sign)), "")


def office(names: Iterable[str], suffix: str) -> tuple[str, str]:
    """Return (kind, why not) of a zip by the names in it; ("", "") for a plain archive.

    An Office file may keep its main part under another name, which its suffix makes up for.
    """
    inside = set(names)
    if _OPEN_DOCUMENT in inside and SUFFIXES.get(suffix) == "ods":
        return "ods", ""
    kind = SUFFIXES.get(suffix, "") if _TYPES_OF_PARTS in inside else ""
    by_suffix = (kind if kind in BINARY else "", "")
    return next(((kind, why) for name, kind, why in _OFFICE if name in inside), by_suffix)


def _is_text(head: bytes) -> bool:
    """Return whether a file may be text: it holds no zero bytes, or every second byte is one."""
    return b"\0" not in head[:512] or head.startswith(tuple(_WIDE_MARKS)) or 3 * head[:512].count(0) > len(head[:512])


def _as_utf8(head: bytes) -> bytes:
    """Return the beginning of a text as UTF-8 without its byte-order mark; what has none stays as it is."""
    for mark, encoding in _WIDE_MARKS.items():
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, "ignore").encode()
    return head.removeprefix(codecs.BOM_UTF8)


def _is_table(text: bytes, delimiters: str = _DELIMITERS) -> bool:
    """Return whether the beginning of a text holds records of as many cells, two or more, and no JSON."""
    words = text.decode("utf-8", "ignore")
    # The last line may be cut in its middle.
    words = words[: max(words.rfind("\n"), words.rfind("\r")) + 1]
    if "\0" in words or any(
        line.lstrip()[:1] == "{" or isinstance(parse_json(line.encode())[0], list) for line in words.splitlines()
    ):
        return False
    return any(_is_steady(_widths(words, delimiter)) for delimiter in delimiters)


def _widths(words: str, delimiter: str) -> Iterator[int]:
    """Yield the number of cells of each record up to one that is faulty, as the last one is that is cut."""
    with contextlib.suppress(csv.Error):
        records = csv.reader(io.StringIO(words, newline=""), delimiter=delimiter, strict=True)
        yield from (len(cells) for cells in records if cells)


def _is_steady(widths: Iterable[int]) -> bool:
    """Return whether numbers of cells are those of a table."""
    found = list(widths)
    return len(found) >= _FEWEST_RECORDS and found[0] > 1 and len(set(found)) == 1


def _like(head: bytes) -> str:
    """Return the kind of a text by what it begins like, or ""."""
    text = _as_utf8(head)
    if text[:256].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "html"
    if (xml := _XML.match(text)) and (xml[1].lower() == b"html" or text.lstrip().startswith(_XML_HEADS)):
        return "html" if xml[1].lower() == b"html" else "xml"
    if _JSON.match(text):
        return "chat" if any(sign.match(text) for sign in _CHATS) else "json"
    if _DECLARED_TABLE.match(text):
        return "table"
    if _MAILBOX.match(text):
        return "mail"
    if is_chat(text[:_CHAT_BYTES].decode("utf-8", "ignore").split("\n")):
        return "whatsapp"
    lines = text.split(b"\n")[: _LINES + 1]
    tabs = [line.count(b"\t") for line in lines[:-1]]
    same = len(tabs) > 2 and tabs[0] > 0 and len(set(tabs)) == 1
    if any(line.startswith(b"\t") for line in lines):
        return ""
    # A cell in quotes may have several lines.
    return "table" if same or (b'"' in text and _is_table(text, "\t")) else ""


def kind_by(suffix: str) -> str:
    """Return the kind that a suffix names, or ""."""
    return SUFFIXES.get(suffix) or ("code" if suffix in CODE else "")


def kind_of(suffix: str, head: bytes) -> str:
    """Return the kind of a file that is no archive, by its suffix, then by how it begins; "" when neither tells.

    A text file, a table and a file without a suffix may prove to be something else: JSON lines in a .txt are rows. So
    may JSON: a table that was given such a name.
    """
    told = kind_by(suffix)
    if told in BINARY or not _is_text(head):
        return ""
    if told == "xml":
        return "html" if _like(head) == "html" else "xml"
    if told in ("text", "table", ""):
        like = _like(head)
        return told if told == "table" and like != "json" else like or told or ("" if suffix else "text")
    if told == "gettext" and b"msgid" not in head:
        return "text"
    if told == "json" and (like := _like(head)) != "json":
        return like if like == "chat" else "table" if _is_table(_as_utf8(head)) else "json"
    return told
